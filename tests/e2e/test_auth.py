"""Identities: signing in and out, lock-out, tokens, configuration."""
import time
import uuid

from people import COUNTY, people


def sign_in(stack, login, password):
    return stack.client().post("/v1/sessions", {"login": login,
                                                "password": password})


def test_me(county):
    me = people(county)("huangmaozhou").get("/v1/me").json
    assert (me["login"], me["role"], me["level"]) == \
        ("huangmaozhou", "township_clerk", 4)
    assert me["division"] == "430981107000" and me["grants"]


def test_wrong_password_and_unknown_user_look_the_same(county):
    spent, bodies = ([], []), []

    def alike():    # the quickest of each: the machine does other things
        return 0.2 < min(spent[0]) / min(spent[1]) < 5
    for n in range(40):
        if n >= 6 and n % 2 == 0 and alike():
            break
        name = "nobody-" + uuid.uuid4().hex[:6] if n % 2 else "yanzhihu"
        at = time.monotonic()
        r = sign_in(county, name, "not the password")
        spent[n % 2].append(time.monotonic() - at)
        assert r.status == 401
        bodies.append({k: v for k, v in r.json.items() if k != "request_id"})
        if n % 8 == 7:      # before the fifth of one account
            county.psql("DELETE FROM login_failure")
    assert all(b == bodies[0] for b in bodies), bodies
    assert alike(), spent
    county.psql("DELETE FROM login_failure")


def test_five_failures_lock_the_account_alone(county):
    name = "sijihong"
    for _ in range(5):
        assert sign_in(county, name, "wrong-one").status == 401
    r = sign_in(county, name, county.password)
    assert (r.status, r.json["code"]) == (429, "locked")
    assert 0 < int(r.headers["retry-after"]) <= 900
    assert sign_in(county, "sihushan", county.password).status == 201
    county.psql("UPDATE login_failure SET locked_until = now()")
    assert sign_in(county, name, county.password).status == 201
    county.psql("DELETE FROM login_failure")


def test_sign_out(county):
    c = county.login("nanzui")
    assert c.get("/v1/me").status == 200
    assert c.delete("/v1/sessions/current").status == 204
    assert c.get("/v1/me").status == 401


def test_sessions_end(county):
    c = county.login("xinwan")
    hashed = county.psql("SELECT id, token_hash FROM session s WHERE user_id ="
                         " (SELECT id FROM app_user WHERE login = 'xinwan')"
                         " ORDER BY created_at DESC LIMIT 1")[0]
    assert c.token not in hashed[1] and len(hashed[1]) == 64
    where = f"WHERE id = '{hashed[0]}'"
    county.psql("UPDATE session SET last_seen_at = now() - interval"
                f" '31 minutes' {where}")
    assert c.get("/v1/me").status == 401
    county.psql(f"UPDATE session SET last_seen_at = now() {where}")
    assert c.get("/v1/me").status == 200
    county.psql(f"UPDATE session SET expires_at = now() {where}")
    assert c.get("/v1/me").status == 401


def test_bad_tokens(county):
    good = people(county)("huangmaozhou").token
    for token in (None, "", "x", good[:-1], good + "a", "tz_a_" + good[5:],
                  good.swapcase()):
        assert county.client(token).get("/v1/me").status == 401, token


def test_body_of_the_sign_in_is_checked(county):
    c = county.client()
    assert c.post("/v1/sessions", {}).status == 422
    assert c.post("/v1/sessions", {"login": 1, "password": 2}).status == 422
    assert c.post("/v1/sessions", {"login": "a", "password": "b",
                                   "admin": True}).status == 422
    assert c.post("/v1/sessions", [1]).status in (400, 422)


def test_only_administrators_configure(county):
    for login in ("huangmaozhou", "nongye", "shenji", "shizhuanban"):
        c = people(county)(login)
        for path in ("/v1/divisions:bulk", "/v1/orgs", "/v1/users",
                     "/v1/actions"):
            assert c.post(path, {}).status == 403, (login, path)


def test_an_administrator_sees_no_business(county):
    for login in ("admin", "security", "audit"):
        c = people(county)(login)
        assert c.get("/v1/issues").status == 403
        assert c.post("/v1/issues", {}).status == 403
        assert c.get("/v1/divisions").status == 200


def test_users_are_loaded_by_login_and_can_be_taken_away(county):
    c = people(county)("security")
    login = "u-" + uuid.uuid4().hex[:8]
    user = {"login": login, "name": "赵一", "division_code": COUNTY,
            "org": "nyncj", "password": "long-enough-1",
            "grants": [{"role": "lead_bureau"}]}
    assert c.post("/v1/users", {**user, "password": "short"}).status == 422
    assert c.post("/v1/users", {k: v for k, v in user.items()
                                if k != "password"}).status == 422
    r = c.post("/v1/users", {**user, "grants": [
        {"role": "lead_bureau", "division_code": "000000000000"}]})
    assert r.status == 422, "no wider than one's own range"
    assert c.post("/v1/users", user).status in (200, 201)
    one = county.login(login, "long-enough-1")
    assert one.get("/v1/issues").status == 200
    assert c.post("/v1/users", {**user, "password": "long-enough-2"}
                  ).status == 200
    assert one.get("/v1/me").status == 401, "a new password ends sessions"
    one = county.login(login, "long-enough-2")
    same = {k: v for k, v in user.items() if k != "password"}
    assert c.post("/v1/users", {**same, "grants": []}).status == 200
    assert one.get("/v1/me").status == 401, "so does a role taken away"
    r = county.client().post("/v1/sessions", {
        "login": login, "password": "long-enough-2"})
    assert (r.status, r.json["code"]) == (403, "no_role")
    rows = county.psql("SELECT count(*) FROM history WHERE data::text LIKE"
                       " '%argon2%'")
    assert rows == [["0"]], "no password in history"
