"""A row of any entity of the model, made through the API with what its schema
asks for; what it refers to is made first."""
import itertools
import pathlib
import re

import files
from people import COUNTY, TOWN, people

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIELD = re.compile(
    r'\{ "(\w+)",\s+"([^"]+)",\s+(?:"(?:[^"\\]|\\.)*"\s*)+,\s+(T_\w+),'
    r'\s+([^,]+),\s+(\d+),\s+(-?\w+),\s+(-?\w+),\s+("\w+"|NULL),'
    r'\s+"[^"]*",\s+(\w+)\s*\}')
# Who may make one: the first that is not refused.
MAKERS = ["huangmaozhou", "nongye", "bumen", "shizhang", "caizheng",
          "xuncha", "jiwei"]
CHECKED = {"check_phone": "13800000001", "check_partial_date": "2023-05",
           "check_uscc": "91430981MA4L16JQ9B", "check_condition": "H1.8=1"}
COUNTY_WIDE = {"division_code": COUNTY}
# Where a rule over several fields asks for more than the schema, by entity;
# None takes a field away. With "!": fields that such a rule keeps from being
# changed alone.
MORE = {
    "benefit_agreement": lambda r, n: {
        "party_kind": "household", "household_id": r.refer("household"),
        "start_on": "2023-01-01", "end_on": "2023-12-31"},
    "benefit_agreement!": ("party_kind", "start_on", "end_on", "settled_on",
                           "due_month_day"),
    "classification_case": lambda r, n: {"project_id": r.refer("project")},
    "county_year_fact": COUNTY_WIDE,
    "evaluation": {"complex": False},
    "evaluation!": ("complex", "mode"),
    "filing_review": COUNTY_WIDE,
    "form_response": lambda r, n: {
        "template_id": r.make("form_template", subject_kind="village")[1][
            "id"], "division_code": r.village()},
    "form_question": lambda r, n: {"qid": f"H{n}.1",
                                   "problem_when": "never"},
    "form_question!": ("problem_when", "category_code"),
    "fund_allocation": COUNTY_WIDE,
    "fund_payment": {"kind": "pay"},
    "fund_payment!": ("kind",),
    "fund_progress_snapshot": COUNTY_WIDE,
    "operator_feedback!": ("closed_on",),
    "operator_indicator": lambda r, n: {
        "period": f"{2000 + n % 100}-{n % 12 + 1:02d}"},
    "order_subject": lambda r, n: {"project_id": r.refer("project")},
    "org_member": lambda r, n: {"user_id": r.refer("app_user")},
    "patrol_subject": lambda r, n: {"project_id": r.refer("project")},
    "project!": ("replaced_by_project_id",),
    "rectification_plan": lambda r, n: {
        "subject_kind": "project", "project_id": r.refer("project")},
    "rectification_plan!": ("subject_kind",),
    "sign_off": lambda r, n: {
        "response_id": r.refer("form_response"),
        "image_id": r.refer("attachment")},
    "village_year_fact": lambda r, n: {"division_code": r.village()},
}
# Who sees what such a row says.
CLEARED = {"person_flag": "mijian"}


class Field:
    def __init__(self, m):
        self.name, self.label, self.type = m[1], m[2], m[3]
        self.flags = m[4]
        self.clearance = int(m[5])
        self.min, self.max = (number(m[6]), number(m[7]))
        self.of = None if m[8] == "NULL" else m[8].strip('"')
        self.check = m[9]


class Entity:
    pass


def number(text):
    return int(text.rstrip("L")) if re.fullmatch(r"-?\d+L?", text) else 0


def model():
    """name → Entity, read from the chapters' sources."""
    lists, out = {}, {}
    for f in sorted((ROOT / "api/model").glob("*.c")):
        text = f.read_text()
        for m in re.finditer(r"const struct field (\w+)\[\] = \{(.*?)\n\};",
                             text, re.S):
            lists[m[1]] = [Field(x) for x in FIELD.finditer(m[2])]
            assert len(lists[m[1]]) == len(re.findall(
                r'\{ "\w+",\s+"', m[2])), m[1]
        for m in re.finditer(r"const struct entity \w+ = \{(.*?)\};", text,
                             re.S):
            if ".business = true" not in m[1]:
                continue
            e = Entity()
            for key in ("name", "path", "table", "label", "parent",
                        "group", "state"):
                x = re.search(rf'\.{key} = "([^"]+)"', m[1])
                setattr(e, key, x[1] if x else None)
            e.group = e.group or e.name
            e.list = re.search(r"\.fields = (\w+)", m[1])[1]
            e.append = ".append = true" in m[1]
            e.moves = ".moves = " in m[1]
            e.shared = ".shared = true" in m[1]
            x = re.search(r"\.key = L\(([^)]*)\)", m[1])
            e.key = re.findall(r'"(\w+)"', x[1]) if x else []
            out[e.name] = e
    for e in out.values():
        e.fields = {f.name: f for f in lists[e.list]}
    return out


class Rows:
    """make(name) → (client, row, body). Each value differs from the last."""

    def __init__(self, stack):
        self.stack, self.model = stack, model()
        self.doc = stack.client().get("/v1/openapi.json").json
        self.schemas = self.doc["components"]["schemas"]
        self.count = itertools.count(1)
        self.codes, self.who = {}, people(stack)
        self.hire()

    def hire(self):
        """Roles that the demonstration county has nobody for."""
        security = self.stack.login("security")
        for login, role, place, clearance in (
                ("caizheng", "finance", COUNTY, 1),
                ("xuncha", "patrol_group", COUNTY, 1),
                ("jiwei", "discipline", COUNTY, 4),
                ("mijian", "township_clerk", TOWN, 4)):
            r = security.post("/v1/users", {
                "login": login, "name": "某某", "password": "for-this-test",
                "division_code": place,
                "grants": [{"role": role, "clearance": clearance}]})
            assert r.status == 200, r
            self.stack._people[login] = self.stack.login(login,
                                                         "for-this-test")

    def code(self, name, n=0):
        if name not in self.codes:
            self.codes[name] = [r[0] for r in self.stack.psql(
                "SELECT code FROM code_override WHERE set_code ="
                f" '{name}' ORDER BY sort")] or [r[0] for r in self.stack.psql(
                    f"SELECT code FROM code_item WHERE set_code = '{name}'"
                    " ORDER BY sort, code")]
            assert self.codes[name], f"no codes in {name}"
        return self.codes[name][n % len(self.codes[name])]

    def refer(self, of):
        if of in self.model:
            return self.make(of)[1]["id"]
        table = {"app_user": "app_user", "org_unit": "org_unit"}.get(of, of)
        where = (f"division_code BETWEEN {TOWN} AND division_hi({TOWN})"
                 if table != "action" else "true")
        return self.stack.psql(
            f"SELECT id FROM {table} WHERE {where} ORDER BY id LIMIT 1")[0][0]

    def value(self, f, n):
        if f.type == "T_TEXT":
            if f.check in CHECKED:
                return CHECKED[f.check]
            if f.name.endswith("sha256"):
                return f"{n:064x}"
            text = f"{f.label}{n}" if not f.max or f.max > 12 else str(n)
            return text.ljust(f.min, "长")[:f.max or None]
        if f.type in ("T_INT", "T_RATIO", "T_MONEY"):
            if f.name.endswith("year") and not f.max:
                return 2023
            low, high = (f.min, f.max) if f.max or f.min else (1, 10000)
            return low + n % (high - low + 1)
        if f.type == "T_DATE":
            return f"2023-{n % 12 + 1:02d}-{n % 28 + 1:02d}"
        return {
            "T_TIME": lambda: f"2023-05-01T08:{n % 60:02d}:00Z",
            "T_BOOL": lambda: n % 2 == 0,
            "T_CODE": lambda: self.code(f.of, n),
            "T_CODES": lambda: [self.code(f.of, n)],
            "T_DECIMAL": lambda: f"{n % 1000}.5",
            "T_DIVISION": lambda: TOWN,
            "T_JSON": lambda: {},
            "T_REF": lambda: self.refer(f.of),
        }[f.type]()

    def village(self):
        """One of the township's; the demonstration county has none."""
        code = str(int(TOWN) + 201)
        r = self.stack.login("admin").post("/v1/divisions:bulk", {
            "divisions": [{"code": code, "name": "某某村", "level": 5,
                           "parent_code": TOWN}]})
        assert r.status == 200, r
        return code

    def body(self, name, **fields):
        e, n = self.model[name], next(self.count)
        asked = self.schemas[name + "New"].get("required", [])
        out = {k: self.value(e.fields[k], n) for k in asked
               if k in e.fields}
        for k in e.key:
            if k not in out and k in e.fields and \
                    "F_SERVER" not in e.fields[k].flags:
                out[k] = self.value(e.fields[k], n)
        more = MORE.get(name, {})
        out.update(more(self, n) if callable(more) else more)
        out.update(fields)
        return out

    def makes(self, name):
        """Whether people make such rows, or the server alone."""
        return "post" in self.doc["paths"][f"/v1/{self.model[name].path}"]

    def make(self, name, **fields):
        e = self.model[name]
        if name == "attachment":
            c = self.who(MAKERS[0])
            r = files.send(c, files.jpeg(), name=f"照片{next(self.count)}.jpg")
            assert r.status == 201, r
            return c, r.json, {}
        body = self.body(name, **fields)
        for login in [CLEARED[name]] if name in CLEARED else MAKERS:
            c = self.who(login)
            sent = dict(body)
            if login in MAKERS[1:] and not e.parent:
                sent.setdefault("division_code", TOWN)
            r = c.post(f"/v1/{e.path}", sent)
            # Not his to file, or it names what he does not see.
            if r.status not in (403, 422):
                break
        assert r.status == 201, (name, login, sent, r.text)
        return c, r.json, sent
