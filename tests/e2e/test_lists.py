"""What a list can be asked: every type of field, sets, nothing, not, ranges,
texts, places, references, and the order of what is missing."""
import uuid

import pytest
from crowd import LOAD, VILLAGE
from people import SIBLING, TOWN, people

MINE = "清单" + uuid.uuid4().hex[:6]
# name, year, fund, area, tags, industry, from, ratio
ROWS = [("甲 Alpha", 2020, 100, "1.5", "{poverty}", True, "2023-01-05", 10),
        ("乙,逗号", 2021, 200, "2.25", "{poverty,old}", True, "2023-02-05", 20),
        ("丙 BETA", 2021, 300, None, "{old}", False, None, None),
        ("!丁", 2022, 400, "3", None, False, "2023-03-05", 30),
        ("戊%_", 2023, 500, "0.0001", "{}", True, None, 40)]


@pytest.fixture(scope="module")
def mine(county):
    """Five projects of one township, one of another."""
    def text(v):
        return "NULL" if v is None else f"'{v}'"
    for i, (name, year, fund, area, tags, ind, since, ratio) in \
            enumerate([*ROWS, ("邻 Alpha", *ROWS[0][1:])]):
        county.psql(LOAD + f"""INSERT INTO project (id, project_no, name, location_text,
          build_year, type_l1, is_industry, content, total_investment_fen,
          support_fund_fen, farmland_area_mu, tags, publicity_from,
          enterprise_ratio_bp, division_code, filing_level, state, created_at)
        VALUES (gen_random_uuid(), '{MINE}-{i}', '{name}', '{MINE}', {year}, 'industry',
          {ind}, '内容', {fund * 2}, {fund}, {text(area)}, {text(tags)},
          {text(since)}, {ratio or 'NULL'}, {SIBLING if i == 5 else TOWN}, 4,
          'planned',
          timestamptz '2023-05-01 00:30+08' + {i} * interval '1 day')""")
    return people(county)("huangmaozhou")


def names(c, query):
    r = c.get(f"/v1/projects?q={MINE}&{query}")
    assert r.status == 200, r
    return [i["name"] for i in r.json["items"]]


def of(indexes):
    return sorted(ROWS[i][0] for i in indexes)


@pytest.mark.parametrize("query,want", (
    ("limit=9", range(5)),
    ("build_year=2021", (1, 2)), ("build_year=2020,2023", (0, 4)),
    ("build_year=!2021", (0, 3, 4)), ("build_year=", ()),
    ("build_year=!", range(5)), ("build_year_from=2022", (3, 4)),
    # Which is a field of its own, and not the end of a range.
    ("build_year_to=", range(5)),
    ("support_fund_fen=300", (2,)), ("support_fund_fen_from=301", (3, 4)),
    ("support_fund_fen_from=200&support_fund_fen_to=400", (1, 2, 3)),
    ("support_fund_fen_to=-1", ()),
    ("is_industry=false", (2, 3)), ("is_industry=!false", (0, 1, 4)),
    ("tags=poverty", (0, 1)), ("tags=old", (1, 2)),
    ("tags=poverty,old", (0, 1, 2)), ("tags=", (3, 4)), ("tags=!", (0, 1, 2)),
    ("tags=!old", (0, 3, 4)), ("tags=old,", (1, 2, 3, 4)),
    ("name=甲 Alpha", (0,)), ("name=乙\\,逗号", (1,)), ("name=\\!丁", (3,)),
    ("name=!甲 Alpha,戊%25_", (1, 2, 3)),
    ("name_has=alpha", (0,)), ("name_has=ALPHA", (0,)), ("name_has=%25", (4,)),
    ("name_has=beta", (2,)), ("name_has=.", ()),
    (f"division={TOWN}", range(5)), (f"division={VILLAGE}", ()),
    (f"division={SIBLING}", ()), (f"division={TOWN},{SIBLING}", range(5)),
    (f"division=!{SIBLING}", range(5)), (f"division=!{TOWN}", ()),
    ("created_at_from=2023-05-02&created_at_to=2023-05-03", (1, 2)),
    ("created_at_from=2023-05-04T16:30:00Z", (4,)),
    ("implementing_operator_id=", range(5)),
    ("implementing_operator_id=01900000-0000-7000-8000-00000000dead", ()),
    ("build_year=2021&is_industry=true&tags=old", (1,)),
))
def test_conditions(mine, query, want):
    assert sorted(names(mine, query)) == of(want)


@pytest.mark.parametrize("query", (
    "build_year=x", "build_year=2021,x", "build_year=20210000000",
    "support_fund_fen=1.5", "support_fund_fen_from=", "is_industry=maybe",
    "implementing_operator_id=7", "division=43098", "name_from=a",
    "build_year_has=2", "content_has=a", "tags_from=1", "build_year_from=",
    "created_at_from=2023-13-01", "created_at_from=gestern", "expand=name",
    "expand=nonsense", "sort=name_x", "voided=maybe", "id=7",
    "build_year=" + ",".join(str(n) for n in range(1000, 1300))))
def test_what_does_not_fit_is_refused_with_its_name(mine, query):
    r = mine.get("/v1/projects?" + query)
    assert r.status == 422, r
    assert r.json["faults"][0]["pointer"] == "?" + query.split("=")[0]


def test_rows_without_a_line(county, mine):
    """“Not filled in” of the line of a row, which is empty then."""
    for at, line in enumerate(("水利", "林业", "")):
        county.psql(LOAD + f"UPDATE project SET competent_line = '{line}' WHERE"
                    f" project_no = '{MINE}-{at}'")
    mine, all = people(county)("huangmaozhou"), set(names(mine, "limit=9"))
    lined = {ROWS[0][0], ROWS[1][0]}
    for query, want in (("competent_line=", all - lined),
                        ("competent_line=!", lined),
                        ("competent_line=,林业", all - {ROWS[0][0]}),
                        ("competent_line=!,林业", {ROWS[0][0]})):
        assert set(names(mine, query)) == want, query
    county.psql(LOAD + "UPDATE project SET competent_line = '' WHERE"
                f" location_text = '{MINE}'")


def test_a_field_called_as_of(county, mine):
    """Of snapshots the day is asked for by its range: as_of= is the time."""
    doc = mine.get("/v1/openapi.json").json
    for path in ("fund-progress-snapshots", "asset-feedback"):
        given = [p.get("name") or p["$ref"].rsplit("/", 1)[1] for p in doc[
            "paths"][f"/v1/{path}"]["get"]["parameters"]]
        assert {"as_of", "as_of_from", "as_of_to"} <= set(given), path
        assert given.count("as_of") == 1
        r = mine.get(f"/v1/{path}?as_of_from=2023-01-01&as_of_to=2023-12-31")
        assert r.status == 200, r


def test_conditions_are_values_not_sql(mine):
    for nasty in ("' OR 1=1 --", "\\", '"', "{}", "$1", "'::int", "a\\,b\\"):
        for name in ("name", "name_has", "tags", "q"):
            r = mine.request("GET", "/v1/projects?" + name + "=" + "".join(
                f"%{b:02X}" for b in nasty.encode()))
            assert r.status == 200 and r.json["items"] == [], (name, nasty)


@pytest.mark.parametrize("sort", ("build_year", "-build_year", "created_at",
                                  "-created_at", "total_investment_fen",
                                  "-total_investment_fen", "project_no",
                                  "completed_on", "-plan_end_on"))
def test_pages_in_any_order_miss_nothing(mine, sort):
    whole = names(mine, f"sort={sort}")
    assert sorted(whole) == of(range(5))
    got, cursor = [], ""
    while cursor is not None:
        r = mine.get(f"/v1/projects?q={MINE}&sort={sort}&limit=2{cursor}").json
        got += [i["name"] for i in r["items"]]
        cursor = r["next"] and "&cursor=" + r["next"]
    assert got == whole
    if sort.lstrip("-") == "build_year":
        years = {r[0]: r[1] for r in ROWS}
        order = [years[n] for n in whole]
        assert order == sorted(order, reverse=sort[0] == "-")


def test_what_is_void_is_shown_when_asked_for(county, mine):
    county.psql(LOAD + "UPDATE project SET voided_at = now(), void_reason ="
                f" '重复' WHERE name = '!丁' AND location_text = '{MINE}'")
    try:
        for query in ("limit=9", "state=planned", "state=!approved"):
            assert sorted(names(mine, query)) == of((0, 1, 2, 4)), query
        assert sorted(names(mine, "state=planned&voided=true")) == of(range(5))
        assert sorted(names(mine, "voided=true")) == of(range(5))
        r = mine.get(f"/v1/projects?q={MINE}&count=true&limit=1").json
        assert r["count"] == 4
    finally:
        county.psql(LOAD + "UPDATE project SET voided_at = NULL, void_reason"
                    f" = NULL WHERE location_text = '{MINE}'")


def test_names_of_what_is_referred_to_in_ones_own_scope(county, mine):
    """An organisation of one's own has its name, one beside stays null."""
    def org(division):
        return county.psql("SELECT id, name FROM org_unit WHERE division_code"
                           f" = {division} LIMIT 1")[0]
    own, beside = org(TOWN), org(SIBLING)
    for i, (ident, _) in enumerate((own, beside)):
        county.psql(LOAD + f"UPDATE project SET reporting_org_id = '{ident}'"
                    f" WHERE location_text = '{MINE}' AND name ="
                    f" '{ROWS[i][0]}'")
    items = {i["name"]: i for i in mine.get(
        f"/v1/projects?q={MINE}&expand=reporting_org_id,division_code"
        "&fields=name,reporting_org_id").json["items"]}
    first, second = items[ROWS[0][0]], items[ROWS[1][0]]
    assert first["expanded"] == {
        "reporting_org_id": {"id": own[0], "label": own[1]},
        "division_code": {"id": TOWN, "label": "黄茅洲镇"}}
    assert second["reporting_org_id"] == beside[0]
    assert second["expanded"]["reporting_org_id"] is None
    assert beside[1] not in str(items)
