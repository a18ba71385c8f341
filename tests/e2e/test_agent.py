"""The agent one pass at a time (`taizhang-agent once`) against the real API:
what staff do to files, and what must never happen to them (I12–I19)."""
import fcntl
import json
import os
import shutil
import sqlite3
import subprocess
import time

import openpyxl
import pytest

import staff
from sheets import FULL, TOWN, c
from stack import BUILD, wait_for
from staff import FIRST, SHEET, blank_row, edit, fields, find, rows

assert c    # the fixture
REPORT = ".同步报告.txt"


class Folder:
    """A bound folder with an agent of its own."""

    def __init__(self, county, dir, **kw):
        self.county, self.dir = county, dir
        self.share, self.state = dir / "share", dir / "state"
        self.share.mkdir()
        r = county.user["admin"].post("/v1/bindings", {
            "name": dir.name, "action": "lookback-2023", "division": TOWN,
            "templates": ["X01"], "delete_after_s": 1, "write_back_s": 0,
            "settle_s": 1, **kw})
        assert r.status == 201, r
        (dir / "token").write_text(r.json["token"])
        (dir / "token").chmod(0o600)
        self.conf(api=f"http://127.0.0.1:{county.stack.port}")
        assert self.agent("init").returncode == 0
        self.once()
        self.path = next(self.share.glob("*X01*.xlsx"))

    def conf(self, api, **kw):
        more = "".join(f"{k} = {v}\n" for k, v in kw.items())
        (self.dir / "agent.conf").write_text(
            f"api = {api}\nstate = {self.state}\nfree_floor_mib = 1\n{more}"
            f"[binding]\nfolder = {self.share}\n"
            f"token_file = {self.dir / 'token'}\n")

    def agent(self, *args, **kw):
        return subprocess.run(
            [BUILD / "taizhang-agent", "--config", self.dir / "agent.conf",
             *args], text=True, capture_output=True, timeout=120, **kw)

    def once(self, code=0):
        r = self.agent("once", str(self.share))
        assert r.returncode == code, (r.returncode, r.stderr, self.notes())
        return r

    def notes(self):
        return {p.name: p.read_bytes().decode("utf-8-sig")
                for p in self.share.rglob("*" + REPORT)}

    def add(self, *names, path=None):
        path = path or self.path
        cells = []
        for k, name in enumerate(names):
            cells += fields(blank_row(path, k), **{**FULL,
                                                   "description": name})
        edit("openpyxl", path, cells)

    def set(self, name, path=None, **values):
        path = path or self.path
        edit("openpyxl", path, fields(find(path, name), **values))

    def shown(self, name):
        return rows(self.path)[find(self.path, name)]

    def issue(self, name):
        hit = self.issues(name)
        assert len(hit) == 1, (name, hit)
        return hit[0]

    def issues(self, name):
        r = self.county.user["clerk"].get("/v1/issues?limit=200")
        assert r.status == 200 and r.json["next"] is None, r
        return [i for i in r.json["items"]
                if name in (i["description"] or "")]

    def patch(self, name, **values):
        i = self.issue(name)
        r = self.county.user["clerk"].patch(f"/v1/issues/{i['id']}", values,
                                            rev=i["rev"])
        assert r.status == 200, r

    def remove_rows(self, *names):
        book = openpyxl.load_workbook(self.path)
        page = book[SHEET]
        for name in names:
            for n in range(FIRST, page.max_row + 1):
                if name in str(page[f"C{n}"].value):
                    for col in range(1, 15):
                        page.cell(n, col).value = None
        book.save(self.path)


@pytest.fixture
def folder(c, tmp_path):
    return Folder(c, tmp_path)


def test_decisions_in_the_conflict_sheet(folder):
    f = folder
    names = ("采用系统的", "采用本表的", "改为新值的")
    f.add(*names)
    f.once()
    for name in names:
        f.set(name, goal="本表")
        f.patch(name, goal="系统")
    f.once()
    page = openpyxl.load_workbook(f.path)["冲突"]
    line = {page.cell(r, 2).value: r for r in range(2, page.max_row + 1)
            if page.cell(r, 1).value}
    for name, choice in zip(names, ("采用系统", "采用本表", "改为")):
        r = line[find(f.path, name)]
        edit("openpyxl", f.path, [[f"I{r}", choice]] + (
            [[f"J{r}", "第三个值"]] if choice == "改为" else []), sheet="冲突")
    f.once()
    for name, goal in zip(names, ("系统", "本表", "第三个值")):
        assert f.issue(name)["goal"] == goal
        assert f.shown(name)["H"] == goal
    page = openpyxl.load_workbook(f.path)["冲突"]
    assert not any(page.cell(r, 1).value for r in range(2, 9))


def test_nothing_changes_nothing(folder):
    """I4: a second pass neither writes the file nor moves the ledger."""
    f = folder
    f.add("不再改动的")
    f.once()
    before, stat = f.issue("不再改动的")["rev"], f.path.stat()
    for _ in range(2):
        f.once()
    assert f.path.stat().st_mtime_ns == stat.st_mtime_ns
    assert f.issue("不再改动的")["rev"] == before


def test_amnesia_changes_nothing(folder):
    """I17: without its memory the agent finds everything again, once."""
    f = folder
    f.add("失忆之前的")
    f.once()
    f.set("失忆之前的", goal="失忆前改的")
    shutil.rmtree(f.state)
    f.once()
    assert f.issue("失忆之前的")["goal"] == "失忆前改的"
    rev = f.issue("失忆之前的")["rev"]
    shutil.rmtree(f.state)
    f.once()
    assert f.issue("失忆之前的")["rev"] == rev
    assert len(list(f.share.glob("*.xlsx"))) == 1


def test_a_deleted_row_ripens(folder):
    f = folder
    f.add("要删掉的", "留下来的")
    f.once()
    f.remove_rows("要删掉的")
    f.once()
    assert f.issues("要删掉的") == []
    assert f.issue("留下来的")["goal"] == FULL["goal"]
    assert not any("要删掉的" in r.get("C", "")
                   for r in rows(f.path).values())


def test_many_deletions_wait_for_a_person(folder):
    f = folder
    names = [f"成批{n}号" for n in range(8)]
    f.add(*names)
    f.once()
    f.remove_rows(*names)
    f.set(next(r["C"] for r in rows(f.path).values()), goal="其余照常") \
        if rows(f.path) else f.add("其余照常的")
    f.once(1)
    assert len(f.issues("成批")) == 8
    assert "一次删除的行较多（表中少了 8 行）" in f.notes()[
        f.path.name + REPORT]
    edit("openpyxl", f.path, [["F9", "取消 删除。"]], sheet="校验结果")
    f.once()
    assert f.notes() == {} and f.shown("成批3号")["H"] == FULL["goal"]
    assert len(f.issues("成批")) == 8
    f.remove_rows(*names)
    f.once(1)
    edit("openpyxl", f.path, [["F9", "确认删除"]], sheet="校验结果")
    f.once()
    assert f.issues("成批") == [] and f.notes() == {}


def test_a_moved_file_is_the_same_workbook(folder):
    f = folder
    f.add("搬家之前的")
    f.once()
    (f.share / "子目录").mkdir()
    f.path = f.path.rename(f.share / "子目录" / "改了名的.xlsx")
    f.set("搬家之前的", goal="搬家之后")
    f.once()
    assert f.issue("搬家之前的")["goal"] == "搬家之后"
    f.patch("搬家之前的", measures="还会写回")
    f.once()
    assert f.shown("搬家之前的")["I"] == "还会写回"
    assert [p for p in f.share.rglob("*.xlsx")] == [f.path]


def test_a_copy_is_never_written_and_deletes_nothing(folder):
    f = folder
    f.add("副本里的", "副本里删的")
    f.once()
    copy = f.share / "副本.xlsx"
    shutil.copy(f.path, copy)
    f.once()
    assert f.notes() == {}      # known bytes say nothing
    main, f.path = f.path, copy
    f.remove_rows("副本里删的")
    f.path = main
    was = copy.read_bytes()
    f.patch("副本里的", goal="系统改了")
    f.agent("once", str(f.share))
    assert copy.read_bytes() == was
    assert "副本" in f.notes()[copy.name + REPORT]
    assert f.issue("副本里删的") and f.shown("副本里的")["H"] == "系统改了"
    copy.unlink()
    f.once()
    assert f.notes() == {}


def test_what_is_typed_into_a_copy_is_not_lost(folder):
    f = folder
    f.add("副本改的", "两边改的", "副本没动的")
    f.once()
    copy = f.share / "副本.xlsx"
    shutil.copy(f.path, copy)
    f.set("副本没动的", goal="主文件的目标")
    f.patch("两边改的", goal="系统的目标")
    f.add("主文件新填的")
    f.once()
    f.set("副本改的", path=copy, goal="副本的目标")
    f.set("两边改的", path=copy, goal="副本也改", measures="副本的措施")
    f.add("副本新填的", path=copy)     # into the spare the main file used
    f.once()
    assert f.issue("副本改的")["goal"] == "副本的目标"
    assert f.issue("两边改的")["goal"] == "系统的目标"
    assert f.issue("两边改的")["measures"] == "副本的措施"
    assert f.issue("副本没动的")["goal"] == "主文件的目标"
    assert f.issue("主文件新填的") and f.issue("副本新填的")
    assert "副本的目标" in f.shown("副本改的").values()
    assert "副本新填的" in f.shown("副本新填的")["C"]
    note = f.notes()[copy.name + REPORT]
    assert "请改用主文件" in note and "1 行系统中也已改动" in note
    conflicts = f.county.user["clerk"].get("/v1/conflicts").json["items"]
    assert [x["file"] for x in conflicts
            if x["row"] == f.issue("两边改的")["id"]] == ["副本也改"]
    # Saved again, and again after amnesia: nothing twice (I3, I17).
    f.set("副本改的", path=copy, goal="副本又改")
    f.set("副本新填的", path=copy, goal="新填的也改")
    f.once()
    assert f.issue("副本改的")["goal"] == "副本又改"
    assert f.issue("副本新填的")["goal"] == "新填的也改"
    shutil.rmtree(f.state)
    f.agent("once", str(f.share))
    for name in ("副本改的", "副本新填的", "主文件新填的"):
        assert len(f.issues(name)) == 1
    assert f.issue("副本改的")["goal"] == "副本又改"


def test_what_cannot_be_read_is_said_and_left_alone(folder):
    f = folder
    f.add("旁边有坏文件的")
    bad = {"坏.xlsx": b"not a workbook " * 100,
           "旧.xls": bytes.fromhex("d0cf11e0a1b11ae1") + bytes(4000)}
    for name, data in bad.items():
        (f.share / name).write_bytes(data)
    f.once(1)
    assert f.issue("旁边有坏文件的")     # one file's fate is no other's
    for name, data in bad.items():
        assert (f.share / name).read_bytes() == data
        assert name in f.notes()[name + REPORT]
        assert (f.share / (name + REPORT)).read_bytes()[:3] == \
            b"\xef\xbb\xbf"
    listed = f.county.user["clerk"].get("/v1/sync/files").json["items"]
    assert {x["path"] for x in listed if x["state"] == "quarantined"} >= \
        set(bad)
    f.once(1)
    for name in bad:
        (f.share / name).unlink()
    f.once()
    assert f.notes() == {}


def test_half_a_workbook_is_still_arriving(folder):
    f = folder
    f.add("传完才读的")
    whole = f.path.read_bytes()
    f.path.write_bytes(whole[:len(whole) // 2])
    f.once(1)
    assert f.notes() == {} and f.issues("传完才读的") == []
    f.path.write_bytes(whole)
    f.once()
    assert f.issue("传完才读的")


def test_never_over_an_open_file(folder):
    """I13: somebody has it open – pushed, but written only afterwards."""
    f = folder
    f.add("开着的时候")
    f.once()
    f.set("开着的时候", goal="表里改的")
    f.patch("开着的时候", measures="系统改的")
    with open(f.path, "rb"):
        f.once()
        assert f.issue("开着的时候")["goal"] == "表里改的"
        assert "系统改的" not in f.shown("开着的时候").values()
    f.once()
    assert f.shown("开着的时候")["I"] == "系统改的"
    f.patch("开着的时候", measures="又改了")
    lock = f.share / f"~${f.path.name}"
    lock.write_bytes(b"x" * 165)
    f.once()
    assert f.shown("开着的时候")["I"] == "系统改的"
    lock.unlink()
    f.once()
    assert f.shown("开着的时候")["I"] == "又改了"


def test_a_late_save_stands_beside(folder):
    """Typed into the file we had replaced: shown, never lost (I1)."""
    f = folder
    f.add("迟到的保存")
    f.once()
    f.patch("迟到的保存", measures="写回一次")
    f.once()
    kept = max((f.share / ".ledger-sync/kept").iterdir(),
               key=lambda p: p.stat().st_mtime)
    staff_saved = openpyxl.load_workbook(kept.open("rb"))
    staff_saved[SHEET][f"H{find(f.path, '迟到的保存')}"].value = "迟到的目标"
    with open(kept, "r+b") as into:
        staff_saved.save(into)
    with sqlite3.connect(f.state / "agent.sqlite") as db:
        db.execute("UPDATE version SET since = since - 100000")
    f.agent("once", str(f.share))
    beside = [p for p in f.share.glob("*.xlsx") if "另存的一份" in p.name]
    assert len(beside) == 1
    assert rows(beside[0])[find(beside[0], "迟到的保存")]["H"] == "迟到的目标"


def test_a_formula_is_never_written_over(folder):
    f = folder
    f.add("公式所在的")
    f.once()
    n = find(f.path, "公式所在的")
    edit("openpyxl", f.path, [[f"H{n}", '="公" & "式"']])
    f.once()            # no cached result: nothing is said of the cell
    assert f.issue("公式所在的")["goal"] == FULL["goal"]
    page = openpyxl.load_workbook(f.path)
    assert page[SHEET][f"H{n}"].value == '="公" & "式"'
    assert any("公式" in str(r[3]) and r[0] == n for r in
               page["校验结果"].iter_rows(values_only=True))


def test_an_absent_marker_is_an_unmounted_share(folder):
    f = folder
    f.add("没挂载之前的")
    f.once()
    marker = f.share / ".ledger-sync/id"
    text = marker.read_text()
    marker.unlink()
    f.path.rename(f.dir / "away.xlsx")
    f.once(1)
    marker.write_text(text)
    (f.dir / "away.xlsx").rename(f.path)
    f.once()
    assert f.issue("没挂载之前的")


def test_a_missing_file_deletes_nothing_and_is_not_replaced(folder):
    f = folder
    f.add("文件不见之前的")
    f.once()
    f.path.rename(f.dir / "away.xlsx")
    f.once()
    assert f.issue("文件不见之前的") and not list(f.share.glob("*.xlsx"))
    (f.dir / "away.xlsx").rename(f.path)
    f.set("文件不见之前的", goal="又回来了")
    f.once()
    assert f.issue("文件不见之前的")["goal"] == "又回来了"


def test_links_lead_nowhere(folder, tmp_path):
    """I16: what a link points to is neither read nor written."""
    f = folder
    f.add("本来的内容")
    f.once()
    outside = tmp_path / "outside.xlsx"
    shutil.copy(f.path, outside)
    edit("openpyxl", outside, fields(find(outside, "本来的内容"),
                                     goal="外面的内容"))
    was = outside.read_bytes()
    (f.share / "链接.xlsx").symlink_to(outside)
    (f.share / "目录链接").symlink_to(tmp_path)
    os.mkfifo(f.share / "管道.xlsx")
    os.link(outside, f.share / "硬链接.xlsx")
    f.once(1)
    assert f.issue("本来的内容")["goal"] == FULL["goal"]
    assert outside.read_bytes() == was
    assert "硬链接" in f.notes()["硬链接.xlsx" + REPORT]


def test_without_the_api_nothing_is_lost(folder):
    f = folder
    f.add("断网时填的")
    api = f"http://127.0.0.1:{f.county.stack.port}"
    f.conf(api="http://127.0.0.1:9", settle_s=1)
    began = time.monotonic()
    r = f.once(1)
    assert "127.0.0.1" not in r.stdout and time.monotonic() - began < 60
    f.conf(api=api)
    f.once()
    assert len(f.issues("断网时填的")) == 1


def test_one_agent_at_a_time(folder):
    f = folder
    with open(f.state / "lock", "r+") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        r = f.agent("once", str(f.share))
    assert r.returncode == 2
    assert "another agent is already running" in r.stderr
    assert len(r.stderr.splitlines()) == 1


def test_the_log_tells_no_contents(folder):
    f = folder
    f.conf(api=f"http://127.0.0.1:{f.county.stack.port}", debug=1)
    f.add("日志里没有的内容")
    r = f.once()
    lines = [json.loads(x) for x in r.stderr.splitlines()]
    assert {"observed", "pushed", "write_back"} <= {x["event"] for x in lines}
    for word in ("日志里没有的内容", FULL["goal"], FULL["leader_phone"],
                 (f.dir / "token").read_text()):
        assert word not in r.stderr


def test_full_disk_stops_observing_first(folder):
    f = folder
    f.add("磁盘满时的")
    api = f"http://127.0.0.1:{f.county.stack.port}"
    f.conf(api=api, free_floor_mib=1 << 29)
    p = subprocess.Popen([BUILD / "taizhang-agent", "--config",
                          f.dir / "agent.conf", "run"],
                         stderr=subprocess.PIPE, text=True)
    try:
        wait_for(lambda: "disk_full" in p.stderr.readline(), 10)
    finally:
        p.terminate()
        assert p.wait(10) == 0
    assert f.issues("磁盘满时的") == []
    f.conf(api=api)
    f.once()
    assert f.issue("磁盘满时的")


@pytest.mark.parametrize("args, code, text", [
    (["--help"], 0, "taizhang-agent [--config FILE]"),
    (["once", "--help"], 0, "once DIR"), (["--version"], 0, "taizhang-agent"),
    (["once"], 2, ""), (["dance"], 2, ""), (["--colour"], 2, ""),
    (["--config", "/nonexistent", "run"], 2, "")])
def test_command_line(args, code, text):
    r = subprocess.run([BUILD / "taizhang-agent", *args], text=True,
                       capture_output=True, timeout=10)
    assert r.returncode == code and text in r.stdout
    assert code == 0 or r.stderr
