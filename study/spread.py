"""Many replays over processes or a Dask cluster, remembered on disk, with one result for any
number of them.

A replay depends on its task alone, so where and in which order it runs changes nothing. What was
computed before is read back by a digest of everything it depends on.
"""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

from domain.session import SessionCalendar
from sim.exchange.scenarios import Scenario
from study.books import BookSpec
from study.replay import BookRun, replay

_FORMAT = 1  # of what is remembered; another number forgets all of it


@dataclass(frozen=True, slots=True)
class Task:
    """One history and the books replayed over it together."""

    scenario: Scenario
    calendar: SessionCalendar
    books: tuple[BookSpec, ...]
    seed: int

    @property
    def digest(self) -> str:
        """Names everything the result depends on: days, table, rules, seed, version."""
        table = self.calendar
        facts = (
            _FORMAT, version("condorbot"), self.seed, self.books,
            self.scenario.days, self.scenario.warmup,
            table.first, table.last, sorted(table.closures), sorted(table.early_closes),
        )  # fmt: skip
        text = repr(facts)
        return hashlib.sha256(text.encode()).hexdigest()


Runs = tuple[BookRun, ...]
Progress = Callable[[int], None]


def run_tasks(
    tasks: Sequence[Task],
    *,
    workers: int = 1,
    dask: str = "",
    memory: Path | None = None,
    progress: Progress | None = None,
) -> tuple[Runs, ...]:
    """The runs of every task, in the order of ``tasks``.

    ``dask`` is the address of a scheduler whose workers have this product installed. ``memory`` is
    a folder in which finished tasks are kept, so that an interrupted call goes on where it stopped.
    ``progress`` hears how many tasks are done.
    """
    found: dict[int, Runs] = {}
    for place, task in enumerate(tasks):
        known = _remembered(memory, task)
        if known is not None:
            found[place] = known
    missing = [place for place in range(len(tasks)) if place not in found]
    if progress is not None:
        progress(len(found))

    def keep(place: int, runs: Runs) -> None:
        found[place] = runs
        _remember(memory, tasks[place], runs)
        if progress is not None:
            progress(len(found))

    if dask:
        _over_dask(dask, tasks, missing, keep)
    elif workers > 1 and len(missing) > 1:
        _over_processes(workers, tasks, missing, keep)
    else:
        for place in missing:
            keep(place, perform(tasks[place]))
    return tuple(found[place] for place in range(len(tasks)))


def perform(task: Task) -> Runs:
    """One task, here and now."""
    return replay(task.scenario, task.calendar, task.books, seed=task.seed)


def _over_processes(
    workers: int, tasks: Sequence[Task], places: Sequence[int], keep: Callable[[int, Runs], None]
) -> None:
    with ProcessPoolExecutor(min(workers, len(places))) as pool:
        asked = {pool.submit(perform, tasks[place]): place for place in places}
        for future in as_completed(asked):
            keep(asked[future], future.result())


def _over_dask(
    address: str, tasks: Sequence[Task], places: Sequence[int], keep: Callable[[int, Runs], None]
) -> None:
    """Needs the extra ``dask``; imported here because it costs a second."""
    library: Any = import_module("distributed")
    with library.Client(address, timeout="30s") as client:
        asked = {client.submit(perform, tasks[place], pure=False): place for place in places}
        for future in library.as_completed(list(asked)):
            keep(asked[future], future.result())


def _remembered(memory: Path | None, task: Task) -> Runs | None:
    """None when there is nothing, or nothing readable: then it is computed again."""
    if memory is None:
        return None
    path = memory / f"{task.digest}.msgpack"
    with suppress(OSError, msgspec.MsgspecError):
        return msgspec.msgpack.decode(path.read_bytes(), type=Runs)
    return None


def _remember(memory: Path | None, task: Task, runs: Runs) -> None:
    if memory is None:
        return
    memory.mkdir(parents=True, exist_ok=True)
    path = memory / f"{task.digest}.msgpack"
    fresh = path.with_suffix(".new")
    fresh.write_bytes(msgspec.msgpack.encode(runs))
    fresh.replace(path)
