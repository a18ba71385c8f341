"""GET /v1/changes: every change of every row in scope, in order, none missed,
and of rows outside not even that there are any."""
import os
import random
import re
import subprocess
import threading
import time

import pytest
from people import COUNTY, SIBLING, TOWN, done, people, report
from stack import wait_for


@pytest.fixture(scope="module")
def own():
    """A county of its own: other tests write while these count."""
    from stack import Stack
    s = Stack(demo=True, agent=False).start()
    yield s
    s.stop()


def read_all(client, query="", after=None):
    """Every item from the cursor on, and the cursor behind them."""
    items = []
    client.stack.passed()
    while True:
        r = client.get("/v1/changes?limit=37" + query +
                       (f"&after={after}" if after else ""))
        assert r.status == 200, r
        items += r.json["items"]
        after = r.json["next"]
        if not r.json["more"]:
            return items, after


def now(client, query=""):
    client.stack.passed()
    r = client.get(f"/v1/changes?after=now{query}")
    assert r.status == 200 and r.json["items"] == []
    return r.json["next"]


def revs_in_order(items):
    last = {}
    for x in items:
        if x["change"] == "gone":
            continue
        assert x["rev"] > last.get(x["id"], 0), x
        last[x["id"]] = x["rev"]
    return last


class Reader(threading.Thread):
    """Follows the feed until told to stop, then to its end."""

    def __init__(self, client, limit=11):
        super().__init__(daemon=True)
        self.client, self.limit, self.items = client, limit, []
        self.after, self.stopping = now(client), False
        self.failure = None

    def run(self):
        try:
            while True:
                last = self.stopping
                r = self.client.get(f"/v1/changes?after={self.after}&wait="
                                    f"{0 if last else 2}&limit={self.limit}")
                assert r.status == 200, r
                self.items += r.json["items"]
                self.after = r.json["next"]
                if last and not r.json["items"] and not r.json["more"]:
                    return
        except Exception as e:  # shown by the test that joins it
            self.failure = e

    def finish(self):
        self.client.stack.passed()
        self.stopping = True
        self.join(30)
        assert not self.failure and not self.is_alive(), self.failure
        return self.items


def straggler(stack, row, seconds):
    """A transaction that has its number early and writes late."""
    sock = subprocess.run([stack.root / "db/cluster.sh", "socket",
                           stack.var / "pg"], text=True, capture_output=True,
                          check=True).stdout.strip()
    return subprocess.Popen(
        ["psql", "-XqAt", "-h", sock, "-U", "postgres", "-d", "taizhang",
         "-v", "ON_ERROR_STOP=1", "-c", "BEGIN; SELECT pg_current_xact_id();"
         f" SELECT pg_sleep({seconds}); UPDATE issue SET goal = 'late' WHERE"
         f" id = '{row}'; COMMIT;"], stdout=subprocess.DEVNULL)


def test_eight_writers_and_readers_at_every_level(own):
    who = people(own)
    writers = [own.client(who(["huangmaozhou", "caowei"][i % 2]).token)
               for i in range(8)]
    first = report(writers[0], goal="first")
    readers = {n: Reader(own.client(who(n).token)) for n in
               ("huangmaozhou", "caowei", "nongye", "shenji")}
    for r in readers.values():
        r.start()
    late = [straggler(own, first["id"], s) for s in (0.7, 1.9)]
    failures = []

    def write(client, seed):
        rng = random.Random(seed)
        try:
            mine = []
            for n in range(25):
                if not mine or rng.random() < 0.4:
                    mine.append(report(client, goal=f"{seed}.{n}"))
                else:
                    x = rng.choice(mine)
                    r = client.patch(f"/v1/issues/{x['id']}",
                                     {"goal": f"{seed}.{n}"}, rev=x["rev"])
                    assert r.status == 200, r
                    x["rev"] = r.json["rev"]
        except Exception as e:
            failures.append(e)
    threads = [threading.Thread(target=write, args=(c, i))
               for i, c in enumerate(writers)]
    for t in threads:
        t.start()
    # The row that the stragglers write is written again and again meanwhile.
    for n in range(8):
        rev = who("huangmaozhou").get(f"/v1/issues/{first['id']}").json["rev"]
        who("huangmaozhou").patch(f"/v1/issues/{first['id']}",
                                  {"goal": f"early {n}"}, rev=rev)
        time.sleep(0.25)
    for t in threads:
        t.join()
    for p in late:
        assert p.wait(20) == 0
    assert not failures
    for name, reader in readers.items():
        items = reader.finish()
        last = revs_in_order(items)
        lo, hi = {"huangmaozhou": (TOWN, int(TOWN) + 999),
                  "caowei": (SIBLING, int(SIBLING) + 999)}.get(
                      name, (COUNTY, int(COUNTY) + 999999))
        want = own.psql("SELECT row_id, max(rev), count(*) FROM history WHERE"
                        f" entity = 'issue' AND division_code BETWEEN {lo}"
                        f" AND {hi} AND NOT (row_id = '{first['id']}' AND"
                        " rev = 1) GROUP BY 1")
        assert last == {i: int(rev) for i, rev, _ in want}, name
        # Not only the last one: each revision, once.
        assert len(items) == sum(int(n) for _, _, n in want), name


def test_from_the_beginning_and_data_is_the_row_of_now(own):
    c = people(own)("huangmaozhou")
    row = report(c, goal="之前")
    r = c.patch(f"/v1/issues/{row['id']}", {"goal": "之后"}, rev=1)
    assert r.status == 200
    items, _ = read_all(c, "&data=true&entity=issue")
    mine = [x for x in items if x["id"] == row["id"]]
    assert [(x["change"], x["rev"]) for x in mine] == [("created", 1),
                                                       ("changed", 2)]
    shown = c.get(mine[0]["href"]).json
    assert [x["data"] for x in mine] == [shown, shown]
    # Who may see less sees less.
    items, _ = read_all(people(own)("shenji"), "&data=true")
    data = [x["data"] for x in items if x["id"] == row["id"]]
    assert data[0]["leader_phone"] == "138****0001"
    # After an item of a page comes the next one.
    r = c.get("/v1/changes?limit=5").json
    again = c.get(f"/v1/changes?limit=5&after={r['items'][2]['cursor']}").json
    assert [x["id"] for x in again["items"][:2]] == [
        x["id"] for x in r["items"][3:]]


def test_long_poll_wakes_and_ends(own):
    c = people(own)("huangmaozhou")
    after = now(c)
    t = time.monotonic()
    r = c.get(f"/v1/changes?after={after}&wait=1")
    assert r.json["items"] == [] and 0.9 < time.monotonic() - t < 4
    got = []
    client = own.client(c.token)
    t = threading.Thread(target=lambda: got.append(
        client.get(f"/v1/changes?after={after}&wait=20")))
    t.start()
    time.sleep(0.5)
    report(people(own)("caowei"))           # nobody is woken by a stranger
    time.sleep(1)
    assert not got
    row = report(people(own)("huangmaozhou"))
    t.join(19)
    assert [x["id"] for x in got[0].json["items"]] == [row["id"]]


def test_a_session_that_ends_ends_its_poll(own):
    c = own.login("caowei")
    after, got = now(c), []
    client = own.client(c.token)
    t = threading.Thread(target=lambda: got.append(
        client.get(f"/v1/changes?after={after}&wait=20")))
    t.start()
    time.sleep(0.5)
    assert c.delete("/v1/sessions/current").status == 204
    t.join(19)
    assert got[0].status == 401


def test_scopes_keep_apart_with_one_wall_at_a_time(own):
    who = people(own)
    rows = {"own": report(who("huangmaozhou")), "other": report(who("caowei")),
            "water": report(who("bumen"), division_code=TOWN)}
    sees = {"huangmaozhou": ("own", "water"), "caowei": ("other",),
            "bumen": ("water",), "nongye": ("own", "other", "water"),
            "shenji": ("own", "other", "water")}

    def check():
        for login, names in sees.items():
            ids = {x["id"] for x in read_all(who(login))[0]}
            for name, row in rows.items():
                assert (row["id"] in ids) == (name in names), (login, name)
    check()
    try:
        for t in ("change", "issue"):
            own.psql(f"ALTER TABLE {t} DISABLE ROW LEVEL SECURITY")
        check()
    finally:
        for t in ("change", "issue"):
            own.psql(f"ALTER TABLE {t} ENABLE ROW LEVEL SECURITY")
    for lo, hi, line, clearance in (
            (TOWN, int(TOWN) + 999, "", 2), (COUNTY, int(COUNTY) + 999999,
                                             "水利", 2), (1, 2, "", 4)):
        where = (f"division_code BETWEEN {lo} AND {hi} AND ('{line}' = '' OR"
                 f" line = '{line}') AND sensitivity <= {clearance}")
        count = "SELECT count(*) FROM change"
        got = own.psql(
            "BEGIN; DO $$ BEGIN PERFORM set_config('app.lo', "
            f"'{lo}', true), set_config('app.hi', '{hi}', true),"
            f" set_config('app.line', '{line}', true), set_config("
            f"'app.clearance', '{clearance}', true); END $$; {count};",
            user="taizhang_api")
        assert got[-1] == own.psql(f"{count} WHERE {where}")[0]
    assert own.psql(count, user="taizhang_api") == [["0"]]


def test_filters(own):
    who = people(own)
    own_row, other = report(who("huangmaozhou")), report(who("caowei"))
    ids = {x["id"] for x in read_all(who("nongye"), f"&division={TOWN}")[0]}
    assert own_row["id"] in ids and other["id"] not in ids
    for query in ("division=430981", "division=110000000000", "entity=nothing",
                  "entity=app_user", "limit=0", "limit=1001", "wait=31",
                  "data=1", "state=found", "wait=-1"):
        r = who("huangmaozhou").get(f"/v1/changes?{query}")
        assert r.status == 422 and r.json["faults"], query
    assert who("admin").get("/v1/changes").json["items"] == []


def test_tombstones(own):
    who = people(own)
    readers = ("huangmaozhou", "caowei", "nongye", "shenji")
    row = report(who("huangmaozhou"), goal="要作废")
    after = {n: now(who(n)) for n in readers}

    def news():
        out = {}
        for n in readers:
            items, after[n] = read_all(who(n), "", after[n])
            out[n] = [x for x in items if x["id"] == row["id"]]
        return out

    def kinds(got):
        return {n: [x["change"] for x in items] for n, items in got.items()}
    gone = {"change": "gone", "entity": "issue", "id": row["id"]}
    # Moved to the sibling: gone for the one, new to the other.
    own.psql(f"UPDATE issue SET division_code = {SIBLING}, seq_no ="
             f" (SELECT max(seq_no) + 1 FROM issue) WHERE id ="
             f" '{row['id']}'")
    got = news()
    assert kinds(got) == {"huangmaozhou": ["gone"], "caowei": ["changed"],
                          "nongye": ["changed"], "shenji": ["changed"]}
    got["huangmaozhou"][0].pop("cursor")
    assert got["huangmaozhou"] == [gone]
    # Raised above what all of them but nobody may read.
    own.psql(f"UPDATE issue SET sensitivity = 3 WHERE id = '{row['id']}'")
    got = news()
    assert kinds(got) == {"huangmaozhou": [], "caowei": ["gone"],
                          "nongye": ["gone"], "shenji": ["gone"]}
    for n in ("caowei", "nongye", "shenji"):
        got[n][0].pop("cursor")
        assert got[n] == [gone]
    # What happens to it there is nobody's.
    own.psql(f"UPDATE issue SET goal = '机密' WHERE id = '{row['id']}'")
    assert kinds(news()) == {n: [] for n in readers}
    own.psql(f"UPDATE issue SET sensitivity = 1 WHERE id = '{row['id']}'")
    assert kinds(news())["caowei"] == ["changed"]
    # Voided and back.
    done(who("nongye"), row, "void", reason="重复登记")
    assert kinds(news()) == {"huangmaozhou": [], "caowei": ["voided"],
                             "nongye": ["voided"], "shenji": ["voided"]}
    own.psql("UPDATE issue SET voided_at = NULL, voided_by = NULL,"
             f" void_reason = NULL, state = 'found' WHERE id = '{row['id']}'")
    assert kinds(news())["caowei"] == ["restored"]
    # A new reader hears of it only what is his to hear.
    items, _ = read_all(who("huangmaozhou"))
    mine = [x["change"] for x in items if x["id"] == row["id"]]
    assert mine == ["created", "gone"]


def test_cursors_tell_nothing_and_belong_to_one_reader(own):
    who = people(own)
    a = now(who("huangmaozhou"))
    for _ in range(3):
        report(who("caowei"))
    b = now(who("huangmaozhou"))
    assert len(a) == len(b) and a[:8] != b[:8]
    for login, query in (("caowei", ""), ("nongye", ""),
                         ("huangmaozhou", "&entity=issue")):
        r = who(login).get(f"/v1/changes?after={a}{query}")
        assert (r.status, r.json["code"]) == (422, "bad_cursor"), login
    flipped = a[:40] + ("A" if a[40] != "A" else "B") + a[41:]
    for bad in (flipped, a[:-1], a + "A", "0", "%00", "金丝雀"):
        r = who("huangmaozhou").get(f"/v1/changes?after={bad}")
        assert r.status in (400, 422), bad
    # With another reach, the same person begins anew.
    own.psql("UPDATE role_grant SET clearance = 1 WHERE user_id = (SELECT id"
             " FROM app_user WHERE login = 'huangmaozhou')")
    try:
        time.sleep(0.3)
        r = who("huangmaozhou").get(f"/v1/changes?after={a}")
        assert (r.status, r.json["code"]) == (410, "cursor_expired")
    finally:
        own.psql("UPDATE role_grant SET clearance = 2 WHERE user_id = (SELECT"
                 " id FROM app_user WHERE login = 'huangmaozhou')")
        time.sleep(0.3)


def prune(stack):
    while stack.psql("SELECT feed_prune(now(), 50)") == [["t"]]:
        pass


def test_what_is_too_old_is_compacted(own):
    who = people(own)
    c = who("huangmaozhou")
    row, left = report(c), report(c)
    old = now(c)
    half = c.get("/v1/changes?limit=1").json["next"]
    for n in range(4):
        c.patch(f"/v1/issues/{row['id']}", {"goal": f"{n}"}, rev=n + 1)
    own.psql(f"UPDATE issue SET division_code = {SIBLING}, seq_no ="
             f" (SELECT max(seq_no) + 1 FROM issue) WHERE id ="
             f" '{left['id']}'")
    prune(own)
    for cursor in (old, half):
        r = c.get(f"/v1/changes?after={cursor}")
        assert (r.status, r.json["code"]) == (410, "cursor_expired")
    items, after = read_all(c)
    assert [x["rev"] for x in items if x["id"] == row["id"]] == [5]
    assert left["id"] not in {x["id"] for x in items}
    assert revs_in_order(items) == {i: int(rev) for i, rev in own.psql(
        "SELECT id, rev FROM issue WHERE division_code BETWEEN"
        f" {TOWN} AND {int(TOWN) + 999} AND sensitivity <= 2")}
    assert len(items) == len({x["id"] for x in items})
    assert read_all(c, "", after)[0] == []


def test_a_restored_dump_lets_everybody_begin_anew(own):
    c = people(own)("huangmaozhou")
    after = now(c)
    assert own.psql("SELECT feed_rebase()") == [["f"]]
    own.psql("UPDATE change SET pos = pos + 1000000")
    assert own.psql("SELECT feed_rebase()") == [["t"]]
    row = report(c)
    r = c.get(f"/v1/changes?after={after}")
    assert (r.status, r.json["code"]) == (410, "cursor_expired")
    items, after = read_all(c)
    assert items[-1]["id"] == row["id"]
    revs_in_order(items)


def test_pages_are_cheap_at_every_scope(own):
    """300,000 changes of 40 counties: each page is an index scan that looks at
    little more than what it shows."""
    own.psql("""
      INSERT INTO change (pos, entity, row_id, rev, kind, division_code, line,
          sensitivity)
      SELECT (SELECT feed_base FROM server_state) + 3, 'issue',
        gen_random_uuid(), 1, 'created', 430981000000 +
        (g % 40) * 1000000::bigint + (g / 40 % 20) * 1000,
        CASE WHEN g % 50 = 0 THEN '水利' ELSE '' END, 1
      FROM generate_series(1, 300000) g;
      ANALYZE change;""")
    own.psql("UPDATE change SET pos = (SELECT feed_floor FROM server_state)"
             " WHERE pos < (SELECT feed_floor FROM server_state)")

    def scans():
        """What a connection counts it tells at its end at the latest."""
        mine = own.psql("SELECT pid, pg_terminate_backend(pid) FROM"
                        " pg_stat_activity WHERE usename = 'taizhang_api'")
        pids = ", ".join(pid for pid, _ in mine)
        wait_for(lambda: own.psql("SELECT count(*) FROM pg_stat_activity"
                                  f" WHERE pid IN ({pids})") == [["0"]])
        return [int(n) for n in own.psql(
            "SELECT seq_scan, seq_tup_read + idx_tup_fetch FROM"
            " pg_stat_user_tables WHERE relname = 'change'")[0]]

    def page(c, after, tries):
        """Again until it is quick: the machine does other things, too."""
        spent = []
        while not spent or (min(spent) >= 0.5 and len(spent) < tries):
            t = time.monotonic()
            r = wait_for(lambda: (r := c.get("/v1/changes?limit=50" + (
                f"&after={after}" if after else ""))).status == 200 and r)
            spent.append(time.monotonic() - t)
        return r.json, min(spent)

    def pages(c, tries):
        """How long the slowest of six took."""
        after, most = None, 0
        for _ in range(6):
            got, took = page(c, after, tries)
            after, most = got["next"], max(most, took)
            if not got["more"]:
                break
        return most
    everybody = [people(own)(login) for login in (
        "huangmaozhou", "nongye", "bumen", "shenji")]
    most = [pages(c, 10) for c in everybody]
    assert max(most) < 0.5, most
    before = scans()
    for c in everybody:
        pages(c, 1)
    whole, rows = (b - a for a, b in zip(before, scans()))
    # Of a department's line each fourth change is its county's.
    assert whole == 0 and rows < 10_000, rows


def test_writing_it_down_costs_little(own):
    """5,000 rows in one statement: under two seconds of a processor, however
    many others want it."""
    own.psql("CREATE TABLE plain (id uuid PRIMARY KEY);"
             " CALL business_table('plain', 'none')")
    spent = "SELECT split_part(s, ' ', 14)::int + split_part(s, ' ', 15)::int" \
        " FROM pg_read_file('/proc/self/stat') s; "
    try:
        seen = own.psql(
            spent + "INSERT INTO plain (id, division_code, filing_level)"
            f" SELECT gen_random_uuid(), {TOWN}, 4 FROM generate_series(1,"
            " 5000); " + spent)
        before, after = map(int, re.findall(r"\d+", str(seen)))
        assert 0 < after - before < 2 * os.sysconf("SC_CLK_TCK")
    finally:
        own.psql("DROP TABLE plain; DELETE FROM history WHERE entity ="
                 " 'plain'; DELETE FROM change WHERE entity = 'plain'")
