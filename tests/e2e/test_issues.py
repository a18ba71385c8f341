"""Issues over HTTP: fields, faults, revisions, lists, history."""
import uuid

from people import GOOD, SIBLING, TOWN, people, report


def test_create_read_change(county):
    clerk = people(county)("huangmaozhou")
    i = report(clerk)
    assert i["rev"] == 1 and i["category"] == "Y-1"
    assert i["labels"]["category"] == "立项批复"
    assert i["division_code"] == TOWN and i["filing_level"] == 4
    assert i["due_on"] == "2023-05-31", "the action's default"
    assert i["d_unit_or_project"] == "稻虾基地"
    assert i["d_happened_on"] == "2022-05"
    assert i["is_completed"] is False and i["expected_on"] == "2023-05-20"
    assert i["faults"] == []
    r = clerk.get(f"/v1/issues/{i['id']}")
    assert r.headers["etag"] == '"1"' and r.json == i
    r = clerk.patch(f"/v1/issues/{i['id']}", {"goal": "新目标"}, rev=1)
    assert r.status == 200 and r.headers["etag"] == '"2"'
    assert r.json["goal"] == "新目标" and r.json["rev"] == 2
    assert r.json["measures"] == i["measures"]


def test_stale_and_missing_if_match(county):
    clerk = people(county)("huangmaozhou")
    i = report(clerk)
    path = f"/v1/issues/{i['id']}"
    assert clerk.patch(path, {"goal": "a"}).status == 428
    assert clerk.patch(path, {"goal": "a"}, rev=1).status == 200
    r = clerk.patch(path, {"goal": "b"}, rev=1)
    assert r.status == 412 and r.headers["etag"] == '"2"'
    assert clerk.get(path).json["goal"] == "a"
    for bad in ("1", '"x"', "*", '"1', '""'):
        r = clerk.request("PATCH", path, {"goal": "c"},
                          {"If-Match": bad})
        assert r.status in (400, 422), (bad, r)


def test_every_fault_of_every_field_at_once(county):
    clerk = people(county)("huangmaozhou")
    r = clerk.post("/v1/issues", {
        "category": "不存在", "nonsense": 1, "due_on": "2023-02-30",
        "leader_phone": "电话", "source_year": "2023", "is_completed": "是",
        "state": "closed", "rev": 9, "goal": "长" * 2001})
    assert r.status == 422
    got = {f["pointer"]: f["code"] for f in r.json["faults"]}
    assert got == {
        "/category": "not_in_list", "/nonsense": "unknown_field",
        "/due_on": "not_a_date", "/leader_phone": "malformed",
        "/source_year": "not_integer", "/is_completed": "not_boolean",
        "/state": "read_only", "/rev": "read_only", "/goal": "too_long",
        "/description": "required"} | {"/category": got["/category"]}
    assert all(f["zh"] and f["en"] for f in r.json["faults"])


def test_codes_are_taken_by_code_and_by_label(county):
    clerk = people(county)("huangmaozhou")
    assert report(clerk, category="Y-4")["category"] == "Y-4"
    assert report(clerk, category=" 联农带农 ")["category"] == "Y-4"
    r = clerk.post("/v1/issues", {**GOOD, "source": "petition"})
    assert r.status == 422, "the action words its own sources"


def test_row_faults_do_not_refuse(county):
    clerk = people(county)("huangmaozhou")
    i = report(clerk, leader_phone=None, progress_text="未完成",
               leader_name="张三、李四")
    got = {(f["pointer"], f["rule"], f["level"]) for f in i["faults"]}
    assert ("/leader_phone", "R-17", "error") in got
    assert ("/progress_text", "Y56", "error") in got
    assert ("/leader_name", "Y34", "warning") in got


def test_unchanged_is_no_revision(county):
    clerk = people(county)("huangmaozhou")
    i = report(clerk)
    r = clerk.patch(f"/v1/issues/{i['id']}", {"goal": GOOD["goal"]}, rev=1)
    assert r.status == 200 and r.json["rev"] == 1


def test_derived_parts_follow_their_text_unless_given(county):
    clerk = people(county)("huangmaozhou")
    i = report(clerk)
    path = f"/v1/issues/{i['id']}"
    r = clerk.patch(path, {"progress_text": "已完成"}, rev=1).json
    assert (r["is_completed"], r["incomplete_reason"], r["expected_on"]) == \
        (True, None, None)
    r = clerk.patch(path, {"description": "项目名称：茶园", "d_entity": "茶社"},
                    rev=2).json
    assert (r["d_unit_or_project"], r["d_entity"], r["d_basic"]) == \
        ("茶园", "茶社", None)


def test_masked_values_come_back_unchanged(county):
    who = people(county)
    i = report(who("huangmaozhou"))
    seen = who("shenji").get(f"/v1/issues/{i['id']}").json
    assert seen["leader_phone"] == "138****0001"
    assert seen["leader_name"] == "张三"
    assert "accountability_ref" in seen and \
        seen["accountability_ref"] is None
    history = who("shenji").get(f"/v1/issues/{i['id']}/history")
    assert "13800000001" not in history.text
    r = who("shenji").get("/v1/issues?leader_phone=13800000001")
    assert r.status == 422


def test_lists_filter_sort_and_page(county):
    clerk = people(county)("huangmaozhou")
    mark = uuid.uuid4().hex[:8]
    made = [report(clerk, project_uid=mark, category=f"Y-{n % 3 + 1}",
                   due_on=f"2023-05-{n + 10}")["id"] for n in range(7)]
    base = f"/v1/issues?project_uid={mark}"
    r = clerk.get(base + "&count=true").json
    assert r["count"] == 7 and [x["id"] for x in r["items"]] == made[::-1]
    assert r["next"] is None
    for sort, want in (("due_on", made), ("-due_on", made[::-1]),
                       ("created_at", made), ("-seq_no", made[::-1]),
                       ("updated_at", made)):
        got, cursor = [], ""
        while True:
            page = clerk.get(f"{base}&sort={sort}&limit=3{cursor}").json
            assert len(page["items"]) <= 3
            got += [x["id"] for x in page["items"]]
            if page["next"] is None:
                break
            cursor = "&cursor=" + page["next"]
        assert got == want, sort
    got = clerk.get(base + "&category=Y-1,Y-2&fields=id,category").json
    assert len(got["items"]) == 5
    assert set(got["items"][0]) == {"id", "category"}
    got = clerk.get(base + "&due_on_from=2023-05-12&due_on_to=2023-05-13")
    assert len(got.json["items"]) == 2
    assert len(clerk.get(base + f"&division={TOWN}").json["items"]) == 7
    assert clerk.get(base + f"&division={SIBLING}").json["items"] == []


def test_list_parameters_are_checked(county):
    who = people(county)
    clerk = who("huangmaozhou")
    for bad in ("limit=0", "limit=201", "limit=x", "sort=goal", "goal=x",
                "nonsense=1", "category=%27%3B--&due_on_from=x",
                "fields=id,secret", "cursor=AAAA", "is_completed=maybe"):
        assert clerk.get("/v1/issues?" + bad).status == 422, bad
    report(clerk), report(clerk)
    page = clerk.get("/v1/issues?limit=1").json
    cursor = page["next"]
    assert clerk.get(f"/v1/issues?limit=1&cursor={cursor}").status == 200
    # Bound to the filter, to the caller, and signed.
    assert clerk.get(f"/v1/issues?limit=2&cursor={cursor}").status == 422
    assert who("nongye").get(f"/v1/issues?limit=1&cursor={cursor}").status == 422
    turned = cursor[:-2] + ("AA" if cursor[-2:] != "AA" else "BB")
    assert clerk.get(f"/v1/issues?limit=1&cursor={turned}").status == 422


def test_idempotent_creation(county):
    who = people(county)
    key = {"Idempotency-Key": uuid.uuid4().hex}
    first = who("huangmaozhou").post("/v1/issues", GOOD, headers=key)
    again = who("huangmaozhou").post("/v1/issues", GOOD, headers=key)
    assert first.status == again.status == 201
    assert first.body == again.body
    assert again.headers["etag"] == first.headers["etag"]
    other = who("huangmaozhou").post("/v1/issues", {**GOOD, "goal": "x"},
                               headers=key)
    assert (other.status, other.json["code"]) == (422, "idempotency_mismatch")
    # A key belongs to its caller.
    r = who("caowei").post("/v1/issues", GOOD, headers=key)
    assert r.status == 201 and r.json["id"] != first.json["id"]
    assert who("huangmaozhou").post("/v1/issues", {}, headers={
        "Idempotency-Key": uuid.uuid4().hex}).status == 422


def test_numbers_within_a_unit(county):
    who = people(county)
    other, a, b, another = (report(who(x)) for x in (
        "luhu", "gonghua", "gonghua", "luhu"))
    assert b["seq_no"] == a["seq_no"] + 1
    assert another["seq_no"] == other["seq_no"] + 1, "its own count"


def test_history_shows_who_changed_what(county):
    who = people(county)
    i = report(who("huangmaozhou"))
    who("huangmaozhou").patch(f"/v1/issues/{i['id']}", {"goal": "改"}, rev=1)
    r = who("huangmaozhou").get(f"/v1/issues/{i['id']}/history").json["items"]
    assert [x["rev"] for x in r] == [2, 1]
    assert r[0]["data"]["goal"] == "改" and r[0]["channel"] == "api"
    assert r[1]["data"]["goal"] == GOOD["goal"]
    assert r[0]["actor_name"] == "宋长河" and r[0]["origin"]


def test_records_of_an_issue(county):
    who = people(county)
    clerk = who("huangmaozhou")
    path = f"/v1/issues/{report(clerk)['id']}"
    r = clerk.post(path + "/progress", {"text": "已公示三天", "percent": 40})
    assert r.status == 201 and r.json["noted_on"]
    r = clerk.post(path + "/evidence", {"kind": "照片", "title": "公示栏"})
    assert r.status == 201 and r.json["kind"] == "photo"
    assert clerk.post(path + "/evidence", {"kind": "photo"}).status == 422
    assert clerk.post(path + "/progress", {"text": "x", "percent": 101}
                      ).status == 422
    assert len(clerk.get(path + "/progress").json["items"]) == 1
    assert len(who("nongye").get(path + "/evidence").json["items"]) == 1
    assert clerk.get(path + "/acceptances").json["items"] == []
    for part in ("progress", "evidence", "acceptances"):
        assert who("caowei").get(f"{path}/{part}").status == 404
    assert who("caowei").post(path + "/evidence", {
        "kind": "photo", "title": "x"}).status == 404
    assert who("shenji").post(path + "/evidence", {
        "kind": "photo", "title": "x"}).status == 403


def test_patch_by_post_for_clients_without_patch(county):
    clerk = people(county)("huangmaozhou")
    i = report(clerk)
    r = clerk.post(f"/v1/issues/{i['id']}", {"goal": "改"}, headers={
        "X-HTTP-Method-Override": "PATCH", "If-Match": '"1"'})
    assert r.status == 200 and r.json["rev"] == 2
