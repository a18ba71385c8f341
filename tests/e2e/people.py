"""The demonstration county's people, signed in once per run."""
import time

TOWN = "430981107000"      # 黄茅洲镇
SIBLING = "430981108000"   # 草尾镇
COUNTY = "430981000000"
SECRET = "for-this-test"    # password of whom a test hires

GOOD = {
    "category": "立项批复",
    "description": "项目名称：稻虾基地；实施主体：稻虾合作社；"
                   "发生时间：2022年5月；基本情况：立项批复前未公示",
    "source": "self_check", "found_on": "2023-03-25",
    "leader_name": "张三", "leader_phone": "13800000001",
    "person_name": "李四", "responsible_org": "镇人民政府",
    "goal": "补办公示", "measures": "公示七天",
    "progress_text": "未完成。原因：正在公示；预计2023年5月20日完成",
}


def people(stack):
    """login → client, each signed in at first use, and again before a session
    that nobody used is over (30 minutes)."""
    cache = getattr(stack, "_people", None)
    if cache is None:
        cache = stack._people = {}

    def get(login):
        c = cache.get(login)
        if c is None:
            c = cache[login] = stack.login(login)
        elif c.password and time.monotonic() - c.used > 20 * 60:
            c.token = stack.login(login, c.password).token
        return c
    return get


def hire(stack, login, role, place=COUNTY, by="security", **grant):
    """Somebody new with one grant, signed in, and one of people() from now
    on."""
    r = people(stack)(by).post("/v1/users", {
        "login": login, "name": "某某", "password": SECRET,
        "division_code": place, "grants": [{"role": role, **grant}]})
    assert r.status == 200, r
    stack._people[login] = stack.login(login, SECRET)
    return stack._people[login]


def report(client, **fields):
    r = client.post("/v1/issues", {**GOOD, **fields})
    assert r.status == 201, r
    return r.json


def command(client, issue, name, **body):
    return client.post(f"/v1/issues/{issue['id']}/{name}", body)


def done(client, issue, name, **body):
    r = command(client, issue, name, **body)
    assert r.status == 200, (name, r.text)
    return r.json
