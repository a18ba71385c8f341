"""Sixteen clients on the same rows at once: nothing lost, nothing doubled, no
deadlock shown. SECONDS=60 for the long run."""
import collections
import os
import random
import threading
import time

import pytest

from stack import Stack

SECONDS = float(os.environ.get("SECONDS", "6"))
CLIENTS = 16
UNIT = "430981107000"
LOGIN = "huangmaozhou"


class Tally:
    """What every client did, and every answer that should not be."""

    def __init__(self):
        self.lock = threading.Lock()
        self.wrong, self.done = [], collections.Counter()
        self.stop_at = time.monotonic() + SECONDS

    def count(self, what):
        with self.lock:
            self.done[what] += 1

    def bad(self, what, reply):
        with self.lock:
            self.wrong.append((what, reply))

    def going(self):
        return time.monotonic() < self.stop_at and not self.wrong


def run(stack, work):
    clients = stack.clients
    tally = Tally()

    def guarded(n):
        try:
            work(tally, clients[n], n)
        except Exception as e:
            tally.bad("exception", repr(e))

    threads = [threading.Thread(target=guarded, args=(n,))
               for n in range(CLIENTS)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert tally.wrong == [], tally.wrong[:3]
    return tally.done


def new(client, **more):
    r = client.post("/v1/issues", dict({
        "category": "Y-1", "description": "并发", "division_code": UNIT},
        **more))
    assert r.status == 201, r
    return r.json


@pytest.fixture(scope="module")
def busy():
    s = Stack(agent=False).start()
    s.clients = [s.login(LOGIN) for _ in range(CLIENTS)]
    yield s
    s.stop()


def test_no_update_is_lost(busy):
    """Everybody adds one to the number in the text of one of four rows, with
    the revision he read: the end is the number of those who were told 200."""
    rows = [new(busy.clients[0], goal="0")["id"] for _ in range(4)]

    def work(tally, client, n):
        rng = random.Random(n)
        while tally.going():
            path = f"/v1/issues/{rng.choice(rows)}"
            was = client.get(path)
            if was.status != 200:
                return tally.bad("get", was)
            r = client.patch(path, {"goal": str(int(was.json["goal"]) + 1)},
                             rev=was.json["rev"])
            if r.status == 200:
                tally.count("changed")
            elif r.status == 412:
                tally.count("stale")
            else:
                return tally.bad("patch", r)

    done = run(busy, work)
    reader = busy.clients[0]
    ends = [reader.get(f"/v1/issues/{i}").json for i in rows]
    assert sum(int(x["goal"]) for x in ends) == done["changed"] > 50
    assert all(x["rev"] == int(x["goal"]) + 1 for x in ends)
    assert done["stale"] > 0


def test_nothing_is_made_twice(busy):
    """Every row is created under one key by two clients at least, and the
    same key has the same answer."""
    made, lock = {}, threading.Lock()

    def work(tally, client, n):
        turn = 0
        while tally.going():
            key = f"twice-{n // 2}-{turn}"
            r = client.post("/v1/issues", {
                "category": "Y-2", "description": key,
                "division_code": UNIT}, headers={"Idempotency-Key": key})
            if r.status == 503:  # the other one is at it now
                time.sleep(0.01)
                continue
            if r.status != 201:
                return tally.bad("create", r)
            with lock:
                made.setdefault(key, set()).add(r.json["id"])
            turn += 1
            tally.count("created")

    run(busy, work)
    assert len(made) > 50
    assert all(len(ids) == 1 for ids in made.values())
    n = busy.psql("SELECT count(*), count(DISTINCT description) FROM issue"
                  " WHERE description LIKE 'twice-%'")
    assert [int(x) for x in n[0]] == [len(made), len(made)]
    twice = busy.psql("SELECT unit_code, seq_no FROM issue GROUP BY 1, 2"
                      " HAVING count(*) > 1")
    assert twice == []


def test_bulk_meets_bulk_without_a_deadlock(busy):
    """The same hundred rows in everybody's own order, and new ones by their
    natural key: each key ends as one row."""
    client = busy.clients[0]
    ids = [new(client)["id"] for _ in range(100)]
    keyed = [{"household_no": f"并发{k}", "head_name": "张三",
              "division_code": UNIT} for k in range(40)]

    def work(tally, client, n):
        rng = random.Random(n)
        turn = 0
        while tally.going() or turn < 2 and not tally.wrong:
            turn += 1
            order = rng.sample(ids, 60)
            r = client.post("/v1/issues/bulk", {"items": [
                {"id": i, "cause": f"{n}-{turn}"} for i in order]})
            if r.status != 200 or r.json["changed"] != 60:
                return tally.bad("bulk", r)
            r = client.post("/v1/households/bulk?atomic=false", {
                "items": rng.sample(keyed, 30)})
            if r.status != 200:
                return tally.bad("upsert", r)
            for item in r.json["items"]:
                # Another made the row between the look and the write.
                if item["result"] == "refused" and \
                        item["code"] != "duplicate":
                    return tally.bad("row", item)
            tally.count("bulk")

    done = run(busy, work)
    assert done["bulk"] > CLIENTS
    rows = busy.psql("SELECT household_no, count(*) FROM household WHERE"
                     " household_no LIKE '并发%' GROUP BY 1")
    assert sorted(int(n) for _, n in rows) == [1] * 40
    revs = busy.psql("SELECT sum(rev - 1) FROM issue WHERE id = ANY ('{"
                     + ",".join(ids) + "}')")
    assert int(revs[0][0]) == 60 * done["bulk"]
    history = busy.psql("SELECT count(*) FROM history WHERE entity = 'issue'"
                        " AND row_id = ANY ('{" + ",".join(ids) + "}')")
    assert int(history[0][0]) == 100 + 60 * done["bulk"]


def test_one_command_of_many_wins(busy):
    """Sixteen give the same command on one row: it happens once."""
    def work(tally, client, n):
        while tally.going():
            row = new(client)["id"]
            with rows_lock:
                rows.append(row)
            for path in rows[-8:]:
                r = client.post(f"/v1/issues/{path}/assign", {
                    "responsible_subject_kind": "township",
                    "responsible_org": "镇人民政府", "person_name": "李四",
                    "leader_name": "张三", "due_on": "2023-05-20"})
                if r.status == 200:
                    tally.count("assigned")
                    with rows_lock:
                        won[path] += 1
                elif r.status != 409:
                    return tally.bad("assign", r)

    rows, won, rows_lock = [], collections.Counter(), threading.Lock()
    done = run(busy, work)
    assert done["assigned"] == len(won) > 20
    assert set(won.values()) == {1}
    log = busy.psql("SELECT count(*) FROM command WHERE entity = 'issue' AND"
                    " command = 'assign'")
    assert int(log[0][0]) == done["assigned"]
