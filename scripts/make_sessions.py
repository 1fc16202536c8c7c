"""Writes config/data/xnys_sessions.json from exchange_calendars; --check only compares.

US index options keep the holidays and early closes of the New York Stock Exchange, so one table
serves. Run it once a year, when the exchange has published the next year's calendar.
"""

import argparse
import json
import sys
from datetime import date
from pathlib import Path

import exchange_calendars

TARGET = Path(__file__).parents[1] / "config" / "data" / "xnys_sessions.json"
FIRST, LAST = date(1990, 1, 1), date(2028, 12, 31)


def table() -> dict[str, object]:
    """Weekdays without a session, and sessions ending before 16:00, from FIRST to LAST."""
    calendar = exchange_calendars.get_calendar(
        "XNYS", start=FIRST.isoformat(), end=LAST.isoformat()
    )
    sessions = {stamp.date() for stamp in calendar.sessions}
    days = (date.fromordinal(n) for n in range(FIRST.toordinal(), LAST.toordinal() + 1))
    closures = [day.isoformat() for day in days if day.weekday() < 5 and day not in sessions]
    early = [stamp.date().isoformat() for stamp in calendar.early_closes]
    return {
        "first": FIRST.isoformat(),
        "last": LAST.isoformat(),
        "closures": closures,
        "early_closes": early,
    }


def rendered() -> str:
    """The file's content: stable, one line per entry, so that a difference reads as one."""
    return json.dumps(table(), indent=1) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    if parser.parse_args().check:
        current = TARGET.read_text(encoding="utf-8")
        if current != rendered():
            print(
                f"{TARGET.name} is not what exchange_calendars says",
                file=sys.stderr,
            )
            return 1
        return 0
    TARGET.write_text(rendered(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
