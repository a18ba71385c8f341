"""The log: what is in it, who reads it, and that proofs hold by other means
than ours (I24)."""
import csv
import io
import subprocess
import threading
import uuid

import pytest

import audit_log
from people import people, report
from stack import wait_for


def events(county, where):
    return county.psql("SELECT verb, outcome, entity, row_id, rev, actor,"
                       f" route, detail FROM audit.event WHERE {where}"
                       " ORDER BY txid, id")


def test_a_change_is_an_event_of_its_transaction(county):
    who = people(county)
    i = report(who("huangmaozhou"))
    r = who("huangmaozhou").patch(f"/v1/issues/{i['id']}", {"goal": "改"},
                                  rev=i["rev"])
    assert r.status == 200, r
    got = events(county, f"row_id = '{i['id']}'")
    assert [(e[0], e[2], e[4], e[6]) for e in got] == [
        ("create", "issue", "1", "createIssue"),
        ("change", "issue", "2", "changeIssue")]
    me = who("huangmaozhou").get("/v1/me").json["id"]
    assert {e[5] for e in got} == {me}
    # One transaction: what was refused has none.
    before = events(county, "true")
    r = who("huangmaozhou").patch(f"/v1/issues/{i['id']}",
                                  {"found_on": "never"}, rev=r.json["rev"])
    assert r.status == 422
    assert [e for e in events(county, "true") if e not in before
            and e[2] == "issue"] == []


def test_bulk_costs_one_insert_and_tells_of_every_row(county):
    who = people(county)("huangmaozhou")
    rows = [report(who) for _ in range(3)]
    n = county.psql("SELECT count(*) FROM audit.event WHERE row_id IN ("
                    + ",".join(f"'{r['id']}'" for r in rows) + ")")
    assert n == [["3"]]
    assert county.psql(
        "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'audit_%' AND"
        " tgrelid = 'issue'::regclass AND tgtype & 1 = 0") == [["2"]]


def test_every_table_is_under_the_log_or_says_why_not(county):
    """A new table calls audit.watch(), or joins this list."""
    free = {"schema_migration", "history", "change", "command", "idempotency",
            "login_failure", "server_state", "issue_counter",
            "project_counter", "webhook_state", "webhook_delivery",
            "sheet_instance", "sheet_manifest", "sheet_spare", "sheet_shadow",
            "sheet_pending", "sheet_batch", "sheet_export", "sheet_finding",
            "sheet_file", "sheet_held", "sheet_header_history",
            "ro_clearance"}
    bare = {r[0] for r in county.psql(
        "SELECT relname FROM pg_class c WHERE relkind = 'r' AND relnamespace"
        " = 'public'::regnamespace AND NOT EXISTS (SELECT FROM pg_trigger t"
        " WHERE t.tgrelid = c.oid AND t.tgname = 'audit_insert')")}
    assert bare - free == set()


def test_the_application_can_only_add(county):
    for sql in ("SELECT * FROM audit.event", "DELETE FROM audit.event",
                "UPDATE audit.event SET verb = 'x'", "TRUNCATE audit.event",
                "INSERT INTO audit.event (txid, verb, division_code) VALUES"
                " (1, 'x', 0)", "SELECT * FROM audit.leaf",
                "DELETE FROM audit.head", "SELECT audit.erase('a', NULL, '{}')",
                "ALTER TABLE issue DISABLE TRIGGER ALL",
                "SET session_replication_role = replica",
                "SELECT audit.append('change', 'ok', 'issue', NULL, 0, NULL,"
                " '', NULL)",
                "SELECT audit.append('erase', 'ok', 'issue', NULL, 0, NULL,"
                " '', NULL)"):
        for user in ("taizhang_api", "taizhang_owner", "taizhang_jobs"):
            if user != "taizhang_api" and "audit.event" not in sql:
                continue
            if user == "taizhang_jobs" and sql.startswith("SELECT"):
                continue
            with pytest.raises(AssertionError):
                county.psql(f"SET ROLE {user}; {sql}")


def test_auditors_leave_a_trace_of_every_access(county):
    a = people(county)("shenji")
    me = a.get("/v1/me").json["id"]
    absent = str(uuid.uuid4())
    for path, status in (("/v1/issues?limit=1", 200), (f"/v1/issues/{absent}",
                                                       404)):
        r = a.get(path)
        assert r.status == status
    got = events(county, f"actor = '{me}' AND verb = 'access'")
    assert ["access", "ok", "issue", "", "", me, "listIssues"] in \
        [e[:7] for e in got]
    assert ["access", "refused", "issue", absent, "", me, "getIssue"] in \
        [e[:7] for e in got]
    # A download is noted before its first byte.
    def files():
        return len(events(county, f"actor = '{me}' AND verb = 'export'"))
    n = files()
    assert a.get("/v1/issues?format=csv").status == 200
    assert files() == n + 1


def test_no_event_no_reply(county):
    """An auditor who cannot be noted sees nothing."""
    a = people(county)("shenji")
    assert a.get("/v1/issues").status == 200
    county.psql("REVOKE EXECUTE ON FUNCTION audit.append FROM taizhang_api")
    try:
        r = a.get("/v1/issues")
    finally:
        county.psql("GRANT EXECUTE ON FUNCTION audit.append TO taizhang_api")
    assert r.status == 503 and b"items" not in r.body


def test_who_reads_the_log(county):
    who = people(county)
    for login, status in (("shenji", 200), ("huangmaozhou", 403),
                          ("nongye", 403)):
        for path in ("/v1/audit", "/v1/audit/heads",
                     f"/v1/audit/{uuid.uuid4()}"):
            got = who(login).get(path).status
            assert got == status or (got == 404 and status == 200), \
                (login, path, got)
    assert county.client().get("/v1/audit").status == 401
    # Reading it is an event, too.
    me = who("shenji").get("/v1/me").json["id"]
    assert "listAuditEvents" in {e[6] for e in events(
        county, f"actor = '{me}' AND verb = 'access'")}


def test_within_the_range_of_the_reader(county):
    a = people(county)("shenji")
    lo = int(a.get("/v1/me").json["division"])
    seen = pages(a, "/v1/audit?limit=200")
    assert seen
    assert all(int(e["division"]) >= lo for e in seen)
    assert all(e["sensitivity"] <= 1 for e in seen)
    outside = county.psql("SELECT id FROM audit.event WHERE division_code <"
                          f" {lo} LIMIT 1")
    assert outside and a.get(f"/v1/audit/{outside[0][0]}").status == 404


def pages(c, path):
    out, cursor, pages = [], None, set()
    while True:
        r = c.get(path + (f"&cursor={cursor}" if cursor else ""))
        assert r.status == 200, r
        out += r.json["items"]
        cursor = r.json["next"]
        if cursor is None:
            return out
        assert cursor not in pages
        pages.add(cursor)


def test_filters_and_pages(county):
    who = people(county)
    i = report(who("huangmaozhou"))
    me = who("huangmaozhou").get("/v1/me").json["id"]
    a = who("shenji")
    got = a.get(f"/v1/audit?row={i['id']}").json["items"]
    assert [(e["verb"], e["rev"], e["actor"]) for e in got] == [
        ("create", 1, me)]
    assert a.get(f"/v1/audit?request={got[0]['request']}&verb=create"
                 ).json["items"] == got
    assert {e["actor"] for e in a.get(f"/v1/audit?actor={me}").json["items"]
            } == {me}
    assert {e["entity"] for e in a.get("/v1/audit?entity=issue"
                                       ).json["items"]} == {"issue"}
    assert a.get("/v1/audit?to=2001-01-01").json["items"] == []
    assert a.get("/v1/audit?from=2199-01-01").json["items"] == []
    # Of now: how many there are of before is as other tests have it.
    since = f"/v1/audit?actor={me}&from={got[0]['at'][:19]}Z"
    rows = [report(who("huangmaozhou"))["id"] for _ in range(5)]
    few = pages(a, since + "&limit=2")
    many = a.get(since + "&limit=1000").json["items"]
    assert [e["row"] for e in many[:5]] == rows[::-1]
    assert [e["id"] for e in few] == [e["id"] for e in many]
    assert [e["at"] for e in many] == sorted((e["at"] for e in many),
                                             reverse=True)
    for bad in ("row=x", "limit=0", "limit=1001", "cursor=x", "nothing=1",
                "from=gestern", "verb=a'b", "format=xlsx", "limit="):
        assert a.get(f"/v1/audit?{bad}").status == 422, bad


def test_files(county):
    a = people(county)("shenji")
    r = a.get("/v1/audit?format=csv&limit=50")
    rows = list(csv.DictReader(io.StringIO(r.body.decode())))
    assert r.headers["content-type"].startswith("text/csv")
    assert len(rows) == 50 and rows[0]["verb"] and r.headers["x-next-cursor"]
    r = a.get("/v1/audit?format=ndjson&limit=3")
    assert len(r.text.splitlines()) == 3


def proven(c, event):
    """The proof of GET /v1/audit/{id}, checked by definition alone."""
    def sealed():
        r = c.get(f"/v1/audit/{event}")
        assert r.status == 200, r
        return r.json if r.json["proof"] else None
    got = wait_for(sealed, why="sealed")
    head, proof = audit_log.head(got["head"]), got["proof"]
    assert audit_log.signed(got["head"])
    assert int(head["size"]) == proof["size"]
    data = audit_log.leaf_bytes(
        got["values"], got["fields"],
        None if got["root"] is None else bytes.fromhex(got["root"]))
    for a in ("sha256", "sm3"):
        root = audit_log.root_by_path(
            a, audit_log.h(a, b"\0" + data), proof["index"], proof["size"],
            [bytes.fromhex(p) for p in proof[a]])
        assert root.hex() == head[a]
    assert got["values"][0] == event == got["event"]["id"]
    return got


def test_proofs_hold(county):
    who = people(county)
    i = report(who("huangmaozhou"))
    a = who("shenji")
    first = a.get(f"/v1/audit?row={i['id']}").json["items"][0]["id"]
    proven(a, first)
    many = pages(a, "/v1/audit?limit=1000")
    for e in many[-1:] + many[:600:29] + many[::97]:
        proven(a, e["id"])
    got = proven(a, first)
    bad = dict(got, values=[*got["values"][:3], "read", *got["values"][4:]])
    data = audit_log.leaf_bytes(bad["values"], bad["fields"],
                                bytes.fromhex(bad["root"]))
    assert audit_log.root_by_path(
        "sha256", audit_log.h("sha256", b"\0" + data),
        got["proof"]["index"], got["proof"]["size"],
        [bytes.fromhex(p) for p in got["proof"]["sha256"]]
    ).hex() != audit_log.head(got["head"])["sha256"]


def test_heads_follow_one_another(county):
    a = people(county)("shenji")
    items = a.get("/v1/audit/heads?after=0&limit=1000").json["items"]
    assert [h["seq"] for h in items] == list(range(1, len(items) + 1))
    prev = "0" * 64
    for h in items:
        assert audit_log.signed(h["line"])
        assert audit_log.head(h["line"])["prev"] == prev
        prev = audit_log.h("sha256", h["line"].encode()).hex()
    last = a.get("/v1/audit/heads").json["items"]
    assert len(last) == 1 and last[0]["seq"] >= len(items)


def test_sealed_within_a_second(county):
    """Two at most, on a machine that does other things too; and a transaction
    that stays open holds back what is behind it, and nothing is lost."""
    c = people(county)("huangmaozhou")
    took = []
    for _ in range(5):
        i = report(c)
        # By the clock of the head that covers it: not when this looked.
        took += wait_for(lambda: county.psql(
            "SELECT extract(epoch FROM min(h.at) - min(e.at)) FROM"
            " audit.event e JOIN audit.leaf l USING (id) JOIN audit.head h"
            f" ON h.size > l.pos WHERE row_id = '{i['id']}' HAVING count(*)"
            " > 0"), why="sealed")[0]
    assert sorted(map(float, took))[2] < 2, took


def test_what_commits_late_is_sealed_late_and_not_lost(county):
    c = people(county)("huangmaozhou")
    late = threading.Thread(target=county.psql, args=(
        "BEGIN; UPDATE org_unit SET name = name WHERE id = (SELECT id FROM"
        " org_unit ORDER BY id LIMIT 1); SELECT pg_sleep(3); COMMIT",))
    late.start()
    wait_for(lambda: county.psql(
        "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"), 10)
    i = report(c)
    late.join()
    wait_for(lambda: county.psql(
        "SELECT count(*) FROM audit.event WHERE NOT EXISTS (SELECT FROM"
        " audit.leaf l WHERE l.id = event.id)") == [["0"]], 10)
    order = county.psql(
        "SELECT string_agg(e.entity, ' ' ORDER BY l.pos) FROM audit.leaf l"
        " JOIN audit.event e USING (id) WHERE e.row_id ="
        f" '{i['id']}' OR (e.entity = 'org_unit' AND e.channel = 'sql')")
    assert order == [["org_unit issue"]]


def test_nothing_is_lost_without_a_partition(county):
    """A month that nobody prepared for goes to the default partition, and
    from there to its own."""
    where = county.psql(
        "BEGIN; INSERT INTO audit.event (txid, at, verb, division_code) VALUES"
        " (1, '2031-05-06 12:00Z', 'note', 0); SELECT tableoid::regclass FROM"
        " audit.event WHERE verb = 'note'; SELECT audit.partitions(); SELECT"
        " tableoid::regclass FROM audit.event WHERE verb = 'note'; ROLLBACK")
    assert where[0][0].split() == ["audit.event_default",
                                   "audit.event_203105"]


def test_what_cannot_be_sealed_stops_the_seal_and_nothing_else(county):
    """A superuser who spoils a revision within its second: nothing is signed
    over it, the runner lives, and goes on once it is as it was."""
    who = people(county)
    i = report(who("huangmaozhou"))
    sealed = ("SELECT count(*) FROM audit.event WHERE NOT EXISTS (SELECT FROM"
              " audit.leaf l WHERE l.id = event.id)")
    wait_for(lambda: county.psql(sealed) == [["0"]], why="sealed")
    runner = county.pids("taizhang-jobs")
    where = f"entity = 'issue' AND row_id = '{i['id']}' AND rev = 1"
    was = county.psql(f"SELECT data FROM history WHERE {where}")[0][0]
    event = county.psql(
        "SET session_replication_role = replica; BEGIN; UPDATE history SET"
        f" data = '\"x\"' WHERE {where}; INSERT INTO audit.event (txid, verb,"
        " entity, row_id, rev, division_code) VALUES (audit.here(), 'change',"
        f" 'issue', '{i['id']}', 1, 0) RETURNING id; COMMIT")[0][0]
    try:
        log = county.var / "log/jobs.log"
        wait_for(lambda: f"event=seal id={event}" in log.read_text())
        assert county.pids("taizhang-jobs") == runner
        assert county.psql(sealed) != [["0"]]
    finally:
        county.psql("SET session_replication_role = replica; UPDATE history"
                    f" SET data = $x${was}$x$ WHERE {where}; DELETE FROM"
                    f" audit.event WHERE id = '{event}'")
    wait_for(lambda: county.psql(sealed) == [["0"]], why="sealed again")


def test_workbooks_are_witnesses(stack, tmp_path):
    """The ledger that the agent puts into the share carries a head; the log
    is held against it."""
    s = stack(demo=True, agent=True)
    book = wait_for(lambda: next(iter(s.share.rglob("*.xlsx")), None), 60)
    key = audit_log.head(s.psql("SELECT line FROM audit.head LIMIT 1")[0][0])

    def verify():
        return subprocess.run(
            [s.build / "taizhangctl", "audit", "verify", "--key", key["key"],
             "--database", "postgresql:///taizhang?user=taizhang_verify&host="
             + s.psql("SHOW unix_socket_directories")[0][0],
             "--witness", str(book)], capture_output=True, text=True)
    r = verify()
    assert r.returncode == 0 and "1 个见证" in r.stdout, r
    # Each is an event, with the export that stands in it.
    assert s.psql(
        "SELECT count(*) > 0, count(e.id) = count(*) FROM sheet_export x LEFT"
        " JOIN audit.event e ON e.verb = 'sync_export' AND e.binding ="
        " x.binding_id AND e.row_id = x.ledger_id AND e.detail->>'export' ="
        " x.id::text") == [["t", "t"]]
    s.psql("SET session_replication_role = replica; DELETE FROM audit.head"
           " WHERE seq >= 1")
    r = verify()
    assert r.returncode == 1 and str(book) in r.stdout, r


def test_coverage_narrows_the_reader_of_the_log(county):
    """The second wall alone: a grant that covers one village sees no more."""
    def seen(cover):
        rows = county.psql(
            "BEGIN; SET LOCAL ROLE taizhang_api; SELECT set_config('app.lo',"
            " '0', true) || set_config('app.hi', '999999999999', true) ||"
            f" set_config('app.cover', '{cover}', true); SELECT DISTINCT"
            " (event).division_code FROM audit.list(0, 999999999999, '', 4,"
            " '{}', NULL, NULL, 1000); ROLLBACK")
        return " ".join(c for r in rows for c in r).split()[1:]
    assert len(seen("")) > 1
    covered = seen("{[430981107000,430981108000)}")
    assert "430981107000" in covered
    assert {x[:9] for x in covered} == {"430981107"}
