"""Pairs of connected in-memory transports for one event loop, and a little network of their
addresses.

Bytes arrive in the order and in the pieces in which they were written, each by its own
``call_soon``, so a run is reproducible to the callback. Knows nothing of what the bytes mean.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, TypeAlias

Factory: TypeAlias = Callable[[], asyncio.BaseProtocol]
_Address: TypeAlias = tuple[str, int]


class MemoryTransport(asyncio.Transport):
    """One end of a pair. Closing it lets the other end read what was sent before it sees end of
    file.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, here: _Address, there: _Address) -> None:
        super().__init__({"sockname": here, "peername": there})
        self._loop = loop
        self._protocol: Any = None
        self._peer: MemoryTransport | None = None
        self._held: deque[bytes | None] = deque()  # arrived while reading was paused; None is EOF
        self._paused = self._closing = self._sent_eof = self._lost = False

    def join(self, peer: "MemoryTransport", protocol: asyncio.BaseProtocol) -> None:
        """Connect to ``peer``; call once for each end, then ``start`` both."""
        self._peer = peer
        self._protocol = protocol

    def start(self) -> None:
        self._protocol.connection_made(self)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._sent_eof and not self._closing:
            raise RuntimeError("cannot write after write_eof()")
        if data and not self._closing and self._peer is not None:
            self._loop.call_soon(self._peer.arrive, bytes(data))

    def write_eof(self) -> None:
        if not self._sent_eof and not self._closing and self._peer is not None:
            self._sent_eof = True
            self._loop.call_soon(self._peer.arrive, None)

    def can_write_eof(self) -> bool:
        return True

    def close(self) -> None:
        if not self._closing:
            self.write_eof()
            self._closing = True
            self._loop.call_soon(self._lose, None)

    def abort(self) -> None:
        """Reset: the other end loses the connection with ConnectionResetError."""
        if not self._closing:
            self._closing = True
            self._loop.call_soon(self._lose, None)
            if self._peer is not None:
                self._loop.call_soon(self._peer.reset)

    def is_closing(self) -> bool:
        return self._closing

    def pause_reading(self) -> None:
        self._paused = True

    def resume_reading(self) -> None:
        self._paused = False
        self._loop.call_soon(self._drain)

    def is_reading(self) -> bool:
        return not (self._paused or self._closing)

    def get_protocol(self) -> asyncio.BaseProtocol:
        protocol: asyncio.BaseProtocol = self._protocol
        return protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing to limit: what is written has left."""

    def arrive(self, data: bytes | None) -> None:
        """For the other end: bytes, or None for its end of file."""
        if not self._closing:
            self._held.append(data)
            self._drain()

    def _drain(self) -> None:
        while self._held and not (self._paused or self._closing):
            data = self._held.popleft()
            if data is not None:
                self._protocol.data_received(data)
            elif not self._protocol.eof_received():
                self.close()

    def reset(self) -> None:
        """For the other end, when it aborts."""
        self._closing = True
        self._lose(ConnectionResetError("connection reset by peer"))

    def _lose(self, error: Exception | None) -> None:
        if not self._lost:
            self._lost = True
            self._held.clear()
            self._protocol.connection_lost(error)


class MemoryNetwork:
    """Which addresses are answered in memory. An address once listened on never falls back to a
    socket.
    """

    def __init__(self) -> None:
        self._listeners: dict[_Address, Factory | None] = {}
        self._next_port = 49152

    def listen(self, host: str, port: int, factory: Factory) -> None:
        """Raises OSError when the address is taken."""
        if self._listeners.get((host, port)) is not None:
            raise OSError(f"{host}:{port} is already listened on in memory")
        self._listeners[host, port] = factory

    def unlisten(self, host: str, port: int) -> None:
        self._listeners[host, port] = None

    def knows(self, host: Any, port: Any) -> bool:
        return (host, port) in self._listeners

    def connect(
        self, loop: asyncio.AbstractEventLoop, client_factory: Factory, host: str, port: int
    ) -> tuple[MemoryTransport, asyncio.BaseProtocol]:
        """The client's end. Raises ConnectionRefusedError when nobody listens there any more."""
        server_factory = self._listeners.get((host, port))
        if server_factory is None:
            raise ConnectionRefusedError(f"nobody listens on {host}:{port}")
        client_address = (host, self._next_port)
        self._next_port += 1
        ours = MemoryTransport(loop, client_address, (host, port))
        theirs = MemoryTransport(loop, (host, port), client_address)
        protocol = client_factory()
        ours.join(theirs, protocol)
        theirs.join(ours, server_factory())
        theirs.start()
        ours.start()
        return ours, protocol
