"""What proposing, signing and handing in have in common: the journal as seen, plans as files."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from bot.approvals.envelope import (
    COMMAND_BYTES_MAX,
    Envelope,
    UnreadableEnvelope,
    decode_envelope,
    encode_envelope,
    sealed,
)
from bot.approvals.keyring import EnrolmentRefused, KeyRing, decode_ring
from bot.approvals.plan import Action
from bot.approvals.proposing import NotProposed, Proposer, proposed
from bot.approvals.rendering import rendered
from bot.approvals.rules import needed
from bot.approvals.spool import read_short, write_whole
from bot.cli.options import complain, settings_or_exit
from bot.clock import SystemClock
from bot.journal.failures import JournalFailed
from bot.journal.reading import JournalReader
from bot.recovery import first_desk, folded
from config.load import session_calendar
from config.settings import Settings
from domain.desk import Desk

Config: TypeAlias = Annotated[
    str, typer.Option("--config", "-c", help="The configuration the daemon runs with.")
]
Why: TypeAlias = Annotated[str, typer.Option("--reason", help="Why; signed with the rest.")]
PlanFile: TypeAlias = Annotated[Path, typer.Argument(help="The plan, as `propose` wrote it.")]
KeyPath: TypeAlias = Annotated[Path, typer.Option("--key", help="Your private key.")]


@dataclass(frozen=True, slots=True)
class Seen:
    """The journal of a daemon, running or not, read without touching it."""

    settings: Settings
    desk: Desk
    head: tuple[int, str]

    @classmethod
    def of(cls, config: str) -> "Seen":
        """Exits with 1 if there is no journal to read."""
        settings = settings_or_exit(config)
        try:
            reader = JournalReader(settings.journal.path)
            try:
                head = reader.head
                blank = first_desk(session_calendar())
                desk, _ = folded(blank, reader.records())
            finally:
                reader.close()
        except JournalFailed as trouble:
            complain(str(trouble))
            raise typer.Exit(1) from None
        return cls(settings, desk, head)

    @property
    def ring(self) -> KeyRing:
        """The ring in force; without persons if there is none."""
        try:
            return decode_ring(self.desk.approvals.ring)
        except EnrolmentRefused:
            return KeyRing()

    def propose(self, action: Action, lasts: timedelta) -> Envelope:
        """Raises NotProposed."""
        settings = self.settings
        proposer = Proposer(
            settings.approvals.daemon,
            settings.broker.account,
            settings.policy(),
            lambda: secrets.token_hex(16),
        )
        times = (SystemClock().now(), lasts)
        return sealed(proposed(action, proposer, self.desk, self.head, times))


def propose_to_file(config: str, action: Action, out: Path, lasts: timedelta) -> Envelope:
    """Write the plan and show it; what it would be refused for is said here. Exits with 1."""
    seen = Seen.of(config)
    try:
        envelope = seen.propose(action, lasts)
        write_whole(out, encode_envelope(envelope))
    except (NotProposed, OSError) as trouble:
        complain(f"not proposed: {trouble}")
        raise typer.Exit(1) from None
    show(envelope)
    if not seen.ring.persons:
        complain("no key ring is in force: nobody's signature will count")
    count = needed(seen.ring, envelope.payload_type)
    typer.echo(f"{out} written; {count} must sign it: condorbot sign {out} --key FILE")
    return envelope


def show(envelope: Envelope) -> None:
    for line in rendered(envelope.payload):
        typer.echo(line)
    for signature in envelope.signatures:
        typer.echo(f"Signed with the key {signature.key}")


def read_plan(path: Path) -> Envelope:
    """Exits with 1 for what is no plan file."""
    body = read_short(path)
    if body is None or len(body) > COMMAND_BYTES_MAX:
        complain(f"{path} is no plan")
        raise typer.Exit(1)
    try:
        return decode_envelope(body)
    except UnreadableEnvelope as trouble:
        complain(f"{path} is no plan: {trouble}")
        raise typer.Exit(1) from None


def valid_for(hours: float) -> timedelta:
    return timedelta(hours=hours)


def now() -> datetime:
    return SystemClock().now()
