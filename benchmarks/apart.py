"""The simulated gateway in a process of its own, in step with a daemon that lives in virtual time.

The daemon's loop reaches it through the loop's memory network, so nothing of market, gateway and
sessions is in the daemon's process. Every call waits for its answer: the two run in turns, and the
same seed gives the same session as one process would.
"""

import asyncio
import math
import multiprocessing
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

from config.load import session_calendar
from sim.exchange.market import Market
from sim.exchange.scenarios import load
from sim.gateway.gateway import Gateway
from sim.gateway.session import Session
from sim.gateway.settings import GatewaySettings
from sim.virtual_time import VirtualTimeLoop

MATCH_AFTER_S = GatewaySettings().match_after_s
_CLOSED_STEP_S = 300.0


@dataclass(frozen=True)
class Play:
    """Which market is played, and how fast it moves."""

    scenario: str
    days: int
    seed: int
    step_s: float
    cash: Decimal


@dataclass(frozen=True)
class Said:
    """What one call brought about: bytes by connection, those to be closed, and the next cares."""

    output: Mapping[int, bytes]
    closed: tuple[int, ...]
    ordered: bool
    market_open: bool
    rss_kib: float


class GatewayApart:
    """The parent's half: listens on the virtual loop and moves the market of the child."""

    def __init__(self, play: Play) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, play), daemon=True)
        self._process.start()
        theirs.close()
        self.starts_at, self.ends_at = self._told()
        self._step_s = play.step_s
        self._clients: dict[int, _Client] = {}
        self._serial = 0
        self._match_at = math.inf
        self._open = False
        self._arrived = asyncio.Event()
        self.rss_kib = 0.0

    def listen(self, host: str, port: int) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        loop.listen_in_memory(host, port, lambda: _Client(self))

    async def run(self) -> None:
        """As ``GatewayServer.run``."""
        loop = asyncio.get_running_loop()
        while True:
            step_s = self._step_s if self._open else max(self._step_s, _CLOSED_STEP_S)
            next_step = (math.floor(loop.time() / step_s + 1e-9) + 1) * step_s
            while loop.time() < (until := min(next_step, self._match_at)) - 1e-9:
                self._arrived.clear()
                try:
                    await asyncio.wait_for(self._arrived.wait(), until - loop.time())
                except TimeoutError:
                    break
            self._match_at = math.inf
            self.call("step" if loop.time() >= next_step - 1e-9 else "match")

    def joined(self, client: "_Client") -> int:
        self._serial += 1
        self._clients[self._serial] = client
        self.call("connect", self._serial)
        return self._serial

    def left(self, number: int) -> None:
        self._clients.pop(number, None)
        self.call("lost", number)

    def call(self, what: str, number: int = 0, data: bytes = b"") -> None:
        """One turn of the other process."""
        loop = asyncio.get_running_loop()
        self._pipe.send((loop.time(), what, number, data))
        said: Said = self._told()
        self._open, self.rss_kib = said.market_open, said.rss_kib
        if said.ordered and math.isinf(self._match_at):
            self._match_at = loop.time() + MATCH_AFTER_S
            self._arrived.set()
        for client, output in said.output.items():
            if client in self._clients:
                self._clients[client].transport.write(output)
        for client in said.closed:
            if client in self._clients:
                self._clients[client].transport.close()

    def close(self) -> None:
        self._pipe.close()
        self._process.join(10)

    def _told(self) -> Any:
        return self._pipe.recv()


class _Client(asyncio.Protocol):
    """The gateway's end of one connection."""

    transport: asyncio.Transport

    def __init__(self, gateway: GatewayApart) -> None:
        self._gateway = gateway
        self._number = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._number = self._gateway.joined(self)

    def data_received(self, data: bytes) -> None:
        self._gateway.call("data", self._number, data)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._gateway.left(self._number)


class _Server:
    """The child's half."""

    def __init__(self, play: Play) -> None:
        calendar = session_calendar()
        scenario = load(play.scenario, days=play.days)
        self.market = Market(scenario, calendar, seed=play.seed)
        self.starts_at = self.market.starts_at
        self.ends_at = calendar.close_at(scenario.days[-1].on) + timedelta(seconds=1)
        self._time, self._ordered = 0.0, False
        self._epoch = self.market.now
        settings = GatewaySettings(cash=play.cash)
        self.gateway = Gateway(self.market, settings, seed=play.seed, now=self._now)
        self.gateway.order_arrived = self._order
        self.sessions: dict[int, Session] = {}

    def turn(self, time: float, what: str, number: int, data: bytes) -> Said:
        self._time, self._ordered = time, False
        match what:
            case "step":
                self.gateway.step()
            case "match":
                self.gateway.match()
            case "connect":
                self.sessions[number] = Session(self.gateway)
            case "data":
                self.sessions[number].receive(data)
            case _:
                self.sessions.pop(number).disconnected()
        output = {n: said for n, s in self.sessions.items() if (said := s.output())}
        closed = tuple(n for n, s in self.sessions.items() if s.closed)
        return Said(output, closed, self._ordered, self.gateway.market_open, resident_kib())

    def _now(self) -> datetime:
        return self._epoch + timedelta(milliseconds=round(self._time * 1000))

    def _order(self) -> None:
        self._ordered = True


def resident_kib() -> float:
    """Of this process."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4.0


def _serve(pipe: Pipe, play: Play) -> None:
    server = _Server(play)
    pipe.send((server.starts_at, server.ends_at))
    while True:
        try:
            asked = pipe.recv()
        except EOFError:
            return
        pipe.send(server.turn(*asked))
