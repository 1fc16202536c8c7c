"""An event loop whose seconds pass faster than real ones, alike in every process of a machine.

Its time is the machine's monotonic clock times ``speed``, so a gateway and a daemon in two
processes agree about it without talking. Unlike virtual time it goes on while callbacks run.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar

from bot.clock import LoopClock

T = TypeVar("T")


class _QuickSelector(selectors.DefaultSelector):
    def __init__(self, speed: float) -> None:
        super().__init__()
        self._speed = speed

    def select(self, timeout: float | None = None):
        return super().select(timeout if timeout is None else timeout / self._speed)


class QuickLoop(asyncio.SelectorEventLoop):
    def __init__(self, speed: float) -> None:
        self._speed = speed
        super().__init__(_QuickSelector(speed))

    def time(self) -> float:
        return super().time() * self._speed


def run(main: Coroutine[Any, Any, T], speed: float) -> T:
    with asyncio.Runner(loop_factory=lambda: QuickLoop(speed)) as runner:
        return runner.run(main)


def clock_from(origin: datetime, at_loop_s: float, loop: asyncio.AbstractEventLoop) -> LoopClock:
    """The clock that says ``origin`` when ``loop`` counts ``at_loop_s``."""
    return LoopClock(origin - timedelta(seconds=at_loop_s), loop)
