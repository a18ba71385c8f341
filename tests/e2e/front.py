"""HAProxy with conf/haproxy.cfg, in front of an engine's Unix socket, and
HTTP/2 spoken by hand: frames and header blocks no library would send."""
import http.client
import os
import shutil
import signal
import socket
import ssl
import subprocess

from engine import Engine
from stack import ROOT, Client, free_port, wait_for


def context(ca=None, cert=None, alpn=("http/1.1",)):
    c = ssl.create_default_context(cafile=ca)
    c.set_alpn_protocols(list(alpn))
    if cert:
        c.load_cert_chain(cert)
    return c


class Secure(Client):
    """The same client over TLS."""

    def __init__(self, port, ca, token=None, build=None, cert=None):
        super().__init__(port, token, build)
        self.context = context(ca, cert)

    def connection(self, timeout):
        return http.client.HTTPSConnection("localhost", self.port,
                                           timeout=timeout,
                                           context=self.context)


class Front(Engine):
    """The engine, reached through the proxy only: what Engine offers over TCP
    goes over TLS here."""

    def __init__(self, env=None, front=None, **kw):
        super().__init__(**kw)
        self.var = self.dir / "front"
        self.run("mkdir", "-p", self.var / "secrets", self.var / "run")
        self.env.update(TAIZHANG_UNIX=f"{self.dir}/api.sock", **(env or {}))
        self.direct, self.port = self.port, free_port()
        self.front_env = dict(
            os.environ, VAR=str(self.var), TLS_PORT=str(self.port),
            TLS_BIND="127.0.0.1", TAIZHANG_UNIX=f"{self.dir}/api.sock",
            **(front or {}))
        self.script = ROOT / "conf/front.sh"
        if self.user:            # a private checkout is not theirs to read
            (self.dir / "conf").mkdir()
            for name in ("front.sh", "haproxy.cfg"):
                shutil.copy2(ROOT / "conf" / name, self.dir / "conf" / name)
            self.script = self.dir / "conf/front.sh"
        self.proxy = None

    @property
    def ca(self):
        return str(self.dir / "tls.crt")

    def check(self, **env):
        """front.sh's exit code and words."""
        done = subprocess.run(
            [*self.user, str(self.script), "check"], text=True, cwd=self.dir,
            capture_output=True, env={**self.front_env, **env})
        return done.returncode, done.stdout + done.stderr

    def start(self, path="/healthz"):
        self.proxy = subprocess.Popen(
            [*self.user, str(self.script), "serve"], env=self.front_env,
            cwd=self.dir, stdin=subprocess.DEVNULL,
            stdout=open(self.dir / "front.log", "ab"),
            stderr=subprocess.STDOUT)
        made = self.var / "secrets/tls.crt"
        wait_for(lambda: self.proxy.poll() is not None or made.exists() or
                 "TLS_CERT" in self.front_env, 10, why="certificate")
        if made.exists():
            shutil.copy(made, self.ca)
        return super().start(path)

    def answers(self, path):
        assert self.proxy.poll() is None, self.front_log()
        return super().answers(path)

    def front_log(self):
        return (self.dir / "front.log").read_text(errors="replace")

    def client(self, **kw):
        return Secure(self.port, self.ca, **kw)

    def connect(self, **kw):
        s = socket.create_connection(("127.0.0.1", self.port))
        return context(self.ca, **kw).wrap_socket(
            s, server_hostname="localhost")

    def stop(self):
        if self.proxy and self.proxy.poll() is None:
            self.proxy.send_signal(signal.SIGTERM)
            self.proxy.wait(40)
        super().stop()


# ---- HTTP/2 ------------------------------------------------------------------

DATA, HEADERS, RST, SETTINGS, PING, GOAWAY = 0, 1, 3, 4, 6, 7
END_STREAM, END_HEADERS = 1, 4
STATUS = {8: 200, 9: 204, 10: 206, 11: 304, 12: 400, 13: 404, 14: 500}


def frame(kind, flags, stream, data=b""):
    return len(data).to_bytes(3, "big") + bytes([kind, flags]) + \
        stream.to_bytes(4, "big") + data


def number(n, bits, first=0):
    top = (1 << bits) - 1
    if n < top:
        return bytes([first | n])
    out, n = [first | top], n - top
    while n >= 128:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes([*out, n])


def block(headers):
    """Literal, never indexed, no Huffman: any byte goes."""
    return b"".join(b"\x10" + number(len(k), 7) + k + number(len(v), 7) + v
                    for k, v in headers)


class H2:
    """One connection; answers() gives what came for each stream."""

    def __init__(self, front, **kw):
        self.s = front.connect(alpn=("h2",), **kw)
        assert self.s.selected_alpn_protocol() == "h2"
        self.s.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" +
                       frame(SETTINGS, 0, 0))
        self.stream = self.told = -1

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.s.close()

    def send(self, headers, body=None, pieces=()):
        self.stream += 2
        last = body is None and not pieces
        out = frame(HEADERS, END_HEADERS | (END_STREAM if last else 0),
                    self.stream, block(headers))
        parts = list(pieces) or ([] if body is None else [body])
        for i, p in enumerate(parts):
            out += frame(DATA, END_STREAM if i + 1 == len(parts) else 0,
                         self.stream, p)
        self.s.sendall(out)
        return self.stream

    def answers(self, wait=10):
        """{stream: status, or "reset"}, then "closed" if it went away. What
        was sent since the last time is waited for; then it is a few tenths
        until what comes has come."""
        out, got = {}, b""
        asked, self.told = set(range(self.told + 2, self.stream + 1, 2)), \
            self.stream
        bodies = self.bodies = {}
        self.s.settimeout(wait)
        try:
            while True:
                part = self.s.recv(65536)
                if not part:
                    out["closed"] = True
                    break
                got += part
                while len(got) >= 9 and \
                        len(got) >= 9 + int.from_bytes(got[:3], "big"):
                    n = int.from_bytes(got[:3], "big")
                    kind, flags = got[3], got[4]
                    stream = int.from_bytes(got[5:9], "big")
                    data, got = got[9:9 + n], got[9 + n:]
                    if kind == HEADERS:
                        out[stream] = status(data)
                    elif kind == DATA:
                        bodies[stream] = bodies.get(stream, b"") + data
                    elif kind == RST:
                        out[stream] = "reset"
                    elif kind == GOAWAY:
                        out["closed"] = True
                    # With what it says, of an answer that has a body.
                    if kind == DATA and flags & END_STREAM or \
                            kind == HEADERS and flags & END_STREAM or \
                            kind == RST:
                        asked.discard(stream)
                if not asked:
                    self.s.settimeout(0.3)
        except (socket.timeout, ConnectionError):
            pass
        return out


def status(data):
    while data[0] & 0xe0 == 0x20:            # table size
        data = data[1:]
    if data[0] & 0x80:
        return STATUS[data[0] & 0x7f]
    # a literal whose name is :status; three digits, not Huffman coded
    i = data.index(b"\x03")
    return int(data[i + 1:i + 4])


def ask(path=b"/test/hello", method=b"GET", host=b"localhost"):
    return [(b":method", method), (b":scheme", b"https"),
            (b":authority", host), (b":path", path)]
