"""A close that was canceled and filled all the same: the one in its place is withdrawn at once."""

import pytest

from domain.desk import Desk
from domain.effects import CancelOrder, PlaceOrder
from domain.events import OrderAccepted, OrderCanceled
from domain.instruments import vix_option
from domain.orders import Layer, Leg, Order, OrderStatus, Purpose
from engine.fold import apply_effect, fold
from engine.overtaken import overtaken
from engine.policy import Policy
from engine.step import step
from tests.builders import TUESDAY, condor, fills, order, ready_desk, with_calls, with_condor

ID, CALLS = "cb-condor-20180116-1", "cb-hedge-20180116-2"
PRICES = ("1.00", "3.00", "2.00", "0.50")


def close(ref: str, quantity: int = 4, legs: tuple[Leg, ...] = ()) -> Order:
    return order(
        ref, Purpose.CLOSE_CONDOR, Layer.CONDOR, legs or condor().closing, quantity, "3.50",
        subject=ID, at=TUESDAY,
    )  # fmt: skip


def at_work(desk: Desk, *orders: Order) -> Desk:
    for placed in orders:
        desk = apply_effect(desk, PlaceOrder(placed))
        desk = fold(desk, OrderAccepted(TUESDAY, placed.order_ref, 1))
    return desk


def replaced() -> tuple[Desk, Order]:
    """The first close was canceled, as the broker said, and a second one works in its place."""
    first = close("a")
    desk = fold(at_work(with_condor(ready_desk()), first), OrderCanceled(TUESDAY, "a", "by us"))
    return at_work(desk, close("b")), first


@pytest.mark.parametrize("units", [4, 1], ids=["all of it", "a part"])
def test_an_execution_of_the_canceled_order_withdraws_the_one_in_its_place(units: int) -> None:
    desk, first = replaced()
    assert overtaken(desk) == ()
    late = step(desk, fills(first, PRICES, TUESDAY, units), Policy())
    cancels = [effect for effect in late.effects if isinstance(effect, CancelOrder)]
    assert cancels == [CancelOrder("b", "less is held than it would close", TUESDAY)]
    assert late.desk.orders["b"].cancel_requested
    assert overtaken(late.desk) == (), "it is asked for once; later the walk asks again"


def test_an_order_that_is_not_on_its_way_yet_is_withdrawn_when_it_is() -> None:
    first = close("a")
    desk = fold(at_work(with_condor(ready_desk()), first), OrderCanceled(TUESDAY, "a", "by us"))
    desk = apply_effect(desk, PlaceOrder(close("b")))
    for fill in fills(first, PRICES, TUESDAY):
        desk = fold(desk, fill)
    assert desk.orders["b"].status is OrderStatus.PENDING_SEND
    assert overtaken(desk) == ()
    accepted = step(desk, [OrderAccepted(TUESDAY, "b", 2)], Policy())
    assert [e.order_ref for e in accepted.effects if isinstance(e, CancelOrder)] == ["b"]


def test_a_close_that_fills_leg_by_leg_is_never_in_its_own_way() -> None:
    placed = close("a")
    desk = at_work(with_condor(ready_desk()), placed)
    for units in (1, 3):
        for fill in fills(placed, PRICES, TUESDAY, units):
            desk = fold(desk, fill)
            assert overtaken(desk) == ()
    assert not desk.book.condors[ID].is_open


def test_two_halves_of_one_condor_are_not_in_each_others_way() -> None:
    puts, calls = condor().closing[:2], condor().closing[2:]
    desk = at_work(with_condor(ready_desk()), close("p", legs=puts), close("c", legs=calls))
    assert overtaken(desk) == ()
    assert [e.order_ref for e in overtaken(at_work(desk, close("b")))] == ["b"]


def test_of_sales_and_rolls_of_a_tranche_the_younger_gives_way() -> None:
    held = vix_option(TUESDAY.date().replace(month=2, day=13), 15.0)
    other = vix_option(TUESDAY.date().replace(month=3, day=20), 15.0)
    sale = order("s", Purpose.SELL_HEDGE, Layer.HEDGE_SHORT, (Leg(held, -1),), 1, "-0.50", CALLS)
    roll = order(
        "r", Purpose.ROLL_HEDGE, Layer.HEDGE_SHORT, (Leg(held, -1), Leg(other, 1)), 1, "0.20", CALLS
    )
    assert overtaken(at_work(with_calls(ready_desk(), quantity=2), sale, roll)) == ()
    late = at_work(with_calls(ready_desk(), quantity=1), sale, roll)
    assert [e.order_ref for e in overtaken(late)] == ["r"]


def test_what_opens_takes_nothing_away() -> None:
    opening = order("o", Purpose.OPEN_CONDOR, Layer.CONDOR, condor().opening, 4, "-7.00")
    assert overtaken(at_work(ready_desk(), opening)) == ()
