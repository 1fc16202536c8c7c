"""Who watches the tasks: any task that ends ends the process, and says how. Crash-only.

The one place where an exception nobody expected is caught, so that it can be recorded before exit.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from bot.ports import LiveAccountRefused

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
