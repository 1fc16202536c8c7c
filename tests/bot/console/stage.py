"""A desk with something of everything on it, and the console serving it on a real socket."""

import asyncio
import math
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Self

from bot.inbox import Inbox
from bot.logs import LogTail
from bot.loop import DeskLoop
from bot.serving import Life, Serving, served
from config.settings import Settings
from domain.desk import Desk, TradingState
from domain.effects import CancelOrder, PlaceOrder, RaiseAlert, RecordDecision, Severity, Verdict
from domain.events import BrokerReady, OrderAccepted
from domain.instruments import Right
from domain.orders import DenialCode, Layer, Leg, Purpose
from domain.shadows import ShadowDay, ShadowRecord
from domain.signals import Reading, Signal
from engine.fold import apply_effect, fold
from engine.policy import Policy
from tests.builders import (
    TUESDAY,
    Market,
    condor,
    order,
    quoted,
    ready_desk,
    spxw_option,
    vix_option,
    with_calls,
    with_condor,
)
from tests.fakes.broker import FakeBroker
from tests.fakes.clock import FakeClock

TOKEN = "a token that only this test knows"
NASTY = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


def desk_with_everything(now: datetime = TUESDAY) -> Desk:
    """Two condors, calls in all layers, an order at work, an alert, most signals."""
    desk = ready_desk(now)
    near = ("14.60", "19.80", "11.30", "5.10")  # a credit of 11.40
    desk = with_condor(desk, quantity=4, ref="cb-condor-20180116-1", prices=near)
    far = condor(2600, 2635, 2880, 2915, expiration=date(2018, 2, 23))
    desk = with_condor(
        desk, 2, "cb-condor-20180112-4", far, prices=("6.90", "11.20", "5.60", "2.30")
    )
    desk = with_calls(desk, Layer.HEDGE_SHORT, 2, "0.55", 15.0, ref="cb-hedge-20180116-2")
    desk = with_calls(
        desk, Layer.HEDGE_MEDIUM, 2, "1.05", 18.0, date(2018, 5, 15), "cb-hedge-20180116-3"
    )
    desk = with_calls(
        desk, Layer.HEDGE_LONG, 1, "1.60", 20.0, date(2018, 8, 21), "cb-hedge-20180105-1",
        at=now - timedelta(days=11),
    )  # fmt: skip
    buying = order(
        "cb-hedge-20180116-9", Purpose.BUY_HEDGE, Layer.HEDGE_LONG,
        (Leg(vix_option(date(2018, 8, 21), 21.0), 1),), 1, "1.45", at=now - timedelta(seconds=95),
    )  # fmt: skip
    desk = apply_effect(desk, PlaceOrder(buying))
    desk = fold(desk, OrderAccepted(now - timedelta(seconds=94), buying.order_ref, 4711))
    desk = fold(desk, OrderAccepted(now, buying.order_ref, 4711))
    market = Market(spx=2776.0, vix=11.7)
    held = [*desk.book.positions(), *(leg.contract for leg in buying.intent.legs)]
    atm = [
        spxw_option(day, 2775.0, right)
        for day in (date(2018, 3, 2), date(2018, 2, 23))
        for right in Right
    ]
    desk = quoted(replace(desk, now=now), market, [*held, *atm])
    readings = {
        Signal.RSI_VIX: Reading(61.4, now - timedelta(minutes=3), False, "VIX closes"),
        Signal.VX_BETA: Reading(-4.2, now - timedelta(hours=20), None, "120 sessions"),
        Signal.MACD_VIXY: Reading(0.18, now - timedelta(minutes=3), True, "VIXY closes"),
        Signal.STRESS: Reading(2.0, now, None, "2 of 5 known"),
    }
    day = ShadowDay(now.date(), 1_000_400.0, 1_001_000.0, 11.7)
    return replace(
        desk,
        positions_at=now - timedelta(seconds=40),
        broker_positions=desk.book.positions(),
        shadows={
            "U": ShadowRecord(now, 1_000_000.0, 1_000_720.0, "", (day,) * 3),
            "Hd-static": ShadowRecord(now, 1_000_000.0, None, ""),
        },
        alerts={"market_data_unknown": now - timedelta(minutes=4)},
        memory=replace(desk.memory, signals=readings),
        account=replace(desk.account, net_liquidation=Decimal("1003250.40")),
    )


def story(now: datetime = TUESDAY) -> tuple:
    return (
        RecordDecision(
            now, Verdict.APPROVED, "condor.entry", "4.2.entry", "sold at 16 delta", None, None,
            "", "cb-condor-20180116-1", None, (("put_delta", 0.161), ("credit", 7.0)),
        ),
        RecordDecision(
            now, Verdict.DENIED, "hedge.build", "4.5.cap", "over the cap", Purpose.BUY_HEDGE,
            Layer.HEDGE_LONG, denial=DenialCode.HEDGE_SHARE_CAP,
            inputs=(("cap", 40100.0), ("used", 39000.0), ("asked", 3000.0), ("granted", 0.0)),
        ),
        RecordDecision(now, Verdict.SKIPPED, "condor.entry", "4.2.slot", "six condors are open"),
        RaiseAlert(now, "market_data_unknown", Severity.WARNING, "VIX or VX curve missing"),
        CancelOrder("cb-hedge-20180116-8", "not filled in time"),
    )  # fmt: skip


@dataclass
class Console:
    """The console of one desk, up and listening; ``port`` is the one it took."""

    desk: Desk = field(default_factory=desk_with_everything)
    settings: dict = field(default_factory=dict)
    metrics: dict = field(default_factory=dict)
    serving: Serving = field(default_factory=Serving)
    past_hours: int = 0

    async def __aenter__(self) -> Self:
        self.inbox, self.clock = Inbox(), FakeClock(self.desk.now)
        self.tail = LogTail()
        self.ports: dict[str, int] = {}
        up = asyncio.Semaphore(0)

        def told(name: str, port: int) -> None:
            self.ports[name] = port
            up.release()

        self.serving = replace(
            self.serving,
            token=TOKEN,
            tail=self.tail,
            told=told,
        )
        base = Settings()
        settings = base.model_copy(
            update={
                "console": base.console.model_copy(
                    update={"enabled": True, "port": 0, "token_path": None, **self.settings}
                ),
                "metrics": base.metrics.model_copy(update={"port": 0, **self.metrics}),
            }
        )
        self.loop = DeskLoop(self.desk, Policy(), self.inbox, None, None, FakeBroker())
        self.loop.turned_at, self.loop.turns = self.desk.now, 812
        life = Life("test-run", "cafe", Policy(), self.clock, self.inbox, [self.loop])
        self.served = served(settings, self.serving, life)
        live_through(self, self.past_hours)
        self.turn(BrokerReady(self.desk.now), effects=story(self.desk.now))
        self.tasks = [asyncio.ensure_future(task()) for task in self.served.tasks.values()]
        for _ in self.tasks:
            await up.acquire()
        self.port = self.ports["console"]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.wait(self.tasks)

    @property
    def viewers(self) -> int:
        """Open pages, as the console itself counts them."""
        return self.served.counts.viewers

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def turn(self, *events, effects=(), **changes) -> None:
        """What a turn of the main loop tells the console."""
        self.desk = replace(self.desk, **changes)
        self.loop.desk = self.desk
        for observe in self.served.observers:
            observe(events, effects, self.desk)


def live_through(console: Console, hours: int) -> None:
    """Turns of some hours in which SPX wandered, so that there is history and a log."""
    if not hours:
        return
    end, steps = console.desk.now, hours * 12
    for step in range(steps):
        at = end - timedelta(minutes=5 * (steps - step))
        wander = 9.0 * math.sin(step / 7.0) + 0.25 * (step - steps)
        market = Market(spx=2776.0 + wander, vix=11.7 - 0.05 * wander)
        desk = quoted(replace(console.desk, now=at), market, console.desk.book.positions())
        for observe in console.served.observers:
            observe((), (), replace(desk, ready_at=at - timedelta(hours=1)))
    for line in LOG:
        console.tail.add({"ts": end.isoformat(), **line})


LOG = (
    {"level": "info", "event": "broker.ready", "lines": 31},
    {"level": "info", "event": "order.sent", "order_ref": "cb-hedge-20180116-9", "limit": "1.45"},
    {"level": "info", "event": "order.accepted", "order_ref": "cb-hedge-20180116-9"},
    {"level": "warning", "event": "alert.raised", "code": "market_data_unknown"},
)
HALTED = {"trading": TradingState.HALTED, "trading_why": "test"}
