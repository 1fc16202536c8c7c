"""A folder into which commands are put and from which answers are taken: it needs no network.

Decides nothing: every file goes to the office once and is removed. What is not a short regular file
is removed unread.
"""

import asyncio
import os
import stat
from collections.abc import Callable
from pathlib import Path

import msgspec
import structlog

from bot.approvals.envelope import COMMAND_BYTES_MAX
from bot.logs import LogEvent
from bot.ports import Answer, Commands, Delivery

log = structlog.get_logger()

COMMAND, ANSWER = ".command", ".answer"
CHANNEL = "spool"
LOOK_S = 0.5
FILES_PER_LOOK_MAX = 20
ANSWERS_KEPT_MAX = 100


class Spool:
    """``run`` watches the folder for ever; it is made if it is missing."""

    def __init__(
        self,
        folder: Path,
        commands: Commands,
        watch: Callable[[], None] = lambda: None,
        look_s: float = LOOK_S,
    ) -> None:
        self.folder = folder
        self._commands = commands
        self._watch = watch  # also called at every look
        self._look_s = look_s
        self._told = ""

    async def run(self) -> None:
        while True:
            self._watch()
            self.look()
            await asyncio.sleep(self._look_s)

    def look(self) -> int:
        """Hand in what lies there, oldest name first. Returns how many files that were."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = sorted(path for path in self.folder.iterdir() if path.suffix == COMMAND)
            for path in found[:FILES_PER_LOOK_MAX]:
                self._take(path)
            self._forget()
        except OSError as error:
            if self._told != str(error):
                log.warning(LogEvent.COMMAND_SPOOL_FAILED, reason=str(error))
            self._told = str(error)
            return 0
        self._told = ""
        return min(len(found), FILES_PER_LOOK_MAX)

    def _take(self, path: Path) -> None:
        """Removed before it is judged: a crash in between loses a command, never repeats one."""
        body = read_short(path)
        path.unlink()
        if body is not None:
            answer = self._commands.submit(body, Delivery(CHANNEL))
            write_whole(path.with_suffix(ANSWER), msgspec.json.encode(answer))

    def _forget(self) -> None:
        answers = [path for path in self.folder.iterdir() if path.suffix == ANSWER]
        if len(answers) > ANSWERS_KEPT_MAX:
            by_age = sorted(answers, key=lambda path: (path.stat().st_mtime_ns, path.name))
            for path in by_age[: len(answers) - ANSWERS_KEPT_MAX]:
                path.unlink(missing_ok=True)


def put_command(folder: Path, body: bytes, name: str) -> Path:
    """Lay a command into the folder, whole or not at all; returns where its answer will be.

    Raises OSError.
    """
    answer = folder / f"{name}{ANSWER}"
    answer.unlink(missing_ok=True)  # to an earlier copy
    write_whole(folder / f"{name}{COMMAND}", body)
    return answer


def read_answer(path: Path) -> Answer | None:
    """The answer, None while there is none."""
    body = read_short(path) if path.exists() else None
    return None if body is None else msgspec.json.decode(body, type=Answer)


def read_short(path: Path) -> bytes | None:
    """At most one byte more than a command may have; None for anything but a regular file."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        return os.read(handle, COMMAND_BYTES_MAX + 1)
    finally:
        os.close(handle)


def write_whole(path: Path, body: bytes) -> None:
    """Only its owner may read it. Raises OSError."""
    part = path.with_name(f".{path.name}.part")
    handle = os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(handle, body)
    finally:
        os.close(handle)
    part.rename(path)
