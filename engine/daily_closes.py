"""How closes that the broker told join the ones known; no rule looks further back than is kept."""

from datetime import date
from functools import lru_cache
from typing import TypeAlias

from domain.desk import Desk
from domain.events import DailyClosesLoaded
from domain.recalled import Same

_Closes: TypeAlias = tuple[tuple[date, float], ...]

_CLOSES_KEPT, _CLOSES_MAX = 600, 1000  # sessions of a series: cut to the one beyond the other


def with_closes(desk: Desk, event: DailyClosesLoaded) -> _Closes:
    """What was loaded between what was known of earlier days and what we recorded on later ones.

    Desks that know the same are given the same object, so that what is worked out of it for one
    serves the others.
    """
    known = desk.closes.get(event.symbol, ())
    return _joined(Same(known), Same(event.closes)) if event.closes else known


@lru_cache(maxsize=128)
def _joined(before: Same, loaded: Same) -> _Closes:
    known: _Closes = before.value
    closes: _Closes = loaded.value
    first, last = closes[0][0], closes[-1][0]
    if known and first > known[-1][0] and len(known) < _CLOSES_MAX:
        return _shared(known + closes)
    earlier = (pair for pair in known if pair[0] < first)
    later = (pair for pair in known if pair[0] > last)
    return _shared((*earlier, *closes, *later)[-_CLOSES_KEPT:])


@lru_cache(maxsize=128)
def _shared(closes: _Closes) -> _Closes:
    """The first of all equal ones."""
    return closes
