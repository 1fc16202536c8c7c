"""What implied volatility makes of input that is hostile, tiny, huge or oddly shaped."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.implied_vol import IvReason, implied_vol, total_vol
from domain.pricing import price

ANYTHING = st.floats(allow_nan=True, allow_infinity=True, allow_subnormal=True)


@pytest.mark.parametrize(
    ("value", "forward", "strike", "years", "call", "expected"),
    [
        (float("nan"), 100.0, 100.0, 0.5, True, IvReason.BAD_INPUT),
        (5.0, -100.0, 100.0, 0.5, True, IvReason.BAD_INPUT),
        (5.0, 100.0, 0.0, 0.5, True, IvReason.BAD_INPUT),
        (5.0, 100.0, 100.0, 0.0, True, IvReason.BAD_INPUT),
        (float("inf"), 100.0, 100.0, 0.5, True, IvReason.BAD_INPUT),
        (0.0, 100.0, 110.0, 0.5, True, IvReason.BELOW_INTRINSIC),
        (-1.0, 100.0, 110.0, 0.5, True, IvReason.BELOW_INTRINSIC),
        (9.0, 110.0, 100.0, 0.5, True, IvReason.BELOW_INTRINSIC),
        (100.0, 100.0, 110.0, 0.5, True, IvReason.ABOVE_BOUND),
        (110.0, 100.0, 110.0, 0.5, False, IvReason.ABOVE_BOUND),
    ],
)
def test_bad_input_gives_nan_and_says_why(value, forward, strike, years, call, expected):
    vol, reason = implied_vol(value, forward, strike, years, call)
    assert np.isnan(vol)
    assert reason == expected


def test_one_bad_element_does_not_spoil_the_batch():
    vol, reason = implied_vol([5.0, np.nan, 4.0], 100.0, [100.0, 100.0, 105.0], 0.5, True)
    assert list(reason) == [IvReason.OK, IvReason.BAD_INPUT, IvReason.OK]
    assert np.isfinite(vol[[0, 2]]).all()


def test_an_empty_chain_gives_an_empty_answer():
    vol, reason = implied_vol([], [], [], [], [])
    assert vol.shape == reason.shape == (0,)


@given(ANYTHING, ANYTHING, ANYTHING, ANYTHING, st.booleans(), ANYTHING)
def test_whatever_comes_in_a_number_means_ok_and_nan_means_a_reason(
    value, forward, strike, years, call, discount
):
    vol, reason = implied_vol(value, forward, strike, years, call, discount)
    assert np.isfinite(vol) == (reason == IvReason.OK)
    assert np.isnan(vol) or vol > 0


@given(st.floats(-300, 0), st.floats(-290, 4))
def test_an_answer_always_gives_its_price_back(log_price, log_moneyness):
    """From prices of 1e-300 of the forward, strikes e^-290 and e^4 times the forward. There is
    always one from 1e-9 of the forward up.
    """
    strike = float(np.exp(log_moneyness))
    value = 10.0**log_price
    call = strike >= 1.0
    vol, reason = implied_vol(value, 1.0, strike, 1.0, call)
    if reason == IvReason.OK:
        again = float(price(1.0, strike, 1.0, vol, call))
        # Near the money a tiny price is a difference of two numbers near one half, here and there.
        rounding = 8 * np.finfo(np.float64).eps * 0.5 * min(1.0, strike)
        assert again == pytest.approx(value, rel=1e-6, abs=rounding)
    elif value < 0.99 * min(1.0, strike):
        assert strike < np.exp(-99.0) or value < 1e-9


@pytest.mark.parametrize("value", [5e-324, 1e-320, 1e-308])
def test_a_price_without_digits_has_no_volatility(value):
    for strike in (90.0, 100.0, 110.0, 500.0):
        vol, reason = implied_vol(value, 100.0, strike, 0.5, strike >= 100.0)
        assert np.isnan(vol)
        assert reason == IvReason.NOT_CONVERGED


def test_a_strike_beyond_all_measure_has_no_volatility():
    for forward, strike in ((1e-200, 1e200), (100.0, 1e-300), (1e300, 1e300)):
        vol, reason = implied_vol(1e-210, forward, strike, 0.5, strike >= forward)
        assert np.isnan(vol)
        assert reason != IvReason.OK


def test_products_of_forward_and_strike_may_overflow():
    """Only ratios matter: the same option in other units has the same volatility."""
    usual, _ = implied_vol(5.0, 100.0, 105.0, 0.5, True)
    for unit in (1e-250, 1e-150, 1e150, 1e250):
        vol, reason = implied_vol(5.0 * unit, 100.0 * unit, 105.0 * unit, 0.5, True)
        assert reason == IvReason.OK
        assert float(vol) == pytest.approx(float(usual), rel=1e-12)


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int64, np.int16])
def test_integers_and_single_precision_are_taken_as_the_numbers_they_are(kind):
    values = np.array([5, 4, 3], kind)
    strikes = np.array([100, 103, 106], kind)
    vol, reason = implied_vol(values, kind(100), strikes, kind(1), np.array([1, 1, 1], kind))
    exact, _ = implied_vol([5.0, 4.0, 3.0], 100.0, [100.0, 103.0, 106.0], 1.0, True)
    assert vol.dtype == np.float64
    assert reason.dtype == np.int8
    assert np.array_equal(vol, exact)


def test_inputs_broadcast_as_numpy_does():
    strikes, years = np.array([90.0, 100.0, 110.0])[:, None], np.array([0.1, 0.5])[None, :]
    calls = strikes >= 100.0
    value = price(100.0, strikes, years, 0.3, calls, 0.99)
    vol, reason = implied_vol(value, 100.0, strikes, years, calls, 0.99)
    assert vol.shape == reason.shape == (3, 2)
    assert vol == pytest.approx(np.full((3, 2), 0.3), abs=1e-10)
    single, why = implied_vol(float(value[1, 1]), 100, 100, 0.5, True, 0.99)
    assert single.shape == why.shape == ()
    assert float(single) == vol[1, 1]


def test_inputs_are_left_as_they_were():
    value = np.array([5.0, np.nan, 200.0])
    strike = np.full(3, 100.0)
    value.setflags(write=False)
    strike.setflags(write=False)
    implied_vol(value, 100.0, strike, 0.5, True)
    assert list(strike) == [100.0] * 3


@pytest.mark.parametrize("place", range(6))
def test_nan_anywhere_spoils_its_own_element_only(place):
    rng = np.random.default_rng(place)
    holes = rng.random(500) < 0.3
    terms = [np.full(500, x) for x in (5.0, 100.0, 100.0, 0.5, 1.0, 0.99)]
    terms[place] = np.where(holes, np.nan, terms[place])
    vol, reason = implied_vol(*terms)
    assert np.array_equal(np.isnan(vol), holes)
    assert set(reason[holes]) == {IvReason.BAD_INPUT}


def test_a_large_batch_gives_the_same_numbers_as_its_parts():
    rng = np.random.default_rng(3)
    strike = rng.uniform(60.0, 160.0, 20_001)
    call = strike >= 100.0
    value = price(100.0, strike, 0.5, rng.uniform(0.05, 0.9, strike.size), call)
    whole, _ = implied_vol(value, 100.0, strike, 0.5, call)
    parts = [implied_vol(value[i::7], 100.0, strike[i::7], 0.5, call[i::7])[0] for i in range(7)]
    for i, part in enumerate(parts):
        assert np.array_equal(whole[i::7], part, equal_nan=True)


def test_the_normalised_problem_says_when_it_found_nothing():
    x, beta = np.array([-0.5, -0.5, -150.0]), np.array([0.1, 1e-300, 1e-60])
    _, converged = total_vol(x, beta)
    assert list(converged) == [True, False, False]
