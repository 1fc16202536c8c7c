"""The Cboe VIX Tail Hedge Index (VXTH), rebuilt on the modelled market.

The S&P 500 with a share of wealth in one-month VIX calls of 0.30 delta, bought anew at every
monthly VIX settlement and held into the next. The share depends on the one-month VIX forward.
Source: Cboe's index description, methodology 3.2. The base here is the price index, without
dividends, as in the published replication it is compared with.
"""

from dataclasses import dataclass
from datetime import date, time

import numpy as np

from domain.instruments import Right
from domain.session import SessionCalendar
from sim.exchange.expirations import vix_settlements
from sim.exchange.scenarios import Scenario
from sim.exchange.tape import Tape
from study.replicas.cndr import Levels
from study.replicas.legs import Series, mid, nearest_delta, state_at, vix_series

_ROLL_AT = time(12, 0)
_DELTA = 0.30
_STRIKES = [10 + 0.5 * i for i in range(80)] + [50.0 + 2.5 * i for i in range(40)]
# (forward above this, share of wealth in calls); three sources agree
WEIGHTS = ((15.0, 0.01), (30.0, 0.005), (50.0, 0.0))


@dataclass(frozen=True, slots=True)
class PublishedEpisode:
    """Returns over a crash as a frictionless replication states them (methodology 3.2, P10)."""

    name: str
    first: date
    last: date
    index: float
    overlay: float


# The windows are those over which the S&P 500 loses what is published for it.
EPISODES = (
    PublishedEpisode("autumn 2008", date(2008, 9, 2), date(2009, 3, 9), -0.471, -0.198),
    PublishedEpisode("spring 2020", date(2020, 2, 19), date(2020, 3, 23), -0.339, 0.291),
)


@dataclass(frozen=True, slots=True)
class EpisodeReturns:
    published: PublishedEpisode
    index: float
    overlay: float


@dataclass(frozen=True, slots=True)
class _Calls:
    series: Series
    strike: float
    units: float


def weight(forward: float) -> float:
    """The share of wealth that buys calls at a one-month VIX forward in points."""
    share = 0.0
    for above, found in WEIGHTS:
        if forward > above:
            share = found
    return share


def vxth(scenario: Scenario, calendar: SessionCalendar, *, seed: int = 0) -> Levels:
    """Closing levels, 100 at the first VIX settlement inside ``scenario``."""
    tape = Tape(scenario, calendar, seed)
    shares = 0.0
    calls: _Calls | None = None
    levels: list[tuple[date, float]] = []
    for position in range(tape.first, len(tape.days)):
        day = tape.days[position]
        coming = vix_settlements(calendar, day.on)
        if coming and coming[0] == day.on:
            state = state_at(tape, day.on, _ROLL_AT)
            final = next((p for on, p in day.vx if on == day.on), day.vix_open)
            paid = 0.0 if calls is None else calls.units * max(0.0, final - calls.strike)
            wealth = shares * state.spx + paid if levels else 100.0
            calls, spent = _bought(tape, calendar, day.on, coming[1], wealth)
            shares = (wealth - spent) / state.spx
        if shares:
            state = tape.state_at_close(position)
            held = 0.0 if calls is None else mid(state, calls.series, calls.strike, Right.CALL)
            units = 0.0 if calls is None else calls.units
            levels.append((day.on, shares * state.spx + units * held))
    return tuple(levels)


def episode_returns(levels: Levels, scenario: Scenario) -> tuple[EpisodeReturns, ...]:
    """Published episodes that lie inside both series, with what happened here."""
    ours = dict(levels)
    closes = {day.on: day.spx_close for day in scenario.days}
    found = []
    for episode in EPISODES:
        ends = (episode.first, episode.last)
        if all(on in ours and on in closes for on in ends):
            index, overlay = (
                series[episode.last] / series[episode.first] - 1.0 for series in (closes, ours)
            )
            found.append(EpisodeReturns(episode, index, overlay))
    return tuple(found)


def worst_drawdown(levels: Levels) -> float:
    """Deepest fall from a peak, as a positive share."""
    series = np.array([level for _, level in levels])
    return float((1.0 - series / np.maximum.accumulate(series)).max()) if len(series) else 0.0


def _bought(
    tape: Tape, calendar: SessionCalendar, today: date, settlement: date, wealth: float
) -> tuple[_Calls | None, float]:
    """Calls on the next settlement for the forward's share of ``wealth``, and what they cost."""
    state, series = state_at(tape, today, _ROLL_AT), vix_series(calendar, settlement)
    forward = float(state.futures(np.array([series.settles]))[0])
    share = weight(forward)
    if share <= 0:
        return None, 0.0
    listed = [k for k in _STRIKES if 0.8 * forward <= k <= 4 * forward]
    strike, price = nearest_delta(state, series, listed, Right.CALL, _DELTA)
    spent = share * wealth
    return _Calls(series, strike, spent / price), spent
