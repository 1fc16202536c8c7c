"""The desk back from the journal: the newest saved desk that fits, and the records after it.

The records are the truth. A saved desk only spares folding those before it, and is used only if
this very program under this very session table made it and the chain vouches for its bytes; else
all records are folded. Policies may change between lives: no fold depends on them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol, cast, get_args

from bot.journal import codec
from bot.journal.checkpoints import KIND, Checkpoint, digest_of, read_header
from bot.journal.desk_codec import UnreadableDesk, decode_desk, encode_desk, fitting
from bot.journal.reading import Row
from domain.desk import Desk
from domain.effects import Effect
from domain.events import Event
from domain.session import SessionCalendar
from engine.fold import apply_effect, fold

_EFFECTS = frozenset(get_args(Effect))
# Recorded days turn one by one as they did when they were lived: the desk starts before them.
_BEFORE_ANY_RECORD = datetime(1970, 1, 1, tzinfo=UTC)


class SavedDesks(Protocol):
    """The part of the journal that recovery reads and the keeper writes."""

    def read(self, after: int = 0, until: int | None = None) -> Iterator[Event | Effect]: ...

    def checkpoints(self) -> Iterator[Checkpoint]: ...

    def save(self, body: bytes, fits: str, seen: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Recovered:
    """``desk`` as saved in ``batch`` (0: never) and after the ``records`` that followed.

    ``refused``: there were saved desks of this program, and they contradicted the records.
    """

    desk: Desk
    batch: int
    records: int
    refused: bool = False

    @property
    def anything(self) -> bool:
        """Whether there was a past."""
        return self.batch > 0 or self.records > 0


def first_desk(calendar: SessionCalendar) -> Desk:
    """What the first record is folded into."""
    return Desk(calendar=calendar, now=_BEFORE_ANY_RECORD)


def folded(desk: Desk, records: Iterable[Event | Effect]) -> tuple[Desk, int]:
    """The desk after ``records``, and how many they were."""
    count = 0
    for record in records:
        desk = applied(desk, record)
        count += 1
    return desk, count


def applied(desk: Desk, record: Event | Effect) -> Desk:
    if type(record) in _EFFECTS:  # asking whether it is an Effect takes as long as folding it
        return apply_effect(desk, cast("Effect", record))
    return fold(desk, cast("Event", record))


def recovered(journal: SavedDesks, calendar: SessionCalendar) -> Recovered:
    """From the newest saved desk that fits, else from the first record.

    Equal, field by field, to the fold of all records.
    """
    first = first_desk(calendar)
    usable = [saved for saved in journal.checkpoints() if saved.fits == fitting(calendar)]
    start, after = _agreed(journal, usable[::-1], first) or (first, 0)
    desk, count = folded(start, journal.read(after))
    return Recovered(desk, after, count, refused=bool(usable) and not after)


def _agreed(
    journal: SavedDesks, saved: Sequence[Checkpoint], blank: Desk
) -> tuple[Desk, int] | None:
    """The last of ``saved`` and its batch, if each leads to the next by the records between.

    Saved desks that contradict the record are worth nothing, none of them.
    """
    found: tuple[Desk, int] | None = None
    for checkpoint in saved:
        if found is not None:
            desk, after = found
            desk, _ = folded(desk, journal.read(after, checkpoint.batch))
            if encode_desk(desk) != checkpoint.body:
                return None
        try:
            found = decode_desk(checkpoint.body, blank), checkpoint.batch
        except UnreadableDesk:
            return None
    return found


class DeskKeeper:
    """Observes the loop: folds what was recorded as recovery will, and saves it now and then.

    Its desk is not the loop's: prices and clock ticks are not in it, and every record is read back
    from its bytes first, so that what is saved is what recovery would have found.
    """

    def __init__(
        self, journal: SavedDesks, start: Desk, calendar: SessionCalendar, every: int
    ) -> None:
        self.desk = start
        self._journal = journal
        self._fits = fitting(calendar)
        self._every = every
        self._seen = self._saved = 0  # records of this life

    def observe(self, events: Sequence[Event], effects: Sequence[Effect], _desk: Desk) -> None:
        """One turn of the loop, after its batch was committed. Raises JournalFailed."""
        durable = [event for event in events if not codec.is_fleeting(event)]
        for record in (*durable, *effects):
            self.desk = applied(self.desk, codec.decode(*codec.encode(record)))
            self._seen += 1
        if self._seen - self._saved >= self._every:
            self.save()

    def save(self) -> None:
        """Save what has not been saved. Raises JournalFailed."""
        if self._seen > self._saved:
            self._journal.save(encode_desk(self.desk), self._fits, self._seen)
            self._saved = self._seen


def checkpoint_troubles(rows: Iterable[Row], calendar: SessionCalendar) -> list[str]:
    """Which saved desks are not the fold of the records before them; folds all ``rows``.

    Those of another program or session table say nothing here: they are never used. Raises
    UnreadableRecord.
    """
    fits, found = fitting(calendar), []
    desk = first_desk(calendar)
    for row in rows:
        if row.kind != KIND:
            desk = applied(desk, codec.decode(row.kind, row.body))
            continue
        said = read_header(row.body)
        if said.fits == fits and said.desk != digest_of(encode_desk(desk)):
            found.append(f"the desk saved in batch {row.batch} is not what its records fold to")
    return found
