"""Quotas, and what each kind of request nobody should send is answered: the
tables of openapi/README.md. Framing is test_conformance.py's, single fields
are test_hostile.py's."""
import json
import socket
import threading
import time

import pytest

from people import GOOD, people
from stack import Client


@pytest.fixture(scope="module")
def small():
    from stack import Stack
    s = Stack(demo=True, agent=False, env={
        "TAIZHANG_RATE_ADDRESS": "2000", "TAIZHANG_RATE_CALLER": "300",
        "TAIZHANG_RATE_LOGIN": "12",
        "TAIZHANG_CORS": "https://front.example"})
    s.start()
    yield s
    s.stop()


def clerk(stack):
    if not hasattr(stack, "_clerk"):
        stack._clerk = people(stack)("huangmaozhou")
    return stack._clerk


# ---- quotas ------------------------------------------------------------------

def test_a_caller_has_a_quota_over_all_workers(small):
    c = clerk(small)
    r = c.get("/v1/me")
    assert r.headers["ratelimit-policy"] == '"caller";q=300;w=10'
    left = int(r.headers["ratelimit"].split("r=")[1].split(";")[0])
    assert 0 < left < 300
    seen, began = [], time.monotonic()

    def hammer():
        mine = Client(small.port, c.token, small.built)
        # Thirty more are let in each second that this takes.
        while len(seen) < 6000 and all(r.status != 429 for r in seen[-4:]):
            seen.append(mine.get("/v1/me"))
    threads = [threading.Thread(target=hammer) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    good = [r for r in seen if r.status == 200]
    refused = [r for r in seen if r.status == 429]
    assert len(good) + len(refused) == len(seen) and refused
    spent = time.monotonic() - began
    assert left <= len(good) <= 300 + 30 * spent + 4, (len(good), spent)
    r = refused[0]
    assert r.json["code"] == "too_many_requests"
    assert 1 <= int(r.headers["retry-after"]) <= 10
    assert r.headers["ratelimit"].startswith('"caller";r=0;')
    # Somebody else is not touched by it.
    assert people(small)("shenji").get("/v1/me").status == 200


def test_logins_have_a_narrower_one(small):
    nobody = small.client()
    codes = [nobody.post("/v1/sessions", {"login": "x", "password": "y"})
             for _ in range(30)]
    assert {r.status for r in codes} <= {401, 429}
    last = codes[-1]
    assert last.status == 429 and int(last.headers["retry-after"]) >= 1
    assert nobody.get("/healthz").status == 200


# ---- JSON --------------------------------------------------------------------

DEEP = b'{"extra":' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}"
BODIES = [
    (b"", 400, "bad_json"),
    (b"[]", 400, "bad_json"),
    (b"{} x", 400, "bad_json"),
    (b"\xef\xbb\xbf{}", 400, "bad_json"),
    (b'{"a":"\xc0\x80"}', 400, "bad_json"),
    (b'{"a":"\xed\xa0\x80"}', 400, "bad_json"),
    (b'{"a":"\\ud800"}', 400, "bad_json"),
    (b'{"a":"\\u0000"}', 400, "bad_json"),
    (b'{"a":1,"a":2}', 400, "bad_json"),
    (b'{"source_year":1e400}', 400, "bad_json"),
    (b'{"source_year":12345678901234567890}', 400, "bad_json"),
    (b'{"a":NaN}', 400, "bad_json"),
    (b'{"a":' * 200 + b"1" + b"}" * 200, 400, "bad_json"),
    (b'{"source_year":1e3}', 422, "invalid"),
    (b'{"source_year":"2024"}', 422, "invalid"),
    (b'{"source_year":9223372036854775807}', 422, "invalid"),
    (b'{"description":{"a":1}}', 422, "invalid"),
    (b'{"nobody_knows_it":1}', 422, "invalid"),
]


@pytest.mark.parametrize("n", range(len(BODIES)))
def test_bodies(county, n):
    body, status, code = BODIES[n]
    r = clerk(county).request("POST", "/v1/issues", body, {
        "Content-Type": "application/json"})
    assert (r.status, r.json["code"]) == (status, code), r


def test_a_million_brackets_are_one_cheap_refusal(county):
    r = clerk(county).request("POST", "/v1/issues/bulk", DEEP, {
        "Content-Type": "application/json"})
    assert (r.status, r.json["code"]) == (400, "bad_json"), r
    assert clerk(county).get("/v1/me").status == 200


def test_every_wrong_field_is_told_at_once(county):
    r = clerk(county).post("/v1/issues", {**GOOD, "source_year": "x",
                                          "due_on": 5, "unknown": 1})
    assert r.status == 422
    assert {f["pointer"] for f in r.json["faults"]} >= {
        "/source_year", "/due_on", "/unknown"}


# ---- addresses ---------------------------------------------------------------

PATHS = [
    ("/v1/%2e%2e/v1/me", 400), ("/v1/../v1/me", 400), ("/v1/./me", 400),
    ("//v1/me", 400), ("/v1//me", 400), ("/v1/me/", 400),
    ("/v1%2fme", 400), ("/v1/issues/%00", 400), ("/v1/me%00", 400),
    ("/v1/%c0%ae%c0%ae/me", 400), ("/v1/%c0%af", 400), ("/v1/%ff", 400),
    ("/v1/%", 400), ("/v1/%zz", 400), ("/v1/me;jsessionid=1", 404),
    ("/v1/me%3bx", 404), ("/V1/me", 404), ("/v1/m%65", 200),
    ("/v1/issues/..%5c..%5c", 404), ("/v1/me?a=1&a=2", 400),
    ("/v1/me?a=%ff", 400), ("/v1/me?a=%00", 400), ("/v1/me?=1", 400),
    ("/v1/me?" + "&".join(f"p{n}=1" for n in range(41)), 400),
    ("/v1/issues?limit=0", 422), ("/v1/issues?limit=201", 422),
    ("/v1/issues?limit=99999999999999999999", 422),
    ("/v1/issues?cursor=AAAA", 422), ("/v1/issues?cursor=" + "A" * 1500, 422),
    ("/v1/issues?sort=goal", 422), ("/v1/issues?nonsense=1", 422),
    ("/v1/issues?due_on_from=2023-02-30", 422),
    ("/v1/issues?created_at_from=x", 422), ("/v1/issues?count=1", 422),
    ("/v1/" + "a" * 1950, 414),
]


def raw(stack, target, token):
    """The status of GET target, exactly as written."""
    with socket.create_connection(("127.0.0.1", stack.port), 20) as s:
        s.sendall(f"GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                  f"Authorization: Bearer {token}\r\n\r\n".encode())
        data = b""
        while part := s.recv(65536):
            data += part
    head, _, body = data.partition(b"\r\n\r\n")
    return int(head[9:12]), body


@pytest.mark.parametrize("target,status", PATHS,
                         ids=[p[:40] for p, _ in PATHS])
def test_addresses(county, target, status):
    got, body = raw(county, target, clerk(county).token)
    assert got == status, body[:300]
    if status >= 400:
        assert json.loads(body)["status"] == status


# ---- other origins -----------------------------------------------------------

def test_a_browser_of_the_allow_list_may(small):
    c = small.client()
    asks = {"Origin": "https://front.example",
            "Access-Control-Request-Method": "PATCH",
            "Access-Control-Request-Headers": "if-match,authorization"}
    r = c.request("OPTIONS", "/v1/issues/x", headers=asks)
    assert r.status == 204
    h = r.headers
    assert h["access-control-allow-origin"] == "https://front.example"
    assert "PATCH" in h["access-control-allow-methods"]
    assert "If-Match" in h["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in h
    r = c.get("/healthz", headers={"Origin": "https://front.example"})
    assert "RateLimit" in r.headers["access-control-expose-headers"]
    for other in ("https://front.example.evil", "http://front.example",
                  "null", "https://FRONT.example"):
        r = c.request("OPTIONS", "/v1/issues/x", headers={**asks,
                                                          "Origin": other})
        assert "access-control-allow-origin" not in r.headers, other
        assert r.headers["vary"] == "Origin"
