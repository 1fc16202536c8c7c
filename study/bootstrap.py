"""Intervals for what daily results say: stationary bootstrap of paired days.

Days of all books are drawn together, in blocks of random length, so that what the books share on a
day stays shared and clusters of bad days stay clusters. Sources: Politis & Romano 1994; automatic
block length of Politis & White 2004, both as the package ``arch`` has them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
REPLICATIONS = 1000
LEVEL = 0.90
_BLOCK_MIN, _BLOCK_MAX = 3.0, 60.0


@dataclass(frozen=True, slots=True)
class Interval:
    """A point estimate with its percentile interval; ``n`` observations, blocks of mean length
    ``block``. ``low`` and ``high`` are None where no interval can be had.
    """

    estimate: float | None
    low: float | None
    high: float | None
    n: int
    block: float = 0.0


def block_length(returns: Floats) -> float:
    """Mean block length for the squares of ``returns``, in days, between 3 and 60."""
    squares = returns**2
    if len(squares) < 20 or not np.ptp(squares) > 0:
        return _BLOCK_MIN
    found = float(_library().optimal_block_length(squares)["stationary"].iloc[0])
    return min(max(found, _BLOCK_MIN), _BLOCK_MAX) if np.isfinite(found) else _BLOCK_MIN


def interval(
    days: Floats, statistic: Callable[[Floats], float], *, seed: int, block: float | None = None
) -> Interval:
    """``statistic`` of the rows of ``days``, with its 90 % interval over resampled rows.

    Resamples on which the statistic is not a number are left out; with fewer than half of them left
    there is no interval. Fewer than ten rows give none either. Column 0 chooses the block length.
    """
    n = len(days)
    estimate = _known(statistic(days)) if n else None
    if n < 10 or estimate is None:
        return Interval(estimate, None, None, n)
    length = block or block_length(days[:, 0])
    sampler = _library().StationaryBootstrap(length, days, seed=np.random.default_rng(seed))
    drawn = np.array([statistic(data[0]) for data, _ in sampler.bootstrap(REPLICATIONS)])
    known = drawn[np.isfinite(drawn)]
    if len(known) < REPLICATIONS / 2:
        return Interval(estimate, None, None, n, length)
    tail = 50 * (1 - LEVEL)
    low, high = np.percentile(known, [tail, 100 - tail])
    return Interval(estimate, float(low), float(high), n, length)


def _library() -> Any:
    """Imported on first use: it brings pandas, a second that no other command should wait for."""
    return import_module("arch.bootstrap")


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
