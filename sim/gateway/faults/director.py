"""The faults of one gateway at work: asks each of them at every hook, in the order of arming.

Time is the loop's, so that a fault strikes at the same simulated instant in every run. A gateway
without armed faults is not slowed down: the hooks are in place only while there are some.
"""

import zlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sim.exchange.matching import Execution
from sim.exchange.quotes import MarketQuote
from sim.gateway.faults.fault import Armed, Fault
from sim.gateway.faults.words import Asked, Said
from sim.gateway.gateway import Gateway
from sim.gateway.order import Order
from sim.gateway.session import Session

if TYPE_CHECKING:
    from sim.gateway.server import Connection, GatewayServer


class Director:
    """Implements ``hooks.Hooks``."""

    def __init__(self, server: "GatewayServer", *, seed: int) -> None:
        self.server = server
        self._seed = seed
        self._armed: list[Armed] = []

    @property
    def gateway(self) -> Gateway:
        return self.server.gateway

    @property
    def sessions(self) -> list[Session]:
        return self.gateway.sessions

    def now(self) -> datetime:
        return self.server.now()

    def arm(self, *faults: Fault) -> list[Armed]:
        """From now on; what they do is on the returned objects."""
        made = []
        for fault in faults:
            digest = zlib.crc32(f"fault/{self._seed}/{len(self._armed)}/{fault.NAME}".encode())
            armed = Armed(fault, self, digest)
            self._armed.append(armed)
            made.append(armed)
            self.gateway.hooks = self
            armed.arm()
        return made

    def disarm(self) -> None:
        """No more faults; what one of them has set for later still happens."""
        self._armed.clear()
        self.gateway.hooks = None

    def later(self, seconds: float, what: Callable[[], None]) -> None:
        """Do something in simulated time and write what comes of it."""

        def run() -> None:
            what()
            self.server.flush()

        self.server.call_later(seconds, run)

    def tell_everybody(self, code: int, text: str) -> None:
        """A message about the session to every client, past all faults."""
        for session in self.sessions:
            session.tell(-1, code, text)

    # Hooks

    def from_gateway(self, session: Session, body: bytes) -> Sequence[bytes]:
        bodies = [body]
        for armed in self._armed:
            if armed.active:
                bodies = [part for one in bodies for part in _said(armed, Said(session, one))]
        return bodies

    def from_client(self, session: Session, body: bytes, fields: list[str]) -> bool:
        asked = Asked(session, body, fields)
        for armed in self._armed:
            armed.heard()
        return any(armed.active and armed.fault.asked(armed, asked) for armed in self._armed)

    def session_gone(self, session: Session) -> None:
        for armed in self._armed:
            if armed.active:
                armed.fault.gone(armed, session)

    def quote(self, con_id: int, quote: MarketQuote) -> MarketQuote:
        for armed in self._armed:
            if armed.active:
                quote = armed.fault.quote(armed, con_id, quote)
        return quote

    def execution(self, order: Order, found: Execution) -> Execution | None:
        left: Execution | None = found
        for armed in self._armed:
            if armed.active and left is not None:
                left = armed.fault.execution(armed, order, left)
        return left

    def connected(self, connection: "Connection") -> None:
        for armed in self._armed:
            if armed.active:
                armed.fault.connected(armed, connection)

    def to_wire(self, connection: "Connection", data: bytes) -> list[bytes]:
        for armed in self._armed:
            pieces = armed.fault.to_wire(armed, connection, data) if armed.active else None
            if pieces is not None:
                return pieces
        return [data]


def _said(armed: Armed, said: Said) -> Sequence[bytes]:
    changed = armed.fault.said(armed, said)
    return (said.body,) if changed is None else changed
