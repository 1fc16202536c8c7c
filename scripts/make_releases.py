"""Writes config/data/releases.txt from a table of events; --check only compares.

The table is CSV with the columns date, event and time_et, its events among others fomc_decision,
cpi and ppi. What such tables commonly get wrong is set right here, and days nobody has announced
yet become spans. Run it when new dates are published: `python scripts/make_releases.py EVENTS.csv`.
"""

import argparse
import csv
import sys
from datetime import date
from pathlib import Path

TARGET = Path(__file__).parents[1] / "config" / "data" / "releases.txt"
FIRST, LAST = 2003, 2027
KINDS = {"fomc_decision": "FOMC", "cpi": "CPI", "ppi": "PPI"}
# Published on days that the table does not have.
ADDED = (("CPI", date(2008, 1, 16)), ("PPI", date(2008, 1, 15)))
# Decisions announced with a press conference in those years came at 12:30, the others at 14:15.
EARLY = frozenset(
    {
        date(2011, 4, 27), date(2011, 6, 22), date(2011, 11, 2), date(2012, 1, 25),
        date(2012, 4, 25), date(2012, 6, 20), date(2012, 9, 13), date(2012, 12, 12),
    }
)  # fmt: skip
EVENING_UNTIL = date(2013, 1, 30)  # the last statement at 14:15; 14:00 from the next on
DAYS_A_LINE = 6
# Where days are not announced yet: prices have come out between these days of the month.
EXPECTED = {"CPI": (10, 15), "PPI": (9, 17)}
HEAD = """\
# Scheduled releases: kind, year, New York time, days (MM-DD). Unscheduled FOMC decisions are left
# out, because nobody could have waited for them. A span is a day not announced yet; put the
# announced one into a file of your own and name it in [calendar] (docs/settings.md).
# Written by scripts/make_releases.py.
"""


def clock(kind: str, on: date) -> str:
    if kind != "FOMC":
        return "08:30"
    if on in EARLY:
        return "12:30"
    return "14:15" if on <= EVENING_UNTIL else "14:00"


def releases(events: Path) -> dict[tuple[str, date], str]:
    """Day as MM-DD, or a span of them, by kind and (first) day."""
    with events.open(encoding="utf-8", newline="") as lines:
        rows = [
            (KINDS[row["event"]], date.fromisoformat(row["date"]))
            for row in csv.DictReader(lines)
            if row["event"] in KINDS
        ]
    known = sorted({*rows, *ADDED})
    found = {(kind, on): f"{on:%m-%d}" for kind, on in known if FIRST <= on.year <= LAST}
    for kind, (first, last) in EXPECTED.items():
        end = max(on for name, on in found if name == kind)
        months = [(y, m) for y in range(end.year, LAST + 1) for m in range(1, 13)]
        for year, month in months:
            if (year, month) > (end.year, end.month):
                start, stop = date(year, month, first), date(year, month, last)
                found[kind, start] = f"{start:%m-%d}..{stop:%m-%d}"
    return found


def rendered(events: Path) -> str:
    rows: dict[tuple[str, int, str], list[str]] = {}
    for (kind, on), text in sorted(releases(events).items()):
        rows.setdefault((kind, on.year, clock(kind, on)), []).append(text)
    lines = [
        f"{kind:<4} {year} {at}  {' '.join(batch)}"
        for (kind, year, at), days in rows.items()
        for batch in (days[i : i + DAYS_A_LINE] for i in range(0, len(days), DAYS_A_LINE))
    ]
    return HEAD + "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("events", type=Path, help="CSV with the columns date, event, time_et")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    arguments = parser.parse_args()
    if arguments.check:
        if TARGET.read_text(encoding="utf-8") != rendered(arguments.events):
            print(f"{TARGET.name} is not what {arguments.events} says", file=sys.stderr)
            return 1
        return 0
    TARGET.write_text(rendered(arguments.events), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
