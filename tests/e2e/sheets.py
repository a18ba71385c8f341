"""A county with two townships and two shared folders, put straight into the
database, and a workbook's side of the sync protocol without any workbook."""
import base64
import copy
import hashlib
import json
import secrets
import uuid
import zlib

import pytest

from stack import ROOT, Stack

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
COUNTY, TOWN, OTHER = "430981000000", "430981107000", "430981108000"
ACTION = "0190c8a0-0000-7000-8000-000000000001"
TEMPLATE = json.loads((ROOT / "conf/ledgers/x01.json").read_text())
COLUMNS = [c["name"] for c in TEMPLATE["columns"] if "name" in c]
FULL = {
    "category": "监督管理",
    "description": "项目名称：柑橘园；实施主体：合作社；发生时间：2023-04-06；"
                   "基本情况：滴灌设备闲置",
    "responsible_org": "镇人民政府", "leader_name": "王一",
    "leader_phone": "13800000001", "person_name": "李二", "goal": "恢复使用",
    "measures": "更换水泵", "progress_text":
        "未完成。原因：设备尚未到位；预计2023年5月31日完成"}


def full(**cells):
    """A row of a name of its own."""
    return {**FULL, "description": FULL["description"] + "，编号" +
            secrets.token_hex(6), **cells}


def bearer(prefix):
    text = prefix + "".join(secrets.choice(BASE62) for _ in range(43))
    crc, tail = zlib.crc32(text.encode()), ""
    for _ in range(6):
        tail = BASE62[crc % 62] + tail
        crc //= 62
    return text + tail


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def seed(stack):
    """Places, one action, an administrator and a clerk in each township."""
    sql = ["SET app.lo = '0'; SET app.hi = '999999999999';"
           "SET app.clearance = '4'; SET app.line = '';"]
    for code, name, level, parent in [
            (0, "全国", 0, "NULL"), (430000000000, "湖南省", 1, 0),
            (430900000000, "益阳市", 2, 430000000000),
            (int(COUNTY), "甲县", 3, 430900000000),
            (int(TOWN), "乙镇", 4, COUNTY), (int(OTHER), "丙镇", 4, COUNTY),
            (430981107201, "丁村", 5, TOWN)]:
        sql.append(f"INSERT INTO division (code, name, level, parent_code)"
                   f" VALUES ({code}, '{name}', {level}, {parent});")
    sql.append(f"INSERT INTO action (id, code, name, short_name, level,"
               f" division_code, year, doc_no, doc_title, start_on) VALUES"
               f" ('{ACTION}', 'lookback-2023', '回头看', '回头看', 3,"
               f" {COUNTY}, 2023, '1号', '方案', '2023-04-01');")
    tokens = {}
    for login, division, role, clearance in [
            ("admin", COUNTY, "sysadmin", 0),
            ("clerk", TOWN, "township_clerk", 2),
            ("other", OTHER, "township_clerk", 2),
            ("bureau", COUNTY, "lead_bureau", 2),
            ("auditor", COUNTY, "auditor", 1)]:
        user, grant = uuid.uuid4(), uuid.uuid4()
        tokens[login] = bearer("tz_u_")
        sql.append(
            f"INSERT INTO app_user (id, login, name, division_code, password)"
            f" VALUES ('{user}', '{login}', '{login}', {division}, '-');"
            f"INSERT INTO role_grant (id, user_id, role, division_code,"
            f" clearance) VALUES ('{grant}', '{user}', '{role}', {division},"
            f" {clearance});"
            f"INSERT INTO session (id, user_id, grant_id, division_code,"
            f" token_hash, expires_at) VALUES ('{uuid.uuid4()}', '{user}',"
            f" '{grant}', {division}, '{sha(tokens[login])}',"
            f" now() + interval '1 day');")
    stack.psql("".join(sql))
    return {k: stack.client(v) for k, v in tokens.items()}


class County:
    """A running stack with folders for both townships."""

    def __init__(self, stack):
        self.stack = stack
        self.user = seed(stack)
        admin = self.user["admin"]
        r = admin.post("/v1/ledger-templates", TEMPLATE)
        assert r.status == 201, r
        self.folder, self.ledger = {}, {}
        for name, division in (("town", TOWN), ("other", OTHER)):
            r = admin.post("/v1/bindings", {
                "name": f"{name} 共享目录", "action": "lookback-2023",
                "division": division, "templates": ["X01"]})
            assert r.status == 201, r
            self.folder[name] = stack.client(r.json["token"])
            self.ledger[name] = r.json["ledgers"][0]["id"]

    def book(self, name="town", **kw):
        return Book(self.folder[name], self.ledger[name], **kw)

    def fork(self, name):
        """The folder's agent on a connection of its own, for threads."""
        return self.stack.client(self.folder[name].token)

    def issue(self, row, user="clerk"):
        r = self.user[user].get(f"/v1/issues/{row}")
        assert r.status == 200, r
        return r.json

    def patch(self, row, body, user="clerk"):
        r = self.user[user].patch(f"/v1/issues/{row}", body,
                                  rev=self.issue(row, user)["rev"])
        assert r.status == 200, r
        return r.json


def one(results):
    assert len(results) == 1, results
    return results[0]


def fresh(c, **cells):
    """A book with a new row, exported after it was made."""
    b = c.book()
    row = one(b.push(b.upd(b.spares[0], full(**cells))))["row"]
    b.refresh()
    return b, row


def findings(b, row):
    return [f for f in b.export["findings"] if f["row"] == row]


@pytest.fixture(scope="module")
def c():
    """One county for the tests of a file."""
    s = Stack(demo=False, agent=False)
    s.start()
    try:
        yield County(s)
    finally:
        s.stop()


class Book:
    """One workbook: what it shows, what it delivered, the batches it makes."""

    def __init__(self, client, ledger, kind="primary", instance=None):
        self.client, self.ledger = client, ledger
        self.instance, self.kind = instance, kind
        self.refresh()

    def refresh(self):
        r = self.client.post(f"/v1/sync/ledgers/{self.ledger}/exports", {
            "instance": self.instance, "kind": self.kind, "path": "台账.xlsx"})
        assert r.status == 201, r
        self.export = r.json
        self.instance = self.export["instance"]
        self.rows = {x["row"]: x["cells"] for x in self.export["rows"]}
        self.base = copy.deepcopy(self.rows)
        for s in self.export["spares"]:
            self.base[s["row"]] = {}
        self.base[self.ledger] = dict(self.export["header"]["cells"])
        self.spares = [s["row"] for s in self.export["spares"]]
        return self

    # operations; each also remembers what it delivers
    def upd(self, row, cells):
        base = self.base.setdefault(row, {})
        f = {k: [base.get(k, ""), v] for k, v in cells.items()}
        base.update(cells)
        return {"op": "upd", "row": row, "at": 6, "f": f}

    def ins(self, cells, op_id=None, **kw):
        return {"op": "ins", "op_id": op_id or secrets.token_hex(32), "at": 7,
                "f": dict(cells), **kw}

    def dele(self, row):
        return {"op": "del", "row": row, "base": dict(self.base[row])}

    def back(self, row, cells=None):
        base = dict(self.base[row])
        self.base[row].update(cells or {})
        return {"op": "back", "row": row, "base": base,
                "f": {**base, **(cells or {})}}

    def body(self, ops, **kw):
        return {"export": self.export["export"], "ledger": self.ledger,
                "file_sha": secrets.token_hex(32), "path": "台账.xlsx",
                "chunk": 0, "rows": ops, **kw}

    @staticmethod
    def key():
        return base64.b32encode(secrets.token_bytes(32)).decode() \
            .lower().rstrip("=")

    def put(self, body, key=None):
        return self.client.put(f"/v1/sync/batches/{key or self.key()}", body)

    def push(self, *ops):
        r = self.put(self.body(list(ops)))
        assert r.status == 200, r
        for op, result in zip(ops, r.json["results"]):
            if op["op"] == "ins" and result["row"]:
                self.base[result["row"]] = dict(op["f"])
        self.seq = r.json["seq"]
        return r.json["results"]

    def known(self):
        r = self.client.get(f"/v1/sync/exports/{self.export['export']}")
        assert r.status == 200, r
        return {x["row"]: x for x in r.json["rows"]}
