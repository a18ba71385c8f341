"""Stands between agent and API and breaks one request as planned."""
import http.client
import http.server
import socket
import struct
import threading
import time

PROBLEM = b'{"title":"Busy","status":503,"code":"busy"}'


class Proxy:
    """plan(n, fault): the n-th request from now on (0…) meets the fault."""

    def __init__(self, port):
        self.upstream = port
        self.lock = threading.Lock()
        self.plan(None, None)
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self):
                try:
                    super().handle_one_request()
                except ConnectionError:
                    self.close_connection = True

            def do(self):
                proxy.handle(self)
            do_GET = do_PUT = do_POST = do

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                      Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,),
                         daemon=True).start()
        return self

    def __exit__(self, *what):
        self.server.shutdown()
        self.server.server_close()

    def plan(self, n, fault):
        with self.lock:
            self.at, self.fault, self.log = n, fault, []
            self.hit, self.storm = False, 0

    def seen(self):
        """The requests since the last plan."""
        with self.lock:
            return list(self.log)

    def handle(self, h):
        body = h.rfile.read(int(h.headers.get("Content-Length") or 0))
        with self.lock:
            fault = self.fault if len(self.log) == self.at else None
            self.log.append(f"{h.command} {h.path}")
            if fault:
                self.hit = True
            if fault == "storm":
                self.storm = 3
            if self.storm:
                self.storm -= 1
                fault = "storm"
        if fault == "cut":
            return self.close(h)
        if fault == "reset":
            h.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                    struct.pack("ii", 1, 0))
            return self.close(h)
        if fault == "storm":
            return self.reply(h, 503, [("Content-Type",
                                        "application/problem+json")], PROBLEM)
        if fault == "mid_request":
            return self.half_request(h, body)
        status, headers, data = self.forward(h, body)
        if fault == "after":
            return self.close(h)
        if fault == "garbage":
            return self.reply(h, 200, headers, b"<html>login first</html>")
        self.reply(h, status, headers, data, fault)

    def forward(self, h, body):
        c = http.client.HTTPConnection("127.0.0.1", self.upstream, timeout=60)
        c.request(h.command, h.path, body or None, {
            k: v for k, v in h.headers.items()
            if k.lower() not in ("host", "content-length", "connection")})
        r = c.getresponse()
        data = r.read()
        c.close()
        return r.status, r.getheaders(), data

    def half_request(self, h, body):
        """The API is told more than it gets."""
        with socket.create_connection(("127.0.0.1", self.upstream)) as up:
            head = f"{h.command} {h.path} HTTP/1.1\r\n" + "".join(
                f"{k}: {v}\r\n" for k, v in h.headers.items())
            up.sendall(head.encode() + b"\r\n" + body[:len(body) // 2]
                       if body else head.encode()[:-10])
            time.sleep(0.05)
        self.close(h)

    def reply(self, h, status, headers, data, fault=None):
        out = f"HTTP/1.1 {status} OK\r\nContent-Length: {len(data)}\r\n" + \
            "".join(f"{k}: {v}\r\n" for k, v in headers if k.lower() not in (
                "content-length", "connection", "transfer-encoding"))
        out = out.encode() + b"\r\n" + data
        if fault == "mid_reply":
            h.wfile.write(out[:len(out) - len(data) // 2 - 1])
            return self.close(h)
        step = max(1, len(out) // 20) if fault == "trickle" else len(out)
        for at in range(0, len(out), step):
            h.wfile.write(out[at:at + step])
            h.wfile.flush()
            if fault == "trickle":
                time.sleep(0.03)

    @staticmethod
    def close(h):
        h.close_connection = True
        h.wfile.flush()
        if h.connection.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER):
            h.connection.close()
            return
        try:
            h.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
