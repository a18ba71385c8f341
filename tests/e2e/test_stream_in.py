"""Bodies that a handler takes piece by piece: nothing is lost, nothing is kept
in memory, and nothing is read that nobody asks for."""
import os
import socket
import time

import pytest

from engine import Engine, listen, statuses


@pytest.fixture(scope="module")
def engine():
    e = Engine(workers=1, postgres=False, conf="http_body_timeout 2\n")
    e.start("/healthz")
    yield e
    e.stop()


def told(data):
    total = 0
    for byte in data:
        total = (total * 31 + byte) & 0xffffffff
    return total


def head(length, query="", extra=""):
    return (f"POST /test/pour{query} HTTP/1.1\r\nHost: x\r\n"
            f"Content-Length: {length}\r\n{extra}\r\n").encode()


def test_every_size_arrives_whole(engine):
    c = engine.client()
    for n in (0, 1, 2, 4095, 8192, 16383, 65535, 65536, 65537, 300_001):
        data = os.urandom(n)
        for room in ("", "?room=1000", "?room=65536"):
            r = c.request("POST", "/test/pour" + room, data)
            assert r.json[:2] == [n, told(data)], (n, room)


def test_the_head_may_bring_some_of_it(engine):
    data = os.urandom(5000)
    for cut in (1, 100, 4999, 5000):
        got, _ = engine.raw([head(5000) + data[:cut], data[cut:]], wait=10)
        assert b"[5000,%d," % told(data) in got


def test_the_next_request_follows(engine):
    """On one connection, with a body of either kind."""
    c = engine.client()
    for _ in range(3):
        assert c.request("POST", "/test/pour", b"x" * 100_000).json[0] == \
            100_000
        assert c.get("/test/hello").status == 200
        assert c.post("/test/echo", {"a": 1}).status == 200


def test_who_is_refused_is_told_before_he_has_sent_all(engine):
    with socket.create_connection(("127.0.0.1", engine.port)) as s:
        s.sendall(head(40_000_000, "?refuse=1") + b"x" * 1000)
        got, closed = listen(s, 10, 5)
    assert statuses(got) == [403] and closed
    # And who cannot stop sending still reads the answer.
    c = engine.client()
    assert c.request("POST", "/test/pour?refuse=1", b"x" * 3_000_000) \
        .status == 403


def test_continue_is_said_only_when_the_body_is_wanted(engine):
    expect = "Expect: 100-continue\r\n"
    with socket.create_connection(("127.0.0.1", engine.port)) as s:
        s.sendall(head(10, extra=expect))
        s.settimeout(10)
        assert s.recv(100).startswith(b"HTTP/1.1 100")
        s.sendall(b"0123456789")
        assert b"[10," in listen(s, 10)[0]
    got, _ = engine.raw(head(10, "?refuse=1", expect))
    assert statuses(got) == [403]


def test_more_than_a_file_may_have_is_refused_at_once(engine):
    got, closed = engine.raw(head((50 << 20) + (64 << 10) + 1),
                             wait=10, after=5)
    assert statuses(got) == [413] and closed
    assert statuses(engine.raw(head(10**17))[0]) == [413]


def test_who_stops_sending_is_given_up(engine):
    began = time.monotonic()
    got, closed = engine.raw(head(1000) + b"x" * 10, wait=12, after=5)
    assert statuses(got) == [408] and closed
    assert 1.5 < time.monotonic() - began < 10
    # Slow but steady is fine, as long as it is no trickle.
    with socket.create_connection(("127.0.0.1", engine.port)) as s:
        s.sendall(head(300_000))
        for _ in range(6):
            time.sleep(0.7)
            s.sendall(b"x" * 50_000)
        assert b"[300000," in listen(s, 10)[0]


def test_a_client_that_leaves_costs_nothing(engine):
    for cut in (0, 10, 70_000):
        with socket.create_connection(("127.0.0.1", engine.port)) as s:
            s.sendall(head(1_000_000) + b"x" * cut)
    time.sleep(0.3)
    assert engine.client().get("/test/hello").status == 200
    assert len(engine.workers()) == 1
