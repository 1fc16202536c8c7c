"""Section B: the broker's record is read again and again, and what differs freezes new risk."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from domain.effects import CancelOrder, ModifyLimit, PlaceOrder, RaiseAlert
from domain.events import (
    BrokerLost,
    BrokerReady,
    ForeignReported,
    LimitModified,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
    OrderUncertain,
    PositionsReported,
)
from domain.orders import OrderStatus
from sim.gateway.faults.catalogue import fault_from_text
from sim.gateway.faults.connection_faults import Drop, RefuseConnect
from sim.gateway.faults.fault import Fault
from sim.gateway.faults.order_faults import FillNow, LateFillWhileDown
from sim.gateway.faults.outside_faults import ForeignOrder, ForeignTrade, TwinOrder
from sim.gateway.faults.session_faults import ServersLost
from sim.gateway.faults.wire_faults import LateAnswer, NeverAnswer
from tests.bot.broker.builders import an_order
from tests.faults.books import held, legs_filled, received, told
from tests.faults.test_daemon import ENTRY_S, a_day, books_agree, sent
from tests.scenarios.wire.harness import CONDOR, FAR, WireSettings, on_the_wire

pytestmark = pytest.mark.scenario
REF = "condor-1"
ENDED = (OrderCanceled, OrderRejected, OrderUncertain)
EVIDENCE = (b"62", b"53", b"102", b"55")  # ends of positions, open, completed orders, executions
ACCOUNT = b"54"
QUESTIONS = (61, 16, 99, 7)  # what they answer


class Listening(Fault):
    """Nothing goes wrong; the questions for evidence are noted as they come."""

    NAME = "listening"

    def begin(self, armed):
        armed.memory["asked"] = []

    def asked(self, armed, asked):
        if asked.kind in QUESTIONS:
            armed.memory["asked"].append(asked.kind)
        return False


def answers_read(wire):
    """The ends of complete answers, as the gateway says them from now on."""
    seen = []

    def note(bodies):
        kind = bodies[0].split(b"\0")[0]
        if kind in (*EVIDENCE, ACCOUNT):
            seen.append(kind)
        return bodies

    wire.filter(note)
    return seen


def test_every_five_minutes_everything_is_compared_quietly_and_nothing_is_disturbed():
    async def script(wire):
        await wire.trading()
        await wire.placed()
        wire.events.clear()
        seen = answers_read(wire)
        with capture_logs() as logs:
            await asyncio.sleep(3 * 300 + 10)
        assert seen == [*EVIDENCE, ACCOUNT] * 3
        assert [e["event"] for e in logs] == ["broker.reconciled"] * 3
        assert {entry["log_level"] for entry in logs} == {"info"}
        assert told(wire, *ENDED, BrokerLost, LimitModified, ForeignReported) == {}
        assert wire.of(PositionsReported) == []  # the same again is no news ...
        await asyncio.sleep(3600)
        assert len(wire.of(PositionsReported)) == 1  # ... but for once an hour
        wire.broker.cancel(REF)
        await wire.until(lambda: bool(wire.of(OrderCanceled)))

    on_the_wire(script)


def test_how_often_is_a_setting():
    async def script(wire):
        await wire.ready()
        seen = answers_read(wire)
        await asyncio.sleep(100)
        assert seen == [*EVIDENCE, ACCOUNT] * 5

    on_the_wire(script, settings=WireSettings(reconcile_s=18.0))


def test_two_readings_never_run_into_each_other():
    async def script(wire):
        await wire.trading()
        wire.server.arm(LateAnswer(message="62+53+102+55", by_s=2.0))
        (questions,) = wire.server.arm(Listening())
        for _ in range(20):
            wire.gateway_says(-1, 1100)
            await asyncio.sleep(3)
            wire.gateway_says(-1, 1102)
            await asyncio.sleep(28)
        asked = questions.memory["asked"]
        whole = len(asked) // 4 * 4
        assert whole > 4 * 40  # the return of the servers, and every five seconds besides
        assert asked[:whole] == [*QUESTIONS] * (whole // 4)
        assert len(wire.of(BrokerLost)) == 20

    on_the_wire(script, settings=WireSettings(reconcile_s=5.0))


def test_while_the_servers_are_away_nothing_is_asked_and_the_connection_is_kept():
    async def script(wire):
        await wire.trading()
        session = wire.client
        wire.server.arm(ServersLost(for_s=900))
        await asyncio.sleep(890)
        seen = answers_read(wire)
        assert wire.client is session
        await wire.until(lambda: len(wire.of(BrokerReady)) == 2, 60)
        assert seen == [*EVIDENCE, ACCOUNT]

    on_the_wire(script)


def test_servers_that_go_while_everything_is_being_read_do_not_cost_the_connection():
    async def script(wire):
        await wire.trading()
        session = wire.client
        wire.server.arm(ServersLost(at=300.0 - (wire.loop.time() % 300) + 15.0, for_s=200))
        wire.server.arm(LateAnswer(message="62", by_s=20.0))
        await wire.until(lambda: bool(wire.of(BrokerLost)), 700)
        await asyncio.sleep(150)
        wire.server.arm(NeverAnswer(message="9999"))
        await wire.until(lambda: len(wire.of(BrokerReady)) == 2, 400)
        assert wire.client is session

    on_the_wire(script)


@pytest.mark.parametrize("message", ["62", "53", "102", "55", "54"])
def test_an_answer_that_stays_away_is_a_lost_gateway_not_a_silent_gap(message):
    async def script(wire):
        await wire.trading()
        wire.server.arm(NeverAnswer(message=message, for_s=400))
        await wire.until(lambda: bool(wire.of(BrokerLost)), 350)
        assert len(wire.of(BrokerReady)) == 1, "nothing is believed before the answer came"
        await wire.until(lambda: len(wire.of(BrokerReady)) == 2, 400)

    on_the_wire(script)


def test_executions_that_were_never_told_are_found_by_the_next_comparison():
    async def script(wire):
        await wire.trading()
        await wire.placed()
        wire.drop(3, 5, 11, 59, 61)  # nor the position
        wire.server.arm(FillNow())
        await asyncio.sleep(1)
        wire.filter(None)
        assert wire.of(OrderFilled) == []
        await wire.until(lambda: len(wire.of(OrderFilled)) == 4, 305)
        assert legs_filled(wire) == held(wire)
        assert wire.of(BrokerLost) == []

    on_the_wire(script)


# What is not ours


def test_an_order_of_somebody_else_is_named_and_never_touched():
    async def script(wire):
        await wire.trading()
        await wire.placed()
        (other,) = wire.server.arm(ForeignOrder(who="somebody", for_s=700))
        await wire.until(lambda: bool(wire.of(ForeignReported)[-1].orders), 305)
        (named,) = wire.of(ForeignReported)[-1].orders
        assert named.startswith("order somebody (")
        assert other.hits == 1
        await asyncio.sleep(300)
        assert len(wire.of(ForeignReported)) == 2  # the first was empty; it is told once
        assert any(o.client_id != 1 and not o.done for o in wire.server.gateway.orders.orders())
        assert told(wire, *ENDED, BrokerLost) == {}
        await wire.until(lambda: wire.of(ForeignReported)[-1].orders == (), 400)

    on_the_wire(script)


def test_a_holding_that_is_no_option_is_named():
    async def script(wire):
        await wire.trading()
        wire.server.arm(ForeignOrder(fills=True, shares=7))
        await wire.until(lambda: bool(wire.of(ForeignReported)[-1].positions), 60)
        assert wire.of(ForeignReported)[-1].positions == ("position +7 VIXY",)

    on_the_wire(script)


def test_a_second_order_under_our_reference_is_nobody_s_and_the_first_stays_ours():
    async def script(wire):
        await wire.trading()
        await wire.placed()
        (twin,) = wire.server.arm(TwinOrder(times=1))
        wire.broker.modify(REF, FAR + 1)
        await wire.until(lambda: bool(wire.of(ForeignReported)[-1].orders), 60)
        assert twin.hits == 1
        assert wire.of(ForeignReported)[-1].orders[0].startswith(f"order {REF} (")
        second = wire.server.gateway.orders.orders()[1]
        wire.server.gateway.orders.cancel(second, wire.server.now(), "by hand")
        await wire.until(lambda: wire.of(ForeignReported)[-1].orders == (), 400)
        assert told(wire, *ENDED) == {}, "the end of the twin was not the end of our order"
        wire.broker.cancel(REF)
        await wire.until(lambda: bool(wire.of(OrderCanceled)))

    on_the_wire(script)


# Absence


def test_an_absent_order_whose_legs_have_moved_at_the_broker_stays_uncertain():
    async def script(wire):
        await wire.trading()
        await wire.placed(limit=wire.mid() + 1)
        await wire.until(lambda: len(wire.of(OrderFilled)) == 4)
        lost = an_order("lost-1", CONDOR, 1, str(FAR), created_at=wire.clock.now())
        wire.server.arm(Drop(ref="lost-1", lost=True, times=1), RefuseConnect(at=1, for_s=30))
        wire.server.arm(ForeignTrade(at=2.0))  # somebody trades one of its legs meanwhile
        wire.broker.place(lost)
        await wire.until(lambda: len(wire.of(BrokerReady)) == 2, 200)
        await asyncio.sleep(700)
        assert told(wire, *ENDED) == {"OrderUncertain": 1}
        wire.server.arm(ForeignTrade(contracts=-1))  # and back again
        await wire.until(lambda: bool(wire.of(OrderCanceled)), 700)
        assert "absent twice" in wire.of(OrderCanceled)[0].reason
        assert received(wire) == {REF: 1}

    on_the_wire(script)


def test_without_a_book_to_compare_with_no_order_is_thought_to_be_lost():
    async def script(wire):
        unknown = OrderStatus.SUBMITTED
        ago = wire.clock.now() - timedelta(minutes=1)
        wire.broker._held = None
        wire.broker.adopt([an_order("lost-1", CONDOR, 1, "-3.20", unknown, ago)])
        await wire.ready()
        await asyncio.sleep(700)
        assert told(wire, *ENDED) == {"OrderUncertain": 1}

    on_the_wire(script)


def test_lost_servers_between_two_looks_make_the_first_one_worthless():
    async def script(wire):
        ago = wire.clock.now() - timedelta(minutes=1)
        lost = an_order("lost-1", CONDOR, 1, "-3.20", OrderStatus.SUBMITTED, ago)
        wire.broker.adopt([lost])
        await wire.ready()
        await asyncio.sleep(20)
        wire.gateway_says(-1, 1100)
        await asyncio.sleep(15)
        wire.gateway_says(-1, 1102)
        await asyncio.sleep(15)
        assert wire.of(OrderCanceled) == []
        await wire.until(lambda: bool(wire.of(OrderCanceled)), 60)

    on_the_wire(script)


def test_executions_lost_over_midnight_leave_the_order_uncertain_for_good():
    async def script(wire):
        await wire.trading()
        await wire.placed()
        left = 15.5 * 3600  # from half past nine to well past midnight in New York
        wire.server.arm(LateFillWhileDown(), RefuseConnect(for_s=left), Drop())
        await wire.until(lambda: len(wire.of(BrokerReady)) == 2, left + 200)
        await asyncio.sleep(3600)
        assert told(wire, *ENDED) == {"OrderUncertain": 1}
        assert wire.of(OrderFilled) == []
        assert held(wire) != {}

    on_the_wire(script)


# The whole daemon


def risk_taken(log):
    return [e.order.order_ref for e in log if isinstance(e, PlaceOrder)]


def test_while_somebody_s_order_is_there_nothing_is_opened_and_afterwards_it_is(tmp_path):
    log = []

    def observe(events, effects, desk):
        log.extend(effect for effect in effects if not isinstance(effect, CancelOrder))

    fault = fault_from_text(f"foreign_order=at=600,for_s={ENTRY_S + 1800.0 - 600.0}")
    stage, (other,), _, desk = a_day(tmp_path, fault, hours=3, observers=(observe,))
    assert other.hits == 1
    first = risk_taken(log)[0]
    raised = next(e for e in log if isinstance(e, RaiseAlert) and e.code == "foreign_at_broker")
    cleared = [
        e for e in log if isinstance(e, RaiseAlert) and e.code == raised.code and not e.active
    ]
    assert "somebody" in raised.text
    assert desk.orders[first].created_at >= cleared[0].at
    assert cleared[0].at - raised.at > timedelta(minutes=60)
    assert not any(isinstance(e, ModifyLimit) and e.order_ref == "somebody" for e in log)
    assert sent(stage)["somebody"] == 1


def test_a_trade_by_hand_freezes_new_risk_and_says_which_contract(tmp_path):
    alerts = []

    def observe(events, effects, desk):
        found = (e for e in effects if isinstance(e, RaiseAlert))
        alerts.extend((e, desk.now) for e in found if e.code == "position_mismatch")

    trade = fault_from_text(f"foreign_trade=0,1,at={ENTRY_S + 1500.0}")
    back = replace(trade, contracts=-1, at=ENTRY_S + 3000.0)
    stage, hits, _, desk = a_day(tmp_path, trade, back, hours=3, observers=(observe,))
    assert [armed.hits for armed in hits] == [1, 1]
    (first, _), (last, _) = alerts
    assert first.active
    assert not last.active
    contract = next(iter(stage.positions()))
    assert f"{contract.label}: ours " in first.text
    assert ", broker " in first.text
    assert timedelta(minutes=20) < last.at - first.at < timedelta(minutes=30)
    books_agree(tmp_path, stage, desk)


def test_a_mismatch_is_told_within_five_seconds_of_the_report(tmp_path):
    late = []

    def observe(events, effects, desk):
        found = (e for e in effects if isinstance(e, RaiseAlert) and e.code == "position_mismatch")
        late.extend((effect.at - desk.positions_at).total_seconds() for effect in found)

    fault = fault_from_text(f"foreign_trade=0,1,false,at={ENTRY_S + 1500.0}")
    a_day(tmp_path, fault, observers=(observe,))
    assert late
    assert max(late) <= 5.0
