"""Intervals for paired daily results, by resampling days in blocks. Pure, and the same everywhere.

The stationary bootstrap of Politis and Romano (1994): blocks begin on a day drawn evenly, go on to
the next day with probability 1 - 1/L, and wrap around at the end. Rows are drawn whole, so that
what both books share on a day stays shared. L is n^(1/3), at least 3: the rate at which the best
block grows (Politis and White 2004), without estimating its constant from few days.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.shadow.episodes import Floats

Indices: TypeAlias = NDArray[np.int64]
SAMPLES = 1000
ROWS_MIN = 10  # with fewer days there is no interval
_BLOCK_MIN = 3.0
_SEED = 410


def drawn_rows(rows: int, block: float, generator: np.random.Generator) -> Indices:
    """Indices of one resample of ``rows`` days, in blocks of mean length ``block``."""
    starts = generator.integers(0, rows, rows)
    fresh = generator.random(rows) < 1.0 / block
    fresh[0] = True
    begun = np.maximum.accumulate(np.where(fresh, np.arange(rows), 0))
    return (starts[begun] + np.arange(rows) - begun) % rows


def interval(
    days: Floats, statistic: Callable[[Floats], float], share: float = 0.90
) -> tuple[float, float] | None:
    """Percentile interval of ``statistic`` of the rows of ``days``; None below ten rows, or when
    more than half of the resamples give no number.
    """
    rows = len(days)
    if rows < ROWS_MIN:
        return None
    generator, block = np.random.default_rng(_SEED), max(_BLOCK_MIN, rows ** (1 / 3))
    found = np.array(
        [statistic(days[drawn_rows(rows, block, generator)]) for _ in range(SAMPLES)], np.float64
    )
    known = found[np.isfinite(found)]
    if len(known) < SAMPLES / 2:
        return None
    tail = 50.0 * (1.0 - share)
    low, high = np.percentile(known, (tail, 100.0 - tail))
    return float(low), float(high)
