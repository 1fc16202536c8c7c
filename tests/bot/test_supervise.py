"""Any task that ends ends the process, and says how."""

import asyncio

import pytest

from bot.ports import LiveAccountRefused
from bot.supervise import Exit, Onlooker, spared, supervise


async def forever():
    await asyncio.Event().wait()


async def test_a_requested_stop_is_a_clean_ending_and_leaves_no_task_running():
    stop = asyncio.Event()
    ended = []

    async def worker():
        try:
            stop.set()
            await forever()
        finally:
            ended.append("worker")

    ending = await supervise({"worker": worker, "other": forever}, stop)

    assert ending.exit is Exit.CLEAN
    assert ending.error is None
    assert ended == ["worker"]
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize(
    ("error", "code"),
    [(ZeroDivisionError("bug"), 70), (LiveAccountRefused("U1234567"), 3), (OSError("disk"), 70)],
)
async def test_the_first_error_ends_everything_and_decides_the_exit_code(error, code):
    async def failing():
        raise error

    ending = await supervise({"fine": forever, "failing": failing}, asyncio.Event())

    assert (ending.exit, ending.task, ending.error) == (code, "failing", error)


async def test_a_task_that_just_returns_is_a_crash_too():
    async def finished():
        return

    ending = await supervise({"clock": finished}, asyncio.Event())

    assert ending.exit is Exit.CRASHED
    assert ending.task == "clock"


async def test_of_two_errors_at_once_the_first_declared_is_told():
    async def failing():
        raise ValueError

    for _ in range(5):
        ending = await supervise({"a": failing, "b": failing, "c": failing}, asyncio.Event())
        assert ending.task == "a"


async def test_what_only_shows_the_desk_may_break_without_ending_anything():
    stop, told = asyncio.Event(), []

    async def shows():
        raise ZeroDivisionError("a bar of no width")

    def failed(name, error):
        told.append((name, str(error)))
        stop.set()

    tasks = {"desk": forever, "console": lambda: spared("console", shows, failed)}
    ending = await supervise(tasks, stop)
    assert (ending.exit, ending.error) == (Exit.CLEAN, None)
    assert told == [("console", "a bar of no width")]


def test_an_onlooker_that_breaks_is_told_of_once_and_not_asked_again():
    seen, told = [], []

    def observe(events, effects, desk):
        seen.append(desk)
        if desk == "the second":
            raise ZeroDivisionError("a bar of no width")

    onlooker = Onlooker("console", observe, lambda name, error: told.append((name, str(error))))
    for desk in ("the first", "the second", "the third"):
        onlooker((), (), desk)
    assert seen == ["the first", "the second"]
    assert told == [("console", "a bar of no width")]
