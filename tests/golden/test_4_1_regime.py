"""Section 4.1 by hand: VIX levels, half an hour up, two closes down, PRESS, UNKNOWN."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain.desk import Desk, Regime, RegimeState
from domain.effects import RecordDecision
from domain.instruments import VIX
from domain.orders import DenialCode, Layer, Purpose
from domain.quotes import Quote
from risk.checks import regime_permits
from risk.limits import RiskLimits
from risk.regime import closes, level_of, look, looks_due
from tests.builders import Market, condor, ny, order, quoted, ready_desk
from tests.golden.desks import REGIME, later, looked

Closes = tuple[tuple[date, float], ...]


def test_below_15_is_low_from_15_normal_from_20_elevated_from_30_high() -> None:
    levels = {vix: level_of(vix, REGIME) for vix in (14.99, 15.0, 19.99, 20.0, 29.99, 30.0)}
    assert list(levels.values()) == [
        Regime.LOW, Regime.NORMAL, Regime.NORMAL, Regime.ELEVATED, Regime.ELEVATED, Regime.HIGH,
    ]  # fmt: skip


def test_an_up_move_waits_for_thirty_minutes_and_for_no_close() -> None:
    """20.00 seen first at 11:01; at 11:30 that is 29 minutes ago, at 11:31 it is 30."""
    at_threshold = Market(vix=20.0)
    desk = later(ready_desk(ny(2018, 1, 16, 11, 0)), 30, at_threshold)
    assert (desk.now, desk.regime.regime) == (ny(2018, 1, 16, 11, 30), Regime.LOW)
    desk = later(desk, 1, at_threshold)
    assert (desk.now, desk.regime.regime) == (ny(2018, 1, 16, 11, 31), Regime.ELEVATED)


def test_one_minute_below_begins_the_thirty_minutes_again() -> None:
    """11:01 to 11:29 above, 11:30 at 19.99: the new half hour lasts from 11:31 to 12:01."""
    desk = later(ready_desk(ny(2018, 1, 16, 11, 0)), 29, Market(vix=20.0))
    desk = later(desk, 1, Market(vix=19.99))
    desk = later(desk, 30, Market(vix=20.0))
    assert (desk.now, desk.regime.regime) == (ny(2018, 1, 16, 12, 0), Regime.NORMAL)
    assert later(desk, 1, Market(vix=20.0)).regime.regime is Regime.ELEVATED


def standing(level: Regime, last_closes: Closes) -> Desk:
    """Tuesday 2018-01-16, ``level`` in force since 01-02."""
    state = RegimeState(level, date(2018, 1, 2), known=True)
    return replace(ready_desk(), regime=state, closes={"VIX": last_closes})


@pytest.mark.parametrize(
    ("level", "friday", "thursday", "after"),
    [
        # 30 less the hysteresis of 3 is 27: both closes below it leave HIGH
        (Regime.HIGH, 26.99, 26.99, Regime.ELEVATED),
        (Regime.HIGH, 27.00, 26.99, Regime.HIGH),
        (Regime.HIGH, 26.99, 27.00, Regime.HIGH),
        # 20 less 1 is 19
        (Regime.ELEVATED, 18.99, 18.99, Regime.NORMAL),
        (Regime.ELEVATED, 19.00, 18.99, Regime.ELEVATED),
        # none is given for 15
        (Regime.NORMAL, 14.99, 14.99, Regime.LOW),
        (Regime.NORMAL, 15.00, 14.99, Regime.NORMAL),
        # 18.50 < 27 and 18.50 < 19, but not < 15: two levels at once
        (Regime.HIGH, 18.50, 18.50, Regime.NORMAL),
    ],
)
def test_a_down_move_needs_two_closes_below_the_exit(
    level: Regime, friday: float, thursday: float, after: Regime
) -> None:
    last = ((date(2018, 1, 11), thursday), (date(2018, 1, 12), friday))
    desk = looked(quoted(standing(level, last), Market(vix=14.0)))
    assert desk.regime.level is after, "VIX now plays no part in a down-move"


def test_the_daily_state_uses_the_close_of_a_quarter_past_four() -> None:
    """26.50 at 16:14 is not yet a close; at 16:15 it is the second below 27."""
    first = ((date(2018, 1, 12), 26.8),)
    spiked = standing(Regime.HIGH, first)
    early = quoted(replace(spiked, now=ny(2018, 1, 16, 16, 14)), Market(vix=26.5))
    assert closes(early, REGIME) == ()
    late = quoted(replace(spiked, now=ny(2018, 1, 16, 16, 15)), Market(vix=26.5))
    recorded = {decision.subject: dict(decision.inputs) for decision in closes(late, REGIME)}
    assert recorded["VIX"]["close"] == 26.5


def test_the_regime_is_watched_from_9_35_to_16_15() -> None:
    times = ((9, 34), (9, 35), (16, 14), (16, 15))
    desks = [ready_desk(ny(2018, 1, 16, hour, minute)) for hour, minute in times]
    assert [looks_due(desk, REGIME) for desk in desks] == [False, True, True, False]


@pytest.mark.parametrize(("vix", "after"), [(32.01, Regime.HIGH), (32.00, Regime.PRESS)])
def test_press_is_four_fifths_of_the_peak_of_ten_sessions(vix: float, after: Regime) -> None:
    """Peak 40.00 on 01-08, so PRESS from 0.80 x 40.00 = 32.00 down; then half an hour of it."""
    desk = standing(Regime.HIGH, ((date(2018, 1, 8), 40.0), (date(2018, 1, 12), 35.0)))
    assert later(desk, 31, Market(vix=vix)).regime.regime is after


@pytest.mark.parametrize(
    ("today", "after"), [(date(2018, 1, 16), Regime.PRESS), (date(2018, 1, 17), Regime.NORMAL)]
)
def test_press_ends_when_high_is_ten_sessions_ago(today: date, after: Regime) -> None:
    """HIGH last on Tuesday 01-02. Sessions after it: 3, 4, 5, 8, 9, 10, 11, 12, then 16 (Monday the
    15th is a holiday): the 16th is the ninth, the last of ten counted with the 2nd itself.
    """
    state = RegimeState(
        Regime.NORMAL, date(2018, 1, 2), known=True, press=True, high_on=date(2018, 1, 2)
    )
    calm = tuple((date(2018, 1, day), 16.0) for day in (11, 12))
    desk = replace(
        ready_desk(ny(today.year, today.month, today.day)),
        regime=state,
        closes={"VIX": ((date(2018, 1, 2), 40.0), *calm)},
    )
    assert looked(quoted(desk, Market(vix=16.0))).regime.regime is after


def changes(desk: Desk) -> list[RecordDecision]:
    return [change for change in look(desk, REGIME).changes if change.topic == "regime"]


def test_sixty_seconds_without_any_quote_are_known_and_sixty_one_are_unknown() -> None:
    desk = looked(quoted(ready_desk(), Market()))
    assert changes(replace(desk, now=desk.now + timedelta(seconds=60))) == []
    (lost,) = changes(replace(desk, now=desk.now + timedelta(seconds=61)))
    assert (lost.subject, lost.rule) == ("unknown", "4.1.stale")


def test_a_missing_vix_or_second_future_is_unknown() -> None:
    desk = looked(quoted(ready_desk(), Market()))
    without = {c: q for c, q in desk.quotes.items() if c != VIX}
    assert changes(replace(desk, quotes=without))[0].subject == "unknown"
    (second,) = desk.futures[1:2]
    one_month = {c: q for c, q in desk.quotes.items() if c != second}
    assert changes(replace(desk, quotes=one_month))[0].subject == "unknown"


def test_an_unchanged_vix_is_believed_for_a_quarter_of_an_hour_while_others_are_heard() -> None:
    """900 s are the most that VIX may be quiet: 15 x 60."""
    desk = looked(quoted(ready_desk(), Market()))
    for seconds, known in ((900, True), (901, False)):
        now = desk.now + timedelta(seconds=seconds)
        heard = quoted(replace(desk, now=now), Market())
        quiet = {**heard.quotes, VIX: Quote(desk.now, last=11.7)}
        assert (changes(replace(heard, quotes=quiet)) == []) is known


def test_unknown_permits_no_new_risk_and_every_close() -> None:
    desk = ready_desk(regime=Regime.UNKNOWN)
    entry = order("o", Purpose.OPEN_CONDOR, Layer.CONDOR, condor().opening, 1, "-7.00").intent
    leaving = order("c", Purpose.CLOSE_CONDOR, Layer.CONDOR, condor().closing, 1, "3.50").intent
    denied = regime_permits(entry, desk, RiskLimits())
    assert denied is not None
    assert denied.code is DenialCode.REGIME_UNKNOWN
    assert regime_permits(leaving, desk, RiskLimits()) is None
    assert leaving.limit == Decimal("3.50")
