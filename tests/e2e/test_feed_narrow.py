"""GET /v1/changes under grants narrowed by action, category, coverage and own
rows: a row that leaves what its reader sees is gone for him, and of a row that
he could not see he never hears (domain.md 5.1, 5.2; I22)."""
import json
import uuid

import pytest

from people import COUNTY, SIBLING, TOWN, people
from stack import Stack, free_port, wait_for
from test_feed import now, read_all
from test_walls_narrow import (THIRD, cover, hire, made, org, project, reads,
                               settled, system)
from test_webhooks import Receiver


@pytest.fixture(scope="module")
def land():
    port = free_port()
    s = Stack(demo=True, agent=False, env={
        "TAIZHANG_WEBHOOK_HOSTS": f"local:127.0.0.1:{port}"})
    s.start()
    s.receiver, s.url = Receiver(port), f"http://127.0.0.1:{port}"
    yield s
    s.stop()


def action(land, code):
    system(land, "INSERT INTO action (id, code, name, level, division_code,"
           " year, doc_no, doc_title, start_on) SELECT gen_random_uuid(),"
           f" '{code}', '另一个行动', 3, {COUNTY}, 2024, '〔2024〕{code}号',"
           " '通知', '2024-01-01' ON CONFLICT DO NOTHING")
    return land.psql(f"SELECT id FROM action WHERE code = '{code}'")[0][0]


class Reach:
    """How one reader is narrowed: sets what puts a row into his reach, and
    what takes it out."""

    def __init__(self, client, table, row, inside, outside):
        self.client, self.table, self.row = client, table, row
        self.inside, self.outside = inside, outside

    def put(self, land, what, more=""):
        system(land, f"UPDATE {self.table} SET {what}{more} WHERE id ="
               f" '{self.row}'")


def by_action(land, login):
    second, other = action(land, "second-2024"), action(land, "third-2024")
    return Reach(hire(land, login, "task_force", action="second-2024"),
                 "project", project(land, TOWN, login),
                 f"action_id = '{second}'", f"action_id = '{other}'")


def by_coverage(land, login):
    """A place between two that are covered, within one range."""
    zone = org(land, login)
    cover(land, zone, TOWN, THIRD)
    return Reach(hire(land, login, "war_zone", cover_org=login), "project",
                 project(land, TOWN, login), f"division_code = {THIRD}",
                 f"division_code = {SIBLING}")


def by_county(land, login):
    """Out of the range, too: also the first wall has it no more."""
    r = by_coverage(land, login)
    r.outside = f"division_code = {int(COUNTY) + 1000000}"
    land.psql("INSERT INTO division (code, name, level, parent_code) VALUES"
              f" ({int(COUNTY) + 1000000}, '邻县', 3, 430900000000)"
              " ON CONFLICT DO NOTHING")
    return r


def by_category(land, login):
    group = org(land, login, "special_group")
    made(people(land)("nongye"), "org-coverages", org_id=group,
         division_code=COUNTY, category_code="Y-2")
    issue = made(people(land)("huangmaozhou"), "issues", category="Y-2",
                 action_id=action(land, "yuanjiang-2023"),
                 description="金丝雀", source="self_check",
                 found_on="2023-03-25", leader_name="张三",
                 leader_phone="13800000001", person_name="李四",
                 responsible_org="镇人民政府", goal="补办", measures="公示")
    return Reach(hire(land, login, "special_group", cover_org=login), "issue",
                 issue["id"], "category = 'Y-2'", "category = 'Y-1'")


def by_own_rows(land, login):
    """An asset of the project that he evaluates, and of another's."""
    mine, other = project(land, TOWN, login), project(land, TOWN, login + "2")
    asset = system(
        land, "INSERT INTO asset (id, project_id, asset_no, name, asset_type,"
        " acquired_on, original_value_fen, owner_kind, supervising_org_id,"
        f" division_code, filing_level) SELECT uuid7(), '{mine}', uuid7(),"
        " '金丝雀', 'other', '2023-01-01', 1, 'village_collective', id,"
        f" {TOWN}, 4 FROM org_unit LIMIT 1 RETURNING id")[0][0]
    return Reach(hire(land, login, "evaluator", own=[mine]), "asset", asset,
                 f"project_id = '{mine}'", f"project_id = '{other}'")


def by_what_it_belongs_to(land, login):
    """A record of an asset of his project, moved to another's asset."""
    r = by_own_rows(land, login)
    other = r.outside.split("'")[1]
    assets = [r.row, system(
        land, "INSERT INTO asset (id, project_id, asset_no, name, asset_type,"
        " acquired_on, original_value_fen, owner_kind, supervising_org_id,"
        f" division_code, filing_level) SELECT uuid7(), '{other}', uuid7(),"
        " '别家', 'other', '2023-01-01', 1, 'village_collective', id,"
        f" {TOWN}, 4 FROM org_unit LIMIT 1 RETURNING id")[0][0]]
    year = system(
        land, "INSERT INTO asset_operation_year (id, asset_id, year,"
        " income_fen, division_code, filing_level) VALUES (uuid7(),"
        f" '{r.row}', 2023, 1, {TOWN}, 4) RETURNING id")[0][0]
    return Reach(r.client, "asset_operation_year", year,
                 *(f"asset_id = '{a}'" for a in assets))


NARROWED = [by_action, by_coverage, by_county, by_category, by_own_rows,
            by_what_it_belongs_to]
PATHS = {"project": "projects", "issue": "issues", "asset": "assets",
         "asset_operation_year": "asset-operation-years"}


@pytest.fixture(scope="module", params=NARROWED, ids=lambda f: f.__name__)
def reach(request, land):
    r = request.param(land, request.param.__name__.replace("_", "-"))
    r.put(land, r.inside)
    return r


def told(client, row, after, query=""):
    """What a reader hears of one row: gone says nothing else of it."""
    items, after = read_all(client, query, after)
    mine = [x for x in items if x["id"] == row]
    for x in mine:
        if x["change"] == "gone":
            assert set(x) == {"cursor", "change", "entity", "id"}, x
        elif query:
            assert x["data"] is None or x["data"]["id"] == row
    return [x["change"] for x in mine], after


@pytest.mark.parametrize("query", ["", "&data=true"])
def test_what_leaves_is_gone_and_what_comes_back_is_told(land, reach, query):
    c, row = reach.client, reach.row
    after = now(c)
    reach.put(land, "updated_at = now()")
    assert told(c, row, after, query)[0] == ["changed"]
    middle = told(c, row, after, query)[1]
    reach.put(land, reach.outside)
    assert c.get(f"/v1/{PATHS[reach.table]}/{row}").status == 404
    kinds, at = told(c, row, middle, query)
    assert kinds == ["gone"]
    # What happens to it there is not his.
    reach.put(land, "updated_at = now()")
    reach.put(land, "updated_at = now()")
    assert told(c, row, at, query)[0] == []
    # Who stopped before it left hears that it did, and no more.
    assert told(c, row, after, query)[0] == ["gone"]
    reach.put(land, reach.inside)
    kinds, at = told(c, row, at, query)
    assert kinds[-1] == "changed" and "gone" not in kinds, kinds
    reach.put(land, reach.outside)
    assert told(c, row, at, query)[0] == ["gone"]
    reach.put(land, reach.inside)


@pytest.mark.parametrize("query", ["", "&data=true"])
def test_who_never_saw_it_never_hears_of_it(land, reach, query):
    """Neither of a row that was always elsewhere nor, whoever begins to read
    when it has left, that it was ever there."""
    c, row = reach.client, reach.row
    reach.put(land, reach.outside)
    after = now(c, "")
    for _ in range(3):
        reach.put(land, "updated_at = now()")
    assert told(c, row, after, query)[0] == []
    assert row not in json.dumps(read_all(c, query)[0])
    items, again = read_all(c, query)
    reach.put(land, reach.inside)
    reach.put(land, reach.outside)
    # It was there and is not any more: between two looks, for who reads on.
    assert told(c, row, again, query)[0] == ["gone"]
    assert row not in json.dumps(read_all(c, query)[0])
    reach.put(land, reach.inside)
