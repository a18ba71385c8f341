"""Findings on a project's quality (R-22, R-11, R-02): each rule found once and
gone when the row is put right; nothing told to those who cannot see it."""
import pytest

from lives import day
from people import people
from projects import WAN, cast, make, mechanism, project


def findings(client, row):
    r = client.get(f"/v1/projects/{row['id']}/findings")
    assert r.status == 200, r
    assert all(f["zh"] and f["en"] and f["level"] in (
        "error", "warning", "info") for f in r.json["items"])
    return {f["code"]: f for f in r.json["items"]}


class ago(int):
    """A day so many days before the one on which the test runs: that is not
    always the one on which the tests were collected."""


def sound(county, **more):
    """A project of which nothing is found."""
    row = project(county, name=f"合格项目{more}"[:200], backfilled=True)
    mechanism(county, row)
    more = {k: day(-v) if isinstance(v, ago) else v for k, v in more.items()}
    county.psql("UPDATE project SET " + ", ".join(
        f"{k} = {v!r}" if v is not None else f"{k} = NULL"
        for k, v in more.items()) + f" WHERE id = '{row['id']}'"
        if more else "SELECT 1")
    return row


def test_nothing_is_found_in_a_sound_project(county):
    assert findings(cast(county)("cunguan"), sound(county)) == {}


@pytest.mark.parametrize("code,pointer,wrong,right", [
    ("approved_before_publicity", "approved_on",
     {"publicity_to": "2024-02-02", "approved_on": "2024-02-01"},
     {"publicity_to": "2024-02-01", "approved_on": "2024-02-01"}),
    ("started_before_approval", "actual_start_on",
     {"approved_on": "2024-02-02", "actual_start_on": "2024-02-01"},
     {"approved_on": "2024-02-01", "actual_start_on": "2024-02-01"}),
    ("accepted_before_completion", "accepted_on",
     {"completed_on": ago(3), "accepted_on": ago(4)},
     {"completed_on": ago(3), "accepted_on": ago(3)}),
    ("unit_slip", "total_investment_fen",
     {"support_fund_fen": 1, "total_investment_fen": 9999},
     {"support_fund_fen": 1, "total_investment_fen": 10000}),
    ("placeholder", "content", {"content": " 同上"}, {"content": "同上图"}),
    ("settlement_overdue", "settled_on",
     {"completed_on": ago(95), "accepted_on": ago(90)},
     {"completed_on": ago(85), "accepted_on": ago(80)}),
    ("transfer_overdue", "transferred_on",
     {"settled_on": ago(40), "final_account_on": ago(31)},
     {"settled_on": ago(40), "final_account_on": ago(30)}),
    ("not_accepted", "accepted_on",
     {"completed_on": ago(95), "settled_on": ago(1),
      "final_account_on": ago(1)},
     {"completed_on": ago(85), "settled_on": ago(1),
      "final_account_on": ago(1)}),
    ("enterprise_share", "enterprise_paid_bp",
     {"enterprise_ratio_bp": 3000, "enterprise_paid_bp": 2999},
     {"enterprise_ratio_bp": 3000, "enterprise_paid_bp": 3000}),
    ("no_co_account", "co_account", {"co_account": "no"},
     {"co_account": "na"}),
    ("not_used", "operating_state",
     {"completed_on": ago(5), "operating_state": "not_started"},
     {"completed_on": ago(5), "operating_state": "normal"}),
    ("not_pretreated", "pretreated_on", {"sensitive_kind": "{S1}"},
     {"sensitive_kind": "{S1}", "pretreated_on": ago(1)}),
    ("farmland", "restored_on", {"farmland_flag": "feiliang"},
     {"farmland_flag": "none"}),
])
def test_what_is_found_and_what_is_not(county, code, pointer, wrong, right):
    c = cast(county)("cunguan")
    found = findings(c, sound(county, **wrong))
    assert list(found) == [code], found
    assert found[code]["pointer"] == f"/{pointer}"
    assert findings(c, sound(county, **right)) == {}


def test_money_and_mechanism(county):
    who = cast(county)
    row = project(county, name="资金核对项目")
    c = who("cunguan")
    assert set(findings(c, row)) == {"no_mechanism"}
    mechanism(county, row)
    part = {"project_id": row["id"], "fund_type": "F03", "year": 2024,
            "batch": "一"}
    make(who("caizheng"), "project-fundings", **part, fund_level="central",
         planned_fen=60 * WAN, arrived_fen=50 * WAN)
    assert set(findings(c, row)) == {"funding_sum"}
    make(who("caizheng"), "project-fundings", **part, fund_level="county",
         planned_fen=40 * WAN, arrived_fen=0)
    assert findings(c, row) == {}
    a = make(who("caizheng"), "fund-allocations",
             division_code="430981000000", year=2030, fund_type="F03",
             fund_level="central", batch="核对", doc_no="财核1号",
             allocated_on="2030-01-01", amount_fen=100 * WAN)
    paid = {"project_id": row["id"], "allocation_id": a["id"],
            "kind": "pay", "paid_on": "2030-02-01"}
    make(who("caizheng"), "fund-payments", **paid, amount_fen=50 * WAN)
    assert findings(c, row) == {}
    make(who("caizheng"), "fund-payments", **paid, amount_fen=1)
    assert set(findings(c, row)) == {"paid_beyond_arrived"}


def test_a_twin_is_found_but_not_beyond_the_reader_s_scope(county):
    who = cast(county)
    own = project(county, name="同名项目")
    mechanism(county, own)
    other = {**own, "division_code": "430981107000"}
    body = {k: other[k] for k in (
        "division_code", "name", "build_year", "type_l1", "is_industry",
        "content", "total_investment_fen", "support_fund_fen")}
    twin = make(people(county)("huangmaozhou"), "projects", **body)
    assert "duplicate" in findings(who("nongye"), own)
    assert findings(who("cunguan"), own) == {}
    r = who("cunguan").get(f"/v1/projects/{twin['id']}/findings")
    absent = who("cunguan").get(
        "/v1/projects/01900000-0000-7000-8000-000000000000/findings")
    assert r.status == absent.status == 404
    strip = {"request_id", "instance"}
    assert {k: v for k, v in r.json.items() if k not in strip} == \
        {k: v for k, v in absent.json.items() if k not in strip}
