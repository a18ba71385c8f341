"""What auditors' own tools read by SQL: the schema ro, its walls, its masks,
passes that end; the same on a streaming standby (issue 4.6)."""
import os
import re
import subprocess
import time

import pytest

from people import COUNTY, SIBLING, TOWN, people, report
from stack import BUILD, wait_for
from standby import Standby


# Who keeps the system: of the owner's role, and no superuser.
KEEPER = """DO $$ BEGIN
  IF to_regrole('keeper') IS NULL THEN
    CREATE ROLE keeper LOGIN IN ROLE taizhang_owner;
  END IF;
END $$"""


def ctl(stack, *args, code=0):
    stack.psql(KEEPER)
    sock = subprocess.run(
        [stack.root / "db/cluster.sh", "socket", stack.var / "pg"], text=True,
        capture_output=True, check=True).stdout.strip()
    done = subprocess.run(
        [stack.build / "taizhangctl", *args], text=True, capture_output=True,
        env=dict(os.environ, DATABASE_ADMIN_URL="postgresql:///taizhang?host="
                 f"{sock}&user=keeper"))
    assert done.returncode == code, done
    return done.stdout.strip()


def auditor(stack, name, unit=TOWN, *more):
    """The SQL of one auditor, as a function."""
    role = f"audit_{name}"
    ctl(stack, "auditor", "add", "--role", role, "--mandate", "审函〔2026〕1号",
        "--unit", unit, *more)
    return lambda sql, **kw: stack.psql(sql, user=role, **kw)


def refused(sql, statement, words="permission denied"):
    with pytest.raises(AssertionError, match=words):
        sql(statement)


@pytest.fixture(scope="module")
def here(county):
    """Issues of the town and of its neighbour, each changed once."""
    who = people(county)
    county.changed = []
    for login in ("huangmaozhou", "caowei"):
        i = report(who(login))
        r = who(login).patch(f"/v1/issues/{i['id']}", {"goal": "第二版"},
                             rev=i["rev"])
        assert r.status == 200, r
        county.changed.append(i["id"])
    return county


@pytest.fixture(scope="module")
def town(here):
    return auditor(here, "town")


@pytest.fixture(scope="module")
def whole(here):
    return auditor(here, "whole", COUNTY)


def divisions(sql, what="issue"):
    return townships(sql(f"SELECT DISTINCT division_code FROM ro.{what}"))


def townships(rows):
    """Those that the rows' codes lie in: the town's villages have rows too."""
    return {code[:9] + "000" for code in re.findall(r"\b\d{12}\b", str(rows))
            if code != "9" * 12}


def test_only_the_rows_of_the_pass(town, whole):
    assert divisions(town) == {TOWN}
    assert divisions(town, "history") == {TOWN}
    assert {TOWN, SIBLING} <= divisions(whole)
    assert all(int(COUNTY) <= int(d) <= int(COUNTY) + 999999
               for d in divisions(whole))


WIDEN = [
    "SELECT set_config('app.lo', '0', false), set_config('app.line', '', false),"
    " set_config('app.clearance', '4', false)",
    "SET app.lo = 0; SET app.hi = 999999999999", "RESET ALL",
    "SET ROLE taizhang_auditor", "SET SESSION AUTHORIZATION DEFAULT",
    "SELECT public.walls_open()", "SET row_security = off",
    "SET search_path = public", "SET default_transaction_read_only = off",
    "BEGIN ISOLATION LEVEL REPEATABLE READ",
]


@pytest.mark.parametrize("n", range(len(WIDEN)))
def test_nothing_he_sets_widens_it(town, n):
    try:
        rows = town(WIDEN[n] + "; SELECT DISTINCT division_code FROM ro.issue"
                    " UNION SELECT DISTINCT division_code FROM ro.history")
    except AssertionError as e:
        assert "denied" in str(e) or "row-level security" in str(e), e
        return
    assert townships(rows) <= {TOWN}


def test_he_can_make_himself_see_less(town):
    assert town("SET app.hi = 0; SELECT count(*) FROM ro.issue") == [["0"]]


@pytest.mark.parametrize("statement", [
    "SET ROLE taizhang_mask", "SET ROLE taizhang_owner",
    "SET SESSION AUTHORIZATION postgres", "SET log_statement = none",
    "SELECT leader_phone FROM public.issue", "SELECT * FROM public.issue",
    "SELECT data FROM public.history", "SELECT * FROM ro_mask.issue",
    "SELECT * FROM public.app_user", "SELECT * FROM public.session",
    "SELECT * FROM public.auditor_login", "SELECT * FROM audit.event",
    "SELECT password FROM public.app_user", "SELECT * FROM pg_authid",
    "SELECT pg_read_file('/etc/passwd')", "COPY ro.issue TO PROGRAM 'cat'",
    "SELECT public.auditor_login_add('audit_me','x','m',0,'',4,NULL,now())",
])
def test_what_is_not_his(town, statement):
    refused(town, statement, "permission denied|must be superuser")


@pytest.mark.parametrize("statement", [
    "UPDATE ro.issue SET goal = 'x'", "DELETE FROM ro.issue",
    "INSERT INTO ro.division (code) VALUES (1)", "UPDATE public.issue SET id = id",
    "CREATE TABLE t (i int)", "CREATE TEMP TABLE t (i int)",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "TRUNCATE public.issue", "BEGIN; LOCK public.issue", "DROP VIEW ro.issue",
    "CREATE SCHEMA s", "SELECT * FROM ro.issue FOR UPDATE",
])
def test_he_writes_nothing(town, statement):
    refused(town, statement, "read-only|permission denied|cannot")
    refused(town, "SET default_transaction_read_only = off; " + statement,
            "permission denied|must be owner|cannot")


def test_what_looks_past_walls_tells_him_nothing(here, town):
    """Functions run with the owner's rights look past an auditor's walls: few
    are his to call, and what those say of a row of his is what they say of
    another one. Triggers cannot be called."""
    mine = {r[0] for r in town("""
      SELECT pronamespace::regnamespace || '.' || proname FROM pg_proc
        WHERE prosecdef
        AND prorettype <> 'trigger'::regtype
        AND pronamespace <> 'pg_catalog'::regnamespace
        AND has_function_privilege(oid, 'EXECUTE')
        AND has_schema_privilege(pronamespace, 'USAGE')""")}
    assert mine == {"ro.pass", "ro.rev_at", "public.narrow_sees",
                    "public.narrow_file"}
    wide = ("BEGIN; DO $$ BEGIN PERFORM set_config('app.lo', '0', true),"
            " set_config('app.hi', '999999999999', true), set_config("
            "'app.line', '', true), set_config('app.clearance', '4', true);"
            " END $$; ")
    for row in here.changed:
        ask = ("SELECT narrow_sees(ARRAY['', '', '{[0,999999999999]}', '',"
               f" ''], 'issue', '{row}')")
        assert here.psql(wide + ask, user="taizhang_api") == [["t"]]
        assert town(ask) == [["f"]]
        assert town("SELECT narrow_file(ARRAY['', '', '', '', '{}'],"
                    f" '{row}')") == [["f"]]
    refused(town, "SET default_transaction_read_only = off; BEGIN;"
            " SELECT sheet_bump('{}')")


def test_limits_of_his_session(here, town):
    shown = dict(zip(("ro", "timeout", "log"), town(
        "SELECT current_setting('default_transaction_read_only'),"
        " current_setting('statement_timeout'),"
        " current_setting('log_statement')")[0]))
    assert shown == {"ro": "on", "timeout": "30s", "log": "all"}
    assert here.psql("SELECT rolconnlimit, rolsuper, rolbypassrls, rolcreaterole"
                     " FROM pg_roles WHERE rolname = 'audit_town'") == \
        [["4", "f", "f", "f"]]


def test_his_statements_leave_a_trace(here, town):
    town("SELECT count(*) /* seen by nobody else */ FROM ro.issue")
    wait_for(lambda: any("audit_town@taizhang" in x and "seen by nobody" in x
                         for x in (here.var / "log/postgres.log").read_text()
                         .splitlines()), 5, why="trace")


# ---- masks -----------------------------------------------------------------------

def test_the_clearances_are_the_models(here):
    """A field that takes a clearance belongs into ro_clearance."""
    model = subprocess.run([BUILD / "tests/tool_model", "--clearance"],
                           text=True, capture_output=True, check=True).stdout
    assert sorted(x.split("\t") for x in model.splitlines()) == sorted(
        here.psql("SELECT * FROM ro_clearance"))


def test_every_business_table_has_its_view(here):
    """With every column; ro_expose() goes into the migration that adds it."""
    assert here.psql(
        "SELECT t.relname, a.attname FROM pg_class t JOIN pg_attribute a"
        " ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped"
        " WHERE t.relnamespace = 'public'::regnamespace AND t.relkind = 'r'"
        " AND EXISTS (SELECT FROM pg_attribute x WHERE x.attrelid = t.oid"
        " AND x.attname = 'filing_level')"
        " EXCEPT SELECT v.relname, a.attname FROM pg_class v JOIN pg_attribute"
        " a ON a.attrelid = v.oid AND a.attnum > 0"
        " WHERE v.relnamespace = 'ro'::regnamespace") == []
    loose = here.psql(
        "SELECT relname FROM pg_class WHERE relkind = 'v'"
        " AND relnamespace = 'ro'::regnamespace AND NOT coalesce("
        "reloptions @> '{security_barrier=true,security_invoker=true}', false)")
    assert loose == []


def test_no_personal_column_is_granted(here):
    assert here.psql(
        "SELECT tab, col FROM ro_personal WHERE has_column_privilege("
        "'taizhang_auditor', tab, col, 'SELECT')") == []


def test_masks_are_the_apis(here, whole):
    """Row by row and field by field what the role auditor gets of the API."""
    api = people(here)("shenji")
    for what, path in (("issue", "issues"), ("operator", "operators"),
                       ("project", "projects")):
        cols = [r[0] for r in here.psql(
            f"SELECT col FROM ro_personal WHERE tab = '{what}'")]
        items = api.get(f"/v1/{path}?limit=200").json["items"]
        pick = ", ".join(f"coalesce({c}::text, '')" for c in cols) or "''"
        rows = {r[0]: r[1:] for r in whole(
            f"SELECT id, {pick} FROM ro.{what} WHERE voided_at IS NULL")}
        assert {i["id"] for i in items} <= rows.keys()
        for i in items:
            assert rows[i["id"]] == [str(i.get(c) or "") for c in cols] or \
                not cols, (what, cols, i, rows[i["id"]])


def test_rows_and_history_are_masked_alike(whole):
    rows = whole("SELECT id, rev, leader_phone, person_name FROM ro.issue"
                 " WHERE leader_phone IS NOT NULL")
    assert rows and {r[2] for r in rows} == {"138****0001"}
    old = whole("SELECT data->>'leader_phone', data->>'goal' FROM ro.history"
                " WHERE entity = 'issue' AND data->>'leader_phone' IS NOT NULL")
    assert {r[0] for r in old} == {"138****0001"}
    assert {"补办公示", "第二版"} <= {r[1] for r in old}
    assert whole("SELECT DISTINCT entity FROM ro.history WHERE entity IN"
                 " ('app_user', 'session', 'role_grant')") == []
    assert whole("SELECT count(*) FROM ro.history h WHERE h::text LIKE"
                 " '%13800000001%'") == [["0"]]


def test_as_they_stood(here, whole):
    ours = ", ".join(f"'{i}'" for i in here.changed)

    def goals(at):
        return whole("SELECT DISTINCT data->>'goal' FROM ro.as_of('issue',"
                     f" {at}) WHERE row_id IN ({ours})")
    assert goals("now()") == [["第二版"]]
    first = here.psql("SELECT max(at) FROM history WHERE entity = 'issue' AND"
                      f" rev = 1 AND row_id IN ({ours})")[0][0]
    assert ["补办公示"] in goals(f"'{first}'::timestamptz")


# ---- the end of a pass -------------------------------------------------------------

def seconds_until_nothing(sql, limit=6):
    began = time.monotonic()

    def gone():
        try:
            return sql("SELECT (SELECT count(*) FROM ro.issue) +"
                       " (SELECT count(*) FROM ro.division)") == [["0"]]
        except AssertionError:
            return True
    wait_for(gone, limit, why="nothing visible")
    return time.monotonic() - began


def seen_twice(sql, begin, pause):
    """Something at first, nothing after the pause."""
    rows = sql(f"{begin}; SELECT 'n' || count(*) FROM ro.issue; SELECT"
               f" pg_sleep({pause}); SELECT 'n' || count(*) FROM ro.issue")
    first, last = re.findall(r"n\d+", str(rows))
    return first != "n0" and last == "n0"


def test_a_pass_that_has_expired_shows_nothing(here):
    sql = auditor(here, "late")
    assert sql("SELECT count(*) > 0 FROM ro.issue") == [["t"]]
    here.psql("UPDATE auditor_login SET valid_to = now() + interval '1 s'"
              " WHERE role = 'audit_late'")
    assert seconds_until_nothing(sql) < 5
    # … nor in a transaction that began before, if only to sign in takes time.
    here.psql("UPDATE auditor_login SET valid_to = now() + interval '4 s'"
              " WHERE role = 'audit_late'")
    assert seen_twice(sql, "BEGIN", 4.2)


def test_a_pass_that_was_ended_shows_nothing(here):
    sql = auditor(here, "ended")
    held = subprocess.Popen(
        ["psql", "-XqAt", "-h", subprocess.run(
            [here.root / "db/cluster.sh", "socket", here.var / "pg"],
            text=True, capture_output=True, check=True).stdout.strip(),
         "-U", "audit_ended", "-d", "taizhang", "-c",
         "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM ro.issue;"
         " SELECT pg_sleep(20)"], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True)
    wait_for(lambda: here.psql("SELECT 1 FROM pg_stat_activity WHERE usename ="
                               " 'audit_ended'"), 5, why="session")
    ctl(here, "auditor", "end", "--role", "audit_ended")
    assert "terminating connection" in held.communicate(timeout=10)[1]
    refused(sql, "SELECT 1", "not permitted to log in")
    assert "已终止" in ctl(here, "auditors")
    ctl(here, "auditor", "end", "--role", "audit_ended", code=1)


@pytest.mark.parametrize("statement", (
    "CREATE ROLE audit_mine LOGIN", "ALTER ROLE taizhang_api PASSWORD 'x'",
    "ALTER ROLE keeper CREATEROLE", "GRANT pg_read_server_files TO keeper",
    "SET ROLE taizhang_logins", "GRANT taizhang_verify TO keeper",
    "ALTER ROLE audit_town CREATEDB", "GRANT taizhang_logins TO keeper",
    "ALTER FUNCTION auditor_login_add RESET search_path",
    "CREATE OR REPLACE FUNCTION auditor_login_end(login name) RETURNS boolean"
    " LANGUAGE sql AS 'SELECT true'",
    "ALTER ROLE audit_town SET log_statement = 'none'"))
def test_who_makes_logins_is_made_no_wider_by_it(here, town, statement):
    """The right to create roles is nobody's who can sign in."""
    with pytest.raises(AssertionError, match="permission denied|must be|must "
                       "have"):
        here.psql(statement, user="keeper")


def test_only_the_owners_make_logins(here):
    for user in ("taizhang_api", "taizhang_jobs", "audit_town"):
        refused(lambda sql: here.psql(sql, user=user),
                "SELECT auditor_login_end('audit_town')")
    # It makes auditors and ends auditors, whoever asks.
    for name in ("taizhang_api", "keeper", "postgres"):
        assert here.psql(f"SELECT auditor_login_end('{name}')",
                         user="keeper") == [["f"]]
    made = here.psql("SELECT rolsuper, rolcreaterole, rolcreatedb, rolbypassrls,"
                     " rolreplication FROM pg_roles WHERE rolname ="
                     " 'audit_town'")
    assert made == [["f"] * 5]


def test_an_old_snapshot_is_good_for_five_seconds(here):
    sql = auditor(here, "still")
    assert seen_twice(sql, "BEGIN ISOLATION LEVEL REPEATABLE READ", 5.1)


def test_a_password_is_made_and_kept(here, tmp_path):
    out = tmp_path / "password"
    ctl(here, "auditor", "add", "--role", "audit_kept", "--mandate", "m",
        "--unit", TOWN, "--password-out", str(out))
    assert len(out.read_text().strip()) == 32
    assert out.stat().st_mode & 0o777 == 0o600
    assert here.psql("SELECT rolpassword LIKE 'SCRAM-SHA-256%', rolvaliduntil"
                     " IS NOT NULL FROM pg_authid WHERE rolname = 'audit_kept'"
                     ) == [["t", "t"]]
    for bad in (["--role", "postgres"], ["--role", "audit_x;", ],
                ["--days", "9999"], ["--unit", "999999999999"]):
        args = {"--role": "audit_bad", "--mandate": "m", "--unit": TOWN}
        args.update([bad])
        ctl(here, "auditor", "add", *sum(map(list, args.items()), []), code=1)
    assert here.psql("SELECT 1 FROM pg_roles WHERE rolname LIKE 'audit_bad%'"
                     ) == []


# ---- the same through a standby ------------------------------------------------------

@pytest.fixture(scope="module")
def standby(here):
    s = Standby(here, here.dir / "standby")
    yield s
    s.stop()
    s.run("drop", here.var / "pg")
    assert here.psql("SELECT 1 FROM pg_replication_slots") == []


def test_the_standby_shows_what_the_primary_shows(here, whole, standby):
    standby.caught_up()
    for what in ("issue", "history", "project", "org_unit", "division"):
        query = f"SELECT count(*), md5(string_agg(t::text, '' ORDER BY" \
                f" t::text)) FROM ro.{what} t"
        assert standby.psql(query, "audit_whole") == whole(query), what
    assert divisions(lambda q: standby.psql(q, "audit_whole")) == \
        divisions(whole)


def test_the_walls_stand_on_the_standby(town, standby):
    standby.caught_up()

    def sql(q):
        return standby.psql(q, "audit_town")
    assert divisions(sql) == {TOWN}
    for widen in WIDEN[:3]:
        rows = sql(widen + "; SELECT DISTINCT division_code FROM ro.issue")
        assert townships(rows) <= {TOWN}
    refused(sql, "SELECT leader_phone FROM public.issue")
    for statement in ("UPDATE ro.issue SET goal = 'x'",
                      "CREATE TABLE t (i int)"):
        refused(sql, statement, "read-only|permission denied|cannot update")
    refused(standby.psql, "CREATE TABLE t (i int)", "read-only")


def test_a_revoked_pass_ends_on_the_standby_too(here, standby):
    auditor(here, "away", COUNTY)
    standby.caught_up()

    def sql(q):
        return standby.psql(q, "audit_away")
    assert sql("SELECT count(*) > 0 FROM ro.issue") == [["t"]]
    ctl(here, "auditor", "end", "--role", "audit_away")
    assert seconds_until_nothing(sql) < 5


def test_an_expired_pass_ends_though_the_standby_is_behind(here, standby):
    """Nothing has to reach it: the pass itself says when it is over."""
    auditor(here, "short", COUNTY)
    here.psql("UPDATE auditor_login SET valid_to = now() + interval '2 s'"
              " WHERE role = 'audit_short'")
    standby.caught_up()
    standby.psql("SELECT pg_wal_replay_pause()")
    try:
        assert seconds_until_nothing(
            lambda q: standby.psql(q, "audit_short")) < 5
    finally:
        standby.psql("SELECT pg_wal_replay_resume()")


def test_own_writes_are_read_on_the_standby_or_not_there(here, whole, standby):
    clerk, seen = people(here)("huangmaozhou"), "ro.issue WHERE id = '%s'"

    def sql(q):
        return standby.psql(q, "audit_whole")
    for _ in range(20):
        issue = report(clerk)["id"]
        token = whole("SELECT ro.position()")[0][0]
        ask = (f"SELECT ro.caught_up('{token}');"
               f" SELECT count(*) FROM {seen % issue}")
        # On a busy machine it may be further behind than it waits for.
        rows = wait_for(lambda q=ask: (r := sql(q))[0] == ["t"] and r, 20,
                        why="the standby has it")
        assert rows == [["t"], ["1"]]
    standby.psql("SELECT pg_wal_replay_pause()")
    try:
        issue = report(clerk)["id"]
        token = whole("SELECT ro.position()")[0][0]
        rows = sql(f"SELECT extract(epoch FROM clock_timestamp());"
                   f" SELECT ro.caught_up('{token}');"
                   " SELECT extract(epoch FROM clock_timestamp())")
        assert rows[1] == ["f"]
        assert 0.45 < float(rows[2][0]) - float(rows[0][0]) < 2
        assert whole(f"SELECT count(*) FROM {seen % issue}") == [["1"]]
    finally:
        standby.psql("SELECT pg_wal_replay_resume()")


def test_a_promoted_standby_takes_writes(here):
    s = Standby(here, here.dir / "second")
    try:
        assert int(s.run("lag")) >= 0
        s.run("promote")
        assert s.psql("SELECT pg_is_in_recovery()") == [["f"]]
        s.psql("CREATE TABLE t (i int)")
        assert s.psql("SELECT count(*) > 0 FROM issue") == [["t"]]
    finally:
        s.stop()
        s.run("drop", here.var / "pg")
