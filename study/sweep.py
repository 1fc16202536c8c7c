"""Every variant over one history, ranked without pretending that the best will stay the best."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from domain.session import SessionCalendar
from engine.policy import Policy
from sim.exchange.scenarios import Scenario
from study.metrics import BookMetrics, book_metrics, returns
from study.overfitting import Overfitting, overfitting
from study.spread import Progress, Task, run_tasks
from study.variants import grid


@dataclass(frozen=True, slots=True)
class Sweep:
    """``books`` in the order of the grid. ``luck`` is None where too little speaks of it."""

    axes: Mapping[str, Sequence[str]]
    period: tuple[str, str]
    source: str
    seed: int
    books: tuple[BookMetrics, ...]
    luck: Overfitting | None

    def as_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True, indent=1) + "\n"


def sweep(
    scenario: Scenario,
    calendar: SessionCalendar,
    base: Policy,
    axes: Mapping[str, Sequence[str]],
    *,
    seed: int,
    workers: int = 1,
    dask: str = "",
    memory: Path | None = None,
    progress: Progress | None = None,
) -> Sweep:
    """Raises VariantError. The results are the same wherever the variants are replayed."""
    tasks = [Task(scenario, calendar, (book,), seed) for book in grid(base, axes)]
    done = run_tasks(tasks, workers=workers, dask=dask, memory=memory, progress=progress)
    runs = [run for (run,) in done]
    daily = np.column_stack([returns(run) for run in runs])
    return Sweep(
        {name: tuple(values) for name, values in axes.items()},
        (scenario.days[0].on.isoformat(), scenario.days[-1].on.isoformat()),
        scenario.source,
        seed,
        tuple(book_metrics(run) for run in runs),
        overfitting(daily),
    )
