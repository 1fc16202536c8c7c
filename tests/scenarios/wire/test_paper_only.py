"""Whatever accounts a gateway names, and whenever: on a live one nothing goes on."""

import asyncio

import pytest

from bot.ports import BrokerUnavailable, LiveAccountRefused
from domain.events import BrokerReady
from sim.gateway.framing import message
from tests.bot.broker.builders import an_order
from tests.scenarios.wire.harness import CONDOR, FAR, Wire, on_the_wire

pytestmark = pytest.mark.scenario
REF = "condor-1"


@pytest.mark.parametrize("named", ["U1234567", "DU1234567,U1234567", "DF1234567", ""])
def test_accounts_that_are_named_later_are_looked_at_too(named: str) -> None:
    async def script(wire: Wire) -> None:
        await wire.trading()
        wire.client.send(message("15", "1", named))
        wire.server.flush()
        assert wire.life is not None
        await asyncio.wait({wire.life}, timeout=60)
        assert isinstance(wire.life.exception(), LiveAccountRefused)
        with pytest.raises(BrokerUnavailable):
            wire.broker.place(an_order(REF, CONDOR, 1, str(FAR)))
        assert wire.server.gateway.sessions == []

    on_the_wire(script)


def test_without_a_pinned_account_another_first_one_ends_the_connection() -> None:
    async def script(wire: Wire) -> None:
        await wire.trading()
        wire.client.send(message("15", "1", "DU7654321,DU1234567"))
        wire.server.flush()
        await asyncio.sleep(0.1)
        with pytest.raises(BrokerUnavailable):
            wire.broker.place(an_order(REF, CONDOR, 1, str(FAR)))
        await wire.until(lambda: len(wire.of(BrokerReady)) == 2)

    on_the_wire(script)
