"""Reads by id that wait at the same time go to the database as one statement
(api/db_queue.c): everybody has what he would have had alone."""
import random
import re
import time
import uuid

import pytest
from people import COUNTY, SIBLING, TOWN, hire, people, report
from projects import EVIDENCE, cast, done, make, project
from projects import TOWN as THEIRS
from rows import model
from stack import Stack, wait_for
from waiting import Asked, locked

TABLES = ("issue", "library_entry")
READERS = ("huangmaozhou", "huangmaozhou-lead", "caowei", "bumen", "bumenlead",
           "nongye", "nongye2", "shizhuanban", "shizhang", "shenji",
           "sihushan-lead", "second", "oneaction", "viewer")


@pytest.fixture(scope="module")
def world():
    s = Stack(demo=True, agent=False, workers=1,
              env={"TAIZHANG_DB_FAST_MS": "4000"}).start()
    who = cast(s)
    s.rows = ["/v1/issues/" + report(who(login), division_code=place,
                                     **more)["id"]
             for login, place in (("huangmaozhou", TOWN), ("caowei", SIBLING),
                                  ("bumen", TOWN), ("nongye", COUNTY))
             for more in ({}, {"category": "Y-1", "goal": "二"})]
    s.rows += ["/v1/library-entries/" + x for x in entries(s)]
    hire(s, "oneaction", "lead_bureau", action="yuanjiang-2023")
    hire(s, "second", "township_lead", THEIRS)
    r = who("security").post("/v1/sessions/view", {
        "user": "huangmaozhou", "reason": "核对权限设置"})
    assert r.status == 201, r
    s._people["viewer"] = s.client(r.json["token"])
    yield s
    s.stop()


def entries(stack):
    """Two declared entries; of one it was, as if he were the village's, the
    township's lead who gave the last command."""
    who, made = cast(stack), []
    for _ in range(2):
        e = make(who("cunguan"), "library-entries", library_year=2024,
                 project_id=project(stack)["id"])
        done(who("cunzhi"), "library-entries", e, "declare",
             "village_declared", village_decision_on="2024-01-05",
             evidence=EVIDENCE)
        made.append(e["id"])
    stack.psql("UPDATE command SET by = (SELECT id FROM app_user WHERE login ="
               f" 'sihushan-lead') WHERE row_id = '{made[1]}'")
    return made


def together(stack):
    text = stack.client().get("/metrics").text
    return int(re.search(r"^taizhang_db_together_total (\d+)$", text, re.M)[1])


def everything(world):
    path, last = world.rows[3].rsplit("/", 1)
    rows = world.rows + [f"{path}/{x}" for x in (uuid.uuid4(), last.upper(),
                                                 last)]
    return [(login, row) for login in READERS for row in rows]


def send(world, asked):
    return [(a, Asked(world, people(world)(a[0]), a[1])) for a in asked]


def alone(world, asked):
    """What each is answered when nobody else asks."""
    return {a: one.answer() for k in asked for a, one in send(world, [k])}


def ask(world, asked, hold=0.3):
    """All of them wait, then the first is let through."""
    with locked(world, *TABLES):
        sent = send(world, asked)
        time.sleep(hold)
    return sent


def held(world, asked, want, least):
    """Everybody has his answer, and so many went together: held up for longer
    where a busy machine has not read all of them sooner."""
    for hold in (0.3, 1, 2):
        before = together(world)
        for a, one in ask(world, asked, hold):
            assert one.answer() == want[a], a
        went = together(world) - before
        if went >= least:
            return
    raise AssertionError(f"{went} and not {least} went together")


def test_everybody_has_his_own(world):
    asked = everything(world)
    want = alone(world, asked)
    assert {x[0] for x in want.values()} == {200, 404}
    own = {who: [b'"review"' in want[who, row][2] for row in world.rows[-2:]]
           for who in ("sihushan-lead", "second")}
    assert own == {"sihushan-lead": [True, False], "second": [True, True]}
    for seed in range(4):
        random.Random(seed).shuffle(asked)
        # Those of the one action and the viewer's are asked alone.
        held(world, asked, want, len(asked) // 2 + 1)


def test_more_than_one_statement_takes(world):
    asked = ("nongye", world.rows[1])
    want = alone(world, [asked])
    held(world, [asked] * 150, want, 149)


def test_some_leave_while_they_wait(world):
    asked = everything(world)
    want = alone(world, asked)
    with locked(world, *TABLES):
        sent = send(world, asked)
        time.sleep(0.2)
        for _, one in sent[::3]:
            one.socket.close()
        time.sleep(0.2)
    # Of those already under way, too.
    more = send(world, asked)
    for _, one in more[::2]:
        one.socket.close()
    for a, one in [x for k, x in enumerate(sent) if k % 3] + more[1::2]:
        assert one.answer() == want[a], a


def test_the_connection_is_lost(world):
    """They are asked once more, on another."""
    asked = [("nongye", row) for row in world.rows] * 5
    want = alone(world, asked)
    with locked(world, *TABLES):
        sent = send(world, asked)
        time.sleep(0.2)
        world.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                   " WHERE application_name = 'taizhang-api' AND wait_event_type"
                   " = 'Lock'")
        time.sleep(0.1)
    for a, one in sent:
        assert one.answer() == want[a]


def test_it_takes_too_long(world):
    """All are told so, and the next ones are answered."""
    asked = [("nongye", row) for row in world.rows] * 3
    # The first, whichever that is, and those that waited for it.
    got = [one.answer()[0] for _, one in ask(world, asked, hold=10)]
    assert got[0] == 503 and set(got) <= {200, 503}
    wait_for(lambda: alone(world, asked[:1])[asked[0]][0] == 200, 5,
             why="answered again")


def test_every_kind_of_row(world):
    """Of each there is a statement for many, and PostgreSQL takes it."""
    c, asked = people(world)("shenji"), 0
    for e in model().values():
        if c.get(f"/v1/{e.path}/{uuid.uuid4()}").status != 404:
            continue            # not for him to read
        went = 0
        for hold in (0.05, 0.5, 1.5):    # on a busy machine they come later
            before = together(world)
            with locked(world, e.table):
                sent = [Asked(world, c, f"/v1/{e.path}/{uuid.uuid4()}")
                        for _ in range(4)]
                wait_for(lambda: world.psql("SELECT 1 FROM pg_locks WHERE NOT"
                                            " granted"), why="one waits")
                time.sleep(hold)
            assert {one.answer()[0] for one in sent} == {404}, e.name
            went = together(world) - before
            if went >= 2:
                break
        assert went >= 2, e.name
        asked += 1
    assert asked > 40
