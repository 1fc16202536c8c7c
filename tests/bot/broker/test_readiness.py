"""Ready means: everything was read on this connection."""

import asyncio

import ib_async
import pytest

from bot.broker.session import NotReconciled, Session
from tests.scenarios.wire.harness import Wire, on_the_wire


def test_readiness_without_evidence_is_refused() -> None:
    async def script(wire: Wire) -> None:
        wire.drop(62)  # the positions are never complete
        wire.server.start_in_memory()
        wire.start()
        await asyncio.sleep(5)
        session = wire.broker._session
        assert isinstance(session, Session)
        with pytest.raises(NotReconciled):
            session._become_ready()
        assert wire.events == []

    on_the_wire(script)


def test_a_bug_that_skips_the_evidence_ends_the_life_of_the_process() -> None:
    class Hasty(Session):
        async def _synchronise(self) -> None:
            """Nothing is read."""

    async def script(wire: Wire) -> None:
        wire.server.start_in_memory()
        session = Hasty(ib_async, wire.settings, wire.broker._lasting)
        life = asyncio.ensure_future(session.run())
        await asyncio.wait({life}, timeout=60)
        assert isinstance(life.exception(), NotReconciled)
        assert wire.events == []

    on_the_wire(script)
