"""Cuts a byte stream into frames and makes frames of fields. Knows nothing of what messages mean.

A frame is a big-endian 32-bit length and a body of NUL-terminated fields. A client's stream opens
with ``API`` and a NUL, then one frame whose body is bare text: the range of versions it can speak.
"""

import re
import struct
from collections.abc import Iterator

MAX_REQUEST_BYTES = 1 << 20  # the longest real request, a combo order, has about 1,000 bytes
_PREFIX = b"API\0"
_LENGTH = struct.Struct(">I")
_HELLO = re.compile(rb"v(\d{1,6})(?:\.\.(\d{1,6}))?(?: .*)?", re.DOTALL)


class BadStream(ValueError):
    """The bytes are not the protocol; nothing after them can be understood."""


class FrameReader:
    """Collects bytes however they are cut up and hands out whole bodies."""

    def __init__(self, *, limit: int = MAX_REQUEST_BYTES) -> None:
        self._limit = limit
        self._data = bytearray()
        self._greeted = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The bodies completed by ``data``. Raises BadStream once the stream cannot be valid any
        more.
        """
        self._data += data
        if not self._greeted and not self._take_prefix():
            return
        while len(self._data) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._data)
            if length > self._limit:
                raise BadStream(f"a frame of {length} bytes; the limit is {self._limit}")
            end = _LENGTH.size + length
            if len(self._data) < end:
                return
            body = bytes(self._data[_LENGTH.size : end])
            del self._data[:end]
            yield body

    def _take_prefix(self) -> bool:
        start = bytes(self._data[: len(_PREFIX)])
        if not _PREFIX.startswith(start):
            raise BadStream("the stream does not open with the API prefix")
        if len(start) < len(_PREFIX):
            return False
        del self._data[: len(_PREFIX)]
        self._greeted = True
        return True


def parse_hello(body: bytes) -> tuple[int, int]:
    """The lowest and highest version a client can speak. Raises BadStream."""
    match = _HELLO.fullmatch(body)
    if match is None:
        raise BadStream("the first frame is not a version range")
    low = int(match[1])
    return low, int(match[2]) if match[2] else low


def split_fields(body: bytes) -> list[str]:
    """The fields of a body. Raises BadStream when the last one is not terminated."""
    if not body.endswith(b"\0"):
        raise BadStream("a frame whose last field is not terminated")
    return body[:-1].decode(errors="replace").split("\0")


def frame(body: bytes) -> bytes:
    return _LENGTH.pack(len(body)) + body


def message(*fields: str | int) -> bytes:
    """The body (without its length) of a message of ready-made texts and whole numbers."""
    return "".join(f"{field}\0" for field in fields).encode()
