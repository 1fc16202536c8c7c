"""A disk that can lose its power, and one that fails: two ways to open a database for tests.

``Recorder`` passes everything through to real files and keeps a list of every write, truncation,
sync and deletion. ``crashed`` rebuilds from that list what could be on the medium if the power had
gone before one of them: all that was synced; of the rest, sector by sector, what chance leaves,
torn writes included. A sync counts for its own file only; a deletion may be lost until the next
sync of anything. A lying disk says that it has synced and has not: its cache may lose what chance
chooses of everything since an earlier moment.

``Failing`` lets the file system work until the n-th write or sync, and then for ever raises, or
writes half. Shared memory and locks are the real ones; the -shm file is no part of the record.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import apsw

SECTOR = 512
SYSTEM = "unix"  # how SQLite calls the real one


@dataclass(frozen=True)
class Operation:
    kind: str  # write, truncate, sync, delete
    name: str
    offset: int = 0
    data: bytes = b""


@dataclass
class Recorder:
    operations: list[Operation] = field(default_factory=list)

    def note(self, kind: str, name: str, offset: int = 0, data: bytes = b"") -> None:
        self.operations.append(Operation(kind, Path(name).name, offset, data))


class RecordingFile(apsw.VFSFile):
    def __init__(self, recorder: Recorder, filename, flags) -> None:
        self._recorder = recorder
        self._name = filename.filename() if hasattr(filename, "filename") else str(filename)
        super().__init__(SYSTEM, filename, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 (a name of SQLite's)
        self._recorder.note("write", self._name, offset, bytes(data))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        self._recorder.note("truncate", self._name, newsize)
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802
        super().xSync(flags)
        self._recorder.note("sync", self._name)


class RecordingDisk(apsw.VFS):
    """All databases opened until it is unregistered are on it."""

    def __init__(self, name: str, recorder: Recorder) -> None:
        self._recorder = recorder
        super().__init__(name, SYSTEM, makedefault=True)

    def xOpen(self, name, flags):  # noqa: N802
        return RecordingFile(self._recorder, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        self._recorder.note("delete", filename)
        super().xDelete(filename, syncdir)


class FailingFile(apsw.VFSFile):
    def __init__(self, fail: Callable[[str], str | None], filename, flags) -> None:
        self._fail = fail
        super().__init__(SYSTEM, filename, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        how = self._fail("write")
        if how == "short":
            super().xWrite(data[: len(data) // 2], offset)
        if how is not None:
            raise (apsw.FullError if how == "full" else apsw.IOError)(how)
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802
        if (how := self._fail("sync")) is not None:
            raise apsw.IOError(how)
        super().xSync(flags)


class FailingDisk(apsw.VFS):
    """Works for ``left`` writes and syncs once armed, then fails ``how`` for ever: "error", "full"
    or "short" (half of a write arrives). All databases opened until it is unregistered are on it.
    """

    def __init__(self, name: str) -> None:
        self.left: int | None = None
        self.how = "error"
        self.clock: Callable[[], object] = lambda: None
        self.failed_at: object = None  # what the clock said at the first failure
        super().__init__(name, SYSTEM, makedefault=True)

    def arm(self, left: int, how: str) -> None:
        self.left, self.how = left, how

    @property
    def failed(self) -> bool:
        return self.left is not None and self.left < 0

    def xOpen(self, name, flags):  # noqa: N802
        return FailingFile(self._failure, name, flags)

    def _failure(self, _kind: str) -> str | None:
        if self.left is None:
            return None
        self.left -= 1
        if self.left == -1:
            self.failed_at = self.clock()
        return self.how if self.left < 0 else None


def crashed(
    operations: list[Operation],
    cut: int,
    chance: random.Random | None,
    *,
    base: dict[str, bytes] | None = None,
    lying_since: int | None = None,
) -> dict[str, bytes]:
    """The files after a power loss before operation ``cut``, ``base`` being there from the start.

    Without ``chance`` everything unsynced is lost. No sync from ``lying_since`` on was one.
    """
    honest = cut if lying_since is None else min(cut, lying_since)
    synced = {op.name: at for at, op in enumerate(operations[:honest]) if op.kind == "sync"}
    last_use = {op.name: at for at, op in enumerate(operations[:cut])}
    files = {name: bytearray(content) for name, content in (base or {}).items()}
    for at, op in enumerate(operations[:cut]):
        content = files.setdefault(op.name, bytearray())
        sure = at <= synced.get(op.name, -1)
        if op.kind == "delete":
            # A file that is made again under its name is a new one.
            gone = at < max(synced.values(), default=-1) or last_use[op.name] > at
            if gone or _left(chance):
                files[op.name] = bytearray()
        elif op.kind == "truncate" and (sure or _left(chance)):
            _reach(content, op.offset)
            del content[op.offset :]
        elif op.kind == "write":
            for start in range(0, len(op.data), SECTOR):
                if sure or _left(chance):
                    sector = op.data[start : start + SECTOR]
                    _reach(content, op.offset + start)
                    content[op.offset + start : op.offset + start + len(sector)] = sector
    return {name: bytes(content) for name, content in files.items() if content}


def _left(chance: random.Random | None) -> bool:
    return chance is not None and chance.random() < 0.5


def _reach(content: bytearray, size: int) -> None:
    content.extend(bytes(max(0, size - len(content))))


def put(files: dict[str, bytes], folder: Path) -> None:
    """Lay ``files`` out in an emptied ``folder``."""
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)
