"""What was decided and what happened, one line each, in words; the numbers beside them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeAlias

from bot.console.watch import Told
from domain.effects import (
    AskMargin,
    CancelOrder,
    ModifyLimit,
    PlaceOrder,
    RaiseAlert,
    RecordDecision,
)
from domain.events import (
    BrokerLost,
    BrokerReady,
    HaltRequested,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
    OrderUncertain,
    ReduceRequested,
    ResumeRequested,
)
from domain.orders import Order

Line: TypeAlias = dict[str, Any]


def story(told: Sequence[tuple[datetime, Told]]) -> list[Line]:
    """Oldest first. Each line has the same keys, whatever it tells of."""
    return [{**_entry(item), "at": at} for at, item in told]


def _entry(item: Told) -> Line:
    match item:
        case RecordDecision():
            return {
                "kind": item.verdict.value,
                "topic": item.topic,
                "rule": item.rule,
                "text": item.text,
                "ref": item.order_ref or item.subject,
                "denial": None if item.denial is None else item.denial.value,
                "inputs": dict(item.inputs),
            }
        case RaiseAlert():
            kind = "alert" if item.active else "cleared"
            return _line(kind, item.code, item.text, denial=item.severity.value)
        case AskMargin(order):
            return _order_line("asked", order)
        case PlaceOrder(order):
            return _order_line("sent", order)
        case ModifyLimit(order_ref, limit):
            return _line("moved", "order", f"limit moved to {limit} points", ref=order_ref)
        case CancelOrder(order_ref, reason):
            return _line("cancel", "order", reason, ref=order_ref)
        case OrderFilled():
            text = f"{item.quantity:+d} {item.contract.label} at {item.price} points"
            return _line("filled", "order", text, ref=item.order_ref)
        case OrderRejected():
            text = f"{item.reason} (code {item.code})"
            return _line("rejected", "order", text, ref=item.order_ref)
        case OrderCanceled() | OrderUncertain():
            kind = "canceled" if isinstance(item, OrderCanceled) else "uncertain"
            return _line(kind, "order", item.reason, ref=item.order_ref)
        case BrokerReady():
            return _line("ready", "broker", "connected and reconciled")
        case BrokerLost(_, reason):
            return _line("lost", "broker", reason)
        case HaltRequested() | ReduceRequested() | ResumeRequested():
            kind = type(item).__name__.removesuffix("Requested").lower()
            return _line(kind, "operator", f"{item.why} ({item.who})")
    return _line("event", type(item).__name__, "")


def _order_line(kind: str, order: Order) -> Line:
    intent = order.intent
    legs = ", ".join(f"{leg.ratio:+d} {leg.contract.label}" for leg in intent.legs)
    text = f"{intent.quantity} x {legs}, limit {order.limit} points: {intent.reason}"
    line = _line(kind, intent.purpose.value, text, ref=order.order_ref)
    return {**line, "rule": intent.rule, "inputs": dict(intent.inputs)}


def _line(
    kind: str,
    topic: str,
    text: str,
    *,
    ref: str = "",
    denial: str | None = None,
) -> Line:
    return {
        "kind": kind,
        "topic": topic,
        "rule": "",
        "text": text,
        "ref": ref,
        "denial": denial,
        "inputs": {},
    }
