"""Trading sessions of the US index-option market, from a table of closures that is passed in.

Regular hours of SPX and VIX options are 09:30 to 16:15 New York; an expiring SPXW series stops at
16:00; an early close moves both three hours earlier. All answers are for dates the table covers.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate
from zoneinfo import ZoneInfo

from domain.derived import Derived, Deriving
from domain.instruments import Contract, Kind, Settlement

NEW_YORK = ZoneInfo("America/New_York")
_DAY = timedelta(days=1)
_OPEN = time(9, 30)
_CLOSE = time(16, 15)
_CLOSE_EXPIRING = time(16, 0)
_EARLY_CLOSE = time(13, 15)
_EARLY_CLOSE_EXPIRING = time(13, 0)


@dataclass(frozen=True, slots=True)
class Session:
    """One day as somebody tells it; without times it is a day on which the market stays shut."""

    on: date
    opens_at: datetime | None = None
    closes_at: datetime | None = None

    @property
    def seconds(self) -> float:
        if self.opens_at is None or self.closes_at is None:
            return 0.0
        return (self.closes_at - self.opens_at).total_seconds()


@dataclass(frozen=True, slots=True)
class SessionCalendar(Deriving):
    """Weekdays on which the market is closed, and sessions that end early, from ``first`` to
    ``last``.
    """

    first: date
    last: date
    closures: frozenset[date] = field(default_factory=frozenset)
    early_closes: frozenset[date] = field(default_factory=frozenset)

    def is_session(self, day: date) -> bool:
        """Raises ValueError outside the table: an unknown day must never pass for an open one."""
        if not self.first <= day <= self.last:
            raise ValueError(f"no session table for {day}: it covers {self.first} to {self.last}")
        return day.weekday() < 5 and day not in self.closures

    def next_session(self, day: date) -> date:
        """The first session after ``day``."""
        day += _DAY
        while not self.is_session(day):
            day += _DAY
        return day

    def previous_session(self, day: date) -> date:
        """The last session before ``day``."""
        day -= _DAY
        while not self.is_session(day):
            day -= _DAY
        return day

    def sessions_after(self, start: date, end: date) -> int:
        """How many sessions lie in (start, end]; 0 when ``end`` is not after ``start``. Raises
        ValueError when one of those days lies outside the table.
        """
        if end <= start:
            return 0
        if start + _DAY < self.first or end > self.last:
            self.is_session(end if end > self.last else start + _DAY)  # it says what is wrong
        zero = self.first.toordinal() - 1
        return (
            self._sessions_until[end.toordinal() - zero]
            - (self._sessions_until[start.toordinal() - zero])
        )

    @Derived
    def _sessions_until(self) -> tuple[int, ...]:
        """By days since the eve of ``first``: how many sessions there were."""
        days = range(self.first.toordinal(), self.last.toordinal() + 1)
        sessions = (self.is_session(date.fromordinal(day)) for day in days)
        return tuple(accumulate(sessions, initial=0))

    def open_at(self, day: date) -> datetime:
        return at_new_york(day, _OPEN)

    def close_at(self, day: date, *, expiring_pm: bool = False) -> datetime:
        """The end of regular index-option trading on ``day``, for a PM series on its last day if
        asked.
        """
        if day in self.early_closes:
            return at_new_york(day, _EARLY_CLOSE_EXPIRING if expiring_pm else _EARLY_CLOSE)
        return at_new_york(day, _CLOSE_EXPIRING if expiring_pm else _CLOSE)

    def is_open(self, now: datetime) -> bool:
        """True during regular index-option hours."""
        day = date_in_new_york(now)
        return self.is_session(day) and self.open_at(day) <= now < self.close_at(day)

    def settles_at(self, contract: Contract) -> datetime:
        """When an option or future takes its final value.

        PM: the close of the last trading day. AM: the open of the next session; a VX future's
        ``expiration`` is already its settlement day.
        """
        if contract.expiration is None:
            raise ValueError(f"{contract.label} never expires")
        if contract.settlement is Settlement.PM:
            return self.close_at(contract.expiration, expiring_pm=True)
        if contract.kind is Kind.FUTURE:
            return self.open_at(contract.expiration)
        return self.open_at(self.next_session(contract.expiration))

    def years_to_settlement(self, contract: Contract, now: datetime) -> float:
        """Calendar time to settlement in years of 365 days; 0 when it is past."""
        return max(0.0, (self.settles_at(contract) - now).total_seconds() / (365 * 86400))


@lru_cache(maxsize=64)  # every rule asks about the same few instants
def new_york(now: datetime) -> datetime:
    return now.astimezone(NEW_YORK)


@lru_cache(maxsize=64)
def date_in_new_york(now: datetime) -> date:
    return new_york(now).date()


@lru_cache(maxsize=512)
def at_new_york(day: date, clock: time) -> datetime:
    """The UTC instant of a New York wall-clock time on ``day``."""
    return datetime.combine(day, clock, NEW_YORK).astimezone(UTC)


def days_to_expiration(contract: Contract, now: datetime) -> int:
    """Calendar days from today (New York) to the last trading day."""
    if contract.expiration is None:
        raise ValueError(f"{contract.label} never expires")
    return (contract.expiration - new_york(now).date()).days
