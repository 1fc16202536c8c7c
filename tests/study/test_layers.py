"""Each layer alone, both together, and rolls on other days, worked by hand."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from study.books import phase_books, shadow_books
from study.layers import ablation, hedge_alone, phase_claim
from study.replay import BookDay, BookRun, replay
from study.verdicts import Verdict


def lived(name: str, results: list[float], hedge: list[float], vix: list[float]) -> BookRun:
    """A book whose net liquidation changes by ``results`` USD a day."""
    nlv, pnl, days = 1_000_000.0, 0.0, []
    for i, (result, earned, level) in enumerate(zip(results, hedge, vix, strict=True)):
        nlv, pnl = nlv + result, pnl + earned
        on = date(2020, 1, 1) + timedelta(days=i)
        days.append(BookDay(on, nlv, pnl, 3000.0, level, "normal", 0, 0, 0))
    return BookRun(name, name, tuple(days), (), 0, 0)


def test_the_hedge_alone_is_its_own_cash_flow_on_the_starting_money():
    book = lived("Hd", [500.0, -200.0], [-1000.0, 3000.0], [20.0, 20.0])
    # 1,000,000 to 999,000 to 1,002,000.
    assert hedge_alone(book) == pytest.approx([-0.001, 3000 / 999_000])


def test_nothing_is_left_over_when_both_are_the_sum_of_each():
    condors = [1000.0, -3000.0, 2000.0, 1000.0] * 5
    calls = [-500.0, 2500.0, -500.0, -500.0] * 5
    vix = [20.0] * 20
    unhedged = lived("U", condors, [0.0] * 20, vix)
    hedged = lived("Hd", [a + b for a, b in zip(condors, calls, strict=True)], calls, vix)
    found = ablation(unhedged, hedged, seed=1)
    assert [corner.name for corner in found.corners] == ["neither", "condors", "hedge", "both"]
    assert found.corners[0].annual_return == found.corners[0].volatility == 0.0
    # The sum is exact in dollars; as returns on slightly different wealth it is nearly so.
    assert found.interaction.estimate == pytest.approx(0.0, abs=0.002)
    assert found.drawdown_cut.estimate is not None
    assert found.drawdown_cut.estimate > 0.5


def test_a_hedge_without_effect_cuts_nothing_and_adds_nothing():
    condors = [1000.0, -3000.0, 2000.0, 1000.0] * 5
    book = lived("U", condors, [0.0] * 20, [20.0] * 20)
    found = ablation(book, replace(book, name="Hd"), seed=1)
    assert found.interaction.estimate == 0.0
    assert found.drawdown_cut.estimate == 0.0


def spiked(name: str, gain: float) -> BookRun:
    """Six spikes, far apart; ``gain`` USD on the day of each."""
    results, vix = [], []
    for _ in range(6):
        results += [0.0] * 40 + [gain] + [0.0] * 40
        vix += [15.0] * 40 + [35.0] + [15.0] * 40
    return lived(name, results, [0.0] * len(results), vix)


@pytest.mark.parametrize(
    ("gains", "verdict"),
    [((10_000.0, 30_000.0), Verdict.SUPPORTED), ((10_000.0, 150_000.0), Verdict.NOT_SUPPORTED)],
)
def test_roll_days_are_luck_when_a_shift_moves_a_spike_by_ten_points(gains, verdict):
    unhedged = spiked("U", -20_000.0)
    found = phase_claim(unhedged, spiked("Hd", 20_000.0), [spiked("x", gain) for gain in gains])
    assert found.verdict is verdict
    assert found.n == 6


def test_no_spike_decides_nothing():
    flat = lived("U", [0.0] * 30, [0.0] * 30, [15.0] * 30)
    assert phase_claim(flat, flat, [flat]).verdict is Verdict.UNDECIDABLE


def test_a_hedge_begun_later_buys_nothing_before(volmageddon, table, both):
    hedged = next(book for book in both if book.name == "Hd")
    late = replace(phase_books(hedged.policy)[0], hedge_after=3)
    now, then = replay(volmageddon, table, (hedged, late), seed=3)
    third = volmageddon.days[3].on
    assert any(trade.layer != "L1" and trade.at.date() < third for trade in now.trades)
    bought = [trade.at.date() for trade in then.trades if trade.layer != "L1"]
    assert bought
    assert min(bought) >= third


def test_every_book_has_a_name_of_its_own():
    from engine.policy import Policy

    books = (*shadow_books(Policy()), *phase_books(Policy()))
    assert len({book.name for book in books}) == len(books)
