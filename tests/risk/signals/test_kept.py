"""What a look takes over from the one before, and when it must not."""

from dataclasses import replace
from datetime import date, timedelta

from config.load import session_calendar
from domain.desk import Desk
from domain.releases import ReleaseCalendar
from domain.signals import Reading, Signal
from risk.parameters import RegimeParams
from risk.signals import SignalParams, look
from tests.builders import TUESDAY, ready_desk

PARAMS = SignalParams()
PAIRS = ("EUR.USD", "USD.JPY", "GBP.USD", "USD.CAD", "USD.SEK", "USD.CHF")


def closes(last: date, drift: float) -> tuple[tuple[date, float], ...]:
    days, day = [last], last
    for _ in range(260):
        day = session_calendar().previous_session(day)
        days.append(day)
    return tuple((on, 1.0 + 0.01 * (i % 7) + drift * i) for i, on in enumerate(reversed(days)))


def desk_with(last: date, drift: float = 0.001) -> Desk:
    desk = replace(ready_desk(), calendar=session_calendar())
    series = closes(last, drift)
    return replace(desk, closes=dict.fromkeys(PAIRS, series))


def looked(desk: Desk) -> Desk:
    memory = look(desk, PARAMS, ReleaseCalendar(), RegimeParams())
    return replace(desk, memory=memory)


def dollar(desk: Desk) -> Reading:
    return desk.memory.signals[Signal.DOLLAR_Z]


def later(desk: Desk, **elapsed: float) -> Desk:
    return replace(desk, now=desk.now + timedelta(**elapsed))


FRIDAY = date(2018, 1, 12)


def test_what_closes_say_is_said_again_while_they_are_the_same() -> None:
    first = looked(desk_with(FRIDAY))
    assert dollar(first).value is not None
    assert dollar(looked(later(first, minutes=1))) is dollar(first)


def test_one_new_close_changes_it() -> None:
    first = looked(desk_with(FRIDAY))
    other = replace(first, closes=desk_with(FRIDAY, drift=-0.002).closes)
    again = dollar(looked(later(other, minutes=1)))
    assert again.value is not None
    assert again.value != dollar(first).value
    assert again == dollar(looked(desk_with(FRIDAY, drift=-0.002)))


def test_closes_grow_old_over_night() -> None:
    first = looked(desk_with(FRIDAY))
    assert first.today == TUESDAY.date()
    assert dollar(looked(later(first, days=1))).value is None
