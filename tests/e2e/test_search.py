"""q= through an index, behind row-level security (0101): what it finds is what
reading every row finds, for everybody; what it reads is the caller's own."""
import random
import re
import subprocess

import pytest

import crowd
import explained
from people import people, report
from stack import BUILD, Stack, wait_for

WORDS = ["稻虾共作", "罕", "a%b_c\\d", "Ａ座", "XyZ-9", "百分之50%", "“引号”",
         "O'Hara", "꿈", "二〇二三", "𠮷野家", "tab\there"]


@pytest.fixture(scope="module")
def crowded():
    s = Stack(agent=False, workers=1)
    s.start()
    try:
        crowd.places(s)
        crowd.issues(s, 30000)
        for n, word in enumerate(WORDS):
            s.psql(crowd.LOAD + "UPDATE issue SET description = description ||"
                   f" $q${word}$q$ WHERE seq_no % 9973 = {n + 5}")
        s.psql("VACUUM ANALYZE issue")
        s.readers = crowd.readers(s)
        s.readers["line"] = crowd.reader(s, "r-line", "dept_clerk",
                                         crowd.COUNTY, "水利")
        yield s
    finally:
        s.stop()


SCOPES = {"village": (crowd.VILLAGE, crowd.VILLAGE),
          "township": (crowd.TOWN, crowd.TOWN + 999),
          "county": (crowd.COUNTY, crowd.COUNTY + 999999),
          "prefecture": (crowd.PREFECTURE, crowd.PREFECTURE + 99999999),
          "province": (crowd.PROVINCE, crowd.PROVINCE + 9999999999),
          "line": (crowd.COUNTY, crowd.COUNTY + 999999)}


def truth(s, level, term):
    """Read row by row, by nobody's index."""
    lo, hi = SCOPES[level]
    line = "AND competent_line = '水利'" if level == "line" else ""
    quoted = term.replace("'", "''")
    return [r[0] for r in s.psql(
        "SET enable_indexscan = off; SET enable_bitmapscan = off;"
        f" SELECT id FROM issue WHERE division_code BETWEEN {lo} AND {hi}"
        f" {line} AND position(lower(E'' || '{quoted}' COLLATE \"C\") IN"
        " lower(description COLLATE \"C\")) > 0 AND voided_at IS NULL"
        " AND state NOT IN ('voided', 'merged')"
        " ORDER BY created_at DESC, id DESC LIMIT 200")]



def found(s, level, term, more=""):
    r = s.readers[level].request("GET", "/v1/issues?limit=200&fields=id&q="
                                 + term + more)
    assert r.status == 200, (term, r)
    return [i["id"] for i in r.json["items"]]


def uses(s):
    return int(s.psql("SELECT idx_scan FROM pg_stat_user_indexes WHERE"
                      " indexrelname = 'issue_search'")[0][0])


@pytest.mark.parametrize("level", SCOPES)
def test_it_finds_what_reading_every_row_finds(crowded, level):
    rng = random.Random(level)
    texts = [r[0] for r in crowded.psql(
        "SELECT description FROM issue ORDER BY md5(id::text) LIMIT 40")]
    terms = [w for w in WORDS if "\t" not in w]
    terms += [x for w in terms for x in (w[:1], w[1:3], w.swapcase()) if x]
    for text in texts:
        at = rng.randrange(len(text))
        terms.append(text[at:at + rng.randint(1, 6)])
        terms.append("".join(rng.sample(text, 2)))
    for term in terms:
        term = term.strip()
        if not term or any(c in term for c in "&%_\\'"):
            continue
        assert found(crowded, level, term) == truth(crowded, level, term), term


def test_signs_and_letters(crowded):
    """Patterns mean nothing; letters are found in either case."""
    for term, of in (("%25", "%"), ("%25b_c", "%b_c"), ("a%25b_c%5Cd",
                     "a%b_c\\d"), ("xyz-9", "XyZ-9"), ("50%25", "50%"),
                     ("o'hARa", "O'Hara"), ("_c", "_c"), ("\U00020bb7",
                     "\U00020bb7"), ("“引", "“引"), ("”", "”"),
                     ("：合", "：合")):
        assert found(crowded, "province", term) == truth(
            crowded, "province", of) != [], term


def test_pages_sorts_filters_and_counts_go_with_it(crowded):
    c = crowded.readers["province"]
    path = "/v1/issues?q=罕&limit=2&sort=-due_on&count=true"
    page = first = c.get(path).json
    every = c.get("/v1/issues?q=罕&limit=200&sort=-due_on").json["items"]
    items = page["items"]
    while page["next"]:
        page = c.get(f"{path}&cursor={page['next']}").json
        items += page["items"]
    assert items == every
    assert first["count"] == len(every) == len(truth(crowded, "province",
                                                     "罕"))
    some = c.get(f"/v1/issues?q=罕&division={crowd.COUNTY}&limit=200").json
    assert [i["id"] for i in some["items"]] == truth(crowded, "county", "罕")
    rows = c.get("/v1/issues?q=罕&format=ndjson").text.splitlines()
    assert len(rows) == len(every)


def test_the_index_is_read_and_little_else(crowded):
    explained.begin(crowded)
    for level in SCOPES:
        c, before = crowded.readers[level], uses(crowded)
        for term in ("稻虾", "罕", "没有的词"):
            r, made = explained.plans(crowded, lambda t=term: c.get(
                f"/v1/issues?q={t}"), "issue")
            assert r.status == 200
            for node in explained.nodes(made[0]):
                read = node["Actual Rows"] + \
                    node.get("Rows Removed by Filter", 0)
                assert read <= 20, (level, term, made[0])
        wait_for(lambda: uses(crowded) >= before + 3, 20, why="index used")


def test_what_is_common_is_found_in_its_order(crowded):
    """More rows than are worth knowing: as if there were no index."""
    c = crowded.readers["province"]
    _, made = explained.plans(crowded, lambda: c.get("/v1/issues?q=合作社"),
                              "issue")
    explained.check(made[0], "issue", 150, "合作社")


def ask(s, lo, hi, term, walls, table="issue"):
    return s.psql(
        "SELECT set_config('app.lo', '%s', true), set_config('app.hi', '%s',"
        " true), set_config('app.line', '%s', true),"
        " set_config('app.clearance', '%s', true);" % walls +
        f" SELECT search_{table}('{term}', {lo}, {hi}, 1000)",
        user="taizhang_api")[-1][-1].split("\n")[-1]


def test_the_function_stays_within_the_walls(crowded):
    """Whatever it is asked for by whoever got hold of a connection."""
    def ids(*walls):
        text = ask(crowded, 0, 999999999999, "罕", walls)
        return set(text.strip("{}").split(",")) - {""}
    town = (crowd.COUNTY, crowd.COUNTY + 999999)
    assert ids(*town, "", 1) == set(truth(crowded, "county", "罕"))
    assert ids(*town, "水利", 1) == set(truth(crowded, "line", "罕"))
    assert ids(*town, "", 0) == set()
    assert ids("", "", "", 4) == set()
    assert ids(*town, "", "") == set()
    assert ids(0, "", "", 4) == ids("", 999999999999, "", 4) == set()
    assert crowded.psql("SELECT has_function_privilege('taizhang_auditor',"
                        " 'search_issue(text, bigint, bigint, int)',"
                        " 'EXECUTE')") == [["f"]]
    with pytest.raises(AssertionError, match="permission denied"):
        crowded.psql("SET ROLE taizhang_search", user="taizhang_api")


def test_other_counties_are_not_read(crowded):
    """A word of another county costs nothing here (I22): its entries are
    other entries."""
    plan = crowded.psql(
        "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) SELECT id FROM issue WHERE"
        " search_text(search_mark(division_code), description) LIKE"
        f" search_like(search_mark({crowd.COUNTY}), '合作')")
    rows = max(int(x) for x in re.findall(r"rows=(\d+) loops", str(plan)))
    own = int(crowded.psql("SELECT count(*) FROM issue WHERE division_code"
                           f" / 1000000 = {crowd.COUNTY // 10 ** 6}")[0][0])
    assert 0 < rows <= own * 1.01


def test_what_changes_is_found_anew(county):
    clerk = people(county)("huangmaozhou")
    row = report(clerk, description="项目名称：鳜鱼池；基本情况：未公示")

    def ids(q, who="huangmaozhou"):
        return [i["id"] for i in people(county)(who).get(
            f"/v1/issues?q={q}").json["items"]]
    assert ids("鳜鱼") == ids("鳜") == [row["id"]]
    assert ids("鳜鱼", "caowei") == []
    r = clerk.patch(f"/v1/issues/{row['id']}", {
        "description": "项目名称：泥鳅池；基本情况：未公示"}, rev=row["rev"])
    assert r.status == 200
    assert ids("鳜鱼") == [] and row["id"] in ids("泥鳅")


def test_every_index_is_of_the_models_fields(county):
    """tool_model --search says what q= looks through; so do the indexes."""
    model = {}
    for line in subprocess.run([BUILD / "tests/tool_model", "--search"],
                               text=True, capture_output=True, check=True
                               ).stdout.splitlines():
        model.setdefault(line.split("\t")[0], []).append(line.split("\t")[1])
    made = {r[0]: re.findall(r"\w+", re.search(
        r"ARRAY\[(.*?)\]", r[1])[1].replace("::text", "")) for r in county.psql(
        "SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN"
        " pg_class c ON c.oid = i.indrelid JOIN pg_class x ON x.oid ="
        " i.indexrelid WHERE x.relname = c.relname || '_search'")}
    assert made == model
    owners = county.psql(
        "SELECT DISTINCT o.rolname, o.rolbypassrls, o.rolcanlogin, p.prosecdef"
        " FROM pg_proc p JOIN pg_roles o ON o.oid = p.proowner WHERE proname ="
        " ANY ('{%s}')" % ",".join("search_" + t for t in model))
    assert owners == [["taizhang_search", "t", "f", "t"]]


def test_every_search_works(crowded):
    """The functions plan and run, each over its own table."""
    names = [r[0] for r in crowded.psql(
        "SELECT relname FROM pg_class WHERE relkind = 'i' AND relname LIKE"
        " '%\\_search'")]
    assert len(names) == 8
    for name in names:
        table = name.removesuffix("_search")
        assert ask(crowded, 0, 999999999999, "没有的词", (0, 999999999999, "",
                   4), table) == "{}", table
