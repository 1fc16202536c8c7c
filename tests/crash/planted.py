"""Daemons with one bug each, to see that the crash test would notice.

Each breaks one rule of the submission protocol by wrapping a port of the loop when it is opened;
nothing of the product is patched. A bug that nothing here notices is a hole in the checker.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.loop import DeskLoop
from domain.effects import CancelOrder, Effect
from domain.events import (
    CommissionReported,
    Event,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
)
from domain.orders import OrderStatus


class Opened(list[DeskLoop]):
    """What ``Plan.opened`` can be: plants the bug in the loop that is put into it."""

    def __init__(self, bug: str) -> None:
        super().__init__()
        self._bug = bug

    def append(self, loop: DeskLoop) -> None:
        super().append(loop)
        if self._bug:
            BUGS[self._bug].plant(loop)


@dataclass
class Changing:
    """A journal that records something else than it is told."""

    inner: object
    change: Callable[[Sequence[Event]], Sequence[Event]]

    def append(self, events: Sequence[Event], effects: Sequence[Effect]) -> None:
        self.inner.append(list(self.change(events)), effects)

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)


@dataclass
class Late:
    """A journal that is a turn behind: what was decided is sent before it is recorded."""

    inner: object
    waiting: tuple[Sequence[Event], Sequence[Effect]] = ((), ())

    def append(self, events: Sequence[Event], effects: Sequence[Effect]) -> None:
        before, self.waiting = self.waiting, (events, effects)
        self.inner.append(*before)

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)


@dataclass
class Believing:
    """An executor that takes a cancel that was sent for one that was done."""

    inner: object
    loop: DeskLoop

    def execute(self, effect: Effect) -> None:
        self.inner.execute(effect)
        if isinstance(effect, CancelOrder):
            at = self.loop.desk.now
            self.loop.inbox.put(OrderCanceled(at, effect.order_ref, "surely"))


@dataclass
class Repeating:
    """A broker adapter that, once it may send, first sends again what an earlier life had sent."""

    inner: object
    again: list
    done: bool = False

    def place(self, order) -> int:
        for old in () if self.done else self.again:
            self.inner.place(old)
        self.done = True
        return self.inner.place(order)

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)


def sends_before_the_record(loop: DeskLoop) -> None:
    loop.journal = Late(loop.journal)


def sends_again_after_a_restart(loop: DeskLoop) -> None:
    old = [order for order in loop.desk.orders.values() if order.ever_sent][-1:]
    executor = loop.executor
    loop.executor = replace(executor, broker=Repeating(executor.broker, old))


def takes_doubt_for_a_refusal(loop: DeskLoop) -> None:
    for order in loop.desk.orders.values():
        if order.status is OrderStatus.PENDING_SEND:
            loop.inbox.put(OrderRejected(loop.desk.now, order.order_ref, 0, "surely never sent"))


def trusts_its_own_cancel(loop: DeskLoop) -> None:
    loop.executor = Believing(loop.executor, loop)


def forgets_executions(loop: DeskLoop) -> None:
    def without(events):
        kinds = (OrderFilled, CommissionReported)
        return [event for event in events if not isinstance(event, kinds)]

    loop.journal = Changing(loop.journal, without)


def counts_an_execution_twice(loop: DeskLoop) -> None:
    def doubled(events):
        again = [
            replace(event, exec_id=f"{event.exec_id}-again")
            for event in events
            if isinstance(event, OrderFilled)
        ]
        return [*events, *again]

    loop.journal = Changing(loop.journal, doubled)


def turns_an_execution_round(loop: DeskLoop) -> None:
    def turned(events):
        return [
            replace(event, quantity=-event.quantity) if isinstance(event, OrderFilled) else event
            for event in events
        ]

    loop.journal = Changing(loop.journal, turned)


@dataclass(frozen=True)
class Bug:
    """``die_at`` names the log event and count at which its life is killed; ``signs``: what the
    checker must say, one of them. ``fault`` of the gateway: without it the bug is right by luck.
    ``lives_on``: its life is looked at after the event, instead of being killed there.
    """

    plant: Callable[[DeskLoop], None]
    die_at: tuple[str, ...]
    signs: tuple[str, ...]
    fault: str = ""
    lives_on: bool = False


BUGS = {
    bug.plant.__name__: bug
    for bug in (
        Bug(sends_before_the_record, ("order.sent", "1"), ("forgotten", "ended by itself")),
        Bug(sends_again_after_a_restart, ("order.accepted", "2"), ("duplicate", "ended by itself")),
        # An order that rests until the next life, where the desk finds out by itself; one that is
        # filled by then does no harm, since executions are believed in every state.
        Bug(
            takes_doubt_for_a_refusal, ("order.sent", "1"), ("was thought to have ended",),
            fault="inactive=100000",
        ),
        # A gateway that obeys at once makes a lie of nobody, and a life that ends with the line
        # "cancel sent" never gets to telling one.
        Bug(
            trusts_its_own_cancel, ("order.cancel_sent", "1"), ("is still working",),
            fault="cancel_no_ack", lives_on=True,
        ),
        Bug(forgets_executions, ("order.filled", "4"), ("is not in the journal",)),
        Bug(counts_an_execution_twice, ("order.filled", "4"), ("is not at the broker",)),
        # What was opened and closed is flat either way round; the order it was filled for is not.
        Bug(
            turns_an_execution_round, ("order.filled", "4"), ("positions differ", "B3 broken"),
        ),
    )
}  # fmt: skip
