"""The engine when things go wrong around it: the database, its own processes,
its settings and its sandbox."""
import concurrent.futures
import os
import pathlib
import signal
import socket
import threading
import time

import pytest

from engine import HOLD, Engine, listen, statuses
from stack import free_port, wait_for


@pytest.fixture(scope="module")
def engine():
    e = Engine(workers=1)
    e.start()
    yield e
    e.stop()


@pytest.fixture
def fresh():
    made = []

    def make(**kw):
        made.append(Engine(**kw))
        return made[-1]
    yield make
    for e in made:
        e.stop()


def alive(pid):
    try:
        return "Z" not in pathlib.Path(f"/proc/{pid}/stat").read_text() \
            .rpartition(")")[2].split()[0]
    except OSError:
        return False


# ---- the database goes away -----------------------------------------------------------

def test_backend_killed(engine):
    for _ in range(5):
        engine.psql("select pg_terminate_backend(pid) from pg_stat_activity "
                    "where application_name = 'taizhang-api'")
        wait_for(lambda: engine.client().get("/test/items/1").status == 200,
                 10, 0.02, why="healed")
    assert len(engine.workers()) == 1


def test_backend_killed_while_holding(engine):
    # A listener that comes back wakes whoever waits: let it be there.
    wait_for(lambda: engine.psql(
        "select count(*) from pg_stat_activity where application_name = "
        "'taizhang-api'") == "4", 10, why="all connections")
    time.sleep(0.3)
    with socket.create_connection(("127.0.0.1", engine.port)) as s:
        s.sendall(b"POST /test/hold/4?end=park HTTP/1.1\r\nHost: a\r\n"
                  b"Content-Length: 0\r\n\r\n")
        wait_for(lambda: engine.psql(HOLD) == "1", 3, why="held")
        engine.psql("select pg_terminate_backend(pid) from pg_stat_activity "
                    "where state like 'idle in tr%'")
        time.sleep(0.3)
        engine.psql("notify ledger")
        listen(s, 2)
    wait_for(lambda: engine.client().post("/test/hold/4?end=commit")
             .status == 200, 3, why="healed")


def test_restart_of_postgresql_under_load(fresh):
    e = fresh(workers=2)
    e.start()
    stop, seen = threading.Event(), []

    def load():
        c = e.client()
        while not stop.is_set():
            seen.append((time.monotonic(), c.get("/test/items/1").status))

    threads = [threading.Thread(target=load) for _ in range(8)]
    for t in threads:
        t.start()
    time.sleep(1)
    pids = e.workers()
    e.postgres("stop")
    time.sleep(0.5)
    assert e.client().get("/test/hello").status == 200
    e.postgres("start")
    back = time.monotonic()
    wait_for(lambda: {s for when, s in seen[-200:]} == {200} and
             time.monotonic() > back + 2, 10, why="healed")
    well = len(seen)
    wait_for(lambda: len(seen) > well + 50)
    stop.set()
    for t in threads:
        t.join()
    assert {s for _, s in seen} <= {200, 503}
    assert {s for _, s in seen[well:]} == {200}
    assert e.workers() == pids


def test_without_postgresql(fresh):
    e = fresh()
    e.start()
    e.postgres("stop")
    wait_for(lambda: e.client().get("/test/items/1").status == 503, 5,
             why="503")
    time.sleep(1.2)
    c = e.client()
    took = []
    for _ in range(5):      # the quickest: the machine does other things
        began = time.monotonic()
        r = c.get("/test/items/1")
        assert r.status == 503 and r.headers["retry-after"]
        took.append(time.monotonic() - began)
    assert min(took) < 0.2, took                # at once, no waiting
    assert c.get("/healthz").status == 200
    ready = c.get("/readyz")
    assert ready.status == 503 and "connection" in ready.json["why"]
    e.postgres("start")
    wait_for(lambda: c.get("/readyz").status == 200, 5, why="ready again")
    assert c.get("/test/items/1").status == 200


def test_started_before_postgresql(fresh):
    e = fresh()
    e.postgres("stop")
    e.start("/healthz")
    assert e.client().get("/readyz").status == 503
    e.postgres("start")
    wait_for(lambda: e.client().get("/readyz").status == 200, 5, why="ready")


def test_frozen_postgresql(fresh):
    """Stopped in its tracks: other answers go on, the request ends."""
    e = fresh(env={"TAIZHANG_DB_FAST_MS": "500"})
    e.start()
    backends = e.psql("select pid from pg_stat_activity where "
                      "application_name = 'taizhang-api'").split()
    for pid in backends:
        os.kill(int(pid), signal.SIGSTOP)
    try:
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            stuck = pool.submit(e.client().put, "/test/items/77",
                                {"name": "x"})
            took, first = [], time.monotonic()
            for _ in range(5):
                began = time.monotonic()
                assert e.client().get("/healthz").status == 200
                took.append(time.monotonic() - began)
            assert min(took) < 0.2, took
            assert stuck.result().status == 503
            assert time.monotonic() - first < 12
    finally:
        for pid in backends:
            os.kill(int(pid), signal.SIGCONT)
    wait_for(lambda: e.client().get("/test/items/1").status == 200, 5,
             why="healed")


def test_statement_that_does_not_prepare(fresh):
    e = fresh()
    e.psql("drop function test_raise(text)")
    e.start("/healthz")
    r = wait_for(lambda: [r for r in [e.client().get("/readyz")]
                          if "test_raise" in r.text], 5, why="named")[0]
    assert r.status == 503
    assert e.client().get("/test/items/1").status == 200
    assert e.client().get("/test/raise/P0001").status == 500
    e.psql("create function test_raise(s text) returns int language sql as "
           "'select 1'")
    wait_for(lambda: e.client().get("/readyz").status == 200, 6,
             why="prepared later")


# ---- processes -------------------------------------------------------------------------

def test_drain_on_sigterm(fresh):
    """What is being answered is answered; nothing new is taken."""
    e = fresh(workers=2)
    e.start()
    idle = socket.create_connection(("127.0.0.1", e.port))
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        slow = [pool.submit(e.client().get, "/test/sleep/2")
                for _ in range(3)]
        wait_for(lambda: int(e.psql(
            "select count(*) from pg_stat_activity where state = 'active' and"
            " wait_event = 'PgSleep'")) >= 2, why="asleep")
        parked = pool.submit(e.client().get, "/test/wait")
        time.sleep(0.3)
        began = time.monotonic()
        e.kore.send_signal(signal.SIGTERM)
        assert parked.result().status == 200
        assert time.monotonic() - began < 3     # not after its five seconds
        assert all(f.result().status == 200 for f in slow)
        e.kore.wait(9)
        assert time.monotonic() - began < 9
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", e.port), 1)
    idle.close()


def test_drain_answers_who_is_in_the_queue(fresh):
    """Connected before the end was told, but not accepted yet."""
    e = fresh()
    e.start()
    worker, = e.workers()
    os.kill(worker, signal.SIGSTOP)
    with socket.create_connection(("127.0.0.1", e.port)) as s:
        s.sendall(b"GET /test/items/1 HTTP/1.1\r\nHost: a\r\n\r\n")
        os.kill(worker, signal.SIGTERM)
        time.sleep(0.1)
        os.kill(worker, signal.SIGCONT)
        assert statuses(listen(s)[0]) == [200]
    wait_for(lambda: worker not in e.workers(), 3, why="gone")


def test_drain_has_an_end(fresh):
    e = fresh(env={"TAIZHANG_DRAIN_MS": "500"})
    e.start()
    with socket.create_connection(("127.0.0.1", e.port)) as s:
        s.sendall(b"GET /test/sleep/8 HTTP/1.1\r\nHost: a\r\n\r\n")
        time.sleep(0.2)
        began = time.monotonic()
        e.kore.send_signal(signal.SIGTERM)
        e.kore.wait(6)
        assert time.monotonic() - began < 6


def test_worker_killed(fresh):
    e = fresh(workers=2)
    e.start()
    before = e.workers()
    os.kill(before[0], signal.SIGKILL)
    wait_for(lambda: len(e.workers()) == 2 and e.workers() != before, 5,
             why="restarted")
    wait_for(lambda: all(e.client().get("/test/items/1").status == 200
                         for _ in range(20)), 5, why="all answer")


def test_parent_killed_leaves_no_orphans(fresh):
    e = fresh(workers=2)
    e.start()
    workers = e.workers()
    e.kore.kill()
    e.kore.wait()
    wait_for(lambda: not any(map(alive, workers)), 3, why="workers gone")


def test_hangup_is_ignored(engine):
    pids = engine.workers()
    for pid in [engine.kore.pid, *pids]:
        os.kill(pid, signal.SIGHUP)
    time.sleep(0.3)
    assert engine.client().get("/test/items/1").status == 200
    assert engine.workers() == pids


def test_both_workers_are_used(fresh):
    e = fresh(workers=2)
    e.start()
    pids = set()
    for _ in range(40):
        c = e.client()
        c.token = "test-a"
        pids.add(c.get("/test/who").json[3])
        c.close()
    assert len(pids) == 2       # one fast connection per worker


def test_unix_socket(fresh):
    e = fresh(workers=2)
    path = str(e.dir / "api.sock")
    e.env.update(TAIZHANG_UNIX=path)
    e.start()
    for _ in range(5):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(path)
            s.sendall(b"GET /test/hello HTTP/1.1\r\nHost: a\r\n\r\n")
            assert statuses(listen(s)[0]) == [200]


def test_bad_settings_do_not_start(fresh):
    for name, value, said in (
            ("TAIZHANG_PORT", "70000", "TAIZHANG_PORT"),
            ("TAIZHANG_SECRETS", "/nonexistent", "/nonexistent/row"),
            ("TAIZHANG_DB_SLOW", "many", "TAIZHANG_DB_SLOW")):
        e = fresh(postgres=False, env={name: value})
        with pytest.raises(AssertionError, match="settings"):
            e.start()
        assert said in e.log()


def test_log_tells_no_personal_data(fresh):
    e = fresh()
    e.start()
    c = e.client()
    c.token = "test-13800000000"
    c.get("/test/who")
    c.get("/test/params?q=13800000000")
    c.get("/test/params/13800000000")
    c.post("/test/echo", {"phone": "13800000000"})
    c.put("/test/items/1", {"name": "13800000000"})
    text = wait_for(lambda: "PUT" in e.log() and e.log(), 3)
    assert "13800000000" not in text and "test-138" not in text
    line = next(t for t in text.splitlines() if "method=PUT" in t)
    assert all(f" {k}=" in line for k in ("event", "request", "route",
                                          "status", "ms", "bytes", "who"))


def test_metrics(engine):
    c = engine.client()
    c.get("/test/hello")
    text = c.get("/metrics").text
    assert 'taizhang_db_up{lane="fast"} 1' in text
    assert 'taizhang_db_up{lane="slow"} 2' in text
    assert 'route="/test/helloM_GET",status="2xx"' in text
    assert 'taizhang_request_seconds_bucket{le="+Inf"}' in text


def walk(e):
    """Through everything a worker does."""
    c = e.client()
    c.token = "test-a"
    for path in ("/test/hello", "/test/who", "/test/who/slow",
                 "/test/items/1", "/test/items/x", "/test/sleep/0.1",
                 "/test/large/30000000", "/test/offload", "/test/query/1",
                 "/test/raise/P0001", "/test/libc", "/metrics", "/readyz"):
        c.get(path)
    c.post("/test/echo", {"a": "x" * 900_000})
    c.post("/test/hold/1?end=commit")
    e.raw(b"nonsense\r\n\r\n")
    e.raw(b"POST /test/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
          b"Expect: 100-continue\r\n\r\n")
    e.psql("select pg_terminate_backend(pid) from pg_stat_activity where "
           "application_name = 'taizhang-api'")
    wait_for(lambda: c.get("/test/items/1").status == 200, 5, why="healed")
    e.kore.send_signal(signal.SIGTERM)
    e.kore.wait(10)


def violations(e):
    text = e.log()
    assert "seccomp tracing enabled" in text
    return [t for t in text.splitlines() if "violation" in t]


def test_sandbox_violations(fresh):
    """Once through everything with tracing: nothing outside the list."""
    e = fresh(conf="seccomp_tracing yes")
    e.start()
    walk(e)
    assert violations(e) == []


def test_sandbox_with_a_database_over_tls(fresh):
    e = fresh(conf="seccomp_tracing yes")
    port = free_port()
    e.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
          "-keyout", f"{e.dir}/pg/server.key", "-out",
          f"{e.dir}/pg/server.crt", "-days", "2", "-subj", "/CN=db")
    e.postgres("stop")
    with open(e.dir / "pg/postgresql.conf", "a") as f:
        f.write(f"listen_addresses='127.0.0.1'\nport={port}\nssl=on\n")
    e.postgres("start")
    e.env["DATABASE_URL"] = f"postgresql://postgres@127.0.0.1:{port}" \
        f"/postgres?sslmode=verify-ca&sslrootcert={e.dir}/pg/server.crt"
    e.env["PGPORT"] = os.environ["PGPORT"] = str(port)
    try:
        e.start()
        wait_for(lambda: e.psql("select count(*) from pg_stat_ssl where ssl")
                 == "4", why="all connections")
        walk(e)
    finally:
        del os.environ["PGPORT"]
    assert violations(e) == []
