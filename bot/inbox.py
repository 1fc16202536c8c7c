"""The single way into the desk: quotes conflated per contract, everything else queued in order.

Decides what a slow desk may miss (superseded quotes) and what it may not (all the rest). Knows
nothing of what events mean, except that a request to halt can be seen before it is drained.
"""

import asyncio

from domain.events import Event, HaltRequested, QuoteUpdated
from domain.instruments import Contract

ORDERED_EVENTS_MAX = 10_000  # a desk that far behind is not trading on anything real
QUOTED_CONTRACTS_MAX = 2_000


class InboxOverflow(Exception):
    """More events are waiting than the desk can ever have fallen behind by honest means. Fatal."""


class Inbox:
    """One consumer, any number of producers, all on one event loop.

    A batch keeps the order of arrival; a quote that replaces an older one takes the place of the
    newer, so that nothing which came between the two can be thought to have come after both.
    """

    def __init__(self, *, ordered_max: int = ORDERED_EVENTS_MAX) -> None:
        self._pending: dict[Contract | int, Event] = {}
        self._ordered_max = ordered_max
        self._ordered = 0
        self._serial = 0
        self._halts = 0
        self._overflow: InboxOverflow | None = None
        self._filled = asyncio.Event()

    def put(self, event: Event) -> None:
        """Queue ``event``. Raises InboxOverflow, now and from every later call and drain.

        The error is kept because producers run inside a library's callbacks, which may swallow it.
        """
        if self._overflow is not None:
            raise self._overflow
        if isinstance(event, QuoteUpdated):
            self._pending.pop(event.contract, None)
            self._pending[event.contract] = event
        else:
            self._serial += 1
            self._ordered += 1
            self._halts += isinstance(event, HaltRequested)
            self._pending[self._serial] = event
        self._filled.set()
        quoted = len(self._pending) - self._ordered
        if self._ordered > self._ordered_max or quoted > QUOTED_CONTRACTS_MAX:
            self._overflow = InboxOverflow(
                f"{self._ordered} events and {quoted} quotes are waiting"
            )
            raise self._overflow

    async def drain(self) -> list[Event]:
        """Everything that waits, at least one event, in order of arrival."""
        await self._filled.wait()
        if self._overflow is not None:
            raise self._overflow
        batch = list(self._pending.values())
        self._pending.clear()
        self._ordered = 0
        self._halts = 0
        self._filled.clear()
        return batch

    @property
    def halt_waiting(self) -> bool:
        """A request to halt is queued: nothing that opens risk may leave before it is heard."""
        return self._halts > 0

    def objection(self) -> str | None:
        """What the send gate asks before anything is opened."""
        return "a halt was requested" if self.halt_waiting else None

    def __len__(self) -> int:
        return len(self._pending)
