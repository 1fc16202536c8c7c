"""What the daemon's own days say about the hedge, against the same condors without it (S1, S25).

Only sessions that both books saw whole count, and only next to each other. A short history is
called what it is: below five spikes nothing is decided, whatever the numbers look like.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise
from math import isfinite, nan

import numpy as np

from domain.desk import Desk
from domain.orders import HEDGE_LAYERS
from domain.record import DayMark
from domain.shadows import ShadowDay
from engine.kpi.statistics import below_peak
from engine.shadow.books import UNHEDGED
from engine.shadow.episodes import BEFORE, HIGH, Floats, calm, fast, spikes
from engine.shadow.resampling import interval

EPISODES_NEEDED = 5
CLAIMED = (0.18, 0.25)  # lower volatility in high VIX, as the method's authors claim


class Ruling(StrEnum):
    UNDECIDABLE = "undecidable"
    SUPPORTED = "supported"  # the interval meets the claim and leaves out zero
    NOT_SUPPORTED = "not_supported"


@dataclass(frozen=True, slots=True)
class Reduction:
    """1 - deviation of the live book over that of the unhedged one, on ``days`` sessions.

    None where it cannot be computed; the 90 % interval needs ten sessions.
    """

    value: float | None
    low: float | None
    high: float | None
    days: int


@dataclass(frozen=True, slots=True)
class LiveEpisode:
    """One spike; results are shares of the worth ten sessions before its first HIGH close."""

    first: date
    last: date
    peak: float
    fast: bool
    over: bool  # VIX has come back below 20, or 60 sessions have passed
    unhedged: float
    live: float

    @property
    def benefit(self) -> float:
        return self.live - self.unhedged


@dataclass(frozen=True, slots=True)
class LiveVerdict:
    """Shares of 1, drawdowns positive; ``skipped`` sessions were not seen whole.

    ``difference`` is the live book's result since the start less the unhedged one's, each as a
    share of what it began with; ``interaction`` what is left of that after the hedge's own result
    (S54), None when that is not on record.
    """

    ruling: Ruling
    sentence: str
    days: int
    skipped: int
    all_days: Reduction
    high_days: Reduction
    episodes: tuple[LiveEpisode, ...]
    drawdown_live: float
    drawdown_unhedged: float
    difference: float
    interaction: float | None


def verdict(desk: Desk, book: str = UNHEDGED) -> LiveVerdict | None:
    """Of the live book against ``book``; None until two sessions of both are known."""
    record = desk.shadows.get(book)
    known = [day for day in record.days if day.complete] if record is not None else []
    if record is None or len(known) < 2:
        return None
    pairs, vix = _returns(record.days)
    episodes = _episodes(known)
    high = _reduction(pairs[vix >= HIGH])
    ruling = _ruling(high, episodes)
    worths = [_worths(known, live=live) for live in (True, False)]
    live, unhedged = (float(w[-1] / w[0] - 1.0) for w in worths)
    return LiveVerdict(
        ruling,
        _sentence(ruling, high, len(pairs), episodes),
        len(pairs),
        len(record.days) - len(known),
        _reduction(pairs),
        high,
        episodes,
        float(below_peak(worths[0].tolist()).max()),
        float(below_peak(worths[1].tolist()).max()),
        live - unhedged,
        _interaction(desk.record.days, known, live - unhedged),
    )


def reduction(pair: Floats) -> float:
    """1 - sd(second column) / sd(first): the share of volatility taken away. NaN without any."""
    if len(pair) < 2:
        return nan
    first, second = np.std(pair[:, 0], ddof=1), np.std(pair[:, 1], ddof=1)
    return float(1.0 - second / first) if first > 0 else nan


def _returns(days: Sequence[ShadowDay]) -> tuple[Floats, Floats]:
    """Daily returns (unhedged, live) between neighboring complete sessions, and VIX at their
    end.
    """
    rows, vix = [], []
    for before, day in pairwise(days):
        if before.complete and day.complete:
            rows.append([_ratio(before.worth, day.worth), _ratio(before.live, day.live)])
            vix.append(day.vix or 0.0)
    return np.array(rows, np.float64).reshape(-1, 2), np.array(vix, np.float64)


def _ratio(before: float | None, after: float | None) -> float:
    return after / before - 1.0 if before and after is not None else nan


def _worths(known: Sequence[ShadowDay], *, live: bool) -> Floats:
    return np.array([day.live if live else day.worth for day in known], np.float64)


def _reduction(pairs: Floats) -> Reduction:
    value = reduction(pairs)
    if not isfinite(value):
        return Reduction(None, None, None, len(pairs))
    low, high = interval(pairs, reduction) or (None, None)
    return Reduction(value, low, high, len(pairs))


def _episodes(known: Sequence[ShadowDay]) -> tuple[LiveEpisode, ...]:
    vix = np.array([day.vix for day in known], np.float64)
    worths = [_worths(known, live=live) for live in (False, True)]
    found = []
    for group in spikes(vix):
        begin, end = max(0, group[0] - BEFORE), calm(vix, group[-1])
        unhedged, live = (float(w[end] / w[begin] - 1.0) for w in worths)
        over = bool(vix[end] < 20.0) or end - group[-1] >= 60
        peak = float(vix[group[0] : end + 1].max())
        found.append(
            LiveEpisode(
                known[group[0]].on, known[end].on, peak, fast(vix, group[0]), over, unhedged, live
            )
        )
    return tuple(found)


def _ruling(high: Reduction, episodes: Sequence[LiveEpisode]) -> Ruling:
    over = sum(episode.over for episode in episodes)
    if over < EPISODES_NEEDED or high.low is None or high.high is None:
        return Ruling.UNDECIDABLE
    meets = high.low <= CLAIMED[1] and high.high >= CLAIMED[0]
    return Ruling.SUPPORTED if meets and high.low > 0 else Ruling.NOT_SUPPORTED


def _sentence(ruling: Ruling, high: Reduction, days: int, episodes: Sequence[LiveEpisode]) -> str:
    """How much the numbers are worth, in words."""
    seen = f"{days} daily results, {high.days} with VIX at 30 or more, {_counted(len(episodes))}"
    if ruling is Ruling.UNDECIDABLE:
        return (
            f"Undecidable: {seen}. Days of one spike share one cause and count as one observation; "
            f"fewer than {EPISODES_NEEDED} finished spikes prove nothing, in either direction."
        )
    claim = f"the claim of {CLAIMED[0]:.0%} to {CLAIMED[1]:.0%} less volatility"
    verb = "is in line with" if ruling is Ruling.SUPPORTED else "does not support"
    return f"This record {verb} {claim}: {seen}. It is one account's history, not a forecast."


def _counted(spikes: int) -> str:
    return "1 spike" if spikes == 1 else f"{spikes} spikes"


def _interaction(
    marks: Sequence[DayMark], known: Sequence[ShadowDay], difference: float
) -> float | None:
    """Live less unhedged less the hedge alone; zero when the layers do not touch each other."""
    by_day = {mark.on: _hedge_result(mark) for mark in marks}
    first, last = by_day.get(known[0].on), by_day.get(known[-1].on)
    start = known[0].live
    if first is None or last is None or not start:
        return None
    return difference - (last - first) / start


def _hedge_result(mark: DayMark) -> float | None:
    results = [mark.layers[layer.value].result for layer in HEDGE_LAYERS if layer in mark.layers]
    known = [result for result in results if result is not None]
    return sum(known) if results and len(known) == len(results) else None
