"""The last word before an order leaves: shut for good once the process is ending, for a while when
the clock cannot be trusted, and for opening orders whenever an operator wants trading stopped.

Knows nothing of risk; whatever it refuses was already approved and recorded.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

from domain.orders import OPENING, Order

Stop: TypeAlias = Callable[[], str | None]


class SendGate:
    """Implements ports.OrderGate. ``stops`` are asked before every order and every change of one,
    ``opening_stops`` only before those that open; each gives a reason, or None.
    """

    def __init__(self, stops: tuple[Stop, ...] = (), opening_stops: tuple[Stop, ...] = ()) -> None:
        self._stops = stops
        self._opening_stops = opening_stops
        self._shut_because: str | None = None

    def shut(self, reason: str) -> None:
        """From now on nothing new leaves, in this life of the process. The first reason stays."""
        self._shut_because = self._shut_because or reason

    def may_send(self, at: datetime, order: Order) -> str | None:
        """None to go ahead, else why not. ``at`` is ignored: a shut gate stays shut."""
        del at
        if self._shut_because is not None:
            return self._shut_because
        asked = self._stops
        if order.intent.purpose in OPENING:
            asked = (*asked, *self._opening_stops)
        return next((reason for stop in asked if (reason := stop()) is not None), None)
