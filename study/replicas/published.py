"""Published monthly index levels, and how a replica compares with them. Repairs nothing."""

import csv
from dataclasses import dataclass
from datetime import date
from math import sqrt
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from study.replicas.cndr import Levels

FILE = "cboe_strategy_indices_monthly_2007_2021.csv"
_WORST = 5


class PublishedUnreadable(ValueError):
    """The file is there and cannot be believed; the message names file and row."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Arithmetic monthly returns of both; volatility, mean and tracking error are annual shares."""

    name: str
    months: int
    first: date
    last: date
    correlation: float
    tracking_error: float
    volatility: tuple[float, float]  # replica, published
    mean: tuple[float, float]
    worst: tuple[tuple[date, float, float], ...]  # month end, replica, published

    @property
    def volatility_gap(self) -> float:
        return abs(self.volatility[0] - self.volatility[1])

    @property
    def mean_gap(self) -> float:
        return abs(self.mean[0] - self.mean[1])


def published(folder: Path, name: str) -> Levels:
    """Month-end levels of one column of the strategy-index file; empty when there is no file.

    Raises PublishedUnreadable for an unknown column, a bad number, or rows out of order.
    """
    path = folder / FILE
    if not path.is_file():
        return ()
    found: list[tuple[date, float]] = []
    with path.open(newline="", encoding="utf-8") as lines:
        reader = csv.DictReader(lines)
        if name not in (reader.fieldnames or ()):
            raise PublishedUnreadable(f"{path.name}: no column {name}")
        for row in reader:
            where = f"{path.name} line {reader.line_num}"
            try:
                on, level = date.fromisoformat(row["month_end"]), float(row[name])
            except ValueError as trouble:
                raise PublishedUnreadable(f"{where}: {trouble}") from None
            if level <= 0 or (found and on <= found[-1][0]):
                raise PublishedUnreadable(f"{where}: not a level in order of time")
            found.append((on, level))
    return tuple(found)


def compared(name: str, replica: Levels, index: Levels) -> Comparison | None:
    """Both at the month ends they share; None with fewer than 24 common months."""
    levels = dict(replica)
    both = [(on, levels[on], level) for on, level in index if on in levels]
    if len(both) < 25:
        return None
    table = np.array([[ours, theirs] for _, ours, theirs in both])
    moves = table[1:] / table[:-1] - 1.0
    ends = [on for on, _, _ in both[1:]]
    order = np.argsort(moves[:, 1], kind="stable")[:_WORST]
    return Comparison(
        name,
        len(moves),
        ends[0],
        ends[-1],
        float(np.corrcoef(moves.T)[0, 1]),
        _annual(moves[:, 0] - moves[:, 1]),
        (_annual(moves[:, 0]), _annual(moves[:, 1])),
        (12 * float(moves[:, 0].mean()), 12 * float(moves[:, 1].mean())),
        tuple((ends[i], float(moves[i, 0]), float(moves[i, 1])) for i in order),
    )


def _annual(moves: NDArray[np.float64]) -> float:
    return float(np.std(moves, ddof=1)) * sqrt(12)
