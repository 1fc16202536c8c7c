"""How fast the study replays, how that grows, and what another backtest costs.

    python benchmarks/study.py [sessions]

Sessions of the history inside the package `arch`, from September 2017 on. Seconds are of the
processor, the least of a few runs, so that other work on the machine counts little; only two
workers are timed by the clock, beside a control that shows what the machine gives to two processes
which share nothing. Memory is the peak of this process. The other backtest is optopsy, given the
same market's quotes of one condor a session, to be held from about 45 to about 21 days before
expiration without any management.
"""

import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

# A script's own folder comes first on the path, where this file would hide the package it measures.
sys.path[:] = [each for each in sys.path if Path(each or ".").resolve() != Path(__file__).parent]

import pandas as pd

from config.load import load_settings, session_calendar
from domain.instruments import Right
from sim.exchange.book import plan_options, two_sided, value_options
from sim.exchange.listings import OptionKey
from sim.exchange.scenarios import Scenario
from sim.exchange.tape import Tape
from study.books import BookSpec, shadow_books
from study.dataset import load_dataset, scenario
from study.run import run_books, shared_out

CALENDAR = session_calendar()
_GOAL_S, _GOAL_SESSIONS, _GOAL_BOOKS = 60.0, 4530, 8  # 2004 to 2021
_RUNS = 2
_BURNT = 5_000_000  # additions of the control, about a quarter of a second
_QUIET = 0.9  # a control below this says that somebody else is at work


def days(count: int) -> Scenario:
    whole = scenario(load_dataset(None, CALENDAR), date(2017, 9, 1), date(2018, 12, 31))
    return Scenario(whole.name, whole.days[:count], whole.warmup, whole.source)


def seconds(chosen: Scenario, books: tuple[BookSpec, ...]) -> float:
    """Of the processor, the least of a few runs in this process."""
    return min(_measured(chosen, books) for _ in range(_RUNS))


def _measured(chosen: Scenario, books: tuple[BookSpec, ...]) -> float:
    start = time.process_time()
    run_books(chosen, CALENDAR, books, seed=0)
    return time.process_time() - start


def by_the_clock(chosen: Scenario, books: tuple[BookSpec, ...], workers: int) -> float:
    """The least of a few runs."""
    took = []
    for _ in range(_RUNS):
        start = time.perf_counter()
        run_books(chosen, CALENDAR, books, seed=0, workers=workers)
        took.append(time.perf_counter() - start)
    return min(took)


def control() -> float:
    """How fast two processes are that share nothing, over one alone: 1 on two idle cores."""
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(_burn, [_BURNT] * 2))  # both are started
        alone = min(pool.submit(_burn, _BURNT).result() for _ in range(3))
        both = min(max(pool.map(_burn, [_BURNT] * 2)) for _ in range(3))
    return alone / both


def _burn(count: int) -> float:
    start, total = time.perf_counter(), 0
    for i in range(count):
        total += i
    return time.perf_counter() - start


def condor_quotes(chosen: Scenario) -> pd.DataFrame:
    """Quotes at the close of one 45-day condor a session, and again 24 days later."""
    tape = Tape(chosen, CALENDAR, 0)
    rows: list[dict[str, object]] = []
    for position in range(tape.first, len(tape.days)):
        day, state = tape.days[position], tape.state_at_close(position)
        expiration = day.on + timedelta(days=45)
        strikes = [round(state.spx * share / 25) * 25 for share in (0.91, 0.92, 1.05, 1.06)]
        leave = expiration - timedelta(days=21)
        later = next((i for i in range(position, len(tape.days)) if tape.days[i].on >= leave), None)
        if later is None:
            break
        for on, at in ((day.on, position), (leave, later)):
            rows += _quoted(tape, at, on, expiration, strikes)
    return pd.DataFrame(rows)


def _quoted(
    tape: Tape, position: int, on: date, expiration: date, strikes: list[int]
) -> list[dict[str, object]]:
    state = tape.state_at_close(position)
    settles = state.ts + (expiration - on).days * 86400.0
    rights = (Right.PUT, Right.PUT, Right.CALL, Right.CALL)
    keys = [OptionKey("SPXW", expiration, k, r) for k, r in zip(strikes, rights, strict=True)]
    plan = plan_options([0] * 4, keys, [settles] * 4, [settles] * 4)
    bids, asks = two_sided(plan, value_options(plan, state), state.vix)
    return [
        {
            "underlying_symbol": "SPX", "underlying_price": state.spx,
            "option_type": key.right.value.lower(), "expiration": pd.Timestamp(expiration),
            "quote_date": pd.Timestamp(on), "strike": float(key.strike),
            "bid": float(bid), "ask": float(ask),
        }
        for key, bid, ask in zip(keys, bids, asks, strict=True)
    ]  # fmt: skip


def other_backtest(chosen: Scenario) -> tuple[float, int] | None:
    """Seconds and condors of optopsy over the same sessions; None where it is not installed."""
    if find_spec("optopsy") is None:
        return None
    optopsy = import_module("optopsy")
    quotes = condor_quotes(chosen).astype(
        {"expiration": "datetime64[ns]", "quote_date": "datetime64[ns]"}
    )
    start = time.perf_counter()
    found = optopsy.iron_condor(
        quotes, max_entry_dte=46, exit_dte=21, max_otm_pct=0.2, slippage="spread", raw=True
    )
    return time.perf_counter() - start, len(found)


def two_workers(chosen: Scenario, books: tuple[BookSpec, ...], whole: float) -> None:
    """Efficiency by the clock, and what bounds it: each process works out the market anew.

    ``whole`` are the seconds of all books in one process.
    """
    shares = [seconds(chosen, share) for share in shared_out(books, 2)]
    idle = control()
    found = by_the_clock(chosen, books, 1) / by_the_clock(chosen, books, 2) / 2
    print(
        f"efficiency of two workers: {found:.2f} by the clock (goal 0.8); shares of "
        f"{' and '.join(f'{share:.2f}' for share in shares)} s allow {whole / max(shares) / 2:.2f}"
    )
    quiet = "" if idle >= _QUIET else ": the machine is busy, do not believe the clock"
    print(f"control, two processes that share nothing: {idle:.2f}{quiet}")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    books = shadow_books(load_settings("study").policy())
    run_books(days(3), CALENDAR, books[:2], seed=0)  # imports and caches are not measured
    print(f"{'books':>6}{'sessions':>10}{'seconds':>9}{'sessions/s':>12}{'a book':>9}")
    took: dict[tuple[int, int], float] = {}
    for used, length in (
        (books[:1], count), (books[:2], count), (books[:2], 2 * count), (books, count),
    ):  # fmt: skip
        spent = took[len(used), length] = seconds(days(length), used)
        rate = length / spent
        print(f"{len(used):>6}{length:>10}{spent:>9.2f}{rate:>12.1f}{rate * len(used):>9.1f}")
    print(f"twice the days cost {took[2, 2 * count] / took[2, count]:.2f} times as much")
    two_workers(days(count), books, took[len(books), count])
    whole = took[len(books), count] / len(books) / count * _GOAL_BOOKS * _GOAL_SESSIONS
    print(f"2004 to 2021, eight books, one core, extrapolated: {whole:.0f} s (goal {_GOAL_S:.0f})")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:.0f} MB (goal 1024)")
    other = other_backtest(days(4 * count))
    if other is None:
        print("optopsy is not installed: nothing to compare with")
        return
    spent, condors = other
    ours = took[1, count] / count
    print(
        f"optopsy: {condors} unmanaged condors in {spent:.2f} s, {1000 * spent / condors:.2f} ms "
        f"each; here a session of a managed book takes {1000 * ours:.2f} ms, "
        f"{ours / (spent / condors):.1f} times that"
    )


if __name__ == "__main__":
    main()
