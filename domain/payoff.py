"""Position mathematics that needs no grid: condor payoff, expected move, EDR, cover, tenor, decay.

Decides nothing: what a number is compared with is the business of strategies and risk. All numbers
are floats in points per unit of the multiplier unless said otherwise; an input that makes no sense
gives NaN. Sections of the methodology are named where a definition comes from there.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from domain.pricing import Floats

_SESSIONS_A_YEAR = 252.0
_DAYS_A_YEAR = 365.0


@dataclass(frozen=True, slots=True)
class CondorPayoff:
    """A short iron condor at expiry: long put < short put <= short call < long call, for a credit.

    Raises ValueError when the strikes are not in that order or the credit is not finite.
    """

    long_put: float
    short_put: float
    short_call: float
    long_call: float
    credit: float

    def __post_init__(self) -> None:
        strikes_in_order = 0 < self.long_put < self.short_put <= self.short_call < self.long_call
        if not (strikes_in_order and np.isfinite(self.long_call + self.credit)):
            raise ValueError("the strikes of an iron condor must be in order, its credit finite")

    @property
    def max_loss(self) -> float:
        """The wider wing less the credit, and 0 when the credit is above the width."""
        wing = max(self.short_put - self.long_put, self.long_call - self.short_call)
        return max(wing - self.credit, 0.0)

    @property
    def max_gain(self) -> float:
        """The credit."""
        return self.credit

    @property
    def break_evens(self) -> tuple[float, float]:
        """Settlements at which the condor ends at 0; NaN on a side that cannot lose."""
        low = self.short_put - self.credit
        high = self.short_call + self.credit
        nan = float("nan")
        return (
            low if self.long_put < low and self.credit >= 0 else nan,
            high if high < self.long_call and self.credit >= 0 else nan,
        )

    def at_expiry(self, settlement: ArrayLike) -> Floats:
        """Profit at each settlement price, any shape; NaN where the price is negative or NaN."""
        s = np.asarray(settlement, np.float64)
        puts = np.maximum(self.short_put - s, 0.0) - np.maximum(self.long_put - s, 0.0)
        calls = np.maximum(s - self.short_call, 0.0) - np.maximum(s - self.long_call, 0.0)
        return np.where(s >= 0, self.credit - puts - calls, np.nan)


def expected_move(spot: ArrayLike, vol: ArrayLike, days: ArrayLike) -> Floats:
    """One standard deviation in points over calendar ``days``: S vol sqrt(days / 365) (S35)."""
    s, v, d = (np.asarray(x, np.float64) for x in (spot, vol, days))
    with np.errstate(invalid="ignore"):
        return np.where((s > 0) & (v >= 0) & (d >= 0), s * v * np.sqrt(d / _DAYS_A_YEAR), np.nan)


def expected_daily_range(
    vix9d: ArrayLike,
    realized: ArrayLike,
    multiplier: ArrayLike = 1.0,
    weight: float = 1.0 / 6.0,
) -> Floats:
    """EDR in per cent of spot a day: m (w VIX9D + (1 - w) HV20) / sqrt(252) (section 2.1).

    ``vix9d`` and ``realized`` are annual volatilities in per cent (16.0 is 16 %), ``multiplier``
    0.8 to 2.0 by regime. The published weights 0.1 and 0.5 are scaled to add up to one.
    """
    v, h, m = (np.asarray(x, np.float64) for x in (vix9d, realized, multiplier))
    with np.errstate(invalid="ignore"):
        blended = m * (weight * v + (1.0 - weight) * h) / np.sqrt(_SESSIONS_A_YEAR)
        return np.where((v >= 0) & (h >= 0) & (m > 0), blended, np.nan)


def realized_volatility(closes: ArrayLike, sessions: int = 20) -> float:
    """Annual volatility in per cent of the last ``sessions`` daily log returns about their mean.

    ``closes`` (n,), oldest first; NaN with fewer than ``sessions`` + 1 closes or a bad one in them.
    """
    c = np.asarray(closes, np.float64)[-(sessions + 1) :]
    if sessions < 2 or c.size < sessions + 1 or not np.all(c > 0):
        return float("nan")
    return 100.0 * float(np.std(np.diff(np.log(c)), ddof=1) * np.sqrt(_SESSIONS_A_YEAR))


def stress_coverage(hedge_gain: ArrayLike, condor_loss: ArrayLike) -> Floats:
    """Share of the condors' loss that the hedge earns in the same scenario; both in money.

    ``condor_loss`` is positive for a loss. NaN where there is no loss to cover.
    """
    gain, loss = np.asarray(hedge_gain, np.float64), np.asarray(condor_loss, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(loss > 0, gain / loss, np.nan)


def stress_ratio(
    target: float,
    condor_loss: float,
    unit_gain: float,
    low: float = 0.5,
    high: float = 1.5,
) -> float:
    """Hedge size as a multiple of one unit so that it covers ``target`` of the loss (S28), clipped.

    NaN when there is no loss or the unit does not gain.
    """
    if not (condor_loss > 0 and unit_gain > 0 and target >= 0):
        return float("nan")
    return float(np.clip(target * condor_loss / unit_gain, low, high))


def minimum_variance_ratio(
    condor_changes: ArrayLike,
    unit_changes: ArrayLike,
    low: float = 0.5,
    high: float = 1.5,
) -> float:
    """-Cov(dV condor, dV unit) / Var(dV unit) over paired changes (n,), clipped (S28).

    Pairs with a NaN are left out; NaN with fewer than three pairs or a unit that never moves.
    """
    x, y = (np.asarray(v, np.float64) for v in (condor_changes, unit_changes))
    good = np.isfinite(x + y)
    if np.count_nonzero(good) < 3:
        return float("nan")
    covariance = np.cov(x[good], y[good])
    if not covariance[1, 1] > 0:
        return float("nan")
    return float(np.clip(-covariance[0, 1] / covariance[1, 1], low, high))


def vega_weighted_tenor(quantity: ArrayLike, vega: ArrayLike, days: ArrayLike) -> float:
    """Sum(q vega DTE) / Sum(q vega) in days (S2): a roll that raises it shifts the hedge forward.

    Arrays (n,); options with a NaN are left out; NaN when no vega is left.
    """
    q, v, d = np.broadcast_arrays(*(np.asarray(x, np.float64) for x in (quantity, vega, days)))
    weight = np.where(np.isfinite(q * v * d), q * v, 0.0)
    total = float(np.sum(weight))
    if total == 0.0:
        return float("nan")
    return float(np.sum(weight * np.nan_to_num(d))) / total


def extrinsic(
    value: ArrayLike,
    forward: ArrayLike,
    strike: ArrayLike,
    call: ArrayLike,
    discount: ArrayLike = 1.0,
) -> Floats:
    """Price less discounted intrinsic value on the forward (S10); broadcasts."""
    v, f, k, d = (np.asarray(x, np.float64) for x in (value, forward, strike, discount))
    sign = np.where(np.asarray(call, bool), 1.0, -1.0)
    return np.asarray(v - d * np.maximum(sign * (f - k), 0.0), np.float64)


def decay_rate(before: ArrayLike, after: ArrayLike, days: ArrayLike) -> Floats:
    """Share of extrinsic value lost a day, -(after - before) / before / days (S10); broadcasts.

    The differential of two layers is the difference of their rates.
    """
    b, a, d = (np.asarray(x, np.float64) for x in (before, after, days))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((b > 0) & (d > 0), (b - a) / b / d, np.nan)
