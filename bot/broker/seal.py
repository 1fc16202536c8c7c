"""Keeps orders from leaving by any way but the door: the client library's own methods are sealed.

The library can send from anywhere that holds its client. Here its methods raise, unless the one
caller that has made all checks is just passing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

SEALED = ("placeOrder", "cancelOrder", "reqGlobalCancel", "exerciseOptions")


class PastTheDoor(Exception):
    """Somebody tried to send an order without the checks. A bug: the process must end."""


class Seal:
    """On the ``client`` of one connection. ``broken`` hears of every attempt."""

    def __init__(self, client: Any, broken: Callable[[PastTheDoor], None]) -> None:
        self._passing = False
        self._broken = broken
        for name in SEALED:
            setattr(client, name, self._sealed(name, getattr(client, name)))

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Only the link's sending functions stand in here, and do not wait."""
        self._passing = True
        try:
            yield
        finally:
            self._passing = False

    def _sealed(self, name: str, method: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **named: object) -> object:
            if not self._passing:
                error = PastTheDoor(f"{name} was called outside the door")
                self._broken(error)
                raise error
            return method(*args, **named)

        return call
