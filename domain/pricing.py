"""Black-76 on the forward: prices, greeks and implied volatility of European options, whole arrays
at once.

Everything is float64 and broadcasts. Time is in years, volatility annual, prices in points. Inputs
that make no sense give NaN (and a reason for implied volatility), never an exception and never a
silent number. Source of the formulas: F. Black, "The pricing of commodity contracts", J. Financial
Economics 3 (1976).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from domain.implied_vol import BLOCK, Floats, IvReason, implied_vol, signs

__all__ = ["Floats", "Greeks", "IvReason", "greeks", "implied_vol", "price"]

_SQRT_2PI = float(np.sqrt(2.0 * np.pi))


@dataclass(frozen=True, slots=True)
class Greeks:
    """Sensitivities of the option value in points, with the discount factor held fixed.

    ``delta`` and ``gamma`` are with respect to the forward; ``vega`` per 1.00 of volatility;
    ``theta`` per year of passing time; ``vanna`` is d delta / d vol; ``volga`` is d vega / d vol.
    """

    delta: Floats
    gamma: Floats
    vega: Floats
    theta: Floats
    vanna: Floats
    volga: Floats


def price(
    forward: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    vol: ArrayLike,
    call: ArrayLike,
    discount: ArrayLike = 1.0,
) -> Floats:
    """Option value in points. Zero time or volatility gives the discounted intrinsic value."""
    f, k, t, s, d = _floats(forward, strike, years, vol, discount)
    sign = signs(call)
    with np.errstate(divide="ignore", invalid="ignore"):
        d1, d2 = _d1_d2(f, k, t, s)
        value = sign * d * (f * ndtr(sign * d1) - k * ndtr(sign * d2))
        flat = (t * s == 0) & (f > 0) & (k > 0)
        value = np.where(flat, d * np.maximum(sign * (f - k), 0.0), value)
        return np.where((f > 0) & (k > 0) & (t >= 0) & (s >= 0) & (d > 0), value, np.nan)


def greeks(
    forward: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    vol: ArrayLike,
    call: ArrayLike,
    discount: ArrayLike = 1.0,
) -> Greeks:
    """All sensitivities of each option; NaN where time or volatility is zero or an input makes no
    sense.

    Source: differentiation of Black's formula; with phi the normal density, vega = D F phi(d1)
    sqrt(t), vanna = -D phi(d1) d2 / vol and volga = vega d1 d2 / vol.
    """
    terms = np.broadcast_arrays(*_floats(forward, strike, years, vol, discount), signs(call))
    if terms[0].size <= BLOCK:
        return Greeks(*_slopes(*terms))
    flat = [term.ravel() for term in terms]
    found = np.empty((6, flat[0].size))
    for start in range(0, flat[0].size, BLOCK):
        cut = slice(start, start + BLOCK)
        for row, part in zip(found, _slopes(*(term[cut] for term in flat)), strict=True):
            row[cut] = part
    return Greeks(*(row.reshape(terms[0].shape) for row in found))


def _slopes(
    f: Floats, k: Floats, t: Floats, s: Floats, d: Floats, sign: Floats
) -> tuple[Floats, ...]:
    """The fields of Greeks in their order."""
    with np.errstate(divide="ignore", invalid="ignore"):
        d = np.where((f > 0) & (k > 0) & (t > 0) & (s > 0) & (d > 0), d, np.nan)
        root = np.sqrt(t)
        d1, d2 = _d1_d2(f, k, t, s)
        density = d * np.exp(-0.5 * d1 * d1) / _SQRT_2PI
        vega = f * density * root
        return (
            sign * d * ndtr(sign * d1),
            density / (f * s * root),
            vega,
            -0.5 * vega * s / t,
            -density * d2 / s,
            vega * d1 * d2 / s,
        )


def _d1_d2(f: Floats, k: Floats, t: Floats, s: Floats) -> tuple[Floats, Floats]:
    total = s * np.sqrt(t)
    d1 = np.log(f / k) / total + 0.5 * total
    return d1, d1 - total


def _floats(*values: ArrayLike) -> tuple[Floats, ...]:
    return tuple(np.asarray(value, np.float64) for value in values)
