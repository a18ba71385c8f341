"""HAProxy in front: the same bytes as test_conformance.py sends to the API
itself, HTTP/2 that would become something else as HTTP/1.1, TLS, whose address
counts, and who must show a certificate."""
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time

import pytest

from engine import listen, statuses
from front import END_STREAM, HEADERS, H2, RST, Front, ask, frame
from stack import ROOT, Client, free_port
from test_conformance import GET, POST, SECRET, TABLE

POLICY = "default-src 'none'; frame-ancestors 'none'"


@pytest.fixture(scope="module")
def front():
    f = Front(workers=1, conf="http_header_timeout 1\nhttp_body_timeout 2\n"
              "http_keepalive_time 4\nhttp_body_max 2000000",
              env={"TAIZHANG_CORS": "https://a.example"})
    f.start()
    yield f
    f.stop()


@pytest.fixture
def fresh():
    made = []

    def make(**kw):
        made.append(Front(workers=1, **kw))
        return made[-1]
    yield make
    for f in made:
        f.stop()


# Where the proxy's answer is not the API's own: what RFC 9112 lets it mend
# (it reads whole messages and writes its own), and what it refuses first.
# After an answer of the API's the client's connection stays open, unless the
# client wanted it closed: only the one to the API is closed.
MENDED = {
    "version 2": [404], "two in one segment": [200, 200],
    "two lengths": [200], "length list": [200],
    "body too long": [200, 200],      # a second request behind the body
    "bare lf": [200], "lf in a head": [200], "folded": [200],
    "leading line": [200], "two blanks": [200],
    "h2 preface": [],                 # HTTP/2 from here on
    "endless target": [],             # waited for; 408 after ten seconds
    "23 headers": [431],              # the API's 23 hold the proxy's own one
    "largest head": [431],            # and so do its 16 KiB
}
REFUSED = {"chunked and length": [400], "te identity": [400],
           "body far too long": [400, 400], "two hosts": [400],
           "length plus": [400], "length minus": [400], "length hex": [400],
           "length huge": [400], "bare cr": [400], "blank before colon": [400],
           "no colon": [400], "empty name": [400], "raw utf-8 target": [400],
           "tls hello": [400]}
CLOSING = {"old, closed", "old put", "close asked", "close in a list",
           *REFUSED}


@pytest.mark.parametrize("name,data,status,stays", TABLE,
                         ids=[row[0] for row in TABLE])
def test_table(front, name, data, status, stays):
    want = {**MENDED, **REFUSED}.get(name, [status])
    # Ten seconds for what must come, less for what must not.
    silent = not want or "head" in name.split()
    got, closed = front.raw(data, 1.5 if silent else 10, 10 if name in CLOSING
                            else 2 if len(want) > 1 else 0.4)
    if name in ("head", "body on head"):
        got = got.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        got = got.replace(b"content-length", b"x-length")
    if name == "h2 preface":
        assert got[3:4] == b"\x04" or closed, got    # SETTINGS
        return
    assert statuses(got) == want, got[:300]
    assert closed == (name in CLOSING)
    if name in REFUSED:       # never a request that its rules apply to
        assert b"Content-Type: text/html" in got
        got = got.rpartition(b"HTTP/1.1 ")[0]
    for head in re.findall(rb"HTTP/1.1 .*?\r\n\r\n", got, re.S):
        head = head.lower()
        assert b"\r\nserver:" not in head
        assert b"strict-transport-security: max-age=31536000" in head
        assert b"x-content-type-options: nosniff" in head
        assert b"cache-control: no-store" in head
        assert POLICY.encode() in head
        if int(head[9:12]) >= 400:
            assert b"content-type: application/problem+json" in head


def test_the_table_ran_on_one_worker(front):
    assert front.log().count("worker 1 started") == 1


HIDDEN = b"GET /test/params/smuggled HTTP/1.1\r\nHost: a\r\nX: "
DESYNC = [
    *[POST + te + b"Content-Length: %d\r\n\r\n0\r\n\r\n" % (5 + len(HIDDEN)) +
      HIDDEN for te in (
          b"Transfer-Encoding: xchunked\r\n",
          b"Transfer-Encoding: chunked, identity\r\n",
          b"Transfer-Encoding: identity, chunked\r\n",
          b"Transfer-Encoding:\x0bchunked\r\n",
          b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n",
          b"Transfer-Encoding : chunked\r\n",
          b"Transfer_Encoding: chunked\r\n",
          b"X: y\r\n Transfer-Encoding: chunked\r\n",
          b"X: y\nTransfer-Encoding: chunked\r\n",
          b"Transfer-Encoding:\r\n chunked\r\n",
          b"Transfer-Encoding: \"chunked\"\r\n")],
    POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"2e\r\n" + HIDDEN + b"\r\n0\r\n\r\n",
    POST + b"Content-Length: 0\r\nContent-Length: %d\r\n\r\n" % len(HIDDEN) +
    HIDDEN,
    POST + b"Content-Length: 0, %d\r\n\r\n" % len(HIDDEN) + HIDDEN,
    GET + b"Content-Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN,
    GET + b"Transfer-Encoding: chunked\r\n\r\n2e\r\n" + HIDDEN,
    b"HEAD /test/large/100000 HTTP/1.1\r\nHost: a\r\nContent-Length: %d"
    b"\r\n\r\n" % len(HIDDEN) + HIDDEN,
    b"OPTIONS /test/hello HTTP/1.1\r\nHost: a\r\nContent-Length: %d"
    b"\r\n\r\n" % len(HIDDEN) + HIDDEN,
    POST + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" %
    len(HIDDEN) + HIDDEN,
    POST + b"Transfer-Encoding: chunked\r\n\r\n0;\r\n\r\n\r\n" + HIDDEN,
    POST + b"Transfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n" + HIDDEN,
    POST + b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n"
    b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nContent-Length: %d\r\n\r\n"
    % len(HIDDEN) + HIDDEN,
]


@pytest.mark.parametrize("n", range(len(DESYNC)))
def test_the_next_visitor_gets_his_own_answer(front, n):
    """Both share the proxy's connections to the API: nothing of the first
    request may be left on one."""
    with front.connect() as s:
        s.sendall(DESYNC[n])
        for i in range(3):
            with front.connect() as victim:
                victim.sendall(b"GET /test/params/mine%d HTTP/1.1\r\n"
                               b"Host: a\r\n\r\n" % i)
                got, _ = listen(victim, 10, 0.01)
                assert statuses(got) == [200] and b"mine%d" % i in got
        got, _ = listen(s, 0.5)
        assert b"mine" not in got and got.count(b"HTTP/1.1 2") <= 1


# ---- HTTP/2 ------------------------------------------------------------------

def test_h2_in_order(front):
    with H2(front) as c:
        one = c.send(ask())
        two = c.send(ask(b"/test/params/x?q=y"))
        three = c.send(ask(b"/test/echo", b"POST") + [
            (b"content-type", b"application/json"), (b"content-length", b"7")],
            pieces=(b'{"a"', b":1}"))
        got = c.answers()
        assert [got[n] for n in (one, two, three)] == [200, 200, 200]
        assert c.bodies[two] == b'"y" GET "x"' and c.bodies[three] == b'{"a":1}'
        four = c.send(ask(b"/test/echo", b"POST"), b"{}")
        five = c.send(ask(b"/nowhere"))
        assert {four: 501, five: 404}.items() <= c.answers().items()


def test_h2_by_clients_of_others(front):
    run = subprocess.run(
        ["curl", "-sS", "--http2", "--cacert", front.ca, "-w",
         "\n%{http_version} %{http_code}", "-d", '{"a":1}', "-H",
         "Content-Type: application/json",
         f"https://localhost:{front.port}/test/echo"],
        text=True, capture_output=True, check=True)
    assert run.stdout == '{"a":1}\n2 200'
    run = subprocess.run(
        ["nghttp", "-ans", *[f"https://localhost:{front.port}/test/hello?{i}"
                             for i in range(20)]],
        text=True, capture_output=True, timeout=30)
    assert len(re.findall(r" 200 .*/test/hello", run.stdout)) == 20, run


EXTRA = b"a\r\nX-Admin: yes"
TRICKS = {
    "te": (ask(method=b"POST") + [(b"transfer-encoding", b"chunked")], b"{}"),
    "te upper": (ask(method=b"POST") + [(b"Transfer-Encoding", b"chunked")],
                 b"{}"),
    "long length": (ask(method=b"POST") + [(b"content-length", b"50")], b"{}"),
    "short length": (ask(method=b"POST") + [(b"content-length", b"0")],
                     HIDDEN),
    "two lengths": (ask(method=b"POST") + [
        (b"content-length", b"2"), (b"content-length", b"40")], b"{}"),
    "plus length": (ask(method=b"POST") + [(b"content-length", b"+2")], b"{}"),
    "length on get": (ask() + [(b"content-length", b"10")], None),
    "path with line": (ask(b"/test/hello HTTP/1.1\r\nHost: a\r\n\r\n" +
                           HIDDEN), None),
    "path with blank": (ask(b"/test/hello /x"), None),
    "path with cr": (ask(b"/test/hello\rx"), None),
    "path with nul": (ask(b"/test/hello\0"), None),
    "path with tab": (ask(b"/test/hello\tx"), None),
    "path without slash": (ask(b"test/hello"), None),
    "path star": (ask(b"*"), None),
    "path empty": (ask(b""), None),
    "path absolute": (ask(b"http://evil/test/hello"), None),
    "path utf-8": (ask("/台".encode()), None),
    "two paths": (ask() + [(b":path", b"/test/params/smuggled")], None),
    "no path": (ask()[:3], None),
    "no method": (ask()[1:], None),
    "method with line": (ask(method=b"GET /test/params/smuggled HTTP/1.1\r\n"
                             b"X:"), None),
    "method blank": (ask(method=b"GET /x"), None),
    "method lower": (ask(method=b"get"), None),
    "scheme with line": ([ask()[0], (b":scheme", b"https\r\nX: y"),
                          *ask()[2:]], None),
    "authority with line": (ask(host=EXTRA), None),
    "authority with path": (ask(host=b"localhost/test/params/smuggled"), None),
    "two authorities": (ask() + [(b":authority", b"evil")], None),
    "pseudo late": (ask()[:3] + [(b"x", b"y"), ask()[3]], None),
    "pseudo unknown": (ask() + [(b":smuggled", b"1")], None),
    "value with line": (ask() + [(b"x", EXTRA)], None),
    "value with lf": (ask() + [(b"x", b"a\nX-Admin: yes")], None),
    "value with nul": (ask() + [(b"x", b"a\0b")], None),
    "name with line": (ask() + [(b"x: y\r\nx-admin", b"yes")], None),
    "name with colon": (ask() + [(b"x:y", b"z")], None),
    "name with blank": (ask() + [(b"x y", b"z")], None),
    "name empty": (ask() + [(b"", b"z")], None),
    "name upper": (ask() + [(b"X-Upper", b"z")], None),
    "connection": (ask() + [(b"connection", b"keep-alive")], None),
    "upgrade": (ask() + [(b"upgrade", b"h2c")], None),
    "connect": ([(b":method", b"CONNECT"), (b":authority", b"a:1")], None),
    "websocket": (ask(method=b"CONNECT") + [(b":protocol", b"websocket")],
                  None),
    "many headers": (ask() + [(b"x-%d" % i, b"y") for i in range(90)], None),
    "host beside": (ask() + [(b"host", b"evil/x")], None),
}
# As good as any request once it is written anew.
HARMLESS = {"length on get": 200, "host beside": 200}


@pytest.mark.parametrize("name", TRICKS)
def test_h2_becomes_no_other_h1(front, name):
    headers, body = TRICKS[name]
    with H2(front) as c:
        n = c.send(headers, body)
        got = c.answers(10 if name in HARMLESS else 1)
        end = got.get(n, "closed" if got.get("closed") else None)
        assert end == HARMLESS.get(name) or end in ("reset", "closed") or 400 <= end < 600, (name, got)
        assert b"smuggled" not in b"".join(c.bodies.values())
    with H2(front) as c:        # on the same connections to the API
        n = c.send(ask(b"/test/params/mine"))
        assert c.answers(10)[n] == 200 and b"mine" in c.bodies[n]


def test_h2_rapid_resets_cost_the_others_nothing(front):
    with H2(front) as c:
        try:
            for i in range(5000):
                n = c.send(ask(b"/test/large/100000"))
                c.s.sendall(frame(RST, 0, n, b"\0\0\0\x08"))
        except OSError:
            pass
        assert front.client().get("/test/hello").status == 200


def test_h2_endless_headers_are_cut(front):
    with H2(front) as c:
        c.s.settimeout(5)
        try:
            c.s.sendall(frame(HEADERS, END_STREAM, 1, b"\0\1a\1b"))
            for _ in range(3000):
                c.s.sendall(frame(9, 0, 1, b"\0\1a\1b" * 200))
            c.s.recv(1 << 16)
            while c.s.recv(1 << 16):
                pass
        except (OSError, ssl.SSLError):
            pass
        assert front.client().get("/test/hello").status == 200


# ---- slow and silent -----------------------------------------------------------

def test_slow_body_gets_408(front):
    with front.connect() as s:
        s.sendall(POST + b"Content-Length: 10\r\n\r\n{")
        got, _ = listen(s, 15)
        assert statuses(got) == [408]


def test_a_hundred_slow_heads_stop_nobody(front):
    held = [front.connect() for _ in range(100)]
    try:
        for s in held:
            s.sendall(b"GET /test/hello HTTP/1.1\r\n")
        began = time.monotonic()
        assert front.client().get("/test/hello").status == 200
        assert time.monotonic() - began < 8     # they have ten seconds
        got, closed = listen(held[0], 25, 25)
        assert statuses(got) == [408] and closed
    finally:
        for s in held:
            s.close()


# ---- TLS -----------------------------------------------------------------------

def handshake(front, version, ciphers=None):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
    c.minimum_version = c.maximum_version = version
    c.set_ciphers((ciphers or "ALL") + ":@SECLEVEL=0")
    with socket.create_connection(("127.0.0.1", front.port)) as s, \
            c.wrap_socket(s) as t:
        return t.version(), t.cipher()[0]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tls_versions(front):
    v = ssl.TLSVersion
    assert handshake(front, v.TLSv1_3)[0] == "TLSv1.3"
    assert handshake(front, v.TLSv1_2)[0] == "TLSv1.2"
    for old in (v.TLSv1, v.TLSv1_1):
        with pytest.raises(ssl.SSLError, match="protocol version|PROTOCOL"):
            handshake(front, old)


def test_tls_ciphers(front):
    v = ssl.TLSVersion.TLSv1_2
    for good in ("ECDHE-ECDSA-AES128-GCM-SHA256",
                 "ECDHE-ECDSA-CHACHA20-POLY1305"):
        assert handshake(front, v, good)[1] == good
    for bad in ("ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384",
                "AES128-GCM-SHA256", "ECDHE-ECDSA-NULL-SHA", "aNULL"):
        with pytest.raises(ssl.SSLError, match="(?i)handshake.failure"):
            handshake(front, v, bad)


def test_certificate_of_its_own(front):
    pem = front.var / "secrets/tls.pem"
    assert pem.stat().st_mode & 0o777 == 0o600
    text = subprocess.run(
        ["openssl", "x509", "-in", front.ca, "-noout", "-text"], text=True,
        capture_output=True, check=True).stdout
    for word in ("DNS:localhost", "IP Address:127.0.0.1",
                 f"DNS:{socket.gethostname()}", "prime256v1", "CA:FALSE"):
        assert word in text, word
    before = pem.read_bytes()
    assert front.check()[0] == 0 and pem.read_bytes() == before


def test_certificates_that_will_not_do(fresh):
    f = fresh(postgres=False)
    assert f.check()[0] == 0
    pem = f.var / "secrets/tls.pem"
    f.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
          "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=x", "-days", "3",
          "-keyout", f.dir / "k", "-out", f.dir / "c")
    f.run("sh", "-c", f"cat {f.dir}/c {f.dir}/k >{pem}")
    assert f.check()[0] == 0
    assert pem.read_text() != (f.dir / "c").read_text() + \
        (f.dir / "k").read_text()             # three days are too few
    f.run("cp", pem, f.dir / "open.pem")
    f.run("chmod", "0640", f.dir / "open.pem")
    code, words = f.check(TLS_CERT=f"{f.dir}/open.pem")
    assert code == 1 and "Others can read" in words
    code, words = f.check(TLS_CERT="/nonexistent.pem")
    assert code == 1 and "Cannot read" in words
    code, words = f.check(TLS_AGENT_CERT="yes")
    assert code == 1 and "TLS_CLIENT_CA" in words
    code, words = f.check(TAIZHANG_UNIX="/x" * 60)
    assert code == 1 and "too long" in words


# ---- headers, addresses ----------------------------------------------------------

def test_cors_through_the_proxy(front):
    c = front.client()
    r = c.request("OPTIONS", "/test/items/1", headers={
        "Origin": "https://a.example", "Access-Control-Request-Method": "PUT"})
    assert r.status == 204 and r.headers["vary"] == "Origin"
    assert r.headers["access-control-allow-origin"] == "https://a.example"
    assert "access-control-allow-credentials" not in r.headers
    for origin in ("null", "https://b.example"):
        r = c.request("GET", "/test/items/1", headers={"Origin": origin})
        assert "access-control-allow-origin" not in r.headers


def test_plain_http_only_leads_to_https(fresh):
    port = free_port()
    f = fresh(front={"TLS_HTTP_PORT": str(port)})
    f.start()
    c = Client(port)
    r = c.request("GET", "/v1/x?q=a", headers={"Host": "localhost:1"})
    assert r.status == 308
    assert r.headers["location"] == f"https://localhost:{f.port}/v1/x?q=a"
    assert "strict-transport-security" not in r.headers
    for host in ("evil.example", "localhost.evil.example", "localhost@evil"):
        r = c.request("POST", "/test/echo", {"token": "x"},
                      headers={"Host": host})
        assert r.status == 404 and "location" not in r.headers


def test_operators_pages_are_not_for_the_outside(front):
    c = front.client()
    for path in (b"/metrics", b"/readyz", b"/METRICS", b"/%6detrics",
                 b"/%2Fmetrics", b"//metrics", b"/metrics/", b"/metrics?x=1",
                 b"/./metrics", b"/x/../metrics", b"/%2e/metrics"):
        got, _ = front.raw(b"GET " + path + b" HTTP/1.1\r\nHost: a\r\n\r\n",
                           10)
        assert statuses(got)[0] in (400, 404), path
        assert b"taizhang_" not in got
    assert c.get("/healthz").status == 200


def seen_from(front, address, **headers):
    with socket.create_connection(("127.0.0.1", front.port), timeout=10,
                                  source_address=(address, 0)) as s:
        t = ssl.create_default_context(cafile=front.ca).wrap_socket(
            s, server_hostname="localhost")
        t.sendall(GET + b"".join(b"%s: %s\r\n" % (
            k.replace("_", "-").encode(), v.encode())
            for k, v in headers.items()) + b"\r\n")
        return statuses(t.recv(4096))[0]


def test_only_the_proxys_word_on_addresses_counts(fresh):
    f = fresh(env={"TAIZHANG_RATE_ADDRESS": "20"})
    f.start()
    # Two more come in each second that this takes.
    got = []
    while len(got) < 250 and 429 not in got:
        by = f"10.0.0.{len(got)}"
        got.append(seen_from(f, "127.0.0.2", X_Forwarded_For=by, X_Real_IP=by,
                             Forwarded=f"for={by}"))
    assert got[:20] == [200] * 20 and got[-1] == 429, got
    # … and he is the only one who has to wait, even if somebody names him.
    assert seen_from(f, "127.0.0.3", X_Forwarded_For="127.0.0.2") == 200
    # Straight to the port of the API the header is only a header.
    c = Client(f.direct)
    got = []
    while len(got) < 250 and 429 not in got:
        got.append(c.get("/test/hello", headers={
            "X-Forwarded-For": f"10.0.0.{len(got)}"}).status)
    assert got[-1] == 429, got


def test_what_is_no_address_is_not_taken_for_one(fresh):
    """Whoever has the socket is trusted, but nothing breaks either."""
    f = fresh()
    f.start()
    for told in ("", "x", "1.2.3.4, 5.6.7.8", "1.2.3", "::1", "::ffff:1.2.3.4",
                 "1.2.3.4:80", "[::1]", "fe80::1%eth0", "a" * 4000):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(f"{f.dir}/api.sock")
            s.sendall(GET + b"X-Forwarded-For: " + told.encode() + b"\r\n\r\n")
            s.settimeout(10)
            assert statuses(s.recv(4096)) == [400 if told == "" else 200]


# ---- clients' certificates -------------------------------------------------------

def issue(f, name, ca=None):
    """A key and a certificate by that authority, or a new authority."""
    out = f.dir / name
    sign = ["-CA", f"{f.dir}/{ca}", "-CAkey", f"{f.dir}/{ca}"] if ca else []
    f.run("sh", "-c", "openssl req -x509 -newkey ec -pkeyopt "
          "ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=%s -addext "
          "basicConstraints=critical,CA:%s -keyout %s.k -out %s.c 2>/dev/null "
          "%s && cat %s.c %s.k >%s && chmod 0600 %s" % (
              name, "FALSE" if ca else "TRUE", out, out, " ".join(sign), out,
              out, out, out))
    os.chmod(out, 0o644)       # for the test's own process
    return str(out)


def test_agents_show_a_certificate(fresh):
    f = fresh()
    ca = issue(f, "ca")
    f.front_env.update(TLS_CLIENT_CA=ca, TLS_AGENT_CERT="yes")
    good, foreign = issue(f, "agent", "ca"), issue(f, "other")
    f.start()
    for path in ("/v1/sync/x", "/v1/%73ync/x", "/V1/SYNC/x", "//v1/sync/x",
                 "/v1//sync/x", "/v1/sync"):
        got, _ = f.raw(b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % path.encode(),
                       10)
        assert statuses(got) == [403] and b"client_certificate" in got, path
    head = {"Authorization": "Bearer tz_a_" + "0" * 49}
    assert f.client().get("/test/hello", headers=head).status == 403
    assert f.client().get("/test/hello").status == 200
    shown = f.client(cert=good)
    assert shown.get("/v1/sync/x").status == 404       # the engine has none
    assert shown.get("/test/hello", headers=head).status == 200
    with pytest.raises((ssl.SSLError, ConnectionError)):
        f.client(cert=foreign).get("/test/hello")
