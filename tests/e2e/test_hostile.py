"""What no client of good will would send: every field at once, wrong types,
huge values, broken JSON, and two thousand bodies at random."""
import http.client
import json
import os
import random
import re
import string
import time

import pytest

from canaries import kind, put_in, surveyed
from people import GOOD, TOWN, people, report
from stack import Stack

REQUESTS = int(os.environ.get("TAIZHANG_HOSTILE", "2000"))
SEED = int(os.environ.get("TAIZHANG_SEED", "0")) or random.randrange(1 << 32)


@pytest.fixture(scope="module")
def world():
    with surveyed(Stack(demo=True, agent=False)) as s:
        yield s


def problem(r):
    """A refusal as D4 has it; returns the faults."""
    assert 400 <= r.status < 500, r
    assert r.headers["content-type"] == "application/problem+json", r
    p = r.json
    assert p["type"] == "urn:taizhang:problem:" + p["code"], r
    assert p["status"] == r.status and p["title"] and p["detail"], r
    for f in p["faults"]:
        # "" is the whole document: who or when, not a field.
        assert (f["pointer"] or r.status != 422) and f["rule"] and f["code"], r
        assert f["zh"] and f["en"] and f["message"], r
        assert re.search("[\u4e00-\u9fff]", f["zh"]), r
        assert not re.search("[\u4e00-\u9fff]", f["en"].replace("是", "")
                             .replace("否", "")), r
    return p["faults"]


def oauth_error(r):
    """What the token endpoint itself refuses (RFC 6749, 5.2)."""
    assert r.status in (400, 401), r
    assert r.headers["content-type"] == "application/json", r
    assert set(r.json) == {"error", "error_description"}, r


def alive(world):
    """No worker died, and nothing inside went wrong; that a statement took too
    long for a busy machine (57014) is told to its client, who asks again."""
    assert world.pids("kore") == world.workers
    for f in [world.dir / "run.log", *world.var.glob("log/*")]:
        text = "\n".join(x for x in f.read_text(errors="replace").splitlines()
                         if " sqlstate=57014 " not in x)
        for bad in ("status=500", "event=unhandled", "Sanitizer",
                    "worker exited", "event=sql"):
            assert bad not in text, (f, [x for x in text.splitlines()
                                         if bad in x][:5])


def schema(world, name):
    return world.doc["components"]["schemas"][name]


def asked(client, *what):
    """The reply; whom a busy machine tells to come again, he does."""
    for _ in range(9):
        r = client.request(*what)
        if r.status != 503 or "retry-after" not in r.headers:
            break
        time.sleep(1)
    return r


# ---- every field -------------------------------------------------------------

def test_every_field_of_an_issue_is_written_or_refused_by_name(world):
    """Mass assignment: each field the API shows, sent back one by one."""
    who = people(world)
    shown = who("nongye").get(f"/v1/issues/{world.units[TOWN].issue}").json
    allowed = set(schema(world, "issueNew")["properties"])
    change = set(schema(world, "issueChange")["properties"])
    clerk = who("huangmaozhou")
    assert len(shown) > 60 and allowed < set(shown)
    mine = report(clerk)
    fixed = {k: v for k, v in mine.items() if k not in change and k not in (
        "rev", "updated_at", "updated_by", "may", "faults", "labels")}
    for name, value in shown.items():
        for v in (value, None, "x", 1, True, [], {}, -1):
            r = clerk.post("/v1/issues", {**GOOD, name: v})
            if name not in allowed:
                assert r.status == 422, (name, v, r)
                assert f"/{name}" in [f["pointer"] for f in problem(r)]
            elif r.status != 201:
                assert f"/{name}" in [f["pointer"] for f in problem(r)], \
                    (name, v, r)
            now = clerk.get(f"/v1/issues/{mine['id']}").json
            r = clerk.patch(f"/v1/issues/{mine['id']}", {name: v},
                            rev=now["rev"])
            if name not in change:
                # As it is, what is fixed at the creation may come back.
                assert r.status == 422 or (
                    name in allowed and v == now[name]), (name, v, r)
            elif r.status != 200:
                assert f"/{name}" in [f["pointer"] for f in problem(r)], \
                    (name, v, r)
    now = clerk.get(f"/v1/issues/{mine['id']}").json
    assert {k: now[k] for k in fixed} == fixed
    alive(world)


def test_commands_take_their_own_fields_only(world):
    who = people(world)
    clerk = who("huangmaozhou")
    i = report(clerk)
    known = schema(world, "issue_assign")["properties"]
    for name, value in i.items():
        if name in known:
            continue
        r = clerk.post(f"/v1/issues/{i['id']}/assign", {
            "responsible_subject_kind": "township", name: value})
        assert r.status == 422, (name, r)
        assert f"/{name}" in [f["pointer"] for f in problem(r)], (name, r)
    now = clerk.get(f"/v1/issues/{i['id']}").json
    assert {k: now[k] for k in i} == i
    alive(world)


# ---- broken bodies -----------------------------------------------------------

RAW = [
    b"", b"{", b"[]", b"null", b'"x"', b"1", b"\xff\xfe", b"{\"a\":\"\xc0\x80\"}",
    b'{"goal":"\xed\xa0\x80"}', b'{"goal":"\\ud800"}', b'{"goal":"a\\u0000b"}',
    b'{"goal":1,"goal":2}', b'{"goal":1e400}', b'{"goal":NaN}',
    b'{"source_year":99999999999999999999999}',
    b'{"source_year":1e3}', b"{\"a\":" * 5000 + b"1" + b"}" * 5000,
    b"[" * 100000, b'{"extra":' + b'{"a":' * 100 + b"1" + b"}" * 101,
    b'{"goal":"x"} trailing', b"\xef\xbb\xbf{}", b"{'goal':1}", b'{"\\u0000":1}',
    b'{"' + b"k" * 100000 + b'":1}', b'{"goal":"' + b"x" * 900000 + b'"}',
    b'{"extra":{' + b",".join(b'"%d":1' % n for n in range(20000)) + b"}}",
]


@pytest.mark.parametrize("n", range(len(RAW)))
def test_broken_bodies_are_refused_on_every_route(world, n):
    clerk, who = people(world)("huangmaozhou"), people(world)
    unit = world.units[TOWN]
    for method, path, k in world.routes:
        if method in ("GET", "DELETE") or path.startswith("/v1/sessions"):
            continue
        c = unit.agent if "/sync/" in path else \
            who("admin") if k in (None, "binding", "action") and \
            path != "/v1/issues" else clerk
        r = asked(c, method, put_in(path, unit.ids.get(k, "x")), RAW[n], {
            "Content-Type": "application/json", "If-Match": '"1"'})
        assert r.status < 500, (method, path, RAW[n][:60], r)
        if path == "/v1/issues":
            problem(r)
    alive(world)


def test_content_types_and_texts(world):
    clerk = people(world)("huangmaozhou")
    for ct in ("text/plain", "application/jsonx", "application/xml",
               "application/x-www-form-urlencoded"):
        r = clerk.request("POST", "/v1/issues", json.dumps(GOOD).encode(),
                          {"Content-Type": ct})
        assert r.status == 415, (ct, r)
        problem(r)
    for text in ("\u202eabc", "a\u2066b", "\x07", "\x7f", "\u200b" * 3,
                 "\ufeff", "\ud7ff\ufffe"):
        r = clerk.post("/v1/issues", {**GOOD, "goal": text})
        assert r.status in (201, 422), (text, r)
        if r.status == 201:       # what cannot be seen is not kept
            assert r.json["goal"] is None or \
                not re.search("[\u200b\u202a-\u202e\u2066-\u2069\x00-\x1f]",
                              r.json["goal"]), (text, r)
    alive(world)


# ---- at random ---------------------------------------------------------------

def resolve(world, s):
    while "$ref" in s:
        at, s = s["$ref"], world.doc
        for part in at.split("/")[1:]:
            s = s[part]
    return s


WILD = [None, True, False, 0, -1, 1, 2 ** 31, 2 ** 63 - 1, -2 ** 63, 1.5,
        1e308, "", " ", "0", "x", "是", "null", "2023-02-30", "2023-04-06",
        "0000-00-00", "9999-12-31", "99999-01-01", "2023-04-06T99:99:99Z",
        "2023-04-06T08:00:00+99:99", "'; DROP TABLE issue; --", "%s%n%x",
        "\\", '"', "{}", "$1", "infinity", "now", "00000000-0000-0000-0000-"
        "000000000000", "430981107000", "999999999999", "43098110700",
        "立项批复", "Y-1", "=cmd|'/c calc'!A1", "\u202e", "a" * 3000,
        "汉" * 2500, [], {}, [[]], [None], {"a": 1}, [1, "x"], ["x"] * 300,
        {"": ""}, "\n\n", "１２３"]


def value(world, rng, s, depth=0):
    """Something like what the schema wants, or something wild."""
    s = resolve(world, s)
    if rng.random() < 0.15 or depth > 6:
        return rng.choice(WILD)
    t = s.get("type")
    if isinstance(t, list):
        t = rng.choice(t)
    for key in ("enum", "examples"):
        if key in s and rng.random() < 0.7:
            return rng.choice(s[key])
    for key in ("oneOf", "anyOf", "allOf"):
        if key in s:
            return value(world, rng, rng.choice(s[key]), depth + 1)
    if t == "object" or "properties" in s:
        out = {}
        must = s.get("required", [])
        for name, sub in s.get("properties", {}).items():
            if rng.random() < (0.9 if name in must else 0.25):
                out[name] = value(world, rng, sub, depth + 1)
        if rng.random() < 0.1:
            out[rng.choice(["x", "", "/", "~", "id", "rev", "state", "__proto__",
                            "汉", "a" * 300])] = rng.choice(WILD)
        return out
    if t == "array":
        return [value(world, rng, s.get("items", {}), depth + 1)
                for _ in range(rng.choice([0, 1, 1, 2, 3]))]
    if t == "integer":
        return rng.choice([0, 1, 4, 2023, -1, 2 ** 31])
    if t == "boolean":
        return rng.choice([True, False])
    if t == "string" and rng.random() < 0.5:
        return "".join(rng.choices(string.printable + "汉字稻虾，。",
                                   k=rng.randrange(12)))
    return rng.choice(WILD)


def nearly(rng, s, path, stack):
    """The schema's own example, right but for one thing or none: what gets
    past the checks of the body and on to the guards, rules and the database."""
    if path == "/v1/issues":
        out = dict(GOOD)
    elif path == "/v1/sessions":
        # Right name and password: twenty failures lock the address.
        out = {"login": rng.choice(["huangmaozhou", "nongye"]),
               "password": stack.password}
        if rng.random() < 0.5:
            out[rng.choice(["x", "role", "division", "device"])] = \
                rng.choice(WILD)
        return out
    else:
        # References would name what is not there.
        props, few = s.get("properties", {}), rng.choice([0, .2, 1])
        out = {k: v for k, v in s.get("example", {}).items()
               if k in s.get("required", []) or rng.random() < few and
               "x-entity" not in props.get(k, {})}
    if rng.random() < 0.4:
        out[rng.choice([*out, *s.get("properties", {}), "extra", "x"])] = \
            rng.choice(WILD)
    return out


def batch(rng, unit):
    """A batch that gets past the door, with anything in its rows."""
    rows = []
    for _ in range(rng.randrange(4)):
        if rng.random() < 0.3:
            rows.append({"op": "upd", "row": unit.issue, "at": 6, "f": {
                "measures": [unit.word, rng.choice(["x", "y", unit.word])]}})
            continue
        names = ["goal", "category", "accepted", "closed", "leader_phone",
                 "description", "progress_text", "extra.x", "extra.", "",
                 "nonsense", "division_code", "filler_name", "project_uid"]
        cells = {rng.choice(names): rng.choice(
            [["", "x"], ["x", "y", "z"], [], ["a"], "x", *WILD])
            for _ in range(rng.randrange(4))}
        rows.append({
            "op": rng.choice(["upd", "ins", "del", "back", "", None]),
            "row": rng.choice([unit.issue, unit.ledger, *WILD]),
            "at": rng.choice([6, 0, -1, 2 ** 40, "6", None]), "f": cells,
            **({"op_id": rng.choice(["0" * 64, "g" * 64, *WILD])}
               if rng.random() < .5 else {}),
            **({"base": rng.choice([{"goal": "x"}, *WILD])}
               if rng.random() < .5 else {}),
            **({"copied_from": rng.choice([unit.issue, *WILD])}
               if rng.random() < .2 else {})})
    return {"export": unit.export, "ledger": unit.ledger,
            "file_sha": "0" * 64, "path": rng.choice(["x", "x", "", None]),
            "chunk": rng.choice([0, 0, 0, -1, "0"]), "rows": rows}


def sheet(rng, path, unit):
    """A body of the sheet sync that is right but for one thing or two."""
    if path.endswith("/exports"):
        out = {"kind": rng.choice(["primary", "adopted"]), "path": "x",
               "instance": None}
    elif path.endswith("/files"):
        out = {"path": "x", "state": "ok", "file_sha": "", "code": "",
               "zh": "", "en": "", "ledger": unit.ledger}
    elif path.endswith("/resolve"):
        out = {"choose": rng.choice(["system", "file", "value"])}
    else:
        return batch(rng, unit)
    for _ in range(rng.choice([0, 0, 1, 2])):
        out[rng.choice([*out, "value", "x"])] = rng.choice(WILD)
    return out


class Walk:
    """A request at random: most where ledgers live, for the others need a row
    of theirs first, and half of them nearly right."""

    def __init__(self, world, rng):
        self.world, self.rng, self.unit = world, rng, world.units[TOWN]
        self.issues = [self.unit.issue]
        self.writes = [x for x in world.routes
                       if x[0] in ("POST", "PATCH", "PUT")
                       and x[1] != "/v1/bindings/{id}/revoke"]
        self.near = [x for x in self.writes if re.match(
            "/v1/(issues|sync|sessions|users|bindings|conflicts)", x[1])]

    def one(self):
        """(who, method, path, its template, raw body, headers)"""
        rng = self.rng
        method, path, k = rng.choice(
            self.writes if rng.random() < 0.1 else self.near)
        body = self.body(method, path)
        raw = json.dumps(body, ensure_ascii=rng.random() < .5).encode(
            "utf-8", "surrogatepass")
        if rng.random() < 0.05 and path != "/v1/sessions":
            at = rng.randrange(len(raw) + 1)
            raw = raw[:at] + rng.choice([b"", b"\xff", b"\0", b"}", b"\\"]) + \
                raw[at + rng.randrange(3):]
        ident = self.unit.ids.get(k, "x")
        if k == "issue":
            ident = rng.choice(self.issues)
        if k == "batch":
            ident = "".join(rng.choices("abcdefghijklmnopqrstuvwxyz234567",
                                        k=rng.choice([52, 52, 52, 51])))
        who, at = self.who(path), put_in(path, ident)
        return who, method, at, path, raw, self.head(who, method, at)

    def body(self, method, path):
        rng, world = self.rng, self.world
        op = world.doc["paths"][path][method.lower()]
        s = resolve(world, op.get("requestBody", {}).get("content", {}).get(
            "application/json", {}).get("schema", {}))
        if ("/sync/" in path or "/resolve" in path) and rng.random() < 0.8:
            return sheet(rng, path, self.unit)
        if path == "/v1/sessions" or rng.random() < 0.5:
            return nearly(rng, s, path, world)
        return value(world, rng, s)

    def who(self, path):
        who = people(self.world)
        if "/sync/" in path:
            return self.unit.agent
        return who(self.rng.choice(
            ["huangmaozhou", "huangmaozhou", "nongye", "admin", "shizhuanban"]
            if kind(path) or path == "/v1/issues"
            else ["admin", "huangmaozhou"]))

    def head(self, who, method, at):
        rng, head = self.rng, {"Content-Type": "application/json"}
        if rng.random() < 0.8:
            rev = rng.choice([1, 1, 2, 3])
            head["If-Match"] = rng.choice([f'"{rev}"', f'"{rev}"', "x",
                                           '"99999999999999999999"'])
        if method in ("PATCH", "PUT") and rng.random() < 0.5:
            head["If-Match"] = who.get(at).headers.get("etag", "x")
        if rng.random() < 0.2:
            head["Idempotency-Key"] = rng.choice(
                ["a", "b", "c" * 201, "e e", "%", str(rng.random())])
        return head


def test_random_bodies_never_break_the_server(world, capsys):
    walk = Walk(world, random.Random(SEED))
    with capsys.disabled():
        print(f" seed {SEED}", end="", flush=True)
    seen = {}
    for n in range(REQUESTS):
        c, method, at, path, raw, head = walk.one()
        told = (SEED, n, method, at, raw[:600], head)
        try:
            r = asked(c, method, at, raw, head)
        except (OSError, http.client.HTTPException) as e:
            raise AssertionError((told, e)) from e
        assert r.status < 500, (told, r)
        if r.status >= 400:
            try:
                if path == "/v1/token" and "error" in r.json:
                    oauth_error(r)
                else:
                    problem(r)
            except AssertionError as e:
                raise AssertionError((told, e)) from e
        if r.status == 201 and path == "/v1/issues":
            walk.issues = [*walk.issues[-4:], r.json["id"]]
        key = (path, r.status // 100)
        seen[key] = seen.get(key, 0) + 1
    alive(world)
    good = {p for p, cls in seen if cls == 2}
    assert len(good) >= 4, good   # it got through to where things happen
