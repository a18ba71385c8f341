"""What organisations cover says how far others' grants reach: those who lead
the action write it, and nobody his own (domain.md 5.1, 5.2, F12)."""
import datetime

import pytest
from people import COUNTY, SIBLING, TOWN, people
from stack import Stack
from test_walls_narrow import SECRET, hire, made, org, system

WRITES = {"rights": {"coverage": ["read", "create", "change", "move"],
                     "issue": ["read"], "division": ["read"]}}


@pytest.fixture(scope="module")
def land():
    s = Stack(demo=True, agent=False)
    s.start()
    yield s
    s.stop()


@pytest.fixture(scope="module")
def world(land):
    """Coverage of a war zone and of a special group, and their people."""
    bureau = people(land)("nongye")
    zone, group = org(land, "zq1"), org(land, "zx1", "special_group")
    row = made(bureau, "org-coverages", org_id=zone, division_code=TOWN)
    made(bureau, "org-coverages", org_id=group, division_code=COUNTY,
         category_code="Y-2")
    clients = {"zhanqu": hire(land, "zhanqu", "war_zone", cover_org="zq1"),
               "zhuanxiang": hire(land, "zhuanxiang", "special_group",
                                  cover_org="zx1")}
    return {"row": row, "zone": zone, "group": group, "clients": clients}


def ask(land, login, verb, row):
    """Which condition refuses, by grant."""
    r = people(land)("security").get(
        f"/v1/explain?user={login}&action=org_coverage:{verb}&object="
        f"{row['id'] if verb != 'create' else 'division/' + TOWN}")
    assert r.status == 200, r
    for g in r.json["grants"]:
        assert g["allowed"] or g["refused"]["zh"] and g["refused"]["en"]
    return [g["refused"] and g["refused"]["code"] for g in r.json["grants"]]


def change(client, row, **fields):
    rev = client.get(f"/v1/org-coverages/{row['id']}").json["rev"]
    return client.patch(f"/v1/org-coverages/{row['id']}", fields, rev)


def void(client, row, command="void"):
    return client.post(f"/v1/org-coverages/{row['id']}/{command}",
                       {"reason": "登记有误"})


def may(client, row):
    """Of the row itself, and of its list."""
    path = "/v1/org-coverages"
    listed, = (x for x in client.get(
        f"{path}?voided=true&limit=200&org_id={row['org_id']}").json["items"]
        if x["id"] == row["id"])
    return [client.get(f"{path}/{row['id']}").json["may"], listed["may"]]


def refused_as_own(r):
    fault, = r.json["faults"]
    return (r.status, fault["pointer"], fault["code"]) == (
        422, "/org_id", "org_coverage_own") and "另一位" in fault["zh"]


@pytest.mark.parametrize("login", ["huangmaozhou", "bumen", "zhanqu",
                                   "zhuanxiang"])
def test_it_is_no_address_book(land, world, login):
    c = world["clients"].get(login) or people(land)(login)
    row, zone = world["row"], world["zone"]
    seen = c.get(f"/v1/org-coverages/{row['id']}")
    if login != "bumen":    # the row is on no line
        assert seen.status == 200 and seen.json["may"] == [], seen
    body = {"org_id": zone, "division_code": TOWN, "category_code": "Y-1"}
    assert c.post("/v1/org-coverages", body).status == 403
    assert c.post("/v1/org-coverages/bulk",
                  {"items": [body]}).status == 403
    assert c.patch(f"/v1/org-coverages/{row['id']}", {"to_on": None},
                   row["rev"]).status == 403
    for command in ("void", "restore"):
        assert void(c, row, command).status == 403
    for verb in ("create", "change", "void"):
        assert ask(land, login, verb, row) == ["role"], verb


@pytest.mark.parametrize("login", ["nongye", "shizhuanban"])
def test_those_who_lead_the_action_write_it(land, world, login):
    c = people(land)(login)
    row = made(c, "org-coverages", org_id=world["zone"],
               division_code=SIBLING, category_code="Y-5")
    for verb in ("create", "change", "void"):
        assert ask(land, login, verb, row) == [None], verb
    assert change(c, row, to_on="2030-12-31").status == 200
    assert void(c, row).status == 200
    assert void(c, row, "restore").status == 200
    assert void(c, row).status == 200


def test_it_is_narrowed_and_not_handed_to_the_townships(land):
    put = people(land)("security").put
    for code in ("township_clerk", "dept_clerk", "war_zone"):
        r = put(f"/v1/roles/{code}", {"rights": {"coverage": ["read",
                                                              "create"]}})
        assert r.status == 422 and r.json["faults"][0]["pointer"] == \
            "/rights/coverage/1", r


@pytest.fixture(scope="module")
def part(land):
    """Who leads some categories for the bureau: a role of the county's own."""
    r = people(land)("security").put("/v1/roles/bureau_part", {
        "label": "分管副局长", "level": 3, "plays": ["lead_bureau"],
        "by_category": True, "clearance": 2, **WRITES})
    assert r.status == 200, r
    return "bureau_part"


@pytest.mark.parametrize("who", ["narrowed", "by category", "second grant",
                                 "to come"])
def test_nobody_says_how_far_he_reaches(land, world, part, who):
    """Neither further, nor for longer, nor in other categories: under whichever
    of his grants he asks. His colleague does."""
    login = "ziji-" + who.replace(" ", "-")
    code = login.replace("-", "_")
    mine = org(land, code, "special_group")
    bureau = people(land)("nongye")
    row = made(bureau, "org-coverages", org_id=mine, division_code=TOWN,
               category_code="Y-2" if who == "by category" else None,
               to_on="2099-12-31")
    later = (datetime.datetime.now(datetime.timezone.utc) +
             datetime.timedelta(days=9)).strftime("%Y-%m-%dT%H:%M:%SZ")
    grants = {
        "narrowed": [{"role": "lead_bureau", "cover_org": code}],
        "by category": [{"role": part, "cover_org": code}],
        "second grant": [{"role": "lead_bureau"},
                         {"role": "war_zone", "cover_org": code}],
        "to come": [{"role": "lead_bureau"}, {
            "role": "war_zone", "cover_org": code, "valid_from": later}],
    }[who]
    r = people(land)("security").post("/v1/users", {
        "login": login, "name": "某某", "password": SECRET,
        "division_code": COUNTY, "grants": grants})
    assert r.status == 200, r
    c = lead(land, login)
    body = {"org_id": mine, "division_code": TOWN, "category_code": "Y-3"}
    for more in ({}, {"from_on": "2023-01-01"}):
        assert refused_as_own(c.post("/v1/org-coverages", {**body, **more}))
    r = c.post("/v1/org-coverages/bulk", {"items": [body]})
    assert r.status == 422 and "org_coverage_own" in r.text, r
    assert refused_as_own(change(c, row, to_on=None))
    verdicts = ask(land, login, "change", row)
    assert "own_coverage" in verdicts and None not in verdicts, verdicts
    # Less is no matter; what was taken back is another's to give again.
    assert void(c, row).status == 200
    assert system(land, "SELECT to_on, voided_at IS NULL FROM org_coverage"
                  f" WHERE org_id = '{mine}'") == [["2099-12-31", "f"]]
    wide = people(land)("nongye")
    if who in ("second grant", "to come"):    # the others see nothing now
        assert refused_as_own(void(c, row, "restore"))
        assert may(c, row) == [[], []]
        verdicts = ask(land, login, "restore", row)
        assert "own_coverage" in verdicts and None not in verdicts, verdicts
    assert may(wide, row) == [["restore"], ["restore"]]
    assert void(wide, row, "restore").status == 200
    assert may(c, row) == may(wide, row) == [["void"], ["void"]]
    assert change(wide, row, to_on=None).status == 200
    assert wide.post("/v1/org-coverages", body).status == 201


def lead(land, login):
    """Signed in under the grant that writes coverage."""
    c = land.login(login, SECRET)
    me = c.get("/v1/me").json
    assert me["role"] in ("lead_bureau", "bureau_part"), me
    return c


def test_an_ended_grant_is_nobody_s_reach(land, world):
    hire(land, "cengjing", "war_zone", cover_org="zq1")
    system(land, "UPDATE role_grant SET valid_to = now() FROM app_user u"
           " WHERE u.id = user_id AND login = 'cengjing'")
    c = hire(land, "cengjing", "lead_bureau")
    made(c, "org-coverages", org_id=world["zone"], division_code=SIBLING)


def test_the_database_holds_it_too(land, world):
    """Whatever statement the API sends."""
    hire(land, "zijishuju", "lead_bureau", cover_org="zq1")
    user, = land.psql("SELECT id FROM app_user WHERE login = 'zijishuju'")
    settings = "".join(
        f"PERFORM set_config('app.{k}', '{v}', true);" for k, v in (
            ("lo", COUNTY), ("hi", 430981999999), ("line", ""),
            ("clearance", 2), ("actor", user[0])))
    insert = f"BEGIN; DO $$ BEGIN {settings} END $$; INSERT INTO" \
        " org_coverage (id, org_id, division_code, filing_level) VALUES" \
        " (uuid7(), '{}', 430981102000, 3); ROLLBACK"
    with pytest.raises(AssertionError, match="narrowed to this coverage"):
        land.psql(insert.format(world["zone"]), user="taizhang_api")
    land.psql(insert.format(world["group"]), user="taizhang_api")
