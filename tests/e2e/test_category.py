"""Special groups (专项工作组) reach the issues of the categories that their
organisation covers, each where it is covered, and what is of those issues
(domain.md 5.2, F12): read, accepted, listed, told; in both walls."""
import uuid

import pytest

from people import COUNTY, SIBLING, TOWN, command, done, people
from stack import Stack, free_port, wait_for
from test_clients import acting, admit
from test_lifecycle import EVIDENCE, PLAN
from test_walls_narrow import (SECRET, hire, ids, made, org, served, settled,
                               system)
from test_webhooks import Receiver

# One category in the whole county, with what is below it; one in a township.
COVERED = (("Y-2", COUNTY), ("Y-3", TOWN))


@pytest.fixture(scope="module")
def land():
    port = free_port()
    s = Stack(demo=True, agent=False, env={
        "TAIZHANG_WEBHOOK_HOSTS": f"local:127.0.0.1:{port}"})
    s.start()
    s.receiver, s.url = Receiver(port), f"http://127.0.0.1:{port}"
    # The county has refined Y-2; Y-20 only looks as if it were below it.
    s.psql("INSERT INTO code_override (action_id, set_code, code, label, sort)"
           " SELECT id, 'issue_category', x.code, x.label, 9 FROM action,"
           " (VALUES ('Y-2-1', '施工进度'), ('Y-20', '另一类'))"
           " AS x (code, label) WHERE action.code = 'yuanjiang-2023'")
    yield s
    s.stop()


def cover(land, org_id, *covered, **more):
    return [made(people(land)("nongye"), "org-coverages", org_id=org_id,
                 division_code=at, category_code=category, **more)["id"]
            for category, at in covered]


@pytest.fixture(scope="module")
def world(land):
    """An issue of each category in two townships, with a note and evidence,
    and the group that covers some of them."""
    who = people(land)
    rows = {(c, at): wait_for(lambda: attempt(who(login), c))
            for c in ("Y-1", "Y-2", "Y-2-1", "Y-20", "Y-3")
            for at, login in ((TOWN, "huangmaozhou"), (SIBLING, "caowei"))}
    for (c, at), i in rows.items():
        login = "huangmaozhou" if at == TOWN else "caowei"
        for part, body in (("progress", {"text": f"进展{c}{at}"}),
                           ("evidence", {"title": f"材料{c}{at}",
                                         "kind": "photo"})):
            r = who(login).post(f"/v1/issues/{i['id']}/{part}", body)
            assert r.status == 201, r
    group = org(land, "zx1", "special_group")
    cover(land, group, *COVERED)
    c = hire(land, "zhuanxiang", "special_group", cover_org="zx1")
    return {"rows": rows, "group": group, "client": c}


def attempt(client, category):
    """Once every worker has read the codes."""
    r = client.post("/v1/issues", {
        "category": category, "description": f"金丝雀{category}的问题",
        "source": "self_check", "found_on": "2023-03-25",
        "leader_name": "张三", "leader_phone": "13800000001",
        "person_name": "李四", "responsible_org": "镇人民政府",
        "goal": "补办", "measures": "公示"})
    return r.json if r.status == 201 else None


SEEN = {("Y-2", TOWN), ("Y-2", SIBLING), ("Y-2-1", TOWN),
        ("Y-2-1", SIBLING), ("Y-3", TOWN)}


def split(world):
    seen = {k: i["id"] for k, i in world["rows"].items() if k in SEEN}
    hidden = {k: i["id"] for k, i in world["rows"].items() if k not in SEEN}
    return seen, hidden


def test_reads_by_category_and_what_is_below_it(land, world):
    c = world["client"]
    seen, hidden = split(world)
    for i in seen.values():
        for tail in ("", "/history", "/commands", "/evidence", "/progress",
                     "/acceptances"):
            assert c.get(f"/v1/issues/{i}{tail}").status == 200, tail
    absent = c.get(f"/v1/issues/{uuid.uuid4()}").json
    for i in hidden.values():
        for tail in ("", "/history", "/commands", "/evidence", "/progress",
                     "/acceptances", "?as_of=2099-01-01"):
            r = c.get(f"/v1/issues/{i}{tail}")
            assert r.status == 404, (tail, r)
        assert {k: v for k, v in c.get(f"/v1/issues/{i}").json.items()
                if k != "request_id"} == {k: v for k, v in absent.items()
                                          if k != "request_id"}
    assert set(c.get("/v1/me").json["categories"]) == {"Y-2", "Y-3"}


@pytest.mark.parametrize("q", [
    "", "&sort=-updated_at", "&category=Y-1,Y-2,Y-2-1,Y-3,Y-20",
    f"&division={SIBLING}", "&as_of=2099-01-01", "&state=found"])
def test_lists_counts_and_files_hold_no_other(land, world, q):
    c = world["client"]
    seen, hidden = split(world)
    seen = {i for (_, at), i in seen.items()
            if "division" not in q or at == SIBLING}
    r = c.get(f"/v1/issues?limit=200&count=true{q}")
    assert r.status == 200, r
    assert {i["id"] for i in r.json["items"]} == seen
    assert r.json["count"] == len(seen)
    for form in ("csv", "ndjson"):
        r = c.get(f"/v1/issues?format={form}{q}")
        assert r.status == 200 and all(i in r.text for i in seen)
        assert not any(i in r.text for i in hidden.values())


def test_searches_and_the_feed_tell_of_no_other(land, world):
    c = world["client"]
    seen, hidden = split(world)
    got = c.get("/v1/issues?limit=200&q=金丝雀").json["items"]
    assert {i["id"] for i in got} == set(seen.values())
    told = wait_for(lambda: (r := c.get(
        "/v1/changes?entity=issue&limit=1000&data=true").text) and
        all(i in r for i in seen.values()) and r)
    assert not any(i in told for i in hidden.values())


def test_what_is_no_issue_is_read_like_by_his_level(land, world):
    c = world["client"]
    wide = people(land)("shizhuanban")
    for path in ("projects", "assets", "form-templates", "supervision-orders"):
        r = c.get(f"/v1/{path}?limit=200")
        assert r.status == 200, r
        assert r.json["items"] == \
            wide.get(f"/v1/{path}?limit=200").json["items"], path


def completed(land, category, login="huangmaozhou"):
    who = people(land)
    i = attempt(who(login), category)
    done(who("nongye"), i, "assign", due_on="2023-05-31",
         responsible_subject_kind="township")
    done(who(login), i, "plan", **PLAN)
    done(who(login), i, "start")
    return done(who(login), i, "complete", progress_text="已完成",
                evidence=EVIDENCE)


def test_accepts_by_category(land, world):
    c = world["client"]
    for category, login in (("Y-2", "caowei"), ("Y-2-1", "huangmaozhou"),
                            ("Y-3", "huangmaozhou")):
        i = completed(land, category, login)
        may = c.get(f"/v1/issues/{i['id']}").json["may"]
        assert "accept" in may and "reject" in may
        got = done(c, i, "accept")
        assert got["state"] == "accepted" and got["accepted"] is True
    for category, login in (("Y-1", "huangmaozhou"), ("Y-20", "caowei"),
                            ("Y-3", "caowei")):
        i = completed(land, category, login)
        assert command(c, i, "accept").status == 404
        r = people(land)("security").get(
            f"/v1/explain?user=zhuanxiang&action=issue:accept&object={i['id']}")
        assert r.status == 200 and r.json["allowed"] is False, r
        assert r.json["refused"]["code"] == "category", r.json
        assert done(people(land)("nongye"), i, "accept")["accepted"] is True


def test_he_accepts_and_does_not_write(land, world):
    c = world["client"]
    i = completed(land, "Y-2")
    assert c.patch(f"/v1/issues/{i['id']}", {"goal": "改"},
                   headers={"If-Match": f'"{i["rev"]}"'}).status == 403
    assert c.post("/v1/issues", {"category": "Y-2"}).status == 403
    r = command(people(land)("huangmaozhou-lead"), i, "accept")
    assert r.status == 403 and "专项工作组" in r.json["detail"], r


def test_of_whom_no_category_is_he_sees_none(land, world):
    """No coverage at all: nothing. Coverage that names no category: no
    issues; and a coverage of categories is nothing to a war zone."""
    org(land, "zx0", "special_group")
    c = hire(land, "kongzu", "special_group", cover_org="zx0")
    assert ids(c, "issues") == set() == ids(c, "projects")
    wide = org(land, "zx2", "special_group")
    made(people(land)("nongye"), "org-coverages", org_id=wide,
         division_code=COUNTY)
    c = hire(land, "wulei", "special_group", cover_org="zx2")
    assert ids(c, "issues") == set()
    c = hire(land, "zhanqu1", "war_zone", cover_org="zx1")
    assert ids(c, "issues") == set() == ids(c, "projects")
    # A grant from before organisations were asked for.
    system(land, "ALTER TABLE role_grant DISABLE TRIGGER delegated; UPDATE"
           " role_grant SET cover_org_id = NULL WHERE role = 'special_group'"
           " AND user_id = (SELECT id FROM app_user WHERE login = 'wulei');"
           " ALTER TABLE role_grant ENABLE TRIGGER delegated")
    c = land.login("wulei", SECRET)
    assert ids(c, "issues") == set() == ids(c, "projects")


def test_it_ends_with_the_coverage(land, world):
    group = org(land, "zx3", "special_group")
    one, two = cover(land, group, ("Y-1", COUNTY), ("Y-2", COUNTY))
    c = hire(land, "dangqi", "special_group", cover_org="zx3")
    rows = world["rows"]
    a, b = rows["Y-1", TOWN]["id"], rows["Y-2", TOWN]["id"]
    assert c.get(f"/v1/issues/{a}").status == 200
    system(land, "UPDATE org_coverage SET to_on = '2020-01-01' WHERE id ="
           f" '{one}'")
    wait_for(lambda: served(c, f"/v1/issues/{a}").status == 404, 5)
    assert c.get(f"/v1/issues/{b}").status == 200
    system(land, f"UPDATE org_coverage SET voided_at = now() WHERE id = '{two}'")
    wait_for(lambda: served(c, f"/v1/issues/{b}").status == 404, 5)
    assert ids(c, "issues") == set()


def test_an_issue_that_changes_its_category_changes_its_reader(land, world):
    c = world["client"]
    i = attempt(people(land)("huangmaozhou"), "Y-2")
    assert c.get(f"/v1/issues/{i['id']}").status == 200
    r = people(land)("huangmaozhou").patch(
        f"/v1/issues/{i['id']}", {"category": "Y-1"},
        headers={"If-Match": f'"{i["rev"]}"'})
    assert r.status == 200, r
    for tail in ("", "/history", "/commands", "?as_of=2099-01-01"):
        assert c.get(f"/v1/issues/{i['id']}{tail}").status == 404, tail


@pytest.fixture(scope="module")
def tasks(land, world):
    """{issue: task}, and a task of none."""
    seen, hidden = split(world)
    plan = system(land, "INSERT INTO rectification_plan (id, subject_kind,"
                  " class4, action_id, title, division_code, filing_level)"
                  " SELECT uuid7(), 'class', 'C1', id, '一方案',"
                  f" {COUNTY}, 3 FROM action WHERE code = 'yuanjiang-2023'"
                  " RETURNING id")[0][0]
    return {issue: system(
        land, "INSERT INTO rectification_task (id, plan_id, issue_id, seq,"
        " measure, due_on, responsible_org_id, action_id, division_code,"
        f" filing_level) SELECT uuid7(), p.id, {quoted(issue)}, {n + 1},"
        " '措施', '2023-05-31', (SELECT id FROM org_unit LIMIT 1),"
        f" p.action_id, {COUNTY}, 3 FROM rectification_plan p WHERE p.id ="
        f" '{plan}' RETURNING id")[0][0]
        for n, issue in enumerate((*seen.values(), *hidden.values(), None))}


def test_tasks_and_findings_follow_their_issue(land, world, tasks):
    c = world["client"]
    seen, hidden = split(world)
    mine = {tasks[i] for i in (*seen.values(), None)}
    plan = c.get(f"/v1/rectification-tasks/{tasks[None]}").json["plan_id"]
    assert c.get(f"/v1/rectification-plans/{plan}").status == 200
    assert ids(c, "rectification-tasks") == mine
    for issue, t in tasks.items():
        for tail in ("", "/history"):
            assert c.get(f"/v1/rectification-tasks/{t}{tail}").status == (
                200 if t in mine else 404), (issue, tail)
    land.passed()
    told = c.get("/v1/changes?entity=rectification_task&limit=1000").text
    assert all((t in told) == (t in mine) for t in tasks.values())
    t = tasks[next(iter(hidden.values()))]
    r = people(land)("security").get("/v1/explain?user=zhuanxiang"
                                     f"&action=rectification_task:read&object={t}")
    assert r.json["refused"]["code"] == "category", r


def quoted(v):
    return "NULL" if v is None else f"'{v}'"


def test_files_are_seen_with_what_they_are_evidence_of(land, world):
    """Of an issue of another category not; of none at all as by anybody."""
    c = world["client"]
    seen, hidden = split(world)
    files = {}
    for n, issue in enumerate((*seen.values(), *hidden.values(), None)):
        a = files[issue] = system(
            land, "INSERT INTO attachment (id, name, mime, bytes, sha256,"
            " division_code, filing_level) VALUES (uuid7(), '照片.jpg',"
            f" 'image/jpeg', 1, '{n:064x}', {TOWN}, 4) RETURNING id")[0][0]
        if issue:
            system(land, "INSERT INTO evidence (id, entity, row_id, kind,"
                   " title, attachment_id, division_code) SELECT uuid7(),"
                   f" 'issue', id, 'photo', '照片', '{a}', division_code FROM"
                   f" issue WHERE id = '{issue}'")
    mine = {files[i] for i in (*seen.values(), None)}
    assert ids(c, "attachments") == mine
    for issue, a in files.items():
        for tail in ("", "/history"):
            assert c.get(f"/v1/attachments/{a}{tail}").status == (
                200 if a in mine else 404), (issue, tail)
        r = people(land)("security").get(
            f"/v1/explain?user=zhuanxiang&action=attachment:read&object={a}")
        assert (r.json["refused"] or {}).get("code") == (
            None if a in mine else "category"), (issue, r.json)
    land.passed()
    told = c.get("/v1/changes?entity=attachment&limit=1000").text
    assert all((a in told) == (a in mine) for a in files.values())


def test_sheets_tell_of_no_other(land, world):
    """Conflicts of cells hold what an issue says, requests its commands, and
    findings what is wrong with it."""
    c = world["client"]
    seen, hidden = split(world)
    any_uuid = "'00000000-0000-7000-8000-000000000001'"
    both = {}
    for issue in (*seen.values(), *hidden.values()):
        both[issue] = system(
            land, "SET session_replication_role = replica; INSERT INTO"
            " sheet_conflict (id, code, ledger_id, row_id, name, kind,"
            " division_code, base, system, file, system_by, binding_id,"
            " export_id, file_sha, path) SELECT gen_random_uuid(), 'C',"
            " (SELECT id FROM sheet_ledger LIMIT 1), id, 'goal', 'cell',"
            f" division_code, 'a', 'b', 'c', '', {any_uuid}, {any_uuid}, '',"
            f" 'x.xlsx' FROM issue WHERE id = '{issue}' RETURNING id")[0][0]
    mine = {both[i] for i in seen.values()}
    got = c.get("/v1/conflicts?limit=100").json["items"]
    assert {x["id"] for x in got} == mine
    for issue, x in both.items():
        assert c.get(f"/v1/conflicts/{x}").status == (
            200 if x in mine else 404), issue
    got = land.psql(f"BEGIN; DO $$ BEGIN {settings(land, c)} END $$; SELECT id"
                    " FROM sheet_conflict", user="taizhang_api")
    assert {r[0] for r in got} == mine
    for path in ("/v1/findings", "/v1/requests"):
        r = c.get(path)
        assert r.status == 200, r
        assert not any(i in r.text for i in hidden.values()), path


def test_orders_name_no_issue_of_another_category(land, world):
    """He issues orders; what they are about he must see."""
    c = world["client"]
    seen, hidden = split(world)
    o = c.post("/v1/supervision-orders", {"division_code": COUNTY})
    assert o.status == 422, o
    for issue, fault in ((next(iter(hidden.values())), True),
                         (next(iter(seen.values())), False)):
        r = c.post("/v1/order-subjects?dry_run=true", {"issue_id": issue})
        assert r.status == 422
        assert ("/issue_id" in {f["pointer"] for f in r.json["faults"]}) == \
            fault, r


def settings(land, c):
    lo, hi, cover_, category = land.psql(
        "SELECT lo, hi, cover::text, category::text FROM grant_reach WHERE"
        f" id = '{c.get('/v1/me').json['grant']}'")[0]
    return "".join(f"PERFORM set_config('app.{k}', '{v}', true);" for k, v in (
        ("lo", lo), ("hi", hi), ("line", ""), ("clearance", "1"),
        ("cover", cover_), ("category", category)))


def test_each_wall_alone_gives_the_same(land, world, tasks):
    c = world["client"]
    paths = {"issues": "issue", "rectification-tasks": "rectification_task",
             "projects": "project", "attachments": "attachment"}
    people(land)("nongye")
    both = {p: ids(c, p) for p in paths}
    assert both["issues"] and both["rectification-tasks"]
    seen, hidden = split(world)
    do = settings(land, c)
    for p, table in paths.items():
        got = land.psql(f"BEGIN; DO $$ BEGIN {do} END $$; SELECT id FROM"
                        f" {table} WHERE voided_at IS NULL",
                        user="taizhang_api")
        assert {r[0] for r in got} == both[p], p
    for table, column in (("history", "row_id"), ("evidence", "row_id"),
                          ("issue_progress", "issue_id"),
                          ("command", "row_id"), ("change", "row_id")):
        got = {r[0] for r in land.psql(
            f"BEGIN; DO $$ BEGIN {do} END $$; SELECT DISTINCT {column} FROM"
            f" {table}", user="taizhang_api")}
        assert not got & set(hidden.values()), table
        assert got, table
    try:
        land.psql("ALTER ROLE taizhang_api BYPASSRLS; SELECT"
                  " pg_terminate_backend(pid) FROM pg_stat_activity WHERE"
                  " usename = 'taizhang_api'")
        settled(land)
        assert {p: ids(c, p) for p in paths} == both
        for i in hidden.values():
            for tail in ("", "/history", "/evidence", "/progress"):
                assert served(c, f"/v1/issues/{i}{tail}").status == 404, tail
    finally:
        land.psql("ALTER ROLE taizhang_api NOBYPASSRLS; SELECT"
                  " pg_terminate_backend(pid) FROM pg_stat_activity WHERE"
                  " usename = 'taizhang_api'")
        settled(land)


def test_a_hundred_categories_at_most(land, world):
    """They go with every request."""
    many = org(land, "zx9", "special_group")
    insert = "INSERT INTO org_coverage (id, org_id, division_code," \
        " category_code, filing_level) SELECT uuid7(), '{}', {}, 'Y-1-' || n," \
        " 3 FROM generate_series({}) n"
    system(land, insert.format(many, COUNTY, "1, 100"))
    c = hire(land, "duolei", "special_group", cover_org="zx9")
    assert ids(c, "issues") == set()
    assert len(c.get("/v1/me").json["categories"]) == 100
    r = people(land)("nongye").post("/v1/org-coverages", {
        "org_id": many, "division_code": COUNTY, "category_code": "Y-1"})
    assert r.status == 422 and r.json["faults"][0]["pointer"] == \
        "/category_code", r


def grant(land, by, login, **g):
    return people(land)(by).post("/v1/users", {
        "login": login, "name": "某某", "password": SECRET,
        "division_code": COUNTY, "grants": [{"role": "special_group", **g}]})


def test_it_is_handed_on_with_an_organisation(land, world):
    """No line is asked for any more; the organisation is."""
    r = grant(land, "security", "jiao1")
    assert {f["pointer"] for f in r.json["faults"]} == {
        "/grants/0/cover_org"}, r
    r = grant(land, "security", "jiao1", cover_org="mei-you")
    assert r.status == 422, r
    assert grant(land, "security", "jiao1", cover_org="zx1").status == 200
    # Whom a line is given besides sees only what is of both.
    assert grant(land, "security", "jiao2", cover_org="zx1",
                 line_code="水利").status == 200
    assert ids(land.login("jiao2", SECRET), "issues") == set()


def test_who_stands_for_a_special_group_is_as_narrow(land, world):
    put = people(land)("security").put
    body = {"label": "专项组联络员", "level": 3, "plays": ["special_group"],
            "clearance": 1, "rights": {"issue": ["read", "move"]}}
    r = put("/v1/roles/special_clerk", body)
    assert {f["pointer"]: f["code"] for f in r.json["faults"]} == {
        "/by_category": "wider"}, r
    assert put("/v1/roles/special_clerk",
               {**body, "by_category": True}).status == 200
    r = put("/v1/roles/special_clerk", {"by_category": False})
    assert r.status == 422, r
    with pytest.raises(AssertionError, match="role_category_plays"):
        system(land, "UPDATE role SET by_category = false WHERE code ="
               " 'special_clerk'")
    c = wait_for(lambda: people(land)("security").post("/v1/users", {
        "login": "lianluo", "name": "某某", "password": SECRET,
        "division_code": COUNTY, "grants": [
            {"role": "special_clerk", "cover_org": "zx1"}]}).status == 200 and
        land.login("lianluo", SECRET))
    assert ids(c, "issues") == ids(world["client"], "issues")
    i = completed(land, "Y-2-1")
    assert done(c, i, "accept")["accepted"] is True


def test_webhooks_tell_by_category(land, world):
    """A role of the county's own that has webhooks, as narrow as any."""
    r = people(land)("security").put("/v1/roles/special_desk", {
        "label": "专项组与专班", "level": 3, "clearance": 1,
        "by_category": True, "plays": ["special_group", "task_force"],
        "rights": {"issue": ["read"], "webhook": ["read", "create"]}})
    assert r.status == 200, r
    c = wait_for(lambda: people(land)("security").post("/v1/users", {
        "login": "tuisong", "name": "某某", "password": SECRET,
        "division_code": COUNTY, "grants": [
            {"role": "special_desk", "cover_org": "zx1"}]}).status == 200 and
        land.login("tuisong", SECRET))
    made(c, "webhooks", url=f"{land.url}/desk", entities=["issue"])
    clerk = people(land)("huangmaozhou")
    other, his = attempt(clerk, "Y-1"), attempt(clerk, "Y-2")

    def told():
        return {b["data"]["id"] for _, b in land.receiver.at("/desk")}
    wait_for(lambda: his["id"] in told(), 30)
    assert other["id"] not in told()


def test_who_looks_or_acts_for_him_reaches_no_further(land, world):
    """An application on his behalf, and an administrator who views as him."""
    his = ids(world["client"], "issues")
    c = acting(land, admit(land), land.login("zhuanxiang", SECRET))
    assert ids(c, "issues") == his
    r = people(land)("security").post("/v1/sessions/view", {
        "user": "zhuanxiang", "reason": "核对授权"})
    assert r.status == 201, r
    assert ids(land.client(r.json["token"]), "issues") == his
