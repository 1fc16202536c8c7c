"""The VX futures curve in numbers: slope, roll yield, constant maturity, collapse, fair value.

Decides no trade and knows no thresholds but those passed in. Prices in VIX points, days are
calendar days to final settlement, rates continuously compounded. Bad contracts are left out with a
reason; a number that cannot be formed is NaN.
"""

from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from math import exp, fsum, inf, isfinite

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.pricing import Floats

FRONT_MIN_DAYS = 5.0  # a front contract nearer to settlement than this follows spot, not the curve
CONSTANT_DAYS = 30.0
BUILD_SPREAD = 1.5  # points of contango (methodology S29, S42)
COLLAPSE_WINDOW = 20  # sessions
_TENORS = np.array([1.0, 30.0, 110.0, 220.0])
_BETAS = np.array([1.0, 0.75, 0.35, 0.22])  # methodology 3.4; 1 at spot
_GRID = np.arange(0.0, 3000.0)


class ContractReason(IntEnum):
    """Why a contract is not part of a curve; OK where it is."""

    OK = 0
    BAD_INPUT = 1  # NaN, or a price that is not positive
    TOO_NEAR = 2  # fewer days to settlement than asked for
    DUPLICATE = 3  # another contract with the same settlement day came first


@dataclass(frozen=True, slots=True)
class VxCurve:
    """Usable monthly contracts by increasing ``days``; ``reason`` has the shape of the input."""

    days: Floats
    price: Floats
    reason: NDArray[np.int8]

    @property
    def front(self) -> float:
        """F1 in points; NaN with no contract."""
        return float(self.price[0]) if self.price.size else float("nan")

    @property
    def second(self) -> float:
        """F2 in points; NaN with fewer than two contracts."""
        return float(self.price[1]) if self.price.size > 1 else float("nan")

    @property
    def slope(self) -> float:
        """F2 - F1 in points; positive is contango. NaN with fewer than two contracts."""
        return float(self.price[1] - self.price[0]) if self.price.size > 1 else float("nan")

    @property
    def ratio(self) -> float:
        """F2 / F1 - 1."""
        return self.slope / float(self.price[0]) if self.price.size > 1 else float("nan")

    @property
    def roll_yield(self) -> float:
        """(F2 - F1) / F1 a year of 365 days (S3): what a long position pays for rolling."""
        if self.price.size < 2:
            return float("nan")
        return self.ratio * 365.0 / float(self.days[1] - self.days[0])

    def constant_maturity(self, days: float = CONSTANT_DAYS) -> float:
        """Linear in days between the two contracts around ``days``; the first two extended below
        the first, the last two above the last. NaN with fewer than two contracts.
        """
        if self.price.size < 2:
            return float("nan")
        i = min(max(int(self.days.searchsorted(days)) - 1, 0), self.days.size - 2)
        step = (days - self.days[i]) / (self.days[i + 1] - self.days[i])
        return float(self.price[i] + (self.price[i + 1] - self.price[i]) * step)

    def roll_value(self, rate: float = 0.0, terms: int = 6) -> float:
        """Sum of exp(-r T_i) (F_{i+1} - F_i), i = 1..``terms`` (S41): the steps of the curve as
        dividends. NaN when there are not that many contracts.
        """
        if self.price.size < terms + 1:
            return float("nan")
        days, prices = self.days[:terms].tolist(), self.price[: terms + 1].tolist()
        steps = [far - near for near, far in pairwise(prices)]
        return fsum(exp(-rate * d / 365.0) * step for d, step in zip(days, steps, strict=True))


def vx_curve(days: ArrayLike, price: ArrayLike, min_days: float = FRONT_MIN_DAYS) -> VxCurve:
    """The curve of contracts (n,) in any order, at least ``min_days`` from settlement."""
    d, p = _as_lists(days, price)
    reason, good = [int(ContractReason.OK)] * len(d), []
    for place, (until, level) in enumerate(zip(d, p, strict=True)):
        if not (0.0 < level < inf and isfinite(until)):
            reason[place] = ContractReason.BAD_INPUT
        elif until < min_days:
            reason[place] = ContractReason.TOO_NEAR
        else:
            good.append((until, place, level))
    kept: list[tuple[float, float]] = []
    for until, place, level in sorted(good):
        if kept and kept[-1][0] == until:
            reason[place] = ContractReason.DUPLICATE
        else:
            kept.append((until, level))
    return VxCurve(
        np.array([until for until, _ in kept], np.float64),
        np.array([level for _, level in kept], np.float64),
        np.array(reason, np.int8),
    )


def _as_lists(days: ArrayLike, price: ArrayLike) -> tuple[list[float], list[float]]:
    """Both as plain numbers, one repeated to the length of the other."""
    if isinstance(days, list) and isinstance(price, list) and len(days) == len(price):
        return days, price
    d, p = (np.atleast_1d(np.asarray(v, np.float64)) for v in (days, price))
    d, p = np.broadcast_arrays(d, p)
    return d.tolist(), p.tolist()


def contango_collapsed(
    slopes: ArrayLike,
    *,
    build: float = BUILD_SPREAD,
    window: int = COLLAPSE_WINDOW,
) -> NDArray[np.bool_]:
    """True on each session (n,) whose slope is at or below 0 after one of at least ``build`` in the
    ``window`` sessions before (S29). A NaN slope is never a collapse and never contango.
    """
    s = np.atleast_1d(np.asarray(slopes, np.float64))
    steep = np.concatenate([[0], np.cumsum(np.nan_to_num(s, nan=-np.inf) >= build)])
    start = np.maximum(np.arange(s.size) - window, 0)
    before = steep[np.arange(s.size)] - steep[start] > 0
    return np.asarray(before & (s <= 0), np.bool_)


def forward_variance(
    near_variance: ArrayLike,
    near_days: ArrayLike,
    far_variance: ArrayLike,
    far_days: ArrayLike,
) -> Floats:
    """Annual variance between two dates from the annual variances to each; NaN when it is negative
    (calendar arbitrage) or the dates are not in order. Broadcasts.
    """
    v0, t0, v1, t1 = (
        np.asarray(v, np.float64) for v in (near_variance, near_days, far_variance, far_days)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        forward = (t1 * v1 - t0 * v0) / (t1 - t0)
        return np.where((t1 > t0) & (t0 >= 0) & (forward >= 0), forward, np.nan)


def fair_value(variance_forward: ArrayLike, vol_of_vol: ArrayLike, days: ArrayLike) -> Floats:
    """VX in points for settlement in ``days``: sqrt(forward variance less the variance of VIX).

    ``variance_forward`` is annual over the 30 days after settlement, ``vol_of_vol`` the volatility
    of VIX options of that expiry. With a lognormal VIX of mean F, E[VIX^2] = F^2 exp(v^2 T), so
    F = 100 sqrt(V) exp(-v^2 T / 2). A bound from above without vol_of_vol. Broadcasts.
    """
    v, s, d = (np.asarray(x, np.float64) for x in (variance_forward, vol_of_vol, days))
    with np.errstate(invalid="ignore"):
        sane = (v >= 0) & (s >= 0) & (d >= 0)
        return np.where(sane, 100.0 * np.sqrt(v) * np.exp(-0.5 * s * s * d / 365.0), np.nan)


def future_beta(days: ArrayLike) -> Floats:
    """Points a VX forward moves when spot VIX moves by one, by ``days`` to its settlement.

    Power law between the tenors of the methodology (1 at spot, .75 at 30, .35 at 110, .22 at 220
    days), the last one extended. NaN for a negative tenor.
    """
    d = np.asarray(days, np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        x = np.log(np.maximum(d, _TENORS[0]))
        inner = np.interp(x, np.log(_TENORS), np.log(_BETAS))
        steep = np.log(_BETAS[-1] / _BETAS[-2]) / np.log(_TENORS[-1] / _TENORS[-2])
        outer = np.log(_BETAS[-1]) + steep * (x - np.log(_TENORS[-1]))
        return np.where(d >= 0, np.exp(np.where(d > _TENORS[-1], outer, inner)), np.nan)


_MEAN_BETA = np.cumsum(future_beta(_GRID)) / (_GRID + 1.0)


def option_vol_beta(days: ArrayLike) -> Floats:
    """Volatility points an SPX option at ``days`` moves when VIX moves by one point.

    The mean of ``future_beta`` over the option's life relative to its mean over 30 days: an implied
    variance is an average of forward variances, and VIX is that of 30 days. NaN below zero.
    """
    d = np.asarray(days, np.float64)
    mean = np.interp(d, _GRID, _MEAN_BETA) / np.interp(CONSTANT_DAYS, _GRID, _MEAN_BETA)
    return np.where(d >= 0, mean, np.nan)
