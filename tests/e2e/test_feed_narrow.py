"""GET /v1/changes under grants narrowed by action, category, coverage and own
rows: a row that leaves what its reader sees is gone for him, and of a row that
he could not see he never hears (domain.md 5.1, 5.2; I22)."""
import base64
import ctypes
import hashlib
import json
import os

import pytest

from people import COUNTY, TOWN, people
from audit_log import sodium
from stack import Stack, free_port, wait_for
from test_feed import now, read_all
from test_walls_narrow import (THIRD, cover, hire, made, org, project,
                               system)
from test_webhooks import Receiver

BETWEEN = "430981104000"   # 新湾镇
NEXT = "430982000000"      # a county beside


@pytest.fixture(scope="module")
def land():
    port = free_port()
    s = Stack(demo=True, agent=False, env={
        "TAIZHANG_WEBHOOK_HOSTS": f"local:127.0.0.1:{port}"})
    s.start()
    s.receiver, s.url = Receiver(port), f"http://127.0.0.1:{port}"
    s.psql("INSERT INTO division (code, name, level, parent_code) VALUES"
           f" ({NEXT}, '邻县', 3, 430900000000)")
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
                 f"division_code = {BETWEEN}")


def by_county(land, login):
    """Out of the range, too: also the first wall has it no more."""
    r = by_coverage(land, login)
    r.outside = f"division_code = {NEXT}"
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


def test_each_wall_alone_lets_no_other_line_through(land, reach):
    """What the second wall leaves of the order: lines of rows that he sees,
    and of those that he saw until then. The first says the same of both."""
    c, row = reach.client, reach.row
    after = now(c)
    reach.put(land, reach.outside)
    reach.put(land, "updated_at = now()")
    lines = f"SELECT rev, kind FROM change WHERE row_id = '{row}' ORDER BY seq"
    left = int(land.psql(f"SELECT max(rev) FROM change WHERE row_id = '{row}'"
                         )[0][0]) - 1
    me = c.get("/v1/me").json["grant"]
    do = "".join(f"PERFORM set_config('app.{k}', {v}, true);" for k, v in (
        ("lo", "g.lo::text"), ("hi", "g.hi::text"), ("line", "g.line_code"),
        ("clearance", "g.clearance::text"),
        ("action", "coalesce(g.action_id::text, '')"),
        ("cover", "coalesce(g.cover::text, '')"),
        ("own", "coalesce(g.owned::text, '')"),
        ("category", "coalesce(g.category::text, '')")))
    land.psql("GRANT SELECT ON grant_reach TO taizhang_api")
    got = land.psql(
        "BEGIN; DO $$ DECLARE g record; BEGIN PERFORM set_config('app.lo', '0',"
        " true), set_config('app.hi', '999999999999', true), set_config("
        "'app.line', '', true), set_config('app.clearance', '4', true); SELECT"
        f" * INTO g FROM grant_reach WHERE id = '{me}'; {do} END $$; {lines}",
        user="taizhang_api")
    revs = {int(rev) for rev, _ in got}
    assert left in revs and left + 1 not in revs, (got, left)
    everything = {int(rev) for rev, _ in system(land, lines)}
    assert {left, left + 1} <= everything
    try:
        land.psql("ALTER TABLE change DISABLE ROW LEVEL SECURITY")
        assert told(c, row, after)[0] == ["gone"]
    finally:
        land.psql("ALTER TABLE change ENABLE ROW LEVEL SECURITY")
    reach.put(land, reach.inside)


def test_a_page_looks_at_so_many_changes_and_the_next_goes_on(land):
    """However few of them are his: 5,000 of others between two of his own."""
    r = by_coverage(land, "yibaili")
    r.put(land, r.inside)
    after = now(r.client)
    r.put(land, r.outside)
    system(land, "INSERT INTO project (id, name, division_code, filing_level,"
           " build_year, type_l1, is_industry, content, total_investment_fen,"
           " support_fund_fen) SELECT uuid7(), '别处' || g, "
           f"{BETWEEN}, 4, 2023, 'planting', true, '内容', 1, 1 FROM"
           " generate_series(1, 5000) g")
    r.put(land, r.inside)
    r.put(land, r.outside)
    kinds, pages = [], 0
    while True:
        page = r.client.get(f"/v1/changes?limit=1000&after={after}")
        assert page.status == 200, page
        kinds += [x["change"] for x in page.json["items"]]
        after, pages = page.json["next"], pages + 1
        if not page.json["more"]:
            break
    assert kinds == ["gone", "gone"] and 5 <= pages <= 8, (kinds, pages)


def test_what_it_belonged_to_then_counts_and_not_what_it_is_now(land):
    """A record that left an asset before the asset came to his project was
    never his."""
    r = by_what_it_belongs_to(land, "yihou")
    other = r.outside.split("'")[1]
    r.put(land, r.outside)
    after = now(r.client)
    third = system(
        land, "INSERT INTO asset (id, project_id, asset_no, name, asset_type,"
        " acquired_on, original_value_fen, owner_kind, supervising_org_id,"
        " division_code, filing_level) SELECT uuid7(), project_id, uuid7(),"
        " '又一家', 'other', '2023-01-01', 1, 'village_collective',"
        " supervising_org_id, division_code, 4 FROM asset WHERE id ="
        f" '{other}' RETURNING id")[0][0]
    r.put(land, f"asset_id = '{third}'")
    mine = r.client.get("/v1/projects").json["items"][0]["id"]
    system(land, f"UPDATE asset SET project_id = '{mine}' WHERE id ="
           f" '{other}'")
    assert told(r.client, other, after)[0][-1] == "changed"
    assert told(r.client, r.row, after)[0] == []
    # From there on it would be.
    r.put(land, r.outside)
    r.put(land, f"asset_id = '{third}'")
    assert told(r.client, r.row, after)[0] == ["gone"]


@pytest.mark.parametrize("narrowed", [by_coverage, by_own_rows])
def test_what_is_shared_is_told_from_above(land, narrowed):
    """It is read from below its place, whatever one is narrowed to by place
    or own rows; and that it is not read any more is told, too."""
    c = narrowed(land, f"shang-{narrowed.__name__}".replace("_", "-")).client
    after = now(c)
    above, beside = (system(
        land, "INSERT INTO policy_doc (id, kind, title, division_code,"
        f" filing_level) VALUES (uuid7(), 'notice', '金丝雀', {place}, 3)"
        " RETURNING id")[0][0] for place in (COUNTY, NEXT))
    for row, status, kinds in ((above, 200, ["created"]), (beside, 404, [])):
        assert c.get(f"/v1/policy-docs/{row}").status == status
        r = c.get(f"/v1/policy-docs/{row}/history")
        assert r.status == status and status == 404 or r.json["items"], r
        assert told(c, row, after, "&data=true")[0] == kinds
    after = now(c)
    for row in (above, beside):
        system(land, f"UPDATE policy_doc SET sensitivity = 4 WHERE id = '{row}'")
    assert told(c, above, after)[0] == ["gone"]
    assert told(c, beside, after)[0] == []


def test_webhooks_tell_of_it_too(land):
    r, never = by_action(land, "tuisong"), by_action(land, "buzhi")
    for x, what in ((r, r.inside), (never, never.outside)):
        x.put(land, what)
    made(r.client, "webhooks", url=f"{land.url}/hook", entities=["project"])
    expected = []
    for what, heard in ((r.inside, "changed"), (r.outside, "gone"),
                        (r.inside, "changed")):
        r.put(land, what)
        never.put(land, never.outside)
        expected.append(heard)
        wait_for(lambda: len(told_hook(land, r.row)) >= len(expected), 30)
    assert told_hook(land, r.row) == expected
    assert told_hook(land, never.row) == []


def told_hook(land, row):
    return [b["data"]["change"] for _, b in land.receiver.at("/hook")
            if b["data"]["id"] == row]


def test_a_cursor_of_before_this_was_told_goes_on(land):
    """One made by the release before has eight bytes less."""
    r = by_action(land, "jiuyoubiao")
    r.put(land, r.inside)
    me = r.client.get("/v1/me").json
    lo, = system(land, "SELECT lo FROM grant_reach WHERE id ="
                 f" '{me['grant']}'")[0]
    old = shorter(land, now(r.client), f"{me['id']}\n\n{lo}".encode())
    r.put(land, r.outside)
    assert told(r.client, r.row, old)[0] == ["gone"]
    bad = r.client.get(f"/v1/changes?after={old[:-2]}")
    assert (bad.status, bad.json["code"]) == (422, "bad_cursor")


def shorter(land, cursor, bound):
    key = hashlib.blake2b(b"change feed", digest_size=32, key=(
        land.var / "secrets/cursor").read_bytes()).digest()
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    text = ctypes.create_string_buffer(len(raw))
    n = ctypes.c_ulonglong()
    assert sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
        text, ctypes.byref(n), None, raw[24:], ctypes.c_ulonglong(
            len(raw) - 24), bound, ctypes.c_ulonglong(len(bound)), raw[:24],
        key) == 0
    nonce, out = os.urandom(24), ctypes.create_string_buffer(len(raw))
    assert n.value == 40
    sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
        out, ctypes.byref(n), text.raw[:32], ctypes.c_ulonglong(32), bound,
        ctypes.c_ulonglong(len(bound)), None, nonce, key)
    return base64.urlsafe_b64encode(nonce + out.raw[:n.value]).decode(
        ).rstrip("=")
