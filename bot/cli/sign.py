"""``condorbot sign``: show what a plan really says, ask, and add one signature to it.

Needs neither the daemon nor its configuration: what it shows comes from the signed bytes alone.
"""

from typing import Annotated

import typer
from nacl.signing import SigningKey

from bot.approvals.envelope import Envelope, encode_envelope, fits, signed
from bot.approvals.keyfile import KeyUnusable, opened, read
from bot.approvals.plan import UnreadablePlan, action_name, decode_plan, encode_plan, payload_type
from bot.approvals.spool import write_whole
from bot.cli.approving import KeyPath, PlanFile, read_plan, show
from bot.cli.options import complain


def sign(
    plan: PlanFile,
    key: KeyPath,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; you have read it.")] = False,
) -> None:
    """Read a plan in plain words and sign it. Signs nothing that cannot be shown."""
    envelope = readable(read_plan(plan))
    show(envelope)
    asked = action_name(decode_plan(envelope.payload).action)
    if not yes and typer.prompt(f"Type {asked} to sign this, anything else to leave it") != asked:
        complain("not signed")
        raise typer.Exit(1)
    envelope = signed(envelope, secret_of(key))
    try:
        write_whole(plan, encode_envelope(envelope))
    except OSError as error:
        complain(f"{plan}: {error.strerror}")
        raise typer.Exit(1) from None
    typer.echo(f"{plan} now has {len(envelope.signatures)} signature(s)")


def readable(envelope: Envelope) -> Envelope:
    """Exits with 1 unless the plan can be shown whole, and earlier signatures are over it."""
    try:
        plan = decode_plan(envelope.payload)
    except UnreadablePlan as trouble:
        complain(f"this is no plan and must not be signed: {trouble}")
        raise typer.Exit(1) from None
    if encode_plan(plan) != envelope.payload or payload_type(plan.action) != envelope.payload_type:
        complain("this plan says more than can be shown and must not be signed")
        raise typer.Exit(1)
    if not all(fits(envelope, signature) for signature in envelope.signatures):
        complain("the plan was changed after somebody signed it")
        raise typer.Exit(1)
    return envelope


def secret_of(path: KeyPath) -> SigningKey:
    """Asks for the passphrase if the file is sealed. Exits with 1."""
    try:
        key = read(path)
        words = typer.prompt(f"passphrase of {key.person}", hide_input=True) if key.salt else ""
        return opened(key, words)
    except KeyUnusable as trouble:
        complain(str(trouble))
        raise typer.Exit(1) from None
