"""The claims that others make for the hedge, each as a test with a verdict.

Supported and not supported need an interval that leaves no doubt and enough independent episodes to
trust it; everything else is undecidable on this data. No verdict is ever better than its interval.
"""

from collections.abc import Sequence
from math import sqrt

import numpy as np

from study.bootstrap import Interval, interval
from study.metrics import (
    HIGH,
    YEAR,
    CalmYear,
    Episode,
    calm_years,
    drawdown_cut,
    episodes,
    hedge_daily,
    returns,
    variance_reduction,
    vix_closes,
)
from study.replay import HORIZONS, BookRun
from study.verdicts import Claim, Verdict, few, seed_of

_EACH_KIND_MIN = 3
_Z90 = 1.6448536269514722


def judge(unhedged: BookRun, hedged: BookRun, *, seed: int) -> tuple[Claim, ...]:
    """Every claim about ``hedged`` against ``unhedged``, which lived through the same days."""
    found = tuple(e for e in episodes(unhedged, hedged) if e.exposed)
    return (
        _volatility(unhedged, hedged, found, seed),
        _drawdown(unhedged, hedged, found, seed),
        _calm_cost(hedged, seed),
        _cycles(found),
        _speed(found, seed),
        _cap(hedged),
        _settlement(hedged),
        _bands(hedged),
    )


def paired(
    unhedged: BookRun, hedged: BookRun
) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    """Daily returns of both books, one row a day."""
    return np.column_stack([returns(unhedged), returns(hedged)])


def volatility_cut(
    unhedged: BookRun, hedged: BookRun, low: float, high: float, *, seed: int
) -> Interval:
    """Volatility taken away on days whose VIX closes in [low, high)."""
    vix = vix_closes(unhedged)
    chosen = paired(unhedged, hedged)[(vix >= low) & (vix < high)]
    return interval(chosen, variance_reduction, seed=seed_of(seed, f"cut {low:g} {high:g}"))


def _volatility(unhedged: BookRun, hedged: BookRun, found: Sequence[Episode], seed: int) -> Claim:
    text = "T1: 18 to 25 % less volatility on days with VIX at or above 30"
    cut = volatility_cut(unhedged, hedged, HIGH, 1e9, seed=seed)
    low, high = 0.18, 0.25
    if cut.low is None or cut.high is None:
        verdict, why = Verdict.UNDECIDABLE, "too few such days for an interval"
    elif cut.high < low or cut.low > high:
        verdict, why = Verdict.NOT_SUPPORTED, "the interval lies outside 18 to 25 %"
    elif cut.low > 0:
        verdict, why = Verdict.SUPPORTED, "the interval meets 18 to 25 % and excludes 0"
    else:
        verdict, why = Verdict.UNDECIDABLE, "the interval holds both 0 and 18 %"
    return _claim("T1", text, verdict, cut, len(found), "episodes", why)


def _drawdown(unhedged: BookRun, hedged: BookRun, found: Sequence[Episode], seed: int) -> Claim:
    text = "T2: maximum drawdown smaller by at least 35 %"
    cut = interval(paired(unhedged, hedged), drawdown_cut, seed=seed_of(seed, "drawdown"))
    verdict, why = _above(cut, 0.35)
    return _claim("T2", text, verdict, cut, len(found), "episodes", why)


def _calm_cost(hedged: BookRun, seed: int) -> Claim:
    text = "T3: the hedge costs at most 2 % of net liquidation a year while VIX stays below 30"
    years: tuple[CalmYear, ...] = calm_years(hedged)
    daily = hedge_daily(hedged, [year.year for year in years])
    cost = interval(
        daily[:, None], lambda rows: float(rows.mean()) * YEAR, seed=seed_of(seed, "cost")
    )
    if cost.low is None or cost.high is None:
        verdict, why = Verdict.UNDECIDABLE, "no full calm year in the period"
    elif cost.high <= 0.02:
        verdict, why = Verdict.SUPPORTED, "the interval lies below 2 %"
    elif cost.low > 0.02:
        verdict, why = Verdict.NOT_SUPPORTED, "the interval lies above 2 %"
    else:
        verdict, why = Verdict.UNDECIDABLE, "the interval holds 2 %"
    return Claim("T3", text, verdict, cost, len(years), "calm years", why)


def _cycles(found: Sequence[Episode]) -> Claim:
    text = "T4: after a full spike the hedged book has at least as much as the unhedged one"
    wins = sum(episode.benefit > 0 for episode in found)  # no effect is no help
    share = wilson(wins, len(found))
    why = f"more after {wins} of {len(found)} episodes"
    if share.low is None or share.high is None or share.low <= 0.5 <= share.high:
        verdict = Verdict.UNDECIDABLE
    else:
        verdict = Verdict.SUPPORTED if share.low > 0.5 else Verdict.NOT_SUPPORTED
    return _claim("T4", text, verdict, share, len(found), "episodes", why)


def _speed(found: Sequence[Episode], seed: int) -> Claim:
    text = "T5: the hedge helps more in fast spikes (VIX below 25 within 15 sessions) than in slow"
    fast = np.array([e.benefit for e in found if e.fast])
    slow = np.array([e.benefit for e in found if not e.fast])
    why = f"{len(fast)} fast, {len(slow)} slow"
    if min(len(fast), len(slow)) < _EACH_KIND_MIN:
        both = len(fast) and len(slow)
        gap = float(fast.mean() - slow.mean()) if both else None
        nothing = Interval(gap, None, None, len(found))
        return Claim("T5", text, Verdict.UNDECIDABLE, nothing, len(found), "episodes", why)
    rng = np.random.default_rng(seed_of(seed, "speed"))
    drawn = [
        rng.choice(fast, len(fast)).mean() - rng.choice(slow, len(slow)).mean() for _ in range(1000)
    ]
    low, high = np.percentile(drawn, [5, 95])
    gap_interval = Interval(float(fast.mean() - slow.mean()), float(low), float(high), len(found))
    verdict, _ = _above(gap_interval, 0.0)
    return _claim("T5", text, verdict, gap_interval, len(found), "episodes", why)


def _cap(hedged: BookRun) -> Claim:
    text = "T7: the hedge is back below its cap by the third mark (VIX high, condors open)"
    most = max(day.over_cap for day in hedged.days)
    verdict = Verdict.SUPPORTED if most <= 2 else Verdict.NOT_SUPPORTED
    longest = Interval(float(most), None, None, len(hedged.days))
    return Claim("T7", text, verdict, longest, len(hedged.days), "days", f"at most {most} in a row")


def _settlement(hedged: BookRun) -> Claim:
    text = "T8: no hedge call that somebody bid for is carried into the final settlement"
    count = hedged.carried
    verdict = Verdict.SUPPORTED if count == 0 else Verdict.NOT_SUPPORTED
    counted = Interval(float(count), None, None, len(hedged.days))
    why = (
        f"{count} contracts were, {hedged.unsellable} more had no bid through their deadline; "
        f"{hedged.settled_in_money} of {hedged.settled_calls} positions paid something"
    )
    return Claim("T8", text, verdict, counted, len(hedged.days), "days", why)


def _bands(hedged: BookRun) -> Claim:
    text = f"T9: the break-evens of all {HORIZONS} horizons are on record at every entry"
    if not hedged.entries:
        nothing = Interval(None, None, None, 0)
        return Claim("T9", text, Verdict.UNDECIDABLE, nothing, 0, "entries", "no entry was made")
    share = hedged.banded / hedged.entries
    verdict = Verdict.SUPPORTED if hedged.banded == hedged.entries else Verdict.NOT_SUPPORTED
    found = Interval(share, None, None, hedged.entries)
    why = f"{hedged.banded} of {hedged.entries}"
    return Claim("T9", text, verdict, found, hedged.entries, "entries", why)


def wilson(wins: int, n: int) -> Interval:
    """Share of wins with its 90 % interval. Source: Wilson 1927."""
    if n == 0:
        return Interval(None, None, None, 0)
    share, z2 = wins / n, _Z90**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z90 * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return Interval(share, middle - half, middle + half, n)


def _above(found: Interval, bound: float) -> tuple[Verdict, str]:
    if found.low is None or found.high is None:
        return Verdict.UNDECIDABLE, "no interval can be had"
    if found.low >= bound:
        return Verdict.SUPPORTED, f"the interval lies above {100 * bound:g} %"
    if found.high < bound:
        return Verdict.NOT_SUPPORTED, f"the interval lies below {100 * bound:g} %"
    return Verdict.UNDECIDABLE, f"the interval holds {100 * bound:g} %"


def _claim(
    code: str, text: str, verdict: Verdict, found: Interval, n: int, of: str, why: str
) -> Claim:
    return few(Claim(code, text, verdict, found, n, of, why))
