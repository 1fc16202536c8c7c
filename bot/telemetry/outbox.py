"""What still has to be said over MQTT: the newest word on each topic, and what is said only once.

Bounded: what is lost when it overflows is counted and told. Knows nothing of connections.
"""

from collections import deque
from collections.abc import Callable
from typing import TypeAlias

from bot.telemetry.topics import Message

Make: TypeAlias = Callable[[], tuple[Message, ...]]

KEPT_MAX = 250  # topics whose newest word is told again on every connection
PASSING_MAX = 500  # messages told once, oldest first


class Outbox:
    """Words are made into messages when they are sent: newer ones then cost nothing."""

    def __init__(self) -> None:
        self._kept: dict[str, Make] = {}  # the longest unchanged first
        self._untold: dict[str, None] = {}
        self._passing: deque[Message] = deque()
        self.dropped: dict[str, int] = {}

    def keep(self, name: str, make: Make) -> None:
        """The newest word on ``name``; older ones were never needed."""
        self._kept.pop(name, None)
        self._kept[name] = make
        self._untold[name] = None
        if len(self._kept) > KEPT_MAX:
            oldest = next(iter(self._kept))
            del self._kept[oldest]
            if oldest in self._untold:
                del self._untold[oldest]
                self._drop(oldest)

    def tell(self, message: Message) -> None:
        """Say it once; the oldest such message goes if there are too many."""
        self._passing.append(message)
        if len(self._passing) > PASSING_MAX:
            self._drop(self._passing.popleft().topic)

    def retell(self) -> None:
        """A new connection: everything kept is told again."""
        self._untold = dict.fromkeys(self._kept)

    def next(self) -> tuple[Message, ...]:
        """What to send now, followed by ``sent``; nothing when all is said.

        Kept words that fail to arrive are told again on the next connection.
        """
        if self._passing:
            return (self._passing[0],)
        if not self._untold:
            return ()
        name = next(iter(self._untold))
        del self._untold[name]
        return self._kept[name]()

    def sent(self, messages: tuple[Message, ...]) -> None:
        """They have arrived."""
        if self._passing and self._passing[0] is messages[0]:
            self._passing.popleft()

    @property
    def waiting(self) -> int:
        return len(self._passing) + len(self._untold)

    def _drop(self, topic: str) -> None:
        kind = topic.rpartition("/")[2]
        if kind not in self.dropped and len(self.dropped) >= KEPT_MAX:
            kind = "other"
        self.dropped[kind] = self.dropped.get(kind, 0) + 1
