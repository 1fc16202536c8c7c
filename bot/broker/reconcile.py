"""What a complete set of answers says about each order we believe unfinished. Pure.

Open orders and executions speak for themselves while they are read; what is left to decide here is
the meaning of a completed order, and of silence. Absence proves nothing the first time, nothing
while the positions of its legs differ from ours, and nothing at all once a midnight lies between:
the broker serves completed orders and executions of the day only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.events import Event, OrderCanceled, OrderRejected, OrderUncertain
from domain.session import new_york

PROOF_GAP = timedelta(seconds=30)  # between the two looks that prove an absence
_REJECTED = 201  # the broker's code for an order that it did not take
_CANCELED = frozenset({"Cancelled", "ApiCancelled"})


@dataclass(frozen=True, slots=True)
class Believed:
    """An unfinished order of ours, as known before the answers came."""

    order_ref: str
    since: datetime  # when it was sent, or created if that was in an earlier life
    doubtful: bool  # already reported as uncertain
    executed: bool  # at least one execution is known
    filled_up: bool
    absent_since: datetime | None  # first complete set of answers without it, in this connection
    positions_agree: bool = False  # the broker holds of every leg what our own book holds


@dataclass(frozen=True, slots=True)
class Completed:
    """A completed order as the broker tells it."""

    status: str
    text: str


@dataclass(slots=True)
class Answers:
    """One complete set.

    Open orders, completed orders and executions all answered, by order reference.
    """

    asked_at: datetime
    open: set[str] = field(default_factory=set)
    completed: dict[str, Completed] = field(default_factory=dict)
    executed: set[str] = field(default_factory=set)
    foreign: dict[str, None] = field(default_factory=dict)  # open orders of others, named
    refs: set[str] = field(default_factory=set)  # of every order that was spoken of


@dataclass(frozen=True, slots=True)
class Findings:
    events: tuple[Event, ...]
    absent: tuple[str, ...]  # silence so far: look again after PROOF_GAP
    filled: tuple[str, ...]


def findings(at: datetime, believed: Sequence[Believed], answers: Answers) -> Findings:
    """Judge every order of ``believed`` that was sent before the questions were."""
    events: list[Event] = []
    absent: list[str] = []
    filled: list[str] = []
    for order in believed:
        if order.since > answers.asked_at or order.order_ref in answers.open:
            continue
        if order.filled_up:
            filled.append(order.order_ref)
            continue
        event = _judged(at, order, answers.completed)
        if event is None and not _provably_absent(at, order, answers):
            absent.append(order.order_ref)
            if not order.doubtful:
                event = OrderUncertain(at, order.order_ref, "the broker does not know it")
        elif event is None:
            event = OrderCanceled(at, order.order_ref, "never reached the broker: absent twice")
        if event is not None:
            events.append(event)
    return Findings(tuple(events), tuple(absent), tuple(filled))


def _judged(
    at: datetime, order: Believed, completed: Mapping[str, Completed]
) -> OrderCanceled | OrderRejected | OrderUncertain | None:
    """What the list of completed orders says; ``None`` when it says nothing new."""
    ended = completed.get(order.order_ref)
    if ended is None:
        return None
    if ended.status in _CANCELED or (ended.status == "Inactive" and order.executed):
        return OrderCanceled(at, order.order_ref, ended.text or ended.status)
    if ended.status == "Inactive":
        return OrderRejected(at, order.order_ref, _REJECTED, ended.text or ended.status)
    if order.doubtful:
        return None
    return OrderUncertain(at, order.order_ref, f"{ended.status}, but its executions are missing")


def _provably_absent(at: datetime, order: Believed, answers: Answers) -> bool:
    return (
        order.absent_since is not None
        and at - order.absent_since >= PROOF_GAP
        and order.order_ref not in answers.completed
        and order.order_ref not in answers.executed
        and not order.executed
        and order.positions_agree
        and new_york(order.since).date() == new_york(at).date()
    )
