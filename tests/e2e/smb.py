"""A share as offices have it: a private smbd on a port of its own, and the
clients that save into it (sync-and-security.md 0.1, xlsx.md 5.4)."""
import ctypes
import os
import pathlib
import pwd
import signal
import socket
import subprocess
import tempfile

from stack import free_port, wait_for

CONF = """[global]
server role = standalone server
interfaces = 127.0.0.1
bind interfaces only = yes
smb ports = {port}
private dir = {dir}
lock directory = {dir}
state directory = {dir}
cache directory = {dir}
pid directory = {dir}
ncalrpc dir = {dir}/ncalrpc
log file = {dir}/log
disable netbios = yes
disable spoolss = yes
load printers = no
map to guest = bad user
guest account = {owner}
[ledgers]
path = {share}
guest ok = yes
guest only = yes
read only = no
"""


class Share:
    """start() serves `share` as its owner; works with and without root."""

    def __init__(self, share):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="tz-smb-"))
        self.port = free_port()
        owner = pwd.getpwuid(share.stat().st_uid).pw_name
        self.conf = self.dir / "smb.conf"
        self.conf.write_text(CONF.format(port=self.port, dir=self.dir,
                                         owner=owner, share=share))

    def start(self):
        self.out = open(self.dir / "out", "wb")
        self.process = subprocess.Popen(
            ["smbd", "--foreground", "--no-process-group", "-s", self.conf,
             "--debug-stdout"], stdin=subprocess.DEVNULL, stdout=self.out,
            stderr=self.out, start_new_session=True)

        def up():
            with socket.socket() as s:
                return s.connect_ex(("127.0.0.1", self.port)) == 0
        wait_for(up, 20, why="smbd")
        return self

    def stop(self):
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(20)
        # What served a client may end a little later, and write until then.
        wait_for(lambda: subprocess.run(["rm", "-rf", self.dir],
                                        stderr=subprocess.DEVNULL)
                 .returncode == 0, 20, why=f"{self.dir} gone")

    def run(self, folder, *commands):
        """smbclient commands in one session; any refusal fails."""
        done = subprocess.run(
            ["smbclient", "-s", self.conf, "-N", "-p", str(self.port),
             "//127.0.0.1/ledgers", "-D", folder, "-c", ";".join(commands)],
            text=True, capture_output=True, timeout=60,
            env=dict(os.environ, LC_ALL="C.UTF-8"))
        said = done.stdout + done.stderr
        if done.returncode or "NT_STATUS" in said:
            raise AssertionError(f"{commands}: {said}")

    def open(self, folder, name, flags):
        return Handle(f"smb://guest:@127.0.0.1:{self.port}/ledgers/{folder}/"
                      f"{name}", flags)


_AUTH = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_char_p,
                         ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p,
                         ctypes.c_int, ctypes.c_char_p, ctypes.c_int)
_no_password = _AUTH(lambda *a: None)
_lib = None


def lib():
    global _lib
    if _lib is None:
        _lib = ctypes.CDLL("libsmbclient.so.0", use_errno=True)
        _lib.smbc_read.restype = _lib.smbc_write.restype = ctypes.c_ssize_t
        _lib.smbc_write.argtypes = [ctypes.c_int, ctypes.c_char_p,
                                    ctypes.c_size_t]
        _lib.smbc_lseek.restype = ctypes.c_long
        _lib.smbc_lseek.argtypes = [ctypes.c_int, ctypes.c_long, ctypes.c_int]
        if _lib.smbc_init(_no_password, 0):
            raise OSError(ctypes.get_errno(), "smbc_init")
    return _lib


class Handle:
    """A file that a program on another machine holds open."""

    def __init__(self, url, flags):
        self.fd = lib().smbc_open(url.encode(), flags, 0o644)
        if self.fd < 0:
            e = ctypes.get_errno()
            raise OSError(e, os.strerror(e), url)

    def write(self, data, at=None):
        if at is not None:
            assert lib().smbc_lseek(self.fd, at, os.SEEK_SET) == at
        assert lib().smbc_write(self.fd, data, len(data)) == len(data)

    def truncate(self, size):
        assert lib().smbc_ftruncate(self.fd, ctypes.c_long(size)) == 0

    def close(self):
        if self.fd >= 0:
            assert lib().smbc_close(self.fd) == 0
        self.fd = -1

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.close()
