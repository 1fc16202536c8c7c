"""When VIX was high: spikes told apart from each other, and how fast each of them ended.

One definition for the study and for the daemon. Closes only; knows no book.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
HIGH = 30.0
BEFORE = 10  # sessions before the first HIGH close at which an episode is measured from
_APART = 20  # sessions below HIGH after which a new episode begins
_CALM_AGAIN = 20.0
_EPISODE_MAX = 60
_FAST_BELOW, _FAST_WITHIN = 25.0, 15


def spikes(vix: Floats) -> list[list[int]]:
    """Sessions at or above 30, grouped: one before the last group has calmed joins that group."""
    groups: list[list[int]] = []
    for i in np.flatnonzero(vix >= HIGH).tolist():
        if groups and (i - groups[-1][-1] <= _APART or i <= calm(vix, groups[-1][-1])):
            groups[-1].append(i)
        else:
            groups.append([i])
    return groups


def calm(vix: Floats, start: int) -> int:
    """The first session after ``start`` that closes below 20, at most 60 later."""
    after = vix[start + 1 : start + 1 + _EPISODE_MAX]
    below = np.flatnonzero(after < _CALM_AGAIN)
    return start + 1 + int(below[0]) if len(below) else start + len(after)


def fast(vix: Floats, first: int) -> bool:
    """Whether a spike that began at ``first`` was back below 25 within 15 sessions (S51)."""
    return bool((vix[first : first + _FAST_WITHIN + 1] < _FAST_BELOW).any())
