"""Attachments through the API: in by either way, out whole or in part, seen by
whom they concern, and nothing kept that should not be."""
import hashlib
import http.client
import pathlib
import socket
import threading
import time

import pytest

import files
from files import PDF, field_part, file_part, form, jpeg, send, send_form
from people import SIBLING, TOWN, people
from stack import wait_for


@pytest.fixture
def who(county):
    return people(county)


@pytest.fixture
def clerk(who):
    return who("huangmaozhou")


def stored(stack):
    """The contents in the store, and what is on its way into it."""
    root = stack.var / "files"
    return ({p.name for p in root.glob("??/??/*")},
            [p.name for p in root.glob("tmp/*")])


def refusal(reply):
    assert reply.status == 422, reply
    fault = reply.json["faults"][0]
    assert fault["zh"] and fault["en"] and fault["rule"]
    return fault["pointer"], fault["code"]


def content(client, row, method="GET", **headers):
    return client.request(method, f"/v1/attachments/{row['id']}/content",
                          headers=headers)


# ---- in ------------------------------------------------------------------------

def test_a_plain_body(county, clerk):
    data = jpeg()
    r = send(clerk, data, "公示照片.jpg", "image/jpeg",
             f"&note=公示现场&division_code={TOWN}")
    assert r.status == 201, r
    row = r.json
    assert r.headers["location"] == f"/v1/attachments/{row['id']}"
    assert (row["name"], row["mime"], row["bytes"], row["note"]) == \
        ("公示照片.jpg", "image/jpeg", len(data), "公示现场")
    assert row["sha256"] == hashlib.sha256(data).hexdigest()
    assert row["division_code"] == TOWN
    path = county.var / "files" / row["sha256"][:2] / row["sha256"][2:4] / \
        row["sha256"]
    assert path.read_bytes() == data
    assert path.stat().st_mode & 0o777 == 0o640
    assert content(clerk, row).body == data
    # The name may come as a header too, in either spelling.
    for how, name in (("attachment; filename=\"plain.jpg\"", "plain.jpg"),
                      ("attachment; filename=x; filename*=UTF-8''"
                       "%E7%85%A7.jpg", "照.jpg")):
        r = clerk.request("POST", "/v1/attachments", jpeg(),
                          {"Content-Disposition": how})
        assert (r.status, r.json["name"]) == (201, name)


def test_a_form_as_wechat_sends_it(clerk):
    """The file part in any place, under any name; fields as text parts."""
    data = jpeg()
    for parts in ([file_part(data), field_part("note", "来自小程序"),
                   field_part("name", "现场.jpg")],
                  [field_part("name", "现场.jpg"),
                   field_part("note", "来自小程序"),
                   file_part(data, "tmp_0f3.jpg", field="photo")]):
        r = send_form(clerk, parts)
        assert r.status == 201, r
        assert (r.json["name"], r.json["note"]) == ("现场.jpg", "来自小程序")
        assert content(clerk, r.json).body == data


TAKEN = [
    ("a.png", files.png(), "image/png"),
    ("a.gif", b"GIF89a" + bytes(20), "image/gif"),
    ("a.pdf", PDF, "application/pdf"),
    ("a.docx", files.docx(), "application/vnd.openxmlformats-officedocument"
     ".wordprocessingml.document"),
    ("a.xlsx", files.package("[Content_Types].xml", "xl/workbook.xml"),
     "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("a.ofd", files.package("OFD.xml"), "application/ofd"),
    ("a.doc", files.ole("WordDocument"), "application/msword"),
    ("a.wps", files.ole("WordDocument"), "application/wps-office.wps"),
    ("a.xls", files.ole("Workbook"), "application/vnd.ms-excel"),
    ("a.et", files.ole("Workbook"), "application/wps-office.et"),
    ("a.txt", "会议记录\n".encode(), "text/plain"),
    ("a.txt", "会议记录\n".encode("gb18030"), "text/plain"),
    ("a.csv", "名称,金额\n".encode(), "text/csv"),
    ("a.mp4", b"\0\0\0\x18ftypmp42" + bytes(40), "video/mp4"),
    ("照片", jpeg(), "image/jpeg"),     # the ending is added
]


@pytest.mark.parametrize("name, data, mime", TAKEN,
                         ids=[f"{row[0]}-{len(row[1])}" for row in TAKEN])
def test_types_that_are_taken(clerk, name, data, mime):
    r = send(clerk, data, name)
    assert r.status == 201, r
    assert r.json["mime"] == mime
    assert r.json["name"] == (name if "." in name else name + ".jpg")


BOMB = files.package("[Content_Types].xml", "word/document.xml",
                     data=bytes(50_000_000))


REFUSED = [
    ("photo.jpg", b"<!DOCTYPE html><script>alert(1)</script>",
     "image/jpeg", "type_not_allowed"),
    ("photo.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>",
     "image/svg+xml", "type_not_allowed"),
    ("a.txt", b"<?xml version='1.0'?><a/>", "text/plain", "type_not_allowed"),
    ("setup.exe", b"MZ\x90\0" + bytes(60), "application/octet-stream",
     "type_not_allowed"),
    ("report.pdf", b"MZ\x90\0" + bytes(60), "application/pdf",
     "type_not_allowed"),
    ("run.txt", b"#!/bin/sh\nrm -rf /\n", "text/plain", "type_not_allowed"),
    ("a.zip", files.package("a.txt"), "application/zip", "type_not_allowed"),
    ("a.docx", files.package("evil.exe"), "", "type_not_allowed"),
    ("a.xlsx", files.package("[Content_Types].xml", "xl/workbook.xml",
                             "xl/vbaProject.bin"), "", "type_not_allowed"),
    ("a.xls", files.ole("_VBA_PROJECT_CUR"), "", "type_not_allowed"),
    ("a.bin", bytes(range(256)), "", "type_not_allowed"),
    ("a.pdf", jpeg(), "application/pdf", "type_mismatch"),
    ("a.jpg", jpeg(), "text/html", "type_mismatch"),
    ("a.html", jpeg(), "", "name_mismatch"),
    ("a.jpg.exe", jpeg(), "image/jpeg", "name_mismatch"),
    ("a.js", b"alert(1)\n", "", "name_mismatch"),
]


@pytest.mark.parametrize("name, data, kind, code", REFUSED,
                         ids=[f"{row[0]}-{len(row[1])}" for row in REFUSED])
def test_types_that_are_refused(county, clerk, name, data, kind, code):
    before = stored(county)
    r = send(clerk, data, name, kind or "application/octet-stream")
    pointer, got = refusal(r)
    assert got == code
    assert pointer == ("/name" if code == "name_mismatch" else "/file")
    if code == "type_not_allowed":
        assert "jpeg png gif" in r.json["faults"][0]["zh"]
    assert stored(county) == before


def test_a_bomb_is_never_unpacked(clerk):
    """50 MB of zeros in 50 KB: only the directory is looked at."""
    began = time.monotonic()
    assert send(clerk, BOMB, "a.docx").status == 201
    assert time.monotonic() - began < 10


def test_pictures_are_called_what_they_are(clerk):
    """A phone's screenshot.jpg is a PNG: no reason to send anybody back."""
    r = send(clerk, files.png(), "截图.jpg", "image/jpeg")
    assert (r.status, r.json["name"], r.json["mime"]) == \
        (201, "截图.png", "image/png")


@pytest.mark.parametrize("name, kept", [
    ("../../../etc/passwd.jpg", "passwd.jpg"),
    ("C:\\Users\\x\\桌面\\照片.jpg", "照片.jpg"),
    ("gpj.\u202etxt.jpg", "gpj.txt.jpg"),
    (".jpg", "jpg.jpg"),
    ("CON.jpg", "_CON.jpg"),
    ("长" * 300 + ".jpg", "长" * 196 + ".jpg"),
])
def test_names_are_cleaned(clerk, name, kept):
    body, kind = form([field_part("name", name), file_part(jpeg())])
    r = clerk.request("POST", "/v1/attachments", body,
                      {"Content-Type": kind})
    assert (r.status, r.json["name"]) == (201, kept)


BROKEN = [
    (b"", "image/jpeg", 422, "empty"),
    (b"x", "multipart/form-data", 415, None),
    (b"x", "multipart/form-data; boundary=" + "b" * 71, 415, None),
    (b"x", "multipart/mixed; boundary=B", 415, None),
    (b"no boundary at all", "multipart/form-data; boundary=B", 422,
     "truncated"),
    (form([file_part(jpeg())], "B")[0][:-20], "multipart/form-data; "
     "boundary=B", 422, "truncated"),
    (form([field_part("note", "x")], "B")[0], "multipart/form-data; "
     "boundary=B", 422, "required"),
    (form([file_part(jpeg()), file_part(jpeg())], "B")[0],
     "multipart/form-data; boundary=B", 422, "too_many_files"),
    (form([file_part(jpeg()), field_part("owner", "x")], "B")[0],
     "multipart/form-data; boundary=B", 422, "unknown_field"),
    (form([field_part("note", "x")] * 2 + [file_part(jpeg())], "B")[0],
     "multipart/form-data; boundary=B", 422, "unknown_field"),
    (form([field_part("note", "长" * 2000), file_part(jpeg())], "B")[0],
     "multipart/form-data; boundary=B", 422, "too_long"),
    (b"--B\r\n" * 100_000, "multipart/form-data; boundary=B", 422,
     "part_head_too_large"),
    (b"--B\r\n\r\n\r\n" * 100_000, "multipart/form-data; boundary=B", 422,
     "part_without_name"),
    (b"--B\r\nX: " + b"y" * 100_000, "multipart/form-data; boundary=B", 422,
     "part_head_too_large"),
    (form([("Content-Disposition: form-data; name=\"a\"\r\nContent-Type: "
            "multipart/mixed; boundary=C", b"x")], "B")[0],
     "multipart/form-data; boundary=B", 422, "part_type"),
    (form([file_part(jpeg(), "\udcff.jpg".encode("utf-8", "surrogateescape")
                     .decode("latin-1"))], "B")[0]
     .replace("\xff".encode(), b"\xff"),
     "multipart/form-data; boundary=B", 422, "bad_utf8"),
]


@pytest.mark.parametrize("body, kind, status, code", BROKEN, ids=[
    f"{i}-{row[3]}" for i, row in enumerate(BROKEN)])
def test_broken_forms(county, clerk, body, kind, status, code):
    before = stored(county)
    r = clerk.request("POST", "/v1/attachments", body,
                      {"Content-Type": kind})
    assert r.status == status, r
    assert code is None or refusal(r)[1] == code
    assert stored(county) == before
    assert clerk.get("/v1/attachments?limit=1").status == 200


def test_a_hundred_thousand_parts(clerk):
    body = form([field_part("note", "x")] * 100_000)[0]
    r = clerk.request("POST", "/v1/attachments", body, {
        "Content-Type": form([])[1]})
    assert refusal(r)[1] == "unknown_field"


def test_fields_are_checked_as_those_of_any_row(county, clerk):
    for query, pointer in (("&division_code=123", "/division_code"),
                           (f"&division_code={SIBLING}", "/division_code"),
                           ("&sensitivity=9", "/sensitivity"),
                           ("&action_id=x", "/action_id")):
        r = send(clerk, jpeg(), query=query)
        assert refusal(r)[0] == pointer, query
    r = send_form(clerk, [field_part("note", "长" * 501), file_part(jpeg())])
    assert refusal(r)[0] == "/note"
    assert send(clerk, jpeg(), query="&owner=x").status == 422
    # What the server finds is not told by the client.
    assert clerk.post("/v1/attachments", {"name": "x", "sha256": "0" * 64}) \
        .status == 422


def test_who_may_send(county, who):
    assert send(county.client(), jpeg()).status == 401
    assert send(county.client("tz_u_nonsense"), jpeg()).status == 401
    assert send(who("admin"), jpeg()).status == 403
    # For a lower division, by whoever is above it.
    r = send(who("nongye"), jpeg(), query=f"&division_code={TOWN}")
    assert (r.status, r.json["division_code"]) == (201, TOWN)


def test_a_repetition_makes_no_second_row(county, clerk):
    data = jpeg()
    key = {"Idempotency-Key": hashlib.sha256(data).hexdigest()}
    first = send(clerk, data, **key)
    again = send(clerk, data, **key)
    assert first.status == again.status == 201
    assert first.json["id"] == again.json["id"]
    assert again.headers["idempotency-replayed"] == "true"
    assert send(clerk, jpeg(), **key).status == 422


def test_the_same_content_is_kept_once(county, who):
    data = jpeg(100_000)
    rows = [send(who(w), data, "a.jpg").json
            for w in ("huangmaozhou", "caowei", "huangmaozhou")]
    assert len({r["id"] for r in rows}) == 3
    assert len({r["sha256"] for r in rows}) == 1
    assert len([s for s in stored(county)[0] if s == rows[0]["sha256"]]) == 1
    # Each row is of its own place only.
    assert content(who("caowei"), rows[0]).status == 404
    assert content(who("caowei"), rows[1]).body == data


# ---- large, slow, many -----------------------------------------------------------

def memory(stack):
    """kB resident of every worker."""
    total = 0
    for pid in stack.pids("kore"):
        for line in pathlib.Path(f"/proc/{pid}/status").read_text() \
                .splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1])
    return total


def test_large_files_pass_through_without_being_held(county, clerk):
    """Six of 20 MB, one after the other and at once, in and out."""
    data = jpeg(20_000_000)
    row = send(clerk, data, "大.jpg").json      # whatever is needed once
    assert content(clerk, row).body == data
    before, peak, over = memory(county), 0, threading.Event()

    def watch():
        nonlocal peak
        while not over.wait(0.01):
            peak = max(peak, memory(county))

    def one(n):
        c = county.client(clerk.token)
        r = send(c, data, f"{n}.jpg")
        assert r.status == 201 and r.json["sha256"] == row["sha256"]
        assert hashlib.sha256(content(c, r.json).body).hexdigest() == \
            row["sha256"]
        good.append(n)
    good = []
    watcher = threading.Thread(target=watch)
    watcher.start()
    one(0)
    threads = [threading.Thread(target=one, args=(n,)) for n in range(1, 6)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    over.set()
    watcher.join()
    assert sorted(good) == list(range(6))
    assert peak - before < 16_000, (before, peak)


def test_others_are_served_while_files_come_and_go(county, clerk):
    """Hashing and writing are not the loop's: small requests stay quick."""
    data, over = jpeg(40_000_000), threading.Event()

    def load():
        c = county.client(clerk.token)
        while not over.is_set():
            content(c, send(c, data, "a.jpg").json)
    c = county.client()

    def median():
        times = []
        for _ in range(300):
            began = time.monotonic()
            assert c.get("/healthz").status == 200
            times.append(time.monotonic() - began)
            time.sleep(0.003)
        return sorted(times)[len(times) // 2]
    quiet = median()    # on a machine that does other things, too
    thread = threading.Thread(target=load)
    thread.start()
    try:
        # Two cores shared with the client that hashes and compares.
        loaded = min(median() for _ in range(3))
    finally:
        over.set()
        thread.join()
    assert loaded < 0.01 + 3 * quiet, (loaded, quiet)


def test_a_file_too_large(clerk):
    with socket.create_connection(("127.0.0.1", clerk.port)) as s:
        s.sendall(b"POST /v1/attachments HTTP/1.1\r\nHost: x\r\n"
                  b"Content-Length: 60000000\r\nAuthorization: Bearer " +
                  clerk.token.encode() + b"\r\n\r\n")
        assert s.recv(100).startswith(b"HTTP/1.1 413")
    # In a form just above the limit, the file itself is counted.
    r = send_form(clerk, [file_part(jpeg((50 << 20) + 1))])
    assert refusal(r)[1] == "too_large"
    assert send(clerk, jpeg(50 << 20), "a.jpg").status == 201


def test_a_slow_sender(county, clerk):
    data = jpeg(100_000)
    conn = http.client.HTTPConnection("127.0.0.1", clerk.port)
    conn.putrequest("POST", "/v1/attachments?name=a.jpg")
    conn.putheader("Content-Length", str(len(data)))
    conn.putheader("Authorization", f"Bearer {clerk.token}")
    conn.endheaders()
    for at in range(0, len(data), 10_000):
        conn.send(data[at:at + 10_000])
        time.sleep(0.1)
    r = conn.getresponse()
    assert r.status == 201
    r.read()


def test_who_hangs_up_leaves_nothing(county, clerk):
    before = stored(county)
    count = county.psql("SELECT count(*) FROM attachment")
    for n in (0, 1000, 300_000):
        with socket.create_connection(("127.0.0.1", clerk.port)) as s:
            s.sendall(b"POST /v1/attachments HTTP/1.1\r\nHost: x\r\n"
                      b"Content-Length: 600000\r\nAuthorization: Bearer " +
                      clerk.token.encode() + b"\r\n\r\n" + jpeg(n)[:n])
            time.sleep(0.1)
    wait_for(lambda: stored(county) == before, 5)
    assert county.psql("SELECT count(*) FROM attachment") == count
