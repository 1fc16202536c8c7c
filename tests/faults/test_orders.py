"""Section D: codes about orders. An error never ends an order that lives; dead ones stay dead."""

import asyncio
from decimal import Decimal

import pytest

from bot.ports import BrokerUnavailable
from domain.events import (
    BrokerReady,
    LimitModified,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
    OrderUncertain,
    PositionsReported,
)
from sim.gateway.faults.order_faults import (
    CancelNoAck,
    CancelRefused,
    FillAfterCancel,
    Inactive,
    LegImbalance,
    Partial,
    Reject,
    Remark,
)
from sim.gateway.faults.session_faults import ServersLost
from sim.gateway.faults.wire_faults import LateAnswer, NeverAnswer
from tests.bot.broker.builders import an_order
from tests.faults.books import held, legs_filled, received, told
from tests.scenarios.wire.harness import CONDOR, FAR, on_the_wire

pytestmark = pytest.mark.scenario
REF = "condor-1"
ENDED = (OrderCanceled, OrderRejected, OrderUncertain)
NEW_LIMIT = Decimal("-39.50")

# Codes that refuse a new order.
REFUSING = [
    201, 103, 106, 107, 109, 110, 154, 163, 200, 203, 312, 313, 314, 315, 320, 321, 322, 355, 383,
    388, 392, 434, 460, 10002, 10006, 10268, 10269,
]  # fmt: skip
# Codes that only say something about an order that lives.
REMARKING = [
    10349, 399, 404, 481, 2109, 2137, 2148, 2161, 2102, 202, 105, 110, 201, 321, 10147, 10148,
    10233, 10311, 10329, 103, 104, 135, 161, 203,
]  # fmt: skip


@pytest.mark.parametrize("code", REFUSING)
def test_a_new_order_that_is_refused_is_rejected_once_and_not_sent_again(code):
    async def script(wire):
        await wire.trading()
        (refusal,) = wire.server.arm(Reject(code=code))
        await wire.placed()
        await asyncio.sleep(120)
        assert told(wire, *ENDED) == {"OrderRejected": 1}
        assert wire.of(OrderRejected)[0].code == code
        assert refusal.hits == 1
        assert received(wire) == {}
        with pytest.raises(ValueError, match="sent before"):
            wire.broker.place(an_order(REF, CONDOR, 1, str(FAR)))

    on_the_wire(script)


@pytest.mark.parametrize("code", REMARKING)
def test_an_error_about_an_accepted_order_does_not_end_it(code):
    async def script(wire):
        await wire.trading()
        (remark,) = wire.server.arm(Remark(code=code))
        await wire.placed()
        await asyncio.sleep(120)
        assert remark.hits == 1
        assert told(wire, OrderAccepted, *ENDED) == {"OrderAccepted": 1}
        wire.broker.cancel(REF)
        await wire.until(lambda: bool(wire.of(OrderCanceled)))
        assert received(wire) == {REF: 1}

    on_the_wire(script)


@pytest.mark.parametrize("code", [201, 104, 105, 110, 321, 322, 2102, 103, 203])
def test_a_change_that_is_refused_leaves_the_order_at_its_old_limit_and_says_so(code):
    async def script(wire):
        await wire.trading()
        await wire.placed()
        wire.server.arm(Reject(code=code, on="change", times=1))
        wire.broker.modify(REF, NEW_LIMIT)
        await wire.until(lambda: bool(wire.of(LimitModified)), 120)
        assert [event.limit for event in wire.of(LimitModified)] == [FAR]
        assert told(wire, *ENDED) == {}
        await asyncio.sleep(5)
        wire.broker.modify(REF, NEW_LIMIT)  # and can be changed afterwards
        await wire.until(lambda: wire.of(LimitModified)[-1].limit == NEW_LIMIT)

    on_the_wire(script)


@pytest.mark.parametrize("code", [135, 161, 10147, 10148])
def test_a_cancel_that_is_refused_proves_nothing_and_the_order_can_be_canceled_again(code):
    async def script(wire):
        await wire.trading()
        await wire.placed()
        wire.server.arm(CancelRefused(code=code, times=1))
        wire.broker.cancel(REF)
        await asyncio.sleep(60)
        assert told(wire, *ENDED) == {}
        wire.broker.cancel(REF)
        await wire.until(lambda: bool(wire.of(OrderCanceled)))

    on_the_wire(script)


@pytest.mark.parametrize("code", [135, 161, 10147, 10148])
def test_a_cancel_that_is_refused_because_the_order_filled_ends_in_the_fills(code):
    async def script(wire):
        await wire.trading()
        wire.server.arm(CancelRefused(code=code), NeverAnswer(message="3+5+11+59", for_s=8))
        await wire.placed(limit=wire.mid() + Decimal("0.50"))
        wire.broker.cancel(REF)
        await wire.until(lambda: len(wire.of(OrderFilled)) == 4, 120)
        await asyncio.sleep(60)
        assert told(wire, OrderCanceled, OrderRejected) == {}
        assert legs_filled(wire) == held(wire)

    on_the_wire(script)


def test_a_cancel_without_an_answer_is_a_question_and_not_a_cancel():
    async def script(wire):
        await wire.trading()
        await wire.placed()
        (silent,) = wire.server.arm(CancelNoAck(times=1))
        wire.broker.cancel(REF)
        await asyncio.sleep(300)
        assert silent.hits == 1
        assert told(wire, *ENDED) == {}
        wire.broker.cancel(REF)
        await wire.until(lambda: bool(wire.of(OrderCanceled)))

    on_the_wire(script)


def test_a_cancel_that_is_done_much_later_is_believed_then():
    async def script(wire):
        await wire.trading()
        await wire.placed()
        wire.server.arm(CancelNoAck(by_s=600))
        wire.broker.cancel(REF)
        await asyncio.sleep(590)
        assert told(wire, *ENDED) == {}
        await wire.until(lambda: bool(wire.of(OrderCanceled)), 60)

    on_the_wire(script)


def test_an_inactive_order_is_held_and_may_come_back_to_life():
    async def script(wire):
        await wire.trading()
        wire.server.arm(Inactive(revive_s=90))
        await wire.placed(limit=wire.mid() + Decimal("0.50"))
        await asyncio.sleep(60)
        assert told(wire, *ENDED, OrderFilled) == {}
        await wire.until(lambda: len(wire.of(OrderFilled)) == 4, 120)
        assert legs_filled(wire) == held(wire)

    on_the_wire(script)


def test_an_inactive_order_is_canceled_explicitly():
    async def script(wire):
        await wire.trading()
        wire.server.arm(Inactive(revive_s=900))
        await wire.placed()
        wire.broker.cancel(REF)
        await wire.until(lambda: bool(wire.of(OrderCanceled)))
        await asyncio.sleep(900)
        assert told(wire, *ENDED) == {"OrderCanceled": 1}

    on_the_wire(script)


def test_partial_fills_add_up():
    async def script(wire):
        await wire.trading()
        wire.server.arm(Partial(units=1))
        await wire.placed(limit=wire.mid() + Decimal("0.50"), quantity=3)
        await wire.until(lambda: len(wire.of(OrderFilled)) == 12, 300)
        assert legs_filled(wire) == held(wire) == {leg.contract: 3 * leg.ratio for leg in CONDOR}

    on_the_wire(script)


def test_the_rest_of_a_partly_filled_order_is_canceled_and_the_part_stays():
    async def script(wire):
        await wire.trading()
        wire.server.arm(Partial(units=1, only=True))
        await wire.placed(limit=wire.mid() + Decimal("0.50"), quantity=3)
        await wire.until(lambda: len(wire.of(OrderFilled)) == 4)
        wire.broker.cancel(REF)
        await wire.until(lambda: bool(wire.of(OrderCanceled)))
        assert legs_filled(wire) == held(wire) == {leg.contract: leg.ratio for leg in CONDOR}

    on_the_wire(script)


def test_a_hanging_leg_is_in_the_book_at_once_and_the_rest_when_it_comes():
    async def script(wire):
        await wire.trading()
        wire.server.arm(LegImbalance(legs="1+2", rest_s=120))
        await wire.placed(limit=wire.mid() + Decimal("0.50"))
        await wire.until(lambda: len(wire.of(OrderFilled)) == 2)
        assert legs_filled(wire) == held(wire) == {leg.contract: -1 for leg in CONDOR[1:3]}
        await asyncio.sleep(60)
        assert dict(wire.of(PositionsReported)[-1].positions) == held(wire)
        await wire.until(lambda: len(wire.of(OrderFilled)) == 4, 120)
        assert legs_filled(wire) == held(wire) == {leg.contract: leg.ratio for leg in CONDOR}

    on_the_wire(script)


@pytest.mark.parametrize("by_s", [0.5, 5.0, 120.0])
def test_a_fill_after_the_confirmed_cancel_counts(by_s):
    async def script(wire):
        await wire.trading()
        await wire.placed()
        wire.server.arm(FillAfterCancel(by_s=by_s))
        wire.broker.cancel(REF)
        await wire.until(lambda: len(wire.of(OrderFilled)) == 4, 200)
        assert len(wire.of(OrderCanceled)) == 1
        assert legs_filled(wire) == held(wire)
        await asyncio.sleep(60)
        assert dict(wire.of(PositionsReported)[-1].positions) == held(wire)

    on_the_wire(script)


def test_a_second_change_before_the_first_is_answered_leaves_the_desk_at_the_first():
    """The broker may have taken the first already: to say the limit before it would be a guess."""

    async def script(wire):
        await wire.trading()
        await wire.placed()
        wire.filter(lambda bodies: [b for b in bodies if b.split(b"\0")[0] not in (b"3", b"5")])
        wire.broker.modify(REF, NEW_LIMIT)
        await asyncio.sleep(1)
        with pytest.raises(BrokerUnavailable, match="answered"):
            wire.broker.modify(REF, Decimal("-39.00"))
        await asyncio.sleep(1)
        assert [event.limit for event in wire.of(LimitModified)] == [NEW_LIMIT]
        wire.filter(None)
        await asyncio.sleep(200)
        assert {event.limit for event in wire.of(LimitModified)} == {NEW_LIMIT}
        assert wire.server.gateway.orders.orders()[0].request.limit == float(NEW_LIMIT)

    on_the_wire(script)


def test_nothing_is_changed_while_the_servers_are_lost_so_that_no_second_order_can_arise():
    async def script(wire):
        await wire.trading()
        await wire.placed()
        wire.broker.modify(REF, NEW_LIMIT)
        wire.server.arm(ServersLost(for_s=60))
        await asyncio.sleep(1)
        for forbidden in (
            lambda: wire.broker.modify(REF, Decimal("-39.00")),
            lambda: wire.broker.place(an_order("condor-2", CONDOR, 1, str(FAR))),
        ):
            with pytest.raises(BrokerUnavailable):
                forbidden()
        await wire.until(lambda: len(wire.of(BrokerReady)) == 2)
        assert received(wire) == {REF: 1}
        assert len(wire.server.gateway.orders.orders()) == 1

    on_the_wire(script)


@pytest.mark.parametrize("message", ["10+52", "75+76", "17"], ids=["details", "chains", "bars"])
def test_a_question_that_is_never_answered_holds_nothing_else_up(message):
    async def script(wire):
        wire.server.arm(NeverAnswer(message=message, for_s=100))
        await wire.ready()
        await asyncio.sleep(90)
        assert len(wire.of(BrokerReady)) == 1
        wire.server.director.disarm()
        await wire.until(lambda: len(wire.quotes) == 6, 400)
        await wire.placed()
        assert len(wire.of(OrderAccepted)) == 1

    on_the_wire(script)


@pytest.mark.parametrize("message", ["62", "53", "102", "55", "54", "52"])
def test_an_answer_after_our_own_deadline_is_ignored(message):
    async def script(wire):
        wire.server.arm(LateAnswer(message=message, by_s=45, for_s=200))
        wire.server.start_in_memory()
        wire.start()
        await wire.until(lambda: bool(wire.of(BrokerReady)), 500)
        await asyncio.sleep(200)
        assert len(wire.of(BrokerReady)) == 1
        wire.broker.watch(tuple(leg.contract for leg in CONDOR))
        await wire.until(lambda: len(wire.quotes) == 4, 100)
        await wire.placed()
        assert len(wire.of(OrderAccepted)) == 1

    on_the_wire(script)
