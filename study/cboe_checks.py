"""Cboe's own downloads, index histories and one file per VX contract: what is wrong in them, and
where they contradict the daily store.

They are read to be compared, not replayed: the S&P 500 is not among them.
"""

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from domain.session import SessionCalendar
from study.store_checks import Finding, column_findings, rows, unit_findings

_INDEXES = {
    "VIX": "vix_close", "VIX9D": "vix9d", "VIX3M": "vix3m", "VIX6M": "vix6m", "VVIX": "vvix",
    "SKEW": "skew",
}  # fmt: skip
_PRICES = ("OPEN", "HIGH", "LOW", "CLOSE")
_VX_NEEDED = ("Trade Date", "Settle")
_VX_OTHERS = frozenset(
    {"Futures", "Open", "High", "Low", "Close", "Change", "Total Volume", "EFP", "Open Interest"}
)
_VX_NAME = re.compile(r"VX_(\d{4}-\d{2}-\d{2})\.csv")
_SAME = 0.006


def check_cboe(
    folder: Path, calendar: SessionCalendar, store: Mapping[tuple[date, str], float]
) -> tuple[Finding, ...]:
    """Findings in every Cboe file of ``folder``; ``store`` holds the daily store's values."""
    found: list[Finding] = []
    for symbol, column in _INDEXES.items():
        path = folder / f"{symbol}_History.csv"
        if path.is_file():
            found += _index(path, symbol, column, calendar, store)
    for path in sorted(folder.glob("VX_*.csv")):
        found += _contract(path, calendar, store)
    return tuple(found)


def _index(
    path: Path,
    symbol: str,
    column: str,
    calendar: SessionCalendar,
    store: Mapping[tuple[date, str], float],
) -> list[Finding]:
    found = column_findings(path, ("DATE",), frozenset({*_PRICES, symbol}))
    if any(finding.fatal for finding in found):
        return found
    before: date | None = None
    for line, row in rows(path):
        on, value = _day(row["DATE"]), _value(row.get("CLOSE") or row.get(symbol))
        if on is None or value is None:
            found.append(Finding(path.name, line, on, "no date or no closing value", fatal=True))
            continue
        found += _placed(path.name, line, on, before, calendar)
        known = store.get((on, column))
        if known is not None and abs(known - value) > _SAME:
            text = f"{symbol} closes at {value:g}, the daily store has {known:g}"
            found.append(Finding(path.name, line, on, text))
        before = on
    return found


def _contract(
    path: Path, calendar: SessionCalendar, store: Mapping[tuple[date, str], float]
) -> list[Finding]:
    named = _VX_NAME.fullmatch(path.name)
    expiry = _day(named[1]) if named else None
    if expiry is None:
        return [Finding(path.name, 0, None, "no expiry in the file's name", fatal=True)]
    found = column_findings(path, _VX_NEEDED, _VX_OTHERS)
    if any(finding.fatal for finding in found):
        return found
    before: date | None = None
    for line, row in rows(path):
        on, settle = _day(row["Trade Date"]), _value(row["Settle"])
        if on is None:
            found.append(Finding(path.name, line, None, "no trade date", fatal=True))
            continue
        found += _placed(path.name, line, on, before, calendar)
        if on > expiry:
            found.append(Finding(path.name, line, on, f"traded after its expiry {expiry}"))
        found += unit_findings(path.name, line, on, settle, store.get((on, "vix_close")))
        before = on
    return found


def _placed(
    file: str, line: int, on: date, before: date | None, calendar: SessionCalendar
) -> list[Finding]:
    if before is not None and on <= before:
        return [Finding(file, line, on, f"out of order or a second row, after {before}")]
    if not calendar.is_session(on):
        return [Finding(file, line, on, "not a session by the session table", error=False)]
    return []


def _day(text: str) -> date | None:
    """ISO, or month/day/year as Cboe writes index histories."""
    try:
        if "/" in text:
            month, day, year = text.split("/")
            return date(int(year), int(month), int(day))
        return date.fromisoformat(text)
    except ValueError:
        return None


def _value(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
