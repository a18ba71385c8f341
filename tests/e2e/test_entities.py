"""Every entity of the model over HTTP, each the same way: made from its own
schema, read, changed, replaced, made void, restored, found and remembered."""
import subprocess
import threading
import uuid

import pytest

from people import TOWN, hire, people, report
from rows import MORE, Rows, model
from stack import BUILD, Stack

ALL = sorted(model())


@pytest.fixture(scope="module")
def land():
    """A county of its own: a village and people are added to it."""
    s = Stack(demo=True, agent=False)
    s.start()
    yield s
    s.stop()


@pytest.fixture(scope="module")
def rows(land):
    return Rows(land)


def changed(rows, name, row):
    """A body that changes one field of the row."""
    e = rows.model[name]
    for k in rows.schemas[name + "Change"]["properties"]:
        f = e.fields.get(k)
        if f is None or f.type in ("T_REF", "T_JSON") or k in MORE.get(
                name + "!", ()) or f.clearance > 1:
            continue
        for n in range(1, 40):
            v = rows.value(f, 1000 + n)
            if v != row[k]:
                return {k: v}
    return {"extra": {"备注": "改"}}


@pytest.mark.parametrize("name", ALL)
def test_an_entity(land, rows, name):
    e = rows.model[name]
    if not rows.makes(name):
        return made_by_the_server(land, e)
    c, row, body = rows.make(name)
    path = f"/v1/{e.path}/{row['id']}"
    got = c.get(path)
    assert got.status == 200 and got.headers["etag"] == f'"{row["rev"]}"'
    assert got.json["id"] == row["id"] and got.json["rev"] == 1
    for k, v in body.items():
        assert got.json[k] == v, k
    found = c.get(f"/v1/{e.path}?fields=id&limit=200")
    assert row["id"] in [x["id"] for x in found.json["items"]], found
    elsewhere(land, e, row)
    if e.append:
        assert c.patch(path, {}, rev=1).status == 405
        assert c.put(path, body).status == 405
    else:
        row = change(rows, name, c, path, row)
        row = replace(c, path, row, body) if body else row
        void(c, e, path, row)
    history(c, path, row)


def made_by_the_server(land, e):
    c = people(land)("nongye")
    assert c.post(f"/v1/{e.path}", {}).status == 405
    assert c.get(f"/v1/{e.path}").status == 200


def elsewhere(land, e, row):
    """A sibling township does not know of it."""
    other = people(land)("caowei")
    gone = f"/v1/{e.path}/{uuid.uuid4()}"
    path = f"/v1/{e.path}/{row['id']}"
    for tail in ("", "/history"):
        r = other.get(path + tail)
        assert r.status in (403, 404), r
        assert r.json["code"] == other.get(gone + tail).json["code"]
    if not e.append:
        r = other.patch(path, {}, rev=1)
        assert r.status in (403, 404), r


def change(rows, name, c, path, row):
    body = changed(rows, name, row)
    assert c.patch(path, body).status == 428
    assert c.patch(path, body, rev=row["rev"] + 7).status == 412
    dry = c.patch(path + "?dry_run=true", body, rev=row["rev"])
    assert dry.status == 200 and dry.json["rev"] == row["rev"] + 1, \
        (body, dry.text)
    assert c.get(path).json["rev"] == row["rev"], "only tried"
    r = c.patch(path, body, rev=row["rev"])
    assert r.status == 200, (body, r.text)
    assert r.json["rev"] == row["rev"] + 1
    for k, v in body.items():
        assert r.json[k] == v, k
    assert c.patch(path, body, rev=row["rev"]).status == 412
    again = c.patch(path, body, rev=r.json["rev"]).json
    assert again["rev"] == r.json["rev"], "unchanged is no revision"
    bad = c.patch(path, {"nonsense": 1, "rev": 9}, rev=r.json["rev"])
    assert bad.status == 422 and {f["pointer"] for f in bad.json["faults"]} \
        == {"/nonsense", "/rev"}
    return r.json


def replace(c, path, row, body):
    assert c.put(path, body).status == 428
    head = {"If-Match": f'"{row["rev"]}"'}
    r = c.put(path, body, headers=head)
    assert r.status == 200, (body, r.text)
    assert r.json["rev"] > row["rev"]
    for k, v in body.items():
        assert r.json[k] == v, k
    assert c.put(path, body, headers=head).status == 412
    head = {"If-Match": f'"{r.json["rev"]}"',
            "X-HTTP-Method-Override": "PUT"}
    same = c.post(path, body, headers=head)
    assert same.status == 200
    for k, v in r.json.items():       # what a trigger fills in comes again
        assert k in ("rev", "updated_at") or same.json[k] == v, k
    return same.json


def void(c, e, path, row):
    """The common commands, where the entity has none of its own."""
    if "void" not in row["may"]:
        assert e.moves, "whoever made it may make it void"
        return
    if c.post(path + "/restore").status == 404:
        return                       # its own void, with its own life
    assert c.post(path + "/void", {}).json["code"] == "no_reason"
    r = c.post(path + "/void?dry_run=true", {"reason": "试"})
    assert r.status == 200 and r.json["voided_at"]
    r = c.post(path + "/void", {"reason": "重复登记"},
               headers={"Idempotency-Key": uuid.uuid4().hex})
    assert r.status == 200, r
    assert r.json["voided_at"] and r.json["void_reason"] == "重复登记"
    assert r.json["may"] == ["restore"]
    hidden = c.get(f"/v1/{e.path}?fields=id&limit=200").json["items"]
    assert row["id"] not in [x["id"] for x in hidden]
    locked = c.patch(path, {"extra": {"a": 1}}, rev=r.json["rev"])
    assert (locked.status, locked.json["code"]) == (409, "not_editable")
    assert c.post(path + "/void", {"reason": "再"}).json["code"] == "state"
    r = c.post(path + "/restore", {"reason": "误作废"})
    assert r.status == 200 and r.json["voided_at"] is None, r.text
    log = c.get(path + "/commands").json["items"]
    assert [(x["command"], x["reason"]) for x in log] == [
        ("void", "重复登记"), ("restore", "误作废")]
    assert log[0]["by"] and log[0]["rev"] == row["rev"] + 1


def history(c, path, row):
    r = c.get(path + "/history?limit=2").json
    items = r["items"]
    while r["next"]:
        r = c.get(f"{path}/history?limit=2&before={r['next']}").json
        items += r["items"]
    assert [x["rev"] for x in items] == list(range(items[0]["rev"], 0, -1))
    assert items[0]["rev"] >= row["rev"]
    for x in items:
        assert x["actor"] and x["channel"] == "api" and x["origin"]
        assert x["at"].endswith("Z")
    assert sum(bool(x["changes"]) for x in items) >= len(items) - 2
    first = {y["field"]: y for y in items[-1]["changes"]}
    assert all(y["before"] is None for y in first.values())
    assert first["division_code"]["after"] == row["division_code"]
    told = {x["rev"]: x["command"]["name"] for x in items if x["command"]}
    for rev, name in told.items():
        assert name in ("void", "restore")


def test_what_commands_ask_is_understood(land):
    """Every demand and every consequence of the model's commands parses."""
    out = subprocess.run([BUILD / "tests/tool_model", "--commands"],
                         text=True, capture_output=True, check=True).stdout
    asked = [x for x in out.split(";\n") if x.strip()]
    assert len(asked) > 100
    for sql in asked:
        land.psql(sql, user="taizhang_api")


def test_references_nobody_sees_do_not_exist(land, rows):
    """A sibling's row is refused as one that is not there."""
    other = rows.make("project")[1]["id"]
    caowei = people(land)("caowei")
    said = set()
    for i in (other, str(uuid.uuid4())):
        r = caowei.post("/v1/fund-payments", {**rows.body("fund_payment"),
                                              "project_id": i})
        if r.status == 403:          # not theirs to file at all
            r = caowei.post("/v1/assets", {**rows.body("asset"),
                                           "project_id": i})
        assert r.status == 422, r
        said |= {(f["pointer"], f["code"], f["zh"], f["en"])
                 for f in r.json["faults"] if f["pointer"] == "/project_id"}
    assert len(said) == 1 and list(said)[0][1] == "unknown"


def test_a_reference_that_stays_needs_no_seeing(land, rows):
    """Who may change a row sends it back as he read it, whatever it names
    that he does not see; naming another such row is refused as before."""
    c, row, _ = rows.make("project")
    hidden, other = (c.post("/v1/contacts", {
        "name": "某某", "sensitivity": 2}).json["id"] for _ in range(2))
    path, field = f"/v1/projects/{row['id']}", "responsible_contact_id"
    assert c.patch(path, {field: hidden}, rev=row["rev"]).status == 200
    low = hire(land, "jieduan", "township_clerk", TOWN, clearance=1)
    assert low.get(f"/v1/contacts/{hidden}").status == 404
    r = low.get(path)
    body = {k: v for k, v in r.json.items()
            if k in rows.schemas["projectChange"]["properties"]}
    assert body[field] == hidden
    r = low.put(path, {**body, "remark": "甲"},
                headers={"If-Match": r.headers["etag"]})
    assert r.status == 200 and r.json[field] == hidden, r
    r = low.patch(path, {field: hidden, "remark": "乙"}, rev=r.json["rev"])
    assert r.status == 200, r
    many = {"id": row["id"], field: hidden, "remark": "丙"}
    assert low.post("/v1/projects/bulk", {"items": [many]}).status == 200
    assert low.get(path).json["remark"] == "丙"
    for r in (low.patch(path, {field: other}, rev=low.get(path).json["rev"]),
              low.post("/v1/projects/bulk",
                       {"items": [{**many, field: other}]})):
        assert [(f["pointer"].rsplit("/", 1)[1], f["code"]) for f in
                r.json["faults"]] == [(field, "unknown")], r


def test_a_natural_key_is_taken_once(land, rows):
    keyed = [n for n, e in rows.model.items() if e.key and rows.makes(n)
             and not any("F_SERVER" in e.fields[k].flags for k in e.key
                         if k in e.fields)]
    assert len(keyed) > 10
    name = "org_unit" if "org_unit" in keyed else "household"
    c, row, body = rows.make(name)
    r = c.post(f"/v1/{rows.model[name].path}", body)
    assert (r.status, r.json["code"]) == (409, "duplicate")
    assert {f["pointer"] for f in r.json["faults"]} == {
        f"/{k}" for k in rows.model[name].key}


def test_dry_runs_leave_nothing(land, rows):
    c = people(land)("huangmaozhou")
    body = rows.body("household")
    key = {"Idempotency-Key": uuid.uuid4().hex}
    before = land.psql("SELECT count(*) FROM household")
    for _ in range(2):
        r = c.post("/v1/households?dry_run=true", body, headers=key)
        assert r.status == 200 and r.json["rev"] == 1, r
        assert "location" not in r.headers
    assert land.psql("SELECT count(*) FROM household") == before
    made = c.post("/v1/households", body, headers=key)
    assert made.status == 201, "the key was not used up"
    r = c.post("/v1/households?dry_run=true", body)
    assert r.status == 409, "the database's own checks are asked"
    assert c.post("/v1/households?dry_run=maybe", body).status == 422


def test_evidence_and_commands_of_any_row(land, rows):
    c, row, _ = rows.make("project")
    path = f"/v1/projects/{row['id']}"
    file = rows.make("attachment")[1]["id"]
    r = c.post(path + "/evidence", {"kind": "photo", "title": "现场",
                                    "attachment_id": file})
    assert r.status == 201 and r.json["attachment_id"] == file, r
    assert (r.json["entity"], r.json["row_id"]) == ("project", row["id"])
    r = c.post(path + "/evidence", {"kind": "photo", "title": "现场",
                                    "attachment_id": str(uuid.uuid4())})
    assert [f["code"] for f in r.json["faults"]] == ["unknown"]
    assert len(c.get(path + "/evidence").json["items"]) == 1
    caowei = people(land)("caowei")
    for tail in ("/evidence", "/commands"):
        assert caowei.get(path + tail).status == 404
    assert caowei.post(path + "/evidence", {"kind": "photo", "title": "x"}
                       ).status == 404


def test_one_of_many_commands_at_once_is_done(land):
    """Whoever comes second is told how the row stands now."""
    clerk = people(land)("huangmaozhou")
    for keys in (False, True):
        i = report(clerk)
        got, threads = [], []

        def give():
            c = land.client(clerk.token)
            head = {"Idempotency-Key": uuid.uuid4().hex} if keys else {}
            got.append(c.post(f"/v1/issues/{i['id']}/assign", {
                "responsible_subject_kind": "township",
                "due_on": "2023-05-31", "note": "交办"}, headers=head))
            c.close()
        for _ in range(8):
            threads.append(threading.Thread(target=give))
            threads[-1].start()
        for t in threads:
            t.join()
        done = [r for r in got if r.status == 200]
        assert len(got) == 8 and len(done) == 1, got
        assert {(r.status, r.json["code"]) for r in got
                if r is not done[0]} == {(409, "state")}
        path = f"/v1/issues/{i['id']}"
        assert clerk.get(path).json["rev"] == i["rev"] + 1
        log = clerk.get(path + "/commands").json["items"]
        assert [(x["command"], x["from_state"], x["to_state"], x["note"])
                for x in log] == [("assign", "found", "assigned", "交办")]
        assert len(clerk.get(path + "/progress").json["items"]) == 1
        last = clerk.get(path + "/history").json["items"][0]
        assert last["command"]["name"] == "assign"
        assert {x["field"]: (x["before"], x["after"]) for x in
                last["changes"]}["state"] == ("found", "assigned")
