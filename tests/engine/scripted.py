"""A desk driven by the clock against a small priced market, with an exchange that fills at mid.

Everything the engine sees arrives as events, as it would from the shell.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from domain.desk import Desk
from domain.effects import (
    AskMargin,
    CancelOrder,
    Effect,
    ModifyLimit,
    PlaceOrder,
    RecordDecision,
    Verdict,
)
from domain.events import (
    AccountUpdated,
    ClockTicked,
    Event,
    LimitModified,
    MarginAnswered,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderSubmitted,
    QuoteUpdated,
)
from domain.instruments import Contract
from domain.orders import Order
from engine.policy import Policy
from engine.step import step
from tests.builders import RELEASES, Market

FILL_AFTER = timedelta(seconds=20)


@dataclass
class Script:
    """``journal`` keeps what a real one would: every event but quotes, and every effect, in
    order.
    """

    desk: Desk
    market: Market
    policy: Policy = field(default_factory=lambda: Policy(releases=RELEASES))
    every: timedelta = timedelta(seconds=15)
    fills: bool = True
    effects: list[Effect] = field(default_factory=list)
    journal: list[Event | Effect] = field(default_factory=list)
    executions: int = 0

    def run_until(
        self, end: datetime, move: Callable[[Market, datetime], None] | None = None
    ) -> None:
        """Tick to ``end``; ``move`` may change the market before each tick."""
        while self.desk.now < end:
            now = self.desk.now + self.every
            if move is not None:
                move(self.market, now)
            self.feed([*self._quotes(now), *self._exchange(now), ClockTicked(now)])

    def feed(self, events: list[Event]) -> None:
        result = step(self.desk, events, self.policy)
        self.desk = result.desk
        self.effects += result.effects
        self.journal += [event for event in events if not isinstance(event, QuoteUpdated)]
        self.journal += result.effects

    def decisions(self, topic: str = "", verdict: Verdict | None = None) -> list[RecordDecision]:
        return [
            effect
            for effect in self.effects
            if isinstance(effect, RecordDecision)
            and effect.topic.startswith(topic)
            and (verdict is None or effect.verdict is verdict)
        ]

    def placed(self) -> list[Order]:
        return [effect.order for effect in self.effects if isinstance(effect, PlaceOrder)]

    def account(self, now: datetime, **values: str) -> AccountUpdated:
        return AccountUpdated(now, **{name: Decimal(value) for name, value in values.items()})

    def _quotes(self, now: datetime) -> list[Event]:
        watched: tuple[Contract, ...] = self.desk.memory.watchlist
        return [QuoteUpdated(now, c, self.market.quote(c, now)) for c in watched]

    def _exchange(self, now: datetime) -> list[Event]:
        """Acknowledge at once, fill whole orders at the mids of their legs a little later."""
        found: list[Event] = []
        last = self.effects[-40:]
        found += [
            LimitModified(now, effect.order_ref, self.desk.orders[effect.order_ref].limit)
            for effect in last
            if isinstance(effect, ModifyLimit) and effect.order_ref in self.desk.orders
        ]
        found += [
            MarginAnswered(now, effect.order.order_ref, Decimal(0), Decimal(0), Decimal(1_000_000))
            for effect in last
            if isinstance(effect, AskMargin)
        ]
        canceled = {effect.order_ref for effect in last if isinstance(effect, CancelOrder)}
        for order in self.desk.working:
            if order.order_ref in canceled:
                found.append(OrderCanceled(now, order.order_ref, "asked"))
            elif order.status.value == "pending_send":
                found.append(OrderSubmitted(now, order.order_ref, 1))
                found.append(OrderAccepted(now, order.order_ref, 1))
            elif self.fills and now - order.created_at >= FILL_AFTER:
                found += self._fill(order, now)
        return found

    def _fill(self, order: Order, now: datetime) -> list[Event]:
        found: list[Event] = []
        for leg in order.intent.legs:
            self.executions += 1
            mid = self.market.quote(leg.contract, now).mid or 0.0
            found.append(
                OrderFilled(
                    now,
                    order.order_ref,
                    f"x{self.executions}",
                    1,
                    leg.contract,
                    leg.ratio * order.remaining,
                    Decimal(str(round(mid, 2))),
                )
            )
        return found
