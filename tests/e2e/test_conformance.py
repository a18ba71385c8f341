"""HTTP as bytes on a socket: everything that Kore 4.1.0 gets wrong must be
refused or answered-and-closed by the gate, and nothing may be smuggled."""
import json
import select
import socket
import time

import pytest

from engine import Engine, listen, statuses
from stack import wait_for

GET = b"GET /test/hello HTTP/1.1\r\nHost: a\r\n"
POST = b"POST /test/echo HTTP/1.1\r\nHost: a\r\n" \
       b"Content-Type: application/json\r\n"
SECRET = b"GET /test/params/smuggled HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture(scope="module")
def engine():
    e = Engine(workers=1, conf="http_header_timeout 1\nhttp_body_timeout 2\n"
               "http_keepalive_time 4\nhttp_body_max 2000000")
    e.start()
    yield e
    e.stop()


def headers(n):
    return b"".join(b"X-H%d: 1\r\n" % i for i in range(n))


# name, bytes (a list is sent piece by piece), status, stays open
def padded(size):
    """A request whose head has that many bytes."""
    return GET + b"X: " + b"a" * (size - len(GET) - 7) + b"\r\n\r\n"


TABLE = [
    ("plain", GET + b"\r\n", 200, True),
    ("old, closed", b"GET /test/hello HTTP/1.0\r\nHost: a\r\n\r\n", 200,
     False),
    ("old put", b"PUT /test/items/1 HTTP/1.0\r\nHost: a\r\n"
     b"Content-Length: 2\r\n\r\n{}", 505, False),
    ("version 2", b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, False),
    ("h2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, False),
    ("close asked", GET + b"Connection: close\r\n\r\n", 200, False),
    ("close in a list", GET + b"Connection: keep-alive, close\r\n\r\n", 200,
     False),
    ("head", b"HEAD /test/hello HTTP/1.1\r\nHost: a\r\n\r\n", 200, True),
    ("options", b"OPTIONS /test/hello HTTP/1.1\r\nHost: a\r\n\r\n", 204,
     True),
    ("trace", b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 501, False),
    ("lower case", b"get /test/hello HTTP/1.1\r\nHost: a\r\n\r\n", 501,
     False),
    ("absent", b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n", 404, True),
    ("wrong method", b"DELETE /test/hello HTTP/1.1\r\nHost: a\r\n\r\n", 405,
     True),
    # framing
    ("body on get", GET + b"Content-Length: 5\r\n\r\nhello", 200, False),
    ("body on get, empty", GET + b"Content-Length: 0\r\n\r\n", 200, True),
    ("body on get, later", [GET + b"Content-Length: 52\r\n\r\n", SECRET],
     200, False),
    ("body on delete", [b"DELETE /test/items/1 HTTP/1.1\r\nHost: a\r\n"
     b"Content-Length: 52\r\n\r\n", SECRET], 200, False),
    ("body on head", [b"HEAD /test/hello HTTP/1.1\r\nHost: a\r\n"
     b"Content-Length: 52\r\n\r\n", SECRET], 200, False),
    ("body on options", [b"OPTIONS /test/hello HTTP/1.1\r\nHost: a\r\n"
     b"Content-Length: 52\r\n\r\n", SECRET], 204, False),
    ("padded body on get", GET + b"Content-Length: 20052\r\n\r\n" +
     b"x" * 20000 + SECRET, 200, False),
    ("two in one segment", GET + b"\r\n" + SECRET, 200, False),
    ("chunked", POST + b"Transfer-Encoding: chunked\r\n\r\n"
     b"2\r\n{}\r\n0\r\n\r\n", 501, False),
    ("chunked get", GET + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501,
     False),
    ("chunked and length", POST + b"Content-Length: 2\r\n"
     b"Transfer-Encoding: chunked\r\n\r\n{}", 501, False),
    ("te identity", POST + b"Transfer-Encoding: identity\r\n"
     b"Content-Length: 2\r\n\r\n{}", 501, False),
    ("no length", POST + b"\r\n", 411, False),
    ("two lengths", POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
     400, False),
    ("length list", POST + b"Content-Length: 2, 2\r\n\r\n{}", 400, False),
    ("length plus", POST + b"Content-Length: +2\r\n\r\n{}", 400, False),
    ("length minus", POST + b"Content-Length: -2\r\n\r\n{}", 400, False),
    ("length hex", POST + b"Content-Length: 0x2\r\n\r\n{}", 400, False),
    ("length huge", POST + b"Content-Length: 99999999999999999999\r\n\r\n{}",
     400, False),
    ("length over", POST + b"Content-Length: 1048577\r\n\r\n{}", 413, False),
    ("length over all", POST + b"Content-Length: 2000001\r\n\r\n{}", 413,
     False),
    ("length over, nowhere", b"POST /nowhere HTTP/1.1\r\nHost: a\r\n"
     b"Content-Length: 70000\r\n\r\n{}", 413, False),
    ("length within, nowhere", b"POST /nowhere?a=1 HTTP/1.1\r\nHost: a\r\n"
     b"Content-Length: 2\r\n\r\n{}", 404, True),
    ("body too long", POST + b"Content-Length: 2\r\n\r\n{}" + SECRET, 400,
     False),
    ("body far too long", POST + b"Content-Length: 3\r\n\r\n" + b"x" * 3000000,
     400, False),
    # heads
    ("no host", b"GET /test/hello HTTP/1.1\r\nAccept: */*\r\n\r\n", 400,
     False),
    ("two hosts", GET + b"Host: b\r\n\r\n", 400, False),
    ("hostile", b"GET / HTTP/1.1\r\nHostile: evil\r\nHost: a\r\n\r\n", 400,
     False),
    ("bad host", b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, False),
    ("23 headers", GET + headers(22) + b"\r\n", 200, True),
    ("24 headers", GET + headers(23) + b"\r\n", 431, False),
    ("authorization after 30", GET + headers(30) +
     b"Authorization: Bearer test-a\r\n\r\n", 431, False),
    ("two authorizations", GET + b"Authorization: Bearer test-a\r\n"
     b"Authorization: Bearer test-b\r\n\r\n", 400, False),
    ("head too large", GET + b"X: " + b"a" * 20000 + b"\r\n\r\n", 431, False),
    # The buffer of a head begins with 4096 bytes and grows once.
    ("large head", padded(9000), 200, True),
    ("large head in pieces", [padded(9000)[:4096], padded(9000)[4096:]], 200,
     True),
    ("head that fills the buffer", padded(4096), 200, True),
    ("head one byte longer", padded(4097), 200, True),
    ("largest head", padded(16383), 200, True),
    ("body across the buffer", POST + b"X: " + b"a" * 3900 +
     b"\r\nContent-Length: 3000\r\n\r\n{}" + b" " * 2998, 200, True),
    ("target too long", b"GET /" + b"a" * 3000 + b" HTTP/1.1\r\nHost: a"
     b"\r\n\r\n", 414, False),
    ("endless target", b"GET /" + b"a" * 20000, 414, False),
    ("empty value", GET + b"X-Empty:\r\n\r\n", 400, False),
    ("tab", GET + b"X-Tab: a\tb\r\n\r\n", 400, False),
    ("utf-8 value", GET + "X-Name: 台账\r\n\r\n".encode(), 400, False),
    ("bare cr", GET + b"X-A: b\rX-Admin: yes\r\n\r\n", 400, False),
    ("bare lf", b"GET /test/hello HTTP/1.1\nHost: a\n\n", 400, False),
    ("lf in a head", GET + b"X-A: b\nX-Admin: yes\r\n\r\n", 400, False),
    ("nul", GET + b"X-A: b\0c\r\n\r\n", 400, False),
    ("folded", GET + b"X-A: b\r\n c\r\n\r\n", 400, False),
    ("blank before colon", GET + b"X-A : b\r\n\r\n", 400, False),
    ("no colon", GET + b"nonsense\r\n\r\n", 400, False),
    ("empty name", GET + b": b\r\n\r\n", 400, False),
    ("leading line", b"\r\n" + GET + b"\r\n", 400, False),
    ("two blanks", b"GET  /test/hello HTTP/1.1\r\nHost: a\r\n\r\n", 400,
     False),
    ("absolute", b"GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, False),
    ("raw utf-8 target", "GET /台账 HTTP/1.1\r\nHost: a\r\n\r\n".encode(), 400,
     False),
    ("tls hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, False),
    # targets
    ("dot dot", b"GET /test/../healthz HTTP/1.1\r\nHost: a\r\n\r\n", 400,
     True),
    ("encoded dot dot", b"GET /test/%2e%2e/healthz HTTP/1.1\r\nHost: a\r\n"
     b"\r\n", 400, True),
    ("two slashes", b"GET //healthz HTTP/1.1\r\nHost: a\r\n\r\n", 400, True),
    ("encoded nul", b"GET /test/params/%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400,
     True),
    ("bad percent", b"GET /test/params/%4 HTTP/1.1\r\nHost: a\r\n\r\n", 400,
     True),
    ("not utf-8", b"GET /test/params/%ff HTTP/1.1\r\nHost: a\r\n\r\n", 400,
     True),
    ("query twice", b"GET /test/params?q=1&q=2 HTTP/1.1\r\nHost: a\r\n\r\n",
     400, True),
    ("query control", b"GET /test/params?q=%0a HTTP/1.1\r\nHost: a\r\n\r\n",
     400, True),
    ("query equals", b"GET /test/params?q=a=b HTTP/1.1\r\nHost: a\r\n\r\n",
     200, True),
    ("override on get", b"GET /test/params HTTP/1.1\r\nHost: a\r\n"
     b"X-HTTP-Method-Override: DELETE\r\n\r\n", 400, True),
    ("override to get", b"POST /test/params HTTP/1.1\r\nHost: a\r\n"
     b"Content-Length: 0\r\nX-HTTP-Method-Override: GET\r\n\r\n", 400, True),
    # bodies
    ("json", POST + b"Content-Length: 2\r\n\r\n{}", 200, True),
    ("json in pieces", [POST + b"Content-Length: 7\r\n\r\n", b'{"a"', b":1}"],
     200, True),
    ("empty json", POST + b"Content-Length: 0\r\n\r\n", 400, True),
    ("json deep", POST + b"Content-Length: 1011\r\n\r\n" +
     b'{"a":' + b"[" * 500 + b"]" * 500 + b"}     ", 400, True),
    ("json latin-1", POST + b'Content-Length: 9\r\n\r\n{"a":"\xff"}', 400,
     True),
    ("json nul", POST + b'Content-Length: 14\r\n\r\n{"a":"\\u0000"}', 400,
     True),
    ("json twice", POST + b'Content-Length: 13\r\n\r\n{"a":1,"a":2}', 400,
     True),
    ("json list", POST + b"Content-Length: 2\r\n\r\n[]", 400, True),
    ("not json", POST.replace(b"application/json", b"text/plain") +
     b"Content-Length: 2\r\n\r\n{}", 415, True),
    ("expect other", POST + b"Content-Length: 2\r\nExpect: more\r\n\r\n{}",
     417, False),
]


@pytest.mark.parametrize("name,data,status,stays", TABLE,
                         ids=[row[0] for row in TABLE])
def test_table(engine, name, data, status, stays):
    # Ten seconds for what must come, less for what must not: the body that
    # a head announces.
    got, closed = engine.raw(data, 3 if name == "head" else 10,
                             0.4 if stays else 10)
    if name in ("head", "body on head"):
        got = got.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        got = got.replace(b"content-length", b"x-length")
    assert statuses(got) == [status], got[:300]
    assert b"smuggled" not in got
    if stays:
        assert not closed and b"\r\nconnection: close" not in got
    else:
        assert closed and b"\r\nconnection: close" in got
    if status >= 400:
        head, _, body = got.partition(b"\r\n\r\n")
        assert b"application/problem+json" in head
        problem = json.loads(body)
        assert problem["status"] == status
        assert {"type", "title", "code", "detail", "faults"} <= problem.keys()


def test_worker_survives(engine):
    """The whole table ran on the same worker."""
    assert engine.log().count("worker 1 started") == 1
    assert len(engine.workers()) == 1


def test_next_visitor_gets_own_answer(engine):
    """The smuggling of kore.md: through a kept connection, as a proxy would
    reuse it, the hidden request must never be answered."""
    with socket.create_connection(("127.0.0.1", engine.port)) as s:
        hidden = SECRET
        s.sendall(GET + b"Content-Length: %d\r\n\r\n" % (20000 + len(hidden)) +
                  b"a" * 20000 + hidden)
        got, closed = listen(s, 10, 10)
        assert closed and statuses(got) == [200] and b"smuggled" not in got


def test_keep_alive_in_sequence(engine):
    with socket.create_connection(("127.0.0.1", engine.port)) as s:
        for i in range(50):
            body = b'{"n":%d}' % i
            s.sendall(POST + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            got, closed = b"", False
            while not got.endswith(body):
                got += s.recv(4096)
            assert statuses(got) == [200]
        s.sendall(GET + b"\r\n")
        assert statuses(s.recv(4096)) == [200]


def test_second_request_after_a_body(engine):
    """Sent early but in a segment of its own: answered in its turn."""
    got, closed = engine.raw([POST + b"Content-Length: 4\r\n\r\n", b"{}  ",
                              GET + b"\r\n"], 10, 2)
    assert statuses(got) == [200, 200] and not closed


def test_expect_100(engine):
    with socket.create_connection(("127.0.0.1", engine.port)) as s:
        s.sendall(POST + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        s.settimeout(10)
        assert s.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        s.sendall(b"{}")
        got, closed = listen(s)
        assert statuses(got) == [200] and not closed


def test_slow_head_gets_408(engine):
    with socket.create_connection(("127.0.0.1", engine.port)) as s:
        began = time.monotonic()
        for byte in GET[:12]:
            s.sendall(bytes([byte]))
            if select.select([s], [], [], 0.05)[0]:
                break       # no more is wanted
        got, closed = listen(s, 15, 15)
        assert statuses(got) == [408] and closed
        assert 0.9 < time.monotonic() - began < 10


def test_slow_body_gets_408(engine):
    with socket.create_connection(("127.0.0.1", engine.port)) as s:
        s.sendall(POST + b"Content-Length: 10\r\n\r\n{")
        got, closed = listen(s, 15, 15)
        assert statuses(got) == [408] and closed


def test_idle_connection_is_closed_in_silence(engine):
    """No unasked 408 that a proxy could take for the next answer."""
    with socket.create_connection(("127.0.0.1", engine.port)) as s:
        s.sendall(GET + b"\r\n")
        assert statuses(s.recv(4096)) == [200]
        s.settimeout(20)
        assert s.recv(4096) == b""


def test_handler_longer_than_body_timeout(engine):
    """A POST in two segments is not cut while it is being processed."""
    with socket.create_connection(("127.0.0.1", engine.port)) as s:
        s.sendall(b"POST /test/hold/1?end=park HTTP/1.1\r\nHost: a\r\n"
                  b"Content-Length: 2\r\n\r\n")
        time.sleep(0.05)
        s.sendall(b"{}")
        time.sleep(3)
        engine.psql("notify ledger")
        got, closed = listen(s, 10)
        assert statuses(got) == [200]


def test_answer_headers(engine):
    r = engine.client().get("/test/items/1")
    assert r.status == 200
    for name, value in {"x-content-type-options": "nosniff",
                        "cache-control": "no-store", "etag": '"7"',
                        "referrer-policy": "no-referrer",
                        "content-type": "application/json"}.items():
        assert r.headers[name] == value
    assert r.headers["date"].endswith(" GMT")
    assert len(r.headers["x-request-id"]) == 36
    assert not {"strict-transport-security", "server"} & set(r.headers)


def test_unread_answers_do_not_pile_up(engine):
    """A client that sends and never reads is not read from either."""
    with socket.create_connection(("127.0.0.1", engine.port)) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.settimeout(1)
        sent = 0
        try:
            while sent < 2000:
                s.sendall(b"GET /test/large/1000000 HTTP/1.1\r\nHost: a"
                          b"\r\n\r\n")
                sent += 1
                time.sleep(0.002)
        except (socket.timeout, OSError):
            pass
        rss = int(next(
            line for line in open(f"/proc/{engine.workers()[0]}/status")
            if line.startswith("VmRSS")).split()[1])
        assert rss < 200_000, f"{rss} kB after {sent} requests"
        assert engine.client().get("/test/hello").status == 200


def test_every_connection_is_given_back(engine):
    for _ in range(200):
        s = socket.create_connection(("127.0.0.1", engine.port))
        s.sendall(GET[:10])
        s.close()
    wait_for(lambda: len([
        1 for line in open(f"/proc/{engine.workers()[0]}/net/tcp")
        if f":{engine.port:04X} " in line.split()[1] + " " and
        line.split()[3] == "01"]) < 20, 20, why="connections closed")
    assert engine.client().get("/test/hello").status == 200
