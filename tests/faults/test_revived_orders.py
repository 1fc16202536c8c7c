"""An order that we think has ended, and that the broker still has."""

import asyncio
from dataclasses import replace

import pytest

from domain.events import ForeignReported, OrderAccepted, OrderCanceled
from domain.orders import OrderStatus
from tests.scenarios.wire.harness import on_the_wire

pytestmark = pytest.mark.scenario
REF = "condor-1"


def test_an_order_thought_dead_is_told_as_accepted_in_the_next_life_and_can_be_canceled():
    async def script(wire):
        await wire.trading()
        order = await wire.placed()
        await wire.stop_broker()
        wire.new_broker()
        wire.broker.adopt([replace(order, status=OrderStatus.CANCELED)])
        wire.events.clear()
        wire.start()
        await wire.until(lambda: bool(wire.of(ForeignReported)))
        assert [event.order_ref for event in wire.of(OrderAccepted)] == [REF]
        wire.broker.cancel(REF)
        await wire.until(lambda: bool(wire.of(OrderCanceled)))
        await asyncio.sleep(700)
        assert len(wire.of(OrderAccepted)) == 1, "it ended, and is not thought alive again"

    on_the_wire(script)
