"""Coming up, being lost, coming back."""

import asyncio
from datetime import date
from decimal import Decimal

import pytest
from structlog.testing import capture_logs

from bot.ports import BrokerUnavailable, LiveAccountRefused
from domain.events import (
    AccountUpdated,
    BrokerLost,
    BrokerReady,
    ChainListed,
    DailyClosesLoaded,
    ForeignReported,
    FuturesListed,
    OrderFilled,
    PositionsReported,
    QuoteUpdated,
)
from domain.instruments import SPX, VIX
from sim.gateway.settings import GatewaySettings
from tests.bot.broker.builders import an_order
from tests.scenarios.wire.harness import CONDOR, WATCHED, Wire, WireSettings, on_the_wire

pytestmark = pytest.mark.scenario


def test_positions_and_account_are_told_before_readiness_and_reference_data_after() -> None:
    async def script(wire: Wire) -> None:
        def loaded() -> list[DailyClosesLoaded]:
            return wire.of(DailyClosesLoaded)

        await wire.ready()
        await wire.until(lambda: {"VIX", "SPX", "VIXY"} <= {e.symbol for e in loaded()})

    events = on_the_wire(script)
    kinds = [type(event) for event in events if not isinstance(event, QuoteUpdated)]
    assert kinds[:4] == [PositionsReported, ForeignReported, AccountUpdated, BrokerReady]
    chains = {e.trading_class: e for e in events if isinstance(e, ChainListed)}
    assert set(chains) == {"SPXW", "VIX"}
    assert date(2018, 3, 2) in chains["SPXW"].expirations
    assert list(chains["VIX"].strikes) == sorted(chains["VIX"].strikes)
    (futures,) = (e for e in events if isinstance(e, FuturesListed))
    assert futures.contracts[0].expiration == date(2018, 1, 17)
    closes = {e.symbol: e.closes for e in events if isinstance(e, DailyClosesLoaded)}
    assert closes["VIX"][-1][0] == date(2018, 1, 12)  # the running session has no close yet


def test_quotes_flow_and_only_for_what_is_watched() -> None:
    async def script(wire: Wire) -> None:
        await wire.trading()
        wire.broker.watch((SPX,))
        await asyncio.sleep(5)
        wire.events.clear()
        await asyncio.sleep(60)
        assert {e.contract for e in wire.of(QuoteUpdated)} == {SPX}
        assert all(e.quote.level is not None for e in wire.of(QuoteUpdated))

    on_the_wire(script)


def test_a_live_account_ends_the_broker_before_anything_is_asked_of_it() -> None:
    async def script(wire: Wire) -> None:
        wire.server.start_in_memory()
        with pytest.raises(LiveAccountRefused, match="not a paper account"):
            await wire.broker.run()

    assert on_the_wire(script, GatewaySettings(account="U1234567")) == []


@pytest.mark.parametrize(
    ("settings", "reason"),
    [(WireSettings(port=4001), "4001"), (WireSettings(account="DU7777777"), "pinned")],
)
def test_a_live_port_or_a_foreign_account_is_refused(settings: WireSettings, reason: str) -> None:
    async def script(wire: Wire) -> None:
        wire.server.start_in_memory(port=settings.port)
        with pytest.raises(LiveAccountRefused, match=reason):
            await wire.broker.run()

    on_the_wire(script, settings=settings)


def test_nothing_can_be_sent_before_readiness_nor_after_the_loss() -> None:
    async def script(wire: Wire) -> None:
        order = an_order("early", CONDOR)
        with pytest.raises(BrokerUnavailable):
            wire.broker.place(order)
        await wire.trading()
        wire.gateway_says(-1, 1100)
        await asyncio.sleep(1)
        with pytest.raises(BrokerUnavailable):
            wire.broker.place(order)
        assert wire.server.gateway.orders.orders() == []

    on_the_wire(script)


def test_an_absent_gateway_is_mentioned_once_a_minute_and_found_when_it_comes() -> None:
    async def script(wire: Wire) -> None:
        wire.server.start_in_memory()
        wire.loop.unlisten("127.0.0.1", 4002)  # type: ignore[attr-defined]
        with capture_logs() as logs:
            wire.start()
            await asyncio.sleep(300)
        said = [entry for entry in logs if entry["event"] == "broker.unreachable"]
        assert 4 <= len(said) <= 6
        assert wire.events == []
        wire.server.start_in_memory()
        await wire.until(lambda: bool(wire.of(BrokerReady)), 120)

    on_the_wire(script)


def test_a_lost_connection_is_told_once_and_comes_back_with_the_same_client_id() -> None:
    async def script(wire: Wire) -> None:
        await wire.trading()
        await wire.server.close()
        await asyncio.sleep(20)
        assert len(wire.of(BrokerLost)) == 1
        wire.server.start_in_memory()
        await wire.until(lambda: len(wire.of(BrokerReady)) == 2)
        assert wire.client.client_id == 1
        wire.events.clear()
        await asyncio.sleep(30)
        assert {e.contract for e in wire.of(QuoteUpdated)} == set(WATCHED)

    on_the_wire(script)


def test_a_client_id_in_use_is_waited_for_and_never_replaced() -> None:
    async def script(wire: Wire) -> None:
        await wire.ready()
        other = Wire.__new__(Wire)
        other.__dict__.update(wire.__dict__)
        other.events, other.quotes = [], {}
        other.new_broker()
        other.start()
        with capture_logs() as logs:
            await asyncio.sleep(60)
        assert other.events == []
        assert [e["event"] for e in logs].count("broker.client_id_in_use") >= 1
        assert len(wire.server.gateway.sessions) == 1
        await wire.stop_broker()
        await other.until(lambda: bool(other.of(BrokerReady)))
        await other.stop_broker()

    on_the_wire(script)


def test_repeated_notices_of_lost_servers_are_one_loss_and_the_return_is_read_up() -> None:
    async def script(wire: Wire) -> None:
        await wire.trading()
        for _ in range(10):
            wire.gateway_says(
                -1, 1100, "Connectivity between IB and Trader Workstation has been lost."
            )
            await asyncio.sleep(4)
        assert len(wire.of(BrokerLost)) == 1
        before = len(wire.of(PositionsReported))
        wire.gateway_says(-1, 1102, "Connectivity restored - data maintained.")
        await wire.until(lambda: len(wire.of(BrokerReady)) == 2)
        assert len(wire.of(PositionsReported)) == before + 1
        await asyncio.sleep(15)
        wire.events.clear()
        await asyncio.sleep(30)
        assert {e.contract for e in wire.of(QuoteUpdated)} == set(WATCHED)
        assert all(wire.quotes[leg.contract].mid is not None for leg in CONDOR)

    on_the_wire(script)


def test_after_data_were_lost_every_line_is_asked_for_again() -> None:
    async def script(wire: Wire) -> None:
        await wire.trading()
        wire.gateway_says(-1, 1100)
        await asyncio.sleep(1)
        wire.quotes.clear()
        asked_at = wire.clock.now()
        wire.gateway_says(-1, 1101)
        await wire.until(lambda: len(wire.of(BrokerReady)) == 2)
        await wire.until(lambda: set(wire.quotes) == set(WATCHED), 10)
        assert all(quote.at >= asked_at for quote in wire.quotes.values())
        assert len(wire.client.quotes.line_ids) == len(WATCHED)

    on_the_wire(script)


def test_a_gateway_that_hangs_is_left_and_sought_again() -> None:
    async def script(wire: Wire) -> None:
        await wire.trading()
        wire.filter(lambda _: [])
        await wire.until(lambda: bool(wire.of(BrokerLost)), 200)
        (lost,) = wire.of(BrokerLost)
        assert "does not answer" in lost.reason
        wire.filter(None)
        await wire.until(lambda: len(wire.of(BrokerReady)) == 2, 200)
        assert len(wire.server.gateway.sessions) == 1

    on_the_wire(script)


@pytest.mark.parametrize("message_id", [62, 53, 102, 55, 54], ids=lambda n: f"end {n}")
def test_a_start_without_one_of_the_answers_is_no_start(message_id: int) -> None:
    async def script(wire: Wire) -> None:
        wire.drop(message_id)
        wire.server.start_in_memory()
        wire.start()
        await asyncio.sleep(100)
        assert wire.of(BrokerReady) == []
        wire.filter(None)
        await wire.until(lambda: bool(wire.of(BrokerReady)), 200)

    on_the_wire(script)


def test_a_gateway_with_fewer_lines_than_expected_gets_the_most_important() -> None:
    async def script(wire: Wire) -> None:
        await wire.ready()
        await asyncio.sleep(120)
        assert {SPX, VIX} <= set(wire.quotes)
        assert len(wire.quotes) == 3
        with pytest.raises(BrokerUnavailable):
            wire.broker.cancel("nothing")

    on_the_wire(script, GatewaySettings(lines_max=3))


def test_data_that_are_not_subscribed_are_not_asked_for_again_and_again() -> None:
    async def script(wire: Wire) -> None:
        with capture_logs() as logs:
            await wire.ready()
            await asyncio.sleep(300)
        assert SPX in wire.quotes
        assert VIX not in wire.quotes
        assert [e["code"] for e in logs if e["event"] == "broker.message"] == [354]

    on_the_wire(script, GatewaySettings(unsubscribed=frozenset({"VIX"})))


def test_nonsense_in_a_quote_is_a_missing_side_and_the_next_sense_is_believed() -> None:
    async def script(wire: Wire) -> None:
        await wire.trading()
        short = CONDOR[1].contract
        assert wire.quotes[short].bid is not None
        nonsense = {b"1": b"nan", b"2": b"1.7976931348623157E308"}

        def poison(bodies: list[bytes]) -> list[bytes]:
            fields = bodies[0].split(b"\0")
            if fields[0] == b"1" and fields[3] in nonsense:
                fields[4] = nonsense[fields[3]]
            return [b"\0".join(fields)]

        wire.filter(poison)
        await wire.until(lambda: wire.quotes[short].bid is None, 60)
        await wire.until(lambda: wire.quotes[short].ask is None, 60)
        wire.filter(None)
        await wire.until(lambda: wire.quotes[short].mid is not None, 120)

    on_the_wire(script)


def test_the_same_script_gives_the_same_events() -> None:
    async def script(wire: Wire) -> None:
        await wire.trading()
        await wire.placed(limit=wire.mid() + Decimal("0.50"))
        await asyncio.sleep(60)

    first = on_the_wire(script)
    assert first == on_the_wire(script)
    assert any(isinstance(event, OrderFilled) for event in first)
