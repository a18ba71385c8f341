"""The plans of every large entity's lists in a heavy county (domain.md 7): for
every sort at every level of scope an index gives the order."""
import sys

import explained
import pytest
from stack import ROOT, Stack
from waiting import TOGETHER, reads_together

sys.path.insert(0, str(ROOT / "tests/bench"))
import generate                                             # noqa: E402

LEAST = 3000        # rows of a table, or reading all of it is no fault
VILLAGE = 300       # rows a village has at most: they may be sorted
LEVELS = range(1, 6)


@pytest.fixture(scope="module")
def heavy():
    s = Stack(demo=True, agent=False, workers=1)
    try:
        s.start()
        generate.generate("county", f"host={s.socket()} user=postgres"
                          " dbname=taizhang", LEAST)
        explained.begin(s)
        s.levels = {n: s.login(f"level{n}") for n in LEVELS}
        s.paths = s.levels[1].get("/v1/openapi.json").json["paths"]
        yield s
    finally:
        s.stop()


def path_of(table):
    path = "/v1/" + table.replace("_", "-")
    return path[:-1] + "ies" if path.endswith("y") else path + "s"


@pytest.mark.parametrize("table", generate.PER_COUNTY)
def test_every_sort_is_an_index(heavy, table):
    path = path_of(table)
    sorts = next(p["schema"]["enum"] for p in
                 heavy.paths[path]["get"]["parameters"]
                 if p.get("name") == "sort")
    readers = [n for n in LEVELS
               if heavy.levels[n].get(f"{path}?limit=1").status == 200]
    assert {3, 4, 5} <= set(readers)    # a province does not see households
    asked = [(level, f"{path}?sort={sort}")
             for level in readers for sort in sorts]
    replies = pages_are_read_alone(heavy, table, asked)
    following = [(level, f"{path}&cursor={r.json['next']}")
                 for (level, path), r in zip(asked, replies) if r.json["next"]]
    assert len(asked) >= 12 and len(following) >= 6
    pages_are_read_alone(heavy, table, following)


def pages_are_read_alone(heavy, table, asked):
    """Also from a cursor on, where many rows are alike in what they are sorted
    by, other places' rows are not read."""
    replies, made = explained.plans(
        heavy, lambda: [heavy.levels[n].get(p) for n, p in asked], table,
        len(asked))
    assert len(made) == len(asked)
    for what, reply, plan in zip(asked, replies, made):
        assert reply.status == 200 and reply.json["items"], what
        explained.check(plan, table, VILLAGE, what)
        assert not [n for n in explained.nodes(plan)
                    if n.get("Relation Name") == table and
                    n.get("Rows Removed by Filter", 0) > VILLAGE], (what, plan)
    return replies


def test_a_small_table_is_not_read_whole_for_some_ids(heavy):
    """A county's projects are a hundred pages: reading them all would seem
    cheaper to PostgreSQL than ten look-ups, were they one join."""
    c = heavy.levels[3]
    ids = [x["id"] for x in c.get("/v1/projects?limit=20&fields=id").json[
        "items"]]
    got, made = explained.plans(heavy, lambda: reads_together(
        heavy, c, [f"/v1/projects/{i}" for i in ids], "project"), "project",
        8, TOGETHER)
    assert set(got) == {200}
    for plan in made:
        assert not [n for n in explained.nodes(plan)
                    if n["Node Type"] == "Seq Scan"], plan
