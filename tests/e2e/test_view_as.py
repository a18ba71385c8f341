"""An administrator looks as somebody else: what that person sees, less what is
personal; nothing is written, every access is in the log with both names."""
import time
import uuid

import pytest
from people import SIBLING, TOWN, hire, people, report
from stack import Stack, wait_for


@pytest.fixture(scope="module")
def own():
    s = Stack(demo=True, agent=False).start()
    yield s
    s.stop()


def look(stack, user="huangmaozhou", by="security", **more):
    return people(stack)(by).post("/v1/sessions/view", {
        "user": user, "reason": "核对权限设置", **more})


def view(stack, user="huangmaozhou", by="security", **more):
    r = look(stack, user, by, **more)
    assert r.status == 201, r
    c = stack.client(r.json["token"])
    c.id = r.json["id"]
    return c


def user_id(stack, login):
    return stack.psql(f"SELECT id FROM app_user WHERE login = '{login}'")[0][0]


def test_it_sees_what_the_person_sees(own):
    who = people(own)
    row, beside = report(who("huangmaozhou")), report(who("caowei"))
    c = view(own)
    me = c.get("/v1/me").json
    assert me["login"] == "huangmaozhou" and me["role"] == "township_clerk"
    assert me["viewer"] == user_id(own, "security") and me["readonly"]
    theirs = who("huangmaozhou").get(f"/v1/issues/{row['id']}").json
    mine = c.get(f"/v1/issues/{row['id']}").json
    assert mine["may"] == theirs["may"] and mine["state"] == theirs["state"]
    assert c.get(f"/v1/issues/{beside['id']}").status == 404
    assert {i["id"] for i in c.get("/v1/issues?limit=200").json["items"]} == \
        {i["id"] for i in who("huangmaozhou").get(
            "/v1/issues?limit=200").json["items"]}
    assert who("huangmaozhou").get("/v1/me").json["viewer"] is None


def test_nothing_personal(own):
    row = report(people(own)("huangmaozhou"), leader_phone="13800000055")
    c = view(own)
    said = c.get(f"/v1/issues/{row['id']}").text + \
        c.get("/v1/issues?format=ndjson").text + \
        c.get("/v1/issues?format=csv").text + \
        c.get(f"/v1/issues/{row['id']}/history").text
    assert row["id"] in said
    assert "13800000055" not in said
    own.psql(f"UPDATE issue SET sensitivity = 2 WHERE id = '{row['id']}'")
    assert people(own)("huangmaozhou").get(
        f"/v1/issues/{row['id']}").status == 200
    assert c.get(f"/v1/issues/{row['id']}").status == 404


def test_every_route_that_is_no_question_is_refused(own):
    """All of the document's, with whatever body; and the row is as it was."""
    row = report(people(own)("huangmaozhou"))
    c = view(own)
    before = own.psql("SELECT count(*), max(at) FROM history")
    doc, asked = c.get("/v1/openapi.json").json, 0
    for path, ops in doc["paths"].items():
        for method in {"post", "put", "patch", "delete"} & set(ops):
            if ops[method].get("security") == [] or \
                    path == "/v1/sessions/current":
                continue
            at = path.replace("{id}", row["id"]).replace("{code}", TOWN)
            if "{" in at:
                at = at.replace("{provider}", "wechat").split("{")[0] + "x"
            r = c.request(method.upper(), at, {})
            assert r.status in (403, 404, 405), (method, path, r)
            if r.status == 403:
                asked += 1
                assert r.json["code"] == "view_only", (path, r)
                assert "查看" in r.json["detail"]
    assert asked > 300
    r = c.post(f"/v1/issues/{row['id']}", {}, headers={
        "X-HTTP-Method-Override": "PATCH", "If-Match": '"1"'})
    assert r.status == 403
    assert own.psql("SELECT count(*), max(at) FROM history") == before
    kept = people(own)("huangmaozhou").get(f"/v1/issues/{row['id']}")
    assert kept.json["rev"] == row["rev"]


def test_an_application_cannot_be_given_its_eyes(own):
    made = people(own)("security").post("/v1/clients", {
        "name": "某应用", "divisions": [TOWN], "scopes": ["issue:read"],
        "valid_to": "2099-01-01T00:00:00Z"})
    assert made.status == 201, made
    form = "&".join([
        "grant_type=urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token_type=urn:ietf:params:oauth:token-type:access_token",
        f"client_id={made.json['client_id']}",
        f"client_secret={made.json['client_secret']}", "subject_token="])
    head = {"Content-Type": "application/x-www-form-urlencoded"}
    for token, status in ((people(own)("huangmaozhou").token, 200),
                          (view(own).token, 400)):
        r = own.client().request("POST", "/v1/token",
                                 (form + token).encode(), head)
        assert r.status == status, r


def test_the_database_refuses_what_writes(own):
    """The second wall: the transaction itself only reads."""
    c = view(own)
    own.psql("ALTER SYSTEM SET log_statement = 'all'")
    own.psql("SELECT pg_reload_conf()")
    log = own.var / "log/postgres.log"
    wait_for(lambda: c.get("/v1/issues?limit=1") and
             "taizhang_scope_looks" in log.read_text(errors="replace"),
             20, 0.2)
    own.psql("ALTER SYSTEM RESET log_statement")
    own.psql("SELECT pg_reload_conf()")
    with pytest.raises(AssertionError, match="read-only transaction"):
        own.psql("BEGIN; SELECT set_config('transaction_read_only', 'on',"
                 " true); UPDATE issue SET goal = goal; COMMIT")
    for path in ("/v1/me", "/v1/sessions", "/v1/issues", "/v1/changes",
                 "/v1/roles", "/v1/divisions", "/v1/actions", "/v1/requests",
                 "/v1/explain?action=issue:read", "/v1/projects?format=xlsx",
                 "/v1/webhooks", "/v1/me/identities"):
        assert c.get(path).status in (200, 403), (path, c.get(path))


def test_each_access_is_in_the_log_with_both(own):
    row = report(people(own)("huangmaozhou"))
    c = view(own)
    c.get(f"/v1/issues/{row['id']}")
    c.get(f"/v1/issues/{uuid.uuid4()}")
    c.post(f"/v1/issues/{row['id']}/void", {"reason": "x"})
    seen = own.psql(
        "SELECT verb, outcome, route, row_id, actor, viewer FROM audit.event"
        f" WHERE session = '{c.id}' ORDER BY at, txid, id")
    user, admin = user_id(own, "huangmaozhou"), user_id(own, "security")
    assert [x[:2] for x in seen] == [
        ["access", "ok"], ["access", "refused"], ["access", "refused"]]
    assert seen[2][2] == "void_issue" and seen[0][2] == seen[1][2]
    assert seen[0][3] == seen[2][3] == row["id"]
    assert all(x[4:] == [user, admin] for x in seen)
    opened = own.psql("SELECT actor, row_id, detail->>'minutes', outcome FROM"
                      " audit.event WHERE verb = 'view_as' AND"
                      f" detail->>'session' = '{c.id}'")
    assert opened == [[admin, user, "15", "ok"]]
    told = people(own)("audit").get("/v1/audit?verb=view_as").json["items"]
    assert c.id in str(told)
    # Who looked as whom, by both names; other sessions are not among it.
    a = people(own)("audit")
    got = a.get(f"/v1/audit?viewer={admin}&limit=1000").json["items"]
    mine = [e for e in got if e["session"] == c.id]
    assert [(e["verb"], e["outcome"]) for e in reversed(mine)] == [
        tuple(x[:2]) for x in seen]
    names = {x: own.psql(f"SELECT name FROM app_user WHERE id = '{x}'")[0][0]
             for x in (user, admin)}
    assert {(e["actor_name"], e["viewer_name"]) for e in mine} == {
        (names[user], names[admin])}
    assert {e["viewer"] for e in got} == {admin}
    assert a.get(f"/v1/audit?viewer={user}").json["items"] == []
    assert a.get("/v1/audit?viewer=x").status == 422


def test_both_see_the_session_and_both_may_end_it(own):
    who = people(own)
    for end in ("huangmaozhou", "security", None):
        c = view(own, minutes=5)
        for login in ("huangmaozhou", "security"):
            [s] = [s for s in who(login).get("/v1/sessions").json["items"]
                   if s["id"] == c.id]
            assert s["method"] == "view" and s["viewer"] == "security"
            assert s["user"] == "huangmaozhou"
            assert s["reason"] == "核对权限设置"
        assert c.id in str(who("security").get(
            "/v1/sessions?user=huangmaozhou").json)
        assert c.get("/v1/issues?limit=1").status == 200
        assert who("caowei").delete(f"/v1/sessions/{c.id}").status == 404
        if end is None:
            assert c.delete("/v1/sessions/current").status == 204
        else:
            assert who(end).delete(f"/v1/sessions/{c.id}").status == 204
        assert c.get("/v1/issues?limit=1").status == 401


def test_it_ends_by_itself_and_with_his_own(own):
    c = view(own, minutes=1)
    left = own.psql("SELECT extract(epoch FROM expires_at - now()) BETWEEN 30"
                    f" AND 60 FROM session WHERE id = '{c.id}'")
    assert left == [["t"]]
    own.psql("UPDATE session SET expires_at = now() + interval '2 s' WHERE id"
             f" = '{c.id}'")
    began = time.monotonic()
    wait_for(lambda: c.get("/v1/issues?limit=1").status == 401, 10, 0.1)
    assert time.monotonic() - began < 7
    hire(own, "aqyi", "security_admin")
    for end in ("UPDATE session SET revoked_at = now() WHERE user_id = $u",
                "UPDATE role_grant SET valid_to = now() WHERE user_id = $u",
                "UPDATE app_user SET status = 'locked' WHERE id = $u"):
        own.psql("UPDATE role_grant SET valid_to = NULL WHERE user_id ="
                 f" '{user_id(own, 'aqyi')}'; UPDATE app_user SET status ="
                 " 'active' WHERE login = 'aqyi'")
        own._people["aqyi"] = own.login("aqyi", "for-this-test")
        c = view(own, by="aqyi")
        assert c.get("/v1/issues?limit=1").status == 200
        own.psql(end.replace("$u", f"'{user_id(own, 'aqyi')}'"))
        wait_for(lambda: c.get("/v1/issues?limit=1").status == 401, 6, 0.1)
    with pytest.raises(AssertionError, match="session_view"):
        own.psql("UPDATE session SET expires_at = created_at + interval"
                 " '31 minutes' WHERE method = 'view'")


def test_who_looks_as_whom(own):
    hire(own, "aqxian", "security_admin")
    hire(own, "aqzhen", "security_admin", TOWN, by="aqxian")
    assert look(own, "huangmaozhou", "aqzhen").status == 201
    for user, by, status, code in (
            ("caowei", "aqzhen", 422, "invalid"),
            ("nongye", "aqzhen", 422, "invalid"),
            ("nobody", "security", 422, "invalid"),
            ("shizhuanban", "aqzhen", 422, "invalid"),
            ("aqzhen", "aqzhen", 403, "not_viewable"),
            ("aqzhen", "aqxian", 403, "not_viewable"),
            ("shenji", "security", 403, "not_viewable"),
            ("audit", "security", 403, "not_viewable"),
            ("huangmaozhou", "nongye", 403, "denied"),
            ("huangmaozhou", "admin", 403, "denied"),
            ("huangmaozhou", "audit", 403, "denied"),
            ("huangmaozhou", "shenji", 403, "denied")):
        r = look(own, user, by)
        assert (r.status, r.json["code"]) == (status, code), (user, by, r)
    hire(own, "jiwei", "discipline")
    r = look(own, "jiwei", "aqxian")
    assert (r.status, r.json["code"]) == (403, "beyond_own")
    assert look(own, "jiwei").status == 201
    r = look(own, "nongye", role="township_clerk")
    assert (r.status, r.json["code"]) == (403, "no_role")
    for body in ({"minutes": 31}, {"minutes": 0}, {"minutes": "5"},
                 {"reason": ""}, {"reason": None}, {"user": None},
                 {"grant": "x"}, {"why": "x"}):
        assert look(own, **{"user": "nongye", **body}).status == 422, body
    # A view opens no other.
    assert view(own).post("/v1/sessions/view", {
        "user": "nongye", "reason": "x"}).json["code"] == "view_only"


def test_it_narrows_with_who_looks(own):
    """What he may administer no longer, he looks at no longer."""
    hire(own, "aqer", "security_admin")
    c = view(own, "nongye", "aqer")
    assert c.get("/v1/issues?limit=1").status == 200
    own.psql(f"UPDATE role_grant SET division_code = {SIBLING} WHERE user_id"
             f" = '{user_id(own, 'aqer')}'")
    wait_for(lambda: c.get("/v1/issues?limit=1").status == 401, 6, 0.1)
