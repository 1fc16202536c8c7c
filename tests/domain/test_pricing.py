"""Black-76 and its inverse against independent implementations over their whole domain."""

import numpy as np
import pytest
import QuantLib as ql
from hypothesis import given
from hypothesis import strategies as st
from vollib.black import black as vollib_black
from vollib.black.greeks import analytical as vollib_greeks

from domain.implied_vol import IvReason
from domain.pricing import greeks, implied_vol, price

MONEYNESS = st.floats(0.01, 5.0)
YEARS = st.floats(5 / 525_600, 3.0)  # five minutes to three years
VOL = st.floats(0.01, 5.0)
FORWARD = st.floats(10.0, 5000.0)


@given(FORWARD, MONEYNESS, YEARS, VOL, st.booleans(), st.floats(0.0, 0.05))
def test_prices_agree_with_vollib_to_1e_10(forward, moneyness, years, vol, call, rate):
    """Relative, down to 1e-16 of the forward."""
    strike = forward * moneyness
    theirs = vollib_black("c" if call else "p", forward, strike, years, rate, vol)
    ours = float(price(forward, strike, years, vol, call, np.exp(-rate * years)))
    assert ours == pytest.approx(theirs, rel=1e-10, abs=1e-26 * forward)


@given(FORWARD, MONEYNESS, YEARS, VOL, st.booleans(), st.floats(0.8, 1.0))
def test_prices_agree_with_quantlib_to_1e_10(forward, moneyness, years, vol, call, discount):
    """Relative, down to 1e-4 of the forward, below that 1e-14 of the forward: QuantLib's normal
    distribution, 1 + erf, has lost its own digits there, as comparing it with vollib shows.
    """
    strike = forward * moneyness
    kind = ql.Option.Call if call else ql.Option.Put
    theirs = ql.blackFormula(kind, strike, forward, vol * years**0.5, discount)
    ours = float(price(forward, strike, years, vol, call, discount))
    assert ours == pytest.approx(theirs, rel=1e-10, abs=1e-14 * forward)


@given(FORWARD, st.floats(0.2, 3.0), st.floats(0.002, 3.0), st.floats(0.02, 3.0), st.booleans())
def test_greeks_agree_with_quantlib_to_1e_10(forward, moneyness, years, vol, call):
    strike = forward * moneyness
    kind = ql.Option.Call if call else ql.Option.Put
    theirs = ql.BlackCalculator(
        ql.PlainVanillaPayoff(kind, strike), forward, vol * years**0.5, 0.97
    )
    ours = greeks(forward, strike, years, vol, call, 0.97)
    assert float(ours.delta) == pytest.approx(theirs.deltaForward(), rel=1e-10, abs=1e-14)
    gamma, vega = theirs.gammaForward(), theirs.vega(years)
    assert float(ours.gamma) == pytest.approx(gamma, rel=1e-10, abs=1e-14 / forward)
    assert float(ours.vega) == pytest.approx(vega, rel=1e-10, abs=1e-14 * forward)


@given(FORWARD, st.floats(0.2, 3.0), st.floats(0.002, 3.0), st.floats(0.02, 3.0), st.booleans())
def test_greeks_agree_with_vollib_to_1e_10(forward, moneyness, years, vol, call):
    flag, strike = "c" if call else "p", forward * moneyness
    ours = greeks(forward, strike, years, vol, call)
    terms = (flag, forward, strike, years, 0, vol)
    assert float(ours.delta) == pytest.approx(vollib_greeks.delta(*terms), rel=1e-10, abs=1e-15)
    for mine, theirs in (
        (ours.gamma, vollib_greeks.gamma(*terms)),
        (ours.vega / 100, vollib_greeks.vega(*terms)),  # per percentage point
        (ours.theta / 365, vollib_greeks.theta(*terms)),  # per day
    ):
        assert float(mine) == pytest.approx(theirs, rel=1e-10, abs=1e-200)


@given(FORWARD, st.floats(0.5, 2.0), st.floats(0.01, 3.0), st.floats(0.05, 2.0))
def test_cross_greeks_are_the_slopes_of_delta_and_vega_in_volatility(
    forward, moneyness, years, vol
):
    strike, bump = forward * moneyness, 1e-5 * vol
    up = greeks(forward, strike, years, vol + bump, True)
    down = greeks(forward, strike, years, vol - bump, True)
    here = greeks(forward, strike, years, vol, True)
    assert float(here.vanna) == pytest.approx(
        float(up.delta - down.delta) / (2 * bump), rel=1e-4, abs=1e-4
    )
    assert float(here.volga) == pytest.approx(
        float(up.vega - down.vega) / (2 * bump), rel=1e-4, abs=1e-4 * forward
    )


@given(FORWARD, MONEYNESS, YEARS, VOL)
def test_implied_volatility_inverts_the_price_to_1e_10(forward, moneyness, years, vol):
    strike = forward * moneyness
    call = strike >= forward  # the out-of-the-money side: an intrinsic value would eat the digits
    value = float(price(forward, strike, years, vol, call, 0.97))
    if value < 1e-8 * forward:
        return
    got, reason = implied_vol(value, forward, strike, years, call, 0.97)
    assert reason == IvReason.OK
    # Where the price itself hardly moves with volatility, its own rounding limits what can be
    # recovered.
    sensitivity = float(greeks(forward, strike, years, vol, call, 0.97).vega)
    assert abs(float(got) - vol) <= 1e-10 + 4e-16 * forward / sensitivity


def test_a_dense_grid_of_the_whole_domain_converges_everywhere():
    moneyness = np.exp(np.linspace(np.log(0.01), np.log(5.0), 201))[:, None, None]
    years = np.exp(np.linspace(np.log(5 / 525_600), np.log(3.0), 25))[None, :, None]
    vol = np.exp(np.linspace(np.log(0.01), np.log(5.0), 41))[None, None, :]
    call = moneyness >= 1.0
    value = price(1.0, moneyness, years, vol, call)
    got, reason = implied_vol(value, 1.0, moneyness, years, call)
    use = value > 1e-8
    assert use.sum() > 30_000
    assert (reason[use] == IvReason.OK).all()
    exact = np.broadcast_to(vol, value.shape)[use]
    vega = greeks(1.0, moneyness, years, vol, call).vega[use]
    assert (np.abs(got[use] - exact) <= 1e-10 + 4e-16 / vega).all()


def test_no_time_or_no_volatility_leaves_the_discounted_intrinsic_value():
    assert float(price(110.0, 100.0, 0.0, 0.2, True, 0.9)) == pytest.approx(9.0)
    assert float(price(110.0, 100.0, 0.5, 0.0, False, 0.9)) == 0.0
    assert np.isnan(price(110.0, 100.0, -0.1, 0.2, True))


def test_a_side_that_is_missing_gives_no_number():
    calls = [1, 0, np.nan]
    assert list(np.isnan(price(100.0, 100.0, 0.5, 0.2, calls))) == [False, False, True]
    assert list(np.isnan(greeks(100.0, 90.0, 0.5, 0.2, calls).delta)) == [False, False, True]


def test_a_large_book_has_the_same_greeks_as_its_parts():
    strikes = np.linspace(50.0, 200.0, 10_001)
    whole = greeks(100.0, strikes, 0.5, 0.2, strikes >= 100.0)
    for i in range(3):
        part = greeks(100.0, strikes[i::3], 0.5, 0.2, strikes[i::3] >= 100.0)
        assert np.array_equal(whole.gamma[i::3], part.gamma)
        assert np.array_equal(whole.volga[i::3], part.volga)
