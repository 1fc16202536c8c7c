"""A journal for every book of a study, in the format of the daemon's own."""

from collections.abc import Sequence
from pathlib import Path

from bot.app import JUST_STARTED
from bot.journal.sqlite import SqliteJournal
from config.build import build_identity
from domain.effects import Effect
from domain.events import BrokerLost, Event
from engine.policy import Policy

_LAZY_S = 86_400.0  # a study that is killed is begun again: a commit a day is enough


class BookJournals:
    """One file per book in ``folder``, made when the book first says something."""

    def __init__(self, folder: Path | None, policy: Policy) -> None:
        self._folder = folder
        self._policy = policy
        self._open: dict[str, SqliteJournal] = {}

    def record(self, book: str, events: Sequence[Event], effects: Sequence[Effect]) -> None:
        """Append one batch. Raises JournalFailed."""
        journal = self._open.get(book)
        if journal is None:
            assert self._folder is not None
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._folder / f"{book}.sqlite"
            journal = self._open[book] = SqliteJournal(path, lazy_s=_LAZY_S)
            begun = events[0].at
            policy = self._policy.fingerprint
            journal.begin_life(f"study-{book}", begun, "study", policy, build_identity())
            events = [BrokerLost(begun, JUST_STARTED), *events]
        journal.append(events, effects)

    def close(self) -> None:
        for journal in self._open.values():
            journal.close("clean")
