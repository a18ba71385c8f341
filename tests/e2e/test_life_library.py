"""The project library: a village's entry on its whole way, every guard once,
evaluations by level, removal and a new beginning (domain.md 3.5.2, R-08,
R-10), and the filing review of a county's plan (3.5.11)."""
import pytest

from people import COUNTY
from projects import (CHECKS, EVIDENCE, WAN, admitted, cast, done, evaluated,
                      make, may, mechanism, project, refused)

P = "library-entries"
ADMIT = {"minutes_no": "沅政纪〔2024〕3号", "minutes_on": "2024-02-01",
         "publicity_from": "2024-02-02", "publicity_to": "2024-02-09"}
YEAR = "extract(year FROM now() AT TIME ZONE 'Asia/Shanghai')::int"


def reviewed(county, row):
    """An entry that the township has passed."""
    who = cast(county)
    e = make(who("cunguan"), P, project_id=row["id"], library_year=2024)
    done(who("cunzhi"), P, e, "declare", "village_declared",
         village_decision_on="2024-01-05", evidence=EVIDENCE)
    return done(who("sihushan-lead"), P, e, "review", "township_reviewed",
                township_opinion="属实", evidence=EVIDENCE)


def test_the_whole_way(county):
    who = cast(county)
    row = project(county)
    e = make(who("cunguan"), P, project_id=row["id"], library_year=2024)
    assert e["state"] == "draft"
    assert e["division_code"] == row["division_code"]
    assert may(who("cunzhi"), P, e) == {"declare"}
    assert may(who("cunguan"), P, e) == set()

    refused(who("cunguan"), P, e, "declare", "who",
            village_decision_on="2024-01-05")
    refused(who("cunzhi"), P, e, "declare", "needed", evidence=EVIDENCE)
    refused(who("cunzhi"), P, e, "declare", "no_evidence",
            village_decision_on="2024-01-05")
    refused(who("sihushan-lead"), P, e, "review", "state",
            township_opinion="属实")
    e = done(who("cunzhi"), P, e, "declare", "village_declared",
             village_decision_on="2024-01-05", evidence=EVIDENCE)
    assert e["village_declared_on"] and e["village_declared_by"]

    assert may(who("sihushan-lead"), P, e) == {"review", "return"}
    refused(who("sihushan-lead"), P, e, "review", "needed")
    e = done(who("sihushan-lead"), P, e, "review", "township_reviewed",
             township_opinion="地点、规模属实", evidence=EVIDENCE)

    # The clerk checks, the treasury agrees, the head decides: in this order.
    refused(who("caizheng"), P, e, "finance_review", "checks_failed")
    done(who("bumen"), P, e, "check", "township_reviewed",
         **{**CHECKS, "check_goal": "fail"})
    refused(who("caizheng"), P, e, "finance_review", "checks_failed")
    done(who("bumen"), P, e, "check", "township_reviewed",
         **{**CHECKS, "check_benefit": "na"})
    refused(who("caizheng"), P, e, "finance_review", "checks_failed")
    done(who("bumen"), P, e, "check", "township_reviewed", **CHECKS)
    refused(who("bumenlead"), P, e, "dept_review", "finance_missing",
            evidence=EVIDENCE)
    done(who("caizheng"), P, e, "finance_review", "township_reviewed")
    refused(who("bumenlead"), P, e, "dept_review", "not_evaluated",
            evidence=EVIDENCE)
    evaluated(county, row)
    e = done(who("bumenlead"), P, e, "dept_review", "dept_reviewed",
             evidence=EVIDENCE)

    refused(who("shizhang"), P, e, "admit", "needed", evidence=EVIDENCE)
    refused(who("shizhang"), P, e, "admit", "no_mechanism", **ADMIT,
            evidence=EVIDENCE)
    mechanism(county, row)
    refused(who("shizhang"), P, e, "admit", "library_entry_publicity",
            **{**ADMIT, "publicity_to": "2024-01-09"}, evidence=EVIDENCE)
    e = done(who("shizhang"), P, e, "admit", "admitted", **ADMIT,
             evidence=EVIDENCE)
    assert e["admitted_on"] == e["county_approved_on"]

    refused(who("nongye"), P, e, "plan", "funds_missing", plan_year=2024,
            evidence=EVIDENCE)
    refused(who("caizheng"), P, e, "agree_funds", "no_funding")
    make(who("caizheng"), "project-fundings", project_id=row["id"],
         fund_type="F03", fund_level="central", year=2024, batch="第一批",
         planned_fen=80 * WAN)
    done(who("caizheng"), P, e, "agree_funds", "admitted")
    refused(who("nongye"), P, e, "plan", "needed", evidence=EVIDENCE)
    e = done(who("nongye"), P, e, "plan", "planned", plan_year=2024,
             evidence=EVIDENCE)
    assert e["in_annual_plan"] is True
    assert may(who("nongye"), P, e) == {"list_removal"}


def test_a_declaration_needs_a_complete_project(county):
    who = cast(county)
    # P2: what a library asks for of every project.
    for missing in ("benefit_target", "construction_nature", "participation",
                    "benefit_households", "plan_end_on", "competent_org_id"):
        row = project(county, **{missing: None})
        e = make(who("cunguan"), P, project_id=row["id"], library_year=2024)
        refused(who("cunzhi"), P, e, "declare", "incomplete",
                village_decision_on="2024-01-05", evidence=EVIDENCE)


def test_each_reviewer_returns_with_a_reason(county):
    who = cast(county)
    row = project(county)
    e = reviewed(county, row)
    refused(who("bumenlead"), P, e, "dept_return", "no_reason")
    e = done(who("bumenlead"), P, e, "dept_return", "village_declared",
             reason="规模不实")
    assert e["township_reviewed_on"] is None
    refused(who("sihushan-lead"), P, e, "return", "no_reason")
    e = done(who("sihushan-lead"), P, e, "return", "draft", reason="补材料")
    log = who("cunzhi").get(f"/v1/{P}/{e['id']}/commands").json["items"]
    assert [(c["command"], c["reason"]) for c in log if c["reason"]] in (
        [("dept_return", "规模不实"), ("return", "补材料")],
        [("return", "补材料"), ("dept_return", "规模不实")])

    row = project(county, name="退回部门的项目")
    e = reviewed(county, row)
    evaluated(county, row)
    done(who("bumen"), P, e, "check", "township_reviewed", **CHECKS)
    done(who("caizheng"), P, e, "finance_review", "township_reviewed")
    done(who("bumenlead"), P, e, "dept_review", "dept_reviewed",
         evidence=EVIDENCE)
    refused(who("shizhang"), P, e, "county_return", "no_reason")
    e = done(who("shizhang"), P, e, "county_return", "township_reviewed",
             reason="重新核查")
    assert e["check_goal"] is None and e["finance_reviewed_on"] is None


@pytest.mark.parametrize("wan,level", [
    (499, "county"), (500, "prefecture"), (2999, "prefecture"),
    (3000, "province")])
def test_the_amount_decides_who_evaluates(county, wan, level):
    """以上 includes the number: 500 is the prefecture's, 3000 the province's."""
    who = cast(county)
    row = project(county, name=f"{wan}万元项目",
                  total_investment_fen=wan * WAN)
    e = reviewed(county, row)
    done(who("bumen"), P, e, "check", "township_reviewed", **CHECKS)
    done(who("caizheng"), P, e, "finance_review", "township_reviewed")
    order = ["county", "prefecture", "province"]
    for below in order[:order.index(level)]:
        evaluated(county, row, below)
        refused(who("bumenlead"), P, e, "dept_review", "not_evaluated",
                evidence=EVIDENCE)
    evaluated(county, row, level)
    done(who("bumenlead"), P, e, "dept_review", "dept_reviewed",
         evidence=EVIDENCE)


def test_an_evaluation_is_concluded_by_its_level_and_by_another(county):
    who = cast(county)
    row = project(county)
    say = {"conclusion": "passed", "concluded_on": "2024-01-20",
           "evidence": EVIDENCE}
    base = {"project_id": row["id"], "project_kind": "industry"}
    e = make(who("bumen"), "evaluations", **base, level="prefecture",
             mode="expert", complex=True)
    refused(who("bumenlead"), "evaluations", e, "conclude_county",
            "other_level", **say)
    refused(who("shizhuguan"), "evaluations", e, "conclude_prefecture",
            "needed", **say)
    refused(who("bumenlead"), "evaluations", e, "conclude_prefecture", "who",
            **say, doc_no="1号")
    own = make(who("shizhuguan"), "evaluations", **base, level="prefecture",
               mode="expert", complex=True)
    refused(who("shizhuguan"), "evaluations", own, "conclude_prefecture",
            "same_person", **say, doc_no="2号")
    small = make(who("bumen"), "evaluations", **base, level="county",
                 mode="expert", complex=False)
    done(who("nongye"), "evaluations", small, "conclude_county", "concluded",
         **say)
    alone = who("bumen").post("/v1/evaluations", {
        **base, "level": "county", "mode": "dept", "complex": True})
    assert alone.status == 422, alone
    assert [f["code"] for f in alone.json["faults"]] == ["evaluation_mode"]
    # What failed does not count.
    done(who("shizhuguan"), "evaluations", e, "conclude_prefecture",
         "concluded", **{**say, "conclusion": "failed"}, doc_no="1号")
    # Nor is it made away with by who recorded it (G25).
    refused(who("bumen"), "evaluations", e, "void", "row_kept", reason="重做")


def test_the_last_conclusion_holds(county):
    """G24, R-08: what passed and then failed is not admitted."""
    who = cast(county)
    row = project(county)
    evaluated(county, row)
    now = f"SELECT project_evaluated('{row['id']}')"
    assert county.psql(now) == [["t"]]
    e = make(who("bumen"), "evaluations", project_id=row["id"],
             project_kind="industry", level="county", mode="expert",
             complex=False)
    done(who("bumenlead"), "evaluations", e, "conclude_county", "concluded",
         conclusion="failed", concluded_on="2024-01-25", evidence=EVIDENCE)
    assert county.psql(now) == [["f"]]
    evaluated(county, row)     # of an earlier day
    assert county.psql(now) == [["f"]]


def test_removal_is_listed_then_decided_then_begun_anew(county):
    who = cast(county)
    row = project(county, name="清除的项目")
    e = admitted(county, row)
    removal = {"reason": "专题会议研究", "evidence": EVIDENCE}
    refused(who("cunguan"), P, e, "void", "row_kept", reason="不要了")
    refused(who("shizhang"), P, e, "remove", "not_listed", **removal)
    refused(who("nongye"), P, e, "list_removal", "needed")
    done(who("nongye"), P, e, "list_removal", "admitted",
         remove_reason="stale", removal_list_no="D16-1")
    # Admitted this year: not stale, whatever the list says.
    refused(who("shizhang"), P, e, "remove", "not_stale", **removal)
    county.psql("UPDATE library_entry SET admitted_on ="
                f" make_date({YEAR} - 2, 8, 31) WHERE id = '{e['id']}'")
    refused(who("nongye"), P, e, "remove", "who", **removal)
    e = done(who("shizhang"), P, e, "remove", "removed", **removal)
    assert e["removed_on"]
    refused(who("cunguan"), P, e, "re_declare", "library_entry_new_year",
            library_year=2024)
    e = done(who("cunguan"), P, e, "re_declare", "draft", library_year=2025)
    assert e["library_year"] == 2025
    assert e["admitted_on"] is None and e["remove_reason"] is None
    assert may(who("cunzhi"), P, e) == {"declare"}


def found(client, entry):
    r = client.get(f"/v1/{P}/{entry['id']}/findings")
    assert r.status == 200, r
    return [f["code"] for f in r.json["items"]]


def test_candidates_of_the_purge_are_found(county):
    c = cast(county)("nongye")
    row = project(county, name="清查的项目")
    e = admitted(county, row)

    def put(table, where, **values):
        county.psql(f"UPDATE {table} SET " + ", ".join(
            f"{k} = {v}" for k, v in values.items()) +
            f" WHERE id = '{where['id']}'")
    assert found(c, e) == []
    put("library_entry", e, admitted_on=f"make_date({YEAR} - 2, 9, 1)")
    assert found(c, e) == []
    put("library_entry", e, admitted_on=f"make_date({YEAR} - 2, 8, 31)")
    assert found(c, e) == ["stale"]
    put("library_entry", e, state="'planned'", plan_year=YEAR)
    assert found(c, e) == ["stale"]
    put("project", row, plan_start_on=f"make_date({YEAR}, 8, 31)",
        plan_end_on="NULL")
    assert found(c, e) == ["stale_planned"]
    put("project", row, actual_start_on="'2024-03-01'")
    assert found(c, e) == []
    put("library_entry", e, related="false")
    assert found(c, e) == ["unrelated"]


def test_one_day_short_of_two_years_is_not_stale(county):
    who = cast(county)
    e = admitted(county, project(county, name="差一天的项目"))
    done(who("nongye"), P, e, "list_removal", "admitted",
         remove_reason="stale", removal_list_no="D16-2")
    county.psql("UPDATE library_entry SET admitted_on ="
                f" make_date({YEAR} - 2, 9, 1) WHERE id = '{e['id']}'")
    refused(who("shizhang"), P, e, "remove", "not_stale", reason="研究",
            evidence=EVIDENCE)


def test_a_year_has_one_entry_of_a_project(county):
    who = cast(county)
    row = project(county)
    make(who("cunguan"), P, project_id=row["id"], library_year=2024)
    again = who("cunguan").post(f"/v1/{P}", {"project_id": row["id"],
                                            "library_year": 2024})
    assert (again.status, again.json["code"]) == (409, "duplicate")
    assert make(who("cunguan"), P, project_id=row["id"],
                library_year=2025)["state"] == "draft"


# ---- filing review ---------------------------------------------------------

F = "filing-reviews"


def test_a_filing_review_returns_and_files(county):
    who = cast(county)
    r = make(who("nongye"), F, division_code=COUNTY, plan_year=2025,
             plan_doc_no="沅农计〔2025〕1号", submitted_on="2024-10-20")
    assert (r["state"], r["round"]) == ("submitted", 1)
    refused(who("nongye"), F, r, "review", "who", reviewed_on="2024-10-25")
    refused(who("shizhuan"), F, r, "review", "needed")
    r = done(who("shizhuan"), F, r, "review", "reviewed",
             reviewed_on="2024-10-25", reviewers="专家甲、专家乙",
             result="rectify", finding_kinds=["G-1", "G-3"],
             findings="两个项目未建立利益联结机制")
    refused(who("shizhuan"), F, r, "file", "not_passed")
    refused(who("shizhuan"), F, r, "return", "no_reason",
            rectify_due_on="2024-11-10")
    before = issues(county)
    refused(who("nongye"), F, r, "void", "row_kept", reason="重报")
    r = done(who("shizhuan"), F, r, "return", "returned",
             rectify_due_on="2024-11-10", reason="限期整改")
    assert issues(county) - before == 2
    r = done(who("nongye"), F, r, "resubmit", "submitted",
             plan_doc_no="沅农计〔2025〕1号改", evidence=EVIDENCE)
    assert (r["round"], r["result"], r["finding_kinds"]) == (2, None, None)
    r = done(who("shizhuan"), F, r, "review", "reviewed",
             reviewed_on="2024-11-12", reviewers="专家甲", result="passed")
    refused(who("shizhuan"), F, r, "return", "not_returned",
            rectify_due_on="2024-12-01", reason="x")
    r = done(who("shizhuan"), F, r, "file", "filed")
    assert r["filed_on"] and may(who("shizhuan"), F, r) == set()


def issues(county):
    return int(county.psql("SELECT count(*) FROM issue WHERE source ="
                           " 'filing_review'")[0][0])


def test_a_plan_is_filed_for_a_county(county):
    r = cast(county)("nongye").post(f"/v1/{F}", {
        "division_code": "430981102000", "plan_year": 2026,
        "plan_doc_no": "1号", "submitted_on": "2024-10-20"})
    assert r.status == 422, r
    assert [f["code"] for f in r.json["faults"]] == ["filing_review_county"]
