"""What the document gives as an example of a body is taken, or refused for
nothing but the rows it names, which are nobody's."""
import pytest

from people import COUNTY, hire, people
from stack import Stack

ACTORS = ("qionghu", "nongye", "bumen", "shizhang", "admin", "security")
HIRED = (("ex-caizheng", "finance"), ("ex-jiwei", "discipline"),
         ("ex-xuncha", "patrol_group"))
# What is missing once the rows that are nobody's are left out, what is
# another's to fill in, and hosts, which each installation allows by itself.
LEFT_OUT = {"unknown", "required", "masked", "other_line", "needed",
            "rectification_plan_project", "target_not_allowed"}
# Not about rows: secrets, and what an identity server or an agent sends.
APART = ("/v1/sessions", "/v1/me", "/v1/token", "/v1/sync/",
         "/v1/attachments")


@pytest.fixture(scope="module")
def county():
    """One of its own: what cannot be rehearsed is made."""
    s = Stack(demo=True, agent=False)
    s.start()
    yield s
    s.stop()


def told(client, path, body):
    """What is refused once every row that it names is left out."""
    body = dict(body)
    while True:
        r = client.post(path, body)
        if r.status != 422:
            return r, []
        named = [f["pointer"][1:] for f in r.json["faults"]
                 if f["code"] == "unknown" and f["pointer"][1:] in body]
        if not named:
            return r, [(f["pointer"], f["code"]) for f in r.json["faults"]
                       if f["code"] not in LEFT_OUT]
        for name in named:
            del body[name]


def test_every_example_of_a_new_row_is_taken(county):
    doc = county.client().get("/v1/openapi.json").json
    for login, role in HIRED:
        hire(county, login, role, COUNTY)
    who, wrong = people(county), {}
    for path, ops in doc["paths"].items():
        asked = ops.get("post", {}).get("requestBody")
        if "{" in path or path.endswith("/bulk") or asked is None or \
                path.startswith(APART) or path == "/v1/divisions:reorganise":
            continue
        schema = asked["content"]["application/json"]["schema"]
        schema = doc["components"]["schemas"][schema["$ref"].rsplit("/")[-1]]
        dry = "dry_run" in str(ops["post"]["parameters"])
        said = [told(who(a), path + "?dry_run=true" * dry, schema["example"])
                for a in (*ACTORS, *(login for login, _ in HIRED))]
        said = [(r, faults) for r, faults in said if r.status != 403]
        assert said, path
        if not any(faults == [] and r.status in (200, 201, 422)
                   for r, faults in said):
            wrong[path] = said[0]
    assert wrong == {}


def test_what_belongs_to_no_action_does_not_offer_one(county):
    """A member that is always refused is none of the body."""
    doc = county.client().get("/v1/openapi.json").json["components"]
    offers = {n: "action_id" in s["properties"]
              for n, s in doc["schemas"].items() if n.endswith("New")
              and "division_code" in s.get("properties", {})}
    assert offers["operatorNew"] is offers["fund_paymentNew"] is False
    assert offers["issueNew"] is offers["projectNew"] is True
    items = doc["schemas"]["operatorRows"]["properties"]["items"]["items"]
    assert "action_id" not in items["properties"]
