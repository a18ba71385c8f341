"""The action of Fangcheng county as it ships in conf/: its special groups see
and accept the issues of their own categories (domain.md 1.5 F2-F7, F12)."""
import json
import pathlib
import subprocess

import pytest

from people import command, done, people
from stack import BUILD, Stack
from test_lifecycle import EVIDENCE, PLAN

CONF = pathlib.Path(__file__).resolve().parents[2] / "conf"
COUNTY, TOWN = "411322000000", "411322199000"
TASKS = {"fangfanpin": {"F-1"}, "dangjian": {"F-2", "F-6"},
         "zhengce": {"F-2", "F-6"}, "doudi": {"F-2", "F-6"},
         "chanye": {"F-3"}, "zijin": {"F-4"}, "jinrong": {"F-4"},
         "xinfang": {"F-5"}}
GROUPS = {f"fc-{code}": categories for code, categories in TASKS.items()}


@pytest.fixture(scope="module")
def land(tmp_path_factory):
    """Everything twice: what is there stays as it is."""
    s = Stack(demo=True, agent=False)
    s.start()
    try:
        at = tmp_path_factory.mktemp("fangcheng")
        (at / "initial").write_text(s.password)

        def ctl(login, *args, stdin=""):
            r = subprocess.run(
                [BUILD / "taizhangctl", "--api", f"http://127.0.0.1:{s.port}",
                 "--token-file", at / login, *args], text=True, input=stdin,
                capture_output=True)
            assert r.returncode == 0, (login, args, r)
        for _ in range(2):
            for login, *what in (
                    ("admin", CONF / "fangcheng/1-admin"),
                    ("security", "--initial-password-file", at / "initial",
                     CONF / "fangcheng/2-security"),
                    ("fc-xczxj", CONF / "fangcheng/3-county",
                     CONF / "forms/fangcheng-2022.json")):
                ctl(login, "login", "--login", login, stdin=s.password + "\n")
                ctl(login, "load", *map(str, what))
        who = people(s)
        r = who("admin").post("/v1/divisions:bulk", {"divisions": [
            {"code": TOWN, "name": "测试镇", "level": 4, "kind": "zhen",
             "parent_code": COUNTY}]})
        assert r.status == 200, r
        r = who("security").post("/v1/users", {
            "login": "fc-zhen", "name": "某某", "password": s.password,
            "division_code": TOWN, "grants": [{"role": "township_clerk"}]})
        assert r.status == 200, r
        yield s
    finally:
        s.stop()


def test_each_group_covers_its_tasks_once(land):
    told = json.loads((CONF / "fangcheng/3-county/coverages.json").read_text())
    rows = people(land)("fc-xczxj").get("/v1/org-coverages?limit=100").json
    assert sorted(x["category_code"] for x in rows["items"]) == sorted(
        x["category_code"] for x in told["coverages"])
    for login, categories in GROUPS.items():
        me = people(land)(login).get("/v1/me").json
        assert set(me["categories"]) == categories, login


def test_each_group_accepts_its_own_and_sees_no_other(land):
    who, rows = people(land), {}
    for n in range(1, 7):
        r = who("fc-zhen").post("/v1/issues", {
            "category": f"F-{n}", "description": f"第{n}类问题",
            "source": "self_check", "found_on": "2022-07-15",
            "leader_name": "张三", "leader_phone": "13800000001",
            "person_name": "李四", "responsible_org": "镇人民政府",
            "goal": "整改到位", "measures": "逐项整改"})
        assert r.status == 201, r
        i = r.json
        done(who("fc-xczxj"), i, "assign", due_on="2022-08-20",
             responsible_subject_kind="township")
        done(who("fc-zhen"), i, "plan", **PLAN)
        done(who("fc-zhen"), i, "start")
        rows[f"F-{n}"] = done(who("fc-zhen"), i, "complete",
                              progress_text="已完成", evidence=EVIDENCE)
    for login, categories in GROUPS.items():
        got = who(login).get("/v1/issues?limit=50&count=true").json
        assert {i["category"] for i in got["items"]} == categories, login
        assert got["count"] == len(categories)
    accepted = set()
    for login, categories in GROUPS.items():
        for category, i in rows.items():
            if category not in categories:
                assert command(who(login), i, "accept").status == 404
            elif category not in accepted:     # the first of several groups
                assert done(who(login), i, "accept")["accepted"] is True
                accepted.add(category)
    assert accepted == set(rows)
