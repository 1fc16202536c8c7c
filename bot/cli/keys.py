"""``condorbot keys``: private keys for persons, and the ring that says whose count."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from msgspec.structs import replace

from bot.approvals.keyfile import KeyUnusable, create
from bot.approvals.keyring import (
    EnrolmentRefused,
    KeyRing,
    Person,
    decode_draft,
    decode_ring,
    encode_ring,
    enrolled,
    objection,
    revoked,
)
from bot.approvals.rendering import ring_lines
from bot.approvals.spool import write_whole
from bot.cli.approving import Config, Seen
from bot.cli.options import complain

keys = typer.Typer(
    name="keys", help="Make keys, and say whose signatures count.", no_args_is_help=True
)

Ring = Annotated[Path, typer.Option("--ring", help="The key ring being written.")]


@keys.command()
def new(
    person: Annotated[str, typer.Argument(help="Who will sign with it, e.g. anna.")],
    out: Annotated[Path, typer.Option(help="The private key; it must not exist yet.")],
    passphrase: Annotated[
        bool, typer.Option("--passphrase", help="Ask for a passphrase to seal it with.")
    ] = False,
) -> None:
    """Make a private key. What is printed is public: give it to whoever enrols you."""
    secret = ""
    if passphrase:
        secret = typer.prompt("passphrase", hide_input=True, confirmation_prompt=True)
    try:
        public = create(out, person, secret)
    except KeyUnusable as trouble:
        complain(str(trouble))
        raise typer.Exit(1) from None
    typer.echo(f"{person} {public}")


@keys.command()
def enrol(
    person: Annotated[str, typer.Argument(help="The name that `keys new` was given.")],
    key: Annotated[str, typer.Argument(help="The public key that it printed.")],
    ring: Ring,
    role: Annotated[str, typer.Option(help="approver, or stopper: may only halt.")] = "approver",
    needed: Annotated[
        int | None, typer.Option(min=1, max=16, help="How many approvers must sign.")
    ] = None,
) -> None:
    """Add a person to a key ring file. The daemon takes its first ring from such a file.

    Later ones need the signatures of the ring in force: `condorbot propose change-keys`.
    """
    _rewritten(ring, lambda old: enrolled(_needing(old, needed), _person(person, role, key)))


@keys.command()
def revoke(
    key: Annotated[str, typer.Argument(help="The public key, or the name of its holder.")],
    ring: Ring,
) -> None:
    """Take a person out of a key ring file; the key can never come back."""

    def without(old: KeyRing) -> KeyRing:
        held = {person.name: person.key for person in old.persons}
        return revoked(old, held.get(key, key))

    _rewritten(ring, without)


@keys.command(name="list")
def listed(
    config: Config = "paper",
    ring: Annotated[
        Path | None, typer.Option("--ring", help="A ring file instead of the ring in force.")
    ] = None,
) -> None:
    """Who may sign: the ring in force, or the one in a file."""
    try:
        text = Seen.of(config).desk.approvals.ring if ring is None else ring.read_text()
        if not text:
            typer.echo("no key ring is in force: nothing can be approved")
            raise typer.Exit(1)
        lines = ring_lines(decode_ring(text))
    except (OSError, EnrolmentRefused) as trouble:
        complain(str(trouble))
        raise typer.Exit(1) from None
    for line in lines:
        typer.echo(line.strip())


def _rewritten(path: Path, change: Callable[[KeyRing], KeyRing]) -> None:
    try:
        old = decode_draft(path.read_bytes()) if path.exists() else KeyRing()
        ring = change(old)
        write_whole(path, encode_ring(ring))
    except (OSError, EnrolmentRefused) as trouble:
        complain(str(trouble))
        raise typer.Exit(1) from None
    for line in ring_lines(ring):
        typer.echo(line.strip())
    if (missing := objection(ring)) is not None:
        typer.echo(f"not complete yet: {missing}")


def _needing(ring: KeyRing, needed: int | None) -> KeyRing:
    return ring if needed is None else replace(ring, needed=needed)


def _person(name: str, role: str, key: str) -> Person:
    try:
        return msgspec.convert({"name": name, "role": role, "key": key}, Person)
    except msgspec.ValidationError as error:
        raise EnrolmentRefused(str(error)) from None
