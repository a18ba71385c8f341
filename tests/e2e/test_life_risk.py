"""The risk of a project from suspicion to closing (3.5.4, R-01 to R-04), its
plan and tasks (3.5.6), through the API."""
import pytest

from people import report
from walks import (PHOTO, action, cast, change, done, force, make,
                   number, order, org, project, read, refused)

E, P, T, M = ("risk-episodes", "rectification-plans", "rectification-tasks",
              "risk-milestones")
PASS = [{"line": n, "result": "na" if n == 5 else "pass"}
        for n in range(1, 11)]


def survey(stack, p, login="bumen", **fields):
    return make(cast(stack)(login), "risk-assessments", project_id=p["id"],
                action_id=action(stack), assessed_on="2023-04-01",
                assessor_org_id=org(stack, "slj"), **fields)


def episode(stack, wan, level, **columns):
    """An episode confirmed at a level, with its project."""
    p = project(stack, wan=wan, **columns)
    flags = {"red": {"three_not": ["N1"]}, "yellow": {"other_risk": ["R5"]},
             "green": {}}[level]
    a = survey(stack, p, **flags)
    e = {"id": a["episode_id"]}
    return p, done(cast(stack)("shizhuanban"), E, e, f"confirm_{level}")


def plan(stack, p, to="approved"):
    who = cast(stack)
    x = make(who("bumen"), P, subject_kind="project", project_id=p["id"],
             division_code=p["division_code"], action_id=action(stack),
             competent_line="水利", title="帮扶提升工作方案", due_on="2023-06-30")
    t = make(who("bumen"), T, plan_id=x["id"], seq=1, measure="完善设备并投产",
             due_on="2023-06-01", responsible_org_id=org(stack, "slj"))
    if to == "draft":
        return x, t
    done(who("bumen"), P, x, "submit")
    return done(who("bumenlead"), P, x, "approve"), t


def task_done(stack, t):
    who = cast(stack)
    done(who("bumen"), T, t, "start")
    done(who("bumen"), T, t, "finish", progress="已投产", evidence=PHOTO)
    return done(who("bumenlead"), T, t, "verify")


def rectified(stack, wan, level):
    """An episode with a plan whose work is verified."""
    p, e = episode(stack, wan, level)
    _, t = plan(stack, p)
    done(cast(stack)("bumenlead"), E, e, "start_rectify")
    task_done(stack, t)
    change(cast(stack)("bumen"), E, e, standard_version="试行",
           line_results=PASS)
    return p, e


def tier(stack, e):
    return (e["tier"], e["supervise_level"], e["push_level"],
            e["implement_level"])


T0 = ("T0", "sector_dept", "none", "sector_dept")
T1 = ("T1", "province", "prefecture", "county")
T2 = ("T2", "prefecture", "none", "county")
T3 = ("T3", "county_task_force", "none", "sector_dept")


@pytest.mark.parametrize("wan, level, want", [
    (3000, "red", T1), (2999, "red", T2), (1000, "red", T2), (999, "red", T3),
    (3000, "yellow", T2), (1000, "yellow", T2), (999, "yellow", T3),
    (5000, "green", T0), (10, "green", T0)])
def test_the_tier_is_of_amount_and_initial_level(county, wan, level, want):
    p, e = episode(county, wan, level)
    assert tier(county, e) == want
    assert e["amount_basis_fen"] == wan * 1000000
    assert e["initial_level"] == e["current_level"] == level
    assert read(cast(county)("nongye"), "projects", p)[
        "current_risk_level"] == level
    kinds = cast(county)("nongye").get(
        f"/v1/{M}?episode_id={e['id']}").json["items"]
    assert sorted(m["kind"] for m in kinds) == {
        "red": ["M1", "M3"], "yellow": ["Y1"], "green": []}[level]
    assert (e["closed_on"] is None) == (level != "green")


@pytest.mark.parametrize("flags, level", [
    ({"three_not": ["N3"], "other_risk": ["R1"]}, "red"),
    ({"other_risk": ["R8", "R9"]}, "yellow"),
    ({"sensitive": ["S1"]}, "yellow"),
    ({"sensitive": ["S1"], "pretreatment": "unlist",
      "pretreated_on": "2023-04-02"}, "green"), ({}, "green")])
def test_the_suggested_colour(county, flags, level):
    p = project(county)
    a = survey(county, p, **flags)
    assert a["level_suggested"] == level and a["level_confirmed"] is None
    r = cast(county)("bumen").post("/v1/risk-assessments", {
        "project_id": p["id"], "action_id": action(county),
        "assessed_on": "2023-04-01", "assessor_org_id": org(county, "slj"),
        "level_suggested": "green"})
    assert r.status == 422, r


def test_an_action_sets_its_own_thresholds(county):
    who = cast(county)
    r = who("admin").post("/v1/actions", {
        "code": "babu-2023", "name": "帮扶提升行动", "level": 3, "year": 2023,
        "status": "draft",      # not what other tests' rows default to
        "division_code": "430981000000", "doc_no": "试办发〔2023〕1号",
        "doc_title": "帮扶提升行动方案", "start_on": "2023-09-11",
        "phases": [{"seq": 1, "kind": "整治", "name": "整治",
                    "start_on": "2099-10-31"}],
        "params": [{"key": "risk.tier1_wan", "value": "500"},
                   {"key": "risk.amount_basis", "value": "support_fund"},
                   {"key": "risk.m3_months", "value": "4"}],
        "codes": []})
    assert r.status == 200, r
    own = county.psql("SELECT id FROM action WHERE code = 'babu-2023'")[0][0]
    p = project(county, wan=4000)
    change(who("bumen"), "projects", p, support_fund_fen=500000000)
    a = make(who("bumen"), "risk-assessments", project_id=p["id"],
             action_id=own, assessed_on="2023-09-20", three_not=["N2"],
             assessor_org_id=org(county, "slj"))
    e = done(who("shizhuanban"), E, {"id": a["episode_id"]}, "confirm_red")
    assert (e["tier"], e["amount_basis_fen"]) == ("T1", 500000000)
    # The clock waits for the phase; a month that is too short ends it.
    assert (e["clock_start_on"], e["due_on"]) == ("2099-10-31", "2100-02-28")


def test_a_tier_3_project_all_the_way(county):
    who = cast(county)
    p = project(county, wan=300)
    a = survey(county, p, three_not=["N1"], flag_notes={"N1": "未投产"})
    e = {"id": a["episode_id"]}
    again = survey(county, p, login="huangmaozhou", three_not=["N1", "N2"])
    assert again["episode_id"] == e["id"], "one open episode of a project"
    force_, dept, lead = who("shizhuanban"), who("bumen"), who("bumenlead")
    refused(lead, E, e, "confirm_red", "who")
    e = done(force_, E, e, "confirm_red")
    assert e["state"] == "confirmed_red" and e["labels"]["tier"] == \
        "县级专班督办"
    refused(force_, E, e, "confirm_yellow", "state")
    confirmed = read(dept, "risk-assessments", again)
    assert (confirmed["level_confirmed"], confirmed["is_initial"]) == \
        ("red", True)
    r = who("huangmaozhou").patch(f"/v1/risk-assessments/{again['id']}",
                                  {"three_not": []}, rev=confirmed["rev"])
    assert r.json["faults"][0]["code"] == "risk_assessment_confirmed", r
    r = dept.patch(f"/v1/{E}/{e['id']}", {"initial_level": "green"},
                   rev=e["rev"])
    assert r.status == 422, r

    refused(lead, E, e, "start_rectify", "no_plan")
    x, t = plan(county, p, to="draft")
    refused(dept, P, x, "approve", "who")
    done(dept, P, x, "submit")
    refused(lead, E, e, "start_rectify", "no_plan")
    done(lead, P, x, "return", reason="任务不具体")
    done(lead, P, x, "submit")
    refused(lead, P, x, "approve", "two_persons")
    done(who("lh-slj2"), P, x, "approve")
    done(lead, E, e, "start_rectify")

    refused(lead, E, e, "self_evaluate", "needed", evidence=PHOTO)
    change(dept, E, e, standard_version="试行", line_results=PASS[:9])
    refused(lead, E, e, "self_evaluate", "open_work", evidence=PHOTO)
    task_done(county, t)
    refused(lead, E, e, "self_evaluate", "lines", evidence=PHOTO)
    change(dept, E, e, line_results=PASS[:9] + [
        {"line": 10, "result": "fail"}])
    refused(lead, E, e, "self_evaluate", "lines", evidence=PHOTO)
    change(dept, E, e, line_results=PASS)
    refused(lead, E, e, "self_evaluate", "no_evidence")
    refused(force_, E, e, "self_evaluate", "self_role", evidence=PHOTO)
    done(lead, E, e, "self_evaluate", evidence=PHOTO)
    e = done(lead, E, e, "apply")
    assert e["self_eval_org"] == "沅江市水利局" and e["applied_on"]

    refused(who("lh-shi"), E, e, "review_docs", "acceptor")
    refused(who("lh-shi"), E, e, "precheck", "tier")
    done(force_, E, e, "review_docs")
    site = {"site_eval_on": "2023-06-10", "line_verdicts": PASS}
    r = order(force_, E, e, "site_eval", site_team=["何建国"], **site)
    assert r.json["faults"][0]["code"] == "risk_episode_team", r
    done(force_, E, e, "site_eval", site_team=["何建国", "高远"],
         **{**site, "line_verdicts": PASS[:5]})
    refused(force_, E, e, "downgrade", "verdicts", decision_doc_no="销1号")
    refused(force_, E, e, "return", "no_reason", return_due_on="2023-07-31")
    e = done(force_, E, e, "return", reason="五项未核",
             return_due_on="2023-07-31")
    assert (e["state"], e["due_on"]) == ("rectifying", "2023-07-31")
    assert e["applied_on"] is None and e["site_team"] is None
    for login, name, body in (
            ("bumenlead", "self_evaluate", {}), ("bumenlead", "apply", {}),
            ("shizhuanban", "review_docs", {}),
            ("shizhuanban", "site_eval",
             {**site, "site_team": ["何建国", "高远"]}),
            ("lh-zb2", "downgrade", {"decision_doc_no": "销2号"})):
        e = done(who(login), E, e, name, **body)
    assert (e["current_level"], e["level_before"]) == ("green", "red")
    assert read(dept, "projects", p)["current_risk_level"] == "green"
    tries = dept.get(f"/v1/downgrade-applications?episode_id={e['id']}"
                     "&sort=applied_on").json["items"]
    assert sorted((d["seq"], d["decision"]) for d in tries) == [
        (1, "returned"), (2, "closed")]
    assert [d["reason"] for d in tries if d["seq"] == 1] == ["五项未核"]

    refused(force_, E, e, "spot_check_fail", "who", reason="停产",
            spot_checked_on="2023-09-01")
    e = done(who("lh-shi"), E, e, "spot_check_fail", reason="又停产",
             spot_checked_on="2023-09-01")
    assert (e["state"], e["current_level"]) == ("reopened", "red")
    assert read(dept, "projects", p)["current_risk_level"] == "red"
    e = done(lead, E, e, "start_rectify")
    assert e["initial_level"] == "red" and e["tier"] == "T3"


@pytest.mark.parametrize("wan, level, acceptor", [
    (3000, "red", "lh-sheng"), (1500, "red", "lh-shi2"),
    (3000, "yellow", "lh-shi2")])
def test_who_accepts_above(county, wan, level, acceptor):
    who = cast(county)
    p, e = rectified(county, wan, level)
    refused(who("bumenlead"), E, e, "self_evaluate", "self_role",
            evidence=PHOTO)
    done(who("shizhuanban"), E, e, "self_evaluate", evidence=PHOTO)
    done(who("shizhuanban"), E, e, "apply")
    for other in {"lh-sheng", "lh-shi2", "lh-zb2"} - {acceptor}:
        refused(who(other), E, e, "review_docs", "acceptor")
    if acceptor == "lh-sheng":
        refused(who(acceptor), E, e, "review_docs", "not_prechecked")
        done(who("lh-shi"), E, e, "precheck")
    else:
        refused(who("lh-shi"), E, e, "precheck", "tier")
    e = done(who(acceptor), E, e, "review_docs")
    e = done(who(acceptor), E, e, "site_eval", site_eval_on="2023-06-10",
             site_team=["甲", "乙"], line_verdicts=PASS)
    e = done(who(acceptor), E, e, "downgrade", decision_doc_no="省销1号")
    assert e["state"] == "downgraded"
    assert county.psql("SELECT current_risk_level FROM project WHERE id ="
                       f" '{p['id']}'") == [["green"]]


def test_a_department_does_not_accept_its_own_work(county):
    """The task force's man sits in the organisation that rectifies."""
    who = cast(county)
    p, e = rectified(county, 300, "yellow")
    force(county, "project", p, competent_org_id=org(county, "zb"))
    done(who("nongye"), E, e, "self_evaluate", evidence=PHOTO)
    done(who("nongye"), E, e, "apply")
    refused(who("shizhuanban"), E, e, "review_docs", "own_work")


def test_open_issues_of_the_project_hold_it_back(county):
    who = cast(county)
    p, e = rectified(county, 300, "yellow")
    i = report(who("huangmaozhou"), project_id=p["id"],
               action_id=action(county))
    assert i["action_id"] == e["action_id"]
    refused(who("nongye"), E, e, "self_evaluate", "open_work",
            evidence=PHOTO)
    r = who("nongye").post(f"/v1/issues/{i['id']}/void", {"reason": "误报"})
    assert r.status == 200, r
    done(who("nongye"), E, e, "self_evaluate", evidence=PHOTO)


def test_a_corrected_amount_gives_another_tier_on_record(county):
    who = cast(county)
    p, e = episode(county, 900, "red")
    change(who("bumen"), "projects", p, total_investment_fen=3000000000)
    chief = who("shizhuanban")
    assert read(chief, E, e)["tier"] == "T3"
    refused(chief, E, e, "correct_amount", "no_reason", evidence=PHOTO)
    e = done(chief, E, e, "correct_amount", reason="合同金额更正",
             evidence=PHOTO)
    assert (e["tier"], e["corrections"], e["state"]) == \
        ("T1", 1, "confirmed_red")
    log = chief.get(f"/v1/{E}/{e['id']}/commands").json["items"]
    assert [(x["command"], x["reason"]) for x in log
            if x["command"] == "correct_amount"] == [
        ("correct_amount", "合同金额更正")]


def test_yellow_can_become_red_and_not_the_other_way(county):
    who = cast(county)
    p, e = episode(county, 300, "yellow")
    chief = who("shizhuanban")
    refused(chief, E, e, "escalate", "no_new_assessment", reason="停产")
    survey(county, p, three_not=["N2"])
    refused(chief, E, e, "escalate", "no_reason")
    e = done(chief, E, e, "escalate", reason="停产")
    assert (e["current_level"], e["initial_level"], e["tier"]) == \
        ("red", "yellow", "T3")
    items = chief.get(f"/v1/{M}?episode_id={e['id']}").json["items"]
    assert sorted((m["kind"], m["state"]) for m in items) == [
        ("M1", "open"), ("M3", "open"), ("Y1", "dropped")]
    survey(county, p, other_risk=["R1"])
    refused(chief, E, e, "escalate", "state", reason="再升")
    refused(chief, E, e, "confirm_yellow", "state")


def test_a_sensitive_project_is_pretreated_first(county):
    who = cast(county)
    p = project(county)
    a = survey(county, p, other_risk=["R2"], sensitive=["S2"])
    e = done(who("shizhuanban"), E, {"id": a["episode_id"]}, "confirm_yellow")
    plan(county, p)
    lead = who("bumenlead")
    refused(lead, E, e, "start_rectify", "not_pretreated")
    change(who("bumen"), "risk-assessments", a, pretreatment="replant",
           pretreated_on="2023-04-05")
    done(lead, E, e, "start_rectify")


def test_milestones_are_met_by_facts(county):
    who = cast(county)
    chief = who("shizhuanban")
    p = project(county)
    a = survey(county, p, three_not=["N2", "N3"])
    e = done(chief, E, {"id": a["episode_id"]}, "confirm_red")
    m1, m3 = sorted(chief.get(f"/v1/{M}?episode_id={e['id']}").json["items"],
                    key=lambda m: m["kind"])
    body = {"verdict": "现场核实", "evidence": PHOTO}
    refused(who("bumen"), M, m1, "meet", "who", **body)
    refused(chief, M, m1, "meet", "no_progress", **body)
    _, t = plan(county, p)
    refused(chief, M, m1, "meet", "no_progress", **body)
    task_done(county, t)
    refused(chief, M, m1, "meet", "no_evidence", verdict="现场核实")
    assert done(chief, M, m1, "meet", **body)["met_on"]
    refused(chief, M, m3, "meet", "not_running", **body)
    force(county, "project", p, operating_state="normal")
    refused(chief, M, m3, "meet", "no_income", **body)
    asset = make(who("bumen"), "assets", division_code=p["division_code"],
                 asset_no=f"ZC-{next(number):05}", project_id=p["id"],
                 name="冷库", asset_type="operating",
                 acquired_on="2022-06-01", original_value_fen=1000,
                 owner_kind="village_coll", competent_line="水利",
                 supervising_org_id=org(county, "slj"))
    make(who("bumen"), "asset-operation-years", asset_id=asset["id"],
         year=2023, income_fen=500)
    refused(chief, M, m3, "meet", "no_benefit", **body)
    make(who("huangmaozhou"), "benefit-records", project_id=p["id"],
         division_code=p["division_code"], year=2023, link="employment",
         jobs=12)
    done(chief, M, m3, "meet", **body)


def test_a_new_episode_after_green(county):
    who = cast(county)
    p, e = episode(county, 300, "green")
    chief = who("shizhuanban")
    refused(who("bumenlead"), E, e, "reassess", "who", reason="群众反映")
    e = done(chief, E, e, "reassess", reason="群众反映停产")
    assert e["state"] == "confirmed_green"
    refused(chief, E, e, "reassess", "open_episode", reason="再来")
    a = survey(county, p, three_not=["N2"])
    assert a["episode_id"] != e["id"]
    new = done(chief, E, {"id": a["episode_id"]}, "confirm_red")
    assert (new["seq"], new["initial_level"]) == (2, "red")


def test_an_episode_is_not_made_green_by_writing(county):
    """Applications and milestones are kept by the commands alone."""
    who = cast(county)
    _, e = episode(county, 300, "red")
    for path, body in (("downgrade-applications", {}), (M, {}),
                       ("downgrade-applications", {"decision": "closed"})):
        r = who("bumen").post(f"/v1/{path}", {
            "episode_id": e["id"], "action_id": action(county), **body})
        assert r.status in (400, 403, 404, 405, 409, 422), (path, r)
    assert county.psql("SELECT count(*) FROM downgrade_application WHERE"
                       f" episode_id = '{e['id']}'") == [["0"]]


def test_plans_and_tasks(county):
    who = cast(county)
    dept, lead = who("bumen"), who("bumenlead")
    p, e = episode(county, 1500, "red")
    x, t = plan(county, p, to="draft")
    refused(dept, T, t, "start", "plan")
    r = dept.post(f"/v1/{P}", {"subject_kind": "class", "title": "方案",
                               "division_code": p["division_code"],
                               "competent_line": "水利",
                               "action_id": action(county)})
    assert r.json["faults"][0]["code"] == "rectification_plan_class", r
    empty = make(dept, P, subject_kind="unit", title="单位方案",
                 unit_org_id=org(county, "slj"), due_on="2023-06-30",
                 division_code=p["division_code"], competent_line="水利",
                 action_id=action(county))
    refused(dept, P, empty, "submit", "no_tasks")
    done(dept, P, x, "submit")
    done(lead, P, x, "approve")
    refused(who("lh-sheng"), P, x, "record", "not_above")
    x = done(who("lh-shi"), P, x, "record")
    assert x["recorded_by_org"] == "益阳市产业帮扶工作专班"
    done(dept, P, x, "execute")
    refused(lead, P, x, "finish", "open_tasks")
    done(dept, T, t, "start")
    refused(dept, T, t, "finish", "needed", evidence=PHOTO)
    refused(dept, T, t, "finish", "no_evidence", progress="已投产")
    done(dept, T, t, "finish", progress="已投产", evidence=PHOTO)
    done(lead, T, t, "reject", reason="照片不清")
    done(lead, T, t, "finish", progress="已投产")
    refused(lead, T, t, "verify", "two_persons")
    change(dept, T, t, lead_org_id=org(county, "nyncj"))
    refused(who("lh-slj2"), T, t, "verify", "lead_org")
    t = done(who("nongye"), T, t, "verify")
    assert t["verified_by_org"] == "沅江市农业农村局"
    more = make(dept, T, plan_id=x["id"], seq=2, measure="增购设备",
                due_on="2023-06-20", responsible_org_id=org(county, "slj"))
    refused(lead, P, x, "finish", "open_tasks")
    refused(lead, T, more, "cancel", "no_reason")
    more = done(lead, T, more, "cancel", reason="已不需要")
    refused(dept, T, more, "start", "state")
    assert done(lead, P, x, "finish")["state"] == "finished"


def test_lists_say_the_same_of_two_persons(county):
    """R-26: whoever gave the last command, or made the row, does not approve
    it; a list says so of every row, with one statement for all."""
    who = cast(county)
    lead, other = who("bumenlead"), who("lh-slj2")
    p = project(county)
    x, t = plan(county, p, to="draft")
    x = change(who("bumen"), P, x, title="方案一")      # rev > 1, no command
    done(who("bumen"), P, x, "submit")
    done(lead, P, x, "return", reason="不具体")
    done(lead, P, x, "submit")
    for c, may in ((lead, False), (other, True)):
        items = c.get(f"/v1/{P}?limit=200").json["items"]
        mine = [i for i in items if i["id"] == x["id"]]
        assert ("approve" in mine[0]["may"]) is may
    for path in (P, T, E, M):
        for login in ("bumen", "bumenlead", "lh-slj2", "shizhuanban"):
            c = who(login)
            for i in c.get(f"/v1/{path}?limit=30").json["items"]:
                assert i["may"] == c.get(
                    f"/v1/{path}/{i['id']}").json["may"], (login, path, i)
    assert "may" not in lead.get(f"/v1/{P}?fields=id").json["items"][0]


def test_what_a_confirmed_survey_keeps(county):
    """What it found stays; what is done about it is recorded in it, or a
    sensitive project could never begin (B12)."""
    who = cast(county)
    p = project(county)
    a = survey(county, p, sensitive=["S1"])
    e = done(who("shizhuanban"), E, {"id": a["episode_id"]},
             "confirm_yellow")
    plan(county, p)
    a = read(who("bumen"), "risk-assessments", a)
    for name, value in (("three_not", ["N1"]), ("other_risk", ["R1"]),
                        ("sensitive", None), ("assessed_on", "2023-04-02")):
        r = who("bumen").patch(f"/v1/risk-assessments/{a['id']}",
                               {name: value}, rev=a["rev"])
        assert [f["code"] for f in r.json["faults"]] == [
            "risk_assessment_confirmed"], (name, r.text)
    a = change(who("bumen"), "risk-assessments", a, pretreatment="unlist",
               pretreated_on="2023-04-05")
    assert a["level_suggested"] == a["level_confirmed"] == "yellow"
    assert done(who("bumenlead"), E, e, "start_rectify")


def test_a_flag_of_a_confirmed_survey_is_not_another(county):
    p = project(county)
    a = survey(county, p, three_not=["N1", "N3"])
    e = done(cast(county)("shizhuanban"), E, {"id": a["episode_id"]},
             "confirm_red")
    for path, row in (("risk-assessments", a), (E, e)):    # B20
        refused(cast(county)("bumen"), path, row, "void", "row_kept",
                reason="登记有误")
    a = read(cast(county)("bumen"), "risk-assessments", a)
    r = cast(county)("bumen").patch(f"/v1/risk-assessments/{a['id']}",
                                    {"three_not": ["N3"]}, rev=a["rev"])
    assert r.status == 422, r


def test_a_yellow_project_is_done_when_its_issues_are(county):
    who = cast(county)
    p, e = episode(county, 200, "yellow")
    m = who("nongye").get(f"/v1/{M}?episode_id={e['id']}").json["items"][0]
    i = report(who("huangmaozhou"), project_id=p["id"],
               division_code=p["division_code"])
    refused(who("shizhuanban"), M, m, "meet", "open_issues", verdict="完成",
            evidence=PHOTO)
    done(who("nongye"), "issues", i, "void", reason="误报")
    done(who("shizhuanban"), M, m, "meet", verdict="完成", evidence=PHOTO)


def test_a_standard_of_which_nothing_applies(county):
    who = cast(county)
    p, e = rectified(county, 200, "red")
    change(who("bumen"), E, e, line_results=[
        {**line, "result": "na"} for line in PASS])
    refused(who("bumenlead"), E, e, "self_evaluate", "lines", evidence=PHOTO)
