"""Whether the daemon's memory grows with the days it lives: resident size against simulated days.

    .venv/bin/python -m benchmarks.soak [--days 20] [--scenario calm-2017] [--step 60]

One daemon and its simulated gateway in one process, in virtual time: the slope has the gateway in
it and is an upper bound. Every new day gives one point, after a full collection. The slope is a
least squares line over the second half of the days, with a 95 % interval; the goal is less than
64 KiB a day.
"""

import argparse
import asyncio
import gc
import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import structlog
from scipy.stats import t as student

from bot.app import Plan
from bot.cli.stage import Stage
from bot.clock import LoopClock
from config.load import load_settings, session_calendar
from config.settings import Settings
from domain.desk import Desk
from domain.effects import Effect
from domain.events import Event
from sim.exchange.scenarios import load
from sim.virtual_time import run

GOAL_KIB = 64.0
_PAGE_KIB = 4.0


@dataclass
class Sampler:
    """Observes the loop; takes one sample each day."""

    day: int = -1
    rss_kib: list[float] = field(default_factory=list)

    def __call__(self, _events: Sequence[Event], _effects: Sequence[Effect], desk: Desk) -> None:
        ordinal = desk.today.toordinal()
        if ordinal != self.day:
            self.day = ordinal
            gc.collect()
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
            self.rss_kib.append(pages * _PAGE_KIB)


def settings_for(folder: Path) -> Settings:
    settings = load_settings("demo")
    journal = settings.journal.model_copy(
        update={"path": folder / "soak.sqlite", "quote_retention_days": 1}
    )
    return settings.model_copy(update={"journal": journal})


async def lived(name: str, days: int, step_s: float, folder: Path) -> list[float]:
    settings = settings_for(folder)
    demo = settings.demo.model_copy(update={"step_s": step_s})
    settings = settings.model_copy(update={"demo": demo})
    calendar = session_calendar()
    stage = Stage(load(name, days=days), calendar, settings.demo.seed, math.inf, settings)
    loop = asyncio.get_running_loop()
    sampler = Sampler()
    plan = Plan(
        "soak", settings.policy(), calendar, LoopClock(stage.starts_at, loop), tick_s=60.0,
        observers=(sampler,), report_health=False,
    )  # fmt: skip
    ending = await stage.play(plan, asyncio.Event())
    if ending.error is not None:
        raise ending.error
    return sampler.rss_kib


def slope(kib: list[float]) -> tuple[float, float]:
    """KiB a day over the second half, and half the width of its 95 % interval."""
    y = np.asarray(kib[len(kib) // 2 :])
    x = np.arange(len(y), dtype=float)
    fit = np.polyfit(x, y, 1)
    residuals = y - np.polyval(fit, x)
    error = math.sqrt(float(residuals @ residuals) / (len(y) - 2))
    error /= math.sqrt(float(((x - x.mean()) ** 2).sum()))
    return float(fit[0]), float(student.ppf(0.975, len(y) - 2)) * error


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--days", type=int, default=20, help="sessions; at least 8")
    parser.add_argument("--scenario", default="calm-2017")
    parser.add_argument("--step", type=float, default=60.0, help="seconds between market moves")
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with tempfile.TemporaryDirectory() as folder:
        kib = run(lived(asked.scenario, max(8, asked.days), asked.step, Path(folder)))
    found, half = slope(kib)
    print(f"resident MiB by day: {' '.join(f'{each / 1024:.1f}' for each in kib)}")
    verdict = "met" if found - half < GOAL_KIB else "missed"
    print(
        f"slope over the last {len(kib) - len(kib) // 2} of {len(kib)} days: "
        f"{found:+.1f} +- {half:.1f} KiB a day (95 %; goal < {GOAL_KIB:g}: {verdict})"
    )


if __name__ == "__main__":
    main()
