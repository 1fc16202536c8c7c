"""Black-76 and its inverse against independent implementations over their whole domain."""

import numpy as np
import pytest
import QuantLib as ql
from hypothesis import given
from hypothesis import strategies as st
from vollib.black.greeks import analytical as vollib_greeks

from domain.implied_vol import IvReason
from domain.pricing import greeks, implied_vol, price

MONEYNESS = st.floats(0.01, 5.0)
YEARS = st.floats(5 / 525_600, 3.0)  # five minutes to three years
VOL = st.floats(0.01, 5.0)
FORWARD = st.floats(10.0, 5000.0)


@given(FORWARD, MONEYNESS, YEARS, VOL, st.booleans(), st.floats(0.8, 1.0))
def test_prices_agree_with_quantlib_to_1e_10(forward, moneyness, years, vol, call, discount):
    strike = forward * moneyness
    kind = ql.Option.Call if call else ql.Option.Put
    theirs = ql.blackFormula(kind, strike, forward, vol * years**0.5, discount)
    ours = float(price(forward, strike, years, vol, call, discount))
    assert ours == pytest.approx(theirs, rel=1e-10, abs=1e-10 * forward)


@given(FORWARD, st.floats(0.5, 2.0), st.floats(0.01, 3.0), st.floats(0.05, 2.0), st.booleans())
def test_greeks_agree_with_quantlib_to_1e_10(forward, moneyness, years, vol, call):
    strike = forward * moneyness
    kind = ql.Option.Call if call else ql.Option.Put
    theirs = ql.BlackCalculator(
        ql.PlainVanillaPayoff(kind, strike), forward, vol * years**0.5, 0.97
    )
    ours = greeks(forward, strike, years, vol, call, 0.97)
    scale = 1e-10 * (1.0 + forward)
    assert float(ours.delta) == pytest.approx(theirs.deltaForward(), rel=1e-10, abs=1e-14)
    assert float(ours.gamma) == pytest.approx(theirs.gammaForward(), rel=1e-9, abs=1e-14)
    assert float(ours.vega) == pytest.approx(theirs.vega(years), rel=1e-9, abs=scale)


@pytest.mark.parametrize(("strike", "call"), [(90.0, False), (100.0, True), (130.0, True)])
def test_undiscounted_greeks_agree_with_vollib(strike, call):
    flag = "c" if call else "p"
    ours = greeks(100.0, strike, 0.4, 0.3, call)
    assert float(ours.delta) == pytest.approx(
        vollib_greeks.delta(flag, 100, strike, 0.4, 0, 0.3), rel=1e-10
    )
    assert float(ours.gamma) == pytest.approx(
        vollib_greeks.gamma(flag, 100, strike, 0.4, 0, 0.3), rel=1e-10
    )
    assert float(ours.vega) / 100 == pytest.approx(
        vollib_greeks.vega(flag, 100, strike, 0.4, 0, 0.3), rel=1e-10
    )
    assert float(ours.theta) / 365 == pytest.approx(
        vollib_greeks.theta(flag, 100, strike, 0.4, 0, 0.3), rel=1e-10
    )


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


def test_no_time_or_no_volatility_leaves_the_discounted_intrinsic_value():
    assert float(price(110.0, 100.0, 0.0, 0.2, True, 0.9)) == pytest.approx(9.0)
    assert float(price(110.0, 100.0, 0.5, 0.0, False, 0.9)) == 0.0
    assert np.isnan(price(110.0, 100.0, -0.1, 0.2, True))
