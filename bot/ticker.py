"""Tells the desk the time, which it has no other way to know."""

import asyncio
from datetime import datetime, timedelta

from bot.control import ControlFile
from bot.inbox import Inbox
from bot.ports import Clock
from domain.events import ClockTicked
from domain.session import SessionCalendar, new_york

AROUND_SESSION = timedelta(minutes=30)  # so long before the open and after the close time matters
BETWEEN_SESSIONS_S = 600.0


async def tick_clock(
    inbox: Inbox,
    clock: Clock,
    calendar: SessionCalendar,
    every_s: float,
    control: ControlFile | None = None,
) -> None:
    """For ever: every ``every_s`` seconds around a session, seldom between sessions.

    An operator's request found in ``control`` goes ahead of the tick.
    """
    while True:
        now = clock.now()
        request = None if control is None else control.news(now)
        if request is not None:
            inbox.put(request)
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
