"""People and rows that the lives of projects need, beyond the demonstration:
a village with its two roles, the treasury, the levels above the county."""
from people import COUNTY, people

TOWN = "430981102000"       # 泗湖山镇
VILLAGE = "430981102201"
PREFECTURE = "430900000000"
PROVINCE = "430000000000"
WAN = 1_000_000             # 分
EVIDENCE = [{"kind": "document", "title": "佐证材料", "reference": "卷1"}]

EXTRA = [
    ("cunguan", "村管理员甲", VILLAGE, None, {"role": "village_admin"}),
    ("cunzhi", "村支书乙", VILLAGE, None, {"role": "village_lead"}),
    ("caizheng", "财政丙", COUNTY, None, {"role": "finance"}),
    ("shizhuguan", "市行业丁", PREFECTURE, None,
     {"role": "pref_dept", "line_code": "水利"}),
    ("shizhuan", "市专班戊", PREFECTURE, None, {"role": "pref_task_force"}),
    ("shengting", "省级己", PROVINCE, None, {"role": "province"}),
]


def cast(county):
    """login → client; the people of EXTRA are made at the first call."""
    who = people(county)
    if getattr(county, "_project_people", False):
        return who
    admin = who("admin")
    r = admin.post("/v1/divisions:bulk", {"divisions": [
        {"code": VILLAGE, "name": "试验村", "level": 5, "kind": "cunwei",
         "parent_code": TOWN}]})
    assert r.status == 200, r
    r = who("security").post("/v1/users", {"initial_password": county.password,
                                 "users": [
        {"login": login, "name": name, "phone": "13800000099",
         "division_code": place, "grants": [grant],
         **({"org": org} if org else {})}
        for login, name, place, org, grant in EXTRA]})
    assert r.status == 200, r
    county._project_people = True
    return who


def org(client, name):
    found = [o for o in client.get("/v1/orgs").json["items"]
             if o["name"] == name]
    assert len(found) == 1, name
    return found[0]["id"]


def make(client, path, **body):
    r = client.post(f"/v1/{path}", body)
    assert r.status == 201, (path, r.text)
    return r.json


def give(client, path, row, name, **body):
    """A command; the reply, whatever it is."""
    return client.post(f"/v1/{path}/{row['id']}/{name}", body)


def done(client, path, row, name, state, **body):
    r = give(client, path, row, name, **body)
    assert r.status == 200, (name, r.text)
    assert r.json["state"] == state, r.json
    return r.json


def refused(client, path, row, name, code, **body):
    """The command is refused for this reason and says what would do."""
    r = give(client, path, row, name, **body)
    assert r.status in (403, 409, 422), (name, r)
    codes = {r.json["code"], *(f["code"] for f in r.json.get("faults", []))}
    assert code in codes, (name, code, r.text)
    assert all(f["message"] for f in r.json.get("faults", [])), r.text
    return r


def may(client, path, row):
    """Commands of the lifecycle; voiding and restoring are every row's."""
    return set(client.get(f"/v1/{path}/{row['id']}").json["may"]) - {
        "void", "restore"}


def project_body(county, **more):
    who = cast(county)
    return {"division_code": VILLAGE, "name": "稻虾综合种养基地",
            "location_text": "试验村三组", "build_year": 2024,
            "type_l1": "industry", "is_industry": True,
            "construction_nature": "new", "content": "建设虾田二百亩",
            "total_investment_fen": 100 * WAN, "support_fund_fen": 80 * WAN,
            "plan_start_on": "2024-03-01", "plan_end_on": "2024-10-31",
            "benefit_target": "带动三十户", "benefit_households": 30,
            "participation": "土地流转、务工", "planned_owner_kind":
            "village_coll", "competent_org_id": org(who("nongye"),
                                                    "沅江市水利局"), **more}


def project(county, client=None, **more):
    return make(client or cast(county)("cunguan"), "projects",
                **project_body(county, **more))


def evaluated(county, row, level="county"):
    """An evaluation of the project that passed at the level."""
    who = cast(county)
    leader, extra = {
        "county": (who("bumenlead"), {}),
        "prefecture": (who("shizhuguan"), {"doc_no": "市论证〔2024〕1号"}),
        "province": (who("shengting"), {"doc_no": "省论证〔2024〕1号"}),
    }[level]
    e = make(who("bumen"), "evaluations", project_id=row["id"], level=level,
             mode="expert", project_kind="industry", complex=False)
    return done(leader, "evaluations", e, f"conclude_{level}", "concluded",
                conclusion="passed", concluded_on="2024-01-20",
                evidence=EVIDENCE, **extra)


def mechanism(county, row):
    return make(cast(county)("sihushan"), "benefit-mechanisms",
                project_id=row["id"], mode="share", links=["dividend"],
                description="保底分红", established_on="2024-01-10")


CHECKS = {"check_content": "pass", "check_negative": "pass",
          "negative_list_version": "2024版", "check_related": "pass",
          "check_benefit": "pass", "check_goal": "pass",
          "check_evaluation": "pass", "check_owner": "pass"}


def admitted(county, row, year=2024):
    """The whole way of a library entry, all guards satisfied."""
    who = cast(county)
    p = "library-entries"
    e = make(who("cunguan"), p, project_id=row["id"], library_year=year)
    done(who("cunzhi"), p, e, "declare", "village_declared",
         village_decision_on="2024-01-05", evidence=EVIDENCE)
    done(who("sihushan-lead"), p, e, "review", "township_reviewed",
         township_opinion="地点、规模属实", evidence=EVIDENCE)
    evaluated(county, row)
    mechanism(county, row)
    done(who("bumen"), p, e, "check", "township_reviewed", **CHECKS)
    done(who("caizheng"), p, e, "finance_review", "township_reviewed")
    done(who("bumenlead"), p, e, "dept_review", "dept_reviewed",
         evidence=EVIDENCE)
    return done(who("shizhang"), p, e, "admit", "admitted",
                minutes_no="沅政纪〔2024〕3号", minutes_on="2024-02-01",
                publicity_from="2024-02-02", publicity_to="2024-02-09",
                evidence=EVIDENCE)
