#!/usr/bin/python3
"""The API with a whole prefecture in it (18 heavy counties, 2 million rows):
reads, lists at every level of scope, bulk, exports, history and the feed,
against pgbench of the same statements, against fastify + pg, and against the
same API with a single county. PRESETS=, SECONDS_EACH=, ROUNDS=."""
import concurrent.futures
import json
import os
import re
import statistics
import subprocess
import sys
import time

import generate
from bench import compared, pgbench, rounds, row, wrk
from bench_api import PEER, Peer, batch, literal
from stack import Stack

SECONDS = int(os.environ.get("SECONDS_EACH", "3"))
PRESETS = os.environ.get("PRESETS", "county prefecture").split()
WORKERS = 2  # of ours, as we ship them
LIST = "/v1/projects?is_industry=true&sort=-total_investment_fen&limit=50"
TICK = os.sysconf("SC_CLK_TCK")


class Sized:
    """A stack with the rows of a preset, and the workers we ship with."""

    def __init__(self, preset):
        self.preset = preset
        self.stack = Stack(demo=True, agent=False, workers=WORKERS).start()
        self.socket = self.stack.socket()
        begin = time.monotonic()
        self.count = generate.generate(
            preset, f"host={self.socket} user=postgres dbname=taizhang")
        self.stack.psql("CHECKPOINT")
        print(f"{preset}: {sum(self.count.values())} rows in "
              f"{time.monotonic() - begin:.0f} s", flush=True)
        self.users = {n: self.stack.login(f"level{n}") for n in range(1, 6)}
        self.pids = self.stack.pids("kore")

    def restart(self, workers):
        """The same rows, with as many workers."""
        self.stack.stop(keep=True)
        self.stack.workers = workers
        self.stack.start(template=False)
        self.pids = self.stack.pids("kore")

    def cpu(self):
        """Seconds used by the workers and by their PostgreSQL processes."""
        mine = list(self.pids)
        for p in os.listdir("/proc"):
            try:
                line = open(f"/proc/{p}/cmdline", "rb").read()
            except (OSError, ValueError):
                continue
            if b"postgres: taizhang_api" in line:
                mine.append(p)
        total = 0
        for p in mine:
            f = open(f"/proc/{p}/stat").read().rsplit(")", 1)[1].split()
            total += int(f[11]) + int(f[12])
        return total / TICK

    def rss(self, peak=False):
        """MB that one worker holds now, or at most since forget_peak()."""
        held = re.compile(r"VmHWM:\s+(\d+)" if peak else r"VmRSS:\s+(\d+)")
        return max(int(held.search(open(f"/proc/{p}/status").read()).group(1))
                   for p in self.pids) // 1024

    def forget_peak(self):
        for p in self.pids:
            with open(f"/proc/{p}/clear_refs", "w") as f:
                f.write("5")

    def script(self, name, path, ids=None):
        """A wrk script: one path, or a random row of a table by id."""
        lua = self.stack.dir / f"{name}.lua"
        body = f"return wrk.format('GET', '{path}')"
        if ids:
            table = ",".join(f"'{i}'" for i in ids)
            body = (f"return wrk.format('GET', '{path}' .. "
                    f"ids[math.random(#ids)])")
            head = f"local ids = {{{table}}}\n"
        lua.write_text(
            (head if ids else "") + 'wrk.headers["Authorization"] = "Bearer "'
            ' .. os.getenv("TOKEN")\nrequest = function() ' + body + " end\n")
        return lua

    def rate(self, token, lua):
        """Requests per second and CPU µs of the server per request."""
        wrk(self.stack.port, token, lua, 1)
        before, begin = self.cpu(), time.monotonic()
        rate = wrk(self.stack.port, token, lua, SECONDS)
        return rate, (self.cpu() - before) / (
            rate * (time.monotonic() - begin)) * 1e6

    def stop(self):
        self.stack.stop()


def latency(sized, token, path, rps=1500, clients=15):
    """p50 and p99 in ms at a fixed rate, whatever the server does."""
    log = sized.stack.dir / "latency.log"
    log.unlink(missing_ok=True)
    subprocess.run(
        ["h2load", "--h1", "-t1", f"-c{clients}", f"--rps={rps // clients}",
         f"-n{rps * max(SECONDS, 4)}", f"--log-file={log}",
         "-H", f"Authorization: Bearer {token}",
         f"http://127.0.0.1:{sized.stack.port}{path}"],
        check=True, capture_output=True)
    rows = [line.split() for line in log.read_text().splitlines()]
    assert all(r[1] == "200" for r in rows), rows[:3]
    ms = sorted(int(r[2]) / 1000 for r in rows)
    return statistics.median(ms), ms[len(ms) * 99 // 100]


def against(sized):
    """Row by id and list, against the two others: with the workers we ship,
    fastify a cluster of as many; and process for process."""
    client = sized.users[2]
    n = sized.count["project"]
    ids = [generate.uid(1, k * 7919 % n) for k in range(2000)]
    lua = {"get": sized.script("get", "/v1/projects/", ids),
           "list": sized.script("list", LIST)}
    scope, one = batch(sized.stack, client, f"/v1/projects/{ids[0]}",
                       "project")
    said, many = batch(sized.stack, client, LIST, "project")
    values = "('{" + ",".join(ids) + "}'::uuid[])[:n]"
    sql = {}
    for name, text, head in (
            ("get", literal(*one, special=(ids[0], values)), scope),
            ("list", literal(*many), said)):
        sql[name] = sized.stack.dir / f"{name}.sql"
        sql[name].write_text(
            "\\set n random(1, 2000)\n\\startpipeline\n"
            f"{literal(*head)};\n{text};\n\\endpipeline\n")
    item = client.get(f"/v1/projects/{ids[0]}").json
    columns = [
        (k, "boolean" if isinstance(v, bool) else "integer"
         if isinstance(v, int) or k in ("division_code", "unit_code")
         else "array" if isinstance(v, list) else "object"
         if isinstance(v, dict) else "string") for k, v in item.items()
        if k not in ("labels", "may", "faults")]
    for workers in (1, WORKERS):
        if workers != sized.stack.workers:
            sized.restart(workers)
        peer = Peer(sized.socket, (scope, one, many), columns, workers,
                    "/v1/projects")
        try:
            contest(sized, peer, workers, lua, sql)
        finally:
            peer.stop()
    return [sized.rate(client.token, lua[k])[1] for k in ("get", "list")]


def contest(sized, peer, workers, lua, sql):
    """Three in turns, with as many processes of ours as of fastify."""
    token = sized.users[2].token
    for name, title, floor in (
            ("get", "row by id", 0.7),
            ("list", "50 rows, filtered and sorted", 0.5)):
        got = rounds({
            "ours": lambda: wrk(sized.stack.port, token, lua[name], SECONDS),
            "pgbench": lambda: pgbench(sized.socket, sql[name], SECONDS),
            "fastify": lambda: wrk(peer.port, None, lua[name], SECONDS)})
        for who, goal in (("pgbench", floor), ("fastify", 5.0)):
            ours, theirs, ratio = compared(got, "ours", who)
            goal = goal if who == "fastify" or workers == WORKERS else None
            row(f"{sized.preset}: {title}, x{workers}",
                f"{ours:.0f} /s", f"{who} {theirs:.0f} /s",
                f"{ratio:.2f}x", f">= {goal}x" if goal else None,
                goal is None or ratio >= goal)


def scopes(sized):
    """The same list by everybody: CPU per row of the answer."""
    cost = {}
    for level in (5, 4, 3, 2, 1):
        client = sized.users[level]
        lua = sized.script(f"list{level}", LIST)
        rate, us = sized.rate(client.token, lua)
        n = len(client.get(LIST).json["items"])
        cost[level] = us if n == 50 else None
        print(f"{sized.preset}: list at level {level}: {rate:.0f} /s, "
              f"{us:.0f} us CPU, {n} rows", flush=True)
    wide = max(v for v in cost.values() if v)
    narrow = min(v for v in cost.values() if v)
    row(f"{sized.preset}: widest scope / narrowest", f"{wide:.0f} us",
        f"{narrow:.0f} us", f"{wide / narrow:.2f}x", "<= 2x",
        wide <= 2 * narrow)


def bulk(sized):
    """500-row requests by two clients: new rows, then the same changed."""
    client, per, turns = sized.users[4], 500, 12
    unit = client.get("/v1/me").json["division"]

    def bodies(turn, name):
        return json.dumps({"items": [{
            "project_no": f"BULK-{turn}-{i}", "name": f"{name}{i}",
            "build_year": 2023, "type_l1": "industry", "is_industry": True,
            "content": "新建厂房一座", "total_investment_fen": 5000000,
            "support_fund_fen": 3000000, "division_code": unit}
            for i in range(per)]}).encode()

    head = {"Content-Type": "application/json",
            "Authorization": f"Bearer {client.token}"}
    for title, name in (("created", "项目"), ("changed", "改名")):
        sent = [bodies(t, name) for t in range(turns)]
        two = [sized.stack.client(), sized.stack.client()]

        def push(k):
            for body in sent[k::2]:
                r = two[k].request("POST", "/v1/projects/bulk", body, head)
                assert r.status == 200 and r.json[title] == per, r

        before, begin = sized.cpu(), time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(push, range(2)))
        took = time.monotonic() - begin
        rate = per * turns / took
        row(f"{sized.preset}: bulk, rows {title}", f"{rate:.0f} rows/s",
            f"{(sized.cpu() - before) / per / turns * 1e6:.0f} us CPU/row",
            "", ">= 5000 /s", rate >= 5000)


def exports(sized):
    """Everything of two tables in each format; the second one, of a
    prefecture, is more than a worksheet holds. The first format goes as fast
    as curl can take it; the others are for their memory."""
    client, base = sized.users[2], sized.rss()
    for path, table in (("asset-rights", "asset_right"),
                        ("attachments", "attachment")):
        n = sized.count[table]
        for kind in ("ndjson", "csv", "xlsx"):
            sized.forget_peak()
            cpu, begin = sized.cpu(), time.monotonic()
            size = download(sized, client, f"/v1/{path}?format={kind}")
            took = time.monotonic() - begin
            row(f"{sized.preset}: {n} rows of {path}, {kind}",
                f"{n / took:.0f} rows/s", f"{size >> 20} MB, RSS "
                f"{sized.rss(True)} MB, {(sized.cpu() - cpu) / n * 1e6:.1f}"
                " us CPU/row", "", ">= 100000 /s, <= 64 MB"
                if kind == "ndjson" else "<= 64 MB", sized.rss(True) <= 64
                and (kind != "ndjson" or n / took >= 100000))
    print(f"{sized.preset}: worker {base} MB before exports, "
          f"{sized.rss()} MB after", flush=True)


def download(sized, client, path):
    """Bytes of a whole file, which is not looked at."""
    out = subprocess.run(
        ["curl", "-fsS", "-o", "/dev/null", "-w", "%{size_download}", "-H",
         f"Authorization: Bearer {client.token}",
         f"http://127.0.0.1:{sized.stack.port}{path}"],
        text=True, capture_output=True)
    assert out.returncode == 0, (path, out.stderr)
    return int(out.stdout)


def past(sized):
    """History of a row of ten revisions, and the feed from the beginning."""
    client = sized.users[4]
    item = client.get("/v1/projects?limit=1").json["items"][0]
    for k in range(10):
        r = client.patch(f"/v1/projects/{item['id']}", {
            "remark": str(k)}, rev=item["rev"] + k)
        assert r.status == 200, r
    for title, path in (("history", f"/v1/projects/{item['id']}/history"),
                        ("feed, 100 changes", "/v1/changes?limit=100")):
        rate, us = sized.rate(client.token, sized.script("past", path))
        print(f"{sized.preset}: {title}: {rate:.0f} /s, {us:.0f} us CPU",
              flush=True)


def main():
    subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"],
                   cwd=PEER, check=True)
    cost = {}
    for preset in PRESETS:
        sized = Sized(preset)
        try:
            cost[preset] = against(sized)
            scopes(sized)
            p50, p99 = latency(sized, sized.users[2].token, LIST)
            row(f"{preset}: list at 1500 /s", f"p99 {p99:.1f} ms",
                f"p50 {p50:.1f} ms", "", "<= 20 ms", p99 <= 20)
            bulk(sized)
            past(sized)
            exports(sized)
        finally:
            sized.stop()
    if len(cost) == 2:
        small, large = (cost[p] for p in PRESETS)
        for k, what in enumerate(("row by id", "list")):
            ratio = large[k] / small[k]
            row(f"CPU per {what}, {PRESETS[1]} / {PRESETS[0]}",
                f"{large[k]:.0f} us", f"{small[k]:.0f} us", f"{ratio:.2f}x",
                "<= 1.3x", ratio <= 1.3)


if __name__ == "__main__":
    sys.exit(main())
