"""An opening order waits here between its approval and its sending: the broker is asked what it
would do to the margin, and every check is passed again on what the desk knows by then.

An order that waits was never sent. After a restart it is simply overdue, and a desk without fresh
quotes lets nothing through, so a crash in between can lose an order but never double one.
"""

from dataclasses import replace
from datetime import timedelta

from domain.desk import Desk
from domain.effects import AskMargin, Effect, PlaceOrder, RecordDecision, Verdict
from domain.orders import DenialCode, Order, OrderStatus
from risk.denial import Denied
from risk.limits import RiskLimits
from risk.margin import judge_answer
from risk.review import merged, recheck, topic_of
from risk.trading_state import adds_risk

RULE = "4.7.margin"


def on_its_way(order: Order, limits: RiskLimits) -> AskMargin | PlaceOrder:
    """What an approval leads to: opening orders ask first, unless the limits say not to."""
    if limits.margin_asked and adds_risk(order.intent):
        return AskMargin(replace(order, status=OrderStatus.ASKING))
    return PlaceOrder(order)


def next_settled(desk: Desk, limits: RiskLimits) -> tuple[Effect, ...]:
    """The effects for the first waiting order whose answer came or is overdue; none when all wait.

    One at a time: the next is judged with this one working.
    """
    for order in desk.orders.values():
        if order.status is not OrderStatus.ASKING:
            continue
        answer = desk.margin_answers.get(order.order_ref)
        late = desk.now - order.created_at >= timedelta(seconds=limits.margin_answer_s)
        if answer is not None or late:
            return _settled(desk, order, limits)
    return ()


def _settled(desk: Desk, order: Order, limits: RiskLimits) -> tuple[Effect, ...]:
    ref = order.order_ref
    others = {key: value for key, value in desk.orders.items() if key != ref}
    without = replace(desk, orders=others)
    denied = recheck(order.intent, without, limits)
    if order.cancel_requested:
        denied = Denied(DenialCode.ORDER_WORKING, "withdrawn before it was sent")
    if denied is None:
        verdict = judge_answer(order, desk.margin_answers.get(ref), without, limits)
        if verdict.denied is None:
            told = _told(desk, order, Verdict.APPROVED, verdict.text, None, verdict.inputs)
            placed = replace(order, status=OrderStatus.PENDING_SEND, created_at=desk.now)
            return (told, PlaceOrder(placed))
        denied = verdict.denied
    text = f"{denied.text} ({order.intent.reason})"
    return (_told(desk, order, Verdict.DENIED, text, denied.code, denied.inputs),)


def _told(
    desk: Desk,
    order: Order,
    verdict: Verdict,
    text: str,
    denial: DenialCode | None,
    inputs: tuple[tuple[str, float], ...],
) -> RecordDecision:
    intent = order.intent
    topic = topic_of(intent) if denial is not None else "margin"
    return RecordDecision(
        desk.now,
        verdict,
        topic,
        RULE if denial is None else intent.rule,
        text,
        intent.purpose,
        intent.layer,
        intent.subject,
        order.order_ref,
        denial,
        merged(intent.inputs, inputs),
    )
