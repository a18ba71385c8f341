"""Copies of a workbook: an export of their own, made from the original's."""
import shutil

import openpyxl
import pytest

from sheets import FULL, c, fresh, full, one
from test_agent import Folder

assert c    # the fixture


def branch(b, path="副本.xlsx", **kw):
    return b.client.post(f"/v1/sync/ledgers/{b.ledger}/exports", {
        "instance": None, "kind": "branch", "path": path,
        "of": b.export["export"], **kw})


class Copy:
    """The side of a copy: pushes to its branch."""

    def __init__(self, b, path="副本.xlsx"):
        r = branch(b, path)
        assert r.status == 201, r
        self.b, self.json = b, r.json

    def push(self, *ops):
        r = self.b.put(self.b.body(list(ops), export=self.json["export"]))
        assert r.status == 200, r
        return r.json["results"]

    def known(self):
        r = self.b.client.get(f"/v1/sync/exports/{self.json['export']}")
        assert r.status == 200, r
        return {x["row"]: x for x in r.json["rows"]}


def test_a_branch_knows_what_its_original_knew(c):
    b, row = fresh(c)
    b.push(b.upd(row, {"goal": "原件改的"}),
           b.upd(b.ledger, {"filler_name": "张三"}))
    inserted = one(b.push(b.ins(full())))["row"]
    copy = Copy(b)
    assert copy.json["kind"] == "branch" and copy.json["deletions"] is False
    assert copy.json["of"] == b.export["export"]
    assert copy.json["export"] != b.export["export"]
    assert copy.json["instance"] != b.instance
    mine, theirs = b.known(), copy.known()
    assert not any("inherited" in x for x in theirs.values())
    assert theirs == {x["row"]: x for x in copy.json["rows"]}
    assert mine == theirs
    assert theirs[row]["shadow"]["goal"] == "原件改的"
    assert theirs[inserted]["kind"] == "pending"
    assert sum(x["kind"] == "spare" for x in theirs.values()) == \
        len(b.spares)


def test_asking_again_gives_the_same_branch(c):
    b, row = fresh(c)
    first = branch(b).json
    copy = Copy(b)
    copy.push(b.upd(row, {"goal": "副本改的"}))
    again = branch(b).json
    assert again["export"] == first["export"]
    assert again["instance"] == first["instance"]
    shadow = {x["row"]: x for x in again["rows"]}[row]["shadow"]
    assert shadow == {"goal": "副本改的"}
    assert branch(b, "另一份.xlsx").json["export"] != first["export"]


def test_a_copys_edit_is_not_undone_by_the_original(c):
    b, row = fresh(c)
    old = b.base[row]["goal"]
    copy = Copy(b)
    assert one(copy.push({"op": "upd", "row": row, "at": 6, "f": {
        "goal": [old, "副本改的"]}}))["outcome"] == "applied"
    # The original still shows the old goal: to it nothing was typed there.
    assert b.known()[row]["shadow"] == {}
    assert one(b.push(b.upd(row, {"measures": "原件改的"})))["outcome"] == \
        "merged"
    issue = c.issue(row)
    assert (issue["goal"], issue["measures"]) == ("副本改的", "原件改的")


def test_rows_inserted_before_the_copy_are_known_to_both(c):
    b, _ = fresh(c)
    op = b.ins(full())
    row = one(b.push(op))["row"]
    copy = Copy(b)
    again = one(copy.push(op))
    assert again["outcome"] == "noop" and again["row"] == row
    assert one(copy.push({"op": "upd", "row": row, "at": 60, "f": {
        "goal": [FULL["goal"], "副本改的"]}}))["outcome"] == "applied"


@pytest.mark.parametrize("body,status", [
    ({"of": None}, 422), ({"of": "x"}, 422), ({"kind": "primary"}, 422),
    ({"of": "0190c8a0-0000-7000-8000-00000000dead"}, 404),
])
def test_a_branch_of_nothing(c, body, status):
    assert branch(c.book(), **body).status == status


def test_a_branch_of_anothers_export(c):
    b, other = c.book(), c.book("other")
    assert branch(b, of=other.export["export"]).status == 404
    assert branch(other, of=b.export["export"]).status == 404
    copy = branch(b).json
    assert branch(b, of=copy["export"]).status == 404


# ---- the agent ---------------------------------------------------------------

@pytest.fixture
def folder(c, tmp_path):
    return Folder(c, tmp_path)


def copied(f, name="副本.xlsx"):
    """A copy beside the original, which somebody has open."""
    copy = f.share / name
    shutil.copy(f.path, copy)
    (f.share / ("~$" + f.path.name)).write_bytes(b"x")
    return copy


def test_copy_and_original_are_merged_and_undo_nothing(folder):
    f = folder
    f.add("甲问题", "乙问题")
    f.once()
    copy = copied(f)
    f.set("甲问题", path=copy, goal="副本改的")
    f.once()
    assert f.issue("甲问题")["goal"] == "副本改的"
    f.set("甲问题", measures="原件改的")
    f.set("乙问题", goal="原件也改的")
    f.once()
    got = f.issue("甲问题")
    assert (got["goal"], got["measures"]) == ("副本改的", "原件改的")
    f.set("甲问题", path=copy, measures="副本再改", goal="副本又改")
    f.once()
    # The copy never saw what the original says of the measures.
    got = f.issue("甲问题")
    assert (got["goal"], got["measures"]) == ("副本又改", "原件改的")
    assert f.issue("乙问题")["goal"] == "原件也改的"
    assert "副本" in f.notes()[copy.name + ".同步报告.txt"]


def test_a_branch_survives_amnesia(folder):
    f = folder
    f.add("丙问题")
    f.once()
    copy = copied(f)
    f.set("丙问题", path=copy, goal="副本改的")
    f.once()
    shutil.rmtree(f.state)
    f.set("丙问题", path=copy, measures="忘记之后")
    was = copy.read_bytes()
    f.once()
    got = f.issue("丙问题")
    assert (got["goal"], got["measures"]) == ("副本改的", "忘记之后")
    assert f.county.stack.psql(
        "SET app.lo='0'; SET app.hi='999999999999';"
        "SELECT count(*) FROM sheet_export e JOIN sheet_binding b"
        f" ON b.id = e.binding_id WHERE b.name = '{f.dir.name}'"
        " AND e.kind = 'branch'")[-1] == ["1"]
    (f.share / ("~$" + f.path.name)).unlink()
    f.once()
    # The original is written, the copy never.
    assert f.shown("丙问题")["H"] == "副本改的"
    assert copy.read_bytes() == was


def test_a_spare_filled_in_one_copy_is_known_by_its_key_in_the_other(c):
    b, _ = fresh(c)
    copy = Copy(b)
    spare = b.spares[0]
    cells = full()
    op = {"op": "upd", "row": spare, "at": 60,
          "f": {k: ["", v] for k, v in cells.items()}}
    assert one(copy.push(op))["outcome"] == "inserted"
    mine = b.known()
    assert mine[spare]["shadow"] == {} and mine[spare]["kind"] == "spare"
    assert mine[spare]["key"] == {k: cells[k]
                                  for k in ("category", "description")}
    assert "key" not in mine[b.spares[1]]
    assert "key" not in copy.known()[spare]


def test_return_to_a_middle_value_is_pointed_out(folder):
    f = folder
    f.add("丁问题")
    f.once()
    opened = f.share / ("~$" + f.path.name)
    opened.write_bytes(b"x")
    for text in ("一稿", "二稿"):
        f.set("丁问题", goal=text)
        f.once()
    opened.unlink()
    f.set("丁问题", goal="一稿")
    f.once()
    assert f.issue("丁问题")["goal"] == "一稿"
    page = openpyxl.load_workbook(f.path)["校验结果"]
    assert [page.cell(r, 2).value for r in range(2, page.max_row + 1)
            if page.cell(r, 4).value == "回退提示"] == ["整改目标"]
