"""An old copy saved over a newer workbook: what the server is told of it."""
import secrets

import pytest

from sheets import FULL, County, full


@pytest.fixture(scope="module")
def c():
    from stack import Stack
    s = Stack(demo=False, agent=False)
    s.start()
    try:
        yield County(s)
    finally:
        s.stop()


@pytest.fixture
def made(c):
    """A book, and a row of it delivered before the book was exported."""
    b = c.book()
    row = b.push(b.upd(b.spares[0], full()))[0]["row"]
    return b.refresh(), row


def seen(b, row, cells):
    return {**b.upd(row, cells), "op": "seen"}


def test_old_values_reach_the_shadow_and_not_the_row(c, made):
    b, row = made
    old = b.base[row]["goal"]
    b.push(b.upd(row, {"goal": "新的目标"}))
    rev = c.issue(row)["rev"]
    assert b.push(seen(b, row, {"goal": old}))[0]["outcome"] == "noop"
    assert c.issue(row)["goal"] == "新的目标" and c.issue(row)["rev"] == rev
    assert b.known()[row]["shadow"]["goal"] == old
    # Who types into the old copy never saw what the row is by now.
    assert b.push(b.upd(row, {"goal": "旧表上改的"}))[0]["outcome"] == \
        "conflict"
    assert c.issue(row)["goal"] == "新的目标"


def test_a_row_the_old_copy_lacks_is_not_deleted(c, made):
    b, row = made
    op = {"op": "seen", "row": row, "gone": True}
    assert b.push(op)[0]["outcome"] == "noop"
    assert b.known()[row]["gone"] is True
    assert c.issue(row)["state"] == "found"
    assert b.push(b.back(row))[0]["outcome"] == "noop"
    assert b.known()[row]["gone"] is False


def test_old_values_of_a_gone_row_do_not_bring_it_back(c, made):
    b, row = made
    b.push({"op": "seen", "row": row, "gone": True})
    b.push(seen(b, row, {"goal": "别的"}))
    assert b.known()[row]["gone"] is True


def test_old_values_claim_a_base_as_well(c, made):
    b, row = made
    op = {"op": "seen", "row": row, "at": 6, "f": {"goal": ["不是", "旧"]}}
    assert b.push(op)[0]["outcome"] == "base_mismatch"
    assert "goal" not in (b.known()[row]["shadow"] or {})


def test_an_inserted_row_is_known_by_its_op_id(c, made):
    b, _ = made
    op_id = secrets.token_hex(32)
    row = b.push(b.ins(full(), op_id))[0]["row"]
    assert b.known()[row]["op_id"] == op_id


@pytest.mark.parametrize("op", [
    {"op": "seen"},
    {"op": "seen", "f": ["goal"]},
    {"op": "seen", "f": {"goal": "text"}},
    {"op": "upd", "gone": True, "f": {}},
])
def test_malformed(c, made, op):
    b, row = made
    r = b.put(b.body([{"row": row, "at": 6, **op}]))
    assert r.status in (400, 422), r


def test_what_was_delivered_before_is_told(c, made):
    b, row = made
    assert "earlier" not in b.known()[row]
    for text in ("一稿", "二稿", "三稿", "二稿", "四稿"):
        b.push(b.upd(row, {"goal": text}))
    assert b.known()[row]["earlier"] == {"goal": ["一稿", "二稿", "三稿"]}
    b.push(b.upd(b.spares[1], {"goal": "甲"}), b.upd(row, {"measures": "乙"}))
    b.push(b.upd(b.spares[1], {"goal": "丙"}))
    known = b.known()
    assert known[b.spares[1]]["earlier"] == {"goal": ["甲"]}
    assert known[row]["earlier"] == {"goal": ["一稿", "二稿", "三稿"]}
    op = b.ins(full())
    new = b.push(op)[0]["row"]
    b.push(b.upd(new, {"goal": "后来的"}))
    assert b.known()[new]["earlier"] == {"goal": [FULL["goal"]]}
