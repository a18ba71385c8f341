"""What people put into a unit's folder besides good workbooks, and what they
do to the good one: each is told in plain Chinese beside the file, blocks
no other, tells nothing of other units, and is over when it is put right."""
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import zipfile

import openpyxl
import pytest

from sheets import FULL, OTHER, TOWN, c
from stack import BUILD, ROOT, wait_for
from staff import FIRST, SHEET, blank_row, edit, fields, find, rows
from test_agent import REPORT, Folder

sys.path.insert(0, str(ROOT / "tests"))
import hostile  # noqa: E402

assert c    # the fixture
ARRIVED = 10 * 60 + 60


def with_part(name, data):
    """The workbook with one more part in its package."""
    def make(good, into):
        with zipfile.ZipFile(good) as z, zipfile.ZipFile(into, "w") as out:
            for item in z.infolist():
                out.writestr(item, z.read(item))
            out.writestr(name, data)
    return make


def half(good, into):
    data = good.read_bytes()
    into.write_bytes(data[:len(data) * 2 // 3])


def written(data):
    return lambda good, into: into.write_bytes(data)


# name of the kind → how it is made from a good ledger, what its note says,
# whether it may still be arriving
BAD = {
    "加密": (written(hostile.cfb("EncryptedPackage")), "密码", False),
    "旧格式": (written(hostile.cfb("Workbook")), ".xlsx", False),
    "宏": (with_part("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0" * 99), "宏",
          False),
    "网页": (written(b"<html><table><tr><td>1</td></tr></table></html>"),
           "网页", False),
    "半个": (half, "不完整", True),
    "空文件": (written(b""), "空", True),
}


def later(folder, seconds=ARRIVED):
    """The time passes that a slow copy may take."""
    with sqlite3.connect(folder.state / "agent.sqlite") as db:
        db.execute("UPDATE quarantine SET since = since - ?", (seconds,))
        db.execute("UPDATE file SET missing_since = missing_since - ?"
                   " WHERE missing_since > 0", (seconds,))


def listed(folder, path, user="clerk"):
    """What people see of the file in the API."""
    items = folder.county.user[user].get("/v1/sync/files").json["items"]
    return [x for x in items if x["path"] == path]


@pytest.fixture
def folder(c, tmp_path):
    return Folder(c, tmp_path, settle_s=0, delete_after_s=0)


def test_bad_files_beside_a_good_one(folder):
    f = folder
    for kind, (make, _, _) in BAD.items():
        make(f.path, f.share / f"{kind}.xlsx")
    (f.share / "没有宏的.xlsm").write_bytes(b"x")
    bytes_of = {p.name: p.read_bytes() for p in f.share.glob("*.xls?")
                if p != f.path}
    f.add("旁边放着坏文件")
    f.once(1)
    later(f)
    f.once(1)
    assert f.issue("旁边放着坏文件")["goal"] == FULL["goal"]
    notes = f.notes()
    for kind, (_, says, _) in BAD.items():
        note = notes.pop(f"{kind}.xlsx{REPORT}")
        assert says in note and f"文件：{kind}.xlsx\r\n" in note, note
        assert "怎样办：" in note and "自动删除" in note
        assert listed(f, f"{kind}.xlsx")[-1]["state"] == "quarantined"
    assert set(notes) <= {"没有宏的.xlsm" + REPORT}
    for name, data in bytes_of.items():
        assert (f.share / name).read_bytes() == data     # never touched
        (f.share / name).unlink()
    f.patch("旁边放着坏文件", measures="照样写回")
    f.once()
    assert f.notes() == {}
    assert f.shown("旁边放着坏文件")["I"] == "照样写回"


@pytest.mark.parametrize("kind", BAD)
def test_the_ledger_itself_goes_bad_and_is_put_right(folder, kind):
    """Nothing is deleted, nothing is written into it, and what is saved when
    it is right again is merged with what the system changed meanwhile."""
    make, says, arriving = BAD[kind]
    f, name = folder, f"坏成{kind}之前"
    other = f"{kind}旁的另一行"
    f.add(name, other)
    f.once()
    good = f.dir / "good.xlsx"
    shutil.copy(f.path, good)
    make(good, f.path)
    bad = f.path.read_bytes()
    f.patch(name, measures="坏着的时候改的")
    f.once(1)
    if arriving:        # perhaps half a copy: nothing is said yet
        assert f.notes() == {}
        later(f)
        f.once(1)
    note = f.notes()[f.path.name + REPORT]
    assert says in note and name not in note
    assert f.path.read_bytes() == bad
    f.once(1)
    assert f.issue(name) and f.issue(other)
    edit("openpyxl", good, fields(find(good, name), goal="修好后填的"))
    shutil.copyfile(good, f.path)
    f.once()
    assert f.notes() == {}
    assert f.issue(name)["goal"] == "修好后填的"
    assert f.shown(name)["I"] == "坏着的时候改的"
    assert listed(f, f.path.name)[-1]["state"] == "ok"


def test_a_bad_file_costs_no_more_than_its_look(folder):
    """I20: half a file, long there, is not read again and again."""
    f = folder
    half(f.path, f.share / "半个.xlsx")
    f.once(1)
    later(f)
    with sqlite3.connect(f.state / "agent.sqlite") as db:
        db.execute("UPDATE file SET recheck_in = 1 WHERE recheck_in > 0")
    log = f.dir / "log"

    def looks():
        return [x for x in log.read_text(errors="replace").splitlines()
                if '"version"' in x and "半个" in x]
    with open(log, "w") as err:
        p = subprocess.Popen([BUILD / "taizhang-agent", "--config",
                              f.dir / "agent.conf", "run"], stderr=err)
    try:
        wait_for(looks, why="a look")
        time.sleep(3)
    finally:
        p.send_signal(signal.SIGTERM)
        p.wait(20)
    assert len(looks()) == 1, looks()
    assert "半个.xlsx" + REPORT in f.notes()


# ---- ledgers of other units ----------------------------------------------------

CANARY = "丙镇的秘密金丝雀"


@pytest.fixture
def foreign(c, tmp_path):
    """A ledger of the other township with a word nobody else may see."""
    (tmp_path / "other").mkdir()
    f = Folder(c, tmp_path / "other", division=OTHER, settle_s=0,
               name=f"丙镇 {tmp_path.name}")
    f.user = "other"
    f.add(f"{CANARY} {tmp_path.name}")
    f.once()
    return f


def other_issue(c, text):
    items = c.user["other"].get("/v1/issues?limit=200").json["items"]
    return [i for i in items if text in (i["description"] or "")]


def nothing_leaks(f):
    """Not in the folder's notes and ledger, not in the API's answers to this
    unit, not in the agent's memory of other files."""
    for text in f.notes().values():
        assert CANARY not in text
    for path in ("/v1/sync/files", "/v1/issues?limit=200",
                 "/v1/conflicts?limit=200", "/v1/findings",
                 "/v1/requests?limit=200"):
        assert CANARY not in f.county.user["clerk"].get(path).text
    with zipfile.ZipFile(f.path) as z:
        assert not any(CANARY.encode() in z.read(n) for n in z.namelist())


def test_another_units_ledger_in_my_folder(c, folder, foreign):
    f = folder
    f.add("自己的一行")
    f.once()
    copy = f.share / foreign.path.name
    shutil.copy(foreign.path, copy)
    n = find(copy, f"{CANARY} {f.dir.name}")
    edit("openpyxl", copy, fields(n, goal="从别的文件夹改"))
    was = copy.read_bytes()
    f.set("自己的一行", goal="照常读取")
    r = f.once(1)
    assert CANARY not in r.stderr + r.stdout
    assert f.issue("自己的一行")["goal"] == "照常读取"
    note = f.notes()[copy.name + REPORT]
    assert "不属于本文件夹" in note and "放回原来的文件夹" in note
    assert copy.read_bytes() == was
    mine = other_issue(c, f.dir.name)
    assert len(mine) == 1 and mine[0]["goal"] == FULL["goal"]
    nothing_leaks(f)
    copy.unlink()
    f.once()
    assert f.notes() == {}


def test_forged_identity_opens_nothing(c, folder, foreign):
    """My ledger's identity around the other unit's export, and the other way
    round: neither reads nor changes a row of the other unit."""
    f = folder
    f.add("伪造之前")
    f.once()
    meta = {p: {r[0].value: r[1] for r in
                openpyxl.load_workbook(p)["_meta"].iter_rows()}
            for p in (f.path, foreign.path)}
    keys = ["ledger", "instance", "export", "mac", "unit", "division"]
    for i, wrong in enumerate([["export"], ["export", "mac"], ["instance"],
                               ["ledger", "instance"], keys]):
        forged = f.share / f"伪造{i}.xlsx"
        shutil.copy(foreign.path if wrong == ["ledger", "instance"]
                    else f.path, forged)
        source = meta[f.path if wrong == ["ledger", "instance"]
                      else foreign.path]
        book = openpyxl.load_workbook(forged)
        for row in book["_meta"].iter_rows():
            if row[0].value in wrong:
                row[1].value = source[row[0].value].value
        book.save(forged)
        edit("openpyxl", forged, fields(FIRST, goal=f"伪造{i}"))
        f.agent("once", str(f.share))
        nothing_leaks(f) if wrong != ["ledger", "instance"] else None
        mine = other_issue(c, f.dir.name)
        assert len(mine) == 1 and mine[0]["goal"] == FULL["goal"], wrong
        forged.unlink()
    f.once()
    assert f.notes() == {}


def test_rows_pasted_from_another_units_ledger(c, folder, foreign):
    """Typed by my staff into my ledger it is mine: a new row with an id of
    its own; the other unit's row is untouched."""
    f = folder
    there = openpyxl.load_workbook(foreign.path)[SHEET]
    n = find(foreign.path, f"{CANARY} {f.dir.name}")
    cells = [[f"{col}{blank_row(f.path)}", there[f"{col}{n}"].value]
             for col in "BCDEFGHIJM"]
    edit("openpyxl", f.path, cells)
    f.once()
    theirs, = other_issue(c, f.dir.name)
    mine = f.issue(f"{CANARY} {f.dir.name}")
    assert mine["id"] != theirs["id"] and theirs["rev"] == 1
    assert mine["division_code"] == TOWN


# ---- the ledger copied, renamed, moved, deleted --------------------------------

def test_two_copies_are_told_and_merged(folder):
    f = folder
    f.add("有副本的")
    f.once()
    copies = [f.share / "台账（备份）.xlsx", f.share / "台账 - 副本.xlsx"]
    for copy, cell in zip(copies, ("goal", "person_name")):
        shutil.copy(f.path, copy)
        edit("openpyxl", copy, fields(find(copy, "有副本的"),
                                      **{cell: f"来自{copy.stem}"}))
    f.once()
    for copy in copies:
        note = f.notes()[copy.name + REPORT]
        assert "此为副本，已并入 1 处修改，请改用主文件" in note
    i = f.issue("有副本的")
    assert i["goal"] == "来自台账（备份）"
    assert i["person_name"] == "来自台账 - 副本"
    assert f.shown("有副本的")["H"] == "来自台账（备份）"
    for copy in copies:
        copy.unlink()
    f.once()
    assert f.notes() == {} and f.issue("有副本的")["rev"] == i["rev"]


def test_a_note_goes_with_its_file(folder):
    """Renamed while its note stands beside it: one note, at the new name."""
    f = folder
    bad, renamed = f.share / "加密的.xlsx", f.share / "改了名的.xlsx"
    BAD["加密"][0](f.path, bad)
    f.once(1)
    bad.rename(renamed)
    f.once(1)
    assert set(f.notes()) == {renamed.name + REPORT}
    (f.share / "下级").mkdir()
    renamed.rename(f.share / "下级" / "移走的.xlsx")
    f.once(1)
    assert set(f.notes()) == {"移走的.xlsx" + REPORT}
    shutil.rmtree(f.share / "下级")
    f.once()
    assert f.notes() == {}


def test_a_note_outlives_neither_its_file_nor_the_memory(folder):
    """The bad ledger itself removed; a bad file removed while the agent's
    memory was lost; a note of the staff's own stays."""
    f = folder
    good = f.path.read_bytes()
    f.path.write_bytes(hostile.cfb("EncryptedPackage"))
    (f.share / "旁边的.xlsx").write_bytes(hostile.cfb("Workbook"))
    own = f.share / f"自己写的{REPORT}"
    own.write_text("会议记录")
    f.once(1)
    assert len(f.notes()) == 3
    bad = f.path.read_bytes()
    f.path.unlink()
    f.once(1)
    assert f.path.name + REPORT not in f.notes()
    f.path.write_bytes(bad)     # back again, as bad as before
    f.once(1)
    assert "密码" in f.notes()[f.path.name + REPORT]
    shutil.rmtree(f.state)
    (f.share / "旁边的.xlsx").unlink()
    f.path.write_bytes(good)
    f.once()
    assert set(f.notes()) == {own.name} and own.read_text() == "会议记录"


def test_a_note_the_disk_refused_comes_later(folder):
    f = folder
    tmp = f.share / ".ledger-sync/tmp"
    tmp.rename(f.dir / "tmp")
    tmp.write_bytes(b"in the way")
    BAD["加密"][0](f.path, f.share / "加密的.xlsx")
    f.once(1)
    assert f.notes() == {}
    tmp.unlink()
    (f.dir / "tmp").rename(tmp)
    with sqlite3.connect(f.state / "agent.sqlite") as db:
        db.execute("UPDATE file SET recheck_in = 1 WHERE recheck_in > 0")
    f.once(1)
    assert "密码" in f.notes()["加密的.xlsx" + REPORT]


def test_a_folder_is_renamed(folder):
    f = folder
    (f.share / "一季度").mkdir()
    f.path = f.path.rename(f.share / "一季度" / f.path.name)
    f.add("文件夹改名之前")
    f.once()
    (f.share / "一季度").rename(f.share / "二季度")
    f.path = f.share / "二季度" / f.path.name
    f.set("文件夹改名之前", goal="文件夹改名之后")
    f.patch("文件夹改名之前", measures="还写到新的地方")
    f.once()
    assert f.issue("文件夹改名之前")["goal"] == "文件夹改名之后"
    assert f.shown("文件夹改名之前")["I"] == "还写到新的地方"
    assert list(f.share.rglob("*.xlsx")) == [f.path] and f.notes() == {}


def test_a_deleted_ledger_is_listed_after_a_day(folder):
    f = folder
    f.add("台账删了还在")
    f.once()
    data = f.path.read_bytes()
    f.path.unlink()
    f.once()
    later(f, 25 * 3600)
    f.once()
    assert f.issue("台账删了还在")
    told = listed(f, f.path.name)[-1]
    assert (told["state"], told["code"]) == ("held", "MISSING")
    f.path.write_bytes(data)
    f.once()
    assert listed(f, f.path.name)[-1]["state"] == "ok"
    assert f.issue("台账删了还在")["rev"] == 1
