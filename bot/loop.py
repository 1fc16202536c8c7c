"""THE MAIN LOOP: drain, decide, record, act. Everything the daemon does passes through ``turn``.

Nothing leaves the process before the journal has committed what caused it. An exception in here is
a bug: it ends the process, and the batch that did it stays in ``batch`` for the record.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from bot.execute import Executor
from bot.inbox import Inbox
from bot.ports import Beside, Broker, Journal
from domain.desk import Desk
from domain.effects import Effect
from domain.events import Event
from domain.instruments import Contract
from engine.policy import Policy
from engine.step import step

Observer: TypeAlias = Callable[[Sequence[Event], Sequence[Effect], Desk], None]


@dataclass(slots=True)
class DeskLoop:
    """The desk and its ports. ``observers`` watch every finished turn; they decide nothing.
    ``beside`` are books on paper: they may have quotes that the desk does not hear of.
    """

    desk: Desk
    policy: Policy
    inbox: Inbox
    journal: Journal
    executor: Executor
    broker: Broker
    observers: tuple[Observer, ...] = ()
    beside: Beside | None = None
    batch: Sequence[Event] = ()
    turned_at: datetime | None = None
    turns: int = 0
    _watched: tuple[Contract, ...] = field(default=())

    def alive_at(self, now: datetime) -> datetime | None:
        """When it last was seen to do its work: ``now`` while nothing waits for it, else when it
        last turned. None before the first turn.
        """
        if self.turned_at is None or len(self.inbox):
            return self.turned_at
        return max(now, self.turned_at)

    async def run(self) -> None:
        while True:
            self.turn(await self.inbox.drain())

    def turn(self, events: Sequence[Event]) -> None:
        """One batch from event to effect. Synchronous: no other task sees a half-made decision."""
        if self.beside is not None:
            events = self.beside.sift(events)
        self.batch = events
        result = step(self.desk, events, self.policy)
        self.journal.append(events, result.effects)
        for effect in result.effects:
            self.executor.execute(effect)
        wanted = result.watchlist if self.beside is None else self.beside.lines(result.watchlist)
        if wanted != self._watched:
            self.broker.watch(wanted)
            self._watched = wanted
        self.desk = result.desk
        for observe in self.observers:
            observe(events, result.effects, result.desk)
        if self.beside is not None:
            self.beside.observe(result.desk)
        self.turned_at, self.turns, self.batch = result.desk.now, self.turns + 1, ()
