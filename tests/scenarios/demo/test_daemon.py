"""The whole daemon against the simulated gateway, in virtual time and in memory."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.app import Plan, run_daemon
from bot.clock import LoopClock
from bot.journal.reading import JournalReader
from bot.supervise import Exit
from config.load import load_settings, session_calendar
from domain.desk import TradingState
from domain.events import BrokerReady
from sim.exchange.market import Market
from sim.exchange.scenarios import load
from sim.gateway.server import GatewayServer
from sim.gateway.settings import GatewaySettings
from sim.virtual_time import run

pytestmark = pytest.mark.scenario

HOUR = 3600.0


class Stage:
    """A market, perhaps a gateway, and as many lives of the daemon as a test wants."""

    def __init__(self, folder, *, account="DU1234567", gateway=True) -> None:
        loop = asyncio.get_running_loop()
        scenario = load("volmageddon", days=2)
        self.market = Market(scenario, session_calendar(), seed=7)
        self.clock = LoopClock(self.market.now - timedelta(seconds=loop.time()), loop)
        self.path = folder / "journal.sqlite"
        self.server = GatewayServer(
            self.market, seed=7, step_s=30.0, settings=GatewaySettings(account=account)
        )
        self.moving = asyncio.ensure_future(self.server.run())
        if gateway:
            self.server.start_in_memory("127.0.0.1", 4002)

    async def live(self, for_s, **changes):
        """One life of the daemon; its ending and its loop."""
        settings = load_settings("demo")
        settings = settings.model_copy(
            update={"journal": settings.journal.model_copy(update={"path": self.path})}
        )
        plan = Plan("test", settings.policy(), session_calendar(), self.clock, tick_s=60.0)
        plan = replace(plan, **{"report_health": False, "opened": [], **changes})
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(for_s, stop.set)
        ending = await run_daemon(settings, plan, stop)
        return ending, plan.opened[0]

    def positions(self):
        held = self.server.gateway.account.positions.values()
        return {p.listing.contract: p.quantity for p in held if p.quantity}

    async def close(self) -> None:
        self.moving.cancel()
        await asyncio.wait([self.moving])
        await self.server.close()


def play(story):
    async def whole():
        stages = []
        try:
            return await story(stages)
        finally:
            for stage in stages:
                await stage.close()

    return run(whole())


def test_a_restarted_daemon_knows_its_positions_and_sends_nothing_twice(tmp_path):
    async def story(stages):
        stages.append(stage := Stage(tmp_path))
        _, first = await stage.live(2 * HOUR)
        held = stage.positions()
        ending, second = await stage.live(HOUR)
        return ending, held, first, second, stage.positions()

    ending, held, first, second, held_at_last = play(story)

    assert ending.exit is Exit.CLEAN
    assert held, "the first life opened a condor"
    assert first.desk.book.positions() == held
    assert second.desk.book.positions() == held == held_at_last
    assert second.desk.ready_at is not None
    assert second.desk.trading is TradingState.ACTIVE
    reader = JournalReader(tmp_path / "journal.sqlite")
    assert reader.troubles() == []
    assert reader.count("intent") == reader.count("send") == len(first.desk.orders)
    assert [life["ended"] for life in reader.lives()] == ["clean", "clean"]


def test_a_daemon_killed_with_an_order_at_work_finds_out_what_became_of_it(tmp_path):
    async def story(stages):
        stages.append(stage := Stage(tmp_path))
        seen = []

        def pull_the_plug(events, effects, desk):
            seen.extend(desk.working)
            if any(order.status.value == "accepted" for order in desk.working):
                raise KeyError("a bug right after the order was accepted")

        ending, _ = await stage.live(3 * HOUR, observers=(pull_the_plug,))
        await asyncio.sleep(600)  # the market goes on without us
        _, second = await stage.live(HOUR, resume="looked at it")
        return ending, stage, second

    ending, stage, second = play(story)

    assert ending.exit is Exit.CRASHED
    assert second.desk.book.positions() == stage.positions()
    assert not second.desk.uncertain


def test_after_a_bug_the_daemon_comes_back_halted_until_an_operator_says_otherwise(tmp_path):
    async def story(stages):
        stages.append(stage := Stage(tmp_path))

        def buggy(events, effects, desk):
            if any(isinstance(event, BrokerReady) for event in events):
                raise ZeroDivisionError("a bug in the core")

        crashed, _ = await stage.live(HOUR, observers=(buggy,))
        _, halted = await stage.live(3 * HOUR)
        held_while_halted = stage.positions()
        _, resumed = await stage.live(60.0, resume="fixed")
        return crashed, halted, held_while_halted, resumed

    crashed, halted, held_while_halted, resumed = play(story)

    assert crashed.exit is Exit.CRASHED
    assert isinstance(crashed.error, ZeroDivisionError)
    assert halted.desk.trading is TradingState.HALTED
    assert "a bug in the core" in halted.desk.trading_why
    assert held_while_halted == {}, "a halted daemon opens nothing"
    assert resumed.desk.trading is TradingState.ACTIVE


def test_a_live_account_ends_the_daemon_with_3_before_anything_is_sent(tmp_path):
    async def story(stages):
        stages.append(stage := Stage(tmp_path, account="U1234567"))
        ending, loop = await stage.live(3 * HOUR)
        return ending, loop, stage.positions()

    ending, loop, positions = play(story)

    assert ending.exit is Exit.LIVE_REFUSED == 3
    assert positions == {}
    assert loop.desk.ready_at is None
    assert loop.desk.tally.sent == 0


def test_without_a_gateway_it_keeps_trying_and_still_stops_when_told(tmp_path):
    async def story(stages):
        stages.append(stage := Stage(tmp_path, gateway=False))
        stage.server.start_in_memory("127.0.0.1", 4002)
        asyncio.get_running_loop().unlisten("127.0.0.1", 4002)
        alone, lonely = await stage.live(HOUR)
        asyncio.get_running_loop().call_later(
            1800.0, stage.server.start_in_memory, "127.0.0.1", 4002
        )
        _, late = await stage.live(HOUR)
        return alone, lonely, late

    alone, lonely, late = play(story)

    assert alone.exit is Exit.CLEAN
    assert lonely.desk.ready_at is None
    assert late.desk.ready_at is not None, "it connects as soon as there is somebody"
