"""`make run` as an operator meets it: first start, second start, refusals."""
import contextlib
import os
import signal
import pathlib
import shutil
import subprocess
import time

import pytest

from stack import ROOT, Stack, wait_for


def alive(pids):
    """Those that still run; one that only waits to be reaped does not."""
    def runs(pid):
        try:
            stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return False
        return stat.rsplit(")", 1)[1].split()[0] != "Z"
    return [p for p in pids if runs(p)]


def refused(stack, **env):
    """run.sh's exit code and its last words when it will not start."""
    done = subprocess.run(
        [stack.root / "conf/run.sh"], cwd=stack.root, text=True, timeout=60,
        capture_output=True, stdin=subprocess.DEVNULL,
        env=dict(os.environ, VAR=str(stack.var), SHARE=str(stack.share),
                 PORT=str(stack.port), BUILD=str(stack.build),
                 AGENT="no", DEMO="no", **env))
    return done.returncode, done.stderr.strip().splitlines()


def test_a_second_start_finds_the_data(stack):
    s = stack(demo=True, agent=True)
    before = s.psql("SELECT count(*) FROM division")
    s.stop(keep=True)
    s.start()             # how quick is the benchmark's (goal: < 3 s)
    assert s.psql("SELECT count(*) FROM division") == before
    assert s.login("nongye").get("/v1/me").status == 200


def test_greeting_says_what_to_do_in_about_ten_lines(stack):
    s = stack(demo=True, agent=False)
    text = (s.dir / "run.log").read_text()
    lines = [x for x in text.splitlines() if x.strip()]
    assert len(lines) <= 14, text
    for word in (str(s.share), "curl", "nongye", s.password, str(s.port)):
        assert word in text, word


def test_what_takes_long_is_told():
    """A first start, and what an upgrade applies; nothing when all is there."""
    s = Stack(demo=False, agent=False)
    s.root = s.dir / "own"
    for part in ("conf", "db", "openapi"):
        shutil.copytree(ROOT / part, s.root / part)
    log, said = s.dir / "run.log", []
    for late in (None, "SELECT 1;\n", None):
        if late:
            (s.root / "db/migrations/9999_late.sql").write_text(late)
        before = log.stat().st_size if log.exists() else 0
        s.start(template=False)
        s.stop(keep=True)
        said.append([x for x in log.read_bytes()[before:].decode().splitlines()
                     if "database" in x])
    s.stop()
    assert said == [
        ["首次启动，正在建立数据库 …… / First start, making the database …"],
        ["升级数据库 / Upgrading the database: applied 9999_late.sql"], []]


def test_migrations_are_forward_only(stack, tmp_path):
    """A file that was edited, left out or not yet applied is named."""
    s = stack(demo=False, agent=False)
    conn = f"postgresql:///taizhang?host={s.socket()}&user=postgres"
    shutil.copytree(ROOT / "db", tmp_path / "db")
    files = sorted((tmp_path / "db/migrations").glob("*.sql"))

    def migrate(*flags):
        done = subprocess.run([tmp_path / "db/migrate.sh", *flags, conn],
                              text=True, capture_output=True)
        return done.returncode, (done.stderr or done.stdout).strip()
    assert migrate("--check") == (0, "")
    text = files[3].read_text()
    files[3].write_text(text + "-- edited\n")
    assert migrate() == (1, f"{files[3].name} was edited after it was applied")
    files[3].write_text(text)
    late = files[-1].with_name("9999_late.sql")
    late.write_text("SELECT 1;\n")
    assert migrate("--check") == (1, f"not applied yet: {late.name}")
    assert migrate() == (0, f"applied {late.name}")
    early = files[3].with_name("0000_early.sql")
    early.write_text("SELECT 1;\n")
    assert migrate("--check") == (1, f"{early.name} is missing but the later"
                                  f" {files[0].name} was applied")


def test_of_two_that_migrate_one_waits_and_finds_it_done(stack, tmp_path):
    """Both read what is missing before either has applied it."""
    s = stack(demo=False, agent=False)
    conn = f"postgresql:///taizhang?host={s.socket()}&user=postgres"
    shutil.copytree(ROOT / "db", tmp_path / "db")
    (tmp_path / "db/migrations/9998_slow.sql").write_text(
        "SELECT pg_sleep(1);\nCREATE TABLE slow (id int PRIMARY KEY);\n")
    (tmp_path / "db/migrations/9999_next.sql").write_text(
        "ALTER TABLE slow ADD COLUMN text text;\n")
    both = [subprocess.Popen([tmp_path / "db/migrate.sh", conn], text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for _ in range(2)]
    said = [p.communicate(timeout=60) for p in both]
    assert [p.returncode for p in both] == [0, 0], said
    assert [err for _, err in said] == ["", ""]
    assert sorted("".join(out for out, _ in said).splitlines()) == [
        "applied 9998_slow.sql", "applied 9999_next.sql"]


def test_a_running_copy_is_named(stack):
    s = stack(demo=False, agent=False)
    code, words = refused(s)
    assert code == 1 and len(words) == 1 and "Already running" in words[0]


def test_a_port_in_use_is_named(stack):
    s = stack(demo=False, agent=False)
    other = Stack(demo=False, agent=False)
    other.port = s.port
    other.dir.chmod(0o777)
    try:
        code, words = refused(other)
        assert code == 1 and len(words) == 1
        assert str(s.port) in words[0] and "in use" in words[0]
    finally:
        other.stop()


@pytest.mark.parametrize("setting, value, says", [
    ("port", "http", "is no port"), ("port", "70000", "is no port"),
    ("share", "/proc/share", "Cannot write"),
    ("var", "/dev/null", "Cannot write")])
def test_a_setting_that_cannot_be_is_named(setting, value, says):
    s = Stack(demo=False, agent=False)
    setattr(s, setting, value)
    s.dir.chmod(0o777)
    try:
        code, words = refused(s)
        assert code == 1 and len(words) == 1, words
        assert value in words[0] and says in words[0]
    finally:
        shutil.rmtree(s.dir)


def test_ctrl_c_stops_every_part(stack):
    s = stack(demo=False, agent=False)
    parts = s.pids("kore") + s.pids("postgres")
    assert len(parts) > 5
    s.process.send_signal(signal.SIGINT)
    assert s.process.wait(30) in (130, -signal.SIGINT)
    wait_for(lambda: not alive(parts), 10)


def test_a_killed_script_takes_its_parts_along(stack):
    s = stack(demo=False, agent=False)
    parts = s.pids("kore") + s.pids("postgres")
    assert len(parts) > 5
    s.process.kill()
    s.process.wait()
    wait_for(lambda: not alive(parts), 20)


def test_parts_that_die_together_are_all_started_again(stack):
    s = stack(demo=False, agent=False)
    [jobs] = wait_for(lambda: s.pids("taizhang-jobs"), 10, why="job runner")
    api = s.pids("kore")
    os.kill(jobs, signal.SIGKILL)
    time.sleep(0.2)     # while the script waits before it starts them
    for pid in api:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)    # its parent's death ended it
    wait_for(lambda: s.pids("taizhang-jobs"), 10, why="job runner")
    wait_for(lambda: len(s.pids("kore")) == len(api), 10, why="API")

    def answers():
        try:
            return s.client().get("/readyz").status == 200
        except OSError:
            return False
    wait_for(answers, 20, why="the API answers")


def test_help_everywhere():
    for program in ("taizhang-agent", "taizhangctl"):
        done = subprocess.run([ROOT / "build" / program, "--help"], text=True,
                              capture_output=True)
        assert done.returncode == 0 and "usage" in done.stdout.lower()
