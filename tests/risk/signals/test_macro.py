"""Dollar basket, property against shares, rate differential: by hand and when data are missing."""

from math import exp, log

import numpy as np
import pytest

from domain.instruments import DOLLAR_WEIGHTS
from domain.signals import Signal
from risk.signals.macro import RATES, dollar_levels, relative_returns, vol_ratio
from tests.risk.signals.desks import closes, desk, reading

FLAT = {"EUR.USD": 1.2, "USD.JPY": 110.0, "GBP.USD": 1.4, "USD.CAD": 1.25, "USD.SEK": 8.0,
        "USD.CHF": 0.95}  # fmt: skip


def pairs(count: int, euro: list[float] | None = None) -> dict[str, list[float]]:
    made = {name: [rate] * count for name, rate in FLAT.items()}
    return {**made, "EUR.USD": euro or made["EUR.USD"]}


def test_the_weights_are_those_of_the_dollar_index() -> None:
    assert sum(weight for _, weight, _ in DOLLAR_WEIGHTS) == pytest.approx(1.0)
    # The euro falls by 1 %: the basket's log rises by 0.576 * 0.01, since EUR.USD counts negative.
    moved = pairs(2, [1.2, 1.2 * exp(-0.01)])
    before, after = dollar_levels(tuple(closes(moved[name]) for name, _, _ in DOLLAR_WEIGHTS))
    assert after - before == pytest.approx(0.00576)


def test_the_dollar_score_worked_by_hand() -> None:
    # 249 days at one level and the last one higher by d: mean d / 250, variance d^2 / 250, so
    # z = (1 - 1 / 250) / sqrt(1 / 250) = 15.748 whatever the size of the step.
    found = reading(desk(pairs(250, [1.2] * 249 + [1.19])), Signal.DOLLAR_Z)
    assert found.value == pytest.approx((1 - 1 / 250) * 250**0.5)
    assert (found.stressed, found.source) == (True, "six currencies")
    wave = [1.2 + 0.01 * (-1) ** i for i in range(250)]
    assert reading(desk(pairs(250, wave)), Signal.DOLLAR_Z).stressed is False


def test_a_missing_pair_leaves_it_to_the_fund() -> None:
    missing = pairs(250)
    del missing["USD.SEK"]
    fund = [25.0 + 0.01 * (-1) ** i for i in range(250)]
    found = reading(desk({**missing, "UUP": fund}), Signal.DOLLAR_Z)
    # The last of alternating values lies one (population) deviation from the mean: sqrt(249/250).
    assert found.value == pytest.approx(-((249 / 250) ** 0.5), rel=1e-3)
    assert found.source == "UUP"
    for short in (missing, pairs(249)):
        assert reading(desk(short), Signal.DOLLAR_Z).value is None


def test_property_against_shares_worked_by_hand() -> None:
    rows = [(100.0, 50.0), (100.0, 50.0), (90.0, 50.0)]
    assert relative_returns(rows, 2) == pytest.approx([log(0.9)])
    # 269 days of equal prices, then VNQ 5 % lower: 249 returns of 0 and one of log 0.95.
    vnq, spy = [80.0] * 269 + [76.0], [260.0] * 270
    found = reading(desk({"VNQ": vnq, "SPY": spy}), Signal.REIT_Z)
    assert found.value == pytest.approx(-(1 - 1 / 250) * 250**0.5)
    assert found.stressed is True
    assert reading(desk({"VNQ": vnq[1:], "SPY": spy[1:]}), Signal.REIT_Z).value is None
    assert reading(desk({"VNQ": vnq}), Signal.REIT_Z).value is None


def test_twice_the_volatility_is_a_warning_by_itself() -> None:
    rng = np.random.default_rng(1)
    steps = rng.normal(0, 0.01, 270)
    spy = 250 * np.exp(np.cumsum(steps))
    vnq = 80 * np.exp(np.cumsum(2 * steps * (-1.0) ** np.arange(270)))
    rows = [(day, (a, b)) for day, (a, b) in enumerate(zip(vnq, spy, strict=True))]
    ratio = vol_ratio(rows, 20)  # type: ignore[arg-type]
    by_hand = np.diff(np.log(vnq[-21:])).std(ddof=1) / np.diff(np.log(spy[-21:])).std(ddof=1)
    assert ratio == pytest.approx(by_hand)
    found = reading(desk({"VNQ": vnq.tolist(), "SPY": spy.tolist()}), Signal.REIT_Z)
    assert found.value is not None
    assert ratio > 1.5
    assert found.stressed is True


def test_the_change_of_the_recorded_rate_difference() -> None:
    recorded = [1.50] * 20 + [1.20]
    found = reading(desk({RATES: recorded}), Signal.RATE_DIFFERENTIAL)
    assert found.value == pytest.approx(-0.30)
    assert found.stressed is True, "30 basis points are more than 25"
    assert reading(desk({RATES: recorded[1:]}), Signal.RATE_DIFFERENTIAL).value is None
