"""One study from period to results: replay every book, measure, judge.

Books may be spread over processes. A book's days depend on nothing but itself, so the results are
the same for any number of them.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date

from domain.session import SessionCalendar
from engine.policy import Policy
from sim.exchange.scenarios import Scenario
from study.books import HEDGED, UNHEDGED, BookSpec, shadow_books
from study.bootstrap import Interval
from study.claims import Claim, judge, volatility_cut
from study.metrics import (
    REGIMES,
    BookMetrics,
    CalmYear,
    Episode,
    book_metrics,
    calm_years,
    episodes,
)
from study.replay import BookRun, replay


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
    progress: Callable[[date], None] | None = None,
) -> Results:
    """Replay and judge. ``progress`` hears of every session, but only from a single process."""
    specs = tuple(books) if books is not None else shadow_books(policy)
    runs = run_books(scenario, calendar, specs, seed=seed, workers=workers, progress=progress)
    named = {run.name: run for run in runs}
    unhedged, hedged = named[UNHEDGED], named[HEDGED]
    return Results(
        scenario.days[0].on,
        scenario.days[-1].on,
        scenario.source,
        seed,
        policy.fingerprint,
        runs,
        tuple(book_metrics(run) for run in runs),
        judge(unhedged, hedged, seed=seed),
        tuple(
            RegimeCut(name, volatility_cut(unhedged, hedged, low, high, seed=seed))
            for name, low, high in REGIMES
        ),
        episodes(unhedged, hedged),
        calm_years(hedged),
    )


def run_books(
    scenario: Scenario,
    calendar: SessionCalendar,
    books: Sequence[BookSpec],
    *,
    seed: int,
    workers: int = 1,
    progress: Callable[[date], None] | None = None,
) -> tuple[BookRun, ...]:
    """Replays of ``books`` in their order, over up to ``workers`` processes."""
    if workers < 2 or len(books) < 2:
        return replay(scenario, calendar, books, seed=seed, progress=progress)
    shares = [share for i in range(workers) if (share := tuple(books[i::workers]))]
    with ProcessPoolExecutor(len(shares)) as pool:
        asked = [pool.submit(replay, scenario, calendar, share, seed=seed) for share in shares]
        found = {run.name: run for future in asked for run in future.result()}
    return tuple(found[book.name] for book in books)
