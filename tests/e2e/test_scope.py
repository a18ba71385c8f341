"""Who sees what: three walls that must agree, and nothing beside them."""
import json
import re
import uuid

import pytest
from people import COUNTY, GOOD, SIBLING, TOWN, people, report

CANARY = "金丝雀" + uuid.uuid4().hex[:6]


@pytest.fixture(scope="module")
def rows(county):
    """One issue of each kind; every text field carries the canary."""
    who = people(county)
    own = report(who("huangmaozhou"), goal=CANARY)
    other = report(who("caowei"), goal=CANARY)
    water = report(who("bumen"), division_code=TOWN, goal=CANARY)
    return {"own": own, "other": other, "water": water}


SEES = {                      # own town, sibling town, water line
    "huangmaozhou": ("own", "water"), "huangmaozhou-lead": ("own", "water"),
    "caowei": ("other",), "bumen": ("water",), "bumenlead": ("water",),
    "nongye": ("own", "other", "water"), "shizhuanban": ("own", "other", "water"),
    "shizhang": ("own", "other", "water"), "shenji": ("own", "other",
                                                      "water"),
}


@pytest.mark.parametrize("login", SEES)
def test_reading(county, rows, login):
    c = people(county)(login)
    listed = c.get("/v1/issues?limit=200").json
    for name, row in rows.items():
        seen = name in SEES[login]
        r = c.get(f"/v1/issues/{row['id']}")
        assert r.status == (200 if seen else 404), (login, name)
        h = c.get(f"/v1/issues/{row['id']}/history")
        assert h.status == (200 if seen else 404), (login, name)
        ids = [x["id"] for x in listed["items"]]
        assert (row["id"] in ids) == seen or listed["next"], (login, name)


def test_the_predicate_alone_keeps_everybody_in(county, rows):
    """The API's own statements, with row-level security taken away."""
    who = people(county)
    for login in SEES:
        who(login)
    tables = ("issue", "history", "evidence", "command")
    try:
        for t in tables:
            county.psql(f"ALTER TABLE {t} DISABLE ROW LEVEL SECURITY")
        for login, sees in SEES.items():
            for name, row in rows.items():
                want = 200 if name in sees else 404
                for part in ("", "/history", "/evidence", "/commands"):
                    r = who(login).get(f"/v1/issues/{row['id']}{part}")
                    assert r.status == want, (login, name, part)
                if want == 404:
                    r = who(login).post(f"/v1/issues/{row['id']}/assign")
                    assert r.status in (403, 404)
                    listed = who(login).get("/v1/issues?limit=200").text
                    assert row["id"] not in listed
    finally:
        for t in tables:
            county.psql(f"ALTER TABLE {t} ENABLE ROW LEVEL SECURITY")


def test_outside_is_the_same_answer_as_nowhere(county, rows):
    c = people(county)("huangmaozhou")
    bodies = set()
    for i in (rows["other"]["id"], str(uuid.uuid4()), "nonsense"):
        for method, path in (("GET", ""), ("PATCH", ""), ("GET", "/history"),
                             ("POST", "/assign"), ("POST", "/void"),
                             ("GET", "/evidence")):
            head = {"If-Match": '"1"'} if method == "PATCH" else {}
            r = c.request(method, f"/v1/issues/{i}{path}",
                          None if method == "GET" else {}, head)
            assert r.status == 404, (method, path, r)
            body = r.json
            body.pop("request_id")
            bodies.add(json.dumps(body, sort_keys=True))
            assert "etag" not in r.headers
    assert len(bodies) == 1


def test_no_count_or_filter_reaches_outside(county, rows):
    c = people(county)("huangmaozhou")
    for query in (f"division={SIBLING}", f"division={COUNTY}", "sort=due_on",
                  "q=" + CANARY):
        r = c.get(f"/v1/issues?limit=200&count=true&{query}")
        assert rows["other"]["id"] not in r.text
        inside = county.psql(
            "SELECT count(*) FROM issue WHERE division_code BETWEEN"
            f" {TOWN} AND division_hi({TOWN}) AND state NOT IN"
            " ('voided', 'merged')" +
            (f" AND division_code BETWEEN {SIBLING} AND"
             f" division_hi({SIBLING})" if SIBLING in query else "") +
            (f" AND description LIKE '%{CANARY}%'" if "q=" in query else ""))
        assert r.json["count"] == int(inside[0][0]), query


def test_writing_outside_or_at_another_level(county, rows):
    who = people(county)
    r = who("huangmaozhou").post("/v1/issues", {**GOOD, "division_code": SIBLING})
    nowhere = who("huangmaozhou").post("/v1/issues",
                                 {**GOOD, "division_code": "430981999000"})
    for x in (r, nowhere):
        assert x.status == 422
        assert [f["pointer"] for f in x.json["faults"]] == ["/division_code"]
    assert r.json["faults"] == nowhere.json["faults"]
    path = f"/v1/issues/{rows['own']['id']}"
    rev = who("nongye").get(path).json["rev"]
    r = who("nongye").patch(path, {"goal": "x"}, rev=rev)
    assert (r.status, r.json["code"]) == (403, "denied")
    r = who("huangmaozhou").patch(f"/v1/issues/{rows['water']['id']}",
                                  {"goal": "x"}, rev=1)
    assert (r.status, r.json["code"]) == (403, "other_level")
    assert who("shenji").patch(path, {"goal": "x"}, rev=rev).status == 403
    assert who("shenji").post("/v1/issues", GOOD).status == 403
    # A line may not hand its row to another line and lose or keep it.
    path = f"/v1/issues/{rows['water']['id']}"
    r = who("bumen").patch(path, {"competent_line": "教育"}, rev=1)
    assert r.status in (404, 409, 422), r
    assert who("bumen").get(path).json["competent_line"] == "水利"


def test_places_and_people_in_reach(county):
    who = people(county)
    codes = {d["code"] for d in
             who("huangmaozhou").get("/v1/divisions").json["items"]}
    above = {"000000000000", "430000000000", "430900000000", COUNTY, TOWN}
    assert above <= codes
    assert all(c.startswith(TOWN[:9]) for c in codes - above)
    assert who("huangmaozhou").get(f"/v1/divisions/{SIBLING}").status == 404
    units = who("nongye").get(f"/v1/divisions?parent={COUNTY}").json["items"]
    assert len(units) >= 14 and {TOWN, SIBLING} <= {d["code"] for d in units}
    names = [o["division_code"] for o in
             who("huangmaozhou").get("/v1/orgs").json["items"]]
    assert set(names) == {TOWN}
    assert "yuanjiang-2023" in [
        a["code"] for a in who("huangmaozhou").get("/v1/actions").json["items"]]


def settings(lo, hi, line, clearance):
    """As the batch's first statement does, without printing anything."""
    return (f"DO $$ BEGIN PERFORM set_config('app.lo', '{lo}', true),"
            f" set_config('app.hi', '{hi}', true),"
            f" set_config('app.line', '{line}', true),"
            f" set_config('app.clearance', '{clearance}', true); END $$;")


TABLES = ("issue", "history", "issue_progress", "issue_acceptance",
          "evidence", "command", "org_unit", "app_user", "role_grant", "session",
          "agent_token")


@pytest.mark.parametrize("lo,hi,line,clearance", [
    (TOWN, int(TOWN) + 999, "", 2), (SIBLING, int(SIBLING) + 999, "", 2),
    (COUNTY, int(COUNTY) + 999999, "水利", 2),
    (COUNTY, int(COUNTY) + 999999, "", 0), (1, 2, "", 4)])
def test_each_wall_alone_gives_the_same_rows(county, rows, lo, hi, line,
                                             clearance):
    """Row-level security without the predicate, and the predicate without
    row-level security (as a superuser), let the same rows through."""
    for table in TABLES:
        where = f"division_code BETWEEN {lo} AND {hi}"
        if table in ("issue", "evidence", "command"):
            where += (f" AND ('{line}' = '' OR competent_line = '{line}')"
                      f" AND sensitivity <= {clearance}")
        if table == "org_unit":
            where += (f" OR {lo} BETWEEN division_code AND"
                      " division_hi(division_code)")
        some = "true"
        if table == "history":      # what is shared is also read from below
            some = "entity = 'issue'"
            where += (f" AND ('{line}' = '' OR history.line = '{line}')"
                      f" AND sensitivity <= {clearance} AND {some}")
        if table in ("issue_progress", "issue_acceptance"):
            where += (" AND EXISTS (SELECT FROM issue i WHERE i.id ="
                      f" issue_id AND ('{line}' = '' OR i.competent_line ="
                      f" '{line}') AND i.sensitivity <= {clearance})")
        key = "row_id::text || rev" if table == "history" else "id::text"
        wanted = county.psql(
            f"SELECT count(*), md5(string_agg({key}, '' ORDER BY {key}))"
            f" FROM {table} WHERE {where}")
        got = county.psql(
            "BEGIN;" + settings(lo, hi, line, clearance) +
            f"SELECT count(*), md5(string_agg({key}, '' ORDER BY {key}))"
            f" FROM {table} WHERE {some};", user="taizhang_api")
        assert got[-1] == wanted[-1], table


def test_without_settings_nothing_is_visible(county, rows):
    for table in TABLES + ("login_failure", "idempotency", "action"):
        got = county.psql(f"SELECT count(*) FROM {table}",
                          user="taizhang_api")
        assert got == [["0"]], table


def test_row_level_security_guards_writes_too(county, rows):
    inside = settings(TOWN, int(TOWN) + 999, "", 2)
    other = rows["other"]["id"]
    got = county.psql("BEGIN;" + inside + "UPDATE issue SET goal = 'x' WHERE"
                      f" id = '{other}' RETURNING 1;", user="taizhang_api")
    assert got == []
    with pytest.raises(AssertionError, match="row-level security"):
        county.psql("BEGIN;" + inside + "UPDATE issue SET division_code ="
                    f" {SIBLING} WHERE id = '{rows['own']['id']}';",
                    user="taizhang_api")
    for sql in ("DELETE FROM issue", "DELETE FROM history",
                "UPDATE history SET actor = NULL", "TRUNCATE issue",
                "ALTER TABLE issue NO FORCE ROW LEVEL SECURITY"):
        with pytest.raises(AssertionError, match="permission|owner"):
            county.psql(sql, user="taizhang_api")


def test_every_table_is_walled(county):
    bare = county.psql(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace ="
        " 'public'::regnamespace AND relname <> 'schema_migration'"
        " AND NOT (relrowsecurity AND relforcerowsecurity)")
    assert bare == []
    assert county.psql("SELECT rolbypassrls OR rolsuper FROM pg_roles WHERE"
                       " rolname = 'taizhang_api'") == [["f"]]


def test_no_secret_in_any_reply(county, rows):
    c = people(county)("nongye")
    for path in ("/v1/me", "/v1/orgs", "/v1/issues", "/v1/actions",
                 f"/v1/issues/{rows['own']['id']}/history"):
        assert not re.search(r"argon2|token_hash|tz_u_",
                             c.get(path).text), path
