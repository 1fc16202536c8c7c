"""One session minute by minute: SPX and VIX bridged through the day's real open, high, low and
close.

A path depends on (seed, day) only, so that jumping to any instant finds the same market.
"""

from dataclasses import dataclass
from datetime import date
from math import log, sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sim.exchange.history import Day
from sim.exchange.intraday import BAR_S, Bars

Floats: TypeAlias = NDArray[np.float64]

GRID_S = 5
_CANDIDATES = (
    24  # bridges drawn per day; the one that needs the least bending to fit the range is kept
)
_SHARED = 0.85  # how much of VIX's shape is the mirrored index, the rest is its own
_LEAST_EXCESS = 0.3  # of the excess wanted: below it, no stretching
_VIX_EVERY = 3  # grid steps between two values of VIX
_FLICKER = 0.001  # of the level: a hundredth of a point at VIX 10
_REFLECTED = 0.2  # of what a shape goes beyond a band it may not leave
_SESSION_YEARS = 1 / 252
_ONE_WAY = 0.5  # of the range between open and close: the order of the extremes follows from that


@dataclass(frozen=True, slots=True)
class DayPath:
    """Values every GRID_S seconds from the open; ``spx`` stands still after the cash close.

    ``clock`` is the share of the day's variance already spent, 0 at the open and 1 at the end.
    """

    on: date
    spx: Floats
    vix: Floats
    clock: Floats


def build_path(day: Day, previous_vix: float, *, seed: int, cash_s: int, total_s: int) -> DayPath:
    """The path of ``day``: each of its eight prices is touched exactly.

    ``cash_s`` and ``total_s`` are the lengths of the cash session and of index-option hours in
    seconds. Index: through the day's five-minute bars where it has them, else a Brownian bridge in
    variance time; bent monotonically onto the range. VIX: the mirrored index plus noise of its own,
    bent likewise, so it moves against the index within the day.
    """
    rng = np.random.default_rng([seed, day.on.toordinal()])
    cash, total = cash_s // GRID_S, total_s // GRID_S
    if len(day.bars) * BAR_S == cash_s:
        clock = _bar_clock(day.bars, cash)
        spx = _recorded_path(day, cash)
    else:
        clock = variance_clock(day, previous_vix, rng, cash)
        spx = _index_path(day, rng, clock)
    spx = np.concatenate([spx, np.full(total - cash, day.spx_close)])
    long_clock = np.concatenate([clock * 0.97, np.linspace(0.97, 1.0, total - cash + 1)[1:]])
    vix = _vix_path(day, rng, spx, long_clock)
    return DayPath(day.on, spx, vix, long_clock)


def variance_clock(day: Day, previous_vix: float, rng: np.random.Generator, steps: int) -> Floats:
    """Cumulative variance over the cash session on ``steps`` + 1 points, from 0 to 1.

    Busy at both ends of the day. A day whose range is more than twice what VIX promised had an
    event: most of its variance falls into three quarters of an hour, late if the index closed near
    the extreme it ran to.
    """
    x = (np.arange(steps) + 0.5) / steps
    rate = 1.0 + 1.6 * np.exp(-x / 0.06) + 0.9 * np.exp(-(1 - x) / 0.05)
    span = log(day.spx_high / day.spx_low)
    promised = 1.6 * previous_vix / 100 * sqrt(_SESSION_YEARS)
    if span > 2.0 * promised:
        run = abs(day.spx_close - day.spx_open) / max(day.spx_high - day.spx_low, 1e-9)
        center = rng.uniform(0.84, 0.93) if run > 0.6 else rng.uniform(0.1, 0.9)
        bump = np.exp(-0.5 * ((x - center) / 0.035) ** 2)
        rate = rate / rate.sum() + 2.5 * bump / bump.sum()
    total = np.concatenate([[0.0], np.cumsum(rate)])
    return np.asarray(total / total[-1], np.float64)


def _index_path(day: Day, rng: np.random.Generator, clock: Floats) -> Floats:
    up = log(day.spx_high / max(day.spx_open, day.spx_close))
    down = log(min(day.spx_open, day.spx_close) / day.spx_low)
    move = log(day.spx_close / day.spx_open)
    # Range of a Brownian motion is about 1.6 standard deviations; the open-to-close move is one of
    # them.
    deviation = max((up + down + abs(move)) / 1.6, 1e-4)
    steps = rng.standard_normal((_CANDIDATES, clock.size - 1)) * np.sqrt(np.diff(clock))
    walk = (
        np.concatenate([np.zeros((_CANDIDATES, 1)), np.cumsum(steps, axis=1)], axis=1) * deviation
    )
    walk += clock * (move - walk[:, -1:])
    misfit = np.abs(walk.max(axis=1) - max(move, 0.0) - up) + np.abs(
        min(move, 0.0) - walk.min(axis=1) - down
    )
    if abs(move) < _ONE_WAY * (up + down + abs(move)):
        # Nobody knows which extreme came first: the further one, so that a stop is met before the
        # price that would have been better.
        later = (walk.argmin(axis=1) > walk.argmax(axis=1)) == _down_is_further(day)
        misfit = np.where(later & ~later.all(), np.inf, misfit)
    best = walk[int(np.argmin(misfit))]
    return _bend(best, day.spx_open, day.spx_high, day.spx_low, day.spx_close)


def _down_is_further(day: Day) -> bool:
    return day.spx_open - day.spx_low > day.spx_high - day.spx_open


def _bar_clock(bars: Bars, steps: int) -> Floats:
    """Cumulative variance by the squared ranges of the bars, a tenth of it spread evenly."""
    ranges = np.array([log(high / low) ** 2 for _, high, low, _ in bars])
    rate = np.repeat(ranges + 0.1 * ranges.mean() + 1e-12, steps // len(bars))
    total = np.concatenate([[0.0], np.cumsum(rate)])
    return np.asarray(total / total[-1], np.float64)


def _recorded_path(day: Day, steps: int) -> Floats:
    """Through open, both extremes and close of every bar, the extreme further from its open first.

    The bars may be those of a fund: they agree with the index at the close, and what the open
    differs by is gone within the first bar.
    """
    ends = GRID_S / BAR_S
    times, levels = [], []
    for place, (opened, high, low, close) in enumerate(day.bars):
        first, second = (low, high) if opened - low > high - opened else (high, low)
        times += [place, place + 1 / 3, place + 2 / 3, place + 1 - ends]
        levels += [opened, first, second, close]
    grid = np.arange(steps + 1) * ends
    shape = np.interp(grid, times, np.log(levels))
    shape = shape - shape[-1] + log(day.spx_close / day.spx_open)
    shape -= shape[0] * np.maximum(0.0, 1.0 - grid)
    return _bend(shape, day.spx_open, day.spx_high, day.spx_low, day.spx_close)


def _vix_path(day: Day, rng: np.random.Generator, spx: Floats, clock: Floats) -> Floats:
    mirrored = -np.log(spx / spx[0])
    own = np.concatenate(
        [[0.0], np.cumsum(rng.standard_normal(clock.size - 1) * np.sqrt(np.diff(clock)))]
    )
    scale = max(float(np.ptp(mirrored)), 1e-4) / max(float(np.ptp(own)), 1e-9)
    shape = _SHARED * mirrored + (1 - _SHARED) * scale * own
    move, size = log(day.vix_close / day.vix_open), max(float(np.ptp(shape)), 1e-9)
    span = max(log(day.vix_high / day.vix_low), 1e-4)
    shape = shape * span / size
    # The mirror need not end where VIX really closed: the difference accrues with the variance.
    shape += clock * (move - shape[-1])
    path = _bend(shape, day.vix_open, day.vix_high, day.vix_low, day.vix_close)
    return _flickering(path, rng, day)


def _flickering(vix: Floats, rng: np.random.Generator, day: Day) -> Floats:
    """VIX is computed anew every 15 seconds from quotes that never rest, so neither does it."""
    steps = -(-vix.size // _VIX_EVERY)
    noise = np.repeat(rng.standard_normal(steps) * _FLICKER, _VIX_EVERY)[: vix.size]
    found = np.clip(vix * (1.0 + noise), day.vix_low, day.vix_high)
    touched = [0, int(np.argmax(vix)), int(np.argmin(vix)), -1]
    found[touched] = vix[touched]
    return found


def _bend(shape: Floats, opened: float, high: float, low: float, close: float) -> Floats:
    """``shape`` (logs, from 0 to log(close/open)) mapped monotonically so that its extremes are
    high and low.

    First and last values stay on open and close; what lies between them is kept, what lies beyond
    is stretched or squeezed onto the day's range.
    """
    first, last = 0.0, log(close / opened)
    inner_low, inner_high = min(first, last), max(first, last)
    top, bottom = log(high / opened), log(low / opened)
    core = np.clip(shape, inner_low, inner_high)
    logs = (
        core + _excess(shape, core, inner_high, top) - _excess(-shape, -core, -inner_low, -bottom)
    )
    values = np.clip(opened * np.exp(logs), low, high)
    values[1 + int(np.argmax(logs[1:-1]))] = high
    values[1 + int(np.argmin(logs[1:-1]))] = low
    values[0], values[-1] = opened, close
    return values


def _excess(shape: Floats, core: Floats, edge: float, peak: float) -> Floats:
    """What to add to ``core`` so that it rises from ``edge`` to ``peak`` where ``shape`` is
    highest.

    A shape that hardly leaves the band on this side gets one hump of some minutes near its highest
    point: stretching noise would make a price jump within seconds. What little it does leave the
    band is kept, or reflected where there is no room, because a market never stands still.
    """
    over, room = np.maximum(shape - edge, 0.0), peak - edge
    highest = max(float(over.max()), 1e-12)
    if highest > _LEAST_EXCESS * room > 0:
        return np.asarray(over * (room / highest))
    width = max(3, shape.size // 20)
    at = int(np.clip(np.argmax(shape), width, shape.size - 1 - width))
    hump = np.maximum(0.0, 1.0 - np.abs(np.arange(shape.size) - at) / width)
    ripple = over * min(1.0, 0.5 * room / highest) if room > 0 else -_REFLECTED * over
    return np.asarray(np.maximum(hump * (peak - core[at]), ripple) if room > 0 else ripple)


def interpolated(values: Floats, offset_s: float) -> float:
    """The path ``offset_s`` seconds after the open, linear between grid points and flat beyond the
    ends.
    """
    position = offset_s / GRID_S
    last = values.size - 1
    if position <= 0:
        return float(values[0])
    if position >= last:
        return float(values[last])
    i = int(position)
    return float(values[i] + (position - i) * (values[i + 1] - values[i]))
