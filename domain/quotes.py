"""A two-sided quote and when it may be believed.

Prices here are floats and never become an order price without passing through the tick grid.
A side that is missing is ``None``; no sentinel (NaN, -1, DBL_MAX) ever gets this far.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Quote:
    """The top of book of one instrument; ``at`` is when its newest part arrived (UTC)."""

    at: datetime
    bid: float | None = None
    ask: float | None = None
    bid_size: float = 0.0
    ask_size: float = 0.0
    last: float | None = None
    close: float | None = None
    delayed: bool = False
    halted: bool = False
    volume: float | None = None  # traded today; only stocks tell it

    @property
    def mid(self) -> float | None:
        """Half-way between bid and ask; ``None`` unless both are there and not crossed."""
        if self.bid is None or self.ask is None or self.bid > self.ask:
            return None
        return 0.5 * (self.bid + self.ask)

    @property
    def spread(self) -> float | None:
        """Ask less bid in points; ``None`` unless both are there and not crossed."""
        if self.bid is None or self.ask is None or self.bid > self.ask:
            return None
        return self.ask - self.bid

    @property
    def level(self) -> float | None:
        """Best single number for an index or future: last, else mid. Never the previous close."""
        return self.last if self.last is not None else self.mid

    def age_s(self, now: datetime) -> float:
        return (now - self.at).total_seconds()
