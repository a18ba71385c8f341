"""Workbooks as the agent writes and patches them, read back by other programs
and after other programs have saved them."""
import json
import os
import pathlib
import re
import subprocess
import uuid
import zipfile

import openpyxl
import pytest

import staff

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TAIZHANG_BUILD", ROOT / "build"))
TEMPLATE = ROOT / "conf/ledgers/x01.json"
SHEET = staff.SHEET
# What a spreadsheet program would like to compute or send somewhere.
PAYLOADS = ["=1+1", "+1+1", "-1+1", "@SUM(1,1)", "\t=1+1", "\r=1+1",
            "=cmd|'/C calc'!A0", '=HYPERLINK("http://192.0.2.1/","点我")',
            "=DDE(\"a\";\"b\";\"c\")", "＝1+1", "'=1+1", '"=1+1', "{=1+1}",
            "=WEBSERVICE(\"http://192.0.2.1/\")", "<f>1+1</f>", "]]><f>1</f>"]


def export(n=3, spares=5):
    """What the API would send for a township's ledger."""
    def ident(i):
        return str(uuid.UUID(int=i))
    rows = [{"row": ident(100 + i), "token": f"TOKEN{i}.2.ABCDEFGH", "rev": 2,
             "held": [], "cells": {
                 "category": "立项批复", "description": f"第{i}个问题",
                 "responsible_org": "镇人民政府", "leader_name": "张三",
                 "leader_phone": "13800000000", "person_name": "李四",
                 "goal": "目标", "measures": "措施一\n措施二",
                 "progress_text": "已完成", "accepted": "是",
                 "closed": "否", "project_uid": f"P{i}"}}
            for i in range(n)]
    return {
        "export": ident(1), "ledger": ident(2), "instance": ident(3),
        "mac": "MAC", "seq": 7, "template": "X01", "version": 1,
        "exported_at": "2023-04-06T02:03:04Z", "action": "HLS2023",
        "head": "taizhang-audit-head 1 seq=7",
        "unit": "草尾镇", "division": "430981100000", "kind": "primary",
        "header": {"row": ident(2), "rev": 1, "cells": {
            "reporting_org": "草尾镇人民政府", "filler_name": "王五",
            "filler_phone": "13800000001", "filled_on": "2023-04-06"}},
        "rows": rows, "findings": [], "conflicts": [],
        "spares": [{"row": ident(900 + i), "token": f"SPARE{i}.0.ABCDEFGH"}
                   for i in range(spares)]}


def tool(*args):
    return subprocess.run([BUILD / "tests/tool_workbook", *map(str, args)],
                          text=True, capture_output=True)


def write(folder, data, name="ledger.xlsx", template=TEMPLATE):
    (folder / "export.json").write_text(json.dumps(data, ensure_ascii=False))
    done = tool("write", template, folder / "export.json", folder / name)
    assert done.returncode == 0, done.stderr
    return folder / name


def patch(source, *patches, out=None):
    """Patches into a new file; the tool's result is returned with it."""
    out = out or source.with_name("patched.xlsx")
    plan = source.with_name("patches.json")
    plan.write_text(json.dumps(patches, ensure_ascii=False))
    return out, tool("patch", source, out, plan)


def patched(source, *patches, out=None):
    out, done = patch(source, *patches, out=out)
    assert done.returncode == 0, done.stderr
    return out


def parts(path):
    with zipfile.ZipFile(path) as z:
        return {n: z.read(n) for n in z.namelist()}


def part_of(path, sheet):
    """The part's name of a sheet, through the relationships."""
    p = parts(path)
    book, rels = (p[n].decode() for n in ("xl/workbook.xml",
                                          "xl/_rels/workbook.xml.rels"))
    tag = re.search(rf'<\w*:?sheet [^>]*name="{sheet}"[^>]*>', book)[0]
    rid = re.search(r'\w+:id="(\w+)"', tag)[1]
    rel = next(t for t in re.findall(r"<\w*:?Relationship [^>]*>", rels)
               if f'Id="{rid}"' in t)
    target = re.search(r'Target="([^"]*)"', rel)[1].lstrip("/")
    return target if target.startswith("xl/") else "xl/" + target


def repack(path, change):
    """Rewrites parts as change(name, bytes) says; None leaves one out."""
    old = parts(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in old.items():
            data = change(name, data)
            if data is not None:
                z.writestr(name, data)


@pytest.fixture
def ledger(tmp_path):
    return write(tmp_path, export())


def test_printed_form(ledger):
    book = openpyxl.load_workbook(ledger)
    page = book[SHEET]
    form = json.loads(TEMPLATE.read_text())
    assert page["A1"].value == "附件"
    assert page["A2"].value == "草尾镇产业帮扶项目问题整改台账"
    assert [page[c].value for c in ("A3", "D3", "G3", "J3")] == [
        "单位：（盖章）草尾镇人民政府", "填表人：王五", "联系电话：13800000001",
        "填表时间：2023-04-06"]
    merges = {str(m) for m in page.merged_cells.ranges}
    singles = {f"{c}4:{c}5" for c in "ABCDGHIJKLMN"}
    assert merges == singles | {"A2:L2", "A3:C3", "D3:F3", "G3:I3", "J3:L3",
                                "E4:F4", "A14:L14"}
    assert [page.cell(4, c).value for c in range(1, 13)] == [
        "序号", "问题类别", "具体问题描述", "整改责任部门", "整改责任领导", None,
        "整改责任人", "整改目标", "整改措施", "整改进展情况", "是否验收", "是否销号"]
    assert [page["E5"].value, page["F5"].value] == ["姓名", "电话"]
    assert [page.cell(6, c).value for c in range(1, 15)] == [
        1, "立项批复", "第0个问题", "镇人民政府", "张三", "13800000000", "李四",
        "目标", "措施一\n措施二", "已完成", "是", "否", "TOKEN0.2.ABCDEFGH", "P0"]
    assert [page.cell(9, c).value for c in range(1, 15)] == [
        *[None] * 12, "SPARE0.0.ABCDEFGH", None]
    assert page["A14"].value == form["footnote"]
    for c in "ABCDEFGHIJKL":
        for row in (6, 9, 13):
            assert page[f"{c}{row}"].border.left.style == "thin"
            assert c == "A" or page[f"{c}{row}"].number_format == "@"
    assert page["C6"].alignment.wrap_text


def test_behaviour_of_the_sheet(ledger):
    book = openpyxl.load_workbook(ledger)
    page = book[SHEET]
    assert {s.title: s.sheet_state for s in book} == {
        SHEET: "visible", "填表说明": "visible", "校验结果": "visible",
        "冲突": "visible", "_codes": "hidden", "_meta": "veryHidden"}
    assert page.freeze_panes == "C6"
    assert page.auto_filter.ref == "A5:N13"
    assert page.print_area == ["$A$1:$L$14"]
    assert page.print_title_rows == "4:5" or page.print_title_rows == "$4:$5"
    assert (page.page_setup.orientation, page.page_setup.paperSize,
            page.page_setup.fitToHeight) == ("landscape", 9, 0)
    assert page.sheet_properties.pageSetUpPr.fitToPage
    assert [c for c in "ABCDEFGHIJKLMN"
            if page.column_dimensions[c].hidden] == ["M", "N"]
    # Protection lets staff sort, filter, insert and delete: in Excel that
    # takes unlocked cells in the whole of each data row, hidden ones too.
    p = page.protection
    assert p.sheet and not p.password
    assert not any((p.sort, p.autoFilter, p.insertRows, p.deleteRows,
                    p.formatRows, p.formatColumns))
    raw = parts(ledger)["xl/worksheets/sheet1.xml"].decode()
    for row in range(6, 14):
        tag = re.search(rf'<row r="{row}"[^>]*>', raw)[0]
        assert 'customFormat="1"' in tag and "customHeight" not in tag
        assert all(not page.cell(row, c).protection.locked
                   for c in range(1, 15))
    assert all(page[c].protection.locked for c in ("A2", "B4", "A14"))
    assert not page["A3"].protection.locked


def test_validations(ledger):
    book = openpyxl.load_workbook(ledger)
    rules = {str(v.sqref): v
             for v in book[SHEET].data_validations.dataValidation}
    lists = book["_codes"]

    def values(rule):
        ref = re.fullmatch(r"_codes!\$(\w+)\$(\d+):\$\w+\$(\d+)",
                           rule.formula1)
        return [lists[f"{ref[1]}{n}"].value
                for n in range(int(ref[2]), int(ref[3]) + 1)]
    assert values(rules["B6:B13"]) == ["立项批复", "实施推进", "监督管理",
                                       "联农带农", "后期运维", "其他"]
    assert values(rules["D6:D13"]) == ["镇人民政府", "乡村振兴办",
                                       "农业综合服务中心"]
    assert values(rules["K6:K13"]) == values(rules["L6:L13"]) == ["是", "否"]
    assert rules["B6:B13"].errorStyle in (None, "stop")
    assert rules["D6:D13"].errorStyle == "warning"
    assert rules["C6:C13"].type == "textLength"
    for sqref in ("B6:B13", "C6:C13", "D6:D13", "K6:K13"):
        assert rules[sqref].prompt and rules[sqref].error
    choose = book["冲突"].data_validations.dataValidation[0]
    assert values(choose) == ["采用系统", "采用本表", "改为"]


def test_long_lists_do_not_kill_the_library(tmp_path):
    """libxlsxwriter 1.1.4 aborts on list strings of more than 255 bytes."""
    form = json.loads(TEMPLATE.read_text())
    form["lists"]["responsible_org"] = [f"第{i:04}号责任部门" for i in range(400)]
    (tmp_path / "form.json").write_text(json.dumps(form))
    path = write(tmp_path, export(), template=tmp_path / "form.json")
    lists = openpyxl.load_workbook(path)["_codes"]
    assert lists["B401"].value == "第0399号责任部门"


def test_identity(ledger):
    data = export()
    meta = {r[0].value: r[1].value for r in
            openpyxl.load_workbook(ledger)["_meta"].iter_rows()}
    assert meta == {"format": "taizhang/1", **{
        k: str(data[k]) for k in ("template", "version", "ledger", "instance",
                                  "export", "mac", "action", "unit",
                                  "division", "exported_at", "seq",
                                  "head")}}


def test_equal_input_gives_equal_bytes(tmp_path):
    one = write(tmp_path, export(), "one.xlsx").read_bytes()
    two = write(tmp_path, export(), "two.xlsx").read_bytes()
    assert one == two
    other = export()
    other["seq"] = 8
    assert write(tmp_path, other, "three.xlsx").read_bytes() != one


def test_dates_and_extra_columns(tmp_path):
    form = json.loads(TEMPLATE.read_text())
    form["columns"][7].update(name="due_on", kind="date", label="时限")
    (tmp_path / "form.json").write_text(json.dumps(form))
    data = export(4)
    for row, due in zip(data["rows"], ("2023-05-31", "2023-05", "待定", "")):
        row["cells"]["due_on"] = due
    data["rows"][1]["cells"]["extra.备注说明"] = "自己加的"
    path = write(tmp_path, data, template=tmp_path / "form.json")
    page = openpyxl.load_workbook(path)[SHEET]
    assert page["H6"].is_date and page["H6"].number_format == "yyyy-mm-dd"
    assert page["H6"].value.isoformat()[:10] == "2023-05-31"
    assert [page[f"H{n}"].value for n in (7, 8, 9)] == ["2023-05", "待定",
                                                        None]
    assert page["O4"].value == "备注说明" and page["O7"].value == "自己加的"
    assert not page.column_dimensions["O"].hidden


def test_reports(tmp_path):
    data = export()
    data["findings"] = [{
        "row": data["rows"][1]["row"], "name": "leader_phone",
        "value": "1380", "rule": "DQ-07", "level": "error",
        "zh": "电话号码位数不对", "en": "wrong length"}]
    data["conflicts"] = [{
        "id": str(uuid.UUID(int=5)), "code": "K3F", "name": "goal",
        "row": data["rows"][2]["row"], "base": "旧", "system": "甲",
        "file": "乙", "system_by": "县农业农村局", "rev": 4,
        "at": "2023-04-05T23:02:03Z"}]
    book = openpyxl.load_workbook(write(tmp_path, data))
    found = [c.value for c in book["校验结果"][2]]
    assert found[:5] == [7, "整改责任领导·电话", "1380", "DQ-07",
                         "【须改正】电话号码位数不对"]
    assert found[5] and found[6] == data["rows"][1]["token"]
    assert [c.value for c in book["冲突"][2]] == [
        "K3F", 8, "整改目标", "旧", "甲", "乙", "县农业农村局",
        "2023-04-06 07:02", None, None, data["rows"][2]["token"],
        data["conflicts"][0]["id"], "4"]
    assert book["冲突"].column_dimensions["K"].hidden
    assert not book["冲突"]["I2"].protection.locked
    assert book["冲突"]["F2"].protection.locked


@pytest.mark.parametrize("damage, said", [
    (lambda d: d["rows"][0]["cells"].update(goal="长" * 32768), "too long"),
    (lambda d: d.update(exported_at="yesterday"), "time of export"),
])
def test_refused_exports(tmp_path, damage, said):
    data = export()
    damage(data)
    (tmp_path / "e.json").write_text(json.dumps(data))
    done = tool("write", TEMPLATE, tmp_path / "e.json", tmp_path / "x.xlsx")
    assert done.returncode == 1 and said in done.stderr


def test_hostile_text_is_text(tmp_path):
    """Opened by LibreOffice and saved: no cell became a formula or link."""
    data = export(len(PAYLOADS))
    names = ["description", "goal", "leader_phone", "accepted", "category"]
    for row, text in zip(data["rows"], PAYLOADS):
        row["cells"].update({n: text for n in names})
    data["header"]["cells"]["filler_name"] = PAYLOADS[0]
    path = write(tmp_path, data)
    for ours in (path, patched(path, {"sheet": SHEET, "puts": [
            [6 + i, 9, text] for i, text in enumerate(PAYLOADS)]})):
        office = staff.office()
        book = office.load(ours)
        page = book.Sheets.getByName(SHEET)
        kinds = {page.getCellByPosition(c, r).Type.value
                 for r in range(40) for c in range(15)}
        assert "FORMULA" not in kinds and "TEXT" in kinds
        for i, text in enumerate(PAYLOADS):
            got = page.getCellRangeByName(f"C{6 + i}").String
            assert got.replace("\r", "\n") == text.replace("\r", "\n")
        book.close(True)
        staff.edit("libreoffice", ours, [["H6", "改"]])
        raw = b"".join(d for n, d in parts(ours).items() if "sheet1" in n)
        assert not re.search(rb"<f[ >/]", raw) and b"hyperlink" not in raw


ODD = ["_x0041_", "a_x005F_b", "甲\n乙", "a\tb", " 两边有空 ", "😀𠮷",
       "<&>\"'", "_x", "\u0001控制", "_xD83D__xDE00_"]


def test_odd_text_survives(tmp_path):
    """LibreOffice reads what was meant, from a fresh and a patched file."""
    data = export(len(ODD))
    for row, text in zip(data["rows"], ODD):
        row["cells"]["goal"] = text
    path = write(tmp_path, data)
    path = patched(path, {"sheet": SHEET, "puts": [
        [6 + i, 9, text] for i, text in enumerate(ODD)]})
    book = staff.office().load(path)
    page = book.Sheets.getByName(SHEET)
    for i, text in enumerate(ODD):
        if "\u0001" in text:
            text = page.getCellRangeByName(f"H{6 + i}").String
            assert text.endswith("控制")
        assert page.getCellRangeByName(f"H{6 + i}").String == text
        assert page.getCellRangeByName(f"I{6 + i}").String == text
    book.close(True)
