"""From a file of months to a series, refusing what it does not understand.

One row says a date (YYYY-MM or YYYY-MM-DD) and a value, with a comma between; a first line that is
no row is its heading. An empty value, a dot or a zero is a month without one.
"""

import re
from datetime import date
from functools import cache
from pathlib import Path

from config.releases import ReleaseTableError
from domain.signals import Series

_MONTH = re.compile(r"(\d{4})-(\d\d)(?:-(\d\d))?", re.ASCII)
_MISSING = frozenset({"", ".", "0", "0.0"})


@cache
def monthly_series(path: Path | None) -> Series:
    """Dates and values, oldest first; () without a file. Raises ReleaseTableError, naming every bad
    row by file and line.
    """
    if path is None:
        return ()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise ReleaseTableError((f"{path}: cannot be read as text",)) from None
    found: dict[date, float] = {}
    errors: list[str] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or (number == 1 and not line[:4].isdecimal()):
            continue
        try:
            on, value = _row(line)
        except ValueError as mistake:
            errors.append(f"{path}:{number}: {mistake}")
            continue
        if on in found:
            errors.append(f"{path}:{number}: {on} is there already")
        if value is not None:
            found[on] = value
    if not found and not errors:
        errors.append(f"{path}: no values in it")
    if errors:
        raise ReleaseTableError(tuple(errors))
    return tuple(sorted(found.items()))


def _row(line: str) -> tuple[date, float | None]:
    """Raises ValueError with what is wrong with the line."""
    day, comma, text = line.partition(",")
    match = _MONTH.fullmatch(day.strip())
    if not comma or match is None:
        raise ValueError("a row is YYYY-MM or YYYY-MM-DD, a comma and a value")
    on = date(int(match[1]), int(match[2]), int(match[3] or 1))
    if text.strip() in _MISSING:
        return on, None
    value = float(text)
    if not 0.0 < value < 1e6:
        raise ValueError(f"{text.strip()} is no value above 0")
    return on, value
