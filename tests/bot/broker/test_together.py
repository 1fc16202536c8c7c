"""Endless jobs that end together."""

import asyncio

import pytest

from bot.broker.together import run_together


async def test_the_first_error_ends_all_and_is_raised_bare() -> None:
    ended: list[str] = []

    async def endless(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(name)

    async def failing() -> None:
        raise LookupError("once")

    with pytest.raises(LookupError, match="once"):
        await run_together(endless("a"), failing(), endless("b"))
    assert ended == ["a", "b"]


async def test_of_two_errors_in_one_instant_the_first_in_order_is_told() -> None:
    async def failing(name: str) -> None:
        raise LookupError(name)

    with pytest.raises(LookupError, match="first"):
        await run_together(failing("first"), failing("second"))


async def test_a_cancel_from_outside_reaches_every_job() -> None:
    started, stopped = asyncio.Event(), asyncio.Event()

    async def endless() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    task = asyncio.ensure_future(run_together(endless()))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert stopped.is_set()
