"""Reports from the obligation to the joint document, archives and rankings
(domain.md 3.5.10, 3.5.11, R-12, R-18)."""
from files import PDF, jpeg, send
from lives import (COUNTY, SIBLING, TOWN, agrees, day, done, everybody, make,
                   may, org, refused)

SENT, OWED = "report-submissions", "report-obligations"
number = iter(range(1, 1000))
MOVES = ("sign", "submit", "review", "return", "consolidate", "send")
LOGINS = ("huangmaozhou", "huangmaozhou-lead", "nongye", "shizhuanban",
          "shizhang", "bumenlead", "jg-zhouzhuanban", "shenji", "caowei")
CONTENT = {"projects_inspected": 12, "funds_inspected_fen": 345000000,
           "issues": 7}


def defined(who, signs=("party_doc", "sign")):
    return make(who("nongye"), "report-defs", code=f"D25-{next(number)}",
                name="专项行动总结", cycle="once", unit_level="4",
                required_signs=list(signs), due_rule={"on": [day(10)]})


def owed(who, d, place=TOWN, due=10, **fields):
    return make(who("nongye"), OWED, def_id=d["id"], period="2023",
                due_on=day(due), division_code=place, **fields)


def report(who, o, by="huangmaozhou", **fields):
    return make(who(by), SENT, **{
        "obligation_id": o["id"], "title": "“回头看”专项行动总结",
        "content": CONTENT, "narrative": {"组织情况": "成立专班"}, **fields})


def sent(who, o, by="huangmaozhou", lead="huangmaozhou-lead"):
    s = report(who, o, by)
    done(who(lead), SENT, s, "sign")
    return done(who(by), SENT, s, "submit", doc_no="黄党发〔2023〕8号")


def test_the_whole_way(county):
    who = everybody(county)
    clerk, lead, bureau = who("huangmaozhou"), who("huangmaozhou-lead"), \
        who("nongye")
    o = owed(who, defined(who))
    assert o["labels"]["state"] == "未报"
    assert who("caowei").get(f"/v1/{OWED}/{o['id']}").status == 404
    s = report(who, o)
    assert s["state"] == "open" and s["division_code"] == TOWN
    refused(clerk, SENT, s, "submit", "signature", doc_no="黄党发〔2023〕8号")
    refused(clerk, SENT, s, "sign", "who", 403)
    done(lead, SENT, s, "sign")
    r = clerk.patch(f"/v1/{SENT}/{s['id']}", {"content": {"issues": 8}},
                    rev=clerk.get(f"/v1/{SENT}/{s['id']}").json["rev"])
    assert r.status == 200, r
    refused(clerk, SENT, s, "submit", "signature", doc_no="黄党发〔2023〕8号")
    done(lead, SENT, s, "sign")
    no = refused(clerk, SENT, s, "submit", "needed", 422)
    assert [f["pointer"] for f in no["faults"]] == ["/doc_no"]
    s = done(clerk, SENT, s, "submit", doc_no="黄党发〔2023〕8号")
    assert (s["state"], s["attempt"], s["submitted_on"]) == \
        ("submitted", 1, day())
    o = clerk.get(f"/v1/{OWED}/{o['id']}").json
    assert (o["state"], o["submission_id"]) == ("reported", s["id"])
    assert clerk.patch(f"/v1/{SENT}/{s['id']}", {"content": {}},
                       rev=s["rev"]).status == 409, "figures are fixed"
    refused(lead, SENT, s, "review", "who", 403)
    assert "review" in may(bureau, SENT, s)
    refused(bureau, SENT, s, "return", "no_reason")
    s = done(bureau, SENT, s, "return", reason="附表缺资金数")
    assert clerk.get(f"/v1/{OWED}/{o['id']}").json["state"] == "returned"
    done(lead, SENT, s, "sign")
    s = done(clerk, SENT, s, "submit")
    assert s["attempt"] == 2
    shots = bureau.get("/v1/report-snapshots?sort=created_at&submission_id="
                       + s["id"]).json["items"]
    assert [(x["attempt"], x["content"]) for x in shots] == \
        [(1, {"issues": 8}), (2, {"issues": 8})]
    agrees(who, SENT, s, MOVES, LOGINS)
    s = done(bureau, SENT, s, "review", review_opinion="属实")
    agrees(who, SENT, s, MOVES, LOGINS)
    refused(bureau, SENT, s, "send", "state")
    s = done(bureau, SENT, s, "consolidate")
    refused(bureau, SENT, s, "send", "needed", 422)
    s = done(bureau, SENT, s, "send", joint_doc_no="沅农联〔2023〕9号")
    assert (s["state"], s["sent_on"]) == ("sent_up", day())


def test_units_that_are_missing_hold_the_summary_up(county):
    who = everybody(county)
    bureau = who("nongye")
    d = defined(who)
    mine, other = owed(who, d), owed(who, d, SIBLING)
    s = done(bureau, SENT, sent(who, mine), "review")
    refused(bureau, SENT, s, "consolidate", "units_missing")
    refused(bureau, OWED, other, "mark_missing", "no_reason")
    refused(who("caowei"), OWED, other, "mark_missing", "who", 403,
            reason="未报")
    o = done(bureau, OWED, other, "mark_missing", reason="两次催报未果")
    assert (o["state"], o["marked_missing"]) == ("not_reported", True)
    done(bureau, OWED, o, "demand", reason="补报")
    refused(bureau, SENT, s, "consolidate", "units_missing")
    o = done(bureau, OWED, other, "exempt", reason="撤并")
    late = report(who, other, "caowei")
    done(who("caowei-lead"), SENT, late, "sign")
    refused(who("caowei"), SENT, late, "submit", "exempt", doc_no="草党〔1〕")
    done(bureau, SENT, s, "consolidate")


def test_late_is_late_but_for_what_was_asked_afterwards(county):
    who = everybody(county)
    late, grace = owed(who, defined(who), due=-3), \
        owed(who, defined(who), due=-3, retroactive=True)
    for o, state in ((late, "late"), (grace, "reported")):
        sent(who, o)
        assert who("nongye").get(f"/v1/{OWED}/{o['id']}").json["state"] == \
            state
    # Asked for by a document, what was due before it has days from it.
    for issued, state in ((day(-8), "reported"), (day(-9), "late")):
        code = f"after-{next(number)}"
        r = who("admin").post("/v1/actions", {
            "code": code, "name": "分类推进", "level": 3,
            "year": 2024, "status": "draft", "division_code": COUNTY,
            "doc_no": "试府发〔2024〕64号", "doc_title": "实施方案",
            "doc_issued_on": issued, "start_on": day(-40), "phases": [],
            "params": [], "codes": []})
        assert r.status == 200, r
        o = owed(who, defined(who), due=-25, retroactive=True,
                 action_id=county.psql("SELECT id FROM action WHERE code ="
                                       f" '{code}'")[0][0])
        sent(who, o)
        assert who("nongye").get(f"/v1/{OWED}/{o['id']}").json["state"] == \
            state
    twice = who("nongye").post(f"/v1/{OWED}", {
        "def_id": late["def_id"], "period": "2023", "due_on": day(),
        "division_code": TOWN})
    assert (twice.status, twice.json["code"]) == (409, "duplicate")


def test_one_report_for_what_is_owed(county):
    """What was sent is not displaced by another (3.4)."""
    who = everybody(county)
    clerk, lead, bureau = who("huangmaozhou"), who("huangmaozhou-lead"), \
        who("nongye")
    o = owed(who, defined(who, ["sign"]))
    first = done(bureau, SENT, sent(who, o), "review")
    second = report(who, o)
    done(lead, SENT, second, "sign")
    refused(clerk, SENT, second, "submit", "already_sent")
    refused(clerk, SENT, first, "void", "row_kept", reason="重做")
    assert clerk.get(f"/v1/{OWED}/{o['id']}").json["submission_id"] == \
        first["id"]
    done(bureau, SENT, first, "return", reason="重做")
    done(clerk, SENT, second, "submit")
    assert clerk.get(f"/v1/{OWED}/{o['id']}").json["submission_id"] == \
        second["id"]


def test_nobody_reviews_what_his_own_office_sent(county):
    """Y43, 3.5.10: the county's report is the prefecture's to review, not a
    colleague's of who sent it."""
    who = everybody(county)
    d = defined(who, signs=())
    o = owed(who, d, COUNTY)
    s = report(who, o, "nongye")
    done(who("nongye"), SENT, s, "submit")
    refused(who("nongye2"), SENT, s, "review", "own_report")
    assert done(who("jg-zhouzhuanban"), SENT, s, "review")["state"] == \
        "accepted"


def test_a_sealed_report_needs_its_seal(county):
    who = everybody(county)
    s = report(who, owed(who, defined(who, ["seal"])))
    refused(who("huangmaozhou"), SENT, s, "submit", "seal")
    image = send(who("huangmaozhou"), jpeg(), name="盖章.jpg").json["id"]
    seal = make(who("huangmaozhou"), "sign-offs", submission_id=s["id"],
                block="seal", kind="seal", signed_on=day(), image_id=image,
                signer_org="黄茅洲镇人民政府")
    assert seal["content_hash"] == s["content_hash"]
    assert seal["electronic"] is None
    done(who("huangmaozhou"), SENT, s, "submit")


def test_an_archive_is_complete_when_every_entry_is_checked(county):
    who = everybody(county)
    bureau, clerk = who("nongye"), who("huangmaozhou")
    c = make(bureau, "archive-catalogs", code=f"T69-{next(number)}", version=1,
             name="淘汰类产业项目归档目录", applies_to="project")
    kinds = [("摸底调查表", "always", False, True),
             ("核查评估结果", "always", True, False),
             ("退出协议书或合同书", "if_needed", False, True)]
    items = [make(bureau, "archive-item-defs", catalog_id=c["id"], seq=n,
                  name=name, required=req, must_sign=sign, copy_allowed=copy,
                  **({"condition": "exit_agreement"} if req == "if_needed"
                     else {}))
             for n, (name, req, sign, copy) in enumerate(kinds, 1)]
    assert clerk.get(f"/v1/archive-item-defs/{items[0]['id']}").status == 200
    file = send(clerk, PDF, name="评估.pdf").json["id"]
    f = make(clerk, "archive-files", item_def_id=items[1]["id"],
             title="核查评估报告", attachment_id=file, original_or_copy="copy")
    no = refused(bureau, "archive-files", f, "check", "unsigned")
    assert {x["code"] for x in no["faults"]} >= {"unsigned", "copy"}
    refused(clerk, "archive-files", f, "check", "who", 403)
    f = done(bureau, "archive-files", f, "return", reason="缺签章、须原件")
    f = done(clerk, "archive-files", f, "resubmit", signed_sealed=True,
             original_or_copy="original")
    f = done(bureau, "archive-files", f, "check")
    assert (f["state"], f["checked_on"]) == ("checked", day())


def ranked(who, scores, scheme="annual"):
    run = make(who("nongye"), "ranking-runs", scheme=scheme,
               period=f"2025-{next(number)}", year_next=2026)
    items = [make(who("nongye"), "ranking-items", run_id=run["id"],
                  ranked_code=f"4309811{n:02}000", **x)
             for n, x in enumerate(scores, 1)]
    return run, items


def test_a_ranking_moves_the_amounts_of_the_last_to_the_first(county):
    who = everybody(county)
    path, bureau = "ranking-runs", who("nongye")
    scores = [{"score": s} for s in ("91.5", "88", "88", "80", "75", "70.25",
                                     "60")]
    run, items = ranked(who, scores[:5])
    refused(bureau, path, run, "compute", "too_few")
    run, items = ranked(who, scores)
    refused(bureau, path, run, "compute", "tie")
    for n, (item, bp) in enumerate(zip(items[1:3], (9000, 9500))):
        r = bureau.patch(f"/v1/ranking-items/{item['id']}",
                         {"spend_rate_bp": bp}, rev=item["rev"])
        assert r.status == 200, r
    run = done(bureau, path, run, "compute")
    listed = bureau.get("/v1/ranking-items?sort=rank&run_id=" + run["id"])
    order = [x["ranked_code"] for x in listed.json["items"]]
    assert order == [f"4309811{n:02}000" for n in (1, 3, 2, 4, 5, 6, 7)]
    assert bureau.get(f"/v1/{path}/{run['id']}").json["units"] == 7
    refused(bureau, path, run, "publish", "two_persons")
    run = done(who("nongye2"), path, run, "publish", objection_until=day())
    item = listed.json["items"][0]
    r = bureau.patch(f"/v1/ranking-items/{item['id']}", {"score": "99"},
                     rev=item["rev"])
    assert r.status == 422 and r.json["faults"][0]["code"] == "published"
    refused(bureau, path, run, "close_objections", "needed", 422)
    run = done(bureau, path, run, "close_objections", objections="无异议")
    refused(bureau, path, run, "adjust", "who", 403)
    run = done(who("shizhang"), path, run, "adjust")
    money = [x["adjustment_fen"] for x in bureau.get(
        "/v1/ranking-items?sort=rank&run_id=" + run["id"]).json["items"]]
    assert money == [w * 1000000 for w in (300, 200, 100, 0, -100, -200, -300)]
    refused(who("shizhang"), path, run, "apply", "needed", 422)
    run = done(who("shizhang"), path, run, "apply", doc_no="州财农〔2025〕1号")
    assert run["state"] == "applied"
    moved = who("shizhang").get("/v1/fund-adjustments?run_id=" + run["id"])
    assert sorted((x["division_code"], x["amount_fen"], x["year_next"])
                  for x in moved.json["items"]) == [
        (f"4309811{n:02}000", w * 1000000, 2026) for n, w in (
            (1, 300), (2, 100), (3, 200), (5, -100), (6, -200), (7, -300))]


def test_departments_of_a_county_are_ranked_beside_each_other(county):
    """F16: 各乡镇、县直重点行业部门 are ranked, each of them once."""
    who = everybody(county)
    run, _ = ranked(who, [], "weekly")
    item = {"run_id": run["id"], "ranked_code": COUNTY, "score": "90"}
    bureau = who("nongye")
    for code in ("slj", "nyncj", None):
        body = {**item, **({"org_id": org(county, code)} if code else {})}
        make(bureau, "ranking-items", **body)
        r = bureau.post("/v1/ranking-items", body)
        assert (r.status, r.json["code"]) == (409, "duplicate"), code


def test_a_weekly_ranking_moves_no_funds(county):
    who = everybody(county)
    path = "ranking-runs"
    run, _ = ranked(who, [{"score": str(n)} for n in range(6)], "weekly")
    run = done(who("nongye"), path, run, "compute")
    refused(who("nongye"), path, run, "revise", "no_reason")
    run = done(who("nongye"), path, run, "revise", reason="改分")
    run = done(who("nongye"), path, run, "compute")
    run = done(who("nongye2"), path, run, "publish")
    run = done(who("nongye"), path, run, "close_objections", objections="无")
    refused(who("shizhang"), path, run, "adjust", "no_funds")


def test_indicators_targets_and_values(county):
    who = everybody(county)
    i = make(who("nongye"), "indicators", code=f"G51-{next(number)}",
             name="新增引导企业数", measure_unit="户", cycle="quarterly",
             seven_action="cluster", direction="up", seq=1)
    r = who("nongye").post("/v1/indicator-targets", {
        "indicator_id": i["id"], "year": 2025, "op": "between", "value": "1"})
    assert r.status == 422 and r.json["faults"][0]["pointer"] == "/value_to"
    make(who("nongye"), "indicator-targets", indicator_id=i["id"], year=2025,
         op="at_least", value="18", division_code=COUNTY)
    v = make(who("huangmaozhou"), "indicator-values", indicator_id=i["id"],
             period="2025-Q1", period_to="2025-03-31", value="3.5")
    assert v["value"] == "3.5"
    assert who("caowei").get(f"/v1/indicator-values/{v['id']}").status == 404
    m = make(who("huangmaozhou"), "meeting-records", level="4",
             held_on=day(-3), topic="专题研究成果巩固")
    assert m["division_code"] == TOWN
