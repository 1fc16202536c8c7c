"""Implied volatility of whole chains: the inverse of Black-76, exact to rounding and fully
vectorised.

How it works. Every option is turned into its out-of-the-money twin by put-call parity and
normalised, so that two numbers are left: x = -|ln(F/K)| and beta = time value / (discount * sqrt(F
K)). The task is then to solve b(x, s) = beta for the total volatility s = sigma * sqrt(t), where

    b(x, s) = N(x/s + s/2) e^(x/2) - N(x/s - s/2) e^(-x/2)

is concave above its inflection s_c = sqrt(2|x|) and convex below. Prices near the inflection are
solved in b itself; tiny ones in 1/ln b and large ones in ln(b_max - b), because in these
coordinates the curve is almost straight and a third-order Householder step converges in one or two
rounds from the start below. The idea of the three coordinates is P. Jaeckel's ("Let's be rational",
Wilmott, 2015); the start and the code are our own. b is evaluated through the scaled complementary
error function, so that no digits are lost far out of the money.
"""

from enum import IntEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import erfcx, ndtr, ndtri

Floats: TypeAlias = NDArray[np.float64]
Codes: TypeAlias = NDArray[np.int8]

_SQRT_2 = float(np.sqrt(2.0))
_SQRT_2PI = float(np.sqrt(2.0 * np.pi))
BLOCK = 8192  # options worked on together: their arrays stay in the cache, so cost stays linear
_TINIEST = 1e-290  # below this a normalised price loses digits to underflow on the way
_FARTHEST = -100.0  # x beyond which it does so even for larger prices
_ROUNDS_MAX = 24  # measured over the whole domain: 3; the rest is bisection for hostile input


class IvReason(IntEnum):
    """Why an implied volatility is NaN; OK where it is a number."""

    OK = 0
    BAD_INPUT = 1  # NaN or infinite, or a non-positive forward, strike, time or discount
    BELOW_INTRINSIC = 2  # no time value left: at or below the discounted intrinsic value
    ABOVE_BOUND = (
        3  # a call at or above its discounted forward, a put at or above its discounted strike
    )
    NOT_CONVERGED = 4  # so near a bound, so tiny or so far from the forward that no digit is left


def implied_vol(
    value: ArrayLike,
    forward: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    call: ArrayLike,
    discount: ArrayLike = 1.0,
) -> tuple[Floats, Codes]:
    """The annual volatility at which Black-76 gives ``value``, and an IvReason for each element.

    All arguments broadcast, integers and single precision included; ``value`` in points, ``years``
    in years, ``call`` true or 1 for calls. NaN where the reason is not OK. An in-the-money price
    carries only the digits of its time value that survive subtracting the intrinsic value: feed
    out-of-the-money quotes where both exist.
    """
    terms = np.broadcast_arrays(
        *(np.asarray(a, np.float64) for a in (value, forward, strike, years, discount)),
        signs(call),
    )
    if terms[0].size <= BLOCK:
        return _invert(*terms)
    flat = [term.ravel() for term in terms]
    vol, reason = np.empty(flat[0].size), np.empty(flat[0].size, np.int8)
    for start in range(0, vol.size, BLOCK):
        cut = slice(start, start + BLOCK)
        vol[cut], reason[cut] = _invert(*(term[cut] for term in flat))
    return vol.reshape(terms[0].shape), reason.reshape(terms[0].shape)


def _invert(
    v: Floats, f: Floats, k: Floats, t: Floats, d: Floats, side: Floats
) -> tuple[Floats, Codes]:
    call = side > 0
    reason = np.zeros(v.shape, np.int8)
    vol = np.full(v.shape, np.nan)
    with np.errstate(all="ignore"):
        undiscounted = v / d
        time_value = undiscounted - np.maximum(np.where(call, f - k, k - f), 0.0)
        reason[undiscounted >= np.where(call, f, k)] = IvReason.ABOVE_BOUND
        reason[time_value <= 0] = IvReason.BELOW_INTRINSIC
        positive = (f > 0) & (k > 0) & (t > 0) & (d > 0)
        finite = np.isfinite(v) & np.isfinite(f + k + side) & np.isfinite(t + d)
        reason[~(positive & finite)] = IvReason.BAD_INPUT
        ok = reason == IvReason.OK
        fo, ko = f[ok], k[ok]
        x = -np.abs(np.log(fo / ko))
        total, converged = total_vol(x, time_value[ok] / (np.sqrt(fo) * np.sqrt(ko)))
        vol[ok] = np.where(converged, total / np.sqrt(t[ok]), np.nan)
    reason[ok] = np.where(converged, IvReason.OK, IvReason.NOT_CONVERGED)
    return vol, reason


def signs(call: ArrayLike) -> Floats:
    """1 for calls, -1 for puts, NaN where ``call`` is NaN or missing."""
    given = np.asarray(call)
    if given.dtype != np.bool_:
        number = np.asarray(given, np.float64)
        return np.where(np.isnan(number), np.nan, np.where(number != 0, 1.0, -1.0))
    return np.where(given, 1.0, -1.0)


def total_vol(x: Floats, beta: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Solve b(x, s) = beta for s, elementwise. ``x`` <= 0, 0 < ``beta`` < exp(x/2); both of one
    shape (n,).

    Returns (s, converged); never converged below 1e-290 or further out than e^100.
    """
    b_max = np.exp(0.5 * x)
    s, zone = _start(x, beta, b_max)
    low, high = np.zeros_like(s), np.full_like(s, np.inf)
    done = np.zeros(s.shape, np.bool_)
    active = np.arange(len(s))
    for _ in range(_ROUNDS_MAX):
        sa, xa = s[active], x[active]
        step, below = _step(xa, beta[active], b_max[active], sa, zone[active])
        low[active] = np.where(below, sa, low[active])
        high[active] = np.where(below, high[active], sa)
        moved = sa + step
        lo, hi = low[active], high[active]
        outside = ~((moved >= lo) & (moved <= hi))  # also true for NaN
        moved = np.where(outside, np.where(np.isinf(hi), 2.0 * sa, 0.5 * (lo + hi)), moved)
        s[active] = moved
        # A fourth-order step of relative size 1e-4 leaves an error of about 1e-16.
        finished = np.abs(moved - sa) <= 1e-4 * sa
        finished &= ~outside | (np.abs(moved - sa) <= 1e-15 * sa)
        done[active] = finished
        active = active[~finished]
        if not len(active):
            break
    done &= (beta >= _TINIEST) & (x >= _FARTHEST)
    return s, done


def _start(x: Floats, beta: Floats, b_max: Floats) -> tuple[Floats, Codes]:
    """First guesses and the zone of each price: -1 tiny (solve 1/ln b), 0 middle (b), 1 large (ln).

    For small s the problem tends to Bachelier's, y/s = h with y = 2 sinh(|x|/2) and a
    one-dimensional inverse that is tabulated once; s = (|x|/h) (1 + s^2/24) then restores the
    leading lognormal term.
    """
    ax = np.maximum(-x, 1e-12)
    log_ratio = np.log(beta / (2.0 * np.sinh(0.5 * ax)))
    h = np.exp(np.interp(log_ratio, _LOG_RATIO, _LOG_H))
    s = ax / h
    s *= 1.0 + np.minimum(s * s, 4.0) / 24.0
    outside = np.flatnonzero((log_ratio > _LOG_RATIO[-1]) | (log_ratio < _LOG_RATIO[0]))
    if len(outside):  # at the money to 1e-4 of a deviation, or beyond 7.5 deviations
        at_money = _SQRT_2PI * (beta[outside] + 0.5 * ax[outside])
        far = ax[outside] / np.sqrt(-2.0 * np.minimum(log_ratio[outside], -1.0))
        s[outside] = np.where(log_ratio[outside] > 0, at_money, far)
    zone = np.where(h > 1.5, np.int8(-1), np.int8(0))

    large = np.flatnonzero(beta > 0.78 * b_max)  # b at s_u is at least this share of its bound
    if len(large):
        top = b_max[large]
        ratio = erfcx(np.sqrt(ax[large]))
        s_u = np.sqrt(2.0 * ax[large]) + 0.5 * _SQRT_2PI * (
            1.0 + ratio
        )  # s_c + (b_max - b_c) / b'(s_c)
        scale = ndtr(-0.5 * s_u) / (top - _b(x[large], s_u))
        s[large] = -2.0 * ndtri(np.minimum((top - beta[large]) * scale, 0.4))
        zone[large] = 1
    return s, zone


def _bachelier_table() -> tuple[Floats, Floats]:
    """ln(phi(h)/h - N(-h)) ascending, and ln h, for h from 1e-4 to 7.5."""
    h = np.exp(np.linspace(np.log(7.5), np.log(1e-4), 1024))
    mills = np.sqrt(np.pi / 2.0) * erfcx(h / _SQRT_2)  # N(-h) / phi(h)
    return np.log(1.0 / h - mills) - 0.5 * h * h - np.log(_SQRT_2PI), np.log(h)


_LOG_RATIO, _LOG_H = _bachelier_table()


def _b(x: Floats, s: Floats) -> Floats:
    h, tau = x / s, 0.5 * s
    scale = 0.5 * np.exp(-0.5 * (h * h + tau * tau))
    return scale * (erfcx(-(h + tau) / _SQRT_2) - erfcx((tau - h) / _SQRT_2))


def _step(
    x: Floats, beta: Floats, b_max: Floats, s: Floats, zone: Codes
) -> tuple[Floats, NDArray[np.bool_]]:
    """One Householder step of third order, and whether b(s) is still below its target."""
    h, tau = x / s, 0.5 * s
    density = np.exp(-0.5 * (h * h + tau * tau))
    b = 0.5 * density * (erfcx(-(h + tau) / _SQRT_2) - erfcx((tau - h) / _SQRT_2))
    slope = density / _SQRT_2PI
    second = h * h / s - 0.25 * s  # b''/b'
    third = second * second - 3.0 * (h / s) ** 2 - 0.25  # b'''/b'
    newton = (beta - b) / slope
    halley, householder = second.copy(), third.copy()

    i = np.flatnonzero(zone < 0)
    if len(i):
        log_b, log_beta, ratio = np.log(b[i]), np.log(beta[i]), slope[i] / b[i]
        newton[i] = (log_beta - log_b) * log_b / log_beta / ratio
        bend = 1.0 + 2.0 / log_b
        halley[i] = second[i] - ratio * bend
        curve = 2.0 * ratio * ratio * (1.0 + 3.0 / log_b * (1.0 + 1.0 / log_b))
        householder[i] = third[i] + curve - 3.0 * second[i] * ratio * bend
    i = np.flatnonzero(zone > 0)
    if len(i):
        rest = b_max[i] - b[i]
        ratio = slope[i] / rest
        newton[i] = -np.log((b_max[i] - beta[i]) / rest) / ratio
        halley[i] = second[i] + ratio
        householder[i] = third[i] + 3.0 * ratio * second[i] + 2.0 * ratio * ratio
    factor = (1.0 + 0.5 * halley * newton) / (1.0 + newton * (halley + newton * householder / 6.0))
    step = newton * np.where(factor > 0, factor, 1.0)
    return step, b < beta
