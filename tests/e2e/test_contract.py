"""Model, catalogue and OpenAPI describe the same thing."""
import json
import os
import pathlib
import re
import subprocess

from people import people
from replies import KEYWORDS
from stack import BUILD

ROOT = pathlib.Path(__file__).resolve().parents[2]
TYPES = {
    "T_TEXT": "text", "T_INT": ("integer", "smallint", "bigint"),
    "T_MONEY": "bigint", "T_RATIO": "integer", "T_DATE": "date",
    "T_TIME": "timestamp with time zone", "T_BOOL": "boolean",
    "T_CODE": "text", "T_REF": "uuid", "T_DIVISION": "bigint",
    "T_JSON": "jsonb", "T_CODES": "ARRAY", "T_DECIMAL": "numeric",
}


def model():
    """table → {column: (type, whether lists sort by it, text)}"""
    out = {}
    for line in subprocess.run([BUILD / "tests/tool_model", "--fields"],
                               capture_output=True, text=True,
                               check=True).stdout.splitlines():
        table, name, kind, sort, text = line.split("\t")
        out.setdefault(table, {})[name] = (kind, sort == "sort", text)
    return out


def catalogue(county, table):
    return {r[0]: (r[1], r[2]) for r in county.psql(
        "SELECT column_name, data_type, coalesce(col_description("
        f"'{table}'::regclass, ordinal_position), '') FROM"
        f" information_schema.columns WHERE table_name = '{table}'"
        " AND table_schema = 'public'")}


def test_model_and_tables_agree(county):
    assert len(model()) >= 7
    for table, fields in model().items():
        have = catalogue(county, table)
        assert set(fields) == set(have), table
        for name, (kind, _, text) in fields.items():
            want = TYPES[kind]
            assert have[name][0] in (want if isinstance(want, tuple)
                                     else (want,)), (table, name)
            assert have[name][1] == text, (table, name)


def test_rows_are_read_as_they_lie(county):
    """field_at() gives the order of the columns: PostgreSQL then hands a row
    on without a projection. A field that came later counts as nlate."""
    for table, fields in model().items():
        have = [r[0] for r in county.psql(
            f"SELECT attname FROM pg_attribute WHERE attrelid ="
            f" '{table}'::regclass AND attnum > 0 AND NOT attisdropped"
            " ORDER BY attnum")]
        if "filing_level" in fields:
            assert list(fields) == have, table


def test_every_column_of_every_table_has_its_comment(county):
    bare = county.psql(
        "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON"
        " a.attrelid = c.oid WHERE c.relkind = 'r' AND c.relnamespace ="
        " 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped AND"
        " col_description(c.oid, a.attnum) IS NULL")
    assert bare == []


def test_lists_have_an_index_for_every_sort(county):
    """One for a township or a village, one for all that is wider."""
    sorts = {t: [n for n, (_, sort, _) in fields.items() if sort]
             for t, fields in model().items() if "unit_code" in fields}
    assert set(sorts["issue"]) == {"seq_no", "due_on", "created_at",
                                   "updated_at"}
    indexes = {}
    for table, text in county.psql("SELECT tablename, indexdef FROM pg_indexes"
                                   " WHERE schemaname = 'public'"):
        indexes.setdefault(table, []).append(text)
    missing = [
        (t, n, lead) for t, names in sorts.items() for n in names
        for lead in (r"\(unit_code, ", r"\(") if not any(
            re.search(lead + rf"(\(\s*CASE\s+WHEN \()?{n}\b.*, id,"
                      r" division_code[,)]", i, re.S)
            for i in indexes[t])]
    assert missing == []


def test_openapi_is_committed_as_it_is_served(county):
    """OPENAPI_WRITE=yes writes the document instead of comparing it."""
    served = county.client().get("/v1/openapi.json").json
    path = ROOT / "openapi/openapi.json"
    if os.environ.get("OPENAPI_WRITE") == "yes":
        path.write_text(json.dumps(served, ensure_ascii=False, indent=1,
                                   sort_keys=True) + "\n")
    assert served == json.loads(path.read_text()), \
        "run this test with OPENAPI_WRITE=yes and commit the document"


def test_openapi_holds_together(county):
    doc = county.client().get("/v1/openapi.json").json
    assert doc["openapi"].startswith("3.1")
    for kind, members in doc["components"].items():
        if kind != "securitySchemes":
            refs = re.findall(rf'"#/components/{kind}/([^"/]+)[^"]*"',
                              json.dumps(doc))
            assert set(refs) == set(members), kind
    ids = []
    for path, ops in doc["paths"].items():
        for method, op in ops.items():
            ids.append(op["operationId"])
            declared = {p["$ref"].rsplit(".", 1)[1] for p in op["parameters"]
                        if "/path." in p.get("$ref", "")}
            assert declared == set(re.findall(r"\{(\w+)\}", path)), path
            assert any(s.startswith("2") for s in op["responses"])
            assert "security" not in op or op["security"] == []
    assert len(ids) == len(set(ids)) > 30


def test_openapi_describes_every_body(county):
    """A route with a schema that nobody wrote would be a plain object."""
    doc = county.client().get("/v1/openapi.json").json
    assert "Object" not in doc["components"]["schemas"], [
        op["operationId"] for ops in doc["paths"].values()
        for op in ops.values() if "schemas/Object" in json.dumps(op)]
    bare = [name for name, s in doc["components"]["schemas"].items()
            if not {"example", "allOf"} & set(s)]
    assert bare == [], "without an example"


def test_schemas_mean_the_same_to_every_validator(county):
    """replies.py compiles them as draft 7."""
    def keywords(s):
        if isinstance(s, list):
            return set().union(*map(keywords, s)) if s else set()
        if not isinstance(s, dict):
            return set()
        out = {k for k in s if not k.startswith("x-")}
        for k, v in s.items():
            if k == "properties":
                out |= keywords(list(v.values()))
            elif k not in ("example", "examples", "enum", "default"):
                out |= keywords(v)
        return out
    doc = county.client().get("/v1/openapi.json").json
    assert keywords(list(doc["components"]["schemas"].values())) <= KEYWORDS


def test_every_route_needs_an_identity(county):
    """Whatever the document does not call public answers 401 to nobody."""
    doc = county.client().get("/v1/openapi.json").json
    nobody = county.client()
    checked = 0
    for path, ops in doc["paths"].items():
        for method, op in ops.items():
            if op.get("security") == []:
                continue
            url = re.sub(r"\{\w+\}", "00000000-0000-7000-8000-000000000000",
                         path)
            body = {} if method in ("post", "put", "patch") else None
            r = nobody.request(method.upper(), url, body)
            assert r.status == 401, (method, path, r)
            checked += 1
    assert checked > 30


def test_every_move_is_refused_to_readers(county):
    doc = county.client().get("/v1/openapi.json").json
    auditor = people(county)("shenji")
    for path, ops in doc["paths"].items():
        for method, op in ops.items():
            if method == "get" or op.get("security") == [] or \
                    path.startswith(("/v1/me", "/v1/sessions")) or \
                    path.endswith("/unmask"):   # a reading of his, by case
                continue
            url = re.sub(r"\{\w+\}", "00000000-0000-7000-8000-000000000000",
                         path)
            r = auditor.request(method.upper(), url, {})
            assert r.status in (403, 404), (method, path, r)
