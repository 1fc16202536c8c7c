"""What a daemon has last recorded, as a desk: quick to make and quick to bring up to date.

Folds the newest saved desk that fits, the records after it and the newest prices; thinks nothing
anew, so what only the rules remember between two looks is not there (``bot.hindsight`` has it).
Needs neither broker nor daemon, and never writes.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from bot.journal.desk_codec import UnreadableDesk, decode_desk, fitting
from bot.journal.replay import Replay, Turn
from bot.recovery import applied, first_desk
from domain.desk import Desk
from domain.effects import Effect, RaiseAlert, RecordDecision
from domain.events import Event, QuoteUpdated
from domain.session import SessionCalendar
from engine.fold import fold_quotes

PRICES_BACK = timedelta(minutes=10)  # a line that trades says something every few seconds
DECISIONS_MAX = 50
_ALERTS_MAX = 5_000  # looked at for the words of those that are on


class Glance:
    """The desk at the journal's end. Raises JournalFailed for a file that is no journal.

    Prices are those of the last ten minutes before the first look, and all since.
    """

    def __init__(self, path: Path, calendar: SessionCalendar) -> None:
        self.decisions: deque[RecordDecision] = deque(maxlen=DECISIONS_MAX)  # oldest first
        self.at: datetime | None = None  # the newest event; None while the journal is empty
        self.desk = first_desk(calendar)
        self.policy_hash = ""  # of the newest life
        self._alerts: dict[str, RaiseAlert] = {}
        self._replay = Replay(path)
        self._batch = self._life = 0
        self._start(fitting(calendar))

    def close(self) -> None:
        self._replay.close()

    def look(self) -> Desk:
        """The desk with everything that was recorded since the last look."""
        self.at = self._replay.last_at()
        if self.at is not None:
            last = self._replay.batch_at(self.at)
            for turn in self._replay.turns(self._batch, last, with_market=True):
                self._take(turn)
            self._batch = max(self._batch, last)
            self.policy_hash = list(self._replay.policies().values())[-1]
        return self.desk

    @property
    def alerts(self) -> tuple[RaiseAlert, ...]:
        """What is wrong now, in words, in the order in which it began."""
        return tuple(self._alerts[code] for code in self.desk.alerts if code in self._alerts)

    def _start(self, fits: str) -> None:
        """The saved desk and all records but those of the last minutes, prices left out."""
        for saved in self._replay.checkpoints():
            if saved.fits != fits:
                continue
            try:
                self.desk, self._batch = decode_desk(saved.body, self.desk), saved.batch
                break
            except UnreadableDesk:
                continue
        end = self._replay.last_at()
        if end is None:
            return
        recent = self._replay.batch_at(end - PRICES_BACK)
        before = max(self._batch, recent)
        for alert in self._replay.newest(RaiseAlert, before, _ALERTS_MAX):
            self._alerts.setdefault(alert.code, alert)
        said = list(self._replay.newest(RecordDecision, self._batch, DECISIONS_MAX))
        self.decisions.extend(reversed(said))
        for turn in self._replay.turns(recent, self._batch, with_market=True):
            self._price(turn)  # the saved desk has all of these turns but their prices
        for turn in self._replay.turns(self._batch, before, with_market=False):
            self._take(turn)
        self._batch = before

    def _take(self, turn: Turn) -> None:
        self._price(turn)
        self._fold(turn.events)
        self._fold(turn.effects)

    def _price(self, turn: Turn) -> None:
        if turn.life and turn.life != self._life:
            self._life = turn.life  # prices do not outlive the process
            self.desk = replace(self.desk, quotes={}, feed_at=None)
        quotes = [event for event in turn.events if isinstance(event, QuoteUpdated)]
        if quotes:
            self.desk = fold_quotes(self.desk, quotes)

    def _fold(self, records: Iterable[Event | Effect]) -> None:
        for record in records:
            if isinstance(record, QuoteUpdated):
                continue
            self.desk = applied(self.desk, record)
            if isinstance(record, RecordDecision):
                self.decisions.append(record)
            elif isinstance(record, RaiseAlert):
                self._alerts[record.code] = record
