#!/usr/bin/python3
"""generate.py PRESET DATABASE_URL: places, rows and people of a given size
(township, county, prefecture, province), streamed into an empty model by
COPY. The volumes are those of a heavy county after twelve project years.

Every figure is a function of its row's number: two runs give the same rows.
Nothing of it is anybody's: names, telephones and numbers are invented."""
import subprocess
import sys
import time

COUNTIES = {"township": 1, "county": 1, "prefecture": 18, "province": 183}
TOWNSHIPS, VILLAGES = 14, 15          # per county, per township
FUNDS = ["F01", "F02", "F03", "F04", "F05"]
EPOCH = "2023-01-01"

# What one heavy county holds; a township has a fifteenth of it, which keeps
# the ratios of parents and children whole.
SHARE = 15
PER_COUNTY = {
    "project": 3000, "project_funding": 6000, "fund_payment": 18000,
    "library_entry": 3000, "asset": 6000, "asset_right": 30000,
    "benefit_mechanism": 540, "household": 20000, "benefit_agreement": 20000,
    "benefit_record": 54000, "risk_episode": 540, "classification_case": 540,
    "classification_opinion": 2160, "issue": 2200, "supervision_order": 150,
    "patrol_visit": 500, "form_response": 20000, "report_submission": 816,
    "attachment": 60000,
}


def uid(kind, n):
    """A time-ordered UUIDv7 whose tail says what it is."""
    ms = 1672531200000 + n * 37 % 94608000000
    return (f"{ms >> 16:08x}-{ms & 0xffff:04x}-7{kind:03x}-8000-{n:012x}")


class Place:
    """Codes of a made-up province: 51, prefectures 33…, counties 01…"""

    def __init__(self, preset):
        self.preset = preset
        self.counties = [
            510000000000 + (33 + i // 18) * 10 ** 8 + (1 + i % 18) * 10 ** 6
            for i in range(COUNTIES[preset])]
        self.townships = [c + (100 + t) * 1000 for c in self.counties
                          for t in range(TOWNSHIPS)]
        if preset == "township":
            self.townships = self.townships[:1]

    def divisions(self):
        yield 510000000000, "测试省", 1, None
        for p in sorted({c // 10 ** 8 for c in self.counties}):
            yield p * 10 ** 8, f"第{p % 100}州", 2, 510000000000
        for c in self.counties:
            yield c, f"第{c // 10 ** 6 % 10 ** 4}县", 3, c // 10 ** 8 * 10 ** 8
        for t in self.townships:
            yield t, f"第{t // 1000 % 1000}乡", 4, t // 10 ** 6 * 10 ** 6
            for v in range(1, VILLAGES + 1):
                yield t + 200 + v, f"第{v}村", 5, t

    def of(self, n):
        """The village of row n: rows go round the townships in turn."""
        return self.townships[n % len(self.townships)] + 200 + \
            1 + n // len(self.townships) % VILLAGES


class Loader:
    def __init__(self, url):
        self.url = url
        self.columns = {}
        for table, name, kind, must in self.query(
                "SELECT c.relname, a.attname, format_type(a.atttypid, -1),"
                " a.attnotnull AND NOT a.atthasdef FROM pg_attribute a"
                " JOIN pg_class c ON c.oid = a.attrelid WHERE c.relkind = 'r'"
                " AND c.relnamespace = 'public'::regnamespace"
                " AND a.attnum > 0 AND NOT a.attisdropped"
                " AND a.attgenerated = ''"):
            self.columns.setdefault(table, {})[name] = (kind, must == "t")

    def query(self, sql):
        out = subprocess.run(["psql", "-XqAtF\t", "-v", "ON_ERROR_STOP=1",
                              self.url], input=sql, text=True, check=True,
                             capture_output=True).stdout
        return [line.split("\t") for line in out.splitlines()]

    def copy(self, table, columns, rows):
        """Triggers stand aside: a generated row has no author."""
        begin, n = time.monotonic(), 0
        p = subprocess.Popen(["psql", "-Xq", "-v", "ON_ERROR_STOP=1",
                              self.url], stdin=subprocess.PIPE, text=True)
        p.stdin.write("SET session_replication_role = replica;\n"
                      f"COPY {table} ({', '.join(columns)}) FROM STDIN;\n")
        batch = []
        for row in rows:
            batch.append("\t".join("\\N" if v is None else str(v)
                                   for v in row))
            if len(batch) == 2000:
                p.stdin.write("\n".join(batch) + "\n")
                n, batch = n + 2000, []
        n += len(batch)
        p.stdin.write("".join(line + "\n" for line in batch) + "\\.\n")
        p.stdin.close()
        if p.wait() != 0:
            raise SystemExit(f"generate: COPY {table} failed")
        print(f"{table:24} {n:>9} rows {time.monotonic() - begin:6.1f} s",
              flush=True)


def volumes(preset, least):
    """table → rows."""
    many = COUNTIES[preset]
    return {t: max(least, n // SHARE if preset == "township" else n * many)
            for t, n in PER_COUNTY.items()}


class Rows:
    """One method per table: (columns, function of the row's number)."""

    def __init__(self, place, count, ids):
        self.place, self.count, self.ids = place, count, ids
        self.kind = {t: k for k, t in enumerate(PER_COUNTY, 1)}

    def id(self, table, n):
        return uid(self.kind[table], n)

    def up(self, table, n):
        """The parent of row n, and the place they share."""
        p = n % self.count[table]
        return self.id(table, p), self.place.of(p)

    def project(self, n):
        total = (50 + n * 7919 % 2000) * 10000 * 100
        return {"project_no": f"{2013 + n % 12}-{n:07d}",
                "name": f"第{n}号{('稻虾', '茶叶', '光伏', '养殖')[n % 4]}项目",
                "build_year": 2013 + n % 12,
                "type_l1": ("industry", "jobs", "construction")[n % 3],
                "is_industry": "t" if n % 100 < 18 else "f",
                "content": "新建厂房一座，购置设备，带动农户增收",
                "total_investment_fen": total,
                "support_fund_fen": total * 6 // 10,
                "state": ("planned", "approved", "in_progress", "completed",
                          "operating")[n % 5],
                "current_risk_level": ("green", "yellow", "red")[n % 3]}

    def project_funding(self, n):
        turn = n // self.count["project"]
        return {"project_id": self.up("project", n)[0],
                "fund_type": FUNDS[(n + turn) % 5],
                "fund_level": ("central", "province", "county")[n % 3],
                "year": 2013 + n % 12, "batch": str(1 + n // 12 % 3),
                "planned_fen": 1000000 + n % 9000000}

    def fund_payment(self, n):
        return {"project_id": self.up("project", n)[0],
                "allocation_id": self.ids["fund_allocation"],
                "kind": "spent", "amount_fen": 100000 + n % 900000,
                "paid_on": f"20{14 + n % 10}-{1 + n % 12:02d}-15"}

    def library_entry(self, n):
        return {"project_id": self.up("project", n)[0],
                "library_year": 2013 + n % 12, "state": "admitted"}

    def asset(self, n):
        return {"asset_no": f"A{n:08d}",
                "project_id": self.up("project", n)[0],
                "name": f"第{n}号厂房", "asset_type": ("operating", "public",
                                                   "household")[n % 3],
                "acquired_on": f"20{14 + n % 10}-06-30",
                "original_value_fen": 5000000 + n % 90000000,
                "owner_kind": "village_coll", "state": "in_use",
                "supervising_org_id": self.ids["org_unit"]}

    def asset_right(self, n):
        return {"asset_id": self.up("asset", n)[0],
                "right_kind": ("own", "operate", "benefit", "supervise",
                               "dispose")[n // self.count["asset"] % 5],
                "holder_kind": "village_coll", "holder_name": "村集体"}

    def benefit_mechanism(self, n):
        return {"project_id": self.up("project", n)[0], "mode": "share",
                "description": "保底分红", "established_on": "2021-03-01"}

    def household(self, n):
        return {"household_no": f"H{n:09d}", "head_name": f"户主{n}",
                "types": "{tuopin}", "members": 1 + n % 7, "labour": n % 2,
                "sensitivity": 2}

    def benefit_agreement(self, n):
        return {"project_id": self.up("project", n)[0],
                "party_kind": "household",
                "household_id": self.id("household",
                                        n % self.count["household"]),
                "agreement_no": f"B{n:08d}", "start_on": "2021-01-01",
                "end_on": "2025-12-31", "guaranteed_per_year_fen": 120000}

    def benefit_record(self, n):
        return {"project_id": self.up("project", n)[0],
                "household_id": self.id("household",
                                        n % self.count["household"]),
                "year": 2019 + n // self.count["household"] % 5,
                "link": "asset_income", "due_fen": 120000,
                "paid_fen": 120000 - n % 5 * 10000,
                "paid_on": "2023-12-20"}

    def risk_episode(self, n):
        return {"project_id": self.up("project", n)[0],
                "state": "suspected"}

    def classification_case(self, n):
        return {"project_id": self.up("project", n)[0], "state": "draft"}

    def classification_opinion(self, n):
        return {"case_id": self.up("classification_case", n)[0],
                "opined_on": "2024-11-20",
                "stage": ("village", "township", "department",
                          "task_force")[n % 4]}

    def issue(self, n):
        return {"seq_no": 1 + n // len(self.place.townships),
                "category": f"Y-{1 + n % 6}", "state": (
                    "found", "assigned", "rectifying", "completed")[n % 4],
                "project_id": self.up("project", n)[0],
                "description": f"项目名称：第{n}号产业项目；实施主体：合作社；"
                               "发生时间：2022年5月；基本情况：设备闲置",
                "responsible_org": "镇人民政府", "leader_name": "张三",
                "leader_phone": "13800000000", "person_name": "李四",
                "goal": "恢复运行", "measures": "更换设备",
                "progress_text": "未完成。原因：等待设备；预计2023年5月31日完成",
                "due_on": f"2023-{4 + n % 3:02d}-{1 + n % 28:02d}",
                "found_on": "2023-03-25"}

    def supervision_order(self, n):
        return {"order_no": f"D{n:06d}", "kind": "supervision",
                "target_org_id": self.ids["org_unit"], "state": "draft",
                "content": "限期整改", "reply_due_on": "2023-05-10"}

    def patrol_visit(self, n):
        return {"kind": "patrol", "visited_on": f"2023-04-{1 + n % 28:02d}",
                "place": "项目现场", "findings": "设备闲置"}

    def form_response(self, n):
        answers = ",".join(f'"H{1 + q // 3}.{1 + q % 3}":{(n + q) % 7 // 6}'
                           for q in range(39))
        return {"template_id": self.ids["form_template"],
                "household_id": self.id("household",
                                        n % self.count["household"]),
                "surveyed_on": "2022-07-15", "state": "draft",
                "answers": "{" + answers + "}"}

    def report_submission(self, n):
        return {"obligation_id": self.ids["report_obligation"],
                "title": f"第{n}期进展情况", "state": "open"}

    def attachment(self, n):
        return {"name": f"照片{n}.jpg", "mime": "image/jpeg",
                "bytes": 400000, "sha256": f"{n:064x}"}


def ground(load, place):
    """Places, and the few rows that many others name."""
    c = place.counties[0]
    load.copy("division", ["code", "name", "level", "parent_code"],
              place.divisions())
    ids = {t: uid(99, k) for k, t in enumerate(
        ("action", "org_unit", "fund_allocation", "form_template",
         "report_def", "report_obligation"))}
    load.copy("action", ["id", "code", "name", "level", "division_code",
                         "year", "doc_no", "doc_title", "start_on"],
              [(ids["action"], "bench", "测试行动", 1, 510000000000, 2023,
                "测〔2023〕1号", "测试", "2023-01-01")])
    load.copy("org_unit", ["id", "code", "name", "kind", "level",
                           "division_code"],
              [(ids["org_unit"], "bench", "测试局", "sector_dept", 1,
                510000000000)])
    one = {
        "fund_allocation": {"year": 2023, "fund_type": "F03", "batch": "1",
                            "fund_level": "central", "doc_no": "测1号",
                            "allocated_on": "2023-01-10",
                            "amount_fen": 10 ** 12},
        "form_template": {"code": "bench", "version": 1, "title": "测试表",
                          "subject_kind": "household"},
        "report_def": {"code": "bench", "name": "测试报告",
                       "cycle": "half_monthly"},
        "report_obligation": {"def_id": ids["report_def"], "period": "2023",
                              "due_on": "2023-12-31"},
    }
    for table, row in one.items():
        row = dict(row, id=ids[table], division_code=c, filing_level=3)
        if "action_id" in load.columns[table] and load.columns[table][
                "action_id"][1]:
            row["action_id"] = ids["action"]
        load.copy(table, list(row), [list(row.values())])
    return ids


def people(load, place):
    """One reader and writer per level: level1 … level5, with the password of
    whoever is there already."""
    known = load.query("SELECT password FROM app_user LIMIT 1")
    if not known:
        return
    t = place.townships[0]
    where = {"level1": (510000000000, "province"),
             "level2": (t // 10 ** 8 * 10 ** 8, "pref_task_force"),
             "level3": (t // 10 ** 6 * 10 ** 6, "task_force"),
             "level4": (t, "township_clerk"),
             "level5": (t + 201, "village_admin")}
    load.copy("app_user", ["id", "login", "name", "division_code",
                           "password"],
              [(uid(98, k), login, f"测试{k}", code, known[0][0])
               for k, (login, (code, _)) in enumerate(where.items())])
    load.copy("role_grant", ["id", "user_id", "role", "division_code",
                             "clearance"],
              [(uid(97, k), uid(98, k), role, code, 2)
               for k, (code, role) in enumerate(where.values())])


def generate(preset, url, least=0):
    """Rows of each table, at least so many; table → how many there are."""
    load, place = Loader(url), Place(preset)
    count = volumes(preset, least)
    rows = Rows(place, count, ground(load, place))
    for table, n in count.items():
        make = getattr(rows, table)
        common = {"filing_level": 4}
        if load.columns[table]["action_id"][1]:
            common["action_id"] = rows.ids["action"]
        columns = list(make(0)) + [c for c in common if c not in make(0)]
        parent = {"project_funding": "project", "fund_payment": "project",
                  "library_entry": "project", "asset": "project",
                  "asset_right": "asset", "benefit_mechanism": "project",
                  "benefit_agreement": "project", "benefit_record": "project",
                  "risk_episode": "project", "classification_case": "project",
                  "classification_opinion": "classification_case",
                  "issue": "project"}.get(table)

        def line(k):
            row = dict(common, **make(k))
            place_of = rows.up(parent, k)[1] if parent else place.of(k)
            if table == "asset_right":
                place_of = rows.up("project", k % count["asset"])[1]
            if table == "classification_opinion":
                place_of = rows.up("project",
                                   k % count["classification_case"])[1]
            at = f"{EPOCH} {k % 86400 // 3600:02d}:{k % 3600 // 60:02d}:" \
                 f"{k % 60:02d}.{k % 10 ** 6:06d}+00"
            return [row[c] for c in columns] + [
                rows.id(table, k), place_of, at, at]

        load.copy(table, columns + ["id", "division_code", "created_at",
                                    "updated_at"],
                  (line(k) for k in range(n)))
    people(load, place)
    load.query("ANALYZE")
    return count


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in COUNTIES:
        raise SystemExit(__doc__)
    generate(sys.argv[1], sys.argv[2])
