"""Watches the lengths of the gateway's frames without keeping their bytes.

The client library buffers a frame until it is complete, however long it says it is, and every piece
costs a copy of all before it. A broken length must therefore end the connection at once.
"""

import struct

FRAME_BYTES_MAX = 16 << 20  # the longest honest answer, a year of bars or a chain, is below 1 MiB
_LENGTH = struct.Struct(">I")


class FrameWatch:
    """Sees the same pieces of the stream as the library."""

    def __init__(self, limit: int = FRAME_BYTES_MAX) -> None:
        self._limit = limit
        self._head = b""
        self._left = 0  # bytes of the present frame that are still to come

    def feed(self, data: bytes) -> int | None:
        """The length of a frame beyond the limit, if one begins in ``data``; then it is over."""
        at, end = 0, len(data)
        while at < end:
            if self._left:
                step = min(self._left, end - at)
                self._left -= step
                at += step
                continue
            taken = data[at : at + _LENGTH.size - len(self._head)]
            self._head += taken
            at += len(taken)
            if len(self._head) == _LENGTH.size:
                (self._left,) = _LENGTH.unpack(self._head)
                self._head = b""
                if self._left > self._limit:
                    return self._left
        return None
