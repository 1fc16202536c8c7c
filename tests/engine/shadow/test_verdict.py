"""What daily results prove, and above all what they do not."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from domain.record import DayMark, LayerMark, Record
from domain.shadows import ShadowDay, ShadowRecord
from engine.paper_reports import day_return, shadow_news
from engine.shadow.figures import shadow_figures
from engine.shadow.resampling import drawn_rows, interval
from engine.shadow.verdict import Ruling, reduction, verdict
from tests.builders import TUESDAY, ready_desk

FIRST = date(2018, 1, 2)


def desk_of(rows, **more):
    """``rows`` are (unhedged worth, live worth, VIX) of one session after another."""
    days = tuple(
        ShadowDay(FIRST + timedelta(days=i), worth, live, vix)
        for i, (worth, live, vix) in enumerate(rows)
    )
    record = ShadowRecord(TUESDAY, 1000.0, days[-1].worth, "{}", days)
    return replace(ready_desk(), shadows={"U": record}, **more)


def spiky(spikes, *, calm=70, high=8, factor=0.8, seed=5):
    """Live swings are ``factor`` of the unhedged ones, in ``spikes`` spells of high VIX."""
    draw = np.random.default_rng(seed)
    rows, unhedged, live = [], 1000.0, 1000.0
    for _ in range(spikes):
        for vix in [14.0] * calm + [35.0] * high:
            move = float(draw.normal(0, 0.004 if vix < 30 else 0.02))
            unhedged, live = unhedged * (1 + move), live * (1 + factor * move)
            rows.append((unhedged, live, vix))
    return [*rows, *[(unhedged, live, 14.0)] * calm]


def test_the_reduction_is_one_minus_the_ratio_of_deviations():
    # unhedged +2 % -2 %, live +1.6 % -1.6 %: 1 - 0.8
    pairs = np.array([[0.02, 0.016], [-0.02, -0.016]])
    assert reduction(pairs) == pytest.approx(0.2)


def test_two_days_give_arithmetic_but_no_interval_and_no_ruling():
    found = verdict(desk_of([(1000, 1000, 31), (980, 990, 35), (1000, 1005, 33)]))
    # unhedged -2 %, +2.0408 %; live -1 %, +1.51515 %: 1 - 2.51515 / 4.0408
    assert found is not None
    assert found.high_days.value == pytest.approx(1 - 2.515152 / 4.040816, abs=1e-6)
    assert (found.high_days.low, found.high_days.days) == (None, 2)
    assert found.ruling is Ruling.UNDECIDABLE
    assert "prove nothing, in either direction" in found.sentence
    assert found.drawdown_unhedged == pytest.approx(0.02)
    assert found.drawdown_live == pytest.approx(0.01)
    assert found.difference == pytest.approx(0.005)


def test_below_five_finished_spikes_nothing_is_decided_however_good_it_looks():
    four, six = verdict(desk_of(spiky(4))), verdict(desk_of(spiky(6)))
    assert four is not None
    assert six is not None
    assert four.high_days.value == pytest.approx(0.2, abs=0.01)
    assert (four.ruling, len(four.episodes)) == (Ruling.UNDECIDABLE, 4)
    assert (six.ruling, len(six.episodes)) == (Ruling.SUPPORTED, 6)
    assert all(episode.over for episode in six.episodes)


def test_a_hedge_that_takes_nothing_is_not_supported():
    found = verdict(desk_of(spiky(6, factor=1.0)))
    assert found is not None
    assert found.ruling is Ruling.NOT_SUPPORTED


def test_a_session_that_was_not_seen_whole_breaks_the_chain_on_both_sides():
    rows = [(1000, 1000, 14), (1010, 1005, 14), (1020, 1010, 14), (1030, 1015, 14)]
    desk = desk_of(rows)
    record = desk.shadows["U"]
    days = [*record.days[:1], replace(record.days[1], lacking="no line"), *record.days[2:]]
    found = verdict(replace(desk, shadows={"U": replace(record, days=tuple(days))}))
    assert found is not None
    assert (found.days, found.skipped) == (1, 1)


def test_episodes_know_how_fast_they_ended_and_whether_they_have():
    calm, fast = [14.0] * 12, [32.0, 40.0, 31.0, 24.0, *[14.0] * 30]
    slow = [33.0, *[26.0] * 20, *[15.0] * 30]
    vix = [*calm, *fast, *slow, 31.0, 28.0]
    found = verdict(desk_of([(1000.0 + i, 1000.0, level) for i, level in enumerate(vix)]))
    assert found is not None
    assert [(e.fast, e.over) for e in found.episodes] == [
        (True, True), (False, True), (False, False),
    ]  # fmt: skip
    first = found.episodes[0]
    assert first.unhedged == pytest.approx(1016 / 1002 - 1), "ten sessions before to the calm"


def test_what_the_hedge_earned_itself_is_taken_off_the_interaction():
    # live +3 %, unhedged +1 %: 2 % more; the hedge layers alone brought 15 of 1,000.
    rows = [(1000, 1000, 14), (1010, 1030, 14)]
    hedge = {"L2a": LayerMark(), "L2b": LayerMark(unrealized=0.0), "L2c": LayerMark(unrealized=0.0)}
    marks = tuple(
        DayMark(FIRST + timedelta(days=i), "low", layers={**hedge, "L2a": LayerMark(won, 1.0, 0.0)})
        for i, won in enumerate((0.0, 15.0))
    )
    found = verdict(desk_of(rows, record=Record(days=marks)))
    assert found is not None
    assert found.interaction == pytest.approx(0.02 - 0.015)
    assert verdict(desk_of(rows)).interaction is None


def test_blocks_are_runs_of_neighboring_days_that_wrap_around():
    rows = drawn_rows(50, 5.0, np.random.default_rng(1))
    steps = (np.diff(rows) % 50) == 1
    assert len(rows) == 50
    assert rows.min() >= 0
    assert 0.6 < steps.mean() < 1.0, "a mean of five days: four steps of five go to the next day"


def test_the_same_days_give_the_same_interval_and_few_give_none():
    days = np.random.default_rng(2).normal(0, 0.01, (60, 2))
    assert interval(days, reduction) == interval(days.copy(), reduction)
    assert interval(days[:9], reduction) is None
    low, high = interval(days, reduction) or (1.0, 0.0)
    assert low < reduction(days) < high


def test_figures_say_how_many_spikes_stand_behind_them():
    figures = {f.name: f for f in shadow_figures(desk_of(spiky(2)))}
    high = figures["volatility reduction, VIX 30 or more"]
    assert (high.seen, high.needed, high.supported) == (2, 5, False)
    assert high.row == "S25"
    assert all(f.value is None for f in shadow_figures(ready_desk()))


def test_a_closed_session_is_one_decision_with_worth_return_and_vix():
    desk = desk_of([(1000, 1000, 14), (1010, 1005, 15)])
    (told,) = shadow_news(ready_desk(), desk)
    inputs = dict(told.inputs)
    assert (inputs["U.nlv"], inputs["vix"], inputs["live"]) == (1010, 15, 1005)
    assert inputs["U.return"] == pytest.approx(0.01)
    assert told.topic == "shadow.day"
    assert shadow_news(desk, desk) == []


def test_the_first_session_is_measured_against_the_start():
    record = desk_of([(990, 1000, 14)]).shadows["U"]
    assert day_return(record) == pytest.approx(-0.01)
