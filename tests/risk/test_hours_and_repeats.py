"""Checks that look at the clock and at what was sent before."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from domain.effects import PlaceOrder
from domain.orders import DenialCode, Layer, OrderStatus, Purpose
from domain.session import Session
from engine.fold import apply_effect
from engine.walk import withdrawn
from risk.review import first_denial
from tests.builders import condor, ny, order, ready_desk, with_condor
from tests.risk.test_checks import LIMITS, close, denied, entry, market

TODAY = date(2018, 1, 16)


def test_the_same_wish_is_not_repeated_without_end() -> None:
    """Orders of the last hour count, whatever became of them."""
    desk = market(with_condor(ready_desk()))
    for number in range(LIMITS.repeats_max):
        tried = order(
            f"r{number}", Purpose.CLOSE_CONDOR, Layer.CONDOR, condor().closing, 4, "7.00",
            "cb-condor-20180116-1", rule="4.3.stop", at=desk.now - timedelta(seconds=3599 - number),
        )  # fmt: skip
        assert denied(close(), desk) is None
        refused = replace(tried, status=OrderStatus.REJECTED)
        desk = replace(desk, orders={**desk.orders, refused.order_ref: refused})
    assert denied(close(), desk) is DenialCode.ORDER_RATE
    assert denied(close(rule="4.3.profit"), desk) is None
    later = replace(desk, now=desk.now + timedelta(seconds=1), feed_at=desk.now)
    assert denied(close(), later) is None


@pytest.mark.parametrize(
    ("told", "opening"),
    [
        (None, False),
        (Session(TODAY), False),
        (Session(TODAY, ny(2018, 1, 16, 9, 30), ny(2018, 1, 16, 11, 6)), True),
        (Session(TODAY, ny(2018, 1, 16, 9, 30), ny(2018, 1, 16, 11, 5)), False),
        (Session(TODAY, ny(2018, 1, 16, 10, 56), ny(2018, 1, 16, 16, 15)), False),
    ],
)
def test_nothing_is_opened_unless_the_broker_calls_the_market_open(
    told: Session | None, *, opening: bool
) -> None:
    """At 11:00, with guards of five minutes."""
    hours = {} if told is None else {TODAY: told}
    assert (denied(entry(), replace(market(ready_desk()), hours=hours)) is None) is opening
    held = replace(market(with_condor(ready_desk())), hours=hours)
    assert denied(close(), held) is None


@pytest.mark.parametrize(
    ("reset", "opening"), [(time(11, 16), True), (time(11, 15), False), (time(10, 31), False)]
)
def test_nothing_is_opened_shortly_before_or_during_a_reset_of_the_gateway(
    reset: time, *, opening: bool
) -> None:
    """At 11:00 on a Tuesday, a quarter hour of notice, half an hour of reset."""
    desk, held = market(ready_desk()), market(with_condor(ready_desk()))
    for limits in (
        replace(LIMITS, reset_at=reset),
        replace(LIMITS, logoff_at=reset, logoff_weekday=1),
    ):
        assert (first_denial(entry(), desk, limits) is None) is opening
        assert first_denial(close(), held, limits) is None
    other_day = replace(LIMITS, logoff_at=reset, logoff_weekday=2)
    assert first_denial(entry(), desk, other_day) is None


def test_a_denial_before_a_reset_says_so() -> None:
    limits = replace(LIMITS, reset_at=time(11, 10))
    denial = first_denial(entry(), market(ready_desk()), limits)
    assert denial is not None
    assert denial.code is DenialCode.BROKER_RESET


def test_an_entry_at_work_is_withdrawn_before_a_reset() -> None:
    working = order("o", Purpose.OPEN_CONDOR, Layer.CONDOR, condor().opening, 1, "-7.00")
    desk = apply_effect(market(ready_desk()), PlaceOrder(working))
    assert withdrawn(desk, LIMITS) == ()
    (cancel,) = withdrawn(desk, replace(LIMITS, reset_at=time(11, 10)))
    assert cancel.order_ref == "o"
