"""What a gateway says about the past: bars, their updates, ticks and trading schedules."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sim.exchange.bars import DAILY_S, Bar
from sim.gateway.answers import GATEWAY_ZONE, stamp
from sim.gateway.fields import plain
from sim.gateway.framing import message

_EASTERN = ZoneInfo(GATEWAY_ZONE)


def bar_date(bar: Bar, bar_seconds: int, format_date: int) -> str:
    """A day for daily bars and longer; else a time of day with its zone, or epoch seconds (format
    2).
    """
    if bar_seconds >= DAILY_S:
        return f"{bar.start.astimezone(_EASTERN):%Y%m%d}"
    return str(int(bar.start.timestamp())) if format_date == 2 else stamp(bar.start)


def historical_data(
    req_id: int, start: datetime, end: datetime, bars: Sequence[Bar], bar_seconds: int,
    format_date: int,
) -> bytes:  # fmt: skip
    """One message with all bars; it is also the end of them."""
    fields: list[str | int] = []
    for bar in bars:
        fields += [
            bar_date(bar, bar_seconds, format_date), plain(bar.open), plain(bar.high),
            plain(bar.low), plain(bar.close), int(bar.volume), plain(bar.wap), bar.count,
        ]  # fmt: skip
    return message(17, req_id, stamp(start), stamp(end), len(bars), *fields)


def historical_update(req_id: int, bar: Bar, bar_seconds: int, format_date: int) -> bytes:
    """Note the order: open, close, high, low."""
    return message(
        90, req_id, bar.count, bar_date(bar, bar_seconds, format_date), plain(bar.open),
        plain(bar.close), plain(bar.high), plain(bar.low), plain(bar.wap), int(bar.volume),
    )  # fmt: skip


def real_time_bar(req_id: int, bar: Bar) -> bytes:
    return message(
        50, 3, req_id, int(bar.start.timestamp()), plain(bar.open), plain(bar.high),
        plain(bar.low), plain(bar.close), int(bar.volume), plain(bar.wap), bar.count,
    )  # fmt: skip


def historical_ticks(req_id: int, what: str, found: Sequence[tuple[datetime, float]]) -> bytes:
    """Mid prices, quotes (both sides at the price) or trades of size 1, all in one message."""
    number = {"MIDPOINT": 96, "BID_ASK": 97}.get(what, 98)
    fields: list[str | int] = []
    for at, price in found:
        shown = plain(price)
        tail: tuple[str | int, ...] = {
            96: (shown, 0),
            97: (shown, shown, 1, 1),
            98: (shown, 1, "CBOE", ""),
        }[number]
        fields += [int(at.timestamp()), 0, *tail]
    return message(number, req_id, len(found), *fields, 1)


def historical_schedule(req_id: int, sessions: Sequence[tuple[datetime, datetime]]) -> bytes:
    """Opening and closing of each session; empty allowed."""
    fields: list[str] = []
    for opened, closed in sessions:
        local = opened.astimezone(_EASTERN)
        fields += [_dashed(opened), _dashed(closed), f"{local:%Y%m%d}"]
    first = _dashed(sessions[0][0]) if sessions else ""
    last = _dashed(sessions[-1][1]) if sessions else ""
    return message(106, req_id, first, last, GATEWAY_ZONE, len(sessions), *fields)


def _dashed(at: datetime) -> str:
    return f"{at.astimezone(_EASTERN):%Y%m%d-%H:%M:%S}"
