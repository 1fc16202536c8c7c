"""The desk as it was at some instant, memory and prices included, from the journal alone.

Folds the records of the days before, from the newest saved desk that fits, then takes the turns of
the last day once more through the same step as the daemon, beginning in the last hour of the
session before, with that session's prices, so that memory is warm. Where that gives something else
than was recorded (other rules, another version), the record wins and the difference is counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from math import isclose
from pathlib import Path

from bot.journal import codec
from bot.journal.desk_codec import UnreadableDesk, decode_desk, fitting
from bot.journal.replay import Replay, Turn
from bot.recovery import applied, first_desk
from domain.desk import Desk, Memory
from domain.effects import Effect, RecordDecision
from domain.events import QuoteUpdated
from domain.session import SessionCalendar, at_new_york, new_york
from engine.fold import fold_quotes
from engine.policy import Policy
from engine.step import step

_WARM_UP = timedelta(hours=1)
_MOMENT = timedelta(microseconds=1)
_NEWS = "signal"
_CLOSE = 1e-6  # sums may be taken in another order, by another version of a library


@dataclass(frozen=True, slots=True)
class Hindsight:
    """``decisions`` are the last ones by topic. ``prices_from`` is where the journal's prices
    begin, None when it has none.
    """

    at: datetime
    desk: Desk
    decisions: Mapping[str, RecordDecision]
    prices_from: datetime | None
    same_policy: bool  # as of the life that ``at`` lies in
    differences: int  # turns in which the rules of today decide otherwise than was recorded

    @property
    def priced(self) -> bool:
        """Whether the day up to ``at`` still has its prices."""
        return self.prices_from is not None and self.prices_from <= self.at


@dataclass(slots=True)
class _Walk:
    desk: Desk
    policy: Policy
    life: int = 0
    differences: int = 0

    def fold(self, turn: Turn) -> None:
        """Take the turn as recorded, without thinking."""
        self._enter(turn)
        quotes = [event for event in turn.events if isinstance(event, QuoteUpdated)]
        if quotes:
            self.desk = fold_quotes(self.desk, quotes)
        for record in (*turn.events, *turn.effects):
            if not isinstance(record, QuoteUpdated):
                self.desk = applied(self.desk, record)

    def think(self, turn: Turn) -> None:
        """Take the turn through the step, and the record's word where the two differ."""
        self._enter(turn)
        before = self.desk
        result = step(before, turn.events, self.policy)
        if _agree(_judged(_spelled(result.effects)), _judged(turn.effects)):
            self.desk = result.desk
            return
        self.differences += 1
        quotes = result.desk.quotes
        self.fold(replace(turn, life=0))
        self.desk = replace(self.desk, memory=result.desk.memory, quotes=quotes)

    def _enter(self, turn: Turn) -> None:
        """Memory and prices do not outlive the process."""
        if turn.life and turn.life != self.life:
            self.life = turn.life
            blank = Memory()
            self.desk = replace(self.desk, memory=blank, quotes={}, feed_at=None)


def look_back(
    path: Path, calendar: SessionCalendar, policy: Policy, at: datetime | None = None
) -> Hindsight:
    """The desk after everything up to ``at``, the end of the journal when it is None.

    Raises JournalFailed for a file that is no journal, LookupError when it begins after ``at``.
    """
    replay = Replay(path)
    try:
        end = at or replay.last_at()
        last = 0 if end is None else replay.batch_at(end)
        if end is None or not last:
            raise LookupError("the journal holds nothing of that time")
        eve, warm, morning = map(replay.batch_at, _begins(calendar, end))
        walk, after = _start(replay, calendar, policy, eve)
        for turn in replay.turns(after, eve, with_market=False):
            walk.fold(turn)
        for turn in replay.turns(eve, warm, with_market=True):
            walk.fold(turn)
        for turn in replay.turns(warm, morning, with_market=True):
            walk.think(turn)
        walk.differences = 0
        for turn in replay.turns(morning, last, with_market=True):
            walk.think(turn)
        known = replay.policies().get(walk.life)
        return Hindsight(
            end, walk.desk, replay.decisions(last), replay.oldest_price_at(),
            known == policy.fingerprint, walk.differences,
        )  # fmt: skip
    finally:
        replay.close()


def _begins(calendar: SessionCalendar, end: datetime) -> tuple[datetime, datetime, datetime]:
    """Just before the day of the session before, before its last hour, and the day of ``end``."""
    today = new_york(end).date()
    before = calendar.previous_session(today)
    eve, midnight = (at_new_york(day, time()) - _MOMENT for day in (before, today))
    return eve, calendar.close_at(before) - _WARM_UP, midnight


def _start(
    replay: Replay, calendar: SessionCalendar, policy: Policy, until: int
) -> tuple[_Walk, int]:
    """The newest saved desk of a batch not after ``until``, else the desk before any record."""
    blank, fits = first_desk(calendar), fitting(calendar)
    for saved in replay.checkpoints():
        if saved.batch > until or saved.fits != fits:
            continue
        try:
            return _Walk(decode_desk(saved.body, blank), policy), saved.batch
        except UnreadableDesk:
            continue
    return _Walk(blank, policy), 0


def _spelled(effects: tuple[Effect, ...]) -> tuple[Effect, ...]:
    """As they come back from the journal: numbers nobody had are left out there."""
    found = (codec.decode(*codec.encode(effect)) for effect in effects)
    return tuple(effect for effect in found if isinstance(effect, Effect))


def _judged(effects: tuple[Effect, ...]) -> tuple[Effect, ...]:
    """Without the news of signals, which say what changed since a look that is forgotten here."""
    return tuple(
        effect
        for effect in effects
        if not (isinstance(effect, RecordDecision) and effect.topic == _NEWS)
    )


def _agree(now: tuple[Effect, ...], then: tuple[Effect, ...]) -> bool:
    """Whether the same was decided, on figures that are equal but for rounding."""
    return len(now) == len(then) and all(map(_alike, now, then))


def _alike(now: Effect, then: Effect) -> bool:
    if now == then:
        return True
    if not isinstance(now, RecordDecision) or not isinstance(then, RecordDecision):
        return False
    if replace(now, inputs=()) != replace(then, inputs=()):
        return False
    return len(now.inputs) == len(then.inputs) and all(
        mine == other and isclose(figure, known, rel_tol=_CLOSE, abs_tol=_CLOSE)
        for (mine, figure), (other, known) in zip(now.inputs, then.inputs, strict=True)
    )
