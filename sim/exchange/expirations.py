"""Which option series and futures exist on a day, and when each takes its final value.

Follows today's listing cycle of the exchanges, applied to every year. Dates come from the session
table alone.
"""

from datetime import date, timedelta
from functools import lru_cache

from domain.session import SessionCalendar

WEEKLY_REACH_DAYS = 63  # every Monday, Wednesday and Friday
MONTHLY_REACH_DAYS = 370
VIX_MONTHS = 10
_DAY = timedelta(days=1)


def third_friday(year: int, month: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(4 - first.weekday()) % 7 + 14)


@lru_cache(maxsize=512)
def spxw_expirations(calendar: SessionCalendar, today: date) -> tuple[date, ...]:
    """PM-settled series: Monday, Wednesday, Friday for nine weeks; month ends and third Fridays for
    a year.
    """
    found = set()
    for offset in range(MONTHLY_REACH_DAYS):
        day = today + offset * _DAY
        if day > calendar.last - 7 * _DAY:
            break
        weekly = offset <= WEEKLY_REACH_DAYS and day.weekday() in (0, 2, 4)
        third = day == third_friday(day.year, day.month)
        if third or (weekly and (day.weekday() == 4 or calendar.is_session(day))):
            found.add(_session_on_or_before(calendar, day))
        if (day + _DAY).month != day.month:
            found.add(_session_on_or_before(calendar, day))
    return tuple(sorted(day for day in found if day >= today))


@lru_cache(maxsize=512)
def spx_expirations(calendar: SessionCalendar, today: date) -> tuple[tuple[date, date], ...]:
    """AM-settled monthlies for a year: (last trading day, settlement day), nearest first."""
    pairs = []
    for year, month in _months(today, 13):
        settlement = third_friday(year, month)
        if settlement > calendar.last - 7 * _DAY:
            break
        settlement = _session_on_or_before(calendar, settlement)
        pairs.append((calendar.previous_session(settlement), settlement))
    return tuple(pair for pair in pairs if pair[0] >= today)


@lru_cache(maxsize=512)
def vix_settlements(calendar: SessionCalendar, today: date) -> tuple[date, ...]:
    """Final settlement days of the monthly VX futures and VIX options not yet settled, nearest
    first.

    30 days before the third Friday of the following month (the session before it when that is a
    holiday); the session before when the day itself is none. Source: Cboe VX contract
    specification.
    """
    days = []
    for year, month in _months(today, VIX_MONTHS + 2):
        friday = third_friday(year + month // 12, month % 12 + 1)
        if friday > calendar.last - 7 * _DAY:
            break
        anchor = _session_on_or_before(calendar, friday)
        days.append(_session_on_or_before(calendar, anchor - 30 * _DAY))
    return tuple(day for day in days if day >= today)[:VIX_MONTHS]


def vix_expirations(calendar: SessionCalendar, today: date) -> tuple[tuple[date, date], ...]:
    """Monthly VIX options: (last trading day, settlement day), nearest first."""
    pairs = [(calendar.previous_session(day), day) for day in vix_settlements(calendar, today)]
    return tuple(pair for pair in pairs if pair[0] >= today)


def _session_on_or_before(calendar: SessionCalendar, day: date) -> date:
    return day if calendar.is_session(day) else calendar.previous_session(day)


def _months(today: date, count: int) -> list[tuple[int, int]]:
    start = today.year * 12 + today.month - 1
    return [((start + i) // 12, (start + i) % 12 + 1) for i in range(count)]
