"""Sorting, copying and clearing gone wrong: what can be told from the rows'
own words is made good, what cannot is held and told (1.5, 1.6)."""
import openpyxl
import pytest

import staff
from sheets import c
from staff import SHEET, blank_row, edit, find, rows
from test_agent import REPORT, Folder

assert c    # the fixture


def values(page, n, letters):
    return [page[f"{x}{n}"].value for x in letters]


def sort_some(path, letters, key, backwards=False):
    """Sorts the filled rows by `key`, moving only the given columns."""
    book = openpyxl.load_workbook(path)
    page, at = book[SHEET], sorted(rows(path))
    moved = sorted((values(page, n, letters) for n in at), key=key,
                   reverse=backwards)
    for n, cells in zip(at, moved):
        for letter, value in zip(letters, cells):
            page[f"{letter}{n}"].value = value
    book.save(path)


def ids(f, prefix):
    return {i["description"]: (i["id"], i["rev"]) for i in f.issues(prefix)}


def tokens(path):
    return {r["C"]: r["M"].split(".")[0] for r in rows(path).values()}


NAMES = [f"{n}号排序" for n in "子丑寅卯辰巳午未申酉"]


@pytest.fixture
def ten(c, tmp_path):
    f = Folder(c, tmp_path, settle_s=0, delete_after_s=0)
    f.mine = [f"{n} {tmp_path.name}" for n in NAMES]
    f.add(*f.mine)
    f.once()
    f.before, f.tokens = ids(f, tmp_path.name), tokens(f.path)
    assert len(f.before) == 10
    return f


@pytest.mark.parametrize("writer", ["values", "libreoffice"])
def test_sorted_without_the_hidden_columns(ten, writer):
    """The tokens stay behind; the rows are known by what they say, and the
    next writing puts each token back to its row."""
    f = ten
    if writer == "values":
        sort_some(f.path, "BCDEFGHIJKL", key=lambda r: r[1][::-1])
    else:
        book = staff.office().load(f.path)
        page, uno = book.Sheets.getByName(SHEET), staff.office().uno
        page.unprotect("")
        by = uno.createUnoStruct("com.sun.star.table.TableSortField")
        by.Field, by.IsAscending = 1, False
        order = uno.createUnoStruct("com.sun.star.beans.PropertyValue")
        order.Name, order.Value = "SortFields", uno.Any(
            "[]com.sun.star.table.TableSortField", (by,))
        at = sorted(rows(f.path))
        page.getCellRangeByName(f"B{at[0]}:L{at[-1]}").sort((order,))
        book.store()
        book.close(True)
    assert tokens(f.path) != f.tokens
    f.once()
    assert ids(f, f.dir.name) == f.before and f.notes() == {}
    f.set(f.mine[3], goal="排序后改的")
    f.once()
    after = ids(f, f.dir.name)
    changed = {k for k in after if after[k] != f.before[k]}
    assert changed == {f.mine[3]} and f.issue(f.mine[3])["id"] == \
        f.before[f.mine[3]][0]
    assert tokens(f.path) == f.tokens


def test_sorted_apart_is_held_until_undone(ten):
    """Names, texts and tokens went different ways: nobody can tell whose row
    is whose, so nothing is pushed; undoing it is enough."""
    f = ten
    good = f.path.read_bytes()
    sort_some(f.path, "C", key=lambda r: r[0][::-1])
    sort_some(f.path, "BDEFGHIJ", key=lambda r: r[0])
    for n in sorted(rows(f.path))[:3]:
        edit("openpyxl", f.path, [[f"C{n}", f"改了名{n} {f.dir.name}"]])
    # As the names stand now, backwards: no token stays with its own.
    whose = {token: name for name, token in f.tokens.items()}
    sort_some(f.path, "M", key=lambda r: whose[r[0].split(".")[0]][::-1],
              backwards=True)
    f.once(1)
    note = f.notes()[f.path.name + REPORT]
    assert "疑似排序错位" in note and "撤销排序" in note
    assert ids(f, f.dir.name) == f.before
    f.path.write_bytes(good)
    f.set(f.mine[0], goal="撤销之后")
    f.once()
    assert f.notes() == {} and f.issue(f.mine[0])["goal"] == "撤销之后"


def test_copied_rows_erased_and_damaged_tokens(ten):
    """A copied row is a new row; erased or damaged tokens are made good from
    what the rows say."""
    f = ten
    book = openpyxl.load_workbook(f.path)
    page = book[SHEET]
    source, to = find(f.path, f.mine[0]), blank_row(f.path)
    for col in "BCDEFGHIJKLM":
        page[f"{col}{to}"].value = page[f"{col}{source}"].value
    page[f"C{to}"].value = f"复制来的 {f.dir.name}"
    page[f"M{find(f.path, f.mine[1])}"].value = None
    page[f"M{find(f.path, f.mine[2])}"].value = "x" * 40
    page[f"M{find(f.path, f.mine[3])}"].value = \
        page[f"M{find(f.path, f.mine[4])}"].value
    book.save(f.path)
    f.once()
    after = ids(f, f.dir.name)
    new = after.pop(f"复制来的 {f.dir.name}")
    assert after == f.before and new[0] not in [i for i, _ in after.values()]
    assert {k: v for k, v in tokens(f.path).items() if k in f.tokens} == \
        f.tokens
    book = openpyxl.load_workbook(f.path)
    for n in rows(f.path):
        book[SHEET][f"M{n}"].value = None
    book.save(f.path)
    f.once()
    assert ids(f, f.dir.name) == {**f.before,
                                  f"复制来的 {f.dir.name}": new}


def test_many_deletions_are_held_and_can_be_taken_back(ten):
    """Eight of ten rows gone: told with the way to confirm; put back, the
    note goes and nothing was deleted; confirmed, they are."""
    f = ten
    good = f.path.read_bytes()
    f.remove_rows(*f.mine[:8])
    f.set(f.mine[9], goal="其余照常读取")
    f.once(1)
    note = f.notes()[f.path.name + REPORT]
    assert "一次删除的行较多" in note and "确认删除" in note
    assert len(f.issues(f.dir.name)) == 10
    assert f.issue(f.mine[9])["goal"] == "其余照常读取"
    gone = f.path.read_bytes()
    f.path.write_bytes(good)
    f.once()
    assert f.notes() == {} and len(f.issues(f.dir.name)) == 10
    assert set(f.mine) <= {r["C"] for r in rows(f.path).values()}
    f.remove_rows(*f.mine[:8])
    f.once(1)
    edit("openpyxl", f.path, [["F9", "确认删除"]], sheet="校验结果")
    f.once()
    assert f.notes() == {} and gone != good
    assert {i["description"] for i in f.issues(f.dir.name)} == \
        {*f.mine[8:]}
