"""Questionnaires: loaded as data, answered, signed by two, filed, and each
problem an issue once (domain.md 1.5, 3.5.9, R-16)."""
import json
import pathlib
import re
import subprocess

import pytest

from lives import (TOWN, agrees, day, done, everybody, give, make, may,
                   refused)
from stack import BUILD, wait_for

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILE = ROOT / "conf/forms/fangcheng-2022.json"
FORMS = {f["code"].rsplit("-", 1)[1]: f
         for f in json.loads(FILE.read_text())["forms"]}
VILLAGE = "430981107801"
RESPONSES = "form-responses"
MOVES = ("sign_survey", "sign_review", "file", "edit")
LOGINS = ("jg-cunguan", "jg-cunzhishu", "huangmaozhou", "huangmaozhou-lead",
          "nongye", "shizhang", "bumen", "shenji", "caowei")
# Hashes, ids, times, cursors: any digits may stand in them.
NUMBERED = (r'[0-9a-f]{64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'
            r'|\d{4}-\d\d-\d\dT[\d:.]+|"next":"[^"]*"')
HEAD = {"township": "黄茅洲镇", "village": "测试村甲"}


def answers(kind, **yes):
    """Every box answered no, the numbers of a family of four; then `yes`."""
    a = {q["qid"]: 0 for q in FORMS[kind]["questions"]}
    if kind == "household":
        a.update({"H1.1": 4, "H1.2": 2, "H1.3": 5000000, "H1.4": 3600000,
                  "H1.5": 1000000, "H1.6": 400000, "H1.8": 1, "H1.9": 800000,
                  "H1.10": 120000})
    a.update({k.replace("_", "."): v for k, v in yes.items()})
    return a


@pytest.fixture(scope="module")
def forms(county, tmp_path_factory):
    """kind → template id, loaded twice as an administrator would."""
    everybody(county)
    token = tmp_path_factory.mktemp("forms") / "token"

    def ctl(*args, stdin=""):
        return subprocess.run(
            [BUILD / "taizhangctl", "--api", f"http://127.0.0.1:{county.port}",
             "--token-file", token, *args], text=True, input=stdin,
            capture_output=True)
    r = ctl("login", "--login", "nongye", stdin=county.password + "\n")
    assert r.returncode == 0, r
    for _ in range(2):
        r = ctl("load", str(FILE))
        assert r.returncode == 0, r
    rows = county.psql("SELECT t.code, t.id, count(*) FROM form_template t"
                       " JOIN form_question q ON q.template_id = t.id"
                       " WHERE t.code LIKE 'fangcheng-2022-%' GROUP BY 1, 2")
    assert {r[0].rsplit("-", 1)[1]: int(r[2]) for r in rows} == {
        "household": 39, "village": 25, "county": 12, "township": 6}
    return {r[0].rsplit("-", 1)[1]: r[1] for r in rows}


number = iter(range(1, 1000))


def household(who):
    return make(who("jg-cunguan"), "households", head_name="测试户主",
                household_no=f"F{next(number):04}", division_code=VILLAGE)


def response(who, forms, kind="village", by="jg-cunguan", **fields):
    if kind == "household":
        fields.setdefault("household_id", household(who)["id"])
    return make(who(by), RESPONSES, **{
        "template_id": forms[kind], "surveyed_on": day(-1), "header": HEAD,
        "answers": answers(kind), **fields})


def issues(client, r):
    found = client.get(f"/v1/form-findings?response_id={r['id']}").json
    return {f["qid"]: client.get(f"/v1/issues/{f['issue_id']}").json
            for f in found["items"]}


def signatures(county, r):
    return county.psql("SELECT block, voided_at IS NULL FROM sign_off WHERE"
                       f" response_id = '{r['id']}' ORDER BY id")


def test_a_form_is_read_by_those_below_and_written_by_its_county(county,
                                                                 forms):
    who = everybody(county)
    for login in ("jg-cunguan", "huangmaozhou", "bumen", "nongye"):
        r = who(login).get(f"/v1/form-templates/{forms['village']}")
        assert r.status == 200 and r.json["labels"]["subject_kind"] == "村"
        listed = who(login).get("/v1/form-questions?limit=50&template_id="
                                + forms["village"]).json["items"]
        assert len(listed) == 25
    r = who("huangmaozhou").patch(f"/v1/form-templates/{forms['village']}",
                                  {"title": "改"}, rev=1)
    assert r.status == 403
    r = who("jg-zhouzhuanban").post("/v1/form-questions", {})
    assert r.status == 403
    q = {"template_id": forms["village"], "qid": "V9.1", "seq": 99,
         "section": "V9", "text": "试题", "kind": "int",
         "problem_when": "yes"}
    r = who("nongye").post("/v1/form-questions", q)
    assert r.status == 422 and r.json["faults"][0]["pointer"] in (
        "/problem_when", "/category_code")
    r = who("nongye").post("/v1/form-questions", {**q, "qid": "第一题"})
    assert {f["pointer"] for f in r.json["faults"]} == {"/qid"}


def test_a_household_form_from_the_survey_to_its_issues(county, forms):
    who = everybody(county)
    clerk, lead, town = who("jg-cunguan"), who("jg-cunzhishu"), who("huangmaozhou")
    r = response(who, forms, "household",
                 answers=answers("household", H2_1=1, H5_1=1))
    assert (r["answered"], r["positives"], r["warnings"]) == (39, 2, None)
    assert r["state"] == "draft" and len(r["content_hash"]) == 64
    assert "sign_survey" in may(clerk, RESPONSES, r)
    refused(clerk, RESPONSES, r, "sign_survey", "no_note")
    r2 = clerk.patch(f"/v1/{RESPONSES}/{r['id']}", {"notes": {
        "H2": "东屋墙体开裂", "H5": "水管冻裂停水"}}, rev=r["rev"])
    assert r2.status == 200, r2
    assert r2.json["content_hash"] != r["content_hash"]
    refused(lead, RESPONSES, r, "sign_review", "state")
    agrees(who, RESPONSES, r, MOVES, LOGINS)
    r = done(clerk, RESPONSES, r, "sign_survey", surveyors="测试甲、测试乙")
    agrees(who, RESPONSES, r, MOVES, LOGINS)
    assert clerk.patch(f"/v1/{RESPONSES}/{r['id']}", {"answers": {}},
                       rev=r["rev"]).status == 409, "what is signed stands"
    refused(clerk, RESPONSES, r, "sign_review", "who", 403)
    refused(town, RESPONSES, r, "file", "not_reviewed")
    r = done(lead, RESPONSES, r, "sign_review")
    assert signatures(county, r) == [["survey", "t"], ["review", "t"]]
    agrees(who, RESPONSES, r, MOVES, LOGINS)
    assert issues(town, r) == {}
    refused(lead, RESPONSES, r, "file", "who", 403)
    r = done(town, RESPONSES, r, "file")
    assert (r["state"], r["filed_on"]) == ("filed", day())
    made = issues(town, r)
    assert set(made) == {"H2.1", "H5.1"}
    one = made["H2.1"]
    assert one["household_id"] == r["household_id"]
    assert (one["state"], one["source"]) == ("found", "questionnaire")
    assert (one["category"], one["competent_line"]) == ("F-2", "住建")
    assert one["description"] == "①现住房是否为不安全住房：东屋墙体开裂"
    assert one["found_on"] == day(-1) and one["village_code"] == VILLAGE
    assert one["due_on"] == "2023-05-31", "the end of the phase 整改"
    assert one["division_code"] == VILLAGE and one["seq_no"] > 0


def test_filing_again_makes_no_issue_twice(county, forms):
    who = everybody(county)
    clerk, lead, town = who("jg-cunguan"), who("jg-cunzhishu"), who("huangmaozhou")

    def through(r):
        r = done(clerk, RESPONSES, r, "sign_survey")
        r = done(lead, RESPONSES, r, "sign_review")
        return done(town, RESPONSES, r, "file")
    r = through(response(who, forms, "household", notes={"H8": "顶岗"},
                         answers=answers("household", H8_1=1)))
    first = issues(town, r)
    assert set(first) == {"H8.1"}
    refused(clerk, RESPONSES, r, "edit", "no_reason")
    refused(town, RESPONSES, r, "edit", "author", reason="改正")
    r = done(clerk, RESPONSES, r, "edit", reason="漏填一项")
    assert r["state"] == "draft" and r["surveyed_by"] is None
    assert [s[1] for s in signatures(county, r)] == ["f", "f"]
    r = clerk.patch(f"/v1/{RESPONSES}/{r['id']}", {
        "answers": answers("household", H8_1=0, H12_1=1),
        "notes": {"H12": "院内垃圾"}}, rev=r["rev"]).json
    r = through(r)
    again = issues(town, r)
    assert set(again) == {"H8.1", "H12.1"}
    assert again["H8.1"]["id"] == first["H8.1"]["id"]
    assert again["H8.1"]["voided_at"] is None, "it needs a decision of its own"
    r = through(done(clerk, RESPONSES, r, "edit", reason="再核"))
    assert {q: i["id"] for q, i in issues(town, r).items()} == \
        {q: i["id"] for q, i in again.items()}


def test_answers_are_of_the_form_and_of_their_kind(county, forms):
    who = everybody(county)
    bad = {"H1.1": "四", "H1.2": 99, "H1.4": 1.5, "H1.8": 2, "H2.1": "是",
           "V1.1": 1, "H99": 0}
    r = who("jg-cunguan").post(f"/v1/{RESPONSES}", {
        "template_id": forms["household"], "surveyed_on": day(),
        "household_id": household(who)["id"], "answers": bad,
        "notes": {"H2": "说明", "Z9": "无此事项"}})
    assert r.status == 422, r
    assert {f["pointer"]: f["code"] for f in r.json["faults"]} == {
        "/answers/H1.1": "not_integer", "/answers/H1.2": "range",
        "/answers/H1.4": "not_integer", "/answers/H1.8": "not_yes_no",
        "/answers/H2.1": "not_yes_no", "/answers/V1.1": "unknown_question",
        "/answers/H99": "unknown_question", "/notes/Z9": "unknown_section"}
    assert all(f["zh"] and f["en"] for f in r.json["faults"])
    r = who("jg-cunguan").post(f"/v1/{RESPONSES}", {
        "template_id": forms["household"], "surveyed_on": day(),
        "answers": {"H1.1": 4}})
    assert [f["pointer"] for f in r.json["faults"]] == ["/household_id"]


def test_what_is_missing_and_what_does_not_add_up(county, forms):
    who = everybody(county)
    clerk = who("jg-cunguan")
    a = answers("household", H1_2=5, H1_4=1)
    del a["H3.1"]
    r = response(who, forms, "household", answers=a)
    assert sorted((w["qid"], w["rule"]) for w in r["warnings"]) == [
        ("H1.2", "not_above"), ("H1.3", "sum_of")]
    refused(clerk, RESPONSES, r, "sign_survey", "unanswered")

    def patch(rev, **change):
        b = {k: v for k, v in {**answers("household"), **change}.items()
             if v is not None}
        return clerk.patch(f"/v1/{RESPONSES}/{r['id']}", {"answers": b},
                           rev=rev).json
    row = patch(r["rev"], **{"H1.9": None, "H1.10": None})
    refused(clerk, RESPONSES, r, "sign_survey", "unanswered")
    row = patch(row["rev"], **{"H1.9": None, "H11.2": None})
    assert row["warnings"] is None
    row = done(clerk, RESPONSES, r, "sign_survey")
    assert row["state"] == "surveyed", "either spending; 信访户 need not say"


def test_a_village_is_reviewed_from_the_township(county, forms):
    who = everybody(county)
    r = response(who, forms, "village", notes={"V6": "未派驻"},
                 answers=answers("village", V6_1=1))
    r = done(who("jg-cunguan"), RESPONSES, r, "sign_survey")
    refused(who("jg-cunzhishu"), RESPONSES, r, "sign_review", "other_level")
    r = done(who("huangmaozhou-lead"), RESPONSES, r, "sign_review")
    done(who("huangmaozhou"), RESPONSES, r, "file")
    assert issues(who("huangmaozhou"), r)["V6.1"]["subject_kind"] == "village"


def test_a_form_is_filed_where_its_subject_is(county, forms):
    """F32, F34: a village's form is of a village, a household's of where it
    lives."""
    who = everybody(county)
    body = {"surveyed_on": day(-1), "answers": {}}
    for kind, place, by in (("village", TOWN, "huangmaozhou"),
                            ("township", VILLAGE, "huangmaozhou"),
                            ("county", TOWN, "huangmaozhou"),
                            ("household", TOWN, "huangmaozhou")):
        extra = {"household_id": household(who)["id"]} \
            if kind == "household" else {}
        r = who(by).post(f"/v1/{RESPONSES}", {
            **body, **extra, "template_id": forms[kind],
            "division_code": place})
        assert r.status == 422, (kind, r)
        assert [f["pointer"] for f in r.json["faults"]] == [
            "/division_code"], (kind, r)
    made = response(who, forms, "village", by="huangmaozhou",
                    division_code=VILLAGE)
    assert made["division_code"] == VILLAGE


def test_a_township_form_needs_no_review(county, forms):
    who = everybody(county)
    r = response(who, forms, "township", by="huangmaozhou", header={},
                 division_code=TOWN)
    r = done(who("huangmaozhou"), RESPONSES, r, "sign_survey")
    r = done(who("huangmaozhou"), RESPONSES, r, "file")
    assert r["positives"] == 0 and issues(who("huangmaozhou"), r) == {}


def test_a_form_is_its_villages_own(county, forms):
    who = everybody(county)
    r = response(who, forms, "household")
    for login in ("caowei", "bumen"):
        assert who(login).get(f"/v1/{RESPONSES}/{r['id']}").status in (403,
                                                                       404)
    seen = who("shizhang").get(f"/v1/{RESPONSES}/{r['id']}").json
    assert seen["answers"] != r["answers"], "answers are not for clearance 1"
    other = who("caowei").post(f"/v1/{RESPONSES}", {
        "template_id": forms["household"], "surveyed_on": day(),
        "household_id": r["household_id"], "answers": {}})
    assert other.status == 422
    assert other.json["faults"][0]["pointer"] == "/household_id"
    assert give(who("caowei"), RESPONSES, r, "sign_survey").status == 404


def test_answers_are_masked_one_by_one(county, forms):
    """Each question has its class (5.3); its village and township see all."""
    who = everybody(county)
    r = response(who, forms, "household", header={
        **HEAD, "head_name": "张某某", "household_types": "监测户"},
        notes={"H3": "孩子辍学在家", "H2": "屋顶漏雨"})
    path = f"/v1/{RESPONSES}/{r['id']}"
    assert who("huangmaozhou").get(path).json["answers"] == r["answers"]
    for text in (path, f"{path}/history", f"/v1/{RESPONSES}?limit=200",
                 f"/v1/{RESPONSES}?fields=answers,notes,header&limit=200",
                 f"{path}?as_of={day()}"):
        seen = who("shenji").get(text)
        assert seen.status == 200, (text, seen)
        assert "张某某" not in seen.text and "辍学" not in seen.text, text
        said = re.sub(NUMBERED, "", seen.text)
        assert "5000000" not in said and "120000" not in said, text
    seen = who("shenji").get(path).json
    a = seen["answers"]
    assert a["H1.1"] == "3–4人" and a["H1.3"] == "5–10万元"
    assert a["H3.2"] is None and a["H11.1"] is None and a["H9.1"] is None
    assert a["H2.1"] == 0 and a["H13.2"] == 0
    assert seen["header"] == {**HEAD, "head_name": "张*",
                              "household_types": None}
    assert seen["notes"] == {"H2": "屋顶漏雨", "H3": None}
    csv = who("shenji").get(f"/v1/{RESPONSES}?fields=answers,notes",
                            headers={"Accept": "text/csv"})
    assert csv.status == 200 and "辍学" not in csv.text
    assert "5–10万元" in csv.text and "5000000" not in csv.text


def test_answers_that_were_kept_long_enough_become_numbers(county, forms):
    """Five years after the action: the answers go, from history too; what
    was found and how often it was answered so stays."""
    who = everybody(county)
    r = response(who, forms, "household", answers=answers("household", H2_1=1),
                 notes={"H2": "张某某家屋顶漏雨"})
    r = done(who("jg-cunguan"), RESPONSES, r, "sign_survey")
    r = done(who("jg-cunzhishu"), RESPONSES, r, "sign_review")
    expire = ("SET app.lo='0'; SET app.hi='999999999999'; SET app.line='';"
              " SET app.clearance='4'; SELECT pii_expire(500)::text;")
    assert county.psql(expire)[-1] == ["{}"], "nothing is due yet"
    ends = county.psql("SELECT end_on FROM action WHERE id ="
                       f" '{r['action_id']}'")[0][0]
    county.psql("UPDATE action SET end_on = '2017-06-30', start_on ="
                f" '2017-01-01' WHERE id = '{r['action_id']}'")
    county.psql(expire)
    county.psql(f"UPDATE action SET end_on = nullif('{ends}', '')::date,"
                f" start_on = '2023-01-01' WHERE id = '{r['action_id']}'")
    now = who("jg-cunguan").get(f"/v1/{RESPONSES}/{r['id']}").json
    assert now["answers"] is None and now["notes"] is None
    assert (now["positives"], now["answered"]) == (1, r["answered"])
    assert now["content_hash"] == r["content_hash"]
    assert {v for _, v in signatures(county, r)} == {"t"}
    assert county.psql("SELECT count(*) FROM history WHERE row_id ="
                       f" '{r['id']}' AND data::text LIKE '%漏雨%'") == [["0"]]
    total = county.psql("SELECT answer, n FROM answer_total WHERE qid = 'H2.1'"
                        f" AND template_id = '{forms['household']}'")
    assert int(dict(total)["1"]) >= 1
    report = county.psql("SELECT erased->>'form_response' FROM pii_erasure"
                         " WHERE cause = 'retention' ORDER BY at DESC LIMIT 1")
    assert int(report[0][0]) >= 1


def test_a_scanned_signature_needs_its_image(county, forms):
    who = everybody(county)
    r = response(who, forms, "village")
    s = {"response_id": r["id"], "block": "survey", "kind": "sign",
         "signer_name": "测试甲", "signed_on": day()}
    no = who("jg-cunguan").post("/v1/sign-offs", s)
    assert no.status == 422, no
    assert no.json["faults"][0]["pointer"] == "/image_id"
    no = who("jg-cunguan").post("/v1/sign-offs", {**s, "electronic": True})
    assert no.status == 422, "nobody signs for another"


def test_lists_and_the_feed_say_what_the_row_says(county, forms):
    """Who gave the last command gives no other that asks for a second person:
    wherever the row is read."""
    who = everybody(county)
    lead = who("jg-cunzhishu")
    r = response(who, forms)
    done(lead, RESPONSES, r, "sign_survey")
    alone = lead.get(f"/v1/{RESPONSES}/{r['id']}").json["may"]
    assert alone and "sign_review" not in alone
    listed, = [x for x in lead.get(f"/v1/{RESPONSES}?limit=200").json["items"]
               if x["id"] == r["id"]]
    assert listed["may"] == alone
    told = wait_for(lambda: [
        x for x in lead.get("/v1/changes?entity=form_response&data=true"
                            "&limit=1000").json["items"]
        if x["id"] == r["id"] and x["rev"] == 2])
    assert told[0]["data"]["may"] == alone
