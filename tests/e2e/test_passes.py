"""Auditors' passes: by mandate, where and of what it says, for its time."""
import datetime
import time
import uuid

from people import COUNTY, TOWN, people, report
from stack import wait_for
from test_login import events


def at(**delta):
    return (datetime.datetime.now(datetime.timezone.utc) +
            datetime.timedelta(**delta)).strftime("%Y-%m-%dT%H:%M:%SZ")


def auditor(county):
    login = "sj" + uuid.uuid4().hex[:8]
    r = people(county)("security").post("/v1/users", {
        "login": login, "name": "审计员", "division_code": COUNTY,
        "password": county.password, "grants": []})
    assert r.status == 200, r
    return login


def give(county, login, who="security", **more):
    return people(county)(who).post("/v1/audit-passes", {
        "login": login, "mandate_no": "湘审通〔2026〕12号",
        "issued_by": "省审计厅", "divisions": [TOWN], "valid_to": at(days=30),
        **more})


def test_a_mandate_opens_what_it_says_and_ends(county):
    mine = report(county.login("huangmaozhou"))
    sibling = report(county.login("caowei"))
    login = auditor(county)
    assert county.client().post("/v1/sessions", {
        "login": login, "password": county.password}).json["code"] == \
        "no_role"
    r = give(county, login)
    assert r.status == 201, r
    c = county.login(login)
    assert c.get("/v1/me").json["role"] == "auditor"
    assert c.get(f"/v1/issues/{mine['id']}").status == 200
    assert c.get(f"/v1/issues/{sibling['id']}").status == 404
    assert c.post("/v1/issues", {}).status == 403
    assert "13800000001" not in c.get(f"/v1/issues/{mine['id']}").text
    shown = [x for x in people(county)("security").get("/v1/audit-passes")
             .json["items"] if x["id"] == r.json["id"]]
    assert shown[0]["mandate_no"] == "湘审通〔2026〕12号"
    assert shown[0]["divisions"] == [TOWN] and shown[0]["actions"] == []
    assert r.json["id"] in [e["row"] for e in
                            events(county, "audit_pass", "security")]
    path = f"/v1/audit-passes/{r.json['id']}"
    assert people(county)("nongye").delete(path).status == 403
    assert people(county)("security").delete(path).status == 204
    wait_for(lambda: c.get("/v1/issues?limit=1").status == 401, 5)


def test_it_ends_by_itself_and_does_not_begin_before(county):
    login = auditor(county)
    assert give(county, login, valid_from=at(days=1)).status == 201
    assert county.client().post("/v1/sessions", {
        "login": login, "password": county.password}).status == 403
    login = auditor(county)
    began = time.monotonic()
    assert give(county, login, valid_to=at(seconds=8)).status == 201
    c, good = county.login(login), []

    def ended():
        asked = time.monotonic()
        r = c.get("/v1/issues?limit=1")
        assert r.status in (200, 401), r
        if r.status == 200:
            good.append(asked - began)
        return r.status == 401
    wait_for(ended, 15, 0.2)
    # A session is remembered for four seconds; when the last that was served
    # was asked counts, not when the machine came to ask again.
    assert good and good[-1] < 13, good


def test_of_its_actions_only(county):
    login = auditor(county)
    r = give(county, login, divisions=[COUNTY], actions=["yuanjiang-2023"])
    assert r.status == 201, r
    rows = county.psql("SELECT a.code, g.role, g.clearance FROM role_grant g"
                       " JOIN action a ON a.id = g.action_id"
                       f" WHERE g.pass_id = '{r.json['id']}'")
    assert rows == [["yuanjiang-2023", "auditor", "1"]]
    assert county.login(login).get("/v1/issues?limit=1").status == 200


def test_what_is_refused(county):
    login = auditor(county)
    for change in ({"login": "nobody-at-all"}, {"divisions": []},
                   {"divisions": ["110000000000x"]}, {"divisions": None},
                   {"actions": ["no-such"]}, {"actions": "x"},
                   {"mandate_no": ""}, {"issued_by": None},
                   {"valid_to": at(days=500)}, {"valid_to": at(days=-1)},
                   {"valid_to": None}, {"clearance": 4}):
        body = {"login": login, "mandate_no": "x", "issued_by": "y",
                "divisions": [TOWN], "valid_to": at(days=30), **change}
        r = people(county)("security").post("/v1/audit-passes", body)
        assert r.status == 422, (change, r)
    r = give(county, "huangmaozhou")
    assert (r.status, r.json["code"]) == (409, "one_part")
    assert give(county, login).status == 201
    r = give(county, login)
    assert (r.status, r.json["code"]) == (409, "pass_overlaps")
    for who in ("admin", "nongye", "audit", "shenji"):
        assert give(county, login, who=who).status == 403
