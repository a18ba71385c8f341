"""What `may` says is exactly what succeeds: every command tried by everybody
in every state, listed or not."""
import pytest

from people import TOWN, command, done, people, report

EVIDENCE = [{"kind": "photo", "title": "照片"}]
EVERYBODY = ["huangmaozhou", "huangmaozhou-lead", "nongye", "nongye2", "zhenxing",
             "shizhuanban", "bumen", "bumenlead", "shizhang", "shenji"]
FULL = {
    "assign": {"responsible_subject_kind": "township", "due_on": "2023-05-31"},
    "plan": {"cause": "不熟悉程序", "rectify_mode": "limited",
             "task_force": "专班"},
    "start": {}, "fix_on_spot": {"progress_text": "已完成。当场补正",
                                 "evidence": EVIDENCE},
    "complete": {"progress_text": "已完成", "evidence": EVIDENCE},
    "accept": {}, "reject": {"opinion": "未到位", "due_on": "2023-06-15"},
    "close": {}, "self_close": {},
    "suspend": {"next_review_on": "2023-12-01"},
    "void": {"reason": "误报"}, "merge": {}, "reopen": {"reason": "抽查"},
}
WAY = [("assign", "nongye"), ("plan", None), ("start", None),
       ("complete", None)]
STATES = ["found", "assigned", "planned", "rectifying", "completed",
          "accepted", "closed", "suspended", "voided", "merged"]
KINDS = {                     # who rectifies and who accepts
    "township": ("huangmaozhou", "nongye2"),
    "implementing_entity": ("huangmaozhou", "bumenlead"),
    "sector_dept": ("bumen", "bumenlead"),
    "county": ("shizhuanban", None)}


def bring(who, state, kind):
    """A new issue in a state; None where the kind does not get there."""
    actor, acceptor = KINDS[kind]
    line = {} if kind in ("township", "county") else {"competent_line": "水利"}
    i = report(who("huangmaozhou"), **line)
    other = report(who("huangmaozhou"), **line) if state == "merged" else None
    if state == "voided":
        return done(who("nongye"), i, "void", reason="误报")
    if other:
        return done(who("nongye"), i, "merge", merged_into_id=other["id"])
    stop = {"found": 0, "assigned": 1, "planned": 2, "rectifying": 3,
            "suspended": 3}.get(state, 4)
    for name, by in WAY[:stop]:
        body = dict(FULL[name])
        if name == "assign":
            body.update(responsible_subject_kind=kind, **line)
        if name == "plan" and state == "suspended":
            body["rectify_mode"] = "long_term"
        i = done(who(by or actor), i, name, **body)
    if state == "suspended":
        return done(who("shizhang"), i, "suspend", **FULL["suspend"])
    if state in ("accepted", "closed"):
        if acceptor is None:
            return None
        if kind == "sector_dept":
            if state == "accepted":
                return None
            return done(who(acceptor), i, "self_close")
        i = done(who(acceptor), i, "accept")
        if state == "closed":
            i = done(who(acceptor), i, "close")
    assert i["state"] == state, i
    return i


def body_of(who, name, i):
    body = dict(FULL[name])
    if name == "merge":
        body["merged_into_id"] = report(who("huangmaozhou"), **{
            k: i[k] for k in ("category", "competent_line") if i[k]})["id"]
    return body


@pytest.mark.parametrize("kind", KINDS)
def test_may_is_what_succeeds(county, kind):
    who = people(county)
    for state in STATES:
        i = bring(who, state, kind)
        if i is None:
            continue
        for login in EVERYBODY:
            c = who(login)
            path = f"/v1/issues/{i['id']}"
            seen = c.get(path)
            if seen.status == 404:
                assert login.startswith("bumen") and not i["competent_line"]
                for name in FULL:
                    assert command(c, i, name).status == 404, (login, name)
                continue
            may = seen.json["may"]
            assert set(may) <= set(FULL)
            for name in FULL:
                at = (kind, state, login, name, may)
                if name in may:
                    fresh = bring(who, state, kind)
                    r = command(c, fresh, name, **body_of(who, name, fresh))
                    assert r.status == 200, (at, r)
                    assert r.json["rev"] == fresh["rev"] + 1, at
                    check(r.json, fresh, name)
                else:
                    r = command(c, i, name, **body_of(who, name, i))
                    assert r.status in (403, 409), (at, r)
                    assert r.json["detail"] and r.json["code"], at
        after = who("nongye").get(f"/v1/issues/{i['id']}").json
        assert after["rev"] == i["rev"], "a refusal changes nothing"


def check(now, was, name):
    """What holds after any command (R-05, R-17)."""
    if now["closed"]:
        assert now["accepted"] and now["state"] == "closed", now
    if now["accepted"]:
        assert now["accepted_on"] and now["accepted_by"], now
        assert now["accepted_by"] != now["submitted_by"], now
    if name in ("complete", "fix_on_spot"):
        assert now["attempt"] == was["attempt"] + 1
    if name == "reject":
        assert now["state"] == "rectifying" and not now["is_completed"]
    if name == "reopen":
        assert not now["accepted"] and not now["closed"]
    else:
        assert now["state"] != was["state"]


def test_who_accepts_is_settled_once_acceptance_is_asked_for(county):
    """A township cannot turn its issue into a department's own (R-05)."""
    who = people(county)
    clerk = who("huangmaozhou")
    i = bring(who, "completed", "township")
    path = f"/v1/issues/{i['id']}"
    for body in ({"responsible_subject_kind": "sector_dept"},
                 {"competent_line": "水利"},
                 {"responsible_subject_kind": "implementing_entity",
                  "competent_line": "水利"}):
        r = clerk.patch(path, body, rev=i["rev"])
        assert r.status == 422, r
        assert {f["pointer"] for f in r.json["faults"]} == \
            {f"/{k}" for k in body}
        assert {f["rule"] for f in r.json["faults"]} == {"R-05"}
    assert clerk.patch(path, {"goal": "更高"}, rev=i["rev"]).status == 200


def test_acceptance_window_is_flagged(county):
    who = people(county)
    i = bring(who, "accepted", "township")
    path = f"/v1/issues/{i['id']}"
    for day, flagged in (("2023-05-31", True), ("2023-06-01", False),
                         ("2023-06-20", False), ("2023-06-21", True)):
        county.psql(f"UPDATE issue SET accepted_on = '{day}' WHERE id ="
                    f" '{i['id']}'")
        faults = who("nongye").get(path).json["faults"]
        got = [f for f in faults if f["pointer"] == "/accepted_on"]
        assert bool(got) == flagged, (day, faults)
        assert all(f["level"] == "warning" for f in got), got


def test_requests_of_sheets_end_with_the_command(county):
    who = people(county)
    token = (county.var / "agent/tokens" / TOWN).read_text().strip()
    from sheets import Book
    agent = county.client(token)
    ledger = agent.get("/v1/sync/binding").json["ledgers"][0]["id"]
    i = bring(who, "completed", "township")
    b = Book(agent, ledger)
    b.push(b.upd(i["id"], {"accepted": "是", "closed": "是"}))
    asked = [q["command"] for q in who("nongye").get(
        f"/v1/requests?row={i['id']}&state=open").json["items"]]
    assert sorted(asked) == ["accept", "close"]
    assert who("nongye").get(f"/v1/issues/{i['id']}").json["state"] == \
        "completed", "a sheet asks, it does not do"
    done(who("nongye2"), i, "accept")
    done(who("nongye2"), i, "close")
    left = who("nongye").get(f"/v1/requests?row={i['id']}").json["items"]
    assert {q["state"] for q in left} == {"done"}, left
