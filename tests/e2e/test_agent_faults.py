"""The agent dies, the disk fails, the network breaks, its memory goes – at
sampled points of a busy pass: nothing is lost, nothing doubled, and every
ledger is a whole workbook at every moment (I1, I3, I9, I12, I17).

FAULT_POINTS=N samples N points a test instead of a CI's worth; SEED repeats
a run.
"""
import os
import random
import shutil
import subprocess

import openpyxl
import pytest

from faultproxy import Proxy
from sheets import FULL, c
from stack import BUILD
from staff import SHEET, blank_row, fields, find, rows
from test_agent import Folder

assert c    # the fixture
POINTS = int(os.environ.get("FAULT_POINTS", 0))
ROWS = 25 if POINTS else 12     # a ledger's spare rows are not without end
EFFECTS = ("write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,link,"
           "linkat,unlink,unlinkat,ftruncate,mkdir,mkdirat,fchmod,fchown,"
           "sendto,sendmsg")
NETWORK = ["a mount: no leases"]
NO_EXCHANGE = ["-e", "inject=renameat2:error=EINVAL"]
DISK = "write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,ftruncate"


class Town:
    """A folder, its staff, and what everybody has entered so far."""

    def __init__(self, county, dir, disk=None, **kw):
        for user in county.user.values():
            user.close()            # perhaps long idle
        self.disk = disk or []      # what strace shall always do to it
        self.seed = int(os.environ.get("SEED", random.randrange(10**6)))
        print(f"SEED={self.seed}")
        self.rng = random.Random(self.seed)
        self.folder = Folder(county, dir, settle_s=0, delete_after_s=0,
                             name=f"{dir.name} {self.seed}", **kw)
        self.prefix = f"{dir.name}的"
        self.said, self.serial = {}, 0
        # What the desk changed since, and could see at, the last settling.
        self.touched, self.stored_then = set(), []
        if disk == NETWORK:
            self.disk = []
            with open(dir / "agent.conf", "a") as conf:
                conf.write("network = yes\n")
        self.work()
        self.settle()

    # ---- what people do ----

    def work(self, delete=False):
        """Staff add a row, change another, perhaps delete one; a desk
        changes one, too."""
        path, cells = self.folder.path, []
        self.serial += 1
        old = list(self.said)
        if len(old) < ROWS:
            name, goal = f"{self.prefix}第{self.serial}条", f"目标{self.serial}"
            self.said[name] = {"goal": goal, "measures": FULL["measures"]}
            cells += fields(blank_row(path), **{
                **FULL, "description": name, "goal": goal})
        stored = [x for x in self.stored_then if x in self.said]
        idle = [x for x in stored if x not in self.touched]
        if delete and len(idle) > 4:
            # Not what the desk has changed meanwhile: that would be a conflict.
            gone = self.rng.choice(idle)
            row = find(path, gone)
            cells += [[f"{x}{row}", None] for x in "BCDEFGHIJKLMN"]
            old.remove(gone)
            stored.remove(gone)
            del self.said[gone]
        if stored:
            self.patch(self.rng.choice(stored))
        if old:
            typed = self.rng.choice(old)
            self.said[typed]["goal"] = f"目标{self.serial}改"
            cells += fields(find(path, typed), goal=self.said[typed]["goal"])
        book = openpyxl.load_workbook(path)
        for ref, value in cells:
            book[SHEET][ref].value = value
        book.save(path)

    def patch(self, name):
        self.said[name]["measures"] = f"措施{self.serial}"
        self.touched.add(name)
        self.folder.county.user["clerk"].close()    # perhaps long idle
        self.folder.patch(name, measures=self.said[name]["measures"])

    # ---- one pass, with a fault ----

    def strace(self, trace, inject, *more):
        """Exit status of one pass under strace; the agent alone, not the
        children that parse, unless told."""
        return subprocess.run(
            ["strace", "-qq", "-o", self.folder.dir / "trace", *more,
             "-e", f"trace={trace},renameat2", *inject, *self.disk,
             BUILD / "taizhang-agent", "--config",
             self.folder.dir / "agent.conf", "once", self.folder.share],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=120)

    def points(self, trace, n):
        """n of the calls of a busy pass, as (name, which of that name), from
        its whole length and in random order."""
        self.work()
        r = self.strace(trace, [])
        assert r.returncode == 0, r.stderr
        seen, calls = {}, []
        for line in (self.folder.dir / "trace").read_text().splitlines():
            if line.startswith("---"):      # a child's end is no call
                continue
            name = line.split("(")[0]
            seen[name] = seen.get(name, 0) + 1
            if not self.disk or name != "renameat2":
                calls.append((name, seen[name]))
        self.settle()
        assert len(calls) > 60 and len(seen) > 6, seen
        n = min(n, len(calls))
        out = [calls[(i * len(calls) + self.rng.randrange(len(calls))) // n]
               for i in range(n)]
        self.rng.shuffle(out)
        return out

    def kill(self, call, n):
        """True if the pass got that far and died."""
        r = self.strace(call, ["-e", f"inject={call}:signal=KILL:when={n}"])
        return r.returncode in (-9, 137)

    # ---- what must hold ----

    def whole(self):
        """I12: each ledger can be read from end to end, and nothing but
        ledgers stands in the folder."""
        there = sorted(p.name for p in self.folder.share.iterdir())
        assert there == [".ledger-sync", self.folder.path.name], (
            there, self.folder.notes())
        r = subprocess.run([BUILD / "taizhang-agent", "inspect",
                            self.folder.path], capture_output=True, text=True)
        assert r.returncode == 0 and self.prefix in r.stdout, r.stderr

    def settle(self):
        """Passes until one is clean; then every side says the same."""
        for left in range(4, -1, -1):
            r = self.strace("renameat2", []) if self.disk else \
                self.folder.agent("once", str(self.folder.share))
            if r.returncode == 0:
                break
            assert left, (r.stdout, r.stderr, self.folder.notes())
        shown = {r["C"]: {"goal": r.get("H"), "measures": r.get("I")}
                 for r in rows(self.folder.path).values()
                 if r.get("C", "").startswith(self.prefix)}
        stored = self.stored()
        assert stored == self.said and shown == self.said, (
            f"SEED={self.seed}", self.diff(stored), self.diff(shown))
        assert self.folder.notes() == {}
        self.touched.clear()
        self.stored_then = list(stored)

    def diff(self, other):
        return {k: (self.said.get(k), other.get(k))
                for k in {*self.said, *other}
                if self.said.get(k) != other.get(k)}

    def stored(self):
        out, path = {}, "/v1/issues?limit=200"
        while path:
            r = self.folder.county.user["clerk"].get(path)
            assert r.status == 200, r
            for i in r.json["items"]:
                if (i["description"] or "").startswith(self.prefix):
                    assert i["description"] not in out, i   # I3
                    out[i["description"]] = {k: i[k] for k in
                                             ("goal", "measures")}
            path = r.json["next"] and \
                f"/v1/issues?limit=200&cursor={r.json['next']}"
        return out


@pytest.mark.parametrize("amnesia, disk", [
    (False, []), (True, []), (False, NETWORK), (False, NO_EXCHANGE)],
    ids=["kill", "amnesia", "network", "no_exchange"])
def test_killed_at_any_call(c, tmp_path, amnesia, disk):
    """Three deaths in a row, staff saving in between, then a clean pass; in
    the second test the memory goes with one of the deaths (I17). Where a disk
    cannot exchange two names the ledger is away for a moment, and a death
    there is made good by the next pass."""
    t = Town(c, tmp_path, disk)
    points, died = t.points(EFFECTS, POINTS or 24), 0
    wanted = len(points) * 2 // 3
    while points:
        # A memory that was lost deletes nothing at first sight.
        t.work(delete=not amnesia)
        for k in range(3):
            if points and t.kill(*points.pop()):
                died += 1
            if disk != NO_EXCHANGE:
                t.whole()
                if k == 0:
                    t.work()
            if amnesia and k == 1:
                shutil.rmtree(t.folder.state, ignore_errors=True)
        t.settle()
        t.whole()
    assert died >= wanted, (died, wanted)


@pytest.mark.parametrize("error", ["EIO", "ENOSPC", "full"])
def test_the_disk_fails(c, tmp_path, error):
    """One call fails, or all from there on: what was on the disk stays, and
    the next pass has everything."""
    t = Town(c, tmp_path)
    points, hit = t.points(DISK, POINTS or 10), 0
    for call, n in points:
        t.work()
        rule = f"{DISK}:error=ENOSPC:when={n}+" if error == "full" else \
            f"{call}:error={error}:when={n}"
        r = t.strace(DISK, ["-e", f"inject={rule}"])
        hit += "(INJECTED)" in (t.folder.dir / "trace").read_text()
        assert r.returncode in (0, 1, 2, 3), r
        t.whole()
        t.settle()
    assert hit >= len(points) - 2, hit


def test_the_parser_dies(c, tmp_path):
    """The child that parses is shot: the file is read again, not refused."""
    t = Town(c, tmp_path)
    t.work()
    r = t.strace("seccomp", ["-e", "inject=seccomp:signal=KILL:when=1"], "-f")
    assert "killed by SIGKILL" in (t.folder.dir / "trace").read_text()
    assert r.returncode not in (-9, 137), r
    t.whole()
    t.settle()


FAULTS = ["cut", "mid_request", "after", "mid_reply", "reset", "storm",
          "trickle", "garbage"]


def test_the_network_fails(c, tmp_path):
    """I9: whatever request meets whatever fault, its effect is there once."""
    t = Town(c, tmp_path)
    with Proxy(c.stack.port) as proxy:
        t.folder.conf(api=f"http://127.0.0.1:{proxy.port}")
        t.work()
        t.settle()
        requests = proxy.seen()
        kinds = {r.split("/", 4)[3].split("?")[0] + r[:4] for r in requests}
        assert len(kinds) >= 5, requests
        cases = [(k, f) for k in range(len(requests)) for f in FAULTS]
        if not POINTS:      # every fault on the writes, one on each read
            cases = [(k, f) for k, f in cases
                     if (requests[k].startswith("PUT") and f != "garbage") or
                     (k + FAULTS.index(f)) % len(FAULTS) == 0]
        t.rng.shuffle(cases)
        hit = 0
        for k, fault in cases[:POINTS or len(cases)]:
            proxy.plan(k, fault)
            t.work()
            t.settle()
            hit += proxy.hit
        assert hit >= len(cases[:POINTS or len(cases)]) * 3 // 4, hit
