"""A journal older than the orders at the broker, a restored copy say, gives no reference twice."""

import pytest

from domain.events import BrokerReady, OrderCanceled, ReferencesSeen
from domain.orders import Layer, order_ref
from domain.session import new_york
from tests.faults.books import told
from tests.scenarios.wire.harness import on_the_wire

pytestmark = pytest.mark.scenario


def test_references_that_only_the_broker_remembers_are_told_before_anything_can_be_sent():
    async def script(wire):
        await wire.trading()
        today = new_york(wire.clock.now()).date()
        ended, open_still = (order_ref(Layer.CONDOR, today, number) for number in (7, 8))
        await wire.placed(ended)
        wire.broker.cancel(ended)
        await wire.until(lambda: bool(wire.of(OrderCanceled)))
        await wire.placed(open_still)
        assert told(wire, ReferencesSeen) == {}, "this life knows them"

        await wire.stop_broker()
        wire.new_broker()  # of a journal that has never heard of either
        wire.events.clear()
        wire.broker.watch(())
        wire.start()
        await wire.until(lambda: bool(wire.of(BrokerReady)))
        kinds = [type(e) for e in wire.events if isinstance(e, ReferencesSeen | BrokerReady)]
        assert kinds == [ReferencesSeen, BrokerReady]
        assert wire.of(ReferencesSeen)[0].order_refs == (ended, open_still)

    on_the_wire(script)
