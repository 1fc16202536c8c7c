"""h of S28 in its three modes, the stress behind one of them and the tenor of S2, by hand."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.desk import Desk
from domain.hedge_state import HedgeState
from domain.orders import HEDGE_LAYERS, Layer
from domain.payoff import stress_ratio
from domain.record import DayMark, LayerMark
from domain.signals import Reading, Signal
from engine.fold import apply_effect
from risk.curve import read_curve
from risk.hedge_ratio import estimate, ratio_changes
from risk.hedge_stress import condor_loss, hedge_gain, stress_vix_points, vega_tenor
from risk.hedge_target import ratio_in_force, targets, targets_of
from risk.limits import RiskLimits
from risk.parameters import HedgeParams, RatioMode, RegimeParams
from tests.builders import Market, ny, quoted, ready_desk, with_calls, with_condor

LIMITS, REGIME = RiskLimits(), RegimeParams()
VARIANCE = HedgeParams(ratio_mode=RatioMode.MIN_VARIANCE, ratio_days=4, ratio_days_min=4)
STRESS = HedgeParams(ratio_mode=RatioMode.STRESS)


def results(desk: Desk, condors: list[float], hedge: list[float]) -> Desk:
    """Daily totals of both layers, one mark a day from 2018-02-01."""
    days = []
    for n, (mine, other) in enumerate(zip(condors, hedge, strict=True)):
        layers = {Layer.CONDOR.value: LayerMark(mine, 0.0, 0.0)}
        layers |= {layer.value: LayerMark(0.0, 0.0, 0.0) for layer in HEDGE_LAYERS}
        layers[Layer.HEDGE_SHORT.value] = LayerMark(0.0, 0.0, other)
        days.append(DayMark(date(2018, 2, 1) + timedelta(days=n), "low", layers=layers))
    return replace(desk, record=replace(desk.record, days=tuple(days)))


def due_desk() -> Desk:
    book = with_calls(with_condor(ready_desk())).book
    desk = replace(ready_desk(ny(2018, 2, 9, 10, 30)), book=book)
    return quoted(desk, Market(), book.positions())


def test_minimum_variance_by_hand() -> None:
    """Condors -80, 40, -80, 40 and hedge 100, -50, 100, -50: condors are -0.8 times the hedge, so
    -Cov / Var = 0.8.
    """
    desk = results(due_desk(), [0, -80, -40, -120, -80], [0, 100, 50, 150, 100])
    assert estimate(desk, VARIANCE, LIMITS, REGIME) == pytest.approx(0.8)


def test_the_unit_is_the_hedge_divided_by_the_ratio_it_was_held_at() -> None:
    """The same hedge at h = 0.5 was half a unit: a unit moves twice as much, h is half: 0.4,
    clipped to 0.5. At 0.8 a unit moves 1 / 0.8: h = 0.64.
    """
    desk = results(due_desk(), [0, -80, -40, -120, -80], [0, 100, 50, 150, 100])
    half = replace(desk, hedge=HedgeState(ratios=((date(2018, 1, 1), 0.5),)))
    assert estimate(half, VARIANCE, LIMITS, REGIME) == pytest.approx(0.5)
    most = replace(desk, hedge=HedgeState(ratios=((date(2018, 1, 1), 0.8),)))
    assert estimate(most, VARIANCE, LIMITS, REGIME) == pytest.approx(0.64)


def test_too_few_days_estimate_nothing_and_change_nothing() -> None:
    desk = results(due_desk(), [0, -80, -40, -120], [0, 100, 50, 150])
    assert estimate(desk, VARIANCE, LIMITS, REGIME) is None
    assert ratio_changes(desk, VARIANCE, LIMITS, REGIME) == ()
    assert ratio_in_force(desk, VARIANCE) == 1.0


def test_stress_match_by_hand() -> None:
    """Beta -4: SPX 10 % down lifts front VX by 40 %; h = 0.65 x loss / gain of the base hedge."""
    desk = due_desk()
    signals = {Signal.VX_BETA: Reading(-4.0, desk.now)}
    desk = replace(desk, memory=replace(desk.memory, signals=signals))
    curve = read_curve(desk, REGIME)
    assert curve is not None
    points = stress_vix_points(desk, curve, LIMITS)
    assert points is not None
    assert points >= 0.4 * curve.front, "spot moves more than the future"
    held = {c: n for c, n in desk.book.positions().items() if c.symbol == "VIX"}
    loss, gain = condor_loss(desk, LIMITS, points), hedge_gain(desk, held, LIMITS, points)
    assert loss is not None
    assert gain is not None
    base = sum(targets(4, STRESS, 1.0)) / sum(held.values())  # 5 wanted, 2 held
    assert base == 2.5
    expected = stress_ratio(0.65, loss, gain * base)
    assert estimate(desk, STRESS, LIMITS, REGIME) == pytest.approx(expected)
    unknown = replace(desk, memory=replace(desk.memory, signals={}))
    assert estimate(unknown, STRESS, LIMITS, REGIME) is None


def test_a_new_ratio_is_recorded_when_something_is_due_and_scales_the_targets() -> None:
    """At h = 0.8 the targets of 4 condors, 2 / 2 / 1, become 1.6, 1.6 and 0.8: 2 / 2 / 1; of 10
    condors, 4 / 4 / 2: 3.2, 3.2, 1.6: 3 / 3 / 2.
    """
    desk = results(due_desk(), [0, -80, -40, -120, -80], [0, 100, 50, 150, 100])
    (change,) = ratio_changes(desk, VARIANCE, LIMITS, REGIME)
    assert dict(change.inputs) == pytest.approx({"ratio": 0.8, "before": 1.0})
    after = apply_effect(desk, change)
    assert ratio_in_force(after, VARIANCE) == pytest.approx(0.8)
    assert list(targets_of(after, VARIANCE).values()) == [2, 2, 1]
    assert targets(10, VARIANCE, 0.8) == (3, 3, 2)
    assert ratio_changes(after, VARIANCE, LIMITS, REGIME) == (), "once a day"
    assert ratio_changes(desk, HedgeParams(), LIMITS, REGIME) == (), "static stays static"
    fresh = with_calls(with_condor(ready_desk()))
    assert ratio_changes(fresh, VARIANCE, LIMITS, REGIME) == (), "nothing is due"


def test_the_vega_weighted_tenor_lies_between_the_tenors_and_rises_with_a_shift() -> None:
    """28 days and 119 days: the longer call has more vega, so the mean lies above their middle."""
    desk = with_calls(with_condor(ready_desk()), quantity=2)
    desk = with_calls(desk, Layer.HEDGE_MEDIUM, 2, "1.00", 20.0, date(2018, 5, 15), "m")
    desk = quoted(desk, Market(), desk.book.positions())
    held = {c: n for c, n in desk.book.positions().items() if c.symbol == "VIX"}
    short, medium = held
    alone = vega_tenor(desk, {short: 2}, LIMITS)
    both = vega_tenor(desk, held, LIMITS)
    assert alone == 28.0
    assert both is not None
    assert (28 + 119) / 2 < both < 119
    shifted = vega_tenor(desk, {medium: 4}, LIMITS)
    assert shifted == 119.0
