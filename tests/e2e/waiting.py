"""Reads by id that are made to wait for each other."""
import contextlib
import http.client
import re
import socket
import subprocess
import time

from stack import wait_for

TOGETHER = "k(asked_id, asked_nth)"    # what a statement for many says


class Asked:
    """A request that is on its way."""

    def __init__(self, stack, client, path):
        self.socket = socket.create_connection(("127.0.0.1", stack.port))
        self.socket.settimeout(20)
        self.socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: "
            f"Bearer {client.token}\r\n\r\n".encode())

    def answer(self):
        with self.socket, http.client.HTTPResponse(self.socket) as r:
            r.begin()
            body = re.sub(rb'"request_id":"[^"]*"', b"", r.read())
            return r.status, r.headers["etag"], body


@contextlib.contextmanager
def locked(stack, *tables):
    """No row of these can be read meanwhile."""
    p = subprocess.Popen(
        ["psql", "-qAt", "-h", stack.socket(), "-U", "postgres", "taizhang"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        p.stdin.write(f"BEGIN; LOCK TABLE {', '.join(tables)}; SELECT 1;\n")
        p.stdin.flush()
        assert p.stdout.readline() == "1\n"
        yield
    finally:
        p.stdin.close()
        p.wait()


def reads_together(stack, client, paths, table, times=8):
    """The same reads at once, several times: what each was answered."""
    got = []
    for _ in range(times):
        with locked(stack, table):
            sent = [Asked(stack, client, p) for p in paths]
            # The lock is not given up before the server has come to them.
            wait_for(lambda: stack.psql(
                "SELECT 1 FROM pg_locks WHERE NOT granted AND relation ="
                f" '{table}'::regclass LIMIT 1"), why="one waits")
            time.sleep(0.05)
        got += [one.answer()[0] for one in sent]
    return got
