"""Forward and discount from put-call parity, on chains whose truth is known."""

import numpy as np
import pytest

from domain.parity import (
    GapReason,
    ParityReason,
    box_rates,
    fit_parity,
    futures_gap,
    parity_gaps,
)
from domain.pricing import price

STRIKES = np.arange(2500.0, 3105.0, 5.0)
FORWARD, DISCOUNT, YEARS = 2805.37, 0.9951, 45 / 365


def chain(half=0.3, seed=None):
    noise = 0.0 if seed is None else np.random.default_rng(seed).uniform(-0.6, 0.6, STRIKES.size)
    calls = price(FORWARD, STRIKES, YEARS, 0.14, True, DISCOUNT) + noise * half
    puts = price(FORWARD, STRIKES, YEARS, 0.14, False, DISCOUNT)
    return [STRIKES, calls - half, calls + half, puts - half, puts + half]


def test_exact_mids_give_the_forward_and_the_discount_back():
    found = fit_parity(*chain(), YEARS, rate=None)
    assert found.reason is ParityReason.OK
    assert found.forward == pytest.approx(FORWARD, abs=1e-9)
    assert found.discount == pytest.approx(DISCOUNT, abs=1e-12)
    assert found.rate(YEARS) == pytest.approx(-np.log(DISCOUNT) / YEARS)


def test_the_stated_errors_cover_noisy_mids():
    misses = []
    for seed in range(40):
        found = fit_parity(*chain(seed=seed), YEARS, rate=None)
        misses.append((found.forward - FORWARD) / found.forward_error)
    assert 0.5 < np.std(misses) < 1.6


def test_broken_quotes_are_outvoted():
    quotes = chain(seed=1)
    quotes[1][40:46] += 60.0
    quotes[2][40:46] += 60.0  # six calls far too high
    quotes[4][60] = 139.6  # a put 130 points wide
    quotes[3][70] = quotes[4][70] = 0.0
    found = fit_parity(*quotes, YEARS)
    assert found.forward == pytest.approx(FORWARD, abs=0.1)
    assert found.discount == pytest.approx(DISCOUNT, abs=5e-4)


def test_a_known_rate_decides_a_one_day_discount_and_leaves_a_long_one_alone():
    free = fit_parity(*chain(seed=2), 1 / 365, rate=None)
    known = fit_parity(*chain(seed=2), 1 / 365, rate=0.02, rate_error=0.01)
    assert abs(known.rate(1 / 365) - 0.02) < 0.02 < abs(free.rate(1 / 365))
    long = fit_parity(*chain(seed=2), YEARS, rate=0.02, rate_error=0.03)
    assert long.discount == pytest.approx(DISCOUNT, abs=3e-4)


@pytest.mark.parametrize("bad", [np.nan, -1.0, 0.0])
def test_strikes_without_four_good_prices_do_not_count(bad):
    quotes = chain()
    quotes[1][2:] = bad
    found = fit_parity(*quotes, YEARS, rate=None)
    assert (found.reason is ParityReason.OK) == (quotes[1][1] > 0)
    quotes[1][1:] = bad
    assert fit_parity(*quotes, YEARS, rate=None).reason is ParityReason.TOO_FEW_STRIKES
    quotes[1][:] = bad
    assert fit_parity(*quotes, YEARS).reason is ParityReason.TOO_FEW_STRIKES


def test_one_strike_gives_a_forward_when_the_rate_is_known():
    """Forward 2800 + (50 - 46) / D with D = e^(-0.02 / 10); half-spreads of 0.2 make the error."""
    found = fit_parity([2800.0], [49.8], [50.2], [45.8], [46.2], 0.1)
    assert found.forward == pytest.approx(2800.0 + 4.0 * np.exp(0.002), abs=1e-6)
    assert found.discount == pytest.approx(np.exp(-0.002))
    assert 0 < found.forward_error < 0.4


def test_nonsense_gives_a_reason_and_no_number():
    assert fit_parity([], [], [], [], [], 0.1).reason is ParityReason.TOO_FEW_STRIKES
    assert fit_parity(*chain(), 0.0).reason is ParityReason.BAD_INPUT
    assert fit_parity(*chain(), YEARS, rate=np.nan).reason is ParityReason.BAD_INPUT
    assert fit_parity([1.0, 2.0], [1.0], [1.0], [1.0], [1.0], 0.1).reason is ParityReason.BAD_INPUT
    rising = [STRIKES, STRIKES, STRIKES + 1, STRIKES * 0 + 1, STRIKES * 0 + 2]
    nothing = fit_parity(*rising, YEARS, rate=None)
    assert nothing.reason is ParityReason.DEGENERATE
    assert np.isnan(nothing.forward)
    assert np.isnan(futures_gap(nothing, 17.0))


def test_a_conversion_pays_when_the_call_is_bid_too_high():
    strike, future, discount = 18.0, 17.5, 0.999
    fair = discount * (future - strike)
    gaps = parity_gaps(
        [strike] * 3, [2.0 + fair + 0.20] * 3, [2.0 + fair + 0.30] * 3, [1.95] * 3, [2.0] * 3,
        future - 0.05, future + 0.05, discount,
    )  # fmt: skip
    assert gaps.conversion == pytest.approx([0.20 - 0.05 * discount] * 3)
    assert np.all(gaps.reversal < 0)
    assert gaps.middle == pytest.approx([0.275] * 3)


def test_each_strike_without_a_gap_says_why():
    gaps = parity_gaps(
        [18, 18, 18, -1, np.nan], [1, 2, np.nan, 1, 1], [2, 1, 2, 2, 2], [1] * 5, [2] * 5,
        17.0, 17.1, 1.0,
    )  # fmt: skip
    assert list(gaps.reason) == [
        GapReason.OK,
        GapReason.NOT_QUOTED,
        GapReason.NOT_QUOTED,
        GapReason.BAD_INPUT,
        GapReason.BAD_INPUT,
    ]
    assert list(np.isnan(gaps.conversion)) == [False, True, True, True, True]


def test_a_box_lends_below_and_borrows_above_the_rate_it_is_priced_at():
    years, rate = 0.5, 0.025
    value = {k: np.exp(-rate * years) * (3000.0 - k) for k in (2800.0, 3200.0)}
    bids = (value[2800.0] - 0.4, value[3200.0] - 0.4)
    asks = (value[2800.0] + 0.4, value[3200.0] + 0.4)
    lend, borrow = box_rates(2800.0, 3200.0, bids, asks, years)
    assert lend < rate < borrow
    assert (lend + borrow) / 2 == pytest.approx(rate, abs=1e-5)
    assert all(np.isnan(box_rates(3200.0, 2800.0, bids, asks, years)))
