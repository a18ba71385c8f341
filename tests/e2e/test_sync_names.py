"""Two rows of one name (natural key): the same issue entered twice is one
row, and nobody takes another row's name by a keystroke."""
import threading

import pytest

from sheets import FULL, c, fresh, full, one

assert c    # the fixture


def live(c, cells):
    r = c.user["clerk"].get("/v1/issues?limit=200")
    assert r.status == 200, r
    items = r.json["items"]
    while r.json["next"]:
        r = c.user["clerk"].get(
            f"/v1/issues?limit=200&cursor={r.json['next']}")
        items += r.json["items"]
    return [i for i in items if i["description"] == cells["description"]
            and i["voided_at"] is None]


def conflict(c, result):
    r = c.user["clerk"].get(f"/v1/conflicts/{one(result['conflicts'])}")
    assert r.status == 200, r
    return r.json


def resolve(c, id, choose):
    return c.user["clerk"].post(f"/v1/conflicts/{id}/resolve",
                                {"choose": choose},
                                headers={"If-Match": '"1"'})


def test_the_same_issue_in_two_files_is_one_row(c):
    a, b, cells = c.book(), c.book(), full()
    row = one(a.push(a.ins(cells)))["row"]
    # Other spaces and full-width digits are the same name.
    again = {**cells, "description": "　" + cells["description"].replace(
        "2023", "２０２３") + " "}
    r = one(b.push(b.ins(again)))
    assert r["row"] == row and len(live(c, cells)) == 1
    assert b.known()[row]["kind"] == "pending"


def test_what_two_people_say_of_it_is_merged_from_blank(c):
    a, b, cells = c.book(), c.book(), full()
    first = {k: v for k, v in cells.items() if k != "measures"}
    row = one(a.push(a.ins(first)))["row"]
    r = one(b.push(b.ins({**cells, "goal": "另一个目标"})))
    assert r["row"] == row and r["outcome"] == "conflict"
    issue = c.issue(row)
    assert issue["measures"] == cells["measures"]
    assert issue["goal"] == cells["goal"]
    got = conflict(c, r)
    assert (got["name"], got["base"], got["file"]) == ("goal", "",
                                                       "另一个目标")
    # From now on it is a row of that file like any other.
    assert one(b.push(b.upd(row, {"measures": "改过"})))["outcome"] in \
        ("applied", "merged")
    assert c.issue(row)["measures"] == "改过"


def test_a_file_dropped_twice_gives_one_row(c):
    cells = full()
    # Both were taken in before either said anything.
    a = c.book(kind="adopted")
    b = c.book(kind="adopted")
    row = one(a.push(a.ins(cells)))["row"]
    r = one(b.push(b.ins(cells)))
    assert r["row"] == row and r["outcome"] == "noop"
    assert len(live(c, cells)) == 1


def test_two_rows_of_one_name_in_one_file_are_two(c):
    b, cells = c.book(), full()
    first = one(b.push(b.ins(cells)))["row"]
    second = one(b.push(b.ins({**cells, "goal": "同名的另一件事"})))["row"]
    assert first != second and len(live(c, cells)) == 2


def test_a_name_the_export_knows_otherwise_is_a_conflict(c):
    b, row = fresh(c)
    taken = full()
    # The system renames the row; the file still shows the old name.
    c.patch(row, {"description": taken["description"]})
    r = one(b.push(b.ins({**taken, "goal": "表里的"})))
    assert r["outcome"] == "conflict" and len(live(c, taken)) == 1
    got = conflict(c, r)
    assert (got["row"], got["kind"], got["name"]) == (row, "same_key", "")
    assert "整改目标：表里的" in got["file"]
    # The next save of the same file knows it and says nothing new.
    assert b.known()[r["row"]]["kind"] == "pending"
    assert c.user["clerk"].get(f"/v1/issues/{r['row']}").status == 404
    assert resolve(c, got["id"], "file").status == 200
    assert c.issue(row)["goal"] == "表里的"


def test_a_refused_row_that_gets_a_name_of_its_own_is_entered_whole(c):
    a, b, cells = c.book(), c.book(), full()
    a.push(a.ins({**cells, "goal": "甲的目标"}))
    spare = b.spares[0]
    r = one(b.push(b.upd(spare, cells)))
    assert r["outcome"] == "conflict" and len(live(c, cells)) == 1
    new = full()
    r = one(b.push(b.upd(spare, {"description": new["description"]})))
    assert r["outcome"] == "inserted" and r["row"] == spare
    issue = c.issue(spare)
    assert issue["description"] == new["description"]
    assert issue["goal"] == cells["goal"] and issue["category"] == "Y-3"


def test_a_spare_that_says_just_the_same_is_nothing(c):
    a, b, cells = c.book(), c.book(), full()
    a.push(a.upd(a.spares[0], cells))
    r = one(b.push(b.upd(b.spares[0], cells)))
    assert r["outcome"] == "noop" and "conflicts" not in r
    assert len(live(c, cells)) == 1


def test_a_rename_onto_a_name_is_a_conflict(c):
    b, row = fresh(c)
    a, taken = c.book(), full()
    a.push(a.ins(taken))
    r = one(b.push(b.upd(row, {"description": taken["description"],
                               "goal": "连同目标"})))
    assert r["outcome"] == "conflict" and len(live(c, taken)) == 1
    issue = c.issue(row)
    assert issue["description"] != taken["description"]
    assert issue["goal"] == FULL["goal"]
    got = conflict(c, r)
    assert (got["row"], got["kind"]) == (row, "same_key")
    # A person may have two rows of one name.
    assert resolve(c, got["id"], "file").status == 200
    assert c.issue(row)["goal"] == "连同目标"
    assert len(live(c, taken)) == 2


def test_names_may_change_places_in_one_save(c):
    b, row = fresh(c)
    old = b.base[row]["description"]
    new = full()
    r = b.push(b.upd(row, {"description": new["description"]}),
               b.ins({**FULL, "description": old}))
    assert [x["outcome"] for x in r] == ["applied", "inserted"]


def test_half_a_name_is_none(c):
    a, b = c.book(), c.book()
    one(a.push(a.upd(a.spares[0], {"category": "其他"})))
    assert one(b.push(b.upd(b.spares[0], {"category": "其他"})))[
        "outcome"] == "inserted"


def test_of_a_deleted_row_the_name_is_free(c):
    a, b, cells = c.book(), c.book(), full()
    row = one(a.push(a.upd(a.spares[0], cells)))["row"]
    a.refresh()
    a.push(a.dele(row))
    r = one(b.push(b.ins(cells)))
    assert r["outcome"] == "inserted" and r["row"] != row


def test_at_the_same_moment_it_is_still_one_row(c):
    for _ in range(5):
        cells, told = full(), []
        books = [c.book() for _ in range(4)]
        for b in books:
            b.client = c.fork("town")
        go = threading.Barrier(len(books))

        def push(b):
            go.wait()
            told.append(one(b.push(b.ins(cells)))["row"])

        threads = [threading.Thread(target=push, args=(b,)) for b in books]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert len(told) == 4 and len(set(told)) == 1, told
        assert len(live(c, cells)) == 1


# ---- what a cell means -------------------------------------------------------

def test_a_typed_code_is_the_base_of_the_next_save(c):
    b, row = fresh(c)
    b.push(b.upd(row, {"category": "Y-1"}))
    assert c.issue(row)["category"] == "Y-1"
    assert one(b.push(b.upd(row, {"category": "其他"})))["outcome"] == \
        "applied"


def test_the_mask_of_a_number_is_the_number(c):
    b, row = fresh(c)
    for n in (2, 3):
        r = one(b.push(b.upd(row, {"leader_phone": f"138****000{n - 1}"})))
        assert r["outcome"] == "noop", r
        assert c.issue(row)["leader_phone"] == f"1380000000{n - 1}"
        r = one(b.push(b.upd(row, {"leader_phone": f"1380000000{n}"})))
        assert r["outcome"] == "applied"
        assert c.issue(row)["leader_phone"] == f"1380000000{n}"
    # The system's number, met as its mask, is agreement.
    c.patch(row, {"leader_phone": "13800000009"})
    r = one(b.push(b.upd(row, {"leader_phone": "138****0009"})))
    assert r["outcome"] == "noop" and "conflicts" not in r
    assert c.issue(row)["leader_phone"] == "13800000009"


@pytest.mark.parametrize("name,mask", [
    ("leader_phone", "139****7777"), ("leader_name", "赵**")])
def test_a_mask_of_no_known_value_is_held(c, name, mask):
    b, row = fresh(c)
    r = one(b.push(b.upd(row, {name: mask})))
    assert r["outcome"] == "held" and r["held"] == [name]
    assert c.issue(row)[name] == FULL[name]
    b.refresh()
    assert b.rows[row][name] == mask
    spare = one(b.push(b.upd(b.spares[0], full(**{name: mask}))))
    assert spare["outcome"] == "inserted" and spare["held"] == [name]
    assert c.issue(spare["row"])[name] is None


def test_the_mask_of_a_name_is_the_name(c):
    b, row = fresh(c)
    assert one(b.push(b.upd(row, {"leader_name": "王*"})))["outcome"] == \
        "noop"
    assert c.issue(row)["leader_name"] == FULL["leader_name"]
