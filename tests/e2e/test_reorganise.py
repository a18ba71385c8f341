"""Divisions that are merged, transferred or recoded: all they have goes along at
once, what was decided stays decided, nobody sees more than before."""
import json

import pytest

from lives import VILLAGES, everybody
from people import COUNTY, GOOD, SIBLING, TOWN, done, report
from sheets import Book
from stack import Stack, wait_for

CELLS = {"category": "立项批复", "goal": "补办公示", "description":
         "项目名称：稻虾基地；实施主体：合作社；发生时间：2022年5月；基本情况：未公示"}
PLAN = {"effective_on": "2024-01-01", "document": "民函〔2023〕12号"}
OTHER, THIRD = "430981110000", "430981106000"   # 共华镇, 南大膳镇


@pytest.fixture(scope="module")
def world():
    s = Stack(demo=True, agent=False)
    s.start()
    try:
        s.who = everybody(s)
        yield s
    finally:
        s.stop()


def reorganise(world, *moves, tail=""):
    return world.who("admin").post(
        "/v1/divisions:reorganise" + tail,
        {**PLAN, "moves": [dict(zip(("from", "to", "name"), m))
                           for m in moves]})


def sees(client):
    return {x["id"] for x in client.get("/v1/issues?limit=200").json["items"]}


def test_a_township_goes_into_another(world):
    mine = [report(world.who("huangmaozhou")) for _ in range(3)]
    theirs = [report(world.who("caowei")) for _ in range(3)]
    done(world.who("nongye"), theirs[0], "assign", due_on="2023-05-31",
         responsible_subject_kind="township")
    held = world.who("huangmaozhou"), world.who("caowei")
    dry = reorganise(world, (SIBLING, TOWN), tail="?dry_run=true")
    assert dry.status == 200 and dry.json["moved"]["issue"] == 3, dry
    assert sees(held[1]) == {i["id"] for i in theirs}
    r = reorganise(world, (SIBLING, TOWN))
    assert r.status == 200, r
    assert r.json["moved"]["issue"] == 3 and r.json["moved"]["role_grant"] > 0
    assert r.json["division_code"] == COUNTY
    # Both clerks, in the sessions they have, now see all six; within 5 s.
    for c in held:
        wait_for(lambda: len(sees(c)) == 6, 5, why="the new scope")
    rows = held[0].get("/v1/issues?limit=200").json["items"]
    assert sorted(x["seq_no"] for x in rows) == [1, 2, 3, 4, 5, 6]
    assert {x["id"]: x["seq_no"] for x in rows if x["id"] in {
        i["id"] for i in mine}} == {i["id"]: i["seq_no"] for i in mine}
    # The decision stays, and the row's history goes on.
    path = f"/v1/issues/{theirs[0]['id']}"
    now = held[0].get(path).json
    assert now["state"] == "assigned" and now["division_code"] == TOWN
    assert [c["command"] for c in held[0].get(path + "/commands").json[
        "items"]] == ["assign"]
    revs = [x["rev"] for x in held[0].get(
        path + "/history").json["items"]]
    assert sorted(revs) == [1, 2, 3]
    old = world.who("nongye").get(f"/v1/divisions/{SIBLING}").json
    assert old["valid_to"] == "2024-01-01" and old["successor_code"] == TOWN
    again = reorganise(world, (SIBLING, TOWN))
    assert again.status == 422 and again.json["faults"][0]["code"] == "ended"
    listed = world.who("admin").get("/v1/reorganisations").json["items"]
    assert r.json["id"] in [x["id"] for x in listed]


def test_a_village_goes_to_another_township(world):
    village = next(iter(VILLAGES))
    clerk = world.who("jg-cunguan")
    own = report(clerk)
    r = reorganise(world, (village, "430981110811", "某新村"))
    assert r.status == 200, r
    wait_for(lambda: clerk.get("/v1/me").json["division"] == "430981110811", 5)
    assert sees(clerk) == {own["id"]}
    assert own["id"] in sees(world.who("gonghua"))
    assert own["id"] not in sees(world.who("huangmaozhou"))
    assert world.who("huangmaozhou").get(
        f"/v1/issues/{own['id']}").status == 404
    place = world.who("nongye").get("/v1/divisions/430981110811").json
    assert place["name"] == "某新村" and place["parent_code"] == OTHER


def test_a_code_changes_and_the_ledger_goes_along(world):
    """The workbook was open all the time: what is typed in it arrives."""
    token = (world.var / "agent/tokens" / THIRD).read_text().strip()
    agent = world.client(token)
    ledger = agent.get("/v1/sync/binding").json["ledgers"][0]["id"]
    first = Book(agent, ledger)
    row = first.push(first.upd(first.spares[0], CELLS))[0]["row"]
    book, new = Book(agent, ledger), "430981118000"
    r = reorganise(world, (THIRD, new))
    assert r.status == 200 and r.json["moved"]["sheet_ledger"] == 1, r
    out = book.push(book.upd(row, {"goal": "改了"}),
                    book.upd(book.spares[0], CELLS))
    assert [x["outcome"] for x in out] == ["applied", "inserted"], out
    bureau = world.who("nongye")
    assert bureau.get(f"/v1/issues/{row}").json["goal"] == "改了"
    assert {bureau.get(f"/v1/issues/{x['row']}").json["division_code"]
            for x in out} == {new}


@pytest.mark.parametrize("moves,code", [
    ([("430981999000", TOWN)], "unknown"),
    ([(OTHER, "430922101000")], "no_parent"),
    ([(OTHER, "430981110001")], "other_level"),
    ([(OTHER, TOWN), (OTHER, "430981101000")], "twice"),
    ([(OTHER, TOWN), (TOWN, "430981101000")], "chain"),
    ([(TOWN, OTHER)], "left_behind"),
    ([], "not_a_list"), ([(SIBLING, "4309")], "not_a_division")])
def test_a_plan_that_cannot_be_is_refused_whole(world, moves, code):
    r = reorganise(world, *moves)
    assert r.status == 422, r
    assert code in {f["code"] for f in r.json["faults"]}, r
    assert all(f["pointer"].startswith("/moves") for f in r.json["faults"])
    assert world.psql("SELECT count(*) FROM division WHERE valid_to IS NULL"
                      f" AND code IN ({OTHER}, {TOWN})") == [["2"]]


def test_who_configures_reorganises_and_nobody_else(world):
    for login in ("nongye", "huangmaozhou", "shizhang", "shenji"):
        body = {**PLAN, "moves": [{"from": OTHER, "to": TOWN}]}
        assert world.who(login).post("/v1/divisions:reorganise",
                                     body).status == 403
        assert world.who(login).get("/v1/reorganisations").status == 403


NEAR, LAST = "430981109000", "430981104000"


def test_a_division_that_has_ended_takes_no_more(world):
    """From whoever and however; the refusal names the place to go to. What it
    kept is read as before."""
    bureau, clerk = world.who("nongye"), world.who("bumen")
    kept = report(clerk, division_code=NEAR)
    assert reorganise(world, (NEAR, OTHER)).status == 200
    world.psql(f"UPDATE issue SET division_code = {NEAR}, seq_no = 900 WHERE"
               f" id = '{kept['id']}'")
    refused = clerk.post("/v1/issues", {**GOOD, "division_code": NEAR})
    assert refused.status == 422, refused
    fault, = refused.json["faults"]
    assert (fault["pointer"], fault["code"]) == ("/division_code", "ended")
    assert OTHER in fault["message"] and "共华镇" in fault["message"], fault
    r = clerk.post("/v1/issues/bulk?atomic=false", {"items": [
        {**GOOD, "division_code": NEAR}, {**GOOD, "division_code": OTHER}]})
    assert [x["status"] for x in r.json["items"]] == [422, 201], r
    assert "ended" in json.dumps(r.json["items"][0])
    r = bureau.post("/v1/issues", {**GOOD, "division_code": NEAR})
    assert r.status == 422 and r.json["faults"][0]["code"] == "ended", r
    assert clerk.get(f"/v1/issues/{kept['id']}").status == 200
    assert bureau.get(f"/v1/issues?division={NEAR}").json["items"]
    # One that ends on a day to come takes rows until then.
    for day, status in (("2999-01-01", 201), ("2020-01-01", 422)):
        world.psql(f"UPDATE division SET valid_to = '{day}' WHERE code ="
                   f" {LAST}")
        r = clerk.post("/v1/issues", {**GOOD, "division_code": LAST})
        assert r.status == status, (day, r)
    assert "430" not in r.json["faults"][0]["message"], r
