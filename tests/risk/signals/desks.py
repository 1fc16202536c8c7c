"""Desks with just the closes and quotes a signal listens to."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from domain.desk import Desk
from domain.instruments import Contract
from domain.quotes import Quote
from domain.releases import Release, ReleaseCalendar, ReleaseKind
from domain.signals import Reading, Signal
from risk.parameters import RegimeParams
from risk.signals import SignalParams, look, read
from tests.builders import CALENDAR, ny

NOW = ny(2018, 2, 6, 11, 0)
NO_RELEASES = ReleaseCalendar()


def sessions_before(day: date, count: int) -> list[date]:
    """The last ``count`` sessions before ``day``, oldest first."""
    found: list[date] = []
    while len(found) < count:
        day = CALENDAR.previous_session(day)
        found.append(day)
    return found[::-1]


def closes(values: Sequence[float], now: datetime = NOW) -> tuple[tuple[date, float], ...]:
    """``values`` on consecutive sessions, the last one on the session before ``now``."""
    return tuple(zip(sessions_before(now.date(), len(values)), values, strict=True))


def desk(
    series: Mapping[str, Sequence[float]] | None = None,
    quotes: Mapping[Contract, Quote] | None = None,
    now: datetime = NOW,
) -> Desk:
    ready = now - timedelta(hours=1)
    made = {name: closes(values, now) for name, values in (series or {}).items()}
    return Desk(CALENDAR, now, quotes or {}, now, closes=made, ready_at=ready)


def level(value: float, now: datetime = NOW) -> Quote:
    return Quote(now, last=value)


def sides(bid: float, ask: float, now: datetime = NOW) -> Quote:
    return Quote(now, bid, ask, 10, 10)


def reading(
    of: Desk,
    signal: Signal,
    releases: ReleaseCalendar = NO_RELEASES,
    params: SignalParams | None = None,
) -> Reading:
    return read(of, params or SignalParams(), releases)[signal]


def looked(of: Desk, releases: ReleaseCalendar = NO_RELEASES) -> Desk:
    """``of`` with the memory of a look."""
    return replace(of, memory=look(of, SignalParams(), releases, RegimeParams()))


def around(kind: ReleaseKind, at: datetime) -> ReleaseCalendar:
    """A calendar that knows one release ``at``, and every kind half a year before and after."""
    far = timedelta(days=180)
    ends = [Release(at + sign * far, k) for k in ReleaseKind for sign in (-1, 1)]
    return ReleaseCalendar.of([Release(at, kind), *ends])
