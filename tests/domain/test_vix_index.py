"""The VIX formula against a variance that is known, and its rules about strips and terms."""

import numpy as np
import pytest

from domain.pricing import price
from domain.vix_index import Term, TermReason, bracket, index_level, term_variance

STRIKES = np.arange(1000.0, 6005.0, 5.0)


def quotes(vol=0.2, years=30 / 365, half=0.0, forward=3003.0, rate=0.02, strikes=STRIKES):
    discount = np.exp(-rate * years)
    calls = price(forward, strikes, years, vol, True, discount)
    puts = price(forward, strikes, years, vol, False, discount)
    sides = (calls - half, calls + half, puts - half, puts + half)
    return [strikes, *(np.where(side > 1e-12, side, 0.0) for side in sides)], years, rate


def test_flat_volatility_comes_back_as_the_index():
    near = term_variance(*_spread(quotes(0.2, 25 / 365)))
    later = term_variance(*_spread(quotes(0.2, 32 / 365)))
    assert near.reason is TermReason.OK
    assert near.variance == pytest.approx(0.04, rel=3e-4)  # strikes are 5 apart
    assert near.forward == pytest.approx(3003.0, abs=1e-8)
    assert near.centre == 3000.0
    assert index_level(near, later) == pytest.approx(20.0, rel=2e-4)


def _spread(args):
    arrays, years, rate = args
    return (*arrays, years, rate)


def test_interpolation_is_of_total_variance_in_time():
    near = Term(20 / 365, 0.04, 1.0, 1.0, 9, TermReason.OK)
    later = Term(40 / 365, 0.09, 1.0, 1.0, 9, TermReason.OK)
    total = 0.5 * (20 * 0.04 + 40 * 0.09) / 365
    assert index_level(near, later, 30.0) == pytest.approx(100 * np.sqrt(total * 365 / 30))
    assert index_level(near, later, 20.0) == pytest.approx(20.0)
    assert np.isnan(index_level(later, near))


def test_the_worked_sum_of_the_method_is_reproduced_by_hand():
    """Three strikes: forward by the middle one, then 2/T sum dK/K^2 e^{rT} Q - (F/K0 - 1)^2/T."""
    years, rate = 0.1, 0.0
    found = term_variance(
        [90, 100, 110], [10.9, 3.9, 0.9], [11.1, 4.1, 1.1], [0.4, 2.9, 9.9], [0.6, 3.1, 10.1],
        years, rate,
    )  # fmt: skip
    middle = 0.5 * (4.0 + 3.0)
    strip = 10 * (0.5 / 90**2 + middle / 100**2 + 1.0 / 110**2)
    assert found.forward == pytest.approx(101.0)
    assert found.variance == pytest.approx(2 / years * strip - (101 / 100 - 1) ** 2 / years)
    assert found.used == 3


def test_a_strip_ends_at_two_strikes_in_a_row_without_a_bid():
    arrays, years, rate = quotes(half=0.02)
    strikes, call_bid, _, put_bid, _ = arrays
    calls = int(np.flatnonzero(strikes == 3200.0)[0])
    single, double = call_bid.copy(), call_bid.copy()
    single[calls] = 0.0
    double[calls : calls + 2] = 0.0
    full = term_variance(*arrays, years, rate).used
    arrays[1] = single
    assert term_variance(*arrays, years, rate).used == full - 1
    arrays[1] = double
    cut = term_variance(*arrays, years, rate).used
    assert full - cut == np.count_nonzero(call_bid[calls:] > 0)
    arrays[1], arrays[3] = call_bid, np.where(strikes <= 2900, 0.0, put_bid)
    assert term_variance(*arrays, years, rate).used == full - np.count_nonzero(
        put_bid[strikes <= 2900] > 0
    )


def test_order_of_strikes_and_missing_quotes_do_not_matter():
    arrays, years, rate = quotes(half=0.02)
    whole = term_variance(*arrays, years, rate)
    shuffle = np.random.default_rng(1).permutation(STRIKES.size)
    assert term_variance(*(a[shuffle] for a in arrays), years, rate) == whole
    far = STRIKES > 5500
    arrays[1] = np.where(far, np.nan, arrays[1])
    assert term_variance(*arrays, years, rate).variance == pytest.approx(whole.variance, rel=1e-6)


def test_terms_without_a_variance_say_why():
    arrays, years, rate = quotes()
    assert term_variance(*arrays, 0.0, rate).reason is TermReason.BAD_INPUT
    assert term_variance(*arrays, years, np.nan).reason is TermReason.BAD_INPUT
    assert term_variance(arrays[0][:-1], *arrays[1:], years, rate).reason is TermReason.BAD_INPUT
    nothing = term_variance([], [], [], [], [], years, rate)
    assert nothing.reason is TermReason.NO_FORWARD
    assert np.isnan(index_level(nothing, nothing))
    single = term_variance([100.0], [2.0], [2.1], [2.0], [2.1], years, rate)
    assert single.reason is TermReason.NO_STRIP


def test_the_bracket_is_the_last_expiry_up_to_the_target_and_the_first_beyond():
    years = [d / 365 for d in (2, 9, 23, 30, 37)]
    assert bracket(years, 30.0) == (3, 4)
    assert bracket(years, 29.0) == (2, 3)
    assert bracket(years, 1.0) is None
    assert bracket(years, 93.0) is None
    assert bracket([], 30.0) is None
