import numpy as np
import pytest

from domain.pricing import price
from sim.exchange.surface import (
    VIX_SMILE,
    Smile,
    spx_slices,
    spx_term,
    vix_option_theta,
)  # fmt: skip

_YEARS = np.array([1, 7, 14, 30, 45, 91, 180, 365, 500]) / 365
# VIX9D, VIX, VIX3M, VIX6M and the slow level
_LEVELS = [
    (9.5, 11.0, 13.5, 15.0, 16.0), (16.0, 17.3, 18.0, 18.2, 17.5), (59.3, 37.3, 28.1, 24.6, 18.0),
]  # fmt: skip
_SKEWS = [101.0, 120.0, 135.0, 170.0]


def _calls(smile: Smile, theta: float, years: float, strikes):
    vol = smile.vol(np.log(strikes / 100.0), theta, years)
    return price(100.0, strikes, years, vol, True)


@pytest.mark.parametrize("skew", _SKEWS)
@pytest.mark.parametrize("levels", _LEVELS)
def test_spx_calls_fall_and_are_convex_in_strike_at_every_tenor(levels, skew):
    theta, smiles = spx_slices(_YEARS, spx_term(*levels), skew)
    for i, years in enumerate(_YEARS):
        smile = smiles.of(np.full(560, i))
        calls = _calls(smile, theta[i], years, np.arange(40.0, 180.0, 0.25))
        assert np.all(np.diff(calls) <= 1e-9)
        assert np.all(np.diff(calls, 2) >= -1e-9)


@pytest.mark.parametrize("vvix", [75.0, 110.0, 200.0])
def test_vix_calls_fall_and_are_convex_in_strike_at_every_tenor(vvix):
    for years, theta in zip(_YEARS, vix_option_theta(_YEARS, vvix), strict=True):
        calls = _calls(VIX_SMILE, theta, years, np.arange(40.0, 500.0, 1.0))
        assert np.all(np.diff(calls) <= 1e-9)
        assert np.all(np.diff(calls, 2) >= -1e-9)


@pytest.mark.parametrize("skew", _SKEWS)
@pytest.mark.parametrize("levels", _LEVELS)
def test_total_variance_never_falls_with_tenor_at_any_strike(levels, skew):
    years = np.linspace(0.5, 540, 200) / 365
    theta, smiles = spx_slices(years, spx_term(*levels), skew)
    assert np.all(np.diff(theta) >= 0)
    for moneyness in np.linspace(-0.4, 0.2, 25):
        total = theta * smiles.variance_ratio(moneyness / np.sqrt(theta))
        assert np.all(np.diff(total) >= 0), moneyness


@pytest.mark.parametrize("levels", _LEVELS)
def test_a_vix_recomputed_from_the_thirty_day_smile_comes_close_to_vix(levels):
    years = 30 / 365
    theta, smile = spx_slices(np.array([years]), spx_term(*levels), 120.0)
    reach = 8 * np.sqrt(theta[0])
    strikes = 100.0 * np.exp(np.linspace(-reach, reach, 4001))
    vol = smile.vol(np.log(strikes / 100.0), theta, years)
    puts_and_calls = price(100.0, strikes, years, vol, strikes >= 100.0)
    recomputed = 100 * np.sqrt(2 / years * np.trapezoid(puts_and_calls / strikes**2, strikes))
    assert 0.93 * levels[1] < recomputed < levels[1]


def test_a_higher_skew_index_bends_the_smile_and_lowers_its_middle():
    years, term = np.array([30 / 365]), spx_term(*_LEVELS[1])
    (low, mild), (high, bent) = (spx_slices(years, term, skew) for skew in (115.0, 135.0))
    assert high[0] < low[0]
    assert bent.vol(-0.10, high, years) > mild.vol(-0.10, low, years)


def test_puts_of_the_index_are_dear_and_calls_of_vix_are_dear():
    _, smile = spx_slices(np.array([30 / 365]), spx_term(*_LEVELS[1]), 120.0)
    assert smile.variance_ratio(-1.0) > 1.3
    assert smile.variance_ratio(0.5) < 1.0
    assert VIX_SMILE.variance_ratio(1.0) > 1.3
    assert VIX_SMILE.variance_ratio(-1.0) < 0.7


def test_far_vix_options_answer_a_spike_less_than_near_ones():
    near, far = 30 / 365, 220 / 365
    ratio = vix_option_theta(np.array([near, far]), 180.0) / vix_option_theta(
        np.array([near, far]), 90.0
    )
    assert ratio[0] == pytest.approx(4.0)
    assert ratio[1] < 2.5
