"""A webhook tells no more than its owner may see: whatever his grant is
narrowed to – action, coverage, own rows – and whichever of the two walls stands (I22, D3)."""
import pytest

from people import COUNTY, SIBLING, TOWN, people
from stack import Stack, free_port, wait_for
from test_walls_narrow import (THIRD, cover, hire, ids, made, org, project,
                               settled, system)
from test_webhooks import Receiver

PLACES = (TOWN, SIBLING, THIRD)


@pytest.fixture(scope="module")
def land():
    """Owners, each narrowed in one way, and a webhook of each."""
    port = free_port()
    s = Stack(demo=True, agent=False, env={
        "TAIZHANG_WEBHOOK_HOSTS": f"local:127.0.0.1:{port}"})
    try:
        s.start()
        s.receiver, s.url = Receiver(port), f"http://127.0.0.1:{port}"
        s.rows = {(p, n): project(s, p, f"{p}-{n}")
                  for p in PLACES for n in (1, 2)}
        system(s, "INSERT INTO action (id, code, name, level, division_code,"
               " year, doc_no, doc_title, start_on) SELECT gen_random_uuid(),"
               f" 'second-2024', '第二个行动', 3, {COUNTY}, 2024,"
               " '〔2024〕1号', '通知', '2024-01-01'")
        system(s, f"UPDATE project SET action_id = (SELECT id FROM action"
               f" WHERE code = 'yuanjiang-2023') WHERE id = '{s.rows[TOWN, 1]}'")
        s.zone = org(s, "zqw")
        cover(s, s.zone, TOWN, THIRD)
        org(s, "kqw")
        s.owners = {
            "wide": hire(s, "wide", "task_force"),
            "action": hire(s, "action", "task_force", action="second-2024"),
            "cover": hire(s, "cover", "task_force"),
            "nothing": hire(s, "nothing", "task_force"),
            "own": hire(s, "own", "task_force"),
        }
        s.hooks = {name: made(c, "webhooks", url=f"{s.url}/{name}",
                              entities=["project"])
                   for name, c in s.owners.items()}
        # These were made of the whole county, and are narrowed only now.
        zone = "cover_org_id = (SELECT id FROM org_unit WHERE code = '%s')"
        for login, to in (("cover", zone % "zqw"), ("nothing", zone % "kqw"),
                          ("own", f"own = '{{{s.rows[SIBLING, 2]}}}'")):
            system(s, f"UPDATE role_grant SET {to} WHERE user_id = (SELECT"
                   f" id FROM app_user WHERE login = '{login}')")
        yield s
    finally:
        s.stop()


def everything_told(land, since):
    """Row ids by hook, once the widest has heard of the last row and all the
    others have been told what there is for them up to it."""
    last = change(land)
    wait_for(lambda: last in told(land, "wide")[since["wide"]:], 30)
    wait_for(lambda: land.psql(
        "SELECT w.url FROM webhook w JOIN webhook_state s ON s.webhook_id ="
        " w.id WHERE w.active AND (s.pos < (SELECT max(pos) FROM change WHERE"
        f" row_id = '{last}') OR EXISTS (SELECT FROM webhook_delivery d WHERE"
        " d.webhook_id = w.id AND d.state = 'pending'))") == [], 30,
        why="everybody is told")
    return {name: set(told(land, name)[n:]) for name, n in since.items()}


def told(land, name):
    return [b["data"]["id"] for _, b in land.receiver.at(f"/{name}")]


def counts(land):
    return {name: len(told(land, name)) for name in land.owners}


def change(land, where="true"):
    """Touches projects; the last of them is in the county's own name."""
    system(land, "UPDATE project SET content = content || '改' WHERE name LIKE"
           f" '金丝雀%' AND {where}")
    return system(land, "INSERT INTO project (id, name, division_code,"
                  " filing_level, build_year, type_l1, is_industry, content,"
                  " total_investment_fen, support_fund_fen) VALUES (uuid7(),"
                  f" '县本级', {COUNTY}, 3, 2023, 'planting', true, '内容',"
                  " 1, 1) RETURNING id")[0][0]


def expected(land):
    rows = land.rows
    return {"wide": set(rows.values()),
            "action": set(rows.values()) - {rows[TOWN, 1]},
            "cover": {rows[p, n] for p in (TOWN, THIRD) for n in (1, 2)},
            "nothing": set(), "own": {rows[SIBLING, 2]}}


def check(land, since):
    got = everything_told(land, since)
    for name, rows in expected(land).items():
        assert got[name] & set(land.rows.values()) == rows, name
        # Of nothing else either that its owner cannot read himself.
        assert got[name] <= ids(land.owners[name], "projects"), name


def test_as_narrow_as_the_grant(land):
    check(land, counts(land))


def test_the_feed_says_the_same(land):
    change(land)
    mine = set(land.rows.values())
    for name, rows in expected(land).items():
        got = wait_for(lambda: land.owners[name].get(
            "/v1/changes?entity=project&limit=1000&data=true").json)
        assert {x["id"] for x in got["items"]} & mine == rows, name


def test_by_the_first_wall_alone(land):
    land.psql("ALTER ROLE taizhang_jobs BYPASSRLS; SELECT"
              " pg_terminate_backend(pid) FROM pg_stat_activity WHERE"
              " usename = 'taizhang_jobs'")
    try:
        settled(land)
        check(land, counts(land))
    finally:
        land.psql("ALTER ROLE taizhang_jobs NOBYPASSRLS; SELECT"
                  " pg_terminate_backend(pid) FROM pg_stat_activity WHERE"
                  " usename = 'taizhang_jobs'")


def test_by_the_second_wall_alone(land):
    """The settings of each hook, and no predicate: what is seen, and of what
    left the action the line that says so."""
    left = land.rows[TOWN, 1]
    for name, rows in expected(land).items():
        got = land.psql(
            "BEGIN; DO $$ DECLARE s record; BEGIN PERFORM set_config("
            "'app.lo', '0', true), set_config('app.hi', '999999999999', true),"
            " set_config('app.line', '', true), set_config('app.clearance',"
            " '4', true), set_config('app.cover', '', true); SELECT * INTO s"
            f" FROM webhook_scopes() WHERE id = '{land.hooks[name]['id']}';"
            " PERFORM set_config('app.lo', s.lo::text, true),"
            " set_config('app.hi', s.hi::text, true),"
            " set_config('app.line', s.line, true), set_config("
            "'app.clearance', s.clearance::text, true), set_config("
            "'app.action', coalesce(s.action, ''), true), set_config("
            "'app.cover', coalesce(s.cover, ''), true), set_config("
            "'app.own', coalesce(s.own, ''), true); END $$;"
            " SELECT row_id, rev FROM change WHERE entity = 'project'",
            user="taizhang_jobs")
        assert {i for i, _ in got} & set(land.rows.values()) == rows | (
            {left} if name == "action" else set()), name
        if name == "action":
            assert [rev for i, rev in got if i == left] == ["2"]


def test_nobody_reads_or_moves_what_reaches_further(land):
    """Its deliveries name rows that he does not see, and its address is where
    they are told of: for those narrowed alike, and for who is narrowed by
    nothing."""
    wide, mine = land.hooks["wide"]["id"], land.hooks["action"]["id"]
    for name in ("action", "own"):
        c, own = land.owners[name], land.hooks[name]["id"]
        assert {x["id"] for x in c.get("/v1/webhooks").json["items"]} == {own}
        assert c.get(f"/v1/webhooks/{own}/deliveries").status == 200
        for other in {wide, mine} - {own}:
            at = f"/v1/webhooks/{other}"
            for r in (c.get(at), c.get(f"{at}/deliveries"),
                      c.post(f"{at}/rotate"), c.delete(at),
                      c.post(f"{at}/replay", {"since": "2020-01-01T00:00:00Z"}),
                      c.patch(at, {"url": f"{land.url}/elsewhere"}, 1)):
                assert r.status == 404, (name, r)
            do = "".join(
                f"PERFORM set_config('app.{k}', {v}, true);" for k, v in (
                    ("lo", "g.lo::text"), ("hi", "g.hi::text"), ("line", "''"),
                    ("clearance", "'4'"),
                    ("action", "coalesce(g.action_id::text, '')"),
                    ("own", "coalesce(g.owned::text, '')")))
            got = land.psql(
                "BEGIN; DO $$ DECLARE g record; BEGIN PERFORM set_config("
                "'app.lo', '0', true), set_config('app.hi', '999999999999',"
                " true), set_config('app.line', '', true), set_config("
                "'app.clearance', '4', true); SELECT * INTO g FROM grant_reach"
                f" WHERE id = '{c.get('/v1/me').json['grant']}'; {do} END $$;"
                " SELECT id FROM webhook", user="taizhang_api")
            assert {r[0] for r in got} == {own}, name
    got = land.owners["wide"].get("/v1/webhooks").json["items"]
    assert {x["id"] for x in got} >= {wide, mine}


def test_it_follows_the_grant(land):
    """Coverage that ends, a role that is closed, an account that is shut."""
    system(land, "UPDATE org_coverage SET to_on = '2020-01-01' WHERE org_id ="
           f" '{land.zone}' AND division_code = {THIRD}")
    since = counts(land)
    got = everything_told(land, since)
    assert got["cover"] & set(land.rows.values()) == {
        land.rows[TOWN, 1], land.rows[TOWN, 2]}
    land.psql("UPDATE app_user SET status = 'locked' WHERE login = 'own'")
    since = counts(land)
    assert everything_told(land, since)["own"] == set()
    hook = land.hooks["own"]["id"]
    wait_for(lambda: people(land)("nongye").get(f"/v1/webhooks/{hook}"
                                                ).json["active"] is False)
