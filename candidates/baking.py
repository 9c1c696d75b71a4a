"""Pictures that carry a credential inside, SVG and PNG: baked in, and taken out again (Open Badges 3.0)."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator

NAMESPACE = "https://purl.imsglobal.org/ob/v3p0"
KEYWORD = b"openbadgecredential"
PNG_START = b"\x89PNG\r\n\x1a\n"
IN_SVG = re.compile(rb'<openbadges:credential\b[^>]*\bverify="([\w.-]+)"')
TOKEN_AT_MOST = 64_000  # bytes; what is longer was not made here


def bake_svg(svg: bytes, token: str) -> bytes:
    """A picture of ours with the token as its last element, which shows nothing."""
    head, end, tail = svg.rpartition(b"</svg>")
    assert end, "Only an SVG picture can be baked."
    element = f'<openbadges:credential xmlns:openbadges="{NAMESPACE}" verify="{token}"/>'
    return head + element.encode() + end + tail


def bake_png(png: bytes, token: str) -> bytes:
    """A picture of ours with the token in a chunk of text before its end."""
    assert png.startswith(PNG_START), "Only a PNG picture can be baked."
    end = png.rindex(b"IEND") - 4
    text = KEYWORD + b"\0\0\0\0\0" + token.encode()  # not compressed, in no language, under no other name
    return png[:end] + _chunk(b"iTXt", text) + png[end:]


def token_in(picture: bytes) -> str | None:
    """The token that a picture carries; None where it carries none."""
    if picture.startswith(PNG_START):
        return next((token for token in map(_token_of, _chunks(picture)) if token), None)
    found = IN_SVG.search(picture)
    return found[1].decode() if found else None


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(PNG_START)
    while place + 8 <= len(png):
        (length,) = struct.unpack_from("!I", png, place)
        yield png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        place += length + 12


def _token_of(chunk: tuple[bytes, bytes]) -> str | None:
    kind, data = chunk
    start = KEYWORD + b"\0\0\0"
    if kind != b"iTXt" or not data.startswith(start) or len(data) > TOKEN_AT_MOST:
        return None
    text = data[len(start) :].split(b"\0", 2)[-1]
    return text.decode("ascii", errors="replace")
