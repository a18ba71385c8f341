"""`taizhang-agent inspect` on workbooks of five writers and on hostile ones."""
import datetime
import io
import json
import os
import pathlib
import subprocess
import sys
import time
import zipfile

import openpyxl
import pytest
from openpyxl.styles import PatternFill

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
import hostile  # noqa: E402
import pack  # noqa: E402

BUILD = pathlib.Path(os.environ.get("TAIZHANG_BUILD", ROOT / "build"))
SECONDS, MEBIBYTES = 5, 256


# A process begins with the peak of the one it was forked from: a small one
# stands between the tests, which are large, and the agent.
BETWEEN = """import os, resource, subprocess, sys
code = subprocess.call(sys.argv[2:])
spent = resource.getrusage(resource.RUSAGE_CHILDREN)
ms = 1000 * (spent.ru_utime + spent.ru_stime)
os.write(int(sys.argv[1]), b"%d %d %d" % (code, ms, spent.ru_maxrss))"""


def inspect(path):
    """Exit code, lines, sentences on standard error, seconds of processor
    (others are at work here, too), peak KiB."""
    told, tell = os.pipe()
    child = subprocess.run([sys.executable, "-SIc", BETWEEN, str(tell),
                            BUILD / "taizhang-agent", "inspect", str(path)],
                           capture_output=True, stdin=subprocess.DEVNULL,
                           pass_fds=[tell], timeout=60)
    code, spent, peak = map(int, os.read(told, 100).split())
    os.close(told)
    os.close(tell)
    return (code, [json.loads(x) for x in child.stdout.splitlines()],
            child.stderr.decode(), spent / 1000, peak)


def cells(path):
    """{(sheet, ref): (type, text, flags…)} and {sheet: its line}."""
    code, lines, err, _, _ = inspect(path)
    assert code == 0, err
    sheets, found, sheet = {}, {}, None
    for line in lines:
        if "sheet" in line:
            sheet = line["sheet"]
            sheets[sheet] = line
            continue
        flags = ["hidden"] if line.get("hidden") else []
        for c in line["cells"]:
            found[sheet, c["ref"]] = (
                c["type"], c["text"], *flags,
                *[f for f in ("formula", "inexact") if c.get(f)])
    return found, sheets


def by_openpyxl(path):
    book = openpyxl.Workbook()
    page = book.active
    page.title = "台账"
    page["A1"], page["B1"] = "序号", "问题描述"
    page["A2"], page["B2"] = 1, ' 未公示\n第二行 <&> "引号"'
    page["C2"] = datetime.date(2023, 4, 6)
    page["C2"].number_format = 'yyyy"年"m"月"d"日"'
    page["D2"] = datetime.datetime(2023, 4, 6, 8, 30)
    page["E2"], page["F2"], page["G2"], page["H2"] = (
        888.69, True, "=A2+1", "#N/A")
    page["A3"] = "隐藏行"
    page.row_dimensions[3].hidden = True
    page["D3"].fill = PatternFill("solid", "FFFF00")
    page["A5"] = "备注"
    page.merge_cells("A5:C5")
    meta = book.create_sheet("_meta")
    meta.sheet_state = "veryHidden"
    meta["A1"] = "format"
    book.save(path)


def by_libreoffice(path):
    """What openpyxl made, opened and saved by LibreOffice."""
    folder = path.parent / "in"
    folder.mkdir()
    by_openpyxl(folder / path.name)
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{path.parent}/profile",
         "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML",
         "--outdir", path.parent, folder / path.name], check=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120)


def by_node(program):
    return lambda path: subprocess.run(
        ["node", ROOT / "tests/js/make.js", program, path], check=True,
        cwd=ROOT / "tests/js")


WRITERS = {"openpyxl": by_openpyxl, "libreoffice": by_libreoffice,
           "exceljs": by_node("exceljs"), "sheetjs": by_node("sheetjs")}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """One workbook of each writer, made when first asked for."""
    made = {}

    def get(writer):
        if writer not in made:
            made[writer] = tmp_path_factory.mktemp(writer) / "台账.xlsx"
            WRITERS[writer](made[writer])
        return made[writer]
    return get


@pytest.mark.parametrize("writer", WRITERS)
def test_what_each_program_saves(saved, writer):
    found, sheets = cells(saved(writer))
    # openpyxl keeps no value of a formula; that is not the same as 0
    formula = (("blank", "", "formula") if writer == "openpyxl" else
               ("number", "2", "formula"))
    # LibreOffice saves these two as =TRUE() and =#N/A
    made = ("formula",) if writer == "libreoffice" else ()
    assert found == {
        ("台账", "A1"): ("text", "序号"),
        ("台账", "B1"): ("text", "问题描述"),
        ("台账", "A2"): ("number", "1"),
        ("台账", "B2"): ("text", ' 未公示\n第二行 <&> "引号"'),
        ("台账", "C2"): ("date", "2023-04-06"),
        ("台账", "D2"): ("date", "2023-04-06T08:30:00"),
        ("台账", "E2"): ("number", "888.69"),
        ("台账", "F2"): ("bool", "TRUE", *made),
        ("台账", "G2"): formula,
        ("台账", "H2"): ("error", "#N/A", *made),
        ("台账", "A3"): ("text", "隐藏行", "hidden"),
        ("台账", "A5"): ("text", "备注"),
        ("_meta", "A1"): ("text", "format")}
    assert list(sheets) == ["台账", "_meta"]
    assert sheets["台账"]["merges"] == ["A5:C5"]
    assert sheets["台账"]["visibility"] == "visible"
    # LibreOffice turns very hidden into hidden
    assert sheets["_meta"]["visibility"] == (
        "hidden" if writer == "libreoffice" else "very_hidden")


@pytest.mark.parametrize("writer", WRITERS)
def test_scanner_and_expat_agree(saved, writer):
    done = subprocess.run([BUILD / "tests/tool_xlsx", "same", saved(writer)],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_every_cell_of_a_larger_workbook(tmp_path):
    """5,000 rows of every kind against what openpyxl was given."""
    book = openpyxl.Workbook()
    page = book.active
    want = {}
    for r in range(1, 5001):
        values = [r, r / 8, f"第{r}行\n备注_x{r % 16:04d}", r % 2 == 0,
                  datetime.datetime(2023, 1, 1) + datetime.timedelta(hours=r)]
        for c, v in enumerate(values, 1):
            page.cell(r, c, v)
        for col, text in zip("ABCDE", [
                str(r), f"{r / 8:.15g}", values[2], str(r % 2 == 0).upper(),
                values[4].isoformat().replace("T00:00:00", "")]):
            want["Sheet", f"{col}{r}"] = text
    book.save(tmp_path / "a.xlsx")
    found, _ = cells(tmp_path / "a.xlsx")
    assert {k: v[1] for k, v in found.items()} == want


class Unseekable(io.RawIOBase):
    """A pipe: zipfile then writes data descriptors."""

    def __init__(self):
        self.data = bytearray()

    def writable(self):
        return True

    def write(self, b):
        self.data += b
        return len(b)


@pytest.mark.parametrize("shape", ["stored", "descriptors", "zip64"])
def test_shapes_of_zip(tmp_path, shape):
    sink = Unseekable() if shape == "descriptors" else io.BytesIO()
    method = zipfile.ZIP_STORED if shape == "stored" else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(sink, "w", method) as z:
        for name, text in pack.parts().items():
            with z.open(name, "w", force_zip64=shape == "zip64") as f:
                f.write(text.encode())
    path = tmp_path / "a.xlsx"
    path.write_bytes(sink.data if shape == "descriptors" else sink.getvalue())
    found, _ = cells(path)
    assert found == {("台账", "A1"): ("text", "序号"),
                     ("台账", "B1"): ("number", "2")}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Made by a process of its own, so that its memory is not counted."""
    folder = tmp_path_factory.mktemp("hostile")
    subprocess.run([sys.executable, ROOT / "tests/hostile.py", folder],
                   check=True, stdout=subprocess.DEVNULL)
    return folder


def test_corpus_is_large_and_covers_every_refusal():
    assert len(hostile.FILES) >= 40
    assert len({name for name, _, _ in hostile.FILES}) == len(hostile.FILES)
    assert {want for _, want, _ in hostile.FILES} == set(range(14))


@pytest.mark.parametrize("name,want", [(n, w) for n, w, _ in hostile.FILES])
def test_hostile(corpus, name, want):
    code, lines, err, seconds, kib = inspect(corpus / f"{name}.xlsx")
    assert code == (10 + want if want else 0), err
    if want:
        zh, en = err.splitlines()
        assert len(zh) > 10 and len(en) > 20 and not lines
        assert zh.endswith("。") and en.isprintable()
    assert seconds <= SECONDS
    assert kib <= MEBIBYTES * 1024


def test_what_both_engines_read_they_read_alike(corpus):
    """They may differ in what they refuse (limits, encodings), never in what
    they make of a part."""
    parts = 0
    for path in sorted(corpus.glob("*.xlsx")):
        done = subprocess.run([BUILD / "tests/tool_xlsx", "same", path],
                              capture_output=True, text=True)
        assert done.returncode in (0, 1, *range(11, 26)), done.stderr
        assert "scanner 0 (), expat 0 ()" not in done.stdout, path
        parts += done.returncode < 2
    assert parts > 100


def test_reading_child_killed_at_any_moment(tmp_path):
    """No line of a half-read workbook is printed, nothing hangs."""
    path = tmp_path / "a.xlsx"
    path.write_bytes(pack.workbook(pack.sheet_xml(
        ("<row>" + "<c><v>1.25</v></c>" * 20 + "</row>") * 40000)))
    killed = 0
    for ms in range(0, 120, 8):
        parent = subprocess.Popen(
            [BUILD / "taizhang-agent", "inspect", path],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(ms / 1000)
        try:
            tasks = pathlib.Path(f"/proc/{parent.pid}/task/{parent.pid}")
            for child in (tasks / "children").read_text().split():
                os.kill(int(child), 9)
        except (FileNotFoundError, ProcessLookupError):
            pass
        out, err = parent.communicate(timeout=30)
        if parent.returncode == 25:     # io: it may be tried again
            killed += 1
            assert out == b"" and "中止" in err.decode()
        else:
            assert parent.returncode == 0 and out.count(b"\n") == 40001
    assert killed > 0


def test_what_is_not_a_file(tmp_path):
    os.mkfifo(tmp_path / "fifo.xlsx")
    for path in (tmp_path, tmp_path / "absent.xlsx", tmp_path / "fifo.xlsx"):
        assert inspect(path)[0] == 25


def test_several_files(tmp_path):
    (tmp_path / "a.xlsx").write_bytes(pack.workbook())
    (tmp_path / "b.xlsx").write_bytes(b"")
    done = subprocess.run([BUILD / "taizhang-agent", "inspect", "a.xlsx",
                           "b.xlsx", "a.xlsx"], cwd=tmp_path,
                          capture_output=True, text=True)
    lines = [json.loads(x) for x in done.stdout.splitlines()]
    assert done.returncode == 11 and "0 字节" in done.stderr
    assert [x["file"] for x in lines if "file" in x] == [
        "a.xlsx", "b.xlsx", "a.xlsx"]
    assert sum("sheet" in x for x in lines) == 2


def test_usage():
    args = [BUILD / "taizhang-agent", "inspect"]
    bare = subprocess.run(args, capture_output=True, text=True)
    assert bare.returncode == 2 and "FILE" in bare.stderr
    told = subprocess.run([*args, "--help"], capture_output=True, text=True)
    assert told.returncode == 0 and "14 damaged" in told.stdout
