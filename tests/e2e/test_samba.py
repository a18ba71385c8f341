"""Staff save through a real SMB share as their programs do; the API sees it,
and what the API changes comes back (I1, I2, I12, I13)."""
import os
import time

import pytest

import staff
from smb import Share
from stack import Stack, wait_for
from staff import fields, find
from test_staff_day import Desk


@pytest.fixture(scope="module")
def town():
    s = Stack(demo=True, agent=True, env={
        "SETTLE_S": "1", "WRITE_BACK_S": "1", "DELETE_AFTER_S": "3"})
    s.start()
    s.smb = Share(s.share).start()
    yield s
    s.smb.stop()
    s.stop()


# ---- how programs save (xlsx.md 5.4) ------------------------------------------

def plain(desk, new):
    """Explorer's copy: the file is overwritten in one go."""
    desk.smb(f'put "{new}" "{desk.path.name}"')


def excel(desk, new):
    """Excel: ours goes away under a random name, the new one comes in."""
    name, lock = desk.path.name, desk.folder.parent / "lock"
    lock.write_bytes(b"\x05Staff".ljust(165))
    desk.smb(f'put "{lock}" "~${name}"', f'put "{new}" CEDD4100',
             f'rename "{name}" 7A51F200.tmp', f'rename CEDD4100 "{name}"',
             "del 7A51F200.tmp", f'del "~${name}"')


def old_excel(desk, new):
    """Excel as KB 814068 tells: the original is deleted first."""
    name = desk.path.name
    desk.smb(f'put "{new}" 5E0D1B00', f'del "{name}"')
    time.sleep(1.5)     # an agent that looks now sees no ledger
    desk.smb(f'rename 5E0D1B00 "{name}"')


def renamed_over(desk, new):
    """LibreOffice and WPS: a temporary file is renamed over the ledger."""
    name = desk.path.name
    desk.smb(f'put "{new}" ".~lock.{name}#"', f'put "{new}" lu17xk2.tmp',
             f'del ".~lock.{name}#"', f'put "{new}" ".~lock.{name}#"',
             f'rename lu17xk2.tmp "{name}" -f', f'del ".~lock.{name}#"')


def halves(desk, new):
    """A slow line: half of the copy, a pause, the rest."""
    data = new.read_bytes()
    with desk.open(os.O_WRONLY | os.O_TRUNC) as f:
        f.write(data[:len(data) // 2])
        time.sleep(2)
        f.write(data[len(data) // 2:])


def broken_off(desk, new):
    """The line breaks in mid-copy; the copy is made again later."""
    data = new.read_bytes()
    with desk.open(os.O_WRONLY | os.O_TRUNC) as f:
        f.write(data[:len(data) // 2])
    time.sleep(2)
    plain(desk, new)


def in_place(desk, new):
    """Written over in small pieces, then cut to its length."""
    data = new.read_bytes()
    with desk.open(os.O_RDWR) as f:
        for at in range(0, len(data), 4096):
            f.write(data[at:at + 4096], at)
        f.truncate(len(data))


STYLES = {plain: ("琼湖街道", "qionghu"), excel: ("胭脂湖街道", "yanzhihu"),
          old_excel: ("四季红镇", "sijihong"),
          renamed_over: ("泗湖山镇", "sihushan"),
          halves: ("南嘴镇", "nanzui"), broken_off: ("草尾镇", "caowei"),
          in_place: ("黄茅洲镇", "huangmaozhou")}


class RemoteDesk(Desk):
    """Staff on another machine: every look and every save by SMB."""

    def __init__(self, town, style):
        self.town, self.style, self.writer = town, style, style.__name__
        unit, login = STYLES[style]
        self.folder = town.share / unit
        self.path = wait_for(self.primary, 40, why=f"ledger of {unit}")
        self.api, self.county = town.login(login), town.login("nongye")
        self.local = town.smb.dir / f"{self.writer}.xlsx"

    def smb(self, *commands):
        self.town.smb.run(self.folder.name, *commands)

    def open(self, flags):
        return self.town.smb.open(self.folder.name, self.path.name, flags)

    def fetch(self):
        self.smb(f'get "{self.path.name}" "{self.local}"')
        return self.local

    def edit(self, cells):
        staff.edit("openpyxl", self.fetch(), cells)
        self.style(self, self.local)

    def quiet(self):
        """Only the ledger is left in the folder, without a note."""
        left = sorted(p.name for p in self.folder.iterdir())
        return left == [".ledger-sync", self.path.name]


@pytest.fixture(params=STYLES, ids=lambda s: s.__name__)
def desk(town, request):
    return RemoteDesk(town, request.param)


def test_saved_over_smb(desk):
    name = "经共享保存的"
    desk.add(name)
    desk.patch(name, measures="县里改的")
    desk.until_file(name, measures="县里改的")
    local = desk.fetch()
    assert staff.rows(local)[find(local, name)]["I"] == "县里改的"
    staff.edit("openpyxl", local, fields(find(local, name), goal="再改一次"))
    desk.style(desk, local)
    i = desk.until(name, goal="再改一次", measures="县里改的")
    assert desk.quiet(), list(desk.folder.iterdir())
    assert desk.county.get("/v1/conflicts?limit=200").json["items"] == []
    history = desk.api.get(f"/v1/issues/{i['id']}/history").json["items"]
    assert len(history) == i["rev"], history    # nothing twice


@pytest.mark.parametrize("how", ["reader", "editor"])
def test_write_back_waits_for_whoever_has_it_open(town, how):
    """I13: the handle stays on the ledger; its next save is not lost."""
    desk = RemoteDesk(town, plain)
    name = f"有人开着的 {how}"
    desk.add(name)
    local = desk.fetch()
    staff.edit("openpyxl", local, fields(find(local, name), goal="开着时改的"))
    data = local.read_bytes()
    with desk.open(os.O_RDONLY if how == "reader" else os.O_RDWR) as f:
        inode = desk.path.stat().st_ino
        desk.patch(name, measures="开着时县里改的")
        time.sleep(4)
        assert desk.path.stat().st_ino == inode
        assert staff.rows(desk.path)[find(desk.path, name)]["I"] == "倒排工期"
        if how == "editor":
            f.write(data, 0)
            f.truncate(len(data))
            time.sleep(2)
            assert desk.path.stat().st_ino == inode
    if how == "editor":
        desk.until(name, goal="开着时改的", measures="开着时县里改的")
        desk.until_file(name, goal="开着时改的", measures="开着时县里改的")
    else:
        desk.until_file(name, measures="开着时县里改的")
    assert [p.name for p in desk.folder.glob("*.xlsx")] == [desk.path.name]


def test_smbd_restarts_in_mid_day(town):
    """A share that goes away and comes back is no deletion."""
    desk = RemoteDesk(town, in_place)
    desk.add("重启之前的")
    town.smb.stop()
    town.smb = Share(town.share).start()
    desk = RemoteDesk(town, excel)
    desk.add("重启之后的")
    assert desk.issue("重启之后的")
