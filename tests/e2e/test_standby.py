"""The API's reads on a streaming standby (issue 4.6, sync-and-security.md 5):
what goes there, what must be found there, and that nobody notices when it is
gone, behind, stuck or promoted."""
import os
import re
import signal
import threading
import time

import pytest

from people import SIBLING, TOWN, command, people, report
from stack import Stack, wait_for
from standby import Standby

ASSIGN = {"responsible_subject_kind": "township",
          "responsible_org": "镇人民政府", "person_name": "李四",
          "leader_name": "张三", "due_on": "2023-05-20"}
PATHS = ("/v1/issues", "/v1/issues?sort=-due_on&limit=7", "/v1/projects",
         "/v1/issues?q=公示&count=true", "/v1/issues?format=csv",
         "/v1/issues?format=ndjson", "/v1/operators?limit=200",
         "/v1/changes?limit=20&data=true")


@pytest.fixture(scope="module")
def two():
    """A stack whose reads go to a standby of its own."""
    s = Stack(agent=False)
    s.env["STANDBY_URL"] = Standby.url(s, s.dir / "standby")
    s.start()
    try:
        assert state(s) == {"down"}
        s.standby = Standby(s, s.dir / "standby")
        until(s, "ready")
        yield s
        s.standby.stop()
    finally:
        s.stop()


def state(stack):
    """What the workers say: each connection is another's."""
    return {stack.client().get("/readyz").json["standby"] for _ in range(12)}


def until(stack, what, seconds=10):
    wait_for(lambda: state(stack) == {what}, seconds, why=f"standby {what}")


def metric(stack, name):
    text = stack.client().get("/metrics").text
    return int(re.search(rf"^taizhang_{name} (\d+)$", text, re.M)[1])


def there(stack):
    return metric(stack, "standby_reads_total")


def home(stack):
    return metric(stack, "standby_turned_home_total")


def turns(stack):
    """How often a worker has found it to be something else."""
    return (stack.var / "log/api.log").read_text().count("event=standby ")


def while_ready(stack, ask):
    """ask(), of a standby that keeps up all the time: what it finds otherwise
    is asked again if the machine held the standby up meanwhile."""
    for _ in range(8):
        until(stack, "ready")
        was = turns(stack)
        try:
            return ask()
        except AssertionError:
            time.sleep(0.3)
            if turns(stack) == was:
                raise
    raise AssertionError("the standby does not keep up")


def other(stack, client):
    """The same caller on a connection of its own, perhaps another worker's."""
    return stack.client(client.token)


def test_reads_are_answered_there(two):
    who = people(two)("huangmaozhou")
    row = report(who)
    two.standby.caught_up()

    def read(path):
        before, turned = there(two), home(two)
        r = who.get(path)
        assert r.status == 200, (path, r)
        assert there(two) > before and home(two) == turned, path
    for path in (*PATHS, f"/v1/issues/{row['id']}",
                 f"/v1/issues/{row['id']}/history",
                 f"/v1/issues/{row['id']}?as_of=2099-01-01",
                 "/v1/issues?as_of=2099-01-01"):
        while_ready(two, lambda: read(path))


def test_what_it_says_is_what_the_primary_says(two):
    """Everybody, on both servers: the same rows, the same masks."""
    who = people(two)
    report(who("huangmaozhou"))
    report(who("caowei"))
    logins = ("huangmaozhou", "caowei", "nongye", "shenji", "qionghu")
    paths = [p for p in PATHS if "changes" not in p]

    def everything():
        return {(x, p): (r.status, r.body) for x in logins for p in paths
                for r in [who(x).get(p)]}
    two.standby.caught_up()
    until(two, "ready")
    before = there(two)
    said = everything()
    assert there(two) > before + len(said) / 2
    two.standby.stop()
    try:
        until(two, "down")
        before = there(two)
        assert everything() == said
        assert there(two) == before
    finally:
        two.standby.start()
    until(two, "ready")
    town = said["huangmaozhou", "/v1/issues"][1].decode()
    assert TOWN in town and SIBLING not in town


def test_outside_the_scope_is_absent_there_too(two):
    row = report(people(two)("caowei"))
    reader = people(two)("huangmaozhou")
    two.standby.caught_up()

    def absent():
        before = there(two)
        gone = reader.get("/v1/issues/00000000-0000-7000-8000-000000000000")
        r = reader.get(f"/v1/issues/{row['id']}")
        assert r.status == gone.status == 404
        assert there(two) >= before + 2
    while_ready(two, absent)


def test_what_one_wrote_one_reads(two):
    """Without a word from the client, on whichever worker it comes out."""
    who = people(two)("huangmaozhou")
    until(two, "ready")
    before = there(two)
    for n in range(60):
        row = report(who)
        reader = other(two, who)
        r = reader.get(f"/v1/issues/{row['id']}")
        assert r.status == 200 and r.json["rev"] == row["rev"], (n, r)
        r = other(two, who).patch(f"/v1/issues/{row['id']}",
                                  {"goal": f"第{n}版"}, rev=row["rev"])
        assert r.status == 200, r
        items = reader.get("/v1/issues?limit=1").json["items"]
        assert items[0]["goal"] == f"第{n}版"
    assert there(two) - before > 60


def test_what_another_wrote_is_read_with_its_token(two):
    clerk, reader = (people(two)(x) for x in ("huangmaozhou", "nongye"))
    until(two, "ready")
    before = there(two)
    for _ in range(60):
        r = clerk.post("/v1/issues", {"category": "Y-1", "description": "并发",
                                      "division_code": TOWN})
        token = r.headers["x-write-token"]
        found = reader.get(f"/v1/issues/{r.json['id']}",
                           headers={"X-Write-Token": token})
        assert found.status == 200, found
    assert there(two) - before > 30


def test_tokens_say_nothing(two):
    who = people(two)("huangmaozhou")
    tokens = {who.delete("/v1/issues/x", headers={}).headers.get(
        "x-write-token") for _ in range(2)}
    assert tokens == {None}    # nothing was written
    made = [who.post("/v1/issues", {
        "category": "Y-1", "description": "甲", "division_code": TOWN}
        ).headers["x-write-token"] for _ in range(2)]
    assert len({t[:20] for t in made}) == 2 and {len(t) for t in made} == {64}
    assert "x-write-token" not in who.get("/v1/issues").headers
    turned = made[0][:-2] + ("AA" if made[0][-2:] != "AA" else "BB")
    for bad in ("x", made[0][:-1], turned, "A" * 64, "16/B37"):
        before = there(two)
        r = who.get("/v1/issues?limit=1", headers={"X-Write-Token": bad})
        assert r.status == 200 and there(two) == before, bad


def test_replay_paused(two):
    """Somebody else's write is not seen for a second or two, one's own at
    once: after half a second at most the primary is asked."""
    who, took = people(two), 9
    for _ in range(5):    # the quickest: a busy machine is not what waits
        until(two, "ready")
        with two.standby.paused():
            row = report(who("huangmaozhou"))
            began = time.monotonic()
            r = other(two, who("huangmaozhou")).get(f"/v1/issues/{row['id']}")
            took = min(took, time.monotonic() - began)
            assert r.status == 200
            wait_for(lambda: who("nongye").get(
                f"/v1/issues/{row['id']}").status == 200, 4, why="others")
            until(two, "behind")
            turned = home(two)
            for _ in range(20):
                row = report(who("huangmaozhou"))
                assert who("huangmaozhou").get(
                    f"/v1/issues/{row['id']}").status == 200
            assert home(two) - turned < 10    # nobody waits there any more
        if took < 1.5:
            break
    assert took < 1.5
    until(two, "ready")


def test_a_reader_sees_the_standby_as_it_is(two):
    """Proof that it is the standby that answers: it has not got there yet."""
    who = people(two)
    who("nongye")

    def unseen():
        with two.standby.paused():
            row = report(who("huangmaozhou"))
            assert who("nongye").get(f"/v1/issues/{row['id']}").status == 404
        return row
    row = while_ready(two, unseen)
    until(two, "ready")
    assert who("nongye").get(f"/v1/issues/{row['id']}").status == 200


def test_a_long_poll_is_answered_from_where_it_was_woken(two):
    """And what it told of is then found, though the standby is behind."""
    who = people(two)
    reader = who("nongye")
    until(two, "ready")
    after = reader.get("/v1/changes?after=now").json["next"]
    said = []
    waiting = threading.Thread(target=lambda: said.append(
        other(two, reader).get(f"/v1/changes?wait=20&after={after}")))
    waiting.start()
    time.sleep(0.5)
    with two.standby.paused():
        row = report(who("huangmaozhou"))
        waiting.join(15)
        assert row["id"] in [i["id"] for i in said[0].json["items"]]
        assert reader.get(f"/v1/issues/{row['id']}").status == 200
    until(two, "ready")


class Traffic:
    """Readers and a writer, for as long as the block lasts."""

    def __init__(self, stack):
        self.stack, self.wrong, self.slowest, self.n = stack, [], 0, 0
        self.going = True

    def read(self, login):
        client = self.stack.client(people(self.stack)(login).token)
        mine = login == "huangmaozhou"
        while self.going:
            began = time.monotonic()
            row = report(client) if mine else None
            path = f"/v1/issues/{row['id']}" if mine else "/v1/issues?limit=20"
            r = client.get(path)
            self.slowest = max(self.slowest, time.monotonic() - began)
            self.n += 1
            if r.status != 200:
                self.wrong.append(r)

    def guarded(self, login):
        try:
            self.read(login)
        except Exception as e:
            self.wrong.append(e)

    def __enter__(self):
        for x in ("huangmaozhou", "nongye", "shenji"):
            people(self.stack)(x)
        self.threads = [threading.Thread(target=self.guarded, args=(x,))
                        for x in ("huangmaozhou", "nongye", "nongye", "shenji")]
        for t in self.threads:
            t.start()
        time.sleep(0.5)
        return self

    def __exit__(self, *_):
        time.sleep(0.5)
        self.going = False
        for t in self.threads:
            t.join()
        assert self.wrong == [], self.wrong[:3]
        assert self.n > 50


def test_killed_in_the_middle_of_traffic(two):
    until(two, "ready")
    with Traffic(two):
        for _ in range(3):
            before = there(two)
            two.standby.kill()
            time.sleep(0.3)
            two.standby.start()
            until(two, "ready", 20)
            wait_for(lambda: there(two) > before, 5, why="reads there")


def test_its_connections_are_cut_in_the_middle_of_traffic(two):
    until(two, "ready")
    with Traffic(two):
        for _ in range(20):
            two.standby.psql("SELECT pg_terminate_backend(pid) FROM"
                             " pg_stat_activity WHERE usename = 'taizhang_api'")
            time.sleep(0.1)
    until(two, "ready")


def test_stuck_in_the_middle_of_traffic(two):
    """It takes connections and answers nothing."""
    until(two, "ready")
    pids = [int(p) for p in two.standby.psql(
        "SELECT pid FROM pg_stat_activity WHERE usename = 'taizhang_api'")
        for p in p] + [two.standby.process.pid]
    with Traffic(two) as t:
        for p in pids:
            os.kill(p, signal.SIGSTOP)
        time.sleep(8)
        for p in pids:
            os.kill(p, signal.SIGCONT)
    assert t.slowest < 7    # nobody waited until it went on
    until(two, "ready")


def test_a_session_ended_on_the_primary_ends_there(two):
    """I25, though the standby still has it and replays nothing."""
    clerk = two.login("caowei")

    def read():
        before = there(two)
        assert clerk.get("/v1/issues").status == 200 and there(two) > before
    while_ready(two, read)
    with two.standby.paused():
        for path in ("/v1/issues", "/v1/changes", "/v1/issues?format=csv"):
            client = two.login("caowei")
            readers = [other(two, client) for _ in range(4)]
            assert {c.get(path).status for c in readers} == {200}
            assert client.delete("/v1/sessions/current").status == 204
            wait_for(lambda: {c.get(path).status for c in readers} == {401},
                     5, why="the end")
    until(two, "ready")


def test_an_auditors_reads_are_noted_on_the_primary(two):
    auditor = people(two)("shenji")

    def events():
        return int(two.psql("SELECT count(*) FROM audit.event WHERE verb ="
                            " 'access' AND actor = (SELECT id FROM app_user"
                            " WHERE login = 'shenji')")[0][0])

    def read():
        before, read = events(), there(two)
        for _ in range(10):
            assert auditor.get("/v1/issues?limit=1").status == 200
        assert events() == before + 10 and there(two) >= read + 10
    while_ready(two, read)


def test_no_write_goes_there(two):
    """A statement that writes would fail there and be turned home; and the
    server itself takes none from us."""
    who = people(two)("huangmaozhou")

    def write():
        turned = home(two)
        row = report(who)
        path = f"/v1/issues/{row['id']}"
        r = who.patch(path, {"goal": "x"}, rev=row["rev"])
        assert r.status == 200
        assert command(who, row, "assign", **ASSIGN).status == 200
        assert who.post("/v1/issues/bulk?dry_run=true", {"items": [
            {"category": "Y-1", "description": "x", "division_code": TOWN}
        ]}).status == 200
        assert who.get(path).json["state"] == "assigned"
        two.login("huangmaozhou")
        assert home(two) == turned
    for _ in range(10):
        while_ready(two, write)
    with pytest.raises(AssertionError, match="read-only"):
        two.standby.psql("CREATE TABLE t (i int)", "taizhang_api")
    with pytest.raises(AssertionError, match="no standby"):
        two.psql("SELECT standby_at('0/0', true)", "taizhang_api")


def test_promoted(two):
    """What it says from then on is not ours."""
    until(two, "ready")
    who = people(two)
    row = report(who("huangmaozhou"))
    two.standby.caught_up()
    with Traffic(two):
        two.standby.run("promote")
        two.standby.psql("UPDATE issue SET goal = '另一个' WHERE id ="
                         f" '{row['id']}'")
        for _ in range(50):
            r = other(two, who("nongye")).get(f"/v1/issues/{row['id']}")
            assert r.status == 200 and r.json["goal"] != "另一个"
    until(two, "promoted")
    before = there(two)
    assert who("nongye").get("/v1/issues").status == 200
    assert there(two) == before


def test_without_one_nothing_is_said(county):
    assert "standby" not in county.client().get("/readyz").json
    who = people(county)("huangmaozhou")
    r = who.post("/v1/issues", {"category": "Y-1", "description": "甲",
                                "division_code": TOWN})
    assert r.status == 201 and "x-write-token" not in r.headers
    assert who.get("/v1/issues", headers={"X-Write-Token": "x"}).status == 200
