"""Who gets to sell a tranche, which forwards are watched, which limit is in force."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from domain.effects import ModifyLimit, PlaceOrder
from domain.events import LimitModified, OrderAccepted
from domain.instruments import vix_option
from domain.orders import Layer, Leg, Purpose
from engine.fold import apply_effect, fold
from engine.policy import Policy
from engine.watchlist import watchlist
from risk.hedge_trim import CAP, propose_trim
from tests.builders import TUESDAY, Market, order, quoted, ready_desk, with_calls, with_condor

POLICY = Policy()
LONG_CALL = vix_option(date(2018, 8, 21), 24.0)


def test_a_trim_leaves_alone_what_another_rule_is_selling_in_the_same_look() -> None:
    desk = with_calls(with_condor(ready_desk(), 1), quantity=20)
    desk = quoted(desk, Market(), desk.book.positions())
    desk = replace(desk, memory=replace(desk.memory, marks={CAP: 2}))
    (trim,) = propose_trim(desk, POLICY.hedge, POLICY.limits).intents
    assert propose_trim(desk, POLICY.hedge, POLICY.limits, (trim,)).intents == ()


def test_the_forward_of_a_call_is_watched_from_the_order_on() -> None:
    """August calls settle with the August future, which is not among the nearest three."""
    desk = ready_desk()
    future = next(c for c in desk.futures if c.expiration == date(2018, 8, 22))
    assert future not in watchlist(desk, (), POLICY)
    buying = order("h", Purpose.BUY_HEDGE, Layer.HEDGE_LONG, (Leg(LONG_CALL, 1),), 1, "1.20")
    working = apply_effect(desk, PlaceOrder(buying))
    assert {future, LONG_CALL} <= set(watchlist(working, (), POLICY))


def test_a_change_that_never_left_is_taken_back() -> None:
    """The desk notes a new limit when it decides it; the broker side says which one is in force."""
    buying = order("h", Purpose.BUY_HEDGE, Layer.HEDGE_LONG, (Leg(LONG_CALL, 1),), 1, "1.20")
    desk = fold(apply_effect(ready_desk(), PlaceOrder(buying)), OrderAccepted(TUESDAY, "h", 1))
    moved = apply_effect(desk, ModifyLimit("h", Decimal("1.25")))
    assert moved.orders["h"].limit == Decimal("1.25")
    back = fold(moved, LimitModified(TUESDAY, "h", Decimal("1.20")))
    assert back.orders["h"].limit == Decimal("1.20")
    assert back.orders["h"].limit_changed_at == moved.orders["h"].limit_changed_at
