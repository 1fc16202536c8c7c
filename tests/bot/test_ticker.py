"""How often the desk hears the time."""

import asyncio
from datetime import timedelta

from bot.inbox import Inbox
from bot.ticker import BETWEEN_SESSIONS_S, pause_s, tick_clock
from config.load import session_calendar
from domain.events import ClockTicked
from tests.fakes.clock import START, FakeClock

CALENDAR = session_calendar()
OPEN = CALENDAR.open_at(START.date())
CLOSE = CALENDAR.close_at(START.date())


def test_around_and_during_a_session_the_time_is_told_as_often_as_asked():
    for moment in (OPEN - timedelta(minutes=29), OPEN, START, CLOSE + timedelta(minutes=29)):
        assert pause_s(CALENDAR, moment, 5.0) == 5.0


def test_between_sessions_it_is_told_seldom():
    saturday = OPEN + timedelta(days=4)
    for moment in (CLOSE + timedelta(minutes=31), OPEN - timedelta(hours=5), saturday):
        assert pause_s(CALENDAR, moment, 5.0) == BETWEEN_SESSIONS_S


def test_the_eve_of_a_session_is_not_slept_through():
    assert pause_s(CALENDAR, OPEN - timedelta(minutes=31), 5.0) == 60.0


async def test_the_desk_is_told_at_once_when_it_starts():
    inbox = Inbox()
    ticking = asyncio.ensure_future(tick_clock(inbox, FakeClock(), CALENDAR, 5.0))
    assert await inbox.drain() == [ClockTicked(START)]
    ticking.cancel()
