"""The last word before a new order leaves: shut for good once the process is ending.

Knows nothing of risk; whatever it refuses was already approved and recorded.
"""

from datetime import datetime


class SendGate:
    """Open until shut; never opens again in the life of the process. Implements ports.OrderGate."""

    def __init__(self) -> None:
        self._shut_because: str | None = None

    def shut(self, reason: str) -> None:
        """From now on nothing new leaves. The first reason stays."""
        self._shut_because = self._shut_because or reason

    def may_send(self, at: datetime) -> str | None:
        """None to go ahead, else why not. ``at`` is ignored: a shut gate stays shut."""
        del at
        return self._shut_because
