"""How likely is the best of many variants only the luckiest? Combinatorially symmetric
cross-validation.

Bailey, Borwein, Lopez de Prado, Zhu, "The probability of backtest overfitting", J. Computational
Finance 20 (2017): cut the days into blocks, choose the best variant on every half of the blocks,
and see where it ends on the other half.
"""

from dataclasses import dataclass
from itertools import combinations, pairwise
from math import comb
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
BLOCKS = 12
_DAYS_PER_BLOCK_MIN = 10


@dataclass(frozen=True, slots=True)
class Overfitting:
    """``probability`` that the variant best in one half ends below the median in the other.

    ``loss_probability`` that it loses money there. ``slope`` of performance in the second half on
    that in the first: negative means that choosing hurts. ``splits`` halves were looked at.
    """

    probability: float
    loss_probability: float
    slope: float
    splits: int
    variants: int


def overfitting(daily: Floats, *, blocks: int = BLOCKS) -> Overfitting | None:
    """``daily`` returns (days, variants), oldest first; performance is mean over deviation.

    None with fewer than two distinct variants or too few days. Raises ValueError for an odd or too
    small number of blocks.
    """
    if blocks < 4 or blocks % 2:
        raise ValueError("an even number of blocks, at least 4")
    days, variants = daily.shape
    if variants < 2 or days < blocks * _DAYS_PER_BLOCK_MIN or not np.ptp(daily, axis=1).any():
        return None
    sums, squares, counts = _by_block(daily, blocks)
    below, losses, firsts, seconds = 0.0, 0, [], []
    for chosen in combinations(range(blocks), blocks // 2):
        inside = np.zeros(blocks, np.bool_)
        inside[list(chosen)] = True
        first = _performance(sums[inside], squares[inside], counts[inside])
        second = _performance(sums[~inside], squares[~inside], counts[~inside])
        best = int(np.argmax(first))
        # Rank among variants, ties in the middle, between 0 and 1.
        worse = np.sum(second < second[best]) + 0.5 * (np.sum(second == second[best]) - 1)
        rank = (worse + 1) / (variants + 1)
        below += 1.0 if rank < 0.5 else 0.5 if rank == 0.5 else 0.0
        losses += bool(second[best] < 0)
        firsts.append(first[best])
        seconds.append(second[best])
    splits = comb(blocks, blocks // 2)
    return Overfitting(
        below / splits, losses / splits, _slope(np.array(firsts), np.array(seconds)), splits,
        variants,
    )  # fmt: skip


def _by_block(daily: Floats, blocks: int) -> tuple[Floats, Floats, Floats]:
    """Sums and sums of squares (blocks, variants), and days (blocks,); the last days of a series
    that does not divide belong to the last block.
    """
    edges = np.linspace(0, len(daily), blocks + 1).astype(int)
    parts = [daily[a:b] for a, b in pairwise(edges)]
    sums = np.array([part.sum(axis=0) for part in parts])
    squares = np.array([(part**2).sum(axis=0) for part in parts])
    return sums, squares, np.array([float(len(part)) for part in parts])


def _performance(sums: Floats, squares: Floats, counts: Floats) -> Floats:
    """Mean over standard deviation by variant; 0 for one that never moves."""
    n = counts.sum()
    mean = sums.sum(axis=0) / n
    variance = np.maximum(squares.sum(axis=0) / n - mean**2, 0.0)
    moving = variance > 1e-18
    return np.where(moving, mean / np.sqrt(np.where(moving, variance, 1.0)), 0.0)


def _slope(x: Floats, y: Floats) -> float:
    spread = float(np.var(x))
    return float(np.mean((x - x.mean()) * (y - y.mean())) / spread) if spread > 0 else 0.0
