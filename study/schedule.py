"""At which times of day the engine is woken, and when it must be woken sooner.

The daemon thinks every few seconds; a replay wakes the engine at the clock times the rules name, at
a stated number of marks, and in between only while something is going on: orders working,
candidates not yet quoted, a condition waiting for its second mark. Knows no market.
"""

from collections.abc import Collection
from datetime import date, datetime, time, timedelta

from domain.desk import Desk
from domain.instruments import Contract
from domain.orders import Order
from domain.session import SessionCalendar, at_new_york

MARKS_A_DAY = 6
_NAMED = (
    time(9, 36),  # regimes are judged from 09:35
    time(10, 0),  # hedge window opens
    time(10, 55),  # candidates for the entry are asked for
    time(11, 0),  # entry
    time(13, 30),  # expiring hedges are sold
    time(14, 0),  # time exits
    time(14, 45),  # time exits pay the market's price
    time(15, 0),  # last hedge rolls
)
_MORNING = timedelta(minutes=1)
_LAST_MARK = timedelta(minutes=10)
_REPORT = timedelta(minutes=5)
_MINUTE = timedelta(seconds=60)
_SECOND_MARK = timedelta(seconds=300)
_PATIENT_S = 3600.0
_SCOUTING_MAX = 6  # consecutive minutes in which only candidates are waited for


def morning(calendar: SessionCalendar, day: date) -> datetime:
    """When chains, closes and positions of the day are given."""
    return calendar.open_at(day) + _MORNING


def report(calendar: SessionCalendar, day: date) -> datetime:
    """When positions are reported once more, after the close."""
    return calendar.close_at(day) + _REPORT


def planned(calendar: SessionCalendar, day: date, marks: int = MARKS_A_DAY) -> list[datetime]:
    """Times of one session, ascending, the close included; an early close cuts the later ones.

    ``marks`` are spread evenly from ten minutes after the open to ten before the close, on the
    five-minute grid on which the daemon marks.
    """
    opens, closes = calendar.open_at(day), calendar.close_at(day)
    span = (closes - opens) - 2 * _LAST_MARK
    spread = {
        _on_grid(opens + _LAST_MARK + span * i / max(1, marks - 1)) for i in range(max(0, marks))
    }
    times = {at_new_york(day, clock) for clock in _NAMED} | spread
    return [*sorted(at for at in times if opens < at < closes), closes]


def sooner(
    desk: Desk, quoted: Collection[Contract], scouted: int, *, filled: bool
) -> timedelta | None:
    """How soon the engine must be woken again, None if the plan is soon enough.

    ``quoted`` are the contracts it was just given quotes of, ``scouted`` for how many minutes it
    has been woken for candidates only.
    """
    moving = [order for order in desk.working if not _rests(order)]
    if moving:
        return timedelta(seconds=min(60.0, *(order.intent.walk.every_s for order in moving)))
    if filled:
        return _MINUTE
    unseen = any(contract not in quoted for contract in desk.memory.watchlist)
    if unseen and scouted < _SCOUTING_MAX:
        return _MINUTE
    return _SECOND_MARK if 1 in desk.memory.marks.values() else None


def _rests(order: Order) -> bool:
    """At its last price and there to stay: the plan looks often enough whether it has filled."""
    patient = order.intent.walk.give_up_after_s > _PATIENT_S
    return patient and order.limit >= order.intent.walk.worst and not order.cancel_requested


def _on_grid(at: datetime) -> datetime:
    grid = _SECOND_MARK.total_seconds()
    return at - timedelta(seconds=at.timestamp() % grid)
