"""The content of attachments: whole and in part, for whom it concerns, as
evidence, and what is said when the disk fails."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

import pytest

from files import PDF, jpeg, send
from people import people, report
from stack import wait_for


@pytest.fixture
def who(county):
    return people(county)


@pytest.fixture
def clerk(who):
    return who("huangmaozhou")


def content(client, row, method="GET", **headers):
    return client.request(method, f"/v1/attachments/{row['id']}/content",
                          headers={k.replace("_", "-"): v
                                   for k, v in headers.items()})


def place(stack, row):
    sha = row["sha256"]
    return stack.var / "files" / sha[:2] / sha[2:4] / sha


def left(stack, sha):
    """A file without a row, in folders that are the store's own: whatever is
    stored beside it later must find its place."""
    path = place(stack, {"sha256": sha})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    owner = (stack.var / "files").stat()
    for made in (path.parent.parent, path.parent, path):
        os.chown(made, owner.st_uid, owner.st_gid)
    return path


# ---- whole, in part, not at all ------------------------------------------------

def test_headers_that_keep_a_browser_from_running_it(clerk):
    row = send(clerk, PDF, "结果 “A”.pdf", "application/pdf").json
    r = content(clerk, row)
    assert r.status == 200 and r.body == PDF
    want = {"content-type": "application/pdf",
            "content-length": str(len(PDF)), "etag": f'"{row["sha256"]}"',
            "accept-ranges": "bytes", "x-content-type-options": "nosniff",
            "cache-control": "private, no-cache",
            "content-security-policy":
            "default-src 'none'; frame-ancestors 'none'; sandbox",
            "content-disposition": "attachment; filename=\"__ _A_.pdf\"; "
            "filename*=UTF-8''%E7%BB%93%E6%9E%9C%20%E2%80%9CA%E2%80%9D.pdf"}
    assert {k: r.headers.get(k) for k in want} == want
    head = content(clerk, row, "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert {k: head.headers.get(k) for k in want} == want


def test_it_is_not_sent_twice(clerk):
    row = send(clerk, jpeg(500_000), "a.jpg").json
    tag = f'"{row["sha256"]}"'
    for have in (tag, "W/" + tag, "*", f'"x", {tag}'):
        r = content(clerk, row, If_None_Match=have)
        assert (r.status, r.body) == (304, b"")
        assert r.headers["etag"] == tag
    assert content(clerk, row, If_None_Match='"x"').status == 200
    assert content(clerk, row, "HEAD", If_None_Match=tag).status == 304


@pytest.mark.parametrize("size", [1000, 262_144, 262_145, 700_000])
def test_ranges(clerk, size):
    data = jpeg(size)
    n = len(data)
    row = send(clerk, data, "a.jpg").json
    for spec, first, end in (("0-", 0, n), ("0-0", 0, 1), ("5-9", 5, 10),
                             (f"{n - 1}-", n - 1, n), ("-7", n - 7, n),
                             (f"-{n + 9}", 0, n), (f"9-{n * 2}", 9, n),
                             (f"10-{n - 11}", 10, n - 10)):
        r = content(clerk, row, Range=f"bytes={spec}")
        assert (r.status, r.body) == (206, data[first:end]), spec
        assert r.headers["content-range"] == f"bytes {first}-{end - 1}/{n}"
        assert r.headers["content-length"] == str(end - first)
    for spec in (f"{n}-", f"{n}-{n + 5}", "-0"):
        r = content(clerk, row, Range=f"bytes={spec}")
        assert (r.status, r.json["code"]) == (416, "range")
        assert r.headers["content-range"] == f"bytes */{n}"
        assert "etag" not in r.headers
    for spec in ("bytes=0-1,3-4", "bytes=9-2", "bytes=x", "lines=1-2"):
        r = content(clerk, row, Range=spec)
        assert (r.status, r.body) == (200, data), spec
    # A range of something else than the client has is the whole.
    for have, status in ((f'"{row["sha256"]}"', 206), ('"x"', 200),
                         (f'W/"{row["sha256"]}"', 200)):
        r = content(clerk, row, Range="bytes=0-9", If_Range=have)
        assert r.status == status
    assert content(clerk, row, "HEAD", Range="bytes=0-9").status == 200


def test_a_reader_who_stops_holds_up_nobody(county, clerk):
    row = send(clerk, jpeg(30_000_000), "a.jpg").json
    held = []
    for _ in range(20):
        s = socket.create_connection(("127.0.0.1", clerk.port))
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.sendall(f"GET /v1/attachments/{row['id']}/content HTTP/1.1\r\n"
                  f"Host: x\r\nAuthorization: Bearer {clerk.token}\r\n\r\n"
                  .encode())
        held.append(s)
    time.sleep(0.3)
    began = time.monotonic()
    assert len(content(county.client(clerk.token), row).body) == row["bytes"]
    assert time.monotonic() - began < 10    # the others hold on for longer
    [s.close() for s in held]
    assert clerk.get("/healthz").status == 200


# ---- for whom ---------------------------------------------------------------------

def test_out_of_scope_is_absent(county, who, clerk):
    """The row and its content, of a sibling and of another line."""
    row = send(clerk, jpeg(), "a.jpg").json
    secret = send(clerk, jpeg(), "b.jpg", query="&sensitivity=2").json
    nowhere = {"id": "01900000-0000-7000-8000-000000000000"}
    for login, seen in (("huangmaozhou", True), ("huangmaozhou-lead", True),
                        ("nongye", True), ("shenji", True),
                        ("caowei", False), ("caowei-lead", False),
                        ("bumen", False)):
        for method in ("GET", "HEAD"):
            r = content(who(login), row, method)
            assert (r.status == 200) == seen, login
            assert r.status in (200, 404)
        one = who(login).get(f"/v1/attachments/{row['id']}")
        assert (one.status == 200) == seen, login
        listed = who(login).get("/v1/attachments?limit=200").text
        assert (row["id"] in listed) == seen, login
        if not seen:
            absent = content(who(login), nowhere).json
            hidden = content(who(login), row).json
            for body in (absent, hidden):
                body.pop("request_id")
            assert absent == hidden
            # Not even that somebody else has the same bytes.
            assert row["sha256"] not in listed
    assert content(county.client(), row).status == 401
    assert content(clerk, secret).status in (200, 404)
    assert content(clerk, nowhere).status == 404
    assert content(clerk, {"id": "..%2f..%2fetc%2fpasswd"}).status == 400
    assert content(clerk, {"id": row["sha256"]}).status == 404


def test_an_attachment_stays_when_it_is_void(clerk):
    row = send(clerk, PDF, "a.pdf").json
    path = f"/v1/attachments/{row['id']}"
    r = clerk.post(path + "/void", {"reason": "传错了"})
    assert r.status == 200, r
    assert content(clerk, row).body == PDF
    assert clerk.post(path + "/restore", {"reason": "没有传错"}).status == 200


def test_what_it_is_never_changes(county, clerk):
    row = send(clerk, PDF, "a.pdf", query="&note=旧").json
    path = f"/v1/attachments/{row['id']}"
    r = clerk.patch(path, {"note": "新"}, rev=row["rev"])
    assert (r.status, r.json["note"]) == (200, "新")
    for field, value in (("name", "x.exe"), ("sha256", "0" * 64),
                         ("bytes", 1), ("mime", "text/html")):
        r = clerk.patch(path, {field: value}, rev=r.json.get("rev", 2))
        assert r.status == 422, field
    for change in ("name = 'x.exe'", "sha256 = repeat('0', 64)",
                   "bytes = 1", "mime = 'text/html'"):
        with pytest.raises(AssertionError, match="never changes"):
            county.psql("SELECT set_config('app.lo', '0', true); UPDATE "
                        f"attachment SET {change} WHERE id = '{row['id']}'")


def test_evidence(who, clerk):
    """A file of one's own place proves; one that cannot be seen does not
    exist."""
    issue = report(clerk)
    row = send(clerk, jpeg(), "销号照片.jpg").json
    path = f"/v1/issues/{issue['id']}/evidence"
    r = clerk.post(path, {"kind": "photo", "title": "现场照片",
                          "attachment_id": row["id"]})
    assert r.status == 201, r
    listed = clerk.get(path).json["items"]
    assert [e["attachment_id"] for e in listed] == [row["id"]]
    alien = send(who("caowei"), jpeg(), "a.jpg").json
    for no in (alien["id"], "01900000-0000-7000-8000-000000000000"):
        r = clerk.post(path, {"kind": "photo", "title": "照片",
                              "attachment_id": no})
        assert r.status == 422, r
        assert r.json["faults"][0]["pointer"].endswith("/attachment_id")
    assert len(clerk.get(path).json["items"]) == 1
    # Whoever may see the issue above sees the file too.
    assert content(who("nongye"), row).status == 200


# ---- when something breaks -----------------------------------------------------------

def test_a_file_that_is_gone_is_said_and_logged(county, clerk):
    for spoil in (os.unlink, lambda p: os.truncate(p, 5)):
        row = send(clerk, jpeg(1000), "a.jpg").json
        spoil(place(county, row))
        for method in ("GET", "HEAD"):
            r = content(clerk, row, method)
            assert r.status == 500
            assert method == "HEAD" or r.json["code"] == "content_lost"
            assert "etag" not in r.headers
        wait_for(lambda: f"attachment={row['id']}" in
                 (county.var / "log/api.log").read_text(), 5)
        place(county, row).unlink(missing_ok=True)
        assert clerk.get(f"/v1/attachments/{row['id']}").status == 200


def test_a_file_cut_short_while_it_is_read(county, clerk):
    """The reply breaks off: nobody takes half a file for a whole one."""
    row = send(clerk, jpeg(40_000_000), "a.jpg").json
    with socket.create_connection(("127.0.0.1", clerk.port)) as s:
        s.sendall(f"GET /v1/attachments/{row['id']}/content HTTP/1.1\r\n"
                  f"Host: x\r\nAuthorization: Bearer {clerk.token}\r\n\r\n"
                  .encode())
        got = s.recv(1000)
        os.truncate(place(county, row), 30_000_000)
        s.settimeout(10)
        total = len(got)
        try:
            while part := s.recv(1 << 16):
                total += len(part)
        except ConnectionResetError:
            pass
    assert total < 31_000_000
    assert clerk.get("/healthz").status == 200
    place(county, row).unlink()


def ctl(stack, *args, **env):
    sock = subprocess.run(
        [stack.root / "db/cluster.sh", "socket", stack.var / "pg"], text=True,
        capture_output=True, check=True).stdout.strip()
    return subprocess.run(
        [stack.build / "taizhangctl", *args], text=True, capture_output=True,
        env={**os.environ, "TAIZHANG_FILES": str(stack.var / "files"),
             "DATABASE_ADMIN_URL": f"postgresql:///taizhang?host={sock}"
             "&user=postgres", **env})


@pytest.fixture(scope="module")
def small(request):
    """A stack of one's own, to break: only pictures, 2 MB at most."""
    from stack import Stack
    s = Stack(demo=True, agent=False, workers=1, env={
        "TAIZHANG_FILE_MB": "2", "TAIZHANG_FILE_TYPES": "jpeg zip",
        "TAIZHANG_FILES_SPARE_MB": "1"})
    s.start()
    yield s
    s.stop()


def test_verify_and_sweep(small):
    c = small.login("huangmaozhou")
    rows = [send(c, jpeg(n), "a.jpg").json for n in (10, 20_000, 30_000)]
    r = ctl(small, "attachments", "verify")
    assert r.returncode == 0 and "3" in r.stdout, r
    good, gone, bad = rows
    place(small, gone).unlink()
    data = bytearray(place(small, bad).read_bytes())
    data[100] ^= 1
    place(small, bad).write_bytes(data)
    r = ctl(small, "attachments", "verify")
    assert r.returncode == 1
    lines = r.stdout.splitlines()
    assert {(x.split()[0], x.split()[1]) for x in lines[:-1]} == \
        {("missing", gone["id"]), ("damaged", bad["id"])}
    # A file without a row goes when it is a day old, and not before.
    orphan = left(small, "ab" * 32)
    half = small.var / "files/tmp/01900000-0000-7000-8000-000000000000"
    half.write_bytes(b"x")
    assert ctl(small, "attachments", "sweep").returncode == 0
    for path in (half, orphan, place(small, good)):
        assert path.exists()
        os.utime(path, (1000, 1000))
    r = ctl(small, "attachments", "sweep")
    assert r.returncode == 0 and "1 files (1 bytes) and 1" in r.stdout, r
    assert not half.exists()
    assert not orphan.exists()
    assert place(small, good).exists()
    assert ctl(small, "attachments", "verify", TAIZHANG_FILES="") \
        .returncode == 2


def test_the_job_runner_sweeps_too(small):
    """A share of the store at each turn, the first when it starts."""
    orphans = [left(small, head + "0" * 60) for head in ("0000", "0001")]
    os.utime(orphans[0], (1000, 1000))
    os.kill(small.pids("taizhang-jobs")[0], signal.SIGTERM)
    wait_for(lambda: not orphans[0].exists(), 20)
    assert orphans[1].exists()
    orphans[1].unlink()
    wait_for(lambda: "event=store_sweep files=1 unfinished=0" in
             (small.var / "log/jobs.log").read_text(), 5)


def test_settings(small):
    c = small.login("huangmaozhou")
    assert send(c, PDF, "a.pdf").status == 422
    assert send(c, jpeg(1_900_000), "a.jpg").status == 201
    assert send(c, jpeg(2_300_000), "a.jpg").status == 413
    r = send(c, jpeg((2 << 20) + 1), "a.jpg")
    assert r.json["faults"][0]["code"] == "too_large"


def kore_workers(stack):
    kore = stack.pids("kore")
    return [p for p in kore if pathlib.Path(f"/proc/{p}/stat").read_text()
            .rsplit(")", 1)[1].split()[1] in map(str, kore)]


def test_a_worker_killed_in_the_middle(small):
    """Nothing of the upload is to be seen; the next one works."""
    before = small.psql("SELECT count(*) FROM attachment")
    whole = {p.name for p in (small.var / "files").glob("??/??/*")}
    token = small.login("huangmaozhou").token
    s = socket.create_connection(("127.0.0.1", small.port))
    s.sendall(b"POST /v1/attachments?name=a.jpg HTTP/1.1\r\nHost: x\r\n"
              b"Content-Length: 1500000\r\nAuthorization: Bearer " +
              token.encode() + b"\r\n\r\n" + jpeg(1_000_000))
    wait_for(lambda: list(small.var.glob("files/tmp/*")), 5)
    os.kill(kore_workers(small)[0], signal.SIGKILL)
    s.close()

    def again():
        try:
            return send(small.client(token), jpeg(), "a.jpg").status == 201
        except OSError:
            return False
    wait_for(again, 15)
    assert int(small.psql("SELECT count(*) FROM attachment")[0][0]) == \
        int(before[0][0]) + 1
    assert len({p.name for p in (small.var / "files").glob("??/??/*")} -
               whole) == 1


def files_up_to(stack, limit):
    """What the workers may write into one file: the disk ends there."""
    for pid in kore_workers(stack):
        it = pathlib.Path(f"/proc/{pid}").stat()    # it is asked by its own
        subprocess.run(["prlimit", "--pid", str(pid), f"--fsize={limit}:"],
                       user=it.st_uid, group=it.st_gid, check=True)


def begin_again(stack, spare_mb):
    stack.stop(keep=True)
    stack.env["TAIZHANG_FILES_SPARE_MB"] = str(spare_mb)
    stack.start()


def test_a_disk_that_fills_up(small):
    """First in the middle of a file, then by what is announced."""
    tmp = small.var / "files/tmp"
    c = small.login("huangmaozhou")
    kept = send(c, jpeg(1_900_000), "a.jpg")
    assert kept.status == 201, kept
    before = set(tmp.iterdir())
    rows = small.psql("SELECT count(*) FROM attachment")
    data = jpeg(1_400_000)
    with socket.create_connection(("127.0.0.1", small.port)) as sock:
        sock.sendall(b"POST /v1/attachments?name=a.jpg HTTP/1.1\r\n"
                     b"Host: x\r\nContent-Length: %d\r\nAuthorization: "
                     b"Bearer " % len(data) + c.token.encode() +
                     b"\r\n\r\n" + data[:600_000])
        wait_for(lambda: [f for f in set(tmp.iterdir()) - before
                          if f.stat().st_size > 300_000], 5)
        files_up_to(small, 800_000)
        try:
            sock.sendall(data[600_000:])
            assert b"HTTP/1.1 507" in sock.recv(1000)
        finally:
            files_up_to(small, "unlimited")
    wait_for(lambda: set(tmp.iterdir()) == before, 5)
    begin_again(small, shutil.disk_usage(tmp).free // 2 ** 20 + 1024)
    c.close()
    r = send(c, jpeg(500_000), "a.jpg")
    assert (r.status, r.json["code"]) == (507, "storage_full")
    assert "磁盘" in r.json["detail"]
    assert set(tmp.iterdir()) == before
    assert small.psql("SELECT count(*) FROM attachment") == rows
    assert content(c, kept.json).status == 200
    begin_again(small, 1)
    c.close()
    assert send(c, jpeg(1000), "a.jpg").status == 201
