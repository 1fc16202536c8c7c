"""A journal in memory."""

from collections.abc import Iterator, Sequence

from domain.effects import Effect
from domain.events import Event


class FakeJournal:
    """``calls`` can be shared with a FakeBroker, to see which came first."""

    def __init__(self, calls: list[tuple[str, object]] | None = None) -> None:
        self.calls: list[tuple[str, object]] = [] if calls is None else calls
        self.records: list[Event | Effect] = []
        self.broken: Exception | None = None

    def append(self, events: Sequence[Event], effects: Sequence[Effect]) -> None:
        if self.broken is not None:
            raise self.broken
        self.calls.append(("append", tuple(effects)))
        self.records += [*events, *effects]

    def read(self) -> Iterator[Event | Effect]:
        yield from self.records
