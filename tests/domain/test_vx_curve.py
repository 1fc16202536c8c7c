"""The futures curve: slope, roll, constant maturity, collapse, fair value, tenor betas."""

import numpy as np
import pytest

from domain.vx_curve import (
    ContractReason,
    contango_collapsed,
    fair_value,
    forward_variance,
    future_beta,
    option_vol_beta,
    vx_curve,
)


def test_slope_roll_yield_and_constant_maturity_use_the_first_two_usable_contracts():
    curve = vx_curve([44, 16, 3, 72], [16.6, 15.0, 14.0, 17.4])
    assert curve.slope == pytest.approx(1.6)
    assert curve.ratio == pytest.approx(1.6 / 15)
    assert curve.roll_yield == pytest.approx(1.6 / 15 * 365 / 28)
    assert curve.constant_maturity() == pytest.approx(15.0 + 1.6 * 14 / 28)
    assert curve.constant_maturity(60) == pytest.approx(16.6 + 0.8 * 16 / 28)
    assert list(curve.reason) == [0, 0, ContractReason.TOO_NEAR, 0]


def test_bad_contracts_are_left_out_with_a_reason():
    curve = vx_curve([16, 44, 44, 72, 100, np.nan], [15.0, 16.0, 16.1, np.nan, -1.0, 17.0])
    assert list(curve.price) == [15.0, 16.0]
    assert [ContractReason(r).name for r in curve.reason] == [
        "OK", "OK", "DUPLICATE", "BAD_INPUT", "BAD_INPUT", "BAD_INPUT",
    ]  # fmt: skip


@pytest.mark.parametrize("contracts", [([], []), ([20.0], [15.0])])
def test_less_than_two_contracts_have_no_slope(contracts):
    curve = vx_curve(*contracts)
    numbers = (curve.slope, curve.ratio, curve.roll_yield, curve.constant_maturity())
    assert np.all(np.isnan(numbers))
    assert np.isnan(curve.roll_value(terms=1))


def test_the_present_value_of_the_roll_discounts_each_step_at_its_own_date():
    days, price = np.arange(1, 9) * 30.0, np.array([15, 16, 16.8, 17.4, 17.9, 18.2, 18.4, 18.5])
    curve = vx_curve(days, price)
    assert curve.roll_value() == pytest.approx(price[6] - price[0])
    steps = np.diff(price)[:6] * np.exp(-0.05 * days[:6] / 365)
    assert curve.roll_value(0.05) == pytest.approx(steps.sum())


def test_contango_collapses_when_a_steep_slope_of_the_last_twenty_sessions_is_gone():
    slopes = [1.6, 0.4, -0.1, 0.2, -0.3, np.nan, *[0.1] * 14, -0.2, -0.2]
    found = contango_collapsed(slopes)
    assert list(np.flatnonzero(found)) == [2, 4, 20]  # session 21 no longer remembers session 0


def test_collapse_needs_steepness_before_not_on_the_same_day():
    assert not contango_collapsed([-0.5, -0.6]).any()
    assert not contango_collapsed([]).any()
    assert not contango_collapsed([1.49, 0.0]).any()
    assert contango_collapsed([1.5, 0.0])[1]


def test_forward_variance_is_what_remains_between_two_dates():
    assert forward_variance(0.04, 30, 0.05, 60) == pytest.approx(0.06)
    assert np.isnan(forward_variance(0.09, 30, 0.02, 60))
    assert np.isnan(forward_variance(0.04, 60, 0.05, 30))


def test_fair_value_lies_below_root_forward_variance_by_the_convexity_of_vix():
    rng = np.random.default_rng(0)
    vol, years, mean = 0.9, 60 / 365, 17.0
    vix = mean * np.exp(vol * np.sqrt(years) * rng.normal(size=400_000) - 0.5 * vol**2 * years)
    assert fair_value(np.mean((vix / 100) ** 2), vol, 60) == pytest.approx(mean, rel=5e-3)
    assert fair_value(0.04, 0.0, 60) == pytest.approx(20.0)
    assert np.isnan(fair_value(-0.01, 0.9, 60))


def test_a_future_moves_with_spot_by_the_betas_of_the_methodology():
    assert future_beta([0, 30, 110, 220]) == pytest.approx([1.0, 0.75, 0.35, 0.22])
    days = np.arange(0, 800)
    assert np.all(np.diff(future_beta(days)) <= 0)
    assert np.isnan(future_beta(-1.0))


def test_a_thirty_day_option_moves_point_for_point_and_longer_ones_less():
    assert option_vol_beta(30) == pytest.approx(1.0)
    assert np.all(np.diff(option_vol_beta(np.arange(1, 900))) < 0)
    assert option_vol_beta(7) > 1.05
    assert np.isnan(option_vol_beta(-1))
