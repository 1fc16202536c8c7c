"""``condorbot logs``: follow a JSON log, or search it. Reads files or what is piped in."""

import os
import sys
import time
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from bot.cli.options import complain
from bot.clock import SystemClock
from bot.log_reading import LINE_BYTES_MAX, Line, Wanted, as_json, as_text, parsed
from bot.supervise import Exit
from domain.session import NEW_YORK

logs = typer.Typer(
    name="logs", help="Follow the log, or search it; JSON lines in.", no_args_is_help=True
)
_NAP_S = 0.5
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class Level(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


Files = Annotated[
    list[Path] | None, typer.Argument(help="Files of JSON lines; left out: standard input.")
]
OrderOption = Annotated[
    str, typer.Option("--order", help="A reference, order id, permanent id or execution id.")
]
DecisionOption = Annotated[
    str, typer.Option("--decision", help="batch.position of the journal, or a topic.")
]
LevelOption = Annotated[Level, typer.Option("--level", help="This level and above.")]
EventOption = Annotated[str, typer.Option("--event", help="A name, or what stands before a dot.")]
RunOption = Annotated[str, typer.Option("--run", help="One life of the daemon.")]
TextOption = Annotated[str, typer.Option("--text", help="Words anywhere in the line.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Lines as they are.")]


@logs.command()
def query(
    files: Files = None,
    order: OrderOption = "",
    decision: DecisionOption = "",
    level: LevelOption = Level.DEBUG,
    event: EventOption = "",
    run: RunOption = "",
    text: TextOption = "",
    since: Annotated[
        str, typer.Option(help="New York time, as 2018-01-16T11:30, or an age: 90s, 15m, 2h, 3d.")
    ] = "",
    until: Annotated[str, typer.Option(help="As --since; lines before it.")] = "",
    as_they_are: JsonOption = False,
) -> None:
    """Every line that passes all filters, oldest first as they lie there.

    Exit 0 if there was one, 1 if none. From the system's journal: journalctl -u condorbot -o cat |
    condorbot logs query --order cb-condor-20180116-1
    """
    wanted = Wanted(
        order, decision, level.value, event, run, text, _time("--since", since),
        _time("--until", until),
    )  # fmt: skip
    found = 0
    for line in parsed(_rows(files or [])):
        if wanted.takes(line):
            found += 1
            _print(line, as_they_are)
    raise typer.Exit(0 if found else 1)


@logs.command()
def tail(
    file: Annotated[
        Path | None, typer.Argument(help="A file of JSON lines; left out: standard input.")
    ] = None,
    lines: Annotated[int, typer.Option("-n", min=0, max=100_000, help="Begin so far back.")] = 20,
    follow: Annotated[bool, typer.Option("--follow/--no-follow", help="Wait for more.")] = True,
    order: OrderOption = "",
    decision: DecisionOption = "",
    level: LevelOption = Level.DEBUG,
    event: EventOption = "",
    run: RunOption = "",
    text: TextOption = "",
    as_they_are: JsonOption = False,
) -> None:
    """The last lines that pass the filters, and every new one until Ctrl-C; survives rotation."""
    wanted = Wanted(order, decision, level.value, event, run, text)
    try:
        if file is None:
            for line in filter(wanted.takes, parsed(sys.stdin.buffer)):
                _print(line, as_they_are)
            return
        with _opened(file) as opened:
            for line in deque(filter(wanted.takes, parsed(opened)), maxlen=lines):
                _print(line, as_they_are)
            read = opened.tell()
        if follow:
            for line in filter(wanted.takes, parsed(_growing(file, read))):
                _print(line, as_they_are)
    except KeyboardInterrupt:
        raise typer.Exit from None


def _rows(files: list[Path]) -> Iterator[bytes]:
    if not files:
        yield from sys.stdin.buffer
    for file in files:
        with _opened(file) as opened:
            yield from opened


def _opened(file: Path) -> BinaryIO:
    try:
        return file.open("rb")
    except OSError as error:
        complain(f"{file}: {error.strerror}")
        raise typer.Exit(Exit.BAD_CONFIG) from None


def _growing(file: Path, read: int) -> Iterator[bytes]:
    """Lines after the first ``read`` bytes, for ever; a file that was replaced or cut is read from
    its beginning.
    """
    opened = _opened(file)
    opened.seek(read)
    half = b""
    while True:
        piece = opened.readline(LINE_BYTES_MAX)
        if piece:
            half += piece
            if half.endswith(b"\n") or len(half) > LINE_BYTES_MAX:
                yield half
                half = b""
            continue
        sys.stdout.flush()
        time.sleep(_NAP_S)
        try:
            now = file.stat()
        except OSError:
            continue  # between the old file and the new one
        if now.st_ino != os.fstat(opened.fileno()).st_ino or now.st_size < opened.tell():
            opened.close()
            opened, half = file.open("rb"), b""


def _time(option: str, text: str) -> datetime | None:
    """An instant in New York, or so long ago."""
    if not text:
        return None
    try:
        if text[-1] in _UNITS:
            ago = timedelta(seconds=float(text[:-1]) * _UNITS[text[-1]])
            return SystemClock().now() - ago
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        complain(f"{option} {text}: neither a time like 2018-01-16T11:30 nor an age like 15m")
        raise typer.Exit(Exit.BAD_CONFIG) from None
    if found.tzinfo is None:
        found = found.replace(tzinfo=NEW_YORK)
    return found.astimezone(UTC)


def _print(line: Line, as_they_are: bool) -> None:
    typer.echo(as_json(line) if as_they_are else as_text(line))
