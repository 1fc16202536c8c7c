"""``condorbot halt`` and ``reduce``: a file the daemon looks at before it opens anything."""

import getpass
from typing import Annotated, Literal, TypeAlias

import typer

from bot.cli.options import complain, settings_or_exit
from bot.clock import SystemClock
from bot.control import ControlFile, Request

Reason: TypeAlias = Annotated[str, typer.Option("--reason", help="Why; goes into the journal.")]
Config: TypeAlias = Annotated[
    str, typer.Option("--config", "-c", help="The configuration the daemon runs with.")
]


def halt(reason: Reason, config: Config = "paper") -> None:
    """Stop opening anything; only closes that limit a loss go on. Ends with `run --resume`."""
    _request("halt", reason, config)


def reduce(reason: Reason, config: Config = "paper") -> None:
    """Stop opening anything; every close goes on. Ends with `run --resume`."""
    _request("reduce", reason, config)


def _request(state: Literal["halt", "reduce"], why: str, config: str) -> None:
    control = ControlFile(settings_or_exit(config).control.path)
    try:
        control.write(Request(state, getpass.getuser(), why, SystemClock().now()))
    except OSError as error:
        complain(f"{control.path}: {error.strerror}")
        raise typer.Exit(1) from None
    typer.echo(f"{control.path} written: nothing is opened while it is there")
