"""What can be wrong with files of market history, found row by row: columns, numbers, order, gaps,
units, ranges, and facts that everybody knows.

Reads text only and repairs nothing. An error makes the days it touches unusable; a note is a known
weakness of public data that a reader of the results should hear about.
"""

import csv
import gzip
import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TypeAlias

from domain.session import SessionCalendar
from sim.exchange.history import DAILY_FILE, VX_FILE

DAILY_COLUMNS = (
    "date", "spx_open", "spx_high", "spx_low", "spx_close", "vix_open", "vix_high", "vix_low",
    "vix_close", "vix9d", "vix3m", "vvix", "skew",
)  # fmt: skip
OTHER_COLUMNS = frozenset({
    "vix6m", "tbill_13w_pct", "vixy_close", "vnq_close", "spy_close", "usd_broad",
    "nyse_net_new_highs",
})  # fmt: skip
VX_COLUMNS = ("trade_date", "expiry", "settle")
OTHER_VX_COLUMNS = frozenset({"open", "high", "low", "close", "volume", "open_interest"})
UNIT_CHANGE = date(2007, 3, 26)  # before it VX traded at ten times the index
_ROUNDING = 0.011  # published ranges miss their own open or close by a cent
_TENFOLD = 4.0
_Facts: TypeAlias = Mapping[tuple[date, str], float]
FACTS: _Facts = {
    (date(2018, 2, 5), "vix_close"): 37.32,
    (date(2018, 2, 5), "spx_close"): 2648.94,
    (date(2018, 2, 5), "vix3m"): 28.13,
    (date(2018, 2, 5), "vix9d"): 59.34,
    (date(2018, 2, 5), "vvix"): 177.34,
    (date(2020, 3, 16), "vix_close"): 82.69,
    (date(2020, 3, 16), "spx_close"): 2386.13,
    (date(2020, 3, 23), "spx_close"): 2237.40,
}
VX_FACTS: Mapping[tuple[date, date], float] = {
    (date(2018, 2, 5), date(2018, 2, 14)): 33.225,
    (date(2018, 2, 5), date(2018, 3, 21)): 27.975,
    (date(2020, 3, 16), date(2020, 3, 18)): 72.625,
    (date(2020, 3, 16), date(2020, 4, 15)): 59.15,
}
Row: TypeAlias = tuple[int, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Finding:
    """``row`` is the line of the file, the header being 1; 0 speaks of the whole file. ``fatal``
    errors leave nothing to read.
    """

    file: str
    row: int
    on: date | None
    text: str
    error: bool = True
    fatal: bool = False

    def __str__(self) -> str:
        where = f"{self.file}:{self.row}" if self.row else self.file
        return f"{where}: {self.text}" if self.on is None else f"{where} ({self.on}): {self.text}"


def check_store(folder: Path, calendar: SessionCalendar) -> tuple[Finding, ...]:
    """Everything wrong with the daily file and the futures file of ``folder``, in file order."""
    found, closes = check_daily(folder / DAILY_FILE, calendar)
    if (folder / VX_FILE).is_file():
        found += check_vx(folder / VX_FILE, closes, calendar)
    else:
        text = "missing: the VX curve will be a model, not settlements"
        found.append(Finding(VX_FILE, 0, None, text, error=False))
    return tuple(found)


def check_daily(path: Path, calendar: SessionCalendar) -> tuple[list[Finding], dict[date, float]]:
    """Findings of the daily file, and its VIX closes by day."""
    found = column_findings(path, DAILY_COLUMNS, OTHER_COLUMNS)
    if any(finding.fatal for finding in found):
        return found, {}
    closes: dict[date, float] = {}
    before: date | None = None
    stale = 0
    previous_close: float | None = None
    for line, row in rows(path):
        on = _date(row["date"])
        if on is None:
            found.append(Finding(path.name, line, None, f"no date: {row['date']!r}", fatal=True))
            continue
        values, wrong = _numbers(row, DAILY_COLUMNS[1:])
        found += [Finding(path.name, line, on, text, fatal=True) for text in wrong]
        found += _order(path.name, line, on, before, calendar)
        found += _ranges(path.name, line, on, values)
        found += _known(path.name, line, on, values)
        stale += values.get("spx_open") is not None and values["spx_open"] == previous_close
        previous_close = values.get("spx_close")
        if (vix := values.get("vix_close")) is not None:
            closes[on] = vix
        before = on
    if stale:
        text = f"on {stale} sessions the SPX open is the close before: no overnight gap in them"
        found.append(Finding(path.name, 0, None, text, error=False))
    return found, closes


def check_vx(path: Path, vix: Mapping[date, float], calendar: SessionCalendar) -> list[Finding]:
    """Findings of the futures file: units against VIX, duplicates, settlements after expiry."""
    found = column_findings(path, VX_COLUMNS, OTHER_VX_COLUMNS)
    if any(finding.fatal for finding in found):
        return found
    seen: dict[tuple[date, date], int] = {}
    for line, row in rows(path):
        on, expiry = _date(row["trade_date"]), _date(row["expiry"])
        values, wrong = _numbers(row, ("settle",))
        if on is None or expiry is None or wrong:
            text = "; ".join(wrong) or "no trade date or no expiry"
            found.append(Finding(path.name, line, on, text, fatal=True))
            continue
        if (on, expiry) in seen:
            text = f"a second row of contract {expiry}, the first is row {seen[on, expiry]}"
            found.append(Finding(path.name, line, on, text))
        seen[on, expiry] = line
        if on > expiry:
            found.append(Finding(path.name, line, on, f"traded after its expiry {expiry}"))
        found += unit_findings(path.name, line, on, values["settle"], vix.get(on))
        fact = VX_FACTS.get((on, expiry))
        if fact is not None and values["settle"] != fact:
            found.append(Finding(path.name, line, on, f"settle {values['settle']}, was {fact}"))
    return found


def rows(path: Path) -> Iterator[Row]:
    """Lines of a CSV file, gzipped or not, with their numbers; the header is line 1."""
    reader = _reader(path)
    for row in reader:
        yield reader.line_num, row


def _reader(path: Path) -> "csv.DictReader[str]":
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8")
    return csv.DictReader(io.StringIO(text, newline=""))


def unit_findings(
    file: str, line: int, on: date, settle: float | None, vix: float | None
) -> list[Finding]:
    """A future worth several times VIX is quoted in the old unit, ten times the index."""
    if settle is None or not settle > 0:
        return [Finding(file, line, on, "no settlement price", error=False)]
    if vix is None or settle < _TENFOLD * vix:
        return []
    text = f"settle {settle:g} at VIX {vix:g}: looks ten times too large"
    if on < UNIT_CHANGE:
        text += f" (VX was quoted so before {UNIT_CHANGE})"
    return [Finding(file, line, on, text)]


def column_findings(path: Path, needed: tuple[str, ...], others: frozenset[str]) -> list[Finding]:
    """A missing column is fatal, an unknown one a note."""
    header = _reader(path).fieldnames or []
    missing = [name for name in needed if name not in header]
    strange = [str(name) for name in header if name not in needed and name not in others]
    found = []
    if missing:
        text = f"no column {', '.join(missing)}"
        found.append(Finding(path.name, 1, None, text, fatal=True))
    if strange:
        text = f"unknown column {', '.join(strange)}"
        found.append(Finding(path.name, 1, None, text, error=False))
    return found


def _order(
    file: str, line: int, on: date, before: date | None, calendar: SessionCalendar
) -> list[Finding]:
    found = []
    if before is not None and on == before:
        found.append(Finding(file, line, on, "a second row of this day"))
    elif before is not None and on < before:
        found.append(Finding(file, line, on, f"out of order, after {before}"))
    if not calendar.is_session(on):
        found.append(Finding(file, line, on, "not a session by the session table"))
    if before is not None and on > before:
        day = before + timedelta(days=1)
        absent = []
        while day < on:
            if calendar.is_session(day):
                absent.append(day)
            day += timedelta(days=1)
        if absent:
            text = f"{len(absent)} sessions missing before it, from {absent[0]}"
            found.append(Finding(file, line, on, text, error=len(absent) > 1))
    return found


def _ranges(file: str, line: int, on: date, values: Mapping[str, float | None]) -> list[Finding]:
    found = []
    for name in ("spx", "vix"):
        parts = [values.get(f"{name}_{part}") for part in ("open", "high", "low", "close")]
        known = [part for part in parts if part is not None]
        if len(known) < 4:
            text = f"{name} is missing: the session is left out"
            found.append(Finding(file, line, on, text, error=False))
            continue
        opened, high, low, close = known
        if min(known) <= 0:
            found.append(Finding(file, line, on, f"{name} is not positive"))
        elif high < max(opened, close) - _ROUNDING or low > min(opened, close) + _ROUNDING:
            text = f"{name} open or close lies outside {low:g} to {high:g}"
            found.append(Finding(file, line, on, text, error=False))
    return found


def _known(file: str, line: int, on: date, values: Mapping[str, float | None]) -> list[Finding]:
    return [
        Finding(file, line, on, f"{name} {value:g}, was {fact:g}")
        for (day, name), fact in FACTS.items()
        if day == on and (value := values.get(name)) is not None and abs(value - fact) > 0.006
    ]


def _numbers(
    row: Mapping[str, str], names: tuple[str, ...]
) -> tuple[dict[str, float | None], list[str]]:
    values: dict[str, float | None] = {}
    wrong = []
    for name in names:
        text = row.get(name)
        if not text:
            values[name] = None
            continue
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            wrong.append(f"{name} is {text!r}, not a number")
            values[name] = None
        else:
            values[name] = value
    return values, wrong


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
