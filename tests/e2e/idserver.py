"""Stand-ins of WeChat's code2session and of an OpenID Connect server, which
can be told to lie, to be slow and to be down."""
import base64
import hashlib
import http.server
import json
import pathlib
import subprocess
import tempfile
import threading
import time
import urllib.parse
import uuid


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def openssl(*args, data=b""):
    return subprocess.run(["openssl", *args], input=data, check=True,
                          capture_output=True).stdout


class Keys:
    """One RSA and one EC key, by the openssl program."""

    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="tz-keys-"))
        openssl("genrsa", "-out", self.dir / "RS256", "2048")
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout",
                "-out", self.dir / "ES256")

    def jwks(self):
        n = openssl("rsa", "-in", self.dir / "RS256", "-noout",
                    "-modulus").decode().strip().split("=")[1]
        point = openssl("ec", "-in", self.dir / "ES256", "-pubout",
                        "-outform", "DER")[-64:]
        return {"keys": [
            {"kty": "RSA", "kid": "RS256", "use": "sig", "e": "AQAB",
             "n": b64(bytes.fromhex(n))},
            {"kty": "EC", "kid": "ES256", "crv": "P-256", "x": b64(point[:32]),
             "y": b64(point[32:])}]}

    def sign(self, alg, text):
        der = openssl("dgst", "-sha256", "-sign", self.dir / alg, data=text)
        if alg == "RS256":
            return der
        at, out = 2, b""
        for _ in "rs":
            size = der[at + 1]
            out += der[at + 2:at + 2 + size].lstrip(b"\0").rjust(32, b"\0")
            at += 2 + size
        return out


class IdServer:
    """http://localhost:port; set .mode, .claims, .alg, .kid to mislead."""

    def __init__(self):
        self.keys = Keys()
        self.jwks = self.keys.jwks()
        self.reset()
        self.openids, self.codes = {}, {}
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer.serve(self, "")

            def do_POST(self):
                size = int(self.headers["content-length"])
                outer.serve(self, self.rfile.read(size).decode())

            def log_message(self, *args):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                      Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.issuer = f"http://localhost:{self.port}"
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def reset(self):
        self.mode, self.claims, self.alg, self.kid = None, {}, "RS256", None
        self.token, self.document = None, {}

    def serve(self, h, body):
        url = urllib.parse.urlsplit(h.path)
        name = url.path.rsplit("/", 1)[-1]
        mode = self.mode if isinstance(self.mode, (str, type(None))) else \
            self.mode.get(name)
        if mode == "slow":
            time.sleep(9)
        status, said = 200, None
        if mode == "garbage":
            said = b"<html>maintenance</html>"
        elif mode == "error":
            status, said = 502, b"{}"
        elif mode == "redirect":
            status, said = 302, b""
        elif mode == "endless":
            said = b"[" + b"1," * 400_000
        else:
            status, answer = getattr(self, "do_" + name.replace("-", "_"))(
                dict(urllib.parse.parse_qsl(url.query)),
                dict(urllib.parse.parse_qsl(body)), h.headers)
            said = json.dumps(answer).encode()
        try:
            h.send_response(status)
            h.send_header("Content-Type", "application/json")
            h.send_header("Location", "http://127.0.0.1:1/")
            h.send_header("Content-Length", str(len(said)))
            h.end_headers()
            h.wfile.write(said)
        except OSError:
            pass

    # ---- WeChat

    def code(self, openid):
        code = uuid.uuid4().hex
        self.openids[code] = openid
        return code

    def do_jscode2session(self, query, body, headers):
        if (query["appid"], query["secret"]) != ("wx-app", "wx-secret"):
            return 200, {"errcode": 40125, "errmsg": "invalid appsecret"}
        openid = self.openids.pop(query["js_code"], None)
        if openid is None:
            return 200, {"errcode": 40029, "errmsg": "invalid code"}
        return 200, {"openid": openid, "session_key": "c2Vzc2lvbg=="}

    # ---- OpenID Connect

    def do_openid_configuration(self, query, body, headers):
        return 200, {"issuer": self.issuer,
                     "authorization_endpoint": self.issuer + "/authorize",
                     "token_endpoint": self.issuer + "/token",
                     "jwks_uri": self.issuer + "/jwks", **self.document}

    def do_jwks(self, query, body, headers):
        return 200, self.jwks

    def authorize(self, url, sub):
        """The person signs in there; the code that the browser brings."""
        q = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
        assert url.startswith(self.issuer + "/authorize?")
        assert q["response_type"] == "code" and "openid" in q["scope"]
        assert q["code_challenge_method"] == "S256"
        code = uuid.uuid4().hex
        self.codes[code] = (q, sub)
        return code

    def do_token(self, query, body, headers):
        want = "Basic " + base64.b64encode(b"taizhang:oidc-secret").decode()
        q, sub = self.codes.pop(body.get("code"), (None, None))
        digest = hashlib.sha256(body.get("code_verifier", "").encode())
        if headers.get("authorization") != want or q is None or \
                body["redirect_uri"] != q["redirect_uri"] or \
                b64(digest.digest()) != q["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        return 200, {"token_type": "Bearer", "access_token": "x",
                     "id_token": self.token or self.id_token(q, sub)}

    def id_token(self, q, sub):
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": q["client_id"], "sub": sub,
                  "nonce": q["nonce"], "iat": now, "exp": now + 300,
                  **self.claims}
        head = {"alg": self.alg, "kid": self.kid or self.alg}
        text = ".".join(b64(json.dumps(x).encode()) for x in (head, claims))
        if self.alg == "none":
            return text + "."
        return text + "." + b64(self.keys.sign(self.alg, text.encode()))
