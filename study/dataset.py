"""Which daily history a study uses, and whether it can be believed.

Every finding names file and row. Nothing is repaired: an error stops a study of the days it
touches, a note is printed in the report. Reading itself is the simulated exchange's, so that a demo
and a study see the same days.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

from domain.session import SessionCalendar
from sim.exchange.history import DAILY_FILE, Day, HistoryMissing, read_arch, read_directory
from sim.exchange.scenarios import Scenario
from study.cboe_checks import check_cboe
from study.intraday_checks import check_intraday
from study.store.history import has_history, session_findings, sessions
from study.store.tables import Store
from study.store_checks import Finding, check_store

ARCH = "arch"
WARMUP_MIN = 60  # the shortest look-back that the market's term structure uses
_WARMUP_MAX = 300


class DatasetError(ValueError):
    """History that is not there or not to be believed; the message says what there is."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Sessions oldest first; ``findings`` say what is wrong with the files they came from."""

    days: tuple[Day, ...]
    source: str
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.error)


def compared_with_cboe(
    dataset: Dataset, folder: Path, calendar: SessionCalendar
) -> tuple[Finding, ...]:
    """Findings in Cboe's own files in ``folder`` or its subfolder ``cboe``, none where they are not
    there.
    """
    below = folder / "cboe"
    values = {
        (day.on, column): value
        for day in dataset.days
        for column in ("vix_close", "vix9d", "vix3m", "vix6m", "vvix", "skew")
        if (value := getattr(day, column)) is not None
    }
    return check_cboe(below if below.is_dir() else folder, calendar, values)


def folder_of(data: Path | None) -> Path | None:
    """The folder asked for, else the one that CONDORBOT_DATA names."""
    named = os.environ.get("CONDORBOT_DATA")
    return data or (Path(named) if named else None)


def load_dataset(data: Path | None, calendar: SessionCalendar) -> Dataset:
    """The history of a folder, be it daily files or a store of imports; without a folder the files
    inside the package ``arch`` (2014 to 2018).

    Raises DatasetError when a folder was named and holds no store.
    """
    folder = folder_of(data)
    if folder is None:
        return _from_arch()
    if not (folder / DAILY_FILE).is_file():
        return _from_store(folder, calendar)
    findings = check_store(folder, calendar) + check_intraday(folder, calendar)
    if any(finding.fatal for finding in findings):
        return Dataset((), str(folder), findings)
    return Dataset(tuple(read_directory(folder)), str(folder), findings)


def scenario(dataset: Dataset, first: date, last: date) -> Scenario:
    """The sessions of [first, last] with the history before them as warm-up.

    When the data begin at ``first`` the first 60 sessions are the warm-up. Raises DatasetError when
    the data do not reach the period, are out of order or contain errors inside it.
    """
    days = dataset.days
    if not days:
        raise DatasetError(f"{dataset.source} cannot be read: run `condorbot data check`")
    refuse_disorder(days)
    begin = next((i for i, day in enumerate(days) if day.on >= first), len(days))
    end = next((i for i, day in enumerate(days) if day.on > last), len(days))
    begin = max(begin, WARMUP_MIN)
    has = f"{dataset.source} has {days[0].on} to {days[-1].on}"
    if end - begin < 2:
        raise DatasetError(f"no sessions to study from {first} to {last}: {has}, the first "
                           f"{WARMUP_MIN} sessions serve as warm-up")  # fmt: skip
    if first.year < days[0].on.year or last.year > days[-1].on.year:
        raise DatasetError(f"{first} to {last} is not covered: {has}")
    used = days[begin:end]
    inside = [f for f in dataset.errors if f.on is None or days[0].on <= f.on <= used[-1].on]
    if inside:
        listed = "; ".join(str(finding) for finding in inside[:3])
        raise DatasetError(f"{len(inside)} errors in the data: {listed}")
    name = f"{used[0].on} to {used[-1].on}"
    return Scenario(name, used, days[max(0, begin - _WARMUP_MAX) : begin], dataset.source)


def refuse_disorder(days: Sequence[Day]) -> None:
    """Raises DatasetError unless the days rise: a shuffled series must never be replayed."""
    for before, after in pairwise(days):
        if after.on <= before.on:
            raise DatasetError(f"{after.on} comes after {before.on}: the series is out of order")


def _from_store(folder: Path, calendar: SessionCalendar) -> Dataset:
    store = Store(folder)
    if not has_history(store):
        raise DatasetError(
            f"neither {DAILY_FILE} nor imported SPX and VIX prices in {folder}: "
            f"`condorbot data import` brings them, leaving --data out uses '{ARCH}'"
        )
    days = sessions(store)
    return Dataset(tuple(days), str(folder), session_findings(days, calendar))


def _from_arch() -> Dataset:
    try:
        days = tuple(read_arch())
    except HistoryMissing as missing:
        raise DatasetError(str(missing)) from missing
    text = "VIX open, high and low and the VX curve are estimated: only VIX closes are real"
    return Dataset(days, ARCH, (Finding(ARCH, 0, None, text, error=False),))
