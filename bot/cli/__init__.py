"""The command line: one file per command; nothing here decides anything about trading.

A command's module is imported when that command is asked for: a halt does not wait for the study.
"""

import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any, cast

import typer
from typer.core import TyperGroup

COMMANDS: Mapping[str, str] = {  # module and name of the function or group of commands
    "demo": "demo:demo",
    "run": "run:run",
    "gateway": "gateway:gateway",
    "study": "study:study",
    "sweep": "sweep:sweep",
    "stress": "sweep:stress",
    "status": "status:status",
    "positions": "positions:positions",
    "orders": "orders:orders",
    "watch": "watch:watch",
    "health": "health:health",
    "doctor": "doctor:doctor",
    "explain": "explain:explain",
    "kpi": "kpi:kpi",
    "shadow": "shadow:shadow",
    "halt": "control:halt",
    "reduce": "control:reduce",
    "resume": "submit:resume",
    "sign": "sign:sign",
    "submit": "submit:submit",
    "keys": "keys:keys",
    "propose": "propose:propose",
    "console": "console:console",
    "journal": "redecide:journal",
    "logs": "logs:logs",
    "data": "data:data",
}


class Commands(Mapping[str, Any]):
    """The commands by name, each made when it is first looked up."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = _made(name)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class Group(TyperGroup):
    """Knows its commands by name, without having imported them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands = cast("Any", Commands())  # only ever read


def _made(name: str) -> Any:
    module, attribute = COMMANDS[name].split(":")
    found = getattr(import_module(f"{__name__}.{module}"), attribute)
    if isinstance(found, typer.Typer):
        return typer.main.get_group(found)
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    alone.command(name)(found)
    return typer.main.get_command(alone)


app = typer.Typer(
    name="condorbot",
    help="SPX iron condors behind a VIX-call hedge, on a paper account at Interactive Brokers.",
    cls=Group,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


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
