"""What the capital costs and earns: WACC, internal rates, price to cash, turnover, drawdown.

From recorded sessions only. A year has 365 calendar days here, because collateral is tied up on
every one of them.
"""

from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby, pairwise

import numpy as np

from domain.orders import HEDGE_LAYERS, Layer
from domain.record import DayMark, Record
from engine.kpi.figure import Figure
from engine.kpi.statistics import (
    below_peak,
    drawdown_at_risk,
    internal_rate,
    mean_under_water,
    ulcer_index,
)

_YEAR = 365.0
_CASH_DAYS = 30
_QUARTER, _SEASON = 63, 120  # sessions
_MONTHS_NEEDED = 12
_ALL = (Layer.CONDOR, *HEDGE_LAYERS)


def capital_figures(record: Record) -> tuple[Figure, ...]:
    days = record.days
    return (
        wacc(days),
        *internal_rates(days),
        price_to_cash(days),
        turnover(days),
        *drawdowns(days),
    )


def total(day: DayMark, layers: Sequence[Layer]) -> float | None:
    """Result of ``layers`` since the first day; None when one of them could not be marked."""
    results = [day.layers[layer.value].result for layer in layers if layer.value in day.layers]
    known = [result for result in results if result is not None]
    return sum(known) if len(known) == len(results) else None


def wacc(days: Sequence[DayMark]) -> Figure:
    """S30: (hedge bleed + commissions + financing) / mean(margin + hedge at bid), a year.

    Bleed is what the hedge lost before fees, 0 when it gained. Financing is 0 while cash is not
    negative; interest on borrowed cash is not delivered, so a session with some makes it unknown.
    Margin is the broker's, or the maximum loss of the condors where the broker gave none.
    """
    name, row, unit, need = "wacc", "S30", "share of collateral a year", _QUARTER
    if len(days) < 2 or any((day.cash or 0.0) < 0 for day in days):
        return Figure(name, row, unit, None, "two sessions needed, none with borrowed cash")
    first, last = total(days[0], HEDGE_LAYERS), total(days[-1], HEDGE_LAYERS)
    tied = [
        (day.at_risk if day.margin is None else day.margin) + day.hedge_value
        for day in days
        if day.hedge_value is not None
    ]
    years = (days[-1].on - days[0].on).days / _YEAR
    if first is None or last is None or not tied or sum(tied) <= 0:
        return Figure(name, row, unit, None, "hedge not quoted at a close, or nothing tied up")
    charged = [_fees(days[0], _ALL), _fees(days[-1], _ALL)]
    hedge_fees = _fees(days[-1], HEDGE_LAYERS) - _fees(days[0], HEDGE_LAYERS)
    bleed = max(0.0, first - last - hedge_fees)
    cost = bleed + charged[1] - charged[0]
    value = cost / (sum(tied) / len(tied)) / years
    return Figure(name, row, unit, value, "bleed and fees over collateral", len(days), need)


def internal_rates(days: Sequence[DayMark]) -> tuple[Figure, ...]:
    """S32: volatility of monthly money-weighted rates, of both layers and of the condors alone."""
    found = []
    for name, layers in (("irr", _ALL), ("irr_condors_only", (Layer.CONDOR,))):
        rates = [rate for _, rate in monthly_rates(days, layers)]
        ended, unit = rates[:-1], "share a month"
        latest, seen = rates[-1] if rates else None, len(ended)
        spread = float(np.std(ended, ddof=1)) if seen > 1 else None
        missing = "no month yet with capital at work since the last session before it"
        text = missing if latest is None else "of the newest month so far"
        found.append(Figure(f"{name}_month", "S32", unit, latest, text, len(rates), 1))
        text = "two whole months needed" if spread is None else "standard deviation of whole months"
        found.append(Figure(f"{name}_volatility", "S32", unit, spread, text, seen, _MONTHS_NEEDED))
    return tuple(found)


def monthly_rates(
    days: Sequence[DayMark], layers: Sequence[Layer]
) -> list[tuple[tuple[int, int], float]]:
    """Money-weighted rate of each calendar month, from the last session before it to its last.

    Capital at work is the condors' maximum loss, and the hedge at its bid where hedge layers count.
    What it grows by beyond the day's result was put in at that close.
    """
    found = []
    for key, group in groupby(pairwise(days), key=lambda pair: (pair[1].on.year, pair[1].on.month)):
        pairs = list(group)
        if pairs[0][0].on.month == pairs[0][1].on.month:
            continue  # the record begins within this month
        at_work = [_at_work(pairs[0][0], layers), *(_at_work(new, layers) for _, new in pairs)]
        sums = [total(pairs[0][0], layers), *(total(new, layers) for _, new in pairs)]
        if None in at_work or None in sums:
            continue
        capital = [value for value in at_work if value is not None]
        results = np.diff([value for value in sums if value is not None])
        flows = [
            after - before - float(result)
            for (before, after), result in zip(pairwise(capital), results, strict=True)
        ]
        rate = internal_rate(capital[0], flows, capital[-1])
        if rate is not None:
            found.append((key, rate))
    return found


def price_to_cash(days: Sequence[DayMark]) -> Figure:
    """S37: hedge at the bid / net condor cash of the last 30 calendar days; high is dear."""
    name, row, unit = "price_to_cash", "S37", "multiple"
    if not days or days[-1].hedge_value is None:
        return Figure(name, row, unit, None, "hedge not quoted at the last close")
    since = days[-1].on - timedelta(days=_CASH_DAYS)
    earlier = [day for day in days if day.on <= since]
    started = earlier[-1].condor_cash if earlier else 0.0
    collected = days[-1].condor_cash - started
    age = (days[-1].on - days[0].on).days
    if collected <= 0:
        text = "no net cash from condors in 30 days"
        return Figure(name, row, unit, None, text, age, _CASH_DAYS)
    value = days[-1].hedge_value / collected
    return Figure(name, row, unit, value, "warn above 6, no adds above 12", age, _CASH_DAYS)


def turnover(days: Sequence[DayMark]) -> Figure:
    """S4: hedge premium bought and sold / mean net liquidation, a year."""
    name, row, unit = "hedge_turnover", "S4", "share of net liquidation a year"
    worth = [day.net_liquidation for day in days if day.net_liquidation]
    if len(days) < 2 or not worth:
        return Figure(name, row, unit, None, "two sessions with net liquidation needed")
    years = (days[-1].on - days[0].on).days / _YEAR
    traded = sum(day.hedge_traded for day in days[1:])
    value = traded / (sum(worth) / len(worth)) / years
    return Figure(name, row, unit, value, "premium bought and sold", len(days), _QUARTER)


def drawdowns(days: Sequence[DayMark]) -> tuple[Figure, ...]:
    """S12, of net liquidation at the closes."""
    worth = [day.net_liquidation for day in days if day.net_liquidation]
    seen, share = len(worth), "share of the peak"
    if seen < 2:
        text = "two sessions with net liquidation needed"
        return tuple(
            Figure(name, "S12", unit, None, text, seen, _SEASON)
            for name, unit in (
                ("ulcer_index", share),
                ("max_drawdown", share),
                ("drawdown_at_risk_95", share),
                ("time_under_water", "sessions"),
            )
        )
    deepest = float(below_peak(worth).max())
    text = f"peak {max(worth):.0f} USD"
    return (
        Figure("ulcer_index", "S12", share, ulcer_index(worth), text, seen, _SEASON),
        Figure("max_drawdown", "S12", share, deepest, text, seen, _SEASON),
        Figure("drawdown_at_risk_95", "S12", share, drawdown_at_risk(worth), text, seen, _SEASON),
        Figure("time_under_water", "S12", "sessions", mean_under_water(worth), text, seen, _SEASON),
    )


def _fees(day: DayMark, layers: Sequence[Layer]) -> float:
    return sum(day.layers[layer.value].fees for layer in layers if layer.value in day.layers)


def _at_work(day: DayMark, layers: Sequence[Layer]) -> float | None:
    if len(layers) == 1:
        return day.at_risk
    return None if day.hedge_value is None else day.at_risk + day.hedge_value
