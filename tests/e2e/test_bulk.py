"""POST …/bulk: many rows created, changed, refused; all or some of them."""
import threading
import time

from people import people
from stack import wait_for


def items(n, unit="430981107000", **more):
    return [dict({"category": "Y-1", "description": f"第{i}个问题",
                  "division_code": unit}, **more) for i in range(n)]


def bulk(who, rows, query="", **kw):
    return who.post(f"/v1/issues/bulk{query}", {"items": rows}, **kw)


def test_rows_are_created_then_changed_by_id(county):
    who = people(county)("qionghu")
    unit = who.get("/v1/me").json["division"]
    made = bulk(who, items(120, unit))
    assert made.status == 200, made
    assert (made.json["created"], made.json["refused"]) == (120, 0)
    ids = [x["id"] for x in made.json["items"]]
    assert len(set(ids)) == 120
    assert all(x["status"] == 201 and x["rev"] == 1
               for x in made.json["items"])
    rows = [{"id": i, "rev": 1, "goal": f"目标{k}"}
            for k, i in enumerate(ids)]
    rows[7] = {"id": ids[7]}
    again = bulk(who, rows)
    assert again.status == 200, again
    assert (again.json["changed"], again.json["unchanged"]) == (119, 1)
    row = who.get(f"/v1/issues/{ids[3]}").json
    assert (row["goal"], row["rev"]) == ("目标3", 2)
    assert row["description"] == "第3个问题"
    history = who.get(f"/v1/issues/{ids[3]}/history").json["items"]
    assert len(history) == 2


def test_all_or_nothing_names_every_fault(county):
    who = people(county)("qionghu")
    unit = who.get("/v1/me").json["division"]
    before = who.get("/v1/issues?count=true&limit=1").json["count"]
    rows = items(10, unit)
    rows[2] = dict(rows[2], category="没有", nothing=1)
    rows[5] = {"description": "没有类别"}
    rows[8] = dict(rows[8], division_code="430981000000")
    refused = bulk(who, rows)
    assert refused.status == 422, refused
    assert refused.json["code"] == "bulk_refused"
    pointers = {f["pointer"] for f in refused.json["faults"]}
    assert pointers == {"/items/2/category", "/items/2/nothing",
                        "/items/5/category", "/items/8/division_code"}
    assert who.get("/v1/issues?count=true&limit=1").json["count"] == before
    some = bulk(who, rows, "?atomic=false")
    assert some.status == 200
    assert (some.json["created"], some.json["refused"]) == (7, 3)
    bad = some.json["items"][5]
    assert (bad["status"], bad["result"]) == (422, "refused")
    assert bad["faults"][0]["pointer"] == "/items/5/category"
    assert who.get("/v1/issues?count=true&limit=1").json["count"] == before + 7


def test_what_the_database_refuses_is_found_by_halves(county):
    """A row that only a constraint refuses does not take the others along."""
    who = people(county)("qionghu")
    unit = who.get("/v1/me").json["division"]
    rows = items(64, unit)
    rows[41]["extra"] = {"x": "y"}
    county.psql("ALTER TABLE issue ADD CONSTRAINT issue_test CHECK"
                " (extra->>'x' IS DISTINCT FROM 'y')")
    try:
        one = bulk(who, rows)
        assert one.status == 422, one
        assert {f["pointer"].split("/")[2] for f in one.json["faults"]} == {
            "41"}
        some = bulk(who, rows, "?atomic=false")
        assert (some.json["created"], some.json["refused"]) == (63, 1), some
        assert some.json["items"][41]["result"] == "refused"
    finally:
        county.psql("ALTER TABLE issue DROP CONSTRAINT issue_test")


def test_a_dry_run_says_what_would_be_and_writes_nothing(county):
    who = people(county)("qionghu")
    unit = who.get("/v1/me").json["division"]
    before = who.get("/v1/issues?count=true&limit=1").json["count"]
    said = bulk(who, items(5, unit), "?dry_run=true")
    assert said.status == 200 and said.json["dry_run"] is True
    assert said.json["created"] == 5
    assert who.get("/v1/issues?count=true&limit=1").json["count"] == before


def test_history_replays_to_the_table(county):
    """Every revision of every row, each as it stood (I11)."""
    who = people(county)("qionghu")
    unit = who.get("/v1/me").json["division"]
    ids = [x["id"] for x in bulk(who, items(
        60, unit, extra={"说明": "甲"})).json["items"]]
    for turn in range(2):
        bulk(who, [{"id": i, "goal": f"目标{turn}"} for i in ids[turn:]])
    assert county.psql(
        "SELECT count(*), sum(i.rev), count(*) FILTER (WHERE h.data ="
        " to_jsonb(i)), count(*) FILTER (WHERE (SELECT array_agg(rev ORDER"
        " BY rev) FROM history WHERE entity = 'issue' AND row_id = i.id) ="
        " ARRAY(SELECT generate_series(1, i.rev)))"
        " FROM issue i LEFT JOIN history h ON h.entity = 'issue' AND"
        " h.row_id = i.id AND h.rev = i.rev"
        f" WHERE i.id = ANY ('{{{','.join(ids)}}}')") == [
            ["60", "179", "60", "60"]]


def test_nobody_writes_what_he_cannot_see(county):
    pair = people(county)
    mine, other = pair("qionghu"), pair("huangmaozhou")
    unit = mine.get("/v1/me").json["division"]
    made = bulk(mine, items(2, unit)).json["items"]
    stolen = bulk(other, [{"id": made[0]["id"], "goal": "x"}],
                  "?atomic=false")
    absent = bulk(other, [{"id": "01900000-0000-7000-8000-000000000000",
                           "goal": "x"}], "?atomic=false")
    assert stolen.json["items"] == absent.json["items"]
    assert stolen.json["items"][0]["status"] == 404
    assert bulk(other, items(1, unit)).status == 422
    assert mine.get(f"/v1/issues/{made[0]['id']}").json["goal"] is None


def test_stale_and_repeated_rows_are_refused(county):
    who = people(county)("qionghu")
    unit = who.get("/v1/me").json["division"]
    made = [x["id"] for x in bulk(who, items(2, unit)).json["items"]]
    said = bulk(who, [{"id": made[0], "rev": 9, "goal": "a"},
                      {"id": made[1], "goal": "a"},
                      {"id": made[1], "goal": "b"}], "?atomic=false").json
    assert [x["status"] for x in said["items"]] == [412, 200, 422]
    assert said["items"][2]["faults"][0]["code"] == "repeated"


def test_the_same_key_gives_the_same_answer_once(county):
    who = people(county)("qionghu")
    unit = who.get("/v1/me").json["division"]
    before = who.get("/v1/issues?count=true&limit=1").json["count"]
    head = {"Idempotency-Key": "bulk-1"}
    one = bulk(who, items(3, unit), headers=head)
    two = bulk(who, items(3, unit), headers=head)
    assert one.status == two.status == 200
    assert one.json == two.json
    assert who.get("/v1/issues?count=true&limit=1").json["count"] == before + 3


def test_what_is_no_list_of_rows_is_refused(county):
    who = people(county)("qionghu")
    for body in ({}, {"items": []}, {"items": {}}, {"items": [1]},
                 {"items": [{}], "more": 1}, {"items": [{}] * 1001},
                 {"items": [{"id": "x"}]}, {"items": [{"rev": 1}]}):
        r = who.post("/v1/issues/bulk", body)
        assert r.status == 422, (body if len(str(body)) < 99 else "", r)
    assert bulk(who, items(1), "?atomic=perhaps").status == 422


def test_two_clients_change_the_same_rows_without_a_deadlock(county):
    who = people(county)("qionghu")
    unit = who.get("/v1/me").json["division"]
    ids = [x["id"] for x in bulk(who, items(100, unit)).json["items"]]
    wrong = []

    def work(name, order):
        mine = county.login("qionghu")
        for turn in range(6):
            r = bulk(mine, [{"id": i, "cause": f"{name}{turn}"}
                            for i in order])
            if r.status != 200 or r.json["changed"] != 100:
                wrong.append(r)

    both = [threading.Thread(target=work, args=("甲", ids)),
            threading.Thread(target=work, args=("乙", ids[::-1]))]
    for t in both:
        t.start()
    for t in both:
        t.join()
    assert wrong == []
    rows = [who.get(f"/v1/issues/{i}").json for i in ids[::25]]
    assert {r["rev"] for r in rows} == {13}


def test_what_the_database_refuses_leaves_no_connection_behind(county):
    """The batch is undone, the request ends before that has come back, and
    the transaction ends with it: its locks and its connection are free."""
    clerk = people(county)("huangmaozhou")
    for _ in range(12):
        began = time.monotonic()
        r = clerk.post("/v1/issues/bulk", {"items": [{
            "category": "Y-1", "description": "甲",
            "division_code": "430981107999"}]})
        assert r.status == 422 and time.monotonic() - began < 3, r
    wait_for(lambda: county.psql(
        "SELECT count(*) FROM pg_stat_activity WHERE usename = 'taizhang_api'"
        " AND state LIKE 'idle in transaction%'") == [["0"]], 2,
        why="transactions ended")


def test_texts_arrive_as_they_were_sent(county):
    """However they look to who reads a list of them; also as keys."""
    who = people(county)("qionghu")
    unit = who.get("/v1/me").json["division"]
    texts = ["NULL", "{甲,乙}", '说"是"', "\\", '\\"', "}{", "'", "a,b", "{}",
             '{"a":null}', "甲\n乙"]
    rows = [{"project_no": t.replace("\n", " "), "name": t, "content": t,
             "build_year": 2023, "type_l1": "industry", "is_industry": True,
             "total_investment_fen": k, "support_fund_fen": 0,
             "extra": {t: t}, "sensitive_kind": ["S1", "S3"],
             "division_code": unit} for k, t in enumerate(texts)]
    made = who.post("/v1/projects/bulk", {"items": rows})
    assert made.status == 200 and made.json["created"] == len(rows), made
    for again in ({}, {"remark": '","'}, {"remark": None}):
        r = who.post("/v1/projects/bulk", {"items": [
            dict(row, **again) for row in rows]})
        assert [x["id"] for x in r.json["items"]] == [
            x["id"] for x in made.json["items"]], r
        assert r.json["changed"] == (len(rows) if again else 0), r
    for row, x in zip(rows, made.json["items"]):
        got = who.get(f"/v1/projects/{x['id']}").json
        assert {k: got[k] for k in row} == row and got["rev"] == 3


def test_many_rows_have_the_history_that_one_has(county):
    """The same bytes, lines and kinds, however they were written (4.6)."""
    who = people(county)("qionghu")
    unit = who.get("/v1/me").json["division"]
    ids = [x["id"] for n in (49, 50) for x in bulk(
        who, items(n, unit, extra={"b": 1, "a": 2})).json["items"]]
    for some in (ids[:49], ids[49:]):
        county.psql("UPDATE issue SET sensitivity = 2, voided_at = now() "
                    "WHERE id = ANY ('{%s}')" % ",".join(some))
    own = "{%s}" % ",".join(ids)
    assert county.psql(
        "SELECT count(*) FROM issue i JOIN history h ON h.entity = 'issue' "
        "AND (h.row_id, h.rev, h.line, h.sensitivity, h.division_code, h.at) "
        "= (i.id, i.rev, i.competent_line, i.sensitivity, i.division_code, "
        "i.updated_at) AND h.data::text = to_jsonb(i)::text "
        f"WHERE i.id = ANY ('{own}')") == [["99"]]
    assert county.psql(
        "SELECT c.rev, c.kind, c.sensitivity, h.channel, count(*) "
        "FROM change c JOIN history h USING (entity, row_id, rev) "
        f"WHERE c.row_id = ANY ('{own}') "
        "GROUP BY 1, 2, 3, 4 ORDER BY 1, 2") == [
            ["1", "created", "1", "api", "99"],
            ["2", "gone", "1", "sql", "99"],
            ["2", "voided", "2", "sql", "99"]]
