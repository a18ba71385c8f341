#!/usr/bin/python3
"""Row by id and 50-row list of issues, both walls on, one API process,
against `pgbench -M prepared` of the same statements and against fastify."""
import json
import os
import pathlib
import re
import subprocess
import time

from bench import ROOT, best, pgbench, row, wrk
from stack import Stack, free_port, wait_for

ROWS = int(os.environ.get("ROWS", "200000"))
SECONDS = int(os.environ.get("SECONDS_EACH", "3"))
PEER = ROOT / "tests/bench/peer"
ID = "00000000-0000-7000-8000-"


def fill(stack):
    """ROWS issues spread over the county's units."""
    stack.psql(f"""
      SET session_replication_role = replica;
      WITH unit AS (SELECT code, row_number() OVER (ORDER BY code) - 1 AS k,
          count(*) OVER () AS n FROM division WHERE level = 4)
      INSERT INTO issue (id, seq_no, category, description, responsible_org,
        leader_name, leader_phone, person_name, goal, measures, progress_text,
        due_on, division_code, action_id, filing_level, created_at, updated_at)
      SELECT ('{ID}' || lpad(to_hex(i), 12, '0'))::uuid, i, 'Y-1',
        '项目名称：第' || i || '号产业项目；实施主体：合作社；基本情况：设备闲置',
        '镇人民政府', '张三', '13800000000', '李四', '恢复运行', '更换设备',
        '未完成。原因：等待设备；预计2023年5月31日完成', date '2023-05-31',
        unit.code, (SELECT id FROM action LIMIT 1), 4,
        timestamptz '2023-04-01' + i * interval '1 second',
        timestamptz '2023-04-01' + i * interval '1 second'
      FROM generate_series(1, {ROWS}) i JOIN unit ON unit.k = i % unit.n""")
    stack.psql("VACUUM ANALYZE issue")


def statements(stack, client, path):
    """What the API sends for one request: (sql, parameters) in order."""
    log = stack.var / "log/postgres.log"
    stack.psql("ALTER SYSTEM SET log_min_duration_statement = 0")
    stack.psql("SELECT pg_reload_conf()")
    time.sleep(0.5)
    begin = log.stat().st_size
    assert client.get(path).status == 200
    time.sleep(0.5)
    stack.psql("ALTER SYSTEM RESET log_min_duration_statement")
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


def scripts(stack, scope, get, lst):
    """pgbench scripts and wrk scripts in the stack's folder."""
    some = f"(('{ID}' || lpad(to_hex(:n::int), 12, '0'))::uuid)"
    body = {"get": literal(*get, special=(f"{ID}000000000001", some)),
            "list": literal(*lst)}
    for name, sql in body.items():
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


def main():
    subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"],
                   cwd=PEER, check=True)
    stack = Stack(demo=True, agent=False, workers=1).start()
    peer = None
    try:
        fill(stack)
        client = stack.login("nongye")
        token = client.token
        said = statements(stack, client, f"/v1/issues/{ID}000000000001")
        scope = [x for x in said if "app.lo" in x[0]][-1]
        get = [x for x in said if " FROM issue" in x[0]][-1]
        said = statements(stack, client, "/v1/issues?limit=50")
        lst = [x for x in said if " FROM issue" in x[0]][-1]
        scripts(stack, scope, get, lst)
        socket = subprocess.run([ROOT / "db/cluster.sh", "socket",
                                 stack.var / "pg"], text=True,
                                capture_output=True).stdout.strip()
        port = free_port()
        columns = [
            (k, "boolean" if isinstance(v, bool) or k.startswith("is_")
             or k in ("accepted", "closed", "self_verified") else
             "integer" if isinstance(v, int) or k.endswith(("_year", "_code")) or
             k == "found_in_phase" else "object" if k == "extra" else "string")
            for k, v in client.get(f"/v1/issues/{ID}000000000001").json.items()
            if not isinstance(v, list) and k != "labels"]
        peer = subprocess.Popen(
            ["node", PEER / "server.js"], env=dict(os.environ, SPEC=json.dumps({
                "socket": socket, "port": port, "columns": columns,
                "path": "/v1/issues",
                "scope_sql": scope[0], "scope": scope[1],
                "get_sql": get[0], "get_args": get[1][:-1],
                "list_sql": lst[0], "list_args": lst[1]})))
        wait_for(lambda: subprocess.run(
            ["curl", "-fs", f"http://127.0.0.1:{port}/v1/issues"],
            capture_output=True).returncode == 0, why="fastify")
        for name, title, floor in (("get", "row by id", 0.7),
                                   ("list", "50-row list", 0.5)):
            lua, sql = stack.dir / f"{name}.lua", stack.dir / f"{name}.sql"
            got = best({
                "ours": lambda: wrk(stack.port, token, lua, SECONDS),
                "pgbench": lambda: pgbench(socket, sql, SECONDS),
                "fastify": lambda: wrk(port, None, lua, SECONDS)})
            for other, goal in (("pgbench", floor), ("fastify", 5.0)):
                ratio = got["ours"] / got[other]
                row(title, f"{got['ours']:.0f} /s",
                    f"{other} {got[other]:.0f} /s", f"{ratio:.2f}x",
                    f">= {goal}x", ratio >= goal)
    finally:
        if peer:
            peer.kill()
        stack.stop()


if __name__ == "__main__":
    main()
