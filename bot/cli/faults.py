"""``--fault`` and ``--faults`` of the commands that run a simulated gateway."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from bot.cli.options import complain
from bot.supervise import Exit
from sim.gateway.faults.catalogue import FaultError, fault_from_text, faults_from_toml
from sim.gateway.faults.fault import Fault

FaultOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--fault", help="Let something go wrong: NAME[=ARGS], see docs/faults.md."),
]
FaultsOption: TypeAlias = Annotated[
    Path | None, typer.Option("--faults", help="A TOML file of [[fault]] tables.")
]


def faults_or_exit(texts: Sequence[str] | None, file: Path | None) -> tuple[Fault, ...]:
    """Those of the file first; exits with 2 for what does not exist or cannot be read."""
    try:
        found = faults_from_toml(file.read_text(encoding="utf-8")) if file is not None else []
        return (*found, *map(fault_from_text, texts or ()))
    except OSError as trouble:
        complain(f"--faults {file}: {trouble.strerror or trouble}")
    except FaultError as wrong:
        complain(f"fault {wrong}")
    raise typer.Exit(Exit.BAD_CONFIG)
