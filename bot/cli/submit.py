"""``condorbot submit`` and ``resume``: hand a signed plan to the daemon and wait for its answer."""

import asyncio
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer

from bot.approvals.envelope import Envelope, encode_envelope, signed
from bot.approvals.plan import RISK_TYPE
from bot.approvals.proposing import NotProposed, action_from
from bot.approvals.rules import needed
from bot.approvals.spool import put_command, read_answer, write_whole
from bot.cli.approving import Config, KeyPath, PlanFile, Seen, Why, read_plan, show, valid_for
from bot.cli.options import complain, settings_or_exit
from bot.cli.sign import readable, secret_of
from bot.ports import Answer
from bot.telemetry.sending import CommandLost, send_command
from config.settings import Settings

WAIT_S = 15.0
_LOOK_S = 0.1


def submit(
    plan: PlanFile,
    config: Config = "paper",
    mqtt: Annotated[bool, typer.Option("--mqtt", help="Over MQTT, not the folder.")] = False,
) -> None:
    """Hand in a signed plan. Exit 0 if it was accepted, 1 if not; one line says why."""
    envelope = read_plan(plan)
    _handed_in(settings_or_exit(config), encode_envelope(envelope), mqtt=mqtt)


def resume(
    reason: Why,
    key: KeyPath,
    config: Config = "paper",
    out: Annotated[Path, typer.Option("--out", "-o", help="Where the plan goes.")] = Path(
        "resume.json"
    ),
) -> None:
    """End a halt: propose, sign and, where one signature is enough, hand it in at once."""
    seen = Seen.of(config)
    if not seen.ring.persons:
        complain("no key ring is in force: `condorbot run --resume` ends a halt at the next start")
        raise typer.Exit(1)
    try:
        asked = action_from({"do": "resume", "why": reason})
        envelope = readable(seen.propose(asked, valid_for(1.0)))
    except NotProposed as trouble:
        complain(f"not proposed: {trouble}")
        raise typer.Exit(1) from None
    show(envelope)
    if not typer.confirm("Sign this?"):
        raise typer.Exit(1)
    envelope = signed(envelope, secret_of(key))
    _enough(seen, envelope, out)


def _enough(seen: Seen, envelope: Envelope, out: Path) -> None:
    count = needed(seen.ring, RISK_TYPE)
    if count == 1:
        _handed_in(seen.settings, encode_envelope(envelope), mqtt=False)
        return
    try:
        write_whole(out, encode_envelope(envelope))
    except OSError as error:
        complain(f"{out}: {error.strerror}")
        raise typer.Exit(1) from None
    typer.echo(f"{out} has 1 of {count} signatures: others `condorbot sign {out}`, then submit")


def _handed_in(settings: Settings, body: bytes, *, mqtt: bool) -> None:
    try:
        answer = asyncio.run(
            send_command(settings.mqtt, body, WAIT_S) if mqtt else _spooled(settings, body)
        )
    except (OSError, CommandLost) as trouble:
        complain(str(trouble))
        raise typer.Exit(1) from None
    if answer is None:
        complain(f"no answer within {WAIT_S:.0f} s: is the daemon running, with a key ring?")
        raise typer.Exit(1)
    typer.echo(f"accepted: {answer.text}" if answer.accepted else f"refused: {_said(answer)}")
    raise typer.Exit(0 if answer.accepted else 1)


async def _spooled(settings: Settings, body: bytes) -> Answer | None:
    """Into the folder; None when nobody answers. Raises OSError."""
    there = put_command(settings.approvals.spool, body, sha256(body).hexdigest()[:32])
    try:
        async with asyncio.timeout(WAIT_S):
            while (answer := read_answer(there)) is None:  # noqa: ASYNC110  # a file, not a task
                await asyncio.sleep(_LOOK_S)
            return answer
    except TimeoutError:
        return None


def _said(answer: Answer) -> str:
    return f"{answer.reason}: {answer.text}" if answer.text else answer.reason
