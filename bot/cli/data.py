"""``condorbot data``: what history there is, and whether it can be believed."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.options import complain
from bot.supervise import Exit
from config.load import session_calendar
from study.dataset import Dataset, DatasetError, compared_with_cboe, folder_of, load_dataset

data = typer.Typer(
    name="data", help="Market history: what there is and what is wrong with it.",
    no_args_is_help=True,
)  # fmt: skip
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
        ("VVIX", [day.on for day in days if day.vvix is not None]),
        ("SKEW", [day.on for day in days if day.skew is not None]),
        ("VX settlements", [day.on for day in days if day.vx]),
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
