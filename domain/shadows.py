"""What the desk keeps of books that exist on paper only: a closed session, and a book's standing.

Knows nothing of how such a book trades. No rule of the live book may look at any of it.
"""

from dataclasses import dataclass
from datetime import date, datetime

DAYS_KEPT = 1300  # a little over five years of sessions


@dataclass(frozen=True, slots=True)
class ShadowDay:
    """One session at its close, USD. ``live`` is the live book's net liquidation at that moment.

    ``lacking`` says what could not be seen that day, in a word or two; empty when all could.
    """

    on: date
    worth: float | None
    live: float | None
    vix: float | None
    lacking: str = ""

    @property
    def complete(self) -> bool:
        return not self.lacking and None not in (self.worth, self.live, self.vix)


@dataclass(frozen=True, slots=True)
class ShadowRecord:
    """``start`` is what the book began with; ``worth`` is as last reported, at ``at``."""

    at: datetime
    start: float | None
    worth: float | None
    state: str
    days: tuple[ShadowDay, ...] = ()  # oldest first, each once
