"""The API as its users meet it (D4): methods, languages, headers, pages that
hold still, keys that repeat, eight clients at one row."""
import concurrent.futures
import http.client
import uuid

from people import GOOD, people, report


def test_every_route_knows_its_methods(county):
    """OPTIONS and 405 name what is allowed; HEAD is GET without a body."""
    c = people(county)("huangmaozhou")
    doc = c.get("/v1/openapi.json").json
    for path, item in doc["paths"].items():
        at = path.replace("{id}", str(uuid.uuid4())).replace("{", "") \
            .replace("}", "")
        have = {m.upper() for m in item if m in ("get", "post", "put",
                                                 "patch", "delete")}
        r = c.request("OPTIONS", at)
        assert r.status == 204 and not r.body, (path, r)
        allow = set(r.headers["allow"].split(", "))
        assert allow == have | {"OPTIONS"} | (
            {"HEAD"} if "GET" in have else set()), path
        for m in {"GET", "PUT", "DELETE"} - have:
            r = c.request(m, at, b"{}" if m == "PUT" else None)
            assert r.status == 405, (path, m, r)
            assert set(r.headers["allow"].split(", ")) == allow
            assert r.json["code"] == "method_not_allowed"


def head(client, path, **headers):
    """http.client alone checks that HEAD has no body."""
    conn = http.client.HTTPConnection("127.0.0.1", client.port, timeout=10)
    conn.request("HEAD", path, headers={
        "Authorization": f"Bearer {client.token}", **headers})
    r = conn.getresponse()
    out = r.status, {k.lower(): v for k, v in r.getheaders()}, r.read()
    conn.close()
    return out


def test_head_and_not_modified(county):
    c = people(county)("huangmaozhou")
    i = report(c)
    path = f"/v1/issues/{i['id']}"
    full = c.get(path)
    status, headers, body = head(c, path)
    assert (status, body) == (200, b"")
    assert headers["etag"] == full.headers["etag"]
    assert int(headers["content-length"]) == len(full.body)
    for have in ('"1"', 'W/"1"', '"7", "1"', "*"):
        r = c.get(path, headers={"If-None-Match": have})
        assert r.status == 304 and not r.body, (have, r)
        assert r.headers["etag"] == '"1"'
    for have in ('"2"', '"11"', "1", '"7"'):
        assert c.get(path, headers={"If-None-Match": have}).status == 200
    assert c.patch(path, {"goal": "改"}, rev=1).status == 200
    assert c.get(path, headers={"If-None-Match": '"1"'}).status == 200


def test_problems_speak_the_asked_language(county):
    c = people(county)("huangmaozhou")
    for accept, chinese in ((None, True), ("en", False), ("en-GB,zh;q=0.5",
                            False), ("zh-CN", True), ("fr", True)):
        h = {"Accept-Language": accept} if accept else {}
        for r in (c.post("/v1/issues", {"goal": 1}, headers=h),
                  c.get("/v1/issues/nowhere", headers=h),
                  c.get("/v1/issues?limit=0", headers=h),
                  county.client().get("/v1/me", headers=h),
                  c.request("DELETE", "/v1/issues", headers=h)):
            p = r.json
            assert r.headers["content-type"] == "application/problem+json"
            assert p["type"] == "urn:taizhang:problem:" + p["code"]
            assert p["request_id"] == r.headers["x-request-id"]
            for text in [p["detail"]] + [f["message"] for f in p["faults"]]:
                assert any("\u4e00" <= x <= "\u9fff" for x in text) == \
                    chinese, (accept, text)


def test_created_things_say_where_they_are(county):
    c = people(county)("huangmaozhou")
    key = {"Idempotency-Key": uuid.uuid4().hex}
    for _ in range(2):            # and so does a repetition
        r = c.post("/v1/issues", GOOD, headers=key)
        assert r.status == 201
        assert r.headers["location"] == f"/v1/issues/{r.json['id']}"
        assert c.get(r.headers["location"]).json["id"] == r.json["id"]


def test_a_wrong_question_writes_nothing(county):
    """?fields= is looked at before anything is stored."""
    c = people(county)("huangmaozhou")
    mark = uuid.uuid4().hex
    i = report(c, project_uid=mark)
    path = f"/v1/issues/{i['id']}"
    assert c.post("/v1/issues?fields=nonsense",
                  {**GOOD, "project_uid": mark}).status == 422
    assert c.patch(path + "?fields=nonsense", {"goal": "x"},
                   rev=1).status == 422
    assert c.post(path + "/assign?fields=nonsense", {
        "responsible_subject_kind": "township"}).status == 422
    assert c.post(path + "/evidence?fields=nonsense", {
        "kind": "photo", "title": "x"}).status == 422
    assert c.get(path).json["rev"] == 1
    assert c.get(path + "/evidence").json["items"] == []
    assert c.get(f"/v1/issues?project_uid={mark}&count=true"
                 ).json["count"] == 1
    r = c.post("/v1/issues?fields=id,rev", {**GOOD, "project_uid": mark})
    assert r.status == 201 and set(r.json) == {"id", "rev"}


def test_pages_hold_still_while_rows_come_in(county):
    c = people(county)("huangmaozhou")
    mark = uuid.uuid4().hex
    made = [report(c, project_uid=mark, due_on=f"2023-05-{10 + n}")["id"]
            for n in range(6)]
    for sort in ("created_at", "-created_at", "due_on", "-due_on", "seq_no"):
        got, cursor = [], ""
        while True:
            page = c.get(f"/v1/issues?project_uid={mark}&limit=2&sort={sort}"
                         f"{cursor}").json
            got += [x["id"] for x in page["items"]]
            report(c, project_uid=mark, due_on="2023-05-12")
            if page["next"] is None or len(got) > 60:
                break
            cursor = "&cursor=" + page["next"]
        assert len(got) == len(set(got)), sort
        assert set(made) <= set(got), sort


def test_too_many_conditions_are_refused(county):
    c = people(county)("huangmaozhou")
    many = ",".join(["Y-1"] * 200)
    r = c.get("/v1/issues?" + "&".join(
        f"{f}={','.join(['x'] * 201)}" for f in (
            "category", "project_uid", "d_unit_or_project", "competent_line")
    ) + "&q=x")
    assert r.status == 422, r
    assert c.get(f"/v1/issues?category={many}&q=x").status == 200
    assert c.get(f"/v1/issues?category={many},Y-1").status == 422


# ---- many at once ------------------------------------------------------------

def at_once(n, what):
    with concurrent.futures.ThreadPoolExecutor(n) as pool:
        return [f.result() for f in [pool.submit(what, k) for k in range(n)]]


def test_one_of_eight_wins_each_round(county):
    c = people(county)("huangmaozhou")
    i = report(c)
    path = f"/v1/issues/{i['id']}"
    clients = [county.client(c.token) for _ in range(8)]
    for rev in range(1, 16):
        got = at_once(8, lambda k: clients[k].patch(
            path, {"goal": f"{rev}/{k}"}, rev=rev))
        won = [r for r in got if r.status == 200]
        assert len(won) == 1, [r.status for r in got]
        assert {r.status for r in got} == {200, 412}
        assert all(r.headers["etag"] == f'"{rev + 1}"' for r in got)
        now = c.get(path).json
        assert (now["rev"], now["goal"]) == (rev + 1, won[0].json["goal"])
    history = c.get(path + "/history").json["items"]
    assert [h["rev"] for h in history] == list(range(16, 0, -1))


def test_one_command_of_eight_is_done(county):
    who = people(county)
    i = report(who("huangmaozhou"))
    clients = [county.client(who("huangmaozhou").token) for _ in range(8)]
    got = at_once(8, lambda k: clients[k].post(
        f"/v1/issues/{i['id']}/fix_on_spot", {
            "progress_text": "已完成", "evidence": [
                {"kind": "photo", "title": "照片"}]}))
    assert sorted(r.status for r in got) == [200] + [409] * 7
    rows = county.psql("SELECT count(*) FROM evidence WHERE row_id ="
                       f" '{i['id']}'")
    assert rows == [["1"]]


def test_a_key_said_eight_times_at_once_is_one_row(county):
    c = people(county)("huangmaozhou")
    clients = [county.client(c.token) for _ in range(8)]
    issue = report(c)["id"]
    for path, body in (("/v1/issues", GOOD),
                       (f"/v1/issues/{issue}/evidence",
                        {"kind": "photo", "title": "公示栏"}),
                       (f"/v1/issues/{issue}/progress", {"text": "已公示"})):
        key = {"Idempotency-Key": uuid.uuid4().hex}
        got = at_once(8, lambda k: clients[k].post(path, body, headers=key))
        assert {r.status for r in got} <= {201, 503}, got
        done = {r.json["id"] for r in got if r.status == 201}
        assert len(done) == 1, (path, done)
        again = c.post(path, body, headers=key)
        assert again.status == 201 and again.json["id"] in done
    for part in ("evidence", "progress"):
        rows = c.get(f"/v1/issues/{issue}/{part}").json["items"]
        assert len(rows) == 1, part


def test_a_key_of_another_reach_is_another_question(county):
    """What was answered to a role does not come back to another role."""
    c = people(county)("huangmaozhou")
    key = {"Idempotency-Key": uuid.uuid4().hex}
    body = {k: v for k, v in GOOD.items() if k != "leader_phone"}
    assert c.post("/v1/issues", body, headers=key).status == 201
    try:
        county.psql("UPDATE role_grant SET clearance = 1 WHERE user_id ="
                    " (SELECT id FROM app_user WHERE login = 'huangmaozhou')")
        r = c.post("/v1/issues", body, headers=key)
        assert (r.status, r.json["code"]) == (422, "idempotency_mismatch"), r
    finally:
        county.psql("UPDATE role_grant SET clearance = 2 WHERE user_id ="
                    " (SELECT id FROM app_user WHERE login = 'huangmaozhou')")
    r = c.post("/v1/issues", body, headers=key)
    assert r.status == 201 and r.headers["idempotency-replayed"] == "true"
