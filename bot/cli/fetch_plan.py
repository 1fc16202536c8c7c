"""What is still to be asked of the broker, and a record of what was answered. Pure, but for the
record's file: it knows nothing of brokers.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from domain.session import SessionCalendar, new_york

_DAY = timedelta(days=1)
_GAP_MAX = timedelta(days=7)  # from 2001-09-10 to 2001-09-17; a longer hole is one in the data
_FINAL = timedelta(minutes=15)  # after the close a day's prices do not change any more
_DAYS_MAX = 250  # a longer stretch must be asked for in years
RECORD = "fetched.json"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days from ``first`` to ``last``, both included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"a stretch from {self.first} to {self.last}")

    def touches(self, other: "Stretch") -> bool:
        return self.first <= other.last + _DAY and other.first <= self.last + _DAY

    def joined(self, other: "Stretch") -> "Stretch":
        return Stretch(min(self.first, other.first), max(self.last, other.last))


def missing(wanted: Stretch, answered: Stretch | None) -> list[Stretch]:
    """What of ``wanted`` was not answered, in an order in which the answered part never has holes:
    forward from it, then backward. An answer far away counts for nothing.
    """
    if answered is None or not answered.touches(wanted):
        return [wanted]
    left = []
    if answered.last < wanted.last:
        left.append(Stretch(answered.last + _DAY, wanted.last))
    if wanted.first < answered.first:
        left.append(Stretch(wanted.first, answered.first - _DAY))
    return left


def newest_run(days: Sequence[date]) -> Stretch | None:
    """The last stretch of rising ``days`` without more than a week between two."""
    if not days:
        return None
    first = days[-1]
    for before, after in reversed(list(pairwise(days))):
        if after - before > _GAP_MAX:
            break
        first = before
    return Stretch(first, days[-1])


def known(record: Stretch | None, run: Stretch | None) -> Stretch | None:
    """What was answered, and what is stored from elsewhere, as one where they touch."""
    if record is None or run is None:
        return record or run
    return record.joined(run) if record.touches(run) else max(record, run, key=lambda s: s.last)


def windows(stretch: Stretch, days: int, *, backward: bool) -> list[Stretch]:
    """``stretch`` in pieces of ``days``; backward beginning with the newest."""
    pieces = []
    first = stretch.first
    while first <= stretch.last:
        last = min(first + (days - 1) * _DAY, stretch.last)
        pieces.append(Stretch(first, last))
        first = last + _DAY
    return pieces[::-1] if backward else pieces


def duration(stretch: Stretch) -> str:
    """How the broker wants a stretch of daily bars said; one more day, to compare with what was
    known before.
    """
    weekdays = sum(
        (stretch.first + i * _DAY).weekday() < 5
        for i in range((stretch.last - stretch.first).days + 1)
    )
    if weekdays < _DAYS_MAX:
        return f"{weekdays + 1} D"
    return f"{-(-((stretch.last - stretch.first).days + 2) // 365)} Y"


def last_session(calendar: SessionCalendar, now: datetime) -> date:
    """The newest session whose prices are final."""
    today = new_york(now).date()
    if calendar.is_session(today) and now >= calendar.close_at(today) + _FINAL:
        return today
    return calendar.previous_session(today)


class BadRecord(ValueError):
    """The file beside a store that should say what was fetched does not."""


@dataclass(slots=True)
class Record:
    """Beside the tables of a store: how far the broker has answered, whether it had data or not.

    Written after the rows, so that a crash in between costs a question and loses nothing.
    """

    path: Path
    stretches: dict[str, Stretch] = field(default_factory=dict)
    series: dict[str, list[str]] = field(default_factory=dict)  # expirations done, by part

    @classmethod
    def read(cls, folder: Path) -> "Record":
        """Raises BadRecord for a file that is none, OSError."""
        path = folder / RECORD
        if not path.is_file():
            return cls(path)
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            stretches = {
                name: Stretch(date.fromisoformat(first), date.fromisoformat(last))
                for name, (first, last) in told["stretches"].items()
            }
            series = {name: [str(day) for day in days] for name, days in told["series"].items()}
        except (KeyError, TypeError, AttributeError, ValueError) as trouble:
            raise BadRecord(f"{path} is no record of a fetch: {trouble}") from None
        return cls(path, stretches, series)

    def answered(self, name: str, stretch: Stretch) -> Stretch:
        """Returns the whole stretch that is answered now."""
        before = self.stretches.get(name)
        touching = before is not None and before.touches(stretch)
        after = self.stretches[name] = before.joined(stretch) if before and touching else stretch
        self._write()
        return after

    def done(self, part: str, expiration: date) -> None:
        self.series.setdefault(part, []).append(expiration.isoformat())
        self._write()

    def _write(self) -> None:
        told = {
            "stretches": {
                name: [s.first.isoformat(), s.last.isoformat()]
                for name, s in sorted(self.stretches.items())
            },
            "series": dict(sorted(self.series.items())),
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        fresh.replace(self.path)
