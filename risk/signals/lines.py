"""Which contracts the signals want quotes of now, most important first.

Three always; those around releases and at the daily reading only while they are needed, so that
data lines stay free for what is traded. Knows nothing of what the broker lists.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from math import exp, sqrt

from domain.desk import Desk
from domain.instruments import (
    AD_NYSE,
    EURUSD,
    SPX,
    VIX,
    VIXY,
    VVIX,
    Contract,
    Right,
    es_future,
    euro_future,
    fed_funds_future,
    spxw_option,
)
from domain.releases import Release, ReleaseCalendar, ReleaseKind
from domain.session import SessionCalendar, at_new_york, new_york
from risk.signals.parameters import SignalParams
from risk.signals.surprises import funds_month

ALWAYS = (VVIX, VIXY, AD_NYSE)
_LEAD = timedelta(minutes=6)  # a line needs a while to speak
_TRAIL = timedelta(minutes=12)  # a reading is given up after so long
_ABOUT = timedelta(hours=2)
_ROLL_DAYS = 8  # ES is read in the next quarter from so many days before it expires
_FUTURES = 7
_QUARTER_SIGMA = 0.6745  # distance of a 25-delta strike in standard deviations
_PROBE_GRID = 5.0


def wanted(desk: Desk, params: SignalParams, releases: ReleaseCalendar) -> tuple[Contract, ...]:
    """In order of importance; may repeat what others watch."""
    found = list(ALWAYS)
    for release in near(desk, params, releases):
        found += release_contracts(release, desk.calendar, desk.now)
    if reading_due(desk, params, lead=_LEAD):
        found += [*probes(desk, params), *desk.futures[:_FUTURES], *rate_contracts(desk)]
    return tuple(dict.fromkeys(found))


def near(desk: Desk, params: SignalParams, releases: ReleaseCalendar) -> Iterator[Release]:
    """Announced releases whose levels are to be taken about now."""
    for release in releases.between(desk.now - _ABOUT, desk.now + _ABOUT):
        before, after = minutes(release, params)
        first, last = release.at - before - _LEAD, release.at + after + _TRAIL
        if not release.days and first <= desk.now <= last:
            yield release


def minutes(release: Release, params: SignalParams) -> tuple[timedelta, timedelta]:
    """How long before and after ``release`` its levels are taken."""
    fomc = release.kind is ReleaseKind.FOMC
    before, after = params.fomc_minutes if fomc else params.price_minutes
    return timedelta(minutes=before), timedelta(minutes=after)


def release_contracts(
    release: Release, calendar: SessionCalendar, now: datetime
) -> tuple[Contract, ...]:
    """ES, and for a rate decision the ZQ contract that prices it."""
    if release.kind is not ReleaseKind.FOMC:
        return (front_es(calendar, now),)
    year, month = funds_month(new_york(release.at).date())
    after = date(year + month // 12, month % 12 + 1, 1)
    return (front_es(calendar, now), fed_funds_future(_session_before(calendar, after)))


def front_es(calendar: SessionCalendar, now: datetime) -> Contract:
    """The quarter of ES that trades most: the nearest more than a week from its end."""
    until = new_york(now).date() + timedelta(days=_ROLL_DAYS)
    expiration = _quarterly(calendar, until, weekday=4)
    return es_future(expiration)


def rate_contracts(desk: Desk) -> tuple[Contract, Contract]:
    """6E of the quarter after the next fortnight, and its spot pair."""
    until = new_york(desk.now).date() + timedelta(days=14)
    third_wednesday = _quarterly(desk.calendar, until, weekday=2)
    eve = _session_before(desk.calendar, third_wednesday)
    return euro_future(_session_before(desk.calendar, eve)), EURUSD


def probes(desk: Desk, params: SignalParams) -> tuple[Contract, ...]:
    """SPX options about 30 days out: call and put at the money, and the wings near 25 delta."""
    spx, vix, chain = desk.level(SPX), desk.level(VIX), desk.chains.get("SPXW")
    if spx is None or vix is None or vix <= 0 or chain is None:
        return ()
    goal = desk.today + timedelta(days=params.probe_days)
    days = [day for day in chain.expirations if day > desk.today]
    if not days:
        return ()
    expiration = min(days, key=lambda day: (abs((day - goal).days), day))
    sigma = vix / 100.0 * sqrt((expiration - desk.today).days / 365.0)
    strikes = [
        _PROBE_GRID * round(spx * exp(place * _QUARTER_SIGMA * sigma) / _PROBE_GRID)
        for place in (-1, 0, 0, 1)
    ]
    rights = (Right.PUT, Right.PUT, Right.CALL, Right.CALL)
    return tuple(spxw_option(expiration, k, r) for k, r in zip(strikes, rights, strict=True))


def reading_due(desk: Desk, params: SignalParams, lead: timedelta = timedelta()) -> bool:
    """Whether the daily reading is taken now, or within ``lead``."""
    calendar, today = desk.calendar, desk.today
    if not calendar.is_session(today):
        return False
    at = min(at_new_york(today, params.record_at), calendar.close_at(today) - 2 * _TRAIL)
    return at - lead <= desk.now <= at + _TRAIL


def _quarterly(calendar: SessionCalendar, until: date, weekday: int) -> date:
    """The first third ``weekday`` of March, June, September or December after ``until``, or the
    session before it when it is a holiday.
    """
    year, month = until.year, until.month
    while True:
        if month % 3 == 0:
            first = date(year, month, 1)
            day = first + timedelta(days=(weekday - first.weekday()) % 7 + 14)
            if day > until:
                return _session_before(calendar, day + timedelta(days=1))
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)


def _session_before(calendar: SessionCalendar, day: date) -> date:
    """The last session before ``day``; the day before it where the table has ended."""
    return calendar.previous_session(day) if day <= calendar.last else day - timedelta(days=1)
