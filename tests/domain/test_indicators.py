"""Indicators against TA-Lib, against formulas, and incremental against batch."""

from itertools import pairwise

import numpy as np
import pytest
import talib
from hypothesis import given
from hypothesis import strategies as st

from domain.indicators import Beta, Rsi, ZScore, ewma_beta, macd, macd_state, rsi, z_scores

PRICES = 17.0 * np.exp(np.cumsum(np.random.default_rng(4).normal(0, 0.05, 700)))
SERIES = st.lists(st.floats(1.0, 1000.0), min_size=1, max_size=120)


@given(SERIES, st.integers(2, 30))
def test_rsi_agrees_with_talib_from_its_first_value(prices, length):
    ours = rsi(prices, length)
    theirs = talib.RSI(np.array(prices), length)
    if len(prices) > length:
        assert ours[length:] == pytest.approx(theirs[length:], abs=1e-9)
    assert np.all(np.isnan(ours[:length]))


@pytest.mark.parametrize(("fast", "slow", "signal"), [(12, 26, 9), (3, 10, 16), (5, 6, 1)])
def test_macd_agrees_with_talib_from_its_first_value(fast, slow, signal):
    for ours, theirs in zip(
        macd(PRICES, fast, slow, signal), talib.MACD(PRICES, fast, slow, signal), strict=True
    ):
        assert np.array_equal(np.isnan(ours), np.isnan(theirs))
        first = slow + signal - 2
        assert np.isfinite(ours[first:]).all()
        assert ours[first:] == pytest.approx(theirs[first:], abs=1e-9)


@given(st.lists(st.floats(1.0, 1000.0), min_size=60, max_size=120), st.integers(1, 12))
def test_macd_agrees_with_talib_on_any_series(prices, signal):
    for ours, theirs in zip(
        macd(prices, 8, 21, signal), talib.MACD(np.array(prices), 8, 21, signal), strict=True
    ):
        assert ours == pytest.approx(theirs, abs=1e-9, nan_ok=True)


@given(SERIES)
def test_one_at_a_time_and_batch_are_the_same_numbers(prices):
    state, beta, score, line = Rsi(5), Beta(warm_up=5), ZScore(7), macd_state(3, 6, 4)
    returns = np.diff(np.log(prices), prepend=0.0)
    for price, ret in zip(prices, returns, strict=True):
        state, score, line = state.next(price), score.next(price), line.next(price)
        beta = beta.next(ret, -4.0 * ret + 0.01 * price)
    lines = -4.0 * returns + 0.01 * np.array(prices)
    assert _same(state.value, rsi(prices, 5)[-1])
    assert _same(score.value, z_scores(prices, 7)[-1])
    assert _same(beta.value, ewma_beta(returns, lines, 0.94, 5)[-1])
    assert _same(line.value and line.value.histogram, macd(prices, 3, 6, 4)[2][-1])


def _same(single, last):
    return bool((single is None and np.isnan(last)) or single == last)


def test_beta_finds_a_proportional_series_at_once_and_weighs_recent_pairs_more():
    market = np.random.default_rng(5).normal(0, 0.01, 200)
    assert ewma_beta(market, -4.5 * market)[-1] == pytest.approx(-4.5)
    switched = np.where(np.arange(200) < 150, -2.0, -6.0) * market
    assert -6.0 < ewma_beta(market, switched)[-1] < -5.5
    by_hand = 0.94 ** np.arange(199, -1, -1)
    exact = (by_hand * market * switched).sum() / (by_hand * market**2).sum()
    assert ewma_beta(market, switched)[-1] == pytest.approx(exact, rel=1e-12)
    assert np.isnan(ewma_beta(np.zeros(80), market[:80])[-1])


def test_a_z_score_counts_deviations_from_the_window_it_closes():
    values = np.arange(100.0) ** 1.5
    window = values[40:]
    assert z_scores(values, 60)[-1] == pytest.approx(
        (window[-1] - window.mean()) / window.std(ddof=1)
    )
    assert np.count_nonzero(np.isnan(z_scores(values, 60))) == 59
    assert z_scores([0.1] * 60, 60)[-1] == 0.0


def test_a_gap_in_the_data_leaves_the_state_as_it_was():
    holed = np.insert(PRICES[:100], [20, 50], [np.nan, np.inf])
    assert rsi(holed)[-1] == rsi(PRICES[:100])[-1]
    assert z_scores(holed, 30)[-1] == z_scores(PRICES[:100], 30)[-1]
    assert macd(holed)[0][-1] == macd(PRICES[:100])[0][-1]
    assert ewma_beta([0.1, np.nan, 0.1], [0.2, 0.3, 0.2], warm_up=2)[-1] == pytest.approx(2.0)


def test_extremes_of_rsi():
    assert rsi(np.arange(1.0, 31.0))[-1] == 100.0
    assert rsi(np.arange(31.0, 1.0, -1.0))[-1] == 0.0
    assert rsi([15.0] * 30)[-1] == 0.0


def test_lengths_that_make_no_macd_are_refused():
    with pytest.raises(ValueError, match="26, 12, 9"):
        macd_state(26, 12, 9)


def test_empty_series_give_empty_results():
    assert rsi([]).size == z_scores([]).size == macd([])[0].size == ewma_beta([], []).size == 0


@given(st.lists(st.floats(allow_nan=True, width=32), max_size=90), st.integers(2, 40))
def test_many_values_at_once_lead_where_one_by_one_leads(values, length):
    one_by_one = ZScore(length)
    for value in values:
        one_by_one = one_by_one.next(value)
    assert ZScore(length).after(values) == one_by_one
    pairs = list(pairwise(values))
    beta = Beta(warm_up=2)
    for pair in pairs:
        beta = beta.next(*pair)
    assert Beta(warm_up=2).after(pairs) == beta
