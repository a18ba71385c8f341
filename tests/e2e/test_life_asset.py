"""The life of an asset and of its disposal (3.5.8), through the API."""
from walks import (LINE, PHOTO, VILLAGE, attachment, cast, change, done, force,
                   make, number, order, org, project, read, refused, walk)
from people import TOWN

A, D = "assets", "asset-disposals"


def asset(stack, owner="village_coll", kind="operating", **fields):
    p = fields.pop("project", None) or project(stack)
    return make(cast(stack)("huangmaozhou"), A, division_code=VILLAGE,
                asset_no=f"ZC-{next(number):05}", project_id=p["id"],
                name="冷库", asset_type=kind, acquired_on="2022-06-01",
                original_value_fen=80000000, depreciation_fen=5000000,
                owner_kind=owner, competent_line=LINE,
                supervising_org_id=org(stack, "slj"), **fields)


def in_use(stack, owner="village_coll", kind="operating"):
    """An asset that its own commands have brought into use."""
    who, p = cast(stack), project(stack)
    force(stack, "project", p, settled_on="2022-07-01",
          final_account_on="2022-07-10")
    a = asset(stack, owner, kind, project=p)
    clerk = who("huangmaozhou")
    make(clerk, "asset-rights", asset_id=a["id"], right_kind="own",
         holder_kind=owner, holder_name="柳红村股份经济合作社")
    titler = {"state": "lh-cai", "household": "lh-shu",
              "enterprise": "bumenlead"}.get(owner, "huangmaozhou")
    done(who(titler), A, a, "title", evidence=PHOTO)
    make(clerk, "asset-transfers", asset_id=a["id"],
         from_org_id=org(stack, "slj"), to_name="柳红村", doc_no="移交1号",
         transferred_on="2022-08-01")
    done(who("bumenlead"), A, a, "transfer", evidence=PHOTO)
    if kind == "operating":
        change(clerk, A, a, operating_mode="self")
    else:
        make(clerk, "asset-custodies", asset_id=a["id"],
             custodian_org_id=org(stack, "slj"), valid_from="2022-09-01")
    owners = {"state": "lh-cai", "township_coll": "huangmaozhou",
              "enterprise": "bumen"}.get(owner, "lh-shu")
    a = done(who(owners), A, a, "custody", evidence=PHOTO)
    assert (a["state"], a["operating_state"]) == ("in_use", "normal")
    return a


def test_what_an_asset_needs_until_it_is_in_use(county):
    who = cast(county)
    a = asset(county)
    clerk = who("huangmaozhou")
    assert a["state"] == "formed" and a["net_value_fen"] == 75000000
    assert a["labels"]["state"] == "已形成"
    refused(clerk, A, a, "title", "no_owner_right", evidence=PHOTO)
    right = make(clerk, "asset-rights", asset_id=a["id"], right_kind="own",
                 holder_kind="village_coll", holder_name="柳红村")
    assert right["division_code"] == VILLAGE
    refused(clerk, A, a, "title", "no_evidence")
    refused(who("lh-cai"), A, a, "title", "titling_role", evidence=PHOTO)
    refused(who("shizhuanban"), A, a, "title", "denied", evidence=PHOTO)
    refused(clerk, A, a, "custody", "state")
    done(clerk, A, a, "title", evidence=PHOTO)
    lead = who("bumenlead")
    refused(lead, A, a, "transfer", "no_transfer")
    make(clerk, "asset-transfers", asset_id=a["id"],
         from_org_id=org(county, "slj"), to_name="柳红村", doc_no="移交2号",
         transferred_on="2022-08-01")
    refused(lead, A, a, "transfer", "not_settled")
    force(county, "project", {"id": a["project_id"]}, settled_on="2022-07-01",
          final_account_on="2022-07-10")
    done(lead, A, a, "transfer")
    refused(who("lh-shu"), A, a, "custody", "no_operation")
    change(clerk, A, a, operating_mode="lease")
    refused(who("lh-shu"), A, a, "custody", "no_operation")
    change(clerk, A, a, operating_mode="self")
    refused(who("bumen"), A, a, "custody", "owner_role")
    a = done(who("lh-shu"), A, a, "custody")
    r = clerk.patch(f"/v1/{A}/{a['id']}", {"state": "formed"}, rev=a["rev"])
    assert r.status == 422, r
    r = clerk.patch(f"/v1/{A}/{a['id']}", {"depreciation_fen": 90000000},
                    rev=a["rev"])
    assert r.json["faults"][0]["pointer"] == "/depreciation_fen", r


def test_undecided_owners_get_no_title(county):
    a = asset(county, owner="undecided")
    refused(cast(county)("bumenlead"), A, a, "title", "undecided",
            evidence=PHOTO)


def test_a_public_asset_needs_a_custodian(county):
    who = cast(county)
    a = in_use(county, "township_coll", "public")
    custody = who("huangmaozhou").get(
        f"/v1/asset-custodies?asset_id={a['id']}").json["items"][0]
    seen = make(who("huangmaozhou"), "custody-inspections",
                custody_id=custody["id"], inspected_on="2023-05-01",
                condition="good")
    assert seen["division_code"] == VILLAGE
    r = who("huangmaozhou").patch(f"/v1/custody-inspections/{seen['id']}",
                                  {"note": "改"}, rev=seen["rev"])
    assert r.status in (404, 405, 409), r


def test_idle_and_revived(county):
    who = cast(county)
    a = in_use(county)
    clerk = who("huangmaozhou")
    refused(clerk, A, a, "mark_idle", "no_reason", evidence=PHOTO)
    a = walk(who, A, a, [
        ("huangmaozhou", "mark_inefficient", {"reason": "订单不足"}),
        ("huangmaozhou", "mark_idle", {"reason": "停产三个月"})])
    assert (a["idle_kind"], a["idle_reason"]) == ("idle", "停产三个月")
    refused(who("lh-cai"), A, a, "revive", "owner_role", revive_path="A")
    refused(clerk, A, a, "revive", "needed")
    r = order(clerk, A, a, "revive", revive_path="B")
    assert r.json["faults"][0]["code"] == "asset_revived_by", r
    o = make(who("nongye"), "operators", division_code=VILLAGE,
             name=f"稻虾合作社{next(number)}", kind="coop")
    a = done(clerk, A, a, "revive", revive_path="B",
             operating_operator_id=o["id"])
    assert (a["state"], a["idle_kind"]) == ("in_use", None)
    assert a["revived_on"] is not None


def disposal(stack, a, **fields):
    owner = {"state": "bumen"}.get(a["owner_kind"], "huangmaozhou")
    return make(cast(stack)(owner), D, asset_id=a["id"], reason="X6",
                appraised_fen=30000000,
                appraisal_file_id=attachment(cast(stack)(owner)), **fields)


def six_papers(client):
    return {f: attachment(client) for f in (
        "proposal_file_id", "committee_file_id", "party_file_id",
        "assembly_file_id", "resolution_notice_file_id",
        "result_notice_file_id")}


def test_a_collective_asset_is_disposed_of(county):
    who = cast(county)
    a = in_use(county)
    clerk, village = who("huangmaozhou"), who("lh-shu")
    d = disposal(county, a)
    assert clerk.post(f"/v1/{D}", {"asset_id": a["id"], "reason": "X1"}
                      ).status == 409, "one disposal of an asset"
    refused(who("lh-cai"), D, d, "propose", "owner_role", evidence=PHOTO)
    d = done(village, D, d, "propose", evidence=PHOTO)
    assert read(clerk, A, a)["state"] == "disposal_proposed"
    change(clerk, D, d, decision_kind="other", decided_on="2023-05-01")
    refused(village, D, d, "decide", "four_two")
    papers = six_papers(clerk)
    last = papers.popitem()
    change(clerk, D, d, decision_kind="four_two", **papers)
    refused(village, D, d, "decide", "four_two")
    change(clerk, D, d, **dict([last]))
    d = done(village, D, d, "decide")
    lead = who("huangmaozhou-lead")
    refused(lead, D, d, "approve", "needed")
    d = done(lead, D, d, "return", reason="评估报告过期")
    assert d["state"] == "draft" and read(clerk, A, a)["state"] == "in_use"
    d = walk(who, D, d, [("lh-shu", "propose", {}),
                         ("lh-shu", "decide", {})])
    change(clerk, D, d, dept_opinion="同意")
    refused(who("nongye"), D, d, "approve", "approver",
            approved_doc_no="批1号")
    d = done(lead, D, d, "approve", approved_doc_no="批1号")
    # The asset's own state would stay behind: 资产不流失 (T16).
    refused(clerk, D, d, "void", "row_kept", reason="不处置了")
    d = done(lead, D, d, "return", reason="买方退出")
    assert d["approved_on"] is d["approved_doc_no"] is None
    assert read(clerk, A, a)["state"] == "in_use"
    d = walk(who, D, d, [("lh-shu", "propose", {}),
                         ("lh-shu", "decide", {})])
    d = done(lead, D, d, "approve", approved_doc_no="批1号")
    assert d["approved_on"] and d["approved_by_org"] == "黄茅洲镇人民政府"
    refused(village, D, d, "execute", "needed", method="auction")
    d = done(village, D, d, "execute", method="auction",
             disposed_on="2023-06-01", proceeds_fen=28000000)
    assert read(clerk, A, a)["state"] == "disposed"
    refused(clerk, D, d, "account", "proceeds_use", voucher_no="记1号")
    change(clerk, D, d, proceeds_use="other")
    refused(clerk, D, d, "account", "proceeds_use", voucher_no="记1号")
    change(clerk, D, d, proceeds_use="consolidate")
    d = done(clerk, D, d, "account", voucher_no="记1号")
    assert d["state"] == read(clerk, A, a)["state"] == "accounted"
    r = clerk.patch(f"/v1/{A}/{a['id']}", {"remark": "改"},
                    rev=read(clerk, A, a)["rev"])
    assert (r.status, r.json["code"]) == (409, "not_editable")


def test_a_state_asset_goes_through_the_treasury(county):
    who = cast(county)
    a = in_use(county, "state")
    d = disposal(county, a)
    treasury = who("lh-cai")
    refused(who("lh-shu"), D, d, "propose", "owner_role", evidence=PHOTO)
    done(treasury, D, d, "propose", evidence=PHOTO)
    change(who("bumen"), D, d, decision_kind="state_asset",
           decided_on="2023-05-01", dept_opinion="同意")
    refused(treasury, D, d, "decide", "finance_procedure")
    change(who("bumen"), D, d, finance_file_id=attachment(who("bumen")))
    done(treasury, D, d, "decide")
    # The one who proposed and decided cannot approve as well.
    refused(treasury, D, d, "approve", "two_persons", approved_doc_no="批2号")
    refused(treasury, D, d, "approve", "proposer", approved_doc_no="批2号")
    refused(who("huangmaozhou-lead"), D, d, "approve", "approver",
            approved_doc_no="批2号")


def test_only_what_is_in_use_and_appraised_is_disposed_of(county):
    who = cast(county)
    a, formed = in_use(county), asset(county)
    d = disposal(county, a)
    change(who("huangmaozhou"), D, d, appraisal_file_id=None)
    refused(who("lh-shu"), D, d, "propose", "no_appraisal",
            evidence=PHOTO)
    d = disposal(county, formed)
    refused(who("lh-shu"), D, d, "propose", "asset_state",
            evidence=PHOTO)


def test_yearly_results_and_lists_sent_around(county):
    who = cast(county)
    a = in_use(county)
    clerk = who("huangmaozhou")
    y = make(clerk, "asset-operation-years", asset_id=a["id"], year=2022,
             income_fen=6000000, cost_fen=2000000, distributed_fen=3000000,
             distribution=[{"to": "脱贫户20户", "fen": 3000000}],
             use_tag="consolidate")
    r = clerk.post("/v1/asset-operation-years", {
        "asset_id": a["id"], "year": 2022, "income_fen": 1})
    assert r.status == 409, r
    r = clerk.patch(f"/v1/asset-operation-years/{y['id']}",
                    {"distribution": {}}, rev=y["rev"])
    assert r.json["faults"][0]["pointer"] == "/distribution", r
    f = make(who("huangmaozhou"), "asset-feedback", division_code=TOWN,
             recipient_org_id=org(county, "slj"), route="sector",
             as_of=f"{2100 + next(number) % 7000}-06-30", asset_count=3, original_value_fen=240000000)
    assert f["labels"]["route"] == "行业设施"


def test_owner_and_type_are_settled_with_the_title(county):
    """Or the procedure of a collective asset could be gone round (T16)."""
    clerk = cast(county)("huangmaozhou")
    change(clerk, A, asset(county), owner_kind="state", asset_type="public")
    a = in_use(county)
    for name, value in (("owner_kind", "enterprise"),
                        ("asset_type", "public")):
        r = clerk.patch(f"/v1/{A}/{a['id']}", {name: value}, rev=a["rev"])
        assert [f["code"] for f in r.json["faults"]] == ["asset_titled"], r
    change(clerk, A, a, owner_text="柳红村")
