"""Arithmetic on series of results: drawdowns, tails, intervals, internal rates. Knows no desk."""

from collections.abc import Sequence
from math import sqrt

import numpy as np

from domain.pricing import Floats

_SEED = 33  # of the resampling: the same sample gives the same interval everywhere
_SAMPLES = 2000
_HALVINGS = 80


def below_peak(values: Sequence[float]) -> Floats:
    """Share below the highest value so far, per value; the values must be positive."""
    v = np.asarray(values, np.float64)
    return np.asarray(1.0 - v / np.maximum.accumulate(v), np.float64) if v.size else v


def ulcer_index(values: Sequence[float]) -> float:
    """Root mean square share below the peak. Source: Martin and McCann 1989."""
    return float(np.sqrt(np.mean(below_peak(values) ** 2)))


def drawdown_at_risk(values: Sequence[float], share: float = 0.05) -> float:
    """CDaR: mean of the deepest ``share`` of the shares below the peak, at least one of them.

    Source: Chekhlov, Uryasev and Zabarankin 2005, on the grid of sessions.
    """
    depths = np.sort(below_peak(values))[::-1]
    return float(np.mean(depths[: max(1, int(share * depths.size))]))


def mean_under_water(values: Sequence[float]) -> float:
    """Mean length in sessions of the stretches below a peak; 0 when there is none."""
    lengths, run = [], 0
    for depth in below_peak(values):
        if depth > 0:
            run += 1
        elif run:
            lengths.append(run)
            run = 0
    if run:
        lengths.append(run)
    return sum(lengths) / len(lengths) if lengths else 0.0


def t_statistic(sample: Sequence[float]) -> float | None:
    """Mean over its standard error; None below two values or without any spread."""
    if len(sample) < 2:
        return None
    spread = float(np.std(sample, ddof=1))
    return float(np.mean(sample)) / (spread / sqrt(len(sample))) if spread > 0 else None


def mean_interval(sample: Sequence[float], share: float = 0.90) -> tuple[float, float] | None:
    """Percentile interval of the mean by resampling with replacement; None below two values.

    Source: Efron and Tibshirani 1993, chapter 13.
    """
    if len(sample) < 2:
        return None
    values = np.asarray(sample, np.float64)
    picks = np.random.default_rng(_SEED).integers(0, values.size, (_SAMPLES, values.size))
    tail = 50.0 * (1.0 - share)
    low, high = np.percentile(values[picks].mean(axis=1), (tail, 100.0 - tail))
    return float(low), float(high)


def internal_rate(start: float, flows: Sequence[float], end: float) -> float | None:
    """Money-weighted rate of one period of equal steps.

    ``start`` is at work at the beginning, ``flows[i]`` is added at the end of step i + 1 (taken out
    when negative), ``end`` is there at the end, the last flow included. Solves
    start (1+r) + sum flows[i] (1+r)^(1 - (i+1)/n) = end. None when no rate from -99.99 % to
    +1000 % does.
    """
    steps = len(flows)

    def excess(rate: float) -> float:
        grown = start * (1.0 + rate)
        for place, flow in enumerate(flows, start=1):
            grown += flow * (1.0 + rate) ** (1.0 - place / steps)
        return grown - end

    low, high = -0.9999, 10.0
    if start <= 0 or excess(low) > 0 or excess(high) < 0:
        return None
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if excess(middle) < 0 else (low, middle)
    return 0.5 * (low + high)
