"""``condorbot data``: what history there is, and whether it can be believed."""

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from bot.cli.fetch import fetch
from bot.cli.options import complain
from bot.supervise import Exit
from config.load import session_calendar
from study.dataset import Dataset, DatasetError, compared_with_cboe, folder_of, load_dataset
from study.store.importers import read_file
from study.store.locking import writing
from study.store.prices import Hints
from study.store.reading import Unreadable
from study.store.tables import Store

data = typer.Typer(
    name="data", help="Market history: what there is and what is wrong with it.",
    no_args_is_help=True,
)  # fmt: skip
data.command()(fetch)
_SHOWN = 20
_Folder = Annotated[
    Path | None, typer.Option("--data", help="Folder with the store; CONDORBOT_DATA otherwise.")
]


@data.command("list")
def list_history(folder: _Folder = None) -> None:
    """Print which sessions there are and from when on each series is known."""
    dataset = _loaded(folder)
    days = dataset.days
    typer.echo(f"{dataset.source}: {len(days)} sessions, {days[0].on} to {days[-1].on}")
    for name, known in (
        ("VIX9D", [day.on for day in days if day.vix9d is not None]),
        ("VIX3M", [day.on for day in days if day.vix3m is not None]),
        ("VIX6M", [day.on for day in days if day.vix6m is not None]),
        ("VVIX", [day.on for day in days if day.vvix is not None]),
        ("SKEW", [day.on for day in days if day.skew is not None]),
        ("VX settlements", [day.on for day in days if day.vx]),
        ("bill yields", [day.on for day in days if day.bill is not None]),
        ("5-minute bars", [day.on for day in days if day.bars]),
    ):
        span = f"{len(known)} sessions, {known[0]} to {known[-1]}" if known else "none"
        typer.echo(f"  {name:<15} {span}")


@data.command()
def check(folder: _Folder = None) -> None:
    """Print every finding with file and row. Ends with 0 without errors, 2 with any."""
    dataset = _loaded(folder, readable=False)
    findings, named = dataset.findings, folder_of(folder)
    if named is not None:
        findings += compared_with_cboe(dataset, named, session_calendar())
    for finding in findings:
        typer.echo(f"{'error' if finding.error else 'note '} {finding}")
    errors = sum(finding.error for finding in findings)
    typer.echo(f"{dataset.source}: {errors} errors, {len(findings) - errors} notes")
    if errors:
        raise typer.Exit(Exit.BAD_CONFIG)


@data.command("import")
def import_files(
    files: Annotated[list[Path], typer.Argument(help="Files of any known format.")],
    into: Annotated[Path, typer.Option(help="Folder of the store; made if missing.")],
    symbol: Annotated[str, typer.Option(help="Of what plain prices are, e.g. SPY.")] = "",
    time_zone: Annotated[str, typer.Option(help="Of times of day, e.g. UTC.")] = "",
) -> None:
    """Bring files into a store: Cboe's index histories, VX contracts and delayed quotes, chains of
    a day, LEAN option minutes, Shiller's table, plain bars.

    What is stored already is never overwritten. Ends with 2 if anything was refused.
    """
    hints = Hints(symbol.upper(), _zone(time_zone))
    try:
        with writing(into):
            refused = _imported(files, Store(into), hints)
    except OSError as trouble:
        complain(str(trouble))
        raise typer.Exit(Exit.BAD_CONFIG) from None
    if refused:
        raise typer.Exit(Exit.BAD_CONFIG)


def _imported(files: list[Path], store: Store, hints: Hints) -> int:
    """Tells what came of each; how much was refused."""
    refused = 0
    for path in files:
        try:
            kind, found = read_file(path, hints)
            merged = [store.merge(part, rows) for part, rows in found.rows.items()]
        except (Unreadable, OSError) as trouble:
            complain(str(trouble))
            refused += 1
            continue
        troubles = [str(finding) for finding in found.findings if finding.error]
        troubles += [text for part in merged for text in part.contradicted]
        for text in troubles[:_SHOWN]:
            typer.echo(f"error {text}")
        if len(troubles) > _SHOWN:
            typer.echo(f"error {path.name}: and {len(troubles) - _SHOWN} more")
        added, same = sum(p.added for p in merged), sum(p.same for p in merged)
        notes = len(found.findings) - sum(finding.error for finding in found.findings)
        typer.echo(
            f"{path.name}: {kind}, {added} new, {same} known, {len(troubles)} refused, "
            f"{notes} notes"
        )
        refused += len(troubles)
    return refused


def _zone(name: str) -> ZoneInfo | None:
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        complain(f"no time zone {name!r}: try UTC or America/New_York")
        raise typer.Exit(Exit.BAD_CONFIG) from None


def _loaded(folder: Path | None, *, readable: bool = True) -> Dataset:
    try:
        dataset = load_dataset(folder, session_calendar())
    except DatasetError as trouble:
        complain(str(trouble))
        raise typer.Exit(Exit.BAD_CONFIG) from None
    if readable and not dataset.days:
        complain(f"{dataset.source} cannot be read: run `condorbot data check`")
        raise typer.Exit(Exit.BAD_CONFIG)
    return dataset
