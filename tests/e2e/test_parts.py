"""Replies in parts: as long as one likes, in constant memory, at the reader's
pace, and never cut off unseen."""
import http.client
import pathlib
import socket
import time

import pytest

from engine import Engine
from stack import wait_for

PART = 8 * 8192


@pytest.fixture(scope="module")
def engine():
    e = Engine(workers=1)
    e.start()
    yield e
    e.stop()


def rss(engine):
    """Resident kilobytes of the worker."""
    status = pathlib.Path(f"/proc/{engine.workers()[0]}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def whole(n):
    return "".join(f"{i:07}\n" * 8192 for i in range(n)).encode()


def ask(engine, path, version="1.1", headers="", buffer=None):
    s = socket.socket()
    if buffer:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    s.connect(("127.0.0.1", engine.port))
    s.sendall(f"GET {path} HTTP/{version}\r\nHost: x\r\n{headers}\r\n".encode())
    return s


def read_all(s):
    data = b""
    while part := s.recv(1 << 20):
        data += part
    return data


@pytest.mark.parametrize("n", [1, 2, 3, 40])
def test_whole_and_the_connection_goes_on(engine, n):
    c = http.client.HTTPConnection("127.0.0.1", engine.port)
    for _ in range(3):
        c.request("GET", f"/test/parts/{n}")
        r = c.getresponse()
        assert (r.getheader("transfer-encoding") == "chunked") == (n > 1)
        assert (r.getheader("content-length") is None) == (n > 1)
        assert r.read() == whole(n)
    c.request("HEAD", f"/test/parts/{n}")
    r = c.getresponse()
    assert r.status == 200 and r.read() == b""
    c.request("GET", "/test/hello")
    assert c.getresponse().status == 200
    c.close()


def test_old_and_closing_clients(engine):
    s = ask(engine, "/test/parts/5", "1.0")
    head, _, body = read_all(s).partition(b"\r\n\r\n")
    assert body == whole(5) and b"transfer-encoding" not in head.lower()
    s = ask(engine, "/test/parts/5", headers="Connection: close\r\n")
    head, _, body = read_all(s).partition(b"\r\n\r\n")
    assert body.endswith(b"\r\n0\r\n\r\n") and b"chunked" in head
    assert b"connection: close" in head.lower()


def test_an_error_in_the_middle_is_seen(engine):
    c = http.client.HTTPConnection("127.0.0.1", engine.port)
    c.request("GET", "/test/parts/9?fail=4")
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        c.getresponse().read()
    with pytest.raises(ConnectionResetError):
        read_all(ask(engine, "/test/parts/9?fail=4", "1.0"))
    # Before the first part it is an ordinary answer.
    c = http.client.HTTPConnection("127.0.0.1", engine.port)
    c.request("GET", "/test/parts/9?fail=0")
    assert c.getresponse().status == 500


def test_a_slow_reader_costs_nothing(engine):
    """A gigabyte waits for its reader; the worker holds a part of it, and
    answers others meanwhile."""
    ask(engine, "/test/parts/400").close()      # warm
    time.sleep(0.3)
    before = rss(engine)

    def answers():
        began = time.monotonic()
        for _ in range(50):
            assert engine.client().get("/test/who/slow").status == 401
            assert engine.client().get("/test/items/7").status == 200
        return time.monotonic() - began
    alone = answers()
    slow = [ask(engine, "/test/parts/16000", buffer=8192) for _ in range(8)]
    for s in slow:
        assert s.recv(1000).startswith(b"HTTP/1.1 200")
    # As soon as what their sockets hold is full.
    wait_for(lambda: answers() < 1 + 5 * alone, why="answers as before")
    assert engine.client().get("/test/sleep/0.01").status == 200
    assert rss(engine) - before < 8 * 1024
    for s in slow:
        s.close()
    wait_for(lambda: engine.log().count("event=left") >= 8, why="all left")
    assert engine.client().get("/test/sleep/0.01").status == 200


def test_a_fast_reader_leaves_room_for_others(engine):
    before = rss(engine)
    s = ask(engine, "/test/parts/4000")         # 250 MB
    times, got = [], 0
    s.setblocking(False)
    c = engine.client()
    while got < 4000 * PART:
        began = time.monotonic()
        try:
            for _ in range(20):
                got += len(s.recv(1 << 20))
        except BlockingIOError:
            pass
        assert c.get("/test/hello").status == 200
        times.append(time.monotonic() - began)
    # Of a hundred one may have waited for the machine, and none for the end.
    times.sort()
    assert times[len(times) * 99 // 100 - 1] < 1 and times[-1] < 10, times[-9:]
    assert rss(engine) - before < 16 * 1024
    s.close()


def test_it_survives_a_lost_connection(engine):
    """The database goes away between two parts: the batch is sent again."""
    s = ask(engine, "/test/parts/2000", buffer=65536)
    s.recv(1000)
    engine.psql("select pg_terminate_backend(pid) from pg_stat_activity"
                " where application_name <> 'psql' and pid <> pg_backend_pid()")
    data = 0
    while part := s.recv(1 << 20):
        data += len(part)
        if part.endswith(b"\r\n0\r\n\r\n"):
            break
    assert data > 2000 * PART
    wait_for(lambda: engine.client().get("/test/items/7").status == 200)
