"""``condorbot journal``: read, verify and copy what the daemon recorded."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.options import complain
from bot.journal.backup import back_up
from bot.journal.database import open_to_copy
from bot.journal.failures import JournalFailed
from bot.journal.reading import JournalReader, as_json_line
from bot.recovery import checkpoint_troubles
from config.load import session_calendar

journal = typer.Typer(name="journal", help="Read, verify and copy a journal.", no_args_is_help=True)

File = Annotated[Path, typer.Option("--file", "-f", help="The journal.")]
Market = Annotated[bool, typer.Option("--market", help="With prices and clock ticks.")]
Kind = Annotated[str, typer.Option(help="Only records of this kind, e.g. OrderFilled.")]
DEFAULT = Path("var/condorbot.sqlite")


@journal.command()
def show(
    file: File = DEFAULT,
    kind: Kind = "",
    market: Market = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many records.")] = 1000,
) -> None:
    """One readable line per record, in the order they were written."""
    with _reader(file) as reader:
        rows = (row for row in reader.rows(with_market=market) if kind in ("", row.kind))
        for row in islice(rows, limit):
            mark = "->" if row.is_effect else "  "
            body = row.body.decode()
            typer.echo(f"{row.batch:>8}.{row.position:<3} {mark} {row.kind:<20} {body}")


@journal.command()
def export(file: File = DEFAULT, kind: Kind = "", market: Market = False) -> None:
    """Every record as one JSON object a line."""
    with _reader(file) as reader:
        for row in reader.rows(with_market=market):
            if kind in ("", row.kind):
                typer.echo(as_json_line(row).decode())


@journal.command()
def verify(file: File = DEFAULT) -> None:
    """Exit 0 if the file is whole, its chain holds and its saved desks are true, 1 if not."""
    with _reader(file) as reader:
        troubles = reader.troubles()
        troubles = troubles or checkpoint_troubles(reader.rows(), session_calendar())
        for trouble in troubles:
            typer.echo(trouble)
        if troubles:
            raise typer.Exit(1)
        counted = ", ".join(
            f"{reader.count(table)} {name}"
            for table, name in (
                ("batch", "batches"),
                ("record", "records"),
                ("intent", "orders"),
                ("send", "sends"),
                ("fill", "executions"),
                ("act", "operator acts"),
                ("life", "starts"),
                ("checkpoint", "saved desks"),
            )
        )
        builds = dict.fromkeys(
            life["build"] or "a version that did not say" for life in reader.lives()
        )
        by = f", by {', '.join(builds)}" if builds else ""
        typer.echo(f"{file} is whole: {counted}{by}")


@journal.command()
def backup(
    target: Annotated[Path, typer.Argument(help="The file to make; it must not exist.")],
    file: File = DEFAULT,
) -> None:
    """Copy the journal, also of a running daemon, to one new file, and prove the copy.

    To restore, stop the daemon, put the copy in the journal's place and remove the journal's -wal
    and -shm files. Where the broker knows better than the copy, the daemon opens nothing new.
    """
    try:
        db = open_to_copy(file)
        try:
            back_up(db, target)
        finally:
            db.close()
    except JournalFailed as trouble:
        complain(str(trouble))
        raise typer.Exit(1) from None
    verify(target)


@contextmanager
def _reader(file: Path) -> Iterator[JournalReader]:
    try:
        reader = JournalReader(file)
    except JournalFailed as trouble:
        complain(str(trouble))
        raise typer.Exit(1) from None
    try:
        yield reader
    finally:
        reader.close()
