"""What stands in a workbook and is not read is told, with its place and what
to do: in 校验结果, or beside a file that the system does not write (I1)."""
import openpyxl
import pytest

from sheets import FULL, c
from staff import FIRST, SHEET, blank_row, edit, fields, find
from test_agent import REPORT, Folder

assert c    # the fixture
TYPED = ["category", "description", "responsible_org", "leader_name",
         "leader_phone", "person_name", "goal", "measures", "progress_text"]


@pytest.fixture
def folder(c, tmp_path):
    return Folder(c, tmp_path, settle_s=0, delete_after_s=0)


def told(f, rule):
    """The lines of 校验结果 that name the rule."""
    page = openpyxl.load_workbook(f.path)["校验结果"]
    return [[str(x) for x in r if x is not None]
            for r in page.iter_rows(min_row=2, values_only=True)
            if r[3] == rule]


def row_at(page, n, name):
    for col, field in zip("BCDEFGHIJ", TYPED):
        page[f"{col}{n}"] = FULL[field]
    page[f"C{n}"] = name


def typed_form(path, *sheets):
    """Forms typed by hand: each sheet a name and {row: description}."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    heads = ["序号", "问题类别", "具体问题描述", "整改责任部门", "领导姓名",
             "领导电话", "整改责任人", "整改目标", "整改措施", "整改进展情况",
             "是否验收", "是否销号"]
    for name, lines in sheets:
        page = book.create_sheet(name)
        page.append(heads)
        for n, text in lines.items():
            row_at(page, n, text)
    book.save(path)


def test_a_row_below_the_footnote(folder):
    f = folder
    f.add("备注上方的一行")
    f.once()
    book = openpyxl.load_workbook(f.path)
    page = book[SHEET]
    foot = next(n for n in range(FIRST, page.max_row + 1)
                if str(page[f"A{n}"].value).startswith("备注"))
    row_at(page, foot + 2, "填在备注下面")
    page[f"C{foot + 3}"], page[f"G{foot + 3}"] = "审核人：", "盖章："
    book.save(f.path)
    f.once()
    assert f.issues("填在备注下面") == []
    line, = told(f, "表尾")
    assert line[0] == str(foot + 2) and "有 1 行" in line[-2]
    assert "移到“备注”一行的上方" in line[-1]
    book = openpyxl.load_workbook(f.path)
    page = book[SHEET]
    n = blank_row(f.path)
    for col in "BCDEFGHIJ":
        page[f"{col}{n}"] = page[f"{col}{foot + 2}"].value
        page[f"{col}{foot + 2}"] = None
    book.save(f.path)
    f.once()
    assert f.issue("填在备注下面") and told(f, "表尾") == []


def test_the_sheet_copied_within_the_workbook(folder):
    f = folder
    f.add("本页的一行")
    f.once()
    book = openpyxl.load_workbook(f.path)
    copy = book.copy_worksheet(book[SHEET])
    copy.title = "副本页"
    copy[f"H{FIRST}"] = "只填在副本页"
    book.save(f.path)
    f.once()
    line, = told(f, "多页")
    assert "工作表“副本页”" in line[1] and f"“{SHEET}”一页" in line[-2]
    seen = f.path.stat().st_mtime_ns
    f.once()
    assert f.path.stat().st_mtime_ns == seen     # said once
    book = openpyxl.load_workbook(f.path)
    del book["副本页"]
    book.save(f.path)
    f.set("本页的一行", goal="副本页删去以后")
    f.patch("本页的一行", measures="写回一次")
    f.once()
    assert told(f, "多页") == []


def test_a_column_without_heading_and_a_label_typed_over(folder):
    f = folder
    f.add("表外有话的")
    f.once()
    n = find(f.path, "表外有话的")
    edit("openpyxl", f.path, [[f"P{n}", "记在表外的话"], ["D3", "赵六"]])
    f.once()
    lines = told(f, "表头")
    assert [x for x in lines if x[:3] == [str(n), "P列", "记在表外的话"]]
    label, = [x for x in lines if "赵六" in x]
    assert label[-1] == "请写成“填表人：赵六”。"
    edit("openpyxl", f.path, [["P4", "我的备注"], ["D3", "填表人：赵六"]])
    f.once()
    assert told(f, "表头") == []
    assert f.issue("表外有话的")["extra"]["我的备注"] == "记在表外的话"


def test_a_typed_form_tells_beside_itself(folder):
    f = folder
    path = f.share / "各村手打.xlsx"
    typed_form(path, ("甲村", {2: "甲村第一条", 3: "甲村第二条",
                             40: "甲村隔得很远"}),
               ("乙村", {2: "乙村第一条"}))
    edit("openpyxl", path, [["H3", "=1+1"]], sheet="甲村")
    f.once()
    assert f.issue("甲村第一条") and not f.issues("乙村第一条")
    note = f.notes()[path.name + REPORT]
    assert "第3行 整改目标：公式没有保存计算结果" in note
    assert "从第40行起有 1 行" in note
    assert "工作表“乙村”" in note and "这一页的 1 行没有读取" in note


def test_a_table_that_is_almost_the_form(folder):
    """Told what it lacks; a table of other headings is nobody's business."""
    f = folder
    path, other = f.share / "少了几栏.xlsx", f.share / "通讯录.xlsx"
    typed_form(path, ("表", {2: "少了几栏的"}))
    edit("openpyxl", path, [["H1", "其他一"], ["I1", "其他二"],
                            ["J1", "其他三"]], sheet="表")
    edit("openpyxl", path, [[f"{x}1", f"其他{x}"] for x in "KL"], sheet="表")
    book = openpyxl.Workbook()
    book.active.append(["序号", "姓名", "电话"])
    book.save(other)
    f.once(1)
    note, = f.notes().values()
    assert f.issues("少了几栏的") == [] and "缺少“整改目标”“整改措施”" in note
    edit("openpyxl", path, [["H1", "整改目标"], ["I1", "整改措施"],
                            ["J1", "整改进展情况"]], sheet="表")
    f.once()
    assert f.issue("少了几栏的")["goal"] == FULL["goal"]


def test_rows_alike_are_named(folder):
    f = folder
    f.add("一模一样的")
    f.once()
    book = openpyxl.load_workbook(f.path)
    page, n, to = book[SHEET], find(f.path, "一模一样的"), blank_row(f.path)
    for col in range(1, 15):
        page.cell(to, col).value = page.cell(n, col).value
    book.save(f.path)
    f.once(1)
    note = f.notes()[f.path.name + REPORT]
    assert f"第{n}行：与另一行完全相同" in note
    assert f"第{to}行：与另一行完全相同" in note


def test_a_main_file_without_its_hidden_sheets(folder):
    """It cannot be written again; what to do leads out of that."""
    f = folder
    f.add("丢了隐藏页")
    f.once()
    book = openpyxl.load_workbook(f.path)
    del book["_meta"]
    book[SHEET][f"H{find(f.path, '丢了隐藏页')}"] = "另说一个目标"
    book.save(f.path)
    f.once()
    note = f.notes()[f.path.name + REPORT]
    assert "另有 1 行" in note and "把本表改名" in note
    f.path.rename(f.share / "改了名.xlsx")
    f.once()
    assert f.shown("丢了隐藏页")["H"] == FULL["goal"]
    page = openpyxl.load_workbook(f.path)["冲突"]
    assert page["F2"].value == "另说一个目标"
    assert len(f.issues("丢了隐藏页")) == 1


def test_decisions_that_say_too_little_or_too_much(folder):
    """Spaces do not matter; what cannot be followed changes nothing, and what
    was typed stands in 校验结果."""
    f = folder
    said = {"多了空格": ("采 用 本 表　", None), "说法不同": ("以本表为准", None),
            "没有新值": ("改为", None), "只有新值": (None, "只填了新值"),
            "又填新值": ("采用系统", "多填的新值")}
    f.add(*said)
    f.once()
    for name in said:
        f.set(name, goal="本表")
        f.patch(name, goal="系统")
    f.once()
    page = openpyxl.load_workbook(f.path)["冲突"]
    line = {page.cell(r, 2).value: r for r in range(2, 9)}
    cells = []
    for name, (choice, value) in said.items():
        r = line[find(f.path, name)]
        cells += [[f"I{r}", choice], [f"J{r}", value]]
    edit("openpyxl", f.path, cells, sheet="冲突")
    f.once()
    assert f.issue("多了空格")["goal"] == "本表"
    lines = told(f, "冲突处理")
    for name, (choice, value) in list(said.items())[1:]:
        assert f.issue(name)["goal"] == "系统"
        one, = [x for x in lines if x[0] == str(find(f.path, name))]
        assert "处理没有生效" in one[-2] and "“处理”一栏选" in one[-1]
        assert (choice or "") in one[2] and (value or "") in one[2]
    page = openpyxl.load_workbook(f.path)["冲突"]
    left = {page.cell(r, 2).value for r in range(2, 9)}
    assert {find(f.path, name) in left for name in list(said)[1:]} == {True}
    assert find(f.path, "多了空格") not in left
