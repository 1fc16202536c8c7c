"""How long a commit takes, and how long a killed daemon with a long history needs to know its desk.

    .venv/bin/python benchmarks/journal.py [--rows 200000] [--folder DIR]

Commits are those of order batches, on the disk that --folder is on. The history is made of orders
that were sent, accepted, filled by the leg and paid for, over many days. Goals: commit p99 at most
10 ms; recovery with 200,000 rows at most 5 s, of which connecting to a gateway takes about 0.2 s.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from bot.journal.reading import JournalReader
from bot.journal.sqlite import SqliteJournal
from bot.recovery import DeskKeeper, checkpoint_troubles, first_desk, folded, recovered
from config.load import load_settings, session_calendar
from domain.effects import Effect, ModifyLimit, PlaceOrder
from domain.events import (
    BrokerReady,
    CommissionReported,
    Event,
    OrderAccepted,
    OrderFilled,
    OrderSubmitted,
)
from domain.instruments import Right, spxw_option
from domain.orders import Layer, Leg, Order, OrderIntent, Purpose, Walk

START = datetime(2018, 1, 16, 15, 0, tzinfo=UTC)
ORDERS_A_DAY = 60
EVERY = load_settings("paper").journal.checkpoint_every_rows


def order(number: int, at: datetime) -> Order:
    """One condor, every second of which closes the one before."""
    expiration = at.date() + timedelta(days=45)
    low = 2600.0 + 5 * (number // 2 % 20)
    sides = (Right.PUT, Right.PUT, Right.CALL, Right.CALL)
    strikes = (low, low + 30, low + 200, low + 230)
    ratios = (1, -1, -1, 1) if number % 2 == 0 else (-1, 1, 1, -1)
    legs = tuple(
        Leg(spxw_option(expiration, strike, side), ratio)
        for strike, side, ratio in zip(strikes, sides, ratios, strict=True)
    )
    limit = Decimal("-3.20") if number % 2 == 0 else Decimal("1.60")
    closing = number % 2 == 1
    intent = OrderIntent(
        Purpose.CLOSE_CONDOR if closing else Purpose.OPEN_CONDOR, Layer.CONDOR, legs, 1, limit,
        Walk(limit + 1, Decimal("0.05"), 60.0, 600.0), "4.2.entry", "a benchmark",
        subject=f"cb-{number - 1}" if closing else "", inputs=(("vix", 11.0),),
    )  # fmt: skip
    return Order(f"cb-{number}", intent, at, limit)


def history(rows: int) -> Iterator[tuple[list[Event], list[Effect]]]:
    """Batches of a busy desk until there are ``rows`` records."""
    written, number = 0, 0
    while written < rows:
        at = START + timedelta(days=number // ORDERS_A_DAY, minutes=number % ORDERS_A_DAY)
        placed = order(number, at)
        ref = placed.order_ref
        batches: list[tuple[list[Event], list[Effect]]] = [
            ([BrokerReady(at)], [PlaceOrder(placed)]),
            ([OrderSubmitted(at, ref, number + 1)], []),
            ([OrderAccepted(at, ref, 10_000 + number)], [ModifyLimit(ref, placed.limit)]),
        ]
        for place, leg in enumerate(placed.intent.legs):
            exec_id = f"{number:08x}.{place:02x}"
            price = Decimal(leg.ratio > 0) + 2
            fill = OrderFilled(at, ref, exec_id, 1, leg.contract, leg.ratio, price)
            batches.append(([fill, CommissionReported(at, exec_id, Decimal("1.25"))], []))
        for events, effects in batches:
            written += len(events) + len(effects)
            yield events, effects
        number += 1


def commits(folder: Path, count: int) -> list[float]:
    """Seconds of each commit of an order batch."""
    journal = SqliteJournal(folder / "commits.sqlite")
    journal.begin_life("benchmark", START, "", "")
    took = []
    for number in range(count):
        batch = [PlaceOrder(order(number, START))]
        began = time.perf_counter()
        journal.append([BrokerReady(START)], batch)
        took.append(time.perf_counter() - began)
    journal.close()
    return sorted(took)


def filled(path: Path, rows: int) -> tuple[int, list[float]]:
    """A journal of that many rows, left as a killed process leaves it just before the next desk
    would have been saved. Returns the rows, and the seconds that each saving took.
    """
    journal, calendar = SqliteJournal(path), session_calendar()
    journal.begin_life("benchmark", START, "", "")
    keeper = DeskKeeper(journal, first_desk(calendar), calendar, sys.maxsize)
    saves: list[float] = []
    journal._db.execute("PRAGMA synchronous = OFF")  # only the making of it is in a hurry
    written = saved = 0
    for events, effects in history(rows):
        journal.append(events, effects)
        keeper.observe(events, effects, keeper.desk)
        written += len(events) + len(effects)
        if written - saved >= EVERY and written <= rows - EVERY + 10:
            journal._db.execute("PRAGMA synchronous = FULL")
            began = time.perf_counter()
            keeper.save()
            saves.append(time.perf_counter() - began)
            journal._db.execute("PRAGMA synchronous = OFF")
            saved = written
    journal._db.close()
    os.close(journal._lock)
    return written, sorted(saves)


def recovery(path: Path, *, trusting: bool) -> str:
    """Open and verify, then the desk back: from the newest saved one, or from the first record."""
    began = time.perf_counter()
    journal, calendar = SqliteJournal(path), session_calendar()
    opened = time.perf_counter()
    if trusting:
        past = recovered(journal, calendar)
        desk, count = past.desk, past.records
    else:
        desk, count = folded(first_desk(calendar), journal.read())
    done = time.perf_counter()
    journal._db.close()
    realized = sum(desk.book.realized.values(), Decimal(0))  # so that it was real work
    return (
        f"open and verify {opened - began:.2f} s, fold {count} rows {done - opened:.2f} s, "
        f"{realized:,.0f} USD; {time.process_time():.2f} s of processor time in all"
    )


def verification(path: Path) -> str:
    """What ``condorbot journal verify`` does."""
    reader = JournalReader(path)
    began = time.perf_counter()
    troubles = [*reader.troubles(), *checkpoint_troubles(reader.rows(), session_calendar())]
    return f"{time.perf_counter() - began:.2f} s, {len(troubles)} troubles"


def spread(took: list[float]) -> str:
    p50, p99 = took[len(took) // 2], took[int(len(took) * 0.99)]
    return (
        f"p50 {p50 * 1e3:.2f} ms, p99 {p99 * 1e3:.2f} ms, max {took[-1] * 1e3:.2f} ms "
        f"(n = {len(took)})"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--commits", type=int, default=2000)
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--recover", type=Path, default=None, help=argparse.SUPPRESS)
    parser.add_argument("--distrust", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.recover is not None:
        print(recovery(asked.recover, trusting=not asked.distrust))
        return
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        folder = Path(name)
        print(f"commit: {spread(commits(folder, asked.commits))}; goal p99 <= 10 ms")
        rows, saves = filled(folder / "long.sqlite", asked.rows)
        size = (folder / "long.sqlite").stat().st_size / 2**20
        print(f"history: {rows} rows, {size:.0f} MiB; saving a desk: {spread(saves)}")
        for how in ("--distrust", "", "", ""):
            began = time.perf_counter()
            command = [sys.executable, __file__, "--recover", str(folder / "long.sqlite")]
            command += [how] if how else []
            said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            print(
                f"a new process with its desk back {'from the first row ' if how else ''}after "
                f"{time.perf_counter() - began:.2f} s: {said.splitlines()[-1]} (goal <= 5 s)"
            )
        print(f"journal verify: {verification(folder / 'long.sqlite')}")


if __name__ == "__main__":
    main()
