"""A streaming standby beside a stack's cluster."""
import contextlib
import os
import pwd
import signal
import subprocess

from stack import wait_for


class Standby:
    """db/standby.sh beside a stack's cluster, as the cluster's own user."""

    @staticmethod
    def url(stack, dir):
        """For STANDBY_URL, also before there is one."""
        sock = subprocess.run([stack.root / "db/cluster.sh", "socket", dir],
                              text=True, capture_output=True,
                              check=True).stdout.strip()
        return f"postgresql:///taizhang?host={sock}&user=taizhang_api"

    def __init__(self, stack, dir):
        self.stack, self.dir = stack, dir
        owner = (stack.var / "pg").stat()
        self.user = []
        if os.getuid() == 0:
            name = pwd.getpwuid(owner.st_uid).pw_name
            self.user = ["setpriv", f"--reuid={name}", f"--regid={name}",
                         "--init-groups"]
        self.script = stack.root / "db/standby.sh"
        self.run("init", stack.var / "pg")
        self.sock = self.run("socket")
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [*self.user, self.script, "serve", str(self.dir)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        wait_for(lambda: self.up(), 20, why="standby up")

    def run(self, what, *more, code=0):
        done = subprocess.run([*self.user, self.script, what, str(self.dir),
                               *map(str, more)], text=True,
                              capture_output=True)
        assert done.returncode == code, done
        return done.stdout.strip()

    def up(self):
        return subprocess.run(["/usr/lib/postgresql/15/bin/pg_isready", "-q",
                               "-h", self.sock]).returncode == 0

    def psql(self, sql, user="postgres"):
        out = subprocess.run(
            ["psql", "-XqAt", "-F", "\x1f", "-h", self.sock, "-U", user, "-d",
             "taizhang", "-v", "ON_ERROR_STOP=1", "-c", sql], text=True,
            capture_output=True)
        if out.returncode:
            raise AssertionError(out.stderr)
        return [x.split("\x1f") for x in out.stdout.splitlines()]

    def caught_up(self):
        at = self.stack.psql("SELECT pg_current_wal_flush_lsn()")[0][0]
        wait_for(lambda: self.psql("SELECT pg_last_wal_replay_lsn() >= "
                                   f"'{at}'") == [["t"]], 20, why="replay")

    def stop(self):
        self.process.send_signal(signal.SIGINT)    # not after its clients
        self.process.wait(20)

    def kill(self):
        """As a power cut: its processes see that the first one is gone."""
        self.process.kill()
        self.process.wait(20)

    def drop(self):
        self.run("drop", self.stack.var / "pg")

    @contextlib.contextmanager
    def paused(self):
        """It receives, and replays nothing."""
        self.psql("SELECT pg_wal_replay_pause()")
        wait_for(lambda: self.psql("SELECT pg_get_wal_replay_pause_state()")
                 == [["paused"]], 5, why="pause")
        try:
            yield
        finally:
            self.psql("SELECT pg_wal_replay_resume()")
