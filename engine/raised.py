"""Limits as they are in force: the configured ones, and those that operators raised for a time.

Decides which limits can be raised at all and how far; nothing can lift the rest.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from domain.approvals import Raised
from domain.desk import Desk
from engine.policy import Policy

# The most that any number of signatures can ask for, in the unit of the limit.
RAISABLE: Mapping[str, float] = {
    "condors_max": 12.0,
    "daily_loss_share": 0.05,
    "hedge_budget_share": 0.05,
    "max_loss_share_entry": 0.02,
    "max_loss_share_expiration": 0.05,
    "max_loss_share_total": 0.20,
    "opening_orders_per_day_max": 120.0,
    "orders_per_day_max": 600.0,
}
RAISED_FOR_MAX = timedelta(days=31)
_COUNTS = frozenset({"condors_max", "opening_orders_per_day_max", "orders_per_day_max"})


def in_force(policy: Policy, desk: Desk) -> Policy:
    """``policy`` with every limit that is raised at ``desk.now``; the same object if none is."""
    if not desk.approvals.raised:
        return policy
    changes = {
        name: _typed(name, raised.value)
        for name, raised in desk.approvals.raised.items()
        if raised.until > desk.now and name in RAISABLE
    }
    if not changes:
        return policy
    try:
        return replace(policy, limits=replace(policy.limits, **changes))
    except ValueError:  # one of several lapsed before the others that leaned on it: none holds
        return policy


def with_raised(policy: Policy, desk: Desk, limit: str, raised: Raised) -> Policy:
    """``policy`` as it would be with one more limit raised.

    Raises ValueError for a limit that cannot be raised, that far or to where it already is, or that
    contradicts another.
    """
    ceiling = RAISABLE.get(limit)
    if ceiling is None:
        raise ValueError(f"{limit} cannot be raised")
    if not 0 < raised.value <= ceiling:
        raise ValueError(f"{limit} can be raised to {ceiling:g} at most")
    if limit in _COUNTS and raised.value != int(raised.value):
        raise ValueError(f"{limit} is a whole number")
    if not desk.now < raised.until <= desk.now + RAISED_FOR_MAX:
        raise ValueError(f"a raised limit lapses within {RAISED_FOR_MAX.days} days")
    now = in_force(policy, desk)
    if raised.value == value_of(now, limit):
        raise ValueError(f"{limit} is {raised.value:g} already")
    return replace(now, limits=replace(now.limits, **{limit: _typed(limit, raised.value)}))


def value_of(policy: Policy, limit: str) -> float:
    """The limit as a number. Raises KeyError for one that cannot be raised."""
    if limit not in RAISABLE:
        raise KeyError(limit)
    return float(getattr(policy.limits, limit))


def _typed(limit: str, value: float) -> Any:
    return int(value) if limit in _COUNTS else value
