"""What is wrong with files of five-minute bars, by file and row. Repairs nothing: a day that is not
covered follows its model, and that is said.
"""

from datetime import UTC, date, datetime
from pathlib import Path

from domain.session import SessionCalendar, new_york
from sim.exchange.intraday import BAR_S, bar_files
from study.store_checks import Finding, column_findings, rows

_NEEDED = ("index", "open", "high", "low", "close")
_OTHERS = frozenset({"volume", "average", "barcount"})
_SHOWN = 20  # findings of one kind and file; a wrong time zone has thousands


def check_intraday(folder: Path, calendar: SessionCalendar) -> tuple[Finding, ...]:
    """Findings in every file of five-minute bars below ``folder``; none where there is no file."""
    return tuple(found for path in bar_files(folder) for found in _file(path, calendar))


def _file(path: Path, calendar: SessionCalendar) -> list[Finding]:
    found = column_findings(path, _NEEDED, _OTHERS)
    if any(finding.fatal for finding in found):
        return found
    bars: dict[date, set[int]] = {}
    trouble: list[Finding] = []
    for line, row in rows(path):
        try:
            at = datetime.fromisoformat(row["index"]).replace(tzinfo=UTC)
            opened, high, low, close = (float(row[name]) for name in _NEEDED[1:])
        except ValueError:
            found.append(Finding(path.name, line, None, "no time or no price", fatal=True))
            continue
        on = new_york(at).date()
        if not 0 < low <= min(opened, close) <= max(opened, close) <= high:
            text = f"open or close lies outside {low:g} to {high:g}: the day follows its model"
            trouble.append(Finding(path.name, line, on, text, error=False))
        trouble += _placed(path.name, line, at, calendar, bars.setdefault(on, set()))
    if len(trouble) > _SHOWN:
        rest = trouble[_SHOWN:]
        wrong = any(finding.error for finding in rest)  # of no day: it stops whatever is studied
        text = f"{len(rest)} more rows like these"
        trouble[_SHOWN:] = [Finding(path.name, 0, None, text, error=wrong)]
    return [*found, *trouble, *_holes(path.name, bars, calendar)]


def _placed(
    file: str, line: int, at: datetime, calendar: SessionCalendar, taken: set[int]
) -> list[Finding]:
    """Where in its session a bar lies, and whether another lies there already."""
    on = new_york(at).date()
    if not calendar.is_session(on):
        return [Finding(file, line, on, "not a session by the session table")]
    opens, closes = calendar.open_at(on), calendar.close_at(on, expiring_pm=True)
    if not opens <= at < closes:
        text = f"{at:%H:%M} UTC is outside the session: are the times in UTC?"
        return [Finding(file, line, on, text)]
    place = int((at - opens).total_seconds() // BAR_S)
    if place in taken:
        return [Finding(file, line, on, "a second bar of these five minutes")]
    taken.add(place)
    return []


def _holes(file: str, bars: dict[date, set[int]], calendar: SessionCalendar) -> list[Finding]:
    short = [
        on
        for on, taken in sorted(bars.items())
        if calendar.is_session(on) and len(taken) * BAR_S < _seconds(calendar, on)
    ]
    if not short:
        return []
    text = f"{len(short)} of {len(bars)} days have holes, from {short[0]}: they follow their model"
    return [Finding(file, 0, None, text, error=False)]


def _seconds(calendar: SessionCalendar, on: date) -> float:
    return (calendar.close_at(on, expiring_pm=True) - calendar.open_at(on)).total_seconds()
