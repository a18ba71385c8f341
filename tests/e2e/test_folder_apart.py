"""What the server does not take from a workbook: the row or the save that it
refuses stays as it was typed, staff read the server's own words, and all the
rest goes on."""
import shutil

import openpyxl
import pytest

from sheets import FULL, OTHER, TOWN, c
from staff import blank_row, edit, fields, find, rows
from test_agent import REPORT, Folder

assert c    # the fixture
SAYS = "乙镇已撤销，不能再增加记录，请填到丙镇（" + OTHER + "）"


@pytest.fixture
def folder(c, tmp_path):
    yield Folder(c, tmp_path, settle_s=0, delete_after_s=0)
    division(c, "NULL", "NULL")


def division(county, until, heir):
    county.stack.psql(f"UPDATE division SET valid_to = {until},"
                      f" successor_code = {heir} WHERE code = {TOWN}")


def findings(path):
    """[(row number, text)] of 校验结果."""
    page = openpyxl.load_workbook(path)["校验结果"]
    return [(page.cell(r, 1).value, page.cell(r, 5).value)
            for r in range(2, page.max_row + 1) if page.cell(r, 4).value]


def typed(folder, name, token):
    """A new row into a spare one, or into one whose token is gone."""
    row = blank_row(folder.path)
    edit("openpyxl", folder.path, fields(row, **{
        **FULL, "description": name, **({} if token else {"token": None})}))


@pytest.mark.parametrize("token", [True, False], ids=["spare", "no token"])
def test_a_new_row_of_an_ended_division_waits_alone(folder, token):
    f, old, new = folder, f"撤销之前的{token}", f"撤销之后的{token}"
    f.add(old)
    f.once()
    division(f.county, "'2024-01-01'", OTHER)
    f.set(old, goal="照样改")
    typed(f, new, token)
    f.once()
    assert f.issue(old)["goal"] == "照样改" and f.issues(new) == []
    row = f.shown(new)
    assert {k: row[k] for k in "BCDEFGHI"} == dict(zip("BCDEFGHI", [
        FULL["category"], new, *(FULL[k] for k in (
            "responsible_org", "leader_name", "leader_phone", "person_name",
            "goal", "measures"))]))
    assert (find(f.path, new), "【请核对】" + SAYS) in findings(f.path)
    note = f.notes()[f.path.name + REPORT]
    assert SAYS in note and "有 1 行没有登记" in note
    # The system's news reach the file all the same, and an agent that has
    # forgotten everything says the same.
    f.patch(old, measures="系统改的")
    f.once()
    shutil.rmtree(f.state)
    f.once()
    assert f.shown(old)["I"] == "系统改的" and f.issues(new) == []
    assert f.shown(new)["H"] == FULL["goal"]
    assert SAYS in f.notes()[f.path.name + REPORT]
    # Taken once when it can be; gone from the notes with it.
    division(f.county, "NULL", "NULL")
    f.set(new, goal="终于登记")
    f.once()
    assert f.issue(new)["goal"] == "终于登记" and f.notes() == {}
    assert SAYS not in str(findings(f.path))


def test_the_row_is_deleted_by_its_staff(folder):
    f, new = folder, "又删去的"
    division(f.county, "'2024-01-01'", "NULL")
    f.add(new)
    f.once()
    assert "乙镇已撤销，不能再增加记录" in f.notes()[f.path.name + REPORT]
    f.remove_rows(new)
    f.once()
    assert f.notes() == {} and f.issues(new) == []
    assert not any(new in r.get("C", "") for r in rows(f.path).values())


def test_a_save_that_is_refused_tells_why(folder):
    """Whoever refuses and whatever for: staff read those words."""
    f, sql = folder, folder.county.stack.psql
    sql("CREATE FUNCTION not_today() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM raise_faults('[{\"pointer\": \"/goal\", \"rule\":"
        " \"T-1\", \"code\": \"no\", \"zh\": \"整改目标今天不收\", \"en\":"
        " \"not today\"}]'); RETURN NEW; END $$;"
        " CREATE TRIGGER not_today BEFORE INSERT ON issue FOR EACH ROW"
        " WHEN (NEW.description = '今天的') EXECUTE FUNCTION not_today()")
    try:
        f.add("今天的")
        f.once(1)
        note = f.notes()[f.path.name + REPORT]
        assert "整改目标今天不收" in note and "HTTP" not in note, note
        assert f.issues("今天的") == []
        assert f.shown("今天的")["H"] == FULL["goal"]
    finally:
        sql("DROP FUNCTION not_today CASCADE")


def test_a_decision_that_is_refused_tells_why(folder):
    f, name = folder, "改为不行的"
    f.add(name)
    f.once()
    f.set(name, category="监督管理", goal="本表")
    f.patch(name, goal="系统")
    f.once()
    page = openpyxl.load_workbook(f.path)["冲突"]
    line, = [r for r in range(2, page.max_row + 1) if page.cell(r, 1).value]
    edit("openpyxl", f.path, [[f"I{line}", "改为"], [f"J{line}", "长" * 3000]],
         sheet="冲突")
    f.once()
    said = [t for r, t in findings(f.path) if r == find(f.path, name)]
    assert any("处理没有生效：" in t for t in said), said
    assert f.issue(name)["goal"] == "系统"
