"""What stands between a caller and rows that are not his: clearance, line,
natural keys, children that follow, values that mean something to SQL."""
import urllib.parse
import uuid

import pytest

from people import COUNTY, SIBLING, TOWN, hire, people
from rows import Rows
from stack import Stack


@pytest.fixture(scope="module")
def land():
    """A county of its own: people and rows are added to it."""
    s = Stack(demo=True, agent=False)
    s.start()
    yield s
    s.stop()


@pytest.fixture(scope="module")
def rows(land):
    return Rows(land)


def pointers(reply):
    return {f["pointer"] for f in reply.json["faults"]}


def test_nobody_files_above_his_own_clearance(land, rows):
    """He could never read it again: the answer says so, where it is."""
    c, row, body = rows.make("project")
    path = f"/v1/projects/{row['id']}"
    before = land.psql("SELECT count(*) FROM project")
    for level in (3, 4):
        above = {"sensitivity": level}
        other = {**rows.body("project"), **above}
        for r in (c.post("/v1/projects", other),
                  c.post("/v1/projects?dry_run=true", other),
                  c.patch(path, above, rev=row["rev"]),
                  c.put(path, {**body, **above},
                        headers={"If-Match": f'"{row["rev"]}"'})):
            assert r.status == 422, r
            assert pointers(r) == {"/sensitivity"}, r
        for item in (other, {"id": row["id"], **above}):
            r = c.post("/v1/projects/bulk", {"items": [item]})
            assert r.status == 422, r
            assert pointers(r) == {"/items/0/sensitivity"}, r
    assert land.psql("SELECT count(*) FROM project") == before
    r = c.patch(path, {"sensitivity": 2}, rev=row["rev"])
    assert r.status == 200, r


def test_nobody_gives_his_line_away(land, rows):
    """A department's row stays the department's, or it would lose it."""
    c = people(land)("bumen")
    r = c.post("/v1/projects", {**rows.body("project"),
                                "division_code": TOWN})
    assert r.status == 201, r
    row, path = r.json, f"/v1/projects/{r.json['id']}"
    assert row["competent_line"]
    for line in ("某条线", None, ""):
        r = c.patch(path, {"competent_line": line}, rev=row["rev"])
        assert r.status == 422, (line, r)
        assert pointers(r) == {"/competent_line"}, r
        r = c.post("/v1/projects/bulk", {"items": [
            {"id": row["id"], "competent_line": line}]})
        assert r.status == 422, (line, r)
        assert pointers(r) == {"/items/0/competent_line"}, r
    assert c.get(path).json["rev"] == row["rev"]


def test_keys_differ_by_their_capitals(land, rows):
    """A row is not changed because its key looks like another's."""
    c = people(land)("huangmaozhou")
    small = {**rows.body("project"), "project_no": "abc-1", "name": "小写"}
    large = {**rows.body("project"), "project_no": "ABC-1", "name": "大写"}
    r = c.post("/v1/projects/bulk", {"items": [small]}).json
    assert r["created"] == 1, r
    first = r["items"][0]["id"]
    r = c.post("/v1/projects/bulk", {"items": [large, small]}).json
    assert (r["created"], r["unchanged"]) == (1, 1), r
    assert r["items"][1]["id"] == first != r["items"][0]["id"]
    assert c.get(f"/v1/projects/{first}").json["name"] == "小写"
    again = [dict(small, name="甲"), dict(large, name="乙"),
             dict(small, name="丙")]
    r = c.post("/v1/projects/bulk?atomic=false", {"items": again}).json
    assert [x["result"] for x in r["items"]] == [
        "changed", "changed", "refused"], r
    assert c.get(f"/v1/projects/{first}").json["name"] == "甲"


def test_a_key_that_names_two_rows_names_none(land, rows):
    """Rows of two lines may have one key: who sees both says which."""
    line = people(land)("bumen")
    town = people(land)("huangmaozhou")
    body = {**rows.body("project"), "project_no": "两条线",
            "division_code": TOWN}
    a = town.post("/v1/projects", body)
    b = line.post("/v1/projects", body)
    assert a.status == b.status == 201, (a, b)
    asked = dict(body, name="改了")
    r = town.post("/v1/projects/bulk", {"items": [asked]})
    assert r.status == 409, r
    assert {f["code"] for f in r.json["faults"]} == {"ambiguous"}, r
    for x in (a, b):
        got = town.get(f"/v1/projects/{x.json['id']}")
        assert got.json["name"] == body["name"]
    r = line.post("/v1/projects/bulk", {"items": [dict(asked, name="己")]})
    assert r.status == 200 and r.json["items"][0]["id"] == b.json["id"], r


def test_children_follow_though_their_mover_sees_them_not(land, rows):
    """A parent's line and sensitivity go to all below it, with what was
    recorded of them: to those above the mover's clearance too."""
    c, project, _ = rows.make("project")
    kids = [rows.make(n, project_id=project["id"])[1]
            for n in ("project_funding", "evaluation")]
    high = rows.make("project_change", project_id=project["id"])[1]
    grand = rows.make("evaluation_expert", evaluation_id=kids[1]["id"])[1]
    path = f"/v1/project-changes/{high['id']}/evidence"
    assert c.post(path, {"kind": "other", "title": "材料"}).status in (
        201, 422)
    land.psql("BEGIN; SELECT set_config('app.lo', '0', true), set_config("
              "'app.hi', '999999999999', true), set_config('app.clearance',"
              " '4', true); UPDATE project_change SET sensitivity = 3"
              f" WHERE id = '{high['id']}'; COMMIT")
    r = c.patch(f"/v1/projects/{project['id']}",
                {"competent_line": "某条线", "sensitivity": 2},
                rev=project["rev"])
    assert r.status == 200, r
    for table, row, level in (
            ("project_funding", kids[0], 2), ("evaluation", kids[1], 2),
            ("evaluation_expert", grand, 2), ("project_change", high, 3)):
        got = land.psql(f"SELECT competent_line, sensitivity FROM {table}"
                        f" WHERE id = '{row['id']}'")
        assert got == [["某条线", str(level)]], (table, got)
    left = land.psql("SELECT competent_line, sensitivity FROM evidence"
                     f" WHERE row_id = '{high['id']}'")
    assert all(x == ["某条线", "3"] for x in left), left


def test_a_void_row_gets_no_children(land, rows):
    c, _, body = rows.make("project_location")
    c, project, _ = rows.make("project")
    body["project_id"] = project["id"]
    r = c.post(f"/v1/projects/{project['id']}/void", {"reason": "重复"})
    assert r.status == 200, r
    one = c.post("/v1/project-locations", body)
    many = c.post("/v1/project-locations/bulk", {"items": [body]})
    assert (one.status, pointers(one)) == (422, {"/project_id"}), one
    assert (many.status, pointers(many)) == (422, {"/items/0/project_id"})
    r = c.post(f"/v1/projects/{project['id']}/restore", {"reason": "误"})
    assert r.status == 200, r
    assert c.post("/v1/project-locations", body).status == 201


def test_a_webhook_serves_no_one_below_its_clearance(land):
    """Whoever sees less neither sends it elsewhere nor takes its secret."""
    owner = people(land)("nongye")
    low = hire(land, "dishen", "county_authority", clearance=1)
    hook = land.psql(
        "INSERT INTO webhook (id, url, division_code, clearance, role,"
        " owner_id, grant_id, entities) SELECT gen_random_uuid(),"
        f" 'https://a.test/x', {COUNTY}, 2, g.role, g.user_id, g.id, '[]'"
        " FROM role_grant g JOIN app_user u ON u.id = g.user_id"
        " WHERE u.login = 'nongye' LIMIT 1 RETURNING id")[0][0]
    land.psql("INSERT INTO webhook_secret (webhook_id, secret)"
              f" VALUES ('{hook}', 'x'); INSERT INTO webhook_state"
              f" (webhook_id, pos, paths) VALUES ('{hook}', 0, '{{}}')")
    path = f"/v1/webhooks/{hook}"
    assert owner.get(path).status == 200
    r = low.post(path + "/rotate")
    assert r.status == 404, r
    r = low.patch(path, {"entities": ["project"]}, rev=1)
    assert (r.status, r.json["code"]) == (403, "clearance"), r
    assert owner.get(path).json["rev"] == 1


SPOILS = ["'", "''", "' OR 1=1 --", "\\", "\\'", '"', '{"a"}', "},{", "$1",
          "$$", ";", "\x00", "%00", "U&'\\0027'", "＇", "ʼ", "‮", "\U0010ffff",
          "é", "NULL", "null", "1e9", "infinity", "-infinity", "NaN",
          "2023-02-30", "99999999999999999999", "-0", "true", "e'\\x27'",
          "\\x27", "a,b\\,c", "!", "!'", ",", "''::text", "now()"]


def test_no_value_of_any_filter_is_read_as_sql(land, rows):
    """Of every type, with every ending: refused, or it finds what it says."""
    c, row, _ = rows.make("project")
    rows.make("form_response")
    seen, asked = {}, 0
    for e in rows.model.values():
        for f in e.fields.values():
            if "F_FILTER" in f.flags and f.clearance <= 1:
                seen.setdefault((f.type, f.check), (e, f))
    assert len({t for t, _ in seen}) > 7
    for e, f in seen.values():
        nongye = people(land)("nongye")
        everything = nongye.get(f"/v1/{e.path}?count=true&limit=1").json
        for ending in ("", "_from", "_to", "_has"):
            for v in SPOILS:
                q = urllib.parse.quote(v, safe="")
                r = nongye.get(f"/v1/{e.path}?{f.name}{ending}={q}"
                               "&count=true&limit=1")
                asked += 1
                assert r.status in (200, 400, 422), (e.path, f.name, v, r)
                if r.status == 200 and not ending and "=" in v:
                    assert r.json["count"] == 0 or everything["count"] == 0
    for v in SPOILS:
        q = urllib.parse.quote(v, safe="")
        for name in ("q", "sort", "fields", "expand", "cursor", "as_of",
                     "limit", "format", "count", "division"):
            r = c.get(f"/v1/projects?{name}={q}")
            assert r.status in (200, 400, 422), (name, v, r)
        r = c.get(f"/v1/changes?entity={q}")
        assert r.status in (200, 400, 422), (v, r)
    assert asked > 400
    assert c.get(f"/v1/projects/{row['id']}").status == 200


def test_what_is_masked_is_not_guessed_by_key(land, rows):
    """A key with a part one may not read finds nothing for him."""
    high, flag, body = rows.make("person_flag")
    clerk = hire(land, "dili", "township_clerk", TOWN, clearance=1)
    made = {k: body[k] for k in ("household_id", "seq", "kind")}
    kinds = [made["kind"], rows.code("person_flag_kind", 3)] \
        if "person_flag_kind" in rows.codes else [made["kind"]]
    answers = set()
    for kind in kinds + ["没有"]:
        r = clerk.post("/v1/person-flags/bulk", {
            "items": [dict(made, kind=kind)]})
        answers.add((r.status, tuple(sorted(
            (f["pointer"], f["code"]) for f in r.json.get("faults", [])))))
    assert len(answers) == 1, answers
    assert high.get(f"/v1/person-flags/{flag['id']}").json["rev"] == 1


def test_a_siblings_rows_are_not_found_by_their_keys(land, rows):
    """What is there elsewhere and what is not: the same answer to both."""
    _, theirs, body = rows.make("project")
    other = people(land)("caowei")
    for no in (theirs["project_no"], uuid.uuid4().hex[:12]):
        item = {**body, "project_no": no, "division_code": SIBLING}
        r = other.post("/v1/projects/bulk", {"items": [item]})
        assert r.status == 200 and r.json["created"] == 1, r
        item["division_code"] = TOWN
        r = other.post("/v1/projects/bulk", {"items": [item]})
        assert r.status == 422, r
        assert pointers(r) == {"/items/0/division_code"}, r
