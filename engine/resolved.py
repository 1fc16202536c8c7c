"""Orders that operators ended by their word, when the broker speaks of them after all.

The broker is believed: its executions take the place of those that were told, never the sum of
both, and an order thought dead that it still has is worked on, with trading halted.
"""

from dataclasses import replace

from domain.desk import Desk
from domain.events import OrderAccepted, OrderFilled
from domain.orders import OrderStatus
from engine.approved import halted

TOLD = "op."  # how ids of executions begin that operators told
_ENDED = (OrderStatus.CANCELED, OrderStatus.REJECTED)


def superseded(desk: Desk, event: OrderFilled) -> tuple[OrderFilled, ...]:
    """Of what operators told of an order the part that ``event`` reports, taken back."""
    order = desk.orders.get(event.order_ref)
    if order is None or event.exec_id.startswith(TOLD) or event.exec_id in desk.book.fills:
        return ()
    left, found = event.quantity, []
    for exec_id in sorted(each for each in order.exec_ids if each.startswith(TOLD)):
        fill = desk.book.fills.get(exec_id)
        if fill is None or fill.contract != event.contract or fill.quantity * left <= 0:
            continue
        taken = min(left, fill.quantity) if left > 0 else max(left, fill.quantity)
        left -= taken
        found.append(
            OrderFilled(
                event.at, event.order_ref, exec_id, fill.revision + 1, fill.contract,
                fill.quantity - taken, fill.price,
            )
        )  # fmt: skip
    return tuple(found)


def revived(desk: Desk, event: OrderAccepted) -> Desk:
    """A halt, and the order uncertain again, if it was thought to have ended."""
    order = desk.orders.get(event.order_ref)
    if order is None or order.status not in _ENDED:
        return desk
    again = replace(order, status=OrderStatus.UNKNOWN, cancel_requested=False)
    desk = replace(desk, orders={**desk.orders, event.order_ref: again})
    return halted(desk, f"{event.order_ref} was thought to have ended, and the broker has it")
