"""What the main loop needs from the outside world, as protocols.

Adapters implement them, ``bot.app`` wires them, tests have a fake for each. Nothing else in the
shell is allowed to know an adapter by name.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from domain.effects import Effect, RaiseAlert
from domain.events import Event
from domain.instruments import Contract
from domain.orders import Order
from engine.views import Snapshot


class Clock(Protocol):
    """The only source of time. Under simulation it follows the virtual event loop."""

    def now(self) -> datetime:
        """The present instant, UTC-aware."""


class Broker(Protocol):
    """The paper account. Everything it learns arrives in the inbox as events; no call returns news.

    ``place``, ``modify`` and ``cancel`` raise BrokerUnavailable when nothing reached the socket;
    after a normal return the frame is on its way and only evidence tells what became of it.
    """

    async def run(self) -> None:
        """Connect, synchronise, keep connected. Raises LiveAccountRefused."""

    def adopt(self, orders: Sequence[Order]) -> None:
        """Name the orders of earlier lives, working ones above all, once before ``run``.

        News of an order the broker adapter was never told of is logged as foreign and is no event.
        """

    def ask_margin(self, order: Order) -> None:
        """Ask what ``order`` would do to the margin; the answer is a MarginAnswered event."""

    def place(self, order: Order) -> int:
        """Send a new order exactly once and return the broker's order id."""

    def modify(self, order_ref: str, limit: Decimal) -> None: ...

    def cancel(self, order_ref: str) -> None: ...

    def watch(self, contracts: Sequence[Contract]) -> None:
        """Declare the whole wanted set, most important first; only differences are requested."""


class Journal(Protocol):
    """Append-only record. ``append`` returns once the batch is durable; called on the loop."""

    def append(self, events: Sequence[Event], effects: Sequence[Effect]) -> None: ...

    def read(self) -> Iterator[Event | Effect]:
        """All events (quotes excepted) and effects of all lives, in the order they were written."""


class Telemetry(Protocol):
    """Where the outside world watches. Never blocks or raises; drops the oldest when it must."""

    def publish(self, snapshot: Snapshot) -> None: ...

    def alert(self, alert: RaiseAlert) -> None: ...


class BrokerUnavailable(Exception):
    """The socket is not there or not to be trusted; nothing was sent."""


class LiveAccountRefused(Exception):
    """The other side is not a paper account. The process must end."""


class OrderGate(Protocol):
    """Consulted by the broker adapter in the function that sends, after the journal commit."""

    def may_send(self, at: datetime) -> str | None:
        """None to go ahead, else the reason why nothing may leave now."""
