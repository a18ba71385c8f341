"""Of questionnaires a special group reads the answers of its categories."""
from lives import everybody
from people import COUNTY
from test_category import cover
from test_forms import FORMS, HEAD, answers, forms, response  # noqa: F401
from test_walls_narrow import hire, org


def test_of_questionnaires_the_answers_of_his_categories(county, forms):
    """5.2, R category: questions that raise issues of others' categories are
    masked like personal data, wherever answers are shown."""
    who = everybody(county)
    r = response(who, forms, "village", header={**HEAD}, notes={
        "V2": "未落实", "V3": "收入不足"}, answers=answers(
            "village", V2_1=1, V3_1=1))
    group = org(county, "zxwj", "special_group")
    cover(county, group, ("F-3", COUNTY))
    c = hire(county, "wenjuan", "special_group", cover_org="zxwj")
    at = f"/v1/form-responses/{r['id']}"
    his = {q["qid"] for q in FORMS["village"]["questions"]
           if q.get("category_code") == "F-3"}
    all_of_them = {q["qid"] for q in FORMS["village"]["questions"]}
    assert his and all_of_them - his
    wide = who("nongye").get(at).json["answers"]
    for shown in (c.get(at).json, c.get(f"{at}?as_of=2099-01-01").json,
                  *(c.get(f"/v1/form-responses?limit=200{fields}&template_id="
                          f"{forms['village']}").json["items"][-1]
                    for fields in ("", "&fields=id,answers,notes"))):
        assert shown["id"] == r["id"]
        assert {k for k, v in shown["answers"].items() if v is None} == \
            all_of_them - his
        assert all(shown["answers"][k] == wide[k] for k in his)
        assert shown["notes"] == {"V2": None, "V3": "收入不足"}
    for path in (f"{at}/history", "/v1/form-responses?format=csv",
                 "/v1/form-responses?format=csv&fields=answers,notes",
                 "/v1/form-responses?format=ndjson",
                 "/v1/changes?entity=form_response&data=true&limit=1000"):
        got = c.get(path)
        assert got.status == 200 and "未落实" not in got.text, path
    assert "收入不足" in c.get(f"{at}/history").text


def test_a_question_that_is_made_void_opens_no_answer(county, forms):
    """What was answered to it stays of its category, and as personal."""
    who = everybody(county)
    group = org(county, "zxzf", "special_group")
    cover(county, group, ("F-3", COUNTY))
    c = hire(county, "zuofei", "special_group", cover_org="zxzf")
    for kind, qid, reader in (("village", "V2.5", c),
                              ("household", "H1.3", who("shenji"))):
        r = response(who, forms, kind)
        at = f"/v1/form-responses/{r['id']}"
        masked = reader.get(at).json["answers"][qid]
        assert masked != who("jg-cunguan").get(at).json["answers"][qid], qid
        q, = who("nongye").get(f"/v1/form-questions?qid={qid}&template_id="
                               f"{forms[kind]}").json["items"]
        there = f"/v1/form-questions/{q['id']}"
        assert who("nongye").post(f"{there}/void", {
            "reason": "停用"}).status == 200
        try:
            assert reader.get(at).json["answers"][qid] == masked, qid
        finally:
            assert who("nongye").post(f"{there}/restore", {
                "reason": "恢复"}).status == 200
