"""Files as staff send them, made in memory, and the ways to send them."""
import io
import os
import secrets
import struct
import zipfile
import zlib

TINY_JPEG = (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01"
             b"\x00\x00\xff\xd9")
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def jpeg(size=None):
    """A JPEG of its own content, of at least `size` bytes."""
    extra = os.urandom(max(16, (size or 0) - len(TINY_JPEG)))
    return TINY_JPEG[:-2] + extra + b"\xff\xd9"


def png():
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + \
            struct.pack(">I", zlib.crc32(kind + data))
    return b"\x89PNG\r\n\x1a\n" + \
        chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)) + \
        chunk(b"IDAT", zlib.compress(secrets.token_bytes(2))) + \
        chunk(b"IEND", b"")


def package(*names, data=b"<x/>"):
    """An office package of these parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name in names:
            z.writestr(name, data)
    return out.getvalue()


def docx():
    return package("_rels/.rels", "word/document.xml", "[Content_Types].xml")


def ole(stream):
    """The smallest compound file whose directory names a stream."""
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<H", header, 30, 9)
    struct.pack_into("<I", header, 44, 1)       # one sector of table
    struct.pack_into("<I", header, 48, 1)       # directory at sector 1
    struct.pack_into("<109I", header, 76, 0, *[0xffffffff] * 108)
    table = struct.pack("<128I", 0xfffffffd, 0xfffffffe,
                        *[0xffffffff] * 126)
    directory = b""
    for name in ("Root Entry", stream):
        text = name.encode("utf-16-le") + b"\0\0"
        directory += text.ljust(64, b"\0") + struct.pack("<H", len(text)) + \
            bytes(62)
    return bytes(header) + table + directory.ljust(512, b"\0")


def form(parts, boundary="----tz7MA4YWxk"):
    """parts: (headers as text, bytes). Returns body and Content-Type."""
    body = b"".join(b"--" + boundary.encode() + b"\r\n" + head.encode() +
                    b"\r\n\r\n" + data + b"\r\n" for head, data in parts)
    return body + b"--" + boundary.encode() + b"--\r\n", \
        f"multipart/form-data; boundary={boundary}"


def file_part(data, name="photo.jpg", kind="image/jpeg", field="file"):
    return (f'Content-Disposition: form-data; name="{field}"; '
            f'filename="{name}"\r\nContent-Type: {kind}', data)


def field_part(name, value):
    return (f'Content-Disposition: form-data; name="{name}"', value.encode())


def send(client, data, name="照片.jpg", kind="application/octet-stream",
         query="", **headers):
    """A plain body."""
    return client.request("POST", f"/v1/attachments?name={name}{query}", data,
                          {"Content-Type": kind, **headers})


def send_form(client, parts, **headers):
    """As a browser or wx.uploadFile does."""
    body, kind = form(parts)
    return client.request("POST", "/v1/attachments", body,
                          {"Content-Type": kind, **headers})
