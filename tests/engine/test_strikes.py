"""Rejections of the broker: three within the window halt, and no restart forgets one."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.desk import Desk, TradingState
from domain.effects import Effect, PlaceOrder, RaiseAlert, RecordDecision
from domain.events import Event, OrderRejected, ReduceRequested, ResumeRequested
from domain.orders import Layer, Purpose
from engine.fold import apply_effect, fold
from engine.policy import Policy
from engine.step import step
from engine.strikes import strikes
from risk.limits import RiskLimits
from tests.builders import condor, order, ready_desk

POLICY = Policy()
LIMITS = POLICY.limits


def sent(desk: Desk, ref: str) -> Desk:
    placed = order(
        ref, Purpose.OPEN_CONDOR, Layer.CONDOR, condor().opening, 1, "-3.00", at=desk.now
    )
    return apply_effect(desk, PlaceOrder(placed))


def rejection(desk: Desk, ref: str, code: int = 201, after_s: float = 1.0) -> OrderRejected:
    return OrderRejected(desk.now + timedelta(seconds=after_s), ref, code, "margin")


def rejected(desk: Desk, *refs: str, code: int = 201, after_s: float = 1.0) -> Desk:
    for ref in refs:
        desk = sent(desk, ref)
        desk = step(desk, [rejection(desk, ref, code, after_s)], POLICY).desk
    return desk


def test_the_third_rejection_halts_says_why_and_is_told_at_once() -> None:
    desk = rejected(ready_desk(), "a", "b")
    assert desk.trading is TradingState.ACTIVE
    desk = sent(desk, "c")
    last = step(desk, [rejection(desk, "c")], POLICY)
    assert last.desk.trading is TradingState.HALTED
    assert last.desk.trading_since == last.desk.now
    assert last.desk.trading_why == "the broker rejected 3 orders, the last one c: 201 margin"
    assert [e.topic for e in last.effects if isinstance(e, RecordDecision)] == ["strikes"]
    assert "trading_halted" in [e.code for e in last.effects if isinstance(e, RaiseAlert)]


def test_what_never_reached_the_broker_is_no_strike() -> None:
    assert rejected(ready_desk(), "a", "b", "c", "d", code=0).trading is TradingState.ACTIVE


def test_a_rejection_told_twice_is_one() -> None:
    desk = rejected(ready_desk(), "a", "b")
    again = fold(fold(desk, rejection(desk, "b")), rejection(desk, "b"))
    assert len(again.rejections) == 2


def test_rejections_that_lie_apart_do_not_add_up() -> None:
    hours = LIMITS.rejections_window_s / 2
    assert rejected(ready_desk(), "a", "b", "c", after_s=hours).trading is TradingState.ACTIVE


@pytest.mark.parametrize(("limit", "count", "state"), [(1, 1, "halted"), (0, 9, "active")])
def test_the_limit_is_a_parameter_and_zero_is_none(limit: int, count: int, state: str) -> None:
    desk, policy = ready_desk(), replace(POLICY, limits=replace(LIMITS, rejections_max=limit))
    for number in range(count):
        desk = sent(desk, f"r{number}")
        desk = step(desk, [rejection(desk, f"r{number}")], policy).desk
    assert desk.trading == state


def test_a_restart_forgets_neither_the_strikes_nor_the_halt() -> None:
    start = ready_desk()
    desk, journal = start, list[Event | Effect]()
    for number, ref in enumerate("abc"):
        placed = sent(desk, ref)
        journal.append(PlaceOrder(placed.orders[ref]))
        event = rejection(placed, ref)
        done = step(placed, [event], POLICY)
        desk = done.desk
        journal += [event, *done.effects]
        again = start
        for record in journal:
            if isinstance(record, OrderRejected):
                again = fold(again, record)
            else:
                again = apply_effect(again, record)  # type: ignore[arg-type]
        assert again.rejections == desk.rejections
        assert again.trading is desk.trading
        assert (again.trading is TradingState.HALTED) is (number == 2)
        assert again.trading_why == desk.trading_why


def test_a_resume_begins_to_count_anew() -> None:
    desk = rejected(ready_desk(), "a", "b", "c")
    desk = fold(desk, ResumeRequested(desk.now, "anna", "margin was raised"))
    assert (desk.trading, desk.rejections) == (TradingState.ACTIVE, ())
    assert rejected(desk, "d", "e").trading is TradingState.ACTIVE
    assert rejected(desk, "d", "e", "f").trading is TradingState.HALTED


def test_a_halted_desk_is_not_halted_again() -> None:
    desk = replace(rejected(ready_desk(), "a", "b"), trading=TradingState.HALTED)
    desk = replace(desk, rejections=desk.rejections * 2)
    assert strikes(desk, LIMITS) == ()


@pytest.mark.parametrize(("count", "window"), [(-1, 1.0), (101, 1.0), (3, 0.0)])
def test_limits_that_mean_nothing_are_refused(count: int, window: float) -> None:
    with pytest.raises(ValueError, match="rejections"):
        RiskLimits(rejections_max=count, rejections_window_s=window)


def resume(desk: Desk, known: Desk) -> ResumeRequested:
    """Signed by people who saw the desk as ``known``."""
    seen = known.approvals
    return ResumeRequested(desk.now, "all", "", seen.stops, seen.halts, len(known.rejections))


def test_a_resume_does_not_forgive_rejections_of_the_same_batch() -> None:
    """Nobody who signed it knew of them: the halt they lead to stands."""
    known = fold(ready_desk(), ReduceRequested(ready_desk().now, "anna", "carefully"))
    desk = sent(sent(sent(known, "a"), "b"), "c")
    batch = [rejection(desk, ref) for ref in "abc"]
    late = step(desk, [*batch, resume(desk, known)], POLICY).desk
    assert late.trading is TradingState.HALTED
    assert "rejected 3 orders" in late.trading_why
    told_before = step(desk, batch, POLICY).desk
    assert step(told_before, [resume(desk, known)], POLICY).desk.trading is TradingState.HALTED
    seen = step(told_before, [resume(told_before, told_before)], POLICY).desk
    assert seen.trading is TradingState.ACTIVE, "whoever knew of the halt may end it"
    assert seen.rejections == ()


def test_the_halt_and_what_a_resume_left_come_back_the_same_from_the_journal() -> None:
    known = fold(ready_desk(), ReduceRequested(ready_desk().now, "anna", "carefully"))
    desk = sent(sent(sent(known, "a"), "b"), "c")
    batch = [*(rejection(desk, ref) for ref in "abc"), resume(desk, known)]
    lived = step(desk, batch, POLICY)
    back = desk
    for event in batch:
        back = fold(back, event)
    for effect in lived.effects:
        back = apply_effect(back, effect)
    assert (back.trading, back.trading_why) == (lived.desk.trading, lived.desk.trading_why)
    assert (back.rejections, back.approvals) == (lived.desk.rejections, lived.desk.approvals)
