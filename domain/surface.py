"""All expiries of one underlying together: fitted from short to long so that none undercuts the one
before, and the tests for arbitrage that any surface can be held to.

Decides the order of the fits and what the later quotes say about an earlier expiry. Not for VIX
options: each of their expiries is on a forward of its own, so ``fit_smile`` alone is right for
them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from domain.density import Density
from domain.pricing import Floats, price
from domain.smile_bounds import Ceiling
from domain.smile_fit import QuoteReason, Smile, SmileFit, fit_smile, quote_reasons

_LATER = 8  # this many later expiries are consulted for a ceiling


@dataclass(frozen=True, slots=True)
class Strip:
    """The out-of-the-money quotes of one expiry: arrays (n,) by increasing strike, in points."""

    strike: Floats
    bid: Floats
    ask: Floats
    call: Floats
    tick: Floats
    forward: float
    discount: float
    years: float


@dataclass(frozen=True, slots=True)
class ArbitrageCheck:
    """Worst findings on a grid; negative means arbitrage.

    ``butterfly`` is the smallest second difference of undiscounted calls in strike times the
    strike step, per unit of forward (a probability); ``calendar`` the smallest relative increase of
    total variance over the earlier smile at equal moneyness (inf without one); ``gaps`` counts grid
    points without a volatility.
    """

    butterfly: float
    calendar: float
    gaps: int


def strip(
    strike: ArrayLike,
    call_bid: ArrayLike,
    call_ask: ArrayLike,
    put_bid: ArrayLike,
    put_ask: ArrayLike,
    forward: float,
    discount: float,
    years: float,
    tick: ArrayLike = 0.05,
) -> Strip:
    """Picks the put below the forward and the call from it up, at each strike (n,)."""
    k, cb, ca, pb, pa, t = np.broadcast_arrays(
        *(
            np.atleast_1d(np.asarray(v, np.float64))
            for v in (strike, call_bid, call_ask, put_bid, put_ask, tick)
        )
    )
    order = np.argsort(k, kind="stable")
    call = k >= forward
    bid, ask = np.where(call, cb, pb), np.where(call, ca, pa)
    return Strip(
        k[order],
        bid[order],
        ask[order],
        call[order].astype(np.float64),
        t[order],
        forward,
        discount,
        years,
    )


def fit_surface(
    strips: Sequence[Strip],
    warm: Sequence[Smile | None] | None = None,
) -> list[SmileFit]:
    """Fit expiries in order of increasing ``years`` (ValueError otherwise), each above the last.

    ``warm`` are the last fits, one per strip. A strip without a fit, or a thin
    one, does not bind those after it.
    """
    if any(a.years > b.years for a, b in pairwise(strips)):
        raise ValueError("strips must come in order of increasing years")
    fits: list[SmileFit] = []
    asks = [_asks(one) for one in strips]
    earlier: Smile | None = None
    for i, one in enumerate(strips):
        top = _joined(asks[i + 1 : i + 1 + _LATER])
        fit = fit_strip(one, earlier, top, warm[i] if warm else None)
        fits.append(fit)
        if fit.smile is not None and isinstance(fit.smile.curve, Density):
            earlier = fit.smile
    return fits


def fit_strip(
    one: Strip, earlier: Smile | None = None, top: Ceiling | None = None, warm: Smile | None = None
) -> SmileFit:
    """``fit_smile`` of one strip: alone, or between an earlier smile and a ceiling."""
    return fit_smile(
        one.strike,
        one.bid,
        one.ask,
        one.call,
        one.forward,
        one.discount,
        one.years,
        tick=one.tick,
        earlier=earlier,
        ceiling=top,
        warm=warm,
    )


def ceiling(later: Sequence[Strip]) -> Ceiling | None:
    """What the asks of later expiries, a tick higher, allow an earlier one to be worth."""
    return _joined([_asks(one) for one in later])


def _asks(one: Strip) -> Ceiling:
    """An ask counts as the median of itself and its neighbours, if that is higher, so that one
    stale quote cannot pull down every earlier expiry.
    """
    reason = quote_reasons(one.strike, one.bid, one.ask, one.call > 0, one.forward, one.discount)
    ok = reason == QuoteReason.OK
    moneyness, ask = np.log(one.strike[ok] / one.forward), (one.ask + one.tick)[ok]
    if ask.size < 3:
        return Ceiling(np.zeros(0), np.zeros(0))
    left, at, right = ask[:-2], ask[1:-1], ask[2:]
    middle = np.maximum(np.minimum(left, at), np.minimum(np.maximum(left, at), right))
    return Ceiling(moneyness[1:-1], np.maximum(at, middle) / (one.forward * one.discount))


def _joined(parts: Sequence[Ceiling]) -> Ceiling | None:
    if not any(part.k.size for part in parts):
        return None
    return Ceiling(
        np.concatenate([part.k for part in parts]), np.concatenate([part.price for part in parts])
    )


def check_arbitrage(
    smile: Smile,
    earlier: Smile | None = None,
    deviations: ArrayLike | None = None,
) -> ArbitrageCheck:
    """Look for arbitrage on a dense grid of deviations (default -8 to 5 by 0.025)."""
    x = np.linspace(-8.0, 5.0, 521) if deviations is None else np.asarray(deviations, np.float64)
    k = x * smile.deviation
    variance = smile.total_variance(k)
    calls = price(1.0, np.exp(k), 1.0, np.sqrt(variance), True)
    slopes = np.diff(calls) / np.diff(np.exp(k))
    bends = np.diff(np.concatenate([[-1.0], slopes, [0.0]]))
    rise = np.inf
    if earlier is not None:
        before = earlier.total_variance(x * earlier.deviation)
        rise = float(np.min(smile.total_variance(x * earlier.deviation) / before - 1.0))
    return ArbitrageCheck(float(np.min(bends)), rise, int(np.count_nonzero(np.isnan(variance))))


def touch_arbitrage(
    strike: ArrayLike, call_bid: ArrayLike, call_ask: ArrayLike
) -> tuple[float, float]:
    """What the worst (vertical, butterfly) costs at the touch, in points; negative is free money.

    Calls (n,) of one expiry by increasing strike, prices in points. A vertical buys the lower
    strike and sells the higher; a butterfly buys the outer two, weighted by the strikes' distance,
    and sells the middle. Quotes that are NaN are left out; inf with too few of them.
    """
    k, b, a = (np.atleast_1d(np.asarray(v, np.float64)) for v in (strike, call_bid, call_ask))
    good = np.isfinite(k + b + a)
    k, b, a = k[good], b[good], a[good]
    if k.size < 3:
        return (np.inf, np.inf) if k.size < 2 else (float(a[0] - b[1]), np.inf)
    left = (k[2:] - k[1:-1]) / (k[2:] - k[:-2])
    fly = left * a[:-2] + (1.0 - left) * a[2:] - b[1:-1]
    return float(np.min(a[:-1] - b[1:])), float(np.min(fly))
