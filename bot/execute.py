"""Effects to ports, one match. Runs after the journal has committed the batch, never before.

What the broker cannot take comes back as an event, like everything else that happens outside.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import assert_never

import structlog

from bot.inbox import Inbox
from bot.logs import LogEvent
from bot.ports import Broker, BrokerUnavailable, Clock, OrderGate, Telemetry
from domain.effects import (
    AskMargin,
    CancelOrder,
    Effect,
    ModifyLimit,
    PlaceOrder,
    RaiseAlert,
    RecordDecision,
    Severity,
    Verdict,
)
from domain.events import MarginAnswered, OrderRejected, OrderSubmitted
from domain.orders import Order

log = structlog.get_logger()

NOT_SENT = 0  # the code of an OrderRejected that never reached the broker
_VERDICTS = {
    Verdict.APPROVED: LogEvent.DECISION_APPROVED,
    Verdict.DENIED: LogEvent.DECISION_DENIED,
    Verdict.SKIPPED: LogEvent.DECISION_SKIPPED,
    Verdict.CHANGED: LogEvent.DECISION_CHANGED,
}


@dataclass(frozen=True, slots=True)
class Executor:
    """Hands each effect to the port it belongs to."""

    broker: Broker
    telemetry: Telemetry
    inbox: Inbox
    clock: Clock
    gate: OrderGate

    def execute(self, effect: Effect) -> None:
        match effect:
            case AskMargin(order):
                self._ask(order)
            case PlaceOrder(order):
                self._place(order)
            case ModifyLimit(order_ref, limit):
                self._modify(order_ref, limit)
            case CancelOrder(order_ref, reason):
                self._cancel(order_ref, reason)
            case RaiseAlert():
                _log_alert(effect)
                self.telemetry.alert(effect)
            case RecordDecision():
                _log_decision(effect)
            case _:
                assert_never(effect)

    def _ask(self, order: Order) -> None:
        """A question that cannot be asked has no numbers for an answer."""
        try:
            self.broker.ask_margin(order)
        except BrokerUnavailable as error:
            log.warning(LogEvent.BROKER_WHAT_IF, order_ref=order.order_ref, reason=str(error))
            self.inbox.put(
                MarginAnswered(self.clock.now(), order.order_ref, reason=f"not asked: {error}")
            )

    def _place(self, order: Order) -> None:
        """Send once. What never reached the socket was rejected; doubt is the adapter's to tell."""
        refused = self.gate.may_send(self.clock.now(), order)
        if refused is None:
            try:
                order_id = self.broker.place(order)
            except BrokerUnavailable as error:
                refused = str(error)
        at = self.clock.now()
        if refused is not None:
            log.warning(LogEvent.ORDER_HELD, order_ref=order.order_ref, reason=refused)
            self.inbox.put(OrderRejected(at, order.order_ref, NOT_SENT, refused))
            return
        log.info(
            LogEvent.ORDER_SENT,
            order_ref=order.order_ref,
            order_id=order_id,
            purpose=order.intent.purpose.value,
            rule=order.intent.rule,
            quantity=order.intent.quantity,
            limit=str(order.limit),
            legs=[f"{leg.ratio:+d} {leg.contract.label}" for leg in order.intent.legs],
        )
        self.inbox.put(OrderSubmitted(at, order.order_ref, order_id))

    def _modify(self, order_ref: str, limit: Decimal) -> None:
        try:
            self.broker.modify(order_ref, limit)
        except BrokerUnavailable as error:
            log.warning(LogEvent.ORDER_HELD, order_ref=order_ref, reason=str(error))
            return
        log.info(LogEvent.ORDER_LIMIT_MOVED, order_ref=order_ref, limit=str(limit))

    def _cancel(self, order_ref: str, reason: str) -> None:
        try:
            self.broker.cancel(order_ref)
        except BrokerUnavailable as error:
            log.warning(LogEvent.ORDER_HELD, order_ref=order_ref, reason=str(error))
            return
        log.info(LogEvent.ORDER_CANCEL_SENT, order_ref=order_ref, reason=reason)


def _log_alert(alert: RaiseAlert) -> None:
    name = LogEvent.ALERT_RAISED if alert.active else LogEvent.ALERT_CLEARED
    loud = alert.active and alert.severity is not Severity.INFO
    (log.warning if loud else log.info)(
        name, code=alert.code, severity=alert.severity.value, text=alert.text
    )


def _log_decision(decision: RecordDecision) -> None:
    fields: dict[str, object] = {
        "topic": decision.topic,
        "rule": decision.rule,
        "text": decision.text,
        **dict(decision.inputs),
    }
    for key in ("subject", "order_ref"):
        if value := getattr(decision, key):
            fields[key] = value
    for key in ("purpose", "layer", "denial"):
        if (value := getattr(decision, key)) is not None:
            fields[key] = value.value
    log.info(_VERDICTS[decision.verdict], **fields)
