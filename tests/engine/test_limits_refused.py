"""Changes of a limit that the broker refuses or that were not sent: what the desk makes of it."""

from datetime import timedelta
from decimal import Decimal

import pytest

from domain.desk import Desk
from domain.effects import CancelOrder, ModifyLimit, PlaceOrder
from domain.events import ClockTicked, LimitModified, OrderAccepted
from domain.instruments import vix_option
from domain.orders import Layer, Leg, Purpose
from engine.fold import apply_effect, fold
from engine.walk import walk
from risk.limits import RiskLimits
from tests.builders import TUESDAY, Market, order, quoted, ready_desk, with_calls

CALL = vix_option(TUESDAY.date() + timedelta(days=28), 15.0)
START, STEP = Decimal("-0.80"), timedelta(seconds=60)


def selling() -> Desk:
    """One call offered at 0.80, to be given for 0.50 at worst, 0.05 less every minute."""
    desk = quoted(with_calls(ready_desk()), Market(), (CALL,))
    placed = order(
        "s", Purpose.SELL_HEDGE, Layer.HEDGE_SHORT, (Leg(CALL, -1),), 1, str(START),
        subject="cb-hedge-20180116-2", worst="-0.50", at=desk.now,
    )  # fmt: skip
    return fold(apply_effect(desk, PlaceOrder(placed)), OrderAccepted(desk.now, "s", 1))


def stepped(desk: Desk) -> tuple[Desk, tuple[ModifyLimit | CancelOrder, ...]]:
    desk = fold(desk, ClockTicked(desk.now + STEP))
    desk = quoted(desk, Market(), (CALL,))
    moves = walk(desk, RiskLimits())
    for move in moves:
        desk = apply_effect(desk, move)
    return desk, moves


def refused(desk: Desk, limit: Decimal) -> Desk:
    return fold(desk, LimitModified(desk.now, "s", limit))


def test_an_order_whose_limit_cannot_be_changed_is_given_up_after_three_tries() -> None:
    desk, asked = selling(), []
    for _ in range(6):
        desk, moves = stepped(desk)
        asked += moves
        if isinstance(moves[0] if moves else None, ModifyLimit):
            desk = refused(desk, START)
            assert desk.orders["s"].limit == START
    assert [type(move) for move in asked[:3]] == [ModifyLimit] * 3
    assert {move.limit for move in asked[:3]} == {START + Decimal("0.05")}
    assert asked[3] == CancelOrder("s", "its limit cannot be changed", TUESDAY + 4 * STEP)
    assert all(isinstance(move, CancelOrder) for move in asked[3:])
    assert len(desk.orders) == len(selling().orders), "and no other order takes its place meanwhile"


def test_a_refused_change_is_not_asked_for_again_before_its_time() -> None:
    desk, moves = stepped(selling())
    assert len(moves) == 1
    desk = refused(desk, START)
    assert walk(desk, RiskLimits()) == ()


@pytest.mark.parametrize("taken", ["-0.75", "-0.70"], ids=["as asked", "even further"])
def test_a_change_that_is_taken_forgives_those_refused_before_it(taken: str) -> None:
    desk = selling()
    for _ in range(2):
        desk, _ = stepped(desk)
        desk = refused(desk, START)
    assert desk.orders["s"].limit_refusals == 2
    desk, _ = stepped(desk)
    desk = fold(desk, LimitModified(desk.now, "s", Decimal(taken)))
    assert desk.orders["s"].limit_refusals == 0


def test_a_recovery_knows_when_a_limit_was_moved_although_no_tick_is_recorded() -> None:
    start = selling()
    lived, (move,) = stepped(start)
    back = apply_effect(start, move)
    assert back.orders["s"].limit_changed_at == lived.orders["s"].limit_changed_at == lived.now
    again = CancelOrder("s", "late", lived.now + STEP)
    assert apply_effect(back, again).orders["s"].limit_changed_at == lived.now + STEP


def test_a_move_in_a_journal_that_does_not_say_when_counts_from_the_record_before() -> None:
    desk = selling()
    assert apply_effect(desk, ModifyLimit("s", Decimal("-0.75"))).orders["s"].limit_changed_at == (
        desk.now
    )
