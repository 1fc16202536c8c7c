"""A book over spot, VIX and time, checked option by option, and its break-evens."""

import numpy as np
import pytest

from domain.payoff import CondorPayoff
from domain.pricing import price
from domain.scenario_grid import (
    BreakEvenReason,
    break_evens,
    legs,
    linked_vix_moves,
    path_values,
    scenario_values,
)
from domain.vx_curve import future_beta, option_vol_beta

SPOT = 2795.0
CONDOR = legs(
    [1, -1, -1, 1], 100, [2500, 2530, 2900, 2930], [False, False, True, True], 45 / 365,
    [0.20, 0.19, 0.11, 0.105], 2800.0, 0.997, spot=SPOT,
)  # fmt: skip
HEDGE = legs(
    [4, 4, 2], 100, [20, 22, 24], True, np.array([30, 110, 220]) / 365, [0.9, 0.7, 0.6],
    [15, 16, 17], 0.99, vix=True,
)  # fmt: skip
MOVES, VIX, DAYS = np.linspace(-0.2, 0.1, 7), np.array([-3.0, 0.0, 12.0]), [0.0, 10.0, 45.0]


def test_an_unmoved_book_is_worth_its_black_76_value():
    now = float(path_values(CONDOR + HEDGE, 0.0, 0.0, 0.0)[0])
    condor = price(2800.0, CONDOR.strike, CONDOR.years, CONDOR.vol, CONDOR.call, 0.997)
    hedge = price(HEDGE.forward, HEDGE.strike, HEDGE.years, HEDGE.vol, True, 0.99)
    by_hand = 100 * (CONDOR.quantity @ condor + HEDGE.quantity @ hedge)
    assert now == pytest.approx(by_hand, rel=1e-12)


def test_grid_and_path_agree_everywhere():
    book = CONDOR + HEDGE
    grid = scenario_values(book, MOVES, VIX, DAYS)
    r, v, d = np.meshgrid(MOVES, VIX, DAYS, indexing="ij")
    assert grid.shape == (7, 3, 3)
    assert path_values(book, r.ravel(), v.ravel(), d.ravel()) == pytest.approx(grid.ravel())


def test_an_spx_option_moves_with_spot_and_the_beta_of_its_tenor():
    put = legs(1, 100, 2600, False, 90 / 365, 0.18, 2800.0)
    vol = 0.18 + 0.10 * float(option_vol_beta(90.0))
    by_hand = 100 * price(2800.0 * 0.93, 2600.0, 80 / 365, vol, False)
    assert path_values(put, -0.07, 10.0, 10.0)[0] == pytest.approx(float(by_hand))


def test_a_vix_option_moves_with_its_own_future_and_not_with_spot():
    call = legs(1, 100, 20, True, 110 / 365, 0.7, 16.0, vix=True)
    by_hand = 100 * price(16.0 + 20.0 * float(future_beta(110.0)), 20.0, 110 / 365, 0.7, True)
    assert scenario_values(call, [-0.3, 0.0], [20.0], [0.0])[:, 0, 0] == pytest.approx(
        [float(by_hand)] * 2
    )


def test_at_expiry_the_book_is_worth_the_payoff():
    payoff = CondorPayoff(2500.0, 2530.0, 2900.0, 2930.0, 0.0)
    values = scenario_values(CONDOR, MOVES, VIX, [45.0])[:, :, 0]
    settled = payoff.at_expiry(SPOT * (1 + MOVES)) * 100 * 0.997
    assert values == pytest.approx(np.repeat(settled[:, None], 3, axis=1), abs=1e-8)


def test_without_spot_the_forward_stands_still():
    put = legs(1, 1, 2800, False, 45 / 365, 0.18, 2810.0)
    assert path_values(put, 0.0, 0.0, 45.0)[0] == 0.0
    carried = legs(1, 1, 2800, False, 45 / 365, 0.18, 2810.0, spot=2795.0)
    assert path_values(carried, 0.0, 0.0, 45.0)[0] == pytest.approx(5.0)


def test_one_bad_leg_makes_the_book_nan_and_not_wrong():
    bad = legs([1, 1], 100, [2600, np.nan], False, 0.1, 0.2, 2800.0)
    assert np.all(np.isnan(scenario_values(bad, MOVES, VIX, DAYS)))
    assert np.isnan(path_values(legs(1, 100, 2600, True, 0.1, -0.2, 2800.0), 0.0, 0.0, 0.0)[0])


def test_an_empty_book_is_worth_nothing():
    empty = CONDOR.part(np.zeros(4, bool))
    assert not scenario_values(empty, MOVES, VIX, DAYS).any()


def test_break_evens_at_expiry_are_those_of_the_payoff():
    credit = 6.4
    found = break_evens(CONDOR, -credit * 100 * 0.997, SPOT, [45.0])
    assert (found.low[0], found.high[0]) == pytest.approx((2523.6, 2906.4), abs=1e-6)


def test_at_each_horizon_profit_is_zero_at_the_break_evens_and_positive_between():
    entry = float(path_values(CONDOR, 0.0, 0.0, 0.0)[0]) - 60.0
    horizons = np.array([1.0, 5.0, 10.0, 24.0, 45.0])
    found = break_evens(CONDOR, entry, SPOT, horizons, beta=-4.0, front=15.0, front_days=20.0)
    for edges in (found.low, found.high):
        moves = edges / SPOT - 1
        vix = linked_vix_moves(moves, -4.0, 15.0, 20.0)
        assert path_values(CONDOR, moves, vix, horizons) == pytest.approx([entry] * 5, abs=1e-6)
    assert found.contains(SPOT - 1, SPOT + 1).all()
    assert not found.contains(SPOT * 0.8, SPOT).any()
    assert np.all(np.diff(found.low) < 0)


def test_a_hedge_widens_the_range_below_or_removes_its_edge():
    book = CONDOR + HEDGE
    entries = [float(path_values(b, 0.0, 0.0, 0.0)[0]) - 60.0 for b in (CONDOR, book)]
    link = {"beta": -4.0, "front": 15.0, "front_days": 20.0}
    alone = break_evens(CONDOR, entries[0], SPOT, [5.0, 45.0], **link)
    both = break_evens(book, entries[1], SPOT, [5.0, 45.0], **link)
    assert both.low_reason[0] == BreakEvenReason.NO_LOSS
    assert np.isnan(both.low[0])
    assert both.contains([0.0, 3000.0], [SPOT, SPOT])[0]
    assert alone.low_reason[0] == BreakEvenReason.OK


def test_a_side_without_a_break_even_says_why():
    under = break_evens(CONDOR, 1e6, SPOT, [5.0])
    assert under.low_reason[0] == under.high_reason[0] == BreakEvenReason.UNDER_WATER
    unknown = break_evens(CONDOR, np.nan, SPOT, [5.0])
    assert unknown.low_reason[0] == BreakEvenReason.BAD_INPUT
    assert not unknown.contains(SPOT, SPOT)[0]


def test_a_break_even_far_out_is_found_as_exactly_as_a_near_one():
    """The strikes lie 30 % below and 25 % above spot, beyond where is looked first."""
    wide = legs(
        [1, -1, -1, 1], 100, [1900, 2000, 3400, 3500], [False, False, True, True], 45 / 365,
        0.2, 2800.0, 0.997, spot=SPOT,
    )  # fmt: skip
    found = break_evens(wide, -6.4 * 100 * 0.997, SPOT, [45.0, 20.0])
    assert (found.low[0], found.high[0]) == pytest.approx((1993.6, 3406.4), abs=1e-6)
    worth = path_values(wide, found.low / SPOT - 1, 0.0, [45.0, 20.0])
    assert worth == pytest.approx([-6.4 * 100 * 0.997] * 2, abs=1e-6)


def test_the_nearest_break_even_counts_although_a_hedge_wins_it_all_back_further_out():
    """Short one put, long three lower ones: a loss between the strikes, a gain below them."""
    spread = legs([-1, 3], 100, [2700, 2600], False, 30 / 365, 0.2, 2800.0, spot=SPOT)
    entry = -500.0
    found = break_evens(spread, entry, SPOT, [30.0])
    assert found.low[0] == pytest.approx(2695.0, abs=1e-6)
    assert path_values(spread, 2400 / SPOT - 1, 0.0, 30.0)[0] > entry
