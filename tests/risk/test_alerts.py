"""Alerts are edges: raised once, cleared once."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain.desk import Desk, Regime, TradingState
from domain.effects import PlaceOrder
from domain.events import OrderUncertain
from domain.instruments import SPX
from domain.orders import Layer, Purpose
from domain.session import Session
from engine.fold import apply_effect, fold
from risk.alerts import ALERT_RULES, Rules, raised
from risk.hedge_sale import CAP
from risk.limits import RiskLimits
from risk.parameters import HedgeParams, RegimeParams
from tests.builders import Market, condor, ny, order, quoted, ready_desk, with_calls, with_condor

RULES = Rules(RiskLimits(), HedgeParams(), RegimeParams())


def quiet() -> Desk:
    return quoted(ready_desk(), Market())


def uncertain() -> Desk:
    placed = order("o", Purpose.OPEN_CONDOR, Layer.CONDOR, condor().opening, 1, "-7.00")
    desk = apply_effect(quiet(), PlaceOrder(placed))
    return fold(desk, OrderUncertain(desk.now, "o", "silence"))


def poorer(nlv: int, excess: int) -> Desk:
    desk = quiet()
    values = {"net_liquidation": Decimal(nlv), "excess_liquidity": Decimal(excess)}
    return replace(desk, account=replace(desk.account, **values))


def above_cap() -> Desk:
    desk = with_condor(quiet())
    return replace(desk, memory=replace(desk.memory, marks={CAP: 2}))


def away(seconds: float) -> Desk:
    desk = quiet()
    return replace(desk, ready_at=None, away_since=desk.now - timedelta(seconds=seconds))


def not_flat() -> Desk:
    held = with_calls(ready_desk(), expiration=date(2018, 2, 13)).book
    return replace(quoted(ready_desk(ny(2018, 2, 13, 14, 0)), Market()), book=held)


SITUATIONS = {
    "trading_halted": lambda: replace(quiet(), trading=TradingState.HALTED),
    "broker_lost": lambda: away(60.0),
    "order_uncertain": uncertain,
    "position_mismatch": lambda: replace(quiet(), mismatched=(SPX,)),
    "market_data_unknown": lambda: quoted(ready_desk(regime=Regime.UNKNOWN), Market()),
    "hours_disagree": lambda: replace(quiet(), hours={quiet().today: Session(quiet().today)}),
    "daily_loss": lambda: poorer(980_000, 980_000),
    "margin_low": lambda: poorer(1_000_000, 149_999),
    "hedge_above_cap": above_cap,
    "hedge_not_flat": not_flat,
}


def test_every_alert_has_a_situation_here() -> None:
    assert list(SITUATIONS) == [code for code, _, _ in ALERT_RULES]


def test_a_quiet_desk_raises_nothing() -> None:
    assert raised(quiet(), RULES) == ()
    assert raised(poorer(980_001, 980_000), RULES) == ()
    assert raised(poorer(1_000_000, 150_000), RULES) == ()


def test_a_start_or_a_short_loss_of_the_broker_is_no_alert() -> None:
    assert raised(away(59.0), RULES) == ()
    again = replace(away(5.0), alerts={"broker_lost": quiet().now})
    assert raised(again, RULES) == (), "an alert from before a restart stays up until connected"


@pytest.mark.parametrize("code", list(SITUATIONS))
def test_an_alert_is_raised_on_its_edge_and_cleared_on_the_way_back(code: str) -> None:
    desk = SITUATIONS[code]()
    (alert,) = raised(desk, RULES)
    assert (alert.code, alert.active) == (code, True)
    desk = apply_effect(desk, alert)
    assert raised(desk, RULES) == (), "once is enough"
    calm = replace(quiet(), alerts=desk.alerts)
    (cleared,) = raised(calm, RULES)
    assert (cleared.code, cleared.active) == (code, False)
    assert raised(apply_effect(calm, cleared), RULES) == ()
