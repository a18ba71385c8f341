"""People of every level, a project and files, for walks through lifecycles."""
import contextlib
import itertools
import time

from files import PDF, send
from people import COUNTY, TOWN, people

VILLAGE = "430981107061"
PREFECTURE, PROVINCE = "430900000000", "430000000000"
PHOTO = [{"kind": "photo", "title": "现场照片", "reference": "IMG_07.jpg"}]
LINE = "水利"

CAST = [                      # login, role, where, line, organisation
    ("lh-guan", "village_admin", VILLAGE, None, None),
    ("lh-shu", "village_lead", VILLAGE, None, None),
    ("lh-cai", "finance", COUNTY, None, "lh-czj"),
    ("lh-shi", "pref_task_force", PREFECTURE, None, "lh-yyzb"),
    ("lh-shi2", "pref_task_force", PREFECTURE, None, "lh-yyzb"),
    ("lh-shichu", "pref_dept", PREFECTURE, LINE, "lh-yyslj"),
    ("lh-sheng", "province", PROVINCE, None, "lh-hnnyt"),
    ("lh-sheng2", "province", PROVINCE, None, "lh-hnnyt"),
    ("lh-zb2", "task_force", COUNTY, None, "zb"),
    ("lh-slj2", "dept_lead", COUNTY, LINE, "slj"),
]
ORGS = [("lh-czj", "沅江市财政局", "finance", 3, COUNTY),
        ("lh-yyzb", "益阳市产业帮扶工作专班", "task_force", 2, PREFECTURE),
        ("lh-yyslj", "益阳市水利局", "sector_dept", 2, PREFECTURE),
        ("lh-hnnyt", "湖南省农业农村厅", "sector_dept", 1, PROVINCE)]
# As long as one another: none is the beginning of another.
number = itertools.count(1000000 + int(time.time()) % 80000 * 100)


def cast(stack):
    """login → client: the demonstration's people and the ones above."""
    if hasattr(stack, "_cast"):
        return stack._cast
    who = people(stack)
    admin = who("admin")
    r = admin.post("/v1/divisions:bulk", {"divisions": [
        {"code": VILLAGE, "name": "柳红村", "level": 5,
         "parent_code": TOWN}]})
    assert r.status == 200, r
    r = admin.post("/v1/orgs", {"orgs": [
        {"code": c, "name": n, "kind": k, "level": level,
         "division_code": d} for c, n, k, level, d in ORGS]})
    assert r.status == 200, r
    for at, (login, role, where, line, org) in enumerate(CAST):
        grant = {"role": role}
        if line:
            grant["line_code"] = line
        user = {"login": login, "name": f"试{'甲乙丙丁戊己庚辛壬癸子'[at]}",
                "phone": f"138000009{at:02}", "division_code": where,
                "password": stack.password, "grants": [grant]}
        if org:
            user["org"] = org
        r = who("security").post("/v1/users", user)
        assert r.status == 200, r
    stack._cast = who
    return who


def org(stack, code):
    return stack.psql(f"SELECT id FROM org_unit WHERE code = '{code}'"
                      f" AND division_code % 1000000 = 0")[0][0]


def action(stack):
    return stack.psql(
        "SELECT id FROM action WHERE code = 'yuanjiang-2023'")[0][0]


@contextlib.contextmanager
def param(stack, key, value):
    """A parameter of the action, for a while."""
    where = f"action_id = '{action(stack)}' AND key = '{key}'"
    stack.psql(f"INSERT INTO action_param VALUES ('{action(stack)}', '{key}',"
               f" '{value}')")
    try:
        yield
    finally:
        stack.psql(f"DELETE FROM action_param WHERE {where}")


def make(client, path, **fields):
    r = client.post(f"/v1/{path}", fields)
    assert r.status == 201, (path, r.text)
    return r.json


def read(client, path, row):
    r = client.get(f"/v1/{path}/{row['id']}")
    assert r.status == 200, r
    return r.json


def change(client, path, row, **fields):
    now = read(client, path, row)
    r = client.patch(f"/v1/{path}/{row['id']}", fields, rev=now["rev"])
    assert r.status == 200, (path, r.text)
    return r.json


def order(client, path, row, name, **body):
    return client.post(f"/v1/{path}/{row['id']}/{name}", body)


def done(client, path, row, name, **body):
    """The command succeeds, and was announced by `may` to whom gave it."""
    may = read(client, path, row)["may"]
    assert name in may, (name, may)
    r = order(client, path, row, name, **body)
    assert r.status == 200, (name, r.text)
    return r.json


def refused(client, path, row, name, code, **body):
    """The command is refused with this code, and changes nothing."""
    before = client.get(f"/v1/{path}/{row['id']}")
    r = order(client, path, row, name, **body)
    assert r.status in (403, 409, 422), (name, r.text)
    codes = {r.json["code"], *(f["code"] for f in r.json.get("faults", []))}
    assert code in codes, (name, code, r.text)
    if r.status == 403 and before.status == 200:
        assert name not in before.json["may"], name
    after = client.get(f"/v1/{path}/{row['id']}")
    assert after.status == before.status
    if after.status == 200:
        assert after.json["rev"] == before.json["rev"]


def walk(who, path, row, steps):
    """steps: (login, command, body); every one succeeds."""
    for login, name, body in steps:
        row = done(who(login), path, row, name, **body)
    return row


def project(stack, division=VILLAGE, wan=200, **set_fields):
    """A project of the water department, with columns that its own commands
    would give it."""
    n = next(number)
    row = make(cast(stack)("bumen"), "projects", division_code=division,
               project_no=f"430981-{n:05}", name=f"稻虾基地{n}", build_year=2021,
               type_l1=first_code(stack, "project_type"), is_industry=True,
               content="建设稻虾基地500亩", competent_line=LINE,
               competent_org_id=org(stack, "slj"),
               total_investment_fen=wan * 1000000,
               support_fund_fen=wan * 1000000)
    if set_fields:
        force(stack, "project", row, **set_fields)
    return row


def first_code(stack, name):
    return stack.psql(f"SELECT code FROM code_item WHERE set_code = '{name}'"
                      " ORDER BY sort LIMIT 1")[0][0]


def force(stack, table, row, **columns):
    """Columns of another chapter's commands, as if those had been given."""
    sets = ", ".join(f"{k} = {v!r}" for k, v in columns.items())
    stack.psql(f"UPDATE {table} SET {sets} WHERE id = '{row['id']}'")


def attachment(client):
    r = send(client, PDF + str(next(number)).encode(), name="扫描件.pdf")
    assert r.status == 201, r
    return r.json["id"]

