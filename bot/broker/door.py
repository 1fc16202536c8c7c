"""At which port the gateway is sought: the configured one, until the gateway says it has moved.

Never one that belongs to live trading. A door that stays shut sends back to the configured one.
"""

import re

from bot.broker.guard import LIVE_PORTS

MOVED = 1300  # "the socket port has been reset ... reconnect on the new port - 4012"
FAILURES_MAX = 3  # at a port that was only announced
_PORT = re.compile(r"(?<!\d)(\d{2,5})\D*\Z", re.ASCII)


class Door:
    def __init__(self, configured: int) -> None:
        self.port = configured
        self._configured = configured
        self._failures = 0

    def moved(self, text: str) -> bool:
        """Whether ``text`` names another port that may be used; from then on it is."""
        found = _PORT.search(text)
        port = 0 if found is None else int(found[1])
        if not 0 < port <= 65_535 or port in LIVE_PORTS or port == self.port:
            return False
        self.port, self._failures = port, 0
        return True

    def tried(self, *, successfully: bool) -> None:
        """How one connection at this port went."""
        self._failures = 0 if successfully else self._failures + 1
        if self._failures >= FAILURES_MAX:
            self.port, self._failures = self._configured, 0
