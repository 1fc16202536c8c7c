"""A gateway in virtual time, and fetches from it into one store."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from bot.broker.pacing import Pace
from bot.cli.fetch import FetchEnding, fetch_all
from bot.cli.fetching import Fetching, Wishes
from bot.clock import LoopClock
from config.load import session_calendar
from config.settings import BrokerSettings
from sim.exchange.listings import ContractQuery
from sim.exchange.market import Market
from sim.exchange.scenarios import load
from sim.gateway.faults.fault import Armed, Fault
from sim.gateway.faults.words import HISTORY, Asked
from sim.gateway.server import Connection, GatewayServer
from sim.virtual_time import run
from study.store.tables import Part, Store, Table

FIRST = date(2018, 1, 16)  # a Tuesday after a holiday; the last complete session is the Friday
LAST = date(2018, 1, 12)
CALENDAR = session_calendar()
PAIR = Wishes(bars=("SPX", "VIX"), years=0.2)


@dataclass(frozen=True, kw_only=True)
class Tap(Fault):
    """Nothing goes wrong: every request is written down with its time and client."""

    NAME: ClassVar[str] = "tap"
    IMITATES: ClassVar[str] = "nothing"

    heard: list[tuple[float, int, list[str]]] = field(default_factory=list)
    clients: list[int] = field(default_factory=list)
    connections: list[float] = field(default_factory=list)

    def asked(self, armed: Armed, asked: Asked) -> bool:
        self.heard.append((armed.director.server.time, asked.kind, asked.fields))
        self.clients.append(asked.session.client_id)
        return False

    def connected(self, armed: Armed, connection: Connection) -> None:
        self.connections.append(armed.director.server.time)

    def kinds(self) -> set[int]:
        return {kind for _, kind, _ in self.heard}

    def questions(self) -> list[float]:
        return [at for at, kind, _ in self.heard if kind == HISTORY]


class Silent:
    def expect(self, steps: int) -> None:
        """Nobody looks."""

    def step(self, doing: str) -> None:
        """Nobody looks."""


@dataclass
class Stand:
    """A gateway on its virtual loop, and fetches from it into one store."""

    folder: Path
    server: GatewayServer
    market: Market
    tap: Tap
    port: int = 4002
    host: str = "gateway"

    async def fetch(
        self, wishes: Wishes = PAIR, *, budget: int = 50, **broker: Any
    ) -> tuple[FetchEnding, Fetching]:
        loop = asyncio.get_running_loop()
        clock = LoopClock(self.server.now() - timedelta(seconds=loop.time()), loop)
        work = Fetching(wishes, Store(self.folder), CALENDAR, clock, Silent())
        settings = BrokerSettings(host=self.host, port=self.port, **broker)
        return await fetch_all(settings, work, Pace(budget)), work

    def rows(self, table: Table, name: str) -> list[dict[str, Any]]:
        return Store(self.folder).read(Part(table, name))

    def bars(self, symbol: str, kind: str, seconds: int, expiry: str = "") -> dict[datetime, Any]:
        (listing,) = self.market.find(
            ContractQuery(symbol=symbol, sec_type=kind, last_trade=expiry)
        )
        end = self.server.now()
        made = self.market.bars(
            listing.con_id, start=end - timedelta(days=90), end=end, bar_seconds=seconds, rth=True
        )
        return {bar.start: bar for bar in made}


def a_market() -> Market:
    return Market(load("volmageddon", start=FIRST, days=3), CALENDAR, seed=7)


def play(
    folder: Path,
    story: Callable[[Stand], Coroutine[Any, Any, None]],
    *faults: Fault,
    later_s: float = 0.0,
) -> None:
    """``story`` begins ``later_s`` after the open of FIRST."""

    async def whole() -> None:
        market = a_market()
        server = GatewayServer(market, seed=7, step_s=20.0)
        server.start_in_memory("gateway", 4002)
        tap = Tap()
        server.arm(tap, *faults)
        moving = asyncio.create_task(server.run())
        try:
            await asyncio.sleep(later_s)
            await story(Stand(folder, server, market, tap))
        finally:
            moving.cancel()
            await server.close()

    run(whole())
