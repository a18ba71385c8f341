"""The classing of a project into the four batches (3.5.3, R-15), through the
API."""
import pytest

from people import COUNTY
from walks import (PHOTO, VILLAGE, action, attachment, cast, change, done,
                   make, number, order, org, param, project, read, refused)

C = "classification-cases"
TALKS = [{"who": w, "on": "2024-11-20", "opinion": "同意"}
         for w in ("operator", "collective", "household")]
FACTS = {"causes": ["U5", "U51"], "fund_amount_fen": 50000000,
         "existing_assets": "大棚10座",
         "title_status": "已确权", "claims_text": "无债权",
         "debts_text": "欠工程款2万元", "disputes": "无",
         "stakeholder_claims": "农户要求退还土地", "farmland_flag": "none"}
NEXT = {                      # command → who gives it
    "village_opine": "lh-shu", "township_opine": "huangmaozhou-lead",
    "self_check": "lh-guan", "evaluate": "bumenlead", "file": "nongye",
    "confirm": "shizhuanban", "determine": "shizhang",
    "opine": "shizhuanban", "take_effect": "shizhuanban",
    "make_plan": "huangmaozhou-lead", "close": "shizhuanban"}
RUNNING = ["village_opine", "township_opine", "evaluate", "file", "confirm",
           "make_plan", "close"]
IDLE = ["village_opine", "township_opine", "self_check", "evaluate", "file",
        "determine", "opine", "take_effect", "make_plan", "close"]


def case(stack, which, **fields):
    """A case with what it needs for its commands; which: C1 … C4."""
    who = cast(stack)
    p = project(stack)
    c = make(who("lh-guan"), C, project_id=p["id"], division_code=VILLAGE,
             action_id=action(stack), competent_line="水利", **fields)
    if which in ("C3", "C4"):
        make(who("huangmaozhou"), "idle-facts", case_id=c["id"],
             action_id=action(stack), **FACTS)
    return c


def body(stack, which, name):
    seal = attachment(cast(stack)(NEXT[name])) if "opine" in name else None
    return {
        "village_opine": {"village_class4": which, "village_on": "2024-11-21",
                          "village_signer": "李支书", "village_seal_id": seal},
        "township_opine": {"township_class4": which,
                           "township_on": "2024-11-22",
                           "township_seal_id": seal},
        "self_check": {"self_checked_on": "2024-12-01", "evidence": PHOTO},
        "evaluate": {"dept_class4": which, "dept_on": "2024-12-05",
                     "verify_method": "full", "truthful": True,
                     "dept_opinion": "情况属实",
                     "disposal_proposal": "引进新主体", "evidence": PHOTO},
        "file": {"receipt_no": "备1号"},
        "confirm": {"final_class4": which,
                    "final_batch4": which.replace("C", "K")},
        "determine": {"county_class4": which, "minutes_no": "纪要3号",
                      "determined_on": "2024-12-10"},
        "opine": {"final_class4": which, "opined_on": "2024-12-12",
                  "final_batch4": which.replace("C", "K")},
    }.get(name, {})


def bring(stack, c, which, until):
    """Up to and with the command `until`."""
    who = cast(stack)
    change(who("lh-guan"), C, c, consultations=TALKS)
    for name in IDLE if which in ("C3", "C4") else RUNNING:
        c = done(who(NEXT[name]), C, c, name, **body(stack, which, name))
        if name == until:
            return c
    raise AssertionError(until)


def opinions(stack, c):
    rows = cast(stack)("nongye").get(
        f"/v1/classification-opinions?case_id={c['id']}").json["items"]
    return {(o["round"], o["stage"]): o["class4"] for o in rows}


def plan(stack, c, **subject):
    who = cast(stack)
    x = make(who("bumen"), "rectification-plans", division_code=VILLAGE,
             action_id=action(stack), title="盘活方案", due_on="2025-06-30",
             competent_line="水利", **subject)
    make(who("bumen"), "rectification-tasks", plan_id=x["id"], seq=1,
         measure="引进新主体", due_on="2025-05-31",
         responsible_org_id=org(stack, "slj"))
    done(who("bumen"), "rectification-plans", x, "submit")
    return done(who("nongye2"), "rectification-plans", x, "approve")


def archive(stack, c, code):
    """Nothing closes until what the catalogue asks for is there (R-18)."""
    who = cast(stack)
    chief, clerk = who("shizhuanban"), who("huangmaozhou")
    refused(chief, C, c, "close", "archive_incomplete")
    catalog = make(who("nongye"), "archive-catalogs", code=code,
                   name="淘汰类产业项目归档目录", version=1,
                   division_code=COUNTY, applies_to="project")
    item = make(who("nongye"), "archive-item-defs", catalog_id=catalog["id"],
                seq=1, name="摸底调查表", required="always",
                doc_kind="survey")
    refused(chief, C, c, "close", "archive_incomplete")
    kept = make(clerk, "archive-files", item_def_id=item["id"],
                project_id=c["project_id"], title="摸底调查表",
                division_code=VILLAGE, attachment_id=attachment(clerk),
                original_or_copy="original")
    refused(chief, C, c, "close", "archive_incomplete")
    done(who("huangmaozhou-lead"), "archive-files", kept, "check")


def test_a_project_that_runs(county):
    who = cast(county)
    c = case(county, "C1")
    assert (c["state"], c["round"]) == ("draft", 1)
    village, township = who("lh-shu"), who("huangmaozhou-lead")
    first = body(county, "C1", "village_opine")
    refused(who("lh-guan"), C, c, "village_opine", "who", **first)
    refused(village, C, c, "village_opine", "needed", **first)
    change(who("lh-guan"), C, c, consultations=TALKS[:2])
    refused(village, C, c, "village_opine", "consultations", **first)
    change(who("lh-guan"), C, c, consultations=TALKS[:2] + [
        {**TALKS[2], "opinion": ""}])
    refused(village, C, c, "village_opine", "consultations", **first)
    change(who("lh-guan"), C, c, consultations=TALKS)
    refused(village, C, c, "village_opine", "needed",
            **{**first, "village_seal_id": None})
    done(village, C, c, "village_opine", **first)

    second = body(county, "C2", "township_opine")
    r = order(township, C, c, "township_opine", **second)
    assert r.json["faults"][0]["code"] == "classification_case_reason", r
    done(township, C, c, "township_opine", township_reason="短板明显",
         **second)
    refused(who("lh-guan"), C, c, "self_check", "class",
            **body(county, "C2", "self_check"))
    third = body(county, "C2", "evaluate")
    refused(who("bumen"), C, c, "evaluate", "who", **third)
    del third["disposal_proposal"], third["truthful"]
    third["verify_method"] = "sample"
    refused(who("bumenlead"), C, c, "evaluate", "no_evidence",
            **{k: v for k, v in third.items() if k != "evidence"})
    done(who("bumenlead"), C, c, "evaluate", **third)
    refused(who("shizhuanban"), C, c, "confirm", "state")
    done(who("nongye"), C, c, "file", receipt_no="备1号")
    refused(who("shizhang"), C, c, "determine", "class",
            **body(county, "C2", "determine"))
    refused(who("shizhuanban"), C, c, "opine", "class",
            **body(county, "C2", "opine"))
    r = order(who("shizhuanban"), C, c, "confirm", final_class4="C2",
              final_batch4="K1")
    assert r.json["faults"][0]["code"] == "classification_case_batch", r
    c = done(who("shizhuanban"), C, c, "confirm",
             **body(county, "C2", "confirm"))
    assert c["state"] == "effective" and c["effective_on"]
    seen = read(who("nongye"), "projects", {"id": c["project_id"]})
    assert (seen["current_class4"], seen["current_batch4"]) == ("C2", "K2")
    assert opinions(county, c) == {
        (1, "village"): "C1", (1, "township"): "C2", (1, "department"): "C2",
        (1, "task_force"): "C2"}

    refused(township, C, c, "make_plan", "no_plan")
    plan(county, c, subject_kind="class", class4="C2")
    done(township, C, c, "make_plan")
    c = done(who("shizhuanban"), C, c, "close")
    refused(who("lh-shu"), C, c, "new_round", "who", reason="年度复核")
    refused(who("huangmaozhou"), C, c, "new_round", "no_reason")
    c = done(who("huangmaozhou"), C, c, "new_round", reason="年度复核")
    assert (c["state"], c["round"], c["village_class4"], c["final_class4"],
            c["closed_on"]) == ("draft", 2, None, None, None)
    c = done(village, C, c, "village_opine", **body(county, "C1",
                                                    "village_opine"))
    assert opinions(county, c)[(2, "village")] == "C1"
    assert opinions(county, c)[(1, "task_force")] == "C2"


@pytest.mark.parametrize("which", ["C3", "C4"])
def test_an_idle_project(county, which):
    who = cast(county)
    c = case(county, "C1")
    change(who("lh-guan"), C, c, consultations=TALKS)
    done(who("lh-shu"), C, c, "village_opine",
         **body(county, which, "village_opine"))
    township = who("huangmaozhou-lead")
    second = body(county, which, "township_opine")
    r = order(township, C, c, "township_opine", **second)
    assert r.json["faults"][0]["code"] == "classification_case_idle_facts", r
    facts = make(who("huangmaozhou"), "idle-facts", case_id=c["id"],
                 action_id=action(county), **{
                     **FACTS, "farmland_flag": "feiliang", "disputes": None,
                     "fund_amount_fen": None})
    r = order(township, C, c, "township_opine", **second)
    assert r.json["faults"][0]["code"] == "classification_case_idle_facts", r
    facts = change(who("huangmaozhou"), "idle-facts", facts, disputes="无")
    done(township, C, c, "township_opine", **second)

    refused(who("bumenlead"), C, c, "evaluate", "self_check",
            **body(county, which, "evaluate"))
    refused(who("lh-guan"), C, c, "self_check", "no_evidence",
            self_checked_on="2024-12-01")
    refused(who("lh-guan"), C, c, "self_check", "funds",
            **body(county, which, "self_check"))
    change(who("huangmaozhou"), "idle-facts", facts, fund_amount_fen=50000000)
    done(who("lh-guan"), C, c, "self_check",
         **body(county, which, "self_check"))
    third = body(county, which, "evaluate")
    r = order(who("bumenlead"), C, c, "evaluate",
              **{**third, "verify_method": "sample"})
    assert r.json["faults"][0]["code"] == "classification_case_method", r
    done(who("bumenlead"), C, c, "evaluate", **third)
    done(who("nongye"), C, c, "file", receipt_no="备2号")
    chief = who("shizhuanban")
    refused(chief, C, c, "confirm", "class", **body(county, which, "confirm"))
    refused(chief, C, c, "opine", "minutes_first",
            **body(county, which, "opine"))
    refused(who("shizhang"), C, c, "determine", "needed",
            county_class4=which)
    done(who("shizhang"), C, c, "determine",
         **body(county, which, "determine"))
    refused(chief, C, c, "take_effect", "minutes")
    c = done(chief, C, c, "opine", **body(county, which, "opine"))
    assert c["state"] == "task_force_opined"
    c = done(chief, C, c, "take_effect")
    assert read(who("nongye"), "projects", {"id": c["project_id"]})[
        "current_batch4"] == which.replace("C", "K")
    assert len(opinions(county, c)) == 5

    plan(county, c, subject_kind="class", class4=which)
    refused(township, C, c, "make_plan", "no_plan")
    plan(county, c, subject_kind="project", project_id=c["project_id"])
    done(township, C, c, "make_plan")
    steps = {"C3": ["new_operator"], "C4": [
        "argue", "causes", "debts", "legacy", "title", "archive", "exit"]}
    lacking = {"C3": "not_revived", "C4": "steps"}[which]
    for step in steps[which]:
        refused(chief, C, c, "close", lacking)
        s = make(who("huangmaozhou"), "elimination-steps", case_id=c["id"],
                 action_id=action(county), step=step, done_on="2025-03-01")
        refused(chief, C, c, "close", lacking)
        change(who("huangmaozhou"), "elimination-steps", s,
               evidence_id=attachment(who("huangmaozhou")))
    refused(chief, C, c, "close", "farmland")
    change(who("huangmaozhou"), "idle-facts", facts,
           restored_on="2025-03-10")
    code = f"lh-{next(number)}"
    with param(county, "archive.elimination_catalog", code):
        if which == "C4":
            archive(county, c, code)
        assert done(chief, C, c, "close")["state"] == "closed"


def test_the_task_force_may_opine_first_where_the_action_says_so(county):
    who = cast(county)
    c = case(county, "C3")
    bring(county, c, "C3", "file")
    chief = who("shizhuanban")
    with param(county, "class.opinion_first", "true"):
        done(chief, C, c, "opine", **body(county, "C3", "opine"))
        refused(chief, C, c, "take_effect", "minutes")
        done(who("shizhang"), C, c, "determine",
             **body(county, "C3", "determine"))
        assert done(chief, C, c, "take_effect")["state"] == "effective"


@pytest.mark.parametrize("until, name, by, state, gone", [
    ("village_opine", "return", "huangmaozhou-lead", "draft", "village"),
    ("township_opine", "dept_return", "bumenlead", "village_prelim",
     "township"),
    ("self_check", "dept_return", "bumen", "village_prelim", "township"),
    ("evaluate", "bureau_return", "nongye", "township_determined",
     "department"),
    ("file", "county_return", "shizhang", "dept_evaluated", None),
    ("opine", "force_return", "shizhuanban", "filed", "task_force")])
def test_what_is_returned_loses_the_later_opinions(county, until, name, by,
                                                   state, gone):
    who = cast(county)
    c = case(county, "C3")
    c = bring(county, c, "C3", until)
    before = opinions(county, c)
    refused(who(by), C, c, name, "no_reason")
    refused(who("lh-guan"), C, c, name, "who", reason="材料不齐")
    c = done(who(by), C, c, name, reason="材料不齐")
    assert c["state"] == state
    after = opinions(county, c)
    assert {s for _, s in before} - {s for _, s in after} == (
        {"county_gov", "task_force"} if gone == "task_force"
        else {gone} if gone else set())
    kept = county.psql("SELECT count(*) FROM classification_opinion WHERE"
                       f" case_id = '{c['id']}'")
    assert int(kept[0][0]) == len(before), "nothing is deleted"
    # It goes on from there as if for the first time.
    again = {"draft": "village_opine", "village_prelim": "township_opine",
             "township_determined": "self_check", "dept_evaluated": "file",
             "filed": "determine"}[state]
    done(who(NEXT[again]), C, c, again, **body(county, "C3", again))


def test_one_case_of_a_subject(county):
    who = cast(county)
    c = case(county, "C1")
    again = {"project_id": c["project_id"], "division_code": VILLAGE,
             "action_id": action(county), "competent_line": "水利"}
    assert who("lh-guan").post(f"/v1/{C}", again).status == 409
    r = who("lh-guan").post(f"/v1/{C}", {**again, "project_id": None})
    assert r.json["faults"][0]["code"] == "classification_case_subject", r
    r = who("lh-guan").post("/v1/classification-opinions", {
        "case_id": c["id"], "action_id": action(county)})
    assert r.status in (400, 403, 404, 405, 409, 422), r


def test_what_was_verified_stays(county):
    """T24, T27, T41: neither what was asked nor what was found is rewritten,
    or taken away, behind those who decided on it."""
    who = cast(county)
    c = case(county, "C3")
    facts = who("lh-guan").get(f"/v1/idle-facts?case_id={c['id']}").json[
        "items"][0]
    change(who("huangmaozhou"), "idle-facts", facts, farmland_flag="feinong")
    c = bring(county, c, "C3", "self_check")
    change(who("huangmaozhou"), "idle-facts", facts, debts_text="欠工程款3万元")
    now = read(who("lh-guan"), C, c)
    r = who("lh-guan").patch(f"/v1/{C}/{c['id']}", {"consultations": []},
                             rev=now["rev"])
    assert r.status == 422 and r.json["faults"][0]["rule"] == "T24", r
    done(who("bumenlead"), C, c, "evaluate", **body(county, "C3", "evaluate"))
    for more in ({"farmland_flag": "none"}, {"debts_text": "无"},
                 {"causes": ["U2"]}):
        r = who("huangmaozhou").patch(
            f"/v1/idle-facts/{facts['id']}", more,
            rev=read(who("lh-guan"), "idle-facts", facts)["rev"])
        assert r.status == 422 and r.json["faults"][0]["rule"] == "R-15", r
    refused(who("huangmaozhou"), "idle-facts", facts, "void",
            "idle_fact_verified", reason="不涉及耕地")
    change(who("huangmaozhou"), "idle-facts", facts, restored_on="2025-03-10")


def test_only_what_is_given_up_is_replaced(county):
    """T15: 淘汰项目 are replaced by others, no other project is."""
    who = cast(county)
    old, new = project(county), project(county)
    url, more = f"/v1/projects/{old['id']}", {
        "replaced_by_project_id": new["id"]}
    r = who("bumen").patch(url, more, read(who("bumen"), "projects",
                                           old)["rev"])
    assert r.status == 422 and r.json["faults"][0]["rule"] == "T15", r
    county.psql("UPDATE project SET current_class4 = 'C4' WHERE id ="
                f" '{old['id']}'")
    change(who("bumen"), "projects", old, **more)


def test_no_way_round_the_county(county):
    """What lies idle or is given up goes the whole way (T29)."""
    who = cast(county)
    chief = who("shizhuanban")

    def refused_by(constraint, login, c, name, **fields):
        r = order(who(login), C, c, name, **fields)
        assert [f["code"] for f in r.json["faults"]] == [constraint], r.text

    c = bring(county, case(county, "C1"), "C1", "township_opine")
    refused_by("classification_case_checked", "bumenlead", c, "evaluate",
               **body(county, "C3", "evaluate"))
    c = bring(county, case(county, "C2"), "C2", "file")
    for which in ("C3", "C4"):
        refused_by("classification_case_minutes", "shizhuanban", c, "confirm",
                   **body(county, which, "confirm"))
    assert done(chief, C, c, "confirm", **body(county, "C2", "confirm"))
    c = bring(county, case(county, "C3"), "C3", "determine")
    refused_by("row_kept", "lh-guan", c, "void", reason="登记有误")
    said = who("nongye").get(f"/v1/classification-opinions?case_id={c['id']}"
                             ).json["items"]
    assert all(o["may"] == [] for o in said), "void by commands alone"
    for which in ("C1", "C4"):
        refused_by("classification_case_decided", "shizhuanban", c, "opine",
                   **body(county, which, "opine"))
    done(chief, C, c, "opine", **body(county, "C3", "opine"))
    assert done(chief, C, c, "take_effect")["final_class4"] == "C3"
