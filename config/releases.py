"""From lines of text to the calendar of releases, refusing what it does not understand.

One line says kind, year, New York time and days: ``CPI 2018 08:30 01-12 02-14``. A span such as
``01-11..01-15`` is a day not announced yet, which lies somewhere in it. ``#`` begins a remark.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date, time
from functools import cache
from pathlib import Path

from domain.releases import Release, ReleaseCalendar, ReleaseKind
from domain.session import at_new_york, new_york

_BUILT_IN = Path(__file__).parent / "data" / "releases.txt"
_DAY = re.compile(r"(\d\d)-(\d\d)(?:\.\.(\d\d)-(\d\d))?", re.ASCII)
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_YEARS = range(1990, 2100)


class ReleaseTableError(ValueError):
    """A calendar that cannot be used. ``errors``: one line per mistake, with file and line."""

    def __init__(self, errors: tuple[str, ...]) -> None:
        super().__init__("\n".join(errors))
        self.errors = errors


@cache
def release_calendar(table: Path | None = None, more: Path | None = None) -> ReleaseCalendar:
    """The calendar of ``table``, or the one that comes with the product, and of ``more`` beside it.

    An announced day replaces the span that was expected for its kind in its month. Raises
    ReleaseTableError, naming every mistake.
    """
    found: list[Release] = []
    errors: list[str] = []
    for path in (table or _BUILT_IN, more):
        if path is not None:
            rows, mistakes = _read(path)
            found += rows
            errors += mistakes
    if errors:
        raise ReleaseTableError(tuple(errors))
    return ReleaseCalendar.of(_superseded(found))


def _read(path: Path) -> tuple[list[Release], list[str]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as trouble:
        return [], [f"{path}: cannot be read: {trouble.strerror}"]
    except UnicodeDecodeError:
        return [], [f"{path}: not UTF-8 text"]
    found: list[Release] = []
    errors: list[str] = []
    for number, line in enumerate(lines, start=1):
        try:
            for release in _releases(line):
                if release in found:
                    again = f"{release.kind} of {_day(release)} is there already"
                    errors.append(f"{path}:{number}: {again}")
                found.append(release)
        except ValueError as mistake:
            errors.append(f"{path}:{number}: {mistake}")
    if not found and not errors:
        errors.append(f"{path}: no releases in it")
    return found, errors


def _releases(line: str) -> Iterator[Release]:
    """What one line says. Raises ValueError with what is wrong with it."""
    words = line.partition("#")[0].split()
    if not words:
        return
    if len(words) < 4:
        raise ValueError("a line is KIND YEAR HH:MM and days")
    name, year, clock, *days = words
    if name not in list(ReleaseKind):
        raise ValueError(f"no release is called {name}; there are {', '.join(ReleaseKind)}")
    if not (year.isdecimal() and int(year) in _YEARS):
        raise ValueError(f"{year} is no year")
    told = _CLOCK.fullmatch(clock)
    if told is None:
        raise ValueError(f"{clock} is no time of day such as 08:30")
    at = time(int(told[1]), int(told[2]))
    for text in days:
        first, last = _span(int(year), text)
        yield Release(at_new_york(first, at), ReleaseKind(name), (last - first).days)


def _span(year: int, text: str) -> tuple[date, date]:
    match = _DAY.fullmatch(text)
    if match is None:
        raise ValueError(f"{text} is no day such as 01-12, nor a span such as 01-11..01-15")
    try:
        first = date(year, int(match[1]), int(match[2]))
        last = first if match[3] is None else date(year, int(match[3]), int(match[4]))
    except ValueError:
        raise ValueError(f"{year} has no day {text}") from None
    if match[3] is not None and not 0 < (last - first).days < 10:
        raise ValueError(f"{text} must span 2 to 10 days, in order")
    return first, last


def _superseded(releases: Iterable[Release]) -> list[Release]:
    """Without spans whose month has an announced day of the same kind."""
    found = list(releases)
    announced = {(r.kind, _day(r).replace(day=1)) for r in found if not r.days}
    return [r for r in found if not r.days or (r.kind, _day(r).replace(day=1)) not in announced]


def _day(release: Release) -> date:
    return new_york(release.at).date()
