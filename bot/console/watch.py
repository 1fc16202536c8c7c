"""An observer of the main loop: remembers the newest desk, what was decided, and a little history.

Cheap on every turn, for it runs whether anybody looks or not: it keeps references, makes no view.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeAlias, TypeVar

from domain.desk import Desk
from domain.effects import Effect
from domain.events import (
    BrokerLost,
    BrokerReady,
    Event,
    HaltRequested,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
    OrderUncertain,
    ReduceRequested,
    ResumeRequested,
)
from domain.instruments import SPX, VIX
from engine.policy import Policy
from engine.views import LayerResult, snapshot

STORY_MAX = 400
HISTORY_MAX = 600
HISTORY_EVERY = timedelta(minutes=5)

# Of the events only those that an operator would ask about; quotes and ticks are most of the rest.
_TOLD = frozenset(
    {
        OrderFilled, OrderRejected, OrderCanceled, OrderUncertain, BrokerReady, BrokerLost,
        HaltRequested, ReduceRequested, ResumeRequested,
    }
)  # fmt: skip

Told: TypeAlias = Event | Effect
T = TypeVar("T")


class Ring(Generic[T]):
    """The newest ``size`` items with running numbers from 1; the oldest give way."""

    def __init__(self, size: int) -> None:
        self._items: deque[T] = deque(maxlen=size)
        self.count = 0  # of all that ever came

    def __len__(self) -> int:
        return len(self._items)

    def add(self, item: T) -> None:
        self.count += 1
        self._items.append(item)

    def after(self, number: int, most: int) -> tuple[list[T], int]:
        """Items later than ``number``, the newest ``most`` of them, and how many are missing."""
        waiting = self.count - number
        kept = min(waiting, most, len(self._items))
        newest = [self._items[-place] for place in range(kept, 0, -1)]
        return newest, waiting - kept


@dataclass(frozen=True, slots=True)
class Mark:
    """One point of the history. Money in USD; None where something held had no price."""

    at: datetime
    spx: float | None
    vix: float | None
    share: float | None
    net_liquidation: float | None
    results: tuple[LayerResult, ...]


@dataclass(slots=True)
class Watch:
    """``observe`` is called after each turn; everything else reads."""

    policy: Policy
    desk: Desk | None = None
    turns: int = 0
    story: Ring[tuple[datetime, Told]] = field(default_factory=lambda: Ring(STORY_MAX))
    history: Ring[Mark] = field(default_factory=lambda: Ring(HISTORY_MAX))
    _marked_at: datetime | None = None

    def observe(self, events: Sequence[Event], effects: Sequence[Effect], desk: Desk) -> None:
        self.desk = desk
        self.turns += 1
        for event in events:
            if type(event) in _TOLD:
                self.story.add((desk.now, event))
        for effect in effects:
            self.story.add((desk.now, effect))
        last = self._marked_at
        if last is None or desk.now - last >= HISTORY_EVERY:
            self._mark(desk)

    def _mark(self, desk: Desk) -> None:
        """During sessions only: between them nothing moves."""
        self._marked_at = desk.now
        if desk.ready_at is None or desk.level(SPX) is None or not desk.calendar.is_open(desk.now):
            return
        view = snapshot(desk, self.policy)
        self.history.add(
            Mark(
                desk.now,
                desk.level(SPX),
                desk.level(VIX),
                view.hedge_share,
                view.net_liquidation,
                view.results,
            )
        )
