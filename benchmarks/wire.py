"""What the daemon costs on top of the client library, on the wire, with 100 lines.

    python benchmarks/wire.py [SECONDS]

Throughput: ticks per second that a bare ib_async with an empty handler takes from the gateway, and
that the daemon takes (adapter, inbox, engine, journal), from the same gateway in the same run, in
turns; both own their process and use the same socket buffers. The ticks are bids, asks and trades,
without the option computations that the daemon would throw away. Latency: from a tick leaving the
gateway to the order it caused arriving there, at 2,000 messages a second; the order passes through
the inbox, the engine's step and a journal commit that is on disk before it is sent. Where the desk
falls so far behind that a newer quote takes the place of a marked one, that is counted too.
"""

import asyncio
import json
import logging
import resource
import socket
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import ib_async

from bot.broker.ib import IbBroker
from bot.clock import LoopClock, SystemClock
from bot.execute import Executor
from bot.gate import SendGate
from bot.inbox import Inbox
from bot.journal.sqlite import SqliteJournal
from bot.logs import configure
from bot.loop import DeskLoop
from bot.telemetry.silent import SilentTelemetry
from bot.ticker import tick_clock
from config.load import load_settings, session_calendar
from domain.desk import Desk
from domain.effects import Effect, PlaceOrder
from domain.events import Event, QuoteUpdated
from domain.instruments import SPX, VIX, Contract, Right, spxw_option
from domain.orders import Layer, Leg, Order, OrderIntent, Purpose, Walk
from engine.policy import Policy
from engine.step import open_desk
from sim.exchange.market import Market
from sim.exchange.scenarios import load

FLOOD = Path(__file__).with_name("flood.py")
LINES = 100
MARK_PRICE = 40.0
RATE = 2_000
ROUNDS = 3
RECEIVE_BUFFER = 1 << 18
TICK_S = 5.0


class ShortBuffers(asyncio.SelectorEventLoop):
    """Connections of every client with one receive buffer that does not grow while measured."""

    async def create_connection(self, *args: Any, **options: Any) -> Any:
        transport, protocol = await super().create_connection(*args, **options)
        raw = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        return transport, protocol


def hundred_lines() -> tuple[list[Contract], datetime]:
    """98 SPXW options below 40 and two indices, and the instant at which the gateway stands."""
    market = Market(load("volmageddon", days=2), session_calendar(), seed=1)
    market.advance(market.starts_at + timedelta(hours=2))
    parameters = next(p for p in market.option_parameters("SPX") if p.trading_class == "SPXW")
    expiration = parameters.expirations[8]
    calls = [s for s in parameters.strikes if 2800 <= s <= 2900 and s % 5 == 0]
    puts = [s for s in parameters.strikes if 2300 <= s <= 2760 and s % 5 == 0]
    options = [spxw_option(expiration, s, Right.CALL) for s in calls]
    options += [spxw_option(expiration, s, Right.PUT) for s in reversed(puts)]
    return [*options[: LINES - 2], SPX, VIX], market.now


async def bare(port: int, lines: Sequence[Contract], _now: datetime) -> None:
    """What any user of the library starts with: subscribe, and a handler that does nothing."""
    ib = ib_async.IB()
    await ib.connectAsync("127.0.0.1", port, clientId=1)
    ib.pendingTickersEvent += lambda tickers: None
    wanted = [as_ib(contract) for contract in lines]
    await ib.qualifyContractsAsync(*wanted)  # fills in their ids
    for contract in wanted:
        ib.reqMktData(contract)
    await asyncio.sleep(3600)


def as_ib(contract: Contract) -> ib_async.Contract:
    if contract.expiration is None:
        return ib_async.Index(contract.symbol, "CBOE", "USD")
    return ib_async.Option(
        "SPX", f"{contract.expiration:%Y%m%d}", contract.strike, str(contract.right), "SMART",
        tradingClass="SPXW", multiplier="100",
    )  # fmt: skip


@dataclass
class FixedWatch:
    """The real adapter, except that the benchmark chooses the lines."""

    broker: IbBroker

    def watch(self, contracts: Sequence[Contract]) -> None:
        """Ignored."""

    def __getattr__(self, name: str) -> object:
        return getattr(self.broker, name)


@dataclass
class OrderPerMark:
    """After each turn, one order for every marked bid in it, through journal and executor."""

    loop: DeskLoop | None = None
    seen: set[float] = field(default_factory=set)

    def observe(self, events: Sequence[Event], effects: Sequence[Effect], desk: Desk) -> None:
        for event in events:
            if not isinstance(event, QuoteUpdated) or event.contract.expiration is None:
                continue
            if (bid := event.quote.bid or 0.0) >= MARK_PRICE:
                self._order(event.contract, bid, desk)

    def _order(self, contract: Contract, bid: float, desk: Desk) -> None:
        if bid in self.seen or self.loop is None:
            return
        self.seen.add(bid)
        limit = Decimal(str(round(bid, 2)))
        walk = Walk(limit, Decimal("0.05"), 60.0, 600.0)
        intent = OrderIntent(
            Purpose.OPEN_CONDOR, Layer.CONDOR, (Leg(contract, 1),), 1, limit, walk, "benchmark", ""
        )
        effect = PlaceOrder(Order(f"cb-bench-{len(self.seen)}", intent, desk.now, limit))
        self.loop.journal.append((), (effect,))
        self.loop.executor.execute(effect)


async def daemon(port: int, contracts: Sequence[Contract], now: datetime) -> None:
    """The daemon's own parts, wired as in bot.app, at the gateway's time."""
    folder = Path(tempfile.mkdtemp())
    event_loop, calendar = asyncio.get_running_loop(), session_calendar()
    settings, policy, inbox, gate = load_settings("paper"), Policy(), Inbox(), SendGate()
    clock = LoopClock(now - timedelta(seconds=event_loop.time()), event_loop)
    broker = IbBroker(settings.broker.model_copy(update={"port": port}), clock, inbox, gate)
    journal = SqliteJournal(folder / "journal.sqlite", quote_retention=timedelta(days=1))
    journal.begin_life("benchmark", clock.now(), "", policy.fingerprint)
    marks = OrderPerMark()
    loop = DeskLoop(
        open_desk(calendar, policy, clock.now()),
        policy,
        inbox,
        journal,
        Executor(broker, SilentTelemetry(), inbox, clock, gate),
        FixedWatch(broker),  # type: ignore[arg-type]  # the rest comes through __getattr__
        (marks.observe,),
    )
    marks.loop = loop
    broker.watch(contracts)
    await asyncio.gather(loop.run(), broker.run(), tick_clock(inbox, clock, calendar, TICK_S))


async def measure(client: str, mode: str, *arguments: str) -> dict[str, Any]:
    """One gateway process and one client process; what the gateway measured."""
    port_file = Path(tempfile.mkdtemp()) / "port"
    gateway = await asyncio.create_subprocess_exec(
        sys.executable, str(FLOOD), str(port_file), mode, *arguments, stdout=asyncio.subprocess.PIPE
    )
    while not (port_file.exists() and port_file.read_text()):
        if gateway.returncode is not None:
            sys.exit("the gateway process did not start")
        await asyncio.sleep(0.05)
    user = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "--client", client, port_file.read_text()
    )
    ended = asyncio.ensure_future(user.wait())
    answer = asyncio.ensure_future(gateway.communicate())
    await asyncio.wait({ended, answer}, return_when=asyncio.FIRST_COMPLETED)
    if ended.done():
        gateway.kill()
        sys.exit(f"the {client} client ended early")
    memory = resident_mb(user.pid)
    user.kill()
    await ended
    out, _ = await answer
    if not out:
        sys.exit("the gateway ended early")
    return {"memory_mb": memory, **json.loads(out)}


def resident_mb(process: int) -> float:
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


async def compare(seconds: str) -> None:
    clients = {"bare ib_async": "bare", "condorbot": "daemon"}
    rates: dict[str, list[float]] = {name: [] for name in clients}
    for _ in range(ROUNDS):
        for name, client in clients.items():
            rates[name].append((await measure(client, "flood", seconds))["messages_per_s"])
    middle = {name: statistics.median(found) for name, found in rates.items()}
    print(f"sustained ticks with {LINES} lines, median of {ROUNDS}")
    for name, rate in middle.items():
        print(f"  {name:<16}{rate:>12,.0f} /s {rate / middle['bare ib_async']:>8.2f} x bare")
    found = await measure("daemon", "pace", str(4 * float(seconds)), str(RATE))
    latencies = sorted(found["latencies_ms"])
    p50, p99 = latencies[len(latencies) // 2], latencies[int(len(latencies) * 0.99)]
    print(f"tick to order with {LINES} lines at {RATE:,} messages/s, {len(latencies)} orders")
    print(f"  p50 {p50:.1f} ms   p99 {p99:.1f} ms   max {latencies[-1]:.1f} ms")
    print(f"  {found['unanswered']:.0f} marks were superseded before the desk looked")
    print(f"  daemon resident: {found['memory_mb']:.0f} MB")


def main() -> None:
    if "--client" in sys.argv:
        configure("json", clock=SystemClock(), level=logging.ERROR)
        run = {"bare": bare, "daemon": daemon}[sys.argv[2]]
        with asyncio.Runner(loop_factory=ShortBuffers) as runner:
            runner.run(run(int(sys.argv[3]), *hundred_lines()))
    else:
        asyncio.run(compare(sys.argv[1] if len(sys.argv) > 1 else "5"))


if __name__ == "__main__":
    main()
