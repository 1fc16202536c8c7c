"""Which real days a run replays: named periods, and seeded resamplings of history.

Refuses names and dates that history does not have, and then lists those it has.
"""

import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sim.exchange.bootstrap import resample
from sim.exchange.history import DAILY_FILE, Day, read_arch, read_directory

WARMUP_SESSIONS = 260  # a year: enough for every moving average, RSI and z-score the desk computes
RANDOM = "random"
RANDOM_SESSIONS = 60
SCENARIOS: dict[str, tuple[date, date]] = {
    "volmageddon": (date(2018, 1, 16), date(2018, 3, 16)),
    "calm-2017": (date(2017, 4, 3), date(2017, 7, 14)),
    "august-2015": (date(2015, 7, 20), date(2015, 10, 16)),
    "december-2018": (date(2018, 11, 1), date(2018, 12, 31)),
    RANDOM: (date(2016, 1, 4), date(2018, 12, 31)),
}


class ScenarioError(ValueError):
    """A scenario or a date that does not exist; the message lists those that do."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Sessions to live through and the daily history before them, oldest first."""

    name: str
    days: tuple[Day, ...]
    warmup: tuple[Day, ...]
    source: str


def load(
    name: str,
    *,
    start: date | None = None,
    days: int | None = None,
    seed: int = 0,
    data_dir: Path | None = None,
) -> Scenario:
    """The named scenario; ``start`` and ``days`` choose other sessions of the same history.

    ``start`` may be any date: the scenario begins on the first session not before it. For
    ``random`` the dates are real and the moves resampled. Raises ScenarioError.
    """
    if name not in SCENARIOS:
        raise ScenarioError(f"no scenario {name!r}; there are: {_listing()}")
    if days is not None and days < 1:
        raise ScenarioError(f"a scenario of {days} days; it takes at least 1")
    history, source = _history(data_dir)
    first, last = SCENARIOS[name]
    begin = _position(history, start or first)
    chosen = [day for day in history[begin:] if start is not None or day.on <= last]
    if days is None and name == RANDOM:
        days = RANDOM_SESSIONS
    if days is None and start is not None:
        days = sum(first <= day.on <= last for day in history)
    warmup = history[max(0, begin - WARMUP_SESSIONS - 40) : begin]
    if days is not None and days > len(history) - begin:
        raise ScenarioError(
            f"{days} sessions from {history[begin].on}: history ends on {history[-1].on}, "
            f"after {len(history) - begin} of them"
        )
    if days is not None:
        chosen = history[begin : begin + days]
    if name == RANDOM:
        chosen = resample(history, warmup, [day.on for day in chosen], seed)
    return Scenario(name, tuple(chosen), tuple(warmup), source)


def _history(data_dir: Path | None) -> tuple[list[Day], str]:
    """The given directory, else the one CONDORBOT_DATA names, else the files of `arch`."""
    named = os.environ.get("CONDORBOT_DATA")
    directory = data_dir or (Path(named) if named else None)
    if directory is not None and (directory / DAILY_FILE).exists():
        return read_directory(directory), str(directory)
    if data_dir is not None:
        raise ScenarioError(f"no {DAILY_FILE} in {data_dir}")
    return read_arch(), "arch"


def _position(history: list[Day], start: date) -> int:
    """Index of the first session on or after ``start`` that has a full warm-up before it."""
    found = next((i for i, day in enumerate(history) if day.on >= start), None)
    if found is None or found < WARMUP_SESSIONS or start < history[0].on:
        raise ScenarioError(
            f"no scenario can start on {start}: dates run from {history[WARMUP_SESSIONS].on} "
            f"to {history[-1].on}; named scenarios are: {_listing()}"
        )
    return found


def _listing() -> str:
    return ", ".join(
        name if name == RANDOM else f"{name} ({first} to {last})"
        for name, (first, last) in SCENARIOS.items()
    )
