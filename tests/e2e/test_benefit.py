"""Households and what reaches them: who sees what, sums, one row of a kind."""
from walks import VILLAGE, action, cast, make, number, project, read
from people import COUNTY, SIBLING, TOWN


def household(stack, **fields):
    n = next(number)
    return make(cast(stack)("lh-guan"), "households", division_code=VILLAGE,
                household_no=f"H{n:06}", head_name=f"张试{n}",
                types=["tuopin", "elderly"], members=4, labour=2, **fields)


def test_a_household_is_the_villages_own(county):
    who = cast(county)
    h = household(county, monitor_kind="unstable")
    assert h["head_name"].startswith("张试") and h["labels"]["types"] == \
        "脱贫户、老人户"
    for login in ("lh-shu", "huangmaozhou"):
        seen = read(who(login), "households", h)
        assert seen["head_name"] == h["head_name"], login
        assert seen["types"] == h["types"], login
    duty = read(who("nongye"), "households", h)
    assert (duty["head_name"], duty["types"]) == ("张*", h["types"])
    masked = read(who("shenji"), "households", h)
    assert masked["head_name"] == "张*"
    no = h["household_no"]
    assert masked["household_no"] == "****" + no[-min(4, len(no) // 2):]
    assert masked["types"] is None and masked["members"] == "3–4人"
    assert read(who("lh-shi"), "households", h)["head_name"] == "张*"
    for login in ("bumen", "lh-cai"):
        r = who(login).get(f"/v1/households/{h['id']}")
        assert r.status in (403, 404), (login, r)
    assert who("caowei").get(f"/v1/households/{h['id']}").status == 404
    r = who("caowei").get(f"/v1/households?household_no={h['household_no']}")
    assert r.json["items"] == []


def test_a_household_has_one_number_in_its_village(county):
    who = cast(county)
    h = household(county)
    r = who("lh-guan").post("/v1/households", {
        "division_code": VILLAGE, "household_no": h["household_no"],
        "head_name": "李试"})
    assert r.status == 409, r
    make(who("caowei"), "households", division_code=SIBLING,
         household_no=h["household_no"], head_name="李试")
    r = who("lh-guan").post("/v1/households", {
        "division_code": VILLAGE, "household_no": "X1", "head_name": "李试",
        "members": 2, "labour": 3})
    assert r.status in (400, 422), r
    assert r.json["faults"][0]["pointer"] == "/labour"


def test_what_is_sensitive_needs_the_duty(county):
    """Its village and township keep it; the bureau's view of it is 5.3's."""
    who = cast(county)
    h = household(county)
    duty, petition = who("huangmaozhou"), who("lh-guan")
    r = petition.patch(f"/v1/households/{h['id']}", {"is_petition": True},
                       h["rev"])
    assert r.status == 422 and r.json["faults"][0]["code"] == "masked", r
    year = make(duty, "household-year-facts", household_id=h["id"],
                income_year=2022, wage_income_fen=1800000,
                business_income_fen=-200000, loan_misused=False)
    assert year["division_code"] == VILLAGE
    assert year["wage_income_fen"] == 1800000
    bureau = read(who("nongye"), "household-year-facts", year)
    assert bureau["wage_income_fen"] == 1800000
    assert bureau["loan_misused"] is None
    seen = read(who("shenji"), "household-year-facts", year)
    assert seen["wage_income_fen"] == "1–2万元"
    assert seen["business_income_fen"] == "0元以下"
    assert seen["loan_misused"] is None and seen["income_year"] == 2022
    flag = make(duty, "person-flags", household_id=h["id"], seq=1,
                kind="chronic_illness", action_id=action(county))
    assert read(duty, "person-flags", flag)["kind"] == "chronic_illness"
    assert read(who("nongye"), "person-flags", flag)["kind"] is None
    r = who("nongye").get("/v1/person-flags?kind=chronic_illness")
    assert r.status in (400, 403, 422) or not r.json["items"], r


def test_the_year_of_a_household(county):
    who = cast(county)
    h, p = household(county), project(county)
    township = who("huangmaozhou")
    m = make(township, "benefit-mechanisms", project_id=p["id"],
             mode="entrust", links=["dividend", "employment"],
             effects=["asset_income"], description="委托合作社经营，按年分红",
             established_on="2021-05-01", established_prec="month")
    assert m["labels"]["links"] == "资产收益（分红）、务工就业"
    a = make(township, "benefit-agreements", project_id=p["id"],
             division_code=VILLAGE, mechanism_id=m["id"],
             party_kind="household", household_id=h["id"],
             agreement_no=f"XY-{next(number)}", start_on="2021-06-01",
             end_on="2024-05-31", principal_fen=1000000,
             guaranteed_per_year_fen=60000, due_month_day="12-31")
    r = make(township, "benefit-records", project_id=p["id"],
             division_code=VILLAGE, household_id=h["id"],
             agreement_id=a["id"], year=2022, link="dividend",
             due_fen=60000, due_on="2022-12-31", paid_fen=40000,
             paid_on="2023-01-10")
    assert r["shortfall_fen"] == 20000
    paid = township.patch(f"/v1/benefit-records/{r['id']}",
                          {"paid_fen": 70000}, rev=r["rev"]).json
    assert paid["shortfall_fen"] == 0
    twice = township.post("/v1/benefit-records", {
        "project_id": p["id"], "division_code": VILLAGE, "year": 2022,
        "household_id": h["id"], "link": "dividend"})
    assert twice.status == 409, twice
    whole = {"project_id": p["id"], "division_code": VILLAGE, "year": 2022,
             "link": "dividend"}
    make(township, "benefit-records", **whole)
    assert township.post("/v1/benefit-records", whole).status == 409
    for bad, pointer in (({"end_on": "2020-01-01"}, "/end_on"),
                         ({"due_month_day": "13-01"}, "/due_month_day"),
                         ({"party_kind": "household"}, "/household_id"),
                         ({"village_code": None}, "/village_code")):
        r = township.post("/v1/benefit-agreements", {
            "project_id": p["id"], "division_code": VILLAGE,
            "party_kind": "village", "village_code": VILLAGE,
            "agreement_no": "XY-0", "start_on": "2021-06-01",
            "end_on": "2024-05-31", **bad})
        assert r.json["faults"][0]["pointer"] == pointer, (bad, r)


def test_a_household_of_another_place_cannot_be_named(county):
    """Absent and out of scope are the same."""
    who = cast(county)
    h = household(county)
    p = project(county, division=SIBLING)
    body = {"project_id": p["id"], "division_code": SIBLING, "year": 2022,
            "link": "dividend"}
    strange = who("caowei").post("/v1/benefit-records",
                                 {**body, "household_id": h["id"]})
    absent = who("caowei").post("/v1/benefit-records", {
        **body, "household_id": "00000000-0000-7000-8000-000000000000"})
    assert strange.status == absent.status == 422
    assert strange.json["faults"] == absent.json["faults"]
    assert TOWN.startswith(COUNTY[:6])
