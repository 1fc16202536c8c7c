"""One expiry's smile: reproduction, freedom from arbitrage, warm starts, thin chains, bad data."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.density import Density
from domain.interpolation import Interpolation, interpolate
from domain.pricing import price
from domain.smile_fit import MIN_QUOTES, QuoteReason, SmileReason, fit_smile
from domain.surface import check_arbitrage
from domain.svi import Svi

FORWARD, DISCOUNT, YEARS = 2800.0, 0.995, 45 / 365
STRIKES = np.concatenate([np.arange(1800.0, 2500.0, 25.0), np.arange(2500.0, 3105.0, 5.0)])
CALL = STRIKES >= FORWARD
SKEW = Svi(a=0.0003, b=0.028, rho=-0.45, m=0.02, sigma=0.035)


def quotes(variance=SKEW.total_variance, half=0.10, strikes=STRIKES, forward=FORWARD):
    vol = np.sqrt(variance(np.log(strikes / forward)) / YEARS)
    mid = price(forward, strikes, YEARS, vol, strikes >= forward, DISCOUNT)
    return np.maximum(mid - half, 0.0), mid + half


def fit(bid, ask, **more):
    return fit_smile(STRIKES, bid, ask, CALL, FORWARD, DISCOUNT, YEARS, **more)


def test_a_smooth_smile_is_returned_within_its_spread():
    bid, ask = quotes()
    found = fit(bid, ask)
    assert found.reason is SmileReason.OK
    model = found.smile.price(STRIKES, CALL)
    used = found.quotes == QuoteReason.OK
    assert np.all((model[used] > bid[used]) & (model[used] < ask[used]))
    near = np.abs(STRIKES - FORWARD) < 250
    truth = np.sqrt(SKEW.total_variance(np.log(STRIKES / FORWARD)) / YEARS)
    assert found.smile.vol(STRIKES[near]) == pytest.approx(truth[near], abs=0.002)


def test_what_svi_cannot_bend_to_is_still_followed_without_arbitrage():
    def two_humps(k):  # an announcement before expiry: a lognormal mixture is free of arbitrage
        return Density(
            np.array([-0.05, 0.04]), np.array([0.03, 0.02]), np.array([0.45, 0.55]), np.ones(2)
        )

    mixed = two_humps(None)
    centred = Density(
        mixed.centre - np.log(mixed.weight @ np.exp(mixed.centre)),
        mixed.width, mixed.weight, mixed.prior,
    )  # fmt: skip
    strikes = np.arange(2450.0, 3105.0, 5.0)
    bid, ask = quotes(centred.total_variance, 0.15, strikes)
    found = fit_smile(strikes, bid, ask, strikes >= FORWARD, FORWARD, DISCOUNT, YEARS)
    model = found.smile.price(strikes, strikes >= FORWARD)
    used = bid > 0.05
    assert np.all((model[used] >= bid[used] - 0.05) & (model[used] <= ask[used] + 0.05))
    check = check_arbitrage(found.smile)
    assert check.butterfly > -1e-12
    assert check.gaps == 0


def test_quotes_that_contradict_each_other_never_make_a_butterfly():
    rng = np.random.default_rng(3)
    bid, ask = quotes()
    shift = rng.normal(0, 1.0, STRIKES.size)
    found = fit(np.maximum(bid + shift, 0.0), np.maximum(ask + shift, 0.01))
    assert found.reason is SmileReason.OK
    assert check_arbitrage(found.smile, deviations=np.linspace(-12, 8, 2001)).butterfly > -1e-12


def test_a_broken_quote_does_not_bend_the_smile():
    bid, ask = quotes()
    clean = fit(bid, ask).smile.vol(2700.0)
    at = int(np.flatnonzero(STRIKES == 2700.0)[0])
    bid[at], ask[at] = bid[at] + 30.0, ask[at] + 30.0
    found = fit(bid, ask)
    assert found.smile.vol(2700.0) == pytest.approx(clean, abs=0.004)
    assert found.residual[at] > 50


def test_residuals_point_at_the_cheap_option():
    bid, ask = quotes(half=0.25)
    at = 60
    bid[at], ask[at] = bid[at] - 0.2, ask[at] - 0.2
    found = fit(bid, ask)
    assert np.nanargmin(found.residual) == at
    assert found.residual[at] == pytest.approx(-0.8, abs=0.25)


def test_a_warm_fit_equals_the_cold_one_and_follows_the_market():
    bid, ask = quotes()
    cold = fit(bid, ask)
    warm = fit(bid, ask, warm=cold.smile)
    assert warm.rounds <= cold.rounds
    assert warm.smile.vol(STRIKES) == pytest.approx(cold.smile.vol(STRIKES), abs=1e-4)
    moved = 2700.0
    bid, ask = quotes(lambda k: 1.5 * SKEW.total_variance(k), forward=moved)
    found = fit_smile(STRIKES, bid, ask, moved <= STRIKES, moved, DISCOUNT, YEARS, warm=cold.smile)
    assert found.reason is SmileReason.OK
    assert np.nanmax(np.abs(found.residual)) < 1.5


def test_a_longer_expiry_never_undercuts_a_shorter_one_even_when_its_quotes_do():
    short = fit(*quotes()).smile
    bid, ask = quotes(lambda k: 0.9 * SKEW.total_variance(k))
    longer = fit_smile(STRIKES, bid, ask, CALL, FORWARD, DISCOUNT, YEARS + 7 / 365, earlier=short)
    assert longer.reason is SmileReason.OK
    check = check_arbitrage(longer.smile, short)
    assert check.calendar > 0
    assert check.butterfly > -1e-12


@pytest.mark.parametrize("count", [1, 2, MIN_QUOTES - 1])
def test_a_thin_chain_is_interpolated_and_says_so(count):
    pick = np.linspace(20, STRIKES.size - 30, count).astype(int)
    bid, ask = quotes()
    found = fit_smile(STRIKES[pick], bid[pick], ask[pick], CALL[pick], FORWARD, DISCOUNT, YEARS)
    assert found.reason is SmileReason.THIN
    assert isinstance(found.smile.curve, Interpolation)
    middle = found.smile.price(STRIKES[pick], CALL[pick])
    assert middle == pytest.approx(0.5 * (bid + ask)[pick], abs=1e-6)


def test_one_side_of_the_money_alone_is_thin():
    bid, ask = quotes()
    bid[CALL] = 0.0
    assert fit(bid, ask).reason is SmileReason.THIN


def test_interpolation_is_monotone_where_its_points_are_and_flat_beyond():
    k = np.array([-0.3, -0.2, -0.05, 0.0, 0.1])
    curve = interpolate(k, [0.05, 0.04, 0.039, 0.012, 0.011])
    dense = curve.total_variance(np.linspace(-0.5, 0.3, 801))
    assert np.all(np.diff(dense) <= 1e-15)
    assert dense[0] == 0.05
    assert dense[-1] == 0.011


def test_every_quote_that_does_not_take_part_says_why():
    strikes = [-5.0, 2700.0, 2701.0, 2702.0, 2900.0, 2900.0, 2705.0, 2703.0, 100.0]
    bid = [1.0, np.nan, 0.0, 9.0, 400.0, 1.0, 5.0, 5.0, 0.05]
    ask = [2.0, 1.0, 1.0, 8.0, 9000.0, 2.0, np.inf, 6.0, 0.10]
    call = [False, False, False, False, True, False, False, False, False]
    found = fit_smile(strikes, bid, ask, call, FORWARD, DISCOUNT, YEARS)
    assert [QuoteReason(r).name for r in found.quotes] == [
        "BAD_INPUT", "BAD_INPUT", "NOT_TWO_SIDED", "CROSSED", "NO_VOLATILITY", "IN_THE_MONEY",
        "BAD_INPUT", "OK", "OUT_OF_RANGE",
    ]  # fmt: skip
    assert np.array_equal(np.isnan(found.residual), found.quotes != QuoteReason.OK)


@pytest.mark.parametrize("bad", [np.nan, 0.0, -1.0, np.inf])
def test_a_bad_forward_discount_or_time_gives_no_smile(bad):
    bid, ask = quotes()
    for forward, discount, years in (
        (bad, DISCOUNT, YEARS), (FORWARD, bad, YEARS), (FORWARD, DISCOUNT, bad),
    ):  # fmt: skip
        found = fit_smile(STRIKES, bid, ask, CALL, forward, discount, years)
        assert found.smile is None
        assert found.reason is SmileReason.BAD_INPUT


def test_an_empty_chain_gives_no_smile():
    found = fit_smile([], [], [], [], FORWARD, DISCOUNT, YEARS)
    assert found.reason is SmileReason.NO_QUOTES
    assert found.residual.size == 0


def test_far_strikes_and_bad_strikes_give_nan_and_near_ones_do_not():
    smile = fit(*quotes()).smile
    vols = smile.vol([np.nan, -1.0, 0.0, 2800.0])
    assert list(np.isnan(vols)) == [True, True, True, False]
    assert smile.moved_to(2900.0).vol(2900.0) == pytest.approx(float(smile.vol(2800.0)))


def test_the_density_integrates_to_one_with_mean_one():
    density = fit(*quotes()).smile.curve
    k = np.linspace(-1.0, 0.5, 20001)
    pdf = density.pdf(k)
    assert np.all(pdf >= 0)
    assert np.trapezoid(pdf, k) == pytest.approx(1.0, abs=1e-6)
    assert np.trapezoid(pdf * np.exp(k), k) == pytest.approx(1.0, abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([np.nan, -1.0, 0.0, 2500.0, 2790.0, 2800.0, 3000.0, 1e300]),
            st.sampled_from([np.nan, -5.0, 0.0, 0.05, 20.0, 1e9]),
            st.sampled_from([np.nan, -5.0, 0.0, 0.10, 25.0, np.inf]),
            st.booleans(),
        ),
        max_size=25,
    )
)
def test_no_garbage_makes_a_fit_raise(rows):
    table = np.array(rows, dtype=np.float64).reshape(-1, 4)
    found = fit_smile(*table.T, FORWARD, DISCOUNT, YEARS)
    assert found.quotes.shape == (len(rows),)
    assert (found.smile is None) == (found.reason in {SmileReason.NO_QUOTES, SmileReason.BAD_INPUT})


def test_wider_kernels_make_every_option_worth_more():
    density = fit(*quotes()).smile.curve
    k = np.linspace(-0.5, 0.3, 400)
    assert np.all(density.widened(1e-3).otm(k) > density.otm(k))
    assert density.deviation == pytest.approx(fit(*quotes()).smile.deviation)


def test_half_of_the_strikes_predict_the_other_half():
    bid, ask = quotes(half=0.15)
    kept = np.arange(STRIKES.size) % 2 == 0
    found = fit_smile(STRIKES[kept], bid[kept], ask[kept], CALL[kept], FORWARD, DISCOUNT, YEARS)
    model = found.smile.price(STRIKES, CALL)
    held_out = ~kept & (bid > 0.05)
    assert np.all((model > bid)[held_out] & (model < ask)[held_out])
