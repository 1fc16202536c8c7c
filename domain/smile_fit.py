"""The volatility smile of one expiry, free of butterflies and of calendar arbitrage against an
earlier expiry.

SVI in total variance, weighted by bid and ask, gives the shape; a positive density around it (see
``density``) then follows the quotes as closely as their spreads deserve. Too thin a chain gets a
monotone interpolation, and the fit says so. Quotes are of out-of-the-money options, in points.
"""

from dataclasses import dataclass, replace
from datetime import date
from enum import IntEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.density import Density, kernel_prices, layout, project, put_prices
from domain.interpolation import Interpolation, interpolate
from domain.pricing import Floats, implied_vol, price
from domain.quadratic import Program, solve
from domain.smile_bounds import MARGIN, Ceiling, at_least, at_most
from domain.svi import Svi, fit_svi

Curve: TypeAlias = Density | Interpolation

MIN_QUOTES = 7  # fewer usable quotes, or only one side of the money, make a chain thin
_LOW, _HIGH = -14.0, 8.0  # deviations beyond which quotes are not used
_SMOOTH = 10.0  # weight of the second differences of density over prior
_CAP = 4.0  # errors beyond which a quote is held to be broken and loses weight
_SHAPE_ERROR = 0.005  # of total variance: SVI is a shape here, not a fit to the last tick
_SECOND = np.diff(np.eye(layout(1.0)[0].size), 2, axis=0)
_CURVATURE = _SMOOTH * _SECOND.T @ _SECOND + 1e-9 * np.eye(_SECOND.shape[1])


class SmileReason(IntEnum):
    """How a smile came about."""

    OK = 0
    THIN = 1  # interpolated: too few quotes for a fit; may hold arbitrage
    CARRIED = 2  # no fit above the earlier expiry: its density, slightly wider, stands in
    NO_QUOTES = 3  # no smile at all
    BAD_INPUT = 4  # no smile: forward, discount or years not positive


class QuoteReason(IntEnum):
    """Why a quote did not take part in the fit; OK where it did."""

    OK = 0
    BAD_INPUT = 1  # NaN, negative, or a non-positive strike
    NOT_TWO_SIDED = 2  # no bid or no ask
    CROSSED = 3
    IN_THE_MONEY = 4
    NO_VOLATILITY = 5  # the mid lies above the bound of its option
    OUT_OF_RANGE = 6  # more than 14 deviations below or 8 above the forward


@dataclass(frozen=True, slots=True)
class Smile:
    """A fitted smile. ``deviation`` is the at-the-money vol * sqrt(years) of the quotes."""

    forward: float
    discount: float
    years: float
    deviation: float
    curve: Curve
    svi: Svi | None
    reason: SmileReason

    def total_variance(self, k: ArrayLike) -> Floats:
        """vol^2 * years at log-moneyness k = ln(K / F), any shape."""
        return self.curve.total_variance(k)

    def vol(self, strike: ArrayLike) -> Floats:
        """Volatility per strike, any shape; NaN for a non-positive strike and so far out that no
        option has a price left.
        """
        k = np.asarray(strike, np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.sqrt(self.total_variance(np.log(k / self.forward)) / self.years)

    def price(self, strike: ArrayLike, call: ArrayLike) -> Floats:
        """Discounted option value in points, any shape."""
        k = np.asarray(strike, np.float64)
        return price(self.forward, k, self.years, self.vol(k), call, self.discount)

    def moved_to(self, forward: float) -> "Smile":
        """The same smile in moneyness around another forward (sticky moneyness)."""
        return replace(self, forward=forward)


@dataclass(frozen=True, slots=True)
class LastSmile:
    """Of which expiration a smile was fitted, and in which session: no other one starts from it."""

    expiration: date
    on: date
    smile: Smile


@dataclass(frozen=True, slots=True)
class SmileFit:
    """``smile`` is None when ``reason`` says so. Arrays have the shape of the quotes.

    ``residual`` is mid less model in half-spreads, NaN where ``quotes`` is not OK; the most
    negative is the cheapest. ``rounds`` counts iterations of the quadratic program.
    """

    smile: Smile | None
    reason: SmileReason
    quotes: NDArray[np.int8]
    residual: Floats
    rounds: int = 0


@dataclass(frozen=True, slots=True)
class _Usable:
    """Quotes that take part, sorted by strike, prices per unit of discounted forward."""

    k: Floats
    mid: Floats
    error: Floats


def fit_smile(
    strike: ArrayLike,
    bid: ArrayLike,
    ask: ArrayLike,
    call: ArrayLike,
    forward: float,
    discount: float,
    years: float,
    *,
    tick: ArrayLike = 0.05,
    earlier: Smile | None = None,
    ceiling: Ceiling | None = None,
    warm: Smile | None = None,
) -> SmileFit:
    """Fit one expiry. Quote arrays have shape (n,); ``tick`` (points) broadcasts to them.

    The error of a quote is its half-spread plus a tick. ``earlier`` is the fitted smile of the
    expiry before, which this one may not undercut at equal moneyness; ``ceiling`` are prices of
    later expiries it should not exceed. ``warm`` is the last fit of this expiry: its shape replaces
    the SVI step, which halves the time.
    """
    k, b, a, c, t = np.broadcast_arrays(
        *(np.atleast_1d(np.asarray(v, np.float64)) for v in (strike, bid, ask, call, tick))
    )
    reason = quote_reasons(k, b, a, c > 0, forward, discount)
    residual = np.full(k.shape, np.nan)
    if not (0 < forward < np.inf and 0 < discount < np.inf and 0 < years < np.inf):
        return SmileFit(None, SmileReason.BAD_INPUT, reason, residual)
    unit = discount * forward
    with np.errstate(invalid="ignore", divide="ignore"):
        x = np.log(k / forward)
        mid, half = 0.5 * (a + b) / unit, 0.5 * (a - b) / unit
        deviation = _at_the_money(x, mid, reason)
        outside = (x < _LOW * deviation) | (x > _HIGH * deviation)
    reason[(reason == QuoteReason.OK) & outside] = QuoteReason.OUT_OF_RANGE
    order = np.flatnonzero(reason == QuoteReason.OK)
    if order.size == 0 or not np.isfinite(deviation):
        return SmileFit(None, SmileReason.NO_QUOTES, reason, residual)
    order = order[np.argsort(x[order], kind="stable")]
    quotes = _Usable(x[order], mid[order], half[order] + t[order] / unit)
    curve, svi, why, rounds = _curve(quotes, deviation, earlier, ceiling, warm)
    smallest = 0.5 * t[order] / unit
    residual[order] = (quotes.mid - curve.otm(quotes.k)) / np.maximum(half[order], smallest)
    smile = Smile(forward, discount, years, deviation, curve, svi, why)
    return SmileFit(smile, why, reason, residual, rounds)


def quote_reasons(
    strike: Floats,
    bid: Floats,
    ask: Floats,
    call: NDArray[np.bool_],
    forward: float,
    discount: float,
) -> NDArray[np.int8]:
    """A QuoteReason per quote, all arrays (n,); the range is judged later, by the fit."""
    with np.errstate(invalid="ignore"):
        mid = 0.5 * (bid + ask)
        reason = np.zeros(strike.shape, np.int8)
        reason[mid >= discount * np.where(call, forward, strike)] = QuoteReason.NO_VOLATILITY
        reason[np.where(call, strike < forward, strike >= forward)] = QuoteReason.IN_THE_MONEY
        reason[bid > ask] = QuoteReason.CROSSED
        reason[(bid == 0) | (ask == 0)] = QuoteReason.NOT_TWO_SIDED
        sane = (strike > 0) & (bid >= 0) & (ask >= 0) & np.isfinite(strike + bid + ask)
    reason[~sane] = QuoteReason.BAD_INPUT
    return reason


def _at_the_money(x: Floats, mid: Floats, reason: NDArray[np.int8]) -> float:
    """Total deviation at the forward from the four quotes nearest to it; NaN without any."""
    ok = np.flatnonzero(reason == QuoteReason.OK)
    near = ok[np.argsort(np.abs(x[ok]), kind="stable")[:4]]
    near = near[np.argsort(x[near], kind="stable")]
    total, why = implied_vol(mid[near], 1.0, np.exp(x[near]), 1.0, x[near] >= 0)
    near, total = near[why == 0], total[why == 0]
    return float(np.interp(0.0, x[near], total)) if near.size else float("nan")


def _curve(
    quotes: _Usable,
    deviation: float,
    earlier: Smile | None,
    ceiling: Ceiling | None,
    warm: Smile | None,
) -> tuple[Curve, Svi | None, SmileReason, int]:
    if quotes.k.size < MIN_QUOTES or quotes.k[0] >= 0 or quotes.k[-1] <= 0:
        return _interpolated(quotes), None, SmileReason.THIN, 0
    below = earlier.curve if earlier is not None and isinstance(earlier.curve, Density) else None
    if below is not None:  # kernels no narrower than those of the floor, or it cannot be met
        deviation = max(deviation, below.deviation)
    centre, width = layout(deviation)
    if warm is not None and isinstance(warm.curve, Density):
        svi, prior, start = warm.svi, warm.curve.prior, warm.curve.weight / warm.curve.prior
    else:
        svi = _shape(quotes)
        prior = _prior(svi, deviation, centre, below)
        start = np.ones(centre.size)
    density, rounds = _density(quotes, Density(centre, width, start * prior, prior), below, ceiling)
    if density is not None:
        return density, svi, SmileReason.OK, rounds
    if below is not None:
        return below.widened(MARGIN), svi, SmileReason.CARRIED, rounds
    return _interpolated(quotes), None, SmileReason.THIN, rounds


def _density(
    quotes: _Usable,
    start: Density,
    below: Density | None,
    ceiling: Ceiling | None,
) -> tuple[Density | None, int]:
    """The best weights of the kernels of ``start``; None when the program finds none.

    The floor is a promise, the ceiling a help: it is dropped when both cannot be had.
    """
    basis = kernel_prices(quotes.k, start.centre, start.width) * start.prior
    program = _program(basis, quotes.mid, quotes.error, start)
    if below is not None:
        program = at_least(program, below, start)
    floored = program
    if ceiling is not None:
        program = at_most(program, ceiling, below, start)
    solution = solve(program, start.weight / start.prior)
    rounds = solution.rounds
    if not solution.converged and ceiling is not None:
        program = floored
        solution = solve(program, start.weight / start.prior)
        rounds += solution.rounds
    misfit = np.abs(basis @ solution.u - quotes.mid) / quotes.error
    if solution.converged and np.max(misfit) > _CAP:
        doubtful = quotes.error * np.maximum(1.0, misfit / _CAP)
        again = _program(basis, quotes.mid, doubtful, start)
        again = replace(again, above=program.above, floor=program.floor)
        solution = solve(again, solution.u)
        rounds += solution.rounds
    if not solution.converged:
        return None, rounds
    return replace(start, weight=solution.u * start.prior), rounds


def _program(basis: Floats, mid: Floats, error: Floats, start: Density) -> Program:
    """Squared errors of the quotes plus roughness of u = weight / prior; weight one, mean one."""
    rows = basis / error[:, None]
    prior = start.prior
    return Program(
        rows.T @ rows + _CURVATURE,
        rows.T @ (mid / error),
        np.stack([prior, prior * (np.exp(start.centre) - 1.0)]),
        np.array([1.0, 0.0]),
        np.zeros((0, prior.size)),
        np.zeros(0),
    )


def _interpolated(quotes: _Usable) -> Interpolation:
    total, why = implied_vol(quotes.mid, 1.0, np.exp(quotes.k), 1.0, quotes.k >= 0)
    k, first = np.unique(quotes.k[why == 0], return_index=True)
    return interpolate(k, total[why == 0][first] ** 2)


def _shape(quotes: _Usable) -> Svi | None:
    """SVI through the quotes; its errors are those of the prices, carried over by vega."""
    total, why = implied_vol(quotes.mid, 1.0, np.exp(quotes.k), 1.0, quotes.k >= 0)
    d1 = -quotes.k / total + 0.5 * total
    vega = np.exp(-0.5 * d1 * d1) / np.sqrt(2.0 * np.pi)
    with np.errstate(divide="ignore"):
        error = np.hypot(2.0 * total * quotes.error / vega, _SHAPE_ERROR * total * total)
    return fit_svi(quotes.k, np.where(why == 0, total * total, np.nan), error).svi


def _prior(svi: Svi | None, deviation: float, centre: Floats, below: Density | None) -> Floats:
    """Weights near the density of the SVI slice, never far below those of the earlier expiry, so
    that the program need not build a tail from nothing.
    """
    flat = np.full(centre.shape, deviation * deviation)
    variance = svi.total_variance(centre) if svi else flat
    strike = np.exp(centre)
    prior = project(put_prices(variance, centre), strike)
    if below is not None:
        prior = np.maximum(prior, 0.5 * project(below.put(centre), strike))
    return np.asarray(prior / prior.sum(), np.float64)
