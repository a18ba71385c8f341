"""The world of test_matrix.py: places in every relation to each other, a
person of every role, and rows of every entity wherever they could be."""
import hashlib
import io
import json
import re
import secrets
import string
import urllib.parse
import uuid
import zipfile
import zlib

import policy
from canaries import WORD
from policy import OWNERS, Actor, Row, level_of
from policy_moves import LIVES
from rows import Rows

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
PLACES = {                    # own, above, beside, beside those above
    "province": "430000000000", "prefecture": "430900000000",
    "county": "430981000000", "town": "430981107000",
    "village": "430981107801", "village2": "430981107802",
    "town2": "430981108000", "village3": "430981108801",
    "county2": "430922000000", "town3": "430922101000",
    "prefecture2": "431300000000", "county3": "431322000000",
    "town4": "431322101000"}
NEW = {"village": "某甲村", "village2": "某乙村", "village3": "某丙村",
       "county2": "某邻县", "town3": "某邻镇", "prefecture2": "某邻市",
       "county3": "某远县", "town4": "某远镇"}
WATER, WOODS = "水利", "林业"
OTHER_ACTION = str(uuid.uuid4())
# Eight figures of a row's id, or three of a unit's code.
SAID = re.compile(b"(?<=" + WORD.encode() + rb")(?:[0-9a-f]{8}|\d{3})")
COVERED = int(PLACES["town"]), int(PLACES["village3"])
# One category in the whole county, one in a town of it; Y-4 nowhere.
CATEGORIES = {"Y-2": [int(PLACES["county"])], "Y-3": [int(PLACES["town"])]}
BY_CATEGORY = {"issue": "category", "rectification_task": "issue_id",
               "form_finding": "issue_id"}


# Administrators of a part, and who moved rows go to (test_matrix_routes.py).
DELEGATED = (("system2", "sysadmin", "town", "", 0),
             ("security2", "security_admin", "town", "", 0),
             ("log2", "audit_admin", "town", "", 0),
             ("town2", "township_clerk", "town2"),
             ("village3", "village_admin", "village3"))


def actors(world, more=()):
    """A person of every role; three have rows of their own."""
    own = {k: world.by_place[k, "town", WATER, 1].id
           for k in ("household", "operator", "project")}
    return [Actor(name, role, PLACES.get(place, place), *rest)
            for name, role, place, *rest in (*more,
        ("village", "village_admin", "village"),
        ("vlead", "village_lead", "village"),
        ("town", "township_clerk", "town"),
        ("town-secret", "township_clerk", "town", "", 4),
        ("tlead", "township_lead", "town"),
        ("resident", "resident_group", "town", "", 1),
        ("water", "dept_clerk", "county", WATER),
        ("wlead", "dept_lead", "county", WATER),
        ("woods", "dept_lead", "county", WOODS),
        ("bureau", "lead_bureau", "county"),
        ("force", "task_force", "county"),
        ("government", "county_authority", "county", "", 1),
        ("treasury", "finance", "county", "", 1),
        ("zone", "war_zone", "county", "", 1, COVERED),
        ("special", "special_group", "county", "", 1,
         (int(PLACES["county"]),), None, (), None, CATEGORIES),
        ("patrol", "patrol_group", "town", "", 1),
        ("pwater", "pref_dept", "prefecture", WATER, 1),
        ("pforce", "pref_task_force", "prefecture", "", 1),
        ("province", "province", "province", "", 1),
        ("audit1", "auditor", "province", "", 1),
        ("audit2", "auditor", "prefecture", "", 1),
        ("audit3", "auditor", "county", "", 1),
        ("audit4", "auditor", "town", "", 1),
        ("discipline", "discipline", "county", "", 4),
        ("action", "dept_clerk", "county", WATER, 2, None, OTHER_ACTION),
        ("system", "sysadmin", "000000000000", "", 0),
        ("security", "security_admin", "000000000000", "", 0),
        ("log", "audit_admin", "000000000000", "", 0),
        ("helper", "helper", "county", "", 2, None, None,
         [own["household"]]),
        ("operator", "operator_user", "county", "", 1, None, None,
         [own["operator"], own["project"]]),
        ("evaluator", "evaluator", "county", "", 1, None, None,
         [own["project"]]))]


def token(kind="tz_u_"):
    """As the server makes them: the last six characters are a CRC-32."""
    text = kind + "".join(secrets.choice(BASE62) for _ in range(43))
    n, tail = zlib.crc32(text.encode()), ""
    for _ in range(6):
        n, digit = divmod(n, 62)
        tail = BASE62[digit] + tail
    return text + tail


def quoted(value):
    return "NULL" if value is None else \
        "'" + str(value).replace("'", "''") + "'"


class World:
    """actors, rows: entity → [Row], and the replies' words that tell where a
    row is: each row's texts hold its own. heard: actor → words he may
    hear; asked: the operations."""

    def __init__(self, stack, more=()):
        self.stack, self.heard, self.asked = stack, {}, set()
        self.rows_of = Rows(stack)
        self.model = self.rows_of.model
        self.doc = self.rows_of.doc
        self.settle()
        made = {n: self.rows_of.make(n) for n in sorted(self.model)
                if self.rows_of.makes(n)}
        own = {n: made[n][1]["id"] if n in made else str(uuid.uuid4())
               for n in sorted(self.model)}
        self.servers = set(own) - set(made)
        self.bodies = {n: sent for n, (_, _, sent) in made.items() if sent}
        self.rows = {n: self.rows_wanted(self.model[n]) for n in own}
        self.by_place = {(n, r.where, r.line, r.sensitivity): r
                         for n, rows in self.rows.items() for r in rows
                         if r.kind == "base"}
        self.plant(own)
        self.actors = actors(self, more)
        self.tokens = {a.name: self.sign_in(a) for a in self.actors}
        self.planted = self.digest()

    def settle(self):
        for name, label in NEW.items():
            code = int(PLACES[name])
            self.stack.psql(
                "INSERT INTO division (code, name, level, parent_code)"
                f" VALUES ({code}, '{label}', {level_of(code)},"
                f" {parent(code)}) ON CONFLICT DO NOTHING")
        new = quoted(json.dumps({"id": OTHER_ACTION, "code": "another",
                                 "status": "closed"}))
        self.stack.psql("INSERT INTO action SELECT (jsonb_populate_record(a,"
                        f" {new})).* FROM action a LIMIT 1")

    def sign_in(self, a):
        """A person with that one grant, and a session of his."""
        user, grant, secret = str(uuid.uuid4()), str(uuid.uuid4()), token()
        own = f"{{{','.join(sorted(a.own))}}}" if a.own else None
        digest = hashlib.sha256(secret.encode()).hexdigest()
        self.stack.psql(
            "INSERT INTO app_user (id, login, name, division_code, password)"
            f" VALUES ('{user}', 'm-{a.name}', '某某', {a.division}, '!');"
            "INSERT INTO role_grant (id, user_id, role, division_code,"
            " line_code, clearance, action_id, cover_org_id, own) VALUES"
            f" ('{grant}', '{user}', '{a.role}', {a.division}, '{a.line}',"
            f" {a.clearance}, {quoted(a.action)}, {quoted(self.covers(a))},"
            f" {quoted(own)});"
            "INSERT INTO session (id, user_id, grant_id, division_code,"
            f" token_hash, expires_at) VALUES ('{uuid.uuid4()}', '{user}',"
            f" '{grant}', {a.division}, '{digest}', now() + interval '1 day')")
        a.id = user
        return secret

    def covers(self, a):
        """An organisation that covers the places, or categories in places;
        None: no coverage."""
        if a.cover is None:
            return None
        org = str(uuid.uuid4())
        covered = {c: (WATER, at) for c, at in (a.categories or {}).items()} \
            or {None: ("", a.cover)}
        self.stack.psql(
            "INSERT INTO org_unit (id, code, name, kind, level,"
            f" division_code) VALUES ('{org}', 'org-{a.name}', '战区',"
            f" 'war_zone', 3, {a.division})")
        for category, (line, places) in covered.items():
            at = ", ".join(quoted(r.id) for r in self.rows["org_coverage"]
                           if r.kind == "base" and r.division in places
                           and r.line == line and r.sensitivity == 1)
            self.stack.psql(
                "SET session_replication_role = replica; UPDATE org_coverage"
                f" SET org_id = '{org}', from_on = NULL, to_on = NULL,"
                f" category_code = {quoted(category)} WHERE id IN ({at})")
        return org

    def rows_wanted(self, e):
        rows = [Row(e, where, code, line) for where, code in PLACES.items()
                for line in ("", WATER, WOODS)]
        rows += [Row(e, "town", PLACES["town"], "", s) for s in (2, 3, 4)]
        rows += [Row(e, "town", PLACES["town"], WATER, action=OTHER_ACTION)]
        # A row in each state that a command starts from, in every place.
        life = LIVES.get(e.name, {})
        for state in sorted({x for states, _ in life.values()
                             for x in states}):
            rows += [Row(e, where, code, WATER, state=state)
                     for where, code in PLACES.items()]
        for r in rows:
            r.id = str(uuid.uuid4())
        return rows

    def seed(self, e, row_id):
        """A row that only the server makes, to copy: what it must have is
        there, and means nothing."""
        values = {"uuid": "'" + row_id + "'", "bigint": PLACES["town"],
                  "text": "'x'", "boolean": "false", "date": "'2023-05-01'",
                  "jsonb": "'{}'", "timestamp with time zone": "now()"}
        must = self.stack.psql(
            "SELECT quote_ident(attname), atttypid::regtype FROM pg_attribute"
            f" WHERE attrelid = '{e.table}'::regclass AND attnum > 0 AND"
            " attnotnull AND NOT atthasdef AND NOT attisdropped")
        told = {"action_id": "(SELECT id FROM action WHERE id <>"
                             f" '{OTHER_ACTION}')"}
        return f"INSERT INTO {e.table} ({', '.join(c for c, _ in must)})" \
            f""" VALUES ({', '.join(told.get(c) or values.get(t, '1')
                                 for c, t in must)})"""

    def word(self, row):
        return WORD + row.id[:8]

    def refers(self, row):
        """Every reference to the row of that entity in the same place."""
        out = {}
        for f in row.entity.fields.values():
            of = self.by_place.get((f.of, row.where, row.line,
                                    row.sensitivity))
            if f.type == "T_REF" and of:
                out[f.name] = of.id
        return out

    def plant(self, own):
        """One row of each entity was made through the API; the others are
        copies of it with their own place, line, sensitivity and words."""
        sql = ["SET session_replication_role = replica"]
        # Words are no dates and no phone numbers, and many rows are alike.
        for table, name in self.stack.psql(
                "SELECT conrelid::regclass, quote_ident(conname) FROM"
                " pg_constraint WHERE contype IN ('c', 'u') AND conrelid <> 0"
                " AND connamespace = 'public'::regnamespace"):
            if table in own:
                sql.append(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        sql += [f"DROP INDEX {n}" for t, n in self.stack.psql(
            "SELECT indrelid::regclass, indexrelid::regclass FROM pg_index"
            " WHERE indisunique AND NOT indisprimary AND NOT EXISTS (SELECT"
            " FROM pg_constraint WHERE conindid = indexrelid)") if t in own]
        sql += [self.seed(self.model[n], own[n]) for n in self.servers]
        for n, rows in self.rows.items():
            e = self.model[n]
            texts = [f.name for f in e.fields.values() if f.type == "T_TEXT"
                     and not f.name.endswith(("sha256", "_hash"))
                     and f.check == "NULL"]
            docs = [{**dict.fromkeys(texts, self.word(r)), **self.refers(r),
                     **({e.state: r.state} if r.state else {}),
                     **({"category": category(r)} if n == "issue" else {}),
                     **({"action_id": r.action} if r.action else {}),
                     "id": r.id, "division_code": r.division, "competent_line":
                     r.line, "sensitivity": r.sensitivity,
                     "filing_level": r.filed, "rev": 1} for r in rows]
            columns = self.stack.psql(
                "SELECT string_agg(quote_ident(attname), ', ') FROM"
                f" pg_attribute WHERE attrelid = '{e.table}'::regclass AND"
                " attnum > 0 AND NOT attisdropped AND attgenerated = ''")
            # Out of the way of the copies' natural keys.
            sql.append(f"UPDATE {e.table} SET division_code = 0"
                       f" WHERE id = '{own[n]}'")
            sql.append(
                f"INSERT INTO {e.table} ({columns[0][0]}) SELECT"
                f" {', '.join('p.' + c for c in columns[0][0].split(', '))}"
                f" FROM {e.table} t, jsonb_array_elements("
                f"{quoted(json.dumps(docs, ensure_ascii=False))}) d, LATERAL"
                f" jsonb_populate_record(t, d) p WHERE t.id = '{own[n]}'")
            ours = ", ".join(quoted(r.id) for r in rows)
            sql += [f"DELETE FROM {e.table} WHERE id NOT IN ({ours})",
                    f"DELETE FROM history WHERE entity = '{e.table}'"]
            sql.append(
                "INSERT INTO history (entity, row_id, rev, division_code,"
                " line, sensitivity, channel, data) SELECT"
                f" '{e.table}', id, rev, division_code, competent_line,"
                f" sensitivity, 'api', to_jsonb(t) FROM {e.table} t")
        self.stack.psql("; ".join([*sql, "RESET session_replication_role",
                                   "ANALYZE"]))
        for n, rows in self.rows.items():
            e = self.model[n]
            up = e.parent or "NULL"
            columns = [f for f in OWNERS if f in e.fields]
            told = {i: (action or None, parent, set(owners))
                    for i, action, parent, *owners in self.stack.psql(
                        f"SELECT {', '.join(['id', 'action_id', up, *columns])}"
                        f" FROM {e.table}")}
            for r in rows:
                r.action, r.parent, r.owners = told[r.id]
        issues = {r.id: (category(r), r) for r in self.rows["issue"]}
        for n, column in BY_CATEGORY.items():
            told = dict(self.stack.psql(f"SELECT id, {column} FROM"
                                        f" {self.model[n].table}"))
            for r in self.rows[n]:
                r.category = issues.get(r.id if n == "issue" else told[r.id])
        rows = {r.id: r for rows in self.rows.values() for r in rows}
        for r in rows.values():       # whose it is, it is by what it is part of
            above = rows.get(r.parent)
            while above:
                r.owners |= above.owners | {above.id}
                above = rows.get(above.parent)

    def digest(self):
        """All that was planted, as one number."""
        return self.stack.psql(" UNION ALL ".join(
            f"SELECT '{n}', count(*), md5(string_agg(md5(t::text), ''"
            f" ORDER BY id)) FROM {self.model[n].table} t"
            for n in sorted(self.rows)))


def category(row):
    """Of an issue that is planted."""
    if row.state:
        return "Y-4" if row.where == "town2" else "Y-2"
    return {"": "Y-2", WATER: "Y-3", WOODS: "Y-4"}[row.line]


def parent(code):
    for width in (10 ** 3, 10 ** 6, 10 ** 8, 10 ** 10):
        if code % width:
            return code - code % width
    return 0


def heads(world, actor):
    """The words an actor may hear at all, per entity."""
    return {n: {r.id[:8] for r in rows if policy.may(actor, "read", r.entity)
                and policy.sees(actor, r)} for n, rows in world.rows.items()}


def everything(world, actor):
    """All of them; forgotten when rows move."""
    if actor.name not in world.heard:
        world.heard[actor.name] = set().union(*heads(world, actor).values())
    return world.heard[actor.name]


def words_in(reply):
    """The beginnings of the ids of the rows whose words a reply holds, and
    the three figures of units (canaries.py), in its headers too."""
    text = reply.body
    if text[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(text)) as z:
            text = b"".join(z.read(n) for n in z.namelist())
    text += " ".join(reply.headers.values()).encode("latin-1", "replace")
    if b"%" in text:
        text = urllib.parse.unquote_to_bytes(text)
    return {m[0].decode() for m in SAID.finditer(text)}
