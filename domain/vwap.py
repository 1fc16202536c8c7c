"""The volume-weighted average price of one session, from a running volume that the feed reports."""

from dataclasses import dataclass
from datetime import date

from domain.quotes import Quote


@dataclass(frozen=True, slots=True)
class Vwap:
    """What was traded since the first look of the session, at the price of each look.

    ``volume`` is the running total as last reported. ``average`` is None before anything traded.
    """

    on: date
    volume: float
    last: float
    traded: float = 0.0
    value: float = 0.0

    @property
    def average(self) -> float | None:
        return self.value / self.traded if self.traded > 0 else None

    @property
    def at_or_below(self) -> bool:
        """Whether the last price is no higher than the average; False while there is none."""
        return self.average is not None and self.last <= self.average


def heard(before: Vwap | None, today: date, quote: Quote | None) -> Vwap | None:
    """The average after one more look; ``before`` when the quote says no volume or no price."""
    if quote is None or quote.volume is None or quote.level is None:
        return before
    if before is None or before.on != today or quote.volume < before.volume:
        return Vwap(today, quote.volume, quote.level)
    more = quote.volume - before.volume
    return Vwap(
        today,
        quote.volume,
        quote.level,
        before.traded + more,
        before.value + more * quote.level,
    )
