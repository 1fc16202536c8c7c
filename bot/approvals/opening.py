"""What a start has to say about keys and configuration before anything else happens.

The first key ring is taken from its file; from then on the journal's counts, and only signatures
change it. With a key ring in force nobody resumes alone, and an unknown configuration is halted.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog

from bot.approvals.envelope import COMMAND_BYTES_MAX
from bot.approvals.keyring import EnrolmentRefused, decode_ring, encode_ring
from bot.logs import LogEvent
from domain.approvals import Approvals
from domain.events import ConfigAccepted, Event, HaltRequested, KeyRingChanged
from engine.policy import Policy

log = structlog.get_logger()

FIRST = "the first key ring"


class ResumeRefused(ValueError):
    """One person asked to resume where several must agree."""


@dataclass(frozen=True, slots=True)
class Start:
    """A life about to begin: its configuration, and what the operator asked for on the way."""

    config_hash: str
    policy: Policy
    key_ring: Path | None
    resume: str = ""

    @property
    def shares(self) -> tuple[float, float]:
        return config_shares(self.policy)


def config_shares(policy: Policy) -> tuple[float, float]:
    """What the signers of a configuration are told: losses allowed in total, hedge premium."""
    limits = policy.limits
    return limits.max_loss_share_total, limits.hedge_budget_share


def opening(now: datetime, start: Start, approvals: Approvals) -> tuple[Event, ...]:
    """Events for the front of the inbox. Raises EnrolmentRefused, ResumeRefused."""
    offered = None if start.key_ring is None else _read(start.key_ring)
    in_force = approvals.ring or offered
    if in_force and start.resume:
        raise ResumeRefused("a key ring is in force: `condorbot propose resume`, then sign it")
    if not approvals.ring and offered:
        log.warning(LogEvent.KEY_RING_TAKEN, path=str(start.key_ring))
        return (
            KeyRingChanged(now, offered, FIRST),
            ConfigAccepted(now, start.config_hash, start.shares, FIRST),
        )
    if offered and offered != approvals.ring:
        log.warning(
            LogEvent.KEY_RING_REFUSED,
            path=str(start.key_ring),
            reason="the journal holds another one; only signatures change it",
        )
    accepted = (approvals.config, approvals.config_shares)
    if not approvals.ring or accepted == (start.config_hash, start.shares):
        return ()
    why = f"configuration {start.config_hash} was not accepted, {approvals.config} was"
    return (HaltRequested(now, "recovery", why),)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            body = file.read(COMMAND_BYTES_MAX + 1)
    except OSError as error:
        raise EnrolmentRefused(f"{path}: {error.strerror}") from None
    if len(body) > COMMAND_BYTES_MAX:
        raise EnrolmentRefused(f"{path} is too large for a key ring")
    return encode_ring(decode_ring(body)).decode()
