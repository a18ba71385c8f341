"""A ledger of 100,000 people × 14 columns, the same bytes every time."""
import random
import zipfile
from xml.sax.saxutils import escape

ROWS = 100_000
HEAD = ["登记编号", "证件号码", "姓名", "性别", "乡镇", "村", "联系电话",
        "投入金额（万元）", "补助金额（元）", "纳入日期", "更新时间",
        "问题类别", "状态", "备注"]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'
WORDS = ["项目", "资金", "产业", "公示", "验收", "台账", "农户", "土地", "流转",
         "合同", "整改", "责任", "到位", "未", "已", "收益", "分红", "联农",
         "带农", "基地", "设施", "闲置", "管护", "移交", "确权", "登记", "核查"]


def content(parts):
    return (XML + f'<Types xmlns="{PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxml'
            'formats-package.relationships+xml"/><Default Extension="xml" '
            'ContentType="application/xml"/>' + "".join(
                f'<Override PartName="/{p}" ContentType="application/vnd.'
                f'openxmlformats-officedocument.spreadsheetml.{t}+xml"/>'
                for p, t in parts) + "</Types>")


def rels(items):
    return (XML + f'<Relationships xmlns="{PACKAGE}/relationships">' +
            "".join(f'<Relationship Id="rId{i}" Type="{REL}/{t}" '
                    f'Target="{p}"/>' for i, (p, t) in enumerate(items, 1)) +
            "</Relationships>")


STYLES = (XML + f'<styleSheet xmlns="{MAIN}"><numFmts count="2"><numFmt '
          'numFmtId="176" formatCode="yyyy&quot;年&quot;m&quot;月&quot;d&quot;'
          '日&quot;"/><numFmt numFmtId="177" formatCode="yyyy\\-mm\\-dd\\ hh:mm:'
          'ss"/></numFmts><fonts count="1"><font><sz val="11"/><name '
          'val="宋体"/></font></fonts><fills count="1"><fill/></fills><borders '
          'count="1"><border/></borders><cellXfs count="4"><xf numFmtId="0"/>'
          '<xf numFmtId="2"/><xf numFmtId="176"/><xf numFmtId="177"/></cellXfs>'
          '</styleSheet>')


class Strings:
    """Shared strings in order of first use."""

    def __init__(self):
        self.index = {}

    def __call__(self, text):
        return self.index.setdefault(text, len(self.index))

    def xml(self, uses):
        return (XML + f'<sst xmlns="{MAIN}" count="{uses}" uniqueCount="'
                f'{len(self.index)}">' + "".join(
                    f"<si><t>{escape(s)}</t></si>" for s in self.index) +
                "</sst>")


def rows(rng):
    """Texts and (number, style) pairs, as an office fills such a ledger."""
    towns = [f"{a}{b}" for a in "东西南北中上下新" for b in ("河镇", "山乡", "坪镇")]
    villages = [f"{t[:1]}{a}村" for t in towns for a in "李王张刘陈杨黄赵"]
    names = [a + b + c for a in "赵钱孙李周吴郑王冯陈" for b in "国建志春秀玉"
             for c in "华明军英兰强"]
    for i in range(ROWS):
        town = rng.randrange(len(towns))
        remark = "".join(rng.choices(WORDS, k=rng.randrange(3, 15)))
        yield [f"DJ{2023000000 + i:010d}",
               f"{100000000000000000 + i * 9973:018d}",
               rng.choice(names), rng.choice("男女"), towns[town],
               villages[town * 8 + rng.randrange(8)],
               f"1380000{i % 10000:04d}-{i // 10000}",
               (f"{rng.randrange(1, 500000) / 100:.2f}", 1),
               (f"{rng.randrange(100, 9000000) / 100:.2f}", 1),
               (str(44927 + rng.randrange(700)), 2),
               (f"{44927 + rng.randrange(700)}.{rng.randrange(10**10):010d}",
                3),
               rng.choice(["立项批复", "资金拨付", "项目实施", "联农带农", "资产管护"]),
               rng.choice(["整改中", "已整改", "已销号"]),
               remark if rng.random() < 0.7 else None]


def sheet(strings):
    """The sheet part and how many strings it uses."""
    rng = random.Random(20230406)
    cols = [chr(65 + c) for c in range(len(HEAD))]
    out, uses = [], 0
    out.append(XML + f'<worksheet xmlns="{MAIN}" xmlns:r="{REL}"><dimension '
               f'ref="A1:N{ROWS + 1}"/><sheetData>')
    for r, row in enumerate([HEAD, *rows(rng)], 1):
        out.append(f'<row r="{r}" spans="1:14">')
        for c, v in zip(cols, row):
            if isinstance(v, tuple):
                out.append(f'<c r="{c}{r}" s="{v[1]}"><v>{v[0]}</v></c>')
            elif v is not None:
                out.append(f'<c r="{c}{r}" t="s"><v>{strings(v)}</v></c>')
                uses += 1
        out.append("</row>")
    out.append("</sheetData></worksheet>")
    return "".join(out), uses


def build(path):
    strings = Strings()
    data, uses = sheet(strings)
    parts = {
        "[Content_Types].xml": content([
            ("xl/workbook.xml", "sheet.main"),
            ("xl/worksheets/sheet1.xml", "worksheet"),
            ("xl/styles.xml", "styles"),
            ("xl/sharedStrings.xml", "sharedStrings")]),
        "_rels/.rels": rels([("xl/workbook.xml", "officeDocument")]),
        "xl/workbook.xml": XML + f'<workbook xmlns="{MAIN}" xmlns:r="{REL}">'
        '<sheets><sheet name="台账" sheetId="1" r:id="rId1"/></sheets>'
        "</workbook>",
        "xl/_rels/workbook.xml.rels": rels([
            ("worksheets/sheet1.xml", "worksheet"), ("styles.xml", "styles"),
            ("sharedStrings.xml", "sharedStrings")]),
        "xl/worksheets/sheet1.xml": data,
        "xl/styles.xml": STYLES,
        "xl/sharedStrings.xml": strings.xml(uses)}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for name, text in parts.items():
            info = zipfile.ZipInfo(name, (2023, 4, 6, 8, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            z.writestr(info, text.encode())
