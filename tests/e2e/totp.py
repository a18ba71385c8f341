"""An authenticator (RFC 6238), and how a person sets one up."""
import base64
import hashlib
import hmac
import struct
import time


def code(secret, at=None, step=0):
    n = int((time.time() if at is None else at) // 30) + step
    mac = hmac.new(base64.b32decode(secret), struct.pack(">Q", n),
                   hashlib.sha1).digest()
    at = mac[19] & 15
    return f"{(struct.unpack('>I', mac[at:at + 4])[0] & 0x7fffffff) % 10**6:06}"


def enroll(client, password):
    """The secret and the recovery codes of a new second factor."""
    r = client.post("/v1/me/totp", {"password": password})
    assert r.status == 201, r
    secret = r.json["secret"]
    # The step before: this one is then still good for signing in. It is as
    # long as this step lasts.
    if time.time() % 30 > 24:
        time.sleep(30 - time.time() % 30)
    r = client.post("/v1/me/totp/confirm", {"totp": code(secret, step=-1)})
    assert r.status == 200, r
    return secret, r.json["recovery_codes"]
