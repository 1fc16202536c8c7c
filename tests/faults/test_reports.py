"""Anomalies of section D: reports that are doubled, lost, late, corrected, mangled or out of order.

Whatever the order in which they come, each execution counts once and no order is forgotten.
"""

import asyncio
from collections import Counter
from decimal import Decimal

import pytest

from domain.events import (
    BrokerLost,
    CommissionReported,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
    OrderUncertain,
)
from sim.gateway.faults.connection_faults import Drop
from sim.gateway.faults.order_faults import Partial
from sim.gateway.faults.report_faults import (
    CommDup,
    CommFirst,
    CommMissing,
    ExecCorrection,
    ExecDup,
    StatusDup,
    StatusMissing,
    StatusReorder,
)
from sim.gateway.faults.wire_faults import (
    DblMax,
    Garbled,
    LateAnswer,
    NeverAnswer,
    Truncated,
    UnknownMessage,
)
from tests.faults.books import held, legs_filled, received, told
from tests.scenarios.wire.harness import CONDOR, on_the_wire

pytestmark = pytest.mark.scenario
REF = "condor-1"
ALL_LEGS = {leg.contract: leg.ratio for leg in CONDOR}
ENDED = (OrderCanceled, OrderRejected, OrderUncertain)


async def fill_one(wire):
    await wire.placed(limit=wire.mid() + Decimal("0.50"))
    await wire.until(lambda: not wire.server.gateway.orders.orders(), 200)


def fees(wire):
    """The last commission told of each execution."""
    return {event.exec_id: event.commission for event in wire.of(CommissionReported)}


DISORDER = {
    "status doubled": StatusDup(),
    "old status after the last": StatusReorder(),
    "no status": StatusMissing(),
    "executions doubled": ExecDup(),
    "commission first": CommFirst(),
    "commission thrice": CommDup(),
    "status 3 s late": LateAnswer(message="3", by_s=3.0),
    "open order 3 s late": LateAnswer(message="5", by_s=3.0),
    "executions 3 s late": LateAnswer(message="11", by_s=3.0),
    "executions 60 s late": LateAnswer(message="11", by_s=60.0),
    "no open order": NeverAnswer(message="5"),
    "neither open order nor status": NeverAnswer(message="3+5"),
    "executions lost once": NeverAnswer(message="11", times=5),
    "executions cut short once": Truncated(message="11", fields=8, times=5),
    "executions garbled once": Garbled(message="11", place=20, text="some", times=5),
    "executions at the largest double once": DblMax(message="11", place=20, times=5),
    "status garbled": Garbled(message="3", place=3, text="x"),
    "open order garbled once": Garbled(message="5", place=1, text="?", times=2),
    "strangers": UnknownMessage(),
}


@pytest.mark.parametrize("fault", DISORDER.values(), ids=DISORDER)
@pytest.mark.parametrize("in_parts", [False, True], ids=["at once", "in parts"])
def test_however_it_is_told_every_execution_counts_once(fault, in_parts):
    async def script(wire):
        await wire.trading()
        wire.server.arm(fault, *([Partial(units=1)] if in_parts else []))
        units = 2 if in_parts else 1
        await wire.placed(limit=wire.mid() + Decimal("0.50"), quantity=units)
        await wire.until(lambda: not wire.server.gateway.orders.orders(), 200)
        await wire.until(lambda: len(fees(wire)) == 4 * units, 200)
        await asyncio.sleep(120)
        assert legs_filled(wire) == held(wire) == {c: units * r for c, r in ALL_LEGS.items()}
        assert len(wire.of(OrderFilled)) == len(wire.of(CommissionReported)) == 4 * units
        assert told(wire, OrderCanceled, OrderRejected, BrokerLost) == {}
        assert len(wire.of(OrderAccepted)) <= 1
        assert received(wire) == {REF: 1}

    on_the_wire(script)


def test_a_correction_replaces_what_it_corrects_also_in_the_replay():
    async def script(wire):
        await wire.trading()
        (fault,) = wire.server.arm(ExecCorrection(by="0.10"))
        await fill_one(wire)
        await wire.until(lambda: len(wire.of(OrderFilled)) == 8)
        assert fault.hits == 4
        assert Counter(event.revision for event in wire.of(OrderFilled)) == {1: 4, 2: 4}
        assert len({event.exec_id for event in wire.of(OrderFilled)}) == 4
        first, last = wire.of(OrderFilled)[:4], wire.of(OrderFilled)[4:]
        raised = {e.exec_id: e.price for e in last}
        assert all(raised[e.exec_id] - e.price == Decimal("0.10") for e in first)
        assert legs_filled(wire) == held(wire) == ALL_LEGS
        assert len(wire.of(CommissionReported)) == 4
        wire.server.arm(Drop())
        await asyncio.sleep(60)
        assert len(wire.of(OrderFilled)) == 8

    on_the_wire(script)


def test_a_correction_that_overtakes_its_original_stays_the_last_word():
    async def script(wire):
        await wire.trading()
        wire.server.arm(ExecCorrection(after_s=1.0), LateAnswer(message="11", by_s=5.0, times=5))
        await fill_one(wire)
        await wire.until(lambda: len(wire.of(OrderFilled)) == 4)
        await asyncio.sleep(60)
        revisions = {event.exec_id: event.revision for event in wire.of(OrderFilled)}
        assert set(revisions.values()) == {2}
        assert legs_filled(wire) == held(wire) == ALL_LEGS

    on_the_wire(script)


def test_a_commission_that_was_never_told_is_asked_for_and_never_taken_for_zero():
    async def script(wire):
        await wire.trading()
        (missing,) = wire.server.arm(CommMissing())
        await fill_one(wire)
        await wire.until(lambda: len(fees(wire)) == 4, 120)
        assert missing.hits == 4
        assert all(fee > 0 for fee in fees(wire).values())
        assert len(wire.of(OrderFilled)) == 4

    on_the_wire(script)


@pytest.mark.parametrize("text", ["1.7976931348623157E308", "nan", ""])
def test_a_commission_that_is_not_available_is_not_booked_and_asked_for_again(text):
    async def script(wire):
        await wire.trading()
        wire.server.arm(Garbled(message="59", place=3, text=text, times=4))
        await fill_one(wire)
        await wire.until(lambda: len(fees(wire)) == 4, 120)
        assert all(0 < fee < 100 for fee in fees(wire).values())

    on_the_wire(script)


@pytest.mark.parametrize("message", ["11", "3+11"], ids=["executions", "executions and status"])
def test_lost_executions_of_a_part_are_fetched_while_the_order_goes_on(message):
    async def script(wire):
        await wire.trading()
        wire.server.arm(Partial(units=1, only=True), NeverAnswer(message=message, times=8))
        await wire.placed(limit=wire.mid() + Decimal("0.50"), quantity=3)
        await wire.until(lambda: len(wire.of(OrderFilled)) == 4, 90)
        assert legs_filled(wire) == held(wire) == ALL_LEGS
        assert told(wire, *ENDED, BrokerLost) == {}

    on_the_wire(script)
