"""Arithmetic of series, against numbers worked out by hand."""

from math import sqrt

import pytest

from engine.kpi.statistics import (
    below_peak,
    drawdown_at_risk,
    internal_rate,
    mean_interval,
    mean_under_water,
    t_statistic,
    ulcer_index,
)

WORTH = (100.0, 110.0, 99.0, 104.5, 110.0, 88.0)  # below the peak: 0, 0, .1, .05, 0, .2


def test_shares_below_the_peak() -> None:
    assert below_peak(WORTH) == pytest.approx([0, 0, 0.10, 0.05, 0, 0.20])


def test_the_ulcer_index_is_the_root_mean_square_of_them() -> None:
    assert ulcer_index(WORTH) == pytest.approx(sqrt((0.01 + 0.0025 + 0.04) / 6))


def test_drawdown_at_risk_is_the_mean_of_the_deepest() -> None:
    assert drawdown_at_risk(WORTH, 0.34) == pytest.approx((0.20 + 0.10) / 2)
    assert drawdown_at_risk(WORTH) == pytest.approx(0.20)  # at least one


def test_time_under_water_is_the_mean_length_of_stretches_below_a_peak() -> None:
    assert mean_under_water(WORTH) == pytest.approx((2 + 1) / 2)
    assert mean_under_water((1.0, 2.0, 3.0)) == 0.0


def test_t_is_the_mean_over_its_standard_error() -> None:
    # mean 20, deviations -20, 0, 20, sd = sqrt(800 / 2) = 20, standard error 20 / sqrt 3
    assert t_statistic([0.0, 20.0, 40.0]) == pytest.approx(sqrt(3))
    assert t_statistic([5.0]) is None
    assert t_statistic([5.0, 5.0]) is None


def test_the_interval_of_a_mean_holds_the_mean_and_is_the_same_every_time() -> None:
    sample = [100.0, -50.0, 30.0, 80.0, -20.0]
    found = mean_interval(sample)
    assert found is not None
    assert min(sample) <= found[0] < 28.0 < found[1] <= max(sample)
    assert mean_interval(sample) == found
    assert mean_interval([1.0]) is None


def test_money_that_comes_half_way_earns_for_half_of_the_time() -> None:
    # 1000 (1 + r) + 500 (1 + r)^0.5 = 1210 + 550 at r = 0.21: 1210 + 500 x 1.1
    assert internal_rate(1000.0, (500.0, 0.0), 1760.0) == pytest.approx(0.21)
    # the last flow earns nothing
    assert internal_rate(1000.0, (0.0, 300.0), 1400.0) == pytest.approx(0.10)
    assert internal_rate(0.0, (100.0,), 110.0) is None
