"""What coded fields hold (domain.md 3.2): a front end's drop-downs."""
import json

import pytest

from people import SIBLING, people
from stack import ROOT, Stack

ACTION = json.loads((ROOT / "conf/actions/yuanjiang-2023.json").read_text())


@pytest.fixture(scope="module")
def land():
    s = Stack(demo=True, agent=False)
    s.start()
    try:
        # An action of the neighbouring town alone, with labels of its own.
        r = people(s)("admin").post("/v1/actions", {
            **{k: ACTION[k] for k in ("doc_no", "doc_title", "doc_issuers",
                                      "doc_issued_on", "year", "start_on",
                                      "end_on", "lead_orgs")
               if k in ACTION},
            "code": "caowei-2023", "level": 4, "name": "草尾镇自查", "short_name": "自查",
            "division_code": SIBLING, "status": "closed",
            "codes": [{"set": "issue_category", "code": "Z-1",
                       "label": "草尾镇自己的类别"}]})
        assert r.status == 200, r
        yield s
    finally:
        s.stop()


def sets(client, query=""):
    r = client.get(f"/v1/code-sets{query}")
    assert r.status == 200, r
    return {s["set"]: {i["code"]: i["label"] for i in s["items"]}
            for s in r.json["items"]}


def named(value):
    """Every x-code-set in a document."""
    if isinstance(value, dict):
        if isinstance(value.get("x-code-set"), str):
            yield value["x-code-set"]
        for v in value.values():
            yield from named(v)
    elif isinstance(value, list):
        for v in value:
            yield from named(v)


def test_every_set_that_the_document_names_is_there(land):
    c = people(land)("huangmaozhou")
    have = sets(c, f"?action={ACTION['code']}")
    assert sets(c).keys() <= have.keys() and len(have) > 50
    want = set(named(c.get("/v1/openapi.json").json))
    assert len(want) > 50
    assert want - have.keys() == set()
    assert all(items for items in have.values())


def test_an_action_prints_its_own_labels(land):
    c = people(land)("huangmaozhou")
    own = {}
    for i in ACTION["codes"]:
        own.setdefault(i["set"], {})[i["code"]] = i["label"]
    have = sets(c, f"?action={ACTION['code']}")
    for name, items in own.items():
        assert have[name] == items
        assert sets(c, f"?action={ACTION['code']}&set={name}") == {name: items}
        listed = c.get(f"/v1/code-sets?action={ACTION['code']}&set={name}"
                       ).json["items"][0]["items"]
        assert [i["code"] for i in listed] == [
            i["code"] for i in ACTION["codes"] if i["set"] == name]


def test_another_places_action_is_as_one_that_is_not(land):
    who = people(land)
    assert sets(who("nongye"), "?action=caowei-2023")["issue_category"] == {
        "Z-1": "草尾镇自己的类别"}
    assert sets(who("caowei"), "?action=caowei-2023&set=issue_category")
    theirs = who("huangmaozhou").get("/v1/code-sets?action=caowei-2023")
    none = who("huangmaozhou").get("/v1/code-sets?action=nowhere-2023")
    assert theirs.status == none.status == 422
    assert theirs.json["faults"] == none.json["faults"]
    assert [f["pointer"] for f in none.json["faults"]] == ["?action"]


def test_who_and_what_is_refused(land):
    assert land.client().get("/v1/code-sets").status == 401
    r = people(land)("nongye").get("/v1/code-sets?set=nothing")
    assert (r.status, [f["pointer"] for f in r.json["faults"]]) == (
        422, ["?set"])
