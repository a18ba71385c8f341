"""The merge against its own definition: random operations of several exports
and API edits go to the server and to the protocol's model, and after every
step rows, shadows and conflicts must be the same."""
import json
import random

import pytest

from sheets import FULL, Book, c

FIELDS = ["description", "goal", "measures"]
SEEDS, STEPS = 5, 50
assert c    # the fixture


class Model:
    """compare-and-merge of sync-and-security §1.4–1.7, cell by cell."""

    def __init__(self):
        self.now, self.deleted, self.conflicts = {}, set(), set()
        self.shown, self.shadow, self.gone = {}, {}, {}
        self.open = {}      # cell → what disagrees there, said once

    def export(self, export, spares):
        self.shown[export] = {r: dict(v) for r, v in self.now.items()
                              if r not in self.deleted}
        self.shown[export].update({s: dict.fromkeys(FIELDS, "")
                                   for s in spares})
        self.shadow[export], self.gone[export] = {}, set()

    def base(self, export, row):
        shown = self.shown[export].get(row, dict.fromkeys(FIELDS, ""))
        return {**shown, **self.shadow[export].get(row, {})}

    def deliver(self, export, row, cells):
        self.shadow[export].setdefault(row, {}).update(cells)

    def merge(self, row, base, cells):
        new = dict(self.now.get(row, dict.fromkeys(FIELDS, "")))
        for f, v in cells.items():
            if v == base[f] or v == new[f] or new[f] == base[f]:
                self.open.pop((row, f), None)
                if v != base[f]:
                    new[f] = v
            elif self.open.get((row, f)) != (new[f], v):
                self.open[row, f] = new[f], v
                self.conflicts.add((row, f, base[f], new[f], v))
        if any(new.values()):
            self.now[row] = new

    def upd(self, export, row, cells):
        base = self.base(export, row)
        if row in self.deleted:
            if any(v != base[f] for f, v in cells.items()):
                self.conflicts.add((row, "edit_delete"))
        else:
            self.merge(row, base, cells)
        self.deliver(export, row, cells)

    def ins(self, export, row, cells):
        self.now[row] = dict(cells)
        self.deliver(export, row, cells)

    def dele(self, export, row):
        if row in self.now and row not in self.deleted:
            if self.base(export, row) == self.now[row]:
                self.deleted.add(row)
            else:
                self.conflicts.add((row, "delete_edit"))
        self.shadow[export].setdefault(row, {})
        self.gone[export].add(row)

    def back(self, export, row, cells):
        base = self.base(export, row)
        if row in self.deleted:
            self.conflicts.add((row, "edit_delete"))
        else:
            self.merge(row, base, cells)
        self.gone[export].discard(row)
        self.deliver(export, row, cells)


def step(c, rng, m, books, n):
    """One random thing; returns what was done, for the message."""
    kind = rng.random()
    if kind < 0.12 or not books:
        b = Book(c.folder["town"], c.ledger["town"])
        m.export(b.export["export"], b.spares)
        books.append(b)
        del books[:-4]
        return "export"
    live = [r for r in m.now if r not in m.deleted]
    if kind < 0.3 and live:
        row, f = rng.choice(live), rng.choice(FIELDS[1:])
        value = rng.choice([f"接口{n}", m.now[row][f], "同一个值"])
        c.patch(row, {f: value or None})
        m.now[row][f] = value
        return f"patch {row} {f} {value}"
    b = rng.choice(books)
    export = b.export["export"]
    # In the order in which they came: a seed is the same run every time.
    known = [r for r in {**m.shown[export], **m.shadow[export]}
             if r in m.now or r in b.spares[:3]]
    ops, done = [], []
    for row in rng.sample(known, min(len(known), rng.randrange(1, 5))):
        base = m.base(export, row)
        cells = {f: rng.choice([f"表{n}.{row[-3:]}.{f[0]}", base[f],
                                "同一个值", m.now.get(row, base)[f]])
                 for f in rng.sample(FIELDS, rng.randrange(1, 4))}
        if row in m.gone[export]:
            full = {**base, **cells}
            ops.append({"op": "back", "row": row, "base": base, "f": full})
            done.append(("back", row, full))
        elif rng.random() < 0.15 and row in m.now:
            ops.append({"op": "del", "row": row, "base": base})
            done.append(("del", row, None))
        else:
            ops.append({"op": "upd", "row": row, "at": 6,
                        "f": {f: [base[f], v] for f, v in cells.items()}})
            done.append(("upd", row, cells))
    if rng.random() < 0.3:
        cells = {f: f"新{n}.{f[0]}" for f in FIELDS}
        ops.append(b.ins(cells))
        done.append(("ins", None, cells))
    results = b.push(*ops)
    for (what, row, cells), r in zip(done, results):
        assert r["outcome"] not in ("base_mismatch", "not_found", "held"), r
        if what == "ins":
            m.ins(export, r["row"], cells)
        elif what == "upd":
            m.upd(export, row, cells)
        elif what == "del":
            m.dele(export, row)
        else:
            m.back(export, row, cells)
    return str(done)


def compare(c, m, books, said):
    every = ("SET app.lo='0'; SET app.hi='999999999999'; SET app.line='';"
             "SET app.clearance='4'; ")
    (rows, conflicts), = c.stack.psql(
        every + "SELECT (SELECT coalesce(json_agg(json_build_array(id, " +
        ", ".join(f"coalesce({f}, '')" for f in FIELDS) +
        ", voided_at IS NOT NULL)), '[]') FROM issue), (SELECT coalesce("
        "json_agg(json_build_array(row_id, name, base, system, file, kind)),"
        " '[]') FROM sheet_conflict)")
    rows, conflicts = json.loads(rows), json.loads(conflicts)
    assert {r[0]: dict(zip(FIELDS, r[1:4])) for r in rows} == m.now, said
    assert {r[0] for r in rows if r[4]} == m.deleted, said
    for b in books:
        export = b.export["export"]
        for row, k in b.known().items():
            if k["kind"] == "header":
                continue
            assert k["shadow"] == m.shadow[export].get(row, {}), (said, row)
            assert k["gone"] == (row in m.gone[export]), (said, row)
            if k["kind"] == "manifest":
                assert {f: k["base"][f] for f in FIELDS} == \
                    m.shown[export][row], (said, row)
    assert {tuple(x[:5]) if x[5] == "cell" else (x[0], x[5])
            for x in conflicts} == m.conflicts, said


@pytest.mark.parametrize("seed", range(SEEDS))
def test_server_is_its_model(c, seed):
    rng, m, books = random.Random(seed), Model(), []
    c.stack.psql("TRUNCATE issue, issue_progress, issue_acceptance, evidence,"
                 " sheet_conflict, sheet_held CASCADE")
    said = []
    for n in range(STEPS):
        said.append(f"{seed}.{n}: {step(c, rng, m, books, f'{seed}.{n}')}")
        compare(c, m, books, said[-3:])
    assert len(m.now) > 5 and m.conflicts and m.deleted
    assert FULL["goal"] not in str(m.now)
