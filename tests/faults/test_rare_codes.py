"""What is said seldom: moved ports, busts, odd answers, statuses of every spelling, no what-if."""

import asyncio
from dataclasses import replace
from datetime import time
from decimal import Decimal

import pytest

from config.load import load_settings
from domain.desk import TradingState
from domain.effects import PlaceOrder, RaiseAlert, RecordDecision
from domain.events import (
    BrokerLost,
    BrokerReady,
    DailyClosesLoaded,
    MarginAnswered,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
    OrderUncertain,
    QuoteUpdated,
)
from domain.session import new_york
from sim.gateway.faults.catalogue import fault_from_text
from sim.gateway.faults.connection_faults import Drop, RefuseConnect
from sim.gateway.faults.data_faults import LineLost
from sim.gateway.faults.order_faults import Reject
from sim.gateway.faults.outside_faults import WhatIfRefused
from sim.gateway.faults.session_faults import MovePort, Notice
from sim.gateway.faults.wire_faults import HistPacing
from sim.gateway.framing import message
from tests.bot.broker.builders import an_order
from tests.faults.books import held, legs_filled, received, told
from tests.faults.test_daemon import a_day, books_agree, sent
from tests.scenarios.demo.test_daemon import HOUR, Stage, play
from tests.scenarios.wire.harness import CONDOR, FAR, WATCHED, on_the_wire

pytestmark = pytest.mark.scenario
REF = "condor-1"
HISTORIES_MAX = 12
ENDED = (OrderCanceled, OrderRejected, OrderUncertain)


def say(wire, *fields):
    """A message as the gateway would put it, past all faults."""
    wire.client.send(message(*fields))
    wire.server.flush()


# A: the session


def test_a_gateway_that_moved_is_followed_to_a_port_of_paper_trading():
    async def script(wire):
        await wire.trading()
        await wire.placed()
        wire.server.arm(MovePort(port=4012))
        await wire.until(lambda: len(wire.of(BrokerReady)) == 2, 60)
        assert wire.of(BrokerLost)[0].reason.startswith("1300")
        wire.broker.cancel(REF)
        await wire.until(lambda: bool(wire.of(OrderCanceled)))
        wire.server.arm(Drop())  # and sought there from then on
        await wire.until(lambda: len(wire.of(BrokerReady)) == 3, 60)

    on_the_wire(script)


@pytest.mark.parametrize("port", [4001, 4003, 7496])
def test_a_gateway_that_moved_to_a_live_port_is_not_followed(port):
    async def script(wire):
        await wire.trading()
        asked = []
        connect = wire.loop.create_connection

        async def counted(factory, host, at, **rest):
            asked.append(at)
            return await connect(factory, host, at, **rest)

        wire.loop.create_connection = counted
        wire.server.arm(MovePort(port=port))
        await asyncio.sleep(600)
        assert set(asked) == {4002}
        assert len(wire.of(BrokerReady)) == 1

    on_the_wire(script)


def test_a_port_that_was_announced_and_stays_shut_sends_back_to_the_configured_one():
    async def script(wire):
        await wire.trading()
        wire.server.arm(MovePort(port=4002, named=4012))
        await wire.until(lambda: len(wire.of(BrokerReady)) == 2, 60)
        assert len(wire.of(BrokerLost)) == 1

    on_the_wire(script)


@pytest.mark.parametrize("code", [165, 320, 321, 322, 386, 414, 420, 10187, 10189, 10225, 2200])
def test_a_general_message_of_any_code_costs_nothing(code):
    async def script(wire):
        await wire.trading()
        await wire.placed()
        wire.server.arm(Notice(code=code, text="as scripted", every_s=2, for_s=20))
        await asyncio.sleep(30)
        wire.quotes.clear()
        await wire.until(lambda: set(wire.quotes) == set(WATCHED), 30)
        assert told(wire, *ENDED, BrokerLost) == {}
        wire.broker.cancel(REF)
        await wire.until(lambda: bool(wire.of(OrderCanceled)))

    on_the_wire(script)


@pytest.mark.parametrize("code", [320, 321, 322])
def test_evidence_that_is_refused_is_evidence_that_is_missing(code):
    async def script(wire):
        await wire.trading()

        def refuse(bodies):
            kind, *fields = bodies[0].split(b"\0")
            if kind != b"55":
                return bodies
            return [message("4", "2", fields[1].decode(), str(code), "Error", "")]

        wire.filter(refuse)
        await wire.until(lambda: bool(wire.of(BrokerLost)), 310)
        assert str(code) in wire.of(BrokerLost)[0].reason
        await asyncio.sleep(120)
        assert len(wire.of(BrokerReady)) == 1
        wire.filter(None)
        await wire.until(lambda: len(wire.of(BrokerReady)) == 2, 120)

    on_the_wire(script)


# C: market data


@pytest.mark.parametrize("code", [102, 320, 321, 322, 386, 414])
def test_a_line_that_was_refused_for_no_good_reason_is_asked_for_again_without_haste(code):
    async def script(wire):
        await wire.trading()
        wire.server.arm(LineLost(symbols="VIX", code=code))
        wire.quotes.clear()
        await asyncio.sleep(50)
        assert not any(contract.symbol == "VIX" for contract in wire.quotes)
        await wire.until(lambda: set(wire.quotes) == set(WATCHED), 60)

    on_the_wire(script)


@pytest.mark.parametrize("code", [165, 366, 420, 10187, 10189, 10225, 320, 322])
def test_bars_that_were_refused_or_deactivated_are_asked_for_again_without_haste(code):
    async def script(wire):
        (refusal,) = wire.server.arm(HistPacing(code=code, text="as scripted", for_s=700))
        await wire.ready()
        await asyncio.sleep(690)
        assert wire.of(DailyClosesLoaded) == []
        assert 3 <= refusal.hits <= HISTORIES_MAX * 3
        assert wire.of(BrokerLost) == []
        await wire.until(lambda: bool(wire.of(DailyClosesLoaded)), 400)

    on_the_wire(script)


@pytest.mark.parametrize(
    "fields",
    [
        ("1", "6", "99999", "1", "5.5", "1", "0"),  # a tick of a line nobody has
        ("1", "6", "1", "977", "5.5", "1", "0"),  # a tick of a kind nobody knows
        ("45", "6", "1", "977", "5.5"),
        ("55", "1", "99999"),  # ends and rows of questions nobody asked on this connection
        ("52", "1", "99999"),
        ("4", "2", "99999", "200", "No security definition", ""),
        ("62", "1"),
        ("102",),
    ],
    ids=lambda fields: "-".join(fields[:4]),
)
@pytest.mark.parametrize("reconnected", [False, True], ids=["at first", "after a reconnect"])
def test_answers_and_ticks_that_belong_to_nobody_change_nothing(fields, reconnected):
    async def script(wire):
        await wire.trading()
        if reconnected:
            wire.server.arm(Drop())
            await wire.until(lambda: len(wire.of(BrokerReady)) == 2)
        for _ in range(30):
            say(wire, *fields)
        await asyncio.sleep(5)
        assert len(wire.of(BrokerLost)) == reconnected
        before = len(wire.of(QuoteUpdated))
        await asyncio.sleep(30)
        assert len(wire.of(QuoteUpdated)) > before
        await wire.placed()
        assert len(wire.of(OrderAccepted)) == 1

    on_the_wire(script)


# D: orders


@pytest.mark.parametrize(
    "status",
    ["PendingSubmit", "PendingCancel", "PreSubmitted", "Submitted", "ApiPending", "Inactive",
     "ValidationError", "ApiUpdate", "NoSuchStatus", ""],
)  # fmt: skip
def test_no_spelling_of_a_status_but_two_ends_an_order(status):
    async def script(wire):
        await wire.trading()
        await wire.placed()
        (order,) = wire.server.gateway.orders.orders()
        numbers = ("0", "1", "0", str(order.perm_id), "0", "0", "1", "", "0")
        say(wire, "3", str(order.order_id), status, *numbers)
        await asyncio.sleep(90)
        assert told(wire, *ENDED) == {}
        wire.broker.cancel(REF)
        await wire.until(lambda: bool(wire.of(OrderCanceled)))

    on_the_wire(script)


def test_an_order_that_ended_while_nobody_was_connected_is_found_among_the_completed():
    async def script(wire):
        await wire.trading()
        await wire.placed()
        (order,) = wire.server.gateway.orders.orders()
        wire.server.arm(RefuseConnect(for_s=60), Drop())
        await asyncio.sleep(10)
        wire.server.gateway.orders.cancel(order, wire.server.now(), "by the exchange")
        await wire.until(lambda: len(wire.of(BrokerReady)) == 2, 200)
        (ended,) = wire.of(OrderCanceled)
        assert "by the exchange" in ended.reason
        assert wire.of(OrderUncertain) == []

    on_the_wire(script)


def test_a_refusal_of_a_code_nobody_knows_is_doubt_and_the_evidence_ends_it():
    async def script(wire):
        await wire.trading()
        wire.server.arm(Reject(code=9876))
        await wire.placed()
        await wire.until(lambda: bool(wire.of(OrderUncertain)), 60)
        await wire.until(lambda: bool(wire.of(OrderCanceled)), 60)
        assert received(wire) == {}

    on_the_wire(script)


def test_the_summary_of_a_combo_is_no_execution_of_a_leg():
    async def script(wire):
        await wire.trading()
        await wire.placed(limit=wire.mid() + Decimal("0.50"))
        await wire.until(lambda: len(wire.of(OrderFilled)) == 4)
        (order,) = wire.server.gateway.orders.finished
        assert len(order.fills) == 5
        assert sum(fill.leg is None for fill in order.fills) == 1
        assert legs_filled(wire) == held(wire) == {leg.contract: leg.ratio for leg in CONDOR}

    on_the_wire(script)


@pytest.mark.parametrize("code", [360, 201, 321])
def test_a_what_if_that_is_refused_has_no_numbers_and_says_why(code):
    async def script(wire):
        await wire.trading()
        (refusal,) = wire.server.arm(WhatIfRefused(code=code))
        wire.broker.ask_margin(an_order(REF, CONDOR, 1, str(FAR)))
        await wire.until(lambda: bool(wire.of(MarginAnswered)))
        (answer,) = wire.of(MarginAnswered)
        assert (answer.initial_change, answer.maintenance_after, answer.equity_after) == (
            None, None, None,
        )  # fmt: skip
        assert answer.reason.startswith(f"{code}:")
        assert refusal.hits == 1
        await wire.placed()  # the order itself is another matter
        assert len(wire.of(OrderAccepted)) == 1

    on_the_wire(script)


def test_margins_that_are_not_available_are_no_numbers():
    async def script(wire):
        await wire.trading()

        def unset(bodies):
            fields = bodies[0].split(b"\0")
            if fields[0] != b"5":
                return bodies
            far = b"1.7976931348623157E308"
            money = [i for i, f in enumerate(fields) if f.count(b".") == 1 and len(f) > 5]
            return [b"\0".join(far if i in money else f for i, f in enumerate(fields))]

        wire.filter(unset)
        wire.broker.ask_margin(an_order(REF, CONDOR, 1, str(FAR)))
        await wire.until(lambda: bool(wire.of(MarginAnswered)))
        (answer,) = wire.of(MarginAnswered)
        assert answer.initial_change is None

    on_the_wire(script)


# The whole daemon


@pytest.mark.parametrize("code", [360, 0])
def test_without_a_what_if_our_own_model_decides_and_says_so(tmp_path, code):
    decisions = []

    def observe(events, effects, desk):
        found = (e for e in effects if isinstance(e, RecordDecision))
        decisions.extend(e for e in found if e.topic == "margin")

    fault = fault_from_text(f"what_if_refused={code}")
    stage, (refusal,), _, desk = a_day(tmp_path, fault, observers=(observe,))
    assert refusal.hits
    assert sent(stage), "the order was sent on our own reckoning"
    assert all("own" in decision.text or "model" in decision.text for decision in decisions)
    books_agree(tmp_path, stage, desk)


def test_three_rejections_halt_the_daemon_and_a_restart_does_not_forget(tmp_path):
    told_of = []

    def observe(events, effects, desk):
        for effect in effects:
            strike = isinstance(effect, RecordDecision) and effect.topic == "strikes"
            if strike or (isinstance(effect, RaiseAlert) and effect.code == "trading_halted"):
                told_of.append(effect)

    async def story(stages):
        stages.append(stage := Stage(tmp_path))
        (refusal,) = stage.server.arm(Reject())
        _, first = await stage.live(3.2 * HOUR, observers=(observe,))
        _, second = await stage.live(0.5 * HOUR)
        return stage, refusal, first.desk, second.desk

    stage, refusal, desk, later = play(story)
    assert refusal.hits == 3
    assert [type(item) for item in told_of] == [RecordDecision, RaiseAlert]
    assert "rejected 3 orders" in desk.trading_why
    assert desk.trading is later.trading is TradingState.HALTED
    assert (later.trading_why, later.trading_since) == (desk.trading_why, desk.trading_since)
    assert sent(stage) == {}


def test_legs_that_do_not_fill_together_are_told_of_within_ten_seconds_and_a_tick(tmp_path):
    seen = []

    def observe(events, effects, desk):
        found = [e for e in events if isinstance(e, OrderFilled)]
        seen.extend(("fill", e.at) for e in found)
        alerts = [e for e in effects if isinstance(e, RaiseAlert) and e.code == "leg_imbalance"]
        seen.extend(("alert" if e.active else "over", e.at) for e in alerts)

    stage, (hanging,), _, desk = a_day(
        tmp_path, fault_from_text("leg_imbalance=1+2,300"), observers=(observe,), tick_s=5.0
    )
    assert hanging.hits == 1
    names = [name for name, _ in seen]
    alarm = names.index("alert")
    assert names[:alarm] == ["fill", "fill"]
    assert 10 <= (seen[alarm][1] - seen[alarm - 1][1]).total_seconds() <= 16
    assert "over" in names[alarm:]
    books_agree(tmp_path, stage, desk)


def test_nothing_is_opened_before_and_during_the_nightly_window(tmp_path):
    placed = []

    def observe(events, effects, desk):
        placed.extend(new_york(desk.now) for e in effects if isinstance(e, PlaceOrder))

    demo = load_settings("demo").policy()
    policy = replace(demo, limits=replace(demo.limits, reset_at=time(11, 0)))
    stage, _, _, desk = a_day(tmp_path, hours=3, observers=(observe,), policy=policy)
    assert placed, "afterwards something is"
    assert min(placed).time() >= time(11, 30)
    _, _, _, usual = a_day(tmp_path / "usual")
    assert min(o.created_at for o in usual.orders.values()) < min(placed), "without it, sooner"
    books_agree(tmp_path, stage, desk)
