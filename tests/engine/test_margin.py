"""The broker is asked for the margin before an opening order leaves, and believed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from domain.desk import Desk
from domain.effects import AskMargin, Effect, PlaceOrder, RecordDecision, Verdict
from domain.events import ClockTicked, Event, HaltRequested, MarginAnswered
from domain.orders import DenialCode, Layer, OrderStatus, Purpose
from engine.fold import apply_effect, fold
from engine.margin import on_its_way
from engine.policy import Policy
from engine.step import Step, step
from risk.limits import RiskLimits
from tests.builders import RELEASES, Market, condor, order, quoted, ready_desk, with_condor

POLICY = Policy(releases=RELEASES)
REF = "cb-condor-20180116-1"
FINE = (Decimal(9_000), Decimal(9_000), Decimal(1_000_000))


def asking() -> Desk:
    """One entry of two units whose margin was asked a second ago."""
    desk = quoted(ready_desk(), Market(), condor().contracts)
    mid = f"{round(package_mid(desk) * 20) / 20:.2f}"
    placed = order(REF, Purpose.OPEN_CONDOR, Layer.CONDOR, condor().opening, 2, mid, at=desk.now)
    return apply_effect(desk, on_its_way(placed, POLICY.limits))


def package_mid(desk: Desk) -> float:
    return sum(leg.ratio * (desk.quotes[leg.contract].mid or 0.0) for leg in condor().opening)


def told(desk: Desk, event: Event, policy: Policy = POLICY) -> Step:
    return step(desk, [event], policy)


def answer(desk: Desk, *numbers: Decimal | None, reason: str = "") -> MarginAnswered:
    return MarginAnswered(desk.now + timedelta(seconds=1), REF, *numbers, reason=reason)


def placed(effects: Sequence[Effect]) -> list[str]:
    return [effect.order.order_ref for effect in effects if isinstance(effect, PlaceOrder)]


def decisions(effects: Sequence[Effect]) -> list[RecordDecision]:
    return [effect for effect in effects if isinstance(effect, RecordDecision)]


def test_an_opening_order_waits_and_counts_while_it_waits() -> None:
    desk = asking()
    (waiting,) = desk.working
    assert waiting.status is OrderStatus.ASKING
    assert (desk.tally.orders_today, desk.tally.sent) == (1, 0)
    assert placed(told(desk, ClockTicked(desk.now + timedelta(seconds=9))).effects) == []


def test_a_close_is_never_held_up_by_the_question() -> None:
    closing = order("c", Purpose.CLOSE_CONDOR, Layer.CONDOR, condor().closing, 1, "7.00", "x")
    assert isinstance(on_its_way(closing, POLICY.limits), PlaceOrder)
    unasked = on_its_way(asking().working[0], replace(POLICY.limits, margin_asked=False))
    assert isinstance(unasked, PlaceOrder)


def test_a_good_answer_sends_the_order_once() -> None:
    desk = asking()
    result = told(desk, answer(desk, *FINE))
    assert placed(result.effects) == [REF]
    assert result.desk.orders[REF].status is OrderStatus.PENDING_SEND
    assert (result.desk.tally.orders_today, result.desk.tally.sent) == (1, 1)
    assert dict(decisions(result.effects)[-1].inputs)["excess_after"] == 991_000
    again = told(result.desk, answer(result.desk, *FINE))
    assert placed(again.effects) == []


@pytest.mark.parametrize(("equity", "sent"), [("159000", True), ("158999", False)])
def test_the_order_leaves_only_when_enough_stays_free(equity: str, *, sent: bool) -> None:
    """15 % of one million, after a maintenance margin of 9,000."""
    desk = asking()
    result = told(desk, answer(desk, Decimal(9_000), Decimal(9_000), Decimal(equity)))
    assert bool(placed(result.effects)) is sent
    if not sent:
        assert REF not in result.desk.orders
        assert decisions(result.effects)[-1].denial is DenialCode.MARGIN_FLOOR


@pytest.mark.parametrize("numbers", [(None, None, None), (Decimal(1), None, None)])
def test_without_usable_numbers_our_own_model_decides_and_says_so(
    numbers: tuple[Decimal | None, ...],
) -> None:
    desk = asking()
    event = answer(desk, *numbers, reason="360: unsupported")
    result = told(desk, event)
    assert placed(result.effects) == [REF]
    assert "our own model" in decisions(result.effects)[-1].text
    strict = Policy(limits=RiskLimits(margin_own_model=False))
    refused = told(desk, event, strict)
    assert placed(refused.effects) == []
    assert decisions(refused.effects)[-1].verdict is Verdict.DENIED


def test_our_own_model_refuses_what_would_eat_the_reserve() -> None:
    desk = asking()
    account = replace(desk.account, excess_liquidity=Decimal(151_000))
    result = told(replace(desk, account=account), answer(desk, None, None, None))
    assert placed(result.effects) == []


def test_an_answer_that_does_not_come_is_waited_for_ten_seconds() -> None:
    desk = asking()
    result = told(desk, ClockTicked(desk.now + timedelta(seconds=10)))
    assert placed(result.effects) == [REF]
    assert "no answer in time" in decisions(result.effects)[-1].text


def test_a_halt_in_between_keeps_the_order_here() -> None:
    desk = asking()
    halted = told(desk, HaltRequested(desk.now, "operator", "enough"))
    result = told(halted.desk, answer(desk, *FINE))
    assert placed(result.effects) == []
    assert decisions(result.effects)[-1].denial is DenialCode.TRADING_HALTED


def test_another_life_drops_an_order_that_was_still_waiting() -> None:
    """Restarted: the quotes are gone, the answer belongs to a connection that is no more."""
    desk = replace(asking(), ready_at=None, quotes={})
    assert not desk.orders[REF].ever_sent
    result = told(desk, ClockTicked(desk.now + timedelta(minutes=1)))
    assert placed(result.effects) == []
    assert REF not in result.desk.orders
    late = fold(result.desk, answer(desk, *FINE))
    assert late.margin_answers == {}


def test_two_that_wait_are_judged_one_after_the_other() -> None:
    """Each alone leaves 20,000 above the floor; with the first on its way the second does not."""
    desk = asking()
    held = with_condor(desk, 1, "held")
    second = replace(desk.orders[REF], order_ref="cb-condor-20180116-2")
    both = apply_effect(held, AskMargin(second))
    numbers = (Decimal(9_000), Decimal(9_000), Decimal(1_000_000))
    after = told(both, answer(desk, *numbers))
    assert placed(after.effects) == [], "an entry at a time: the other one is still working"
    assert decisions(after.effects)[-1].denial is DenialCode.ORDER_WORKING
