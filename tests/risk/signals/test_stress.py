"""The score of 4.1: seven alarms, counted one by one, the unknown ones named."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.desk import Desk
from domain.instruments import VIX, vx_future
from domain.signals import Reading, Signal
from risk.parameters import RegimeParams
from risk.signals import SignalParams, changes, read
from risk.signals.senses import Senses
from risk.signals.stress import PARTS, parts, stress
from tests.builders import VX_DAYS
from tests.risk.signals.desks import NO_RELEASES, NOW, desk, level, looked, sides

FRONT, SECOND = (vx_future(day) for day in VX_DAYS[1:3])
CALM = {signal: Reading(0.0, NOW, stressed=False) for signal in Signal}


def with_curve(slope: float) -> Desk:
    quotes = {FRONT: sides(19.95, 20.05), SECOND: sides(19.95 + slope, 20.05 + slope)}
    return replace(desk({}, quotes), futures=(FRONT, SECOND))


def scored(of: Desk, **alarms: Reading) -> Reading:
    readings = {**CALM, **{Signal(name): reading for name, reading in alarms.items()}}
    return stress(Senses(of, SignalParams(), RegimeParams()), readings)


def rings(value: float = 1.0) -> Reading:
    return Reading(value, NOW, stressed=True)


def test_calm_is_zero_of_seven() -> None:
    found = scored(with_curve(1.0))
    assert (found.value, found.stressed) == (0.0, False)
    assert found.source == "none of 7; unknown: none"


@pytest.mark.parametrize(
    ("name", "alarm"),
    [
        ("RSI", {"rsi_vix": rings(75.0)}),
        ("MACD", {"macd_vixy": rings()}),
        ("breadth", {"advance_decline": rings(-0.3)}),
        ("breadth", {"ad_divergence": rings()}),
        ("dollar", {"dollar_z": rings(2.5)}),
        ("REIT", {"reit_z": rings(-1.6)}),
        ("release", {"fomc_surprise": rings(6.0)}),
        ("release", {"price_surprise": rings(-3.0)}),
    ],
)
def test_each_alarm_counts_once(name: str, alarm: dict[str, Reading]) -> None:
    found = scored(with_curve(1.0), **alarm)
    assert (found.value, found.source) == (1.0, f"{name} of 7; unknown: none")


def test_a_flat_curve_counts_and_other_alarms_do_not() -> None:
    assert scored(with_curve(0.0)).value == 1.0
    others = {"macro_shock": rings(), "vvix_shift": rings(), "rate_differential": rings()}
    assert scored(with_curve(1.0), **others).value == 0.0
    volatile = Reading(-1.4, NOW, stressed=True)  # by the ratio of volatilities, not by z
    assert scored(with_curve(1.0), reit_z=volatile).value == 0.0


def test_four_of_seven_block_and_three_do_not() -> None:
    three = {"rsi_vix": rings(75.0), "macd_vixy": rings(), "dollar_z": rings(2.5)}
    assert scored(with_curve(1.0), **three).stressed is False
    four = scored(with_curve(-0.5), **three)
    assert (four.value, four.stressed) == (4.0, True)
    assert four.source == "slope, RSI, MACD, dollar of 7; unknown: none"


def test_what_is_unknown_is_named_and_does_not_ring() -> None:
    unknown = Reading(source="nothing")
    found = scored(desk({}), rsi_vix=unknown, fomc_surprise=unknown, macd_vixy=rings())
    assert (found.value, found.stressed) == (1.0, False)
    assert found.source == "MACD of 7; unknown: slope, RSI, release"
    of = Senses(desk({}), SignalParams(), RegimeParams())
    assert list(parts(of, CALM)) == list(PARTS)
    nothing = stress(of, dict.fromkeys(Signal, unknown))
    assert (nothing.value, nothing.stressed) == (None, None)


def test_an_empty_desk_knows_nothing_and_says_of_each_what_is_missing() -> None:
    found = read(desk({}), SignalParams(), NO_RELEASES)
    assert list(found) == list(Signal)
    assert {reading.value for reading in found.values()} == {None}
    assert all(reading.source for reading in found.values())


def test_an_alarm_is_told_once_a_session() -> None:
    of = desk({"VIX": [10.0 + i / 10 for i in range(40)]}, {VIX: level(14.0)})
    first = looked(of)
    (told,) = (d for d in changes(first, of.memory.kept) if d.subject == "rsi_vix")
    assert told.text == "rsi_vix at 100 rings: VIX with today's"
    assert told.inputs == (("rsi_vix", 100.0),)
    again = looked(first)
    assert changes(again, first.memory.kept) == ()
    quiet = replace(again, quotes={VIX: level(10.0)})
    later = looked(looked(quiet))
    assert later.memory.signals[Signal.RSI_VIX].stressed is False
    back = looked(replace(later, quotes=of.quotes))
    assert changes(back, later.memory.kept) == (), "it rang this morning already"
    closed = (*back.closes["VIX"], (NOW.date(), 14.0))
    tomorrow = replace(back, now=NOW + timedelta(days=1), closes={"VIX": closed})
    assert changes(looked(tomorrow), back.memory.kept) == (), "nor is what never stopped"
    assert [d.subject for d in changes(looked(tomorrow), later.memory.kept)] == ["rsi_vix"]
