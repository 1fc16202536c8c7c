"""One line for every turn of the loop that did something: what it rested on and what came of it.

A decision is named by its place in the journal, ``batch.position``, as `condorbot journal show`
counts them; orders by their reference, and by the broker's permanent id once it gave one.
"""

from collections.abc import Callable, Sequence
from typing import Any

import structlog

from bot.logs import LogEvent
from domain.desk import Desk
from domain.effects import (
    AskMargin,
    CancelOrder,
    Effect,
    ModifyLimit,
    PlaceOrder,
    RaiseAlert,
    RecordDecision,
)
from domain.events import Event, OrderAccepted

log = structlog.get_logger()


class StepLog:
    """Observes the loop. ``batch`` tells the number of the batch just written."""

    def __init__(self, batch: Callable[[], int]) -> None:
        self._batch = batch

    def observe(self, events: Sequence[Event], effects: Sequence[Effect], desk: Desk) -> None:
        """Nothing is said of a turn without effects."""
        if not effects:
            return
        log.info(
            LogEvent.STEP_TAKEN,
            batch=self._batch(),
            events=len(events),
            trading=desk.trading.value,
            **_done(self._batch(), len(events), effects),
            **_permanent(events),
        )


def _done(batch: int, first: int, effects: Sequence[Effect]) -> dict[str, Any]:
    done: dict[str, list[str]] = {}
    for place, effect in enumerate(effects, start=first):
        match effect:
            case RecordDecision():
                named = f"{batch}.{place} {effect.topic} {effect.verdict.value}"
                done.setdefault("decisions", []).append(named)
                if effect.order_ref:
                    done.setdefault("about", []).append(effect.order_ref)
            case PlaceOrder(order):
                done.setdefault("placed", []).append(order.order_ref)
            case AskMargin(order):
                done.setdefault("asked", []).append(order.order_ref)
            case ModifyLimit(order_ref):
                done.setdefault("moved", []).append(order_ref)
            case CancelOrder(order_ref):
                done.setdefault("canceled", []).append(order_ref)
            case RaiseAlert():
                sign = "+" if effect.active else "-"
                done.setdefault("alerts", []).append(f"{sign}{effect.code}")
    return done


def _permanent(events: Sequence[Event]) -> dict[str, Any]:
    """Permanent ids that became known in this turn, each beside its reference."""
    known = {e.order_ref: e.perm_id for e in events if isinstance(e, OrderAccepted)}
    return {"perm_ids": known} if known else {}
