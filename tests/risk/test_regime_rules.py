"""Regimes and curve states: thresholds, half an hour up, two closes down, PRESS, UNKNOWN."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.desk import CurveState, Regime, RegimeState
from domain.instruments import VIX
from domain.quotes import Quote
from engine.fold import apply_effect
from risk.curve import curve_state, read_curve
from risk.parameters import RegimeParams
from risk.regime import closes, level_by_closes, level_of, look, lowered, vix_peak
from tests.builders import CALENDAR, Market, ny, quoted, ready_desk, vix_closes
from tests.golden.desks import later, looked

PARAMS = RegimeParams()


@pytest.mark.parametrize(
    ("vix", "level"),
    [
        (14.99, "low"),
        (15.0, "normal"),
        (19.99, "normal"),
        (20.0, "elevated"),
        (29.99, "elevated"),
        (30.0, "high"),
    ],
)
def test_a_threshold_belongs_to_the_level_above(vix: float, level: str) -> None:
    assert level_of(vix, PARAMS).value == level


def test_an_up_move_counts_after_thirty_unbroken_minutes() -> None:
    market = Market(vix=22.0)
    desk = later(ready_desk(), 30, market)
    assert desk.regime.regime is Regime.LOW
    desk = later(desk, 1, market)
    assert desk.regime.regime is Regime.ELEVATED
    assert desk.regime.since == date(2018, 1, 16)


def test_a_dip_below_the_threshold_starts_the_half_hour_again() -> None:
    desk = later(ready_desk(), 20, Market(vix=22.0))
    desk = later(desk, 1, Market(vix=14.0))
    desk = later(desk, 30, Market(vix=22.0))
    assert desk.regime.regime is Regime.LOW


def test_a_threshold_crossed_earlier_need_not_start_again_when_a_higher_one_is() -> None:
    desk = later(ready_desk(), 20, Market(vix=22.0))
    desk = later(desk, 11, Market(vix=31.0))
    assert desk.regime.regime is Regime.ELEVATED


@pytest.mark.parametrize(
    ("last", "level"),
    [
        ((26.9, 26.9), "elevated"),
        ((26.9, 27.0), "high"),
        ((27.0, 26.9), "high"),
        ((18.9, 18.9), "normal"),
        ((14.9, 14.9), "low"),
        ((26.9,), "high"),
    ],
)
def test_two_closes_below_the_exit_lower_the_level(last: tuple[float, ...], level: str) -> None:
    assert lowered(Regime.HIGH, last, PARAMS).value == level


def test_closes_from_before_the_rise_do_not_lower_it() -> None:
    """Raised today: yesterday's calm closes say nothing about it."""
    desk = later(ready_desk(), 31, Market(vix=31.0))
    desk = later(desk, 5, Market(vix=29.0))
    assert desk.regime.regime is Regime.HIGH


def test_history_alone_gives_the_first_level() -> None:
    assert level_by_closes((12.0, 31.0, 26.0, 28.0, 26.0), PARAMS) is Regime.HIGH
    assert level_by_closes((12.0, 31.0, 26.0, 26.0), PARAMS) is Regime.ELEVATED
    assert level_by_closes((), PARAMS) is None
    desk = replace(ready_desk(), regime=RegimeState())
    assert looked(quoted(desk, Market())).regime.regime is Regime.LOW


def test_press_is_a_spike_that_fell_a_fifth_from_its_peak() -> None:
    """Peak 40, so 32.00 or less; half an hour of it."""
    desk = later(ready_desk(regime=Regime.HIGH), 1, Market(vix=40.0))
    assert later(desk, 31, Market(vix=32.1)).regime.regime is Regime.HIGH
    assert later(desk, 31, Market(vix=32.0)).regime.regime is Regime.PRESS


def test_press_ends_ten_sessions_after_the_last_high_day() -> None:
    state = RegimeState(
        Regime.NORMAL, date(2018, 1, 2), known=True, press=True, high_on=date(2018, 1, 2)
    )
    market = Market(vix=16.0)
    closes_then = {
        "VIX": ((date(2018, 1, 2), 40.0), *((date(2018, 1, day), 16.0) for day in (9, 10, 11, 12)))
    }
    tenth = replace(ready_desk(ny(2018, 1, 16)), regime=state, closes=closes_then)
    after = replace(ready_desk(ny(2018, 1, 17)), regime=state, closes=closes_then)
    assert CALENDAR.sessions_after(date(2018, 1, 2), date(2018, 1, 16)) == 9
    assert looked(quoted(tenth, market)).regime.regime is Regime.PRESS
    assert looked(quoted(after, market)).regime.regime is Regime.NORMAL


def test_a_level_that_moves_beneath_press_is_told_as_such() -> None:
    """Two closes below 27 end HIGH: the regime stays PRESS, the level beneath it falls."""
    state = RegimeState(
        Regime.HIGH, date(2018, 1, 9), known=True, press=True, high_on=date(2018, 1, 12)
    )
    closes_then = {
        "VIX": ((date(2018, 1, 9), 40.0), (date(2018, 1, 11), 26.0), (date(2018, 1, 12), 25.0))
    }
    desk = replace(ready_desk(ny(2018, 1, 16)), regime=state, closes=closes_then)
    (change,) = (
        decision
        for decision in look(quoted(desk, Market(vix=24.0)), PARAMS).changes
        if decision.topic == "regime"
    )
    assert change.text == (
        "press goes on, the level beneath it went from high to elevated at VIX 24.00"
    )


def test_the_peak_is_the_highest_of_ten_sessions() -> None:
    desk = replace(
        ready_desk(), closes={"VIX": ((date(2017, 12, 1), 50.0), (date(2018, 1, 10), 20.0))}
    )
    assert vix_peak(desk, 12.0, PARAMS) == 20.0


def test_missing_or_silent_data_is_unknown_at_once_and_known_again_at_once() -> None:
    market = Market()
    desk = looked(quoted(ready_desk(), market))
    assert desk.regime.regime is Regime.LOW
    silent = looked(replace(desk, now=desk.now + timedelta(seconds=61)))
    assert silent.regime.regime is Regime.UNKNOWN
    without = {c: q for c, q in desk.quotes.items() if c != VIX}
    assert looked(replace(desk, quotes=without)).regime.regime is Regime.UNKNOWN
    no_curve = replace(desk, futures=desk.futures[:1])
    assert looked(no_curve).regime.regime is Regime.UNKNOWN
    assert looked(quoted(silent, market)).regime.regime is Regime.LOW


def test_quotes_from_before_the_connection_are_not_believed() -> None:
    desk = quoted(ready_desk(), Market())
    assert (
        looked(replace(desk, ready_at=desk.now + timedelta(seconds=1))).regime.regime
        is Regime.UNKNOWN
    )


@pytest.mark.parametrize(
    ("slope", "state"),
    [
        (1.5, "contango"),
        (1.49, "flat"),
        (0.01, "flat"),
        (0.0, "inverted"),
        (-1.99, "inverted"),
        (-2.0, "deep"),
    ],
)
def test_the_curve_state_by_slope(slope: float, state: str) -> None:
    assert curve_state(slope, PARAMS).value == state


def test_the_front_month_is_skipped_five_days_before_it_settles() -> None:
    """2018-02-10 is 4 days before 02-14, so F1 is March: 39 and 67 days, 13.2 and 14.9.

    CMF30 = 13.2 + 1.7 (30 - 39) / (67 - 39) = 12.6536.
    """
    market = Market()
    near = read_curve(quoted(ready_desk(ny(2018, 2, 9)), market), PARAMS)
    assert near is not None
    assert near.front == pytest.approx(13.2), "02-14 is exactly 5 days away"
    far = read_curve(quoted(ready_desk(ny(2018, 2, 12)), market), PARAMS)
    assert far is not None
    assert far.front == pytest.approx(14.9)
    assert far.slope == pytest.approx(1.7)
    assert far.constant_maturity() == pytest.approx(14.9 + 1.7 * (30 - 37) / (65 - 37))


def test_a_new_curve_state_must_last() -> None:
    upright, inverted = Market(), Market(vx_step=-1.0)
    desk = later(ready_desk(), 1, upright)
    desk = later(desk, 5, inverted)
    assert desk.regime.curve is CurveState.CONTANGO
    desk = later(desk, 1, inverted)
    assert desk.regime.curve is CurveState.INVERTED
    assert desk.regime.inverted_on == date(2018, 1, 16)


def test_the_close_is_recorded_once_with_the_days_high() -> None:
    desk = quoted(ready_desk(ny(2018, 1, 16, 16, 15)), Market(vix=12.0))
    desk = replace(desk, memory=replace(desk.memory, vix_high=(date(2018, 1, 16), 13.5)))
    recorded = closes(desk, PARAMS)
    assert [d.subject for d in recorded] == ["VIX", "SPX"]
    for decision in recorded:
        desk = apply_effect(desk, decision)
    assert desk.closes["VIX"][-1] == (date(2018, 1, 16), 12.0)
    assert desk.regime.highs == ((date(2018, 1, 16), 13.5),)
    assert closes(desk, PARAMS) == ()


def test_a_quote_of_another_day_is_no_close() -> None:
    desk = ready_desk(ny(2018, 1, 17, 16, 15))
    old = Quote(ny(2018, 1, 16, 16), last=12.0)
    desk = replace(
        desk, quotes={VIX: old}, ready_at=ny(2018, 1, 16, 9), closes={"VIX": vix_closes()}
    )
    assert closes(desk, PARAMS) == ()
