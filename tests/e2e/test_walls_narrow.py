"""Action, coverage and own rows: what a grant is narrowed to holds in both
walls, each of which alone gives the same rows, and in time."""
import datetime
import time
import uuid

import pytest

from people import COUNTY, SECRET, SIBLING, TOWN, hire, people
from stack import Stack, wait_for

THIRD = "430981102000"
LISTS = ("projects", "issues", "households", "assets", "fund-payments",
         "asset-operation-years",
         "changes", "org-coverages", "form-templates")


@pytest.fixture(scope="module")
def land():
    s = Stack(demo=True, agent=False)
    s.start()
    yield s
    s.stop()


def made(client, path, **body):
    r = client.post(f"/v1/{path}", body)
    assert r.status == 201, (path, r.text)
    return r.json


def system(land, sql):
    return land.psql(
        "DO $$ BEGIN PERFORM set_config('app.lo', '0', false), set_config("
        "'app.hi', '999999999999', false), set_config('app.line', '', false),"
        " set_config('app.clearance', '4', false); END $$; " + sql)


@pytest.fixture(scope="module")
def world(land):
    """Two projects in each of three townships, with what hangs on them; an
    operator that runs one; a household with its helper; a second action."""
    who, rows = people(land), {}
    action = land.psql("SELECT id FROM action WHERE code = 'yuanjiang-2023'")
    system(land, "INSERT INTO action (id, code, name, level, division_code,"
           " year, doc_no, doc_title, start_on) SELECT gen_random_uuid(),"
           f" 'second-2024', '第二个行动', 3, {COUNTY}, 2024, '〔2024〕1号',"
           " '通知', '2024-01-01' ON CONFLICT DO NOTHING")
    second = land.psql("SELECT id FROM action WHERE code = 'second-2024'")
    for town, login in ((TOWN, "huangmaozhou"), (SIBLING, "caowei"),
                        (THIRD, "sihushan")):
        c = who(login)
        for n in (1, 2):
            rows[town, n] = project(land, town, f"{login}{n}")
        rows[town, "house"] = made(
            c, "households", division_code=town,
            household_no=uuid.uuid4().hex[:12], head_name=f"户{login}")["id"]
    return {"rows": rows, "action": action[0][0], "second": second[0][0]}


def project(land, town, name):
    """By SQL: what a project asks for is not what this is about."""
    got = system(
        land, "INSERT INTO project (id, name, division_code, filing_level,"
        f" build_year, type_l1, is_industry, content, total_investment_fen,"
        f" support_fund_fen) VALUES (uuid7(), '金丝雀{name}', {town}, 4, 2023,"
        " 'planting', true, '内容', 1, 1) RETURNING id")
    return got[0][0]


def org(land, code, kind="war_zone"):
    r = people(land)("admin").post("/v1/orgs", {"orgs": [
        {"code": code, "name": f"第{code}组", "kind": kind, "level": 3,
         "division_code": COUNTY}]})
    assert r.status == 200, r
    return land.psql(f"SELECT id FROM org_unit WHERE code = '{code}'")[0][0]


def cover(land, org_id, *towns):
    for t in towns:
        system(land, "INSERT INTO org_coverage (id, org_id, division_code,"
               f" filing_level) VALUES (uuid7(), '{org_id}', {t}, 3)")


def ids(client, path):
    out, cursor = set(), ""
    while True:
        r = served(client, f"/v1/{path}?limit=200{cursor}")
        if r.status == 403:
            return None
        assert r.status == 200, (path, r)
        items = r.json["items"]
        out |= {x.get("id") or x["cursor"] for x in items}
        if path == "changes" or not r.json.get("next"):
            return out
        cursor = f"&cursor={r.json['next']}"


def names(client):
    return {p["name"].removeprefix("金丝雀") for p in
            client.get("/v1/projects?limit=200").json["items"]
            if p["name"].startswith("金丝雀")}


def reads(client, row):
    return served(client, f"/v1/projects/{row}").status


def served(client, path):
    """Connections that were cut are made again meanwhile."""
    def ask():
        r = client.get(path)
        return r if r.status != 503 else None
    return wait_for(ask, 20)


def test_coverage(land, world):
    """A war zone of two townships that are no range: these, and no other."""
    rows = world["rows"]
    zone = org(land, "zq1")
    cover(land, zone, TOWN, THIRD)
    c = hire(land, "zhanqu", "war_zone", cover_org="zq1")
    assert names(c) == {"huangmaozhou1", "huangmaozhou2", "sihushan1",
                        "sihushan2"}
    assert reads(c, rows[TOWN, 1]) == reads(c, rows[THIRD, 1]) == 200
    hidden = c.get(f"/v1/projects/{rows[SIBLING, 1]}")
    absent = c.get(f"/v1/projects/{uuid.uuid4()}")
    for r in (hidden, absent):
        assert r.status == 404
    assert {k: v for k, v in hidden.json.items() if k != "request_id"} == \
        {k: v for k, v in absent.json.items() if k != "request_id"}
    assert c.get(f"/v1/projects/{rows[SIBLING, 1]}/history").status == 404
    assert c.get(f"/v1/divisions/{SIBLING}").status == 404
    assert c.get(f"/v1/divisions/{TOWN}").status == 200
    r = c.get(f"/v1/projects?division={SIBLING}&count=true").json
    assert r["items"] == [] and r["count"] == 0
    assert "caowei" not in c.get("/v1/changes?data=true&limit=1000").text
    me = c.get("/v1/me").json
    assert me["coverage"].count("[") == 2
    r = c.post("/v1/patrol-visits", {"division_code": SIBLING})
    assert "/division_code" in {f["pointer"] for f in r.json["faults"]}
    # It ends with the coverage, within seconds.
    system(land, "UPDATE org_coverage SET to_on = '2020-01-01' WHERE org_id ="
           f" '{zone}' AND division_code = {THIRD}")
    wait_for(lambda: reads(c, rows[THIRD, 1]) == 404, 5)
    assert reads(c, rows[TOWN, 1]) == 200


def test_the_feed_begins_anew_with_what_is_covered(land, world):
    """What came into reach has no change of its own: whoever goes on from
    before would never hear of it. A place between two that are covered is no
    wider range, another category none at all."""
    zone, group = org(land, "zq4"), org(land, "zx4", "special_group")
    category = "UPDATE org_coverage SET category_code = '{}' WHERE org_id =" \
        f" '{group}'"
    cover(land, zone, TOWN, THIRD)
    cover(land, group, COUNTY)
    system(land, category.format("Y-2"))
    for login, role, code, more in (
            ("xinzhen", "war_zone", "zq4", lambda: cover(land, zone, SIBLING)),
            ("xinlei", "special_group", "zx4",
             lambda: system(land, category.format("Y-1")))):
        c = hire(land, login, role, cover_org=code)
        after = c.get("/v1/changes?after=now").json["next"]
        assert c.get(f"/v1/changes?after={after}").status == 200
        more()
        r = c.get(f"/v1/changes?after={after}")
        assert r.status == 410 and r.json["code"] == "cursor_expired", r


def test_an_organisation_that_covers_nothing_sees_nothing(land, world):
    org(land, "zq0")
    c = hire(land, "kongqu", "war_zone", cover_org="zq0")
    assert names(c) == set()
    assert reads(c, world["rows"][TOWN, 1]) == 404


def test_eight_ranges_at_most(land, world):
    many = org(land, "zq9")
    with pytest.raises(AssertionError, match="at most eight"):
        for n in range(1, 12):
            code = int(COUNTY) + 400000 + 2000 * n
            system(land, "INSERT INTO division (code, name, level,"
                   f" parent_code) VALUES ({code}, '片区{n}', 4, {COUNTY})"
                   " ON CONFLICT DO NOTHING")
            cover(land, many, code)


def test_action(land, world):
    """Rows of its action and of none; not those of another."""
    rows = world["rows"]
    system(land, f"UPDATE project SET action_id = '{world['action']}' WHERE id"
           f" = '{rows[TOWN, 1]}'; UPDATE project SET action_id ="
           f" '{world['second']}' WHERE id = '{rows[TOWN, 2]}'")
    c = hire(land, "xingdong", "task_force", action="second-2024")
    assert reads(c, rows[TOWN, 1]) == 404
    assert reads(c, rows[TOWN, 2]) == reads(c, rows[SIBLING, 1]) == 200
    assert "huangmaozhou1" not in names(c) and "huangmaozhou2" in names(c)
    assert [a["code"] for a in c.get("/v1/actions").json["items"]] == [
        "second-2024"]
    assert c.get("/v1/me").json["action"] == world["second"]
    system(land, "UPDATE project SET action_id = NULL")


def test_coverage_in_one_action_is_for_grants_of_it(land, world):
    """Who is granted no action would see with it the rows of every action."""
    zone = org(land, "zq7")
    cover(land, zone, TOWN)
    system(land, f"UPDATE org_coverage SET action_id = '{world['second']}'"
           f" WHERE org_id = '{zone}'")
    cover(land, zone, THIRD)
    rows = world["rows"]
    system(land, f"UPDATE project SET action_id = '{world['action']}' WHERE id"
           f" = '{rows[TOWN, 1]}'; UPDATE project SET action_id ="
           f" '{world['second']}' WHERE id = '{rows[TOWN, 2]}'")
    third = {"sihushan1", "sihushan2"}
    for login, grant, seen in (
            ("qita1", {}, third),
            ("qita2", {"action": "second-2024"}, third | {"huangmaozhou2"}),
            ("qita3", {"action": "yuanjiang-2023"}, third)):
        c = hire(land, login, "war_zone", cover_org="zq7", **grant)
        assert names(c) == seen, login
        assert c.get(f"/v1/divisions/{TOWN}").status == (
            200 if "second-2024" in grant.values() else 404)
    system(land, "UPDATE project SET action_id = NULL")


def test_operators_see_their_own(land, world):
    rows = world["rows"]
    mine = system(land, "INSERT INTO operator (id, name, kind, division_code,"
                  " filing_level) VALUES (uuid7(), '合作社', 'coop',"
                  f" {TOWN}, 4), (uuid7(), '别家', 'coop', {TOWN}, 4)"
                  " RETURNING id")
    system(land, f"UPDATE project SET operating_operator_id = '{mine[0][0]}'"
           f" WHERE id = '{rows[TOWN, 1]}'")
    c = hire(land, "jingying", "operator_user", TOWN, own=[mine[0][0]])
    assert names(c) == {"huangmaozhou1"}
    assert c.get(f"/v1/operators/{mine[0][0]}").status == 200
    assert c.get(f"/v1/operators/{mine[1][0]}").status == 404
    assert reads(c, rows[TOWN, 2]) == 404
    assert c.get("/v1/households").status == 403
    # It takes effect at once when the project goes to somebody else.
    system(land, f"UPDATE project SET operating_operator_id = '{mine[1][0]}'"
           f" WHERE id = '{rows[TOWN, 1]}'")
    assert reads(c, rows[TOWN, 1]) == 404 and names(c) == set()
    # And when it comes back, with what is its: the feed begins anew.
    after = c.get("/v1/changes?after=now").json["next"]
    system(land, f"UPDATE project SET operating_operator_id = '{mine[0][0]}'"
           f" WHERE id = '{rows[TOWN, 1]}'")
    assert c.get(f"/v1/changes?after={after}").status == 410


def test_what_belongs_to_ones_own_is_ones_own_however_deep(land, world):
    """The operation of an asset of the operator's project, and its records;
    of a project of somebody else nothing."""
    rows = world["rows"]
    asset = "INSERT INTO asset (id, project_id, asset_no, name, asset_type," \
        " acquired_on, original_value_fen, owner_kind, supervising_org_id," \
        " division_code, filing_level) SELECT uuid7(), '{}', uuid7()," \
        " '金丝雀', 'other', '2023-01-01', 1, 'village_collective', id, {}," \
        " 4 FROM org_unit LIMIT 1 RETURNING id"
    year = "INSERT INTO asset_operation_year (id, asset_id, year," \
        " income_fen, division_code, filing_level) VALUES (uuid7(), '{}'," \
        " 2023, 1, {}, 4) RETURNING id"
    ids_of = {}
    for n in (1, 2):
        a = system(land, asset.format(rows[TOWN, n], TOWN))[0][0]
        ids_of[n] = a, system(land, year.format(a, TOWN))[0][0]
    c = hire(land, "shencheng", "evaluator", own=[rows[TOWN, 1]])
    for n, status in ((1, 200), (2, 404)):
        for path in (f"assets/{ids_of[n][0]}",
                     f"asset-operation-years/{ids_of[n][1]}",
                     f"asset-operation-years/{ids_of[n][1]}/history"):
            assert c.get(f"/v1/{path}").status == status, (n, path)
    assert ids(c, "asset-operation-years") == {ids_of[1][1]}
    told = c.get("/v1/changes?limit=1000").text
    assert ids_of[1][1] in told and ids_of[2][1] not in told


def test_helpers_see_the_households_assigned_to_them(land, world):
    rows = world["rows"]
    mine, other = rows[TOWN, "house"], rows[SIBLING, "house"]
    c = hire(land, "bangfu", "helper", village(land), own=[mine])
    system(land, "UPDATE household SET division_code ="
           f" {village(land)} WHERE id = '{mine}'")
    assert c.get(f"/v1/households/{mine}").status == 200
    assert c.get(f"/v1/households/{other}").status == 404
    assert ids(c, "households") == {mine}
    assert c.get("/v1/projects").status == 403


def village(land):
    code = str(int(TOWN) + 801)
    r = people(land)("admin").post("/v1/divisions:bulk", {"divisions": [
        {"code": code, "name": "测试村", "level": 5, "kind": "cunwei",
         "parent_code": TOWN}]})
    assert r.status == 200, r
    return code


def test_evaluators_see_the_projects_of_their_task(land, world):
    rows = world["rows"]
    c = hire(land, "pinggu", "evaluator", own=[rows[SIBLING, 2]])
    assert names(c) == {"caowei2"}
    r = people(land)("security").post("/v1/users", {
        "login": "pinggu2", "name": "某某", "password": SECRET,
        "division_code": COUNTY, "grants": [{"role": "evaluator"}]})
    assert r.status == 422 and r.json["faults"][0]["pointer"] == \
        "/grants/0/own"


def settings(c, me, land):
    """The second wall's settings of a signed-in person."""
    g = land.psql("SELECT lo, hi, line_code, clearance, coalesce(action_id"
                  "::text, ''), coalesce(cover::text, ''), coalesce(owned"
                  f"::text, '') FROM grant_reach WHERE id = '{me['grant']}'")
    lo, hi, line, clearance, action, covered, own = g[0]
    return "".join(
        f"PERFORM set_config('app.{k}', '{v}', true);" for k, v in (
            ("lo", lo), ("hi", hi), ("line", line), ("clearance", clearance),
            ("action", action), ("cover", covered), ("own", own)))


def settled(land):
    """Every worker has its connections again."""
    wait_for(lambda: land.client().get("/readyz").status == 200, 20)
    c = people(land)("nongye")
    wait_for(lambda: all(c.get("/v1/projects?limit=1").status == 200 and
                         land.client().get("/readyz").status == 200
                         for _ in range(8)), 20)


def test_each_wall_alone_gives_the_same(land, world):
    """The predicate with row-level security off, and row-level security
    without the predicate: the same rows as with both."""
    who = ["zhanqu", "kongqu", "xingdong", "jingying", "bangfu", "pinggu",
           "shencheng"]
    people(land)("nongye")    # signed in before the connections are cut
    clients = {w: land.login(w, SECRET) for w in who}
    tables = {"projects": "project", "households": "household",
              "assets": "asset",
              "asset-operation-years": "asset_operation_year", "fund-payments": "fund_payment",
              "org-coverages": "org_coverage"}
    both = {(w, p): ids(c, p) for w, c in clients.items() for p in LISTS}
    assert both["zhanqu", "projects"] and both["pinggu", "projects"]
    second = 0
    for w, c in clients.items():
        do = settings(c, c.get("/v1/me").json, land)
        for p, table in tables.items():
            if both[w, p] is None:
                continue
            got = land.psql(f"BEGIN; DO $$ BEGIN {do} END $$; SELECT id FROM"
                            f" {table} WHERE voided_at IS NULL",
                            user="taizhang_api")
            assert {r[0] for r in got} == both[w, p], (w, p)
            second += len(got)
    assert second > 0
    try:
        land.psql("ALTER ROLE taizhang_api BYPASSRLS; SELECT"
                  " pg_terminate_backend(pid) FROM pg_stat_activity WHERE"
                  " usename = 'taizhang_api'")
        settled(land)
        for (w, p), seen in both.items():
            assert ids(clients[w], p) == seen, (w, p)
        for n in ((TOWN, 1), (SIBLING, 1), (SIBLING, 2), (THIRD, 2)):
            row = world["rows"][n]
            for w, c in clients.items():
                if both[w, "projects"] is not None:
                    assert (reads(c, row) == 200) == (
                        row in both[w, "projects"]), (w, n)
    finally:
        land.psql("ALTER ROLE taizhang_api NOBYPASSRLS; SELECT"
                  " pg_terminate_backend(pid) FROM pg_stat_activity WHERE"
                  " usename = 'taizhang_api'")
        settled(land)


def test_what_is_told_of_a_row_knows_every_table(land):
    """narrow_sees() is written out for all tables; whoever adds one, or says
    otherwise whose its rows are, calls narrow_sees_make()."""
    assert land.psql("SELECT prosrc = narrow_sees_body() FROM pg_proc"
                     " WHERE proname = 'narrow_sees'") == [["t"]]
    told = land.psql("SELECT DISTINCT tgrelid::regclass FROM pg_trigger"
                     " WHERE tgfoid = 'history_write'::regproc")
    assert len(told) > 70
    for (entity,) in told:
        assert land.psql(f"SELECT narrow_sees_body() LIKE"
                         f" '%WHEN ''{entity}'' THEN%'") == [["t"]], entity


def test_grants_count_in_their_time(land, world):
    """Not before, not after, within five seconds; what was decided stays."""
    rows = world["rows"]
    now = datetime.datetime.now(datetime.timezone.utc)

    def at(seconds):
        return (now + datetime.timedelta(seconds=seconds)).strftime(
            "%Y-%m-%dT%H:%M:%SZ")
    r = people(land)("security").post("/v1/users", {
        "login": "linshi", "name": "某某", "password": SECRET,
        "division_code": COUNTY, "grants": [
            {"role": "task_force", "valid_from": at(8), "valid_to": at(16)}]})
    assert r.status == 200, r
    early = land.client().post("/v1/sessions", {"login": "linshi",
                                                "password": SECRET})
    assert early.status == 403, early
    wait_for(lambda: land.client().post("/v1/sessions", {
        "login": "linshi", "password": SECRET}).status == 201, 20)
    c = land.login("linshi", SECRET)
    assert reads(c, rows[TOWN, 2]) == 200
    while datetime.datetime.now(datetime.timezone.utc) < \
            now + datetime.timedelta(seconds=17):
        time.sleep(0.2)
    wait_for(lambda: reads(c, rows[TOWN, 2]) == 401, 5)
