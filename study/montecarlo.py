"""The hedged and the unhedged book over many histories that never happened, and how far apart."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from domain.session import SessionCalendar
from engine.policy import Policy
from sim.exchange.scenarios import Scenario
from study.books import HEDGED, UNHEDGED, shadow_books
from study.metrics import HIGH, max_drawdown, returns, variance_reduction, vix_closes
from study.replay import BookRun
from study.spread import Progress, Task, run_tasks
from study.stress import stressed

_TAILS = (5.0, 50.0, 95.0)


@dataclass(frozen=True, slots=True)
class PathResult:
    """One path. Shares of 1; the cut is None on a path with hardly any day at VIX 30."""

    path: int
    high_days: int
    final: tuple[float, float]  # unhedged, hedged, of the starting money
    drawdown: tuple[float, float]
    volatility_cut: float | None


@dataclass(frozen=True, slots=True)
class Spread:
    """Percentiles over paths of one number: 5th, median, 95th; ``n`` paths had it."""

    what: str
    low: float
    middle: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class MonteCarlo:
    model: str
    sessions: int
    seed: int
    paths: tuple[PathResult, ...]

    @property
    def spreads(self) -> tuple[Spread, ...]:
        """What the hedge changed; positive is good for the hedged book."""
        rows = {
            "final money, hedged less unhedged": [p.final[1] - p.final[0] for p in self.paths],
            "drawdown taken away": [p.drawdown[0] - p.drawdown[1] for p in self.paths],
            "volatility taken away at VIX >= 30": [
                p.volatility_cut for p in self.paths if p.volatility_cut is not None
            ],
        }
        found = []
        for what, values in rows.items():
            if values:
                low, middle, high = (float(v) for v in np.percentile(values, _TAILS))
                found.append(Spread(what, low, middle, high, len(values)))
        return tuple(found)

    def as_json(self) -> str:
        facts = asdict(self) | {"spreads": [asdict(each) for each in self.spreads]}
        return json.dumps(facts, sort_keys=True, indent=1) + "\n"


def monte_carlo(
    base: Scenario,
    calendar: SessionCalendar,
    policy: Policy,
    *,
    model: str,
    paths: int,
    seed: int,
    workers: int = 1,
    dask: str = "",
    memory: Path | None = None,
    progress: Progress | None = None,
) -> MonteCarlo:
    """``paths`` histories over the dates of ``base``. Raises KeyError for an unknown model."""
    books = tuple(b for b in shadow_books(policy) if b.name in (UNHEDGED, HEDGED))
    tasks = [
        Task(stressed(model, base, path=path, seed=seed), calendar, books, seed + path)
        for path in range(paths)
    ]
    done = run_tasks(tasks, workers=workers, dask=dask, memory=memory, progress=progress)
    found = tuple(_result(path, *runs) for path, runs in enumerate(done))
    return MonteCarlo(model, len(base.days), seed, found)


def _result(path: int, unhedged: BookRun, hedged: BookRun) -> PathResult:
    pair = np.column_stack([returns(unhedged), returns(hedged)])
    high = vix_closes(unhedged) >= HIGH
    cut = variance_reduction(pair[high])
    return PathResult(
        path,
        int(high.sum()),
        (unhedged.days[-1].nlv / unhedged.start_nlv, hedged.days[-1].nlv / hedged.start_nlv),
        (max_drawdown(pair[:, 0]), max_drawdown(pair[:, 1])),
        cut if np.isfinite(cut) else None,
    )
