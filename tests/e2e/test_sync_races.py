"""Many saves and edits at once: nothing is lost, doubled or stuck, and the
history alone gives the table (I1, I3, I9, I11)."""
import random
import threading

from sheets import FULL, TOWN, Book, County

CLIENTS, ROUNDS, ROWS = 8, 25, 24
FIELDS = ["goal", "measures", "progress_text", "person_name"]


def writer(c, n, rows, told, errors):
    """A workbook (even) or somebody at the API (odd)."""
    rng = random.Random(n)
    try:
        if n % 2:
            edit(c, n, rng, rows, told)
        else:
            save(c, n, rng, rows, told)
    except Exception as e:      # noqa: BLE001 – shown by the test
        errors.append(f"{n}: {e!r}"[:600])


def save(c, n, rng, rows, told):
    b = Book(c.fork("town"), c.ledger["town"])
    for i in range(ROUNDS):
        ops = []
        for row in rng.sample(rows, 12):
            if row not in b.base:
                continue
            f = rng.choice(FIELDS)
            value = f"表{n}.{i}.{row[-4:]}"
            ops.append(b.upd(row, {f: value}))
            told.add((row, f, value))
        new = b.ins({**FULL, "description": f"新行 {n}.{i}"})
        ops.append(new)
        body, key = b.body(ops), b.key()
        first = b.put(body, key)
        again = b.put(body, key)    # the answer was lost
        assert first.status == again.status == 200, (first, again)
        assert first.body == again.body
        for op, r in zip(ops, first.json["results"]):
            assert r["outcome"] in ("applied", "merged", "conflict",
                                    "inserted", "noop"), r
            if op is new:
                told.add((r["row"], "description", f"新行 {n}.{i}"))
        if rng.random() < 0.2:
            b.refresh()


def edit(c, n, rng, rows, told):
    who = c.stack.client(c.user["clerk"].token)
    for i in range(ROUNDS * 4):
        row, f = rng.choice(rows), rng.choice(FIELDS)
        value = f"接口{n}.{i}"
        got = who.get(f"/v1/issues/{row}")
        assert got.status == 200, got
        r = who.patch(f"/v1/issues/{row}", {f: value}, rev=got.json["rev"])
        assert r.status in (200, 412), r
        if r.status == 200:
            told.add((row, f, value))


def test_eight_writers(stack):
    c = County(stack(demo=False, agent=False))
    b = c.book()
    made = b.push(*[b.upd(s, {**FULL, "description": f"行 {i}"})
                    for i, s in enumerate(b.spares[:ROWS])])
    rows = [r["row"] for r in made]
    told, errors = set(), []
    threads = [threading.Thread(target=writer, args=(c, n, rows, told, errors))
               for n in range(CLIENTS)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(120)
    assert not errors
    assert not any(t.is_alive() for t in threads)   # nothing is stuck

    every = ("SET app.lo='0'; SET app.hi='999999999999'; SET app.line='';"
             "SET app.clearance='4'; ")
    # No duplicates: each insertion is one row.
    texts = [r[0] for r in c.stack.psql(
        every + "SELECT description FROM issue WHERE voided_at IS NULL")]
    assert len(texts) == len(set(texts)) == ROWS + CLIENTS // 2 * ROUNDS
    # Nothing lost: in the table, in its history, or in a conflict.
    known = {tuple(r) for r in c.stack.psql(
        every + "SELECT row_id, k.key, k.value FROM history,"
        " jsonb_each_text(data) k WHERE entity = 'issue'")}
    known |= {tuple(r) for r in c.stack.psql(
        every + "SELECT row_id, name, file FROM sheet_conflict")}
    assert not told - known
    # Revisions have no gap, and the last one is the row, byte for byte.
    assert c.stack.psql(
        every + "SELECT i.id FROM issue i JOIN LATERAL (SELECT count(*) n,"
        " max(rev) last FROM history h WHERE h.entity = 'issue'"
        " AND h.row_id = i.id) h ON true LEFT JOIN history l"
        " ON l.entity = 'issue' AND l.row_id = i.id AND l.rev = i.rev"
        " WHERE h.n <> i.rev OR h.last <> i.rev"
        " OR l.data <> to_jsonb(i)") == []
    # Both sides of every conflict are there, and no lock went wrong.
    assert c.stack.psql(every + "SELECT count(*) FROM sheet_conflict"
                        " WHERE system = file OR base = file") == [["0"]]
    assert "deadlock" not in c.stack.logs(4000)
    last = c.book()
    shown = {r["row"]: r["cells"] for r in last.export["rows"]}
    table = {r[0]: r[1] for r in c.stack.psql(
        every + f"SELECT id, goal FROM issue WHERE unit_code = {TOWN}"
        " AND voided_at IS NULL")}
    assert {k: v["goal"] for k, v in shown.items()} == table


def test_a_whole_book_merges(stack):
    c = County(stack(demo=False, agent=False))
    b = c.book()

    def merged(ops):
        r = b.put(b.body(ops))
        assert r.status == 200, r
        for op, one in zip(ops, r.json["results"]):
            b.base.setdefault(one["row"], dict(op["f"]))
        return {one["outcome"] for one in r.json["results"]}

    new = [b.ins({**FULL, "description": f"第{i}行：" + "基本情况" * 20})
           for i in range(1430)]
    for at in range(0, 1430, 500):
        assert merged(new[at:at + 500]) == {"inserted"}
    b.refresh()
    assert len(b.rows) == 1430
    ops = [b.upd(row, {"goal": "改过的目标", "measures": f"措施 {i}"})
           for i, row in enumerate(b.rows)]
    for at in range(0, 1430, 500):
        assert merged(ops[at:at + 500]) == {"applied"}
    b.refresh()
    goals = c.stack.psql("SELECT goal, count(DISTINCT measures) FROM issue"
                         " WHERE voided_at IS NULL GROUP BY goal")
    assert goals == [["改过的目标", "1430"]]
