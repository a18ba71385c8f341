"""Third-party applications: what they are given, what a token reaches alone
and for a person, and when it ends."""
import base64
import time
import urllib.parse
import uuid

import pytest

from people import COUNTY, SIBLING, TOWN, people, report
from stack import wait_for
from test_login import events

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS = "urn:ietf:params:oauth:token-type:access_token"
READ = ["issue:read", "project:read", "division:read"]


def admit(county, scopes=READ, divisions=(COUNTY,), who="security", **more):
    r = people(county)(who).post("/v1/clients", {
        "name": "县大数据平台", "divisions": list(divisions),
        "scopes": scopes, "valid_to": "2099-01-01T00:00:00Z", "clearance": 2,
        **more})
    assert r.status == 201, r
    return r.json["client_id"], r.json["client_secret"]


def ask(county, client, basic=False, **form):
    form.setdefault("grant_type", "client_credentials")
    head = {"Content-Type": "application/x-www-form-urlencoded"}
    if basic:
        head["Authorization"] = "Basic " + base64.b64encode(
            ":".join(client).encode()).decode()
    else:
        form.setdefault("client_id", client[0])
        form.setdefault("client_secret", client[1])
    return county.client().post("/v1/token", urllib.parse.urlencode(form)
                                .encode(), headers=head)


def acting(county, client, session, **form):
    """The application, for whoever holds that session."""
    r = ask(county, client, grant_type=EXCHANGE, subject_token=session.token,
            subject_token_type=ACCESS, **form)
    assert r.status == 200, r
    assert r.json["issued_token_type"] == ACCESS
    return county.client(r.json["access_token"])


def refused(reply, error, status=400):
    assert (reply.status, reply.json.get("error")) == (status, error), reply


# ---- who is admitted -----------------------------------------------------------

def test_only_security_administrators_admit_and_never_wider(county):
    for login in ("admin", "nongye", "huangmaozhou", "shenji", "audit"):
        assert people(county)(login).get("/v1/clients").status == 403, login
        assert people(county)(login).post("/v1/clients", {}).status == 403
    login = "s" + uuid.uuid4().hex[:8]
    security = people(county)("security")
    r = security.post("/v1/users", {
        "login": login, "name": "镇安全员", "division_code": TOWN,
        "password": county.password, "grants": [{"role": "security_admin"}]})
    assert r.status == 200, r
    town = county.login(login)
    people(county)(login)
    body = {"name": "x", "scopes": READ, "valid_to": "2099-01-01T00:00:00Z"}
    for divisions in ([COUNTY], [SIBLING], [TOWN, COUNTY], ["43098110700"],
                      [], "x", None, [None]):
        r = town.post("/v1/clients", {**body, "divisions": divisions})
        assert r.status == 422, divisions
    mine = admit(county, divisions=[TOWN], who=login)
    theirs = admit(county)
    assert [c["id"] for c in town.get("/v1/clients").json["items"]] == \
        [mine[0]]
    for method, path in (("PUT", ""), ("POST", "/secret"), ("DELETE", "")):
        r = town.request(method, f"/v1/clients/{theirs[0]}{path}",
                         {**body, "divisions": [TOWN]}
                         if method == "PUT" else None)
        assert r.status == 404, (method, path)
    assert {e["row"] for e in events(county, "client_create", login)} == \
        {mine[0]}


@pytest.mark.parametrize("scope", [
    "issue", "issue:", ":read", "issue:write", "nothing:read", "*:read",
    "issue:*", "issue:read:", "issue:read:" + "x" * 64, "issue:read issue:move",
    "issue:approved", "", None, 7])
def test_scopes_are_of_the_model(county, scope):
    r = people(county)("security").post("/v1/clients", {
        "name": "x", "divisions": [COUNTY], "scopes": [scope],
        "valid_to": "2099-01-01T00:00:00Z"})
    assert r.status == 422
    assert [f["pointer"] for f in r.json["faults"]] == ["/scopes/0"]


# ---- RFC 6749 --------------------------------------------------------------------

def test_credentials(county):
    client = admit(county)
    for basic in (False, True):
        r = ask(county, client, basic)
        assert r.status == 200, r
        assert r.json["token_type"] == "Bearer"
        assert r.json["expires_in"] == 3600
        assert set(r.json["scope"].split()) == set(READ)
        assert r.headers["cache-control"] == "no-store"
    r = ask(county, client, scope="issue:read")
    assert r.json["scope"] == "issue:read"
    refused(ask(county, client, scope="issue:read issue:change"),
            "invalid_scope")
    turned = client[1][:-1] + ("A" if client[1][-1] != "A" else "B")
    refused(ask(county, (client[0], turned)), "invalid_client", 401)
    refused(ask(county, (str(uuid.uuid4()), client[1])), "invalid_client",
            401)
    refused(ask(county, ("x", "y"), basic=True), "invalid_client", 401)
    refused(ask(county, client, basic=True, client_secret=client[1]),
            "invalid_request")
    refused(ask(county, client, grant_type="password"),
            "unsupported_grant_type")
    refused(ask(county, client, grant_type=EXCHANGE), "invalid_request")
    refused(ask(county, client, grant_type=EXCHANGE, subject_token="x",
                subject_token_type=ACCESS), "invalid_grant")
    r = county.client().post("/v1/token", {"grant_type": "x"})
    refused(r, "invalid_request")
    kept = county.psql("SELECT secret_hash FROM client_app UNION ALL"
                       " SELECT token_hash FROM client_token")
    assert all(len(k[0]) == 64 for k in kept)
    assert {e["row"] for e in events(county, "token")} >= {client[0]}


def test_alone_it_sees_what_is_published(county):
    client = admit(county, scopes=["issue:read", "project:read",
                                   "household:read", "contact:read"])
    r = ask(county, client)
    c = county.client(r.json["access_token"])
    me = c.get("/v1/me").json
    assert (me["role"], me["client"]) == ("api_client", client[0])
    for path in ("/v1/issues", "/v1/households", "/v1/contacts",
                 "/v1/divisions", "/v1/clients", "/v1/users", "/v1/sessions",
                 "/v1/audit"):
        assert c.get(path).status in (403, 404, 405), path
    assert c.get("/v1/projects?limit=1").status == 200
    assert c.post("/v1/projects", {}).status == 403


# ---- for a person ------------------------------------------------------------------

def test_never_wider_than_either(county):
    clerk = county.login("huangmaozhou")
    mine = report(clerk)
    sibling = report(county.login("caowei"))
    county_wide = admit(county)
    c = acting(county, county_wide, clerk)
    me = c.get("/v1/me").json
    assert (me["login"], me["client"]) == ("huangmaozhou", county_wide[0])
    assert c.get(f"/v1/issues/{mine['id']}").status == 200
    assert c.get(f"/v1/issues/{sibling['id']}").status == 404, "the user's"
    for method, path, body in (
            ("POST", "/v1/issues", {}), ("GET", "/v1/households", None),
            ("POST", f"/v1/issues/{mine['id']}/accept", {}),
            ("POST", f"/v1/issues/{mine['id']}/unmask", {}),
            ("PUT", "/v1/me/password", {}), ("GET", "/v1/sessions", None),
            ("POST", "/v1/me/totp", {}), ("GET", "/v1/me/identities", None),
            ("POST", "/v1/users", {}), ("GET", "/v1/clients", None)):
        assert c.request(method, path, body).status == 403, path

    bureau = county.login("nongye")
    town_only = admit(county, divisions=[TOWN])
    c = acting(county, town_only, bureau)
    assert c.get(f"/v1/issues/{mine['id']}").status == 200
    assert c.get(f"/v1/issues/{sibling['id']}").status == 404, "the client's"
    seen = c.get("/v1/issues?limit=200").json["items"]
    assert seen and {x["unit_code"] for x in seen} == {TOWN}
    r = ask(county, admit(county, divisions=[SIBLING]), grant_type=EXCHANGE,
            subject_token=clerk.token, subject_token_type=ACCESS)
    refused(r, "invalid_grant")

    both = admit(county, divisions=[TOWN, SIBLING])
    r = ask(county, both, grant_type=EXCHANGE, subject_token=bureau.token,
            subject_token_type=ACCESS)
    refused(r, "invalid_request")
    c = acting(county, both, bureau, division=SIBLING)
    assert c.get(f"/v1/issues/{sibling['id']}").status == 200
    assert c.get(f"/v1/issues/{mine['id']}").status == 404


def test_a_token_is_not_exchanged_for_another(county):
    client = admit(county)
    token = ask(county, client).json["access_token"]
    refused(ask(county, client, grant_type=EXCHANGE, subject_token=token,
                subject_token_type=ACCESS), "invalid_grant")


def test_changes_feed_shows_the_scopes_only(county):
    bureau = county.login("nongye")
    report(county.login("huangmaozhou"))
    c = acting(county, admit(county, scopes=["issue:read"]), bureau)
    r = c.get("/v1/changes?limit=1000")
    assert r.status == 200
    assert {x["entity"] for x in r.json["items"]} <= {"issue"}
    assert c.get("/v1/changes?entity=project").status in (400, 422)


def test_writing_is_a_scope_and_approving_another(county):
    clerk = county.login("huangmaozhou")
    c = acting(county, admit(county, scopes=[
        "issue:read", "issue:create", "issue:move"], personal=True), clerk)
    made = report(c)
    row = county.psql("SELECT created_by FROM issue WHERE id ="
                      f" '{made['id']}'")
    assert row == [[c.get("/v1/me").json["id"]]], "by the person"
    logged = county.psql(
        "SELECT client, via FROM audit.event WHERE row_id ="
        f" '{made['id']}' AND client IS NOT NULL LIMIT 1")
    assert logged and logged[0][1] == row[0][0]
    # `may` of a row tells of no command that the scopes do not give.
    doc = c.get(f"/v1/issues/{made['id']}").json
    alone = clerk.get(f"/v1/issues/{made['id']}").json
    assert set(doc["may"]) <= set(alone["may"])
    reader = acting(county, admit(county, scopes=["issue:read"]), clerk)
    shown = reader.get(f"/v1/issues/{made['id']}").json
    assert "13800000001" in str(alone) and "13800000001" not in str(shown)
    assert reader.get(f"/v1/issues/{made['id']}").json["may"] == []


def test_one_action(county):
    bureau = county.login("nongye")
    client = admit(county, scopes=["issue:read:yuanjiang-2023"])
    c = acting(county, client, bureau)
    items = c.get("/v1/issues?limit=200").json["items"]
    ids = {x["id"] for x in items}
    other = county.psql(
        "SELECT i.id FROM issue i JOIN action a ON a.id = i.action_id"
        " WHERE a.code <> 'yuanjiang-2023'")
    assert not ids & {x[0] for x in other}
    refused(ask(county, admit(county, scopes=["issue:read:no-such"])),
            "invalid_scope")
    two = admit(county, scopes=["issue:read:yuanjiang-2023",
                                "issue:read:another"])
    refused(ask(county, two), "invalid_scope")


# ---- and when it ends -----------------------------------------------------------------

def test_it_ends_with_the_session_the_grant_and_the_client(county):
    client = admit(county)

    def gone(c):
        wait_for(lambda: c.get("/v1/issues?limit=1").status == 401, 5,
                 why="ended")
    user = county.login("gonghua")
    c = acting(county, client, user)
    assert c.get("/v1/issues?limit=1").status == 200
    user.delete("/v1/sessions/current")
    gone(c)

    user = county.login("gonghua")
    c = acting(county, client, user)
    assert c.delete("/v1/sessions/current").status == 204
    gone(c)
    assert user.get("/v1/me").status == 200, "only the token ended"

    security = people(county)("security")
    body = {"name": "县大数据平台", "divisions": [COUNTY], "scopes": READ,
            "valid_to": "2099-01-01T00:00:00Z"}
    for change in (
            lambda: security.put(f"/v1/clients/{client[0]}",
                                 {**body, "scopes": ["issue:read"]}),
            lambda: security.put(f"/v1/clients/{client[0]}",
                                 {**body, "status": "suspended"}),
            lambda: security.put(f"/v1/clients/{client[0]}",
                                 {**body, "valid_to": "2020-01-01T00:00:00Z"}),
            lambda: security.post(f"/v1/clients/{client[0]}/secret"),
            lambda: security.delete(f"/v1/clients/{client[0]}")):
        security.put(f"/v1/clients/{client[0]}", body)
        c = acting(county, client, user)
        r = change()
        assert r.status in (201, 204), r
        gone(c)
        if r.status == 201:
            refused(ask(county, client), "invalid_client", 401)
            client = (r.json["client_id"], r.json["client_secret"])
    refused(ask(county, client), "invalid_client", 401)
    assert security.put(f"/v1/clients/{client[0]}", body).status == 404

    client = admit(county)
    c = acting(county, client, user)
    county.psql("UPDATE client_token SET expires_at = now()")
    gone(c)


def test_rate(county):
    client = admit(county, rate=5)
    c = county.client(ask(county, client).json["access_token"])
    other = county.client(ask(county, client).json["access_token"])
    got = [(c if n % 2 else other).get("/v1/me") for n in range(12)]
    codes = [r.status for r in got]
    assert codes[:5] == [200] * 5 and 429 in codes, codes
    r = next(r for r in got if r.status == 429)
    assert int(r.headers["retry-after"]) > 0
    assert '"application";q=5;w=10' in r.headers["ratelimit-policy"]
    time.sleep(int(r.headers["retry-after"]) + 1)
    assert c.get("/v1/me").status == 200


def test_rows_as_files(county):
    bureau = county.login("nongye")
    for _ in range(3):
        report(county.login("huangmaozhou"))
    none = acting(county, admit(county), bureau)
    r = none.get("/v1/issues?format=csv")
    assert (r.status, r.json["code"]) == (429, "too_many_requests")
    assert none.get("/v1/issues?limit=1").status == 200
    rows = len(bureau.get("/v1/issues?format=ndjson").text.splitlines())
    c = acting(county, admit(county, export_rows=rows + 1), bureau)
    r = c.get("/v1/issues?format=ndjson")
    assert r.status == 200 and len(r.text.splitlines()) <= rows
    r = c.get("/v1/issues?format=ndjson")
    assert r.status == 429 and int(r.headers["retry-after"]) > 0
