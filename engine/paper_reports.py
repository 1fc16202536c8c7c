"""Reports of books on paper: how they come onto the desk, and what the record tells of a session.

Changes nothing that a rule of the live book looks at.
"""

from domain.desk import Desk
from domain.effects import RecordDecision, Verdict
from domain.events import ShadowReported
from domain.replacing import replace
from domain.shadows import DAYS_KEPT, ShadowDay, ShadowRecord

TOPIC, RULE = "shadow.day", "4.10.shadow"


def shadow_reported(desk: Desk, event: ShadowReported) -> Desk:
    """The book's newest standing, and one session more if it closed one; a session told twice
    counts as told last.
    """
    known = desk.shadows.get(event.book)
    start = event.worth if known is None or known.start is None else known.start
    days = _with_day(() if known is None else known.days, event.day)
    record = ShadowRecord(event.at, start, event.worth, event.state, days)
    return replace(desk, shadows={**desk.shadows, event.book: record})


def shadow_news(before: Desk, desk: Desk) -> list[RecordDecision]:
    """Books whose session is new since ``before``: worth, return of the day, VIX, what was missing.

    Returns are shares of 1; a number that is not known is left out.
    """
    closed = [
        (name, record)
        for name, record in desk.shadows.items()
        if record.days and _last(before.shadows.get(name)) != record.days[-1]
    ]
    if not closed:
        return []
    inputs: list[tuple[str, float]] = []
    for name, record in closed:
        inputs += _numbers(name, record)
    newest = closed[0][1].days[-1]
    shared = (("vix", newest.vix), ("live", newest.live))
    inputs += [(name, value) for name, value in shared if value is not None]
    text = f"{newest.on}, on paper: " + "; ".join(_text(name, record) for name, record in closed)
    return [
        RecordDecision(desk.now, Verdict.CHANGED, TOPIC, RULE, text, inputs=tuple(inputs)),
    ]


def day_return(record: ShadowRecord) -> float | None:
    """Of the newest session against the one before, or against the start."""
    if not record.days:
        return None
    first = record.days[-2].worth if len(record.days) > 1 else record.start
    last = record.days[-1].worth
    return None if first is None or last is None or first <= 0 else last / first - 1.0


def _with_day(days: tuple[ShadowDay, ...], day: ShadowDay | None) -> tuple[ShadowDay, ...]:
    if day is None:
        return days
    return (*(each for each in days if each.on < day.on), day)[-DAYS_KEPT:]


def _last(record: ShadowRecord | None) -> ShadowDay | None:
    return record.days[-1] if record is not None and record.days else None


def _numbers(name: str, record: ShadowRecord) -> list[tuple[str, float]]:
    day = record.days[-1]
    known = (("nlv", day.worth), ("return", day_return(record)))
    found = [(f"{name}.{what}", value) for what, value in known if value is not None]
    return [*found, (f"{name}.complete", float(day.complete))]


def _text(name: str, record: ShadowRecord) -> str:
    day, moved = record.days[-1], day_return(record)
    worth = "unknown" if day.worth is None else f"{day.worth:.2f} USD"
    change = "" if moved is None else f" ({100 * moved:+.2f} %)"
    lacking = f", incomplete: {day.lacking}" if day.lacking else ""
    return f"{name} {worth}{change}{lacking}"
