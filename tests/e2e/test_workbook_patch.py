"""Changing a workbook of staff's: only what must change does, whoever saved
the file before."""
import random
import re
import zipfile

import openpyxl
import pytest

import staff
from staff import SHEET
from test_workbook_write import (export, part_of, parts, patch, patched,
                                 repack, write)

META = {"sheet": "_meta", "replace": True, "puts": [
    [1, 1, "format"], [1, 2, "taizhang/1"], [2, 1, "export"], [2, 2, "新"]]}
FINDINGS = {"sheet": "校验结果", "replace": True, "style_row": 2, "puts": [
    [1, 1, "行号"], [1, 2, "列"], [1, 5, "说明"],
    [2, 1, 6], [2, 2, "整改目标"], [2, 5, "请写明"], [3, 1, 7]]}


@pytest.fixture
def ledger(tmp_path):
    return write(tmp_path, export())


def values(path, sheet=SHEET):
    page = openpyxl.load_workbook(path)[sheet]
    return {c.coordinate: c.value for row in page.iter_rows() for c in row
            if c.value is not None}


def styles(path, sheet=SHEET):
    page = openpyxl.load_workbook(path)[sheet]
    return {c.coordinate: (c.font.name, c.border.left.style, c.fill.fgColor.rgb,
                           c.number_format, c.alignment.wrap_text,
                           c.protection.locked)
            for row in page.iter_rows() for c in row}


def entries(path):
    """Every entry as it lies in the file: directory fields and raw bytes."""
    raw, out = path.read_bytes(), {}
    with zipfile.ZipFile(path) as z:
        for i in z.infolist():
            n = int.from_bytes(raw[i.header_offset + 26:][:2], "little")
            x = int.from_bytes(raw[i.header_offset + 28:][:2], "little")
            at = i.header_offset + 30 + n + x
            out[i.filename] = (i.date_time, i.compress_type, i.CRC, i.extra,
                               i.external_attr, i.flag_bits, i.comment,
                               raw[at:at + i.compress_size])
    return out


@pytest.mark.parametrize("writer", [None, *staff.WRITERS])
def test_round_trip(ledger, writer):
    """Cells change, styles and everything else stay, whoever saved it."""
    if writer:
        staff.edit(writer, ledger, [["H6", "员工改的"], ["I7", "123"]])
    before, looks = values(ledger), styles(ledger)
    puts = [[3, 4, "填表人：赵六"], [6, 8, "系统的 <目标>&\n第二行"],
            [7, 6, "13800000099"], [8, 9, None], [9, 2, "其他"],
            [9, 3, "=1+1"], [9, 13, "TOKEN9"]]
    out = patched(ledger, {"sheet": SHEET, "style_row": 13, "puts": puts},
                  META, FINDINGS)
    want = dict(before)
    for row, col, value in puts:
        ref = f"{openpyxl.utils.get_column_letter(col)}{row}"
        want[ref] = value
        if value is None:
            del want[ref]
    assert values(out) == want
    now = styles(out)
    # a cell that was not in the file comes into being with a style
    assert {k: v for k, v in now.items() if looks.get(k) != v} == {}
    assert values(out, "_meta") == {"A1": "format", "B1": "taizhang/1",
                                    "A2": "export", "B2": "新"}
    assert values(out, "校验结果") == {
        "A1": "行号", "B1": "列", "E1": "说明", "A2": 6, "B2": "整改目标",
        "E2": "请写明", "A3": 7}
    book = openpyxl.load_workbook(out)
    assert book["_meta"].sheet_state == "veryHidden"
    assert [str(m) for m in book[SHEET].merged_cells.ranges] == [
        str(m) for m in openpyxl.load_workbook(ledger)[SHEET]
        .merged_cells.ranges]
    touched = {part_of(ledger, s) for s in (SHEET, "_meta", "校验结果")}
    old, new = entries(ledger), entries(out)
    assert list(old) == list(new)
    changed = {n for n in old if old[n] != new[n]}
    assert touched <= changed <= touched | {"xl/workbook.xml"}
    # LibreOffice opens the result and sees the same
    staff.edit("libreoffice", out, [["L6", "是"]])
    assert values(out)["H6"] == "系统的 <目标>&\n第二行"
    assert values(out)["C9"] == "=1+1"


def test_rows_beyond_the_last(ledger):
    """They look and behave like the last row of the data."""
    out = patched(ledger, {"sheet": SHEET, "style_row": 13, "puts": [
        [15, 2, "其他"], [17, 3, "新问题"], [17, 20, "远处"]]})
    book = openpyxl.load_workbook(out)
    page = book[SHEET]
    assert page["B15"].value == "其他" and page["C17"].value == "新问题"
    assert page["A14"].value.startswith("备注")
    assert page["C17"].border.left.style == "thin" == page["L15"].border.left.style
    assert not page["C17"].protection.locked
    assert page.dimensions == "A1:T17" and page.auto_filter.ref == "A5:N17"
    assert page.print_area == ["$A$1:$L$17"]
    ranges = {str(v.sqref) for v in page.data_validations.dataValidation}
    assert {"B6:B17", "C6:C17", "L6:L17"} <= ranges
    raw = parts(out)["xl/worksheets/sheet1.xml"].decode()
    assert 'conditionalFormatting sqref="B6:B17"' in raw
    assert "$A$5:$N$17" in parts(out)["xl/workbook.xml"].decode()
    # without a row to take after, nothing grows
    plain = patched(ledger, {"sheet": SHEET, "puts": [[15, 2, "其他"]]})
    page = openpyxl.load_workbook(plain)[SHEET]
    assert page.auto_filter.ref == "A5:N13"


def test_newer_rules_grow_too(ledger):
    """Excel keeps rules that name other sheets in an extension."""
    extension = (
        '<extLst><ext uri="{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}" '
        'xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/'
        'main"><x14:dataValidations count="1" xmlns:xm="http://schemas.'
        'microsoft.com/office/excel/2006/main"><x14:dataValidation type='
        '"list"><x14:formula1><xm:f>_codes!$A$2:$A$7</xm:f></x14:formula1>'
        '<xm:sqref>B6:B13 B20</xm:sqref></x14:dataValidation>'
        '</x14:dataValidations></ext></extLst></worksheet>')
    repack(ledger, lambda n, d: d if not n.endswith("sheet1.xml") else
           d.replace(b"</worksheet>", extension.encode()))
    out = patched(ledger, {"sheet": SHEET, "style_row": 13,
                           "puts": [[18, 2, "其他"]]})
    raw = parts(out)["xl/worksheets/sheet1.xml"].decode()
    assert "<xm:sqref>B6:B18 B20</xm:sqref>" in raw
    assert "<xm:f>_codes!$A$2:$A$7</xm:f>" in raw


def test_formulas_are_never_overwritten(ledger):
    book = openpyxl.load_workbook(ledger)
    page = book[SHEET]
    page["H6"] = "=1+2"
    page.formula_attributes = {}
    book.create_sheet("员工的表")["A1"] = "=SUM(1,2)"
    book.save(ledger)
    out = patched(ledger, {"sheet": SHEET, "puts": [
        [6, 8, "不该写入"], [6, 9, "可以写入"]]})
    got = values(out)
    assert got["H6"] == "=1+2" and got["I6"] == "可以写入"
    assert values(out, "员工的表") == {"A1": "=SUM(1,2)"}
    assert re.search(rb'<calcPr[^>]*fullCalcOnLoad="1"',
                     parts(out)["xl/workbook.xml"])


def test_array_formulas_are_left_whole(ledger):
    def change(name, data):
        if not name.endswith("sheet1.xml"):
            return data
        return re.sub(
            rb'<c r="H6"[^>]*>.*?</c>',
            b'<c r="H6"><f t="array" ref="H6:H7">{1;2}</f><v>1</v></c>', data)
    repack(ledger, change)
    before = parts(ledger)["xl/worksheets/sheet1.xml"]
    out = patched(ledger, {"sheet": SHEET, "puts": [
        [6, 8, "不"], [7, 8, "不"], [8, 8, "可"]]})
    raw = parts(out)["xl/worksheets/sheet1.xml"]
    for ref in (b"H6", b"H7"):
        cell = re.search(rb'<c r="' + ref + rb'"[^>]*>.*?</c>', before)[0]
        assert cell in raw
    assert values(out)["H8"] == "可"


def test_chain_goes_when_formulas_go(ledger):
    """A replaced sheet that had formulas leaves no entry that names them."""
    def change(name, data):
        if name == "[Content_Types].xml":
            return data.replace(b"</Types>", b'<Override PartName="/xl/'
                                b'calcChain.xml" ContentType="application/vnd.'
                                b'openxmlformats-officedocument.spreadsheetml.'
                                b'calcChain+xml"/></Types>')
        if name == "xl/_rels/workbook.xml.rels":
            return data.replace(
                b"</Relationships>", b'<Relationship Id="rId99" Type="http://'
                b'schemas.openxmlformats.org/officeDocument/2006/relationships'
                b'/calcChain" Target="calcChain.xml"/></Relationships>')
        if name.endswith("sheet3.xml"):
            return data.replace(b"</sheetData>", b'<row r="9"><c r="A9"><f>1'
                                b"</f><v>1</v></c></row></sheetData>")
        return data
    repack(ledger, change)
    with zipfile.ZipFile(ledger, "a") as z:
        z.writestr("xl/calcChain.xml", '<calcChain xmlns="http://schemas.open'
                   'xmlformats.org/spreadsheetml/2006/main"><c r="A9" i="3"/>'
                   "</calcChain>")
    kept = parts(patched(ledger, {"sheet": SHEET, "puts": [[6, 8, "新"]]}))
    assert "xl/calcChain.xml" in kept
    gone = parts(patched(ledger, FINDINGS))
    assert not [n for n, d in gone.items()
                if "calcChain" in n or b"calcChain" in d]


def prefixed(data):
    """The sheet as programs write it that prefix every element."""
    data = re.sub(rb"<(/?)([a-zA-Z])", rb"<\1x:\2", data)
    return data.replace(b" xmlns=", b" xmlns:x=", 1)


def no_refs(data):
    """Rows and cells that only say what they are by their order."""
    head, tail = data.split(b"<sheetData>")
    rows, tail = tail.split(b"</sheetData>")
    return (head + b"<sheetData>" + re.sub(
        rb' (r|spans)="[^"]*"', b"", rows) + b"</sheetData>" + tail)


def dense(data):
    """As above; needs every cell of A1:N14 to be there."""
    def fill(m):
        number, cells = m[1].decode(), m[0]
        have = dict(re.findall(rb'(<c r="([A-Z]+)\d+".*?(?:/>|</c>))', cells)
                    and [(b, a) for a, b in re.findall(
                        rb'(<c r="([A-Z]+)\d+"[^>]*?(?:/>|>.*?</c>))', cells)])
        start = re.match(rb"<row[^>]*>", cells)[0]
        return start + b"".join(
            have.get(c.encode(), f'<c r="{c}{number}"/>'.encode())
            for c in "ABCDEFGHIJKLMN") + b"</row>"
    return no_refs(re.sub(rb'<row r="(\d+)".*?</row>', fill, data))


@pytest.mark.parametrize("shape", [prefixed, dense,
                                   lambda d: prefixed(dense(d)),
                                   lambda d: b"\xef\xbb\xbf" + d,
                                   lambda d: d.replace(b'"', b"'"),
                                   lambda d: d.replace(b"<c r=", b"<!--<c>--><c\n r="),
                                   lambda d: d.replace(b"<row", b"<row ").replace(
                                       b"/>", b" />")])
def test_shapes_of_xml(ledger, shape):
    before = values(ledger)
    repack(ledger, lambda n, d: shape(d) if n.endswith("sheet1.xml") else d)
    assert values(ledger) == before
    out = patched(ledger, {"sheet": SHEET, "style_row": 13, "puts": [
        [6, 3, "改"], [6, 15, "加"], [9, 2, "其他"], [13, 14, "末"],
        [16, 2, "新行"]]})
    assert values(out) == {**before, "C6": "改", "O6": "加", "B9": "其他",
                           "N13": "末", "B16": "新行"}
    page = openpyxl.load_workbook(out)[SHEET]
    assert page["B9"].border.left.style == "thin"
    assert page["B16"].border.left.style == "thin"
    staff.edit("libreoffice", out, [["H7", "又改"]])
    assert values(out)["C6"] == "改" and values(out)["B16"] == "新行"


@pytest.mark.parametrize("data", [
    b"<sheetData/>", b"<sheetData></sheetData>", b"<sheetData >\n</sheetData>",
    b'<sheetData><row r="4"/></sheetData>',
    b'<sheetData><row r="3"><c r="B3"/></row><row r="9"/></sheetData>'])
@pytest.mark.parametrize("replace", [False, True])
def test_sparse_sheets(ledger, data, replace):
    repack(ledger, lambda n, d: d if not n.endswith("sheet2.xml") else re.sub(
        rb"<sheetData>.*</sheetData>", data.replace(b"\\", b""), d,
        flags=re.S))
    out = patched(ledger, {"sheet": "填表说明", "replace": replace, "puts": [
        [1, 1, "甲"], [3, 1, 1.5], [3, 2, "乙"], [3, 3, 45022],
        [4, 2, "丙"], [12, 1, "丁"]]})
    assert values(out, "填表说明") == {"A1": "甲", "A3": 1.5, "B3": "乙",
                                   "C3": 45022, "B4": "丙", "A12": "丁"}
    raw = parts(out)["xl/worksheets/sheet2.xml"]
    assert b'<dimension ref="A1:C12"/>' in raw
    numbers = [int(n) for n in re.findall(rb'<row r="(\d+)"', raw)]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("writer", [None, "openpyxl", "libreoffice"])
def test_missing_sheets_are_added(ledger, writer):
    book = openpyxl.load_workbook(ledger)
    for name in ("_meta", "校验结果", "冲突"):
        del book[name]
    for name in list(book.defined_names.definedName):
        book.defined_names.delete(name.name)
    book.save(ledger)
    if writer:
        staff.edit(writer, ledger, [["H6", "员工改的"]])
    out = patched(ledger, META, FINDINGS, {
        "sheet": "冲突", "replace": True, "hidden_from": 11, "choice_col": 9,
        "choices": "采用系统,采用本表,改为", "puts": [
            [1, 1, "编号"], [1, 9, "处理"], [1, 11, "系统编号"],
            [2, 1, "K3F"], [2, 11, "TOKEN"]]})
    book = openpyxl.load_workbook(out)
    assert book.sheetnames[:1] == [SHEET]
    assert book["_meta"].sheet_state == "veryHidden"
    assert book["校验结果"].sheet_state == "visible"
    page = book["冲突"]
    assert page["K2"].value == "TOKEN" and page.column_dimensions["K"].hidden
    rule = page.data_validations.dataValidation[0]
    assert (str(rule.sqref), rule.formula1) == (
        "I2:I2000", '"采用系统,采用本表,改为"')
    # again: now they are there
    again = patched(out, META, FINDINGS, out=out.with_name("again.xlsx"))
    assert openpyxl.load_workbook(again).sheetnames == book.sheetnames
    staff.edit("libreoffice", again, [["H6", "又改"]])
    assert values(again, "_meta")["B2"] == "新"


@pytest.mark.parametrize("cols, col, want", [
    (b"", 4, [(4, 4, True)]),
    (b'<cols><col min="1" max="3" width="5"/></cols>', 4,
     [(1, 3, False), (4, 4, True)]),
    (b'<cols><col min="1" max="16384" width="5" style="1"/></cols>', 4,
     [(1, 3, False), (4, 4, True), (5, 16384, False)]),
    (b'<cols><col min="4" max="9" width="5" hidden="0"/></cols>', 4,
     [(4, 4, True), (5, 9, False)]),
    (b'<cols><col min="4" max="4" width="5"></col></cols>', 4,
     [(4, 4, True)]),
    (b'<cols><col min="6" max="7" width="5"/></cols>', 4,
     [(4, 4, True), (6, 7, False)])])
def test_hidden_column(ledger, cols, col, want):
    repack(ledger, lambda n, d: d if not n.endswith("sheet2.xml") else re.sub(
        rb"<cols>.*</cols>", cols, d, flags=re.S))
    out = patched(ledger, {"sheet": "填表说明", "hide_col": col,
                           "puts": [[1, col, "系统编号"]]})
    raw = parts(out)["xl/worksheets/sheet2.xml"].decode()
    got = [(int(re.search(r'min="(\d+)"', t)[1]),
            int(re.search(r'max="(\d+)"', t)[1]), 'hidden="1"' in t)
           for t in re.findall(r"<col [^>]*>", raw)]
    assert got == want
    assert openpyxl.load_workbook(out)["填表说明"].cell(1, col).value
    staff.edit("libreoffice", out, [["H6", "改"]])


def test_shown_meta_is_hidden_again(ledger):
    """gnumeric and LibreOffice make very hidden sheets less hidden."""
    repack(ledger, lambda n, d: d.replace(b'state="veryHidden" ', b""))
    assert openpyxl.load_workbook(ledger)["_meta"].sheet_state == "visible"
    out = patched(ledger, META)
    assert openpyxl.load_workbook(out)["_meta"].sheet_state == "veryHidden"


def sign(name, data):
    if name == "_rels/.rels":
        return data.replace(b"</Relationships>", b'<Relationship Id="rIdS" '
                            b'Type="http://schemas.openxmlformats.org/package/'
                            b'2006/relationships/digital-signature/origin" '
                            b'Target="_xmlsignatures/origin.sigs"/>'
                            b"</Relationships>")
    return data


def share(name, data):
    if name == "xl/_rels/workbook.xml.rels":
        return data.replace(b"</Relationships>", b'<Relationship Id="rIdR" '
                            b'Type="http://schemas.openxmlformats.org/office'
                            b'Document/2006/relationships/revisionHeaders" '
                            b'Target="revisions/revisionHeaders.xml"/>'
                            b"</Relationships>")
    return data


def in_sheet(change):
    return lambda n, d: change(d) if n.endswith("sheet1.xml") else d


@pytest.mark.parametrize("damage", [
    sign, share,
    in_sheet(lambda d: d.replace(b'<row r="7"', b'<row r="3"')),
    in_sheet(lambda d: d.replace(b'<c r="C6"', b'<c r="A6"')),
    in_sheet(lambda d: d.replace(b'<c r="C6"', b'<c r="C7"')),
    in_sheet(lambda d: d.replace(b"</row>", b"", 1)),
    in_sheet(lambda d: d.replace(b'<row r="7"', b'<row r="9999999"')),
    in_sheet(lambda d: d.replace(b"UTF-8", b"GBK")),
    in_sheet(lambda d: d.decode().replace("UTF-8", "UTF-16").encode("utf-16")),
    in_sheet(lambda d: d[:len(d) // 2]),
    in_sheet(lambda d: b""),
], ids=range(11))
def test_refused(ledger, damage):
    extra = {"_xmlsignatures/origin.sigs": b"",
             "xl/revisions/revisionHeaders.xml": b"<headers/>"}
    repack(ledger, damage)
    if damage in (sign, share):
        name = list(extra)[damage is share]
        with zipfile.ZipFile(ledger, "a") as z:
            z.writestr(name, extra[name])
    out, done = patch(ledger, {"sheet": SHEET, "puts": [[6, 3, "改"]]})
    assert done.returncode == 1, done
    assert out.stat().st_size == 0
    assert re.search("[一-龥]", done.stderr)


def test_missing_sheet_and_encrypted_file(ledger, tmp_path):
    out, done = patch(ledger, {"sheet": "没有", "puts": [[1, 1, "x"]]})
    assert done.returncode == 1 and "没有" in done.stderr
    locked = tmp_path / "locked.xlsx"
    locked.write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(4096))
    assert patch(locked, META)[1].returncode == 1


@pytest.mark.parametrize("writer", ["openpyxl", "libreoffice", "exceljs",
                                    "sheetjs"])
def test_random_changes(tmp_path, writer):
    """Any cells of any sheet: what is read back is what a model says."""
    dice, path = random.Random(writer), tmp_path / "book.xlsx"
    book, model = openpyxl.Workbook(), {}
    for n in range(8):
        page = book.create_sheet(f"表{n}")
        for _ in range(dice.choice([0, 1, 5, 60])):
            cell = page.cell(dice.randint(1, 12), dice.randint(1, 9))
            cell.value = dice.choice(["字", 7, 1.25, "a<b&c", "=1+2", None])
            if dice.random() < .3:
                cell.font = openpyxl.styles.Font(bold=True)
    book.save(path)
    staff.edit(writer, path, [["A1", "首"]], sheet="表0")
    patches = []
    for n in range(8):
        now = values(path, f"表{n}")
        refs = {(dice.randint(1, 14), dice.randint(1, 11))
                for _ in range(dice.choice([1, 3, 40]))}
        puts = [[r, c, dice.choice(["新", "多\n行", 3, -0.125, None])]
                for r, c in sorted(refs)]
        replace = n % 4 == 3
        model[n] = {} if replace else now
        for row, col, value in puts:
            ref = f"{openpyxl.utils.get_column_letter(col)}{row}"
            if not replace and str(now.get(ref, "")).startswith("="):
                continue
            model[n][ref] = value
        model[n] = {k: v for k, v in model[n].items() if v is not None}
        patches.append({"sheet": f"表{n}", "replace": replace, "puts": puts,
                        "style_row": dice.choice([0, 1, 2, 9])})
    out = patched(path, *patches)
    assert {n: values(out, f"表{n}") for n in range(8)} == model
    staff.edit("libreoffice", out, [["A1", "首"]], sheet="Sheet")
    again = {n: values(out, f"表{n}") for n in range(8)}
    assert again == model


def test_staff_can_sort_delete_and_insert(ledger):
    """By the menu, on the protected sheet; the titles are out of reach."""
    office = staff.office()
    book = office.load(ledger)
    page = book.Sheets.getByName(SHEET)
    helper = office.uno.getComponentContext().ServiceManager.createInstance(
        "com.sun.star.frame.DispatchHelper")
    assert page.isProtected()
    frame = book.CurrentController.Frame

    def run(command, ref):
        book.CurrentController.select(page.getCellRangeByName(ref))
        helper.executeDispatch(frame, command, "", 0, ())

    def cell(ref):
        return page.getCellRangeByName(ref).String
    run(".uno:SortDescending", "A6:N8")
    assert [cell(f"A{n}") + cell(f"M{n}") for n in (6, 8)] == [
        "3TOKEN2.2.ABCDEFGH", "1TOKEN0.2.ABCDEFGH"]
    run(".uno:SortAscending", "A6:N8")
    run(".uno:DeleteRows", "A7:A7")
    assert cell("C7") == "第2个问题"
    run(".uno:InsertRowsBefore", "A7:A7")
    assert cell("C7") == "" and cell("C8") == "第2个问题"
    run(".uno:DeleteRows", "A4:A4")
    assert cell("B4") == "问题类别"
    book.close(True)
