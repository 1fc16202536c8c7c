"""How markets took the last FOMC decision (S14) and the last CPI and PPI (S26, S27).

Needs the levels just before and after, which are marked as decisions while they are there; the
fallbacks are named in the reading's source. A release whose day was not announced is unknown.
"""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, timedelta
from math import log, sqrt
from typing import TypeAlias

from domain.releases import Release, ReleaseCalendar, ReleaseKind
from domain.session import new_york
from domain.signals import Reading
from risk.signals.senses import Senses, missing

Marks: TypeAlias = Mapping[str, float]

BEFORE, AFTER, OPEN = "before", "after", "open"
PRICES = (ReleaseKind.CPI, ReleaseKind.PPI)
_FIVE_MINUTES_A_DAY = 78
_SCALED_UNTIL = 7  # with fewer days left in the month the next month's contract is read as it is


def mark_key(release: Release, side: str) -> str:
    return f"{release.kind} {release.at:%Y-%m-%dT%H:%MZ} {side}"


def fomc_surprise(senses: Senses, releases: ReleaseCalendar) -> Reading:
    """Surprise in basis points from ZQ; failing it the move of ES, then of SPX, in daily expected
    moves. Stressed when significant either way. 0 when the last decision is sessions ago.
    """
    recent = _recent(senses, releases, (ReleaseKind.FOMC,))
    if isinstance(recent, Reading):
        return recent
    params, release = senses.params, recent[0]
    if release.days:
        return missing("announced day of the FOMC decision")
    if senses.desk.now < release.at + timedelta(minutes=params.fomc_minutes[1]):
        return missing("levels after the FOMC decision yet")
    before, after = _marks(senses, release, BEFORE), _marks(senses, release, AFTER)
    if "ZQ" in before and "ZQ" in after:
        on = new_york(release.at).date()
        points = kuttner_bp(before["ZQ"], after["ZQ"], on)
        return Reading(points, release.at, abs(points) >= params.fomc_surprise_bp, "ZQ, in bp")
    expected = _expected_move(senses, before)
    for name in ("ES", "SPX"):
        if expected and name in before and name in after:
            moved = log(after[name] / before[name]) / expected
            source = f"{name} instead of ZQ, in daily moves"
            return Reading(moved, release.at, abs(moved) >= params.fomc_move, source)
    return missing("levels around the FOMC decision")


def kuttner_bp(before: float, after: float, on: date) -> float:
    """Unexpected part of a rate decision in basis points from ZQ prices around it.

    The contract settles on the mean rate of its month, so a change on day d of D moves it by
    (D - d) / D; within the last days the next month's contract is given and not scaled. Source:
    K. Kuttner, "Monetary policy surprises and interest rates" (2001).
    """
    length = monthrange(on.year, on.month)[1]
    left = length - on.day
    scale = length / left if left > _SCALED_UNTIL else 1.0
    return scale * 100.0 * (before - after)


def funds_month(on: date) -> tuple[int, int]:
    """Year and month of the ZQ contract to read for a decision ``on`` that day."""
    if monthrange(on.year, on.month)[1] - on.day > _SCALED_UNTIL:
        return on.year, on.month
    return (on.year + 1, 1) if on.month == 12 else (on.year, on.month + 1)


def price_surprise(senses: Senses, releases: ReleaseCalendar) -> Reading:
    """Reaction of ES to CPI or PPI in standard deviations of five minutes, front VX beside it;
    failing ES the opening gap of SPX. Stressed when risk went off: see ``price_move``. Of several
    recent releases the one that alarms counts, else the newest.
    """
    recent = _recent(senses, releases, PRICES)
    if isinstance(recent, Reading):
        return recent
    found = [_price_reading(senses, release) for release in recent]
    return next((reading for reading in found if reading.stressed), found[0])


def _price_reading(senses: Senses, release: Release) -> Reading:
    params = senses.params
    if release.days:
        return missing(f"announced day of the {release.kind}")
    if senses.desk.now < release.at + timedelta(minutes=params.price_minutes[1]):
        return missing(f"levels after the {release.kind} yet")
    before, after = _marks(senses, release, BEFORE), _marks(senses, release, AFTER)
    opened = _marks(senses, release, OPEN)
    expected = _expected_move(senses, before or opened)
    if not expected:
        return missing("VIX before the release")
    if "ES" in before and "ES" in after:
        moved = log(after["ES"] / before["ES"]) / (expected / sqrt(_FIVE_MINUTES_A_DAY))
        return _risk_off(
            senses, release, moved, _rise(before, after), f"ES after the {release.kind}"
        )
    if "SPX" in opened and "SPX_CLOSE" in opened:
        moved = log(opened["SPX"] / opened["SPX_CLOSE"]) / (expected * params.gap_share)
        rise = (
            opened["VX"] / opened["VX_CLOSE"] - 1.0 if {"VX", "VX_CLOSE"} <= set(opened) else None
        )
        source = f"SPX opening gap after the {release.kind} instead of ES"
        return _risk_off(senses, release, moved, rise, source)
    return missing(f"ES or SPX around the {release.kind}")


def _risk_off(
    senses: Senses, release: Release, moved: float, rise: float | None, source: str
) -> Reading:
    params = senses.params
    fell = moved <= params.price_move
    stressed = (rise >= params.price_vx_rise if rise is not None else None) if fell else False
    told = "VX unknown" if rise is None else f"VX {rise:+.1%}"
    return Reading(moved, release.at, stressed, f"{source}, {told}")


def _recent(
    senses: Senses, releases: ReleaseCalendar, kinds: tuple[ReleaseKind, ...]
) -> list[Release] | Reading:
    """Releases that still count, newest first; else the reading that says why there is none."""
    now, params = senses.desk.now, senses.params
    if not all(releases.knows(now, kind) for kind in kinds):
        return missing(f"calendar of {' and '.join(kinds)} releases")
    found = releases.latest(now, params.event_sessions, senses.desk.calendar)
    counted = [release for release in found if release.kind in kinds]
    if counted:
        return counted
    quiet = f"no {' or '.join(kinds)} in the last {params.event_sessions} sessions"
    return Reading(0.0, now, stressed=False, source=quiet)


def _marks(senses: Senses, release: Release, side: str) -> Marks:
    return senses.desk.release_marks.get(mark_key(release, side), {})


def _expected_move(senses: Senses, marks: Marks) -> float | None:
    """One day's standard move by VIX before the release; else by its last close."""
    closes = senses.daily("VIX")
    vix = marks.get("VIX", closes[-1][1] if closes else None)
    return vix / 100.0 / sqrt(252.0) if vix else None


def _rise(before: Marks, after: Marks) -> float | None:
    return after["VX"] / before["VX"] - 1.0 if "VX" in before and "VX" in after else None
