"""Expiries together: order in time, the ceiling from later quotes, and the arbitrage check."""

from itertools import pairwise

import numpy as np
import pytest

from domain.pricing import price
from domain.smile_fit import Smile, SmileReason
from domain.surface import (
    Strip,
    ceiling,
    check_arbitrage,
    fit_surface,
    strip,
    touch_arbitrage,
)
from domain.svi import Svi

FORWARD = 2800.0
STRIKES = np.arange(2000.0, 3205.0, 10.0)
DAYS = (7, 14, 30, 60)


def one(days, level=0.14, half=0.15, strikes=STRIKES, skew=-0.5):
    years = days / 365
    deviation = level * np.sqrt(years)
    svi = Svi(0.2 * deviation**2, 0.5 * deviation, skew, 0.3 * deviation, 1.2 * deviation)
    vol = np.sqrt(svi.total_variance(np.log(strikes / FORWARD)) / years)
    calls = price(FORWARD, strikes, years, vol, True)
    puts = price(FORWARD, strikes, years, vol, False)
    sides = calls - half, calls + half, puts - half, puts + half
    return strip(strikes, *(np.maximum(side, 0.0) for side in sides), FORWARD, 1.0, years)


def test_expiries_whose_quotes_cross_in_time_are_fitted_without_calendar_arbitrage():
    strips = [one(7), one(14, 0.09), one(30, 0.13), one(60, 0.085)]
    fits = fit_surface(strips)
    for earlier, later in pairwise(fits):
        assert later.reason is SmileReason.OK
        check = check_arbitrage(later.smile, earlier.smile)
        assert check.calendar > 0
        assert check.butterfly > -1e-12
        assert check.gaps == 0


def test_a_wing_that_is_not_quoted_stays_below_the_next_expiry_that_quotes_it():
    near = one(30, strikes=np.arange(2600.0, 2905.0, 10.0), half=0.3)
    far = one(45, skew=-0.9)
    fits = fit_surface([near, far])
    far_quotes = (far.bid > 0.05) & (far.call > 0)
    model = fits[1].smile.price(far.strike, far.call)
    assert np.all(model[far_quotes] <= far.ask[far_quotes] + far.tick[far_quotes])
    top = ceiling([far])
    assert top is not None
    inside = fits[0].smile.curve.otm(top.k) <= top.price * 1.02
    assert inside.mean() > 0.95


def test_a_single_stale_ask_does_not_become_a_ceiling():
    far = one(45)
    low = far.ask.copy()
    low[60] *= 0.5
    stale = Strip(
        far.strike,
        np.minimum(far.bid, low),
        low,
        *(getattr(far, name) for name in ("call", "tick", "forward", "discount", "years")),
    )
    clean, found = ceiling([far]), ceiling([stale])
    assert found is not None
    assert clean is not None
    assert np.max(np.abs(np.log(found.price / clean.price))) < 0.2


def test_no_later_quotes_make_no_ceiling():
    empty = one(45)
    nothing = Strip(empty.strike, empty.bid * 0, empty.ask, empty.call, empty.tick, 1.0, 1.0, 1.0)
    assert ceiling([]) is None
    assert ceiling([nothing]) is None


def test_an_expiry_without_quotes_is_passed_over():
    hole = one(14)
    hole = Strip(hole.strike, hole.bid * np.nan, hole.ask, hole.call, hole.tick, FORWARD, 1.0, 0.04)
    fits = fit_surface([one(7), hole, one(30)])
    assert [f.reason for f in fits] == [SmileReason.OK, SmileReason.NO_QUOTES, SmileReason.OK]
    assert check_arbitrage(fits[2].smile, fits[0].smile).calendar > 0


def test_expiries_out_of_order_are_refused():
    with pytest.raises(ValueError, match="order"):
        fit_surface([one(14), one(7)])


def test_a_strip_takes_puts_below_and_calls_above_in_order_of_strike():
    chosen = strip([30, 10, 20], [1, 2, 3], [4, 5, 6], [7, 8, 9], [10, 11, 12], 20.0, 1.0, 0.1)
    assert list(chosen.strike) == [10, 20, 30]
    assert list(chosen.call) == [0, 1, 1]
    assert list(chosen.bid) == [8, 3, 1]
    assert list(chosen.ask) == [11, 6, 4]


class _Vogt:
    """The SVI slice with a butterfly from Gatheral and Jacquier (2014)."""

    svi = Svi(a=-0.0410, b=0.1331, rho=0.3060, m=0.3586, sigma=0.4153)


def test_the_check_finds_a_butterfly_and_a_calendar_that_are_there():
    vogt = Smile(1.0, 1.0, 1.0, 0.3, _Vogt.svi, None, SmileReason.OK)
    assert check_arbitrage(vogt).butterfly < -1e-7
    calm = fit_surface([one(30)])[0].smile
    wild = fit_surface([one(7, 0.5)])[0].smile
    assert check_arbitrage(calm, wild).calendar < -0.1


def test_free_money_at_the_touch_is_found():
    calls = price(FORWARD, STRIKES, 0.1, 0.15, True)
    vertical, fly = touch_arbitrage(STRIKES, calls - 0.05, calls + 0.05)
    assert vertical > 0
    assert fly > 0
    bid = calls - 0.05
    bid[60] += 2.0
    assert touch_arbitrage(STRIKES, bid, calls + 0.05)[1] < -1.0
    bid[61] += 20.0
    assert touch_arbitrage(STRIKES, bid, calls + 0.05)[0] < -10.0
    bid[60:62] = np.nan
    assert touch_arbitrage(STRIKES, bid, calls + 0.05)[1] > 0
    assert touch_arbitrage([1.0], [1.0], [2.0]) == (np.inf, np.inf)
