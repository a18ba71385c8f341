"""Funds: what is spent stays within what was paid, the yearly progress and its
thresholds (R-06), money arranged anew (R-09), adjustments, the negative list."""
import concurrent.futures

import pytest

from people import COUNTY, people
from projects import (EVIDENCE, VILLAGE, WAN, cast, done, make, may,
                      mechanism, org, project, refused)

YEAR = iter(range(2031, 2090))   # each test has a year of its own


def allocate(county, year, wan, kind="F03", level="central", batch="一",
             day="02-01"):
    return make(cast(county)("caizheng"), "fund-allocations",
                division_code=COUNTY, year=year, fund_type=kind,
                fund_level=level, batch=batch, doc_no=f"财{year}{batch}号",
                allocated_on=f"{year}-{day}", amount_fen=wan * WAN)


def pay(county, row, allocation, kind, fen, day):
    return cast(county)("caizheng").post("/v1/fund-payments", {
        "project_id": row["id"], "allocation_id": allocation["id"],
        "kind": kind, "amount_fen": fen, "paid_on": day})


def paid(*args):
    r = pay(*args)
    assert r.status == 201, r
    return r.json


def snapshot(county, day, **more):
    return make(cast(county)("caizheng"), "fund-progress-snapshots",
                division_code=COUNTY, as_of=day, **more)


def faults(reply):
    assert reply.status == 422, reply
    return [f["code"] for f in reply.json["faults"]]


# ---- payments ----------------------------------------------------------------

def test_spending_stays_within_what_was_paid(county):
    y, row = next(YEAR), project(county)
    a = allocate(county, y, 100)
    assert faults(pay(county, row, a, "spend", 1, f"{y}-03-01")) == [
        "fund_payment_within_paid"]
    first = paid(county, row, a, "pay", 50 * WAN, f"{y}-03-01")
    paid(county, row, a, "spend", 50 * WAN, f"{y}-03-02")
    assert faults(pay(county, row, a, "spend", 1, f"{y}-03-03")) == [
        "fund_payment_within_paid"]
    assert faults(pay(county, row, a, "recover", 1, f"{y}-03-03")) == [
        "fund_payment_within_paid"]
    # Nor by making smaller, or voiding, what was paid.
    c = cast(county)("caizheng")
    url = f"/v1/fund-payments/{first['id']}"
    r = c.patch(url, {"amount_fen": 50 * WAN - 1}, first["rev"])
    assert faults(r) == ["fund_payment_within_paid"]
    r = c.post(url + "/void", {"reason": "记错"})
    assert faults(r) == ["fund_payment_within_paid"]


def test_no_bridging_funds_without_a_benefit_mechanism(county):
    """未建立联农带农机制项目一律不安排衔接资金 (G17)."""
    y, row = next(YEAR), project(county)
    a = allocate(county, y, 100)
    day = f"{y}-03-01"
    assert faults(pay(county, row, a, "arrange", WAN, day)) == [
        "fund_payment_mechanism"]
    other = allocate(county, y, 100, kind="F09", level="external")
    first = paid(county, row, other, "arrange", WAN, day)
    m = mechanism(county, row)
    second = paid(county, row, a, "arrange", WAN, day)
    r = cast(county)("sihushan").post(
        f"/v1/benefit-mechanisms/{m['id']}/void", {"reason": "未落实"})
    assert r.status == 200, r
    c = cast(county)("caizheng")
    r = c.patch(f"/v1/fund-payments/{second['id']}", {"amount_fen": 2 * WAN},
                second["rev"])
    assert r.status == 200, r
    for row in (first, second):
        r = c.post(f"/v1/fund-payments/{row['id']}/void", {"reason": "记错"})
        assert r.status == 200, r
    r = c.post(f"/v1/fund-payments/{second['id']}/restore",
               {"reason": "恢复"})
    assert faults(r) == ["fund_payment_mechanism"]
    old = project(county, backfilled=True)
    paid(county, old, a, "arrange", WAN, day)


def test_two_clerks_cannot_spend_the_same_money(county):
    y, row = next(YEAR), project(county)
    a = allocate(county, y, 100)
    paid(county, row, a, "pay", 10 * WAN, f"{y}-03-01")
    clients = [county.login("caizheng") for _ in range(8)]

    def spend(client):
        return client.post("/v1/fund-payments", {
            "project_id": row["id"], "allocation_id": a["id"],
            "kind": "spend", "amount_fen": 6 * WAN,
            "paid_on": f"{y}-03-02"}).status
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        got = sorted(pool.map(spend, clients))
    assert got == [201] + [422] * 7


def test_who_enters_funds(county):
    who = cast(county)
    body = {"division_code": COUNTY, "year": next(YEAR), "fund_type": "F03",
            "fund_level": "central", "batch": "二", "doc_no": "财1号",
            "allocated_on": "2030-01-01", "amount_fen": WAN}
    for login in ("sihushan", "cunguan", "shizhang", "shenji", "bumen"):
        assert who(login).post("/v1/fund-allocations", body).status == 403
    r = who("caizheng").post("/v1/fund-allocations", {
        **body, "industry_amount_fen": WAN + 1})
    assert faults(r) == ["fund_allocation_industry"]
    r = who("caizheng").post("/v1/fund-allocations", {
        **body, "division_code": VILLAGE})
    assert faults(r) == ["fund_allocation_county"]
    assert who("caizheng").post("/v1/fund-allocations", body).status == 201
    r = who("caizheng").post("/v1/fund-allocations", body)
    assert (r.status, r.json["code"]) == (409, "duplicate")


def test_a_department_writes_payments_and_no_other_funds(county):
    """5.2: 下达、负面清单、资金调整 are the treasury's, payments of his own
    projects the clerk's."""
    who, y = cast(county), next(YEAR)
    row, clerk = project(county), who("bumen")
    a = make(who("caizheng"), "fund-allocations", division_code=COUNTY,
             year=y, fund_type="F01", fund_level="central", batch="水利",
             doc_no="财9号", allocated_on=f"{y}-01-01", amount_fen=10 * WAN,
             competent_line="水利")
    for path, body in (
            ("negative-list-items", {
                "list_version": f"{y}版", "item_no": "1", "wording": "楼堂馆所",
                "valid_from": f"{y}-01-01"}),
            ("fund-adjustments", {"year_next": y, "amount_fen": 300 * WAN,
                                  "cause": "奖励本部门"}),
            ("fund-progress-snapshots", {"as_of": f"{y}-04-30"}),
            ("fund-replacements", {
                "project_id": row["id"], "order_no": f"令{y}",
                "misuse_amount_fen": 1, "replacement_amount_fen": 1,
                "ordered_on": f"{y}-03-01"})):
        r = clerk.post(f"/v1/{path}", {"division_code": COUNTY, **body}
                       if "project_id" not in body else body)
        assert (r.status, r.json["code"]) == (403, "denied"), (path, r)
    for kind in ("pay", "spend"):
        r = clerk.post("/v1/fund-payments", {
            "project_id": row["id"], "allocation_id": a["id"], "kind": kind,
            "amount_fen": WAN, "paid_on": f"{y}-03-01"})
        assert r.status == 201, r


# ---- progress (R-06) -----------------------------------------------------------

@pytest.mark.parametrize("day,spent,passed", [
    ("04-30", 33 * WAN, True),          # exactly 33 %
    ("04-30", 33 * WAN - 1, False),     # one 分 short, never rounded up
    ("06-30", 50 * WAN, True),
    ("07-31", 59 * WAN - 1, False),
    ("09-30", 75 * WAN, True),
    ("10-31", 84 * WAN - 1, False),
    ("05-31", 1 * WAN, None),           # shown, not judged
    ("04-29", 99 * WAN, None),          # not the end of the month
])
def test_a_month_passes_by_its_threshold(county, day, spent, passed):
    y, row = next(YEAR), project(county)
    a = allocate(county, y, 100)
    paid(county, row, a, "pay", 100 * WAN, f"{y}-03-01")
    paid(county, row, a, "spend", spent, f"{y}-03-02")
    s = snapshot(county, f"{y}-{day}")
    assert s["allocated_fen"] == 100 * WAN and s["spent_fen"] == spent
    assert s["rate_bp"] == spent * 10000 // (100 * WAN)
    assert (s["judged"], s["passed"]) == (passed is not None, passed)


def test_the_average_of_the_province_is_enough(county):
    y, row = next(YEAR), project(county)
    a = allocate(county, y, 100)
    paid(county, row, a, "pay", 100 * WAN, f"{y}-03-01")
    paid(county, row, a, "spend", 30 * WAN, f"{y}-03-02")
    assert snapshot(county, f"{y}-04-30")["passed"] is False
    make(cast(county)("shizhuan"), "county-year-facts", year=y,
         division_code=COUNTY, average_apr_bp=3000)
    s = snapshot(county, f"{y}-04-30")
    assert (s["province_average_bp"], s["passed"]) == (3000, True)


def test_december_asks_for_all_but_the_retention(county):
    y, row = next(YEAR), project(county)
    a = allocate(county, y, 100)
    paid(county, row, a, "pay", 100 * WAN, f"{y}-03-01")
    paid(county, row, a, "spend", 95 * WAN, f"{y}-11-02")
    assert snapshot(county, f"{y}-12-31")["passed"] is False
    paid(county, row, a, "retain", 5 * WAN, f"{y}-11-03")
    s = snapshot(county, f"{y}-12-31")
    assert (s["rate_bp"], s["retention_fen"], s["passed"]) == (
        9500, 5 * WAN, True)
    # Retention that is paid out is spent, and not counted twice.
    paid(county, row, a, "release", 5 * WAN, f"{y}-12-20")
    s = snapshot(county, f"{y}-12-31")
    assert (s["spent_fen"], s["retention_fen"], s["passed"]) == (
        100 * WAN, 0, True)


def test_a_snapshot_is_of_a_fund_and_of_a_day_and_stays(county):
    y, row = next(YEAR), project(county)
    central = allocate(county, y, 100)
    allocate(county, y, 50, level="province")
    allocate(county, y, 10, batch="下半年", day="08-01")
    paid(county, row, central, "pay", 40 * WAN, f"{y}-03-01")
    paid(county, row, central, "spend", 40 * WAN, f"{y}-05-02")
    assert snapshot(county, f"{y}-04-30")["spent_fen"] == 0
    whole = snapshot(county, f"{y}-06-30")
    assert (whole["allocated_fen"], whole["rate_bp"]) == (150 * WAN, 2666)
    part = snapshot(county, f"{y}-06-30", fund_level="central")
    assert (part["allocated_fen"], part["rate_bp"]) == (100 * WAN, 4000)
    nothing = snapshot(county, f"{y}-06-30", fund_type="F06")
    assert nothing["rate_bp"] is None and nothing["passed"] is None
    r = cast(county)("caizheng").patch(
        f"/v1/fund-progress-snapshots/{part['id']}", {"as_of": f"{y}-07-31"},
        part["rev"])
    assert r.status in (404, 405, 409, 422), r


# ---- replacement (R-09) ----------------------------------------------------------

R = "fund-replacements"


def test_misused_money_is_arranged_anew(county):
    who, y = cast(county), next(YEAR)
    bad, good = project(county, name="违规项目"), project(county)
    order = {"project_id": bad["id"], "order_no": f"令{y}-1",
             "misuse_amount_fen": 20 * WAN, "ordered_on": f"{y}-03-01"}
    r = who("caizheng").post(f"/v1/{R}", {
        **order, "replacement_amount_fen": 20 * WAN - 1})
    assert faults(r) == ["fund_replacement_equal"]
    told = make(who("nongye"), "supervision-orders", order_no=f"令{y}",
                kind="fund_rearrange", content="重新安排等额资金",
                target_org_id=org(who("nongye"), "沅江市水利局"),
                division_code=COUNTY, reply_due_on=f"{y}-04-30")
    county.psql("UPDATE supervision_order SET state = 'replied', reply = '已'"
                ", issued_on = current_date, received_on = current_date,"
                f" replied_on = current_date WHERE id = '{told['id']}'")
    row = make(who("caizheng"), R, **order, order_id=told["id"],
               replacement_amount_fen=20 * WAN)
    assert (row["state"], row["due_on"]) == ("ordered", f"{y}-04-30")
    issue = people(county)("nongye").post("/v1/issues", {
        "category": "Y-2", "description": "用于负面清单",
        "division_code": "430981102000"})
    assert issue.status == 201, issue
    # Whoever must arrange it anew neither puts it off nor takes it back (G14).
    assert may(who("caizheng"), R, row) == {"arrange"}
    r = who("caizheng").patch(f"/v1/{R}/{row['id']}", {
        "due_on": f"{y + 1}-12-31"}, row["rev"])
    assert r.status == 422, r
    refused(who("caizheng"), R, row, "void", "who", reason="不安排")
    twice = make(who("caizheng"), R, **order, replacement_amount_fen=20 * WAN)
    refused(who("shizhang"), R, twice, "void", "no_reason")
    done(who("shizhang"), R, twice, "void", "ordered", reason="重复登记")
    arrange = {"arranged_on": f"{y}-03-20", "issue_id": issue.json["id"]}
    refused(who("caizheng"), R, row, "arrange", "needed",
            arranged_on=f"{y}-03-20")
    refused(who("caizheng"), R, row, "arrange", "not_arranged", **arrange)
    make(who("caizheng"), "fund-replacement-targets",
         replacement_id=row["id"], project_id=good["id"])
    make(who("caizheng"), "project-fundings", project_id=good["id"],
         fund_type="F03", fund_level="county", year=y, batch="重排",
         planned_fen=20 * WAN)
    refused(who("nongye"), R, row, "arrange", "denied", **arrange)
    done(who("caizheng"), R, row, "arrange", "arranged", **arrange)
    spent = {"paid_on": f"{y}-04-02", "evidence": EVIDENCE}
    refused(who("caizheng"), R, row, "pay", "not_paid", **spent)
    a = allocate(county, y, 20, level="county", batch="重排")
    paid(county, good, a, "pay", 20 * WAN, f"{y}-02-28")
    refused(who("caizheng"), R, row, "pay", "not_paid", **spent)
    paid(county, good, a, "pay", 20 * WAN, f"{y}-04-01")
    refused(who("caizheng"), R, row, "pay", "no_evidence",
            paid_on=f"{y}-04-02")
    refused(who("nongye2"), "supervision-orders", told, "verify_ok",
            "not_replaced", verify_opinion="已重新安排")
    done(who("caizheng"), R, row, "pay", "paid", **spent)
    done(who("nongye2"), "supervision-orders", told, "verify_ok", "closed",
         verify_opinion="已重新安排")
    refused(who("caizheng"), R, row, "verify", "who")
    row = done(who("shizhang"), R, row, "verify", "verified")
    assert row["done_on"] and may(who("shizhang"), R, row) == set()


# ---- the rest -----------------------------------------------------------------

def test_adjustments_gain_or_lose(county):
    c, y = cast(county)("caizheng"), next(YEAR)
    for wan in (300, -300):
        made = make(c, "fund-adjustments", division_code=COUNTY, year_next=y,
                    amount_fen=wan * WAN, cause="年度绩效排名")
        assert made["amount_fen"] == wan * WAN


def test_the_negative_list_is_read_from_below(county):
    who, y = cast(county), next(YEAR)
    item = make(who("caizheng"), "negative-list-items", division_code=COUNTY,
                list_version=f"{y}版", item_no="1", wording="单位基本支出",
                valid_from=f"{y}-01-01")
    url = f"/v1/negative-list-items/{item['id']}"
    assert who("cunguan").get(url).json["wording"] == "单位基本支出"
    assert who("cunguan").patch(url, {"wording": "x"}, 1).status == 403
    r = who("caizheng").patch(url, {"valid_to": f"{y - 1}-12-31"},
                              item["rev"])
    assert faults(r) == ["negative_list_item_days"]


def test_people_see_telephones_by_clearance(county):
    """A contact's number is whole for work roles, masked for deciders."""
    who = cast(county)
    made = make(who("sihushan"), "contacts", name="赵甲",
                phone="13800000066", org_id=org(who("sihushan"),
                                                "泗湖山镇人民政府"))
    assert who("nongye").get(f"/v1/contacts/{made['id']}").json["phone"] == \
        "13800000066"
    assert "13800000066" not in who("shenji").get(
        f"/v1/contacts/{made['id']}").text
    bad = who("sihushan").post("/v1/contacts", {"name": "钱乙",
                                               "phone": "12"})
    assert bad.status == 422


@pytest.mark.parametrize("period,ok", [
    ("2024", True), ("2024Q4", True), ("2024-12", True), ("2024Q5", False),
    ("2024-13", False), ("202412", False), ("24", False), ("2024-1", False)])
def test_indicators_have_a_period(county, period, ok):
    who = cast(county)
    made = make(who("sihushan"), "operators", name=f"合作社{period}",
                kind="coop")
    r = who("sihushan").post("/v1/operator-indicators", {
        "operator_id": made["id"], "period": period, "profit_fen": -5,
        "warning_codes": ["loss", "arrears"]})
    assert r.status == (201 if ok else 422), r
    if ok:
        assert r.json["warning_codes"] == ["loss", "arrears"]
