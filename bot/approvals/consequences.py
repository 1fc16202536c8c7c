"""From an approved plan to the events that carry it out. Pure; queued together, journaled together.

The first event uses the nonce up; what follows is nothing a broker or an operator could not tell.
"""

from datetime import datetime
from decimal import Decimal
from hashlib import sha256

from bot.approvals.keyring import encode_ring
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
    action_name,
    encode_plan,
)
from bot.approvals.rules import Approved
from bot.approvals.situation import contract_named
from domain.desk import Desk
from domain.events import (
    CommandAccepted,
    ConfigAccepted,
    Event,
    HaltRequested,
    KeyRingChanged,
    LimitRaised,
    OrderCanceled,
    OrderFilled,
    PositionAdopted,
    ReduceRequested,
    ResumeRequested,
    WrittenOff,
)
from domain.missing import legs_of


def consequences(at: datetime, approved: Approved, desk: Desk) -> tuple[Event, ...]:
    """``desk`` is the one on which the plan was judged."""
    plan = approved.plan
    accepted = CommandAccepted(
        at,
        plan.nonce,
        plan.expires,
        action_name(plan.action),
        sha256(encode_plan(plan)).hexdigest(),
        approved.signers,
        plan.action.why,
    )
    who = ", ".join(approved.signers)
    return (accepted, *_asked_for(at, plan.action, who, desk, plan.nonce))


def _asked_for(at: datetime, action: Action, who: str, desk: Desk, nonce: str) -> tuple[Event, ...]:
    match action:
        case Halt(why=why):
            return (HaltRequested(at, who, why),)
        case Reduce(why=why):
            return (ReduceRequested(at, who, why),)
        case Resume(why=why):
            known = desk.approvals
            rejections = len(desk.rejections)
            return (ResumeRequested(at, who, why, known.stops, known.halts, rejections),)
        case RaiseLimit(limit=limit, value=value, until=until):
            return (LimitRaised(at, limit, value, until, who),)
        case AdoptPosition(contract=label, quantity=quantity):
            contract = contract_named(desk, label)
            assert contract is not None  # a rule has looked
            return (PositionAdopted(at, contract, quantity, who),)
        case ResolveOrder():
            return _resolved(at, action, who, desk, nonce)
        case WriteOff(campaign=campaign, prices=prices):
            return tuple(
                WrittenOff(at, campaign, leg.contract, leg.gone, Decimal(price), who)
                for leg, price in zip(legs_of(desk, campaign), prices, strict=True)
                if leg.gone
            )
        case AcceptConfig():
            shares = (action.max_loss_share_total, action.hedge_budget_share)
            return (ConfigAccepted(at, action.config_hash, shares, who),)
        case ChangeKeys(ring=ring):
            return (KeyRingChanged(at, encode_ring(ring).decode(), who),)


def _resolved(
    at: datetime, action: ResolveOrder, who: str, desk: Desk, nonce: str
) -> tuple[Event, ...]:
    """Executions as the operators tell them, then the end of what is left of the order.

    Of a leg that the broker has told already only the rest is added, and nothing taken away.
    """
    order = desk.orders[action.order_ref]
    units = order.filled + action.filled
    done = order.leg_fills or (0,) * len(order.intent.legs)
    told = zip(order.intent.legs, done, action.prices, strict=False)
    fills = tuple(
        OrderFilled(
            at,
            order.order_ref,
            f"op.{nonce}.{place}",
            1,
            leg.contract,
            leg.ratio * units - count,
            Decimal(price),
        )
        for place, (leg, count, price) in enumerate(told)
        if (leg.ratio * units - count) * leg.ratio > 0
    )
    if action.filled == order.remaining:
        return fills
    return (*fills, OrderCanceled(at, order.order_ref, f"resolved by {who}"))
