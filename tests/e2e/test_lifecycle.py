"""The life of an issue: who may do what, when, and what is left behind."""
from people import GOOD, command, done, people, report

EVIDENCE = [{"kind": "photo", "title": "公示照片", "reference": "IMG_01.jpg"}]
ASSIGN = {"responsible_subject_kind": "township", "due_on": "2023-05-31"}
PLAN = {"cause": "不熟悉程序", "rectify_mode": "limited", "task_force": "整改专班"}


def to_completed(who, kind="township", **assign):
    clerk, bureau = who("huangmaozhou"), who("nongye")
    i = report(clerk)
    done(bureau, i, "assign", **{**ASSIGN, "responsible_subject_kind": kind,
                                 **assign})
    actor = clerk if kind in ("township", "implementing_entity") \
        else who("bumen")
    done(actor, i, "plan", **PLAN)
    done(actor, i, "start")
    return done(actor, i, "complete", progress_text="已完成。公示期满",
                evidence=EVIDENCE)


def test_the_whole_way(county):
    who = people(county)
    i = to_completed(who)
    assert (i["state"], i["attempt"], i["is_completed"]) == \
        ("completed", 1, True)
    assert i["labels"]["state"] == "已完成待验收"
    i = done(who("nongye"), i, "accept", opinion="达到目标")
    assert i["accepted"] is True and i["self_verified"] is False
    assert i["acceptor_org"] == "沅江市农业农村局"
    assert [f for f in i["faults"] if f["rule"] == "R-24"], "late is flagged"
    i = done(who("zhenxing"), i, "close")
    assert i["closed"] is True and i["state"] == "closed"
    revs = who("huangmaozhou").get(f"/v1/issues/{i['id']}/history").json["items"]
    assert [r["data"]["state"] for r in reversed(revs)] == [
        "found", "assigned", "planned", "rectifying", "completed",
        "accepted", "closed"]
    rows = county.psql("SELECT command, result, attempt FROM issue_acceptance"
                       f" WHERE issue_id = '{i['id']}' ORDER BY created_at")
    assert rows == [["accept", "passed", "1"], ["close", "closed", "1"]]
    r = who("huangmaozhou").patch(f"/v1/issues/{i['id']}", {"goal": "新"},
                            rev=i["rev"])
    assert (r.status, r.json["code"]) == (409, "not_editable")


def test_may_says_exactly_what_is_possible(county):
    who = people(county)
    i = report(who("huangmaozhou"))
    assert i["may"] == ["assign", "fix_on_spot"]
    seen = who("shenji").get(f"/v1/issues/{i['id']}").json
    assert seen["may"] == []
    bureau = who("nongye").get(f"/v1/issues/{i['id']}").json
    assert set(bureau["may"]) == {"assign", "void", "merge"}
    for name in ("assign", "plan", "start", "fix_on_spot", "complete",
                 "accept", "reject", "close", "self_close", "suspend",
                 "void", "merge", "reopen"):
        r = command(who("shenji"), i, name)
        assert r.status == 403, (name, r)
        if name not in bureau["may"]:
            r = command(who("nongye"), i, name)
            assert r.status in (403, 409), (name, r)


def test_a_list_says_of_each_row_what_the_row_says(county):
    """Rows alike in all that decides are answered from one another: rows of
    every stand, in turns, give each what it gives alone."""
    who = people(county)
    for _ in range(2):
        report(who("huangmaozhou"))
        to_completed(who)
        to_completed(who, "sector_dept", competent_line="水利")
        done(who("nongye"), report(who("huangmaozhou")), "void",
             reason="重复录入")
        report(who("qionghu"))
    seen = set()
    for login in ("nongye", "zhenxing", "bumen", "huangmaozhou", "qionghu",
                  "shenji"):
        client = who(login)
        items = client.get("/v1/issues?limit=40&voided=true").json["items"]
        seen |= {tuple(i["may"]) for i in items}
        for i in items:
            assert i["may"] == client.get(
                f"/v1/issues/{i['id']}").json["may"], (login, i)
    assert len(seen) > 5


def test_a_command_names_what_it_lacks(county):
    who = people(county)
    clerk = who("huangmaozhou")
    i = report(clerk, goal=None, measures=None)
    r = command(clerk, i, "assign")
    assert r.status == 422 and r.json["code"] == "needs"
    assert [f["pointer"] for f in r.json["faults"]] == \
        ["/responsible_subject_kind"]
    r = command(clerk, i, "assign", **{**ASSIGN, "due_on": "2023-07-01"})
    assert (r.status, r.json["code"]) == (409, "hard_stop")
    assert "2023-06-30" in r.json["detail"]
    r = command(clerk, i, "assign", **ASSIGN, state="closed")
    assert r.status == 422
    i = done(clerk, i, "assign", **ASSIGN)
    r = command(clerk, i, "start")
    assert (r.status, r.json["code"]) == (409, "state")
    assert "已定方案" in r.json["detail"]
    r = command(clerk, i, "plan", **PLAN)
    assert {f["pointer"] for f in r.json["faults"]} == {"/goal", "/measures"}


def test_completion_needs_completion_and_evidence(county):
    who = people(county)
    clerk = who("huangmaozhou")
    i = report(clerk)
    done(clerk, i, "assign", **ASSIGN)
    done(clerk, i, "plan", **PLAN)
    done(clerk, i, "start")
    r = command(clerk, i, "complete", evidence=EVIDENCE)
    assert (r.status, r.json["code"]) == (409, "not_completed")
    r = command(clerk, i, "complete", progress_text="已完成")
    assert (r.status, r.json["code"]) == (409, "no_evidence")
    r = command(clerk, i, "complete", progress_text="已完成",
                evidence=[{"kind": "smell", "title": ""}])
    assert r.status == 422
    rows = county.psql("SELECT count(*) FROM evidence WHERE row_id ="
                       f" '{i['id']}'")
    assert rows == [["0"]], "a refused command leaves nothing behind"
    done(clerk, i, "complete", progress_text="已完成", evidence=EVIDENCE)


def test_two_persons_and_the_right_acceptor(county):
    who = people(county)
    i = to_completed(who)
    r = command(who("huangmaozhou-lead"), i, "accept")
    assert r.status == 403 and "农业农村局" in r.json["detail"]
    assert command(who("bumenlead"), i, "accept").status in (403, 404)
    # The bureau that submitted may not accept.
    i = report(who("nongye"), division_code="430981107000")
    done(who("nongye"), i, "assign", responsible_subject_kind="county",
         due_on="2023-05-31")
    done(who("nongye"), i, "plan", **PLAN)
    done(who("nongye"), i, "start")
    done(who("nongye"), i, "complete", progress_text="已完成", evidence=EVIDENCE)
    r = command(who("zhenxing"), i, "accept")
    assert r.status == 403 and "市级" in r.json["detail"]


def test_implementing_entity_is_accepted_by_its_department(county):
    who = people(county)
    i = to_completed(who, "implementing_entity", competent_line="水利")
    assert command(who("nongye"), i, "accept").status == 403
    assert command(who("bumen"), i, "accept").status == 403
    i = done(who("bumenlead"), i, "accept")
    assert i["state"] == "accepted"
    assert done(who("bumenlead"), i, "close")["closed"] is True


def test_self_verification_needs_two_people_of_the_department(county):
    who = people(county)
    i = to_completed(who, "sector_dept", competent_line="水利")
    assert command(who("nongye"), i, "accept").status == 403
    assert command(who("bumen"), i, "self_close").status == 403
    i = done(who("bumenlead"), i, "self_close")
    assert i["self_verified"] and i["accepted"] and i["closed"]
    listed = who("nongye").get("/v1/issues?self_verified=true").json["items"]
    assert i["id"] in [x["id"] for x in listed]
    # Submitted by the leader himself: refused.
    i = report(who("huangmaozhou"))
    done(who("nongye"), i, "assign", responsible_subject_kind="sector_dept",
         competent_line="水利", due_on="2023-05-31")
    done(who("bumenlead"), i, "plan", **PLAN)
    done(who("bumenlead"), i, "start")
    done(who("bumenlead"), i, "complete", progress_text="已完成",
         evidence=EVIDENCE)
    r = command(who("bumenlead"), i, "self_close")
    assert (r.status, r.json["code"]) == (409, "two_persons")


def test_rejection_goes_round_again(county):
    who = people(county)
    i = to_completed(who)
    r = command(who("nongye"), i, "reject", due_on="2023-06-15")
    assert (r.status, r.json["code"]) == (409, "no_opinion")
    r = command(who("nongye"), i, "reject", opinion="未到位",
                due_on="2023-07-15")
    assert (r.status, r.json["code"]) == (409, "hard_stop")
    r = command(who("nongye"), i, "reject", opinion="未到位")
    assert (r.status, r.json["code"]) == (409, "no_new_due")
    i = done(who("nongye"), i, "reject", opinion="未到位", due_on="2023-06-15")
    assert (i["state"], i["due_on"], i["is_completed"]) == \
        ("rectifying", "2023-06-15", None)
    i = done(who("huangmaozhou"), i, "complete", progress_text="已完成。已补公示")
    assert i["attempt"] == 2
    assert done(who("nongye"), i, "accept")["state"] == "accepted"


def test_on_the_spot(county):
    who = people(county)
    i = report(who("huangmaozhou"))
    i = done(who("huangmaozhou"), i, "fix_on_spot", progress_text="已完成。当场补正",
             evidence=EVIDENCE)
    assert (i["state"], i["rectify_mode"]) == ("completed", "immediate")


def test_suspend_void_merge_reopen(county):
    who = people(county)
    clerk, bureau = who("huangmaozhou"), who("nongye")
    i = report(clerk)
    assert command(clerk, i, "void", reason="误报").status == 403
    assert command(bureau, i, "void").json["code"] == "no_reason"
    i = done(bureau, i, "void", reason="误报")
    assert i["voided_at"] and i["void_reason"] == "误报"
    listed = clerk.get("/v1/issues?limit=200").json["items"]
    assert i["id"] not in [x["id"] for x in listed]
    listed = clerk.get("/v1/issues?state=voided&limit=200").json["items"]
    assert i["id"] in [x["id"] for x in listed]
    listed = clerk.get("/v1/issues?state=!closed&limit=200").json["items"]
    assert i["id"] not in [x["id"] for x in listed]

    a, b = report(clerk), report(clerk)
    other = report(clerk, category="其他")
    team = who("shizhuanban")
    assert command(team, a, "merge", merged_into_id=a["id"]).json["code"] == \
        "no_target"
    assert command(team, a, "merge", merged_into_id=other["id"]
                   ).json["code"] == "other_subject"
    assert command(team, a, "merge", merged_into_id="x").status == 422
    assert done(team, a, "merge", merged_into_id=b["id"])["state"] == "merged"

    i = done(bureau, done(bureau, to_completed(who), "accept"), "close")
    assert command(team, b, "merge", merged_into_id=i["id"]).json["code"] == \
        "no_target"
    assert command(bureau, i, "reopen").json["code"] == "no_reason"
    i = done(bureau, i, "reopen", reason="抽查未达标")
    assert (i["state"], i["closed"], i["accepted"]) == \
        ("rectifying", None, None)

    i = report(clerk)
    done(clerk, i, "assign", **ASSIGN)
    # Whoever rectifies does not let himself have longer (A27).
    lasting = {**PLAN, "rectify_mode": "long_term"}
    assert command(clerk, i, "plan", **lasting, due_on="2024-12-31").json[
        "code"] == "hard_stop"
    done(clerk, i, "plan", **lasting)
    done(clerk, i, "start")
    i = done(who("shizhang"), i, "suspend", next_review_on="2024-01-31",
             due_on="2024-12-31")
    assert (i["state"], i["due_on"]) == ("suspended", "2024-12-31")


def test_commands_honour_if_match_and_idempotency(county):
    who = people(county)
    clerk = who("huangmaozhou")
    i = report(clerk)
    path = f"/v1/issues/{i['id']}/assign"
    r = clerk.post(path, ASSIGN, headers={"If-Match": '"7"'})
    assert r.status == 412 and r.headers["etag"] == '"1"'
    key = {"Idempotency-Key": f"assign-{i['id']}"}
    first = clerk.post(path, ASSIGN, headers=key)
    again = clerk.post(path, ASSIGN, headers=key)
    assert first.status == again.status == 200
    assert first.body == again.body
    assert clerk.post(path, {**ASSIGN, "due_on": "2023-05-30"},
                      headers=key).json["code"] == "idempotency_mismatch"


def test_one_subject(county):
    """An issue is about one thing, and merged into issues about it only."""
    who = people(county)
    clerk, team = who("huangmaozhou"), who("shizhuanban")
    homes = [made(clerk, "households", household_no=f"TH-{n}",
                  head_name="张三", types=["tuopin"])["id"] for n in (1, 2)]
    projects = [made(clerk, "projects", name=f"茶园{n}", build_year=2022,
                     type_l1="industry", is_industry=True, content="茶园",
                     total_investment_fen=100, support_fund_fen=100)["id"]
                for n in (1, 2)]
    for field, kind, (one, two) in (("household_id", "household", homes),
                                    ("project_id", "project", projects)):
        a, b, c, d = (report(clerk, subject_kind=kind, **{field: of})
                      for of in (one, two, one, None))
        for other in (b, d):
            assert command(team, a, "merge", merged_into_id=other["id"]
                           ).json["code"] == "other_subject"
        assert done(team, a, "merge", merged_into_id=c["id"])
    for fields in ({"project_id": projects[0], "household_id": homes[0]},
                   {"project_id": projects[0], "subject_kind": "household"},
                   {"household_id": homes[0], "subject_kind": "unit"}):
        r = clerk.post("/v1/issues", {**GOOD, **fields})
        assert [f["code"] for f in r.json["faults"]] == ["issue_subject"], r
    a, b, c = (report(clerk, village_code=code) for code in (
        "430981107061", "430981107062", None))
    assert command(team, a, "merge", merged_into_id=b["id"]).json["code"] == \
        "other_subject"
    assert done(team, a, "merge", merged_into_id=c["id"])


def made(client, path, **fields):
    r = client.post(f"/v1/{path}", fields)
    assert r.status == 201, r.text
    return r.json
