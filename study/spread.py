"""Many replays over processes or a Dask cluster, remembered on disk, with one result for any
number of them.

A replay depends on its task alone, so where and in which order it runs changes nothing. What was
computed before is read back by a digest of everything it depends on.
"""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import Manager
from pathlib import Path
from typing import Any

import msgspec

from config.build import digest_of
from domain.session import SessionCalendar
from sim.exchange.scenarios import Scenario
from study.books import BookSpec
from study.replay import BookRun, replay

_FORMAT = 2  # of what is remembered; another number forgets all of it
_DECIDING = ("config", "domain", "engine", "risk", "sim", "strategies", "study")
_LISTEN_S = 0.2


@dataclass(frozen=True, slots=True)
class Task:
    """One history and the books replayed over it together."""

    scenario: Scenario
    calendar: SessionCalendar
    books: tuple[BookSpec, ...]
    seed: int

    @property
    def sessions(self) -> int:
        """Of all books together."""
        return len(self.scenario.days) * len(self.books)

    def digest(self, book: BookSpec) -> str:
        """Names everything the result of ``book`` depends on: days, table, rules, seed, code."""
        table = self.calendar
        facts = (
            _FORMAT, digest_of(_DECIDING), self.seed, book,
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
    sessions: Progress | None = None,
) -> tuple[Runs, ...]:
    """The runs of every task, in the order of ``tasks``.

    ``dask`` is the address of a scheduler whose workers have this product installed. ``memory`` is
    a folder in which finished books are kept, so that an interrupted call goes on where it stopped.
    ``progress`` hears how many tasks are done, ``sessions`` how many sessions of books more have
    been replayed, or were kept; from a cluster only whole tasks.
    """
    found: dict[int, Runs] = {}
    heard = sessions or _unheard
    for place, task in enumerate(tasks):
        known = remembered(memory, task)
        if known is not None:
            found[place] = known
            heard(task.sessions)
    missing = [place for place in range(len(tasks)) if place not in found]
    if progress is not None:
        progress(len(found))

    def keep(place: int, runs: Runs) -> None:
        found[place] = runs
        _remember(memory, tasks[place], runs)
        if progress is not None:
            progress(len(found))

    if dask:
        _over_dask(dask, tasks, missing, keep, heard)
    elif workers > 1 and len(missing) > 1:
        _over_processes(workers, tasks, missing, keep, sessions)
    else:
        for place in missing:
            keep(place, perform(tasks[place], sessions))
    return tuple(found[place] for place in range(len(tasks)))


def perform(task: Task, sessions: Progress | None = None) -> Runs:
    """One task, here and now."""
    told = None if sessions is None else (lambda _on: sessions(len(task.books)))
    return replay(task.scenario, task.calendar, task.books, seed=task.seed, progress=told)


def remembered(memory: Path | None, task: Task) -> Runs | None:
    """None when a book is missing, or not readable: then the task is computed again."""
    if memory is None:
        return None
    try:
        return tuple(
            msgspec.msgpack.decode(_file(memory, task, book).read_bytes(), type=BookRun)
            for book in task.books
        )
    except (OSError, msgspec.MsgspecError):
        return None


def _unheard(_sessions: int) -> None:
    """Nobody listens."""


def _over_processes(
    workers: int,
    tasks: Sequence[Task],
    places: Sequence[int],
    keep: Callable[[int, Runs], None],
    sessions: Progress | None,
) -> None:
    with ExitStack() as stack:
        told = None if sessions is None else stack.enter_context(Manager()).Queue()
        pool = stack.enter_context(ProcessPoolExecutor(min(workers, len(places))))
        asked = {
            pool.submit(perform, tasks[place], None if told is None else told.put): place
            for place in places
        }
        pending = set(asked)
        while pending:
            done, pending = wait(
                pending, None if told is None else _LISTEN_S, return_when=FIRST_COMPLETED
            )
            for future in done:
                keep(asked[future], future.result())
            while told is not None and sessions is not None and not told.empty():
                sessions(told.get())


def _over_dask(
    address: str,
    tasks: Sequence[Task],
    places: Sequence[int],
    keep: Callable[[int, Runs], None],
    sessions: Progress,
) -> None:
    """Needs the extra ``dask``; imported here because it costs a second."""
    library: Any = import_module("distributed")
    with library.Client(address, timeout="30s") as client:
        asked = {client.submit(perform, tasks[place], pure=False): place for place in places}
        for future in library.as_completed(list(asked)):
            keep(asked[future], future.result())
            sessions(tasks[asked[future]].sessions)


def _remember(memory: Path | None, task: Task, runs: Runs) -> None:
    if memory is None:
        return
    memory.mkdir(parents=True, exist_ok=True)
    for book, run in zip(task.books, runs, strict=True):
        path = _file(memory, task, book)
        fresh = path.with_suffix(".new")
        fresh.write_bytes(msgspec.msgpack.encode(run))
        fresh.replace(path)


def _file(memory: Path, task: Task, book: BookSpec) -> Path:
    return memory / f"{task.digest(book)}.msgpack"
