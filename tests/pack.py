"""Packages made by hand: a zip writer that can lie, and a minimal workbook."""
import struct
import zlib

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml."


def as_bytes(data):
    return data.encode() if isinstance(data, str) else data


def deflate(data):
    z = zlib.compressobj(6, zlib.DEFLATED, -15)
    return z.compress(data) + z.flush()


def deflate_repeated(block, times):
    """A deflate stream of block × times, without inflating it first."""
    z = zlib.compressobj(9, zlib.DEFLATED, -15)
    one = z.compress(block) + z.flush(zlib.Z_FULL_FLUSH)
    return one * times + zlib.compressobj(9, zlib.DEFLATED, -15).flush()


class Entry:
    """One zip entry; whatever is set in `local` or `central` is a lie."""

    def __init__(self, name, data=b"", **lies):
        self.name, self.data = as_bytes(name), as_bytes(data)
        self.method = lies.pop("method", 8)
        self.packed = lies.pop("packed", None)
        if self.packed is None:
            self.packed = deflate(self.data) if self.method == 8 else self.data
        self.flags = lies.pop("flags", 0)
        self.size = lies.pop("size", len(self.data))
        self.crc = lies.pop("crc", zlib.crc32(self.data))
        self.local = lies.pop("local", {})
        self.central = lies.pop("central", {})
        self.extra = lies.pop("extra", b"")
        self.tail = lies.pop("tail", b"")
        self.offset = lies.pop("offset", None)
        assert not lies, lies

    def field(self, where, name):
        return getattr(self, where).get(name, getattr(self, name))

    def fields(self, where):
        name = self.field(where, "name")
        return name, struct.pack(
            "<HHHHHLLLHH", 20, self.field(where, "flags"),
            self.field(where, "method"), 0, 0x5686, self.field(where, "crc"),
            self.central.get("packed_size", len(self.packed)) if where ==
            "central" else self.local.get("packed_size", len(self.packed)),
            self.field(where, "size"), len(name), len(self.extra))


def write_zip(entries, comment=b"", **lies):
    """The bytes; an entry with `offset` set has no place of its own."""
    out, offsets = bytearray(), []
    for e in entries:
        if e.offset is not None:
            offsets.append(e.offset)
            continue
        offsets.append(len(out))
        name, fields = e.fields("local")
        out += b"PK\3\4" + fields + name + e.extra + e.packed + e.tail
    at = len(out)
    for e, offset in zip(entries, offsets):
        name, fields = e.fields("central")
        out += (b"PK\1\2" + struct.pack("<H", 20) + fields +
                struct.pack("<HHHLL", 0, 0, 0, 0, offset) + name + e.extra)
    size = len(out) - at
    out += lies.get("before_end", b"")
    n = lies.get("claimed", len(entries))
    out += b"PK\5\6" + struct.pack("<HHHHLLH", lies.get("disk", 0), 0, n, n,
                                   lies.get("dir_size", size),
                                   lies.get("dir_at", at), len(comment))
    return bytes(out) + comment


def rels(items):
    return (XML + f'<Relationships xmlns="{PACKAGE}/relationships">' +
            "".join(f'<Relationship Id="{i}" Type="{REL}/{t}" Target="{p}"'
                    f'{more}/>' for i, t, p, more in items) +
            "</Relationships>")


def sheet_xml(body="", before="", after=""):
    return (XML + f'{before}<worksheet xmlns="{MAIN}" xmlns:r="{REL}">'
            f"<sheetData>{body}</sheetData>{after}</worksheet>")


GOOD_ROWS = ('<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1"><v>2</v></c>'
             '</row>')


def sst_xml(items="<si><t>序号</t></si>"):
    return XML + f'<sst xmlns="{MAIN}">{items}</sst>'


def parts(sheet=None, sst=None, **more):
    """The parts of a minimal workbook, any of them replaced or added."""
    book = {
        "[Content_Types].xml": XML + f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxml'
        'formats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{KIND}'
        f'sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" '
        f'ContentType="{KIND}worksheet+xml"/><Override PartName="/xl/shared'
        f'Strings.xml" ContentType="{KIND}sharedStrings+xml"/></Types>',
        "_rels/.rels": rels([("rId1", "officeDocument", "xl/workbook.xml",
                              "")]),
        "xl/workbook.xml": XML + f'<workbook xmlns="{MAIN}" xmlns:r="{REL}">'
        '<sheets><sheet name="台账" sheetId="1" r:id="rId1"/></sheets>'
        "</workbook>",
        "xl/_rels/workbook.xml.rels": rels([
            ("rId1", "worksheet", "worksheets/sheet1.xml", ""),
            ("rId2", "sharedStrings", "sharedStrings.xml", "")]),
        "xl/worksheets/sheet1.xml": sheet or sheet_xml(GOOD_ROWS),
        "xl/sharedStrings.xml": sst or sst_xml()}
    book.update(more.pop("add", {}))
    assert not more
    return book


def workbook(sheet=None, sst=None, add=None, extra=(), **lies):
    """The bytes of a minimal workbook; extra are Entry objects."""
    book = parts(sheet, sst, add=add or {})
    entries = [Entry(n, d) for n, d in book.items() if d is not None]
    return write_zip([*entries, *extra], **lies)
