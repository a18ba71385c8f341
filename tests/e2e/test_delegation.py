"""Users are administered inside one's own subtree and never above one's own
rights (issue 4.2): attempts at each level, in the API and in the database."""
import datetime
import json
import urllib.parse
import uuid

import pytest
from people import COUNTY, SIBLING, TOWN, people
from stack import ROOT, Stack

NATION, PREFECTURE = "000000000000", "430900000000"
ABROAD = "430000000000"
PASSWORD = "for-this-test"


def at(days):
    return (datetime.datetime.now(datetime.timezone.utc) +
            datetime.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def person(login, place, *grants, **more):
    return {"login": login, "name": "某某", "division_code": place,
            "password": PASSWORD, "grants": list(grants), **more}


def put(c, *args, **more):
    return c.post("/v1/users", person(*args, **more))


class Offices:
    """Security administrators of each level, each made by the one above."""

    def __init__(self, stack):
        self.stack = stack
        self.of = {"nation": people(stack)("security")}
        self.hire("nation", "aq-shi", PREFECTURE, "prefecture", clearance=3)
        self.hire("prefecture", "aq-xian", COUNTY, "county")
        self.hire("county", "aq-zhen", TOWN, "town")
        self.hire("county", "aq-tiaoxian", COUNTY, "line", line_code="水利")
        self.hire("county", "aq-dangnian", COUNTY, "year", valid_to=at(30))
        self.hire("county", "aq-xingdong", COUNTY, "action",
                  action="yuanjiang-2023")

    def hire(self, by, login, place, name, **grant):
        r = put(self.of[by], login, place,
                {"role": "security_admin", **grant})
        assert r.status == 200, (login, r)
        self.of[name] = self.stack.login(login, PASSWORD)


@pytest.fixture(scope="module")
def offices():
    s = Stack(demo=True, agent=False).start()
    try:
        yield Offices(s)
    finally:
        s.stop()


CLERK = {"role": "township_clerk"}
# by, the person's place, his grant, the fault: its place and its code
TABLE = [
    ("nation", TOWN, CLERK, None),
    ("nation", COUNTY, {"role": "discipline"}, None),
    ("nation", COUNTY, {"role": "sysadmin"}, None),
    ("prefecture", TOWN, CLERK, None),
    ("prefecture", PREFECTURE, {"role": "pref_task_force"}, None),
    ("prefecture", COUNTY, {"role": "task_force", "clearance": 3}, None),
    ("prefecture", COUNTY, {"role": "discipline"}, "clearance"),
    ("prefecture", COUNTY, {"role": "province", "division_code": ABROAD},
     "division_code"),
    ("county", COUNTY, {"role": "task_force"}, None),
    ("county", SIBLING, CLERK, None),
    ("county", COUNTY, {"role": "audit_admin"}, None),
    ("county", COUNTY, {"role": "security_admin"}, None),
    ("county", COUNTY, {"role": "security_admin", "clearance": 3},
     "clearance"),
    ("county", COUNTY, {"role": "task_force", "clearance": 3}, "clearance"),
    ("county", COUNTY, {"role": "discipline"}, "clearance"),
    ("county", COUNTY, {"role": "pref_task_force"}, "division_code"),
    ("county", COUNTY, {"role": "pref_task_force",
                        "division_code": PREFECTURE}, "division_code"),
    ("county", COUNTY, {"role": "auditor", "division_code": NATION},
     "division_code"),
    ("county", COUNTY, {"role": "sheet_agent"}, "role"),
    ("town", TOWN, CLERK, None),
    ("town", TOWN, {"role": "township_lead", "clearance": 0}, None),
    ("town", TOWN, {"role": "township_clerk", "division_code": SIBLING},
     "division_code"),
    ("town", TOWN, {"role": "task_force"}, "division_code"),
    ("town", TOWN, {"role": "task_force", "division_code": COUNTY},
     "division_code"),
    ("town", SIBLING, CLERK, "/division_code"),
    ("town", COUNTY, CLERK, "/division_code"),
    ("line", COUNTY, {"role": "dept_clerk", "line_code": "水利"}, None),
    ("line", COUNTY, {"role": "dept_clerk", "line_code": "教体"},
     "line_code"),
    ("line", TOWN, CLERK, "line_code"),
    ("year", TOWN, {**CLERK, "valid_to": at(20)}, None),
    ("year", TOWN, {**CLERK, "valid_to": at(40)}, "valid_to"),
    ("year", TOWN, CLERK, "valid_to"),
    ("year", TOWN, {**CLERK, "valid_from": "2020-01-01T00:00:00Z",
                    "valid_to": at(20)}, "valid_from"),
    ("action", TOWN, {**CLERK, "action": "yuanjiang-2023"}, None),
    ("action", TOWN, CLERK, "action"),
]


@pytest.mark.parametrize("by,place,grant,fault", TABLE)
def test_who_may_grant_what(offices, by, place, grant, fault):
    login = "u" + uuid.uuid4().hex[:10]
    r = put(offices.of[by], login, place, grant)
    count = f"SELECT count(*) FROM app_user WHERE login = '{login}'"
    if fault is None:
        assert r.status == 200, r
        assert offices.stack.login(login, PASSWORD)
        return
    assert r.status == 422, r
    pointer = fault if fault[0] == "/" else f"/grants/0/{fault}"
    assert pointer in {f["pointer"] for f in r.json["faults"]}, r
    assert all(f["zh"] and f["en"] for f in r.json["faults"])
    assert offices.stack.psql(count) == [["0"]]


@pytest.mark.parametrize("by", ["county", "town", "line", "year", "nation"])
def test_nobody_administers_himself(offices, by):
    c = offices.of[by]
    me = c.get("/v1/me").json
    place = me["division"]
    for grants in ([{"role": "security_admin"}],
                   [{"role": "security_admin", "clearance": 4}],
                   [{"role": "security_admin", "valid_to": at(3000)}], []):
        r = c.post("/v1/users", {"login": me["login"], "name": "改名",
                                 "division_code": place, "grants": grants})
        assert r.status == 422, r
        assert ("/login", "beyond_own") in {
            (f["pointer"], f["code"]) for f in r.json["faults"]}, r
    assert c.get("/v1/me").json == me


def test_whom_one_could_not_have_made_is_left_alone(offices):
    """His password, his name, his grants, his account: who can set those can
    be him."""
    s, town = offices.stack, offices.of["town"]
    wide = "w" + uuid.uuid4().hex[:8]
    assert put(offices.of["county"], wide, TOWN, CLERK, {
        "role": "task_force", "division_code": COUNTY}).status == 200
    for change in ({}, {"password": "another-word-1"}, {"name": "改名"},
                   {"grants": []}, {"status": "locked"}):
        body = {**person(wide, TOWN, CLERK), **change}
        r = town.post("/v1/users", body)
        assert r.status == 422, (change, r)
        assert r.json["faults"][0]["code"] == "beyond_own"
        assert r.json["faults"][0]["pointer"] == "/login"
    assert s.login(wide, PASSWORD)
    assert put(offices.of["county"], wide, TOWN, CLERK).status == 200
    assert put(town, wide, TOWN, CLERK, name="改名").status == 200
    # An administrator above, living in the town.
    boss = "b" + uuid.uuid4().hex[:8]
    assert put(offices.of["county"], boss, TOWN, {
        "role": "security_admin", "division_code": COUNTY}).status == 200
    assert put(town, boss, TOWN, status="locked").status == 422
    assert s.psql("SELECT count(*) > 4, bool_and(actor IS NOT NULL) FROM"
                  " audit.event WHERE verb = 'grant' AND outcome ="
                  " 'refused'") == [["t", "t"]]


def test_nobody_is_moved_in_or_out(offices):
    town = offices.of["town"]
    mine, theirs = "m" + uuid.uuid4().hex[:8], "t" + uuid.uuid4().hex[:8]
    assert put(town, mine, TOWN, CLERK).status == 200
    assert put(offices.of["county"], theirs, SIBLING, CLERK).status == 200
    r = put(town, theirs, TOWN, CLERK)              # in
    assert (r.status, r.json["code"]) == (409, "login_taken")
    r = put(town, mine, SIBLING, CLERK)             # out
    assert r.status == 422
    r = put(offices.of["county"], mine, SIBLING, CLERK)
    assert r.status == 200, r                       # by who has both
    assert put(town, mine, TOWN, CLERK).json["code"] == "login_taken"
    assert offices.stack.psql(
        "SELECT division_code FROM app_user WHERE login IN"
        f" ('{mine}', '{theirs}')") == [[SIBLING], [SIBLING]]


def test_suspended_and_let_in_again(offices):
    login = "s" + uuid.uuid4().hex[:8]
    town, s = offices.of["town"], offices.stack
    assert put(town, login, TOWN, CLERK).status == 200
    c = s.login(login, PASSWORD)
    body = {k: v for k, v in person(login, TOWN, CLERK).items()
            if k != "password"}
    assert town.post("/v1/users", {**body, "status": "off"}).status == 422
    assert town.post("/v1/users", {**body, "status": "locked"}).status == 200
    assert c.get("/v1/me").status == 401
    r = s.client().post("/v1/sessions", {"login": login,
                                         "password": PASSWORD})
    assert r.status == 401
    assert town.post("/v1/users", body).json["changed"] == 0
    assert town.post("/v1/users", {**body, "status": "active"}).status == 200
    assert s.login(login, PASSWORD)


def test_a_longer_grant_of_another_stays_as_it_is(offices):
    """Who grants for a year does not prolong, and need not shorten."""
    login = "l" + uuid.uuid4().hex[:8]
    assert put(offices.of["county"], login, TOWN, CLERK).status == 200
    year = offices.of["year"]
    assert put(year, login, TOWN, CLERK, name="改名").status == 200
    assert put(year, login, TOWN, {**CLERK, "valid_to": at(9)}).status == 200
    r = put(year, login, TOWN, {**CLERK, "valid_to": at(60)})
    assert r.status == 422 and r.json["faults"][0]["pointer"] == \
        "/grants/0/valid_to"


def test_mandates_are_within_it_too(offices):
    login = "j" + uuid.uuid4().hex[:8]
    assert put(offices.of["county"], login, COUNTY).status == 200
    mandate = {"login": login, "mandate_no": "1号", "issued_by": "审计局",
               "divisions": [TOWN], "valid_to": at(60)}
    r = offices.of["year"].post("/v1/audit-passes", mandate)
    assert (r.status, r.json["code"]) == (403, "beyond_own")
    r = offices.of["year"].post("/v1/audit-passes",
                                {**mandate, "valid_to": at(9)})
    assert r.status == 201, r
    path = f"/v1/audit-passes/{r.json['id']}"
    assert offices.of["county"].delete(path).status == 204


def test_applications_are_within_it_too(offices):
    app = {"name": "某应用", "divisions": [TOWN], "scopes": ["project:read"],
           "valid_to": at(60)}
    for by, change, status in (
            ("year", {}, 403), ("year", {"valid_to": at(9)}, 201),
            ("town", {"clearance": 2}, 201), ("county", {}, 201)):
        r = offices.of[by].post("/v1/clients", {**app, **change})
        assert r.status == status, (by, change, r)
    r = put(offices.of["county"], "aq-wu", TOWN,
            {"role": "security_admin", "clearance": 0})
    assert r.status == 200
    low = offices.stack.login("aq-wu", PASSWORD)
    r = low.post("/v1/clients", {**app, "clearance": 1})
    assert (r.status, r.json["code"]) == (403, "beyond_own")
    assert low.post("/v1/clients", app).status == 201


def test_a_second_factor_is_taken_away_within_it(offices):
    s, wide = offices.stack, "f" + uuid.uuid4().hex[:8]
    assert put(offices.of["county"], wide, TOWN, CLERK, {
        "role": "task_force", "division_code": COUNTY}).status == 200
    [[who]] = s.psql(f"SELECT id FROM app_user WHERE login = '{wide}'")
    r = offices.of["town"].delete(f"/v1/users/{who}/totp")
    assert (r.status, r.json["code"]) == (403, "beyond_own")
    assert offices.of["county"].delete(f"/v1/users/{who}/totp").status == 204


def as_api(offices, login, sql):
    """As the API's own database role, under that administrator's session;
    what the database says, without the API's checks before it."""
    s = offices.stack
    [[grant, user, lo, hi]] = s.psql(
        "SELECT g.id, u.id, g.lo, g.hi FROM grant_reach g JOIN app_user u ON"
        f" u.id = g.user_id WHERE u.login = '{login}' AND g.valid")
    settings = {"lo": lo, "hi": hi, "line": "", "clearance": "2",
                "actor": user, "trail": f"x|x|x||{grant}||||||"}
    context = "; ".join(f"SET LOCAL app.{k} = '{v}'"
                        for k, v in settings.items())
    try:
        s.psql(f"BEGIN; SET LOCAL ROLE taizhang_api; {context}; {sql};"
               " COMMIT")
        return None
    except AssertionError as e:
        return str(e)


INSERT = ("INSERT INTO role_grant (id, user_id, role, division_code,"
          " clearance, line_code, valid_to) SELECT gen_random_uuid(), id,"
          " '{role}', {place}, {clearance}, '{line}', {until} FROM app_user"
          " WHERE login = '{who}'")


@pytest.mark.parametrize("by,change,refusal", [
    ("aq-zhen", {}, None),
    ("aq-zhen", {"clearance": 3}, "clearance"),
    ("aq-zhen", {"place": SIBLING}, "division_code"),
    ("aq-zhen", {"place": COUNTY}, "division_code"),
    ("aq-zhen", {"role": "task_force"}, "division_code"),
    ("aq-zhen", {"role": "api_client"}, "role"),
    ("aq-zhen", {"who": "aq-zhen"}, "oneself"),
    ("aq-tiaoxian", {}, "line_code"),
    ("aq-tiaoxian", {"line": "水利"}, None),
    ("aq-dangnian", {}, "valid_to"),
    ("aq-dangnian", {"until": "now() + interval '2 days'"}, None),
    ("huangmaozhou", {}, "user"),
])
def test_the_database_holds_it_too(offices, by, change, refusal):
    who = "d" + uuid.uuid4().hex[:8]
    assert put(offices.of["county"], who, TOWN).status == 200
    if refusal == "user":      # no administrator: of nobody's grants
        assert put(offices.of["county"], who, TOWN, CLERK).status == 200
    sql = INSERT.format(**{"role": "township_lead", "place": TOWN, "line": "",
                           "clearance": 1, "until": "NULL", "who": who,
                           **change})
    said = as_api(offices, by, sql)
    if refusal is None:
        assert said is None, said
    else:
        assert "row-level security" in said or \
            f"beyond the grant of who grants: {refusal}" in said, said


@pytest.mark.parametrize("sql", [
    "UPDATE app_user SET password = 'x' WHERE login = '{who}'",
    "UPDATE app_user SET status = 'locked' WHERE login = '{who}'",
    "UPDATE role_grant SET valid_to = NULL, clearance = 4 WHERE user_id ="
    " (SELECT id FROM app_user WHERE login = '{me}')",
    "UPDATE role_grant SET valid_to = now() WHERE user_id ="
    " (SELECT id FROM app_user WHERE login = '{who}')",
    "UPDATE app_user SET status = 'active', name = 'x' WHERE login = '{me}'",
])
def test_and_accounts(offices, sql):
    who = "e" + uuid.uuid4().hex[:8]
    assert put(offices.of["county"], who, TOWN, CLERK, {
        "role": "task_force", "division_code": COUNTY}).status == 200
    said = as_api(offices, "aq-zhen", sql.format(who=who, me="aq-zhen"))
    assert "beyond" in said, said


def test_three_administrators_still_exclude_one_another(offices):
    r = put(offices.of["county"], "x" + uuid.uuid4().hex[:8], COUNTY,
            {"role": "security_admin"}, {"role": "sysadmin"})
    assert (r.status, r.json["code"]) == (409, "one_part")


def test_a_form_belongs_to_who_stored_it_first(offices):
    """A county's own administrator neither replaces the installation's form
    nor another place's; who is above both replaces theirs."""
    form = json.loads((ROOT / "conf/ledgers/x01.json").read_text())
    by = {"nation": people(offices.stack)("admin")}
    for of, place in (("county", COUNTY), ("town", TOWN)):
        who = f"xt-{of}"
        assert put(offices.of["county"], who, COUNTY,
                   {"role": "sysadmin", "division_code": place}).status == 200
        by[of] = offices.stack.login(who, PASSWORD)

    def store(of, code, version):
        r = by[of].post("/v1/ledger-templates",
                        {**form, "code": code, "version": version})
        return r.status if r.status != 422 else [
            (f["pointer"], f["code"]) for f in r.json["faults"]]
    elsewhere = [("/code", "elsewhere")]
    assert store("county", form["code"], form["version"]) == 200  # the same
    assert store("county", form["code"], form["version"] + 1) == elsewhere
    assert store("county", "C01", 1) == 201
    assert store("town", "C01", 2) == elsewhere
    assert store("county", "C01", 2) == 201
    assert store("nation", "C01", 3) == 201
    assert store("county", "C01", 4) == elsewhere


# ---- who there is -----------------------------------------------------------------

def listed(c, **query):
    """Everybody that the pages of the list hold, by login."""
    found, cursor = {}, None
    while True:
        r = c.get("/v1/users?" + urllib.parse.urlencode(
            {**query, **({"cursor": cursor} if cursor else {})}))
        assert r.status == 200, r
        found |= {u["login"]: u for u in r.json["items"]}
        cursor = r.json["next"]
        if cursor is None:
            return found
        assert cursor == r.json["items"][-1]["login"]


def test_a_list_holds_ones_own_subtree(offices):
    own = listed(offices.of["town"])
    assert {"huangmaozhou", "aq-zhen"} <= own.keys()
    assert {u["division_code"][:9] for u in own.values()} == {TOWN[:9]}
    county = listed(offices.of["county"])
    assert own.keys() <= county.keys() and "caowei" in county
    assert "aq-shi" not in county
    assert listed(offices.of["county"], division=TOWN).keys() == own.keys()
    for place in (SIBLING, COUNTY, "abc", "4309811070000"):
        r = offices.of["town"].get(f"/v1/users?division={place}")
        assert (r.status, r.json["faults"][0]["pointer"]) == \
            (422, "?division"), r
    for login in ("huangmaozhou", "nongye", "admin", "audit", "shenji"):
        assert people(offices.stack)(login).get("/v1/users").status == 403


def test_what_is_listed_can_be_put_back(offices):
    who = "l" + uuid.uuid4().hex[:8]
    grant = {**CLERK, "clearance": 1, "valid_to": at(20)}
    assert put(offices.of["county"], who, TOWN, grant,
               phone="13800000000").status == 200
    shown = listed(offices.of["county"], division=TOWN)[who]
    assert shown["phone"] == "13800000000" and not shown["beyond"]
    assert shown["grants"] == [{
        "role": "township_clerk", "division_code": TOWN, "line_code": "",
        "clearance": 1, "valid_from": shown["grants"][0]["valid_from"],
        "valid_to": grant["valid_to"]}]
    back = {k: v for k, v in shown.items() if k not in ("id", "beyond")
            and v is not None}
    r = offices.of["county"].post("/v1/users", back)
    assert r.status == 200 and r.json["changed"] == 0, r
    # A grant above who asks: he sees that there is one, and no number.
    assert put(offices.of["county"], who, TOWN, grant, {
        "role": "task_force", "division_code": COUNTY},
        phone="13800000000").status == 200
    shown = listed(offices.of["town"])[who]
    assert shown["beyond"] and shown["phone"] is None
    assert [g["role"] for g in shown["grants"]] == ["township_clerk"]


def test_a_long_list_has_pages(offices):
    names = [f"p{i:03}-{uuid.uuid4().hex[:6]}" for i in range(230)]
    r = offices.of["county"].post("/v1/users", {"users": [
        person(n, SIBLING)
        for n in names]})
    assert r.status == 200, r
    assert set(names) <= listed(offices.of["county"]).keys()
