"""Lists as files: NDJSON, CSV and workbooks say what the JSON says, to the same
people, with the same masks, at any length."""
import csv
import http.client
import io
import json
import pathlib
import re
import socket
import time
import urllib.parse

import crowd
import openpyxl
import pytest
from openpyxl.utils.escape import unescape
from people import GOOD, TOWN, people, report
from stack import Stack, wait_for

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TYPES = {"ndjson": "application/x-ndjson", "csv": "text/csv", "xlsx": XLSX}
NASTY = ["=1+1", "+86", "-1", "@SUM(A1)", "＝1", "\t=1", 'a"b', "a,b", "一\n二",
         " 前后 ", "<b>&amp;</b>", "_x000D_", "'已有", "0012", "1e5", "𠮷野家"]


@pytest.fixture(scope="module")
def rows(county):
    c = people(county)("huangmaozhou")
    return [report(c, goal=text, description=f"下载{i}：{text}")
            for i, text in enumerate(NASTY)]


@pytest.fixture(scope="module")
def big():
    s = Stack(demo=True, agent=False, workers=1)
    try:
        s.start()
        crowd.places(s)
        crowd.issues(s, 200000, marker="=危险")
        s.readers = crowd.readers(s)
        yield s
    finally:
        s.stop()


def everything(c, query=""):
    items, cursor = [], ""
    while cursor is not None:
        page = c.get("/v1/issues?limit=200" + query + cursor).json
        items += page["items"]
        cursor = page["next"] and "&cursor=" + page["next"]
    return items


def labels(c):
    """Heading → field, from the schema."""
    doc = c.get("/v1/openapi.json").json
    return {v["title"]: k for k, v in
            doc["components"]["schemas"]["issue"]["properties"].items()
            if "title" in v}


def parse(kind, body, headings):
    """Rows as dicts of texts; None for nothing."""
    if kind == "ndjson":
        assert body.endswith(b"\n") or not body
        return [json.loads(x) for x in body.split(b"\n")[:-1]]
    if kind == "csv":
        assert body.startswith(b"\xef\xbb\xbf") and body.endswith(b"\r\n")
        text = io.StringIO(body.decode("utf-8-sig"), newline="")
        head, *rest = csv.reader(text, strict=True)
    else:
        book = openpyxl.load_workbook(io.BytesIO(body), read_only=True)
        head, *rest = ([None if v is None else unescape(str(v)) for v in r]
                       for r in
                       book.worksheets[0].iter_rows(values_only=True))
        rest = [r + [None] * (len(head) - len(r)) for r in rest]
    return [{headings[h]: v or None for h, v in zip(head, r, strict=True)}
            for r in rest]


def same(kind, want, got, what):
    """A file's row against the JSON: shown as people read it."""
    for name, have in got.items():
        value = want[name]
        if kind == "ndjson":
            assert value == have, (what, name)
        elif name in want["labels"]:
            assert have == want["labels"][name], (what, name)
        elif value in (None, {}, ""):
            assert have is None, (what, name, have)
        elif isinstance(value, bool):
            assert have == ("是" if value else "否"), (what, name)
        elif re.fullmatch(r"\d{4}-\d\d-\d\dT.*Z", str(value)):
            # The office's clock, eight hours ahead.
            hour = (int(value[11:13]) + 8) % 24
            assert have[11:] == f"{hour:02}{value[13:19]}", (what, name)
        elif kind == "xlsx" and re.fullmatch(r"(?!d_)\w+_on", name):
            assert have == value + " 00:00:00", (what, name)
        elif kind == "csv" and str(value)[:1] in tuple("=+-@\t＝"):
            assert have == "'" + value, (what, name)
        elif kind == "xlsx" and isinstance(value, int):
            assert float(have) == value, (what, name)
        elif isinstance(value, dict):
            assert json.loads(have) == value, (what, name)
        else:
            assert have == str(value), (what, name)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("way", ("accept", "format"))
def test_row_by_row(county, rows, kind, way):
    c = people(county)("huangmaozhou")
    want = {i["id"]: i for i in everything(c)}
    if way == "accept":
        r = c.get("/v1/issues", headers={"Accept": TYPES[kind]})
    else:
        r = c.get(f"/v1/issues?format={kind}")
    assert r.status == 200
    assert r.headers["content-type"].split(";")[0] == TYPES[kind]
    assert r.headers["vary"] == "Accept"
    got = parse(kind, r.body, labels(c))
    assert {g["id"] for g in got} == set(want) and len(got) == len(want)
    assert set(got[0]) == set(want[got[0]["id"]]) - {"labels", "may", "faults"}
    for g in got:
        same(kind, want[g["id"]], g, kind)
    assert {r["id"] for r in rows} <= set(want)


def test_file_names(county, rows):
    c = people(county)("huangmaozhou")
    for kind in TYPES:
        said = c.get(f"/v1/issues?format={kind}").headers[
            "content-disposition"]
        plain, star = re.fullmatch(
            r"attachment; filename=\"(issues-[0-9-]{10}\.\w+)\"; "
            r"filename\*=UTF-8''(\S+)", said).groups()
        assert plain.endswith(kind)
        assert urllib.parse.unquote(star) == plain.replace("issues", "问题")


@pytest.mark.parametrize("accept,kind", (
    ("text/csv", "csv"), ("text/csv;q=0.5, application/json", None),
    ("application/json;q=0.1,text/csv; q=0.2", "csv"), ("*/*", None),
    ("text/html,application/xhtml+xml,*/*;q=0.8", None),
    ("TEXT/CSV", "csv"), ("text/csv;q=0", None), (";;,,q=", None),
    ("application/x-ndjson,text/csv", "ndjson")))
def test_accept(county, rows, accept, kind):
    c = people(county)("huangmaozhou")
    r = c.get("/v1/issues", headers={"Accept": accept})
    assert r.headers["content-type"].split(";")[0] == \
        TYPES.get(kind, "application/json")
    # format= has the last word.
    r = c.get("/v1/issues?format=json", headers={"Accept": accept})
    assert r.headers["content-type"] == "application/json"


def test_what_does_not_go_with_a_file(county, rows):
    c = people(county)("huangmaozhou")
    cursor = c.get("/v1/issues?limit=1").json["next"]
    for query in ("limit=5", "count=true", f"cursor={cursor}"):
        r = c.get("/v1/issues?format=csv&" + query)
        assert (r.status, r.json["faults"][0]["code"]) == \
            (422, "not_with_format"), query
    r = c.get("/v1/issues?format=pdf")
    assert r.status == 422 and r.json["faults"][0]["pointer"] == "?format"
    assert c.get("/v1/issues?format=csv&nonsense=1").status == 422
    assert county.client().get("/v1/issues?format=csv").status == 401


@pytest.mark.parametrize("kind", TYPES)
def test_nothing_found(county, kind):
    c = people(county)("huangmaozhou")
    r = c.get(f"/v1/issues?format={kind}&q=没有这样的文字")
    assert r.status == 200 and r.headers["content-type"].startswith(
        TYPES[kind])
    assert parse(kind, r.body, labels(c)) == []


@pytest.mark.parametrize("kind", TYPES)
def test_fields_and_names_of_references(county, rows, kind):
    c = people(county)("huangmaozhou")
    r = c.get(f"/v1/issues?format={kind}&fields=goal,division_code"
              "&expand=division_code")
    if kind == "ndjson":
        one = json.loads(r.body.splitlines()[0])
        assert list(one) == ["goal", "division_code", "expanded"]
        assert one["expanded"] == {"division_code": {
            "id": TOWN, "label": "黄茅洲镇"}}
        return
    heads = {"整改目标": "goal", "所属区划": "division_code",
             "所属区划名称": "name"}
    got = parse(kind, r.body, heads)
    assert {(g["division_code"], g["name"]) for g in got} == \
        {(TOWN, "黄茅洲镇")}


@pytest.mark.parametrize("kind", TYPES)
def test_scope_and_masks(county, rows, kind):
    """A file shows nobody more than the list does."""
    who = people(county)
    heads = labels(who("huangmaozhou"))
    report(who("caowei"), goal="隔壁的秘密")
    for login in ("huangmaozhou", "caowei", "shenji", "bumen", "nongye"):
        c = who(login)
        want = {i["id"]: i for i in everything(c)}
        body = c.get(f"/v1/issues?format={kind}").body
        got = parse(kind, body, heads)
        assert {g["id"] for g in got} == set(want), login
        for g in got:
            same(kind, want[g["id"]], g, (login, kind))
    masked = {g["leader_phone"] for g in parse(
        kind, who("shenji").get(f"/v1/issues?format={kind}").body, heads)}
    assert masked - {None} == {"138****0001"}


def test_formulas_are_texts(county, rows):
    c = people(county)("huangmaozhou")
    body = c.get("/v1/issues?format=csv&fields=goal").body
    for line in body.decode("utf-8-sig").split("\r\n")[1:-1]:
        assert line[:1] not in tuple("=+-@\t"), line
    book = openpyxl.load_workbook(io.BytesIO(
        c.get("/v1/issues?format=xlsx&fields=goal").body))
    for (cell,) in list(book.active.iter_rows(min_row=2)):
        assert cell.value is None or cell.data_type in ("s", "inlineStr")


def test_head_says_the_same_and_sends_nothing(big):
    for c in (big.readers["village"], big.readers["province"]):
        for kind in TYPES:
            r = c.request("HEAD", f"/v1/issues?format={kind}")
            assert r.status == 200 and r.body == b""
            assert r.headers["content-type"].startswith(TYPES[kind])
            assert "content-disposition" in r.headers
        assert c.get("/v1/me").status == 200


# ---- at length ----------------------------------------------------------------

def rss(stack):
    """Kilobytes of the workers together."""
    return sum(int(pathlib.Path(f"/proc/{p}/status").read_text()
                   .split("VmRSS:")[1].split()[0])
               for p in stack.pids("kore"))


def get(stack, c, query):
    conn = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=60)
    conn.request("GET", "/v1/issues?" + query, headers={
        "Authorization": "Bearer " + c.token})
    return conn.getresponse()


@pytest.mark.parametrize("kind,sort", (
    ("ndjson", ""), ("ndjson", "&sort=due_on"), ("csv", ""), ("xlsx", "")))
def test_two_hundred_thousand_rows(big, kind, sort):
    """Each row once, in order, in little memory."""
    c = big.readers["province"]
    get(big, c, f"format={kind}&state=found").read()     # warm
    before = most = rss(big)
    r = get(big, c, f"format={kind}&fields=seq_no,due_on,goal{sort}")
    body = b""
    while part := r.read(1 << 20):
        body += part
        most = max(most, rss(big))
    assert most - before < 32 * 1024, (before, most)
    if kind == "ndjson":
        got = [json.loads(x) for x in body.splitlines()]
        if sort:
            due = [g["due_on"] or "9999" for g in got]
            assert due == sorted(due)
        numbers = [g["seq_no"] for g in got]
    elif kind == "csv":
        numbers = [int(x.split(",")[0]) for x in
                   body.decode().split("\r\n")[1:-1]]
    else:
        book = openpyxl.load_workbook(io.BytesIO(body), read_only=True)
        numbers = [x for (x,) in book.worksheets[0].iter_rows(
            max_col=1, min_row=2, values_only=True)]
    assert len(numbers) == 200000 and set(numbers) == set(range(1, 200001))


def test_readers_that_are_slow_or_leave(big):
    """Four downloads lie still; lists go on, a fifth is asked to wait, and when
    they leave there is room again."""
    c = big.readers["province"]
    log = big.var / "log/api.log"
    before, left = rss(big), log.read_text().count("event=left")
    held = []
    for _ in range(4):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.connect(("127.0.0.1", big.port))
        s.sendall("GET /v1/issues?format=ndjson HTTP/1.1\r\nHost: x\r\n"
                  f"Authorization: Bearer {c.token}\r\n\r\n".encode())
        assert s.recv(200).startswith(b"HTTP/1.1 200")
        held.append(s)
    time.sleep(1)
    for _ in range(20):
        assert c.get("/v1/issues").status == 200
    r = get(big, c, "format=csv")
    assert r.status == 503 and r.getheader("retry-after")
    # None is held: what the workers ask by the way is over in a moment.
    wait_for(lambda: big.psql(
        "SELECT count(*) FROM pg_stat_activity WHERE usename ="
        " 'taizhang_api' AND state <> 'idle'") == [["0"]], why="idle")
    assert rss(big) - before < 48 * 1024
    for s in held:
        s.close()
    wait_for(lambda: log.read_text().count("event=left") >= left + 4)
    r = get(big, c, "format=ndjson&fields=id&state=found")
    assert r.status == 200 and len(r.read().splitlines()) > 50000


def test_an_error_in_the_middle_is_never_a_whole_file(big):
    c = big.readers["province"]
    r = get(big, c, "format=ndjson&sort=seq_no")
    r.read(100000)
    big.psql("ALTER TABLE issue RENAME TO issue_gone")
    try:
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            r.read()
    finally:
        big.psql("ALTER TABLE issue_gone RENAME TO issue")
    wait_for(lambda: c.get("/v1/issues").status == 200)


def test_the_database_may_go_away_for_a_moment(big):
    c = big.readers["province"]
    r = get(big, c, "format=ndjson&fields=seq_no")
    first = r.read(1000)
    big.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE"
             " usename = 'taizhang_api'")
    numbers = [json.loads(x)["seq_no"] for x in
               (first + r.read()).splitlines()]
    assert sorted(numbers) == list(range(1, 200001))
