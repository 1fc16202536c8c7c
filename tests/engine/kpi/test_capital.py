"""Cost and return of capital, each against one example worked out by hand."""

from datetime import date, timedelta
from math import sqrt

import pytest

from domain.orders import Layer
from domain.record import DayMark, LayerMark, Record
from engine.kpi.capital import (
    capital_figures,
    drawdowns,
    internal_rates,
    monthly_rates,
    price_to_cash,
    turnover,
    wacc,
)

FIRST = date(2018, 1, 31)


def mark(
    on: date,
    *,
    nlv: float = 1_000_000.0,
    cash: float = 1_000_000.0,
    margin: float | None = None,
    at_risk: float = 0.0,
    collected: float = 0.0,
    hedge: float | None = 0.0,
    traded: float = 0.0,
    condors: float | None = 0.0,
    calls: float | None = 0.0,
    fees: float = 0.0,
) -> DayMark:
    """``condors`` and ``calls`` are unrealized results of L1 and L2a; ``fees`` those of L2a."""
    layers = {"L1": LayerMark(unrealized=condors), "L2a": LayerMark(0.0, fees, calls)}
    return DayMark(on, "low", nlv, cash, margin, 12.0, 4, at_risk, collected, hedge, traded, layers)


def test_the_cost_of_collateral_is_bleed_and_fees_over_what_is_tied_up() -> None:
    # 73 days are a fifth of a year. The hedge lost 300 before 20 of fees.
    # (300 + 20) / ((10,000 + 600 + 10,000 + 1,000) / 2) x 5 = 320 / 10,800 x 5
    days = [
        mark(FIRST, margin=10_000.0, hedge=600.0),
        mark(FIRST + timedelta(73), margin=10_000.0, hedge=1000.0, calls=-300.0, fees=20.0),
    ]
    figure = wacc(days)
    assert figure.value == pytest.approx(320 / 10_800 * 5)
    assert not figure.supported


def test_a_hedge_that_gained_does_not_make_collateral_cheaper_than_its_fees() -> None:
    days = [
        mark(FIRST, margin=10_000.0),
        mark(FIRST + timedelta(365), margin=10_000.0, calls=500.0, fees=20.0),
    ]
    assert wacc(days).value == pytest.approx(20 / 10_000)


def test_borrowed_cash_makes_the_cost_unknown() -> None:
    days = [mark(FIRST, margin=1.0), mark(FIRST + timedelta(30), margin=1.0, cash=-1.0)]
    assert wacc(days).value is None


def test_a_month_is_measured_from_the_close_before_it_and_by_what_was_added() -> None:
    # 10,000 at work on January 31, 5,000 more at the first close of February.
    days = [
        mark(FIRST, at_risk=10_000.0),
        mark(date(2018, 2, 1), at_risk=15_000.0, condors=0.0),
        mark(date(2018, 2, 2), at_risk=17_600.0, condors=2600.0),
    ]
    # The result of 2,600 explains the rise of the second session, so r solves
    # 10,000 (1 + r) + 5,000 (1 + r)^0.5 = 17,600: r = 0.21 gives 12,100 + 5,500.
    ((month, rate),) = monthly_rates(days, (Layer.CONDOR,))
    assert month == (2018, 2)
    assert rate == pytest.approx(0.21)


def test_volatility_of_the_rate_needs_two_months_and_is_their_standard_deviation() -> None:
    days = [
        mark(FIRST, at_risk=10_000.0),
        mark(date(2018, 2, 28), at_risk=10_000.0, condors=200.0),  # 2 %
        mark(date(2018, 3, 29), at_risk=10_000.0, condors=-400.0),  # -6 %
        mark(date(2018, 4, 3), at_risk=10_000.0, condors=-300.0),  # 1 % so far
    ]
    figures = {figure.name: figure for figure in internal_rates(days)}
    assert figures["irr_month"].value == pytest.approx(0.01)
    assert figures["irr_volatility"].value == pytest.approx(0.08 / sqrt(2))
    assert not figures["irr_volatility"].supported
    assert {f.name: f.value for f in internal_rates(days[:3])}["irr_volatility"] is None


def test_a_month_in_which_the_record_begins_is_no_month() -> None:
    days = [mark(date(2018, 2, 1), at_risk=1.0), mark(date(2018, 2, 2), at_risk=1.0)]
    assert monthly_rates(days, (Layer.CONDOR,)) == []


def test_price_to_cash_looks_back_thirty_days() -> None:
    # 5,000 were collected until January 31, 6,200 until March 2: 1,200 in 30 days, hedge 3,000.
    days = [
        mark(FIRST, collected=5000.0),
        mark(FIRST + timedelta(1), collected=5500.0),
        mark(FIRST + timedelta(30), collected=6200.0, hedge=3000.0),
    ]
    assert price_to_cash(days).value == pytest.approx(2.5)
    assert price_to_cash(days).supported
    assert price_to_cash([mark(FIRST, collected=-10.0)]).value is None
    assert price_to_cash([mark(FIRST, hedge=None)]).value is None


def test_turnover_is_premium_traded_over_net_liquidation_a_year() -> None:
    days = [
        mark(FIRST, traded=9999.0),  # before the first mark: not of this stretch
        mark(FIRST + timedelta(73), nlv=900_000.0, traded=1900.0),
    ]
    assert turnover(days).value == pytest.approx(1900 / 950_000 * 5)


def test_drawdowns_are_of_net_liquidation() -> None:
    days = [mark(FIRST + timedelta(i), nlv=v) for i, v in enumerate((100.0, 110.0, 99.0, 110.0))]
    figures = {figure.name: figure for figure in drawdowns(days)}
    assert figures["max_drawdown"].value == pytest.approx(0.10)
    assert figures["ulcer_index"].value == pytest.approx(sqrt(0.01 / 4))
    assert figures["time_under_water"].value == 1.0
    assert not figures["max_drawdown"].supported


def test_without_a_past_every_figure_is_unknown_and_says_why() -> None:
    figures = capital_figures(Record())
    assert [figure.name for figure in figures if figure.value is not None] == []
    assert all(figure.text for figure in figures)
