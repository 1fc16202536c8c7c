"""Text files row by row, with the line that each row stands on, and numbers that are numbers."""

import csv
import gzip
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from math import isfinite
from pathlib import Path


class Unreadable(ValueError):
    """A file or a row that no importer understands; the message names both."""


def text_of(path: Path) -> str:
    """The whole file, gzipped or not, without a byte-order mark. Raises Unreadable."""
    try:
        raw = path.read_bytes()
        return (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as trouble:
        raise Unreadable(f"{path.name}: {trouble}") from None


def rows_of(text: str, skipped: int = 0) -> Iterator[tuple[int, dict[str, str]]]:
    """(line, row by column) after ``skipped`` lines; names and values without outer blanks.

    A repeated column keeps its first meaning; later ones get a number: Bid, Bid.2.
    """
    lines = text.splitlines()[skipped:]
    reader = csv.reader(lines)
    names = _distinct([name.strip() for name in next(reader, [])])
    for row in reader:
        if row:
            values = (value.strip() for value in row)
            yield reader.line_num + skipped, dict(zip(names, values, strict=False))


def number(row: Mapping[str, str], name: str) -> float | None:
    """None for an empty cell. Raises ValueError for text, infinity and NaN."""
    text = row.get(name, "")
    if not text:
        return None
    value = float(text)
    if not isfinite(value):
        raise ValueError(f"{name} is {text}")
    return value


def needed(row: Mapping[str, str], name: str) -> float:
    """A number that must be there. Raises ValueError."""
    value = number(row, name)
    if value is None:
        raise ValueError(f"{name} is missing")
    return value


def day(text: str) -> date:
    """ISO, month/day/year, or the long form of a weekday and a month. Raises ValueError."""
    if "/" in text:
        month, day_of_month, year = text.split("/")
        return date(int(year), int(month), int(day_of_month))
    if text[:1].isalpha():
        return datetime.strptime(f"{text} +0000", "%a %b %d %Y %z").date()
    return date.fromisoformat(text)


def _distinct(names: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name}.{seen[name]}")
    return found
