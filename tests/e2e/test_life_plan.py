"""What was approved or evaluated is what is carried out and accepted (domain.md
3.5.4, 3.5.6, B22, B28)."""
from test_life_risk import E, P, PASS, T, episode, plan, rectified
from walks import PHOTO, cast, change, done, read, refused


def test_a_plan_is_carried_out_as_it_was_approved(county):
    """B22: 措施、时限、责任单位 are the approver's, and 3.5.6: a task ends by
    his reason, not by being made void."""
    who = cast(county)
    dept = who("bumen")
    p, e = episode(county, 300, "red")
    x, t = plan(county, p)
    for path, row, more in ((P, x, {"due_on": "2030-01-01"}),
                            (P, x, {"title": "另一方案"}),
                            (T, t, {"due_on": "2030-01-01"}),
                            (T, t, {"measure": "维持现状"})):
        now = read(dept, path, row)
        r = dept.patch(f"/v1/{path}/{row['id']}", more, rev=now["rev"])
        assert r.status == 422, (path, more, r)
        assert r.json["faults"][0]["rule"] == "B22", r
    change(dept, T, t, remark="设备已订购")
    refused(dept, T, t, "void", "rectification_task_kept", reason="不做了")
    refused(dept, P, x, "void", "row_kept", reason="不做了")
    refused(dept, T, t, "cancel", "who", reason="不做了")
    done(who("bumenlead"), E, e, "start_rectify")
    change(dept, E, e, standard_version="试行", line_results=PASS)
    refused(who("bumenlead"), E, e, "self_evaluate", "open_work",
            evidence=PHOTO)
    draft, task = plan(county, p, to="draft")
    done(dept, T, task, "void", reason="填错")
    done(dept, P, draft, "void", reason="填错")


def test_what_was_evaluated_is_what_is_applied_for(county):
    """B28, R-04: who accepts reads the results that were evaluated."""
    who = cast(county)
    p, e = rectified(county, 300, "red")
    worse = PASS[:9] + [{"line": 10, "result": "fail"}]

    def fixed():
        now = read(who("bumen"), E, e)
        r = who("bumen").patch(f"/v1/{E}/{e['id']}", {"line_results": worse},
                               rev=now["rev"])
        assert r.status == 422 and r.json["faults"][0]["rule"] == "R-04", r
    done(who("bumenlead"), E, e, "self_evaluate", evidence=PHOTO)
    fixed()
    change(who("bumen"), E, e, progress="已自评")
    done(who("bumenlead"), E, e, "apply", evidence=PHOTO)
    fixed()
    done(who("shizhuanban"), E, e, "return", reason="材料不齐",
         return_due_on="2099-12-31")
    change(who("bumen"), E, e, line_results=worse)
