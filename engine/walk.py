"""Moving the limits of working orders, giving them up, and withdrawing those that may no longer
open.
"""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from domain.desk import Desk, Regime, TradingState
from domain.effects import CancelOrder, ModifyLimit
from domain.instruments import COMBO_INCREMENT, price_increment, round_to_increment
from domain.orders import Order, OrderStatus, Purpose
from risk.checks import reset_ahead
from risk.hedge_layer import closure_share
from risk.limits import RiskLimits
from risk.price_checks import price_within_collar
from risk.trading_state import adds_risk

_ASKED_AGAIN = timedelta(seconds=60)  # a cancel may be lost, or refused on its way
_REFUSED_MAX = 3  # changes in a row; an order that cannot follow the market is given up
_MOVABLE = frozenset({OrderStatus.SUBMITTED, OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED})


def walk(desk: Desk, limits: RiskLimits) -> tuple[ModifyLimit | CancelOrder, ...]:
    """Per working order: give it up when its time is over or the broker takes no other limit, ask
    again a minute after a cancel that has done nothing, else worsen its limit when a step is due.

    A step whose price would leave the collar around the fresh mid is not taken; the order rests.
    """
    moves: list[ModifyLimit | CancelOrder] = []
    for order in desk.orders.values():
        if order.status not in _MOVABLE:
            continue
        if order.cancel_requested:
            if _since(desk, order) >= _ASKED_AGAIN:
                why = "asked for before, and still there"
                moves.append(CancelOrder(order.order_ref, why, desk.now))
            continue
        plan = order.intent.walk
        if desk.now - order.created_at >= timedelta(seconds=plan.give_up_after_s):
            moves.append(CancelOrder(order.order_ref, "not filled in time", desk.now))
        elif order.limit_refusals >= _REFUSED_MAX:
            moves.append(CancelOrder(order.order_ref, "its limit cannot be changed", desk.now))
        elif order.limit < plan.worst and _step_due(desk, order):
            limit = next_limit(order)
            if limit > order.limit and _inside_collar(desk, order, limit, limits):
                moves.append(ModifyLimit(order.order_ref, limit, desk.now))
    return tuple(moves)


def next_limit(order: Order) -> Decimal:
    """One step worse for us, on the grid that holds there, never beyond the worst price."""
    intent = order.intent
    raw = order.limit + intent.walk.step
    single = len(intent.legs) == 1
    step = price_increment(intent.legs[0].contract, raw) if single else COMBO_INCREMENT
    return min(intent.walk.worst, round_to_increment(raw, step, "up"))


def withdrawn(desk: Desk, limits: RiskLimits) -> tuple[CancelOrder, ...]:
    """Working orders that would open risk which may no longer be opened."""
    why = _why_not_open(desk, limits)
    over_cap: bool | None = None
    cancels = []
    for order in desk.orders.values():
        waiting = order.status is OrderStatus.ASKING  # is judged again before it leaves
        if waiting or not order.working or order.cancel_requested or not adds_risk(order.intent):
            continue
        if why:
            cancels.append(CancelOrder(order.order_ref, why, desk.now))
        elif order.intent.purpose is Purpose.BUY_HEDGE:
            if over_cap is None:
                over_cap = closure_share(desk, limits) > limits.hedge_share_max
            if over_cap:
                why_cap = "filling it could break the hedge cap"
                cancels.append(CancelOrder(order.order_ref, why_cap, desk.now))
    return tuple(cancels)


def _why_not_open(desk: Desk, limits: RiskLimits) -> str:
    if desk.trading is not TradingState.ACTIVE:
        return f"trading is {desk.trading}"
    if desk.regime.regime is Regime.UNKNOWN:
        return "regime unknown"
    if reset_ahead(desk, limits):
        return "the gateway restarts or logs off"
    return "book and broker disagree" if desk.mismatched else ""


def _step_due(desk: Desk, order: Order) -> bool:
    return _since(desk, order) >= timedelta(seconds=order.intent.walk.every_s)


def _since(desk: Desk, order: Order) -> timedelta:
    """How long ago the order was last sent, changed or asked to be canceled."""
    return desk.now - (order.limit_changed_at or order.created_at)


def _inside_collar(desk: Desk, order: Order, limit: Decimal, limits: RiskLimits) -> bool:
    """The plan's worst price passed its check at the start; what counts now is where it would
    stand.
    """
    intent = replace(order.intent, limit=limit, walk=replace(order.intent.walk, worst=limit))
    return price_within_collar(intent, desk, limits) is None
