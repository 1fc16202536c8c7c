"""What each layer does alone and what only both together do; and how much is luck with roll days.

The hedge alone is the hedge of the hedged book without its condors: the same calls at the same
prices on the same cash.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from study.bootstrap import Interval, interval
from study.metrics import (
    YEAR,
    Floats,
    drawdown_cut,
    episodes,
    expected_shortfall,
    max_drawdown,
    returns,
    variance_reduction,
    volatility,
)
from study.replay import BookRun
from study.verdicts import Claim, Verdict, few, seed_of

_RANGE_MAX = 0.10


@dataclass(frozen=True, slots=True)
class LayerResult:
    """Annual shares of 1, drawdown and ES95 positive, for one corner of the square."""

    name: str
    annual_return: float
    volatility: float
    max_drawdown: float
    es95_daily: float


@dataclass(frozen=True, slots=True)
class Ablation:
    """``interaction``: mean a year of both, less condors alone, less the hedge alone."""

    corners: tuple[LayerResult, ...]
    interaction: Interval
    drawdown_cut: Interval


@dataclass(frozen=True, slots=True)
class RatioChange:
    """Shares of volatility and of the deepest drawdown taken away, and return a year gained."""

    volatility: Interval
    drawdown: Interval
    gain: Interval


def ablation(unhedged: BookRun, hedged: BookRun, *, seed: int) -> Ablation:
    """Two by two: condors off and on, hedge off and on."""
    u, both = returns(unhedged), returns(hedged)
    alone = hedge_alone(hedged)
    cash = np.zeros_like(u)
    named = (("neither", cash), ("condors", u), ("hedge", alone), ("both", both))
    rest = (both - u - alone)[:, None]
    return Ablation(
        tuple(_corner(name, daily) for name, daily in named),
        interval(rest, lambda rows: float(rows.mean()) * YEAR, seed=seed_of(seed, "interaction")),
        interval(np.column_stack([u, both]), drawdown_cut, seed=seed_of(seed, "ablation drawdown")),
    )


def ratio_change(static: BookRun, dynamic: BookRun, *, seed: int) -> RatioChange:
    """The book whose hedge ratio is estimated anew, against the one whose ratio stays (S38)."""
    pair = np.column_stack([returns(static), returns(dynamic)])
    return RatioChange(
        interval(pair, variance_reduction, seed=seed_of(seed, "ratio volatility")),
        interval(pair, drawdown_cut, seed=seed_of(seed, "ratio drawdown")),
        interval(
            pair,
            lambda rows: float((rows[:, 1] - rows[:, 0]).mean()) * YEAR,
            seed=seed_of(seed, "ratio gain"),
        ),
    )


def hedge_alone(hedged: BookRun) -> Floats:
    """Daily returns of the hedge's own cash flows on the starting money."""
    nlv = hedged.start_nlv + np.array([0.0, *(day.hedge_pnl for day in hedged.days)])
    return np.asarray(nlv[1:] / nlv[:-1] - 1.0)


def phase_claim(unhedged: BookRun, hedged: BookRun, shifted: Sequence[BookRun]) -> Claim:
    """T6: what a shift of the roll days changes in the result of a spike."""
    text = "T6: rolls one to three weeks later change the result of a spike by less than 10 points"
    by_book = [episodes(unhedged, run) for run in (hedged, *shifted)]
    ranges = [
        max(e.hedged for e in same) - min(e.hedged for e in same)
        for same in zip(*by_book, strict=True)
        if any(e.exposed for e in same)
    ]
    if not ranges:
        nothing = Interval(None, None, None, 0)
        return Claim("T6", text, Verdict.UNDECIDABLE, nothing, 0, "episodes", "no spike to judge")
    widest = Interval(max(ranges), None, None, len(ranges))
    within = max(ranges) < _RANGE_MAX
    verdict = Verdict.SUPPORTED if within else Verdict.NOT_SUPPORTED
    why = f"the widest of {len(ranges)} ranges over {len(by_book)} phases"
    return few(Claim("T6", text, verdict, widest, len(ranges), "episodes", why))


def _corner(name: str, daily: Floats) -> LayerResult:
    years = len(daily) / YEAR
    total = float(np.prod(1.0 + daily))
    return LayerResult(
        name, total ** (1 / years) - 1.0, volatility(daily), max_drawdown(daily),
        expected_shortfall(daily),
    )  # fmt: skip
