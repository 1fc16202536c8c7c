"""How many sessions a second the study replays, how that grows with books, days and processes.

    python benchmarks/replay.py [sessions]

Sessions of the history inside the package `arch`, from the quiet of January 2018 into February.
Memory is the peak of this process. (The name keeps clear of the package `study`, which a script of
that name would hide.)
"""

import resource
import sys
import time
from datetime import date

from config.load import session_calendar
from engine.policy import Policy
from sim.exchange.scenarios import Scenario
from study.books import BookSpec, shadow_books
from study.dataset import load_dataset, scenario
from study.run import run_books

CALENDAR = session_calendar()


def days(count: int) -> Scenario:
    whole = scenario(load_dataset(None, CALENDAR), date(2017, 9, 1), date(2018, 12, 31))
    return Scenario(whole.name, whole.days[:count], whole.warmup, whole.source)


def seconds(chosen: Scenario, books: tuple[BookSpec, ...], workers: int) -> float:
    start = time.perf_counter()
    run_books(chosen, CALENDAR, books, seed=0, workers=workers)
    return time.perf_counter() - start


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    books = shadow_books(Policy())
    run_books(days(3), CALENDAR, books[:2], seed=0)  # imports and caches are not measured
    print(
        f"{'books':>6}{'sessions':>10}{'workers':>9}{'seconds':>9}{'sessions/s':>12}{'a book':>9}"
    )
    for used, length, workers in (
        (books[:1], count, 1),
        (books[:2], count, 1),
        (books[:2], 2 * count, 1),
        (books, count, 1),
        (books, count, 2),
    ):
        took = seconds(days(length), used, workers)
        rate = length / took
        print(
            f"{len(used):>6}{length:>10}{workers:>9}{took:>9.2f}{rate:>12.1f}"
            f"{rate * len(used):>9.1f}"
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:.0f} MB")


if __name__ == "__main__":
    main()
