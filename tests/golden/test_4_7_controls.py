"""Section 4.7 by hand: paper only, two approvals for more risk, and the limits of a day."""

import io
import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from pydantic import ValidationError

from bot.approvals.envelope import encode_envelope, sealed
from bot.approvals.refusals import Refusal
from bot.approvals.rules import RULES, Approved, Refused, judge
from bot.broker.guard import live_reason
from bot.execute import Executor
from bot.gate import SendGate
from bot.inbox import Inbox
from bot.logs import configure
from bot.ports import Delivery
from config.settings import BrokerSettings, Settings
from domain.desk import Desk, TradingState
from domain.effects import RecordDecision, Verdict
from domain.instruments import Right
from domain.orders import DenialCode, Layer, OrderIntent, Purpose
from engine import rules
from engine.policy import Policy
from risk.checks import (
    condor_count_within_limit,
    daily_loss_within_limit,
    no_naked_short,
    order_rate_within_limit,
    trading_state_permits,
)
from risk.limit_checks import max_loss_within_limits
from risk.limits import RiskLimits
from risk.review import review
from tests.bot.approvals.world import SECRETS, World, sign
from tests.builders import (
    RELEASES,
    Market,
    condor,
    ny,
    order,
    quoted,
    ready_desk,
    with_condor,
)
from tests.fakes.broker import FakeBroker
from tests.fakes.clock import FakeClock
from tests.fakes.telemetry import FakeTelemetry

LIMITS = RiskLimits()


def opening(combo: int = 0) -> OrderIntent:
    far = condor(2605 - combo, 2635 - combo, 2900 + combo, 2930 + combo)
    return order("o", Purpose.OPEN_CONDOR, Layer.CONDOR, far.opening, 1, "-7.00").intent


def closing(rule: str = "4.3.stop") -> OrderIntent:
    return order("c", Purpose.CLOSE_CONDOR, Layer.CONDOR, condor().closing, 4, "21.00",
                 "cb-condor-20180116-1", rule=rule).intent  # fmt: skip


@pytest.mark.parametrize(
    ("port", "accounts", "paper"),
    [
        (4002, ("DU1234567",), True),
        (4002, ("U1234567",), False),  # no D: a live account
        (4002, ("DU1234567", "U7654321"), False),  # one of two is live
        (4002, ("DUX",), False),  # not DU and digits
        (4002, (), False),  # none named proves nothing
        (4001, ("DU1234567",), False),  # the live port of the gateway
        (7496, ("DU1234567",), False),  # and of TWS
    ],
)
def test_only_an_account_that_begins_with_du_on_a_paper_port(
    port: int, accounts: tuple[str, ...], *, paper: bool
) -> None:
    assert (live_reason(port, accounts, "") is None) is paper


def test_a_profile_with_a_live_port_or_account_is_not_read() -> None:
    for live in ({"port": 4001}, {"port": 7496}, {"account": "U1234567"}):
        with pytest.raises(ValidationError):
            BrokerSettings.model_validate(live)


def test_more_risk_needs_the_strategy_the_review_and_no_halt_and_less_risk_needs_one() -> None:
    """An intent is the strategy's voice, the checks are the second; the kill-switch is above both.
    HALTED lets a stop through, which needs no second voice for the state it is in.
    """
    desk = with_condor(ready_desk())
    for state, opens, closes in (
        (TradingState.ACTIVE, True, True),
        (TradingState.REDUCING, False, True),
        (TradingState.HALTED, False, True),
    ):
        stood = replace(desk, trading=state)
        assert (trading_state_permits(opening(), stood, LIMITS) is None) is opens
        assert (trading_state_permits(closing(), stood, LIMITS) is None) is closes
    # Nothing but a review makes an order of an intent: blind to the market it says no.
    verdict = review(opening(), desk, LIMITS)
    assert verdict.order is None
    assert verdict.decision.verdict is Verdict.DENIED


def test_two_of_two_must_sign_what_adds_risk_and_one_may_stop() -> None:
    """2 of 3: anna alone may halt; anna alone may not resume, anna and ben may."""
    world, spool = World(2, 3), Delivery("spool")
    halted = judge(world.raw("halt"), spool, world.scene, RULES)
    assert isinstance(halted, Approved)
    assert halted.signers == ("anna",)
    both = judge(world.raw("resume"), spool, world.scene, RULES)
    assert isinstance(both, Approved)
    assert both.signers == ("anna", "ben")
    alone = encode_envelope(sign(sealed(world.plan("resume")), SECRETS["anna"]))
    refused = judge(alone, spool, world.scene, RULES)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.text) == (Refusal.TOO_FEW, "1 of 2 signatures")


@pytest.mark.parametrize(("nlv", "refused"), [(980_001, False), (980_000, True), (900_000, True)])
def test_a_loss_of_two_percent_since_the_day_began_stops_new_risk(
    nlv: int, *, refused: bool
) -> None:
    """(1,000,000 - 980,001) / 1,000,000 = 1.9999 %; 980,000 is 2 %. Closing goes on."""
    desk = with_condor(ready_desk())
    desk = replace(desk, account=replace(desk.account, net_liquidation=Decimal(nlv)))
    denied = daily_loss_within_limit(opening(), desk, LIMITS)
    assert (denied is not None) is refused
    assert denied is None or denied.code is DenialCode.DAILY_LOSS_LIMIT
    assert daily_loss_within_limit(closing(), desk, LIMITS) is None


def test_six_condors_and_no_seventh() -> None:
    """Five open and one working are six."""
    desk = ready_desk(nlv="100000000")
    for number in range(5):
        combo = condor(2455 - 5 * number, 2485 - 5 * number, 3050, 3080)
        desk = with_condor(desk, 1, f"held-{number}", combo)
    assert condor_count_within_limit(opening(), desk, LIMITS) is None
    placed = review_working(desk)
    denied = condor_count_within_limit(opening(), placed, LIMITS)
    assert denied is not None
    assert denied.code is DenialCode.CONDOR_COUNT_LIMIT
    assert dict(denied.inputs) == {"open": 6.0, "limit": 6.0}


def review_working(desk: Desk) -> Desk:
    waiting = order("w", Purpose.OPEN_CONDOR, Layer.CONDOR, condor().opening, 1, "-7.00")
    return replace(desk, orders={**desk.orders, "w": waiting})


def sent(desk: Desk, *, opened: int, closed: int, seconds_ago: float = 30.0) -> Desk:
    at = desk.now - timedelta(seconds=seconds_ago)
    sends = ((at, True),) * opened + ((at, False),) * closed
    return replace(desk, tally=replace(desk.tally, recent_sends=sends))


@pytest.mark.parametrize(
    ("opened", "closed", "seconds_ago", "opens", "closes"),
    [
        (4, 5, 30.0, True, True),  # 9 of 10, 4 of 5
        (5, 0, 30.0, False, True),  # openings have used their 5
        (4, 6, 30.0, False, False),  # 10 of 10
        (5, 5, 59.9, False, False),
        (5, 5, 60.0, True, True),  # a minute ago is over
    ],
)
def test_ten_orders_a_minute_of_which_five_may_open(
    opened: int, closed: int, seconds_ago: float, *, opens: bool, closes: bool
) -> None:
    desk = sent(with_condor(ready_desk()), opened=opened, closed=closed, seconds_ago=seconds_ago)
    assert (order_rate_within_limit(opening(), desk, LIMITS) is None) is opens
    assert (order_rate_within_limit(closing(), desk, LIMITS) is None) is closes


def test_three_hundred_orders_a_day_of_which_sixty_may_open() -> None:
    desk = with_condor(ready_desk())
    for orders, openings, opens, closes in (
        (299, 59, True, True), (299, 60, False, True), (300, 60, False, False),
    ):  # fmt: skip
        tally = replace(desk.tally, orders_today=orders, opening_today=openings)
        counted = replace(desk, tally=tally)
        assert (order_rate_within_limit(opening(), counted, LIMITS) is None) is opens
        assert (order_rate_within_limit(closing(), counted, LIMITS) is None) is closes


def test_a_condor_is_one_order_of_four_legs_and_never_leg_by_leg() -> None:
    """A short alone is naked, a call sold against a put bought too; three legs are no condor."""
    desk, whole = ready_desk(), opening()
    assert no_naked_short(whole, desk, LIMITS) is None
    shorts = [leg for leg in whole.legs if leg.ratio < 0]
    for leg in shorts:
        denied = no_naked_short(replace(whole, legs=(leg,)), desk, LIMITS)
        assert denied is not None
        assert denied.code is DenialCode.NAKED_SHORT
    put = next(leg for leg in whole.legs if leg.contract.right is Right.PUT and leg.ratio > 0)
    call = next(leg for leg in shorts if leg.contract.right is Right.CALL)
    assert no_naked_short(replace(whole, legs=(put, call)), desk, LIMITS) is not None
    for legs in (whole.legs[:2], whole.legs[:3]):
        with pytest.raises(ValueError, match="condor"):
            max_loss_within_limits(replace(whole, legs=legs), desk, LIMITS)


def test_everything_is_compared_with_the_broker_every_five_minutes() -> None:
    """5 x 60 = 300 s by default; tests/faults/test_reconciliation.py watches three of them on the
    wire in a quarter of an hour.
    """
    assert Settings.model_fields["broker"].default.reconcile_s == 5 * 60


def decisions() -> list[RecordDecision]:
    """A calm Tuesday at 11:00 through the whole engine, until a condor is approved."""
    desk = quoted(ready_desk(ny(2018, 1, 16, 11, 0)), Market())
    found: list[RecordDecision] = []
    policy = Policy(releases=RELEASES)
    vixy = tuple((day, 20.0) for day, _ in desk.closes["VIX"])
    desk = replace(desk, closes={**desk.closes, "VIXY": vixy})
    for minute in range(6):
        now = ny(2018, 1, 16, 11, minute)
        wanted = desk.memory.wanted
        desk = quoted(replace(desk, now=now), Market(), wanted)
        desk, effects = rules.look(desk, policy)
        found += [effect for effect in effects if isinstance(effect, RecordDecision)]
    return found


def test_every_decision_is_logged_with_its_rule_its_inputs_and_the_hash_of_the_configuration() -> (
    None
):
    made = decisions()
    assert {decision.verdict for decision in made} >= {Verdict.APPROVED, Verdict.SKIPPED}
    stream, clock, broker = io.StringIO(), FakeClock(), FakeBroker()
    configure("json", clock=clock, stream=stream, run_id="r1", config_hash="c0ffee")
    executor = Executor(broker, FakeTelemetry(), Inbox(), clock, SendGate())
    for decision in made:
        executor.execute(decision)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert len(lines) == len(made)
    for decision, line in zip(made, lines, strict=True):
        assert (line["rule"], line["config_hash"]) == (decision.rule, "c0ffee")
        assert decision.rule
        assert all(line[name] == value for name, value in decision.inputs)
    entered = next(line for line in lines if line["event"] == "decision.approved")
    assert {"put_delta", "credit", "credit_min", "width", "gate.vix_ceiling"} <= set(entered)


def test_another_limit_is_another_hash() -> None:
    assert Policy().fingerprint == Policy().fingerprint
    assert Policy(limits=RiskLimits(condors_max=5)).fingerprint != Policy().fingerprint
