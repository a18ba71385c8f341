"""I24: whatever a superuser of the database does to the log, to history or to
the rows before the last witnessed head, `taizhangctl audit verify` finds."""
import hashlib
import os
import random
import subprocess

import pytest

import audit_log
from people import people, report
from stack import wait_for

TAMPERINGS = int(os.environ.get("TAMPERINGS", "200"))
TABLES = ("audit.event", "audit.leaf", "audit.head", "audit.kept",
          "public.history", "public.issue")


class Log:
    """A copy of a county's database that nobody seals or serves."""

    def __init__(self, stack, folder):
        self.stack = stack
        self.socket = stack.psql("SHOW unix_socket_directories")[0][0]
        run = dict(check=True, capture_output=True)
        at = ["-h", self.socket, "-U", "postgres"]
        subprocess.run(["createdb", *at, "copy"], **run)
        dump = subprocess.run(["pg_dump", *at, "taizhang"], **run).stdout
        subprocess.run(["psql", "-qX", *at, "copy"], input=dump, **run)
        self.columns = {}
        self.sql("CREATE SCHEMA saved")
        for t in TABLES:
            schema, name = t.split(".")
            self.columns[t] = self.value(
                "SELECT string_agg(quote_ident(column_name), ', ' ORDER BY"
                " ordinal_position) FROM information_schema.columns WHERE"
                f" table_schema = '{schema}' AND table_name = '{name}'"
                " AND is_generated = 'NEVER'")
            self.sql(f"CREATE TABLE saved.{name} AS SELECT"
                     f" {self.columns[t]} FROM {t}")
        self.lines = [r[0] for r in self.rows(
            "SELECT line FROM audit.head ORDER BY seq")]
        self.key = audit_log.head(self.lines[0])["key"]
        self.size = int(self.value("SELECT count(*) FROM audit.leaf"))
        self.witness = folder / "witness.log"
        self.witness.write_text(
            f"Nov 22 09:00:00 county taizhang[7]: {self.lines[-1]}\n")

    def rows(self, sql):
        return self.stack.psql(sql, db="copy")

    def sql(self, sql):
        self.rows(sql)

    def value(self, sql):
        return self.rows(sql)[0][0]

    def tamper(self, sql):
        """As a superuser who knows how to keep triggers quiet."""
        before = self.print()
        self.sql("BEGIN; SET LOCAL session_replication_role = replica;"
                 f" {sql}; COMMIT")
        assert self.print() != before, "changed nothing: " + sql

    def print(self):
        return self.value("SELECT md5(string_agg(x, '' ORDER BY x)) FROM ("
                          + " UNION ALL ".join(
                              f"SELECT t::text FROM {t} t" for t in TABLES)
                          + ") y (x)")

    def restore(self):
        self.sql("BEGIN; SET LOCAL session_replication_role = replica;"
                 + "".join(f"DELETE FROM {t}; INSERT INTO {t} ({c}) SELECT {c}"
                           f" FROM saved.{t.split('.')[1]};"
                           for t, c in self.columns.items()) + "COMMIT")

    def verify(self, *witness):
        r = subprocess.run(
            [self.stack.build / "taizhangctl", "audit", "verify", "--database",
             f"postgresql:///copy?host={self.socket}&user=taizhang_verify",
             "--key", self.key, *(["--witness", *witness] if witness else [])],
            capture_output=True, text=True, env=dict(os.environ, LANG="C"))
        assert r.returncode in (0, 1), r
        return r


def sealed(stack):
    wait_for(lambda: stack.psql(
        "SELECT count(*) FROM audit.event WHERE NOT EXISTS (SELECT FROM"
        " audit.leaf l WHERE l.id = event.id)") == [["0"]], why="sealed")


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    from stack import Stack
    s = Stack(demo=True, agent=False)
    s.start(seconds=180)
    c = people(s)("huangmaozhou")
    for n in range(12):
        i = report(c, goal=f"第{n}次")
        assert c.patch(f"/v1/issues/{i['id']}", {"goal": "改了"},
                       rev=i["rev"]).status == 200
        if n % 4 == 0:
            people(s)("shenji").get(f"/v1/issues/{i['id']}")
            sealed(s)
    # The last head is of an auditor's look alone: no row is its witness.
    sealed(s)
    people(s)("shenji").get("/v1/issues")
    sealed(s)
    yield Log(s, tmp_path_factory.mktemp("witness"))
    s.stop()


def event(log, rnd, where="true"):
    ids = log.rows("SELECT e.id FROM audit.event e JOIN audit.leaf l USING"
                   f" (id) WHERE {where} ORDER BY l.pos")
    return rnd.choice(ids)[0]


def flip_event(log, rnd):
    column, value = rnd.choice([
        ("verb", "'read'"), ("actor", "gen_random_uuid()"),
        ("outcome", "'failed'"), ("division_code", "division_code + 1"),
        ("remote", "'10.0.0.1'"), ("detail", "'{\"x\": 1}'"),
        ("rev", "coalesce(rev, 0) + 1"), ("channel", "'other'"),
        ("row_id", "gen_random_uuid()"), ("session", "gen_random_uuid()"),
        ("request", "coalesce(request, '') || 'x'"), ("entity", "'other'")])
    return f"UPDATE audit.event SET {column} = {value} WHERE id =" \
        f" '{event(log, rnd)}'"


def delete_event(log, rnd):
    return f"DELETE FROM audit.event WHERE id = '{event(log, rnd)}'"


def delete_event_and_leaf(log, rnd):
    e = event(log, rnd)
    return f"DELETE FROM audit.event WHERE id = '{e}';" \
        f" DELETE FROM audit.leaf WHERE id = '{e}'"


def delete_and_close_ranks(log, rnd):
    e = event(log, rnd)
    return (f"CREATE TEMP TABLE p ON COMMIT DROP AS SELECT pos FROM audit.leaf"
            f" WHERE id = '{e}'; DELETE FROM audit.event WHERE id = '{e}';"
            f" DELETE FROM audit.leaf WHERE id = '{e}';"
            " UPDATE audit.leaf SET pos = -pos WHERE pos > (SELECT pos FROM"
            " p); UPDATE audit.leaf SET pos = -pos - 1 WHERE pos < 0")


def insert_event(log, rnd):
    return ("INSERT INTO audit.event (txid, at, verb, division_code) SELECT"
            " txid, at, 'login', division_code FROM audit.event WHERE id ="
            f" '{event(log, rnd)}'")


def insert_event_and_leaf(log, rnd):
    e = event(log, rnd)
    return (f"{insert_event(log, rnd)}; INSERT INTO audit.leaf (pos, txid, id,"
            " sha256, sm3) SELECT (SELECT max(pos) + 1 FROM audit.leaf), txid,"
            " id, sha256(id::text::bytea), sha256(id::text::bytea) FROM"
            " audit.event WHERE verb = 'login' AND NOT EXISTS (SELECT FROM"
            " audit.leaf l WHERE l.id = event.id)")


def backdated_event(log, rnd):
    return ("INSERT INTO audit.event (txid, at, verb, division_code) VALUES"
            " ((SELECT max(txid) + 1 FROM audit.event), now() -"
            f" interval '{rnd.randrange(1, 400)} days', 'login', 0)")


def backdate(log, rnd):
    return (f"UPDATE audit.event SET at = at - interval"
            f" '{rnd.randrange(1, 100000)} seconds' WHERE id ="
            f" '{event(log, rnd)}'")


def swap_leaves(log, rnd):
    a, b = rnd.sample(range(log.size), 2)
    return (f"UPDATE audit.leaf SET pos = -1 WHERE pos = {a};"
            f" UPDATE audit.leaf SET pos = {a} WHERE pos = {b};"
            f" UPDATE audit.leaf SET pos = {b} WHERE pos = -1")


def swap_events(log, rnd):
    a, b = event(log, rnd), event(log, rnd, "e.verb = 'access'")
    if a == b:
        return delete_event(log, rnd)
    return (f"UPDATE audit.event SET txid = 1000000000000 - txid WHERE id IN"
            f" ('{a}', '{b}')")


def reorder_both(log, rnd):
    """Two neighbours change places in the events and in the leaves."""
    n = rnd.randrange(log.size - 1)
    return ("UPDATE audit.event e SET txid = x.txid FROM (SELECT l.id, (SELECT"
            f" txid FROM audit.leaf WHERE pos = 2 * {n} + 1 - l.pos) txid FROM"
            f" audit.leaf l WHERE pos IN ({n}, {n + 1})) x WHERE e.id = x.id;"
            f" UPDATE audit.leaf SET pos = -1 WHERE pos = {n};"
            f" UPDATE audit.leaf SET pos = {n} WHERE pos = {n + 1};"
            f" UPDATE audit.leaf SET pos = {n + 1} WHERE pos = -1;"
            " UPDATE audit.leaf l SET txid = e.txid FROM audit.event e WHERE"
            " e.id = l.id")


def flip_leaf(log, rnd):
    column = rnd.choice(["sha256", "sm3", "root", "seed"])
    e = event(log, rnd, f"l.{column} IS NOT NULL")
    return (f"UPDATE audit.leaf SET {column} = set_byte({column}, 3,"
            f" (get_byte({column}, 3) + 1) % 256) WHERE id = '{e}'")


def rename_fields(log, rnd):
    e = event(log, rnd, "l.fields IS NOT NULL")
    return f"UPDATE audit.leaf SET fields = 'note' WHERE id = '{e}'"


def truncate_tail(log, rnd):
    """The log ends cleanly, one head earlier: only a witness knows better."""
    return ("DELETE FROM audit.event WHERE id IN (SELECT id FROM audit.leaf"
            " WHERE pos >= (SELECT size FROM audit.head ORDER BY seq DESC"
            " OFFSET 1 LIMIT 1)); DELETE FROM audit.leaf WHERE pos >= (SELECT"
            " size FROM audit.head ORDER BY seq DESC OFFSET 1 LIMIT 1);"
            " DELETE FROM audit.head WHERE seq = (SELECT max(seq) FROM"
            " audit.head)")


def edit_history(log, rnd):
    r = rnd.choice(log.rows("SELECT entity, row_id, rev FROM history"))
    change = rnd.choice([
        "data = data || '{\"name\": \"改\"}'", "data = data - 'division_code'",
        "data = data || '{\"nothing\": 0}'",
        "data = jsonb_set(data, '{created_at}', '\"2020-01-01\"')"])
    return (f"UPDATE history SET {change} WHERE entity = '{r[0]}' AND row_id ="
            f" '{r[1]}' AND rev = {r[2]}")


def delete_history(log, rnd):
    r = rnd.choice(log.rows("SELECT entity, row_id, rev FROM history"))
    return (f"DELETE FROM history WHERE entity = '{r[0]}' AND row_id ="
            f" '{r[1]}' AND rev = {r[2]}")


def insert_history(log, rnd):
    return ("INSERT INTO history SELECT entity, gen_random_uuid(), rev,"
            " division_code, line, sensitivity, at, actor, channel, origin,"
            " data FROM history ORDER BY row_id OFFSET"
            f" {rnd.randrange(20)} LIMIT 1")


def edit_row(log, rnd):
    r = rnd.choice(log.rows("SELECT id FROM issue"))[0]
    change = rnd.choice(["goal = '没有此事'", "found_on = found_on - 400",
                         "rev = rev + 1", "sensitivity = 0",
                         "leader_name = '王五'", "extra = '{\"a\": 1}'"])
    return f"UPDATE issue SET {change} WHERE id = '{r}'"


def edit_row_and_history(log, rnd):
    """Both agree, and neither with the log."""
    r = rnd.choice(log.rows("SELECT id FROM issue"))[0]
    return (f"UPDATE issue SET goal = '没有此事' WHERE id = '{r}'; UPDATE"
            " history SET data = jsonb_set(data, '{goal}', '\"没有此事\"')"
            f" WHERE row_id = '{r}' AND rev = 2")


def delete_row(log, rnd):
    r = rnd.choice(log.rows("SELECT id FROM issue"))[0]
    return f"DELETE FROM issue WHERE id = '{r}'"


def insert_row(log, rnd):
    c = log.columns["public.issue"]
    return (
        f"CREATE TEMP TABLE one ON COMMIT DROP AS SELECT {c} FROM issue LIMIT"
        " 1; UPDATE one SET id = gen_random_uuid(), seq_no = 990;"
        f" INSERT INTO issue ({c}) SELECT {c} FROM one")


def flip_head(log, rnd):
    n = rnd.randrange(len(log.lines))
    part = rnd.choice(["size", "sha256", "sm3", "at", "prev", "sig", "key"])
    value = audit_log.head(log.lines[n])[part]
    digit = "1" if value[-1] != "1" else "2"
    line = log.lines[n].replace(f" {part}={value}",
                                f" {part}={value[:-1]}{digit}")
    return f"UPDATE audit.head SET line = '{line}' WHERE seq = {n + 1}"


def move_head(log, rnd):
    return (f"UPDATE audit.head SET size = size - 1 WHERE seq ="
            f" {rnd.randrange(len(log.lines)) + 1}")


def delete_head(log, rnd):
    return (f"DELETE FROM audit.head WHERE seq ="
            f" {rnd.randrange(len(log.lines) - 1) + 1}")


def secret_erasure(log, rnd):
    """A field vanishes as if it had been erased by law, but silently."""
    e = event(log, rnd, "e.entity = 'issue' AND EXISTS (SELECT FROM history h"
              " WHERE h.row_id = e.row_id AND h.rev = e.rev AND h.data->>'goal'"
              " IS NOT NULL)")
    return ("INSERT INTO audit.kept SELECT l.pos, d.key, CASE WHEN d.key <>"
            " 'goal' THEN s.salt END, sha256(s.salt || convert_to(d.key,"
            " 'UTF8') || '\\x00' || convert_to(d.value::text, 'UTF8')) FROM"
            " audit.leaf l JOIN audit.event e USING (id) JOIN history h ON"
            " h.row_id = e.row_id AND h.rev = e.rev, jsonb_each(h.data) d,"
            " LATERAL (SELECT substring(sha256(l.seed || convert_to(d.key,"
            f" 'UTF8')) FROM 1 FOR 16)) s (salt) WHERE l.id = '{e}' AND d.value"
            " <> 'null'; UPDATE"
            f" audit.leaf SET seed = NULL WHERE id = '{e}'; UPDATE history h"
            " SET data = jsonb_set(data, '{goal}', 'null') FROM audit.event e"
            f" WHERE e.id = '{e}' AND h.row_id = e.row_id AND h.rev = e.rev")


def resigned(log, rnd, seed=None):
    """All heads anew, over a log in which an event says something else."""
    seed = seed or hashlib.sha256(b"another").digest()
    e = event(log, rnd)
    row = log.rows(
        "SELECT l.pos, l.fields, encode(l.root, 'hex'), x.* FROM audit.leaf l,"
        f" LATERAL (SELECT {audit_log.SQL} FROM audit.event WHERE event.id ="
        f" l.id) x WHERE l.id = '{e}'")[0]
    nulls = log.rows("SELECT " + ", ".join(
        f"{c} IS NULL" for c in audit_log.COLUMNS) +
        f", fields IS NULL, root IS NULL FROM audit.event JOIN (SELECT id,"
        f" fields, root FROM audit.leaf) l USING (id) WHERE id = '{e}'")[0]
    values = [None if n == "t" else v for v, n in zip(row[3:], nulls)]
    values[audit_log.COLUMNS.index("remote")] = "10.9.9.9"
    data = b"\0" + audit_log.leaf_bytes(
        values, None if nulls[-2] == "t" else row[1],
        None if nulls[-1] == "t" else bytes.fromhex(row[2]))
    out = [f"UPDATE audit.event SET remote = '10.9.9.9' WHERE id = '{e}'"]
    leaves = {}
    for a, column in (("sha256", "sha256"), ("sm3", "sm3")):
        leaves[a] = [bytes.fromhex(r[0]) for r in log.rows(
            f"SELECT encode({column}, 'hex') FROM audit.leaf ORDER BY pos")]
        leaves[a][int(row[0])] = audit_log.h(a, data)
        out.append(f"UPDATE audit.leaf SET {column} ="
                   f" '\\x{leaves[a][int(row[0])].hex()}' WHERE id = '{e}'")
    return "; ".join(out + heads(log, seed, lambda n, h: (
        *(audit_log.root_of(a, leaves[a][:int(h["size"])]).hex()
          for a in ("sha256", "sm3")), h["at"])))


def heads(log, seed, say):
    """All of them anew; say(n, head) gives both roots and the time."""
    prev, out = "0" * 64, []
    for n, line in enumerate(log.lines):
        old = audit_log.head(line)
        line = audit_log.head_line(seed, n + 1, int(old["size"]),
                                   *say(n, old), prev)
        prev = hashlib.sha256(line.encode()).hexdigest()
        out.append(f"UPDATE audit.head SET line = '{line}' WHERE seq ="
                   f" {n + 1}")
    return out


def resigned_with_the_key(log, rnd):
    """By somebody who has the server too: only a witness knows better."""
    return resigned(log, rnd, (log.stack.var / "secrets/audit").read_bytes())


KINDS = [flip_event, delete_event, delete_event_and_leaf,
         delete_and_close_ranks, insert_event, insert_event_and_leaf,
         backdated_event, backdate, swap_leaves, swap_events, reorder_both,
         flip_leaf, rename_fields, truncate_tail, edit_history, delete_history,
         insert_history, edit_row, edit_row_and_history, delete_row,
         insert_row, flip_head, move_head, delete_head, secret_erasure,
         resigned, resigned_with_the_key]


def test_an_honest_log_verifies(log):
    for witness in ([], [log.witness]):
        r = log.verify(*witness)
        assert r.returncode == 0, r.stdout
        assert f"{log.size} 个事件" in r.stdout


def test_rows_are_found_by_the_whole_key_of_history(log):
    """By half of it each row reads all of the index: hours, of a real log."""
    s = log.stack
    s.psql("ALTER ROLE taizhang_verify SET session_preload_libraries ="
           " 'auto_explain'; ALTER ROLE taizhang_verify SET"
           " auto_explain.log_min_duration = 0; ALTER ROLE taizhang_verify SET"
           " enable_seqscan = off")
    file = s.var / "log/postgres.log"
    before = len(file.read_text())
    try:
        assert log.verify().returncode == 0
    finally:
        s.psql("ALTER ROLE taizhang_verify RESET session_preload_libraries;"
               " ALTER ROLE taizhang_verify RESET"
               " auto_explain.log_min_duration; ALTER ROLE taizhang_verify"
               " RESET enable_seqscan")
    plans = file.read_text()[before:].split("duration: ")
    mine = [p for p in plans if "to_jsonb(c)::text" in p
            and "FROM public.issue c" in p]
    assert len(mine) == 1, len(plans)
    conditions = [x for x in mine[0].splitlines() if "Index Cond" in x
                  and "row_id = c.id" in x]
    assert conditions and all("entity = " in c for c in conditions), mine[0]


def test_a_clock_that_was_set_right_is_no_tampering(log):
    """It ran two days ahead for one head: the log says so and verifies."""
    key = (log.stack.var / "secrets/audit").read_bytes()
    assert len(log.lines) > 2
    log.tamper("; ".join(heads(log, key, lambda n, h: (
        h["sha256"], h["sm3"], int(h["at"]) + (172800 * 10**6 if n == 1
                                               else 0)))))
    r = log.verify()
    log.restore()
    assert r.returncode == 0 and "时钟" in r.stdout, r


def test_every_tampering_is_found(log):
    seed = int(os.environ.get("TAMPER_SEED", "7"))
    rnd = random.Random(seed)
    missed = []
    for n in range(TAMPERINGS):
        kind = KINDS[n % len(KINDS)]
        log.tamper(kind(log, rnd))
        r = log.verify(log.witness)
        if r.returncode != 1 or ": " not in r.stdout.splitlines()[0]:
            missed.append((n, kind.__name__, r))
        log.restore()
    assert missed == [], f"TAMPER_SEED={seed}"
    assert log.verify(log.witness).returncode == 0


@pytest.mark.parametrize("kind", [truncate_tail, resigned_with_the_key])
def test_what_only_witnesses_find(log, kind):
    """Without one it passes: that is why there are thousands."""
    log.tamper(kind(log, random.Random(3)))
    without, beside = log.verify(), log.verify(log.witness)
    log.restore()
    assert (without.returncode, beside.returncode) == (0, 1), (without, beside)
    assert str(log.witness) in beside.stdout


def test_erasure_leaves_the_log_whole(log):
    """4.5: what a law has erased is gone, and the rest is still bound."""
    row = log.value("SELECT id FROM issue ORDER BY id LIMIT 1")
    erase = ("BEGIN; SELECT set_config('app.lo', '0', true), set_config("
             "'app.hi', '999999999999', true), set_config('app.line', '',"
             " true), set_config('app.clearance', '4', true); UPDATE issue"
             f" SET goal = NULL WHERE id = '{row}'; SELECT audit.erase('issue',"
             f" '{row}', '{{goal}}'); UPDATE history SET data = data ||"
             f" '{{\"goal\": null}}' WHERE row_id = '{row}'; COMMIT")
    log.sql(erase)
    honest = log.verify(log.witness)
    log.tamper("UPDATE history SET data = data || '{\"measures\": null}'"
               f" WHERE row_id = '{row}' AND rev = 1")
    found = log.verify(log.witness)
    log.restore()
    assert honest.returncode == 0, honest.stdout
    assert found.returncode == 1 and row in found.stdout, found.stdout


def test_it_names_the_event(log):
    e = event(log, random.Random(5))
    log.tamper(f"UPDATE audit.event SET verb = 'x' WHERE id = '{e}'")
    r = log.verify()
    log.restore()
    assert e in r.stdout.splitlines()[0], r.stdout
