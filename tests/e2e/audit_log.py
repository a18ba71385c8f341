"""The log's format read by other means than the product's: what an auditor
could write from api/audit_leaf.h, api/merkle.h and api/audit_head.h."""
import ctypes
import hashlib
import struct

COLUMNS = ("id", "txid", "at", "verb", "outcome", "entity", "row_id", "rev",
           "division_code", "line", "sensitivity", "actor", "channel",
           "request", "route", "remote", "session", "grant_id", "client",
           "via", "viewer", "binding", "batch", "file_sha", "detail")
SQL = ", ".join({"at": "(extract(epoch FROM at) * 1000000)::bigint",
                 "detail": "detail::text"}.get(c, c) for c in COLUMNS)


def column(value):
    if value is None:
        return b"\xff\xff\xff\xff"
    data = value if isinstance(value, bytes) else value.encode()
    return struct.pack(">I", len(data)) + data


def leaf_bytes(values, fields, root):
    assert len(values) == len(COLUMNS)
    return b"taizhang audit 1\n" + b"".join(
        column(v) for v in [*values, fields, root])


def h(algorithm, data):
    return hashlib.new(algorithm, data).digest()


def root_of(algorithm, leaves):
    """RFC 6962, straight from its definition."""
    if not leaves:
        return h(algorithm, b"")
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return h(algorithm, b"\1" + root_of(algorithm, leaves[:k])
             + root_of(algorithm, leaves[k:]))


def root_by_path(algorithm, leaf, index, size, path):
    """RFC 9162, 2.1.3.2."""
    fn, sn, r = index, size - 1, leaf
    for p in path:
        assert sn > 0
        if fn & 1 or fn == sn:
            r = h(algorithm, b"\1" + p + r)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = h(algorithm, b"\1" + r + p)
        fn, sn = fn >> 1, sn >> 1
    assert sn == 0
    return r


def head(line):
    """name → value of a head's line."""
    return dict(x.split("=", 1) for x in line.split() if "=" in x)


sodium = ctypes.CDLL("libsodium.so.23")


def signed(line):
    """Whether the line's own key signed it."""
    body, sig = line.rsplit(" sig=", 1)
    data = body.encode()
    return sodium.crypto_sign_verify_detached(
        bytes.fromhex(sig), data, ctypes.c_ulonglong(len(data)),
        bytes.fromhex(head(line)["key"])) == 0


def head_line(seed, seq, size, sha256, sm3, at, prev):
    pk, sk = ctypes.create_string_buffer(32), ctypes.create_string_buffer(64)
    sig = ctypes.create_string_buffer(64)
    sodium.crypto_sign_seed_keypair(pk, sk, seed)
    body = (f"taizhang-audit-head 1 seq={seq} size={size} sha256={sha256}"
            f" sm3={sm3} at={at} prev={prev} alg=ed25519 key={pk.raw.hex()}")
    data = body.encode()
    sodium.crypto_sign_detached(sig, None, data,
                                ctypes.c_ulonglong(len(data)), sk)
    return f"{body} sig={sig.raw.hex()}"
