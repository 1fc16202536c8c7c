"""Shifts of the surface, shocks, beta and curve value: by hand, and what stands in for what."""

from dataclasses import replace
from math import exp, log, sqrt

import numpy as np
import pytest

from domain.desk import Desk
from domain.indicators import Beta, ewma_beta
from domain.instruments import SPX, VIX, VIX3M, VVIX, vx_future
from domain.signals import Signal
from risk.signals import SignalParams
from risk.signals.shifts import ATM_VOL, SKEW_25, SLOPE
from risk.signals.shocks import VX_RETURN, beta_of, last_return_in_sigmas
from tests.builders import VX_DAYS
from tests.risk.signals.desks import closes, desk, level, reading, sides

SIGNALS = (Signal.ATM_VOL_SHIFT, Signal.SKEW_SHIFT, Signal.SLOPE_SHIFT, Signal.VVIX_SHIFT)
STEP = [100.0] * 60 + [105.0]  # 59 changes of 0 and one of 5
STEP_Z = (1 - 1 / 60) * sqrt(60)  # mean 5 / 60, variance 25 / 60: 7.62 whatever the step
FUTURES = tuple(vx_future(day) for day in VX_DAYS[1:8])


def test_a_shift_worked_by_hand() -> None:
    for signal, series in zip(SIGNALS, (ATM_VOL, SKEW_25, SLOPE, "VVIX"), strict=True):
        found = reading(desk({series: STEP}), signal)
        assert found.value == pytest.approx(STEP_Z)
        assert found.stressed is True
        short = reading(desk({series: STEP[1:]}), signal)
        assert (short.value, short.stressed) == (None, None)


def test_todays_level_is_the_newest_change() -> None:
    found = reading(desk({"VVIX": [100.0] * 59}, {VVIX: level(105.0)}), Signal.VVIX_SHIFT)
    assert found.value is None, "58 changes and today's"
    found = reading(desk({"VVIX": [100.0] * 60}, {VVIX: level(105.0)}), Signal.VVIX_SHIFT)
    assert found.value == pytest.approx(STEP_Z)


@pytest.mark.parametrize(
    ("signal", "series", "source"),
    [
        (Signal.ATM_VOL_SHIFT, {"VIX": STEP}, "VIX"),
        (Signal.SKEW_SHIFT, {"SKEW": STEP}, "SKEW"),
        (Signal.SLOPE_SHIFT, {"VIX3M": STEP, "VIX": [90.0] * 61}, "VIX3M less VIX"),
    ],
)
def test_an_index_stands_in_until_enough_is_recorded(
    signal: Signal, series: dict[str, list[float]], source: str
) -> None:
    found = reading(desk(series), signal)
    assert found.value == pytest.approx(STEP_Z)
    assert found.source == source
    assert reading(desk({}), signal).value is None


def test_the_live_spread_of_indices_needs_both() -> None:
    series = {"VIX3M": [100.0] * 61, "VIX": [90.0] * 61}
    both = desk(series, {VIX3M: level(105.0), VIX: level(90.0)})
    assert reading(both, Signal.SLOPE_SHIFT).value == pytest.approx(STEP_Z)
    one = desk(series, {VIX3M: level(105.0)})
    assert reading(one, Signal.SLOPE_SHIFT).value == 0.0


def test_a_shock_worked_by_hand() -> None:
    # Twenty returns of +1 % and -1 % in turn: mean 0, deviation 0.01 * sqrt(20 / 19).
    spx = [2700.0]
    for i in range(20):
        spx.append(spx[-1] * exp(0.01 * (-1) ** i))
    fall = -0.03
    flat = [15.0] * 21
    now = {SPX: level(spx[-1] * exp(fall)), VIX: level(15.0)}
    found = reading(desk({"SPX": spx, "VIX": flat}, now), Signal.MACRO_SHOCK)
    assert found.value == pytest.approx(fall / (0.01 * sqrt(20 / 19)))  # -2.92
    assert found.stressed is True
    mild = {SPX: level(spx[-1] * exp(-0.02)), VIX: level(15.0)}
    assert reading(desk({"SPX": spx, "VIX": flat}, mild), Signal.MACRO_SHOCK).stressed is False
    jump = {SPX: level(spx[-1]), VIX: level(18.0)}  # 18 / 15 is +20 %
    assert reading(desk({"SPX": spx, "VIX": flat}, jump), Signal.MACRO_SHOCK).stressed is True
    assert reading(desk({"SPX": spx, "VIX": flat}), Signal.MACRO_SHOCK).value is None
    assert last_return_in_sigmas([1.0] * 30, 20) is None, "nothing moved: no deviation"


def test_beta_of_what_is_recorded_and_of_what_stands_in() -> None:
    rng = np.random.default_rng(8)
    returns = rng.normal(0, 0.01, 61)
    spx = (2700 * np.cumprod(1 + returns)).tolist()
    vixy = (30 * np.cumprod(1 - 4 * returns)).tolist()
    # A series that always moves -4 times as far has that beta, whatever the weights.
    found = reading(desk({"SPX": spx, "VIXY": vixy}), Signal.VX_BETA)
    assert found.value == pytest.approx(-4.0)
    assert (found.stressed, found.source) == (None, "VIXY")
    recorded = (-5 * returns[1:]).tolist()
    found = reading(desk({"SPX": spx, "VIXY": vixy, VX_RETURN: recorded}), Signal.VX_BETA)
    assert found.value == pytest.approx(-5.0)
    assert found.source == "F1, recorded"
    assert reading(desk({"SPX": spx[1:], "VIXY": vixy[1:]}), Signal.VX_BETA).value is None
    state = beta_of(closes(spx), dict(closes(recorded)), Beta())
    assert state.value == ewma_beta(np.array(spx[1:]) / spx[:-1] - 1.0, recorded)[-1]


def test_curve_value_worked_by_hand() -> None:
    # 8, 43 and 71 days to settlement at 13, 14 and 14.5; at 5 %: exp(-0.05 * 8 / 365) +
    # 0.5 exp(-0.05 * 43 / 365) = 0.998905 + 0.497064.
    prices = (13.0, 14.0, 14.5)
    quoted = {c: sides(p - 0.05, p + 0.05) for c, p in zip(FUTURES, prices, strict=False)}
    held = replace(desk({}, quoted), futures=FUTURES)
    params = SignalParams(curve_rate=0.05)
    found = reading(held, Signal.CURVE_VALUE, params=params)
    assert found.value == pytest.approx(exp(-0.05 * 8 / 365) + 0.5 * exp(-0.05 * 43 / 365))
    assert (found.stressed, found.source) == (None, "2 steps of the VX curve")
    assert reading(alone(held), Signal.CURVE_VALUE).value is None


def alone(held: Desk) -> Desk:
    return replace(held, quotes={FUTURES[0]: held.quotes[FUTURES[0]]})


def test_a_return_is_measured_in_deviations_of_those_before_it() -> None:
    levels = [100.0, 101.0, 100.0, 103.0]
    a, b, c = log(1.01), log(100 / 101), log(1.03)
    deviation = sqrt(((a - b) / 2) ** 2 * 2)
    assert last_return_in_sigmas(levels, 2) == pytest.approx(c / deviation)
