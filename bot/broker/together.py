"""Several endless jobs as one: the first that ends, ends them all, and its error is raised bare."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def run_together(*jobs: Coroutine[Any, Any, None]) -> None:
    """Run until one of ``jobs`` ends; the others are cancelled and waited for.

    When several fail in the same instant, the first in the order given is the one that is told.
    """
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        ended = [task for task in tasks if task.done()]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    failures = [e for t in ended if not t.cancelled() and (e := t.exception()) is not None]
    if failures:
        raise failures[0]
