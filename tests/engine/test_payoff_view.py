"""The payoff diagram: exact at expiry, honest about what cannot be known."""

from dataclasses import replace

import numpy as np
import pytest

from domain.payoff import CondorPayoff
from domain.signals import Reading, Signal
from engine.payoff_view import crossings, payoff_view
from engine.policy import Policy
from tests.bot.console.stage import desk_with_everything
from tests.builders import Market, condor, quoted, ready_desk, with_calls, with_condor


def one_condor(quantity=4):
    desk = with_condor(ready_desk(), quantity)
    return quoted(desk, Market(), desk.book.positions())


def test_at_expiry_it_is_the_condors_own_payoff():
    desk = one_condor()
    view = payoff_view(desk, Policy())
    exact = CondorPayoff(2655, 2685, 2850, 2880, 7.0)
    expiry = view.curves[-1]
    assert expiry.label == "expiry"
    assert np.array(expiry.condors) == pytest.approx(exact.at_expiry(view.prices) * 400, abs=0.01)
    assert expiry.break_evens == pytest.approx(exact.break_evens)
    assert max(expiry.condors) == 7.0 * 400
    assert min(expiry.condors) == -exact.max_loss * 400
    assert {contract.strike for contract in condor().contracts} <= set(view.prices)


def test_now_and_here_it_is_the_open_result():
    desk = one_condor()
    view = payoff_view(desk, Policy())
    here = view.prices.index(view.spot)
    now = view.curves[0]
    mids = [desk.quote(c) for c in desk.book.positions()]
    worth = sum(
        0.5 * (quote.bid + quote.ask) * count * 100
        for quote, count in zip(mids, desk.book.positions().values(), strict=True)
    )
    cost = sum(float(p.cost) for c in desk.book.open_condors for p in c.positions)
    assert now.condors[here] == pytest.approx(worth - cost, abs=1.0)


def test_curves_come_nearer_to_expiry_with_time():
    view = payoff_view(one_condor(), Policy())
    assert [curve.label for curve in view.curves] == ["now", "+7 days", "+21 days", "expiry"]
    here = view.prices.index(view.spot)
    profits = [curve.condors[here] for curve in view.curves]
    assert profits == sorted(profits)


def test_an_option_without_price_leaves_only_expiry():
    desk = one_condor()
    gone = next(iter(desk.book.positions()))
    desk = replace(desk, quotes={c: q for c, q in desk.quotes.items() if c != gone})
    view = payoff_view(desk, Policy())
    assert [curve.condors is None for curve in view.curves] == [True, True, True, False]
    assert view.curves[0].break_evens == (None, None)


def test_the_hedge_gains_where_vix_follows_spx_down_and_not_where_that_is_unknown():
    desk = with_calls(one_condor(), quantity=3)
    desk = quoted(desk, Market(), desk.book.positions())
    still = payoff_view(desk, Policy())
    assert still.beta is None
    assert len({round(v, 2) for v in still.curves[0].hedge}) == 1
    beta = {Signal.VX_BETA: Reading(-4.0, desk.now)}
    desk = replace(desk, memory=replace(desk.memory, signals=beta))
    linked = payoff_view(desk, Policy())
    assert linked.beta == -4.0
    hedge = linked.curves[0].hedge
    here = hedge[linked.prices.index(linked.spot)]
    assert hedge[0] > 500.0 > abs(here) + 400.0
    both = [a + b for a, b in zip(linked.curves[-1].condors, linked.curves[-1].hedge, strict=True)]
    low, high = linked.curves[-1].break_evens_hedged
    for edge in (low, high):
        assert (
            abs(np.interp(edge, linked.prices, both)) < 5.0
        )  # USD; edges are told to a cent of a point


def test_with_nothing_held_or_no_spx_there_is_nothing_to_draw():
    assert payoff_view(quoted(ready_desk(), Market()), Policy()).curves == ()
    assert payoff_view(with_condor(ready_desk()), Policy()).curves == ()


def test_of_several_crossings_those_next_to_spot_count():
    prices = np.arange(0.0, 9.0)
    profit = np.array([1.0, -1, -1, 1, 1, 1, -1, -1, 3])
    assert crossings(prices, profit, 4.0) == (2.5, 5.5)
    assert crossings(prices, np.ones(9), 4.0) == (None, None)
    assert crossings(prices, None, 4.0) == (None, None)


def test_everything_at_once_is_drawn():
    view = payoff_view(desk_with_everything(), Policy())
    assert all(curve.condors and curve.hedge for curve in view.curves)
    assert len(view.prices) < 150
