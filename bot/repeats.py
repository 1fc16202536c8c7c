"""Keeps one trouble from filling the log: what is told again and again is counted, not written.

Decides by event and code only, so that a text that changes every time is no way around it.
Decisions, orders, alerts and the process's own words are never held back.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(seconds=60)
LINES_MAX = 20  # of one kind in one window; a reconnect says less
KINDS_MAX = 256  # remembered at a time; the oldest gives way

HELD_BACK = (
    "broker.message", "broker.error", "broker.unreachable", "broker.quote_discarded",
    "broker.status_distrusted", "broker.contract_refused", "telemetry.", "command.refused",
    "console.login_refused", "listener.", "gateway.client", "library.",
)  # fmt: skip


@dataclass(slots=True)
class HeldBack:
    """Lines of one event and code in the window that began at ``since``."""

    event: str
    code: str
    since: datetime
    said: int = 0

    @property
    def count(self) -> int:
        return max(0, self.said - LINES_MAX)


class Repeats:
    """``admits`` a line or counts it; ``over`` gives the counts of windows that have passed."""

    def __init__(self) -> None:
        self._kinds: dict[tuple[str, str], HeldBack] = {}

    def admits(self, event: str, code: object, now: datetime) -> bool:
        """Whether the line may be written now."""
        if not event.startswith(HELD_BACK):
            return True
        key = event, str(code)
        kind = self._kinds.get(key)
        if kind is None:
            kind = self._kinds[key] = HeldBack(*key, since=now)
        kind.said += 1
        return kind.said <= LINES_MAX

    def over(self, now: datetime) -> list[HeldBack]:
        """What was held back in windows that have ended, or gave way to others; told once."""
        ended = [
            key for key, kind in self._kinds.items() if not kind.since <= now < kind.since + WINDOW
        ]
        ended += list(self._kinds)[: max(0, len(self._kinds) - KINDS_MAX)]
        gone = [self._kinds.pop(key) for key in dict.fromkeys(ended)]
        return [kind for kind in gone if kind.count]
