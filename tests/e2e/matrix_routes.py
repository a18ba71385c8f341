"""What test_matrix_routes.py asks with: things of every place that paths name,
tokens that count no more, of agents and of applications, and the questions
beside those of test_matrix.py."""
import hashlib
import json
import re
import uuid
from types import SimpleNamespace as Thing

import policy
import policy_routes
from canaries import METHODS
from matrix import PLACES, WATER, everything, quoted, token
from people import SIBLING, TOWN
from policy import DENIED, LET_IN, Actor, Row
from policy_routes import DECLARED
from test_matrix import Asked

HERE = ("town", "village", "town2", "county", "county2")
LATER = "now() + interval '1 day'"
# Where faults of the body are told before the row is looked for.
BODIES = {("PUT", "/v1/clients/{id}"): {
    "name": "x", "divisions": [TOWN], "scopes": ["issue:read"],
    "valid_to": "2099-01-01T00:00:00Z"},
    ("POST", "/v1/webhooks/{id}/replay"): {"since": "2023-01-01T00:00:00Z"},
    ("POST", "/v1/conflicts/{id}/resolve"): {"choose": "system"},
    ("POST", "/v1/sync/conflicts/{id}/resolve"): {"choose": "system"},
    ("POST", "/v1/sync/ledgers/{id}/exports"): {
        "kind": "primary", "path": "x.xlsx", "instance": None}}


def operations(world):
    return {(m.upper(), path) for path, item in world.doc["paths"].items()
            for m in METHODS if m in item}


def of_rows(world, path):
    """The entity whose rows a path is of."""
    return next((e for e in world.model.values()
                 if f"/v1/{e.path}" == "/".join(path.split("/")[:3])), None)


def unit_row(world, code):
    """The issue that a unit's sheet has made, as far as authority goes."""
    row = Row(world.model["issue"], "", code, action=world.demo)
    row.action = world.demo
    row.category = "Y-1", row    # canaries.py: 立项批复
    return row


class Routes(Asked):
    """As there; what was asked is noted, and units' words are heard too."""

    def verdict(self, _, reply):
        if reply.status in (204, 400, 412, 415, 428, 429):
            return LET_IN
        got = policy.verdict(reply)
        if b'"code":"provider_off"' in reply.body:
            return LET_IN     # this installation has none
        return DENIED if reply.status == 403 and got not in (
            DENIED, policy.OTHERS) else got

    def words(self, actor, path):
        words = everything(self.world, actor) if actor.role else set()
        for code in self.world.units:
            files = path.startswith("/v1/sync/files") and \
                actor.role == "sysadmin" and policy.reaches(actor, int(code))
            if files or actor.role and policy.may(
                    actor, "read", self.world.model["issue"]) and \
                    policy.sees(actor, unit_row(self.world, code)):
                words = words | {code[6:9]}
        return words

    def note(self, method, path):
        """Only of questions that say so: not of those by nobody."""

    def ask(self, what, noted=False):
        """what: (actor, method, pattern, value of its parameter, body,
        expected)."""
        hear = {}

        def questions():
            for actor, method, pattern, value, body, want in what:
                if noted:
                    self.world.asked.add((method, pattern))
                path = re.sub(r"\{\w+\}", str(value), pattern)
                files = actor.name, path.startswith("/v1/sync/files")
                if files not in hear:
                    hear[files] = self.words(actor, path)
                yield (actor, method, path, [("If-Match", '"99"')],
                       b"" if method == "GET" else json.dumps(body).encode(),
                       want, hear[files])
        self.all(questions())


# ---- things that paths name ---------------------------------------------------

def put(world, table, **values):
    """A row of a table that is no entity's."""
    world.stack.psql(
        f"SET session_replication_role = replica; INSERT INTO {table}"
        f" ({', '.join(values)}) VALUES"
        f" ({', '.join(str(v) for v in values.values())})")


def thing(world, kind, where):
    """Something that a path names, in a place; a new one each time."""
    code, new = int(PLACES[where]), str(uuid.uuid4())
    it = Thing(division=code, id=new)
    if kind == "binding":
        put(world, "sheet_binding", id=quoted(new), division_code=code,
            action_id=quoted(world.demo), name="'x'", unit="'x'",
            direction="'both'")
    elif kind == "client":
        put(world, "client_app", id=quoted(new), name="'x'",
            division_code=code, divisions=f"'{{{code}}}'",
            scopes="'{issue:read}'", valid_to=LATER, secret_hash="'x'")
    elif kind == "pass":
        put(world, "audit_pass", id=quoted(new),
            user_id=quoted(shared(world, "user", where).id),
            division_code=code, mandate_no="'x'", issued_by="'x'",
            divisions=f"'{{{code}}}'", valid_from="now()", valid_to=LATER)
    elif kind == "user":
        put(world, "app_user", id=quoted(new), login=quoted("t" + new),
            name="'x'", division_code=code, password="'!'")
    elif kind == "webhook":
        put(world, "webhook", id=quoted(new), url="'https://example.org/'",
            division_code=code, line="''", clearance=0, role="'lead_bureau'",
            owner_id=quoted(new), grant_id=quoted(new), entities="'[]'")
        put(world, "webhook_state", webhook_id=quoted(new), pos=0,
            paths="'{}'")
    elif kind == "division":
        it.id = PLACES[where]
    return it


def named(world):
    """kind → things that are there already."""
    units = {c: u.ids for c, u in world.units.items()}
    out = {k: [] for k in ("ledger", "export", "batch", "conflict", "event")}
    out["action"] = [Thing(id="yuanjiang-2023", action=world.demo,
                           division=int(PLACES["county"]))]
    for code, ids in units.items():
        for kind in ("ledger", "export", "batch"):
            out[kind].append(Thing(division=int(code), id=ids[kind]))
        row = unit_row(world, code)
        row.id = ids["conflict"]
        out["conflict"].append(row)
        for e in world.stack.psql(
                "SELECT id FROM audit.event WHERE division_code ="
                f" {code} AND coalesce(line, '') = '' AND coalesce("
                "sensitivity, 0) < 1 ORDER BY id DESC LIMIT 1"):
            out["event"].append(Thing(division=int(code), id=e[0]))
    return out


def questions(world, route, there):
    """Who asks the operation about what, and what is to come of it."""
    for a in world.actors:
        if (route.method, route.path) == ("DELETE", "/v1/sessions/current"):
            continue          # test_nobody…: it would end who asks
        kind = route.names
        if kind in (None, "nothing", "installation"):
            things = [Thing(id="nobody_" + uuid.uuid4().hex)]
        elif kind in there:
            things = there[kind]
        else:
            things = []
            for where in HERE:
                one = shared(world, kind, where)
                if policy_routes.asks(a, route, one) == LET_IN and \
                        route.method != "GET":
                    one = thing(world, kind, where)   # it may be gone then
                things.append(one)
            if kind != "division":
                things.append(Thing(division=-1, id=str(uuid.uuid4())))
        for t in things:
            yield (a, route.method, route.path, t.id, BODIES.get(
                (route.method, route.path), {}),
                policy_routes.asks(a, route, t))


def shared(world, kind, where):
    made = world.__dict__.setdefault("made", {})
    if (kind, where) not in made:
        made[kind, where] = thing(world, kind, where)
    return made[kind, where]


# ---- who counts no more, and who is no person -------------------------------------

NOBODY = ("none", "garbage", "revoked", "ended", "idle", "suspended",
          "grant-ended", "grant-to-come", "role-retired", "pass-ended",
          "agent-revoked", "agent-ended", "app-suspended", "app-ended",
          "app-token-revoked", "app-user-suspended")


def digest(secret):
    return quoted(hashlib.sha256(secret.encode()).hexdigest())


def agent_token(world, **more):
    secret = token("tz_a_")
    put(world, "agent_token", **{
        "id": quoted(uuid.uuid4()), "binding_id": quoted(world.units[
            TOWN].ids["binding"]), "name": "'x'", "division_code": TOWN,
        "token_hash": digest(secret), **more})
    return secret


def app_token(world, scopes, session=None, status="active", until=LATER,
              **more):
    """Of an application admitted to the township, alone or for a session."""
    client, secret = str(uuid.uuid4()), token("tz_c_")
    names = "{" + ",".join(sorted(":".join(s) for s in scopes)) + "}"
    put(world, "client_app", id=quoted(client), name="'x'",
        division_code=TOWN, divisions=f"'{{{TOWN}}}'", clearance=2,
        scopes=quoted(names), valid_to=until, secret_hash="'x'",
        status=quoted(status), rate=6000)
    put(world, "client_token", **{
        "id": quoted(uuid.uuid4()), "client_id": quoted(client),
        "session_id": session or "NULL", "lo": TOWN,
        "hi": policy.last(int(TOWN)), "scopes": quoted(names),
        "token_hash": digest(secret), "expires_at": LATER, **more})
    return secret


def clerk(world, name, role="township_clerk"):
    a = Actor(name, role, TOWN)
    return a, world.sign_in(a)


def session_of(a):
    return f"(SELECT id FROM session WHERE user_id = '{a.id}')"


def nobody(world, name):
    """A token that was good, and why it is not."""
    sql, every = world.stack.psql, {("issue", "read")}
    if name in ("none", "garbage"):
        return None if name == "none" else token()
    if name.startswith("agent"):
        return agent_token(world, **{
            "agent-revoked": {"revoked_at": "now()"},
            "agent-ended": {"expires_at": "now()"}}[name])
    if name == "app-suspended":
        return app_token(world, every, status="suspended")
    if name == "app-ended":
        return app_token(world, every, until="now()")
    if name == "app-token-revoked":
        return app_token(world, every, revoked_at="now()")
    a, secret = clerk(world, name, "auditor" if name == "pass-ended"
                      else "township_clerk")
    if name == "app-user-suspended":
        secret = app_token(world, every, session_of(a))
    mine = f"user_id = '{a.id}'"
    if name == "role-retired":
        sql("INSERT INTO role (code, label, level, clearance, status) VALUES"
            " ('no_more', 'x', 4, 2, 'retired') ON CONFLICT DO NOTHING;"
            f" UPDATE role_grant SET role = 'no_more' WHERE {mine}")
    sql({"revoked": f"UPDATE session SET revoked_at = now() WHERE {mine}",
         "ended": f"UPDATE session SET expires_at = now() WHERE {mine}",
         "idle": "UPDATE session SET last_seen_at = now() - interval"
                 f" '31 minutes' WHERE {mine}",
         "grant-ended": f"UPDATE role_grant SET valid_to = now() WHERE {mine}",
         "pass-ended": f"UPDATE role_grant SET valid_to = now() WHERE {mine}",
         "grant-to-come": f"UPDATE role_grant SET valid_from = {LATER} WHERE"
                          f" {mine}"}.get(
        name, "UPDATE app_user SET status = 'locked' WHERE"
        f" id = '{a.id}'" if "suspended" in name else "SELECT 1"))
    return secret


def everywhere(world, there):
    """(method, pattern, what its parameter names) of every operation: a row
    of one's own township, or a thing of it."""
    declared = {(r.method, r.path): r for r in DECLARED}
    for method, path in sorted(operations(world)):
        e, r = of_rows(world, path), declared.get((method, path))
        if e:
            yield method, path, world.by_place[e.name, "town", "", 1]
        elif not r:           # the document's test tells of it
            continue
        elif r.names in there:
            yield method, path, there[r.names][0]
        elif r.names and r.names not in ("nothing", "installation"):
            yield method, path, shared(world, r.names, "town")
        else:
            yield method, path, Thing(id="X01" if "templates" in path
                                      else "nobody")


def of_application(world, a, method, path, thing):
    e = of_rows(world, path)
    if not e:
        r = next(r for r in DECLARED if (r.method, r.path) == (method, path))
        yield (a, method, path, thing.id, {}, policy_routes.asks(a, r, thing))
        return
    tail = path.removeprefix(f"/v1/{e.path}")
    for where in ("town", "town2"):
        row = world.by_place[e.name, where, "", 1]
        if tail in ("/{id}", "/{id}/history") and method == "GET":
            want = policy.read(a, row)
        elif tail == "/{id}" and method in ("PATCH", "PUT"):
            want = policy.change(a, row)
        elif tail == "" and method == "GET":
            want = LET_IN if policy.may(a, "read", e) else DENIED
        elif tail in ("/{id}/unmask", "/{id}/erase") or tail == "/bulk" or \
                method == "POST":
            want = DENIED     # it was admitted to none of these
        else:
            continue          # records and contents: tables of their own
        yield (a, method, path, row.id, {}, want)


# ---- what is beside rows: explanations, personal data, contents ----------------

BESIDE_ROWS = {"explain", "unmask", "erase", "held", "content", "findings",
               "progress", "acceptances"}


def beside(world, a, e, row):
    """(method, tail, body, expected) of what test_matrix.py does not ask."""
    head = f"/v1/{e.path}/{{id}}"
    seen = policy.read(a, row)
    records = policy.read_records(a, row)
    lists = {"/evidence", "/progress", "/acceptances"}
    for tail, ops in ((p.removeprefix(head), ops) for p, ops in
                      world.doc["paths"].items() if p.startswith(head)):
        if tail == "/explain":
            yield "GET", tail, None, seen if a.role in \
                policy_routes.EXPLAINS else DENIED
        elif tail == "/unmask":
            yield "POST", tail, {"fields": ["no_such"], "reason": "核实情况",
                                 "case": "1号"}, \
                DENIED if DENIED in (seen, unmasks(a, e)) else LET_IN
        elif tail == "/erase" and seen != LET_IN:
            yield "POST", tail, {"reason": "核实情况"}, \
                seen if a.role in policy_routes.ERASES else DENIED
        elif tail in ("/held", "/content", "/findings"):
            yield "GET", tail, None, seen
        elif tail in lists and "get" in ops and tail != "/evidence":
            yield "GET", tail, None, DENIED if tail == "/acceptances" and \
                a.role in policy_routes.NO_ACCEPTANCES else records
        if tail in lists and "post" in ops:
            # Where nothing is to be found, what would be taken elsewhere.
            yield "POST", tail, {"no_such_field": 1} if seen == LET_IN \
                else GOOD[tail], seen if adds(a, tail) else DENIED


GOOD = {"/evidence": {"kind": "photo", "title": "照片"},
        "/progress": {"text": "未完成"}}


def unmasks(a, e):
    return LET_IN if a.role in policy_routes.UNMASKS and \
        e.group != "accountability" else DENIED


def adds(a, tail):
    group = {"/evidence": "evidence", "/progress": "issue_progress"}[tail]
    return "create" in policy.PERMITS[a.role][group]


BESIDE = ("town2", "village3", "county2", "town4")


def elsewhere(world, there):
    """(method, pattern, thing) of every operation that names something, for
    things of places beside one's own."""
    declared = {(r.method, r.path): r for r in DECLARED}
    for method, path in sorted(operations(world)):
        e, r = of_rows(world, path), declared.get((method, path))
        if "{id}" not in path and "{code}" not in path or r and (
                r.names in (None, "action", "installation")):
            continue
        if e:
            yield from ((method, path, world.by_place[e.name, w, line, 1])
                        for w in BESIDE for line in ("", WATER))
        elif r.names in there:
            yield from ((method, path, t) for t in there[r.names]
                        if t.division == int(SIBLING))
        else:
            yield from ((method, path, shared(world, r.names, w))
                        for w in ("town2", "county2"))
