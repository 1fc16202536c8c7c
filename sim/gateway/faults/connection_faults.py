"""What goes wrong with connections: refused, slow, cut, cut in the middle, torn to pieces."""

import struct
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from sim.gateway.answers import handshake
from sim.gateway.faults.fault import ANY, Armed, Fault
from sim.gateway.faults.words import PLACE, Asked, Said

if TYPE_CHECKING:
    from sim.gateway.server import Connection
    from sim.gateway.session import Session

CUTS = ("fin", "rst", "half-open", "mid-frame")


@dataclass(frozen=True, kw_only=True)
class Drop(Fault):
    """Cuts every connection; with ``ref``, when such an order comes in, unanswered: the order is
    taken unless ``lost``.
    """

    NAME: ClassVar[str] = "drop"
    IMITATES: ClassVar[str] = "A: 507, end of file, reset; half-open socket, hung gateway"

    how: str = "fin"
    lost: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.how not in CUTS:
            raise ValueError(f"drop={self.how}: one of {', '.join(CUTS)}")

    def begin(self, armed: Armed) -> None:
        if self.ref == ANY:
            self._cut(armed)

    def asked(self, armed: Armed, asked: Asked) -> bool:
        if self.ref == ANY or asked.kind != PLACE or not armed.strikes(asked.ref):
            return False
        if not self.lost:
            asked.serve()
            asked.session.output()
        self._cut(armed)
        return True

    def _cut(self, armed: Armed) -> None:
        for connection in armed.director.server.connections:
            connection.cut(self.how)


@dataclass(frozen=True, kw_only=True)
class RefuseConnect(Fault):
    """Nobody listens; who is connected stays."""

    NAME: ClassVar[str] = "refuse_connect"
    IMITATES: ClassVar[str] = "A: TCP refused (502), gateway down or restarting"

    def begin(self, armed: Armed) -> None:
        armed.director.server.refuse_connections()

    def end(self, armed: Armed) -> None:
        armed.director.server.accept_connections()


@dataclass(frozen=True, kw_only=True)
class SlowConnect(Fault):
    """A connection is accepted and hears nothing for ``delay_s``."""

    NAME: ClassVar[str] = "slow_connect"
    IMITATES: ClassVar[str] = "A: API hanging while the gateway restarts"

    delay_s: float = 60.0

    def connected(self, armed: Armed, connection: "Connection") -> None:
        if armed.strikes():
            connection.stay_mute(self.delay_s)


@dataclass(frozen=True, kw_only=True)
class HoldClientId(Fault):
    """The id of a client that left stays taken for ``hold_s``."""

    NAME: ClassVar[str] = "hold_client_id"
    IMITATES: ClassVar[str] = "A: 326, the old session is not released yet"

    hold_s: float = 30.0

    def gone(self, armed: Armed, session: "Session") -> None:
        if armed.strikes():
            until = armed.director.now() + timedelta(seconds=self.hold_s)
            armed.director.gateway.reserved[session.client_id] = until


@dataclass(frozen=True, kw_only=True)
class OldVersion(Fault):
    """Greets with a protocol version that clients refuse."""

    NAME: ClassVar[str] = "old_version"
    IMITATES: ClassVar[str] = "A: 503, version below 157"

    version: int = 100

    def said(self, armed: Armed, said: Said) -> list[bytes] | None:
        if said.kind != -1 or not armed.strikes():
            return None
        return [handshake(self.version, armed.director.now())]


@dataclass(frozen=True, kw_only=True)
class Split(Fault):
    """Everything arrives in pieces of ``size`` bytes."""

    NAME: ClassVar[str] = "split"
    IMITATES: ClassVar[str] = "frames split by the network"

    size: int = 1

    def to_wire(self, armed: Armed, connection: "Connection", data: bytes) -> list[bytes] | None:
        if not armed.strikes():
            return None
        return [data[i : i + self.size] for i in range(0, len(data), max(self.size, 1))]


@dataclass(frozen=True, kw_only=True)
class Coalesce(Fault):
    """What is said within ``wait_s`` arrives as one piece."""

    NAME: ClassVar[str] = "coalesce"
    IMITATES: ClassVar[str] = "frames coalesced by the network"

    wait_s: float = 1.0

    def to_wire(self, armed: Armed, connection: "Connection", data: bytes) -> list[bytes] | None:
        if not armed.strikes():
            return None
        held: list[bytes] = armed.memory.setdefault(connection, [])
        if not held:
            armed.later(self.wait_s, lambda: connection.write(_emptied(held)))
        held.append(data)
        return []


@dataclass(frozen=True, kw_only=True)
class HugeFrame(Fault):
    """Announces a frame of ``length`` bytes and begins to send it: ``sent`` bytes, ten times a
    second.
    """

    NAME: ClassVar[str] = "huge_frame"
    IMITATES: ClassVar[str] = "a broken length prefix, which clients buffer without bound"

    length: int = 2**31 - 1
    sent: int = 100_000

    def begin(self, armed: Armed) -> None:
        for connection in armed.director.server.connections:
            connection.write(struct.pack(">I", self.length))
            self._trickle(armed, connection)

    def _trickle(self, armed: Armed, connection: "Connection") -> None:
        if connection in armed.director.server.connections:
            connection.write(bytes(self.sent))
            armed.later(0.1, lambda: self._trickle(armed, connection))


def _emptied(held: list[bytes]) -> bytes:
    data = b"".join(held)
    held.clear()
    return data
