"""Whether the daemon's memory grows with the days it lives: resident size against simulated days.

    .venv/bin/python -m benchmarks.soak [--days 100] [--scenario calm-2017] [--step 60]

The daemon lives in virtual time; market and gateway are in a process of their own, whose size is
told apart. Every new day gives one point, after a full collection. The slope is a least squares
line over the second half of the days, with a 95 % interval; the goal is less than 64 KiB a day. At
the end each life's journal is verified.
"""

import argparse
import asyncio
import gc
import math
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import numpy as np
import structlog
from scipy.stats import t as student

from benchmarks.apart import GatewayApart, Play, resident_kib
from bot.app import Plan, run_daemon
from bot.clock import LoopClock
from bot.journal.reading import JournalReader
from config.load import load_settings, session_calendar
from config.settings import Settings
from domain.desk import Desk
from domain.effects import Effect
from domain.events import Event
from sim.virtual_time import run

GOAL_KIB = 64.0
HOST, PORT = "127.0.0.1", 4002


@dataclass
class Sampler:
    """Observes the loop; takes one sample each day."""

    gateway: GatewayApart
    day: int = -1
    rss_kib: list[float] = field(default_factory=list)
    others_kib: list[float] = field(default_factory=list)
    desk: Desk | None = None

    def __call__(self, _events: Sequence[Event], _effects: Sequence[Effect], desk: Desk) -> None:
        ordinal = desk.today.toordinal()
        if ordinal != self.day:
            self.day = ordinal
            gc.collect()
            self.rss_kib.append(resident_kib())
            self.others_kib.append(self.gateway.rss_kib)
            self.desk = desk


def settings_for(folder: Path) -> Settings:
    settings = load_settings("demo")
    journal = settings.journal.model_copy(
        update={"path": folder / "soak.sqlite", "quote_retention_days": 1}
    )
    broker = settings.broker.model_copy(update={"host": HOST, "port": PORT})
    return settings.model_copy(update={"journal": journal, "broker": broker})


async def lived(name: str, days: int, step_s: float, folder: Path) -> Sampler:
    settings, loop = settings_for(folder), asyncio.get_running_loop()
    cash = Decimal(str(settings.demo.cash_usd))
    gateway = GatewayApart(Play(name, days, settings.demo.seed, step_s, cash))
    gateway.listen(HOST, PORT)
    sampler, stop = Sampler(gateway), asyncio.Event()
    plan = Plan(
        "soak", settings.policy(), session_calendar(), LoopClock(gateway.starts_at, loop),
        tick_s=60.0, observers=(sampler,), report_health=False,
    )  # fmt: skip
    market = asyncio.ensure_future(gateway.run())
    loop.call_at((gateway.ends_at - gateway.starts_at).total_seconds(), stop.set)
    ending = await run_daemon(settings, plan, stop)
    market.cancel()
    gateway.close()
    if ending.error is not None:
        raise ending.error
    return sampler


def slope(kib: list[float]) -> tuple[float, float]:
    """KiB a day over the second half, and half the width of its 95 % interval."""
    y = np.asarray(kib[len(kib) // 2 :])
    x = np.arange(len(y), dtype=float)
    fit = np.polyfit(x, y, 1)
    residuals = y - np.polyval(fit, x)
    error = math.sqrt(float(residuals @ residuals) / (len(y) - 2))
    error /= math.sqrt(float(((x - x.mean()) ** 2).sum()))
    return float(fit[0]), float(student.ppf(0.975, len(y) - 2)) * error


def most_numerous() -> str:
    """The kinds of object of which there are most, to see what grew."""
    kinds = Counter(type(thing).__name__ for thing in gc.get_objects())
    return ", ".join(f"{count} {kind}" for kind, count in kinds.most_common(12))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--days", type=int, default=100, help="sessions; at least 8")
    parser.add_argument("--scenario", default="calm-2017")
    parser.add_argument("--step", type=float, default=60.0, help="seconds between market moves")
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with tempfile.TemporaryDirectory() as folder:
        seen = run(lived(asked.scenario, max(8, asked.days), asked.step, Path(folder)))
        reader = JournalReader(Path(folder, "soak.sqlite"))
        records, troubles = reader.count("record"), reader.troubles()
        reader.close()
    kib = seen.rss_kib
    print(f"daemon, resident MiB by day: {' '.join(f'{each / 1024:.1f}' for each in kib)}")
    print(f"gateway, resident MiB: {' '.join(f'{each / 1024:.0f}' for each in seen.others_kib)}")
    print(f"objects at the end: {most_numerous()}; {records} records, {len(troubles)} troubles")
    for who, points in (("daemon", kib), ("gateway", seen.others_kib)):
        found, half = slope(points)
        verdict = "met" if found - half < GOAL_KIB else "missed"
        print(
            f"{who}: slope over the last {len(kib) - len(kib) // 2} of {len(kib)} days "
            f"{found:+.1f} +- {half:.1f} KiB a day (95 %; goal < {GOAL_KIB:g}: {verdict})"
        )
    sys.exit(bool(troubles))


if __name__ == "__main__":
    main()
