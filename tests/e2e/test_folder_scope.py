"""Whose workbook it is, and what its folder may see (I15, I22, I23), with the
agent and real workbooks: masked cells come back as unchanged, and a
neighbour's workbook neither tells nor writes anything here."""
import shutil
import zipfile

import openpyxl
import pytest

from sheets import FULL, OTHER, c
from staff import SHEET, blank_row, edit, fields, find, rows
from test_agent import Folder
from test_folder import CANARY, nothing_leaks, other_issue

assert c    # the fixture
PHONE, SHOWN = "13800000001", "138****0001"


def masked(f):
    """From now on the folder is below the clearance of telephones."""
    f.county.stack.psql(
        "UPDATE agent_token SET clearance = 1 WHERE binding_id = (SELECT id"
        f" FROM sheet_binding WHERE name = '{f.dir.name}')")


def tells_no_phone(f):
    for p in f.share.rglob("*"):
        if p.suffix == ".xlsx":
            with zipfile.ZipFile(p) as z:
                text = b"".join(z.read(n) for n in z.namelist())
        else:
            text = p.read_bytes() if p.is_file() else b""
        assert b"138000000" not in text, p


@pytest.fixture
def shown(c, tmp_path):
    """A folder whose workbook shows a row of the township with its telephone
    masked."""
    f = Folder(c, tmp_path, settle_s=0, delete_after_s=0)
    masked(f)
    f.path.unlink()
    shutil.rmtree(f.state)
    f.name = f"打码 {tmp_path.name}"
    r = c.user["clerk"].post("/v1/issues", {
        **{k: v for k, v in FULL.items() if k != "description"},
        "description": f.name, "source": "self_check",
        "found_on": "2023-03-25", "leader_phone": PHONE})
    assert r.status == 201, r
    f.once()
    f.path = next(f.share.glob("*X01*.xlsx"))
    assert f.shown(f.name)["F"] == SHOWN
    return f


@pytest.mark.parametrize("writer", ["openpyxl", "libreoffice", "exceljs"])
def test_what_was_masked_comes_back_unchanged(shown, writer):
    """Saved untouched, then with another cell changed."""
    f = shown
    rev = f.issue(f.name)["rev"]
    edit(writer, f.path, [])
    f.once()
    assert f.issue(f.name)["rev"] == rev
    edit(writer, f.path, fields(find(f.path, f.name), goal="只改目标"))
    f.once()
    now = f.issue(f.name)
    assert (now["goal"], now["leader_phone"]) == ("只改目标", PHONE)
    tells_no_phone(f)


def test_nothing_is_written_under_a_mask(shown):
    """Typed over, taken away, or pasted into another row."""
    f = shown
    f.patch(f.name, leader_phone="13800000002")
    n = find(f.path, f.name)
    for typed in ("13800000009", None, "138****0009"):
        edit("openpyxl", f.path, fields(n, leader_phone=typed))
        f.once()
        n = find(f.path, f.name)
        assert f.issue(f.name)["leader_phone"] == "13800000002", typed
    tells_no_phone(f)


@pytest.fixture
def pair(c, tmp_path):
    """My folder and the neighbour's, each with a row."""
    out = []
    for name, kw in (("own", {}), ("other", {"division": OTHER,
                                             "name": f"丙镇 {tmp_path}"})):
        (tmp_path / name).mkdir()
        f = Folder(c, tmp_path / name, settle_s=0, delete_after_s=0, **kw)
        f.word = f"{CANARY} {tmp_path.name}" if kw else tmp_path.name
        f.add(f.word)
        f.once()
        out.append(f)
    return out


def untouched(c, mine, other):
    theirs, = other_issue(c, other.word)
    assert theirs["goal"] == FULL["goal"] and theirs["rev"] == 1
    own = mine.issues(mine.word)
    assert [i["goal"] for i in own if CANARY not in i["description"]] == [
        FULL["goal"]]


def test_the_neighbours_workbook_saved_over_mine(c, pair):
    """It stays where it was put and is told to be wrong; no row of either
    unit is changed or deleted, and mine comes back when it is put right."""
    mine, other = pair
    good = mine.path.read_bytes()
    shutil.copy(other.path, mine.path)
    edit("openpyxl", mine.path, fields(find(mine.path, other.word),
                                       goal="不该写进去"))
    for _ in range(3):
        r = mine.agent("once", str(mine.share))
        assert CANARY not in r.stdout + r.stderr
    assert any("不属于本文件夹" in n for n in mine.notes().values())
    assert not any(CANARY in n for n in mine.notes().values())
    untouched(c, mine, other)
    mine.path.write_bytes(good)
    edit("openpyxl", mine.path, fields(find(mine.path, mine.word),
                                       measures="照常读取"))
    mine.once()
    assert mine.issue(mine.word)["measures"] == "照常读取"
    assert mine.notes() == {}
    nothing_leaks(mine)


def test_my_rows_given_the_neighbours_names(c, pair):
    """The hidden name of my row replaced by that of the neighbour's: his row
    is neither changed nor told of, nor is mine taken for it."""
    mine, other = pair
    there = rows(other.path)
    name = openpyxl.load_workbook(other.path)[SHEET][
        f"M{find(other.path, other.word)}"].value
    assert name and there
    n = find(mine.path, mine.word)
    edit("openpyxl", mine.path, [[f"M{n}", name], *fields(
        n, goal="以他人之名")])
    edit("openpyxl", mine.path, [[f"M{blank_row(mine.path)}", name]])
    for _ in range(3):
        mine.agent("once", str(mine.share))
    theirs, = other_issue(c, other.word)
    assert theirs["goal"] == FULL["goal"] and theirs["rev"] == 1
    assert all(i["division_code"] != OTHER for i in mine.issues(mine.word))
    nothing_leaks(mine)
