"""What a run has done so far, counted from the turns of the loop for the summary. Prints nothing.

The numbers come from events and effects, not from the desk's own totals, where the two can differ.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from domain.desk import Desk
from domain.effects import Effect, PlaceOrder, RecordDecision, Verdict
from domain.events import Event, OrderFilled
from domain.orders import Layer, Order, OrderStatus, Purpose

_ZERO = Decimal(0)
FINAL = (OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.REJECTED)


@dataclass(slots=True)
class Ledger:
    """An observer of the loop. Money is USD; premium paid is positive, received is positive too."""

    sent: int = 0
    denied: Counter[str] = field(default_factory=Counter)
    finished: Counter[OrderStatus] = field(default_factory=Counter)
    opened: set[str] = field(default_factory=set)  # condors
    closed_by: dict[str, str] = field(default_factory=dict)  # condor -> what closed it
    hedge_paid: Decimal = _ZERO
    hedge_received: Decimal = _ZERO
    hedge_bought: int = 0
    hedge_sold: int = 0
    hedge_purchases: Counter[str] = field(default_factory=Counter)  # contracts bought, by rule
    hedge_sales: Counter[str] = field(default_factory=Counter)  # contracts sold, by rule
    share_worst: tuple[float, str] | None = None
    orders: dict[str, Order] = field(default_factory=dict)
    latest: list[Order] = field(default_factory=list)  # orders whose state moved in this turn
    seen: set[tuple[str, int]] = field(default_factory=set)

    def observe(self, events: Sequence[Event], effects: Sequence[Effect], desk: Desk) -> None:
        for event in events:
            if isinstance(event, OrderFilled):
                self._fill(event)
        for effect in effects:
            if isinstance(effect, PlaceOrder):
                self.sent += 1
                self.orders[effect.order.order_ref] = effect.order
            elif isinstance(effect, RecordDecision):
                self._decision(effect)
        self._follow(desk)

    @property
    def closed(self) -> Counter[str]:
        """Condors closed, by what closed them."""
        return Counter(self.closed_by.values())

    def share(self, share: float | None, at: str) -> None:
        """Note a measured hedge share; the worst one is kept."""
        if share is not None and (self.share_worst is None or share > self.share_worst[0]):
            self.share_worst = (share, at)

    def _fill(self, event: OrderFilled) -> None:
        order = self.orders.get(event.order_ref)
        if order is None or (event.exec_id, event.revision) in self.seen:
            return
        self.seen.add((event.exec_id, event.revision))
        intent = order.intent
        if intent.layer is Layer.CONDOR:
            if intent.purpose is Purpose.OPEN_CONDOR:
                self.opened.add(event.order_ref)
            elif intent.subject:
                self.closed_by[intent.subject] = rule_name(intent.rule)
            return
        amount = event.price * event.contract.multiplier * event.quantity
        if event.quantity > 0:
            self.hedge_paid += amount
            self.hedge_bought += event.quantity
            self.hedge_purchases[rule_name(intent.rule)] += event.quantity
        else:
            self.hedge_received -= amount
            self.hedge_sold -= event.quantity
            self.hedge_sales[rule_name(intent.rule)] -= event.quantity

    def _decision(self, decision: RecordDecision) -> None:
        if decision.verdict is Verdict.DENIED:
            self.denied[decision.denial.value if decision.denial else decision.rule] += 1
        elif decision.topic == "settlement" and decision.subject in self.opened:
            self.closed_by.setdefault(decision.subject, "settlement")

    def _follow(self, desk: Desk) -> None:
        """Which orders moved; finished ones are counted once and kept for their last line."""
        self.latest = []
        for ref, order in desk.orders.items():
            known = self.orders.get(ref)
            if known is order or known is None:
                continue
            if known.status is not order.status:
                self.latest.append(order)
                self.finished[order.status] += order.status in FINAL
                self.finished[known.status] -= known.status in FINAL
            self.orders[ref] = order


def rule_name(rule: str) -> str:
    """``4.3.take_profit`` as people say it: take profit."""
    return rule.rsplit(".", 1)[-1].replace("_", " ")
