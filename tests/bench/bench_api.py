#!/usr/bin/python3
"""Row by id and 50-row list of issues, both walls on, against `pgbench -M
prepared` of the same statements and against fastify + pg."""
import json
import os
import re
import subprocess
import time

from bench import ROOT, compared, pgbench, rounds, row, wrk
from stack import Stack, free_port, wait_for

ROWS = int(os.environ.get("ROWS", "200000"))
SECONDS = int(os.environ.get("SECONDS_EACH", "3"))
PEER = ROOT / "tests/bench/peer"
ID = "00000000-0000-7000-8000-"


def fill(stack):
    """ROWS issues spread over the county's units, as the API would have stored
    them: with what it reads out of their texts (derive.c)."""
    stack.psql(f"""
      SET session_replication_role = replica;
      WITH unit AS (SELECT code, row_number() OVER (ORDER BY code) - 1 AS k,
          count(*) OVER () AS n FROM division WHERE level = 4)
      INSERT INTO issue (id, seq_no, category, description, responsible_org,
        leader_name, leader_phone, person_name, goal, measures, progress_text,
        d_unit_or_project, d_entity, d_basic, is_completed, incomplete_reason,
        expected_on, due_on, division_code, action_id, filing_level,
        created_at, updated_at)
      SELECT ('{ID}' || lpad(to_hex(i), 12, '0'))::uuid, i, 'Y-1',
        '项目名称：第' || i || '号产业项目；实施主体：合作社；基本情况：设备闲置',
        '镇人民政府', '张三', '13800000000', '李四', '恢复运行', '更换设备',
        '未完成。原因：等待设备；预计2023年5月31日完成',
        '第' || i || '号产业项目', '合作社', '设备闲置', false, '等待设备',
        date '2023-05-31', date '2023-05-31', unit.code,
        (SELECT id FROM action LIMIT 1), 4,
        timestamptz '2023-04-01' + i * interval '1 second',
        timestamptz '2023-04-01' + i * interval '1 second'
      FROM generate_series(1, {ROWS}) i JOIN unit ON unit.k = i % unit.n""")
    stack.psql("VACUUM ANALYZE issue")


def statements(stack, client, path):
    """What the API sends for one request: (sql, parameters) in order."""
    log = stack.var / "log/postgres.log"
    stack.psql("ALTER SYSTEM SET log_min_duration_statement = 0")
    stack.psql("ALTER SYSTEM SET log_error_verbosity = 'default'")
    stack.psql("SELECT pg_reload_conf()")
    time.sleep(0.5)
    begin = log.stat().st_size
    assert client.get(path).status == 200
    time.sleep(0.5)
    stack.psql("ALTER SYSTEM RESET log_min_duration_statement")
    stack.psql("ALTER SYSTEM RESET log_error_verbosity")
    stack.psql("SELECT pg_reload_conf()")
    text = log.read_bytes()[begin:].decode()
    found = re.findall(
        r"duration: [\d.]+ ms  execute [^:]*: (.*?)(?=\n\d{4}-|\Z)"
        r"(?:\n[^\n]*DETAIL:  parameters: (.*?)(?=\n\d{4}-|\Z))?",
        text, re.S)
    return [(re.sub(r"\s+", " ", sql), [
        None if v == "NULL" else v[1:-1].replace("''", "'") for v in
        re.findall(r"\$\d+ = (NULL|'(?:[^']|'')*')", args)])
        for sql, args in found]


def literal(sql, args, special=None):
    """The statement with its parameters written in, for pgbench."""
    def put(m):
        k = int(m.group(1)) - 1
        if special and args[k] == special[0]:
            return special[1]
        return "NULL" if args[k] is None else \
            "'" + args[k].replace("'", "''") + "'"
    sql = re.sub(r"\$(\d+)", put, sql)
    # pgbench takes :MI in a format for a variable, even between quotes.
    return re.sub(r"'[^']*'", lambda m: re.sub(
        r":(?=\w)", "'||chr(58)||'", m.group(0)), sql)


def scripts(stack, get, lst):
    """pgbench scripts and wrk scripts in the stack's folder; get and lst are
    a scope and a statement each."""
    some = f"(('{ID}' || lpad(to_hex(:n::int), 12, '0'))::uuid)"
    body = {"get": (get[0], literal(*get[1], special=(f"{ID}000000000001",
                                                      some))),
            "list": (lst[0], literal(*lst[1]))}
    for name, (scope, sql) in body.items():
        (stack.dir / f"{name}.sql").write_text(
            f"\\set n random(1, {ROWS})\n\\startpipeline\n"
            f"{literal(*scope)};\n{sql};\n\\endpipeline\n")
    head = 'wrk.headers["Authorization"] = "Bearer " .. os.getenv("TOKEN")\n'
    (stack.dir / "get.lua").write_text(
        head + "request = function()\n return wrk.format('GET', string.format("
        f"'/v1/issues/{ID}%012x', math.random(1, {ROWS})))\nend\n")
    (stack.dir / "list.lua").write_text(
        head + "request = function() return wrk.format('GET', "
        "'/v1/issues?limit=50') end\n")


def batch(stack, client, path, table):
    """Of one read of a table: its scope and its statement, which the API
    sends together. Jobs of the stack speak in between."""
    said = statements(stack, client, path)
    row_at = max(i for i, x in enumerate(said) if f" FROM {table}" in x[0])
    return [x for x in said[:row_at] if "app.lo" in x[0] and
            "'job'" not in x[0]][-1], said[row_at]


class Peer:
    """fastify with the statements the API itself sends, as one process or as
    a cluster of several."""

    def __init__(self, socket, said, columns, workers, path="/v1/issues"):
        scope, get, lst = said
        self.port = free_port()
        self.process = subprocess.Popen(
            ["node", PEER / "server.js"], env=dict(
                os.environ, SPEC=json.dumps({
                    "socket": socket, "port": self.port, "path": path,
                    "columns": columns, "workers": workers,
                    "scope_sql": scope[0], "scope": scope[1],
                    "get_sql": get[0], "get_args": get[1][:-1],
                    "list_sql": lst[0], "list_args": lst[1]})))
        wait_for(lambda: subprocess.run(
            ["curl", "-fs", f"http://127.0.0.1:{self.port}{path}"],
            capture_output=True).returncode == 0, why="fastify")

    def stop(self):
        self.process.terminate()
        self.process.wait()


def columns_of(one):
    """The response schema of fastify: what the API's reply holds of the row
    itself; labels, may and faults are only ours to make."""
    return [(k, "boolean" if isinstance(v, bool) or k.startswith("is_")
             or k in ("accepted", "closed", "self_verified") else
             "integer" if isinstance(v, int) or k.endswith(("_year", "_code"))
             or k == "found_in_phase" else "object" if k == "extra"
             else "string")
            for k, v in one.items()
            if not isinstance(v, list) and k != "labels"]


def main():
    """Three comparisons of each read, interleaved. pgbench: the same two
    statements in one pipeline, 8 connections, against the workers we ship
    with. fastify: process for process, one against one; and, without a goal,
    as many as we ship with against a cluster of as many. The load generator,
    PostgreSQL and whoever is measured share the machine's cores."""
    subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"],
                   cwd=PEER, check=True)
    many = int(re.search(r"WORKERS:-(\d+)",
                         (ROOT / "conf/run.sh").read_text()).group(1))
    stacks = {n: Stack(demo=True, agent=False, workers=n)
              for n in sorted({1, many})}
    peers = {}
    try:
        tokens = {}
        for n, stack in stacks.items():
            stack.start()
            fill(stack)
            tokens[n] = stack.login("nongye").token
        stack = stacks[many]
        client = stack.client(tokens[many])
        scope, get = batch(stack, client, f"/v1/issues/{ID}000000000001",
                           "issue")
        list_scope, lst = batch(stack, client, "/v1/issues?limit=50", "issue")
        scripts(stack, (scope, get), (list_scope, lst))
        socket = subprocess.run([ROOT / "db/cluster.sh", "socket",
                                 stack.var / "pg"], text=True,
                                capture_output=True).stdout.strip()
        columns = columns_of(client.get(
            f"/v1/issues/{ID}000000000001").json)
        for n in stacks:
            peers[n] = Peer(socket, (scope, get, lst), columns, n)
        for name, title, floor in (("get", "row by id", 0.7),
                                   ("list", "50-row list", 0.5)):
            compare(stacks, tokens, peers, many, socket,
                    stack.dir / name, title, floor)
    finally:
        for peer in peers.values():
            peer.stop()
        for stack in stacks.values():
            stack.stop()


def compare(stacks, tokens, peers, many, socket, script, title, floor):
    """All of one read, in turns, and a line for each pair."""
    lua, sql = script.with_suffix(".lua"), script.with_suffix(".sql")
    runs = {"pgbench": lambda: pgbench(socket, sql, SECONDS)}
    for n in stacks:
        runs["ours", n] = lambda n=n: wrk(stacks[n].port, tokens[n], lua,
                                          SECONDS)
        runs["fastify", n] = lambda n=n: wrk(peers[n].port, None, lua, SECONDS)
    got = rounds(runs)
    for n, other, goal in ((many, "pgbench", floor), (1, ("fastify", 1), 5.0),
                           (1, "pgbench", None),
                           (many, ("fastify", many), None)):
        ours, theirs, ratio = compared(got, ("ours", n), other)
        name = other if other == "pgbench" else f"fastify x{other[1]}"
        row(f"{title}, {n} of our workers", f"{ours:.0f} /s",
            f"{name} {theirs:.0f} /s", f"{ratio:.2f}x",
            f">= {goal}x" if goal else None, goal is None or ratio >= goal)


if __name__ == "__main__":
    main()
