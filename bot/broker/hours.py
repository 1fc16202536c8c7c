"""Trading hours as the broker spells them, to sessions. What cannot be read is left out, and a day
that is left out is a day on which nothing is opened.
"""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.session import Session

# The broker uses names that are not in every zone database, and abbreviations.
_ZONES = {
    "EST": "America/New_York",
    "EST5EDT": "America/New_York",
    "US/Eastern": "America/New_York",
    "CST": "America/Chicago",
    "CST6CDT": "America/Chicago",
    "US/Central": "America/Chicago",
}


def sessions_from_ib(text: str, zone_name: str) -> tuple[Session, ...]:
    """``20180116:0830-20180116:1515;20180120:CLOSED`` in the zone the broker names.

    Of several pieces of one day the longest counts; a piece over midnight is no session of ours.
    """
    try:
        zone = ZoneInfo(_ZONES.get(zone_name, zone_name))
    except (ZoneInfoNotFoundError, ValueError):
        return ()
    found: dict[date, Session] = {}
    for piece in text.split(";"):
        session = _session(piece.strip(), zone)
        if session is None:
            continue
        known = found.get(session.on)
        if known is None or session.seconds > known.seconds:
            found[session.on] = session
    return tuple(found[day] for day in sorted(found))


def _session(piece: str, zone: ZoneInfo) -> Session | None:
    start, _, end = piece.partition("-")
    try:
        if not end:
            day, _, word = start.partition(":")
            return Session(date.fromisoformat(day)) if word == "CLOSED" else None
        opens = datetime.strptime(start, "%Y%m%d:%H%M").replace(tzinfo=zone)
        closes = datetime.strptime(end, "%Y%m%d:%H%M").replace(tzinfo=zone)
    except ValueError:
        return None
    if opens.date() != closes.date() or opens >= closes:
        return None
    return Session(opens.date(), opens.astimezone(UTC), closes.astimezone(UTC))
