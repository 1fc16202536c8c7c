"""The readable account of a run: one line for each thing that matters, in New York time.

An observer of the loop. Chooses what is worth a line; remembers only what it said.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from bot.app import JUST_STARTED
from bot.cli.ledger import Ledger, rule_name
from bot.cli.wording import VERBS, describe_legs, describe_limit, fill_price, percent, usd
from domain.desk import Desk
from domain.effects import (
    CancelOrder,
    Effect,
    PlaceOrder,
    RaiseAlert,
    RecordDecision,
    Severity,
    Verdict,
)
from domain.events import BrokerLost, BrokerReady, ClockTicked, Event
from domain.instruments import SPX, VIX
from domain.orders import DenialCode, Layer, Order, OrderStatus, Purpose
from domain.session import new_york
from engine.policy import Policy
from engine.views import Snapshot, snapshot

Say = Callable[[str, str, str], None]  # time, kind, text
Head = Callable[[str], None]
Foot = Callable[[str, str], None]  # time, text

_PATIENCE = timedelta(minutes=5)  # for prices to appear in the first line of a day
_DULL = (None, DenialCode.ORDER_WORKING)  # why there is no entry on most days
_LAST_LOOK = timedelta(minutes=2)
TOLD_CHANGES = frozenset(
    {"regime", "curve", "trading", "settlement", "hedge.rung", "signal", "release"}
)


@dataclass(slots=True)
class Narrator:
    """``say`` prints a line, ``head`` the first and ``foot`` the last of a day."""

    policy: Policy
    ledger: Ledger
    say: Say
    head: Head
    foot: Foot
    broker_value: Callable[[], Decimal]
    days: int = 0
    value_at_close: Decimal | None = None  # the broker's, at the same instant as ``closing``
    closing: Snapshot | None = None  # as the last session ended, until the next begins
    _before_close: Snapshot | None = None  # options are no longer quoted once it has struck
    _day: date | None = None
    _closed: bool = True
    _held: list[tuple[str, str, str]] = field(default_factory=list)  # until the day is opened
    _said: set[tuple[str, ...]] = field(default_factory=set)

    def observe(self, events: Sequence[Event], effects: Sequence[Effect], desk: Desk) -> None:
        if not desk.calendar.is_session(desk.today):
            return
        at = new_york(desk.now).strftime("%H:%M")
        self._held += [(at, *line) for line in self._lines(events, effects, desk)]
        if self._day != desk.today:
            waited = desk.now - desk.calendar.open_at(desk.today)
            if not _prices_are_up(desk) and not (self._held and waited >= _PATIENCE):
                return
            self._open_day(desk)
        for line in self._held:
            self.say(*line)
        self._held.clear()
        left = desk.calendar.close_at(desk.today) - desk.now
        if not self._closed and left <= timedelta(0):
            self._close_day(desk)
        elif left <= _LAST_LOOK and any(isinstance(event, ClockTicked) for event in events):
            self._before_close = snapshot(desk, self.policy)
            self.value_at_close = self.broker_value()

    def _open_day(self, desk: Desk) -> None:
        self._day, self._closed, self.closing = desk.today, False, None
        self._before_close = None
        self.days += 1
        self._said.clear()
        spx, vix = desk.level(SPX), desk.level(VIX)
        parts = [f"{desk.today:%a} {desk.today}"]
        if spx is not None and vix is not None:
            parts.append(f"SPX {spx:,.2f}  VIX {vix:.2f}")
        parts.append(f"regime {desk.regime.regime}, curve {desk.regime.curve}")
        self.head("   ".join(parts))

    def _close_day(self, desk: Desk) -> None:
        self._closed = True
        now = snapshot(desk, self.policy)
        before = self._before_close or now
        self.closing = replace(
            before, at=now.at, spx=now.spx, vix=now.vix,
            net_liquidation=float(self.value_at_close or self.broker_value()),
        )  # fmt: skip
        self.foot(new_york(desk.now).strftime("%H:%M"), _day_line(self.closing))

    def _lines(
        self, events: Sequence[Event], effects: Sequence[Effect], desk: Desk
    ) -> list[tuple[str, str]]:
        lines: list[tuple[str, str]] = []
        for event in events:
            if isinstance(event, BrokerReady):
                lines.append(("broker", "connected, synchronised, reconciled"))
            elif isinstance(event, BrokerLost) and event.reason != JUST_STARTED:
                lines.append(("broker", f"lost: {event.reason}"))
        moved = (self._order_line(order, desk) for order in self.ledger.latest)
        asked = (self._effect_line(effect, desk) for effect in effects)
        lines += [line for line in (*moved, *asked) if line is not None]
        return lines

    def _effect_line(self, effect: Effect, desk: Desk) -> tuple[str, str] | None:
        match effect:
            case PlaceOrder(order):
                return "order", self._sent_line(order)
            case CancelOrder(order_ref, reason):
                return "cancel", f"{self._name(order_ref)}: {reason}"
            case RaiseAlert(active=True) if effect.severity is not Severity.INFO and self.days:
                if effect.severity is Severity.CRITICAL:
                    return "alert", effect.text
                return self._once("alert", effect.text, effect.code)
            case RecordDecision(verdict=Verdict.DENIED):
                return self._refused("denied", effect)
            case RecordDecision(verdict=Verdict.CHANGED) if effect.topic in TOLD_CHANGES:
                return effect.topic.split(".")[0], effect.text
            case RecordDecision(verdict=Verdict.SKIPPED, topic="condor.entry") if (
                effect.denial not in _DULL
            ):
                return self._refused("no entry", effect)
            case _:
                return None

    def _refused(self, kind: str, decision: RecordDecision) -> tuple[str, str] | None:
        why = str(decision.denial or decision.rule)
        return self._once(kind, decision.text, decision.verdict, decision.topic, why,
                          decision.subject)  # fmt: skip

    def _once(self, kind: str, text: str, *key: str) -> tuple[str, str] | None:
        """The same refusal, or the same alert, is told once a day."""
        if (kind, *key) in self._said:
            return None
        self._said.add((kind, *key))
        return kind, text

    def _sent_line(self, order: Order) -> str:
        intent = order.intent
        text = f"{VERBS[intent.purpose]} {intent.quantity}x {describe_legs(intent.legs)}"
        text += f", limit {describe_limit(order, order.limit)}"
        if intent.purpose is Purpose.OPEN_CONDOR:
            return text
        return f"{text} ({rule_name(intent.rule)})"

    def _order_line(self, order: Order, desk: Desk) -> tuple[str, str] | None:
        """A line when an order is finished: what it did, and for hedges the share of the cap."""
        status, intent = order.status, order.intent
        if status is OrderStatus.UNKNOWN:
            return "unknown", f"{self._name(order.order_ref)}: the broker does not answer for it"
        if status is OrderStatus.REJECTED:
            return "rejected", self._name(order.order_ref)
        if status is OrderStatus.CANCELED:
            return "canceled", f"{self._name(order.order_ref)}, {order.filled} filled"
        if status is not OrderStatus.FILLED:
            return None
        fills = [
            (fill.contract, fill.quantity, fill.price)
            for fill in desk.book.fills.values()
            if fill.order_ref == order.order_ref
        ]
        price = fill_price(order, fills)
        text = f"{VERBS[intent.purpose]} {order.filled}x at {_price(price)}"
        return "filled", f"{text}, {self._outcome(order, desk)}"

    def _outcome(self, order: Order, desk: Desk) -> str:
        intent = order.intent
        view = snapshot(desk, self.policy)
        share = f"share {percent(view.hedge_share)}"
        if intent.layer is not Layer.CONDOR:
            tranche = desk.book.tranches.get(intent.subject)
            result = f", result {usd(tranche.realized, signed=True)}" if tranche else ""
            return f"{intent.layer} {describe_legs(intent.legs)}{result}, {share}"
        condor = desk.book.condors.get(intent.subject or order.order_ref)
        if condor is None:
            return share
        if intent.purpose is Purpose.OPEN_CONDOR:
            credit = condor.credit * condor.combo.long_put.multiplier * condor.quantity
            return f"received {usd(credit)}, at most {usd(condor.max_loss_usd)} to lose"
        return f"result {usd(condor.realized, signed=True)} ({rule_name(intent.rule)})"

    def _name(self, order_ref: str) -> str:
        order = self.ledger.orders.get(order_ref)
        if order is None:
            return order_ref
        intent = order.intent
        return f"{VERBS[intent.purpose]} {intent.quantity}x {describe_legs(intent.legs)}"


@dataclass(frozen=True, slots=True)
class Results:
    """USD of one half of the book, fees apart."""

    realized: float
    unrealized: float | None
    fees: float

    @property
    def total(self) -> float | None:
        return None if self.unrealized is None else self.realized + self.unrealized - self.fees


def layer_results(view: Snapshot) -> tuple[Results, Results]:
    """Condors, and the three hedge layers together."""
    halves: list[Results] = []
    for is_condor in (True, False):
        rows = [row for row in view.results if (row.layer == Layer.CONDOR) is is_condor]
        open_results = [row.unrealized for row in rows]
        known = [value for value in open_results if value is not None]
        halves.append(
            Results(
                sum(row.realized for row in rows),
                sum(known) if len(known) == len(open_results) else None,
                sum(row.fees for row in rows),
            )
        )
    return halves[0], halves[1]


def _day_line(view: Snapshot) -> str:
    """Where the market and both halves of the book stand at the close; results since the start."""
    spx = "n/a" if view.spx is None else f"{view.spx:,.0f}"
    vix = "n/a" if view.vix is None else f"{view.vix:.2f}"
    capped = view.hedge_share is not None and view.condor_notional > 0
    share = f"{100 * (view.hedge_share or 0):.0f} %" if capped else "-"
    condor, hedge = layer_results(view)
    return (
        f"SPX {spx}  VIX {vix}  condors {len(view.condors)} {usd(condor.total, signed=True)}  "
        f"calls {view.hedge_contracts} {usd(hedge.total, signed=True)}  share {share}  "
        f"NLV {usd(view.net_liquidation)}"
    )


def _prices_are_up(desk: Desk) -> bool:
    """Both indexes have been quoted since the open."""
    opened_at = desk.calendar.open_at(desk.today)
    quotes = (desk.quote(SPX), desk.quote(VIX))
    return all(q is not None and q.level is not None and q.at >= opened_at for q in quotes)


def _price(price: Decimal | None) -> str:
    if price is None:
        return "n/a"
    return f"{-price} credit" if price < 0 else f"{price} debit"
