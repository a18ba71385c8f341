"""Idempotency-Key (D4): every POST of the document takes it, whoever handles
it: once done, again the same reply, and for anything else a refusal."""
import json
import os
import signal
import threading
import uuid

import pytest

import files
from canaries import put_in, routes, units
from people import SIBLING, TOWN, people, report
from rows import MAKERS, MORE, Rows, model
from stack import ROOT, Stack, wait_for

KEY = "Idempotency-Key"
SIMPLE = [n for n, e in sorted(model().items()) if not e.parent and not any(
    f.type == "T_REF" and "F_REQUIRED" in f.flags for f in e.fields.values())
    and n != "attachment" and n not in MORE]    # what refers to nothing
VILLAGE = {"divisions": [{"code": str(int(TOWN) + 201), "name": "某某村",
                          "level": 5, "parent_code": TOWN}]}


@pytest.fixture(scope="module")
def land():
    s = Stack(demo=True, agent=False,
              env={"TAIZHANG_WEBHOOK_HOSTS": "local:127.0.0.1:9"})
    s.url = "http://127.0.0.1:9/x"
    s.start()
    try:
        s.rows = Rows(s)
        s.routes, s.doc = routes(s.client())
        s.units = units(s)
        yield s
    finally:
        s.stop()


def posts(land):
    return [(path, k) for method, path, k in land.routes if method == "POST"]


def test_it_is_documented_on_every_post(land):
    assert len(posts(land)) > 400
    for path, _ in posts(land):
        refs = [p.get("$ref", "") for p in
                land.doc["paths"][path]["post"]["parameters"]]
        assert f"#/components/parameters/{KEY}" in refs, path
    for path, item in land.doc["paths"].items():
        for method in ("get", "put", "patch", "delete"):
            assert KEY not in json.dumps(item.get(method, {}).get(
                "parameters", [])), (method, path)


def spent(c, path, body):
    """A key of this caller that is used up."""
    key = uuid.uuid4().hex
    r = c.post(path, body, headers={KEY: key})
    assert r.status < 300, r
    return c, key


def callers(land):
    """Everybody who may do something, each with a key that is used up."""
    who, unit = people(land), land.units[TOWN]
    login = {"login": "huangmaozhou", "password": land.password}
    seen = [spent(land.client(), "/v1/sessions", login),
            spent(unit.agent, f"/v1/sync/ledgers/{unit.ledger}/exports",
                  {"kind": "primary", "path": "x"}),
            spent(who("admin"), "/v1/divisions:bulk", VILLAGE),
            spent(who("security"), "/v1/users", {
                "login": "xinlai", "name": "新来", "division_code": TOWN,
                "password": "x1234567x",
                "grants": [{"role": "township_clerk"}]})]
    for login in [*MAKERS, "nongye", "huangmaozhou-lead", "shizhanban"]:
        if login not in land._people and login not in MAKERS:
            try:
                who(login)
            except AssertionError:
                continue
        c = who(login)
        for entity in SIMPLE:
            key = uuid.uuid4().hex
            e = land.rows.model[entity]
            r = c.post(f"/v1/{e.path}", {"division_code": TOWN,
                                         **land.rows.body(entity)},
                       headers={KEY: key})
            if r.status == 201:
                seen.append((c, key))
                break
    return seen


def post(c, at, key):
    if at == "/v1/attachments":
        return files.send(c, files.jpeg(), **{KEY: key})
    return c.post(at, {"x": 1}, headers={KEY: key})


def test_every_post_asks_for_it_first(land):
    """A key that was used for something else is refused before anything is
    looked at: the claim stands before every handler."""
    who = callers(land)
    for path, k in posts(land):
        at, got = put_in(path, str(uuid.uuid4())), []
        if k == "batch":
            continue
        for c, key in who:
            if path == "/v1/sessions" and c.token is not None:
                continue
            r = post(c, at, key)
            got.append((r.status, r.json["code"]))
            if got[-1] == (422, "idempotency_mismatch"):
                break
        assert got[-1] == (422, "idempotency_mismatch"), (path, got)


def test_a_key_too_long_is_refused_as_documented(land):
    """On every POST, the token's too, whose own refusals are RFC 6749's: the
    client compares each reply with the document."""
    who, refused = [c for c, _ in callers(land)], (400, "bad_idempotency_key")
    for path, k in posts(land):
        at, got = put_in(path, str(uuid.uuid4())), []
        for c in who if k != "batch" else ():
            r = post(c, at, "x" * 201)
            got.append((r.status, r.json["code"]))
            if got[-1] == refused:
                break
        assert got[-1:] in ([refused], []), (path, got)


# ---- the same reply again ----------------------------------------------------

def kinds(land):
    """One request of every kind of handler: who, path, body."""
    who, unit, rows = people(land), land.units[TOWN], land.rows
    clerk, admin, agent = who("huangmaozhou"), who("admin"), unit.agent
    issue = f"/v1/issues/{report(clerk)['id']}"
    home = rows.body("household")
    c, project, _ = rows.make("project")
    hook = who("nongye").post("/v1/webhooks", {"url": land.url})
    assert hook.status == 201, hook
    hook = f"/v1/webhooks/{hook.json['id']}"
    binding = {"action": "lookback-2023", "division": TOWN, "name": "甲",
               "templates": ["X01"]}
    given = admin.post("/v1/bindings", binding)
    if given.status != 201:
        binding["action"] = land.psql("SELECT code FROM action")[0][0]
        given = admin.post("/v1/bindings", binding)
    assert given.status == 201, given
    return [
        (land.client(), "/v1/sessions", {"login": "nongye",
                                         "password": land.password}),
        (clerk, "/v1/households", home),
        (clerk, "/v1/households/bulk", {"items": [rows.body("household"),
                                                  rows.body("household")]}),
        (clerk, issue + "/evidence", {"kind": "photo", "title": "现场"}),
        (clerk, issue + "/progress", {"text": "已开工"}),
        (clerk, issue + "/assign", {"responsible_subject_kind": "township",
                                    "due_on": "2023-05-31"}),
        (c, f"/v1/projects/{project['id']}/void", {"reason": "重复登记"}),
        (admin, "/v1/divisions:bulk", VILLAGE),
        (who("security"), "/v1/users", {"login": "xinren", "name": "新人",
                              "division_code": TOWN, "password": "x1234567x",
                              "grants": [{"role": "township_clerk"}]}),
        (admin, "/v1/ledger-templates", {**json.loads(
            (ROOT / "conf/ledgers/x01.json").read_text()), "code": "X88"}),
        (admin, "/v1/bindings", {**binding, "name": "乙"}),
        (admin, f"/v1/bindings/{given.json['id']}/revoke", None),
        (agent, f"/v1/sync/ledgers/{unit.ledger}/exports",
         {"kind": "primary", "path": "y"}),
        (agent, "/v1/sync/files", {"path": "y", "file_sha": "0" * 64,
                                   "state": "ok", "code": "", "zh": "",
                                   "en": "", "ledger": unit.ledger}),
        (agent, f"/v1/sync/conflicts/{unit.conflict}/resolve",
         {"choose": "system"}),
        (who("caowei"), f"/v1/conflicts/{land.units[SIBLING].conflict}"
         "/resolve", {"choose": "system"}),
        (who("nongye"), "/v1/webhooks", {"url": land.url}),
        (who("nongye"), hook + "/rotate", None),
        (who("nongye"), hook + "/replay", {"since": "2023-01-01T00:00:00Z"}),
    ]


def again(c, path, body, key):
    head = {KEY: key}
    if path.endswith("/resolve"):    # once it is resolved, too
        head["If-Match"] = '"1"'
    if path == "/v1/attachments":
        return files.send(c, body, **head)
    return c.post(path, body, headers=head)


def test_the_same_reply_for_every_kind(land):
    shown = ("etag", "location", "content-type")
    for c, path, body in [*kinds(land), (people(land)("huangmaozhou"),
                                         "/v1/attachments", files.jpeg(999))]:
        key = uuid.uuid4().hex
        first = again(c, path, body, key)
        assert first.status in (200, 201, 204), (path, first)
        second = again(c, path, body, key)
        assert second.status == first.status, (path, first, second)
        assert second.body == first.body, path
        assert second.headers["idempotency-replayed"] == "true", path
        assert "idempotency-replayed" not in first.headers
        assert [second.headers.get(k) for k in shown] == \
            [first.headers.get(k) for k in shown], path
        other = again(c, path, files.jpeg(888) if isinstance(body, bytes)
                      else {**(body or {}), "x": 1}, key)
        assert (other.status, other.json["code"]) == (
            422, "idempotency_mismatch"), (path, other)
        kept = land.psql("SELECT coalesce(reply, ''), body_sha FROM"
                         f" idempotency WHERE key = '{key}'")
        assert len(kept) == 1 and kept[0][0], path
        # None of these can be in what is sealed: that is in base64.
        for clear in ('"token"', '"secret"', "division_code", "{", "whsec_"):
            assert clear not in kept[0][0], "replies are sealed"


def test_a_refusal_is_not_kept(land):
    """What was refused may be sent again, put right, with the same key."""
    c, key = people(land)("huangmaozhou"), uuid.uuid4().hex
    body = land.rows.body("household")
    assert again(c, "/v1/households", {**body, "x": 1}, key).status == 422
    made = again(c, "/v1/households", body, key)
    assert made.status == 201 and "idempotency-replayed" not in made.headers


def test_eight_at_once_do_it_once(land):
    clerk, admin = people(land)("huangmaozhou"), people(land)("security")
    for token, path, body in (
            (clerk.token, "/v1/households/bulk",
             {"items": [land.rows.body("household")]}),
            (admin.token, "/v1/users",
             {"login": "baren", "name": "八人", "division_code": TOWN,
              "password": "x1234567x",
              "grants": [{"role": "township_clerk"}]})):
        key, got = uuid.uuid4().hex, []

        def go():
            c = land.client(token)
            got.append(again(c, path, body, key))
            c.close()
        threads = [threading.Thread(target=go) for _ in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        good = [r for r in got if r.status == 200]
        assert len({r.body for r in good}) == 1, got
        assert {r.status for r in got} <= {200, 503}, got
        assert sum("idempotency-replayed" not in r.headers for r in good) == 1


def test_old_keys_are_forgotten(land):
    """The job runner, after 30 days; and it cannot read what it forgets."""
    c, key = spent(people(land)("huangmaozhou"), "/v1/households",
                   land.rows.body("household"))
    land.psql("UPDATE idempotency SET created_at = now() - interval '31 days'"
              f" WHERE key = '{key}'")
    with pytest.raises(AssertionError, match="permission denied"):
        land.psql("SELECT reply FROM idempotency", user="taizhang_jobs")
    os.kill(land.pids("taizhang-jobs")[0], signal.SIGTERM)
    wait_for(lambda: land.psql("SELECT count(*) FROM idempotency WHERE key ="
                               f" '{key}'") == [["0"]], 30)
    assert int(land.psql("SELECT count(*) FROM idempotency")[0][0]) > 0
