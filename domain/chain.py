"""The listed expirations and strikes of one option class, and how to find one near a wish.

A listed strike need not exist for every expiration: the broker refuses those, and callers pass what
was refused. Knows no prices.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class OptionChain:
    """``expirations`` are last trading days, ascending; ``strikes`` the union over them,
    ascending.
    """

    symbol: str
    trading_class: str
    expirations: tuple[date, ...]
    strikes: tuple[float, ...]

    def nearest_expiration(self, today: date, dte: int, low: int, high: int) -> date | None:
        """The expiration closest to ``dte`` calendar days away, inside [low, high].

        Of two equally close ones a third Friday wins, else the shorter.
        """
        found = [day for day in self.expirations if low <= (day - today).days <= high]
        if not found:
            return None
        return min(
            found, key=lambda day: (abs((day - today).days - dte), not third_friday(day), day)
        )

    def two_nearest_expirations(
        self, today: date, dte: int, low: int, high: int
    ) -> tuple[date, ...]:
        """The nearest expiration and, second, its adjacent listed one that is nearer to ``dte``."""
        first = self.nearest_expiration(today, dte, low, high)
        if first is None:
            return ()
        place = self.expirations.index(first)
        beside = [
            self.expirations[i] for i in (place - 1, place + 1) if 0 <= i < len(self.expirations)
        ]
        inside = [day for day in beside if low <= (day - today).days <= high]
        if not inside:
            return (first,)
        return (first, min(inside, key=lambda day: (abs((day - today).days - dte), day)))


def third_friday(day: date) -> bool:
    return day.weekday() == 4 and 15 <= day.day <= 21


def nearest(strikes: Sequence[float], wish: float, count: int = 1) -> tuple[float, ...]:
    """The ``count`` strikes closest to ``wish``, ascending; of two equally close the lower is
    kept.
    """
    place = bisect_left(strikes, wish)
    window = strikes[max(0, place - count) : place + count]
    return tuple(sorted(sorted(window, key=lambda strike: (abs(strike - wish), strike))[:count]))


def spread_out(strikes: Sequence[float], low: float, high: float, count: int) -> tuple[float, ...]:
    """About ``count`` listed strikes covering [low, high] evenly, ends included where listed."""
    inside = [strike for strike in strikes if low <= strike <= high]
    if len(inside) <= count:
        return tuple(inside)
    step = (len(inside) - 1) / (count - 1)
    return tuple(inside[round(i * step)] for i in range(count))
