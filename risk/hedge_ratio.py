"""How large the hedge is against its base ratio, estimated anew when something is rolled (S28,
S38).

An estimate that cannot be formed changes nothing: the ratio in force stays.
"""

from math import isfinite, nan

import numpy as np

from domain.desk import Desk
from domain.effects import RecordDecision, Verdict
from domain.orders import HEDGE_LAYERS, Layer
from domain.payoff import minimum_variance_ratio, stress_ratio
from domain.record import DayMark
from risk.curve import read_curve
from risk.hedge_stress import condor_loss, hedge_gain, stress_vix_points
from risk.hedge_target import due, ratio_in_force, targets
from risk.limits import RiskLimits
from risk.parameters import HedgeParams, RatioMode, RegimeParams

LOWEST, HIGHEST = 0.5, 1.5


def ratio_changes(
    desk: Desk, params: HedgeParams, limits: RiskLimits, regime: RegimeParams
) -> tuple[RecordDecision, ...]:
    """Record a new h once on a day on which a tranche is due; nothing while it is static."""
    if params.ratio_mode is RatioMode.STATIC:
        return ()
    if desk.hedge.ratios and desk.hedge.ratios[-1][0] == desk.today:
        return ()
    if not any(due(desk, tranche, params) for tranche in desk.book.open_tranches):
        return ()
    ratio = estimate(desk, params, limits, regime)
    if ratio is None:
        return ()
    before = ratio_in_force(desk, params)
    text = f"hedge ratio {before:.2f} to {ratio:.2f} by {params.ratio_mode}"
    inputs = (("ratio", ratio), ("before", before))
    return (
        RecordDecision(
            desk.now, Verdict.CHANGED, "hedge.ratio", "S28", text, subject="hedge", inputs=inputs
        ),
    )


def estimate(
    desk: Desk, params: HedgeParams, limits: RiskLimits, regime: RegimeParams
) -> float | None:
    """The ratio by its mode, clipped to 0.5-1.5; None when the data do not give one."""
    if params.ratio_mode is RatioMode.MIN_VARIANCE:
        found = _minimum_variance(desk, params)
    elif params.ratio_mode is RatioMode.STRESS:
        found = _stress_match(desk, params, limits, regime)
    else:
        found = params.static_ratio
    return found if isfinite(found) else None


def _minimum_variance(desk: Desk, params: HedgeParams) -> float:
    """-Cov(condors, unit) / Var(unit) over daily results; the unit is the hedge divided by the h it
    was held at.
    """
    days = desk.record.days[-(params.ratio_days + 1) :]
    if len(days) <= params.ratio_days_min:
        return nan
    condors = np.diff([_result(day, (Layer.CONDOR,)) for day in days])
    hedge = np.diff([_result(day, HEDGE_LAYERS) for day in days])
    ratios = [desk.hedge.ratio_on(day.on, params.static_ratio) for day in days[1:]]
    unit = hedge / np.asarray(ratios)
    if np.count_nonzero(np.isfinite(condors + unit)) < params.ratio_days_min:
        return nan
    return minimum_variance_ratio(condors, unit, LOWEST, HIGHEST)


def _result(day: DayMark, layers: tuple[Layer, ...]) -> float:
    results = [day.layers[layer.value].result for layer in layers if layer.value in day.layers]
    return sum((nan if result is None else result for result in results), 0.0)


def _stress_match(
    desk: Desk, params: HedgeParams, limits: RiskLimits, regime: RegimeParams
) -> float:
    """Target times condor loss over the gain of the base hedge, in the same fall of SPX."""
    curve = read_curve(desk, regime)
    points = None if curve is None else stress_vix_points(desk, curve, limits)
    held = {c: n for c, n in desk.book.positions().items() if c.symbol == "VIX"}
    if points is None or not held:
        return nan
    loss = condor_loss(desk, limits, points)
    gain = hedge_gain(desk, held, limits, points)
    base = sum(targets(desk.live_contracts, params, 1.0))
    if loss is None or gain is None:
        return nan
    unit = gain * base / sum(held.values())
    return stress_ratio(params.stress_target, loss, unit, LOWEST, HIGHEST)
