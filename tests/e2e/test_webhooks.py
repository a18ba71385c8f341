"""Webhooks: signed, in order, at least once, within the owner's scope, and to
nowhere else."""
import base64
import hashlib
import hmac
import http.server
import json
import os
import random
import signal
import threading
import time

import pytest
from people import COUNTY, SIBLING, TOWN, people, report
from stack import Stack, free_port, wait_for


class Receiver:
    """Keeps what came: (path, headers, body); answers as it is told."""

    def __init__(self, port):
        self.got, self.answer, self.slow = [], lambda path, body: 200, 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                time.sleep(outer.slow)
                answer = outer.answer(self.path, json.loads(body))
                outer.got.append((self.path, {k.lower(): v for k, v in
                                              self.headers.items()}, body,
                                  answer))
                self.send_response(answer)
                if answer == 302:
                    self.send_header("Location", f"http://127.0.0.1:{port}"
                                     "/elsewhere")
                if answer == 503:
                    self.send_header("Retry-After", "1")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_GET(self):
                outer.got.append((self.path, {}, b"", 405))
                self.send_error(405)

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port),
                                                      Handler)
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def at(self, path, status=None):
        return [(h, json.loads(b)) for p, h, b, s in list(self.got)
                if p == path and status in (None, s)]


@pytest.fixture(scope="module")
def world():
    port, shut = free_port(), free_port()
    receiver = Receiver(port)
    s = Stack(demo=True, agent=False, env={
        "TAIZHANG_WEBHOOK_HOSTS": f"local:127.0.0.1:{port} localhost:{port} "
        f"*.example.cn:8443 local:127.0.0.1:{shut}",
        "TAIZHANG_WEBHOOK_RETRY_MS": "20", "TAIZHANG_WEBHOOK_GIVE_UP_S": "1"})
    s.start()
    s.receiver, s.url = receiver, f"http://127.0.0.1:{port}"
    s.shut, s.port_of_receiver = shut, port
    yield s
    s.stop()
    receiver.server.shutdown()


def subscribe(stack, path, login="nongye", **fields):
    r = people(stack)(login).post("/v1/webhooks",
                                  {"url": stack.url + path, **fields})
    assert r.status == 201, r
    assert r.json["secret"].startswith("whsec_")
    return r.json


def end(stack, hook):
    assert people(stack)("nongye").delete(
        f"/v1/webhooks/{hook['id']}").status == 204


def verify(secret, head, body):
    """Exactly as Standard Webhooks says; any of the signatures will do."""
    assert abs(int(head["webhook-timestamp"]) - time.time()) < 60
    key = base64.b64decode(secret.removeprefix("whsec_"))
    text = f"{head['webhook-id']}.{head['webhook-timestamp']}.".encode() + body
    want = "v1," + base64.b64encode(
        hmac.new(key, text, hashlib.sha256).digest()).decode()
    return want in head["webhook-signature"].split()


def wait_at(stack, path, n, status=200, seconds=20):
    return wait_for(lambda: len(stack.receiver.at(path, status)) >= n and
                    stack.receiver.at(path, status), seconds,
                    why=f"{n} at {path}: {stack.receiver.at(path)}")


def test_signed_thin_in_order_and_within_scope(world):
    who = people(world)
    hook = subscribe(world, "/town", division_code=TOWN,
                     entities=["issue"], description="数据局")
    wide = subscribe(world, "/county")
    rows, others = [], []
    for n in range(6):
        rows.append(report(who("huangmaozhou"), goal=f"{n}"))
        others.append(report(who("caowei"), goal="金丝雀"))
    for x in rows[:3]:
        assert who("huangmaozhou").patch(f"/v1/issues/{x['id']}",
                                         {"goal": "再"}, rev=1).status == 200
    got = wait_at(world, "/town", 9)
    wait_at(world, "/county", 15)
    time.sleep(0.5)
    got = world.receiver.at("/town")
    assert [(b["data"]["id"], b["data"]["rev"]) for _, b in got] == [
        (x["id"], 1) for x in rows] + [(x["id"], 2) for x in rows[:3]]
    assert len(world.receiver.at("/county")) == 15
    for path, head, body, _ in world.receiver.got:
        secret = (hook if path == "/town" else wide)["secret"]
        assert verify(secret, head, body), head
        assert not verify("whsec_" + base64.b64encode(bytes(32)).decode(),
                          head, body)
        assert head["content-type"] == "application/json"
    _, first = got[0]
    assert first == {"type": "issue.created", "timestamp": first["timestamp"],
                     "data": {"entity": "issue", "id": rows[0]["id"],
                              "change": "created", "rev": 1,
                              "href": f"/v1/issues/{rows[0]['id']}"}}
    assert len({h["webhook-id"] for h, _ in got}) == 9
    text = json.dumps([b for _, b in got])
    assert not any(x["id"] in text for x in others)
    # What leaves the scope is said to be gone, and no more.
    world.psql(f"UPDATE issue SET division_code = {SIBLING}, seq_no ="
               f" 9001 WHERE id ="
               f" '{rows[0]['id']}'")
    _, last = wait_at(world, "/town", 10)[-1]
    assert last["data"] == {"entity": "issue", "id": rows[0]["id"],
                            "change": "gone"}
    r = wait_for(lambda: (x := who("nongye").get(
        f"/v1/webhooks/{hook['id']}").json["delivery"])["pending"] == 0 and x)
    assert r["delivered_at"] and r["failures"] == 0
    end(world, hook)
    end(world, wide)
    report(who("huangmaozhou"))
    time.sleep(0.8)
    assert len(world.receiver.at("/town")) == 10


def test_the_secret_is_told_once(world):
    hook = subscribe(world, "/secret")
    c = people(world)("nongye")
    for path in ("/v1/webhooks", f"/v1/webhooks/{hook['id']}",
                 f"/v1/webhooks/{hook['id']}/deliveries"):
        assert "whsec_" not in c.get(path).text
    raw = base64.b64decode(hook["secret"].removeprefix("whsec_")).hex()
    kept = world.psql("SELECT secret FROM webhook_secret WHERE webhook_id ="
                      f" '{hook['id']}'")[0][0]
    assert raw not in kept and len(kept) == 2 + 2 * (24 + 32 + 16)
    with pytest.raises(AssertionError, match="permission denied"):
        world.psql("SELECT secret FROM webhook_secret", user="taizhang_api")
    dump = world.psql("SELECT coalesce(string_agg(data::text, ''), '') FROM"
                      " history WHERE entity = 'webhook'")[0][0]
    assert hook["url"] in dump and raw not in dump and "whsec" not in dump
    end(world, hook)


def test_rotation_signs_with_both(world):
    hook = subscribe(world, "/rotate")
    c = people(world)("nongye")
    r = c.post(f"/v1/webhooks/{hook['id']}/rotate")
    assert r.status == 200 and r.json["old_until"]
    report(people(world)("huangmaozhou"))
    wait_at(world, "/rotate", 1)
    _, head, body, _ = [x for x in world.receiver.got
                        if x[0] == "/rotate"][0]
    assert len(head["webhook-signature"].split()) == 2
    assert verify(hook["secret"], head, body)
    assert verify(r.json["secret"], head, body)
    world.psql("UPDATE webhook_secret SET old_until = now() WHERE webhook_id"
               f" = '{hook['id']}'")
    report(people(world)("huangmaozhou"))
    wait_at(world, "/rotate", 2)
    _, head, body, _ = [x for x in world.receiver.got
                        if x[0] == "/rotate"][1]
    assert verify(r.json["secret"], head, body)
    assert not verify(hook["secret"], head, body)
    end(world, hook)


def test_a_receiver_in_trouble_gets_everything_in_order(world):
    hook = subscribe(world, "/trouble")
    fails = iter([500, 503, 429, 500])
    world.receiver.answer = lambda path, body: next(fails, 200)
    rows = [report(people(world)("huangmaozhou")) for _ in range(4)]
    got = wait_at(world, "/trouble", 4)
    assert [b["data"]["id"] for _, b in got] == [x["id"] for x in rows]
    tries = [h["webhook-id"] for h, _ in world.receiver.at("/trouble")]
    assert tries[:5] == [tries[0]] * 5 and len(tries) == 8
    stamps = [h["webhook-timestamp"] for h, _ in
              world.receiver.at("/trouble")]
    assert int(stamps[2]) > int(stamps[1])         # Retry-After: 1
    path = f"/v1/webhooks/{hook['id']}"
    wait_for(lambda: people(world)("nongye").get(path).json["delivery"]
             ["pending"] == 0)
    r = people(world)("nongye").get(path + "/deliveries").json
    assert [x["attempts"] for x in r["items"]] == [1, 1, 1, 5]
    assert {x["state"] for x in r["items"]} == {"delivered"}
    end(world, hook)


def test_one_that_is_refused_does_not_hold_up_the_others(world):
    who = people(world)
    hook = subscribe(world, "/poison")
    bad, named = [], threading.Event()

    def answer(path, body):
        named.wait(10)      # it may come before who reported it knows its id
        return 400 if path == "/poison" and body["data"]["id"] in bad else 200
    world.receiver.answer = answer
    world.receiver.slow = 0.2
    bad.append(report(who("huangmaozhou"))["id"])
    named.set()
    rows = [report(who("huangmaozhou")) for _ in range(3)]
    world.receiver.slow = 0
    got = wait_at(world, "/poison", 3)
    assert [b["data"]["id"] for _, b in got][-3:] == [x["id"] for x in rows]
    wait_for(lambda: len(world.receiver.at("/poison", 400)) >= 3, 20)
    # What was taken is noted when its answer is there.
    wait_for(lambda: [(x["row_id"], x["status"]) for x in who("nongye").get(
        f"/v1/webhooks/{hook['id']}/deliveries?state=pending").json["items"]]
             == [(bad[0], 400)], why="only one is pending")
    bad.clear()
    wait_at(world, "/poison", 4)
    end(world, hook)


def test_nothing_is_followed_and_nothing_private_is_reached(world):
    c = people(world)("nongye")
    redirected = subscribe(world, "/redirect")
    inside = c.post("/v1/webhooks", {
        "url": f"https://localhost:{world.port_of_receiver}/inside"}).json
    seen = len(world.receiver.got)
    world.receiver.answer = lambda path, body: 302 \
        if path == "/redirect" else 200
    report(people(world)("huangmaozhou"))

    def state(hook):
        items = c.get(f"/v1/webhooks/{hook['id']}/deliveries").json["items"]
        return items[0] if items and items[0]["error"] else None
    r = wait_for(lambda: state(redirected), 20)
    assert r["status"] == 302 and "redirect" in r["error"]
    r = wait_for(lambda: state(inside), 20)
    assert r["error"] == "address_not_allowed" and r["status"] is None
    time.sleep(0.5)
    assert {x[0] for x in world.receiver.got[seen:]} == {"/redirect"}
    world.receiver.answer = lambda path, body: 200
    end(world, redirected)
    end(world, inside)


@pytest.mark.parametrize("url,code", [
    ("https://hook.example.cn:8443/a?b=c", None),
    ("HTTPS://hook.example.cn:8443/", "https_required"),
    ("https://HOOK.Example.cn:8443/", None),
    ("https://a.b.example.cn:8443", None),
    ("https://example.cn:8443/", "target_not_allowed"),
    ("https://hook.example.cn/", "target_not_allowed"),
    ("https://hook.example.cn:08443/", None),
    ("https://evilexample.cn:8443/", "target_not_allowed"),
    ("https://hook.example.cn.evil.cn:8443/", "target_not_allowed"),
    ("http://hook.example.cn:8443/", "https_required"),
    ("https://user@hook.example.cn:8443/", "bad_url"),
    ("https://evil.cn#@hook.example.cn:8443/", "bad_url"),
    ("https://evil.cn\\@hook.example.cn:8443/", "bad_url"),
    ("https://hook.example.cn:8443:80/", "bad_url"),
    ("https://hook.example.cn:99999/", "bad_url"),
    ("https://hook..example.cn:8443/", "bad_url"),
    ("https://-hook.example.cn:8443/", "bad_url"),
    ("https://hook.example.cn.:8443/", "bad_url"),
    ("https://例子.example.cn:8443/", "bad_url"),
    ("https://127.1/", "bad_url"), ("https://0x7f.1/", "bad_url"),
    ("https://2130706433/", "bad_url"), ("https://0177.0.0.1/", "bad_url"),
    ("https://[::1]/", "target_not_allowed"),
    ("https://[::ffff:127.0.0.1]/", "target_not_allowed"),
    ("https://[::1%25eth0]/", "bad_url"),
    ("https://169.254.169.254/latest/", "target_not_allowed"),
    ("file:///etc/passwd", "https_required"),
    ("gopher://hook.example.cn:8443/", "https_required"),
    ("https://", "bad_url"), ("https:///path", "bad_url"),
    ("https://hook.example.cn:8443/a b", "bad_url"),
    ("https://hook.example.cn:8443/a\r\nHost: x", "bad_url"),
])
def test_addresses(world, url, code):
    c = people(world)("nongye")
    r = c.post("/v1/webhooks", {"url": url, "active": False})
    if code is None:
        assert r.status == 201, r
        end(world, r.json)
    else:
        assert r.status == 422, r
        assert [f["pointer"] for f in r.json["faults"]] == ["/url"]
        if "\r" not in url:
            assert r.json["faults"][0]["code"] == code


def test_bodies(world):
    c = people(world)("nongye")
    for body, pointer in (
            ({}, "/url"), ({"url": 1}, "/url"),
            ({"url": world.url, "entities": ["nothing"]}, "/entities"),
            ({"url": world.url, "entities": []}, "/entities"),
            ({"url": world.url, "entities": ["issue", "issue"]}, "/entities"),
            ({"url": world.url, "entities": "issue"}, "/entities"),
            ({"url": world.url, "division_code": "430900000000"},
             "/division_code"),
            ({"url": world.url, "secret": "x"}, "/secret"),
            ({"url": world.url, "clearance": 4}, "/clearance"),
            ({"url": world.url, "owner_id": "x"}, "/owner_id")):
        r = c.post("/v1/webhooks", body)
        assert r.status == 422, (body, r)
        assert pointer in [f["pointer"] for f in r.json["faults"]], body


def test_who_may(world):
    who = people(world)
    hook = subscribe(world, "/rights")
    path = f"/v1/webhooks/{hook['id']}"
    for login in ("huangmaozhou", "huangmaozhou-lead", "bumen", "shenji"):
        assert who(login).get("/v1/webhooks").status == 403, login
        assert who(login).post("/v1/webhooks",
                               {"url": world.url}).status == 403, login
        assert who(login).delete(path).status == 403, login
    # Administrators see and stop them, but do not send them elsewhere.
    assert who("admin").post("/v1/webhooks", {"url": world.url}).status == 403
    assert who("admin").post(path + "/rotate").status == 403
    assert hook["id"] in who("admin").get("/v1/webhooks").text
    assert who("admin").get(path + "/deliveries").json["items"] == []
    r = who("admin").patch(path, {"url": world.url + "/x"}, rev=1)
    assert r.status == 403
    r = who("admin").patch(path, {"active": False}, rev=1)
    assert r.status == 200 and r.json["active"] is False
    assert r.headers["etag"] == '"2"'
    stale = who("nongye").patch(path, {"active": True}, rev=1)
    assert stale.status == 412
    assert who("nongye").patch(path, {"active": True}).status == 428
    # Nobody beside or below knows of it.
    other = world.psql("SELECT count(*) FROM webhook", user="taizhang_api")
    assert other == [["0"]]
    got = world.psql(
        f"BEGIN; DO $$ BEGIN PERFORM set_config('app.lo', '{TOWN}', true),"
        f" set_config('app.hi', '{int(TOWN) + 999}', true), set_config("
        "'app.line', '', true), set_config('app.clearance', '4', true); END"
        f" $$; SELECT count(*) FROM webhook WHERE id = '{hook['id']}';", user="taizhang_api")
    assert got[-1] == ["0"]
    end(world, hook)
    for r in (who("nongye").get(path), who("nongye").delete(path),
              who("nongye").post(path + "/rotate"),
              who("nongye").post(path + "/replay", {"since":
                                                    "2023-01-01T00:00:00Z"})):
        assert r.status == 404


def test_replay(world):
    c = people(world)("nongye")
    hook = subscribe(world, "/replay")
    path = f"/v1/webhooks/{hook['id']}"
    rows = [report(people(world)("huangmaozhou")) for _ in range(3)]
    wait_at(world, "/replay", 3)
    wait_for(lambda: c.get(path).json["delivery"]["pending"] == 0)
    items = c.get(path + "/deliveries").json["items"]
    assert c.post(path + "/replay",
                  {"delivery": items[0]["id"]}).json == {"queued": 1}
    got = wait_at(world, "/replay", 4)
    assert got[3][0]["webhook-id"] == items[0]["id"]
    assert got[3][1]["data"]["id"] == rows[2]["id"]
    wait_for(lambda: c.get(path).json["delivery"]["pending"] == 0)
    assert c.post(path + "/replay",
                  {"since": items[1]["at"]}).json == {"queued": 2}
    got = wait_at(world, "/replay", 6)
    assert [b["data"]["id"] for _, b in got[4:]] == [x["id"] for x in rows[1:]]
    assert c.post(path + "/replay",
                  {"since": "2100-01-01T00:00:00Z"}).json == {"queued": 0}
    for body in ({}, {"since": "yesterday"}, {"delivery": "x"},
                 {"since": "2023-01-01T00:00:00Z", "delivery":
                  items[0]["id"]}):
        assert c.post(path + "/replay", body).status == 422, body
    end(world, hook)


def test_the_runner_may_die_at_any_time(world):
    hook = subscribe(world, "/killed")
    world.receiver.slow = 0.02
    rng, stop, failures = random.Random(5), threading.Event(), []

    def killer():
        try:
            while not stop.is_set():
                time.sleep(rng.uniform(2.1, 2.6))
                for pid in world.pids("taizhang-jobs"):
                    os.kill(pid, signal.SIGKILL)
        except Exception as e:
            failures.append(e)
    t = threading.Thread(target=killer)
    t.start()
    rows = []
    for n in range(60):
        rows.append(report(people(world)("huangmaozhou"))["id"])
        time.sleep(0.12)
    stop.set()
    t.join()
    world.receiver.slow = 0
    assert not failures
    wait_for(lambda: {b["data"]["id"] for _, b in
                      world.receiver.at("/killed")} == set(rows), 30)
    first = []
    for _, b in world.receiver.at("/killed"):
        if b["data"]["id"] not in first:
            first.append(b["data"]["id"])
    assert first == rows
    wait_for(lambda: people(world)("nongye").get(
        f"/v1/webhooks/{hook['id']}").json["delivery"]["pending"] == 0, 20)
    end(world, hook)


def test_turned_off_after_many_failures_and_on_again(world):
    c = people(world)("nongye")
    r = c.post("/v1/webhooks",
               {"url": f"http://127.0.0.1:{world.shut}/dead"})
    assert r.status == 201
    path = f"/v1/webhooks/{r.json['id']}"
    rows = [report(people(world)("huangmaozhou"))["id"] for _ in range(2)]
    # 20 pauses up to 20 ms × 2^n: cut short, the count is what is tested.
    wait_for(lambda: c.get(path).json["delivery"]["failures"] >= 4, 20)
    world.psql("UPDATE webhook_state SET failures = 19, paused_until = NULL"
               f" WHERE webhook_id = '{r.json['id']}'")
    time.sleep(1)
    world.psql("UPDATE webhook_state SET failures = greatest(failures, 19),"
               " paused_until = NULL"
               f" WHERE webhook_id = '{r.json['id']}'")
    got = wait_for(lambda: (x := c.get(path).json)["active"] is False and x,
                   20)
    assert "推送失败" in got["notice"] and got["delivery"]["pending"] == 2
    late = Receiver(world.shut)
    r = c.patch(path, {"active": True}, rev=got["rev"])
    assert r.status == 200 and r.json["notice"] is None
    wait_for(lambda: len(late.at("/dead")) == 2, 20)
    assert [b["data"]["id"] for _, b in late.at("/dead")] == rows
    late.answer = lambda path, body: 410
    report(people(world)("huangmaozhou"))
    got = wait_for(lambda: (x := c.get(path).json)["active"] is False and x)
    assert "410" in got["notice"]
    late.server.shutdown()


def test_it_ends_with_the_grant_it_stands_on(world):
    hook = subscribe(world, "/grant", login="shizhuanban")
    c = people(world)("nongye")
    where = f"WHERE id = (SELECT grant_id FROM webhook WHERE id =" \
            f" '{hook['id']}')"
    world.psql(f"UPDATE role_grant SET valid_to = now() {where}")
    try:
        report(people(world)("huangmaozhou"))
        got = wait_for(lambda: (x := c.get(
            f"/v1/webhooks/{hook['id']}").json)["active"] is False and x)
        assert "授权" in got["notice"]
        time.sleep(0.5)
        assert world.receiver.at("/grant") == []
        r = c.patch(f"/v1/webhooks/{hook['id']}", {"active": True},
                    rev=got["rev"])
        wait_for(lambda: c.get(f"/v1/webhooks/{hook['id']}").json["active"]
                 is False)
        assert world.receiver.at("/grant") == []
    finally:
        world.psql(f"UPDATE role_grant SET valid_to = NULL {where}")
    assert COUNTY and r.status == 200
