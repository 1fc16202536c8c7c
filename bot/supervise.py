"""Who watches the tasks: any task that ends ends the process, and says how. Crash-only. Books on
paper, and whatever only shows the desk, are the exception: what goes wrong there ends them, and
nothing else.

The one place where an exception nobody expected is caught, so that it can be recorded before exit.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeVar

from bot.ports import Beside, LiveAccountRefused
from domain.desk import Desk
from domain.effects import Effect
from domain.events import Event
from domain.instruments import Contract

GRACE_S = 3.0  # for all tasks to let go of what they hold; SIGTERM must end the process within 5


class Exit(IntEnum):
    """Exit codes of the daemon; documented in the README."""

    CLEAN = 0
    INVARIANT_BROKEN = 1
    BAD_CONFIG = 2
    LIVE_REFUSED = 3
    CRASHED = 70


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended. ``error``: what the first failing task raised, None after a stop."""

    exit: Exit
    task: str = ""
    error: BaseException | None = None


class TaskEnded(Exception):
    """A task that should run for ever returned."""


Answer = TypeVar("Answer")


class Dispensable:
    """What runs beside the desk and may fail: the first exception switches it off for good, and
    ``failed`` is told once. The desk goes on as if it had never been there.
    """

    def __init__(self, beside: Beside, failed: Callable[[Exception], None]) -> None:
        self._beside: Beside | None = beside
        self._failed = failed

    def sift(self, events: Sequence[Event]) -> Sequence[Event]:
        return self._tried(lambda beside: beside.sift(events), events)

    def lines(self, live: tuple[Contract, ...]) -> tuple[Contract, ...]:
        return self._tried(lambda beside: beside.lines(live), live)

    def observe(self, desk: Desk) -> None:
        self._tried(lambda beside: beside.observe(desk), None)

    def _tried(self, ask: Callable[[Beside], Answer], otherwise: Answer) -> Answer:
        if self._beside is None:
            return otherwise
        try:
            return ask(self._beside)
        except Exception as error:  # it must not take the desk with it
            self._off(error)
            return otherwise

    def _off(self, error: Exception) -> None:
        self._beside = None
        self._failed(error)


class Onlooker:
    """``observe``, which only shows the desk to somebody, until its first exception; ``failed`` is
    told of that, with ``name``, and the desk goes on.
    """

    def __init__(
        self,
        name: str,
        observe: Callable[[Sequence[Event], Sequence[Effect], Desk], None],
        failed: Callable[[str, Exception], None],
    ) -> None:
        self._name = name
        self._observe = observe
        self._failed = failed
        self._off = False

    def __call__(self, events: Sequence[Event], effects: Sequence[Effect], desk: Desk) -> None:
        if self._off:
            return
        try:
            self._observe(events, effects, desk)
        except Exception as error:  # no page is worth a halted desk
            self._off = True
            self._failed(self._name, error)


async def spared(
    name: str, run: Callable[[], Awaitable[None]], failed: Callable[[str, Exception], None]
) -> None:
    """``run`` as a task that may break: ``failed`` is told, and the others go on."""
    try:
        await run()
    except Exception as error:  # a part that can be spared never takes the desk with it
        failed(name, error)
    await asyncio.Event().wait()


async def supervise(
    tasks: Mapping[str, Callable[[], Awaitable[None]]], stop: asyncio.Event
) -> Ending:
    """Run ``tasks`` together until ``stop`` is set or one ends; then none is left running."""
    running = {asyncio.ensure_future(_forever(run)): name for name, run in tasks.items()}
    stopping = asyncio.ensure_future(stop.wait())
    try:
        done, _ = await asyncio.wait([stopping, *running], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (stopping, *running):
            task.cancel()
        await asyncio.wait([stopping, *running], timeout=GRACE_S)
    for (
        task,
        name,
    ) in running.items():  # as declared, so that ties are told alike
        if task not in done or task.cancelled():
            continue
        if (error := task.exception()) is not None:
            refused = isinstance(error, LiveAccountRefused)
            return Ending(Exit.LIVE_REFUSED if refused else Exit.CRASHED, name, error)
    return Ending(Exit.CLEAN)


async def _forever(run: Callable[[], Awaitable[None]]) -> None:
    await run()
    raise TaskEnded("a task that runs for ever came back")
