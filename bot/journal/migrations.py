"""How a journal of an older version becomes one of this one: in one transaction, after a backup.

Every step only adds what can be computed from the records, or a place for what later lives say:
nothing recorded is ever changed. A file that says nothing of its version is empty and gets the
schema; a newer one is refused.
"""

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import apsw

from bot.journal import codec
from bot.journal.backup import back_up
from bot.journal.failures import JournalFailed
from bot.journal.index import count, count_effect, index_act
from domain.effects import Effect

SCHEMA_VERSION = 4


def prepare(db: apsw.Connection, path: Path) -> Path | None:
    """Bring ``db`` to SCHEMA_VERSION. Returns where the older file was saved, if it had to be.

    Raises JournalFailed for a version that this program does not know.
    """
    version = version_of(db)
    if version == SCHEMA_VERSION:
        return None
    if version == 0:
        _in_one(db, _create)
        return None
    if version not in _STEPS:
        raise JournalFailed(f"{path} was written by another version of condorbot ({version})")
    saved = path.with_name(f"{path.name}.v{version}")
    if not saved.exists():  # else an earlier attempt saved it and died before the commit
        back_up(db, saved)
    _in_one(db, *(_STEPS[step] for step in range(version, SCHEMA_VERSION)))
    return saved


def version_of(db: apsw.Connection) -> int:
    """The schema version of the file; 0 for one without a schema."""
    ((version,),) = db.execute("PRAGMA user_version").fetchall()
    assert isinstance(version, int)
    return version


def _in_one(db: apsw.Connection, *steps: Callable[[apsw.Connection], None]) -> None:
    """All of ``steps`` and the new version, or nothing."""
    with db:
        for step in steps:
            step(db)
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _create(db: apsw.Connection) -> None:
    for name in ("schema.sql", "schema_2.sql", "schema_3.sql", "schema_4.sql"):
        db.execute((files("bot.journal") / name).read_text("utf-8"))


def _acts_and_counters(db: apsw.Connection) -> None:
    """1 to 2: what operators did and what was done on a day, as tables."""
    db.execute((files("bot.journal") / "schema_2.sql").read_text("utf-8"))
    rows = db.execute(
        "SELECT record.batch, position, at, kind, body FROM record "
        "JOIN batch ON batch.seq = record.batch ORDER BY record.batch, position"
    )
    for batch, position, at, kind, body in list(rows):
        record = codec.decode(kind, body)
        if isinstance(record, Effect):
            count_effect(db, at, record)
        else:
            index_act(db, (batch, position), record)
    for (at,) in list(db.execute("SELECT at FROM fill")):
        count(db, at, "executions")


def _checkpoints(db: apsw.Connection) -> None:
    """2 to 3: a place for saved desks. The first is saved by the life that begins."""
    db.execute((files("bot.journal") / "schema_3.sql").read_text("utf-8"))


def _builds(db: apsw.Connection) -> None:
    """3 to 4: which code a life runs; unknown of those that are over."""
    db.execute((files("bot.journal") / "schema_4.sql").read_text("utf-8"))


_STEPS: dict[int, Callable[[apsw.Connection], None]] = {
    1: _acts_and_counters, 2: _checkpoints, 3: _builds,
}  # fmt: skip
