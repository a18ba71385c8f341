"""House rules a script can hold: sizes, banned calls, layers, clean words."""
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILES = [ROOT / f for f in subprocess.run(
    ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, text=True,
    capture_output=True, check=True).stdout.splitlines()
    if (ROOT / f).is_file()]
SOURCE = [f for f in FILES if f.suffix in (".c", ".h")]
PRODUCT = [f for f in SOURCE if f.relative_to(ROOT).parts[0] in
           ("api", "agent")]


def name(f):
    return str(f.relative_to(ROOT))


def test_there_is_something_to_check():
    assert len(PRODUCT) > 40


def test_files_have_500_lines_at_most():
    long = {name(f): n for f in FILES
            if f.suffix in (".c", ".h", ".py", ".sh", ".js", ".sql") and
            (n := len(f.read_text().splitlines())) > 500}
    assert not long


def test_functions_have_70_lines_at_most():
    long = []
    for f in SOURCE:
        begin = None
        for no, line in enumerate(f.read_text().splitlines(), 1):
            if re.match(r"[a-z_][a-z0-9_]*\(", line):
                begin = no
            elif line == "}" and begin:
                if no - begin > 70:
                    long.append(f"{name(f)}:{begin} {no - begin}")
                begin = None
    assert not long


def test_every_source_opens_with_a_sentence():
    bare = [name(f) for f in SOURCE
            if not f.read_text().lstrip().startswith("/*")]
    assert not bare


def test_banned_calls():
    banned = re.compile(
        r"\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|atoi|atol|atof|"
        r"localtime|gmtime|system|popen|kore_json_\w+|kore_pgsql_\w+)\(")
    found = [f"{name(f)}:{no} {line.strip()}" for f in PRODUCT
             for no, line in enumerate(f.read_text().splitlines(), 1)
             if banned.search(line.split("/*")[0])]
    assert not found


def test_only_the_border_speaks_kore():
    allowed = {"api/main.c", "api/http.c", "api/http_part.c", "api/gate.c",
               "api/gate_body.c", "api/gate_out.c", "api/loop.c",
                    "api/kore_in.h"}
    found = [name(f) for f in PRODUCT
             if re.search(r'#include (<kore/|"kore_in.h")', f.read_text())]
    assert set(found) == allowed


def test_layers():
    """base knows nobody; the agent knows base and the pure merge only; of
    the agent, taizhangctl has the strict reader of packages."""
    wrong = []
    for f in PRODUCT:
        own = name(f)
        for inc in re.findall(r'#include "([^"]+)"', f.read_text()):
            if own.startswith("api/base/") and inc.split("/")[0] not in (
                    "base",) and not (ROOT / "api/base" / inc).exists():
                wrong.append((own, inc))
            if own.startswith("agent/") and not inc.startswith("base/") and \
                    not (f.parent / inc).exists() and \
                    not (ROOT / "agent" / inc).exists():
                wrong.append((own, inc))
            if own.startswith("api/") and inc != "xlsx/zip.h" and \
                    (ROOT / "agent" / inc).exists() \
                    and not (ROOT / "api" / inc).exists() \
                    and not (f.parent / inc).exists():
                wrong.append((own, inc))
    assert not wrong


def test_settings_never_outlive_their_transaction():
    """set_config(…, false) would leak a scope to the next request (P2)."""
    found = [name(f) for f in FILES if f.suffix in (".c", ".sql", ".sh") and
             re.search(r"set_config\([^;]*,\s*false\s*\)", f.read_text())]
    assert not found


def test_migrations_comment_every_table():
    bare = []
    for f in sorted((ROOT / "db/migrations").glob("*.sql")):
        text = f.read_text()
        for table in re.findall(r"CREATE TABLE (?:IF NOT EXISTS )?([\w.]+) \(", text):
            if f"COMMENT ON TABLE {table} " not in text:
                bare.append(f"{f.name}: {table}")
    assert not bare


def test_no_promises_instead_of_work():
    words = re.compile(r"\b(TODO|FIXME|XXX|HACK|for now)\b")
    found = [f"{name(f)}:{no}" for f in FILES
             if f.suffix in (".c", ".h", ".py", ".sh", ".sql") and
             f.name != "test_lint.py"
             for no, line in enumerate(f.read_text().splitlines(), 1)
             if words.search(line)]
    assert not found


def test_people_in_the_repository_are_invented():
    """Mobile numbers are of the 138000000NN kind; no ID-card numbers."""
    found = []
    for f in FILES:
        try:
            text = f.read_text()
        except UnicodeDecodeError:
            continue
        for phone in re.findall(r"(?<![\w.])1[3-9]\d{9}(?![\w.])", text):
            if not re.match(r"1380000\d{4}$", phone) and "package-lock" not \
                    in f.name:
                found.append(f"{name(f)}: {phone}")
        for card in re.findall(r"(?<!\w)[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2]"
                               r")(?:0[1-9]|[12]\d|3[01])\d{3}[\dX](?!\w)", text):
            found.append(f"{name(f)}: {card}")
    assert not found


def test_readme_names_files_that_exist():
    text = (ROOT / "README.md").read_text()
    missing = [w for span in re.findall(r"`([^`\n]+)`", text)
               for w in span.split() if re.fullmatch(
                   r"[\w/.-]+\.(c|h|sh|txt|py|json)", w)
               and not w.startswith(("var/", "/v1/")) and not any(
                   (ROOT / d / w).exists() for d in
                   ("", "api", "agent", "agent/xlsx"))]
    assert not missing
