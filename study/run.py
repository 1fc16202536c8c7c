"""One study from period to results: replay every book, measure, judge.

Books may be spread over processes. A book's days depend on nothing but itself, so the results are
the same for any number of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil
from pathlib import Path

from domain.session import SessionCalendar
from engine.policy import Policy
from sim.exchange.scenarios import Scenario
from study.books import HEDGED, UNHEDGED, BookSpec, phase_books, shadow_books
from study.bootstrap import Interval
from study.claims import judge, volatility_cut
from study.layers import Ablation, ablation, phase_claim
from study.metrics import (
    REGIMES,
    BookMetrics,
    CalmYear,
    Episode,
    book_metrics,
    calm_years,
    episodes,
)
from study.replay import BookRun, Recorder, replay
from study.spread import Progress, Task, remembered, run_tasks
from study.verdicts import Claim

_TOGETHER = 4  # books replayed side by side where finished ones are kept


@dataclass(frozen=True, slots=True)
class RegimeCut:
    """Volatility the hedge takes away on the days of one regime."""

    regime: str
    cut: Interval


@dataclass(frozen=True, slots=True)
class Results:
    """Everything a report shows; ``runs`` and ``books`` are in the order of the shadow books."""

    first: date
    last: date
    source: str
    seed: int
    fingerprint: str
    runs: tuple[BookRun, ...]
    books: tuple[BookMetrics, ...]
    claims: tuple[Claim, ...]
    cuts: tuple[RegimeCut, ...]
    episodes: tuple[Episode, ...]
    calm: tuple[CalmYear, ...]
    ablation: Ablation

    def run(self, name: str) -> BookRun:
        return next(run for run in self.runs if run.name == name)

    def book(self, name: str) -> BookMetrics:
        return next(book for book in self.books if book.name == name)


def study(
    scenario: Scenario,
    calendar: SessionCalendar,
    policy: Policy,
    *,
    seed: int,
    workers: int = 1,
    books: Sequence[BookSpec] | None = None,
    phases: bool = False,
    memory: Path | None = None,
    progress: Progress | None = None,
    record: Recorder | None = None,
) -> Results:
    """Replay and judge. ``progress`` hears how many sessions of books more are done.

    ``phases`` adds books whose rolls are shifted. With ``memory`` finished books are kept in that
    folder, and an interrupted study goes on from there. ``record`` hears every batch of every
    book, and asks for a single process without ``memory``.
    """
    assert record is None or (workers == 1 and memory is None)
    specs = tuple(books) if books is not None else shadow_books(policy)
    shifted = phase_books(policy) if phases else ()
    specs += shifted
    if memory is None:
        runs = run_books(
            scenario, calendar, specs, seed=seed, workers=workers,
            progress=progress, record=record,
        )  # fmt: skip
    else:
        runs = _kept_books(
            scenario, calendar, specs, seed=seed, workers=workers, memory=memory, progress=progress
        )
    named = {run.name: run for run in runs}
    unhedged, hedged = named[UNHEDGED], named[HEDGED]
    claims = judge(unhedged, hedged, seed=seed)
    if shifted:
        claims += (phase_claim(unhedged, hedged, [named[spec.name] for spec in shifted]),)
    return Results(
        scenario.days[0].on,
        scenario.days[-1].on,
        scenario.source,
        seed,
        policy.fingerprint,
        runs,
        tuple(book_metrics(run) for run in runs),
        tuple(sorted(claims, key=lambda claim: int(claim.code[1:]))),
        tuple(
            RegimeCut(name, volatility_cut(unhedged, hedged, low, high, seed=seed))
            for name, low, high in REGIMES
        ),
        episodes(unhedged, hedged),
        calm_years(hedged),
        ablation(unhedged, hedged, seed=seed),
    )


def run_books(
    scenario: Scenario,
    calendar: SessionCalendar,
    books: Sequence[BookSpec],
    *,
    seed: int,
    workers: int = 1,
    progress: Progress | None = None,
    record: Recorder | None = None,
) -> tuple[BookRun, ...]:
    """Replays of ``books`` in their order, over up to ``workers`` processes."""
    if record is not None or workers < 2 or len(books) < 2:
        told = None if progress is None else (lambda _on: progress(len(books)))
        return replay(scenario, calendar, books, seed=seed, progress=told, record=record)
    tasks = [Task(scenario, calendar, share, seed) for share in shared_out(books, workers)]
    found = {
        run.name: run
        for runs in run_tasks(tasks, workers=len(tasks), sessions=progress)
        for run in runs
    }
    return tuple(found[book.name] for book in books)


def _kept_books(
    scenario: Scenario,
    calendar: SessionCalendar,
    books: Sequence[BookSpec],
    *,
    seed: int,
    workers: int,
    memory: Path,
    progress: Progress | None,
) -> tuple[BookRun, ...]:
    """As ``run_books``, but what is kept in ``memory`` is not replayed again, and the rest goes in
    shares of a few books, which an interruption does not take all at once.
    """
    alone = [Task(scenario, calendar, (book,), seed) for book in books]
    missing = [task.books[0] for task in alone if remembered(memory, task) is None]
    if progress is not None:
        progress(len(scenario.days) * (len(books) - len(missing)))
    if missing:
        shares = shared_out(missing, max(workers, ceil(len(missing) / _TOGETHER)))
        tasks = [Task(scenario, calendar, share, seed) for share in shares]
        run_tasks(tasks, workers=workers, memory=memory, sessions=progress)
    return tuple(run for (run,) in run_tasks(alone, memory=memory))


def shared_out(books: Sequence[BookSpec], workers: int) -> list[tuple[BookSpec, ...]]:
    """``books`` over up to ``workers`` processes, so that all end at about the same time: dear
    books first, each to whoever has the least to do.
    """
    shares: list[list[BookSpec]] = [[] for _ in range(min(workers, len(books)))]
    loads = [0.0] * len(shares)
    for book in sorted(books, key=_cost, reverse=True):
        least = loads.index(min(loads))
        shares[least].append(book)
        loads[least] += _cost(book)
    return [tuple(share) for share in shares]


def _cost(book: BookSpec) -> float:
    """What a session costs, in sessions of an unhedged book: measured, see benchmarks/study.py."""
    return 1.4 if any(book.policy.hedge.ratio) else 1.0
