"""A plan in plain words, from the very bytes that are signed and from nothing else."""

from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256

from bot.approvals.keyring import KeyRing, encode_ring
from bot.approvals.plan import (
    AcceptConfig,
    Action,
    AdoptPosition,
    ChangeKeys,
    Halt,
    RaiseLimit,
    Reduce,
    ResolveOrder,
    Resume,
    WriteOff,
    decode_plan,
)
from bot.approvals.situation import ring_name


def rendered(payload: bytes) -> list[str]:
    """Lines for a person to read. Raises UnreadablePlan for bytes that are no plan."""
    plan = decode_plan(payload)
    seen = [f"  - {line}" for line in plan.situation] or ["  - nothing that it rests on"]
    journal = (
        f"batch {plan.journal_seq}, {plan.journal_head[:16]}..."
        if plan.journal_head
        else "no journal was looked at"
    )
    return [
        f"To daemon {plan.daemon}, {plan.environment} account {plan.account}:",
        *(f"  {line}" for line in _asked(plan.action)),
        f"Reason: {plan.action.why}",
        _worst(plan.action, Decimal(plan.worst_case_usd)),
        "It rests on this, and has no effect if any of it changes:",
        *seen,
        f"Valid from {_utc(plan.not_before)} until {_utc(plan.expires)}.",
        f"Made on: {journal}, epoch {plan.epoch}, nonce {plan.nonce}",
        f"SHA-256 of the plan: {sha256(payload).hexdigest()}",
    ]


def _asked(action: Action) -> list[str]:
    match action:
        case Halt():
            return ["HALT: open nothing, close only what limits a loss"]
        case Reduce():
            return ["REDUCE: open nothing, go on closing"]
        case Resume():
            return ["RESUME trading: new condors and hedge purchases are allowed again"]
        case RaiseLimit(limit=limit, value=value, until=until):
            return [f"RAISE THE LIMIT {limit} to {value:g} until {_utc(until)}"]
        case AdoptPosition(contract=contract, quantity=quantity):
            return [f"ADOPT {quantity} of {contract} as ours, without an order that explains them"]
        case ResolveOrder(order_ref=ref, filled=filled, prices=prices):
            said = f"{filled} units executed" if filled else "nothing executed"
            at = f" at {', '.join(prices)} points by leg" if prices else ""
            return [f"RESOLVE the uncertain order {ref}: {said}{at}, the rest is dead"]
        case WriteOff(campaign=campaign, prices=prices):
            return [
                f"WRITE OFF what the broker no longer holds of {campaign}, closed by hand",
                f"at {', '.join(prices)} points by leg; no order is sent",
            ]
        case AcceptConfig(config_hash=config, max_loss_share_total=total, hedge_budget_share=hedge):
            return [
                f"ACCEPT THE CONFIGURATION {config} at the next start; of net liquidation it lets",
                f"{total:.2%} be lost by condors and {hedge:.2%} be spent on the hedge",
            ]
        case ChangeKeys(ring=ring):
            return ["CHANGE THE KEYS: from now on only these people can sign", *ring_lines(ring)]


def ring_lines(ring: KeyRing) -> list[str]:
    """One line per person, then how many are needed."""
    return [
        *(f"  {person.name:<20} {person.role:<9} {person.key}" for person in ring.persons),
        f"  {ring.needed} approvers together may add risk, anyone alone may stop",
        *(f"  revoked: {key}" for key in ring.revoked),
        f"  name of this key ring: {ring_name(encode_ring(ring).decode())}",
    ]


def _worst(action: Action, usd: Decimal) -> str:
    if isinstance(action, Halt | Reduce):
        return "Worst case: a stop adds no risk."
    return f"WORST CASE: once this is in effect up to {usd:,} USD may be lost."


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
