"""The real adapter and the simulated gateway on one virtual-time loop, the bytes kept in memory."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from bot.broker.ib import IbBroker
from bot.clock import LoopClock
from bot.gate import SendGate
from bot.inbox import Inbox
from config.load import session_calendar
from domain.events import BrokerReady, Event, OrderFilled, QuoteUpdated
from domain.instruments import SPX, VIX, Contract, Right, spxw_option
from domain.orders import Leg, Order
from domain.quotes import Quote
from sim.exchange.market import Market
from sim.exchange.scenarios import load
from sim.gateway.server import GatewayServer
from sim.gateway.session import Session
from sim.gateway.settings import GatewaySettings
from sim.virtual_time import run
from tests.bot.broker.builders import an_order

E = TypeVar("E", bound=Event)

EXPIRY = date(2018, 3, 2)
LONG_PUT, SHORT_PUT = spxw_option(EXPIRY, 2600, Right.PUT), spxw_option(EXPIRY, 2650, Right.PUT)
SHORT_CALL, LONG_CALL = (
    spxw_option(EXPIRY, 2850, Right.CALL),
    spxw_option(EXPIRY, 2900, Right.CALL),
)
CONDOR = (Leg(LONG_PUT, 1), Leg(SHORT_PUT, -1), Leg(SHORT_CALL, -1), Leg(LONG_CALL, 1))
WATCHED: tuple[Contract, ...] = (SPX, VIX, *(leg.contract for leg in CONDOR))
FAR = Decimal("-40.00")  # nobody pays so much for this condor: the order rests


@dataclass
class WireSettings:
    host: str = "127.0.0.1"
    port: int = 4002
    client_id: int = 1
    account: str = ""
    library: str = "ib_async"
    market_data_type: int = 1
    line_budget: int = 100
    connect_timeout_s: float = 30.0
    request_timeout_s: float = 30.0
    backoff_s_first: float = 1.0
    backoff_s_max: float = 60.0
    reconcile_s: float = 300.0


class Wire:
    """One gateway and one broker. ``events`` is everything the desk would have been told."""

    def __init__(
        self, gateway: GatewaySettings | None = None, settings: WireSettings | None = None
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.settings = settings or WireSettings()
        market = Market(load("volmageddon"), session_calendar(), seed=7)
        self.server = GatewayServer(market, seed=7, step_s=5.0, settings=gateway)
        self.clock = LoopClock(market.now - timedelta(seconds=self.loop.time()), self.loop)
        self.gate = SendGate()
        self.events: list[Event] = []
        self.quotes: dict[Contract, Quote] = {}
        self.life: asyncio.Task[None] | None = None
        self._jobs = [asyncio.ensure_future(self.server.run())]
        self.new_broker()

    def new_broker(self) -> None:
        """Another process life, as far as the broker can tell."""
        self.inbox = Inbox()
        self.broker = IbBroker(self.settings, self.clock, self.inbox, self.gate, random.Random(5))
        self.broker.compare_with(self.book)

    def start(self) -> None:
        self.life = asyncio.ensure_future(self.broker.run())
        self._jobs.append(asyncio.ensure_future(self._read(self.inbox)))

    async def stop_broker(self) -> None:
        assert self.life is not None
        self.life.cancel()
        await asyncio.wait({self.life})

    async def ready(self) -> None:
        self.server.start_in_memory()
        self.broker.watch(WATCHED)
        self.start()
        await self.until(lambda: bool(self.of(BrokerReady)))

    async def trading(self) -> None:
        """Ready, and every leg of the condor has a market."""
        await self.ready()
        await self.until(lambda: all(leg.contract in self.quotes for leg in CONDOR))

    async def placed(self, ref: str = "condor-1", limit: Decimal = FAR, quantity: int = 1) -> Order:
        order = an_order(ref, CONDOR, quantity, str(limit), created_at=self.clock.now())
        self.broker.place(order)
        await asyncio.sleep(5)
        return order

    async def until(self, condition: Callable[[], bool], within_s: float = 600.0) -> None:
        """Wait in simulated time. Raises TimeoutError."""
        async with asyncio.timeout(within_s):
            while not condition():  # noqa: ASYNC110 (simulated seconds cost nothing)
                await asyncio.sleep(0.5)

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def book(self) -> dict[Contract, int]:
        """Positions as the executions told so far add up, each at its latest revision."""
        latest: dict[str, OrderFilled] = {}
        for event in self.of(OrderFilled):
            known = latest.get(event.exec_id)
            if known is None or event.revision >= known.revision:
                latest[event.exec_id] = event
        total: dict[Contract, int] = {}
        for event in latest.values():
            total[event.contract] = total.get(event.contract, 0) + event.quantity
        return total

    def mid(self) -> Decimal:
        """The condor's net mid price in nickels."""
        mids = [(leg.ratio, self.quotes[leg.contract].mid) for leg in CONDOR]
        value = sum(ratio * mid for ratio, mid in mids if mid is not None)
        return (Decimal(round(value * 20)) / 20).quantize(Decimal("0.01"))

    @property
    def client(self) -> Session:
        """The gateway's side of the broker's connection."""
        return self.server.gateway.sessions[0]

    def gateway_says(self, req_id: int, code: int, text: str = "as scripted") -> None:
        self.client.error(req_id, code, text)
        self.server.flush()

    def filter(self, outgoing: Callable[[list[bytes]], list[bytes]] | None) -> None:
        """Send ``outgoing(fields)`` in place of each message; the fields are still bytes."""

        def by_fields(_client: int, body: bytes) -> list[bytes]:
            assert outgoing is not None
            return outgoing([body])

        self.server.set_outgoing_filter(None if outgoing is None else by_fields)

    def drop(self, *message_ids: int) -> None:
        """Messages of these kinds get lost on the way."""
        starts = tuple(f"{number}\0".encode() for number in message_ids)
        self.filter(lambda bodies: [body for body in bodies if not body.startswith(starts)])

    async def close(self) -> None:
        jobs = [job for job in (*self._jobs, self.life) if job is not None]
        for job in jobs:
            job.cancel()
        await asyncio.wait(jobs)
        await self.server.close()

    async def _read(self, inbox: Inbox) -> None:
        while True:
            for event in await inbox.drain():
                self.events.append(event)
                if isinstance(event, QuoteUpdated):
                    self.quotes[event.contract] = event.quote


def on_the_wire(
    script: Callable[[Wire], Awaitable[None]],
    gateway: GatewaySettings | None = None,
    settings: WireSettings | None = None,
) -> list[Event]:
    """Run ``script`` on a fresh pair and return all events."""

    async def whole() -> list[Event]:
        wire = Wire(gateway, settings)
        try:
            await script(wire)
        finally:
            await wire.close()
        return wire.events

    coroutine: Coroutine[Any, Any, list[Event]] = whole()
    return run(coroutine)
