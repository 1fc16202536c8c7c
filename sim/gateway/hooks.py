"""Where faults may take hold of a gateway: what it says, hears, quotes and fills.

Only the shape. A gateway without hooks behaves; ``faults`` has everything that does not.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from sim.exchange.matching import Execution
from sim.exchange.quotes import MarketQuote
from sim.gateway.order import Order

if TYPE_CHECKING:
    from sim.gateway.session import Session


class Hooks(Protocol):
    """Asked at the moment something is about to happen."""

    def from_gateway(self, session: "Session", body: bytes) -> Sequence[bytes]:
        """The message bodies to send in place of ``body``."""

    def from_client(self, session: "Session", body: bytes, fields: list[str]) -> bool:
        """Whether the request has been dealt with and must not be served any more."""

    def session_gone(self, session: "Session") -> None:
        """A client that had said who it is has left."""

    def quote(self, con_id: int, quote: MarketQuote) -> MarketQuote:
        """The quote to use in place of the market's."""

    def execution(self, order: Order, found: Execution) -> Execution | None:
        """What may be executed of what the market would give; None is nothing."""
