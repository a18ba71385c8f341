"""Configuration through the API: idempotent loads, faults with their path,
administrators only, and nobody beyond his own range."""
import copy
import json

import pytest

from people import people
from stack import ROOT

COUNTY = "430981000000"
PLACES = json.loads((ROOT / "conf/places/430981.json").read_text())
DEMO = json.loads((ROOT / "conf/demo/430981.json").read_text())
PEOPLE = json.loads((ROOT / "conf/people/430981.json").read_text())
ACTION = json.loads(
    (ROOT / "conf/actions/yuanjiang-2023.json").read_text())


@pytest.fixture
def admin(county):
    return people(county)("admin")


@pytest.fixture
def security(county):
    return people(county)("security")


def faults(reply):
    assert reply.status == 422, reply
    return {f["pointer"]: f["code"] for f in reply.json["faults"]}


def other_action(**changes):
    """The shipped action under another code, so that tests may break it."""
    return {**copy.deepcopy(ACTION), "code": "other-2023", **changes}


# ---- what ships, loaded twice ---------------------------------------------

def test_places_twice(admin):
    r = admin.post("/v1/divisions:bulk", PLACES)
    assert r.status == 200, r
    assert r.json == {"loaded": 18, "changed": 0}


def test_orgs_twice(admin):
    r = admin.post("/v1/orgs", {"orgs": DEMO["orgs"]})
    assert r.json == {"loaded": len(DEMO["orgs"]), "changed": 0}


def test_users_twice_keep_their_passwords(county, security):
    before = county.psql("SELECT login, password, rev FROM app_user"
                         " ORDER BY login")
    r = security.post("/v1/users", {"users": PEOPLE["users"],
                                 "initial_password": "another-one"})
    assert r.json == {"loaded": len(PEOPLE["users"]), "changed": 0}
    assert county.psql("SELECT login, password, rev FROM app_user"
                       " ORDER BY login") == before


def test_action_twice_is_one(county, admin):
    r = admin.post("/v1/actions", ACTION)
    assert r.json == {"loaded": 1, "changed": 0}
    assert county.psql("SELECT count(*) FROM action"
                       " WHERE code = 'yuanjiang-2023'") == [["1"]]


# ---- what ships, read back -------------------------------------------------

def test_the_action_comes_back_as_it_was_loaded(county, admin):
    got = people(county)("nongye").get("/v1/actions/yuanjiang-2023").json
    for key, value in ACTION.items():
        if key in ("phases", "params", "units", "codes"):
            continue
        if key != "note":
            assert got[key] == value, key
    assert [p["name"] for p in got["phases"]] == [
        "制定方案", "自查自纠", "拉网排查", "问题整改", "验收销号", "总结上报"]
    params = {p["key"]: p["value"] for p in got["params"]}
    assert params["default_due_on"] == "2023-05-31"
    assert params["hard_stop_on"] == "2023-06-30"
    assert len(got["units"]) == 14
    assert [c["label"] for c in got["codes"]
            if c["set"] == "issue_category"] == [
        "立项批复", "实施推进", "监督管理", "联农带农", "后期运维", "其他"]
    again = {k: v for k, v in got.items() if k in ACTION}
    again["doc_issued_on"] = None
    assert admin.post("/v1/actions", again).json["changed"] == 0


def test_a_township_reads_its_county_s_action_and_its_own_places(county):
    clerk = people(county)("huangmaozhou")
    assert clerk.get("/v1/actions/yuanjiang-2023").status == 200
    assert [a["code"] for a in clerk.get("/v1/actions").json["items"]
            if a["code"] == "yuanjiang-2023"]
    codes = [d["code"] for d in clerk.get("/v1/divisions").json["items"]]
    assert "430981107000" in codes and "430981108000" not in codes
    assert clerk.get("/v1/divisions/430981107000").json["name"] == "黄茅洲镇"
    assert clerk.get("/v1/divisions/430981108000").status == 404
    orgs = clerk.get("/v1/orgs").json["items"]
    assert {o["division_code"] for o in orgs} == {"430981107000"}


def test_absent_and_out_of_reach_are_the_same(county):
    clerk = people(county)("huangmaozhou")
    a = clerk.get("/v1/divisions/430981108000").json
    b = clerk.get("/v1/divisions/430999999000").json
    a.pop("request_id"), b.pop("request_id")
    assert a == b
    assert clerk.get("/v1/actions/no-such").status == 404


# ---- who may ----------------------------------------------------------------

@pytest.mark.parametrize("path", ["/v1/divisions:bulk", "/v1/orgs",
                                  "/v1/users", "/v1/actions"])
@pytest.mark.parametrize("login", ["nongye", "huangmaozhou", "shenji"])
def test_only_administrators(county, login, path):
    r = people(county)(login).post(path, {"divisions": []})
    assert r.status == 403 and r.json["code"] == "denied"


def test_without_a_token(county):
    assert county.client().post("/v1/users", {}).status == 401


def county_admin(security):
    who = {"login": "countyadmin", "name": "潘宁", "password": "for-the-county",
           "division_code": COUNTY, "grants": [{"role": "security_admin"}]}
    assert security.post("/v1/users", who).status == 200
    return who


def test_a_county_s_administrator_stays_in_the_county(county, security):
    user = county_admin(security)
    mine = county.login("countyadmin", "for-the-county")
    wide = {**user, "login": "wide", "grants": [
        {"role": "security_admin", "division_code": "430000000000"}]}
    assert faults(mine.post("/v1/users", wide)) == {
        "/grants/0/division_code": "unknown"}
    abroad = {**user, "login": "abroad", "division_code": "430900000000"}
    assert faults(mine.post("/v1/users", abroad))["/division_code"] == \
        "unknown"
    taken = mine.post("/v1/users", {**user, "login": "admin"})
    assert taken.status == 409 and taken.json["code"] == "login_taken"
    config = {**user, "login": "countysys", "grants": [{"role": "sysadmin"}]}
    assert security.post("/v1/users", config).status == 200
    mine = county.login("countysys", "for-the-county")
    assert faults(mine.post("/v1/divisions:bulk", {"divisions": [
        {"code": "430900000000", "name": "甲市", "level": 2,
         "parent_code": "430000000000"}]})) == {
        "/divisions/0/code": "unknown"}


# ---- places -------------------------------------------------------------------

def division(code="430981111000", **more):
    return {"code": code, "name": "试验镇", "level": 4, "kind": "zhen",
            "parent_code": COUNTY, **more}


def test_order_of_places_does_not_matter(county, admin):
    village = {"code": "430981112001", "name": "试验村", "level": 5,
               "parent_code": "430981112000"}
    r = admin.post("/v1/divisions:bulk", {"divisions": [
        village, division("430981112000")]})
    assert r.json == {"loaded": 2, "changed": 2}


@pytest.mark.parametrize("change,pointer,code", [
    ({"colour": "red"}, "colour", "unknown_field"),
    ({"name": None}, "name", "required"),
    ({"name": "  "}, "name", "required"),
    ({"name": 7}, "name", "not_string"),
    ({"name": "长" * 61}, "name", "too_long"),
    ({"name": "甲\u202e乙"}, "name", "unprintable"),
    ({"code": "43098111100"}, "code", "not_a_division"),
    ({"level": 5}, "level", "out_of_range"),
    ({"level": "4"}, "level", "not_integer"),
    ({"parent_code": "430900000000", "code": "430881111000"},
     "parent_code", "out_of_range"),
    ({"parent_code": None}, "parent_code", "required"),
    ({"valid_to": "2023-02-30"}, "valid_to", "not_a_date"),
    ({"is_functional": "yes"}, "is_functional", "not_boolean"),
    ({"updated_at": "2023-01-01T00:00:00Z"}, "updated_at", "read_only"),
])
def test_bad_places(admin, change, pointer, code):
    r = admin.post("/v1/divisions:bulk", {"divisions": [
        PLACES["divisions"][3], {**division(), **change}]})
    assert faults(r)[f"/divisions/1/{pointer}"] == code


def test_a_place_twice_in_one_file(admin):
    r = admin.post("/v1/divisions:bulk", {"divisions": [division()] * 2})
    assert faults(r) == {"/divisions/1/code": "duplicate"}


@pytest.mark.parametrize("body", [{"divisions": {}}, {"divisions": [7]},
                                  {"divisions": None},
                                  {"divisions": [], "more": 1}])
def test_no_list_of_places(admin, body):
    assert admin.post("/v1/divisions:bulk", body).status == 422


def test_an_unknown_superior(admin):
    r = admin.post("/v1/divisions:bulk", {"divisions": [
        division("430981199001", level=5, parent_code="430981199000")]})
    assert r.status == 422, r


# ---- people --------------------------------------------------------------------

def user(login="xiaoming", **more):
    return {"login": login, "name": "明小明", "phone": "13800000077",
            "division_code": "430981107000", "org": "xczxb",
            "password": "long-enough", "grants": [{"role": "township_clerk"}],
            **more}


@pytest.mark.parametrize("change,pointer,code", [
    ({"login": "Big"}, "/login", "malformed"),
    ({"login": "-x"}, "/login", "malformed"),
    ({"login": "x"}, "/login", "too_short"),
    ({"name": None}, "/name", "required"),
    ({"phone": "12"}, "/phone", "malformed"),
    ({"password": "short"}, "/password", "weak"),
    ({"password": "12345678"}, "/password", "weak"),
    ({"password": 12345678}, "/password", "weak"),
    ({"password": None}, "/password", "weak"),
    ({"org": "nothing"}, "/org", "unknown"),
    ({"division_code": "110000000000"}, "/division_code", "unknown"),
    ({"roles": []}, "/roles", "unknown_field"),
    ({"grants": None}, "/grants", "not_a_list"),
    ({"grants": [{"role": "emperor"}]}, "/grants/0/role", "not_in_list"),
    ({"grants": [{"role": "sheet_agent"}]}, "/grants/0/role", "not_in_list"),
    ({"grants": [{"role": "dept_clerk", "division_code": COUNTY}]},
     "/grants/0/line_code", "required"),
    ({"grants": [{"role": "lead_bureau"}]}, "/grants/0/division_code",
     "out_of_range"),
    ({"grants": [{"role": "auditor", "clearance": 5}]},
     "/grants/0/clearance", "out_of_range"),
    ({"grants": [{"role": "auditor", "why": "x"}]}, "/grants/0/why",
     "unknown_field"),
])
def test_bad_people(county, security, change, pointer, code):
    if pointer == "/division_code":     # another's administrator
        county_admin(security)
        security = county.login("countyadmin", "for-the-county")
    r = security.post("/v1/users", user(**change))
    assert faults(r)[pointer] == code
    assert county.psql(
        "SELECT count(*) FROM app_user WHERE login = 'xiaoming'") == [["0"]]


def test_a_new_person_needs_a_password(security):
    new = user("nopassword")
    new.pop("password")
    assert faults(security.post("/v1/users", new)) == {"/password": "required"}
    r = security.post("/v1/users", {"users": [user("first"), new]})
    assert faults(r) == {"/users/1/password": "required"}


def test_a_life_of_a_person(county, security):
    """New, signed in, given another role and password, taken off all."""
    assert security.post("/v1/users", user("life")).json["changed"] == 2
    c = county.login("life", "long-enough")
    assert c.get("/v1/me").json["role"] == "township_clerk"

    known = user("life", name="改小名")
    known.pop("password")
    assert security.post("/v1/users", known).json["changed"] == 1
    me = c.get("/v1/me")
    assert me.status == 200 and me.json["name"] == "改小名"

    lead = user("life", grants=[{"role": "township_lead"}],
                password="another-word")
    assert security.post("/v1/users", lead).status == 200
    assert c.get("/v1/me").status == 401
    assert county.client().post("/v1/sessions", {
        "login": "life", "password": "long-enough"}).status == 401
    c = county.login("life", "another-word")
    assert c.get("/v1/me").json["role"] == "township_lead"

    lead.pop("password")
    assert security.post("/v1/users", {**lead, "grants": []}).status == 200
    assert c.get("/v1/me").status == 401
    assert county.client().post("/v1/sessions", {
        "login": "life", "password": "another-word"}).status == 403


def test_no_reply_and_no_history_tells_a_password(county, security):
    r = security.post("/v1/users", user("quiet", password="very-secret-word"))
    assert "very-secret" not in r.text and "argon2" not in r.text
    assert county.psql("SELECT count(*) FROM history WHERE data::text LIKE"
                       " '%argon2%' OR data ? 'password'") == [["0"]]
    assert "very-secret" not in county.logs(100000)
    stored = county.psql(
        "SELECT password FROM app_user WHERE login = 'quiet'")[0][0]
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=1$")


# ---- actions --------------------------------------------------------------------

@pytest.mark.parametrize("change,pointer,code", [
    ({"colour": "red"}, "/colour", "unknown_field"),
    ({"code": "Other"}, "/code", "malformed"),
    ({"doc_no": None}, "/doc_no", "required"),
    ({"year": 1999}, "/year", "out_of_range"),
    ({"status": "half"}, "/status", "not_in_list"),
    ({"lead_orgs": "nyncj"}, "/lead_orgs", "not_object"),
    ({"phases": {}}, "/phases", "not_a_list"),
    ({"phases": [{"seq": 1, "kind": "整改", "name": "整改",
                  "start_on": "2023-04-06", "end_on": "2023-04-05"}]},
     "/phases/0/end_on", "out_of_range"),
    ({"phases": [{"seq": 1, "kind": "整改", "name": "整改"}]},
     "/phases/0/start_on", "required"),
    ({"phases": ACTION["phases"] + [ACTION["phases"][0]]},
     "/phases/6/seq", "duplicate"),
    ({"params": [{"key": "a", "value": 7}]}, "/params/0/value",
     "not_string"),
    ({"params": [{"key": "a", "value": "7", "unit": "d"}]},
     "/params/0/unit", "unknown_field"),
    ({"units": [{"division_code": "4309811"}]}, "/units/0/division_code",
     "not_a_division"),
    ({"codes": [{"set": "issue_category", "code": "Y-1"}]},
     "/codes/0/label", "required"),
])
def test_bad_actions(county, admin, change, pointer, code):
    r = admin.post("/v1/actions", other_action(**change))
    assert faults(r)[pointer] == code
    assert county.psql(
        "SELECT count(*) FROM action WHERE code = 'other-2023'") == [["0"]]


def test_faults_are_in_both_languages(admin):
    r = admin.post("/v1/actions", other_action(colour="red"))
    english = admin.post("/v1/actions", other_action(colour="red"),
                         headers={"Accept-Language": "en"})
    assert "没有这个字段" in r.text and "unknown field" in english.text


def test_an_unknown_unit_leaves_nothing(county, admin):
    r = admin.post("/v1/actions", other_action(
        units=[{"division_code": "430981777000"}]))
    assert r.status == 422, r
    assert county.psql(
        "SELECT count(*) FROM action WHERE code = 'other-2023'") == [["0"]]


def test_parts_of_an_action_are_replaced(stack):
    s = stack(demo=True, agent=False)
    admin = s.login("admin")
    small = other_action(phases=ACTION["phases"][:2], units=[], params=[
        {"key": "default_due_on", "value": "2023-05-20"}])
    assert admin.post("/v1/actions", other_action()).json["changed"] == 1
    assert admin.post("/v1/actions", small).json["changed"] == 0
    got = s.login("nongye").get("/v1/actions/other-2023").json
    assert (len(got["phases"]), got["units"]) == (2, [])
    assert got["params"] == [{"key": "default_due_on",
                              "value": "2023-05-20", "source": None}]
