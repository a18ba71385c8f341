"""Every unit of the demonstration county given a word of its own, wherever a
unit's text can stand, and the routes of the OpenAPI document to look for it."""
import base64
import contextlib
import io
import json
import re
import secrets
import urllib.parse
import uuid
import zipfile

from people import SIBLING, TOWN
from sheets import Book

WORD = "金丝雀"
ABSENT = str(uuid.uuid4())
ABSENT_DIVISION = "430981998000"
METHODS = ("get", "post", "put", "patch", "delete")


def word(code):
    return WORD + code[6:9]


class Unit:
    """A township with an issue, a conflict, a held cell, a request, a file
    report and a header block that all carry its word."""

    def __init__(self, stack, code):
        self.code, self.word = code, word(code)
        token = stack.var / "agent/tokens" / code
        self.agent = stack.client(token.read_text().strip())
        self.binding = self.agent.get("/v1/sync/binding").json
        self.ledger = self.binding["ledgers"][0]["id"]
        w = self.word
        cells = {
            "category": "立项批复", "description": f"项目名称：{w}；实施主体：{w}；"
            f"发生时间：2022年5月；基本情况：{w}", "responsible_org": w,
            "leader_name": w, "leader_phone": "13800000001",
            "person_name": w, "goal": w, "measures": w,
            "progress_text": f"未完成。原因：{w}；预计2023年5月31日完成",
            f"extra.{w}": w}
        a, b = Book(self.agent, self.ledger), Book(self.agent, self.ledger)
        r = a.push(a.upd(a.spares[0], cells),
                   a.upd(self.ledger, {"filler_name": w}))
        self.issue = r[0]["row"]
        assert r[0]["outcome"] == "inserted", r
        a, b = Book(self.agent, self.ledger), Book(self.agent, self.ledger)
        r = a.push(a.upd(self.issue, {
            "goal": w + "一", "category": w, "leader_phone": w,
            "accepted": "是"}))
        assert r[0]["held"] and r[0]["requests"] == ["accept"], r
        key = b.key()
        r = b.put(b.body([b.upd(self.issue, {"goal": w + "二"})]), key).json
        self.conflict = r["results"][0]["conflicts"][0]
        self.export, self.batch = b.export["export"], key
        self.body = b.body([b.upd(self.issue, {"goal": w + "三"})])
        r = self.agent.post("/v1/sync/files", {
            "path": w + ".xlsx", "file_sha": "0" * 64, "state": "quarantined",
            "code": "bad", "zh": w, "en": w, "ledger": self.ledger})
        assert r.status == 204, r
        self.ids = {"issue": self.issue, "conflict": self.conflict,
                    "export": self.export, "ledger": self.ledger,
                    "binding": self.binding["id"], "division": code,
                    "batch": key}


def units(stack):
    """code → Unit, for all of the county; made once for a stack."""
    if not hasattr(stack, "_units"):
        codes = sorted(p.name for p in
                       (stack.var / "agent/tokens").iterdir())
        assert {TOWN, SIBLING} <= set(codes)
        stack._units = {c: Unit(stack, c) for c in codes}
    return stack._units


KINDS = [                     # what a path's parameter names
    (r"/v1/issues/\{id\}.*", "issue"),
    (r"/v1/(sync/)?conflicts/\{id\}.*", "conflict"),
    (r"/v1/sync/exports/\{id\}", "export"),
    (r"/v1/sync/ledgers/\{id\}.*", "ledger"),
    (r"/v1/bindings/\{id\}.*", "binding"),
    (r"/v1/divisions/\{code\}", "division"),
    (r"/v1/sync/batches/\{key\}", "batch"),
    (r"/v1/webhooks/\{id\}.*", "webhook"),
    (r"/v1/actions/\{code\}", "action"),
    (r"/v1/sync/templates/\{code\}", "template"),
    (r"/v1/roles/\{code\}", "role"),
    (r"/v1/me/identities/\{provider\}", "provider"),
    (r"/v1/privacy/parameters/\{name\}", "parameter"),
    # Any entity of the model: test_entities.py makes a row of each.
    (r"/v1/[a-z-]+/\{id\}.*", "row"),
]


def kind(path):
    """What the parameter of a path names; a new route must be told here."""
    if "{" not in path:
        return None
    for pattern, name in KINDS:
        if re.fullmatch(pattern, path):
            return name
    raise AssertionError(f"canaries.py does not know what {path} names")


def absent(name):
    if name == "division":
        return ABSENT_DIVISION
    if name == "batch":
        return base64.b32encode(secrets.token_bytes(32)).decode() \
            .lower().rstrip("=")
    return ABSENT


def routes(client):
    """(method, path, kind) of every operation of the document."""
    doc = client.get("/v1/openapi.json").json
    out = [(m.upper(), path, kind(path)) for path, item in
           doc["paths"].items() for m in METHODS if m in item]
    assert len(out) > 45, "the document has lost its routes"
    return out, doc


def put_in(path, value):
    return re.sub(r"\{\w+\}", value, path)


def seen_in(reply):
    """The words in status line, headers and body, also when escaped."""
    text = reply.body.decode(errors="replace") + json.dumps(
        reply.headers, ensure_ascii=False)
    try:
        text += json.dumps(json.loads(reply.body), ensure_ascii=False)
    except ValueError:
        pass
    return set(re.findall(WORD + r"\d{3}", text))


def bare(reply, *names):
    """A reply without what is different in every reply, or from one minute to
    the next; ids struck out."""
    head = {k: v for k, v in reply.headers.items() if k not in
            ("date", "x-request-id", "content-length", "ratelimit")}
    text = reply.body.decode(errors="replace")
    for n in names:
        text = text.replace(n, "§")
    text = re.sub(r'"(request_id|last_seen_at)":"[^"]*"', "", text)
    return reply.status, head, text


# A row of every entity out of an outsider's reach: word, place, sensitivity,
# line. The places are a sibling township, another county, one's own.
ELSEWHERE = {"sibling": ("外甲", SIBLING, 1, ""),
             "county": ("外乙", "431322101000", 1, ""),
             "secret": ("外丙", TOWN, 4, ""), "line": ("外丁", TOWN, 1, "外线")}


def plant(stack, rows):
    """where → entity → id. One's own row of each entity is made through the
    API and copied there with words for its texts, with what was recorded of
    it; then it refers to the sibling's rows wherever it can."""
    own = {n: rows.make(n)[1]["id"] for n in sorted(rows.model)
           if rows.makes(n)}
    ids = {w: {n: str(uuid.uuid4()) for n in own} for w in ELSEWHERE}
    sql = []
    for c in stack.psql("SELECT conrelid::regclass, quote_ident(conname) FROM"
                        " pg_constraint WHERE contype = 'c' AND conrelid <> 0"
                        " AND connamespace = 'public'::regnamespace"):
        if c[0] in own:       # words are no dates and no phone numbers
            sql.append(f"ALTER TABLE {c[0]} DROP CONSTRAINT {c[1]}")
    for where in ELSEWHERE:
        for n in own:
            sql += copied(rows.model[n], own[n], ids[where], where)
    for n in own:
        refs = [f"{f.name} = '{ids['sibling'][f.of]}'" for f in
                rows.model[n].fields.values() if f.type == "T_REF"
                and f.of in own and f.name != rows.model[n].parent]
        if refs:
            sql.append(f"UPDATE {n} SET {', '.join(refs)}"
                       f" WHERE id = '{own[n]}'")
    for i in range(0, len(sql), 70):
        stack.psql("; ".join(["SET session_replication_role = replica",
                              *sql[i:i + 70]]))
    return ids


def copied(e, model, ids, where):
    mark, place, level, line = ELSEWHERE[where]
    mark = WORD + mark
    new = {f.name: mark for f in e.fields.values() if f.type == "T_TEXT"
           and not f.name.endswith(("sha256", "_hash"))}
    new.update({f.name: ids[f.of] for f in e.fields.values()
                if f.type == "T_REF" and f.of in ids})
    new.update(id=ids[e.name], division_code=place, sensitivity=level,
               competent_line=line, extra={mark: mark})
    doc = json.dumps(new, ensure_ascii=False)
    scope = f"{place}, '{line}', {level}"
    return [
        f"CREATE TABLE k AS SELECT p.* FROM {e.table} t, LATERAL"
        f" jsonb_populate_record(t, '{doc}'::jsonb) p WHERE t.id = '{model}'",
        "DO $$ DECLARE c text; BEGIN SELECT string_agg(quote_ident(attname),"
        f" ', ') INTO c FROM pg_attribute WHERE attrelid = '{e.table}'"
        "::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated ="
        f" ''; EXECUTE format('INSERT INTO {e.table} (%s) SELECT %s FROM k',"
        " c, c); END $$",
        "INSERT INTO history (entity, row_id, rev, division_code, line,"
        f" sensitivity, channel, data) SELECT '{e.table}', id, rev, {scope},"
        " 'api', to_jsonb(k) FROM k",
        "INSERT INTO change (pos, entity, row_id, rev, kind, division_code,"
        f" line, sensitivity) SELECT 1, '{e.table}', id, rev, 'created',"
        f" {scope} FROM k",
        "INSERT INTO command (entity, row_id, command, reason, opinion, note,"
        " rev, division_code, competent_line, sensitivity) SELECT"
        f" '{e.table}', id, 'void', '{mark}', '{mark}', '{mark}', rev,"
        f" {scope} FROM k",
        "INSERT INTO evidence (id, entity, row_id, kind, title, note,"
        " division_code, competent_line, sensitivity) SELECT"
        f" gen_random_uuid(), '{e.table}', id, 'photo', '{mark}', '{mark}',"
        f" {scope} FROM k", "DROP TABLE k"]


def heard(reply):
    """The marks of ELSEWHERE in a reply: escaped, or packed in a workbook."""
    text = reply.body.decode(errors="replace") + urllib.parse.unquote(
        json.dumps(reply.headers, ensure_ascii=False))
    if reply.body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(reply.body)) as z:
            text += "".join(z.read(n).decode(errors="replace")
                            for n in z.namelist())
    try:
        text += json.dumps(json.loads(reply.body), ensure_ascii=False)
    except ValueError:
        pass
    return set(re.findall(WORD + "(外[甲乙丙丁])", text))


@contextlib.contextmanager
def surveyed(stack):
    """The stack while it runs: its routes, its document, its units, and the
    workers that are to live on."""
    stack.start()
    try:
        stack.routes, stack.doc = routes(stack.client())
        stack.units = units(stack)
        stack.workers = stack.pids("kore")
        yield stack
    finally:
        stack.stop()
