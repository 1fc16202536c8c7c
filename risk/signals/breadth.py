"""Advance-decline (S16): how many shares fall with the index, and whether they fall without it.

The exchange's own counts have no history at the broker, so each session's is recorded by us; until
there are enough, the eleven sector funds vote, and failing them equal weight against market weight.
"""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from domain.instruments import SECTORS
from domain.signals import Reading
from risk.signals.senses import Closes, Senses, aligned, missing, values

BREADTH, NET = "AD_RATIO", "AD_NET"  # series we record: (A - D) / (A + D), and A - D


@dataclass(frozen=True, slots=True)
class Breadth:
    """``ratio`` is a mean in [-1, 1], or a difference of returns for the last fallback; ``slope``
    says where the line went over the divergence window, None when that is not known.
    """

    ratio: float
    slope: float | None
    at: datetime
    source: str
    low: float


def advance_decline(senses: Senses) -> Reading:
    """Five-day mean ratio, stressed when low."""
    found = _breadth(senses)
    if found is None:
        return missing("advance-decline record, sector or equal-weight closes")
    return Reading(found.ratio, found.at, found.ratio < found.low, found.source)


def ad_divergence(senses: Senses) -> Reading:
    """1 while the line falls and SPX rises over the same sessions, else 0. Stressed at 1."""
    found, spx = _breadth(senses), senses.daily("SPX")
    sessions = senses.params.divergence_sessions
    if found is None or found.slope is None:
        return missing(f"{sessions} sessions of advance-decline")
    if len(spx) <= sessions:
        return missing("SPX closes")
    diverges = found.slope < 0 and spx[-1][1] > spx[-1 - sessions][1]
    return Reading(float(diverges), found.at, diverges, found.source)


def _breadth(senses: Senses) -> Breadth | None:
    recorded, line = senses.daily(BREADTH), senses.daily(NET)
    sectors = tuple(senses.daily(contract.symbol) for contract in SECTORS)
    spy, equal = senses.daily("SPY"), senses.daily("RSP")
    return senses.once(
        "breadth",
        (recorded, line, spy, equal, *sectors),
        lambda: (
            _of_exchange(senses, recorded, line)
            or _of_sectors(senses, sectors)
            or _of_equal_weight(senses, equal, spy)
        ),
    )


def _of_exchange(senses: Senses, recorded: Closes, line: Closes) -> Breadth | None:
    params, calendar = senses.params, senses.desk.calendar
    count = params.breadth_sessions
    last = recorded[-count:]
    if len(last) < count or calendar.sessions_after(last[0][0], last[-1][0]) > count + 1:
        return None  # a few missed sessions must not make old breadth new
    ratio = float(np.mean(values(last)))
    window = line[-params.divergence_sessions :]
    unbroken = len(window) == params.divergence_sessions and (
        calendar.sessions_after(window[0][0], window[-1][0]) <= params.divergence_sessions + 1
    )
    slope = line_slope(values(window)) if unbroken else None
    return Breadth(ratio, slope, senses.at(recorded), "AD-NYSE, recorded", params.breadth_low)


def _of_sectors(senses: Senses, sectors: tuple[Closes, ...]) -> Breadth | None:
    params = senses.params
    rows = aligned(*sectors) if all(sectors) else []
    if len(rows) <= params.divergence_sessions:
        return None
    table = np.array([row for _, row in rows[-params.divergence_sessions - 1 :]])
    net = np.sign(np.diff(table, axis=0)).mean(axis=1)
    ratio = float(net[-params.breadth_sessions :].mean())
    slope = line_slope(net.tolist())
    return Breadth(
        ratio, slope, senses.at(sectors[0]), "share of 11 sectors up", params.breadth_low
    )


def _of_equal_weight(senses: Senses, equal: Closes, spy: Closes) -> Breadth | None:
    sessions = senses.params.divergence_sessions
    rows = aligned(equal, spy) if equal and spy else []
    if len(rows) <= sessions:
        return None
    (rsp_then, spy_then), (rsp_now, spy_now) = rows[-1 - sessions][1], rows[-1][1]
    spread = rsp_now / rsp_then - spy_now / spy_then
    low = senses.params.equal_weight_low
    return Breadth(spread, spread, senses.at(equal), "RSP less SPY", low)


def line_slope(net: list[float]) -> float:
    """Least-squares slope per session of the cumulated ``net`` advances (n >= 2)."""
    level = np.cumsum(net)
    place = np.arange(level.size) - (level.size - 1) / 2.0
    return float((place * level).sum() / (place * place).sum())
