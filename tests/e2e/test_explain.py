"""GET …/explain: what it says is what happens, and no more than may be said."""
import uuid

import pytest
from people import TOWN, done, people, report
from test_lifecycle import EVIDENCE, PLAN


@pytest.fixture(scope="module")
def own():
    from stack import Stack
    s = Stack(demo=True, agent=False).start()
    yield s
    s.stop()


def ask(stack, row, user, by="nongye"):
    r = people(stack)(by).get(f"/v1/issues/{row['id']}/explain?user={user}")
    assert r.status == 200, r
    return r.json


def agrees(stack, row, users):
    for login in users:
        told = ask(stack, row, login)
        seen = people(stack)(login).get(f"/v1/issues/{row['id']}")
        assert told["sees"] == (seen.status == 200), login
        [grant] = told["grants"]
        assert grant["sees"] == told["sees"]
        assert bool(grant["unseen"]) != grant["sees"]
        may = {c["command"] for c in grant["commands"] if c["may"]}
        assert may == set(seen.json["may"] if told["sees"] else []), login
        for c in grant["commands"]:
            assert bool(c["refused"]) != c["may"]
            if c["may"]:
                continue
            r = people(stack)(login).post(
                f"/v1/issues/{row['id']}/{c['command']}", {})
            assert r.status in (403, 409, 422), (login, c, r)


EVERYBODY = ("huangmaozhou", "huangmaozhou-lead", "caowei", "bumen",
             "bumenlead", "nongye", "nongye2", "shizhuanban", "shizhang",
             "shenji")


def test_it_says_what_happens_along_a_life(own):
    who = people(own)
    row = report(who("huangmaozhou"), goal="补办")
    agrees(own, row, EVERYBODY)
    [grant] = ask(own, row, "nongye")["grants"]
    accept = [c for c in grant["commands"] if c["command"] == "accept"][0]
    assert [x["code"] for x in accept["refused"]][0] == "state"
    assert "整改" in accept["refused"][0]["zh"] or accept["refused"][0]["zh"]
    done(who("huangmaozhou"), row, "assign",
         responsible_subject_kind="township",
         due_on="2023-05-31")
    agrees(own, row, EVERYBODY)
    done(who("huangmaozhou"), row, "plan", **PLAN)
    done(who("huangmaozhou"), row, "start")
    agrees(own, row, EVERYBODY)
    done(who("huangmaozhou"), row, "complete",
         progress_text="已完成。公示期满", evidence=EVIDENCE)
    agrees(own, row, EVERYBODY)


def test_why_not(own):
    who = people(own)
    row = report(who("huangmaozhou"))

    def codes(user):
        [grant] = ask(own, row, user)["grants"]
        assert all(x["zh"] and x["en"] for x in grant["unseen"])
        assert grant["sees"] or grant["commands"] == []
        return [x["code"] for x in grant["unseen"]]
    assert codes("huangmaozhou") == []
    assert codes("caowei") == ["division"]
    assert codes("bumen") == ["line"]
    own.psql(f"UPDATE issue SET sensitivity = 2 WHERE id = '{row['id']}'")
    assert codes("shenji") == ["clearance"]
    own.psql("UPDATE app_user SET status = 'locked' WHERE login = 'caowei'")
    assert codes("caowei") == ["locked", "division"]
    own.psql("UPDATE app_user SET status = 'active' WHERE login = 'caowei'")
    own.psql("UPDATE role_grant SET valid_to = now() WHERE user_id = (SELECT"
             " id FROM app_user WHERE login = 'huangmaozhou-lead')")
    assert codes("huangmaozhou-lead") == ["not_valid"]
    told = ask(own, row, "huangmaozhou-lead")
    assert told["sees"] is False
    mine = who("nongye").get(f"/v1/issues/{row['id']}/explain").json
    assert mine["user"]["login"] == "nongye" and mine["sees"]
    by_id = ask(own, row, mine["user"]["id"])
    assert by_id == mine


def test_who_may_ask_and_about_what(own):
    who = people(own)
    row = report(who("huangmaozhou"))
    path = f"/v1/issues/{row['id']}/explain"
    for login in ("huangmaozhou", "huangmaozhou-lead", "bumen", "caowei",
                  "admin"):
        if login == "huangmaozhou-lead":
            continue                       # its grant has ended above
        r = who(login).get(path + "?user=nongye")
        assert r.status in (403, 404), login
    # A row beyond the asker, and one that is not there.
    own.psql(f"UPDATE issue SET sensitivity = 3 WHERE id = '{row['id']}'")
    hidden = who("nongye").get(path + "?user=huangmaozhou")
    missing = who("nongye").get(f"/v1/issues/{uuid.uuid4()}/explain")
    bad = who("nongye").get("/v1/issues/x/explain")
    bodies = set()
    for r in (hidden, missing, bad):
        assert r.status == 404
        body = r.json
        body.pop("request_id")
        bodies.add(str(sorted(body.items())))
    assert len(bodies) == 1
    own.psql(f"UPDATE issue SET sensitivity = 1 WHERE id = '{row['id']}'")
    # People and grants beyond the asker are not spoken of.
    own.psql("UPDATE app_user SET division_code = 430900000000 WHERE login ="
             " 'caowei'")
    for user in ("caowei", "nobody", "", "_", "caowei' OR '1"):
        r = who("nongye").get(f"{path}?user={user}")
        assert r.status == 422, user
        assert r.json["faults"][0]["pointer"] == "?user"
    own.psql("UPDATE app_user SET division_code = 430981108000 WHERE login ="
             " 'caowei'")
    own.psql("INSERT INTO role_grant (id, user_id, role, division_code,"
             " clearance) SELECT gen_random_uuid(), id, 'pref_task_force',"
             " 430900000000, 1 FROM app_user WHERE login = 'caowei'")
    told = ask(own, row, "caowei")
    assert [g["role"] for g in told["grants"]] == ["township_clerk"]
    assert told["sees"] is False


def test_every_business_entity_has_it(own):
    c = people(own)("nongye")
    doc = c.get("/v1/openapi.json").json
    paths = [p for p in doc["paths"] if p.endswith("/{id}/history")]
    assert len(paths) > 30
    for p in paths:
        assert p.replace("/history", "/explain") in doc["paths"], p
        r = c.get(p.replace("history", "explain").replace(
            "{id}", str(uuid.uuid4())))
        assert r.status in (403, 404), p
    assert TOWN
