"""Historical bars: daily from history (warm-up included), intraday from the paths.

Options and modelled shares have no history of their own: their bars are model values at a few
instants.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sim.exchange.history import Day
from sim.exchange.paths import GRID_S, interpolated
from sim.exchange.tape import State, Tape, utc

Floats: TypeAlias = NDArray[np.float64]
Valuer: TypeAlias = Callable[[State], float | None]

DAILY_S = 86400
_SAMPLES = 5  # instants at which a bar of a modelled instrument is valued


@dataclass(frozen=True, slots=True)
class Bar:
    """``start`` is UTC; a daily bar starts at its session's open. ``volume`` and ``count`` -1 where
    there is none.
    """

    start: datetime
    open: float
    high: float
    low: float
    close: float
    volume: float = -1
    wap: float = -1.0
    count: int = -1


def index_daily(tape: Tape, symbol: str, first: int, last: int, now: float) -> list[Bar]:
    """Daily bars of SPX or VIX for positions ``first`` to ``last``; a session still open is cut at
    ``now``.
    """
    bars = []
    for i in range(first, last + 1):
        if tape.closes[i] > now:
            bars += path_bars(tape, symbol, i, tape.opens[i], now, DAILY_S)
        else:
            bars.append(Bar(utc(tape.opens[i]), *_prices(tape.days[i], symbol)))
    return bars


def path_bars(
    tape: Tape, symbol: str, position: int, start: float, end: float, seconds: int
) -> list[Bar]:
    """Bars of SPX or VIX within one session, from its path, for [start, end); edges count from the
    open.
    """
    path, opened = tape.path(position), tape.opens[position]
    values = path.spx if symbol == "SPX" else path.vix
    return [
        Bar(utc(a), *_ohlc(values, a - opened, b - opened))
        for a, b in edges(tape, position, start, end, seconds)
    ]


def valued_bars(
    tape: Tape, position: int, start: float, end: float, seconds: int, value: Valuer
) -> list[Bar]:
    """Bars of anything that has a value in a State; an instrument without one at an instant skips
    it.
    """
    bars = []
    for a, b in edges(tape, position, start, end, seconds):
        values = [value(tape.state(float(t))) for t in np.linspace(a, b, _SAMPLES)]
        known = [v for v in values if v is not None]
        if known:
            bars.append(Bar(utc(a), known[0], max(known), min(known), known[-1]))
    return bars


def edges(
    tape: Tape, position: int, start: float, end: float, seconds: int
) -> list[tuple[float, float]]:
    """[from, to) of every bar of a session that starts in [start, end), the last one cut at
    ``end``.
    """
    opened, closed = tape.opens[position], min(tape.closes[position], end)
    made, a = [], opened
    while a < closed:
        if a >= start:
            made.append((a, min(a + seconds, closed)))
        a += seconds
    return made


def _ohlc(values: Floats, a: float, b: float) -> tuple[float, float, float, float]:
    """Open, high, low, close of a path between two offsets, touching every grid point between."""
    inner = values[int(a // GRID_S) + 1 : int(np.ceil(b / GRID_S))]
    first, last = interpolated(values, a), interpolated(values, b)
    points = np.concatenate([[first], inner, [last]])
    high, low = float(points.max()), float(points.min())
    return round(first, 2), round(high, 2), round(low, 2), round(last, 2)


def _prices(day: Day, symbol: str) -> tuple[float, float, float, float]:
    if symbol == "SPX":
        prices = (day.spx_open, day.spx_high, day.spx_low, day.spx_close)
    else:
        prices = (day.vix_open, day.vix_high, day.vix_low, day.vix_close)
    return round(prices[0], 2), round(prices[1], 2), round(prices[2], 2), round(prices[3], 2)
