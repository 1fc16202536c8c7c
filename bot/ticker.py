"""Tells the desk what it cannot know: the time, and what an operator has asked for by file."""

import asyncio
from datetime import datetime, timedelta

from bot.clock_watch import ClockWatch
from bot.control import ControlFile
from bot.inbox import Inbox
from bot.ports import Clock
from domain.events import ClockTicked
from domain.session import SessionCalendar, new_york

AROUND_SESSION = timedelta(minutes=30)  # so long before the open and after the close time matters
BETWEEN_SESSIONS_S = 600.0


WATCH_S = 1.0  # so long an operator's request may lie unheard


async def watch(
    inbox: Inbox, clock: Clock, control: ControlFile, clocks: ClockWatch, every_s: float = WATCH_S
) -> None:
    """For ever, day and night: an operator's request in ``control``, and a clock that has jumped.

    Needs neither broker nor network. The request is heard before the next tick of the clock.
    """
    while True:
        clocks.trouble()
        if (request := control.news(clock.now())) is not None:
            inbox.put(request)
        await asyncio.sleep(every_s)


async def tick_clock(inbox: Inbox, clock: Clock, calendar: SessionCalendar, every_s: float) -> None:
    """For ever: every ``every_s`` seconds around a session, seldom between sessions."""
    while True:
        now = clock.now()
        inbox.put(ClockTicked(now))
        await asyncio.sleep(pause_s(calendar, now, every_s))


def pause_s(calendar: SessionCalendar, now: datetime, every_s: float) -> float:
    """Seconds until the desk should hear the time again; never past the eve of a session."""
    day = new_york(now).date()
    eve = calendar.open_at(day) - AROUND_SESSION
    if not calendar.is_session(day) or now >= calendar.close_at(day) + AROUND_SESSION:
        return max(every_s, BETWEEN_SESSIONS_S)
    if now < eve:
        return max(every_s, min(BETWEEN_SESSIONS_S, (eve - now).total_seconds()))
    return every_s
