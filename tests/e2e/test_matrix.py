"""Everybody asks for everything (sync-and-security.md 4.2): each role, at its
place, for rows of every entity in every relation to it, on every line and
sensitivity; what comes back is what policy.py says, and no word of a row that
the asker may not see."""
import collections
import json
import re
import time

import pytest

import policy
from matrix import PLACES, WATER, World, everything, heads, words_in
from policy_moves import LIVES
from stack import Reply, Stack
from wire import replies_to, written

ID = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Nothing of a life; unmask and erase: test_privacy.py.
NO_COMMANDS = {"evidence", "progress", "acceptances", "unmask", "erase"}


@pytest.fixture(scope="module")
def world():
    s = Stack(demo=True, agent=False)
    s.start()
    try:
        yield World(s)
    finally:
        s.stop()


class Asked:
    """Questions, their replies, and what was wrong with them."""

    def __init__(self, world):
        self.world, self.n, self.wrong = world, 0, []
        self.count = collections.Counter()
        self.began = time.monotonic()

    def verdict(self, _, reply):
        return policy.verdict(reply)

    def all(self, questions, check=lambda q, reply: None):
        """questions: (actor, method, path, headers, body, expected, words)."""
        while questions:      # whom a full queue turned away comes again
            busy = []
            self.some(questions, check, busy)
            questions = busy
            time.sleep(0.2 if busy else 0)

    def some(self, questions, check, busy):
        asked = ((q, written(q[1], q[2], self.world.tokens[q[0].name], q[3],
                             q[4])) for q in questions)
        for q, reply in replies_to(self.world.stack.port, asked):
            if reply.status == 503:
                busy.append(q)
                continue
            self.n += 1
            self.note(q[1], q[2])
            got = self.verdict(q, reply)
            self.count[got] += 1
            if got != q[5] or reply.status >= 500:
                self.wrong.append((*q[:3], "expected", q[5], "got", got,
                                   reply))
            check(q, reply)
            heard = words_in(reply) - q[6]
            if heard:
                self.wrong.append((*q[:3], "heard", heard))

    def note(self, method, path):
        """Which operation it was."""
        self.world.asked.add((method, ID.sub("{id}", path.split("?")[0])))

    def settle(self, capsys, least):
        with capsys.disabled():
            print(f" {self.n} questions in {time.monotonic() - self.began:.0f}"
                  f" s: {dict(self.count)}", end="")
        kinds = collections.Counter(
            (w[0].role, w[1], w[2].split("/")[2], *map(str, w[3:7]))
            for w in self.wrong)
        if self.wrong:
            pytest.fail("\n".join(map(str, [
                f"{len(self.wrong)} wrong", *kinds.most_common(30),
                *self.wrong[:5]])), pytrace=False)
        assert self.n >= least, self.n


def asked_of(world, actor, rows, ask):
    """ask(row) → [(method, tail, headers, body, expected)] of each row."""
    may_hear = everything(world, actor)
    for r in rows:
        for method, tail, head, body, want in ask(r):
            yield (actor, method, f"/v1/{r.entity.path}/{r.id}{tail}", head,
                   body, want, may_hear)


def near(world, rows):
    """Of each place one row, and of the town every line and sensitivity."""
    return [r for r in rows if r.kind == "action" or r.kind == "base" and (
        r.line == WATER or r.where == "town")]


def test_one_row_is_read_by_whom_it_is_for(world, capsys):
    asked = Asked(world)
    for a in world.actors:
        for rows in world.rows.values():
            whole = [r for r in rows if r.kind != "state"]
            asked.all(asked_of(world, a, whole, lambda r: [
                ("GET", "", (), b"", policy.read(a, r))]))
    asked.settle(capsys, 60000)


def test_what_belongs_to_a_row_is_read_with_it(world, capsys):
    asked = Asked(world)
    for a in world.actors:
        for n, rows in world.rows.items():
            tails = [t for t in ("/history", "/commands", "/evidence")
                     if f"/v1/{rows[0].entity.path}/{{id}}{t}"
                     in world.doc["paths"]]
            asked.all(asked_of(world, a, near(world, rows), lambda r: [
                ("GET", t, (), b"", policy.read(a, r) if t == "/history"
                 else policy.read_records(a, r)) for t in tails]))
    asked.settle(capsys, 60000)


def test_a_row_is_changed_by_who_files_it(world, capsys):
    """A change of nothing, and a replacement by nothing: what decides comes
    before what they say."""
    asked = Asked(world)
    head = [("If-Match", '"1"')]
    for a in world.actors:
        for rows in world.rows.values():
            path = f"/v1/{rows[0].entity.path}/{{id}}"
            if "patch" not in world.doc["paths"][path]:
                continue
            asked.all(asked_of(world, a, near(world, rows), lambda r: [
                (m, "?dry_run=true", head, b"{}", policy.change(a, r))
                for m in ("PATCH", "PUT")]))
    asked.settle(capsys, 40000)


def commands_of(world, entity):
    head = f"/v1/{entity.path}/{{id}}/"
    return [p[len(head):] for p, ops in world.doc["paths"].items()
            if p.startswith(head) and "post" in ops and
            p[len(head):] not in NO_COMMANDS]


def test_a_command_is_given_by_whom_it_is_for(world, capsys):
    """In every state that any command of the entity starts from. No command
    takes that field: what is let in changes nothing."""
    asked = Asked(world)
    body = b'{"no_such_field": 1}'
    for a in world.actors:
        for rows in world.rows.values():
            e = rows[0].entity
            names = commands_of(world, e)
            assert set(LIVES.get(e.name, {})) <= set(names)
            there = [r for r in rows if r.kind == "state"] or \
                near(world, rows)
            if not policy.may(a, "move", e):
                there = there[::9]    # wherever: it is the role that decides
            # Out of its sight it is the place: each command to some of them.
            turn = {r.id: i for i, r in enumerate(there)}
            asked.all(asked_of(world, a, there, lambda r: [
                ("POST", f"/{c}", (), body, policy.move(a, r, c))
                for i, c in enumerate(names)
                if policy.sees(a, r) or (i + turn[r.id]) % 4 == 0]))
    asked.settle(capsys, 100000)


def refused_place(reply, pointer):
    """Of a creation: what is said of where the row would be."""
    got = policy.verdict(reply)
    if reply.status != 422:
        return got
    return policy.UNKNOWN if any(
        f["pointer"] == pointer and f["code"] == "unknown"
        for f in reply.json["faults"]) else got


def creations(world, actor, hear):
    """(question, pointer) of a row of each entity in each place."""
    for n, body in world.bodies.items():
        e = world.model[n]
        for where, place in PLACES.items():
            if e.parent:
                p = world.by_place[e.fields[e.parent].of, where, WATER, 1]
                body = {**body, e.parent: p.id}
                body.pop("division_code", None)
                want = policy.create_below(actor, e, p)
            else:
                body = {**body, "division_code": place}
                want = policy.create(actor, e, place)
            yield ((actor, "POST", f"/v1/{e.path}?dry_run=true", (),
                    json.dumps(body).encode(), want, hear),
                   f"/{e.parent or 'division_code'}")


def test_a_row_is_made_where_its_maker_works(world, capsys):
    asked, pointer = Asked(world), {}
    asked.verdict = lambda q, reply: refused_place(reply, pointer[q[2]])
    for a in world.actors:
        if a.own or a.action:     # it depends on what the row names:
            continue              # test_walls_narrow.py
        questions = []
        for q, at in creations(world, a, everything(world, a)):
            pointer[q[2]] = at
            questions.append(q)
        asked.all(questions)
    asked.settle(capsys, 15000)


def test_many_rows_are_changed_as_one_is(world, capsys):
    """Each of the rows of one request is decided on by itself."""
    asked = Asked(world)
    tail = "/bulk?dry_run=true&atomic=false"
    # What is only added to has no rows to change.
    rows_of = {f"/v1/{e.path}{tail}": [] if e.append else near(world, rows)
               for e, rows in ((x[0].entity, x) for x in world.rows.values())
               if f"/v1/{e.path}/bulk" in world.doc["paths"]}
    entity = {f"/v1/{x[0].entity.path}{tail}": x[0].entity
              for x in world.rows.values()}

    def check(q, reply):
        for r, item in zip(rows_of[q[2]], reply.json.get("items", ())):
            want = policy.change_in_bulk(q[0], r)
            got = policy.verdict(Reply(item["status"], {}, json.dumps(
                {"code": item.get("code")}, separators=(",", ":")).encode()))
            asked.n += 1
            if got != want:
                asked.wrong.append((*q[:3], "expected", want, "got", got, r,
                                    item))
    for a in world.actors:
        asked.all([(a, "POST", path, (), json.dumps({"items": [
            {"id": r.id, "rev": 1} for r in rows]}).encode(), policy.LET_IN
            if policy.may(a, "create", entity[path]) else policy.DENIED,
            everything(world, a)) for path, rows in rows_of.items()], check)
    asked.settle(capsys, 9500)


def ids_in(reply, path):
    """The ids of the rows of a list or a file."""
    if "ndjson" in path:
        return {json.loads(x)["id"] for x in reply.body.splitlines()}
    if "csv" in path:
        return set(reply.body.decode("utf-8-sig").split()[1:])
    return {x["id"] for x in reply.json["items"]}


def test_lists_hold_exactly_what_may_be_read(world, capsys):
    asked, want = Asked(world), {}

    def questions():
        for a in world.actors:
            hear = heads(world, a)
            for n, rows in world.rows.items():
                e = rows[0].entity
                for q in ("?limit=200", "?format=ndjson&fields=id",
                          "?format=csv&fields=id"):
                    path = f"/v1/{e.path}{q}"
                    want[a.name, path] = {r.id for r in rows
                                          if policy.sees(a, r)}
                    yield (a, "GET", path, (), b"", policy.LET_IN if
                           policy.may(a, "read", e) else policy.DENIED,
                           everything(world, a) if hear else set())

    def check(q, reply):
        if reply.status == 200:
            got, all_of_them = ids_in(reply, q[2]), want[q[0].name, q[2]]
            if got - all_of_them or "format" in q[2] and got != all_of_them \
                    or len(got) < min(200, len(all_of_them)):
                asked.wrong.append((*q[:3], "rows", got ^ all_of_them))
    asked.all(questions(), check)
    asked.settle(capsys, 4000)


def test_every_operation_of_rows_was_asked(world):
    """But those that test_matrix_routes.py asks."""
    beside = re.compile("/(explain|unmask|erase|held|content|findings|"
                        "progress|acceptances)$")
    paths = tuple(f"/v1/{rows[0].entity.path}" for rows in
                  world.rows.values())
    rows = {(m.upper(), p) for p, ops in world.doc["paths"].items()
            for m in ops if "/".join(p.split("/")[:3]) in paths
            and not beside.search(p)}
    assert rows - world.asked == {
        ("POST", "/v1/attachments"), *(
            (m, p) for m, p in rows if p.endswith("/evidence")
            and m == "POST")}


def test_nothing_was_changed_by_asking(world):
    assert world.digest() == world.planted
