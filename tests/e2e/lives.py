"""What tests of lifecycles share: rows, commands, people of every level."""
import datetime

from people import COUNTY, SIBLING, TOWN, people

PHOTO = [{"kind": "photo", "title": "现场照片", "reference": "IMG_02.jpg"}]
VILLAGES = {"430981107801": "测试村甲", "430981107802": "测试村乙"}
STAFF = {"jg-cunguan": ("430981107801", "village_admin"),
         "jg-cunzhishu": ("430981107801", "village_lead"),
         "jg-duzhazu": (COUNTY, "patrol_group"),
         "jg-zhouzhuanban": ("430900000000", "pref_task_force"),
         "jg-jiwei": (COUNTY, "discipline")}


def day(offset=0):
    """A civil day of Asia/Shanghai as the API writes it."""
    now = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8)))
    return (now.date() + datetime.timedelta(days=offset)).isoformat()


def everybody(county):
    """people(), with those whom the demonstration does not have."""
    if not getattr(county, "_staff", False):
        admin = county.login("admin")
        r = admin.post("/v1/divisions:bulk", {"divisions": [
            {"code": c, "name": n, "level": 5, "kind": "cunwei",
             "parent_code": TOWN} for c, n in VILLAGES.items()]})
        assert r.status == 200, r
        for login, (place, role) in STAFF.items():
            r = county.login("security").post("/v1/users", {
                "login": login, "name": f"测试{login}", "division_code": place,
                "password": county.password, "grants": [{"role": role}]})
            assert r.status in (200, 201), r
        county._staff = True
    return people(county)


def org(county, code, place=COUNTY):
    return county.psql(f"SELECT id FROM org_unit WHERE code = '{code}'"
                       f" AND division_code = {place}")[0][0]


def make(client, path, **fields):
    r = client.post(f"/v1/{path}", fields)
    assert r.status == 201, (path, r.text)
    return r.json


def give(client, path, row, name, **body):
    return client.post(f"/v1/{path}/{row['id']}/{name}", body)


def done(client, path, row, name, **body):
    r = give(client, path, row, name, **body)
    assert r.status == 200, (name, r.text)
    return r.json


def refused(client, path, row, name, code, status=None, **body):
    """The command is refused with that code, its own or a fault's."""
    r = give(client, path, row, name, **body)
    assert r.status in (403, 409, 422), (name, r.text)
    assert status is None or r.status == status, (name, r.text)
    codes = {r.json["code"], *(f["code"] for f in r.json["faults"])}
    assert code in codes, (name, codes, r.text)
    return r.json


def may(client, path, row):
    r = client.get(f"/v1/{path}/{row['id']}")
    assert r.status == 200, r
    return set(r.json["may"])


def agrees(who, path, row, moves, logins):
    """`may` is what each is let into: a body nobody takes changes nothing."""
    for login in logins:
        r = who(login).get(f"/v1/{path}/{row['id']}")
        can = set(r.json["may"]) if r.status == 200 else set()
        let = {m for m in moves if give(who(login), path, row, m,
                                        no_such_field=1).status == 422}
        assert can & set(moves) == let, (login, row["state"])


__all__ = ["COUNTY", "PHOTO", "SIBLING", "TOWN", "VILLAGES", "agrees", "day", "done",
           "everybody", "give", "make", "may", "org", "refused"]
