"""What a series of daily results says: volatility, drawdown, tails, episodes. Pure arithmetic.

Returns are daily changes of net liquidation as shares of the day before; a year has 252 days. A
regime here is that of the day's VIX close, by the thresholds of the policy, not the engine's state.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import nan, sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.shadow.episodes import BEFORE, calm, fast, spikes
from engine.shadow.episodes import HIGH as VIX_HIGH
from study.replay import BookRun

Floats: TypeAlias = NDArray[np.float64]
YEAR = 252
REGIMES = (("VIX < 15", 0.0, 15.0), ("15 to 20", 15.0, 20.0), ("20 to 30", 20.0, 30.0),
           ("VIX >= 30", 30.0, 1e9))  # fmt: skip
HIGH = VIX_HIGH
_FULL_YEAR = 200


@dataclass(frozen=True, slots=True)
class BookMetrics:
    """Shares of 1 a year unless said otherwise; drawdown, ES95 and ulcer as positive shares."""

    name: str
    meaning: str
    annual_return: float
    annual_volatility: float
    max_drawdown: float
    es95_daily: float
    ulcer: float
    worst_day: float
    hedge_pnl_annual: float
    final_nlv: float
    fees: float
    condors_opened: int
    condor_win_share: float | None
    trades: int
    settled_calls: int
    over_cap_marks: int
    volatility_by_regime: tuple[tuple[str, float | None, int], ...]


@dataclass(frozen=True, slots=True)
class Episode:
    """One spike: from ten sessions before its first close at 30 to the first below 20."""

    first: date
    last: date
    peak: float
    high_days: int
    fast: bool
    unhedged: float
    hedged: float

    @property
    def benefit(self) -> float:
        return self.hedged - self.unhedged

    @property
    def exposed(self) -> bool:
        """Whether either book had anything at stake: a flat book says nothing about the hedge."""
        return self.unhedged != 0 or self.hedged != 0


@dataclass(frozen=True, slots=True)
class CalmYear:
    """A full calendar year without a close at 30; ``cost`` is the hedge's loss, a share of NLV."""

    year: int
    cost: float
    sessions: int


def returns(run: BookRun) -> Floats:
    nlv = np.array([run.start_nlv, *(day.nlv for day in run.days)])
    return np.asarray(nlv[1:] / nlv[:-1] - 1.0)


def vix_closes(run: BookRun) -> Floats:
    return np.array([day.vix for day in run.days])


def volatility(daily: Floats) -> float:
    """Annualised standard deviation; NaN below two days."""
    return float(np.std(daily, ddof=1)) * sqrt(YEAR) if len(daily) > 1 else nan


def drawdown(daily: Floats) -> Floats:
    """Share below the running peak after each day, the start included in the peaks."""
    wealth = np.cumprod(np.concatenate(([1.0], 1.0 + daily)))
    return np.asarray(1.0 - wealth / np.maximum.accumulate(wealth))[1:]


def max_drawdown(daily: Floats) -> float:
    return float(drawdown(daily).max(initial=0.0))


def expected_shortfall(daily: Floats, share: float = 0.05) -> float:
    """Mean loss of the worst ``share`` of days, at least one day; positive is a loss."""
    count = max(1, int(len(daily) * share))
    return float(-np.sort(daily)[:count].mean()) if len(daily) else nan


def ulcer(daily: Floats) -> float:
    """Root mean square drawdown. Source: Martin 1987."""
    return float(np.sqrt(np.mean(drawdown(daily) ** 2))) if len(daily) else nan


def variance_reduction(pair: Floats) -> float:
    """1 - sd(second column) / sd(first column): the share of volatility taken away. NaN without
    any in the first.
    """
    if len(pair) < 2:
        return nan
    first, second = np.std(pair[:, 0], ddof=1), np.std(pair[:, 1], ddof=1)
    return float(1.0 - second / first) if first > 0 else nan


def drawdown_cut(pair: Floats) -> float:
    """1 - deepest drawdown of the second column over that of the first."""
    first = max_drawdown(pair[:, 0])
    return 1.0 - max_drawdown(pair[:, 1]) / first if first > 0 else nan


def book_metrics(run: BookRun) -> BookMetrics:
    daily = returns(run)
    years = len(daily) / YEAR
    opened = {t.order_ref for t in run.trades if t.purpose == "open_condor"}
    final = run.days[-1].nlv
    return BookMetrics(
        run.name,
        run.meaning,
        (final / run.start_nlv) ** (1 / years) - 1.0,
        volatility(daily),
        max_drawdown(daily),
        expected_shortfall(daily),
        ulcer(daily),
        float(daily.min()),
        run.days[-1].hedge_pnl / run.start_nlv / years,
        final,
        float(sum(trade.fees for trade in run.trades)),
        len(opened),
        _wins(run),
        len(run.trades),
        run.settled_calls,
        max(day.over_cap for day in run.days),
        _by_regime(daily, vix_closes(run)),
    )


def episodes(unhedged: BookRun, hedged: BookRun) -> tuple[Episode, ...]:
    """Spikes at least twenty sessions below 30 from each other, oldest first."""
    vix = vix_closes(unhedged)
    nlvs = [np.array([run.start_nlv, *(d.nlv for d in run.days)]) for run in (unhedged, hedged)]
    found = []
    for group in spikes(vix):
        first, last_high = group[0], group[-1]
        begin = max(0, first - BEFORE)
        end = calm(vix, last_high)
        results = [float(nlv[end + 1] / nlv[begin] - 1.0) for nlv in nlvs]
        days = unhedged.days
        found.append(
            Episode(
                days[first].on, days[end].on, float(vix[first : end + 1].max()), len(group),
                fast(vix, first), results[0], results[1],
            )
        )  # fmt: skip
    return tuple(found)


def calm_years(hedged: BookRun) -> tuple[CalmYear, ...]:
    """Full years whose highest VIX close is below 30, with what the hedge cost in them."""
    found = []
    before = 0.0
    nlv = hedged.start_nlv
    for year in sorted({day.on.year for day in hedged.days}):
        days = [day for day in hedged.days if day.on.year == year]
        if len(days) >= _FULL_YEAR and max(day.vix for day in days) < HIGH:
            found.append(CalmYear(year, (before - days[-1].hedge_pnl) / nlv, len(days)))
        before, nlv = days[-1].hedge_pnl, days[-1].nlv
    return tuple(found)


def hedge_daily(run: BookRun, years: Sequence[int]) -> Floats:
    """Daily cost of the hedge, a share of the NLV of the day before, in the given years."""
    pnl = np.diff([0.0, *(day.hedge_pnl for day in run.days)])
    base = np.array([run.start_nlv, *(day.nlv for day in run.days[:-1])])
    chosen = np.array([day.on.year in years for day in run.days], np.bool_)
    return np.asarray((-pnl / base)[chosen])


def _by_regime(daily: Floats, vix: Floats) -> tuple[tuple[str, float | None, int], ...]:
    found = []
    for name, low, high in REGIMES:
        chosen = daily[(vix >= low) & (vix < high)]
        found.append((name, volatility(chosen) if len(chosen) > 1 else None, len(chosen)))
    return tuple(found)


def _wins(run: BookRun) -> float | None:
    """Share of closing condor executions by rule that were take-profits or time exits in profit.

    A condor is counted by its exits: the profit rule is a win, stop and margin a loss, a time exit
    by neither; None when nothing was closed by the first two kinds.
    """
    closed = [t for t in run.trades if t.purpose == "close_condor"]
    wins = sum(t.quantity for t in closed if t.rule == "4.3.profit")
    losses = sum(t.quantity for t in closed if t.rule in ("4.3.stop", "4.3.margin"))
    return wins / (wins + losses) if wins + losses else None
