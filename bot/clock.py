"""The only reader of the wall clock. Two kinds of time: the system's, and a simulated loop's."""

import asyncio
from datetime import UTC, datetime, timedelta


class SystemClock:
    """Real time, UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class LoopClock:
    """Time counted by an event loop from ``epoch``: under a virtual-time loop, simulated UTC."""

    def __init__(self, epoch: datetime, loop: asyncio.AbstractEventLoop) -> None:
        if epoch.tzinfo is None:
            raise ValueError("the epoch of a clock needs a time zone")
        self._epoch = epoch.astimezone(UTC)
        self._loop = loop

    def now(self) -> datetime:
        return self._epoch + timedelta(seconds=self._loop.time())
