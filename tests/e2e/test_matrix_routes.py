"""What is no row's, asked by everybody (sync-and-security.md 4.2): each
operation of the document that test_matrix.py does not ask, about things of
every place; and every operation by who is nobody any more, by agents and by
applications. What comes back is what policy_routes.py says."""
import time

import pytest

import policy
import policy_routes
from canaries import WORD, Unit
from matrix import DELEGATED, PLACES, WATER, World
from matrix_routes import (BESIDE, BESIDE_ROWS, BODIES, GOOD, NOBODY, Routes, agent_token,
                           app_token, beside, clerk, digest, elsewhere,
                           everywhere, named, nobody, of_application, of_rows,
                           operations, questions, session_of)
from people import SIBLING, TOWN
from policy import DENIED, LET_IN, Actor
from policy_routes import DECLARED
from stack import Stack
from test_matrix import near


@pytest.fixture(scope="module")
def world():
    s = Stack(demo=True, agent=False)
    s.start()
    try:
        w = World(s, DELEGATED)
        w.units = {c: Unit(s, c) for c in (TOWN, SIBLING)}
        w.demo = s.psql("SELECT id FROM action WHERE code = 'yuanjiang-2023'"
                        )[0][0]
        yield w
    finally:
        s.stop()


def test_the_document_holds_no_operation_that_is_not_declared(world):
    """Here, or among those of rows, which test_matrix.py asks."""
    beside = {(m, p) for m, p in operations(world) if not of_rows(world, p)}
    assert beside == {(r.method, r.path) for r in DECLARED}


def test_what_is_no_rows_is_asked_by_everybody(world, capsys):
    asked, there = Routes(world), named(world)
    asked.ask((q for r in DECLARED for q in questions(world, r, there)), True)
    asked.settle(capsys, 3000)


def test_who_is_nobody_any_more_is_told_nothing(world, capsys):
    """Each operation of the document, with each kind of token that counts no
    more: 401, and nothing of the row."""
    asked, there = Routes(world), named(world)
    public = {(r.method, r.path) for r in DECLARED if r.who == "anybody"}
    for name in NOBODY:
        a = Actor(name, "public", 0)
        world.tokens[name] = nobody(world, name)
        asked.ask((a, m, p, t.id, {}, LET_IN if (m, p) in public
                   else "nobody") for m, p, t in everywhere(world, there))
    asked.settle(capsys, len(NOBODY) * len(operations(world)))


def test_who_must_change_the_password_does_that_first(world, capsys):
    a, secret = clerk(world, "must")
    world.stack.psql("UPDATE app_user SET must_change = true WHERE"
                     f" id = '{a.id}'")
    world.tokens["must"] = secret
    asked, there = Routes(world), named(world)
    first = {(r.method, r.path) for r in DECLARED
             if r.who == "anybody" or r.unready}
    asked.ask((a, m, p, t.id, {}, LET_IN if (m, p) in first else DENIED)
              for m, p, t in everywhere(world, there)
              if p != "/v1/sessions/current")
    asked.settle(capsys, 1000)


def test_an_agent_comes_to_its_folder_and_nowhere_else(world, capsys):
    """Its operations, about the things of its own township and of another's;
    to rows it has no way but its ledgers."""
    a = Actor("agent", "sheet_agent", TOWN)
    world.tokens["agent"] = agent_token(world)
    asked, there = Routes(world), named(world)
    declared = {(r.method, r.path): r for r in DECLARED}
    asked.ask((a, m, p, t.id, BODIES.get((m, p), {}),
               policy_routes.asks(a, declared[m, p], t)
               if (m, p) in declared else DENIED)
              for m, p, thing in everywhere(world, there)
              for t in there.get((m, p) in declared and
                                 declared[m, p].names) or [thing])
    asked.settle(capsys, 1200)


def test_an_application_comes_to_what_it_is_admitted_to(world, capsys):
    """Alone: what is published, of its scopes. For somebody: what both may.
    It gives no approval and looks under no mask."""
    asked, there = Routes(world), named(world)
    some = {(e, v) for e in ("issue", "project", "household", "asset")
            for v in ("read", "change")}
    _, secret = user, _ = clerk(world, f"user{time.time_ns()}")
    for name, role, scopes, session, clearance in (
            ("app", "api_client", some, None, 0),
            ("app-for", "township_clerk", some, session_of(user), 2),
            ("app-reads", "township_clerk", {("issue", "read")},
             session_of(user), 2)):
        a = Actor(name, role, TOWN, clearance=clearance, scopes=scopes)
        world.tokens[name] = app_token(world, scopes, session)
        asked.ask(q for method, path, t in everywhere(world, there)
                  if path != "/v1/sessions/current"
                  for q in of_application(world, a, method, path, t))
    asked.settle(capsys, 4000)


def test_what_is_beside_rows_follows_them(world, capsys):
    asked = Routes(world)
    asked.ask(((a, m, f"/v1/{r.entity.path}/{{id}}{tail}", r.id, body, want)
               for rows in world.rows.values()
               for r in near(world, rows)[::3] for a in world.actors
               for m, tail, body, want in beside(world, a, r.entity, r)),
              True)
    files = world.model["attachment"]
    asked.ask(((a, "POST", "/v1/attachments", "", {}, LET_IN if policy.may(
        a, "create", files) else DENIED) for a in world.actors), True)
    asked.settle(capsys, 20000)


def test_a_stolen_township_token_opens_nothing_elsewhere(world, capsys):
    """Every operation about things of other places: 403 or 404 and nothing
    of them; every list, narrowed to another place: not a word of it."""
    a = next(a for a in world.actors if a.name == "town")
    asked, there = Routes(world), named(world)
    asked.verdict = lambda q, reply: "nothing" if reply.status in (
        403, 404) else reply.status
    asked.ask((a, m, p, t.id, BODIES.get((m, p)) or GOOD.get(
        p[p.rfind("/"):], {"reason": "核实情况"} if p.endswith("/erase")
        else {}), "nothing") for m, p, t in elsewhere(world, there))
    tried = asked.n
    asked.verdict = lambda q, reply: reply.status < 500
    asked.ask((a, "GET", f"{p}?{q}={PLACES[where]}&limit=200", "", {}, True)
              for m, p in sorted(operations(world)) if m == "GET" and
              "{" not in p for q in ("division", "division_code", "parent")
              for where in BESIDE)
    asked.settle(capsys, tried + 1000)
    assert tried > 8 * 700, tried


def test_rows_that_moved_away_are_their_old_owners_no_more(world, capsys):
    """A village goes to another township with all its rows: who had them has
    not a word of them left, in lists, histories and the feed neither."""
    old, new = int(PLACES["village2"]), 430981108802
    r = world.stack.client(world.tokens["system"]).post(
        "/v1/divisions:reorganise", {
            "effective_on": "2024-01-01", "document": "民函〔2023〕12号",
            "moves": [{"from": str(old), "to": str(new)}]})
    assert r.status == 200 and len(r.json["moved"]) > 30, r
    away = [r for rows in world.rows.values() for r in rows
            if r.division == old]
    for row in away:
        row.division = new
    world.heard.clear()
    asked = Routes(world)
    asked.ask((a, m, f"/v1/{r.entity.path}/{{id}}{tail}", r.id, {}, want)
              for a in world.actors for r in away
              if r.line == WATER and r.kind == "base"
              for m, tail, want in (
                  ("GET", "", policy.read(a, r)),
                  ("GET", "/history", policy.read(a, r)),
                  ("PATCH", "?dry_run=true", LET_IN if policy.change(
                      a, r) == LET_IN else policy.change(a, r)))
              if (m, f"/v1/{r.entity.path}/{{id}}{tail}".split("?")[0])
              in operations(world))
    lists = [f"/v1/{rows[0].entity.path}?limit=200"
             for rows in world.rows.values()]
    asked.verdict = lambda q, reply: reply.status in (200, 403)
    asked.ask((a, "GET", p, "", {}, True) for a in world.actors
              if a.name in ("town", "tlead", "village", "audit4", "town2")
              for p in [*lists, "/v1/changes?limit=1000&data=true"])
    asked.settle(capsys, 5000)
    town2 = next(a for a in world.actors if a.name == "town2")
    assert sum(policy.sees(town2, r) for r in away) > 100


def latency(ask, stop):
    """Seconds from the end of stop() until none of many connections, which
    come to every worker, is answered any more."""
    clients = [ask() for _ in range(16)]
    assert all(c.get("/v1/me").status == 200 for c in clients)
    stop()
    began, last = time.monotonic(), 0
    while clients:
        clients = [c for c in clients if c.get("/v1/me").status != 401]
        last = time.monotonic() - began
        assert last <= 5, "still served"
    return last


def test_revoked_means_revoked_within_five_seconds(world, capsys):
    """Whatever it stood on (I25), on every worker."""
    took = {}

    def of(secret):
        return lambda: world.stack.client(secret)
    for name, sql in (
            ("session", "UPDATE session SET revoked_at = now() WHERE user_id"
             " = '{id}'"),
            ("person", "UPDATE app_user SET status = 'locked' WHERE"
             " id = '{id}'"),
            ("grant", "UPDATE role_grant SET valid_to = now() WHERE user_id"
             " = '{id}'")):
        a, secret = clerk(world, f"gone-{name}")
        took[name] = latency(of(secret), lambda: world.stack.psql(
            sql.format(id=a.id)))
        a, secret = clerk(world, f"app-{name}")
        app = app_token(world, {("issue", "read")}, session_of(a))
        took[name + " of an application's user"] = latency(
            of(app), lambda: world.stack.psql(sql.format(id=a.id)))
    app = app_token(world, {("issue", "read")})
    took["application"] = latency(of(app), lambda: world.stack.psql(
        "UPDATE client_app SET status = 'suspended' WHERE id = (SELECT"
        f" client_id FROM client_token WHERE token_hash = {digest(app)})"))
    folder = agent_token(world)
    took["folder"] = latency(of(folder), lambda: world.stack.psql(
        "UPDATE agent_token SET revoked_at = now() WHERE token_hash ="
        f" {digest(folder)}"))
    with capsys.disabled():
        print(" " + ", ".join(f"{k} {v * 1000:.0f} ms"
                              for k, v in took.items()), end="")


def test_every_operation_was_asked(world):
    """Of those that are no rows', and of what is beside rows; test_matrix.py
    holds the same of the others."""
    mine = {(m, p) for m, p in operations(world) if not of_rows(world, p)
            or p.split("/")[-1] in BESIDE_ROWS or p.endswith("/evidence")
            and m == "POST" or (m, p) == ("POST", "/v1/attachments")}
    # It ends the session that asks: only who is nobody has asked it here.
    assert mine - world.asked == {("DELETE", "/v1/sessions/current")}


def test_no_log_line_holds_a_word(world):
    for f in [world.stack.dir / "run.log", *world.stack.var.glob("log/*")]:
        assert WORD not in f.read_text(errors="replace"), f
