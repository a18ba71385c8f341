"""The sheet sync over HTTP: folders, forms, what people and agents may see,
and what stands around the rows of a book."""
import json
import threading
import time

from sheets import (COLUMNS, COUNTY, FULL, OTHER, TEMPLATE, TOWN, Book, c,
                    findings, fresh, full, one)

assert c    # the fixture


# ---- configuration ---------------------------------------------------------

def test_template_with_an_unknown_field_is_refused_with_its_path(c):
    bad = json.loads(json.dumps(TEMPLATE))
    bad["version"] = 9
    bad["columns"][1]["name"] = "categories"
    bad["columns"][2]["colour"] = "red"
    bad["columns"][10]["command"] = "vanish"
    r = c.user["admin"].post("/v1/ledger-templates", bad)
    assert r.status == 422
    at = {f["pointer"]: f["code"] for f in r.json["faults"]}
    assert at["/columns/1/name"] == "unknown_field"
    assert at["/columns/2/colour"] == "unknown_key"
    assert at["/columns/10/command"] == "unknown_command"


def test_a_stored_version_never_changes(c):
    same = c.user["admin"].post("/v1/ledger-templates", TEMPLATE)
    assert same.status == 200
    other = c.user["admin"].post("/v1/ledger-templates",
                                 {**TEMPLATE, "footnote": "另一个备注"})
    assert other.status == 409 and other.json["code"] == "version_taken"


def test_only_administrators_configure(c):
    for who in ("clerk", "bureau"):
        assert c.user[who].post("/v1/ledger-templates", TEMPLATE).status == 403
        assert c.user[who].get("/v1/bindings").status == 403
    items = c.user["admin"].get("/v1/bindings").json["items"]
    assert {i["division"] for i in items} == {TOWN, OTHER}
    assert "token" not in json.dumps(items)


def test_binding_names_its_books(c):
    r = c.folder["town"].get("/v1/sync/binding").json
    assert r["division"] == TOWN and r["action"]["code"] == "lookback-2023"
    assert r["ledgers"][0]["file"] == "回头看_X01_乙镇.xlsx"
    t = c.folder["town"].get("/v1/sync/templates/X01").json
    assert t["lists"]["category"][0] == "立项批复"
    assert c.folder["town"].get("/v1/sync/templates/X99").status == 404


# ---- state columns, header, staff's own columns -----------------------------

def test_state_column_asks_and_never_writes(c):
    b, row = fresh(c)
    r = one(b.push(b.upd(row, {"accepted": "是"})))
    assert r["outcome"] == "request" and r["requests"] == ["accept"]
    assert c.issue(row)["accepted"] in (None, False)
    mine = c.user["clerk"].get(f"/v1/requests?row={row}").json["items"]
    assert [(x["command"], x["state"]) for x in mine] == [("accept", "open")]
    b.refresh()
    assert b.rows[row]["accepted"] == ""
    assert [f["level"] for f in findings(b, row)] == ["info"]
    # Said again: still one. Taken back in the same file: withdrawn.
    b.push(b.upd(row, {"accepted": "是"}))
    b.push(b.upd(row, {"accepted": "否"}))
    mine = c.user["clerk"].get(f"/v1/requests?row={row}").json["items"]
    assert [x["state"] for x in mine] == ["withdrawn"]


def test_command_that_was_given_ends_its_request(c):
    b, row = fresh(c)
    b.push(b.upd(row, {"accepted": "是"}))
    c.stack.psql(
        "SET app.lo='0'; SET app.hi='999999999999'; SET app.line='';"
        "SET app.clearance='4'; UPDATE issue SET accepted = true,"
        f" state = 'accepted' WHERE id = '{row}'")
    mine = c.user["clerk"].get(f"/v1/requests?row={row}").json["items"]
    assert [x["state"] for x in mine] == ["done"]
    b.refresh()
    assert b.rows[row]["accepted"] == "是" and not findings(b, row)
    # A sheet cannot undo it, nor delete the row.
    b.push(b.upd(row, {"accepted": "否"}))
    assert c.issue(row)["accepted"] is True
    b.refresh()
    assert [f["level"] for f in findings(b, row)] == ["warning"]
    assert one(b.push(b.dele(row)))["outcome"] == "conflict"


def test_the_command_itself_ends_the_request(c):
    b, row = fresh(c, progress_text="已完成，设备已修复")
    c.patch(row, {"responsible_subject_kind": "township"})
    b.refresh()
    b.push(b.upd(row, {"accepted": "是"}))

    def give(user, command, body):
        r = c.user[user].post(f"/v1/issues/{row}/{command}", body, headers={
            "If-Match": f'"{c.issue(row, user)["rev"]}"'})
        assert r.status == 200, r
    give("clerk", "fix_on_spot", {"rectify_mode": "immediate", "evidence": [
        {"kind": "photo", "title": "现场照片"}]})
    give("bureau", "accept", {"opinion": "属实"})
    mine = c.user["clerk"].get(f"/v1/requests?row={row}").json["items"]
    assert [x["state"] for x in mine] == ["done"]
    assert b.refresh().rows[row]["accepted"] == "是"


def test_readonly_column_warns(c):
    b, row = fresh(c)
    b.push(b.upd(row, {"project_uid": "P-1"}))
    assert c.issue(row)["project_uid"] is None
    b.refresh()
    assert [f["name"] for f in findings(b, row)] == ["project_uid"]
    b.push(b.upd(row, {"project_uid": "P-2"}), b.upd(b.ledger, {}))
    b.push(b.upd(row, {"project_uid": ""}))
    b.refresh()
    assert not findings(b, row)


def test_a_state_column_keeps_what_is_neither_yes_nor_no(c):
    """Held as typed, shown as typed, until it says 是, 否 or nothing."""
    b, row = fresh(c)
    r = one(b.push(b.upd(row, {"accepted": "已验收"})))
    assert r["outcome"] == "held" and r["held"] == ["accepted"]
    for text, asked in (("", []), ("是", ["accept"])):
        b.refresh()
        assert b.rows[row]["accepted"] == "已验收"
        assert [(f["rule"], f["value"]) for f in findings(b, row)] == [
            ("DQ-02", "已验收")]
        r = one(b.push(b.upd(row, {"accepted": text})))
        assert r.get("requests", []) == asked
        assert b.refresh().rows[row]["accepted"] == ""
        assert len(findings(b, row)) == len(asked)
        b.push(b.upd(row, {"accepted": "已验收"}))


def test_what_a_file_may_not_do_is_told_once(c):
    """A save of the workbook that said it ends it; an older one does not."""
    b, row = fresh(c)
    old = c.book()
    b.push(b.upd(row, {"project_uid": "P-1"}))
    old.push(old.upd(row, {"goal": "从旧表改"}))
    b.refresh()
    assert [f["rule"] for f in findings(b, row)] == ["DQ-04"]
    b.push(b.upd(row, {"goal": "看过以后再改"}),
           b.upd(b.ledger, {"filled_on": "下周"}))
    assert not findings(b.refresh(), row)
    for goal in ("再改一次", "又改一次"):    # the header still says 下周
        b.push(b.upd(row, {"goal": goal}))
        said, = findings(b.refresh(), b.ledger)
        assert said["value"] == "下周" and "请写成" in said["zh"]
    b.push(b.upd(b.ledger, {"filled_on": "2023年4月6日"}))
    assert not findings(b.refresh(), b.ledger)


def test_header_block_merges_like_cells(c):
    b, b2 = c.book(), c.book()
    r = one(b.push(b.upd(b.ledger, {"filler_name": "张三"})))
    assert r["outcome"] == "applied"
    r = one(b2.push(b2.upd(b2.ledger, {"filler_phone": "13800000002"})))
    assert r["outcome"] == "applied"
    r = one(b2.push(b2.upd(b2.ledger, {"filler_name": "李四"})))
    assert r["outcome"] == "conflict"
    b.refresh()
    assert b.export["header"]["cells"]["filler_name"] == "张三"
    assert b.export["header"]["cells"]["filler_phone"] == "13800000002"
    assert b.export["header"]["rev"] >= 3
    assert any(x["row"] == b.ledger for x in b.export["conflicts"])
    cid = r["conflicts"][0]
    r = c.user["clerk"].post(f"/v1/conflicts/{cid}/resolve",
                             {"choose": "file"}, headers={"If-Match": '"1"'})
    assert r.status == 200
    assert b.refresh().export["header"]["cells"]["filler_name"] == "李四"


def test_header_text_that_is_no_text_is_not_taken(c):
    b = c.book()
    was = b.export["header"]
    assert one(b.push(b.upd(b.ledger, {"filler_name": "长" * 201,
                                       "filled_on": "某年某月"})))[
        "outcome"] == "applied"
    b.refresh()
    now = b.export["header"]["cells"]
    assert now.get("filler_name") == was["cells"].get("filler_name")
    assert now["filled_on"] == "某年某月"
    assert {f["name"]: f["level"] for f in findings(b, b.ledger)} == {
        "filler_name": "error", "filled_on": "warning"}
    b.push(b.upd(b.ledger, {"filler_name": "张三", "filled_on": "2023-04-06"}))
    assert not findings(b.refresh(), b.ledger)


def test_columns_of_staff_come_back_untouched(c):
    b, row = fresh(c)
    r = one(b.push(b.upd(row, {"extra.联系村干部": "赵五",
                               "extra.备注 2": "每周\n看一次"})))
    assert r["outcome"] == "applied"
    b.refresh()
    assert b.rows[row]["extra.联系村干部"] == "赵五"
    assert b.rows[row]["extra.备注 2"] == "每周\n看一次"
    assert one(b.push(b.upd(row, {"extra.联系村干部": ""})))["outcome"] == \
        "applied"
    b.refresh()
    assert "extra.联系村干部" not in b.rows[row]
    assert b.rows[row]["extra.备注 2"] == "每周\n看一次"


# ---- scope -----------------------------------------------------------------

def test_foreign_rows_exports_and_books_are_not_there(c):
    b, row = fresh(c)
    mine, foreign = c.book("other"), c.folder["other"]
    r = one(mine.push({"op": "upd", "row": row, "at": 6,
                       "f": {"goal": [FULL["goal"], "越界"]}}))
    assert r == {"row": row, "outcome": "not_found", "rev": 0}
    never = "01900000-0000-7000-8000-000000000000"
    r2 = one(mine.push({"op": "upd", "row": never, "at": 6,
                        "f": {"goal": ["", "x"]}}))
    assert {**r2, "row": row} == r
    assert c.issue(row)["goal"] == FULL["goal"]
    for path in (f"/v1/sync/exports/{b.export['export']}",
                 f"/v1/sync/exports/{never}"):
        assert foreign.get(path).status == 404
    body = b.body([b.upd(row, {"goal": "越界"})])
    assert foreign.put(f"/v1/sync/batches/{b.key()}", body).status == 404
    assert foreign.post(f"/v1/sync/ledgers/{b.ledger}/exports", {
        "instance": None, "kind": "primary", "path": "x"}).status == 404
    assert FULL["description"] not in json.dumps(
        c.book("other").export, ensure_ascii=False)


def test_people_see_the_conflicts_of_their_own_place_only(c):
    b, row = fresh(c)
    c.patch(row, {"goal": "乙"})
    cid = one(b.push(b.upd(row, {"goal": "甲"})))["conflicts"][0]
    assert c.user["other"].get(f"/v1/conflicts/{cid}").status == 404
    assert cid not in c.user["other"].get("/v1/conflicts").text
    assert c.user["bureau"].get(f"/v1/conflicts/{cid}").status == 200


def test_agents_and_people_do_not_share_doors(c):
    assert c.user["clerk"].get("/v1/sync/binding").status == 403
    assert c.folder["town"].get("/v1/issues").status == 403
    assert c.folder["town"].get("/v1/conflicts").status == 403
    assert c.stack.client().get("/v1/sync/binding").status == 401


def test_revoked_folder_is_closed_at_once(c):
    admin = c.user["admin"]
    r = admin.post("/v1/bindings", {
        "name": "临时", "action": "lookback-2023", "division": TOWN,
        "templates": ["X01"]}).json
    agent = c.stack.client(r["token"])
    # The same place has the same book.
    assert r["ledgers"][0]["id"] == c.ledger["town"]
    assert agent.get("/v1/sync/binding").status == 200
    assert admin.post(f"/v1/bindings/{r['id']}/revoke").status == 204
    assert agent.get("/v1/sync/binding").status == 401


def test_two_folders_of_one_book_merge(c):
    r = c.user["admin"].post("/v1/bindings", {
        "name": "第二目录", "action": "lookback-2023", "division": TOWN,
        "templates": ["X01"]}).json
    b, row = fresh(c)
    b2 = Book(c.stack.client(r["token"]), r["ledgers"][0]["id"])
    assert b2.rows[row]["goal"] == FULL["goal"]
    assert one(b2.push(b2.upd(row, {"goal": "第二目录的"})))["outcome"] == \
        "applied"
    assert one(b.push(b.upd(row, {"measures": "第一目录的"})))["outcome"] == \
        "merged"
    got = one(b.push(b.upd(row, {"goal": "第一目录的"})))
    assert got["outcome"] == "conflict"
    conflict = c.user["clerk"].get(
        f"/v1/conflicts/{got['conflicts'][0]}").json
    assert conflict["system_by"] == "第二目录"


def test_the_other_folders_agent_may_pass_the_decision_on(c):
    r = c.user["admin"].post("/v1/bindings", {
        "name": "第三目录", "action": "lookback-2023", "division": TOWN,
        "templates": ["X01"]}).json
    b, row = fresh(c)
    c.patch(row, {"goal": "乙"})
    cid = one(b.push(b.upd(row, {"goal": "甲"})))["conflicts"][0]
    b3 = Book(c.stack.client(r["token"]), r["ledgers"][0]["id"])
    assert cid in {x["id"] for x in b3.export["conflicts"]}
    assert b3.client.post(f"/v1/sync/conflicts/{cid}/resolve", {
        "choose": "file"}, headers={"If-Match": '"1"'}).status == 200


def test_phone_numbers_are_masked_below_their_clearance(c):
    b, row = fresh(c)
    c.patch(row, {"leader_phone": "13800000002"})
    cid = one(b.push(b.upd(row, {"leader_phone": "13800000003"})))[
        "conflicts"][0]
    b.push(b.upd(row, {"leader_phone": "1380000000400000000000"}))
    b.push(b.dele(row))
    path = f"/v1/conflicts/{cid}"
    assert "13800000003" in c.user["bureau"].get(path).text
    assert c.user["auditor"].get(path).status == 200
    for url in (path, f"/v1/conflicts?row={row}", "/v1/findings",
                f"/v1/requests?row={row}"):
        text = c.user["auditor"].get(url).text
        assert "1380000000" not in text, (url, text)


def test_folder_that_only_gives_takes_nothing(c):
    r = c.user["admin"].post("/v1/bindings", {
        "name": "只下发", "action": "lookback-2023", "division": TOWN,
        "templates": ["X01"], "direction": "out"}).json
    b = Book(c.stack.client(r["token"]), r["ledgers"][0]["id"])
    body = b.body([b.upd(b.spares[0], full())])
    assert b.put(body).status == 403


def test_bad_binding_names_every_fault(c):
    r = c.user["admin"].post("/v1/bindings", {
        "name": "x", "action": "none", "division": "440000000000",
        "templates": [], "direction": "up", "settle_s": -1, "more": 1})
    assert r.status == 422
    assert {f["pointer"] for f in r.json["faults"]} == {
        "/action", "/division", "/templates", "/direction", "/settle_s",
        "/more"}
    r = c.user["admin"].post("/v1/bindings", {
        "name": "x", "action": "lookback-2023", "division": TOWN,
        "templates": ["X01", "X98"], "divisions": [TOWN, OTHER]})
    assert {f["pointer"] for f in r.json["faults"]} == {
        "/templates", "/divisions"}


# ---- feed, files, adopted workbooks -----------------------------------------

def woken(c, agent, row, text):
    """What waits for news is told of an edit: before, after, and how long
    after the edit."""
    now, came = agent.get("/v1/sync/ledgers").json, []
    t = threading.Thread(target=lambda: came.append(agent.get(
        f"/v1/sync/ledgers?after={now['cursor']}&wait=20")))
    t.start()
    time.sleep(0.5)
    assert t.is_alive()
    c.patch(row, {"goal": text})
    began = time.monotonic()
    t.join(20)
    assert came[0].status == 200
    return now, came[0].json, time.monotonic() - began


def test_long_poll_wakes_on_an_edit(c):
    b, row = fresh(c)
    agent = c.fork("town")
    for text in ("唤醒", "再唤醒", "又唤醒"):    # a busy machine may be late
        now, after, took = woken(c, agent, row, text)
        assert after["cursor"] != now["cursor"]
        assert after["ledgers"][0]["seq"] == now["ledgers"][0]["seq"] + 1
        if took < 2.5:
            break
    assert took < 2.5
    began = time.monotonic()
    quiet = agent.get(f"/v1/sync/ledgers?after={after['cursor']}&wait=1")
    assert quiet.json["cursor"] == after["cursor"]
    assert 0.8 < time.monotonic() - began < 10


def test_a_batch_that_says_nothing_new_moves_nothing(c):
    b, row = fresh(c)
    seq = b.client.get("/v1/sync/ledgers").json
    assert one(b.push(b.upd(row, {"goal": FULL["goal"]})))["outcome"] == "noop"
    assert b.client.get("/v1/sync/ledgers").json == seq


def test_adopted_workbook_fills_gaps_and_never_deletes(c):
    b, cells = c.book(), full()
    row = one(b.push(b.upd(b.spares[0], {k: v for k, v in cells.items()
                                         if k != "goal"})))["row"]
    a = c.book(kind="adopted")
    assert a.export["deletions"] is False and a.export["spares"] == []
    k = a.known()[row]
    assert k["token"] is None and set(k["base"].values()) == {""}
    assert k["key"] == {"category": FULL["category"],
                        "description": cells["description"]}
    a.base[row] = {}
    r = one(a.push(a.upd(row, {**cells, "goal": "补上目标",
                               "measures": "不同的措施"})))
    assert r["outcome"] == "conflict" and len(r["conflicts"]) == 1
    issue = c.issue(row)
    assert issue["goal"] == "补上目标" and issue["measures"] == \
        FULL["measures"]


def test_file_reports_reach_people(c):
    agent = c.folder["town"]
    for state in ("quarantined", "ok"):
        r = agent.post("/v1/sync/files", {
            "path": "子目录/坏文件.xlsx", "file_sha": "0" * 64, "state": state,
            "code": "not_a_zip", "zh": "文件已损坏", "en": "not a zip"})
        assert r.status == 204, r
    items = c.user["clerk"].get("/v1/sync/files").json["items"]
    assert [(f["path"], f["state"]) for f in items] == \
        [("子目录/坏文件.xlsx", "ok")]
    assert c.user["other"].get("/v1/sync/files").json["items"] == []
    assert agent.post("/v1/sync/files", {"path": "x", "state": "fine"}) \
        .status == 422


def test_agent_passes_a_decision_from_the_workbook_on(c):
    b, row = fresh(c)
    c.patch(row, {"goal": "乙"})
    cid = one(b.push(b.upd(row, {"goal": "甲"})))["conflicts"][0]
    path = f"/v1/sync/conflicts/{cid}/resolve"
    assert c.folder["other"].post(path, {"choose": "file"}, headers={
        "If-Match": '"1"'}).status == 404
    r = b.client.post(path, {"choose": "file"}, headers={"If-Match": '"1"'})
    assert r.status == 200 and c.issue(row)["goal"] == "甲"


def test_lists_are_paged(c):
    b, row = fresh(c)
    for i in range(3):
        x = fresh(c)[1]
        b.refresh()
        b.push(b.upd(x, {"accepted": "是"}))
    seen, url = [], "/v1/requests?state=open&limit=2"
    r = c.user["clerk"].get(url).json
    while True:
        assert len(r["items"]) <= 2
        seen += [x["id"] for x in r["items"]]
        if not r["next"]:
            break
        r = c.user["clerk"].get(f"{url}&cursor={r['next']}").json
    assert len(seen) == len(set(seen)) >= 3
    r = c.user["clerk"].get("/v1/requests?state=odd&limit=5x&row=7")
    assert r.status == 422
    assert [f["pointer"] for f in r.json["faults"]] == [
        "?state", "?row", "?limit"]


def test_every_named_column_is_exported(c):
    b, row = fresh(c)
    assert set(b.rows[row]) == set(COLUMNS) | {"project_uid"}
    assert COUNTY not in b.export["division"]
