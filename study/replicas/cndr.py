"""The Cboe S&P 500 Iron Condor Index (CNDR), rebuilt on the modelled market.

Every third Friday at 11:00 the next monthly condor is sold, shorts nearest 0.20 delta and wings
nearest 0.05, after the old one took its value at the open; nothing is done in between; cash earns
the 13-week bill. Source: Cboe's index description, methodology 3.1. How much cash stands behind a
condor is not confirmed for this index: ``multiple`` times its wider wing is taken, as Cboe does
times the maximum loss for the sister index BFLY.
"""

from dataclasses import dataclass
from datetime import date, time
from math import exp
from typing import TypeAlias

from domain.instruments import Right
from domain.session import SessionCalendar
from sim.exchange.expirations import third_friday
from sim.exchange.scenarios import Scenario
from sim.exchange.tape import State, Tape
from study.replicas.legs import Series, mid, nearest_delta, spx_series, state_at

Levels: TypeAlias = tuple[tuple[date, float], ...]
_ROLL_AT = time(11, 0)
_LISTED = (0.45, 1.35)  # of the index: no monthly condor of these deltas reaches further
_STRIKE_STEP = 5.0


@dataclass(frozen=True, slots=True)
class CndrParams:
    delta_short: float = 0.20
    delta_long: float = 0.05
    multiple: float = 10.0  # cash behind a condor, in widths of its wider wing
    cost_pts: float = 0.0  # paid at every roll for all four legs; the index itself pays nothing

    def __post_init__(self) -> None:
        if not 0 < self.delta_long < self.delta_short < 0.5 or self.multiple <= 0:
            raise ValueError("0 < delta_long < delta_short < 0.5 and multiple > 0 must hold")


@dataclass(frozen=True, slots=True)
class _Condor:
    series: Series
    legs: tuple[tuple[float, Right, int], ...]  # strike, right, sign
    units: float


def cndr(
    scenario: Scenario,
    calendar: SessionCalendar,
    *,
    seed: int = 0,
    params: CndrParams | None = None,
) -> Levels:
    """Closing levels, 100 at the first roll inside ``scenario``; empty without a third Friday."""
    chosen = params or CndrParams()
    tape = Tape(scenario, calendar, seed)
    cash = 100.0
    condor: _Condor | None = None
    levels: list[tuple[date, float]] = []
    rolls = set(roll_days(calendar, scenario.days[0].on, scenario.days[-1].on))
    for position in range(tape.first, len(tape.days)):
        day = tape.days[position]
        if condor is not None and levels:
            nights = (day.on - levels[-1][0]).days
            cash *= exp(tape.state_at_close(position).rate * nights / 365)
        if day.on in rolls:
            cash += 0.0 if condor is None else _settled(condor, day.spx_open)
            condor = _sold(tape, calendar, day.on, cash, chosen)
            cash += condor.units * (_credit(state_at(tape, day.on, _ROLL_AT), condor))
            cash -= condor.units * chosen.cost_pts
        if condor is not None:
            worth = -_credit(tape.state_at_close(position), condor)
            levels.append((day.on, cash + condor.units * worth))
    return tuple(levels)


def roll_days(calendar: SessionCalendar, first: date, last: date) -> list[date]:
    """Third Fridays in [first, last]; the session before one that is a holiday."""
    months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    fridays = [third_friday(month // 12, month % 12 + 1) for month in months]
    days = [day if calendar.is_session(day) else calendar.previous_session(day) for day in fridays]
    return [day for day in days if first <= day <= last]


def _sold(
    tape: Tape, calendar: SessionCalendar, today: date, cash: float, params: CndrParams
) -> _Condor:
    following = third_friday(today.year + today.month // 12, today.month % 12 + 1)
    if not calendar.is_session(following):
        following = calendar.previous_session(following)
    series, state = spx_series(calendar, following), state_at(tape, today, _ROLL_AT)
    low, high = (round(share * state.spx / _STRIKE_STEP) for share in _LISTED)
    strikes = [k * _STRIKE_STEP for k in range(low, high + 1)]
    puts = [k for k in strikes if k < state.spx]
    calls = [k for k in strikes if k > state.spx]
    legs = []
    for right, listed in ((Right.PUT, puts), (Right.CALL, calls)):
        short, _ = nearest_delta(state, series, listed, right, params.delta_short)
        wing, _ = nearest_delta(state, series, listed, right, params.delta_long)
        legs += [(short, right, -1), (wing, right, 1)]
    width = max(abs(legs[0][0] - legs[1][0]), abs(legs[2][0] - legs[3][0]))
    return _Condor(series, tuple(legs), cash / (params.multiple * width))


def _credit(state: State, condor: _Condor) -> float:
    """Points received for selling the condor at the model's mids."""
    return -sum(sign * mid(state, condor.series, k, right) for k, right, sign in condor.legs)


def _settled(condor: _Condor, final: float) -> float:
    """USD paid to the holder when the series takes its final value."""
    paid = 0.0
    for strike, right, sign in condor.legs:
        inside = final - strike if right is Right.CALL else strike - final
        paid += sign * max(0.0, inside)
    return condor.units * paid
