"""The engine alone: Kore with build/api_test.so (routes that only test it) on
a throw-away PostgreSQL, both as an ordinary user."""
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from stack import BUILD, ROOT, Client, free_port, wait_for

BIN = pathlib.Path("/usr/lib/postgresql/15/bin")
HOLD = "select count(*) from pg_stat_activity where state like 'idle in tr%'"
SCHEMA = """
create table test_item (id bigint primary key, name text not null,
    n int not null default 0);
insert into test_item select g, 'item ' || g from generate_series(1, 1000) g;
create function test_raise(s text) returns void language plpgsql as $$
begin raise exception using errcode = s, message = 'raised'; end $$;
create sequence test_seq;
create function test_flaky() returns int language plpgsql as $$
begin
    if nextval('test_seq') % 3 <> 0 then
        raise exception using errcode = '40001', message = 'again';
    end if;
    return 1;
end $$;
"""


class Engine:
    def __init__(self, workers=1, conf="", env=None, postgres=True):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="tzk-", dir="/tmp"))
        self.user = []
        if os.getuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.dir, user.pw_uid, user.pw_gid)
            self.user = ["setpriv", f"--reuid={user.pw_uid}",
                         f"--regid={user.pw_gid}", "--clear-groups"]
        self.dir.chmod(0o755)
        shutil.copy2(BUILD / "api_test.so", self.dir / "api.so")
        self.run("mkdir", "-p", f"{self.dir}/run", f"{self.dir}/secrets")
        for key in ("row", "cursor", "webhook", "login"):
            self.run("dd", "if=/dev/urandom", "bs=32", "count=1",
                     f"of={self.dir}/secrets/{key}", "status=none")
            self.run("chmod", "0600", f"{self.dir}/secrets/{key}")
        text = (ROOT / "conf/api.conf").read_text()
        for name, value in (("@BUILD@", self.dir), ("@VAR@", self.dir),
                            ("@WORKERS@", workers)):
            text = text.replace(name, str(value))
        # What a test sets anew must not be set before.
        for line in conf.splitlines():
            text = "\n".join(t for t in text.split("\n") if
                             t.split()[:1] != line.split()[:1])
        (self.dir / "api.conf").write_text(conf + "\n" + text)
        self.port = free_port()
        self.env = dict(os.environ, TAIZHANG_PORT=str(self.port),
                        TAIZHANG_BIND="127.0.0.1", HOME=str(self.dir),
                        TAIZHANG_SECRETS=f"{self.dir}/secrets",
                        DATABASE_URL=f"postgresql:///postgres?host={self.dir}"
                        "&user=postgres")
        for kind in ("ADDRESS", "CALLER", "LOGIN"):
            self.env[f"TAIZHANG_RATE_{kind}"] = "10000000"
        self.env.update(env or {})
        self.kore = None
        self.log_file = open(self.dir / "api.log", "ab")
        if postgres:
            self.run(BIN / "initdb", "-D", f"{self.dir}/pg", "-U", "postgres",
                     "-A", "trust", "-E", "UTF8", "--no-sync")
            with open(self.dir / "pg/postgresql.conf", "a") as f:
                f.write("listen_addresses=''\nfsync=off\n"
                        f"unix_socket_directories='{self.dir}'\n")
            self.postgres("start")
            self.psql(SCHEMA)

    def run(self, *command):
        subprocess.run([*self.user, *map(str, command)], check=True,
                       cwd=self.dir, stdout=subprocess.DEVNULL)

    def postgres(self, action, mode="immediate"):
        self.run(BIN / "pg_ctl", "-D", f"{self.dir}/pg", "-l",
                 f"{self.dir}/pg.log", "-w", *([] if action == "start" else
                                               ["-m", mode]), action)

    def psql(self, sql):
        return subprocess.run(
            ["psql", "-XqAth", self.dir, "-U", "postgres", "-v",
             "ON_ERROR_STOP=1", "-c", sql], text=True, check=True,
            capture_output=True).stdout.strip()

    def start(self, path="/readyz"):
        self.kore = subprocess.Popen(
            [*self.user, "kore", "-fnr", "-c", str(self.dir / "api.conf")],
            env=self.env, cwd=self.dir, stdin=subprocess.DEVNULL,
            stdout=self.log_file, stderr=self.log_file)
        wait_for(lambda: self.answers(path), 15, why="API ready")
        return self

    def answers(self, path):
        assert self.kore.poll() is None, self.log()
        try:
            return self.client().get(path).status == 200
        except OSError:
            return False

    def workers(self):
        out = subprocess.run(["pgrep", "-P", str(self.kore.pid)], text=True,
                             capture_output=True).stdout.split()
        return sorted(map(int, out))

    def client(self):
        return Client(self.port)

    def log(self):
        return (self.dir / "api.log").read_text(errors="replace")

    def raw(self, data, wait=3.0, after=0.4):
        """Everything the server says to these bytes until it closes or is
        silent, and whether it closed."""
        with self.connect() as s:
            pieces = data if isinstance(data, list) else [data]
            for i, piece in enumerate(pieces):
                if i:
                    time.sleep(0.05)
                try:
                    s.sendall(piece)
                except OSError:
                    break
            return listen(s, wait, after)

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port))

    def stop(self):
        if self.kore and self.kore.poll() is None:
            self.kore.send_signal(signal.SIGTERM)
            try:
                self.kore.wait(20)
            except subprocess.TimeoutExpired:
                self.kore.kill()
                self.kore.wait()
        if (self.dir / "pg/postmaster.pid").exists():
            self.postgres("stop")
        self.log_file.close()
        if not os.environ.get("TAIZHANG_KEEP"):
            shutil.rmtree(self.dir, ignore_errors=True)


def listen(s, wait=3.0, after=0.4):
    """Reads until the end or `wait` seconds of silence, once there is a whole
    answer `after` seconds: (bytes, closed)."""
    s.settimeout(wait)
    got = b""
    try:
        while True:
            part = s.recv(65536)
            if not part:
                return got, True
            got += part
            if complete(got):
                s.settimeout(min(wait, after))  # what else would come
    except socket.timeout:
        return got, False
    except ConnectionResetError:
        return got, True


def complete(data):
    """Whether at least one whole response is there."""
    head, sep, body = data.partition(b"\r\n\r\n")
    if not sep:
        return False
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return len(body) >= int(line.split(b":")[1])
    return True


def statuses(data):
    """The status codes of the responses in a byte stream."""
    out = []
    while data:
        head, sep, rest = data.partition(b"\r\n\r\n")
        if not sep:
            break
        assert head.startswith(b"HTTP/1."), head[:80]
        status, length = int(head[9:12]), 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        out.append(status)
        data = rest[length:]
    return out
