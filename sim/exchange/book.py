"""Option quotes, whole watchlists at once: model value, greeks, and the market maker's two sides
around it.

Everything that does not change while the same contracts are watched is laid out once as arrays.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from math import isnan
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from domain.instruments import Right
from domain.pricing import Greeks, greeks, implied_vol, price
from sim.exchange.listings import OptionKey
from sim.exchange.quotes import NO_QUOTE, MarketQuote
from sim.exchange.surface import VIX_SMILE, carry, spx_slices, vix_option_theta
from sim.exchange.tape import State
from sim.exchange.widths import spx_half, vix_half

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
_YEAR_S = 365 * 86400.0
_THIN_ABOVE_VIX = 25.0  # above it, a quarter of the size is shown


@dataclass(frozen=True, slots=True)
class OptionPlan:
    """A watchlist of options as arrays. ``series`` points each option at its expiry's row."""

    con_ids: NDArray[np.int64]
    strike: Floats
    call: NDArray[np.bool_]
    sign: Floats
    vix: NDArray[np.bool_]
    series: NDArray[np.int64]
    series_vix: NDArray[np.bool_]
    series_settle: Floats
    stop: Floats  # when each option's last quote is shown


@dataclass(frozen=True, slots=True)
class OptionValues:
    """Model values in the order of the plan; NaN where the series has expired."""

    price: Floats
    otm: Floats  # value of the option of the same strike that is out of the money
    vol: Floats
    years: Floats
    forward: Floats
    discount: Floats
    delta: Floats
    gamma: Floats
    vega: Floats
    theta: Floats
    underlying: Floats


def plan_options(
    con_ids: Sequence[int],
    keys: Sequence[OptionKey],
    settles: Sequence[float],
    stops: Sequence[float],
) -> OptionPlan:
    """Lay out options; ``settles`` and ``stops`` are epoch seconds of final value and of the last
    quote.
    """
    rows: dict[tuple[bool, float], int] = {}
    series = [
        rows.setdefault((key.trading_class == "VIX", settle), len(rows))
        for key, settle in zip(keys, settles, strict=True)
    ]
    call = np.array([key.right is Right.CALL for key in keys], np.bool_)
    return OptionPlan(
        con_ids=np.array(con_ids, np.int64),
        strike=np.array([key.strike for key in keys], np.float64),
        call=call,
        sign=np.where(call, 1.0, -1.0),
        vix=np.array([key.trading_class == "VIX" for key in keys], np.bool_),
        series=np.array(series, np.int64),
        series_vix=np.array([row[0] for row in rows], np.bool_),
        series_settle=np.array([row[1] for row in rows], np.float64),
        stop=np.array(stops, np.float64),
    )


def value_options(plan: OptionPlan, state: State, *, slopes: bool = True) -> OptionValues:
    """Black-76 on each expiry's own forward with the surface's volatility; without ``slopes`` the
    greeks are NaN, which costs less.
    """
    years_s = (plan.series_settle - state.ts) / _YEAR_S
    alive = years_s > 0
    years_s = np.where(alive, years_s, 1e-9)
    on_vix = plan.series_vix
    forward_s = np.where(
        on_vix, state.futures(plan.series_settle), state.spx * carry(state.rate, years_s)
    )
    theta_spx, smile = spx_slices(years_s, state.term(), state.skew)
    theta_s = np.where(on_vix, vix_option_theta(years_s, state.vvix), theta_spx)
    discount_s = np.exp(-state.rate * years_s)
    row = plan.series
    forward, theta, discount, years = forward_s[row], theta_s[row], discount_s[row], years_s[row]
    x = np.log(plan.strike / forward) / np.sqrt(theta)
    ratio = np.where(plan.vix, VIX_SMILE.variance_ratio(x), smile.of(row).variance_ratio(x))
    vol = np.sqrt(theta * np.maximum(ratio, 1e-4) / years)
    outside = plan.strike >= forward  # the call is out of the money, so price it, else the put
    otm = np.maximum(price(forward, plan.strike, years, vol, outside, discount), 0.0)
    value = otm + discount * np.maximum(plan.sign * (forward - plan.strike), 0.0)
    found = Greeks(*(np.full(vol.shape, np.nan),) * 6)
    if slopes:
        found = greeks(forward, plan.strike, years, vol, plan.call, discount)
    to_spot = np.where(plan.vix, 1.0, forward / state.spx)
    return OptionValues(
        price=np.where(alive[row], value, np.nan),
        otm=otm,
        vol=vol,
        years=years,
        forward=forward,
        discount=discount,
        delta=found.delta * to_spot,
        gamma=found.gamma * to_spot * to_spot,
        vega=found.vega / 100,
        theta=found.theta / 365,
        underlying=np.where(plan.vix, forward, state.spx),
    )


def two_sided(plan: OptionPlan, values: OptionValues, vix: float) -> tuple[Floats, Floats]:
    """Bid and ask on the tick grid; NaN for a side that nobody shows.

    Widths grow with the root of the value out of the money, with intrinsic value and with stress.
    """
    intrinsic = np.maximum(values.price - values.otm, 0.0)
    half = spx_half(values.otm, intrinsic, vix)
    if plan.vix.any():
        deviation = values.vol * np.sqrt(values.years)
        on_vix = vix_half(values.otm, intrinsic, deviation, values.forward, vix)
        half = np.where(plan.vix, on_vix, half)
    fine = np.where(plan.vix, 0.01, 0.05)
    coarse = np.where(plan.vix, 0.05, 0.10)
    bid = _on_grid(values.price - half, fine, coarse, np.floor)
    ask = _on_grid(values.price + half, fine, coarse, np.ceil)
    # A bid of one tick stays as long as the option is worth more than one and a half.
    bid = np.where((bid < fine) & (values.price >= 1.5 * fine), fine, bid)
    ask = np.maximum(ask, np.where(np.isnan(ask), ask, np.maximum(bid, 0.0) + fine))
    ask = np.where((ask > 3.0) & ~np.isnan(ask), _on_grid(ask, fine, coarse, np.ceil), ask)
    return np.where(bid < fine, np.nan, bid), ask


def vix_stress(vix: float) -> float:
    """How many times the calm width the futures on VIX show at a VIX level."""
    return min(max(1.0, vix / 16.0), 4.0)


def _on_grid(prices: Floats, fine: Floats, coarse: Floats, rounding: np.ufunc) -> Floats:
    """Prices on the exchange's grid: ``fine`` below 3.00, ``coarse`` from there."""
    tick = np.where(prices < 3.0, fine, coarse)
    return np.asarray(np.round(rounding(np.round(prices / tick, 6)) * tick, 2))


def option_quotes(
    plan: OptionPlan, state: State, marks: Floats, closes: Floats, *, vols: bool = True
) -> list[MarketQuote]:
    """Quotes in the order of the plan; empty past a series' last quote.

    ``marks`` are the prices of the last trades, ``closes`` those of the previous session's end.
    Without ``vols`` there are neither volatilities of the two sides nor greeks.
    """
    values = value_options(plan, state, slopes=vols)
    bid, ask = two_sided(plan, values, state.vix)
    bid_size, ask_size, volume = _activity(plan, state)
    none = repeat(None)
    iv_bid, iv_ask = map(_plain, _quoted_vols(plan, values, bid, ask)) if vols else (none, none)
    slopes = (values.delta, values.gamma, values.vega, values.theta)
    rows = zip(
        _plain(bid), _plain(ask), np.where(np.isnan(bid), 0, bid_size).tolist(), ask_size.tolist(),
        _plain(marks), repeat(1), volume.tolist(), none, none, none, _plain(closes),
        iv_bid, iv_ask, values.vol.tolist(),
        *(slope.tolist() if vols else none for slope in slopes),
        values.price.tolist(), values.underlying.tolist(), repeat(False),
    )  # fmt: skip
    dead = np.isnan(values.price) | (state.ts > plan.stop)
    quotes = [MarketQuote._make(row) for row, _ in zip(rows, plan.con_ids, strict=False)]
    for i in np.flatnonzero(dead).tolist():
        quotes[i] = NO_QUOTE
    return quotes


def _quoted_vols(
    plan: OptionPlan, values: OptionValues, bid: Floats, ask: Floats
) -> tuple[Floats, Floats]:
    """Implied volatilities of both sides; NaN for a side that is missing or has no time value."""
    vols, _ = implied_vol(
        np.stack([bid, ask]),
        values.forward,
        plan.strike,
        values.years,
        plan.call,
        values.discount,
    )
    return vols[0], vols[1]


def _activity(plan: OptionPlan, state: State) -> tuple[Integers, Integers, Integers]:
    """Sizes at the touch and the day's volume: pseudo-random per contract and quarter-hour."""
    bits = _mixed(plan.con_ids, int(state.ts // 900))
    bid_size, ask_size = 5 + bits % 150, 5 + (bits >> 9) % 150
    if state.vix > _THIN_ABOVE_VIX:
        bid_size, ask_size = (bid_size + 3) // 4, (ask_size + 3) // 4
    daily = _mixed(plan.con_ids, state.position) % 400
    return bid_size, ask_size, (daily * state.spent).astype(np.int64)


def _mixed(con_ids: Integers, salt: int) -> Integers:
    """Well-spread non-negative integers from ids and a salt (multiplicative hashing)."""
    mixed = (con_ids * 2654435761 + salt * 40503 * 65537) & 0xFFFFFFFF
    mixed = ((mixed ^ (mixed >> 15)) * 2246822519) & 0xFFFFFFFF
    return np.asarray(mixed ^ (mixed >> 13), np.int64)


def _plain(column: Floats) -> list[float | None]:
    """A column as Python values with None for NaN."""
    return [None if isnan(value) else value for value in column.tolist()]
