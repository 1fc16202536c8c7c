"""RSI of VIX and MACD of VIXY: worked by hand, unknown when short, quiet where the method says."""

from dataclasses import replace

import numpy as np
import pytest

from domain.desk import Desk
from domain.indicators import macd, rsi
from domain.instruments import VIX, VIXY
from domain.signals import Signal
from risk.signals import SignalParams
from tests.risk.signals.desks import desk, level, looked, reading


def test_rsi_worked_by_hand() -> None:
    # 14 changes up to the last close: 7 of +1 and 7 of -0.5, so the seeds are 0.5 and 0.25.
    vix = [10.0]
    for i in range(14):
        vix.append(vix[-1] + (1.0 if i % 2 == 0 else -0.5))
    found = reading(desk({"VIX": vix}), Signal.RSI_VIX)
    assert found.value == pytest.approx(100 * 0.5 / 0.75)  # 66.67
    assert (found.stressed, found.source) == (False, "VIX closes")
    # Today VIX stands 3 above the last close: gain (0.5 * 13 + 3) / 14, loss 0.25 * 13 / 14.
    live = reading(desk({"VIX": vix}, {VIX: level(vix[-1] + 3.0)}), Signal.RSI_VIX)
    assert live.value == pytest.approx(100 * 9.5 / (9.5 + 3.25))  # 74.5
    assert (live.stressed, live.source) == (True, "VIX with today's")


def test_macd_worked_by_hand() -> None:
    # Lengths 2, 3 and 2 over 10, 11, 12, 14. Slow: mean 11, then 11 + (14 - 11) / 2 = 12.5.
    # Fast starts on the same price: (11 + 12) / 2 = 11.5, then 11.5 + (14 - 11.5) * 2 / 3.
    # MACD 0.5 and 0.6667; signal their mean 0.58333; histogram 0.08333.
    params = SignalParams(macd_lengths=(2, 3, 2))
    found = reading(desk({"VIXY": [10, 11, 12, 14]}), Signal.MACD_VIXY, params=params)
    assert found.value == pytest.approx(11.5 + 2.5 * 2 / 3 - 12.5 - (0.5 + 2 / 3) / 2)
    assert found.value == pytest.approx(1 / 12)
    assert found.stressed is True
    falling = desk({"VIXY": [10, 11, 12, 14]}, {VIXY: level(9.0)})
    assert reading(falling, Signal.MACD_VIXY, params=params).stressed is False


@pytest.mark.parametrize(("signal", "series", "count"), [
    (Signal.RSI_VIX, "VIX", 14), (Signal.MACD_VIXY, "VIXY", 33),
])  # fmt: skip
def test_too_few_closes_are_unknown(signal: Signal, series: str, count: int) -> None:
    values = list(np.linspace(20.0, 25.0, count + 1))
    assert reading(desk({series: values}), signal).value is not None
    for short in (values[1:], []):
        found = reading(desk({series: short}), signal)
        assert (found.value, found.stressed) == (None, None)
        assert series in found.source


def test_closes_that_end_too_early_are_unknown() -> None:
    vix = list(np.linspace(10.0, 20.0, 40))
    old = desk({"VIX": vix, "VIXY": vix})
    old.closes["VIX"] = old.closes["VIX"][:-1]  # type: ignore[index]
    assert reading(old, Signal.RSI_VIX).value is None
    assert reading(old, Signal.MACD_VIXY).value is not None


def test_a_level_of_an_older_hour_is_not_todays() -> None:
    quiet = desk({"VIX": list(np.linspace(10.0, 20.0, 40))}, {VIX: level(50.0)})
    later = looked(quiet)
    assert later.memory.signals[Signal.RSI_VIX].source == "VIX with today's"
    stale = {VIX: level(50.0, quiet.now.replace(hour=15, minute=40))}
    found = reading(desk({"VIX": list(np.linspace(10.0, 20.0, 40))}, stale), Signal.RSI_VIX)
    assert found.source == "VIX closes"


def test_day_by_day_is_the_same_as_all_at_once() -> None:
    prices = (20 * np.exp(np.cumsum(np.random.default_rng(3).normal(0, 0.06, 90)))).tolist()
    whole = desk({"VIX": prices, "VIXY": prices})
    day = on_the_next_day(whole, 60)
    for count in range(60, 91):
        day = looked(replace(on_the_next_day(whole, count), memory=day.memory))
    kept = day.memory.kept
    assert kept["rsi"].value.value == rsi(prices)[-1]
    assert kept["macd"].value.value.histogram == macd(prices)[2][-1]
    restated = {name: pairs[1:] for name, pairs in day.closes.items()}
    again = looked(replace(day, closes=restated))
    assert again.memory.kept["rsi"].value.value == rsi(prices[1:])[-1]


def on_the_next_day(whole: Desk, count: int) -> Desk:
    """The desk on the morning after the first ``count`` closes."""
    grown = {name: pairs[:count] for name, pairs in whole.closes.items()}
    on = whole.calendar.next_session(grown["VIX"][-1][0])
    now = whole.now.replace(year=on.year, month=on.month, day=on.day)
    return replace(whole, closes=grown, now=now, ready_at=now)
