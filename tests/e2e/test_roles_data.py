"""Roles as data: domain.md 5.2 as policy.py states it, held against
GET /v1/roles; roles that are added and narrowed; people who are one thing."""
import pytest

import policy
from people import COUNTY, TOWN, people, report
from stack import wait_for

PARTS = {"auditor": "auditor", "sysadmin": "system_admin",
         "security_admin": "security_admin", "audit_admin": "audit_admin",
         "api_client": "client", "sheet_agent": "agent", "public": "public"}
OWN = {"helper": "assigned", "operator_user": "operator", "evaluator": "task"}
LINES = {"dept_clerk", "dept_lead", "pref_dept"}


@pytest.fixture(scope="module")
def roles(county):
    items = people(county)("huangmaozhou").get("/v1/roles").json["items"]
    return {r["code"]: r for r in items}


def hire(county, login, grants, place=COUNTY, **more):
    return people(county)("security").post("/v1/users", {
        "login": login, "name": "某某", "password": "for-this-test",
        "division_code": place, "grants": grants, **more})


def faults(r):
    assert r.status == 422, r
    return {f["pointer"]: f["code"] for f in r.json["faults"]}


def test_every_role_of_the_matrix_and_no_other(roles):
    assert set(roles) - {"town_deputy"} == set(policy.PERMITS)
    for code in policy.PERMITS:
        r = roles[code]
        assert r["part"] == PARTS.get(code, "business"), code
        level = 0 if code in policy.AT_THEIR_PLACE \
            else policy.LEVELS.get(code, 3)
        assert r["level"] == level, code
        assert r["own"] == OWN.get(code, ""), code
        assert r["needs_line"] == (code in LINES), code
        assert r["by_category"] == (code == "special_group"), code
        assert r["plays"] == [code] and r["status"] == "active"

PRIVACY = {"unmask", "unmask_case", "erase"}


@pytest.mark.parametrize("code", policy.PERMITS)
def test_rights_are_those_of_the_matrix(roles, code):
    for group, verbs in policy.PERMITS[code].items():
        assert set(roles[code]["rights"].get(group, [])) - PRIVACY == verbs, \
            (code, group)


def test_who_asks_for_the_whole_and_who_erases(roles):
    """5.2, column PII view: some for a reason, some for a case; 5.3."""
    got = {}
    for code, r in roles.items():
        for group, verbs in r["rights"].items():
            for verb in PRIVACY & set(verbs):
                assert "read" in verbs, (code, group)
                got.setdefault(verb, {}).setdefault(code, set()).add(group)
    assert {v: set(by) for v, by in got.items()} == {
        "unmask": {"lead_bureau", "task_force"},
        "unmask_case": {"auditor", "discipline"},
        "erase": {"lead_bureau", "township_lead"}}
    assert got["erase"]["township_lead"] == {"household", "contact"}
    assert {"household", "issue", "contact"} <= got["unmask"]["task_force"]


def test_nobody_administers_besides(roles):
    """Each administrator has his verb alone; auditors never write."""
    for code, r in roles.items():
        verbs = {v for vs in r["rights"].values() for v in vs}
        mine = {"sysadmin": {"configure"}, "security_admin": {"secure"},
                "audit_admin": {"audit"}, "auditor": {"audit"},
                "sheet_agent": {"sync"}}.get(code, set())
        assert verbs & {"configure", "secure", "audit", "sync"} == mine, code
        if code in ("auditor", "security_admin", "audit_admin", "public"):
            assert not verbs & {"create", "change", "move"}, code
        household = code in ("sysadmin", "security_admin", "audit_admin")
        assert not (household and "household" in r["rights"])


def test_every_group_of_the_model_has_a_role(county, roles):
    groups = {g for r in roles.values() for g in r["rights"]}
    assert {"evaluation", "filing", "accountability", "archive", "contact",
            "indicator", "attachment"} <= groups
    ready = county.client().get("/readyz")
    assert ready.status == 200, ready


def test_one_part_at_a_time(county):
    """In the API with a sentence, and in the database whoever writes."""
    for pair in (["sysadmin", "security_admin"], ["sysadmin", "audit_admin"],
                 ["security_admin", "audit_admin"],
                 ["sysadmin", "lead_bureau"], ["auditor", "lead_bureau"]):
        r = hire(county, "shuangmian", [{"role": p} for p in pair])
        assert (r.status, r.json["code"]) == (409, "one_part"), (pair, r)
        assert "管理员" in r.json["detail"]
    assert hire(county, "shuangmian", [{"role": "sysadmin"}]).status == 200
    with pytest.raises(AssertionError, match="role_grant_one_part"):
        county.psql("INSERT INTO role_grant (id, user_id, role, division_code,"
                  " clearance) SELECT gen_random_uuid(), id,"
                  f" 'security_admin', {COUNTY}, 0 FROM app_user WHERE login ="
                  " 'shuangmian'")
    # One after the other is no contradiction.
    assert hire(county, "shuangmian", [{"role": "audit_admin"}]).status == 200
    assert county.login("shuangmian", "for-this-test").get(
        "/v1/me").json["role"] == "audit_admin"


def test_an_auditor_never_writes_whatever_the_data_say(county):
    with pytest.raises(AssertionError, match="no such verb"):
        county.psql("INSERT INTO role_right VALUES ('auditor', 'webhook',"
                  " '{create}', '{create}')")
    with pytest.raises(AssertionError, match="no such verb"):
        county.psql("UPDATE role_right SET verbs = '{read,secure}', most ="
                  " '{read,secure}' WHERE role = 'township_clerk' AND"
                  " entity_group = 'issue'")


NEW = {"label": "乡镇副职", "level": 4, "plays": ["township_lead"],
       "clearance": 1, "pii_profile": "masked",
       "rights": {"issue": ["read", "move"], "division": ["read"],
                  "action": ["read"], "command": ["read"],
                  "issue_progress": ["read"], "issue_acceptance": ["read"],
                  "evidence": ["read", "create"]}}


def test_a_role_is_added_as_data(county):
    """It gives the commands of the role that it stands for, and no others."""
    put = people(county)("security").put
    r = put("/v1/roles/town_deputy", NEW)
    assert r.status == 200, r
    assert hire(county, "fuzhi", [{"role": "town_deputy"}], TOWN).status == 200
    c = county.login("fuzhi", "for-this-test")
    me = c.get("/v1/me").json
    assert (me["role"], me["level"], me["clearance"]) == ("town_deputy", 4, 1)
    i = report(people(county)("huangmaozhou"))
    seen = c.get(f"/v1/issues/{i['id']}").json
    lead = people(county)("huangmaozhou-lead").get(f"/v1/issues/{i['id']}").json
    assert "assign" in seen["may"] and set(seen["may"]) == set(lead["may"])
    assert c.get("/v1/projects").status == 403
    assert c.post("/v1/issues", {}).status == 403
    r = c.post(f"/v1/issues/{i['id']}/assign", {
        "responsible_subject_kind": "township", "due_on": "2023-05-31"})
    assert r.status == 200, r
    got = county.psql("SELECT g.role FROM command c JOIN role_grant g ON g.id ="
                    f" c.grant_id WHERE c.row_id = '{i['id']}' AND c.command ="
                    " 'assign'")
    assert got == [["town_deputy"]]
    # Narrowed: it takes effect at once, and can be taken back.
    r = put("/v1/roles/town_deputy", {"rights": {**NEW["rights"],
                                                 "issue": ["read"]}})
    assert r.status == 200, r
    wait_for(lambda: c.get(f"/v1/issues/{i['id']}").json["may"] == [], 5)
    assert put("/v1/roles/town_deputy", {"rights": NEW["rights"]}).status == 200
    # Retired: granted no more, and those who have it are out.
    assert put("/v1/roles/town_deputy", {"status": "retired"}).status == 200
    r = hire(county, "fuzhi2", [{"role": "town_deputy"}], TOWN)
    assert faults(r)["/grants/0/role"] == "not_in_list"
    wait_for(lambda: c.get("/v1/me").status == 401, 5)


@pytest.mark.parametrize("change,pointer,code", [
    ({"rights": {"nothing": ["read"]}}, "/rights/nothing", "unknown"),
    ({"rights": {"issue": ["fly"]}}, "/rights/issue/0", "not_in_list"),
    ({"rights": {"issue": ["read", "change"]}}, "/rights/issue/1", "wider"),
    ({"rights": {"audit": ["audit"]}}, "/rights/audit/0", "wider"),
    ({"level": 3}, "/level", "wider"),
    ({"clearance": 4}, "/clearance", "wider"),
    ({"pii_profile": "full"}, "/pii_profile", "wider"),
    ({"plays": ["auditor"]}, "/plays/0", "not_in_list"),
    ({"plays": ["dept_lead"], "level": 3}, "/needs_line", "wider"),
    ({"plays": ["helper"], "level": 5}, "/own", "wider"),
    ({"plays": None}, "/plays", "required"),
    ({"own": "everything"}, "/own", "not_in_list"),
    ({"colour": "red"}, "/colour", "unknown_field")])
def test_a_role_comes_to_no_more_than_those_it_stands_for(
        county, change, pointer, code):
    body = {k: v for k, v in {**NEW, **change}.items() if v is not None}
    r = people(county)("security").put("/v1/roles/too_much", body)
    assert faults(r).get(pointer) == code, r
    assert county.psql("SELECT count(*) FROM role WHERE code = 'too_much'") == [
        ["0"]]


def test_a_shipped_role_is_narrowed_and_not_widened(county):
    put = people(county)("security").put
    r = put("/v1/roles/village_lead", {"rights": {"issue": ["create"]}})
    assert faults(r) == {"/rights/issue/0": "wider"}
    r = put("/v1/roles/village_lead", {"plays": ["county_authority"]})
    assert faults(r) == {"/plays": "out_of_range"}
    for code in ("auditor", "sysadmin", "security_admin", "sheet_agent"):
        r = put(f"/v1/roles/{code}", {"label": "改名"})
        assert (r.status, r.json["code"]) == (403, "reserved"), code


def test_who_may_change_roles(county):
    for login in ("admin", "audit", "nongye", "shenji", "huangmaozhou"):
        r = people(county)(login).put("/v1/roles/village_lead", {"label": "甲"})
        assert r.status == 403, login
    assert hire(county, "xiananquan", [{"role": "security_admin"}]).status == 200
    r = county.login("xiananquan", "for-this-test").put(
        "/v1/roles/village_lead", {"label": "甲"})
    assert (r.status, r.json["code"]) == (403, "installation")
