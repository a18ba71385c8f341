"""A login and its event are one transaction: neither is without the other,
whatever is cut off in between (4.6)."""
import http.client
import os
import pathlib
import signal
import threading

import pytest

from stack import Stack, wait_for

STOP = """
CREATE FUNCTION audit.stop() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN %s; RETURN NEW; END $$;
CREATE TRIGGER stop BEFORE INSERT ON audit.event FOR EACH ROW
  WHEN (NEW.verb = '%s') EXECUTE FUNCTION audit.stop()"""


@pytest.fixture(scope="module")
def county():
    s = Stack(demo=True, agent=False)
    try:
        yield s.start()
    finally:
        s.stop()


class stopped:
    """Events of a kind fail, or take so long that something happens."""

    def __init__(self, stack, how="RAISE 'no'", verb="login"):
        self.stack = stack
        stack.psql(STOP % (how, verb))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        wait_for(lambda: self.stack.psql("SELECT 1"), why="database")
        self.stack.psql("DROP TRIGGER stop ON audit.event;"
                        " DROP FUNCTION audit.stop()")


def sign_in(county, password=None, login="nongye"):
    return county.client().post("/v1/sessions", {
        "login": login, "password": password or county.password})


def both(county):
    """Sessions, successes in the log; failures counted, failures in it. Of
    each pair neither is without the other."""
    one, other = county.psql(
        "SELECT count(*) FILTER (WHERE e.id IS NULL), count(*) FILTER (WHERE"
        " s.id IS NULL) FROM (SELECT * FROM session WHERE method ="
        " 'password') s FULL JOIN (SELECT * FROM audit.event WHERE verb ="
        " 'login' AND outcome = 'ok') e ON e.session = s.id")[0]
    assert (one, other) == ("0", "0")
    return [int(x) for x in county.psql(
        "SELECT (SELECT count(*) FROM session), (SELECT count(*) FROM"
        " audit.event WHERE verb = 'login' AND outcome = 'ok'),"
        " coalesce((SELECT sum(failures) FROM login_failure WHERE key LIKE"
        " 'account:%'), 0), (SELECT count(*) FROM audit.event WHERE verb ="
        " 'login' AND outcome = 'failed')")[0]]


def test_each_has_the_other(county):
    before = both(county)
    assert sign_in(county).status == 201
    assert sign_in(county, "wrong-word-1").status == 401
    assert [b - a for a, b in zip(before, both(county))] == [1, 1, 1, 1]
    assert sign_in(county).status == 201
    assert both(county)[2] == 0


def test_no_event_no_login_and_no_answer(county):
    before = both(county)
    with stopped(county):
        good, bad = sign_in(county), sign_in(county, "wrong-word-1")
    assert (good.status, bad.status) == (503, 503)
    assert b"token" not in good.body
    # Whether the word was right is not told either.
    assert good.json["code"] == bad.json["code"]
    assert both(county) == before
    assert sign_in(county).status == 201


def test_a_wrong_word_again_when_one_proves_oneself(county):
    """The same of those who are signed in: no count without its event."""
    c = county.login("nongye")
    before = both(county)
    with stopped(county, verb="password"):
        r = c.put("/v1/me/password", {"password": "wrong-word-1",
                                      "new_password": "another-word-2"})
    assert r.status == 503, r
    assert both(county) == before


def cut(county, how, password=None):
    """One login, cut off while its event is being written."""
    got = []

    def go():
        try:
            got.append(sign_in(county, password).status)
        except (OSError, http.client.HTTPException) as e:
            got.append(e)
    t = threading.Thread(target=go)
    t.start()
    wait_for(lambda: county.psql(
        "SELECT count(*) FROM pg_stat_activity WHERE usename ="
        " 'taizhang_api' AND wait_event = 'PgSleep'") != [["0"]],
        why="the event")
    how()
    t.join()
    assert got and got != [201]


@pytest.mark.parametrize("password", (None, "wrong-word-1"))
@pytest.mark.parametrize("what", ("connection", "worker"))
def test_cut_off_in_between(county, what, password):
    def connection():
        county.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE usename = 'taizhang_api' AND wait_event ="
                    " 'PgSleep'")

    def worker():
        for pid in workers(county):
            os.kill(pid, signal.SIGKILL)
    before = both(county)
    with stopped(county, "PERFORM pg_sleep(4)"):
        cut(county, connection if what == "connection" else worker, password)
        # What was cut off may still be asleep; then it finds nobody there.
        wait_for(lambda: county.psql(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event ="
            " 'PgSleep'") == [["0"]], why="end")
    opened, told, counted, refused = (
        b - a for a, b in zip(before, both(county)))
    assert opened == told and counted == refused
    # What had reached the database whole was done without the worker.
    assert what == "worker" or opened == counted == 0
    wait_for(lambda: quiet(lambda: sign_in(county).status == 201), 30)


def workers(county):
    """The framework's children, not their supervisor: the numbers begin
    anew after the greatest, so it need not have the least of them."""
    all_of_them = county.pids("kore")
    return [p for p in all_of_them if int(pathlib.Path(f"/proc/{p}/stat")
            .read_text().rsplit(")", 1)[1].split()[1]) in all_of_them]


def quiet(what):
    try:
        return what()
    except (OSError, http.client.HTTPException):
        return False
