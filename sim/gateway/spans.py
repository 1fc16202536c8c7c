"""The texts that ask for a stretch of the past: bar sizes, durations, end times. Refuses what it
cannot read.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sim.exchange.bars import DAILY_S
from sim.gateway.answers import GATEWAY_ZONE

_UNITS = {
    "sec": 1,
    "secs": 1,
    "min": 60,
    "mins": 60,
    "hour": 3600,
    "hours": 3600,
    "day": DAILY_S,
    "days": DAILY_S,
}
_COUNTS = {
    1: (1, 5, 10, 15, 30), 60: (1, 2, 3, 5, 10, 15, 20, 30), 3600: (1, 2, 3, 4, 8), DAILY_S: (1,),
}  # fmt: skip
_DURATION_DAYS = {"W": 7, "M": 31, "Y": 366}
_COUNT_MAX = 86400


class BadSpan(ValueError):
    """A text that no client means seriously; the message says which."""


@dataclass(frozen=True, slots=True)
class Duration:
    """Either a number of sessions, or a stretch of calendar time."""

    sessions: int = 0
    stretch: timedelta = timedelta()


def bar_seconds(text: str) -> int:
    """``5 mins`` is 300. Weeks and months are not kept. Raises BadSpan."""
    number, _, unit = text.strip().partition(" ")
    size = _UNITS.get(unit.lower(), 0)
    if not number.isdigit() or int(number) not in _COUNTS.get(size, ()):
        raise BadSpan(f"Historical data bar size setting is invalid: {text[:40]!r}")
    return int(number) * size


def duration(text: str) -> Duration:
    """``30 D`` is thirty sessions, ``3600 S`` an hour, ``2 W``, ``1 M``, ``1 Y`` calendar time.
    Raises BadSpan.
    """
    number, _, unit = text.strip().partition(" ")
    if not number.isdigit() or not 0 < int(number) <= _COUNT_MAX:
        raise BadSpan(f"Historical data query duration is invalid: {text[:40]!r}")
    count = int(number)
    if unit == "D":
        return Duration(sessions=count)
    if unit == "S":
        return Duration(stretch=timedelta(seconds=count))
    if unit not in _DURATION_DAYS or count > 100:
        raise BadSpan(f"Historical data query duration is invalid: {text[:40]!r}")
    return Duration(stretch=timedelta(days=count * _DURATION_DAYS[unit]))


def instant(text: str, *, empty: datetime) -> datetime:
    """``20180205 16:00:00 US/Eastern``, ``20180205-21:00:00`` (UTC), or without a zone in the
    gateway's.

    Raises BadSpan.
    """
    text = text.strip()
    if not text:
        return empty
    if "-" in text:
        return _parsed(text, "%Y%m%d-%H:%M:%S", UTC)
    day, _, rest = text.partition(" ")
    clock, _, zone = rest.strip().partition(" ")
    try:
        tz = ZoneInfo(zone.strip() or GATEWAY_ZONE)
    except (ZoneInfoNotFoundError, ValueError):
        raise BadSpan(f"Invalid time zone: {zone[:40]!r}") from None
    return _parsed(f"{day} {clock or '23:59:59'}", "%Y%m%d %H:%M:%S", tz)


def _parsed(text: str, layout: str, tz: tzinfo) -> datetime:
    try:
        return datetime.strptime(text, layout).replace(tzinfo=tz).astimezone(UTC)
    except ValueError:
        raise BadSpan(f"Invalid date, time or time-zone entered: {text[:40]!r}") from None
