"""The verifier: every rule that a command must keep, in the order in which they are looked at.

Each rule is necessary: a test takes out one after the other and finds a command that then passes.
Knows no channel, no file and no clock; ``Scene`` is all it may look at.
"""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeAlias

from bot.approvals.envelope import (
    COMMAND_BYTES_MAX,
    Envelope,
    UnreadableEnvelope,
    decode_envelope,
    encode_envelope,
    fits,
)
from bot.approvals.keyring import KeyRing, Person
from bot.approvals.plan import (
    DOMAIN,
    ENVIRONMENT,
    STOP_TYPE,
    Halt,
    Plan,
    Reduce,
    UnreadablePlan,
    decode_plan,
    encode_plan,
    payload_type,
)
from bot.approvals.refusals import Refusal, Refused
from bot.approvals.situation import facts, impossible, worst_case
from bot.ports import Delivery
from domain.desk import Desk
from engine.policy import Policy

LASTS_MAX = timedelta(hours=24)
HEAD_AGE_MAX = 2_000  # recorded batches; a quiet day has some hundreds


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a plan would take effect. ``since`` counts the recorded batches after a head of the
    journal, None for one that is not in it.
    """

    daemon: str
    account: str  # the pinned one; empty: none
    now: datetime
    desk: Desk
    policy: Policy
    ring: KeyRing  # without persons when there is none
    epoch: int
    since: Callable[[int, str], int | None]
    taken: AbstractSet[str] = frozenset()  # nonces whose plans the desk has not heard of yet
    busy: bool = False  # such a plan adds risk


_UNREAD = Envelope("", b"")


@dataclass(slots=True)
class Claim:
    """What is known of a command so far; later rules see more of it."""

    raw: bytes
    delivery: Delivery
    envelope: Envelope = _UNREAD
    signers: tuple[Person, ...] = ()  # one per signature; without a name where nobody is enrolled
    read: Plan | None = None

    @property
    def plan(self) -> Plan:
        assert self.read is not None
        return self.read


class Stage(StrEnum):
    """What a rule needs to be read before it."""

    BYTES = "bytes"
    ENVELOPE = "envelope"
    PLAN = "plan"


Check: TypeAlias = Callable[[Claim, Scene], str | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """``check`` answers what is wrong, or None."""

    code: Refusal
    stage: Stage
    check: Check


@dataclass(frozen=True, slots=True)
class Approved:
    """A plan that may take effect now, and who signed it."""

    plan: Plan
    signers: tuple[str, ...]


def judge(
    raw: bytes, delivery: Delivery, scene: Scene, rules: Sequence[Rule]
) -> Approved | Refused:
    """The first of ``rules`` that is not kept, or the plan."""
    claim = Claim(raw, delivery)
    if (refused := _broken(rules, Stage.BYTES, claim, scene)) is not None:
        return refused
    try:
        claim.envelope = decode_envelope(raw)
    except UnreadableEnvelope as error:
        return Refused(Refusal.MALFORMED, str(error))
    claim.signers = _signers(claim.envelope, scene.ring)
    if (refused := _broken(rules, Stage.ENVELOPE, claim, scene)) is not None:
        return refused
    try:
        claim.read = decode_plan(claim.envelope.payload)
    except UnreadablePlan as error:
        return Refused(Refusal.PLAN_MALFORMED, str(error))
    if (refused := _broken(rules, Stage.PLAN, claim, scene)) is not None:
        return refused
    return Approved(claim.plan, tuple(sorted(person.name for person in claim.signers)))


def needed(ring: KeyRing, kind: str) -> int:
    """Signatures that a payload of this type needs: one stops, more permit."""
    return 1 if kind == STOP_TYPE else ring.needed


def _broken(rules: Sequence[Rule], stage: Stage, claim: Claim, scene: Scene) -> Refused | None:
    for rule in rules:
        if rule.stage is stage and (text := rule.check(claim, scene)) is not None:
            return Refused(rule.code, text)
    return None


def _signers(envelope: Envelope, ring: KeyRing) -> tuple[Person, ...]:
    """Who the ring says holds the keys. A key that occurs again stands for its next holder."""
    left = list(ring.persons)
    found = []
    for signature in envelope.signatures:
        holder = next((person for person in left if person.key == signature.key), None)
        if holder is not None:
            left.remove(holder)
        found.append(holder or Person("", "approver", signature.key))
    return tuple(found)


def _stops(claim: Claim) -> bool:
    return isinstance(claim.plan.action, Halt | Reduce)


# Before anything is read


def fresh_delivery(claim: Claim, scene: Scene) -> str | None:
    return "the message broker had kept it" if claim.delivery.retained else None


def first_delivery(claim: Claim, scene: Scene) -> str | None:
    return "delivered before" if claim.delivery.duplicate else None


def small_enough(claim: Claim, scene: Scene) -> str | None:
    size = len(claim.raw)
    return f"{size} bytes of {COMMAND_BYTES_MAX}" if size > COMMAND_BYTES_MAX else None


# The envelope, before the plan in it is believed


def envelope_canonical(claim: Claim, scene: Scene) -> str | None:
    """One spelling only, so that nothing unsigned can be added or moved."""
    keys = [signature.key for signature in claim.envelope.signatures]
    if keys != sorted(keys):
        return "signatures are not sorted by key"
    return None if encode_envelope(claim.envelope) == claim.raw else "not the canonical spelling"


def keys_enrolled(claim: Claim, scene: Scene) -> str | None:
    for person in claim.signers:
        if not person.name:
            return f"key {person.key[:16]}... is not enrolled"
    return None


def keys_not_revoked(claim: Claim, scene: Scene) -> str | None:
    for person in claim.signers:
        if person.key in scene.ring.revoked:
            return f"key {person.key[:16]}... was revoked"
    return None


def keys_distinct(claim: Claim, scene: Scene) -> str | None:
    keys = [person.key for person in claim.signers]
    return "one key signed twice" if len(set(keys)) < len(keys) else None


def persons_distinct(claim: Claim, scene: Scene) -> str | None:
    names = [person.name for person in claim.signers]
    return "one person signed twice" if len(set(names)) < len(names) else None


def roles_sufficient(claim: Claim, scene: Scene) -> str | None:
    for person in claim.signers:
        if person.role == "stopper" and claim.envelope.payload_type != STOP_TYPE:
            return f"{person.name} may only stop"
    return None


def signatures_enough(claim: Claim, scene: Scene) -> str | None:
    want = needed(scene.ring, claim.envelope.payload_type)
    have = len(claim.signers)
    return None if have >= want else f"{have} of {want} signatures"


def signatures_fit(claim: Claim, scene: Scene) -> str | None:
    for signature in claim.envelope.signatures:
        if not fits(claim.envelope, signature):
            return f"the signature of {signature.key[:16]}... is not over these bytes"
    return None


# The plan, which signers are now known to have signed


def plan_canonical(claim: Claim, scene: Scene) -> str | None:
    same = encode_plan(claim.plan) == claim.envelope.payload
    return None if same else "not the canonical spelling"


def domain_right(claim: Claim, scene: Scene) -> str | None:
    return None if claim.plan.domain == DOMAIN else f"it calls itself {claim.plan.domain!a}"


def class_right(claim: Claim, scene: Scene) -> str | None:
    """How many had to sign was told by the type, before the plan could be read."""
    kind = payload_type(claim.plan.action)
    return None if claim.envelope.payload_type == kind else f"must be signed as {kind}"


def daemon_right(claim: Claim, scene: Scene) -> str | None:
    wanted = claim.plan.daemon
    return None if wanted == scene.daemon else f"for {wanted}, this is {scene.daemon}"


def account_right(claim: Claim, scene: Scene) -> str | None:
    same = bool(scene.account) and claim.plan.account == scene.account
    return None if same else "not for the account that is pinned here"


def environment_right(claim: Claim, scene: Scene) -> str | None:
    there = claim.plan.environment
    return None if there == ENVIRONMENT else f"for {there!a}, this is {ENVIRONMENT}"


def begun(claim: Claim, scene: Scene) -> str | None:
    at = claim.plan.not_before
    return None if scene.now >= at else f"not before {at.isoformat()}"


def not_expired(claim: Claim, scene: Scene) -> str | None:
    at = claim.plan.expires
    return None if scene.now < at else f"expired {at.isoformat()}"


def short_lived(claim: Claim, scene: Scene) -> str | None:
    lasts = claim.plan.expires - claim.plan.not_before
    return None if lasts <= LASTS_MAX else f"valid for {lasts}, at most {LASTS_MAX}"


def epoch_current(claim: Claim, scene: Scene) -> str | None:
    made = claim.plan.epoch
    return None if made == scene.epoch else f"made in epoch {made}, this is {scene.epoch}"


def nonce_unused(claim: Claim, scene: Scene) -> str | None:
    nonce = claim.plan.nonce
    used = nonce in scene.desk.approvals.used or nonce in scene.taken
    return f"{nonce} took effect before" if used else None


def alone(claim: Claim, scene: Scene) -> str | None:
    """Two plans for the same situation: the second was signed without knowing of the first."""
    return "another plan is just taking effect" if scene.busy and not _stops(claim) else None


def head_known(claim: Claim, scene: Scene) -> str | None:
    """A stop needs no journal: it can be made anywhere."""
    seq, head = claim.plan.journal_seq, claim.plan.journal_head
    unknown = not _stops(claim) and scene.since(seq, head) is None
    return f"batch {seq} is not in this journal as {head[:16]}..." if unknown else None


def head_recent(claim: Claim, scene: Scene) -> str | None:
    since = 0 if _stops(claim) else scene.since(claim.plan.journal_seq, claim.plan.journal_head)
    late = since is not None and since > HEAD_AGE_MAX
    return f"{since} batches were recorded since, at most {HEAD_AGE_MAX}" if late else None


def situation_same(claim: Claim, scene: Scene) -> str | None:
    now = facts(scene.desk, scene.policy, claim.plan.action)
    if now == claim.plan.situation:
        return None
    changed = [line for line in now if line not in claim.plan.situation]
    return "; ".join(changed)[:300] or "less is true now than was signed"


def possible(claim: Claim, scene: Scene) -> str | None:
    return impossible(scene.desk, scene.policy, claim.plan.action)


def no_worse(claim: Claim, scene: Scene) -> str | None:
    now = worst_case(scene.desk, scene.policy, claim.plan.action)
    if now is None:
        return "the worst case cannot be told now"
    signed = Decimal(claim.plan.worst_case_usd)
    return None if now <= signed else f"{now:.0f} USD now, {signed} were signed"


RULES: Final[tuple[Rule, ...]] = (
    Rule(Refusal.RETAINED, Stage.BYTES, fresh_delivery),
    Rule(Refusal.DUPLICATE, Stage.BYTES, first_delivery),
    Rule(Refusal.TOO_LARGE, Stage.BYTES, small_enough),
    Rule(Refusal.NOT_CANONICAL, Stage.ENVELOPE, envelope_canonical),
    Rule(Refusal.KEY_REVOKED, Stage.ENVELOPE, keys_not_revoked),
    Rule(Refusal.KEY_UNKNOWN, Stage.ENVELOPE, keys_enrolled),
    Rule(Refusal.SAME_KEY, Stage.ENVELOPE, keys_distinct),
    Rule(Refusal.SAME_PERSON, Stage.ENVELOPE, persons_distinct),
    Rule(Refusal.ROLE, Stage.ENVELOPE, roles_sufficient),
    Rule(Refusal.TOO_FEW, Stage.ENVELOPE, signatures_enough),
    Rule(Refusal.BAD_SIGNATURE, Stage.ENVELOPE, signatures_fit),
    Rule(Refusal.PLAN_NOT_CANONICAL, Stage.PLAN, plan_canonical),
    Rule(Refusal.WRONG_DOMAIN, Stage.PLAN, domain_right),
    Rule(Refusal.WRONG_CLASS, Stage.PLAN, class_right),
    Rule(Refusal.WRONG_DAEMON, Stage.PLAN, daemon_right),
    Rule(Refusal.WRONG_ACCOUNT, Stage.PLAN, account_right),
    Rule(Refusal.WRONG_ENVIRONMENT, Stage.PLAN, environment_right),
    Rule(Refusal.NOT_YET_VALID, Stage.PLAN, begun),
    Rule(Refusal.EXPIRED, Stage.PLAN, not_expired),
    Rule(Refusal.LASTS_TOO_LONG, Stage.PLAN, short_lived),
    Rule(Refusal.VOIDED, Stage.PLAN, epoch_current),
    Rule(Refusal.NONCE_USED, Stage.PLAN, nonce_unused),
    Rule(Refusal.BUSY, Stage.PLAN, alone),
    Rule(Refusal.HEAD_UNKNOWN, Stage.PLAN, head_known),
    Rule(Refusal.HEAD_TOO_OLD, Stage.PLAN, head_recent),
    Rule(Refusal.SITUATION_CHANGED, Stage.PLAN, situation_same),
    Rule(Refusal.NOT_POSSIBLE, Stage.PLAN, possible),
    Rule(Refusal.WORSE_THAN_SIGNED, Stage.PLAN, no_worse),
)
