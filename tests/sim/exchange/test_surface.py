import numpy as np
import pytest

from domain.pricing import price
from sim.exchange.surface import (
    SPX_SMILE,
    VIX_SMILE,
    Smile,
    spx_term,
    spx_theta,
    vix_option_theta,
)  # fmt: skip

_YEARS = np.array([1, 7, 14, 30, 45, 91, 180, 365, 500]) / 365
_LEVELS = [(9.5, 11.0, 13.5, 16.0), (16.0, 17.3, 18.0, 17.5), (59.3, 37.3, 28.1, 18.0)]


def _calls(smile: Smile, theta: float, years: float, strikes):
    vol = smile.vol(np.log(strikes / 100.0), theta, years)
    return price(100.0, strikes, years, vol, True)


@pytest.mark.parametrize("levels", _LEVELS)
def test_spx_calls_fall_and_are_convex_in_strike_at_every_tenor(levels):
    for years, theta in zip(_YEARS, spx_theta(_YEARS, spx_term(*levels)), strict=True):
        calls = _calls(SPX_SMILE, theta, years, np.arange(40.0, 180.0, 0.25))
        assert np.all(np.diff(calls) <= 1e-9)
        assert np.all(np.diff(calls, 2) >= -1e-9)


@pytest.mark.parametrize("vvix", [75.0, 110.0, 200.0])
def test_vix_calls_fall_and_are_convex_in_strike_at_every_tenor(vvix):
    for years, theta in zip(_YEARS, vix_option_theta(_YEARS, vvix), strict=True):
        calls = _calls(VIX_SMILE, theta, years, np.arange(40.0, 500.0, 1.0))
        assert np.all(np.diff(calls) <= 1e-9)
        assert np.all(np.diff(calls, 2) >= -1e-9)


@pytest.mark.parametrize("levels", _LEVELS)
def test_total_variance_never_falls_with_tenor(levels):
    theta = spx_theta(np.linspace(0.5, 700, 400) / 365, spx_term(*levels))
    assert np.all(np.diff(theta) >= 0)


@pytest.mark.parametrize(("vix9d", "vix", "vix3m", "slow"), _LEVELS)
def test_a_vix_recomputed_from_the_thirty_day_smile_comes_close_to_vix(vix9d, vix, vix3m, slow):
    years = 30 / 365
    theta = float(spx_theta(np.array([years]), spx_term(vix9d, vix, vix3m, slow))[0])
    reach = 8 * np.sqrt(theta)
    strikes = 100.0 * np.exp(np.linspace(-reach, reach, 4001))
    vol = SPX_SMILE.vol(np.log(strikes / 100.0), theta, years)
    puts_and_calls = price(100.0, strikes, years, vol, strikes >= 100.0)
    recomputed = 100 * np.sqrt(2 / years * np.trapezoid(puts_and_calls / strikes**2, strikes))
    assert 0.97 * vix < recomputed < vix


def test_puts_of_the_index_are_dear_and_calls_of_vix_are_dear():
    assert SPX_SMILE.variance_ratio(-1.0) > 1.3
    assert SPX_SMILE.variance_ratio(0.5) < 1.0
    assert VIX_SMILE.variance_ratio(1.0) > 1.3
    assert VIX_SMILE.variance_ratio(-1.0) < 0.7


def test_far_vix_options_answer_a_spike_less_than_near_ones():
    near, far = 30 / 365, 220 / 365
    ratio = vix_option_theta(np.array([near, far]), 180.0) / vix_option_theta(
        np.array([near, far]), 90.0
    )
    assert ratio[0] == pytest.approx(4.0)
    assert ratio[1] < 2.5
