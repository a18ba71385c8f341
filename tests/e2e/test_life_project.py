"""Projects from the plan to the exit: every command of domain.md 3.5.1 in its
order, by whom it belongs to, each guard once; what a project's row refuses;
what follows in the library and among the issues."""
import pytest

from files import PDF, send
from people import COUNTY
from projects import (EVIDENCE, TOWN, VILLAGE, WAN, admitted, cast, done,
                      give, make, may, mechanism, org, project, project_body,
                      refused)

P = "projects"
APPROVE = {"approved_on": "2024-02-20", "approval_doc_no": "沅发改〔2024〕5号",
           "publicity_from": "2024-02-10", "publicity_to": "2024-02-17"}
START = {"actual_start_on": "2024-03-05", "implementation_plan": "实施方案1号"}
COMPLETE = {"completed_on": "2024-09-30", "completion_summary": "按方案建成"}
ACCEPT = {"accepted_on": "2024-10-15", "performance_grade": "good",
          "acceptance_opinion": "符合要求"}


def approved(county, **more):
    who = cast(county)
    row = project(county, **more)
    done(who("cunguan"), P, row, "declare", "declared")
    entry = admitted(county, row)
    done(who("shizhang"), P, row, "approve", "approved", **APPROVE,
         evidence=EVIDENCE)
    return row, entry


def begun(county, **more):
    row, _ = approved(county, **more)
    return done(cast(county)("bumen"), P, row, "start", "in_progress",
                **START, evidence=EVIDENCE)


def completed(county, **more):
    who = cast(county)
    row = begun(county, **more)
    done(who("bumen"), P, row, "complete", "completed", **COMPLETE,
         evidence=EVIDENCE)
    return done(who("sihushan"), P, row, "request_acceptance", "completed",
                acceptance_requested_on="2024-10-08")


def accepted(county, **more):
    return done(cast(county)("bumenlead"), P, completed(county, **more),
                "accept", "accepted", **ACCEPT, evidence=EVIDENCE)


def settled(county, **more):
    who = cast(county)
    row = accepted(county, **more)
    done(who("caizheng"), P, row, "check_settlement", "accepted",
         settled_amount_fen=98 * WAN, final_account_fen=99 * WAN)
    return done(who("bumen"), P, row, "settle", "settled",
                settled_on="2024-11-20", final_account_on="2024-11-25",
                evidence=EVIDENCE)


def operating(county, **more):
    who = cast(county)
    row = settled(county, **more)
    return done(who("cunzhi"), P, row, "operate", "operating",
                operated_on="2024-12-15", operation_plan="委托合作社经营",
                evidence=EVIDENCE)


# ---- declaring and approving -------------------------------------------------

def test_declaring(county):
    who = cast(county)
    row = project(county, competent_org_id=None)
    assert row["state"] == "planned"
    assert row["project_no"].startswith(f"{VILLAGE}-2024-")
    assert may(who("cunguan"), P, row) == {"declare"}
    assert may(who("cunzhi"), P, row) == set()
    refused(who("cunzhi"), P, row, "declare", "who")
    refused(who("cunguan"), P, row, "declare", "needed")
    row = done(who("cunguan"), P, row, "declare", "declared",
               competent_org_id=org(who("nongye"), "沅江市水利局"))
    # The competent department's line sees it from now on (Y8).
    assert row["competent_line"] == "水利"
    assert who("bumen").get(f"/v1/{P}/{row['id']}").status == 200
    refused(who("cunguan"), P, row, "declare", "state")


def test_approval_asks_for_everything(county):
    who = cast(county)
    row = project(county)
    approve = {**APPROVE, "evidence": EVIDENCE}
    refused(who("shizhang"), P, row, "approve", "state", **approve)
    done(who("cunguan"), P, row, "declare", "declared")
    refused(who("nongye"), P, row, "approve", "who", **approve)
    refused(who("shizhang"), P, row, "approve", "needed", evidence=EVIDENCE)
    refused(who("shizhang"), P, row, "approve", "no_evidence", **APPROVE)
    refused(who("shizhang"), P, row, "approve", "not_admitted", **approve)
    admitted(county, row)
    refused(who("shizhang"), P, row, "approve", "project_publicity",
            **{**approve, "publicity_to": "2024-02-20"})
    county.psql("UPDATE benefit_mechanism SET voided_at = now()"
                f" WHERE project_id = '{row['id']}'")
    refused(who("shizhang"), P, row, "approve", "no_mechanism", **approve)
    county.psql("UPDATE benefit_mechanism SET voided_at = NULL"
                f" WHERE project_id = '{row['id']}'")
    row = done(who("shizhang"), P, row, "approve", "approved", **approve)
    assert row["approved_on"] == "2024-02-20"


def test_an_approval_holds_against_a_larger_sum(county):
    """Admitted at 100万, then grown to 500: the prefecture must evaluate."""
    who = cast(county)
    row = project(county)
    done(who("cunguan"), P, row, "declare", "declared")
    admitted(county, row)
    rev = who("cunguan").get(f"/v1/{P}/{row['id']}").json["rev"]
    r = who("cunguan").patch(f"/v1/{P}/{row['id']}",
                             {"total_investment_fen": 500 * WAN}, rev)
    assert r.status == 200, r
    refused(who("shizhang"), P, row, "approve", "not_evaluated", **APPROVE,
            evidence=EVIDENCE)


# ---- carrying out ------------------------------------------------------------

def test_starting_moves_the_library_along(county):
    who = cast(county)
    row, entry = approved(county)
    make(who("caizheng"), "project-fundings", project_id=row["id"],
         fund_type="F03", fund_level="central", year=2024, batch="一",
         planned_fen=80 * WAN)
    e = "library-entries"
    done(who("caizheng"), e, entry, "agree_funds", "admitted")
    done(who("nongye"), e, entry, "plan", "planned", plan_year=2024,
         evidence=EVIDENCE)
    refused(who("bumen"), P, row, "start", "needed", evidence=EVIDENCE)
    refused(who("bumen"), P, row, "start", "project_started",
            **{**START, "actual_start_on": "2024-02-01"}, evidence=EVIDENCE)
    done(who("bumen"), P, row, "start", "in_progress", **START,
         evidence=EVIDENCE)
    now = who("nongye").get(f"/v1/{e}/{entry['id']}").json
    assert (now["state"], now["started_on"]) == ("implementing", "2024-03-05")
    done(who("bumen"), P, row, "complete", "completed", **COMPLETE,
         acceptance_requested_on="2024-10-08", evidence=EVIDENCE)
    done(who("bumenlead"), P, row, "accept", "accepted", **ACCEPT,
         evidence=EVIDENCE)
    now = who("nongye").get(f"/v1/{e}/{entry['id']}").json
    assert (now["state"], now["finished_on"]) == ("done", "2024-10-15")
    log = who("nongye").get(f"/v1/{e}/{entry['id']}/commands").json["items"]
    assert {("start", "planned", "implementing"),
            ("finish", "implementing", "done")} <= {
        (c["command"], c["from_state"], c["to_state"]) for c in log}
    assert may(who("shizhang"), e, entry) == set()


def test_content_changes_only_by_an_approved_change(county):
    who = cast(county)
    row = begun(county)
    url = f"/v1/{P}/{row['id']}"
    more = {"content": "建设虾田三百亩", "evidence": EVIDENCE}
    refused(who("bumenlead"), P, row, "change_content",
            "change_not_approved", **more)
    r = who("cunguan").patch(url, {"content": "偷偷改"}, row["rev"])
    assert r.status == 422, r
    assert [f["code"] for f in r.json["faults"]] == ["project_change_approved"]
    change = make(who("bumen"), "project-changes", project_id=row["id"],
                  content="扩大到三百亩", requested_on="2024-05-01")
    refused(who("bumenlead"), P, row, "change_content",
            "change_not_approved", **more)
    r = who("bumen").patch(f"/v1/project-changes/{change['id']}",
                           {"approved_doc": "沅水批〔2024〕7号",
                            "approved_on": "2024-05-10"}, change["rev"])
    assert r.status == 200, r
    refused(who("bumen"), P, row, "change_content", "who", **more)
    row = done(who("bumenlead"), P, row, "change_content", "in_progress",
               **more)
    assert row["content"] == "建设虾田三百亩"
    change = who("bumen").get(f"/v1/project-changes/{change['id']}").json
    assert change["applied_on"]
    refused(who("bumenlead"), P, row, "change_content",
            "change_not_approved", **{**more, "content": "再改"})


def test_the_head_does_not_confirm_his_own_change(county):
    who = cast(county)
    row = begun(county)
    # A head registers nothing (5.2), unless he was the clerk then.
    x = make(who("bumen"), "project-changes", project_id=row["id"],
             content="自己登记", approved_doc="自批1号")
    county.psql("SET session_replication_role = replica; UPDATE"
                " project_change SET created_by = (SELECT id FROM app_user"
                f" WHERE login = 'bumenlead') WHERE id = '{x['id']}'")
    refused(who("bumenlead"), P, row, "change_content", "same_person",
            content="自己登记", evidence=EVIDENCE)


def test_completion_and_acceptance(county):
    who = cast(county)
    row = begun(county)
    refused(who("bumen"), P, row, "complete", "needed", evidence=EVIDENCE)
    refused(who("bumen"), P, row, "complete", "project_completed",
            **{**COMPLETE, "completed_on": "2024-03-04"}, evidence=EVIDENCE)
    done(who("bumen"), P, row, "complete", "completed", **COMPLETE,
         evidence=EVIDENCE)
    refused(who("bumenlead"), P, row, "accept", "needed", **ACCEPT,
            evidence=EVIDENCE)
    done(who("sihushan"), P, row, "request_acceptance", "completed",
         acceptance_requested_on="2024-10-08")
    refused(who("bumen"), P, row, "accept", "who", **ACCEPT)
    refused(who("bumenlead"), P, row, "accept", "project_accepted",
            **{**ACCEPT, "accepted_on": "2024-09-29"}, evidence=EVIDENCE)
    done(who("bumenlead"), P, row, "accept", "accepted", **ACCEPT,
         evidence=EVIDENCE)


def test_a_failed_acceptance_becomes_an_issue(county):
    who = cast(county)
    row = completed(county, name="验收不达标项目")
    refused(who("bumenlead"), P, row, "fail_accept", "needed",
            evidence=EVIDENCE)
    row = done(who("bumenlead"), P, row, "fail_accept", "completed",
               acceptance_opinion="渠系未贯通", evidence=EVIDENCE)
    assert row["acceptance_requested_on"] is None
    found = county.psql("SELECT category, subject_kind, description,"
                        " division_code, competent_line FROM issue WHERE"
                        f" project_id = '{row['id']}'")
    assert found == [["Y-3", "project", "项目名称：验收不达标项目；基本情况："
                      "验收评价不达标，渠系未贯通", VILLAGE, "水利"]]
    # Once more, from the request on.
    done(who("sihushan"), P, row, "request_acceptance", "completed",
         acceptance_requested_on="2024-11-08")
    done(who("bumenlead"), P, row, "accept", "accepted", **{
        **ACCEPT, "accepted_on": "2024-11-15"}, evidence=EVIDENCE)


# ---- accounts, transfer, operation -------------------------------------------

def test_settlement_stays_in_the_budget(county):
    who = cast(county)
    row = accepted(county)
    settle = {"settled_on": "2024-11-20", "final_account_on": "2024-11-25",
              "evidence": EVIDENCE}
    refused(who("bumen"), P, row, "settle", "not_checked", **settle)
    refused(who("caizheng"), P, row, "check_settlement", "needed")
    done(who("caizheng"), P, row, "check_settlement", "accepted",
         settled_amount_fen=98 * WAN, final_account_fen=100 * WAN + 1)
    refused(who("bumen"), P, row, "settle", "over_budget", **settle)
    refused(who("bumen"), P, row, "settle", "needed", evidence=EVIDENCE)
    done(who("caizheng"), P, row, "check_settlement", "accepted",
         settled_amount_fen=98 * WAN, final_account_fen=100 * WAN)
    refused(who("bumen"), P, row, "settle", "project_settled",
            **{**settle, "settled_on": "2024-09-01"})
    row = done(who("bumen"), P, row, "settle", "settled", **settle)
    assert row["settlement_checked_on"]


def test_transfer_needs_titled_assets_and_the_receiver(county):
    who = cast(county)
    row = settled(county)
    town = org(who("sihushan"), "泗湖山镇人民政府")
    give_over = {"transfer_org_id": town, "transfer_doc_no": "移1号"}
    refused(who("bumenlead"), P, row, "hand_over", "assets_untitled",
            **give_over)
    asset = make(who("bumen"), "assets", project_id=row["id"],
                 division_code=VILLAGE,
                 asset_no=f"A-{row['project_no'][-3:]}", name="虾田",
                 asset_type="operating", acquired_on="2024-09-30",
                 original_value_fen=90 * WAN, owner_kind="township_coll",
                 supervising_org_id=town)
    refused(who("bumenlead"), P, row, "hand_over", "assets_untitled",
            **give_over)
    make(who("sihushan"), "asset-rights", asset_id=asset["id"],
         right_kind="own", holder_kind="township_coll", holder_org_id=town,
         holder_name="泗湖山镇", registered_on="2024-11-26")
    done(who("sihushan-lead"), "assets", asset, "title", "titled",
         evidence=EVIDENCE)
    take = {"transferred_on": "2024-12-05", "evidence": EVIDENCE}
    refused(who("sihushan-lead"), P, row, "transfer", "not_handed_over",
            **take)
    done(who("bumenlead"), P, row, "hand_over", "settled", **give_over)
    refused(who("nongye"), P, row, "transfer", "not_receiver", **take)
    # What turns up between the two is titled as well.
    late = make(who("bumen"), "assets", project_id=row["id"],
                division_code=VILLAGE, name="水泵", asset_type="operating",
                asset_no=f"B-{row['project_no'][-3:]}", owner_kind="undecided",
                acquired_on="2024-09-30", original_value_fen=WAN,
                supervising_org_id=town)
    refused(who("sihushan-lead"), P, row, "transfer", "assets_untitled",
            **take)
    r = who("bumen").post(f"/v1/assets/{late['id']}/void", {"reason": "重复"})
    assert r.status == 200, r
    row = done(who("sihushan-lead"), P, row, "transfer", "transferred",
               **take)
    refused(who("sihushan-lead"), P, row, "operate", "needed",
            evidence=EVIDENCE)
    row = done(who("sihushan-lead"), P, row, "operate", "operating",
               operated_on="2024-12-15", operation_plan="承包经营",
               evidence=EVIDENCE)
    assert row["operating_state"] == "normal"


def test_idle_and_revived(county):
    who = cast(county)
    row = operating(county)
    refused(who("sihushan"), P, row, "mark_idle", "project_idle",
            evidence=EVIDENCE, operating_state="normal")
    row = done(who("sihushan"), P, row, "mark_idle", "idle",
               operating_state="idle", evidence=EVIDENCE)
    assert row["idle_on"]
    refused(who("sihushan"), P, row, "revive", "needed", evidence=EVIDENCE)
    coop = make(who("sihushan"), "operators", name="新合作社", kind="coop")
    row = done(who("sihushan"), P, row, "revive", "operating",
               revive_path="B", operating_operator_id=coop["id"],
               evidence=EVIDENCE)
    assert (row["operating_state"], row["revive_path"]) == ("normal", "B")


def test_elimination_is_complete_or_does_not_happen(county):
    who = cast(county)
    row = operating(county, name="淘汰项目", farmland_flag="feiliang")
    leave = {"evidence": EVIDENCE}
    refused(who("sihushan"), P, row, "eliminate", "who", **leave)
    refused(who("shizhuanban"), P, row, "eliminate", "not_c4", **leave)
    case = make(who("cunguan"), "classification-cases", project_id=row["id"])
    county.psql("UPDATE classification_case SET state = 'effective',"
                " final_class4 = 'C4', final_batch4 = 'K4'"
                f" WHERE id = '{case['id']}'")
    refused(who("shizhuanban"), P, row, "eliminate", "steps_missing", **leave)
    steps = [make(who("sihushan"), "elimination-steps", case_id=case["id"],
                  step=step, done_on="2024-12-20")
             for step in ("argue", "causes", "debts", "legacy", "title",
                          "archive")]
    # Each step is shown by something (T14).
    refused(who("shizhuanban"), P, row, "eliminate", "steps_missing", **leave)
    paper = send(who("sihushan"), PDF, "佐证.pdf").json["id"]
    for step in steps:
        r = who("sihushan").patch(f"/v1/elimination-steps/{step['id']}",
                                  {"evidence_id": paper}, step["rev"])
        assert r.status == 200, r
    refused(who("shizhuanban"), P, row, "eliminate", "archive_incomplete",
            **leave)
    catalog = make(who("nongye"), "archive-catalogs", code="elimination",
                   version=1, name="淘汰类产业项目归档目录",
                   applies_to="project", division_code=COUNTY)
    item = make(who("nongye"), "archive-item-defs", catalog_id=catalog["id"],
                seq=1, name="摸底调查表", required="always",
                doc_kind="survey")
    refused(who("shizhuanban"), P, row, "eliminate", "archive_incomplete",
            **leave)
    sent = send(who("sihushan"), PDF, "摸底表.pdf")
    assert sent.status == 201, sent
    kept = make(who("sihushan"), "archive-files", item_def_id=item["id"],
                project_id=row["id"], title="摸底调查表",
                attachment_id=sent.json["id"], original_or_copy="original")
    refused(who("shizhuanban"), P, row, "eliminate", "archive_incomplete",
            **leave)
    done(who("sihushan-lead"), "archive-files", kept, "check", "checked")
    refused(who("shizhuanban"), P, row, "eliminate", "farmland", **leave)
    now = who("cunguan").get(f"/v1/{P}/{row['id']}").json
    r = who("cunguan").patch(f"/v1/{P}/{row['id']}",
                             {"restored_on": "2024-12-28"}, now["rev"])
    assert r.status == 200, r
    row = done(who("shizhuanban"), P, row, "eliminate", "eliminated",
               **leave)
    assert row["ended_on"] and may(who("shizhuanban"), P, row) == set()


def test_cancelling_takes_the_library_along(county):
    who = cast(county)
    row = project(county)
    entry = make(who("cunguan"), "library-entries", project_id=row["id"],
                 library_year=2024)
    done(who("cunguan"), P, row, "declare", "declared")
    refused(who("cunguan"), P, row, "cancel", "who", reason="不做了")
    refused(who("sihushan-lead"), P, row, "cancel", "no_reason")
    done(who("sihushan-lead"), P, row, "cancel", "cancelled",
         reason="群众不愿意")
    now = who("cunguan").get(f"/v1/library-entries/{entry['id']}").json
    assert now["state"] == "removed"
    refused(who("cunguan"), P, row, "declare", "state")


def test_a_project_of_the_past_is_taken_up(county):
    who = cast(county)
    new = project(county)
    refused(who("nongye"), P, new, "take_up", "not_backfilled",
            operating_state="normal")
    old = project(county, backfilled=True, build_year=2018)
    # As it was: completed before it was approved, and accepted later still.
    old = done(who("nongye"), P, old, "take_up", "operating",
               approved_on="2018-05-01", completed_on="2018-04-01",
               accepted_on="2018-12-01", operating_state="intermittent")
    assert old["operating_state"] == "intermittent"


# ---- the row itself ----------------------------------------------------------

@pytest.mark.parametrize("change,code", [
    ({"support_fund_fen": 100 * WAN + 1}, "project_support"),
    ({"plan_end_on": "2024-02-28"}, "project_plan_dates"),
    ({"build_year_to": 2023}, "project_years"),
    ({"publicity_from": "2024-02-02", "publicity_to": "2024-02-01"},
     "project_publicity_dates"),
])
def test_what_cannot_be(county, change, code):
    r = cast(county)("cunguan").post(f"/v1/{P}", project_body(county,
                                                            **change))
    assert r.status == 422, r
    assert [f["code"] for f in r.json["faults"]] == [code]
    assert all(f["message"] for f in r.json["faults"])


def test_numbers_are_the_village_s_own(county):
    """Given ones stay, and are not given twice in one place."""
    who = cast(county)
    a, b = project(county), project(county)
    assert int(b["project_no"][-3:]) == int(a["project_no"][-3:]) + 1
    own = project(county, project_no="沅-2024-77")
    assert own["project_no"] == "沅-2024-77"
    r = who("cunguan").post(f"/v1/{P}", project_body(
        county, project_no="沅-2024-77"))
    assert (r.status, r.json["code"]) == (409, "duplicate")
    other = project(county, who("sihushan"), project_no="沅-2024-77",
                    division_code=TOWN)
    assert other["project_no"] == own["project_no"]


def test_states_are_not_written(county):
    who = cast(county)
    r = who("cunguan").post(f"/v1/{P}", project_body(county,
                                                    state="operating"))
    assert r.status == 422, r
    row = project(county)
    for name, value in (("state", "approved"), ("accepted_on", "2024-10-01"),
                        ("current_class4", "C1")):
        r = who("cunguan").patch(f"/v1/{P}/{row['id']}", {name: value},
                                 row["rev"])
        assert r.status == 422, (name, r)
