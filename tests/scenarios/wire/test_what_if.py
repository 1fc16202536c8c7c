"""The margin question over the wire: answered, refused, and never mistaken for an order."""

import pytest

from domain.events import MarginAnswered, OrderAccepted
from tests.bot.broker.builders import an_order
from tests.scenarios.wire.harness import CONDOR, FAR, Wire, on_the_wire

pytestmark = pytest.mark.scenario
REF = "condor-1"


def test_the_broker_says_what_an_order_would_do_and_the_order_is_not_there() -> None:
    async def script(wire: Wire) -> None:
        await wire.trading()
        wire.broker.ask_margin(an_order(REF, CONDOR, 2, str(wire.mid())))
        await wire.until(lambda: bool(wire.of(MarginAnswered)))
        (answer,) = wire.of(MarginAnswered)
        assert answer.order_ref == REF
        assert answer.initial_change is not None
        assert answer.initial_change > 0
        assert answer.maintenance_after == answer.initial_change
        assert answer.equity_after is not None
        assert not wire.server.gateway.orders.orders()
        wire.broker.place(an_order(REF, CONDOR, 2, str(FAR)))
        await wire.until(lambda: bool(wire.of(OrderAccepted)))

    on_the_wire(script)
