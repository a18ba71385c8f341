"""Constraints have words: what the database refuses of projects, people and
funds is told in Chinese and English, by the name of the constraint."""
import re

import pytest

from people import COUNTY, TOWN as HERE, people, report
from projects import TOWN, VILLAGE, cast, make, org
from rows import FIELD, Rows, model
from stack import ROOT

MODEL = model()
COMMON = {m[1] for m in FIELD.finditer(re.search(
    r"common_fields\[\] = \{(.*?)\n\};",
    (ROOT / "api/model/common.c").read_text(), re.S)[1])}

LISTED = {}
for f in (ROOT / "api/model").glob("*.c"):
    for m in re.finditer(r"struct refusal (\w+)_refusals\[\] = \{(.*?)\n\};",
                         f.read_text(), re.S):
        LISTED[m[1]] = re.findall(r'\{ "(\w+)"', m[2])


def test_there_are_refusals():
    assert len(LISTED) > 12


def named(county, table):
    """What the database may refuse by a name of its own: checks of several
    columns, exceptions of triggers, keys beside the natural one."""
    checks = {r[0] for r in county.psql(
        "SELECT conname FROM pg_constraint WHERE contype IN ('c', 'x') AND"
        f" conrelid = '{table}'::regclass")}
    keys = {r[0] for r in county.psql(
        "SELECT indexrelid::regclass::text FROM pg_index WHERE indisunique"
        f" AND NOT indisprimary AND indrelid = '{table}'::regclass")}
    triggers = " ".join(r[0] for r in county.psql(
        "SELECT DISTINCT replace(p.prosrc, 'TG_ARGV[0]', quote_literal("
        "split_part(encode(t.tgargs, 'escape'), '\\000', 1)))"
        " FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
        f" WHERE t.tgrelid = '{table}'::regclass"))
    raised = {name for pair in re.findall(
        r"CONSTRAINT = (?:CASE [^']*)?'(\w+)'(?: ELSE '(\w+)')?", triggers)
        for name in pair if name}
    return (checks | raised | keys) - {f"{table}_key"}


def column(entity, name, kind):
    """Of one column: answered by its field's own words (row.c)."""
    m = re.fullmatch(rf"{entity.table}_(\w+?)(_{kind}\d*)?", name)
    return m is not None and (m[1] in entity.fields or m[1] in COMMON)


@pytest.mark.parametrize("name", sorted(MODEL))
def test_whatever_is_refused_has_words(county, name):
    """Every CHECK, key and exception of every table, and every reference; and
    no words for what is not there."""
    e = MODEL[name]
    bare = {c for c in named(county, e.table) if not column(e, c, "check")}
    assert set(LISTED.get(name, [])) >= bare, "without words"
    assert set(LISTED.get(name, [])) <= named(county, e.table), "of nothing"
    for (c,) in county.psql("SELECT conname FROM pg_constraint WHERE contype"
                            f" = 'f' AND conrelid = '{e.table}'::regclass"):
        assert column(e, c, "fkey") or "division" in c, c


def faults(reply):
    assert reply.status == 422, reply
    return {f["code"]: f["pointer"] for f in reply.json["faults"]}


def test_yearly_facts_are_of_their_level(county):
    who = cast(county)
    fact = {"year": 2041, "collective_income_fen": 5_000_000}
    r = who("sihushan").post("/v1/village-year-facts", {
        **fact, "division_code": TOWN})
    assert faults(r) == {"village_year_fact_village": "/division_code"}
    r = who("sihushan").post("/v1/village-year-facts/bulk", {"items": [
        {**fact, "division_code": TOWN}]})      # the same, and nothing else
    assert faults(r) == {"village_year_fact_village":
                         "/items/0/division_code"}
    made = make(who("cunguan"), "village-year-facts", **fact,
                collective_modes=["contract", "lease"])
    assert made["labels"]["collective_modes"] == "资源发包、物业出租"
    assert made["division_code"] == VILLAGE
    r = who("cunguan").post("/v1/village-year-facts", fact)
    assert (r.status, r.json["code"]) == (409, "duplicate")
    r = who("nongye").post("/v1/county-year-facts", {
        "year": 2041, "division_code": TOWN})
    assert faults(r) == {"county_year_fact_county": "/division_code"}


def test_a_member_is_a_user_or_a_contact(county):
    who = cast(county)
    group = org(who("nongye"), "沅江市水利局")
    c = who("nongye")
    person = make(c, "contacts", name="联系人", phone="13800000055")
    member = {"org_id": group, "post": "liaison"}
    assert faults(c.post("/v1/org-members", member)) == {
        "org_member_who": "/user_id"}
    made = make(c, "org-members", **member, contact_id=person["id"],
                from_on="2024-01-01")
    r = c.patch(f"/v1/org-members/{made['id']}", {"to_on": "2023-12-31"},
                made["rev"])
    assert faults(r) == {"org_member_days": "/to_on"}


def test_an_office_covers_a_place_once(county):
    who = cast(county)
    group = org(who("nongye"), "沅江市水利局")
    cover = {"org_id": group, "division_code": TOWN}
    make(who("nongye"), "org-coverages", **cover)
    r = who("nongye").post("/v1/org-coverages", cover)
    assert (r.status, r.json["code"]) == (409, "duplicate")
    make(who("nongye"), "org-coverages", **cover, category_code="Y-1")


def test_documents_rest_on_others_and_are_read_from_below(county):
    who = cast(county)
    a, b = (make(who("nongye"), "source-documents", division_code=COUNTY,
                 doc_no=f"沅农〔2041〕{n}号", title="实施方案",
                 issued_on="2041-03-01", version_tag="试行")
            for n in (1, 2))
    make(who("nongye"), "source-document-bases", document_id=b["id"],
         basis_id=a["id"])
    r = who("nongye").post("/v1/source-document-bases", {
        "document_id": a["id"], "basis_id": a["id"]})
    assert faults(r) == {"source_document_basis_self": "/basis_id"}
    assert who("cunguan").get(
        f"/v1/source-documents/{b['id']}").json["doc_no"] == b["doc_no"]
    r = who("cunguan").post("/v1/source-documents", {
        "doc_no": "1", "title": "x", "issued_on": "2041-03-01"})
    assert r.status == 403


def test_a_second_disposal_is_refused_with_its_reason(county):
    """A key beside the natural one: which field, and why."""
    c, _, body = Rows(county).make("asset_disposal")
    r = c.post("/v1/asset-disposals", body)
    assert (r.status, r.json["code"]) == (409, "duplicate"), r
    assert r.json["faults"][0]["pointer"] == "/asset_id"
    assert r.json["faults"][0]["zh"] == "该资产已有处置记录"


def test_bulk_says_the_same_of_another_level(county):
    """A row of another level: 403 other_level, one by one and in bulk."""
    mine = report(people(county)("bumen"), division_code=HERE)
    c = people(county)("huangmaozhou")
    one = c.patch(f"/v1/issues/{mine['id']}", {"goal": "丙"}, rev=mine["rev"])
    assert (one.status, one.json["code"]) == (403, "other_level"), one
    items = {"items": [{"id": mine["id"], "goal": "丙"}]}
    many = c.post("/v1/issues/bulk?atomic=false", items)
    assert many.status == 200
    row = many.json["items"][0]
    assert (row["status"], row["code"]) == (one.status, one.json["code"]), row
    assert c.post("/v1/issues/bulk", items).status == 403
