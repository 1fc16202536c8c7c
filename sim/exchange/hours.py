"""Trading hours as the broker's wire spells them: ``20180116:0830-20180116:1515;20180120:CLOSED``.

Only the hours in which this market quotes: regular index-option hours, and the cash session for
shares.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from domain.instruments import Kind
from domain.session import SessionCalendar
from sim.exchange.listings import Listing

DAYS_AHEAD = 6


def wire_hours(
    listing: Listing, calendar: SessionCalendar, today: date, is_session: Callable[[date], bool]
) -> tuple[str, str, str]:
    """Trading hours, liquid hours and time zone for ``today`` and the days after it.

    An option that settles on a close stops with the cash session on its last day.
    """
    zone = ZoneInfo(listing.time_zone)
    parts = []
    for offset in range(DAYS_AHEAD):
        day = today + timedelta(days=offset)
        if day > calendar.last or not is_session(day):
            parts.append(f"{day:%Y%m%d}:CLOSED")
            continue
        cash = listing.contract.kind in (Kind.STOCK, Kind.FOREX) or _stops_early(listing, day)
        opened = _wire(calendar.open_at(day), zone)
        parts.append(f"{opened}-{_wire(calendar.close_at(day, expiring_pm=cash), zone)}")
    text = ";".join(parts)
    return text, text, listing.time_zone


def _stops_early(listing: Listing, day: date) -> bool:
    return listing.contract.trading_class == "SPXW" and listing.contract.expiration == day


def _wire(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%Y%m%d:%H%M")
