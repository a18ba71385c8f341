"""The sheet sync over HTTP: what a workbook's saves do to the rows."""
import secrets

import pytest

from sheets import FULL, TEMPLATE, TOWN, c, findings, fresh, full, one

assert c    # the fixture


# ---- rows ------------------------------------------------------------------

def test_spare_row_becomes_an_issue_of_the_book(c):
    b, cells = c.book(), full()
    r = one(b.push(b.upd(b.spares[0], cells)))
    assert r["outcome"] == "inserted" and r["row"] == b.spares[0]
    issue = c.issue(r["row"])
    assert issue["category"] == "Y-3" and issue["source"] == "self_check"
    assert issue["state"] == "found" and issue["division_code"] == TOWN
    assert issue["channel"] == "sheet" and issue["filing_level"] == 4
    assert issue["d_entity"] == "合作社" and issue["is_completed"] is False
    assert issue["expected_on"] == "2023-05-31"
    b.refresh()
    assert b.rows[r["row"]] == {**cells, "accepted": "", "closed": "",
                                "project_uid": ""}
    assert len(b.spares) == TEMPLATE["spare_rows"]


def test_inserted_row_is_one_row_however_often_it_is_said(c):
    b, cells = c.book(), full()
    op = b.ins(cells)
    first = one(b.push(op))
    again = one(b.push(op))     # another batch, the same operation
    assert first["outcome"] == "inserted" and again["outcome"] == "noop"
    assert first["row"] == again["row"]
    k = b.known()[first["row"]]
    assert k["kind"] == "pending" and k["token"] is None
    assert k["shadow"] == cells


def test_several_saves_of_one_export_do_not_conflict_with_each_other(c):
    b, row = fresh(c)
    for text in ("一稿", "二稿", "三稿"):
        assert one(b.push(b.upd(row, {"goal": text})))["outcome"] == "applied"
    assert c.issue(row)["goal"] == "三稿"
    k = b.known()[row]
    assert k["shadow"] == {"goal": "三稿"}
    assert k["base"]["goal"] == FULL["goal"]
    # Back to the exported text is a change like any other.
    assert one(b.push(b.upd(row, {"goal": FULL["goal"]})))["outcome"] == \
        "applied"


def test_different_cells_merge(c):
    b, row = fresh(c)
    c.patch(row, {"measures": "换新水泵"})
    r = one(b.push(b.upd(row, {"goal": "全面恢复"})))
    assert r["outcome"] == "merged" and "conflicts" not in r
    issue = c.issue(row)
    assert issue["goal"] == "全面恢复" and issue["measures"] == "换新水泵"


def test_same_cell_keeps_both_values_and_is_raised_once(c):
    b, row = fresh(c)
    c.patch(row, {"goal": "系统的目标"})
    r = one(b.push(b.upd(row, {"goal": "表里的目标"})))
    assert r["outcome"] == "conflict"
    assert c.issue(row)["goal"] == "系统的目标"
    got = c.user["clerk"].get(f"/v1/conflicts/{r['conflicts'][0]}").json
    assert (got["base"], got["system"], got["file"]) == \
        (FULL["goal"], "系统的目标", "表里的目标")
    assert got["system_by"] == "clerk"
    # The next save says nothing new about the cell.
    assert one(b.push(b.upd(row, {"measures": "另一措施"})))["outcome"] in \
        ("applied", "merged")
    b.refresh()
    mine = [x for x in b.export["conflicts"] if x["row"] == row]
    assert len(mine) == 1 and mine[0]["id"] == got["id"]
    assert b.rows[row]["goal"] == "系统的目标"
    # Typed anew in the new export: that settles it.
    assert one(b.push(b.upd(row, {"goal": "定稿"})))["outcome"] == "applied"
    assert c.user["clerk"].get(f"/v1/conflicts/{got['id']}").json["state"] \
        == "overtyped"


def test_both_wrote_the_same(c):
    b, row = fresh(c)
    c.patch(row, {"goal": "一致的目标"})
    r = one(b.push(b.upd(row, {"goal": "一致的目标"})))
    assert r["outcome"] == "noop" and "conflicts" not in r


def test_conflict_resolution_names_what_it_saw(c):
    for choose, value, want in (("file", None, "甲"), ("system", None, "乙"),
                                ("value", "丙", "丙")):
        b, row = fresh(c)
        c.patch(row, {"goal": "乙"})
        cid = one(b.push(b.upd(row, {"goal": "甲"})))["conflicts"][0]
        body = {"choose": choose, **({"value": value} if value else {})}
        path = f"/v1/conflicts/{cid}/resolve"
        clerk = c.user["clerk"]
        assert clerk.post(path, body).status == 428
        assert clerk.post(path, body, headers={"If-Match": '"7"'}).status == 412
        hidden = c.user["other"].post(path, body, headers={"If-Match": '"1"'})
        assert hidden.status == 404
        r = clerk.post(path, body, headers={"If-Match": '"1"'})
        assert r.status == 200, r
        assert c.issue(row)["goal"] == want
        assert clerk.post(path, body, headers={"If-Match": '"2"'}).status == 409


def test_resolution_that_does_not_fit_changes_nothing(c):
    b, row = fresh(c)
    c.patch(row, {"category": "Y-1"})
    cid = one(b.push(b.upd(row, {"category": "其他"})))["conflicts"][0]
    r = c.user["clerk"].post(f"/v1/conflicts/{cid}/resolve",
                             {"choose": "value", "value": "不存在的类别"},
                             headers={"If-Match": '"1"'})
    assert r.status == 422 and r.json["faults"][0]["pointer"] == "/value"
    got = c.user["clerk"].get(f"/v1/conflicts/{cid}").json
    assert got["state"] == "open" and c.issue(row)["category"] == "Y-1"


# ---- held cells ------------------------------------------------------------

def test_bad_code_is_held_shown_and_repaired(c):
    b, row = fresh(c)
    r = one(b.push(b.upd(row, {"category": "胡写的类别"})))
    assert r["outcome"] == "held" and r["held"] == ["category"]
    assert c.issue(row)["category"] == "Y-3"
    b.refresh()
    assert b.rows[row]["category"] == "胡写的类别"   # shown as typed
    assert [f["level"] for f in findings(b, row)
            if f["name"] == "category"] == ["error"]
    r = one(b.push(b.upd(row, {"category": "后期运维"})))
    assert r["outcome"] == "applied"
    assert c.issue(row)["category"] == "Y-5"
    b.refresh()
    assert b.rows[row]["category"] == "后期运维"
    assert not findings(b, row)


def test_repair_of_a_held_cell_meets_what_the_system_did_meanwhile(c):
    b, row = fresh(c)
    b.push(b.upd(row, {"category": "胡写"}))
    c.patch(row, {"category": "Y-1"})
    r = one(b.push(b.upd(row, {"category": "其他"})))
    assert r["outcome"] == "conflict"
    assert c.issue(row)["category"] == "Y-1"


def test_held_cell_typed_back_is_settled(c):
    b, row = fresh(c)
    b.push(b.upd(row, {"category": "胡写"}))
    assert one(b.push(b.upd(row, {"category": FULL["category"]})))[
        "outcome"] == "noop"
    b.refresh()
    assert not findings(b, row)


def test_row_with_gaps_is_stored_and_says_what_is_missing(c):
    b = c.book()
    row = one(b.push(b.upd(b.spares[0], {"description": "只写了描述"})))["row"]
    b.refresh()
    missing = {f["name"] for f in findings(b, row) if f["level"] == "error"}
    assert {"category", "goal", "leader_phone"} <= missing
    assert c.issue(row)["goal"] is None
    listed = c.user["clerk"].get("/v1/findings?level=error").json
    while not any(f["row"] == row for f in listed["items"]):
        assert listed["next"]
        listed = c.user["clerk"].get(
            f"/v1/findings?level=error&cursor={listed['next']}").json


def test_row_of_nothing_but_a_bad_value_is_kept(c):
    b = c.book()
    r = one(b.push(b.upd(b.spares[0], {"category": "胡写"})))
    assert r["outcome"] == "inserted" and r["held"] == ["category"]
    b.refresh()
    assert b.rows[r["row"]]["category"] == "胡写"


def test_too_long_a_text_is_held(c):
    b, row = fresh(c)
    r = one(b.push(b.upd(row, {"leader_name": "长" * 51})))
    assert r["outcome"] == "held"
    b.refresh()
    assert b.rows[row]["leader_name"] == "长" * 51


def test_row_filed_by_the_county_is_not_the_townships_to_change(c):
    r = c.user["bureau"].post("/v1/issues", {
        "division_code": TOWN, "category": "Y-1", "description": "县里登记"})
    assert r.status == 201, r
    b = c.book()
    row = r.json["id"]
    assert b.rows[row]["description"] == "县里登记"
    r = one(b.push(b.upd(row, {"goal": "镇里改"})))
    assert r["outcome"] == "held"
    assert c.issue(row, "bureau")["goal"] is None
    b.refresh()
    assert b.rows[row]["goal"] == "镇里改"
    assert one(b.push(b.dele(row)))["outcome"] == "conflict"


# ---- exactly once ----------------------------------------------------------

def test_replay_gives_the_same_bytes(c):
    b, row = fresh(c)
    body, key = b.body([b.upd(row, {"goal": "重放"}), b.ins(full())]), b.key()
    first = b.put(body, key)
    rev = c.issue(row)["rev"]
    again = b.put(body, key)
    assert first.status == again.status == 200 and first.body == again.body
    assert c.issue(row)["rev"] == rev
    other = b.put({**body, "chunk": 1}, key)
    assert other.status == 422 and other.json["code"] == "idempotency_mismatch"


def test_export_with_a_key_is_made_once(c):
    body = {"instance": None, "kind": "primary", "path": "a.xlsx"}
    path = f"/v1/sync/ledgers/{c.ledger['town']}/exports"
    key = {"Idempotency-Key": secrets.token_hex(8)}
    first = c.folder["town"].post(path, body, headers=key)
    again = c.folder["town"].post(path, body, headers=key)
    assert first.status == again.status == 201 and first.body == again.body


def test_base_mismatch_applies_nothing_of_the_row(c):
    b, row = fresh(c)
    op = b.upd(row, {"goal": "新目标", "measures": "新措施"})
    op["f"]["measures"][0] = "谁也没见过的旧值"
    good = b.ins(full(category="其他"))
    r = b.push(op, good)
    assert [x["outcome"] for x in r] == ["base_mismatch", "inserted"]
    assert c.issue(row)["goal"] == FULL["goal"]
    assert b.known()[row]["shadow"] == {}


@pytest.mark.parametrize("change,pointer", [
    (lambda x: x.update(rows=[{"op": "zap"}]), "/rows/0"),
    (lambda x: x.update(file_sha="xyz"), "/file_sha"),
    (lambda x: x.update(more=1), "/more"),
    (lambda x: x["rows"][0].update(row="17"), "/rows/0"),
    (lambda x: x["rows"][0]["f"].update(goal=["a"]), "/rows/0/f/goal"),
    (lambda x: x["rows"][0]["f"].update(state=["", "closed"]),
     "/rows/0/f/state"),
    (lambda x: x["rows"][0]["f"].update(division_code=["", "1"]),
     "/rows/0/f/division_code"),
    (lambda x: x["rows"].append(dict(x["rows"][0])), "/rows/1"),
    (lambda x: x.update(rows=x["rows"] * 501), "/rows"),
])
def test_malformed_batch_is_refused_with_the_path(c, change, pointer):
    b = c.book()
    body = b.body([{"op": "upd", "row": b.spares[0], "at": 6,
                    "f": {"goal": ["", "x"]}}])
    change(body)
    r = b.put(body)
    assert r.status == 422, r
    assert pointer in [f["pointer"] for f in r.json["faults"]], r.json


def test_bad_key(c):
    b = c.book()
    for key in ("x", "A" * 52, "1" * 52):
        assert b.put(b.body([]), key).status == 400


# ---- deletions -------------------------------------------------------------

def test_deleted_row_is_a_tombstone(c):
    b, row = fresh(c)
    assert one(b.push(b.dele(row)))["outcome"] == "deleted"
    issue = c.issue(row)
    assert issue["state"] == "voided" and issue["voided_at"]
    assert b.known()[row]["gone"] is True
    b.refresh()
    assert row not in b.rows


def test_deleting_what_somebody_changed_asks(c):
    b, row = fresh(c)
    c.patch(row, {"goal": "刚改的"})
    op = b.dele(row)
    r = one(b.push(op))
    assert r["outcome"] == "conflict" and c.issue(row)["state"] == "found"
    r2 = c.user["clerk"].post(f"/v1/conflicts/{r['conflicts'][0]}/resolve",
                              {"choose": "file"}, headers={"If-Match": '"1"'})
    assert r2.status == 200 and c.issue(row)["state"] == "voided"


def test_row_brought_back_is_a_conflict_that_can_restore_it(c):
    b, row = fresh(c)
    b.push(b.dele(row))
    r = one(b.push(b.back(row, {"goal": "还要"})))
    assert r["outcome"] == "conflict"
    assert c.issue(row)["state"] == "voided"
    assert b.known()[row]["gone"] is False
    r2 = c.user["clerk"].post(f"/v1/conflicts/{r['conflicts'][0]}/resolve",
                              {"choose": "file"}, headers={"If-Match": '"1"'})
    assert r2.status == 200, r2
    issue = c.issue(row)
    assert issue["state"] == "found" and issue["goal"] == "还要"
    assert issue["voided_at"] is None


def test_editing_what_was_deleted_keeps_the_edit(c):
    b, row = fresh(c)
    other = c.book()
    other.push(other.dele(row))
    r = one(b.push(b.upd(row, {"goal": "没看到已删"})))
    assert r["outcome"] == "conflict" and c.issue(row)["goal"] == FULL["goal"]
    got = c.user["clerk"].get(f"/v1/conflicts/{r['conflicts'][0]}").json
    assert "没看到已删" in got["file"] and got["kind"] == "edit_delete"
    assert FULL["description"][:20] in got["system"]    # which row it was


def test_row_reported_gone_and_back_without_change_is_nothing(c):
    b, row = fresh(c)
    c.patch(row, {"goal": "改了"})
    b.push(b.dele(row))                       # refused: a conflict
    assert one(b.push(b.back(row)))["outcome"] in ("noop", "conflict")
    assert c.issue(row)["goal"] == "改了"
