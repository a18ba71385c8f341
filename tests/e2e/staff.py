"""Staff at work: the same edits made with four programs that people use.

LibreOffice inserts, deletes and sorts rows itself; with the others the rows
are rearranged as values, which is what pasting does.
"""
import atexit
import json
import pathlib
import shutil
import subprocess
import tempfile
import time

import openpyxl

JS = pathlib.Path(__file__).resolve().parents[1] / "js"
WRITERS = ["openpyxl", "libreoffice", "exceljs", "sheetjs"]
SHEET = "问题整改台账"
FIRST, LAST_COLUMN = 6, "N"
COLUMNS = dict(category="B", description="C", responsible_org="D",
               leader_name="E", leader_phone="F", person_name="G", goal="H",
               measures="I", progress_text="J", accepted="K", closed="L",
               token="M")


def rows(path, sheet=SHEET):
    """{row number: {column letter: text}} of the data rows that hold text in
    a printed column; the footnote ends them."""
    book = openpyxl.load_workbook(path)
    page, out = book[sheet], {}
    for row in page.iter_rows(min_row=FIRST):
        if str(row[0].value or "").startswith("备注"):
            break
        cells = {c.column_letter: str(c.value) for c in row
                 if c.value not in (None, "")}
        if set(cells) & set("BCDEFGHIJKL"):
            out[row[0].row] = cells
    book.close()
    return out


def find(path, text):
    """The number of the one row whose description contains text."""
    hit = [n for n, cells in rows(path).items() if text in cells.get("C", "")]
    assert len(hit) == 1, (text, hit)
    return hit[0]


def blank_row(path, skip=0):
    """The first spare row (token, nothing typed)."""
    page = openpyxl.load_workbook(path)[SHEET]
    for n in range(FIRST, page.max_row + 1):
        if page[f"M{n}"].value and not any(
                page[f"{c}{n}"].value for c in "BCDEFGHIJ"):
            if skip == 0:
                return n
            skip -= 1
    raise AssertionError("no spare row left")


def fields(row, **values):
    """Edits for one row: fields(6, goal="…") → [["H6", "…"]]."""
    return [[f"{COLUMNS[k]}{row}", v] for k, v in values.items()]


def edit(writer, path, cells, sheet=SHEET):
    """Sets cells ([ref, value or None]) and saves in place."""
    if writer == "openpyxl":
        book = openpyxl.load_workbook(path)
        for ref, value in cells:
            book[sheet][ref].value = value
        book.save(path)
    elif writer == "libreoffice":
        office().edit(path, sheet, cells=cells)
    else:
        subprocess.run(["node", JS / "edit.js", writer, path, sheet,
                        json.dumps(cells, ensure_ascii=False)],
                       check=True, cwd=JS)


def rearrange(writer, path, order):
    """Saves the data rows in the order given: old row numbers, None for a
    row inserted blank. Rows not named are deleted."""
    if writer == "libreoffice":
        office().rearrange(path, SHEET, order)
        return
    old = rows(path)
    span = range(FIRST, max([*old, FIRST + len(order) - 1]) + 1)
    letters = [chr(c) for c in range(ord("B"), ord(LAST_COLUMN) + 1)]
    page = openpyxl.load_workbook(path)[SHEET]
    cells = []
    for n, source in zip(span, [*order, *[None] * len(span)]):
        for letter in letters:
            value = page[f"{letter}{source}"].value if source else None
            if value != page[f"{letter}{n}"].value:
                cells.append([f"{letter}{n}", value])
    edit(writer, path, cells)


class Office:
    """One headless LibreOffice, driven over UNO as staff drive it by hand."""

    def __init__(self):
        import uno
        self.uno = uno
        self.home = tempfile.mkdtemp(prefix="tz-office-")
        pipe = f"tz{time.time_ns()}"
        self.process = subprocess.Popen(
            ["soffice", "--headless", "--invisible", "--norestore",
             "--nologo", "--nodefault", f"-env:UserInstallation=file://"
             f"{self.home}", f"--accept=pipe,name={pipe};urp;"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        local = uno.getComponentContext()
        resolver = local.ServiceManager.createInstanceWithContext(
            "com.sun.star.bridge.UnoUrlResolver", local)
        end = time.monotonic() + 180    # its first start, on a busy machine
        while True:
            try:
                context = resolver.resolve(f"uno:pipe,name={pipe};urp;"
                                           "StarOffice.ComponentContext")
                break
            except Exception:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)
        self.desktop = context.ServiceManager.createInstanceWithContext(
            "com.sun.star.frame.Desktop", context)

    def load(self, path):
        hidden = self.uno.createUnoStruct("com.sun.star.beans.PropertyValue")
        hidden.Name, hidden.Value = "Hidden", True
        return self.desktop.loadComponentFromURL(
            self.uno.systemPathToFileUrl(str(path)), "_blank", 0, (hidden,))

    def edit(self, path, sheet, cells):
        book = self.load(path)
        page = book.Sheets.getByName(sheet)
        for ref, value in cells:
            cell = page.getCellRangeByName(ref)
            if isinstance(value, (int, float)):
                cell.Value = value
            else:
                cell.String = value or ""
        book.store()
        book.close(True)

    def rearrange(self, path, sheet, order):
        """Real row operations: a marker column is filled and sorted by."""
        book = self.load(path)
        page = book.Sheets.getByName(sheet)
        page.unprotect("")
        kept = [n for n in order if n]
        last = max([*rows(path), *kept])
        for n in range(last, FIRST - 1, -1):    # delete rows as staff do
            if n not in kept:
                page.Rows.removeByIndex(n - 1, 1)
        now = {old: i for i, old in enumerate(sorted(kept))}
        marker = 20                             # column U, beyond everything
        for position, old in enumerate(kept):
            page.getCellByPosition(marker, FIRST - 1 + now[old]).Value = position
        area = page.getCellRangeByPosition(0, FIRST - 1, marker,
                                           FIRST - 2 + len(kept))
        field = self.uno.createUnoStruct(
            "com.sun.star.table.TableSortField")
        field.Field, field.IsAscending = marker, True
        by = self.uno.createUnoStruct("com.sun.star.beans.PropertyValue")
        by.Name = "SortFields"
        by.Value = self.uno.Any("[]com.sun.star.table.TableSortField",
                                (field,))
        area.sort((by,))
        for i in range(len(kept)):
            page.getCellByPosition(marker, FIRST - 1 + i).String = ""
        for position, old in enumerate(order):
            if old is None:
                page.Rows.insertByIndex(FIRST - 1 + position, 1)
        book.store()
        book.close(True)

    def stop(self):
        try:
            self.desktop.terminate()
        except Exception:
            pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
        shutil.rmtree(self.home, ignore_errors=True)


_office = None


def office():
    global _office
    if _office is None:
        _office = Office()
        atexit.register(_office.stop)
    return _office
