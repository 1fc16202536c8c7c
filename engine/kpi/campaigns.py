"""What a campaign brings, how orders were filled, how strictly the method was kept."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from domain.desk import Desk
from domain.orders import HEDGE_LAYERS
from domain.record import DayMark, Record
from engine.kpi.capital import total
from engine.kpi.figure import Figure
from engine.kpi.statistics import mean_interval, t_statistic

_CAMPAIGNS_NEEDED = 30
_ORDERS_NEEDED = 20


def conduct_figures(desk: Desk) -> tuple[Figure, ...]:
    return (*expectancy(desk.record), *price_improvement(desk.record), steward(desk))


def expectancy(record: Record) -> tuple[Figure, ...]:
    """S33: mean result of a finished campaign with its share of the hedge, net of fees; and t."""
    sample = campaign_results(record)
    seen = len(sample)
    if not sample:
        text = "no campaign has ended with every day of it recorded"
        return (
            Figure("expectancy", "S33", "USD a campaign", None, text, 0, _CAMPAIGNS_NEEDED),
            Figure("expectancy_t", "S33", "", None, text, 0, _CAMPAIGNS_NEEDED),
        )
    interval = mean_interval(sample)
    low, high = (None, None) if interval is None else interval
    mean, t = sum(sample) / seen, t_statistic(sample)
    text = "two campaigns that differ needed" if t is None else "mean over its standard error"
    return (
        Figure(
            "expectancy", "S33", "USD a campaign", mean, "condor, its share of the hedge, fees",
            seen, _CAMPAIGNS_NEEDED, low, high,
        ),
        Figure("expectancy_t", "S33", "", t, text, seen, _CAMPAIGNS_NEEDED),
    )  # fmt: skip


def campaign_results(record: Record) -> list[float]:
    """USD per finished campaign: its own result less fees, plus units x hedge result per unit.

    The hedge's result of a session is shared equally among the units open at the close before it;
    what it made while no condor was open belongs to no campaign.
    """
    on, shared = _hedge_per_unit(record.days)
    results = []
    for campaign in record.campaigns.values():
        if campaign.closed_on is None:
            continue
        ends = (_index(on, shared, campaign.opened_on), _index(on, shared, campaign.closed_on))
        if ends[0] is not None and ends[1] is not None:
            hedge = campaign.units * (ends[1] - ends[0])
            results.append(campaign.result - campaign.fees + hedge)
    return results


def _hedge_per_unit(days: Sequence[DayMark]) -> tuple[list[date], list[float | None]]:
    """Running sum of the hedge's result per open condor unit; None from a gap on."""
    if not days:
        return [], []
    on: list[date] = [days[0].on]
    shared: list[float | None] = [0.0]
    for old, new in pairwise(days):
        before, after, last = total(old, HEDGE_LAYERS), total(new, HEDGE_LAYERS), shared[-1]
        on.append(new.on)
        if before is None or after is None or last is None:
            shared.append(None)
        else:
            shared.append(last + (after - before) / old.units if old.units else last)
    return on, shared


def _index(on: list[date], shared: list[float | None], day: date) -> float | None:
    """The running sum at the last recorded close on or before ``day``."""
    place = bisect_right(on, day) - 1
    return shared[place] if place >= 0 else None


def price_improvement(record: Record) -> tuple[Figure, ...]:
    """S22: USD a contract better than mid, by book; positive is better."""
    found = []
    books = (("condors", ("L1",)), ("hedge", tuple(layer.value for layer in HEDGE_LAYERS)))
    for name, layers in books:
        qualities = [record.quality[layer] for layer in layers if layer in record.quality]
        contracts = sum(quality.contracts for quality in qualities)
        orders = sum(quality.orders for quality in qualities)
        unmeasured = sum(quality.unmeasured for quality in qualities)
        value = sum(quality.saved for quality in qualities) / contracts if contracts else None
        text = f"{orders} orders measured, {unmeasured} not"
        found.append(
            Figure(
                f"price_improvement_{name}", "S22", "USD a contract", value, text, orders,
                _ORDERS_NEEDED,
            )
        )  # fmt: skip
    return tuple(found)


def steward(desk: Desk) -> Figure:
    """S34: 1 - breaches / (orders sent + orders denied)."""
    decisions = desk.tally.sent + desk.tally.denied
    breaches = sum(desk.record.violations.values())
    if not decisions:
        return Figure("steward", "S34", "share", None, "no order was sent or denied so far")
    kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(desk.record.violations.items()))
    value = max(0.0, 1.0 - breaches / decisions)
    return Figure("steward", "S34", "share", value, kinds or "no breach", decisions, 1)
