"""Black-76 on the forward: prices, greeks and implied volatility of European options, whole arrays at once.

Everything is float64 and broadcasts. Time is in years, volatility annual, prices in points. Inputs that
make no sense give NaN (and a reason for implied volatility), never an exception and never a silent number.
Source of the formulas: F. Black, "The pricing of commodity contracts", J. Financial Economics 3 (1976).
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

Floats: TypeAlias = NDArray[np.float64]

_SQRT_2PI = float(np.sqrt(2.0 * np.pi))


class IvReason(IntEnum):
    """Why an implied volatility is NaN; OK where it is a number."""

    OK = 0
    BAD_INPUT = 1  # NaN, or a non-positive forward, strike, time or discount
    BELOW_INTRINSIC = 2
    ABOVE_BOUND = 3  # a call above its discounted forward, a put above its discounted strike
    NOT_CONVERGED = 4


@dataclass(frozen=True, slots=True)
class Greeks:
    """Sensitivities with respect to the forward. ``vega`` per 1.00 of volatility, ``theta`` per year."""

    delta: Floats
    gamma: Floats
    vega: Floats
    theta: Floats


def price(
    forward: ArrayLike, strike: ArrayLike, years: ArrayLike, vol: ArrayLike, call: ArrayLike,
    discount: ArrayLike = 1.0,
) -> Floats:
    """Option value in points. Zero time or volatility gives the discounted intrinsic value."""
    f, k, t, s, d = _floats(forward, strike, years, vol, discount)
    sign = _sign(call)
    with np.errstate(divide="ignore", invalid="ignore"):
        d1, d2, _ = _d1_d2(f, k, t, s)
        value = sign * d * (f * ndtr(sign * d1) - k * ndtr(sign * d2))
        flat = (t * s == 0) & (f > 0) & (k > 0)
        value = np.where(flat, d * np.maximum(sign * (f - k), 0.0), value)
        return np.where((f > 0) & (k > 0) & (t >= 0) & (s >= 0) & (d > 0), value, np.nan)


def greeks(
    forward: ArrayLike, strike: ArrayLike, years: ArrayLike, vol: ArrayLike, call: ArrayLike,
    discount: ArrayLike = 1.0,
) -> Greeks:
    """Delta, gamma, vega and theta (discount held fixed: theta is the decay of the forward value)."""
    f, k, t, s, d = _floats(forward, strike, years, vol, discount)
    sign = _sign(call)
    with np.errstate(divide="ignore", invalid="ignore"):
        d1, _, root = _d1_d2(f, k, t, s)
        density = np.exp(-0.5 * d1 * d1) / _SQRT_2PI
        return Greeks(
            delta=sign * d * ndtr(sign * d1),
            gamma=d * density / (f * root),
            vega=d * f * density * np.sqrt(t),
            theta=-d * f * density * s / (2.0 * np.sqrt(t)),
        )


def implied_vol(
    value: ArrayLike, forward: ArrayLike, strike: ArrayLike, years: ArrayLike, call: ArrayLike,
    discount: ArrayLike = 1.0,
) -> tuple[Floats, NDArray[np.int8]]:
    """The volatility at which ``price`` gives ``value``, with an IvReason per element.

    Safeguarded Newton on the out-of-the-money option (put-call parity), bracketed in [1e-9, 10 / sqrt(t)].
    """
    v, f, k, t, d = _floats(value, forward, strike, years, discount)
    sign = _sign(call)
    v, f, k, t, d, sign = np.broadcast_arrays(v, f, k, t, d, sign)
    reason = np.zeros(v.shape, np.int8)
    with np.errstate(divide="ignore", invalid="ignore"):
        good = (f > 0) & (k > 0) & (t > 0) & (d > 0) & np.isfinite(v + f + k + t + d)
        time_value = v / d - np.maximum(sign * (f - k), 0.0)
        reason[v / d >= np.where(sign > 0, f, k)] = IvReason.ABOVE_BOUND
        reason[time_value <= 0] = IvReason.BELOW_INTRINSIC
        reason[~good] = IvReason.BAD_INPUT
        vol = np.full(v.shape, np.nan)
        ok = reason == IvReason.OK
        solved, converged = _solve(time_value[ok], f[ok], k[ok], t[ok])
    vol[ok] = np.where(converged, solved, np.nan)
    reason[ok] = np.where(converged, IvReason.OK, IvReason.NOT_CONVERGED)
    return vol, reason


def _solve(target: Floats, f: Floats, k: Floats, t: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Newton on the out-of-the-money time value, bisecting whenever a step leaves the bracket."""
    otm = np.where(k >= f, 1.0, -1.0)
    root = np.sqrt(t)
    low, high = np.full(f.shape, 1e-9), 10.0 / root
    # Manaster-Koehler start: the volatility at which vega peaks, floored for options at the money.
    x = np.clip(np.sqrt(2.0 * np.abs(np.log(f / k)) / t), 0.05 / root, high)
    done = np.zeros(f.shape, np.bool_)
    for _ in range(100):
        d1, d2, _ = _d1_d2(f, k, t, x)
        error = otm * (f * ndtr(otm * d1) - k * ndtr(otm * d2)) - target
        vega = f * np.exp(-0.5 * d1 * d1) / _SQRT_2PI * root
        low, high = np.where(error < 0, x, low), np.where(error >= 0, x, high)
        newton = x - error / vega
        inside = (newton > low) & (newton < high) & np.isfinite(newton)
        moved = np.where(inside, newton, 0.5 * (low + high))
        done = np.abs(moved - x) <= 1e-14 + 1e-12 * x
        x = moved
        if done.all():
            break
    return x, done


def _d1_d2(f: Floats, k: Floats, t: Floats, s: Floats) -> tuple[Floats, Floats, Floats]:
    root = s * np.sqrt(t)
    d1 = np.log(f / k) / root + 0.5 * root
    return d1, d1 - root, root


def _sign(call: ArrayLike) -> Floats:
    return np.where(np.asarray(call, bool), 1.0, -1.0)


def _floats(*values: ArrayLike) -> tuple[Floats, ...]:
    return tuple(np.asarray(value, np.float64) for value in values)
