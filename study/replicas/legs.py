"""Options of the modelled market valued at mid, by strike or by delta. Knows no index rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time

import numpy as np

from domain.instruments import Right
from domain.session import SessionCalendar, at_new_york
from sim.exchange.book import OptionValues, plan_options, value_options
from sim.exchange.listings import OptionKey
from sim.exchange.tape import State, Tape


@dataclass(frozen=True, slots=True)
class Series:
    """One expiration of one class: ``stops`` and ``settles`` are epoch seconds."""

    trading_class: str
    expiration: date
    stops: float
    settles: float


def spx_series(calendar: SessionCalendar, settlement: date) -> Series:
    """The monthly SPX series that takes its final value at the open of ``settlement``."""
    return _am_series("SPX", calendar, settlement)


def vix_series(calendar: SessionCalendar, settlement: date) -> Series:
    """The monthly VIX series whose final value is taken on the morning of ``settlement``."""
    return _am_series("VIX", calendar, settlement)


def value(state: State, series: Series, strikes: Sequence[float], right: Right) -> OptionValues:
    """Model mids in points and deltas per unit of spot (SPX) or of the forward (VIX)."""
    keys = [OptionKey(series.trading_class, series.expiration, k, right) for k in strikes]
    count = len(keys)
    plan = plan_options([0] * count, keys, [series.settles] * count, [series.stops] * count)
    return value_options(plan, state)


def nearest_delta(
    state: State, series: Series, strikes: Sequence[float], right: Right, delta: float
) -> tuple[float, float]:
    """(strike, mid) of the listed strike whose |delta| is nearest; a tie goes further out."""
    values = value(state, series, strikes, right)
    gaps = np.abs(np.abs(values.delta) - delta)
    order = range(len(strikes)) if right is Right.PUT else range(len(strikes) - 1, -1, -1)
    best = min(order, key=lambda i: float(gaps[i]))
    return strikes[best], float(values.price[best])


def mid(state: State, series: Series, strike: float, right: Right) -> float:
    """Points; never below nothing."""
    return max(0.0, float(value(state, series, (strike,), right).price[0]))


def state_at(tape: Tape, day: date, clock: time) -> State:
    """The world at a New York clock time of a session."""
    return tape.state(at_new_york(day, clock).timestamp())


def _am_series(name: str, calendar: SessionCalendar, settlement: date) -> Series:
    last = calendar.previous_session(settlement)
    opens = calendar.open_at(settlement).timestamp()
    return Series(name, last, calendar.close_at(last).timestamp(), opens)
