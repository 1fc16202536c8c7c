"""What trading cost and what cash would have earned: counted beside the results, never in them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from study.costs import fees_by_layer, interest, trading_costs, yearly
from study.layers import ratio_change
from study.replay import BookDay, BookRun
from study.venue import Trade

FIRST = date(2018, 1, 5)  # a Friday


def _day(place, vix, bill):
    on = FIRST + timedelta(days=place)
    return BookDay(on, 1e6, 0.0, 2700.0, vix, "", 0, 0, 0, cash=1_100_000.0, bill=bill)


def _trade(place, layer, purpose, quantity, price, mid, half):
    at = datetime.combine(FIRST + timedelta(days=place), datetime.min.time(), UTC)
    return Trade(
        at + timedelta(hours=16), "x", layer, purpose, "r", quantity, Decimal(price),
        Decimal("2.50"), Decimal(mid), Decimal(half),
    )  # fmt: skip


def _run(trades=(), bills=(2.0, 2.0, 2.0), vixes=(12.0, 25.0, 35.0)):
    days = tuple(
        _day(place, vix, bill) for place, vix, bill in zip((0, 3, 4), vixes, bills, strict=True)
    )
    return BookRun("Hd", "", days, tuple(trades), 0, 0)


def test_half_spreads_are_shares_of_what_was_traded_by_layer_and_regime():
    run = _run(
        [
            _trade(0, "L2a", "buy_hedge", 2, "0.62", "0.60", "0.04"),
            _trade(0, "L2b", "buy_hedge", 1, "1.00", "1.00", "0.06"),
            _trade(4, "L2a", "sell_hedge", 1, "-3.80", "-4.00", "0.50"),
            _trade(0, "L1", "open_condor", 1, "-3.00", "-3.10", "0.40"),
        ]
    )
    condor, calm, high = trading_costs(run)
    assert (condor.layer, condor.regime, calm.regime, high.regime) == (
        "condors", "VIX < 20", "VIX < 20", "VIX >= 30",
    )  # fmt: skip
    assert condor.paid == pytest.approx(0.10 / 3.10)
    assert calm.half == pytest.approx((2 * 0.04 + 0.06) / 2.20)
    assert calm.paid == pytest.approx(2 * 0.02 / 2.20)
    assert (high.half, high.paid) == (pytest.approx(0.125), pytest.approx(0.05))
    assert calm.executions == 2
    assert fees_by_layer(run.trades) == (("condors", 2.5), ("hedge", 7.5))


def test_a_roll_is_no_premium():
    run = _run([_trade(0, "L2a", "roll_hedge", 1, "0.05", "0.01", "0.08")])
    assert trading_costs(run) == ()


def test_cash_earns_the_bill_of_the_close_until_the_next_weekends_included():
    run = _run(bills=(2.0, 3.0, 9.0))
    wanted = 1_100_000 * (0.02 * 3 + 0.03 * 1) / 365
    assert interest(run) == pytest.approx(wanted)
    assert yearly(wanted, run) == pytest.approx(wanted / 1e6 * 365 / 4)


def test_a_missing_yield_is_that_of_the_day_before_and_none_at_all_is_no_interest():
    assert interest(_run(bills=(2.0, None, 1.0))) == interest(_run(bills=(2.0, 2.0, 1.0)))
    assert interest(_run(bills=(None, None, None))) is None


def test_interest_moves_no_result(runs):
    """The money at the close is what the rules made of it: bills beside it or not."""
    plain = runs[0]
    paid = replace(plain, days=tuple(replace(day, bill=5.0) for day in plain.days))
    assert [day.nlv for day in paid.days] == [day.nlv for day in plain.days]
    assert interest(plain) is None, "arch has no bills"
    assert interest(paid) == pytest.approx(1_000_000 * 0.05 * 22 / 365, rel=0.02)


def test_real_trades_know_what_lay_between_the_quotes(runs):
    trades = [trade for run in runs for trade in run.trades]
    assert trades
    assert all(trade.half > 0 for trade in trades)
    paid = [trade.price - trade.mid for trade in trades]
    assert all(cost <= trade.half for cost, trade in zip(paid, trades, strict=True))


def test_a_ratio_that_changes_nothing_takes_nothing_away(runs):
    _, hedged = runs
    found = ratio_change(hedged, hedged, seed=1)
    assert (found.volatility.estimate, found.gain.estimate) == (0.0, 0.0)
