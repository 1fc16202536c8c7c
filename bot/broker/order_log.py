"""One log line for everything the broker has decided about an order of ours."""

from collections.abc import Mapping

import structlog

from bot.logs import LogEvent
from domain.events import (
    Event,
    LimitModified,
    MarginAnswered,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
    OrderUncertain,
)

log = structlog.get_logger()

_ORIGINAL = 1  # revision of an execution that was never corrected


def log_order(event: Event) -> None:
    """Commissions and everything that is not about an order are left to others."""
    match event:
        case OrderAccepted(_, ref, perm_id):
            log.info(LogEvent.ORDER_ACCEPTED, order_ref=ref, perm_id=perm_id)
        case OrderFilled():
            name = LogEvent.ORDER_FILLED
            if event.revision > _ORIGINAL:
                name = LogEvent.BROKER_EXECUTION_CORRECTED
            log.info(name, **_fill(event))
        case OrderCanceled(_, ref, reason):
            log.info(LogEvent.ORDER_CANCELED, order_ref=ref, reason=reason)
        case OrderRejected(_, ref, code, reason):
            log.warning(LogEvent.ORDER_REJECTED, order_ref=ref, code=code, reason=reason)
        case MarginAnswered():
            log.info(
                LogEvent.BROKER_WHAT_IF,
                order_ref=event.order_ref,
                initial_change=str(event.initial_change),
                maintenance_after=str(event.maintenance_after),
                equity_after=str(event.equity_after),
                reason=event.reason,
            )
        case OrderUncertain(_, ref, reason):
            log.warning(LogEvent.ORDER_UNCERTAIN, order_ref=ref, reason=reason)
        case LimitModified(_, ref, limit):
            log.info(LogEvent.ORDER_LIMIT_MOVED, order_ref=ref, limit=str(limit), confirmed=True)


def _fill(event: OrderFilled) -> Mapping[str, object]:
    return {
        "order_ref": event.order_ref,
        "contract": event.contract.label,
        "quantity": event.quantity,
        "price": str(event.price),
        "exec_id": event.exec_id,
        "revision": event.revision,
    }
