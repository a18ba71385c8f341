"""GET /v1/explain: for any user, verb or command, and object; what it says is
what happens, and it says no more than the asker may know (issue 4.7)."""
import uuid

import pytest
from people import SIBLING, TOWN, done, hire, people, report
from stack import Stack

PEOPLE = ("huangmaozhou", "huangmaozhou-lead", "caowei", "bumen", "bumenlead",
          "nongye", "shizhuanban", "shizhang", "shenji")


@pytest.fixture(scope="module")
def own():
    s = Stack(demo=True, agent=False).start()
    yield s
    s.stop()


def ask(own, by, user, action, at=None):
    q = f"/v1/explain?action={action}"
    q += f"&user={user}" if user else ""
    q += f"&object={at}" if at else ""
    return people(own)(by).get(q)


def told(own, user, action, at=None, by="security"):
    r = ask(own, by, user, action, at)
    assert r.status == 200, r
    x = r.json
    assert x["allowed"] == any(g["allowed"] for g in x["grants"])
    assert (x["refused"] is None) == x["allowed"]
    for g in x["grants"]:
        assert (g["refused"] is None) == g["allowed"]
        assert g["allowed"] or g["refused"]["zh"] and g["refused"]["en"]
    return x


def why(own, user, action, at=None, by="security"):
    x = told(own, user, action, at, by)
    return x["refused"] and x["refused"]["code"]


@pytest.mark.parametrize("step", ["new", "assigned", "closed"])
def test_it_says_what_happens(own, step):
    who = people(own)
    row = report(who("huangmaozhou"))
    if step != "new":
        done(who("huangmaozhou"), row, "assign", due_on="2023-05-31",
             responsible_subject_kind="township")
    if step == "closed":
        done(who("nongye"), row, "void", reason="误报")
    path = f"/v1/issues/{row['id']}"
    rev = who("nongye").get(path).json["rev"]
    for login in PEOPLE:
        c = who(login)
        seen = c.get(path)
        assert (why(own, login, "issue:read", row["id"]) is None) == \
            (seen.status == 200), login
        r = c.patch(path + "?dry_run=true", {"goal": "更高"}, rev=rev)
        code = why(own, login, "issue:change", f"issue/{row['id']}")
        assert (code is None) == (r.status == 200), (login, code, r)
        for name in ("assign", "plan", "close", "void", "suspend", "merge"):
            code = why(own, login, f"issues:{name}", f"issues/{row['id']}")
            may = seen.status == 200 and name in seen.json["may"]
            assert (code is None) == may, (login, name, code)
        for place in (TOWN, SIBLING):
            r = c.post("/v1/issues?dry_run=true", {"division_code": place})
            code = why(own, login, "issue:create", f"division/{place}")
            let_in = r.status == 422 and "/division_code" not in {
                f["pointer"] for f in r.json["faults"]}
            assert (code is None) == let_in, (login, place, code, r)


def test_which_condition_refuses(own):
    who = people(own)
    row = report(who("huangmaozhou"))
    at = f"issue/{row['id']}"
    hire(own, "tiaoxian", "dept_clerk", line_code="教体")
    assert why(own, "huangmaozhou", "issue:read", at) is None
    assert why(own, "huangmaozhou", "issue:close", at) == "who"
    assert why(own, "nongye", "issue:accept", at) == "state"
    assert why(own, "caowei", "issue:read", at) == "division"
    assert why(own, "tiaoxian", "issue:read", at) == "line"
    assert why(own, "nongye", "issue:change", at) == "role"
    assert why(own, "shenji", "issue:void", at) == "role"
    assert why(own, "huangmaozhou", "user:secure") == "role"
    assert why(own, "admin", "division:configure") is None
    assert why(own, "security", "user:secure") is None
    assert why(own, "audit", "audit:audit") is None
    assert why(own, "nongye", "issue:suspend") == "who"
    own.psql(f"UPDATE issue SET sensitivity = 3 WHERE id = '{row['id']}'")
    assert why(own, "huangmaozhou", "issue:read", at) == "clearance"
    own.psql(f"UPDATE issue SET sensitivity = 1 WHERE id = '{row['id']}'")
    for change, back, code in (
            ("app_user SET status = 'locked'", "status = 'active'", "locked"),
            ("app_user SET must_change = true", "must_change = false",
             "password_change_required")):
        whose = "WHERE login = 'caowei'"
        own.psql(f"UPDATE {change} {whose}")
        assert why(own, "caowei", "issue:read", at) == code
        own.psql(f"UPDATE app_user SET {back} {whose}")
    own.psql("UPDATE role_grant SET valid_to = now() WHERE user_id = (SELECT"
             " id FROM app_user WHERE login = 'tiaoxian')")
    assert why(own, "tiaoxian", "issue:read", at) == "not_valid"
    own.psql("DELETE FROM session WHERE user_id = (SELECT id FROM app_user"
             " WHERE login = 'tiaoxian'); DELETE FROM role_grant WHERE user_id"
             " = (SELECT id FROM app_user WHERE login = 'tiaoxian')")
    assert why(own, "tiaoxian", "issue:read", at) == "no_grant"


def test_who_may_ask(own):
    who = people(own)
    row = report(who("huangmaozhou"))
    at = f"issue/{row['id']}"
    for login in PEOPLE + ("admin", "audit"):
        r = ask(own, login, None, "issue:read")
        assert r.status == 200 and r.json["user"]["login"] == login
        assert ask(own, login, login, "issue:read").json == r.json
    for login in ("huangmaozhou", "caowei", "bumen", "admin", "audit"):
        assert ask(own, login, "nongye", "issue:read").status == 403
        assert ask(own, login, "nobody", "issue:read").status == 403
    assert why(own, "huangmaozhou", "issue:read", at, by="shenji") is None
    # About himself, of a row that he may not see: as if it were not there.
    hidden = ask(own, "caowei", None, "issue:read", at)
    missing = ask(own, "caowei", None, "issue:read", str(uuid.uuid4()))
    bodies = [dict(r.json, request_id="") for r in (hidden, missing)]
    assert hidden.status == 404 and bodies[0] == bodies[1]
    # Without the right to read such rows there is nothing to be asked.
    assert ask(own, "admin", None, "issue:read", at).status == 404


def test_administrators_stay_in_their_subtree(own):
    hire(own, "zhenaq", "security_admin", TOWN)
    who = people(own)
    mine, beside = report(who("huangmaozhou")), report(who("caowei"))
    assert why(own, "huangmaozhou", "issue:read", mine["id"], "zhenaq") is \
        None
    for row in (beside["id"], str(uuid.uuid4())):
        assert ask(own, "zhenaq", "huangmaozhou", "issue:read",
                   row).status == 404
    for user in ("caowei", "nongye", "nobody", "' OR 1"):
        r = ask(own, "zhenaq", user, "issue:read", mine["id"])
        assert r.status == 422, user
        assert r.json["faults"][0]["pointer"] == "?user"


def test_administrators_hear_no_values(own):
    """Not the state, the sensitivity, nor who accepts: conditions."""
    who = people(own)
    word = "canary" + uuid.uuid4().hex
    row = report(who("huangmaozhou"), goal=word)
    own.psql(f"UPDATE issue SET sensitivity = 3 WHERE id = '{row['id']}'")
    heard = ""
    for action in ("read", "change", "accept", "close", "start", "void"):
        heard += ask(own, "security", "nongye", f"issue:{action}",
                     row["id"]).text
    own.psql(f"UPDATE issue SET sensitivity = 1 WHERE id = '{row['id']}'")
    for action in ("read", "change", "accept", "close", "start", "void"):
        heard += ask(own, "security", "nongye", f"issue:{action}",
                     row["id"]).text
    for value in (word, "found", "发现", "张三", "13800000001", "级别为",
                  "sensitivity is 3", "township"):
        assert value not in heard, value
    assert "敏感级别高于" in heard and "现在的状态" in heard


@pytest.mark.parametrize("query", [
    "", "?action=", "?action=read", "?action=issue:fly", "?action=ghost:read",
    "?action=issue:read&object=project/{}", "?action=issue:read&object=/{}",
    "?action=issue:create&object=division/43098110700x", "?action=:read",
    "?action=user:read&object={}", "?action=issue:read&user=x'%20OR%201=1"])
def test_bad_questions(own, query):
    r = people(own)("security").get("/v1/explain" + query.format(uuid.uuid4()))
    assert r.status in (400, 422), r
    assert r.status == 400 or r.json["faults"][0]["pointer"]


def test_an_auditor_s_question_is_in_the_log(own):
    row = report(people(own)("huangmaozhou"))
    assert why(own, "huangmaozhou", "issue:read", row["id"], "shenji") is None
    assert own.psql("SELECT verb, outcome FROM audit.event WHERE route ="
                    f" 'explain' AND row_id = '{row['id']}'") == [
        ["access", "ok"]]


def test_what_a_grant_is_narrowed_to(own):
    """Coverage, action, rows of one's own: told as they are enforced. The
    last: with two actions one must say which."""
    who = people(own)
    row, mine = report(who("caowei")), report(who("huangmaozhou"))
    at = f"/v1/issues/{row['id']}"
    village = {"code": "430981107001", "name": "试验村", "level": 5,
               "parent_code": TOWN}
    assert who("admin").post("/v1/divisions:bulk", {
        "divisions": [village]}).status == 200
    own.psql("""
      INSERT INTO org_unit (id, code, name, kind, level, division_code)
        VALUES (gen_random_uuid(), 'zhanqu1', '第一战区', 'war_zone', 3,
          430981000000);
      INSERT INTO org_coverage (id, org_id, division_code, filing_level)
        SELECT gen_random_uuid(), id, 430981107000, 3 FROM org_unit
        WHERE code = 'zhanqu1';
      INSERT INTO action (id, code, name, level, division_code, year, doc_no,
          doc_title, start_on)
        VALUES (gen_random_uuid(), 'other-action', '另一行动', 3,
          430981108000, 2024, '1号', '通知', '2024-01-01')""")
    hire(own, "zhanqu", "war_zone", cover_org="zhanqu1")
    hire(own, "lingyi", "task_force", action="other-action")
    hire(own, "bangfu", "helper", "430981107001", own=[str(uuid.uuid4())])
    for login, code, row_at in (
            ("zhanqu", "coverage", at), ("lingyi", "action", at)):
        assert who(login).get(row_at).status == 404
        assert why(own, login, "issue:read", row["id"]) == code
    assert who("zhanqu").get(f"/v1/issues/{mine['id']}").status == 200
    assert why(own, "zhanqu", "issue:read", mine["id"]) is None
    own.psql("UPDATE issue SET division_code = 430981107001 WHERE id ="
             f" '{mine['id']}'")
    assert who("bangfu").get(f"/v1/issues/{mine['id']}").status == 404
    assert why(own, "bangfu", "issue:read", mine["id"]) == "own"
    own.psql("UPDATE role_grant SET own = ARRAY[(SELECT id FROM issue WHERE"
             f" id = '{mine['id']}')] WHERE role = 'helper'")
    assert why(own, "bangfu", "issue:read", mine["id"]) is None
    assert own.login("bangfu", "for-this-test").get(
        f"/v1/issues/{mine['id']}").status == 200


def test_an_account_that_is_locked_for_a_while(own):
    """Of who cannot sign in; who is signed in goes on working."""
    hire(own, "shut-out", "township_clerk", TOWN)
    c, key = own._people.pop("shut-out"), "for-this-test"
    row = report(people(own)("huangmaozhou"))
    at = f"issue/{row['id']}"
    for _ in range(20):
        r = own.client().post("/v1/sessions", {"login": "shut-out",
                                               "password": "wrong"})
        if r.status == 429:
            break
    assert r.json["code"] == "locked"
    assert why(own, "shut-out", "issue:read", at) is None
    assert c.get(f"/v1/issues/{row['id']}").status == 200
    assert c.delete("/v1/sessions/current").status == 204
    x = told(own, "shut-out", "issue:read", at)
    until, = own.psql("SELECT to_char(locked_until AT TIME ZONE"
                      " 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI') FROM"
                      " login_failure WHERE key = 'account:shut-out'")
    assert x["refused"]["code"] == "locked_out"
    assert until[0] in x["refused"]["zh"] and until[0] in x["refused"]["en"]
    assert [w["code"] for w in people(own)("nongye").get(
        f"/v1/issues/{row['id']}/explain?user=shut-out").json["grants"][0][
            "unseen"]] == ["locked_out"]
    # Over by itself.
    own.psql("UPDATE login_failure SET locked_until = now() WHERE key ="
             " 'account:shut-out'")
    assert why(own, "shut-out", "issue:read", at) is None
    assert own.login("shut-out", key).get("/v1/me").status == 200
