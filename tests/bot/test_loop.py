"""The main loop, with the real core and fakes around it."""

import asyncio
from itertools import pairwise

import pytest

from bot.execute import Executor
from bot.gate import SendGate
from bot.inbox import Inbox
from bot.journal.failures import JournalFailed
from bot.loop import DeskLoop
from config.load import session_calendar
from domain.events import AccountUpdated, BrokerLost, BrokerReady, ClockTicked
from engine.policy import Policy
from engine.step import open_desk
from tests.bot.samples import AT, after
from tests.fakes.broker import FakeBroker
from tests.fakes.clock import FakeClock
from tests.fakes.journal import FakeJournal
from tests.fakes.telemetry import FakeTelemetry


def a_loop(calls=None, observers=()):
    policy, inbox = Policy(), Inbox()
    broker, journal = FakeBroker(calls), FakeJournal(calls)
    executor = Executor(broker, FakeTelemetry(), inbox, FakeClock(), SendGate())
    desk = open_desk(session_calendar(), policy, AT)
    return DeskLoop(desk, policy, inbox, journal, executor, broker, observers)


def test_the_batch_is_recorded_before_anything_is_asked_of_the_broker():
    calls = []
    loop = a_loop(calls)

    for second in range(0, 300, 60):
        loop.turn([BrokerReady(after(second)), ClockTicked(after(second))])

    names = [name for name, _ in calls]
    assert "watch" in names, "a desk with a broker wants prices"
    assert names[0] == "append"
    assert all(names[place - 1] == "append" for place, name in enumerate(names) if name == "watch")


def test_a_watchlist_that_did_not_change_is_not_declared_again():
    calls = []
    loop = a_loop(calls)
    for second in range(0, 600, 60):
        loop.turn([ClockTicked(after(second))])
    declared = [wanted for name, wanted in calls if name == "watch"]
    assert all(one != other for one, other in pairwise(declared))


def test_observers_see_every_finished_turn():
    seen = []
    loop = a_loop(observers=(lambda events, effects, desk: seen.append((events, desk.now)),))
    events = [AccountUpdated(after(3))]

    loop.turn(events)

    assert seen == [(events, after(3))]
    assert loop.desk.now == loop.turned_at == after(3)
    assert loop.turns == 1
    assert loop.batch == ()


def test_a_batch_that_could_not_be_recorded_changes_nothing_and_reaches_nobody():
    loop = a_loop()
    loop.journal.broken = JournalFailed("disk full")
    before = loop.desk

    with pytest.raises(JournalFailed):
        loop.turn([BrokerLost(AT, "gone")])

    assert loop.desk is before
    assert loop.broker.calls == []
    assert loop.batch == [BrokerLost(AT, "gone")], "the batch stays for the record"


async def test_the_loop_runs_from_the_inbox():
    loop = a_loop()
    running = asyncio.ensure_future(loop.run())
    loop.inbox.put(ClockTicked(after(1)))
    loop.inbox.put(BrokerReady(after(2)))
    for _ in range(5):
        await asyncio.sleep(0)
    running.cancel()

    assert loop.turns == 1, "two waiting events are one batch"
    assert loop.desk.ready_at == after(2)
