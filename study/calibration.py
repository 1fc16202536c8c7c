"""How far the modelled market can be trusted: public option indices rebuilt on it, side by side.

Uses all the history there is, whatever period is studied. Says nothing of the hedge.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from domain.session import SessionCalendar
from sim.exchange.scenarios import Scenario
from study.chain_fit import ChainFit, chain_fits
from study.chain_slices import recorded_days
from study.dataset import WARMUP_MIN, Dataset
from study.replicas.cndr import cndr
from study.replicas.published import Comparison, compared, published
from study.replicas.vxth import EpisodeReturns, episode_returns, vxth, worst_drawdown

_FROM = date(2006, 3, 1)  # the published replication of VXTH begins in this month
# What the replica was asked to reach: correlation, volatility and mean a year.
CORRELATION_MIN, VOLATILITY_GAP_MAX, MEAN_GAP_MAX = 0.90, 0.0075, 0.015
# Frictionless replication of the single 30-delta call, 2006 to 2025, and the index alone.
PUBLISHED_DRAWDOWNS = (0.418, 0.568)


@dataclass(frozen=True, slots=True)
class Calibration:
    """``cndr`` is None where no published levels are at hand. Drawdowns are positive shares."""

    first: date
    last: date
    cndr: Comparison | None
    episodes: tuple[EpisodeReturns, ...]
    overlay_drawdown: float
    index_drawdown: float
    chains: tuple[ChainFit, ...] = ()  # recorded chains of the folder, if it has any

    @property
    def cndr_reached(self) -> bool | None:
        found = self.cndr
        if found is None:
            return None
        return (
            found.correlation >= CORRELATION_MIN
            and found.volatility_gap <= VOLATILITY_GAP_MAX
            and found.mean_gap <= MEAN_GAP_MAX
        )


def calibrate(
    dataset: Dataset, folder: Path | None, calendar: SessionCalendar, *, seed: int
) -> Calibration | None:
    """None when the history is too short for a month of anything. Raises PublishedUnreadable."""
    days = dataset.days
    begin = max(WARMUP_MIN, next((i for i, day in enumerate(days) if day.on >= _FROM), len(days)))
    if len(days) - begin < 2 * WARMUP_MIN:
        return None
    warmup = days[max(0, begin - 300) : begin]
    scenario = Scenario("calibration", days[begin:], warmup, dataset.source)
    condors, overlay = (index(scenario, calendar, seed=seed) for index in (cndr, vxth))
    known = () if folder is None else published(folder, "CNDR")
    closes = tuple((day.on, day.spx_close) for day in scenario.days if day.on >= overlay[0][0])
    return Calibration(
        scenario.days[0].on,
        scenario.days[-1].on,
        compared("CNDR", condors, known),
        episode_returns(overlay, scenario),
        worst_drawdown(overlay),
        worst_drawdown(closes),
        () if folder is None else tuple(chain_fits(recorded_days(folder, days, calendar))),
    )
