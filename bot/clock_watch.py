"""Whether the wall clock and the monotonic one have passed the same time.

A wall clock that jumps (suspended machine, corrected by hand, a broken time server) makes ages,
session edges and deadlines wrong, so nothing is sent until both have run together again for a
while. Reads no clock itself.
"""

from collections.abc import Callable
from datetime import datetime

import structlog

from bot.logs import LogEvent
from bot.ports import Clock

log = structlog.get_logger()

TOLERANCE_S = 2.0
AGREED_S = 60.0  # so long both must run together before the new time is believed


class ClockWatch:
    """``trouble`` is cheap and asked in the send gate itself; ``jumps`` counts what it found."""

    def __init__(self, clock: Clock, monotonic_s: Callable[[], float]) -> None:
        self._clock = clock
        self._monotonic_s = monotonic_s
        self._wall, self._mono_s = clock.now(), monotonic_s()
        self._distrusted_until_s = float("-inf")
        self._why = ""
        self.jumps = 0

    def trouble(self) -> str | None:
        """Why the time is not to be believed now; None while it is."""
        wall, mono_s = self._clock.now(), self._monotonic_s()
        drift_s = (wall - self._wall).total_seconds() - (mono_s - self._mono_s)
        if abs(drift_s) > TOLERANCE_S:
            self._jumped(wall, mono_s, drift_s)
        return self._why if mono_s < self._distrusted_until_s else None

    def _jumped(self, wall: datetime, mono_s: float, drift_s: float) -> None:
        """The new time counts from here; another jump begins the wait anew."""
        self._wall, self._mono_s = wall, mono_s
        self.jumps += 1
        self._distrusted_until_s = mono_s + AGREED_S
        self._why = f"the clock jumped by {drift_s:+.1f} s"
        log.warning(LogEvent.CLOCK_JUMPED, by_s=round(drift_s, 1))
