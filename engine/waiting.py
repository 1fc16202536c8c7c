"""How an order gets its number, waits for its margin to be told, and leaves or is forgotten; and
which limit it has.
"""

from datetime import timedelta
from decimal import Decimal

from domain.desk import Desk, Tally
from domain.events import MarginAnswered, OrderRejected
from domain.orders import OPENING, Order, OrderStatus, number_of
from domain.replacing import replace

_REJECTIONS_KEPT = 100  # more than any limit on them
_MINUTE = timedelta(seconds=60)


def on_its_way(desk: Desk, order: Order) -> Desk:
    """Count an order when it gets its number, be it asked about or sent; and sent when it is."""
    waiting = order.order_ref in desk.orders
    tally = desk.tally if waiting else _numbered(desk.tally, order)
    if order.status is not OrderStatus.ASKING:
        tally = replace(tally, sent=tally.sent + 1)
    orders = {ref: other for ref, other in desk.orders.items() if ref != order.order_ref}
    answers = {r: a for r, a in desk.margin_answers.items() if r != order.order_ref}
    return replace(
        desk, orders={**orders, order.order_ref: order}, tally=tally, margin_answers=answers
    )


def answered(desk: Desk, event: MarginAnswered) -> Desk:
    """Keep an answer for the order that waits for it; a late one concerns nobody."""
    order = desk.orders.get(event.order_ref)
    if order is None or order.status is not OrderStatus.ASKING:
        return desk
    return replace(desk, margin_answers={**desk.margin_answers, event.order_ref: event})


def struck(desk: Desk, event: OrderRejected) -> Desk:
    """Count a rejection, unless the order never reached the broker (code 0) or has ended."""
    order = desk.orders.get(event.order_ref)
    if not event.code or order is None or not order.working:
        return desk
    strike = (event.at, f"{event.order_ref}: {event.code} {event.reason}")
    return replace(desk, rejections=(*desk.rejections[-_REJECTIONS_KEPT + 1 :], strike))


def beyond(desk: Desk, refs: tuple[str, ...]) -> Desk:
    """No number of ``refs`` is given again today: whoever gave it, an order bears it."""
    numbers = [number_of(ref, desk.today) for ref in refs]
    most = max((number for number in numbers if number is not None), default=0)
    if most <= desk.tally.orders_today:
        return desk
    return replace(desk, tally=replace(desk.tally, orders_today=most))


def limited(order: Order, limit: Decimal) -> Order:
    """An order at the limit the broker has. Ours only ever rise: a lower one was not taken."""
    refusals = order.limit_refusals + 1 if limit < order.limit else 0
    return replace(order, limit=limit, limit_refusals=refusals)


def unasked(desk: Desk, order_ref: str) -> Desk:
    """Forget an order that was refused while it waited; it never left."""
    order = desk.orders.get(order_ref)
    if order is None or order.status is not OrderStatus.ASKING:
        return desk
    return replace(
        desk,
        orders={ref: other for ref, other in desk.orders.items() if ref != order_ref},
        margin_answers={r: a for r, a in desk.margin_answers.items() if r != order_ref},
    )


def _numbered(tally: Tally, order: Order) -> Tally:
    opening = order.intent.purpose in OPENING
    recent = tuple(send for send in tally.recent_sends if order.created_at - send[0] < _MINUTE)
    return replace(
        tally,
        orders_today=tally.orders_today + 1,
        opening_today=tally.opening_today + opening,
        recent_sends=(*recent, (order.created_at, opening)),
    )
