"""A plan from a journal read from outside: what is true there now, and what it could cost.

Knows neither who will sign nor how it gets to the daemon.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec

from bot.approvals.plan import DOMAIN, ENVIRONMENT, Action, Halt, Plan, Reduce, encode_plan
from bot.approvals.plan import decode_plan as checked
from bot.approvals.situation import bound, facts, impossible, worst_case
from domain.desk import Desk
from engine.policy import Policy


class NotProposed(ValueError):
    """The plan would be refused: better to say so before anybody signs."""


@dataclass(frozen=True, slots=True)
class Proposer:
    """Where the plan is meant to take effect. ``nonce`` gives 16 random bytes as hex."""

    daemon: str
    account: str
    policy: Policy
    nonce: Callable[[], str]


def proposed(
    action: Action,
    proposer: Proposer,
    desk: Desk,
    head: tuple[int, str],
    times: tuple[datetime, timedelta],
) -> Plan:
    """``times`` are now and how long it is to be valid. Raises NotProposed."""
    stops = isinstance(action, Halt | Reduce)
    if not proposer.account:
        raise NotProposed("pin the account first: [broker] account")
    trouble = impossible(desk, proposer.policy, action)
    if trouble is not None:
        raise NotProposed(trouble)
    worst = worst_case(desk, proposer.policy, action)
    if worst is None:
        raise NotProposed("the worst case cannot be told: no account values, or a bare short")
    now, lasts = times
    plan = Plan(
        DOMAIN,
        proposer.daemon,
        proposer.account,
        ENVIRONMENT,
        action,
        facts(desk, proposer.policy, action),
        f"{bound(worst):f}" if worst else str(Decimal(0)),
        0 if stops else head[0],
        "" if stops else head[1],
        desk.approvals.epoch,
        proposer.nonce(),
        now.replace(microsecond=0),
        (now + lasts).replace(microsecond=0),
    )
    try:
        return checked(encode_plan(plan))
    except ValueError as error:
        raise NotProposed(str(error)) from None


def action_from(fields: dict[str, object]) -> Action:
    """An action as it is spelled in a plan. Raises NotProposed for what is none."""
    try:
        action: Action = msgspec.convert(fields, Action, strict=True)
    except msgspec.ValidationError as error:
        raise NotProposed(str(error)) from None
    return action
