"""Every route of the OpenAPI document asked by everybody about everything:
no byte of a unit reaches whoever may not see it (I22), and nothing of it
changes (I23)."""
import datetime
import json
import re
import uuid

import pytest

from canaries import (ELSEWHERE, WORD, absent, bare, heard, plant, put_in,
                      routes, seen_in, surveyed, word)
from people import GOOD, SIBLING, TOWN, people
from rows import Rows
from stack import Stack


@pytest.fixture(scope="module")
def world():
    with surveyed(Stack(demo=True, agent=False)) as s:
        yield s


def outsider(world, name):
    """(client, the words it may see)"""
    who = people(world)
    if name == "agent":
        return world.units[TOWN].agent, {word(TOWN)}
    if name == "anonymous":
        return world.client(), set()
    if name == "revoked":
        c = world.login("huangmaozhou")
        assert c.delete("/v1/sessions/current").status == 204
        return c, set()
    if name == "locked":
        c = world.login("gonghua")
        world.psql("UPDATE app_user SET status = 'locked'"
                   " WHERE login = 'gonghua'")
        return c, set()
    if name in ("admin", "bumen", "bumenlead"):
        return who(name), set()
    return who(name), {word(TOWN)}


ACTORS = ["huangmaozhou", "huangmaozhou-lead", "agent", "admin", "bumen",
          "bumenlead", "anonymous", "revoked", "locked"]
NOT_ASKED = {                 # what would be done, not refused
    ("DELETE", "/v1/sessions/current"), ("POST", "/v1/bindings/{id}/revoke")}


def bodies(world, path, unit):
    """Nothing, and something that fits: with the sibling's ids in it."""
    other = unit.ids
    out = [{}]
    if path.startswith("/v1/sync/batches"):
        out = [unit.body]
    elif path.endswith("/exports"):
        out = [{"kind": "primary", "path": "a.xlsx", "instance": None},
               {"kind": "adopted", "path": "a.xlsx",
                "instance": str(uuid.uuid4())}]
    elif path.endswith("/resolve"):
        out = [{"choose": "system"}, {"choose": "file"}]
    elif path.endswith("/merge"):
        out = [{"merged_into": other["issue"]}]
    elif path == "/v1/issues":
        out = [{**GOOD, "division_code": unit.code}]
    elif path == "/v1/sync/files":
        out = [{"path": "x", "state": "ok", "ledger": other["ledger"]}]
    return out


def ask(c, method, path, body):
    head = {"If-Match": '"1"'}
    if method == "GET":
        return c.request(method, path, headers=head)
    return c.request(method, path, body, head)


def state_of(world, unit):
    """All that is stored of a unit, as one number."""
    tables = ("issue", "history", "issue_progress", "issue_acceptance",
              "evidence", "sheet_header", "sheet_export", "sheet_conflict",
              "sheet_request", "sheet_held", "sheet_file", "sheet_batch",
              "sheet_shadow", "sheet_binding", "sheet_ledger")
    return world.psql(" UNION ALL ".join(
        f"SELECT '{t}', count(*), md5(string_agg(md5(t::text), ''"
        f" ORDER BY md5(t::text))) FROM {t} t WHERE t.division_code BETWEEN"
        f" {unit.code} AND division_hi({unit.code})" for t in tables))


@pytest.mark.parametrize("name", ACTORS)
def test_no_route_gives_or_changes_what_is_a_siblings(world, name):
    c, may = outsider(world, name)
    other = world.units[SIBLING]
    before = state_of(world, other)
    for method, path, kind in world.routes:
        if (method, path) in NOT_ASKED or (
                name.startswith("bumen") and path == "/v1/issues"
                and method == "POST"):    # its own line's rows, anywhere
            continue
        for body in bodies(world, path, other):
            r = ask(c, method, put_in(path, other.ids.get(
                kind, "yuanjiang-2023")), body)
            at = (name, method, path, body, r)
            assert r.status < 500, at
            # Who configures folders sees what became of their files.
            if name != "admin" or path != "/v1/sync/files":
                assert seen_in(r) <= may, at
            if kind not in other.ids or name == "admin" or (
                    kind == "division" and name.startswith("bumen")):
                continue          # it is theirs
            gone = ask(c, method, put_in(path, absent(kind)), body)
            ids = [other.ids[kind], absent(kind)] + \
                [str(put_in("{x}", absent(kind)))]
            assert bare(r, *ids) == bare(gone, *ids), (at, gone)
            if method != "GET":
                assert r.status in (400, 401, 403, 404, 422, 428), at
    assert state_of(world, other) == before


@pytest.mark.parametrize("name", ["huangmaozhou", "huangmaozhou-lead",
                                  "agent", "bumen"])
def test_no_question_finds_out_what_is_elsewhere(world, name):
    """Each parameter of each list: asking for the sibling's word, place and
    ids gives what asking for nobody's gives."""
    c, may = outsider(world, name)
    other = world.units[SIBLING]
    pairs = [(other.word, WORD + "998"), (other.code, "430981998000"),
             (other.issue, absent("issue")), (other.ledger, absent("x"))]
    for method, path, kind in world.routes:
        if method != "GET" or kind is not None or path in (
                "/v1/sync/ledgers", "/v1/openapi.json", "/metrics") or (
                name == "bumen" and path in ("/v1/divisions", "/v1/orgs")):
            continue
        shared = world.doc["components"]["parameters"]
        asked = [shared[p["$ref"].rsplit("/", 1)[1]] if "$ref" in p else p
                 for p in world.doc["paths"][path]["get"]["parameters"]]
        names = {p["name"] for p in asked if p["in"] == "query"}
        names |= {"division", "ledger", "row", "parent", "state", "q"}
        for p in names - {None, "cursor", "limit", "count", "fields"}:
            for theirs, nobodys in pairs:
                a = c.get(f"{path}?{p}={theirs}&count=true")
                b = c.get(f"{path}?{p}={nobodys}&count=true")
                at = (name, path, p, a, b)
                assert a.status < 500, at
                assert bare(a, theirs) == bare(b, nobodys), at
                assert seen_in(a) <= may | {theirs}, at


def test_who_may_see_does_see(world):
    """The canaries sing where they should: otherwise nothing is proven."""
    who = people(world)
    sung = {n: set() for n in ("huangmaozhou", "nongye", "shenji")}
    paths = ["/v1/issues?limit=200", "/v1/conflicts?limit=200",
             "/v1/findings", "/v1/sync/files?limit=200",
             f"/v1/issues/{world.units[TOWN].issue}/history",
             f"/v1/conflicts/{world.units[TOWN].conflict}"]
    for n in sung:
        for path in paths:
            got = seen_in(who(n).get(path))
            assert word(TOWN) in got, (n, path)
            sung[n] |= got
    assert sung["huangmaozhou"] == {word(TOWN)}
    assert sung["nongye"] == sung["shenji"] == set(map(word, world.units))
    assert len(who("huangmaozhou").get("/v1/requests").json["items"]) == 1
    assert len(who("nongye").get("/v1/requests").json["items"]) == \
        len(world.units)


def test_a_workbook_gets_its_own_unit_only(world):
    own = world.units[TOWN]
    for method, path in (("GET", f"/v1/sync/exports/{own.export}"),
                         ("GET", "/v1/sync/binding"),
                         ("GET", "/v1/sync/ledgers")):
        r = own.agent.request(method, path)
        assert r.status == 200 and seen_in(r) <= {own.word}, r
    r = own.agent.post(f"/v1/sync/ledgers/{own.ledger}/exports",
                       {"kind": "primary", "path": "x", "instance": None})
    assert r.status == 201 and seen_in(r) == {own.word}


def test_a_batch_reaches_only_its_own_rows(world):
    own, other = world.units[TOWN], world.units[SIBLING]
    before = state_of(world, other)
    want = None
    for row, op in ((other.issue, "upd"), (absent("issue"), "upd"),
                    (other.ledger, "upd"), (absent("issue"), "upd")):
        body = {**own.body, "export": own.export, "rows": [
            {"op": op, "row": row, "at": 6, "f": {"goal": ["", "x"]}}]}
        r = own.agent.put(f"/v1/sync/batches/{absent('batch')}", body)
        got = bare(r, row)
        want = want or got
        assert r.status in (200, 404, 422), r
        assert json.dumps(got) == json.dumps(want), (row, r)
    for op in ("del", "back"):
        seen = set()
        for row in (other.issue, absent("issue")):
            body = {**own.body, "export": own.export, "rows": [
                {"op": op, "row": row, "base": {"goal": other.word + "一"},
                 **({"f": {"goal": "x"}} if op == "back" else {})}]}
            r = own.agent.put(f"/v1/sync/batches/{absent('batch')}", body)
            seen.add(json.dumps(bare(r, row, other.word)))
        assert len(seen) == 1, seen
    # A copy of the sibling's row, with its id claimed: a new row of one's own.
    body = {**own.body, "export": own.export, "rows": [
        {"op": "ins", "op_id": uuid.uuid4().hex * 2, "at": 9,
         "copied_from": other.issue, "f": {"goal": "抄来的"}}]}
    r = own.agent.put(f"/v1/sync/batches/{absent('batch')}", body)
    assert r.status == 200 and seen_in(r) <= {own.word}, r
    assert state_of(world, other) == before


def test_keys_and_cursors_belong_to_their_maker(world):
    who = people(world)
    mine, theirs = who("huangmaozhou"), who("caowei")
    key = {"Idempotency-Key": uuid.uuid4().hex}
    a = theirs.post("/v1/issues", {**GOOD, "goal": word(SIBLING)},
                    headers=key)
    b = mine.post("/v1/issues", {**GOOD, "goal": word(SIBLING)}, headers=key)
    assert a.status == b.status == 201 and a.json["id"] != b.json["id"]
    assert "idempotency-replayed" not in b.headers
    assert b.json["division_code"] == TOWN
    for path in ("/v1/issues", "/v1/conflicts", "/v1/requests",
                 "/v1/sync/files"):
        bureau = who("nongye").get(path + "?limit=1")
        cursor = bureau.json["next"]
        assert cursor, path
        r = mine.get(f"{path}?limit=1&cursor={cursor}")
        assert r.status in (400, 422), (path, r)
    own = world.units[TOWN]
    r = own.agent.put(f"/v1/sync/batches/{world.units[SIBLING].batch}",
                      own.body)
    assert seen_in(r) <= {own.word}, r


def test_no_log_line_holds_what_people_wrote(world):
    for f in [world.dir / "run.log", *world.var.glob("log/*")]:
        text = f.read_text(errors="replace")
        assert WORD not in text, f
        assert "13800000001" not in text, f
        assert "status=500" not in text, f
    assert WORD not in world.client().get("/metrics").text


@pytest.fixture(scope="module")
def wide():
    """A row of every entity in places of every kind."""
    s = Stack(demo=True, agent=False)
    s.start()
    try:
        s.rows = Rows(s)
        s.routes, s.doc = routes(s.client())
        s.planted = plant(s, s.rows)
        yield s
    finally:
        s.stop()


def asked_of(wide, path, entity):
    """A list in every format, with names beside ids, then, and searched."""
    if path == "/v1/changes":
        return [path + "?limit=1000", path + "?limit=1000&data=true"]
    if entity is None:
        return [path]
    refs = [f.name for f in entity.fields.values() if f.type == "T_REF"]
    today = datetime.date.today() + datetime.timedelta(days=1)
    return [path + q for q in (
        "?limit=200&count=true", "?format=csv", "?format=ndjson",
        "?format=xlsx", f"?as_of={today}&limit=200", f"?q={WORD}&count=true",
        *(f"?limit=200&expand={','.join(refs[i:i + 8])}"
          for i in range(0, len(refs), 8)),
        *(f"?{k}={wide.planted['sibling'][entity.name]}" for k in refs[:2]
          if entity.name in wide.planted["sibling"]))]


@pytest.mark.parametrize("name,never", [
    ("huangmaozhou", "甲乙丙"), ("huangmaozhou-lead", "甲乙丙"),
    ("bumen", "甲乙丙丁"), ("admin", "甲乙丙丁"), ("agent", "甲乙丙丁"),
    ("anonymous", "甲乙丙丁")])
def test_no_get_gives_a_row_of_elsewhere(wide, name, never):
    """No list, file, feed, history, record or content of any entity; and to
    ask for such a row by its id is to ask for nobody's."""
    token = wide.var / "agent/tokens" / TOWN
    c = wide.client(token.read_text().strip()) if name == "agent" else \
        wide.client() if name == "anonymous" else people(wide)(name)
    by_path = {e.path: e for e in wide.rows.model.values()}
    asked = 0
    for method, path, kind in wide.routes:
        if method != "GET":
            continue
        entity = by_path.get(path.split("/")[2]) if path.count("/") > 1 \
            else None
        # What is shared is a department's to read on every line.
        mute = {"外" + x for x in (
            "乙丙" if name == "bumen" and entity and entity.shared or
            name == "bumen" and path == "/v1/changes" else never)}
        if kind is None:
            for q in asked_of(wide, path, entity):
                r = c.get(q)
                asked += 1
                assert r.status < 500, (q, r)
                assert not heard(r) & mute, (name, q, heard(r))
        if kind is None or entity is None or not re.fullmatch(
                r"/v1/[a-z-]+/\{id\}.*", path):
            continue
        gone = c.get(put_in(path, absent("row")))
        for where, (mark, *_) in ELSEWHERE.items():
            own = wide.planted[where].get(entity.name)
            if own is None or mark not in mute:
                continue
            r = c.get(put_in(path, own))
            asked += 1
            assert not heard(r), (name, path, where, r)
            assert bare(r, own) == bare(gone, absent("row")), (path, where, r)
    assert asked > 900


def test_every_canary_sings_to_its_own(wide):
    """Who may read them finds the words in lists, files and histories."""
    c, lists, ones = people(wide)("nongye"), set(), set()
    for name, own in wide.planted["sibling"].items():
        e = wide.rows.model[name]
        for q in ("?limit=200", "?format=csv", "?format=ndjson",
                  "?format=xlsx"):
            if "外甲" in heard(c.get(f"/v1/{e.path}{q}")):
                lists.add((name, q))
        for tail in ("", "/history", "/commands", "/evidence"):
            if "外甲" in heard(c.get(f"/v1/{e.path}/{own}{tail}")):
                ones.add((name, tail))
    assert len(lists) > 4 * 50, len(lists)
    assert len(ones) > 4 * 45, len(ones)
    assert "外甲" in heard(c.get("/v1/changes?limit=1000&data=true"))
