"""A connection that comes and goes: when to try again, and which of its moves are worth a line.

Two clients that take one name from each other go on for ever; the log must not.
"""

import structlog

from bot.logs import LogEvent

log = structlog.get_logger()

BACKOFF_S_FIRST = 1.0
BACKOFF_S_MAX = 60.0
STABLE_S = 30.0  # a connection that stood so long was a good one


class Flapping:
    """One line when the connection goes, one when it is back; until it was stable, no more."""

    def __init__(self) -> None:
        self.wait_s = self._next_s = BACKOFF_S_FIRST
        self._gone_told = False
        self._back_told = False

    def back(self, host: str) -> None:
        if not self._back_told:
            log.info(LogEvent.TELEMETRY_CONNECTED, host=host)
        self._back_told = True

    def gone(self, reason: str, stood_s: float) -> None:
        """``stood_s`` is how long the connection stood, or the attempt took."""
        stable = self._back_told and stood_s >= STABLE_S
        if stable:
            self._gone_told = False
        self.wait_s = BACKOFF_S_FIRST if stable else self._next_s
        self._next_s = min(2 * self.wait_s, BACKOFF_S_MAX)
        if not self._gone_told:
            log.warning(LogEvent.TELEMETRY_LOST, reason=reason)
            self._back_told = False
        self._gone_told = True
