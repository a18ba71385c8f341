"""What is taken away: every download and every ledger is an event, and every
workbook carries a head of the log (4.6)."""
import http.client
import io
import json
import subprocess

import openpyxl
import pytest

import audit_log
import crowd
from files import PDF, jpeg, send
from people import people, report
from stack import Stack, wait_for
from test_privacy import household

KINDS = ("csv", "ndjson", "xlsx")


@pytest.fixture(scope="module")
def county():
    s = Stack(demo=True, agent=False)
    try:
        s.start()
        crowd.places(s)
        crowd.issues(s, 6000)
        s.reader = crowd.readers(s)["prefecture"]
        yield s
    finally:
        s.stop()


def taken(county, c, verb="export"):
    """Details of the caller's events, first to last."""
    me = c.get("/v1/me").json["id"]
    return [json.loads(d) for (d,) in county.psql(
        f"SELECT detail FROM audit.event WHERE actor = '{me}' AND verb ="
        f" '{verb}' AND channel = 'api' ORDER BY txid, id")]


@pytest.mark.parametrize("kind", KINDS)
def test_every_download_is_an_event(county, kind):
    c = people(county)("huangmaozhou")
    report(c)
    before = len(taken(county, c))
    rows = len(c.get("/v1/issues?limit=200&due_on_from=2199-01-01").json[
        "items"])
    assert len(taken(county, c)) == before
    r = c.get(f"/v1/issues?format={kind}&due_on_from=2199-01-01")
    assert r.status == 200
    assert taken(county, c)[before:] == [{"format": kind, "rows": rows}]
    # What sends nothing tells of nothing.
    assert c.request("HEAD", f"/v1/issues?format={kind}").status == 200
    assert c.get(f"/v1/issues?format={kind}&limit=1").status == 422
    assert len(taken(county, c)) == before + 1


def test_it_names_the_personal_fields(county):
    household(county)
    c = county.login("lh-guan")
    assert c.get("/v1/households?format=csv").status == 200
    assert {"types"} <= set(taken(county, c)[-1]["fields"])
    # Whoever sees them masked takes none away.
    m = people(county)("nongye")
    assert m.get("/v1/households?format=csv&fields=id,head_name").status == 200
    assert "fields" not in taken(county, m)[-1]


@pytest.mark.parametrize("kind", KINDS)
def test_of_a_long_file_also_its_end(county, kind):
    c = county.reader
    before = taken(county, c), taken(county, c, "export_end")
    r = c.get(f"/v1/issues?format={kind}")
    assert r.status == 200
    if kind == "ndjson":
        rows = r.body.count(b"\n")
    elif kind == "csv":
        rows = r.body.count(b"\r\n") - 1
    else:
        book = openpyxl.load_workbook(io.BytesIO(r.body), read_only=True)
        rows = sum(1 for _ in book.worksheets[0].rows) - 1
    assert rows > 1000
    assert taken(county, c)[len(before[0]):] == [{"format": kind}]
    assert taken(county, c, "export_end")[len(before[1]):] == [
        {"format": kind, "rows": rows}]


def content(client, row, method="GET", **headers):
    return client.request(method, f"/v1/attachments/{row['id']}/content",
                          headers={k.replace("_", "-"): v
                                   for k, v in headers.items()})


def test_every_attachment_taken_is_an_event(county):
    c = county.login("huangmaozhou")
    row = send(c, jpeg(700_000), "现场.jpg").json
    before = len(taken(county, c))
    assert content(c, row).status == 200
    assert taken(county, c)[before:] == [{"format": "image/jpeg"}]
    event, = county.psql("SELECT entity, row_id FROM audit.event WHERE verb ="
                         f" 'export' AND row_id = '{row['id']}'")
    assert event == ["attachment", row["id"]]
    # What sends nothing of it tells of nothing.
    tag = f'"{row["sha256"]}"'
    assert content(c, row, "HEAD").status == 200
    assert content(c, row, If_None_Match=tag).status == 304
    assert content(c, row, Range="bytes=900000-").status == 416
    assert len(taken(county, c)) == before + 1
    # Whoever takes it again takes it again, and so does somebody else.
    assert content(c, row).status == 200
    assert content(c, row, Range="bytes=0-99").status == 206
    assert len(taken(county, c)) == before + 3
    boss = people(county)("nongye")
    others = len(taken(county, boss))
    assert content(boss, row, Range="bytes=5-9").status == 206
    assert len(taken(county, boss)) == others + 1


def test_parts_of_one_file_are_one_taking(county):
    """Of one worker, that is: each of them notes what it has not seen."""
    c = county.login("huangmaozhou")
    row, other = (send(c, jpeg(9000), f"{n}.jpg").json for n in range(2))
    before = len(taken(county, c))
    for first in range(1, 40):
        assert content(c, row, Range=f"bytes={first}-{first}").status == 206
    parts = len(taken(county, c)) - before
    assert 1 <= parts <= county.workers, parts
    assert content(c, other, Range="bytes=1-").status == 206
    assert len(taken(county, c)) == before + parts + 1
    # Another session is another taking.
    again = county.login("huangmaozhou")
    assert content(again, row, Range="bytes=1-1").status == 206
    assert len(taken(county, c)) == before + parts + 2


def test_no_event_no_attachment(county):
    c = people(county)("huangmaozhou")
    row = send(c, PDF, "a.pdf", "application/pdf").json
    county.psql("REVOKE EXECUTE ON FUNCTION audit.append FROM taizhang_api")
    try:
        r = content(c, row)
    finally:
        county.psql("GRANT EXECUTE ON FUNCTION audit.append TO taizhang_api")
    assert r.status == 503 and b"%PDF" not in r.body, r
    assert "content-disposition" not in r.headers
    # Nor was it begun: what goes on from there is a taking of its own.
    before = len(taken(county, c))
    assert content(c, row, Range="bytes=1-").status == 206
    assert len(taken(county, c)) == before + 1
    assert content(c, row).body == PDF


def test_no_event_no_file(county):
    c = people(county)("huangmaozhou")
    county.psql("REVOKE EXECUTE ON FUNCTION audit.append FROM taizhang_api")
    try:
        r = c.get("/v1/issues?format=csv")
    finally:
        county.psql("GRANT EXECUTE ON FUNCTION audit.append TO taizhang_api")
    assert r.status == 503 and b"13800000001" not in r.body


def test_no_event_of_its_end_and_it_has_none(county):
    county.psql("""
        CREATE FUNCTION audit.no_end() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'no'; END $$;
        CREATE TRIGGER no_end BEFORE INSERT ON audit.event FOR EACH ROW
        WHEN (NEW.verb = 'export_end') EXECUTE FUNCTION audit.no_end()""")
    c = county.reader
    conn = http.client.HTTPConnection("127.0.0.1", county.port, timeout=60)
    try:
        conn.request("GET", "/v1/issues?format=ndjson", headers={
            "Authorization": f"Bearer {c.token}"})
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            conn.getresponse().read()
    finally:
        conn.close()
        county.psql("DROP TRIGGER no_end ON audit.event;"
                    " DROP FUNCTION audit.no_end()")


def test_the_log_itself_is_taken_away_openly(county):
    a = people(county)("shenji")
    assert a.get("/v1/audit?format=csv&limit=3").status == 200
    assert taken(county, a)[-1] == {"format": "csv", "rows": 3}


def test_workbooks_of_lists_are_witnesses(county, tmp_path):
    wait_for(lambda: county.psql("SELECT count(*) > 0 FROM audit.head")
             == [["t"]])
    book = tmp_path / "问题.xlsx"
    book.write_bytes(people(county)("huangmaozhou").get(
        "/v1/issues?format=xlsx").body)
    sheet = openpyxl.load_workbook(book)["_meta"]
    assert sheet.sheet_state == "veryHidden"
    cells = dict(sheet.iter_rows(values_only=True))
    assert list(cells) == ["head"] and audit_log.signed(cells["head"])
    key = audit_log.head(cells["head"])["key"]

    def verify():
        return subprocess.run(
            [county.build / "taizhangctl", "audit", "verify", "--key", key,
             "--database", "postgresql:///taizhang?user=taizhang_verify&host="
             + county.psql("SHOW unix_socket_directories")[0][0],
             "--witness", str(book)], capture_output=True, text=True)
    seq = audit_log.head(cells["head"])["seq"]
    line = f"SELECT line FROM audit.head WHERE seq = {seq}"
    assert county.psql(line) == [[cells["head"]]]
    # The crowd was put in past the log; of the workbook nothing is wrong.
    r = verify()
    assert "见证" in r.stdout and str(book) not in r.stdout, r
    county.psql("SET session_replication_role = replica; UPDATE audit.head"
                f" SET line = replace(line, 'at=', 'at=1') WHERE seq = {seq}")
    try:
        r = verify()
        assert r.returncode == 1 and str(book) in r.stdout, r
    finally:
        county.psql("SET session_replication_role = replica; UPDATE"
                    " audit.head SET line = replace(line, 'at=1', 'at=')"
                    f" WHERE seq = {seq}")
    assert county.psql(line) == [[cells["head"]]]
