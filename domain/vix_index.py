"""The VIX and its relatives from option quotes, by the method Cboe publishes.

Decides the forward, the strips and the interpolation; which expiries exist and the interest rate
are passed in. Source: Cboe, "Volatility Index Methodology: Cboe Volatility Index" (2023); the same
formula gives VIX9D (9 days) and VIX3M (93 days). Prices in points, time in years of 365 days.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.pricing import Floats

VIX_DAYS, VIX9D_DAYS, VIX3M_DAYS = 30.0, 9.0, 93.0
_DAYS_A_YEAR = 365.0


class TermReason(IntEnum):
    """Why a term has no variance; OK where it has one."""

    OK = 0
    BAD_INPUT = 1  # years not positive, a NaN rate, or shapes that differ
    NO_FORWARD = 2  # no strike at which call and put are both quoted on both sides
    NO_STRIP = 3  # fewer than two options in the strip, or no variance in them


@dataclass(frozen=True, slots=True)
class Term:
    """One expiry's contribution. ``variance`` is annual (0.04 is a volatility of 20 %).

    ``centre`` is the strike at or next below the forward; ``used`` counts the options in the strip.
    Floats are NaN unless ``reason`` is OK.
    """

    years: float
    variance: float
    forward: float
    centre: float
    used: int
    reason: TermReason


def term_variance(
    strike: ArrayLike,
    call_bid: ArrayLike,
    call_ask: ArrayLike,
    put_bid: ArrayLike,
    put_ask: ArrayLike,
    years: float,
    rate: float,
) -> Term:
    """Variance of one expiry from all its quotes, arrays (n,) in any order of strike.

    ``rate`` is continuously compounded to the expiry. A missing quote may be NaN or zero; options
    with no bid, a crossed market or a NaN are not used, and outwards from the centre a strip ends
    at two strikes in a row without a bid.
    """
    arrays = [
        np.atleast_1d(np.asarray(v, np.float64))
        for v in (strike, call_bid, call_ask, put_bid, put_ask)
    ]
    if not (0 < years < np.inf and np.isfinite(rate) and len({v.shape for v in arrays}) == 1):
        return _nothing(years, TermReason.BAD_INPUT)
    arrays = [v[np.argsort(arrays[0], kind="stable")] for v in arrays]
    k, cb, ca, pb, pa = (v[arrays[0] > 0] for v in arrays)
    call, put = _mids(cb, ca), _mids(pb, pa)
    both = np.isfinite(call) & np.isfinite(put)
    if not both.any():
        return _nothing(years, TermReason.NO_FORWARD)
    growth = float(np.exp(rate * years))
    at = int(np.nanargmin(np.where(both, np.abs(call - put), np.nan)))
    forward = float(k[at] + growth * (call[at] - put[at]))
    below = np.flatnonzero(k <= forward)
    if below.size == 0:
        return _nothing(years, TermReason.NO_FORWARD)
    centre = int(below[-1])
    values = np.full(k.shape, np.nan)
    calls = centre + 1 + _strip(call[centre + 1 :])
    puts = centre - 1 - _strip(put[:centre][::-1])
    values[calls], values[puts] = call[calls], put[puts]
    middle = (call[centre], put[centre])
    values[centre] = 0.5 * (middle[0] + middle[1]) if both[centre] else np.nanmax((*middle, 0.0))
    return _sum(years, growth, forward, k, values, centre)


def index_level(near: Term, later: Term, days: float = VIX_DAYS) -> float:
    """The index in points: variance interpolated in time to ``days``, times 100.

    NaN when a term has no variance, when the terms are not in order, or when the interpolated
    variance is negative. Terms need not bracket ``days``: outside, the line is extended.
    """
    target = days / _DAYS_A_YEAR
    if near.reason or later.reason or not near.years < later.years:
        return float("nan")
    span = later.years - near.years
    total = (
        near.years * near.variance * (later.years - target) / span
        + later.years * later.variance * (target - near.years) / span
    )
    return 100.0 * float(np.sqrt(total / target)) if total >= 0 and target > 0 else float("nan")


def bracket(years: Sequence[float], days: float = VIX_DAYS) -> tuple[int, int] | None:
    """Indexes of the last expiry at or before ``days`` and the first after it; None without both.

    ``years`` must increase. For the VIX itself pass only Friday expiries (the third Friday as its
    AM series) more than 23 and less than 37 days away.
    """
    target = days / _DAYS_A_YEAR
    later = next((i for i, t in enumerate(years) if t > target), None)
    return (later - 1, later) if later else None


def _mids(bid: Floats, ask: Floats) -> Floats:
    """Mid where there is a positive bid and the market is not crossed, else NaN."""
    with np.errstate(invalid="ignore"):
        good = (bid > 0) & (ask >= bid) & np.isfinite(ask)
    return np.where(good, 0.5 * (bid + ask), np.nan)


def _strip(mids: Floats) -> NDArray[np.intp]:
    """Positions of the usable options, walking outwards until two in a row are not."""
    missing = np.isnan(mids)
    pairs = np.flatnonzero(missing[:-1] & missing[1:])
    end = int(pairs[0]) if pairs.size else mids.size
    return np.flatnonzero(~missing[:end])


def _sum(
    years: float,
    growth: float,
    forward: float,
    strike: Floats,
    values: Floats,
    centre: int,
) -> Term:
    used = np.flatnonzero(np.isfinite(values) & (values > 0))
    if used.size < 2:
        return _nothing(years, TermReason.NO_STRIP)
    k, q = strike[used], values[used]
    width = np.empty(k.size)
    width[1:-1] = 0.5 * (k[2:] - k[:-2])
    width[0], width[-1] = k[1] - k[0], k[-1] - k[-2]
    total = 2.0 * growth * float(np.sum(width / (k * k) * q))
    variance = (total - (forward / float(strike[centre]) - 1.0) ** 2) / years
    if not variance > 0:
        return _nothing(years, TermReason.NO_STRIP)
    return Term(years, variance, forward, float(strike[centre]), int(used.size), TermReason.OK)


def _nothing(years: float, reason: TermReason) -> Term:
    nan = float("nan")
    return Term(years, nan, nan, nan, 0, reason)
