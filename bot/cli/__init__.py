"""The command line: one file per command; nothing here decides anything about trading."""

import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from bot.cli.control import halt, reduce
from bot.cli.data import data
from bot.cli.demo import demo
from bot.cli.gateway import gateway
from bot.cli.health import health
from bot.cli.journal import journal
from bot.cli.run import run
from bot.cli.study import study

app = typer.Typer(
    name="condorbot",
    help="SPX iron condors behind a VIX-call hedge, on a paper account at Interactive Brokers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(demo)
app.command()(run)
app.command()(gateway)
app.command()(study)
app.command()(health)
app.command()(halt)
app.command()(reduce)
app.add_typer(journal)
app.add_typer(data)


def _print_version(wanted: bool) -> None:
    if wanted:
        try:
            typer.echo(f"condorbot {version('condorbot')}")
        except PackageNotFoundError:  # run from a clone that was never installed
            typer.echo("condorbot (not installed)")
        raise typer.Exit


@app.callback()
def options(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show it and exit."),
    ] = False,
) -> None: ...


def main() -> None:
    """The console script."""
    try:
        app()
    except BrokenPipeError:  # the reader of our output went away, as `head` does
        sys.stderr.close()
        raise SystemExit(0) from None
