"""What became of our orders, from the broker's raw messages alone.

Executions decide what was filled and a status of the broker may end an order; an error message
never ends one that was ever accepted, because several of them speak of an order that lives on.
Messages may be late, doubled or out of order. Silence is reported as uncertainty, and asked about.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum, auto

from bot.broker.margin import MarginQuestions
from bot.broker.translate import Execution, split_exec_id
from domain.events import (
    CommissionReported,
    Event,
    LimitModified,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
    OrderUncertain,
)
from domain.instruments import Contract
from domain.orders import Order, OrderStatus

CANCEL_CODE = 202
# A new order that meets one of these was refused; on an order that was accepted they prove nothing.
_REFUSALS = frozenset(
    {
        103, 106, 107, 109, 110, 154, 163, 200, 201, 203, 312, 313, 314, 315, 320, 321, 322, 355,
        382, 383, 387, 388, 392, 434, 436, 437, 460, 10002, 10006, 10268, 10269,
    }
)  # fmt: skip
HARMLESS = frozenset({399, 404, 481, 10349})  # remarks about an order that stays as it is
_ENDED = frozenset({"Cancelled", "ApiCancelled"})
_FEE_QUESTIONS_MAX = 3  # for the commission of one execution
_HELD = "Inactive"  # refused if a refusal came with it; else held, and may come back to life


class Standing(Enum):
    SENT = auto()  # no word from the broker yet
    LIVE = auto()
    DOUBTFUL = auto()  # reported as uncertain
    DONE = auto()


# Of an order of an earlier life; perhaps it never left, and nobody has been told so yet.
_STANDINGS = {
    OrderStatus.PENDING_SEND: Standing.SENT,
    OrderStatus.SUBMITTED: Standing.SENT,
    OrderStatus.ACCEPTED: Standing.LIVE,
    OrderStatus.PARTIALLY_FILLED: Standing.LIVE,
    OrderStatus.UNKNOWN: Standing.DOUBTFUL,
}


@dataclass(slots=True)
class Tracked:
    """One order as far as the broker has spoken."""

    order: Order
    limit: Decimal  # what the desk believes it to be
    since: datetime
    order_id: int = 0  # 0 until this life knows it
    perm_id: int = 0
    standing: Standing = Standing.SENT
    status: str = ""  # the broker's last word, for the log
    asked_limit: Decimal | None = None
    asked_at: datetime | None = None  # of a modification or a cancel without answer
    refusal: tuple[int, str] | None = None
    remark: str = ""
    absent_since: datetime | None = None
    executed: dict[str, tuple[Contract, int]] = field(default_factory=dict)

    def forget_question(self) -> None:
        """No answer will come. The desk takes a limit it asked for as set until told otherwise."""
        if self.asked_limit is not None:
            self.limit = self.asked_limit
        self.asked_limit = self.asked_at = None

    @property
    def filled_up(self) -> bool:
        """Every leg has been executed in full."""
        return self.has_executed(self.order.intent.quantity)

    def has_executed(self, units: float) -> bool:
        """Every leg of so many packages."""
        done: dict[Contract, int] = {}
        for contract, quantity in self.executed.values():
            done[contract] = done.get(contract, 0) + quantity
        return all(done.get(leg.contract, 0) == leg.ratio * units for leg in self.order.intent.legs)


@dataclass(slots=True)
class Unpaid:
    """An execution without a commission, and how often the broker has been asked for it."""

    order_ref: str
    since: datetime
    asked: int = 0


class OrderBook:
    """All orders of ours that may still matter. Returns events.

    ``in_doubt`` names the orders that only evidence can settle. ``deadline`` is how long the broker
    may take to answer for an order, a modification or a cancel.
    """

    def __init__(self, client_id: int, deadline: timedelta) -> None:
        self.in_doubt: set[str] = set()
        self.questions = MarginQuestions()
        self._foreign: dict[tuple[int, str], bool] = {}  # seen, and whether it was told
        self._client_id = client_id
        self.deadline = deadline
        self._by_ref: dict[str, Tracked] = {}
        self._ref_of_id: dict[int, str] = {}
        self._ref_of_perm: dict[int, str] = {}
        self._revisions: dict[str, int] = {}
        self._paid: dict[str, Decimal] = {}  # commissions told
        self._unclaimed_fees: dict[str, Decimal] = {}  # that came before their execution
        self._unpaid: dict[str, Unpaid] = {}  # executions whose commission was never told

    # What we do

    def adopt(self, order: Order) -> None:
        """An order of an earlier life; its executions so far are known."""
        standing = _STANDINGS.get(order.status, Standing.DONE)
        tracked = Tracked(order, order.limit, order.created_at, standing=standing)
        self._by_ref[order.order_ref] = tracked

    def sent(self, at: datetime, order: Order, order_id: int) -> None:
        """Raises ValueError when this reference was used before.

        It may be sent once in all lives.
        """
        if order.order_ref in self._by_ref:
            raise ValueError(f"{order.order_ref} was sent before")
        self._by_ref[order.order_ref] = Tracked(order, order.limit, at, order_id)
        self._ref_of_id[order_id] = order.order_ref

    def modify_sent(self, at: datetime, order_ref: str, limit: Decimal) -> None:
        tracked = self._by_ref[order_ref]
        tracked.asked_limit, tracked.asked_at = limit, at

    def cancel_sent(self, at: datetime, order_ref: str) -> None:
        tracked = self._by_ref[order_ref]
        tracked.asked_at = at

    def find(self, order_ref: str) -> Tracked | None:
        return self._by_ref.get(order_ref)

    @property
    def unfinished(self) -> tuple[Tracked, ...]:
        return tuple(t for t in self._by_ref.values() if t.standing is not Standing.DONE)

    def knows(self, order_ref: str, order_id: int, perm_id: int, client_id: int) -> bool:
        """Whether an open order is one of ours, and the one we sent: a second order under the same
        reference is nobody's.
        """
        return self._known(order_ref, order_id, perm_id, client_id) is not None

    def take_foreign(self) -> list[tuple[int, str]]:
        """Permanent id and reference of orders that are not ours, each told once."""
        news = [key for key, told in self._foreign.items() if not told]
        self._foreign.update(dict.fromkeys(news, True))
        return news

    # What the broker says

    def open_order(
        self, at: datetime, order_ref: str, order_id: int, perm_id: int, client_id: int,
        limit: Decimal | None, status: str,
    ) -> list[Event]:  # fmt: skip
        """An open-order message: the broker has the order, at this limit."""
        tracked = self._known(order_ref, order_id, perm_id, client_id)
        if tracked is None:
            return []
        events = self._status(at, tracked, status)
        if tracked.standing is Standing.DONE or limit is None:
            return events
        if tracked.asked_limit is not None and limit == tracked.asked_limit:
            tracked.asked_limit = tracked.asked_at = None
            tracked.limit = limit
            return [*events, LimitModified(at, tracked.order.order_ref, limit)]
        if tracked.asked_limit is None and limit != tracked.limit:
            tracked.limit = limit
            return [*events, LimitModified(at, tracked.order.order_ref, limit)]
        return events

    def status(
        self,
        at: datetime,
        order_id: int,
        perm_id: int,
        client_id: int,
        status: str,
        filled: float = 0.0,
    ) -> list[Event]:
        """An order-status message. Executions are the record of what was filled: a count that does
        not agree with them only raises a doubt.
        """
        tracked = self._known("", order_id, perm_id, client_id)
        if tracked is None:
            return []
        events = self._status(at, tracked, status)
        if 0 < filled <= tracked.order.intent.quantity and not tracked.has_executed(filled):
            self.in_doubt.add(tracked.order.order_ref)
        return events

    def error(self, at: datetime, order_id: int, code: int, text: str) -> list[Event]:
        """An error message that names one of our order ids."""
        tracked = self._by_ref.get(self._ref_of_id.get(order_id, ""))
        if tracked is None or code in HARMLESS or (2100 <= code < 2200 and code != 2102):
            return []
        tracked.remark = f"{code}: {text}"
        if tracked.standing is Standing.DONE:
            return []
        if code == CANCEL_CODE:
            self.in_doubt.add(tracked.order.order_ref)  # the status that belongs to it settles it
            return []
        if tracked.asked_limit is not None:
            tracked.forget_question()  # the original lives, at a limit that must be read
            self.in_doubt.add(tracked.order.order_ref)
            return []
        if code in _REFUSALS:
            tracked.refusal = (code, text)
            if tracked.standing is Standing.SENT or tracked.status in (_HELD, *_ENDED):
                return self._end(tracked, OrderRejected(at, tracked.order.order_ref, code, text))
        self.in_doubt.add(tracked.order.order_ref)
        return []

    def execution(self, at: datetime, report: Execution) -> list[Event]:
        """One execution report, live or replayed.

        Summaries of combos and old revisions are dropped.
        """
        tracked = self._by_ref.get(report.order_ref) or self._known(
            report.order_ref, report.order_id, report.perm_id, report.client_id
        )
        if tracked is None or report.contract is None:
            return []
        if report.revision <= self._revisions.get(report.exec_id, -1):
            return []
        if report.exec_id not in self._paid:
            self._unpaid.setdefault(report.exec_id, Unpaid(tracked.order.order_ref, at))
        self._revisions[report.exec_id] = report.revision
        tracked.executed[report.exec_id] = (report.contract, report.quantity)
        tracked.absent_since = None
        ref = tracked.order.order_ref
        events: list[Event] = [
            OrderFilled(
                at, ref, report.exec_id, report.revision, report.contract,
                report.quantity, report.price,
            )
        ]  # fmt: skip
        if tracked.filled_up:
            tracked.standing = Standing.DONE
            self.in_doubt.discard(ref)
        elif tracked.standing is Standing.SENT:
            tracked.standing = Standing.LIVE
        fee = self._unclaimed_fees.pop(report.exec_id, None)
        return events if fee is None else [*events, *self._fee(at, report.exec_id, fee)]

    def commission(self, at: datetime, exec_id: str, amount: Decimal) -> list[Event]:
        """A commission report; may come before its execution, and more than once.

        Zero is how the broker says that it does not know yet.
        """
        if not amount:
            return []
        stem, _ = split_exec_id(exec_id)
        if stem not in self._revisions:
            self._unclaimed_fees[stem] = amount
            return []
        return self._fee(at, stem, amount)

    # What time and loss say

    @property
    def unpaid(self) -> bool:
        """Whether a commission is missing that is still worth asking for."""
        return any(unpaid.asked < _FEE_QUESTIONS_MAX for unpaid in self._unpaid.values())

    def overdue(self, at: datetime) -> list[Event]:
        """Orders without any answer after the deadline become uncertain.

        All late answers are in doubt, and so is an order that lacks a commission.
        """
        for unpaid in self._unpaid.values():
            late = at - unpaid.since >= self.deadline
            if late and unpaid.asked < _FEE_QUESTIONS_MAX:
                unpaid.since, unpaid.asked = at, unpaid.asked + 1
                self.in_doubt.add(unpaid.order_ref)
        events: list[Event] = []
        for tracked in self.unfinished:
            ref = tracked.order.order_ref
            if tracked.standing is Standing.SENT and at - tracked.since >= self.deadline:
                events += self._doubt(at, tracked, "the broker has not answered for it")
                self.in_doubt.add(ref)
            if tracked.asked_at is not None and at - tracked.asked_at >= self.deadline:
                tracked.forget_question()
                self.in_doubt.add(ref)
        return events

    def forget_questions(self) -> None:
        """Changes and cancels on their way may have been lost: what is in force must be read."""
        for tracked in self.unfinished:
            tracked.forget_question()

    def forget_absences(self) -> None:
        """What was not found before the servers were lost must be sought anew, twice."""
        for tracked in self.unfinished:
            tracked.absent_since = None

    def link_lost(self, at: datetime) -> list[Event]:
        """The socket is gone: what was not answered for may or may not have arrived."""
        events: list[Event] = []
        self.forget_questions()
        self.forget_absences()
        for tracked in self.unfinished:
            if tracked.standing is Standing.SENT:
                events += self._doubt(at, tracked, "the connection was lost before an answer")
        return events

    def conclude(self, events: Iterable[Event]) -> None:
        """Take note of what evidence has decided."""
        for event in events:
            match event:
                case OrderCanceled(order_ref=ref) | OrderRejected(order_ref=ref):
                    self._by_ref[ref].standing = Standing.DONE
                    self.in_doubt.discard(ref)
                case OrderUncertain(order_ref=ref):
                    self._by_ref[ref].standing = Standing.DOUBTFUL

    # Leaves

    def _known(self, order_ref: str, order_id: int, perm_id: int, client_id: int) -> Tracked | None:
        """Find the order a message speaks of and learn its ids.

        Ids of other clients are not ours.
        """
        ours = client_id == self._client_id and order_id > 0
        ref = order_ref if order_ref in self._by_ref else self._ref_of_perm.get(perm_id, "")
        if not ref and ours:
            ref = self._ref_of_id.get(order_id, "")
        tracked = self._by_ref.get(ref)
        twin = tracked is not None and 0 < tracked.perm_id != perm_id > 0
        if tracked is None or twin:
            self._foreign.setdefault((perm_id, order_ref), False)
            return None
        if ours and tracked.order_id == 0:
            tracked.order_id = order_id
            self._ref_of_id[order_id] = ref
        if perm_id > 0 and tracked.perm_id == 0:
            tracked.perm_id = perm_id
            self._ref_of_perm[perm_id] = ref
        return tracked

    def _status(self, at: datetime, tracked: Tracked, status: str) -> list[Event]:
        tracked.status = status
        ref = tracked.order.order_ref
        if tracked.standing is Standing.DONE:
            return []
        tracked.absent_since = None
        if status in _ENDED or (status == _HELD and tracked.refusal is not None):
            if tracked.refusal is not None and not tracked.executed:
                return self._end(tracked, OrderRejected(at, ref, *tracked.refusal))
            return self._end(tracked, OrderCanceled(at, ref, tracked.remark or status))
        if status != _HELD:
            tracked.refusal = None  # whatever was refused, it was not the order
        if status == "Filled":
            self.in_doubt.add(ref)  # settled by the executions, which may be still to come
        if tracked.standing is Standing.LIVE:
            return []
        tracked.standing = Standing.LIVE
        return [OrderAccepted(at, ref, tracked.perm_id)]

    def _end(self, tracked: Tracked, event: Event) -> list[Event]:
        tracked.standing = Standing.DONE
        self.in_doubt.discard(tracked.order.order_ref)
        return [event]

    def _doubt(self, at: datetime, tracked: Tracked, reason: str) -> list[Event]:
        tracked.standing = Standing.DOUBTFUL
        return [OrderUncertain(at, tracked.order.order_ref, reason)]

    def _fee(self, at: datetime, stem: str, amount: Decimal) -> list[Event]:
        self._unpaid.pop(stem, None)
        if self._paid.get(stem) == amount:
            return []
        self._paid[stem] = amount
        return [CommissionReported(at, stem, amount)]
