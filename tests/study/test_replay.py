"""The same engine over history: what the books trade, and what must not matter to them."""

from dataclasses import replace
from datetime import date

import pytest

from domain.events import DailyClosesLoaded
from domain.session import new_york
from sim.exchange.scenarios import Scenario
from study.board import Board
from study.replay import replay
from study.run import run_books


def test_only_the_hedged_book_buys_calls(runs):
    unhedged, hedged = runs
    assert {trade.layer for trade in unhedged.trades} == {"L1"}
    assert {"L1", "L2a"} <= {trade.layer for trade in hedged.trades}
    assert all(day.hedge_pnl == 0 and day.calls == 0 for day in unhedged.days)
    assert any(day.calls for day in hedged.days)


def test_both_books_open_the_same_condor_at_the_same_price(runs):
    entries = [
        [(t.at, t.quantity, t.price) for t in run.trades if t.purpose == "open_condor"]
        for run in runs
    ]
    assert entries[0]
    assert entries[0][0] == entries[1][0]


def test_condors_are_opened_at_the_hour_of_the_rules_and_stopped_out_in_the_spike(runs, table):
    trades = runs[0].trades
    opened = [t.at for t in trades if t.purpose == "open_condor"]
    assert all(11 <= new_york(at).hour < 15 for at in opened)
    assert "4.3.stop" in {t.rule for t in trades if t.purpose == "close_condor"}


def test_money_adds_up_to_fills_fees_and_marks(runs):
    for run in runs:
        paid = sum(t.quantity * t.price * 100 + t.fees for t in run.trades)
        flat = run.days[-1].condors == 0 and run.days[-1].calls == 0
        if flat:
            assert run.days[-1].nlv == pytest.approx(run.start_nlv - float(paid))
        assert all(t.fees == t.fees.quantize(t.fees) and t.fees > 0 for t in run.trades)


def test_a_book_alone_lives_the_same_days_as_beside_others(runs, volmageddon, table, both):
    for spec, together in zip(both, runs, strict=True):
        assert replay(volmageddon, table, (spec,), seed=3) == (together,)


def test_the_number_of_workers_changes_nothing(runs, volmageddon, table, both):
    assert run_books(volmageddon, table, both, seed=3, workers=2) == runs


def test_another_future_leaves_the_past_as_it_was(runs, volmageddon, table, both):
    changed = replay(_other_future(volmageddon, FORK), table, both, seed=3)
    assert _past(changed) == _past(runs)


def test_a_planted_look_ahead_shows_in_the_past(runs, volmageddon, table, both):
    """A board that knows closes of days to come makes the past depend on the future."""
    peeked = replay(volmageddon, table, both, seed=3, board_of=_Peeking)
    forked = _other_future(volmageddon, FORK)
    changed = replay(forked, table, both, seed=3, board_of=_Peeking)
    assert _past(changed) != _past(peeked)


FORK = date(2018, 1, 26)


class _Peeking(Board):
    def closes(self, today: date) -> list[DailyClosesLoaded]:
        days = self.market.tape.days
        return [
            DailyClosesLoaded(self.now, "SPX", tuple((d.on, d.spx_close) for d in days)),
            DailyClosesLoaded(self.now, "VIX", tuple((d.on, d.vix_close) for d in days)),
        ]


def _other_future(scenario: Scenario, fork: date) -> Scenario:
    """The same days up to ``fork``, from then on VIX half as high."""
    days = tuple(
        day
        if day.on < fork
        else replace(
            day, vix_open=day.vix_open / 2, vix_high=day.vix_high / 2, vix_low=day.vix_low / 2,
            vix_close=day.vix_close / 2,
        )
        for day in scenario.days
    )  # fmt: skip
    return replace(scenario, days=days)


def _past(runs):
    return [[day for day in run.days if day.on < FORK] for run in runs]
