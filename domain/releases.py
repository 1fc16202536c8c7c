"""When news comes that everybody waits for: FOMC decisions, CPI and PPI. Times, no expectations."""

from bisect import bisect_right
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise

from domain.derived import Derived, Deriving
from domain.session import SessionCalendar, at_new_york, date_in_new_york

_WINDOW_DAYS = 10  # neither the session before a release nor its last day is further away


class ReleaseKind(StrEnum):
    FOMC = "FOMC"
    CPI = "CPI"
    PPI = "PPI"


@dataclass(frozen=True, slots=True, order=True)
class Release:
    """``days`` above 0: the day is not announced yet and may be that many calendar days later."""

    at: datetime  # UTC
    kind: ReleaseKind
    days: int = 0


@dataclass(frozen=True, slots=True)
class ReleaseCalendar(Deriving):
    """Releases in order of time. Outside ``first`` to ``last`` nothing is known, which is not
    the same as nothing coming.
    """

    releases: tuple[Release, ...] = ()

    def __post_init__(self) -> None:
        if any(not before < after for before, after in pairwise(self.releases)):
            raise ValueError("releases must be distinct and in order of time")
        if any(not 0 <= release.days < _WINDOW_DAYS for release in self.releases):
            raise ValueError(f"a release may be uncertain by less than {_WINDOW_DAYS} days")

    @classmethod
    def of(cls, releases: Iterable[Release]) -> "ReleaseCalendar":
        return cls(tuple(sorted(set(releases))))

    def knows(self, now: datetime, kind: ReleaseKind) -> bool:
        """Whether ``now`` lies between two known releases of ``kind``."""
        times = self._times_of[kind]
        return bool(times) and times[0] <= now < times[-1]

    def after(self, now: datetime, kind: ReleaseKind | None = None) -> Release | None:
        """The first release strictly after ``now``."""
        start = bisect_right(self.times, now)
        later = (self.releases[place] for place in range(start, len(self.releases)))
        return next((r for r in later if kind is None or r.kind is kind), None)

    def before(self, now: datetime, kind: ReleaseKind | None = None) -> Release | None:
        """The last release at or before ``now``."""
        end = bisect_right(self.times, now)
        earlier = (self.releases[place] for place in range(end - 1, -1, -1))
        return next((r for r in earlier if kind is None or r.kind is kind), None)

    def between(self, start: datetime, end: datetime) -> tuple[Release, ...]:
        """Releases in (start, end], oldest first."""
        return self.releases[bisect_right(self.times, start) : bisect_right(self.times, end)]

    def latest(self, now: datetime, sessions: int, calendar: SessionCalendar) -> list[Release]:
        """Releases at or before ``now`` whose day is fewer than ``sessions`` sessions ago, newest
        first.
        """
        today, found = date_in_new_york(now), []
        for place in range(bisect_right(self.times, now) - 1, -1, -1):
            release = self.releases[place]
            if calendar.sessions_after(date_in_new_york(release.at), today) >= sessions:
                break
            found.append(release)
        return found

    def unknown(self, now: datetime) -> tuple[ReleaseKind, ...]:
        """Kinds of which it is not known when the next one comes, or whether one just came."""
        return tuple(kind for kind in ReleaseKind if not self.knows(now, kind))

    def ending(self, now: datetime, within: timedelta) -> tuple[ReleaseKind, ...]:
        """Kinds without an announced day later than ``now`` + ``within``."""
        until = now + within
        return tuple(
            kind for kind, last in self._announced_until.items() if last is None or last <= until
        )

    @Derived
    def times(self) -> tuple[datetime, ...]:
        return tuple(release.at for release in self.releases)

    @Derived
    def _times_of(self) -> Mapping[ReleaseKind, tuple[datetime, ...]]:
        return {
            kind: tuple(release.at for release in self.releases if release.kind is kind)
            for kind in ReleaseKind
        }

    @Derived
    def _announced_until(self) -> Mapping[ReleaseKind, datetime | None]:
        """The last announced day of each kind."""
        known = {release.kind: release.at for release in self.releases if not release.days}
        return {kind: known.get(kind) for kind in ReleaseKind}


def blackout(
    releases: ReleaseCalendar,
    calendar: SessionCalendar,
    now: datetime,
    from_time: time,
    minutes_after: float,
    kinds: Container[str] = tuple(ReleaseKind),
) -> Release | None:
    """The release, one of ``kinds``, for whose sake nothing new is opened at ``now``; else None.

    A window begins at ``from_time`` New York of the last session before the day of the release and
    ends, exclusive, ``minutes_after`` minutes after it; one of a release whose day is not announced
    lasts over all the days it may come on. Of several the earliest release counts.
    Says nothing about releases the table does not know: ask ``releases.unknown(now)`` first, and
    treat any kind it names as a shut gate.
    """
    window = timedelta(days=_WINDOW_DAYS)
    lasting = timedelta(minutes=minutes_after)
    start = bisect_right(releases.times, now - lasting - window)
    for release in releases.releases[start:]:
        if release.kind not in kinds or release.at + timedelta(release.days) + lasting <= now:
            continue
        if release.at > now + window:
            return None
        eve = calendar.previous_session(date_in_new_york(release.at))
        if at_new_york(eve, from_time) <= now:
            return release
    return None
