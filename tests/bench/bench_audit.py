#!/usr/bin/python3
"""What the second wall and the log cost: the same requests with them and, in
this benchmark's own database, after a superuser took them away. There is no
switch: a product that could be told to forget them would be one that forgets.

Compared is CPU time of the whole system (PostgreSQL, workers, job runner with
its sealer) per request, which other work on the machine hardly changes; with
both cores busy, rates are its inverse."""
import os
import pathlib
import threading

from bench import row, wrk
from stack import Stack, wait_for

SECONDS = int(os.environ.get("SECONDS_EACH", "3"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
WRITES, THREADS, BULK = 300, 4, 500
TICK = os.sysconf("SC_CLK_TCK")
READS_GOAL, WRITES_GOAL = 0.9, 0.6
EACH = ("DO $$ DECLARE t record; BEGIN FOR t IN SELECT c.oid::regclass AS name"
        " FROM pg_class c WHERE relkind = 'r' AND relnamespace ="
        " 'public'::regnamespace {where} LOOP EXECUTE format('{what}', t.name);"
        " END LOOP; END $$")


def walls(stack, on):
    stack.psql(EACH.format(
        where="AND EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid)",
        what=f"ALTER TABLE %s {'ENABLE' if on else 'DISABLE'} ROW LEVEL"
             f" SECURITY, {'' if on else 'NO '}FORCE ROW LEVEL SECURITY"))


def log(stack, on):
    """Disables every trigger of the log, by the names audit.watch() gives."""
    how = "ENABLE" if on else "DISABLE"
    for op in ("insert", "update", "delete"):
        stack.psql(EACH.format(
            where="AND EXISTS (SELECT FROM pg_trigger WHERE tgrelid = c.oid"
                  f" AND tgname = 'audit_{op}')",
            what=f"ALTER TABLE %s {how} TRIGGER audit_{op}"))


def sealed(stack):
    wait_for(lambda: stack.psql(
        "SELECT count(*) FROM audit.event e WHERE txid > (SELECT max(txid)"
        " FROM audit.leaf)") == [["0"]], 120, why="sealed")


def cpu(stack):
    """Seconds that the stack's processes have used."""
    total = 0
    for name in ("postgres", "kore", "taizhang-jobs"):
        for pid in stack.pids(name):
            try:
                stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
            except OSError:
                continue
            fields = stat.rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
    return total / TICK


class Bench:
    def __init__(self, stack):
        self.stack, self.client = stack, stack.login("qionghu")
        self.unit = self.client.get("/v1/me").json["division"]
        head = 'wrk.headers["Authorization"] = "Bearer "..os.getenv("TOKEN")\n'
        for name, path in (("list", "/v1/issues?limit=50"),):
            (stack.dir / f"{name}.lua").write_text(
                head + f"request = function() return wrk.format('GET',"
                f" '{path}') end\n")
        for _ in range(3):
            items = self.bulk()
        stack.psql("VACUUM ANALYZE")
        self.rows = [[x["id"], 1] for x in items]
        ids = ", ".join(f"'{i}'" for i, _ in self.rows)
        (stack.dir / "get.lua").write_text(
            head + f"ids = {{ {ids} }}\nrequest = function() return"
            " wrk.format('GET', '/v1/issues/'..ids[math.random(#ids)]) end\n")

    def bulk(self):
        r = self.client.post("/v1/issues/bulk", {"items": [
            {"category": "Y-1", "description": f"第{i}个问题",
             "division_code": self.unit} for i in range(BULK)]}, timeout=120)
        assert r.status == 200, r
        return r.json["items"]

    def read(self, name):
        rate = wrk(self.stack.port, self.client.token,
                   str(self.stack.dir / f"{name}.lua"), SECONDS)
        return rate * SECONDS

    def write(self):
        """Changes of one row each, from several clients."""
        def work(k):
            c = self.stack.client(self.client.token)
            for n in range(WRITES // THREADS):
                one = self.rows[k + THREADS * (n % (len(self.rows)
                                                    // THREADS))]
                r = c.patch(f"/v1/issues/{one[0]}",
                            {"goal": f"目标{n}-{one[1]}"}, rev=one[1])
                assert r.status == 200, r
                one[1] += 1
        threads = [threading.Thread(target=work, args=(k,))
                   for k in range(THREADS)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        return WRITES

    def measured(self, run):
        """Milliseconds of CPU per request, the sealer's included."""
        before = cpu(self.stack)
        n = run()
        sealed(self.stack)
        return (cpu(self.stack) - before) * 1000 / n

    def reads(self):
        figures = {}
        for what, name in (("row by id", "get"), ("50-row list", "list")):
            self.read(name)  # plans anew, caches warm
            figures[what] = self.measured(lambda: self.read(name))
        return figures

    def writes(self):
        self.write()
        return {"change of a row": self.measured(self.write),
                f"row of a bulk of {BULK}": self.measured(
                    lambda: sum(len(self.bulk()) for _ in range(4)))}


def compare(stack, kind, goal):
    """The variants in turns, so that what else the machine does meets all of
    them; reads apart from writes, whose dead rows they would step over."""
    variants = {"with": (True, True), "no log": (True, False),
                "no walls": (False, True), "neither": (False, False)}
    best = {}
    for _ in range(ROUNDS):
        for name, (wall, audit) in variants.items():
            walls(stack, wall)
            log(stack, audit)
            for what, ms in kind().items():
                best[what, name] = min(best.get((what, name), ms), ms)
    for what in dict.fromkeys(w for w, _ in best):
        ours = best[what, "with"]
        for other in list(variants)[1:]:
            ratio = best[what, other] / ours
            row(f"{what}: log and walls", f"{ours:.3f} ms",
                f"{other} {best[what, other]:.3f} ms", f"{ratio:.2f}",
                None if other == "neither" else f">= {goal}", ratio >= goal)


def main():
    stack = Stack(demo=True, agent=False)
    stack.start(seconds=180)
    try:
        b = Bench(stack)
        print(f"CPU of the whole system per request, best of {ROUNDS}")
        compare(stack, b.reads, READS_GOAL)
        compare(stack, b.writes, WRITES_GOAL)
    finally:
        stack.stop()


if __name__ == "__main__":
    main()
