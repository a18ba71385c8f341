"""A webhook tells of what its role reads when it is sent, not of what it read
when it was made."""
import os
import signal
import time

import pytest
from people import COUNTY, people, report
from projects import project
from stack import wait_for
from test_webhooks import end, subscribe, wait_at, world

assert world    # the fixture


def rights(stack, group, *verbs):
    """The role keeps these verbs on the group."""
    c = people(stack)("security")
    role = next(x for x in c.get("/v1/roles").json["items"]
                if x["code"] == "lead_bureau")
    r = c.put("/v1/roles/lead_bureau", {"rights": {**role["rights"],
                                                   group: list(verbs)}})
    assert r.status == 200, r
    return role["rights"].get(group, [])


@pytest.fixture
def issues(world):
    """What the bureau may do with issues, given back in the end."""
    before = rights(world, "issue", "read")
    rights(world, "issue", *before)
    yield before
    rights(world, "issue", *before)


def told(stack, path):
    return [b["data"]["id"] for _, b in stack.receiver.at(path, 200)]


def test_no_more_of_an_entity_that_the_role_no_longer_reads(world, issues):
    clerk = people(world)("huangmaozhou")
    hook = subscribe(world, "/lost", entities=["issue", "project"])
    first = report(clerk)
    wait_at(world, "/lost", 1)
    rights(world, "issue")
    lost = report(clerk)
    # The others go on: by then the lost one would have come.
    other = project(world)
    wait_at(world, "/lost", 2)
    assert told(world, "/lost") == [first["id"], other["id"]]
    rights(world, "issue", *issues)
    again = report(clerk)
    wait_at(world, "/lost", 3)
    assert told(world, "/lost")[2:] == [again["id"]]
    assert lost["id"] not in told(world, "/lost")
    end(world, hook)


def test_what_waits_to_be_sent_is_not_sent(world, issues):
    """It was picked before the right was taken."""
    hook = subscribe(world, "/waits", entities=["issue"])
    pause = ("UPDATE webhook_state SET paused_until = {} WHERE webhook_id ="
             f" '{hook['id']}'")
    world.psql(pause.format("now() + interval '1 hour'"))
    row = report(people(world)("huangmaozhou"))
    wait_for(lambda: world.psql(
        "SELECT count(*) FROM webhook_delivery WHERE state = 'pending' AND"
        f" webhook_id = '{hook['id']}'") == [["1"]], 20)
    rights(world, "issue")
    world.psql(pause.format("NULL"))
    time.sleep(2)
    assert told(world, "/waits") == []
    rights(world, "issue", *issues)
    wait_at(world, "/waits", 1)
    assert told(world, "/waits") == [row["id"]]
    end(world, hook)


def test_who_moves_it_reads_what_it_tells(world):
    """It tells of what its own role reads, and to where another says."""
    r = people(world)("security").put("/v1/roles/hook_desk", {
        "label": "接口管理员", "level": 3, "clearance": 2,
        "plays": ["task_force"],
        "rights": {"webhook": ["read", "create", "change"],
                   "project": ["read"]}})
    assert r.status == 200, r
    c = wait_for(lambda: people(world)("security").post("/v1/users", {
        "login": "jiekou", "name": "某某", "password": "for-this-test",
        "division_code": COUNTY, "grants": [{"role": "hook_desk"}]}
        ).status == 200 and world.login("jiekou", "for-this-test"))
    for path, entities, status in (("/more", ["issue", "project"], 403),
                                   ("/less", ["project"], 200)):
        hook = subscribe(world, path, entities=entities)
        r = c.patch(f"/v1/webhooks/{hook['id']}",
                    {"url": f"{world.url}/elsewhere"}, hook["rev"])
        assert r.status == status, r
        r = c.patch(f"/v1/webhooks/{hook['id']}", {"active": False},
                    hook["rev"] + (status == 200))
        assert r.status == 200, r
        end(world, hook)


def test_what_was_never_sent_is_forgotten_in_the_end(world, issues):
    """As what was sent is, after thirty days."""
    hook = subscribe(world, "/never", entities=["issue"])
    mine = f"FROM webhook_delivery WHERE webhook_id = '{hook['id']}'"
    world.psql("UPDATE webhook_state SET paused_until = now() + interval"
               f" '1 hour' WHERE webhook_id = '{hook['id']}'")
    for _ in range(2):
        report(people(world)("huangmaozhou"))
    wait_for(lambda: world.psql(f"SELECT count(*) {mine}") == [["2"]], 20)
    world.psql("UPDATE webhook_delivery SET at = now() - interval '31 days'"
               f" WHERE id = (SELECT id {mine} ORDER BY seq LIMIT 1)")
    rights(world, "issue")
    for pid in world.pids("taizhang-jobs"):     # begins by tidying up
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: world.psql(f"SELECT state, error, tried_at {mine}")
             == [["failed", "not_readable", ""]], 20)
    end(world, hook)
