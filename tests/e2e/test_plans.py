"""The plans of lists as PostgreSQL made them, for every sort at every level of
scope: an index in the order that is asked for, never the whole table."""

import crowd
import explained
import pytest
from explained import nodes
from stack import Stack
from waiting import TOGETHER, reads_together

SORTS = ("created_at", "updated_at", "seq_no", "due_on")
FILTERS = ("", "&state=found", "&state=!found&source_year_from=2020",
           "&category=Y-1&is_completed=true")


@pytest.fixture(scope="module")
def crowded():
    s = Stack(demo=True, agent=False, workers=1)
    s.start()
    try:
        crowd.places(s)
        crowd.issues(s, 60000)
        s.readers = crowd.readers(s)
        explained.begin(s)
        yield s
    finally:
        s.stop()


def plans(s, ask):
    """What ask() answers, and the plans of its statements over the table."""
    return explained.plans(s, ask, "issue")


def check(plan, what):
    explained.check(plan, "issue", 150, what)


@pytest.mark.parametrize("level", crowd.LEVELS)
def test_every_sort_is_an_index(crowded, level):
    c, s = crowded.readers[level], crowded
    assert c.get("/v1/issues?limit=1").json["items"]
    for sort in SORTS:
        for turn in ("", "-"):
            for more in FILTERS:
                path = f"/v1/issues?sort={turn}{sort}{more}"
                r, made = plans(s, lambda p=path: c.get(p))
                assert r.status == 200
                assert len(made) == 1
                check(made[0], (level, path))
                if r.json["next"] and not more:
                    path += f"&cursor={r.json['next']}"
                    r, made = plans(s, lambda p=path: c.get(p))
                    check(made[0], (level, path))


@pytest.mark.parametrize("sort", SORTS)
def test_far_pages_cost_what_the_first_costs(crowded, sort):
    c, cursor = crowded.readers["province"], ""
    for _ in range(5):
        r, made = plans(crowded, lambda: c.get(
            f"/v1/issues?sort={sort}&limit=200&fields=id{cursor}"))
        cursor = "&cursor=" + r.json["next"]
        assert max(n["Actual Rows"] + n.get("Rows Removed by Filter", 0)
                   for n in nodes(made[0])) <= 402, made[0]


@pytest.mark.parametrize("level", crowd.LEVELS)
def test_a_page_reads_about_a_page(crowded, level):
    """Entries that an unfiltered page fetches, whatever the scope."""
    c = crowded.readers[level]
    for sort in ("created_at", "-due_on", "seq_no"):
        _, made = plans(crowded, lambda s=sort: c.get(
            f"/v1/issues?sort={s}"))
        for node in nodes(made[0]):
            fetched = node["Actual Rows"] + \
                node.get("Rows Removed by Filter", 0)
            assert fetched <= 102, (level, sort, made[0])


def test_a_place_within_the_scope_is_read_like_a_scope(crowded):
    c = crowded.readers["province"]
    for place in (crowd.TOWN, crowd.COUNTY):
        r, made = plans(crowded, lambda p=place: c.get(
            f"/v1/issues?division={p}"))
        assert len(r.json["items"]) == 50
        check(made[0], place)


@pytest.mark.parametrize("level", ("township", "county", "province"))
@pytest.mark.parametrize("sort", ("", "&sort=-due_on"))
def test_downloads_go_on_where_they_ended(crowded, level, sort):
    """Each batch reads its own rows only."""
    c = crowded.readers[level]
    r, made = plans(crowded, lambda: c.get(
        "/v1/issues?format=ndjson&fields=id" + sort))
    rows = len(r.body.splitlines())
    assert rows > 100 and len(made) > 1
    fetched = sum(max(n["Actual Rows"] + n.get("Rows Removed by Filter", 0)
                      for n in nodes(p)) for p in made)
    assert not [n for p in made for n in nodes(p)
                if n["Node Type"] == "Seq Scan"]
    # A county in another order sorts what is left of it, if that is less.
    once = sort == "" or level == "province"
    assert fetched <= (1.5 if once else len(made)) * rows + 200


@pytest.mark.parametrize("level", crowd.LEVELS)
def test_reads_that_wait_together_are_looked_up_by_id(crowded, level):
    """However often: the plan that a connection keeps is no other."""
    c = crowded.readers[level]
    ids = [x["id"] for x in c.get("/v1/issues?limit=30&fields=id").json[
        "items"]]

    got, made = explained.plans(crowded, lambda: reads_together(
        crowded, c, [f"/v1/issues/{i}" for i in ids], "issue"), "issue", 8,
        TOGETHER)
    assert set(got) == {200}
    for plan in made:
        for node in nodes(plan):
            assert node["Node Type"] != "Seq Scan", plan
            assert node["Actual Rows"] <= len(ids)
