"""Kill -9 of agent and API at random during the day, ten times: nothing lost,
nothing doubled (I1, I3, I9, I12)."""
import contextlib
import os
import random
import shutil
import signal
import time
import zipfile

from stack import wait_for
from staff import blank_row, edit, fields, find, rows


def test_ten_kills(stack):
    seed = int(os.environ.get("SEED", random.randrange(10**6)))
    rng = random.Random(seed)
    print(f"SEED={seed}")
    s = stack(demo=True, agent=True, env={
        "SETTLE_S": "1", "WRITE_BACK_S": "1", "DELETE_AFTER_S": "3"})
    folder = s.share / "南嘴镇"
    path = wait_for(lambda: next(folder.glob("*X01*.xlsx"), None), 40)
    typed, killed = {}, []

    def kill(name):
        """What dies three times within two seconds of a start is not started
        again (run.sh): a part that was killed twice lives a while."""
        wait_for(lambda: s.pids(name), 30, why=name)
        if killed.count(name) == 2:
            time.sleep(3)
            killed[:] = [k for k in killed if k != name]
        killed.append(name)
        victims = wait_for(lambda: s.pids(name), 30, why=name)
        with contextlib.suppress(ProcessLookupError):
            os.kill(rng.choice(victims), signal.SIGKILL)

    def save(cells):
        """As Excel does: the new file takes the name at once. Who writes into
        the old one just while it is exchanged has typed into what is kept: a
        copy that says so comes ten seconds later, and not before."""
        copy, owner = folder.parent / ".saved.xlsx", path.stat()
        shutil.copy2(path, copy)
        edit("openpyxl", copy, cells)
        os.chown(copy, owner.st_uid, owner.st_gid)
        os.replace(copy, path)

    for n in range(10):
        # A new row and, from the second round on, a change of an older one.
        name = f"第{n}轮的问题"
        cells = fields(blank_row(path), category="其他", description=name,
                       goal=f"目标{n}", leader_name="张三")
        typed[name] = f"目标{n}"
        if n:
            old = rng.choice([k for k in typed if k != name])
            typed[old] = f"第{n}轮改的目标"
            cells += fields(find(path, old), goal=typed[old])
        save(cells)
        time.sleep(rng.uniform(0, 4))
        kill(rng.choice(["taizhang-agent", "kore"]))
        time.sleep(rng.uniform(0, 2))
        with zipfile.ZipFile(path) as z:    # I12: whole at every instant
            assert z.testzip() is None

    def goals():
        out = s.psql("SELECT description, goal FROM issue WHERE voided_at IS "
                     "NULL AND description LIKE '第%轮的问题'")
        return sorted(map(tuple, out))

    wait_for(lambda: goals() == sorted(typed.items()), 90, 0.5,
             f"all values once (SEED={seed}): {goals()} {sorted(typed.items())}")

    def in_file():
        try:
            shown = rows(path)
        except (OSError, KeyError, zipfile.BadZipFile):
            return None
        return {r["C"]: r.get("H") for r in shown.values()} == typed
    wait_for(in_file, 60, 0.5, f"the file shows it (SEED={seed})")
    # History replays to the table (I11), and a quiet system stays quiet (I4).
    assert s.psql("""SELECT count(*) FROM issue i WHERE (SELECT data->>'goal'
        FROM history h WHERE h.entity = 'issue' AND h.row_id = i.id
        ORDER BY rev DESC LIMIT 1) IS DISTINCT FROM i.goal""") == [["0"]]
    before = s.psql("SELECT count(*) FROM history")
    time.sleep(6)
    assert s.psql("SELECT count(*) FROM history") == before
