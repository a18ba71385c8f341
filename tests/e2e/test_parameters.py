"""No address overlooks a parameter that it does not know, and what the
document promises is known there."""
import json
import re

import pytest

from lives import STAFF, everybody
from people import people, report
from stack import Stack

ACTORS = ("nongye", "admin", "security", "audit", "shenji", "huangmaozhou",
          *STAFF)


@pytest.fixture(scope="module")
def world():
    s = Stack(demo=True, agent=True).start()
    who = everybody(s)
    s.clients = [*map(who, ACTORS), s.client(next(
        (s.var / "agent/tokens").iterdir()).read_text().strip())]
    yield s
    s.stop()


@pytest.fixture(scope="module")
def operations(world):
    """[(method, path with something in it, names of the query's
    parameters)] of all that is not for everybody"""
    doc = world.client().get("/v1/openapi.json").json
    shared = doc["components"]["parameters"]
    out = []
    for path, item in doc["paths"].items():
        for method in item.keys() & {"get", "post", "put", "patch", "delete"}:
            op = item[method]
            if not path.startswith("/v1/") or \
                    op.get("security") == [] and method != "get":
                continue
            asked = [shared[p["$ref"].rsplit("/", 1)[1]] if "$ref" in p else p
                     for p in op.get("parameters", [])]
            out.append((method.upper(), re.sub(
                r"\{.*?\}", "0190f3a2-4b7c-7d10-9a55-2f1c3c8e0001", path),
                [p["name"] for p in asked if p["in"] == "query"]))
    assert len(out) > 800 and len({m for m, _, _ in out}) == 5
    return out


def allowed(world, method, path, query):
    """What those answer who may ask there at all."""
    return (r for r in (c.request(method, f"{path}?{query}")
                        for c in world.clients) if r.status != 403)


def unknown(reply):
    return [f["pointer"] for f in reply.json["faults"]
            if f["code"] == "unknown_parameter"] if reply.status == 422 else []


def test_what_nobody_knows_is_refused(world, operations):
    nobody = 0      # of these actors
    for method, path, _ in operations:
        replies = list(allowed(world, method, path, "no_such=1"))
        nobody += not replies
        assert replies or method != "GET", path
        for r in replies:
            assert r.status == 422 and unknown(r) == ["?no_such"], (
                method, path, r)
            assert r.json["faults"][0]["message"]
    assert nobody < len(operations) / 20, nobody


def test_what_is_promised_is_known(world, operations):
    """To one at least: what he sees masked nobody searches."""
    for method, path, names in operations:
        for name in set(names) - {"sort"}:      # blank, it is no order
            replies = allowed(world, method, path, f"{name}=")
            first = next(replies, None)     # nobody: it is about somebody else
            assert first is None or f"?{name}" not in unknown(first) or any(
                f"?{name}" not in unknown(r) for r in replies), (
                    method, path, name)


def test_all_that_is_wrong_is_named(world):
    r = people(world)("nongye").get("/v1/orgs?one=1&division=430981000000&two")
    assert r.status == 422 and unknown(r) == ["?one", "?two"], r
    # Names do not run together, and HEAD is GET.
    for name in ("division%20cursor", "divisio", "", "division%20"):
        r = people(world)("nongye").get(f"/v1/orgs?{name}=1")
        assert r.status in (400, 422), (name, r)
    assert people(world)("nongye").request(
        "HEAD", "/v1/orgs?one=1").status == 422
    # What was meant as a rehearsal is not carried out.
    mark = {"category": "Y-1", "description": "只是试试"}
    r = people(world)("huangmaozhou").post("/v1/issues?dryrun=true", mark)
    assert r.status == 422 and unknown(r) == ["?dryrun"], r
    assert world.psql("SELECT count(*) FROM issue WHERE description ="
                      " '只是试试'") == [["0"]]
    # Nobody learns of an address by its parameters.
    assert world.client().get("/v1/orgs?one=1").status == 401
    assert people(world)("nongye").get("/v1/users?one=1").status == 403


def test_values_that_do_not_fit_are_named(world):
    """All of them, wherever it is: no refusal without a word, and no empty
    page for who asked for what there is not."""
    row = report(people(world)("huangmaozhou"))["id"]
    for login, path, names in (
            ("nongye", "/v1/findings", "action division level cursor"),
            ("nongye", "/v1/conflicts", "state ledger row limit cursor"),
            ("nongye", "/v1/requests", "state ledger row limit cursor"),
            ("admin", "/v1/sync/files", "state ledger row limit cursor"),
            ("nongye", "/v1/webhooks", "after"),
            ("huangmaozhou", f"/v1/issues/{row}/evidence", "after"),
            ("huangmaozhou", f"/v1/issues/{row}/commands", "after")):
        r = people(world)(login).get(path + "?" + "&".join(
            f"{n}=5x" for n in names.split()))
        assert r.status == 422, (path, r)
        assert {f["pointer"] for f in r.json["faults"]} == {
            f"?{n}" for n in names.split()}, (path, r)


def test_outside_of_the_interface_and_bodies_are_left_alone(world):
    """Probes put what they like behind the address, and an identity server
    adds members to what the browser brings back."""
    for path in ("/healthz", "/readyz", "/metrics"):
        assert world.client().get(path + "?probe=1").status == 200, path
    r = world.client().post("/v1/sessions?utm_source=x", {
        "login": "nongye", "password": world.password})
    assert r.status == 201 and json.loads(r.body)["token"]
