"""Halting by file and by signal, with nothing else alive; trading states survive a restart."""

import asyncio
import os
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.app import Plan, recover
from bot.cli import app
from bot.cli.run import halt_on_signal
from bot.clock import LoopClock
from bot.clock_watch import ClockWatch
from bot.control import ControlFile, Request
from bot.execute import Executor
from bot.gate import SendGate
from bot.inbox import Inbox
from bot.journal.sqlite import SqliteJournal
from bot.loop import DeskLoop
from bot.ticker import watch
from domain.desk import TradingState
from domain.effects import PlaceOrder
from domain.events import (
    ClockTicked,
    HaltRequested,
    OrderRejected,
    ReduceRequested,
    ResumeRequested,
)
from domain.orders import Purpose
from engine.fold import fold
from engine.policy import Policy
from engine.step import open_desk
from sim.virtual_time import run
from tests.bot.samples import AT, after, condor_order
from tests.builders import CALENDAR
from tests.fakes.broker import FakeBroker
from tests.fakes.clock import FakeClock
from tests.fakes.journal import FakeJournal
from tests.fakes.telemetry import FakeTelemetry


@pytest.fixture
def control(tmp_path: Path) -> ControlFile:
    return ControlFile(tmp_path / "var" / "control.json")


def halting(state: str = "halt") -> Request:
    return Request(state, "anna", "the feed looks odd", AT)  # type: ignore[arg-type]


def test_a_request_is_told_once_and_stays_in_force(control: ControlFile) -> None:
    assert control.news(AT) is None
    control.write(halting())
    assert control.news(AT) == HaltRequested(AT, "anna", "the feed looks odd")
    assert control.news(after(5)) is None
    assert control.present
    control.write(halting("reduce"))
    assert control.news(after(10)) == ReduceRequested(after(10), "anna", "the feed looks odd")
    control.clear()
    assert not control.present
    assert control.news(after(15)) is None
    again = ControlFile(control.path)
    control.write(halting())
    assert isinstance(again.news(AT), HaltRequested), "another life hears it again"


@pytest.mark.parametrize("body", [b"", b"{}", b'{"state":"resume","who":"x","why":"y","at":0}'])
def test_a_file_that_cannot_be_read_is_a_halt(control: ControlFile, body: bytes) -> None:
    control.path.parent.mkdir()
    control.path.write_bytes(body)
    assert isinstance(control.news(AT), HaltRequested)
    assert control.news(after(5)) is None


def test_the_request_is_heard_within_a_second_on_a_night_without_ticks(
    control: ControlFile,
) -> None:
    async def night() -> list[float]:
        loop, inbox = asyncio.get_running_loop(), Inbox()
        clock = LoopClock(datetime(2018, 1, 14, 3, tzinfo=UTC), loop)
        clocks = ClockWatch(clock, loop.time)
        watching = asyncio.ensure_future(watch(inbox, clock, control, clocks))
        waits = []
        for request in (halting(), halting("reduce"), halting()):
            await asyncio.sleep(100.4)
            control.write(request)
            written = loop.time()
            (event,) = await inbox.drain()
            assert isinstance(event, HaltRequested | ReduceRequested)
            waits.append(loop.time() - written)
        watching.cancel()
        return waits

    assert max(run(night())) <= 1.0


async def test_nothing_is_opened_while_the_file_is_there_even_unheard(control: ControlFile) -> None:
    broker, inbox = FakeBroker(), Inbox()
    gate = SendGate(opening_stops=(control.objection,))
    executor = Executor(broker, FakeTelemetry(), inbox, FakeClock(AT), gate)
    control.write(halting("reduce"))
    executor.execute(PlaceOrder(condor_order()))
    assert broker.calls == []
    (held,) = await inbox.drain()
    assert isinstance(held, OrderRejected)
    executor.execute(PlaceOrder(condor_order("cb-condor-2", Purpose.CLOSE_CONDOR)))
    assert [name for name, _ in broker.calls] == ["place"]


@pytest.mark.parametrize("command", ["halt", "reduce"])
def test_the_commands_write_the_file(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "control.json"
    monkeypatch.setenv("CONDORBOT_CONTROL__PATH", str(path))
    result = CliRunner().invoke(app, [command, "--reason", "a drill"])
    assert result.exit_code == 0, result.output
    event = ControlFile(path).news(AT)
    assert event is not None
    assert event.why == "a drill"
    assert isinstance(event, HaltRequested if command == "halt" else ReduceRequested)
    assert CliRunner().invoke(app, [command]).exit_code == 2, "a reason is required"


async def test_a_signal_halts_a_desk_whose_broker_is_away() -> None:
    clock, inbox = FakeClock(AT), Inbox()
    plan = Plan("test", Policy(), CALENDAR, clock)
    broker = FakeBroker()
    executor = Executor(broker, FakeTelemetry(), inbox, clock, SendGate())
    desk = open_desk(CALENDAR, Policy(), AT)
    loop = DeskLoop(desk, Policy(), inbox, FakeJournal(), executor, broker)
    plan.opened.append(loop)
    halt_on_signal(plan)
    try:
        os.kill(os.getpid(), signal.SIGUSR1)
        loop.turn(await asyncio.wait_for(inbox.drain(), 5))
    finally:
        asyncio.get_running_loop().remove_signal_handler(signal.SIGUSR1)
    assert loop.desk.trading is TradingState.HALTED


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (HaltRequested(AT, "anna", "odd"), TradingState.HALTED),
        (ReduceRequested(AT, "anna", "odd"), TradingState.REDUCING),
    ],
)
def test_a_trading_state_survives_a_restart_with_who_when_and_why(
    event: HaltRequested | ReduceRequested, state: TradingState, tmp_path: Path
) -> None:
    plan = Plan("test", Policy(), CALENDAR, FakeClock(datetime(2018, 1, 17, tzinfo=UTC)))
    for events in ([event], [ClockTicked(after(60))]):
        journal = SqliteJournal(tmp_path / "j.sqlite")
        journal.begin_life("test", AT, "c", "p")
        journal.append(events, ())
        journal.close("crashed")
    journal = SqliteJournal(tmp_path / "j.sqlite")
    desk = recover(journal.read(), plan)
    journal.close("clean")
    assert (desk.trading, desk.trading_why, desk.trading_since) == (state, "anna: odd", AT)


def test_only_a_resume_ends_a_halt() -> None:
    desk = open_desk(CALENDAR, Policy(), AT)
    desk = fold(desk, HaltRequested(AT, "anna", "odd"))
    assert fold(desk, ReduceRequested(AT, "bob", "calmer")).trading is TradingState.HALTED
    assert fold(desk, ResumeRequested(AT, "bob", "well")).trading is TradingState.ACTIVE
