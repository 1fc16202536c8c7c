"""Position mathematics on examples worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.payoff import (
    CondorPayoff,
    decay_rate,
    expected_daily_range,
    expected_move,
    extrinsic,
    minimum_variance_ratio,
    realized_volatility,
    stress_coverage,
    stress_ratio,
    vega_weighted_tenor,
)

CONDOR = CondorPayoff(2500.0, 2530.0, 2900.0, 2930.0, 6.40)


def test_a_condor_loses_its_wing_less_the_credit_and_no_more():
    assert CONDOR.max_loss == pytest.approx(23.60)
    assert CONDOR.max_gain == 6.40
    assert CONDOR.break_evens == pytest.approx((2523.60, 2906.40))
    settlements = [2000.0, 2500.0, 2523.6, 2530.0, 2700.0, 2906.4, 2930.0, 4000.0]
    assert CONDOR.at_expiry(settlements) == pytest.approx(
        [-23.6, -23.6, 0, 6.4, 6.4, 0, -23.6, -23.6], abs=1e-9
    )


def test_uneven_wings_lose_the_wider_one():
    assert CondorPayoff(2480.0, 2530.0, 2900.0, 2930.0, 8.0).max_loss == 42.0


def test_a_credit_above_the_width_cannot_lose():
    rich = CondorPayoff(2500.0, 2530.0, 2900.0, 2930.0, 31.0)
    assert rich.max_loss == 0.0
    assert np.all(np.isnan(rich.break_evens))


def test_strikes_out_of_order_are_refused():
    with pytest.raises(ValueError, match="order"):
        CondorPayoff(2530.0, 2500.0, 2900.0, 2930.0, 6.4)
    with pytest.raises(ValueError, match="finite"):
        CondorPayoff(2500.0, 2530.0, 2900.0, 2930.0, float("nan"))


@given(st.floats(0.0, 29.0), st.floats(0.0, 6000.0))
def test_profit_always_lies_between_the_greatest_loss_and_the_credit(credit, settlement):
    condor = CondorPayoff(2500.0, 2530.0, 2900.0, 2930.0, credit)
    profit = float(condor.at_expiry(settlement))
    assert -condor.max_loss - 1e-9 <= profit <= condor.max_gain + 1e-9


def test_nan_and_negative_settlements_have_no_payoff():
    assert np.all(np.isnan(CONDOR.at_expiry([np.nan, -1.0])))


def test_expected_move_grows_with_the_root_of_time():
    assert expected_move(2800.0, 0.16, 365.0) == pytest.approx(448.0)
    assert expected_move(2800.0, 0.16, 5.0) == pytest.approx(2800 * 0.16 * (5 / 365) ** 0.5)
    assert np.all(np.isnan(expected_move([-1.0, 2800.0], [0.1, np.nan], 5.0)))


def test_edr_at_vix9d_16_and_hv20_12_is_0_80_per_cent():
    assert expected_daily_range(16.0, 12.0) == pytest.approx(0.798, abs=1e-3)
    assert expected_daily_range(14.9, 14.9) == pytest.approx(0.94, abs=2e-3)
    assert expected_daily_range(16.0, 12.0, 2.0) == pytest.approx(1.596, abs=2e-3)
    assert np.isnan(expected_daily_range(np.nan, 12.0))


def test_realized_volatility_of_alternating_one_per_cent_days():
    closes = 100 * np.exp(np.cumsum([0.0] + [0.01, -0.01] * 10))
    assert realized_volatility(closes) == pytest.approx(
        100 * np.sqrt(252 * 20 * 0.01**2 / 19), rel=1e-9
    )
    assert np.isnan(realized_volatility(closes[:20]))
    assert np.isnan(realized_volatility([*closes, np.nan]))


def test_cover_is_gain_over_loss_and_undefined_without_a_loss():
    assert stress_coverage(1500.0, 6000.0) == pytest.approx(0.25)
    assert np.all(np.isnan(stress_coverage([1.0, 1.0], [0.0, -5.0])))


def test_the_stress_ratio_is_clipped_to_half_and_one_and_a_half():
    assert stress_ratio(0.25, 8000.0, 2000.0) == pytest.approx(1.0)
    assert stress_ratio(0.25, 80000.0, 2000.0) == 1.5
    assert stress_ratio(0.25, 800.0, 2000.0) == 0.5
    assert np.isnan(stress_ratio(0.25, 800.0, 0.0))


def test_the_minimum_variance_ratio_undoes_a_proportional_hedge():
    unit = np.array([1.0, -2.0, 3.0, -1.0, 0.5, np.nan])
    assert minimum_variance_ratio(-0.8 * unit, unit) == pytest.approx(0.8)
    assert minimum_variance_ratio(-9.0 * unit, unit) == 1.5
    assert np.isnan(minimum_variance_ratio(unit[:2], unit[:2]))
    assert np.isnan(minimum_variance_ratio([1.0, 2.0, 3.0], [1.0, 1.0, 1.0]))


def test_rolling_out_raises_the_vega_weighted_tenor():
    assert vega_weighted_tenor([4, 4, 2], [1.0, 2.0, 3.0], [30, 110, 220]) == pytest.approx(
        (4 * 30 + 8 * 110 + 6 * 220) / 18
    )
    before = vega_weighted_tenor([4, 4], [1.0, 2.0], [30, 110])
    assert vega_weighted_tenor([0, 8], [1.0, 2.0], [30, 110]) > before
    assert vega_weighted_tenor([4, 4], [np.nan, 2.0], [30, 110]) == 110
    assert np.isnan(vega_weighted_tenor([], [], []))


def test_extrinsic_value_is_on_the_forward_and_decays_as_a_share_a_day():
    assert extrinsic(2.5, 17.0, 16.0, True, 0.99) == pytest.approx(2.5 - 0.99)
    assert extrinsic(2.5, 17.0, 16.0, False) == pytest.approx(2.5)
    assert decay_rate(2.0, 1.8, 2.0) == pytest.approx(0.05)
    assert np.all(np.isnan(decay_rate([0.0, 1.0], 0.5, [1.0, 0.0])))
