"""The command line: one file per command; nothing here decides anything about trading."""

import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from bot.cli.console import console
from bot.cli.control import halt, reduce
from bot.cli.data import data
from bot.cli.demo import demo
from bot.cli.doctor import doctor
from bot.cli.explain import explain
from bot.cli.gateway import gateway
from bot.cli.health import health
from bot.cli.journal import journal
from bot.cli.keys import keys
from bot.cli.kpi import kpi
from bot.cli.logs import logs
from bot.cli.orders import orders
from bot.cli.positions import positions
from bot.cli.propose import propose
from bot.cli.redecide import replay
from bot.cli.run import run
from bot.cli.shadow import shadow
from bot.cli.sign import sign
from bot.cli.status import status
from bot.cli.study import study
from bot.cli.submit import resume, submit
from bot.cli.sweep import stress, sweep
from bot.cli.watch import watch

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
app.command()(sweep)
app.command()(stress)
app.command()(status)
app.command()(positions)
app.command()(orders)
app.command()(watch)
app.command()(health)
app.command()(doctor)
app.command()(explain)
app.command()(kpi)
app.command()(shadow)
app.command()(halt)
app.command()(reduce)
app.command()(resume)
app.command()(sign)
app.command()(submit)
app.add_typer(keys)
app.add_typer(propose)
app.add_typer(console)
journal.command("replay")(replay)
app.add_typer(journal)
app.add_typer(logs)
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
