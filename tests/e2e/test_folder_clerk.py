"""What clerks do to a good ledger with the mouse: errors dragged over rows,
blocks merged, columns put in and taken out, remarks written on the report
pages. Nothing is deleted or wiped by it, and nothing goes unsaid (I1, I7)."""
import datetime
import time

import openpyxl
import pytest

from sheets import ACTION, FULL, TOWN, c
from staff import FIRST, SHEET, blank_row, edit, fields, find
from test_agent import Folder
from test_folder_unread import told

assert c    # the fixture
TYPED = "BCDEFGHIJ"


@pytest.fixture
def folder(c, tmp_path):
    return Folder(c, tmp_path, settle_s=0, delete_after_s=0)


def page_of(f):
    book = openpyxl.load_workbook(f.path)
    return book, book[SHEET]


def spoil(page, *cells):
    """What a formula leaves whose source is gone."""
    for ref in cells:
        page[ref] = "#REF!"
        page[ref].data_type = "e"


def test_every_cell_that_is_not_read_is_told(folder):
    """Also the second of a row, and none that was put right."""
    f, name = folder, "两格错误值"
    f.add(name)
    f.once()
    n = find(f.path, name)
    for ref in (f"H{n}", f"I{n}"):
        book, page = page_of(f)
        spoil(page, ref)
        book.save(f.path)
        f.once()
    assert {x[1] for x in told(f, "公式")} == {"整改目标", "整改措施"}
    edit("openpyxl", f.path, fields(n, goal=FULL["goal"]))
    f.once()
    assert [x[1] for x in told(f, "公式")] == ["整改措施"]
    edit("openpyxl", f.path, fields(n, measures=FULL["measures"]))
    f.once()
    assert told(f, "公式") == []


def test_a_row_of_nothing_but_errors_is_no_deleted_row(folder):
    f, name, other = folder, "整行成了错误值", "旁边好好的一行"
    f.add(name, other)
    f.once()
    n, spare = find(f.path, name), blank_row(f.path)
    book, page = page_of(f)
    spoil(page, *[f"{x}{n}" for x in TYPED], f"C{spare}")
    book.save(f.path)
    f.once()
    time.sleep(1.2)
    f.patch(other, goal="系统照样写得进去")
    f.once()
    assert f.issue(name)["goal"] == FULL["goal"]
    assert f.shown(other)["H"] == "系统照样写得进去" and f.notes() == {}
    assert len([x for x in told(f, "公式") if x[0] == str(n)]) == len(TYPED)
    _, page = page_of(f)
    assert [page[f"C{x}"].value for x in (n, spare)] == ["#REF!"] * 2
    edit("openpyxl", f.path, [[f"{x}{n}", FULL[k]] for x, k in zip(
        TYPED, FULL)] + [[f"C{n}", name], [f"C{spare}", "错误改成了新行"]])
    f.once()
    assert f.issue(name)["rev"] == 1 and f.issue("错误改成了新行")


def test_a_merged_block_wipes_nothing(folder):
    """Excel keeps the first cell alone; the others were not cleared by
    anybody who meant it."""
    f, names = folder, ("合并块甲", "合并块乙", "合并一行")
    f.add(*names)
    f.once()
    first, second, third = (find(f.path, x) for x in names)
    book, page = page_of(f)
    page.merge_cells(f"C{first}:D{second}")
    page.merge_cells(f"E{third}:F{third}")
    book.save(f.path)
    f.once()
    for name in names:
        i = f.issue(name)
        assert i["responsible_org"] == FULL["responsible_org"]
        assert i["leader_phone"]
    assert {(x[0], x[1]) for x in told(f, "合并单元格")} == {
        (str(first), "整改责任部门"), (str(second), "具体问题描述"),
        (str(second), "整改责任部门"), (str(third), "整改责任领导·电话")}
    book, page = page_of(f)
    for block in list(page.merged_cells.ranges):
        if block.min_row >= first and block.max_row <= third:
            page.unmerge_cells(str(block))
    for ref, value in ((f"D{first}", "甲部门"), (f"C{second}", names[1]),
                       (f"D{second}", "乙部门"), (f"F{third}", "13800000008")):
        page[ref] = value
    book.save(f.path)
    f.once()
    assert [f.issue(x)["responsible_org"] for x in names[:2]] == [
        "甲部门", "乙部门"]
    assert told(f, "合并单元格") == []


def test_a_column_put_in_front_does_not_hide_the_footnote(folder):
    f = folder
    f.add("前面插了一列")
    f.once()
    n = find(f.path, "前面插了一列")
    book, page = page_of(f)
    wide = page.max_column
    for block in list(page.merged_cells.ranges):
        page.merged_cells.remove(block)
        block.shift(1, 0)
        page.merged_cells.add(block)
    page.move_range(f"A1:{page.cell(1, wide).column_letter}{page.max_row}",
                    cols=1)
    page["A4"], page[f"A{n}"] = "村组", "丁村"
    book.save(f.path)
    f.patch("前面插了一列", measures="写回一次")
    f.once()
    _, page = page_of(f)
    foot = next(n for n in range(FIRST, page.max_row + 1)
                if str(page[f"B{n}"].value).startswith("备注"))
    assert page[f"N{foot - 1}"].value
    assert not any(page[f"N{n}"].value for n in range(foot, foot + 30))
    assert f.issue("前面插了一列")["extra"]["村组"] == "丁村"


def test_a_column_taken_out_or_named_otherwise_is_told(folder):
    f, name = folder, "少了一栏"
    f.add(name)
    f.once()
    n = find(f.path, name)
    edit("openpyxl", f.path, [["D4", "哪个部门管"], [f"D{n}", "改在这里"]])
    f.once()
    line, = [x for x in told(f, "表头") if x[1] == "整改责任部门"]
    assert "表中没有这一栏" in line[-2]
    i = f.issue(name)
    assert i["responsible_org"] == FULL["responsible_org"]
    assert i["extra"]["哪个部门管"] == "改在这里"
    edit("openpyxl", f.path, [["D4", "整改责任部门"]])
    f.once()
    assert told(f, "表头") == []
    assert f.issue(name)["responsible_org"] == "改在这里"


def test_a_delete_mark_that_is_none(folder):
    f, name = folder, "想删又没写清"
    f.add(name)
    f.once()
    n = find(f.path, name)
    edit("openpyxl", f.path, [["T4", "删除"], [f"T{n}", "要删"]])
    f.once()
    line, = told(f, "删除标记")
    assert line[0] == str(n) and "要删" in line and f.issue(name)
    edit("openpyxl", f.path, [[f"T{n}", "是"]])
    f.once()
    assert f.issues(name) == []


def test_what_is_typed_beside_a_label_above_the_headings(folder):
    """The cell was split, the value stands in the next one: there it is read,
    and there it is written."""
    f = folder
    f.once()
    book, page = page_of(f)
    for block in ("D3:F3", "J3:L3"):
        page.unmerge_cells(block)
    page["D3"], page["E3"] = "填表人：", "赵六"
    page["J3"], page["K3"] = "填表时间：", datetime.date(2023, 5, 6)
    page["K3"].number_format = "yyyy/m/d"
    book.save(f.path)
    f.once()
    assert f.county.stack.psql(
        "SELECT cells ->> 'filler_name', cells ->> 'filled_on' FROM"
        f" sheet_header WHERE division_code = {TOWN}") == [
        ["赵六", "2023-05-06"]]
    edit("openpyxl", f.path, [["E3", "钱七"]])
    f.add("顺便填一行")
    f.once()
    _, page = page_of(f)
    assert [page[x].value for x in ("D3", "E3", "J3")] == [
        "填表人：", "钱七", "填表时间："]


def test_remarks_on_the_report_pages_are_given_back(folder):
    f, name = folder, "在结果页回话"
    f.add(name)
    f.once()
    book = openpyxl.load_workbook(f.path)
    page = book["校验结果"]
    below = f"A{page.max_row + 2}"
    page["H2"], page[below] = "这一条已经改好", "请王科长看第6行"
    book["冲突"]["C9"] = "冲突页上的话"
    book.save(f.path)
    f.once()
    lines = told(f, "另写")
    assert {x[0]: x[1] for x in lines} == {
        "校验结果!H2": "这一条已经改好", f"校验结果!{below}": "请王科长看第6行",
        "冲突!C9": "冲突页上的话"}
    assert all("没有读取" in x[-2] for x in lines)


def test_a_percentage_is_read_as_it_is_shown(folder):
    f, name = folder, "进度写成百分数"
    f.add(name)
    f.once()
    n = find(f.path, name)
    book, page = page_of(f)
    for ref, value, shown in ((f"H{n}", 0.07, "0%"), (f"I{n}", 1, "0.0%")):
        page[ref], page[ref].number_format = value, shown
    book.save(f.path)
    f.once()
    i = f.issue(name)
    assert (i["goal"], i["measures"]) == ("7%", "100%")
    f.patch(name, measures="60%")
    f.once()
    assert (f.shown(name)["H"], f.shown(name)["I"]) == ("0.07", "60%")
    assert f.issue(name)["goal"] == "7%"


def test_a_title_among_the_rows_keeps_its_row(folder):
    """一、…… in the column of the numbers: what the system adds goes below."""
    f, name = folder, "系统里登记的一条"
    f.once()
    n = blank_row(f.path)
    edit("openpyxl", f.path, [[f"A{n}", "一、项目管理类"]])
    f.once()
    r = f.county.user["clerk"].post("/v1/issues", {
        "action_id": ACTION, "division_code": TOWN,
        "category": "Y-3", "description": name})
    assert r.status == 201, r
    f.once()
    _, page = page_of(f)
    assert page[f"A{n}"].value == "一、项目管理类" and not page[f"C{n}"].value
    assert find(f.path, name) > n
    f.add("标题那一行也能填")
    f.once()
    assert find(f.path, "标题那一行也能填") == n
    assert f.issue("标题那一行也能填")


def test_a_hidden_ledger_page_is_named(folder):
    f, name = folder, "台账页被隐藏"
    f.add(name)
    f.once()
    book, page = page_of(f)
    page.sheet_state, book.active = "hidden", 1
    page[f"H{find(f.path, name)}"] = "藏起来以后填的"
    book.save(f.path)
    f.once(1)
    note, = f.notes().values()
    assert f"“{SHEET}”页被隐藏了" in note and "取消隐藏" in note
    book, page = page_of(f)
    page.sheet_state = "visible"
    book.save(f.path)
    f.once()
    assert f.notes() == {} and f.issue(name)["goal"] == "藏起来以后填的"


def test_two_people_fill_the_same_blank_row(folder):
    """The second opened the file before the first one's save was written
    back: rows of one township are alike but for their names."""
    f = folder
    f.add("两人都看过的")
    f.once()
    stale = f.dir / "stale.xlsx"
    stale.write_bytes(f.path.read_bytes())
    f.set("两人都看过的", goal="先来的目标")
    f.add("先来的新问题")
    f.once()
    f.add("后来的新问题", path=stale)
    f.set("两人都看过的", path=stale, measures="后来的措施")
    f.path.write_bytes(stale.read_bytes())
    f.once()
    time.sleep(1.2)
    f.once()
    for name in ("先来的新问题", "后来的新问题"):
        assert f.issue(name)["rev"] == 1 and find(f.path, name)
    i = f.issue("两人都看过的")
    assert (i["goal"], i["measures"]) == ("先来的目标", "后来的措施")


def test_another_table_takes_the_name_of_a_renamed_ledger(folder):
    f, name = folder, "改名以后还是主文件"
    f.add(name)
    f.once()
    old, f.path = f.path, f.path.rename(f.share / "改了名的台账.xlsx")
    book = openpyxl.Workbook()
    book.active["A1"] = "通讯录"
    book.save(old)
    f.set(name, goal="改名以后填的")
    f.once()
    f.patch(name, measures="写到改了名的里面")
    f.once()
    assert f.issue(name)["goal"] == "改名以后填的" and f.notes() == {}
    assert f.shown(name)["I"] == "写到改了名的里面"
    assert openpyxl.load_workbook(old).active["A1"].value == "通讯录"


@pytest.mark.parametrize("code", ["utf-8-sig", "gb18030"])
def test_a_ledger_saved_as_csv_is_told(folder, code):
    f, path = folder, folder.share / "台账.csv"
    other = f.share / "通讯录.csv"
    _, page = page_of(f)
    path.write_text("\n".join(",".join(
        str(x or "") for x in row) for row in page.iter_rows(
        max_row=FIRST, values_only=True)) + "只在这里填的\n", code)
    other.write_text("姓名,电话\n王一,13800000001\n", code)
    was = path.read_bytes()
    f.once(1)
    (name, note), = f.notes().items()
    assert name.startswith(path.name) and ".csv" in note
    assert path.read_bytes() == was
    path.unlink()
    f.once()
    assert f.notes() == {}


def test_more_faults_than_a_page_holds_are_counted(folder):
    f, rows = folder, 1200
    book, page = page_of(f)
    for block in list(page.merged_cells.ranges):
        if block.min_row >= FIRST:
            page.merged_cells.remove(block)
    first = blank_row(f.path)
    for at in [x for x in page._cells if x[0] >= first + 10]:
        del page._cells[at]
    for n in range(first, first + rows):
        for col, key in zip(TYPED, FULL):
            page[f"{col}{n}"] = FULL[key]
        page[f"C{n}"] = f"很多错误的第{n}行"
        spoil(page, f"I{n}")
    book.save(f.path)
    f.once()
    lines = told(f, "公式")
    assert len(lines) < rows
    last, = told(f, "其余")
    assert f"以上只列出了 {len(lines)} 处" in last[-2]
