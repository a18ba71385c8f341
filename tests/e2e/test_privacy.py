"""Personal data: masks agree in C and SQL, unmasking is counted and logged,
erasing reaches history, what a person may be handed."""
import io
import json
import re
import subprocess
import threading
import time
import urllib.parse
import zipfile

import pytest

from people import hire, people
from stack import BUILD, ROOT, Stack, wait_for
from walks import VILLAGE, action, cast, make, number, read


@pytest.fixture(scope="module")
def county():
    """A county of its own: parameters are changed and people erased."""
    s = Stack(demo=True, agent=False)
    s.start()
    yield s
    s.stop()


def sealed(stack):
    wait_for(lambda: stack.psql(
        "SELECT count(*) FROM audit.event WHERE NOT EXISTS (SELECT FROM"
        " audit.leaf l WHERE l.id = event.id)") == [["0"]], why="sealed")


def household(stack, **fields):
    n = next(number)
    return make(cast(stack)("lh-guan"), "households", division_code=VILLAGE,
                household_no=f"H{n:06}", head_name=f"张试{n}",
                types=["tuopin"], members=4, labour=2, **fields)


def test_every_personal_column_has_its_class_in_sql(county):
    """pii_field says what the model says, both ways."""
    doc = county.client().get("/v1/openapi.json").json
    model = {(name, k, p["x-personal"])
             for name, s in doc["components"]["schemas"].items()
             for k, p in s.get("properties", {}).items()
             if isinstance(p, dict) and "x-personal" in p}
    sql = set(map(tuple, county.psql(
        "SELECT entity, field, class FROM pii_field")))
    # Bodies repeat the fields of their entity, users have no table of ours.
    assert sql and sql <= model
    assert {m for m in model if m[0] in {s[0] for s in sql}} == sql
    tables = {t for (t,) in county.psql(
        "SELECT relname FROM pg_class WHERE relkind = 'r'")}
    assert {m[0] for m in model} & tables == {s[0] for s in sql}


def test_c_and_sql_mask_alike(county):
    """Every class and profile over values that try the edges."""
    values = ["", "张", "张三", "欧阳某某", "13800000001", "0737-2700000",
              "2700000", "27000001", "123456", "x@example.cn", "H1", "甲01",
              "430981107001", "5100001900" + "01011234", "0", "-1", "499999",
              "500000", "1000000", "1999999", "2000000", "19999999",
              "20000000", "9000000000000000", "1", "2", "3", "7", "50",
              "-", "1.5", "12345678901234567890", "+86 13800000001"]
    rows = county.psql("""SELECT p, c, v, pii_mask(c, v, p) IS NULL,
        coalesce(pii_mask(c, v, p), '')
      FROM unnest(ARRAY['full', 'township', 'contacts', 'masked', 'aggregate',
        'none', 'unknown']) p,
      unnest(ARRAY['duty', 'contact', 'name', 'household_no', 'income',
        'members', 'expense', 'identity', 'health', 'minor', 'special', 'loan',
        'account', 'id_number', 'answers', 'opinion', 'signature', 'location',
        'discipline', 'person']) c,
      jsonb_array_elements_text($x$%s$x$) v""" % json.dumps(values))
    assert len(rows) == 7 * 20 * len(values)
    asked = "".join("\t".join(r[:3]) + "\n" for r in rows)
    said = subprocess.run([BUILD / "tests/tool_mask"], input=asked, text=True,
                          capture_output=True, check=True).stdout
    assert said.split("\n")[:-1] == [
        "null" if r[3] == "t" else "=" + r[4] for r in rows]


def test_unmasking_takes_a_role_a_reason_and_is_counted(county):
    who = cast(county)
    h = household(county)
    path = f"/v1/households/{h['id']}/unmask"
    body = {"fields": ["head_name", "is_petition"], "reason": "核实来信反映的问题"}
    bureau = who("nongye")
    assert read(bureau, "households", h)["head_name"] == "张*"
    got = bureau.post(path, body)
    assert got.status == 200, got
    assert got.json["fields"] == {"head_name": h["head_name"],
                                  "is_petition": None}
    assert read(bureau, "households", h)["head_name"] == "张*"
    log = county.psql("SELECT role, entity, fields::text, reason FROM"
                      f" pii_access WHERE row_id = '{h['id']}'")
    assert log == [["lead_bureau", "household", "{head_name,is_petition}",
                    body["reason"]]]
    events = county.psql("SELECT verb, detail::text FROM audit.event WHERE"
                         f" row_id = '{h['id']}' AND verb = 'unmask'")
    assert len(events) == 1 and h["head_name"] not in events[0][1]
    # Not to those who may not, and they are told who may.
    for login in ("lh-cai", "bumen", "caowei"):
        assert who(login).post(path, body).status in (403, 404), login
    r = who("huangmaozhou").post(path, body)
    assert (r.status, r.json["code"]) == (403, "no_unmask")
    # An auditor only with a case.
    r = who("shenji").post(path, body)
    assert r.status == 422 and r.json["faults"][0]["pointer"] == "/case"
    r = who("shenji").post(path, {**body, "case": "沅审通〔2023〕12号"})
    assert r.json["fields"]["head_name"] == h["head_name"]
    for bad, at in (({"fields": []}, "/fields"),
                    ({"fields": ["remarks"]}, "/fields/0"),
                    ({"fields": ["helper_contact_id"]}, "/fields/0"),
                    ({"reason": "查"}, "/reason"), ({"why": 1}, "/why")):
        r = bureau.post(path, {**body, **bad})
        assert r.status == 422, (bad, r)
        assert r.json["faults"][0]["pointer"] == at
    county.psql("UPDATE pii_param SET value = 2 WHERE name = 'unmask_daily'")
    assert bureau.post(path, body).json["left"] == 0
    r = bureau.post(path, body)
    assert (r.status, r.json["code"]) == (429, "quota")
    # What was refused is in the log as that, and has no access of its own.
    assert county.psql(
        "SELECT outcome, count(*) FROM audit.event WHERE verb = 'unmask' AND"
        f" row_id = '{h['id']}' GROUP BY 1 ORDER BY 1") == [
            ["ok", "3"], ["refused", "1"]]
    assert county.psql("SELECT count(*) FROM pii_access WHERE row_id ="
                       f" '{h['id']}'") == [["3"]]
    county.psql("UPDATE pii_param SET value = 50 WHERE name = 'unmask_daily'")


def test_the_right_is_taken_and_given_like_any_other(county):
    """Narrowed for a county's own role, within seconds on every worker."""
    who, h = cast(county), household(county)
    body = {"fields": ["head_name"], "reason": "核实来信反映的问题"}
    path = f"/v1/households/{h['id']}"
    rights = next(r["rights"] for r in who("nongye").get(
        "/v1/roles").json["items"] if r["code"] == "lead_bureau")
    assert {"unmask", "erase"} <= set(rights["household"])
    less = {**rights, "household": ["read"]}
    put = people(county)("security").put
    assert put("/v1/roles/lead_bureau", {"rights": less}).status == 200
    try:
        wait_for(lambda: who("nongye").post(f"{path}/unmask", body).status
                 == 403, 5)
        r = who("nongye").post(f"{path}/erase", {"reason": "本人书面申请"})
        assert (r.status, r.json["code"]) == (403, "no_erase")
    finally:
        assert put("/v1/roles/lead_bureau", {"rights": rights}).status == 200
    wait_for(lambda: who("nongye").post(f"{path}/unmask", body).status == 200,
             5)
    # Nobody who administers or audits can be given it, whoever writes.
    for role, verb in (("auditor", "unmask"), ("auditor", "erase"),
                       ("sysadmin", "unmask"), ("security_admin", "erase")):
        with pytest.raises(AssertionError, match="has no such verb"):
            county.psql(f"UPDATE role_right SET most = most || '{verb}'::text,"
                        f" verbs = verbs || '{verb}'::text WHERE role ="
                        f" '{role}'")


def test_parameters_are_the_security_administrators(county):
    """Read and changed through the API, within bounds, and logged."""
    who = people(county)
    path = "/v1/privacy/parameters"
    items = {p["name"]: p for p in who("security").get(path).json["items"]}
    assert {n: p["value"] for n, p in items.items()} == {
        "unmask_daily": 50, "answers_years": 5, "facts_years": 5}
    for login in ("admin", "audit", "nongye", "shenji", "huangmaozhou"):
        assert who(login).get(path).status == 403, login
        assert who(login).put(f"{path}/unmask_daily", {"value": 1}
                              ).status == 403, login
    local = hire(county, "xianquan", "security_admin")
    assert local.get(path).status == 200
    r = local.put(f"{path}/unmask_daily", {"value": 1})
    assert (r.status, r.json["code"]) == (403, "installation")
    put = who("security").put
    for name, body, status in (("unmask_daily", {"value": 3}, 200),
                               ("unmask_daily", {"value": -1}, 422),
                               ("unmask_daily", {"value": 1001}, 422),
                               ("unmask_daily", {"value": "3"}, 422),
                               ("unmask_daily", {}, 422),
                               ("unmask_daily", {"value": 3, "x": 1}, 422),
                               ("facts_years", {"value": 0}, 422),
                               ("nothing", {"value": 3}, 404)):
        r = put(f"{path}/{name}", body)
        assert r.status == status, (name, body, r)
    h = household(county)
    body = {"fields": ["head_name"], "reason": "核实来信反映的问题"}
    used = int(county.psql("SELECT coalesce(max(n), 0) FROM pii_access a JOIN"
                           " app_user u ON u.id = a.user_id WHERE u.login ="
                           " 'shizhuanban'")[0][0])
    r = who("shizhuanban").post(f"/v1/households/{h['id']}/unmask", body)
    assert r.json["left"] == 2 - used
    assert put(f"{path}/unmask_daily", {"value": 50}).status == 200
    told = county.psql("SELECT detail FROM audit.event WHERE verb = 'setting'"
                       " ORDER BY txid")
    assert [json.loads(d) for (d,) in told] == [
        {"name": "unmask_daily", "from": 50, "to": 3},
        {"name": "unmask_daily", "from": 3, "to": 50}]


def test_a_person_is_handed_and_erased(county):
    who = cast(county)
    h = household(county)
    year = make(who("huangmaozhou"), "household-year-facts",
                household_id=h["id"], income_year=2022,
                wage_income_fen=1800000)
    make(who("huangmaozhou"), "person-flags", household_id=h["id"], seq=1,
         kind="chronic_illness", note="常年服药", action_id=action(county))
    held = who("huangmaozhou").get(f"/v1/households/{h['id']}/held").json
    assert held["rows"]["household"][0]["head_name"] == h["head_name"]
    assert held["rows"]["household_year_fact"][0]["wage_income_fen"] == 1800000
    assert held["rows"]["person_flag"][0]["note"] == "常年服药"
    assert who("caowei").get(f"/v1/households/{h['id']}/held").status == 404
    masked = who("shenji").get(f"/v1/households/{h['id']}/held").text
    assert h["head_name"] not in masked and "常年服药" not in masked
    sealed(county)
    path = f"/v1/households/{h['id']}/erase"
    r = who("huangmaozhou").post(path, {"reason": "本人书面申请清除"})
    assert (r.status, r.json["code"]) == (403, "no_erase")
    assert who("nongye").post(path, {}).status == 422
    r = who("nongye").post(path, {"reason": "本人书面申请清除"})
    assert r.status == 200, r
    assert r.json["erased"] == {"household": 1, "household_year_fact": 1,
                                "person_flag": 1}
    now = read(who("huangmaozhou"), "households", h)
    assert now["head_name"] == "已清除" and now["members"] is None
    assert read(who("huangmaozhou"), "household-year-facts",
                year)["wage_income_fen"] is None
    for table in ("history", "household", "household_year_fact",
                  "person_flag"):
        left = county.psql(f"SELECT count(*) FROM {table} t WHERE"
                           f" t::text LIKE '%{h['head_name']}%' OR t::text"
                           f" LIKE '%{h['household_no']}%' OR t::text LIKE"
                           " '%常年服药%'")
        assert left == [["0"]], table
    # What is there replays from its history.
    assert county.psql(
        "SELECT to_jsonb(t) = h.data FROM household t JOIN history h ON"
        " h.entity = 'household' AND h.row_id = t.id AND h.rev = t.rev WHERE"
        f" t.id = '{h['id']}'") == [["t"]]
    hist = who("huangmaozhou").get(f"/v1/households/{h['id']}/history")
    assert hist.status == 200 and h["head_name"] not in hist.text
    report = county.psql("SELECT cause, erased::text FROM pii_erasure WHERE"
                         f" row_id = '{h['id']}'")
    assert report[0][0] == "request" and "person_flag" in report[0][1]


def expire(county):
    return json.loads(county.psql(
        "SET app.lo='0'; SET app.hi='999999999999'; SET app.line='';"
        " SET app.clearance='4'; SELECT pii_expire(500)::text;")[-1][0])


def test_incomes_that_were_kept_long_enough_are_bands(county):
    """Not who earned what, still how many earned about so much (5.3)."""
    who, h = cast(county), household(county)
    exact = {"wage_income_fen": 1834567, "net_income_fen": -12345,
             "education_fen": 20000000}
    year = make(who("huangmaozhou"), "household-year-facts",
                household_id=h["id"], income_year=2014, medical_fen=777700,
                rigid_expense=True, other_expense_text="女儿的嫁妆", **exact)
    recent = make(who("huangmaozhou"), "household-year-facts",
                  household_id=h["id"], income_year=2024, **exact)
    sealed(county)
    before = read(who("shenji"), "household-year-facts", year)
    assert expire(county)["household_year_fact"] >= 1
    now = read(who("huangmaozhou"), "household-year-facts", year)
    assert {k: now[k] for k in exact} == {
        "wage_income_fen": 1000000, "net_income_fen": -1,
        "education_fen": 20000000}
    assert now["banded"] is True
    assert now["medical_fen"] is now["other_expense_text"] is None
    # Who sees bands sees what he saw before.
    masked = read(who("shenji"), "household-year-facts", year)
    assert {k: masked[k] for k in exact} == {k: before[k] for k in exact}
    left = county.psql("SELECT count(*) FROM history WHERE row_id ="
                       f" '{year['id']}' AND (data::text LIKE '%嫁妆%' OR"
                       " data::text ~ '[ \"](1834567|777700)[,\"}]')")
    assert left == [["0"]]
    assert read(who("huangmaozhou"), "household-year-facts", recent)[
        "wage_income_fen"] == exact["wage_income_fen"]
    assert expire(county) == {}


def test_a_band_is_masked_like_what_is_in_it(county):
    assert county.psql("""SELECT v FROM unnest(ARRAY[-9000000000000000, -1, 0,
        1, 499999, 500000, 999999, 1000000, 1999999, 2000000, 2999999, 3000000,
        4999999, 5000000, 9999999, 10000000, 19999999, 20000000,
        9000000000000000]) v WHERE pii_mask('income', pii_band(v)::text,
        'masked') IS DISTINCT FROM pii_mask('income', v::text, 'masked')
        OR pii_band(v) > v AND v >= 0 OR pii_band(pii_band(v)) <>
        pii_band(v)""") == []


def test_erasing_while_the_log_is_sealed(county):
    """Neither a salt nor a value is left, whichever comes first."""
    who = cast(county)
    houses = [household(county) for _ in range(12)]
    stop = threading.Event()
    done = []

    def write():
        c = county.login("huangmaozhou")
        while not stop.is_set():
            for h in houses[:2]:
                now = read(c, "households", h)
                c.patch(f"/v1/households/{h['id']}", {"remark": str(
                    time.time())}, rev=now["rev"])

    def erase(part):
        c = county.login("nongye")
        for h in part:
            r = c.post(f"/v1/households/{h['id']}/erase",
                       {"reason": "本人书面申请清除"})
            done.append(r.status)
    threads = [threading.Thread(target=write)] + [
        threading.Thread(target=erase, args=(houses[k::3],)) for k in range(3)]
    for t in threads:
        t.start()
    for t in threads[1:]:
        t.join()
    stop.set()
    threads[0].join()
    assert done == [200] * 12
    for h in houses[2:]:
        assert county.psql("SELECT count(*) FROM history WHERE row_id ="
                           f" '{h['id']}' AND data::text LIKE"
                           f" '%{h['head_name']}%'") == [["0"]]
        # No leaf that was made before remembers a salt of it.
        assert county.psql(
            "SELECT count(*) FROM audit.event e JOIN audit.leaf l ON l.id ="
            " e.id LEFT JOIN audit.kept k ON k.pos = l.pos AND k.field ="
            f" 'head_name' WHERE e.row_id = '{h['id']}' AND e.rev IS NOT NULL"
            " AND k.salt IS NOT NULL") == [["0"]]
    test_the_log_verifies_though_its_rows_were_erased(county)


def test_the_log_verifies_though_its_rows_were_erased(county):
    assert county.psql("SELECT count(*) > 0 FROM audit.kept WHERE salt IS"
                       " NULL") == [["t"]]
    sealed(county)
    line = county.psql("SELECT line FROM audit.head LIMIT 1")[0][0]
    sock = subprocess.run(
        [county.root / "db/cluster.sh", "socket", county.var / "pg"],
        text=True, capture_output=True, check=True).stdout.strip()
    r = subprocess.run(
        [BUILD / "taizhangctl", "audit", "verify", "--database",
         f"postgresql:///taizhang?host={sock}&user=taizhang_verify", "--key",
         re.search(r"key=(\w+)", line)[1]], text=True, capture_output=True)
    assert r.returncode == 0, r.stdout + r.stderr


# Any figures may stand in these by chance.
CHANCE = re.compile(r'"(?:request_id|next|cursor)":"[^"]*"'
                    r"|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
                    r"|\b[0-9a-f]{64}\b"
                    r"|\b\d\d:\d\d:\d\d\.\d+"
                    r"|\b4\d{4}\.\d+")     # a moment in a workbook


def plain(reply):
    """What a reply says, unpacked if it is a workbook; but for ids and
    moments."""
    text = reply.body
    if text[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(text)) as z:
            text = b"".join(z.read(n) for n in z.namelist())
    return CHANCE.sub("", text.decode())


def test_no_channel_tells_what_is_masked(county):
    """Filters, orders, searches, counts, names, history, the feed, downloads,
    refusals: a masked value is in none, and none is asked by it."""
    who = cast(county)
    h = make(who("lh-guan"), "households", division_code=VILLAGE,
             household_no="金丝雀900100", head_name="钱金丝雀", members=4,
             types=["tuopin"], remark="金丝雀备注")
    year = make(who("huangmaozhou"), "household-year-facts",
                household_id=h["id"], income_year=2022,
                wage_income_fen=1234567, other_expense_text="金丝雀大病")
    shenji, path = who("shenji"), f"/v1/households/{h['id']}"
    for q in ("head_name=钱金丝雀", "head_name_has=金丝", "types=tuopin",
              "household_no=金丝雀900100", "household_no=!x", "types=",
              "is_petition=true", "low_income=!true", "monitor_kind=unstable",
              "risk_removed_on_from=2020-01-01", "q=金丝雀"):
        r = shenji.get("/v1/households?count=true&" +
                       urllib.parse.quote(q, safe="=&!"))
        assert r.status == 422 and "金丝雀" not in r.text, (q, r)
    seen = [
        shenji.get(path), shenji.get(f"{path}/history"),
        shenji.get(f"{path}/held"), shenji.get(f"{path}/commands"),
        shenji.get("/v1/households?limit=200"),
        shenji.get("/v1/households?fields=head_name,remark&limit=200"),
        shenji.get("/v1/household-year-facts?expand=household_id"),
        shenji.get(f"/v1/household-year-facts/{year['id']}/history"),
        shenji.get("/v1/changes?entity=household&data=true&limit=1000"),
        shenji.get("/v1/changes?entity=household_year_fact&data=true"),
        shenji.patch(path, {"remark": "改"}, h["rev"]),
        shenji.post(f"{path}/unmask", {"fields": ["head_name"],
                                       "reason": "没有案件编号"})]
    for kind in ("text/csv", "application/x-ndjson", "application/vnd.openxml"
                 "formats-officedocument.spreadsheetml.sheet"):
        for of in ("households", "household-year-facts"):
            r = shenji.get(f"/v1/{of}", headers={"Accept": kind})
            assert r.status == 200, (kind, r)
            seen.append(r)
    for r in seen:
        text = plain(r)
        assert "金丝雀" not in text and "1234567" not in text, r
        assert "900100" not in text and "12345.67" not in text, r
    assert "1–2万元" in plain(seen[-1])
    # A mask that comes back is the value; anything else is refused.
    duty = who("nongye")
    assert read(duty, "households", h)["head_name"] == "钱*"


ID = "5100001900" + "01011234"


def valid_id(text):
    """Of a checksum that fits: no number that merely looks so."""
    weight = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return "10X98765432"[sum(int(a) * b for a, b in zip(text, weight)) % 11] \
        == text[17].upper()


def personal(text):
    return [p for p in re.findall(r"(?<![\w.-])1[3-9]\d{9}(?![\w.-])", text)] \
        + [i for i in re.findall(r"(?<!\w)[1-9]\d{16}[\dXx](?!\w)", text)
           if valid_id(i)]


def test_nothing_personal_is_logged(county):
    """Canaries through every door; then all that the parts have written."""
    who, phone = cast(county), "13800000077"
    card = next(ID[:17] + c for c in "0123456789X" if valid_id(ID[:17] + c))
    assert personal(f"x {card} {phone} y") == [phone, card]
    town = who("huangmaozhou")
    bodies = [
        town.get(f"/v1/contacts?q={phone}"),
        town.get(f"/v1/contacts?phone={card}"),
        town.get(f"/v1/households/{card}"),
        town.post("/v1/contacts", {"name": card, "phone": phone, "x": 1}),
        town.post("/v1/contacts", {"name": "金丝雀人", "phone": card}),
        town.post("/v1/households", {
            "division_code": VILLAGE, "household_no": card, "members": 2,
            "labour": 3, "head_name": "金丝雀人"}),
        county.client().post("/v1/sessions", {"login": phone,
                                              "password": card})]
    made = make(town, "contacts", name="金丝雀人", phone=phone)
    town.patch(f"/v1/contacts/{made['id']}", {"phone": card}, made["rev"])
    for r in bodies:
        assert r.status < 500, r
        assert r.status < 400 or personal(r.text) == [], r
    logs = [f for f in [*county.var.rglob("*.log"), *county.dir.glob("*.log")]
            if f.is_file()]
    assert len(logs) >= 3
    for f in logs:
        text = f.read_text(errors="replace")
        assert "金丝雀" not in text and personal(text) == [], f


def test_nothing_personal_is_shipped():
    """Configuration, schemas and the document: invented numbers only."""
    for folder in ("conf", "openapi", "api/schemas", "db"):
        for f in (ROOT / folder).rglob("*"):
            if f.suffix in (".json", ".md", ".sql", ".sh", ".conf", ".cfg"):
                bad = [x for x in personal(f.read_text())
                       if not re.fullmatch(r"1380000\d{4}", x)]
                assert bad == [], f
