"""A whole running system for one test: PostgreSQL, API and, if wanted, agent,
started by conf/run.sh exactly as `make run` starts them."""
import fcntl
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse

import replies

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TAIZHANG_BUILD", ROOT / "build"))


def free_port():
    """A port that nobody is given meanwhile, though it is not used at once:
    none that the kernel hands out by itself, and of all tests of this machine
    each has another."""
    try:
        low = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range")
                  .read_text().split()[0])
    except OSError:
        low = 32768
    ports = range(10000, low if low > 12000 else 32768)
    with open(f"/tmp/tz-port-{os.getuid()}", "a+") as last:
        fcntl.flock(last, fcntl.LOCK_EX)
        last.seek(0)
        at = int(last.read() or 0)
        for n in range(1, len(ports) + 1):
            port = ports[(at + n) % len(ports)]
            try:
                with socket.socket() as s:
                    s.bind(("", port))
            except OSError:
                continue
            last.truncate(0)
            last.write(str(at + n))
            return port
    raise AssertionError("no port is free")


def wait_for(what, seconds=20, step=0.05, why="condition"):
    """The first true value of what(); fails after `seconds`, or three times
    as long on a machine that is busy with other things."""
    busy = os.getloadavg()[0] > 2 * os.cpu_count()
    seconds *= 3 if busy else 1
    end = time.monotonic() + seconds
    while True:
        value = what()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{why}: not within {seconds} s")
        time.sleep(step)


class Reply:
    """Status, headers (lower-case names), body; .json parsed on demand."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def text(self):
        return self.body.decode()

    def __repr__(self):
        return f"<{self.status} {self.body[:400]!r}>"


class Client:
    """A plain HTTP client holding one bearer token. With a build named,
    replies are held against the document that it serves."""

    def __init__(self, port, token=None, build=None):
        self.port, self.token, self.build = port, token, build
        self.conn, self.used, self.password = None, 0, None

    def request(self, method, path, body=None, headers=None, timeout=30):
        head = dict(headers or {})
        if self.token:
            head.setdefault("Authorization", f"Bearer {self.token}")
        if isinstance(body, (dict, list)):
            body = json.dumps(body, ensure_ascii=False).encode()
            head.setdefault("Content-Type", "application/json")
        path = urllib.parse.quote(path, safe="/?&=%:,.+-_~*")
        # The server closes what is idle; a POST must not meet that moment.
        if time.monotonic() - self.used > 20:
            self.close()
        self.used = time.monotonic()
        for again in (False, True):
            if self.conn is None:
                self.conn = self.connection(timeout)
            try:
                self.conn.request(method, path, body, head)
                r = self.conn.getresponse()
                data = r.read()
                break
            except (http.client.RemoteDisconnected, BrokenPipeError,
                    ConnectionResetError, http.client.CannotSendRequest):
                self.close()
                # An idle connection may have been closed under us.
                if again or method not in ("GET", "HEAD"):
                    raise
        if r.getheader("Connection", "").lower() == "close":
            self.close()
        reply = Reply(r.status, {k.lower(): v for k, v in r.getheaders()},
                      data)
        doc = self.build and replies.document(self.build, self.port)
        if doc:
            doc.check(method, path, head, reply.status, reply.headers, data)
        return reply

    def connection(self, timeout):
        return http.client.HTTPConnection("127.0.0.1", self.port,
                                          timeout=timeout)

    def close(self):
        if self.conn:
            self.conn.close()
        self.conn = None

    def get(self, path, **kw):
        return self.request("GET", path, **kw)

    def post(self, path, body=None, **kw):
        return self.request("POST", path, {} if body is None else body, **kw)

    def put(self, path, body, **kw):
        return self.request("PUT", path, body, **kw)

    def patch(self, path, body, rev=None, **kw):
        if rev is not None:
            kw.setdefault("headers", {})["If-Match"] = f'"{rev}"'
        return self.request("PATCH", path, body, **kw)

    def delete(self, path, **kw):
        return self.request("DELETE", path, **kw)


def reachable(path):
    """Whether an ordinary user can get at path (0700 parents are not)."""
    return all(p.stat().st_mode & 0o005 == 0o005
               for p in [path, *path.parents] if p.is_dir())


def migrated(stack):
    """Gives a new stack of a test run a copy of one cluster that was made the
    long way, with every migration. Tests crash processes, never the machine:
    their clusters need not wait for the disk."""
    place = os.environ.get("TAIZHANG_TEMPLATE")
    if not place or stack.var.exists():
        return
    made = pathlib.Path(place) / "var"
    with open(f"{place}/lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            first = Stack(demo=False, agent=False)
            first.start(template=False)
            first.stop(keep=True)
            with open(first.var / "pg/data/postgresql.conf", "a") as conf:
                conf.write("fsync = off\n")
            shutil.move(first.var, made)
            shutil.rmtree(first.dir)
    stack.var.mkdir()
    subprocess.run(["cp", "-a", made / "pg", made / "secrets", stack.var],
                   check=True)


class Stack:
    """start() brings it up, stop() down; the folder goes with it."""

    def __init__(self, demo=True, agent=True, workers=2, build=BUILD,
                 env=None):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="tz-", dir="/tmp"))
        self.dir.chmod(0o755)
        self.var, self.share = self.dir / "var", self.dir / "share"
        self.root, self.build = ROOT, pathlib.Path(build)
        self.built = str(self.build)
        if os.getuid() == 0 and not (reachable(ROOT) and reachable(self.build)):
            self.root = self.dir / "checkout"
            for part in ("conf", "db", "openapi"):
                shutil.copytree(ROOT / part, self.root / part)
            self.build = self.root / "build"
            self.build.mkdir()
            for program in build.glob("*"):
                if program.is_file():
                    shutil.copy2(program, self.build)
        self.port = free_port()
        self.demo, self.agent, self.workers = demo, agent, workers
        # Tests and benchmarks are faster than any person.
        self.env = {"TAIZHANG_RATE_ADDRESS": "10000000",
                    "TAIZHANG_RATE_CALLER": "10000000",
                    "TAIZHANG_RATE_LOGIN": "10000000",
                    "TAIZHANG_EASY_LOGIN": "yes", **(env or {})}
        self.process = None

    def start(self, seconds=180, template=True):
        if template:
            migrated(self)
        ready = self.dir / "ready"
        ready.unlink(missing_ok=True)
        (self.dir).chmod(0o777)
        env = dict(os.environ, VAR=str(self.var), SHARE=str(self.share),
                   PORT=str(self.port), BUILD=str(self.build),
                   DEMO="yes" if self.demo else "no",
                   AGENT="yes" if self.agent else "no",
                   WORKERS=str(self.workers), READY_FILE=str(ready),
                   INITDB_FLAGS="--no-sync", **self.env)
        env.pop("DATABASE_URL", None)
        self.log = open(self.dir / "run.log", "ab")
        self.process = subprocess.Popen(
            [self.root / "conf/run.sh"], env=env, cwd=self.root,
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            start_new_session=True)

        def up():
            if self.process.poll() is not None:
                raise AssertionError("run.sh ended:\n" + self.logs())
            return ready.exists()
        try:
            wait_for(up, seconds, why="start")
        except AssertionError:
            print(self.logs())
            self.stop(keep=True)
            raise
        return self

    def stop(self, keep=False):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self.process = None
        if not keep and not os.environ.get("TAIZHANG_KEEP"):
            shutil.rmtree(self.dir, ignore_errors=True)

    def logs(self, lines=40):
        out = []
        for f in [self.dir / "run.log", *sorted(self.var.glob("log/*"))]:
            try:
                text = f.read_text(errors="replace").splitlines()[-lines:]
            except OSError:
                continue
            out += [f"---- {f.name}", *text]
        return "\n".join(out)

    def socket(self):
        """The folder of the cluster's socket."""
        return subprocess.run(
            [self.root / "db/cluster.sh", "socket", self.var / "pg"],
            text=True, capture_output=True, check=True).stdout.strip()

    def psql(self, sql, user="postgres", db="taizhang"):
        """Rows as lists of text, straight from the database; in one
        transaction, and of any length."""
        out = subprocess.run(
            ["psql", "-XqAt", "-F", "\x1f", "-R", "\x1e", "-h",
             self.socket(), "-U", user, "-d", db, "-v", "ON_ERROR_STOP=1",
             *(["-c", sql] if len(sql) < 30000 else ["-1f", "-"])],
            input=sql, text=True, capture_output=True)
        if out.returncode:
            raise AssertionError(out.stderr)
        text = out.stdout.removesuffix("\n")
        return [r.split("\x1f") for r in text.split("\x1e")] if text else []

    def pids(self, name):
        """Process ids of this stack's postgres, kore or taizhang-agent: what
        descends from run.sh (the framework rewrites its command line)."""
        parent, comm = {}, {}
        for p in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                head, tail = (p / "stat").read_text().rsplit(")", 1)
            except OSError:
                continue
            parent[int(p.name)] = int(tail.split()[1])
            comm[int(p.name)] = head.split("(", 1)[1]

        def ours(pid):
            while pid in parent and pid != self.process.pid:
                pid = parent[pid]
            return pid == self.process.pid
        return sorted(p for p in parent if comm[p] == name and ours(p))

    def passed(self):
        """Every transaction that was under way has ended: the feed, which
        stops before the oldest, tells of all that was written until now."""
        self.psql("DO $$ DECLARE mine xid8 := pg_current_xact_id(); BEGIN"
                  " COMMIT; WHILE pg_snapshot_xmin(pg_current_snapshot()) <="
                  " mine LOOP PERFORM pg_sleep(0.005); COMMIT; END LOOP; END"
                  " $$")

    def client(self, token=None):
        c = Client(self.port, token, self.built)
        c.stack = self
        return c

    @property
    def password(self):
        return (self.var / "demo/password").read_text().strip()

    def login(self, login, password=None):
        c = self.client()
        c.password = password or self.password
        r = c.post("/v1/sessions", {"login": login, "password": c.password})
        assert r.status == 201, r
        c.token = r.json["token"]
        return c
