"""Orders that operators ended by their word, and what the broker says of them afterwards."""

from datetime import date
from decimal import Decimal

from domain.desk import Desk, TradingState
from domain.effects import PlaceOrder
from domain.events import OrderAccepted, OrderCanceled, OrderFilled, OrderUncertain
from domain.instruments import vix_option
from domain.orders import Layer, Leg, OrderStatus, Purpose
from engine.fold import apply_effect, fold
from engine.policy import Policy
from engine.step import step
from tests.builders import TUESDAY, order, ready_desk

CALL = vix_option(date(2018, 2, 13), 15.0)
NONCE = "5e" * 16


def uncertain(quantity: int = 3) -> Desk:
    placed = order("h", Purpose.BUY_HEDGE, Layer.HEDGE_SHORT, (Leg(CALL, 1),), quantity, "1.00")
    desk = apply_effect(ready_desk(), PlaceOrder(placed))
    return fold(desk, OrderUncertain(TUESDAY, "h", "silence"))


def told(desk: Desk, exec_id: str, quantity: int, price: str = "1.00") -> Desk:
    return fold(desk, OrderFilled(TUESDAY, "h", exec_id, 1, CALL, quantity, Decimal(price)))


def test_what_operators_told_is_not_counted_again_when_the_broker_tells_it() -> None:
    desk = told(uncertain(), f"op.{NONCE}.0", 3)
    for number, price in enumerate(("0.95", "0.95", "1.00")):
        event = OrderFilled(TUESDAY, "h", f"e{number}", 1, CALL, 1, Decimal(price))
        desk = step(desk, [event], Policy()).desk
    assert (desk.book.positions(), desk.book.cash) == ({CALL: 3}, Decimal("-290.00"))
    assert desk.orders["h"].leg_fills == (3,)
    assert desk.trading is TradingState.ACTIVE, "nor does an invariant object"


def test_the_rest_of_what_operators_told_stays_until_the_broker_tells_it() -> None:
    desk = told(told(uncertain(), f"op.{NONCE}.0", 3), "e1", 2)
    assert desk.book.positions() == {CALL: 3}


def test_more_than_operators_told_counts() -> None:
    desk = fold(told(uncertain(), f"op.{NONCE}.0", 1), OrderCanceled(TUESDAY, "h", "resolved"))
    desk = told(desk, "e1", 3)
    assert desk.book.positions() == {CALL: 3}
    assert desk.orders["h"].status is OrderStatus.FILLED


def test_an_order_that_was_thought_dead_and_lives_is_worked_on_and_halts() -> None:
    desk = fold(uncertain(), OrderCanceled(TUESDAY, "h", "resolved by anna, ben"))
    desk = fold(desk, OrderAccepted(TUESDAY, "h", 9001))
    assert desk.orders["h"].status is OrderStatus.ACCEPTED
    assert desk.trading is TradingState.HALTED
    assert "h" in desk.trading_why


def test_one_that_filled_is_not_revived_by_late_news() -> None:
    desk = fold(told(uncertain(), "e1", 3), OrderAccepted(TUESDAY, "h", 9001))
    assert desk.orders["h"].status is OrderStatus.FILLED
    assert desk.trading is TradingState.ACTIVE
