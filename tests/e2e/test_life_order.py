"""Supervision orders from the draft to the end, and what stands beside them
(domain.md 3.5.7): visits, subjects, notices, accountability."""
from lives import (COUNTY, PHOTO, SIBLING, TOWN, agrees, day, done,
                   everybody, give, make, may, org, refused)
from people import report

ORDERS = "supervision-orders"
number = iter(range(1, 1000))


def order(county, who, **fields):
    return make(who("shizhuanban"), ORDERS, **{
        "order_no": f"督办〔2023〕{next(number)}号", "kind": "supervise",
        "target_org_id": org(county, "zf", TOWN), "division_code": TOWN,
        "content": "稻虾基地闲置，限期盘活", "reply_due_on": day(10),
        "source": "research", **fields})


def issued(county, who, **fields):
    o = order(county, who, **fields)
    return done(who("shizhuanban"), ORDERS, o, "issue")


def test_the_whole_way(county):
    who = everybody(county)
    o = order(county, who)
    assert o["state"] == "draft" and o["labels"]["kind"] == "督办单"
    assert o["issuer_org_id"] == o["reporting_org_id"] is not None
    assert "issue" in may(who("shizhuanban"), ORDERS, o)
    assert may(who("shenji"), ORDERS, o) == set()
    refused(who("huangmaozhou"), ORDERS, o, "issue", "who", 403)
    refused(who("nongye"), ORDERS, o, "issue", "issuer")
    refused(who("huangmaozhou"), ORDERS, o, "receive", "state")
    o = done(who("shizhuanban"), ORDERS, o, "issue")
    assert o["issued_on"] == day() and o["state"] == "issued"
    refused(who("zhenxing"), ORDERS, o, "receive", "target")
    assert "receive" in may(who("huangmaozhou"), ORDERS, o)
    o = done(who("huangmaozhou"), ORDERS, o, "receive")
    assert o["received_on"] == day()
    refused(who("huangmaozhou"), ORDERS, o, "reply", "needed", 422)
    refused(who("huangmaozhou"), ORDERS, o, "reply", "no_evidence",
            reply="已引进新主体")
    o = done(who("huangmaozhou"), ORDERS, o, "reply", reply="已引进新主体",
             evidence=PHOTO)
    assert o["reply"] == "已引进新主体" and o["replied_on"] == day()
    refused(who("shizhuanban"), ORDERS, o, "return", "no_reason",
            reply_due_on=day(5))
    refused(who("shizhuanban"), ORDERS, o, "return",
            "supervision_order_again", reply_due_on=day(-1), reason="未到位")
    o = done(who("shizhuanban"), ORDERS, o, "return", reply_due_on=day(5),
             reason="照片不清楚")
    assert (o["state"], o["verdict"]) == ("received", "failed")
    o = done(who("huangmaozhou-lead"), ORDERS, o, "reply", reply="已投产",
             evidence=PHOTO)
    refused(who("shizhuanban"), ORDERS, o, "verify_ok", "needed", 422)
    refused(who("nongye"), ORDERS, o, "verify_ok", "issuer",
            verify_opinion="属实")
    o = done(who("shizhuanban"), ORDERS, o, "verify_ok", verify_opinion="属实")
    assert (o["state"], o["verdict"]) == ("closed", "passed")
    r = who("shizhuanban").patch(f"/v1/{ORDERS}/{o['id']}", {"remark": "迟"},
                                 rev=o["rev"])
    assert r.status == 409


MOVES = ("issue", "receive", "reply", "verify_ok", "return", "escalate")
LOGINS = ("huangmaozhou", "huangmaozhou-lead", "jg-cunguan", "nongye",
          "shizhuanban", "shizhang", "bumenlead", "jg-duzhazu", "jg-zhouzhuanban",
          "shenji", "caowei")


def test_may_is_what_each_is_let_into(county):
    who = everybody(county)
    o = order(county, who)
    for by, name, body in (
            ("shizhuanban", "issue", {}), ("huangmaozhou", "receive", {}),
            ("huangmaozhou", "reply", {"reply": "办结", "evidence": PHOTO}),
            ("shizhuanban", "verify_ok", {"verify_opinion": "属实"})):
        agrees(who, ORDERS, o, MOVES, LOGINS)
        o = done(who(by), ORDERS, o, name, **body)
    agrees(who, ORDERS, o, MOVES, LOGINS)


def test_an_order_closes_after_its_issues(county):
    who = everybody(county)
    o = order(county, who)
    i = report(who("huangmaozhou"))
    make(who("shizhuanban"), "order-subjects", order_id=o["id"],
         issue_id=i["id"])
    r = who("shizhuanban").post("/v1/order-subjects", {
        "order_id": o["id"], "issue_id": i["id"]})
    assert r.status == 409, "once is enough"
    r = who("shizhuanban").post("/v1/order-subjects", {"order_id": o["id"]})
    assert r.status == 422 and r.json["faults"][0]["pointer"] == "/issue_id"
    o = done(who("shizhuanban"), ORDERS, o, "issue")
    o = done(who("huangmaozhou"), ORDERS, o, "receive")
    o = done(who("huangmaozhou"), ORDERS, o, "reply", reply="已整改",
             evidence=PHOTO)
    refused(who("shizhuanban"), ORDERS, o, "verify_ok", "open_issues",
            verify_opinion="属实")
    assert give(who("huangmaozhou"), "issues", i, "fix_on_spot",
                progress_text="已完成。当场补正", evidence=PHOTO).status == 200
    i = done(who("nongye"), "issues", i, "accept")
    refused(who("nongye"), "issues", i, "close", "open_orders")
    done(who("shizhuanban"), ORDERS, o, "verify_ok", verify_opinion="属实")
    done(who("nongye"), "issues", i, "close")
    mine = who("huangmaozhou").get(f"/v1/order-subjects?issue_id={i['id']}")
    assert [s["order_id"] for s in mine.json["items"]] == [o["id"]]


def test_an_order_long_overdue_goes_up(county):
    who = everybody(county)
    o = issued(county, who)
    refused(who("shizhang"), ORDERS, o, "escalate", "not_overdue",
            reason="逾期")
    county.psql("SET ROLE taizhang_owner; BEGIN; SELECT set_config('app.lo',"
                " '0', true), set_config('app.hi', '999999999999', true),"
                " set_config('app.line', '', true),"
                " set_config('app.clearance', '4', true);"
                " UPDATE supervision_order SET issued_on ="
                f" '{day(-20)}', reply_due_on = '{day(-8)}' WHERE id ="
                f" '{o['id']}'; COMMIT")
    refused(who("huangmaozhou"), ORDERS, o, "escalate", "who", 403,
            reason="逾期")
    o = done(who("shizhang"), ORDERS, o, "escalate", reason="逾期八天",
             escalated_to="市政府")
    assert (o["state"], o["escalated_to"]) == ("escalated", "市政府")
    o = done(who("huangmaozhou"), ORDERS, o, "reply", reply="已整改",
             evidence=PHOTO)
    assert o["state"] == "replied", "an escalated order is still answered"


def test_an_issued_order_is_its_issuers(county):
    """被督办单位不能改督办单 (B35): neither its day, nor that it is there."""
    who = everybody(county)
    o = order(county, who, target_org_id=org(county, "slj"),
              division_code=COUNTY, competent_line="水利")
    url = f"/v1/{ORDERS}/{o['id']}"
    i = report(who("huangmaozhou"))
    about = make(who("shizhuanban"), "order-subjects", order_id=o["id"],
                 issue_id=i["id"])
    o = done(who("shizhuanban"), ORDERS, o, "issue")
    for login in ("bumenlead", "nongye"):     # who must answer, and others
        for change in ({"reply_due_on": day(300)}, {"content": "已无事"},
                       {"target_org_id": org(county, "zf", TOWN)}):
            r = who(login).patch(url, change, rev=o["rev"])
            assert r.status == 422, (login, change, r)
            assert r.json["faults"][0]["rule"] == "B35", r
        refused(who(login), ORDERS, o, "void", "supervision_order_issuer",
                422, reason="不办")
        refused(who(login), "order-subjects", about, "void",
                "order_subject_issuer", 422, reason="不办")
    r = who("nongye").post("/v1/order-subjects", {
        "order_id": o["id"], "issue_id": report(who("huangmaozhou"))["id"]})
    assert r.status == 422 and r.json["faults"][0]["rule"] == "B35", r
    r = who("shizhuanban").patch(url, {"reply_due_on": day(20)}, rev=o["rev"])
    assert r.status == 200, r
    done(who("shizhuanban"), ORDERS, o, "void", reason="重复签发")


def test_an_order_stays_in_its_place(county):
    who = everybody(county)
    o = issued(county, who)
    assert who("caowei").get(f"/v1/{ORDERS}/{o['id']}").status == 404
    refusal = give(who("caowei"), ORDERS, o, "receive")
    assert refusal.status == 404
    twice = who("shizhuanban").post(f"/v1/{ORDERS}", {
        "order_no": o["order_no"], "kind": "supervise", "division_code": TOWN,
        "target_org_id": org(county, "zf", TOWN), "content": "再发",
        "reply_due_on": day(9)})
    assert twice.status == 409 and twice.json["code"] == "duplicate"
    other = make(who("shizhuanban"), ORDERS, order_no=o["order_no"],
                 kind="supervise", division_code=SIBLING, content="另一处",
                 target_org_id=org(county, "zf", SIBLING),
                 reply_due_on=day(9))
    assert other["order_no"] == o["order_no"]


def test_visits_and_what_they_saw(county):
    who = everybody(county)
    group = who("jg-duzhazu")
    v = make(group, "patrol-visits", kind="four_nots", visited_on=day(-1),
             place="黄茅洲镇稻虾基地", division_code=TOWN, findings="设备闲置",
             visitors="测试甲、测试乙", geo={"lng": 112.5, "lat": 28.9})
    assert v["geo"] == {"lng": 112.5, "lat": 28.9}
    i = report(who("huangmaozhou"))
    s = make(group, "patrol-subjects", visit_id=v["id"], issue_id=i["id"],
             subject_text="稻虾合作社", found=True, finding="设备闲置")
    assert s["division_code"] == TOWN
    r = group.post("/v1/patrol-subjects", {"visit_id": v["id"]})
    assert r.status == 422
    assert r.json["faults"][0]["pointer"] == "/subject_text"
    o = order(county, who, basis_visit_id=v["id"])
    listed = who("shizhuanban").get(
        f"/v1/{ORDERS}?basis_visit_id={v['id']}").json["items"]
    assert [x["id"] for x in listed] == [o["id"]]
    n = make(who("shizhuanban"), "notices", kind="criticism", order_id=o["id"],
             title="关于整改不力的通报", units=[TOWN], criterion="推而不动",
             division_code=COUNTY)
    assert n["labels"]["kind"] == "批评"


def test_accountability_is_for_discipline_alone(county):
    who = everybody(county)
    path = "accountability-cases"
    c = make(who("jg-jiwei"), path, case_no=f"追责{next(number)}", nature="tolerance",
             subject="洪灾致基地损毁", cause="force_majeure", division_code=TOWN,
             sensitivity=0)
    assert c["sensitivity"] == 4, "whatever the body says"
    for login in ("shizhuanban", "shizhang", "nongye", "shenji",
                  "huangmaozhou"):
        assert who(login).get(f"/v1/{path}").status == 403, login
        assert who(login).get(f"/v1/{path}/{c['id']}").status in (403, 404)
    refused(who("jg-jiwei"), path, c, "decide", "state")
    c = done(who("jg-jiwei"), path, c, "investigate")
    refused(who("jg-jiwei"), path, c, "decide", "needed", 422)
    c = done(who("jg-jiwei"), path, c, "decide", outcome="予以容错")
    assert c["decided_on"] == day()
    c = done(who("jg-jiwei"), path, c, "close")
    refused(who("jg-jiwei"), path, c, "reopen", "no_reason")
    c = done(who("jg-jiwei"), path, c, "reopen", reason="新线索")
    assert c["state"] == "investigating" and c["decided_on"] is None
