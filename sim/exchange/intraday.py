"""Five-minute bars of the cash session, where history has them: which days they cover completely.

A day with a hole is left out whole, and so is one whose bars contradict themselves: its course is
modelled like that of any other day. Knows nothing of paths.
"""

import csv
import gzip
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from itertools import starmap
from pathlib import Path
from typing import TypeAlias

from domain.session import new_york

Prices: TypeAlias = tuple[float, float, float, float]  # open, high, low, close
Bars: TypeAlias = tuple[Prices, ...]  # one for every five minutes of a session, from its open

BAR_S = 300
_FILES = "spy_5min_*.csv.gz"  # of the folder ``intraday``; times in UTC
_OPEN_S = 9.5 * 3600  # New York


def read_bars(directory: Path) -> dict[date, Bars]:
    """Complete days of the S&P 500 fund's bars below ``directory``; none where there is no file."""
    found: dict[date, Bars] = {}
    for path in bar_files(directory):
        found |= complete_days(_rows(path))
    return found


def bar_files(directory: Path) -> list[Path]:
    """The files that ``read_bars`` reads, by name."""
    return sorted((directory / "intraday").glob(_FILES))


def complete_days(rows: Iterable[tuple[datetime, Prices]]) -> dict[date, Bars]:
    """Bars by New York day, for days without a hole from the open on.

    A time may name any moment of its bar. Length is not judged here: an early close is a day, too.
    """
    by_day: dict[date, dict[int, Prices]] = {}
    for at, prices in rows:
        local = new_york(at)
        since_open = local.hour * 3600 + local.minute * 60 + local.second - _OPEN_S
        by_day.setdefault(local.date(), {})[int(since_open // BAR_S)] = prices
    return {
        on: tuple(bars[i] for i in range(len(bars)))
        for on, bars in by_day.items()
        if set(bars) == set(range(len(bars))) and all(starmap(_possible, bars.values()))
    }


def _possible(opened: float, high: float, low: float, close: float) -> bool:
    return 0 < low <= min(opened, close) <= max(opened, close) <= high < float("inf")


def _rows(path: Path) -> Iterator[tuple[datetime, Prices]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            at = datetime.fromisoformat(row["index"]).replace(tzinfo=UTC)
            yield at, (
                float(row["open"]), float(row["high"]), float(row["low"]), float(row["close"]),
            )  # fmt: skip
