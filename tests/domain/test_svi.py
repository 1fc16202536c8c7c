"""The SVI slice: recovery of known parameters, its butterfly test, and bad input."""

import numpy as np
import pytest

from domain.pricing import price
from domain.svi import Svi, SviReason, fit_svi

TRUTH = Svi(a=0.0008, b=0.045, rho=-0.55, m=0.03, sigma=0.05)
K = np.linspace(-0.5, 0.2, 80)


def test_a_fit_returns_the_slice_the_points_lie_on():
    fit = fit_svi(K, TRUTH.total_variance(K), np.full(K.shape, 1e-4))
    assert fit.reason is SviReason.OK
    assert fit.svi is not None
    assert fit.svi.total_variance(K) == pytest.approx(TRUTH.total_variance(K), rel=1e-4)


def test_points_that_make_no_sense_are_left_out():
    w = TRUTH.total_variance(K)
    e = np.full(K.shape, 1e-4)
    w[3], w[10], e[20], e[30] = np.nan, -1.0, 0.0, np.inf
    fit = fit_svi(K, w, e)
    assert fit.svi is not None
    assert fit.svi.total_variance(0.0) == pytest.approx(TRUTH.total_variance(0.0), rel=1e-4)


def test_too_few_points_or_uneven_arrays_give_a_reason():
    assert fit_svi(K[:4], K[:4] ** 2, K[:4] ** 2).reason is SviReason.TOO_FEW_POINTS
    assert fit_svi([], [], []).reason is SviReason.TOO_FEW_POINTS
    assert fit_svi(K, K, K[:-1]).reason is SviReason.BAD_INPUT


@pytest.mark.parametrize(
    "svi",
    [
        TRUTH,
        # Axel Vogt's example of a slice with a butterfly, from Gatheral and Jacquier (2014).
        Svi(a=-0.0410, b=0.1331, rho=0.3060, m=0.3586, sigma=0.4153),
    ],
)
def test_the_density_factor_is_negative_exactly_where_calls_are_concave(svi):
    k = np.linspace(-1.5, 1.5, 3001)
    strike = np.exp(k)
    calls = price(1.0, strike, 1.0, np.sqrt(svi.total_variance(k)), True)
    slope = np.diff(calls) / np.diff(strike)
    bend = np.diff(slope)
    factor = svi.density_factor(k[1:-1])
    clear = np.abs(factor) > 0.01
    assert np.array_equal(bend[clear] > 0, factor[clear] > 0)
    assert (factor < 0).any() == (svi is not TRUTH)
