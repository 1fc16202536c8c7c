"""How long a signed halt takes from its bytes to the last order that could still leave.

A desk with its journal on disk hears quotes at a given rate; orders that open something are handed
to the executor all the time. Now and then a halt signed by one person comes in. Measured: from
``submit`` until it is accepted and the send gate refuses, and until the halt is committed; and how
many opening orders reached the broker after it was accepted.

    python benchmarks/halt.py [MESSAGES_PER_S] [HALTS]
"""

import asyncio
import json
import logging
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import structlog

from bot.approvals.office import ApprovalOffice, Desked
from bot.clock import SystemClock
from bot.clock_watch import ClockWatch
from bot.control import ControlFile
from bot.execute import Executor
from bot.gate import SendGate
from bot.inbox import Inbox
from bot.journal.sqlite import SqliteJournal
from bot.loop import DeskLoop
from bot.ports import Delivery
from domain.desk import TradingState
from domain.effects import PlaceOrder
from domain.events import QuoteUpdated, ResumeRequested
from domain.instruments import Contract, Right, spxw_option
from domain.quotes import Quote
from engine.step import open_desk
from tests.bot.approvals.world import ACCOUNT, DAEMON, POLICY, World
from tests.bot.samples import EXPIRATION, condor_order
from tests.fakes.broker import FakeBroker
from tests.fakes.telemetry import FakeTelemetry

RATE, HALTS = 10_000, 300
CONTRACTS: tuple[Contract, ...] = tuple(
    spxw_option(EXPIRATION, 2000.0 + 5 * number, Right.PUT) for number in range(100)
)


@dataclass
class Bench:
    """One daemon's worth of parts; ``sent_after`` counts what a halt did not stop."""

    folder: Path
    inbox: Inbox = field(default_factory=Inbox)
    stopped: bool = False
    sent_after: int = 0
    tried: int = 0
    accepted_ms: list[float] = field(default_factory=list)
    committed_ms: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock, self.world = SystemClock(), World(1, 3)
        self.journal = SqliteJournal(self.folder / "journal.sqlite")
        self.journal.begin_life("run", self.clock.now(), "c0ffee", "policy")
        self.control = ControlFile(self.folder / "control.json")
        self.broker, self.turn = FakeBroker(), asyncio.Event()
        clocks = ClockWatch(self.clock, asyncio.get_running_loop().time)
        gate = SendGate((clocks.trouble,), (self.inbox.objection, self.control.objection))
        self.executor = Executor(self.broker, FakeTelemetry(), self.inbox, self.clock, gate)
        now = self.clock.now()
        desk = replace(
            open_desk(self.world.desk.calendar, POLICY, now), approvals=self.world.desk.approvals
        )
        parts = (self.inbox, self.journal, self.executor, self.broker, (self.turned,))
        self.loop = DeskLoop(desk, POLICY, *parts)
        desked = Desked(lambda: self.loop.desk, self.inbox.put, self.journal.since, self.control)
        self.office = ApprovalOffice(DAEMON, ACCOUNT, POLICY, self.clock, desked, clocks)

    def turned(self, *_turn: object) -> None:
        self.turn.set()

    async def until(self, state: TradingState) -> None:
        while self.loop.desk.trading is not state:
            self.turn.clear()
            await self.turn.wait()

    async def flood(self, rate: int) -> None:
        """Quotes in bursts of ten milliseconds, evenly over all contracts."""
        place, burst = 0, max(1, rate // 100)
        while True:
            at = self.clock.now()
            for _ in range(burst):
                place += 1
                contract = CONTRACTS[place % len(CONTRACTS)]
                bid = 5.0 + place % 7
                self.inbox.put(QuoteUpdated(at, contract, Quote(at, bid, bid + 0.5, 9.0, 9.0)))
            await asyncio.sleep(0.01)

    async def orders(self) -> None:
        """Opening orders as they stand after their commit, one every few milliseconds."""
        while True:
            order = condor_order(f"cb-bench-{self.tried}")
            self.tried += 1
            if self.loop.desk.trading is TradingState.ACTIVE:  # else the rules would refuse it
                before = len(self.broker.calls)
                self.executor.execute(PlaceOrder(order))
                self.sent_after += self.stopped and len(self.broker.calls) > before
            await asyncio.sleep(0.003)

    async def halts(self, count: int) -> None:
        for number in range(count):
            await asyncio.sleep(0.02)
            now = self.clock.now()
            self.world.desk = self.loop.desk
            raw = self.world.raw(
                "halt",
                nonce=f"{number:032x}",
                not_before=now.replace(microsecond=0),
                expires=now.replace(microsecond=0) + timedelta(hours=1),
            )
            began = time.perf_counter()
            answer = self.office.submit(raw, Delivery(f"bench-{number}"))
            assert answer.accepted, answer
            self.stopped = True
            self.accepted_ms.append(1000 * (time.perf_counter() - began))
            await self.until(TradingState.HALTED)
            self.committed_ms.append(1000 * (time.perf_counter() - began))
            await asyncio.sleep(0.01)
            self.stopped = False
            self.inbox.put(ResumeRequested(self.clock.now(), "bench", "again"))
            await self.until(TradingState.ACTIVE)


def percentile(values: list[float], share: float) -> float:
    return round(sorted(values)[min(len(values) - 1, int(share * len(values)))], 3)


async def measure(rate: int, halts: int, folder: Path) -> dict[str, float]:
    bench = Bench(folder)
    forever = (bench.loop.run(), bench.flood(rate), bench.orders())
    others = [asyncio.ensure_future(task) for task in forever]
    began = time.perf_counter()
    await bench.halts(halts)
    for task in others:
        task.cancel()
    done, _ = await asyncio.wait(others)
    assert all(task.cancelled() for task in done), done
    bench.journal.close()
    return {
        "messages_per_s": rate,
        "halts": halts,
        "seconds": round(time.perf_counter() - began, 1),
        "opening_orders_tried": bench.tried,
        "sent_after_acceptance": bench.sent_after,
        "accepted_ms_p50": percentile(bench.accepted_ms, 0.50),
        "accepted_ms_p99": percentile(bench.accepted_ms, 0.99),
        "committed_ms_p50": percentile(bench.committed_ms, 0.50),
        "committed_ms_p99": percentile(bench.committed_ms, 0.99),
        "committed_ms_max": round(max(bench.committed_ms), 3),
    }


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    given = [int(word) for word in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as name:
        found = asyncio.run(measure(*(given + [RATE, HALTS][len(given) :]), Path(name)))
    print(json.dumps(found))
