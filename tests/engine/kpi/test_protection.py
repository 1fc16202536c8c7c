"""What the hedge did, each figure against one example worked out by hand."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import numpy as np
import pytest

from domain.desk import Desk
from domain.orders import Layer
from domain.pricing import greeks, implied_vol
from domain.record import DayMark, LayerMark, Record
from domain.signals import Reading, Signal
from engine.kpi.protection import attribution, coverage, decays, offset_ratio, tenor
from engine.policy import Policy
from risk.limits import RiskLimits
from tests.builders import (
    CALENDAR,
    TUESDAY,
    Market,
    condor,
    quoted,
    ready_desk,
    with_calls,
    with_condor,
)

FIRST = date(2018, 2, 1)
LONG = date(2018, 5, 15)


def marks(*rows: tuple[str, float | None, float, float]) -> tuple[DayMark, ...]:
    """(regime, condor result, hedge realized, hedge fees) of consecutive sessions."""
    return tuple(
        DayMark(
            FIRST + timedelta(i),
            regime,
            layers={
                "L1": LayerMark(unrealized=condors),
                "L2a": LayerMark(realized, fees, 0.0),
            },
        )
        for i, (regime, condors, realized, fees) in enumerate(rows)
    )


def test_the_offset_is_press_cash_over_what_the_condors_lost_before() -> None:
    # From the close before HIGH (500) to the close before the window (-3,500): 4,000 lost.
    # In the window the hedge realizes 2,600 - 100 of fees and the condors win back 1,500.
    days = marks(
        ("normal", 500.0, 0.0, 0.0),
        ("high", -2000.0, 400.0, 10.0),
        ("high", -3500.0, 400.0, 10.0),
        ("press", -2500.0, 2000.0, 60.0),
        ("press", -2000.0, 3000.0, 110.0),
        ("elevated", -1000.0, 3000.0, 110.0),
    )
    figure = offset_ratio(days)
    assert figure.value == pytest.approx((2600 - 100 + 1500) / 4000)
    assert figure.seen == 2
    assert not figure.supported


def test_there_is_no_offset_without_a_loss_a_window_or_a_calm_start() -> None:
    no_loss = marks(("low", 0.0, 0, 0), ("high", 10.0, 0, 0), ("press", 20.0, 0, 0))
    assert offset_ratio(no_loss).value is None
    assert offset_ratio(no_loss[:2]).value is None
    assert offset_ratio(no_loss[1:]).value is None
    unquoted = marks(("low", 0.0, 0, 0), ("high", None, 0, 0), ("press", 20.0, 0, 0))
    assert offset_ratio(unquoted).value is None


def test_results_are_attributed_to_layers_after_fees() -> None:
    days = marks(("low", 100.0, 0.0, 5.0), ("low", 350.0, 80.0, 15.0))
    found = {figure.name: figure.value for figure in attribution(days)}
    assert found["result_L1"] == 250.0
    assert found["result_L2a"] == 70.0
    unquoted = (days[0], replace(days[1], layers={"L1": LayerMark()}))
    assert attribution(unquoted)[0].value is None


def test_decay_is_the_mean_of_sessions_and_the_differential_short_less_long() -> None:
    def day(i: int, short: float | None, long: float | None) -> DayMark:
        layers = {"L2a": LayerMark(decay=short), "L2c": LayerMark(decay=long)}
        return DayMark(FIRST + timedelta(i), "low", layers=layers)

    found = {f.name: f for f in decays(Record((day(0, None, None), day(1, 0.03, 0.01),
                                               day(2, 0.05, 0.01))))}  # fmt: skip
    assert found["decay_L2a"].value == pytest.approx(0.04)
    assert found["decay_L2c"].value == pytest.approx(0.01)
    assert found["decay_differential"].value == pytest.approx(0.03)
    assert found["decay_L2b"].value is None
    assert found["decay_differential"].seen == 2


def held(market: Market, *, calls: bool = True) -> Desk:
    """Four condors and two layers of calls, everything quoted."""
    desk = with_condor(ready_desk())
    if calls:
        desk = with_calls(desk, Layer.HEDGE_SHORT, 2)
        desk = with_calls(desk, Layer.HEDGE_LONG, 1, "1.00", 20.0, LONG, ref="cb-hedge-20180116-3")
    return quoted(desk, market, desk.book.positions())


def with_beta(desk: Desk, beta: float) -> Desk:
    signals = {Signal.VX_BETA: Reading(beta, desk.now)}
    return replace(desk, memory=replace(desk.memory, signals=signals))


def test_tenor_is_weighted_by_vega_and_its_dispersion_too() -> None:
    market = Market()
    desk = held(market)
    found = {figure.name: figure.value for figure in tenor(desk, RiskLimits())}
    rows = [vega_and_days(desk, market, 15.0, date(2018, 2, 13), 2, TUESDAY)]
    rows.append(vega_and_days(desk, market, 20.0, LONG, 1, TUESDAY))
    weight, days = np.array(rows).T
    mean = float((weight * days).sum() / weight.sum())
    assert found["mean_tenor"] == pytest.approx(mean, rel=1e-6)
    spread = float(np.sqrt((weight * (days - mean) ** 2).sum() / weight.sum()))
    assert found["tenor_dispersion"] == pytest.approx(spread, rel=1e-6)


def vega_and_days(
    desk: Desk, market: Market, strike: float, expiration: date, quantity: int, now: datetime
) -> tuple[float, float]:
    """From the same mid, with the forward of the future that settles the day after."""
    (contract,) = [c for c in desk.quotes if c.strike == strike and c.expiration == expiration]
    years = CALENDAR.years_to_settlement(contract, now)
    forward = market.future(CALENDAR.next_session(expiration))
    mid = desk.quotes[contract].mid
    assert mid is not None
    vol = implied_vol(mid, forward, strike, years, True)[0]
    return quantity * float(greeks(forward, strike, years, vol, True).vega), 365.0 * years


def test_coverage_is_what_the_hedge_gains_over_what_the_condors_lose() -> None:
    desk = with_beta(held(Market()), -4.0)
    five, ten = coverage(desk, Policy())
    assert five.value is not None
    assert ten.value is not None
    # SPX 10 % lower lies below both puts, so the condors lose nearly 4 x 100 x (30 - 7) USD; the
    # further fall adds nothing to that, but raises the calls once more.
    assert ten.value > five.value > 0
    without = with_beta(held(Market(), calls=False), -4.0)
    assert [figure.value for figure in coverage(without, Policy())] == [0.0, 0.0]


def test_coverage_is_unknown_without_beta_condor_or_quote() -> None:
    desk = held(Market())
    assert {figure.value for figure in coverage(desk, Policy())} == {None}
    assert "beta" in coverage(desk, Policy())[0].text
    assert "no condor" in coverage(ready_desk(), Policy())[0].text
    short_put = condor().short_put
    missing = {c: q for c, q in desk.quotes.items() if c != short_put}
    unquoted = with_beta(replace(desk, quotes=missing), -4.0)
    assert "no usable quote" in coverage(unquoted, Policy())[0].text
