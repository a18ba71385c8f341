"""`make run TLS=1`: the whole system reached over HTTPS; hostile bodies, an
agent with a certificate, lockouts by the clients' own addresses."""
import os
import pathlib
import re
import signal
import subprocess

import pytest

import front
import test_hostile
from canaries import surveyed
from stack import ROOT, Stack, free_port, wait_for
# The same tests, through the proxy.
from test_hostile import (  # noqa: F401
    test_content_types_and_texts,
    test_every_field_of_an_issue_is_written_or_refused_by_name)


class Outside(Stack):
    """Its clients come from outside, as anybody's do."""

    def __init__(self, env=None, **kw):
        self.tls = free_port()
        super().__init__(env={"TLS": "1", "TLS_PORT": str(self.tls),
                              "TLS_BIND": "127.0.0.1", **(env or {})}, **kw)

    def client(self, token=None, **kw):
        ca = self.dir / "tls.crt"
        ca.write_bytes((self.var / "secrets/tls.crt").read_bytes())
        return front.Secure(self.tls, str(ca), token, self.built, **kw)


@pytest.fixture(scope="module")
def world():
    with surveyed(Outside(demo=True, agent=False)) as s:
        yield s


@pytest.mark.parametrize("n", range(0, len(test_hostile.RAW), 7))
def test_broken_bodies(world, n):
    test_hostile.test_broken_bodies_are_refused_on_every_route(world, n)


def test_it_says_where_https_is(world):
    assert f":{world.tls}" in (world.dir / "run.log").read_text()
    r = world.client().get("/healthz")
    assert r.status == 200
    assert r.headers["strict-transport-security"].startswith("max-age=")
    assert "server" not in r.headers


def test_no_part_runs_as_root(world):
    for part in ("haproxy", "kore", "postgres"):
        pids = world.pids(part)
        assert pids
        for pid in pids:
            text = pathlib.Path(f"/proc/{pid}/status").read_text()
            assert "0" not in re.search(r"Uid:(.*)", text).group(1).split() \
                or os.getuid() != 0, part


def test_the_log_of_the_proxy_holds_no_paths(world):
    world.client().get("/v1/issues?q=%E5%BC%A0%E4%B8%89")
    text = (world.var / "log/front.log").read_text()
    assert "event=front client=127.0.0.1 status=401" in text
    assert "issues" not in text and "%E5" not in text and "tz_" not in text


def test_sessions_remember_the_clients_address(world):
    world.login("nongye")
    seen = {r[0] for r in world.psql("SELECT remote FROM session")}
    assert "127.0.0.1" in seen and "unix" not in seen


def test_a_dead_proxy_is_started_again(world):
    old = world.pids("haproxy")
    for pid in old:
        os.kill(pid, signal.SIGKILL)

    def back():
        try:
            return world.client().get("/healthz").status == 200
        except OSError:
            return False
    wait_for(back, 20, why="proxy back")
    assert not set(old) & set(world.pids("haproxy"))


def test_an_api_that_is_away_is_a_problem_with_retry_after(world):
    """Between two lives of the API the proxy answers for it. What starts it
    again is held, since the proxy's retries may outlast a restart."""
    world.process.send_signal(signal.SIGSTOP)
    try:
        for pid in world.pids("kore"):
            os.kill(pid, signal.SIGKILL)
        r = world.client().get("/healthz")
        assert r.status in (502, 503), r
        assert r.headers["content-type"] == "application/problem+json"
        assert r.headers["retry-after"] == "5"
        assert r.json["code"] == "unavailable"
    finally:
        world.process.send_signal(signal.SIGCONT)
    wait_for(lambda: world.client().get("/healthz").status == 200, 30,
             why="API back")
    world.workers = world.pids("kore")


# ---- an agent over TLS, with a certificate ---------------------------------------

def openssl(dir, name, ca=None):
    out = dir / name
    sign = ["-CA", dir / ca, "-CAkey", dir / ca] if ca else []
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
         f"/CN={name}", "-keyout", f"{out}.key", "-out", f"{out}.crt", *sign],
        check=True, capture_output=True)
    out.write_bytes(pathlib.Path(f"{out}.crt").read_bytes() +
                    pathlib.Path(f"{out}.key").read_bytes())
    out.chmod(0o644)
    return out


def test_an_agent_with_a_certificate(tmp_path):
    ca = openssl(tmp_path, "ca")
    openssl(tmp_path, "agent", "ca")
    os.chmod(tmp_path, 0o755)
    s = Outside(demo=True, agent=False)
    public = s.dir / "ca.pem"         # readable to the user it runs as
    public.write_bytes((tmp_path / "ca.crt").read_bytes())
    s.env.update(TLS_CLIENT_CA=str(public), TLS_AGENT_CERT="yes")
    s.start()
    try:
        made = subprocess.run(
            ["cat", next(s.var.glob("agent/tokens/*"))], text=True,
            capture_output=True, check=True).stdout
        token, share = tmp_path / "token", tmp_path / "share"
        token.write_text(made)
        token.chmod(0o600)
        share.mkdir()
        crt = s.dir / "tls.crt"
        s.client()

        def once(*more):
            (tmp_path / "agent.conf").write_text("\n".join([
                f"api = https://localhost:{s.tls}", f"ca_file = {crt}",
                f"state = {tmp_path}/state", "free_floor_mib = 1", *more,
                "[binding]", f"folder = {share}", f"token_file = {token}",
                ""]))
            conf = tmp_path / "agent.conf"
            for args in (["init"], ["once", str(share)]):
                done = subprocess.run(
                    [s.build / "taizhang-agent", "--config", conf, *args],
                    text=True, capture_output=True, timeout=60)
                if done.returncode:
                    break
            return done
        shown = ("cert_file = agent.crt", "key_file = agent.key")
        os.chmod(tmp_path / "agent.key", 0o640)
        refused = once(*shown)
        assert refused.returncode != 0 and "chmod 0600" in refused.stderr
        os.chmod(tmp_path / "agent.key", 0o600)
        assert once().returncode != 0 and not list(share.glob("*.xlsx"))
        assert s.client(token=made.strip()).get("/v1/me").status == 403
        good = once(*shown)
        assert good.returncode == 0, good
        assert list(share.glob("*X01*.xlsx"))
        # … and he does not talk to a server that he cannot tell.
        crt.write_bytes((tmp_path / "agent.crt").read_bytes())
        assert once(*shown).returncode != 0
    finally:
        s.stop()


# ---- what is shipped ---------------------------------------------------------------

def test_the_shipped_configuration_is_sober(tmp_path):
    text = (ROOT / "conf/haproxy.cfg").read_text()
    code = "\n".join(x.split("#")[0] for x in text.splitlines())
    for unsafe in ("accept-invalid", "bogus", "http-use-htx", "forwardfor",
                   "stats ", "http-reuse always", "verify none", "no-sslv3",
                   "ssl-min-ver TLSv1.0", "ssl-min-ver TLSv1.1", "allow-0rtt",
                   "insecure", "userlist", "retry-on", "lua-load", "TLSv1.1"):
        assert unsafe not in code, unsafe
    assert "ssl-min-ver TLSv1.2" in code
    ciphers = re.search(r"bind-ciphers (\S+)", code).group(1).split(":")
    assert all(re.match(r"ECDHE-(ECDSA|RSA)-(AES\d+-GCM|CHACHA20)", c)
               for c in ciphers)
    for env in ({}, {"TLS_HTTP_PORT": "8090"}):
        for part in ("secrets", "run"):
            (tmp_path / part).mkdir(exist_ok=True)
        done = subprocess.run(
            [ROOT / "conf/front.sh", "check"], text=True, capture_output=True,
            env={**os.environ, "VAR": str(tmp_path), **env})
        assert (done.returncode, done.stdout + done.stderr) == (0, ""), done


def test_nothing_shipped_trusts_the_network_or_knows_a_password():
    """Local trust is for the private cluster's own socket alone."""
    for f in (ROOT / "conf").rglob("*"):
        if f.is_file() and f.suffix in (".sh", ".conf", ".cfg", ".txt"):
            text = f.read_text()
            assert not re.search(r"\bpg_hba\b.*\btrust\b", text), f
            assert not re.search(r"(?i)password\s*[=:]\s*[\"']?\w", text), f
    for f in (ROOT / "db").rglob("*.s*"):
        text = f.read_text()
        assert not re.search(r"(?i)PASSWORD\s+'", text), f
        assert "0.0.0.0/0" not in text and "::/0" not in text, f
    cluster = (ROOT / "db/cluster.sh").read_text()
    assert "listen_addresses = ''" in cluster and "-m 0700" in cluster

