"""The demo's stage: simulated market, gateway and daemon on one event loop, and how fast time runs.

Knows how to set them up and to end them together; what is told of it is the command's business.
"""

import asyncio
import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from bot.app import Plan, run_daemon
from bot.supervise import Ending
from config.settings import Settings
from domain.instruments import Contract
from domain.session import SessionCalendar
from sim.exchange.market import Market
from sim.exchange.scenarios import Scenario
from sim.gateway.faults.fault import Fault
from sim.gateway.gateway import Gateway
from sim.gateway.server import GatewayServer
from sim.gateway.settings import GatewaySettings
from sim.virtual_time import Pace, VirtualTimeLoop

HOST = "127.0.0.1"
MEMORY_PORT = 4002  # where the daemon finds the gateway when no socket is used
BEFORE_OPEN = timedelta(minutes=10)  # time runs at the asked speed from here
AFTER_CLOSE = timedelta(minutes=15)  # to here; nights, weekends and holidays take no time
MARKET_STEP_S_MAX = 40.0  # well within the age at which the daemon stops believing prices


@dataclass(slots=True)
class Stage:
    """One scenario ready to be played. ``speed`` is simulated seconds per second, or infinity."""

    scenario: Scenario
    calendar: SessionCalendar
    seed: int
    speed: float
    settings: Settings
    faults: tuple[Fault, ...] = ()
    market: Market = field(init=False)
    gateway: GatewayServer | None = None

    def __post_init__(self) -> None:
        self.market = Market(self.scenario, self.calendar, seed=self.seed)

    @property
    def starts_at(self) -> datetime:
        return self.market.starts_at

    @property
    def ends_at(self) -> datetime:
        """Just after the last close, while the closing prices still stand."""
        return self.calendar.close_at(self.scenario.days[-1].on) + timedelta(seconds=1)

    @property
    def in_memory(self) -> bool:
        return math.isinf(self.speed)

    def pace(self) -> Pace:
        """The asked speed while the market is open or about to, no waiting in between."""
        edges: list[float] = []
        for day in self.scenario.days:
            opens = self.calendar.open_at(day.on) - BEFORE_OPEN
            closes = self.calendar.close_at(day.on) + AFTER_CLOSE
            edges += [(moment - self.starts_at).total_seconds() for moment in (opens, closes)]
        speed = self.speed
        return lambda now: speed if bisect_right(edges, now) % 2 else math.inf

    @property
    def step_s(self) -> float:
        """How often the market moves: finer when there is time to watch it."""
        slow = self.settings.demo.step_s
        return max(slow, min(MARKET_STEP_S_MAX, self.speed / 60))

    async def play(self, plan: Plan, stop: asyncio.Event) -> Ending:
        """Until the scenario ends, ``stop`` is set or something breaks; the gateway goes last."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        demo = self.settings.demo
        self.gateway = GatewayServer(
            self.market,
            seed=self.seed,
            step_s=self.step_s,
            settings=GatewaySettings(cash=Decimal(str(demo.cash_usd))),
        )
        port = MEMORY_PORT
        if self.in_memory:
            self.gateway.start_in_memory(HOST, MEMORY_PORT)
        else:
            port = await self.gateway.start(HOST, demo.port)
        broker = self.settings.broker.model_copy(update={"host": HOST, "port": port})
        settings = self.settings.model_copy(update={"broker": broker})
        self.gateway.arm(*self.faults)
        market = asyncio.ensure_future(self.gateway.run())
        ending = loop.call_at((self.ends_at - self.starts_at).total_seconds(), stop.set)
        daemon = asyncio.ensure_future(run_daemon(settings, plan, stop))
        try:
            await asyncio.wait([market, daemon], return_when=asyncio.FIRST_COMPLETED)
            if market.done():
                stop.set()
            result = await daemon
            if market.done():
                market.result()  # the gateway never ends by itself: raise what ended it
            return result
        finally:
            ending.cancel()
            market.cancel()
            await asyncio.wait([market])
            await self.gateway.close()


class GatewayRecords:
    """The broker's side of the books. Implements checks.BrokerRecords."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    @property
    def accounts(self) -> Sequence[str]:
        return (self._gateway.account.code,)

    def positions(self) -> Mapping[Contract, int]:
        return {
            position.listing.contract: position.quantity
            for position in self._gateway.account.positions.values()
            if position.quantity
        }

    def cash(self) -> Decimal:
        return self._gateway.account.cash

    def value(self) -> Decimal:
        """Net liquidation at the broker's marks."""
        return self._gateway.account.net_liquidation

    def orders_received(self) -> Sequence[tuple[int, str, str]]:
        orders = self._gateway.orders
        return [
            (order.perm_id, order.request.order_ref, order.request.account)
            for order in (*orders.finished, *orders.live.values())
        ]

    @property
    def _gateway(self) -> Gateway:
        assert self._stage.gateway is not None
        return self._stage.gateway.gateway
