"""What the main loop needs from the outside world, as protocols.

Adapters implement them, ``bot.app`` wires them, tests have a fake for each. Nothing else in the
shell is allowed to know an adapter by name.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from domain.desk import Desk
from domain.effects import Effect, RaiseAlert, RecordDecision
from domain.events import Event
from domain.instruments import Contract
from domain.orders import Order
from engine.greeks_view import LayerGreeks
from engine.views import Snapshot


class Clock(Protocol):
    """The only source of time. Under simulation it follows the virtual event loop."""

    def now(self) -> datetime:
        """The present instant, UTC-aware."""


class Broker(Protocol):
    """The paper account. Everything it learns arrives in the inbox as events; no call returns news.

    ``place``, ``modify`` and ``cancel`` raise BrokerUnavailable when nothing reached the socket;
    after a normal return the frame is on its way and only evidence tells what became of it. The
    limit that holds after a change was refused, or could not be sent, comes as a LimitModified.
    """

    async def run(self) -> None:
        """Connect, synchronise, keep connected. Raises LiveAccountRefused."""

    def adopt(self, orders: Sequence[Order]) -> None:
        """Name the orders of earlier lives, working ones above all, once before ``run``.

        News of an order the broker adapter was never told of is logged as foreign and is no event.
        """

    def compare_with(self, held: Callable[[], Mapping[Contract, int]]) -> None:
        """Where our own book's positions can be read, once before ``run``: an order that the broker
        does not know is dead only while both books agree about its legs.
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


class Beside(Protocol):
    """Books that exist on paper only, beside the live desk. Never an order, never an exception."""

    def sift(self, events: Sequence[Event]) -> Sequence[Event]:
        """The part of ``events`` that concerns the live desk, in order."""

    def lines(self, live: tuple[Contract, ...]) -> tuple[Contract, ...]:
        """``live`` unchanged and in front, then what else is to be quoted."""

    def observe(self, desk: Desk) -> None:
        """A turn of the loop has ended with this desk."""


class Telemetry(Protocol):
    """Where the outside world watches. Never blocks or raises; drops the oldest when it must."""

    def publish(self, snapshot: Snapshot) -> None: ...

    def greeks(self, at: datetime, layers: tuple[LayerGreeks, ...]) -> None: ...

    def alert(self, alert: RaiseAlert) -> None: ...

    def decision(self, decision: RecordDecision) -> None: ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a command came in: the channel's name, and what the channel says about the copy."""

    channel: str  # "spool", "mqtt" or "console"
    retained: bool = False  # kept by a message broker for whoever comes later
    duplicate: bool = False  # delivered before, as far as the channel knows


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a command. ``reason`` is empty when it was accepted, else a refusal's code."""

    accepted: bool
    reason: str
    text: str
    digest: str  # SHA-256 of the bytes received, as hex


class Commands(Protocol):
    """Where every channel hands in what operators signed. Synchronous, on the loop, never raises.

    An accepted command is queued as events; it counts once the journal has committed them.
    """

    def submit(self, raw: bytes, delivery: Delivery) -> Answer: ...


class BrokerUnavailable(Exception):
    """The socket is not there or not to be trusted; nothing was sent."""


class LiveAccountRefused(Exception):
    """The other side is not a paper account. The process must end."""


class OrderGate(Protocol):
    """Consulted by the broker adapter in the function that sends, after the journal commit."""

    def may_send(self, at: datetime, order: Order) -> str | None:
        """None to go ahead, else the reason why ``order``, new or changed, may not leave now."""
