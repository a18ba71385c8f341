"""Very many requests in little time: a few connections kept alive, the next
request on each as soon as its reply is whole."""
import selectors
import socket

from stack import Reply

LANES = 6


class Lane:
    def __init__(self, port):
        self.port, self.sock, self.got, self.at = port, None, b"", None

    def send(self, at, raw):
        if self.sock is None:
            self.sock = socket.create_connection(("127.0.0.1", self.port), 60)
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.at, self.got = at, b""
        self.sock.sendall(raw)

    def close(self):
        if self.sock:
            self.sock.close()
        self.sock = None

    def reply(self, more):
        """The reply once it is whole; `more` empty: the server has closed."""
        self.got += more
        head, end, body = self.got.partition(b"\r\n\r\n")
        if not end:
            assert more, "closed before a reply"
            return None
        lines = head.decode("latin-1").split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in
                   (x.partition(":") for x in lines[1:])}
        if headers.get("transfer-encoding") == "chunked":
            body = unchunked(body)
        elif "content-length" in headers:
            if len(body) < int(headers["content-length"]):
                body = None
        elif lines[0].split()[1] not in ("204", "304") and more:
            body = None               # it ends with the connection
        if body is None:
            assert more, "closed within a reply"
            return None
        return Reply(int(lines[0].split()[1]), headers, body)


def unchunked(raw):
    out = b""
    while True:
        size, end, raw = raw.partition(b"\r\n")
        if not end:
            return None
        n = int(size.split(b";")[0], 16)
        if len(raw) < n + 2:
            return None
        if n == 0:
            return out
        out, raw = out + raw[:n], raw[n + 2:]


def written(method, path, token=None, headers=(), body=b""):
    """A request's bytes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body:
        lines.append("Content-Type: application/json")
    if body or method not in ("GET", "HEAD", "DELETE"):
        lines.append(f"Content-Length: {len(body)}")
    lines += [f"{k}: {v}" for k, v in headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def replies_to(port, requests):
    """(what, Reply) of each (what, bytes), as they come."""
    todo = iter(requests)
    lanes = [Lane(port) for _ in range(LANES)]
    with selectors.DefaultSelector() as ready:

        def begin(lane):
            for what, raw in todo:
                fresh = lane.sock is None
                lane.send(what, raw)
                if fresh:
                    ready.register(lane.sock, selectors.EVENT_READ, lane)
                return True
            return False

        busy = sum(begin(lane) for lane in lanes)
        while busy:
            for key, _ in ready.select(60):
                lane = key.data
                reply = lane.reply(lane.sock.recv(1 << 18))
                if reply is None:
                    continue
                if reply.headers.get("connection", "").lower() == "close" or \
                        "content-length" not in reply.headers and \
                        "transfer-encoding" not in reply.headers and \
                        reply.status not in (204, 304):
                    ready.unregister(lane.sock)
                    lane.close()
                yield lane.at, reply
                busy -= not begin(lane)
    for lane in lanes:
        lane.close()
