"""A whole county under new codes, with tens of thousands of rows, in one
request; and what belongs to a row goes, or stays, with it."""
import json

import pytest

import crowd
from people import COUNTY, SIBLING, TOWN
from stack import Stack

WALLS = ("SET app.lo = '0'; SET app.hi = '999999999999';"
         " SET app.clearance = '4'; SET app.line = '';")
ROWS = 10000
PLAN = {"effective_on": "2024-01-01", "document": "民函〔2023〕12号"}


@pytest.fixture(scope="module")
def land():
    # Less than the county takes: it has a limit of its own.
    s = Stack(demo=True, agent=False,
              env={"TAIZHANG_DB_SLOW_MS": "1500"}).start()
    try:
        crowd.places(s)
        yield s
    finally:
        s.stop()


def households(stack, n, place, marker):
    """n households of one place, each with a year's facts, a command and a
    piece of evidence."""
    stack.psql(WALLS + f"""
    INSERT INTO household (id, division_code, household_no, head_name,
        filing_level, sensitivity)
      SELECT uuid7(), {place}, '{marker}' || g, '某户', 5, 1
      FROM generate_series(1, {n}) g;
    INSERT INTO household_year_fact (id, household_id, income_year,
        filing_level)
      SELECT uuid7(), id, 2023, 5 FROM household
      WHERE household_no LIKE '{marker}%' AND division_code = {place};
    INSERT INTO evidence (id, entity, row_id, kind, title, division_code)
      SELECT uuid7(), 'household', id, 'photo', '照片', division_code
      FROM household WHERE household_no LIKE '{marker}%'
      AND division_code = {place}""")


def where(stack, table, marker, place="h.division_code"):
    """Places of the households' rows in a table, and their revisions."""
    join = {"household": "x.id = h.id", "household_year_fact":
            "x.household_id = h.id", "evidence": "x.row_id = h.id"}[table]
    rev = "0" if table == "evidence" else "x.rev"
    return stack.psql(f"SELECT DISTINCT {place}, x.division_code, {rev} FROM"
                      f" household h JOIN {table} x ON {join} WHERE"
                      f" h.household_no LIKE '{marker}%' ORDER BY 1, 2, 3")


def reorganise(stack, moves):
    return stack.login("admin").post("/v1/divisions:reorganise", {
        **PLAN, "moves": [{"from": f, "to": t} for f, t in moves]})


def below(stack, place, width):
    return [c for (c,) in stack.psql(
        "SELECT code FROM division WHERE valid_to IS NULL AND code BETWEEN"
        f" {place} AND {place} + {width} ORDER BY code")]


TABLES = ("household", "household_year_fact", "evidence")


def test_what_has_to_stay_keeps_what_is_its(land):
    """The new place has a household of the same number: the other one stays,
    and all that belongs to it."""
    households(land, 1, TOWN, "同号")
    households(land, 3, SIBLING, "同号")
    r = reorganise(land, [(c, str(int(c) - int(SIBLING) + int(TOWN)))
                          for c in below(land, SIBLING, 999)])
    assert r.status == 200, r
    for table in TABLES:
        assert (r.json["kept"][table], r.json["moved"][table]) == (1, 2), r.json
    assert land.login("admin").get("/v1/reorganisations").json["items"][0][
        "kept"] == r.json["kept"]
    for table in TABLES:
        assert {tuple(x[:2]) for x in where(land, table, "同号")} == {
            (TOWN, TOWN), (SIBLING, SIBLING)}, table


def test_a_county_goes_in_one_request(land):
    crowd.issues(land, ROWS * 6)        # a twelfth of them there
    households(land, ROWS, 430981101201, "户")
    codes = below(land, COUNTY, 999999)
    assert len(codes) > 100
    there = int(land.psql("SELECT count(*) FROM issue WHERE division_code IN"
                          f" ({', '.join(codes)})")[0][0])
    assert there > ROWS / 3
    r = reorganise(land, [(c, str(int(c) + 1000000)) for c in codes])
    assert r.status == 200, r
    moved = r.json["moved"]
    assert moved["household"] >= ROWS and moved["evidence"] >= ROWS
    assert moved["household_year_fact"] >= ROWS
    assert moved["issue"] == there, (moved, there)
    # Each goes once, with all that is its.
    new = str(430982101201)
    for table in TABLES:
        assert where(land, table, "户") == [
            [new, new, "0" if table == "evidence" else "2"]], table
    assert land.psql("SELECT count(*) FROM history WHERE entity = 'household'"
                     f" AND division_code = {new}") == [[str(2 * ROWS)]]
    # The setting that lets them go as sets is over with it.
    assert json.dumps(land.psql(
        WALLS + "UPDATE household SET sensitivity = 2 WHERE household_no ="
        " '户1'; SELECT x.sensitivity FROM household_year_fact x JOIN household"
        " h ON h.id = household_id WHERE household_no = '户1'")[-1]) == '["2"]'
