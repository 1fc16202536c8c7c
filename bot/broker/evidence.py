"""What the broker knows of our orders and positions: read as it is said, asked for when in doubt.

Only from a complete set of answers - positions, open orders, completed orders, executions, all on
one connection - is an absence concluded; ``reconcile`` draws the conclusions.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.broker.account import AccountState
from bot.broker.link import Link, RequestLate, is_notice
from bot.broker.order_log import log_order
from bot.broker.orders import HARMLESS, OrderBook, Standing, Tracked
from bot.broker.reconcile import PROOF_GAP, Answers, Believed, Completed, findings
from bot.broker.translate import decimal_from_ib, execution_from_ib, limit_from_ib
from bot.logs import LogEvent
from bot.ports import Clock
from domain.events import Event, ForeignReported, PositionsReported, ReferencesSeen
from domain.instruments import Contract
from domain.orders import number_of
from domain.session import new_york

log = structlog.get_logger()

_GRACE_S = 2.0  # executions and statuses may follow each other in any order
_READINGS_MAX = 3  # in a row, while executions come in between
_TOLD_AGAIN = timedelta(hours=1)
_POSITIONS_QUIET_S = 30.0  # a position change is reported once nothing has moved for so long
_GONE = frozenset({"Filled", "Cancelled", "ApiCancelled"})
_WORKING = frozenset({"PreSubmitted", "Submitted"})


class Evidence:
    """One connection's view. ``trusted`` is set by the session while the broker is reachable;
    ``ours`` gives the positions of our own book, if there is one to compare with.
    """

    def __init__(
        self, link: Link, book: OrderBook, clock: Clock, put: Callable[[Event], None],
        ours: Callable[[], Mapping[Contract, int] | None],
    ) -> None:  # fmt: skip
        self.trusted = False
        self.complete = False  # everything was read at least once on this connection
        self.account = AccountState("")
        self._link = link
        self._book = book
        self._clock = clock
        self._put = put
        self._ours = ours
        self._stirred = False  # something was executed while everything was being read
        self._foreign: ForeignReported | None = None  # as last told
        self._references = set[str]()  # unknown ones, as told
        self._positions_told: tuple[PositionsReported | None, bool] = None, False
        self._doubt = asyncio.Event()
        self._reading: Answers | None = None
        self._gathering = asyncio.Lock()
        self._positions_timer: asyncio.TimerHandle | None = None
        self._fee_timer: asyncio.TimerHandle | None = None
        self._moved = False  # positions, since everything was last read
        self._loop = asyncio.get_running_loop()
        self._handlers: dict[str, Callable[..., None]] = {
            "openOrder": self._open_order,
            "orderStatus": self._status,
            "execDetails": self._execution,
            "commissionReport": self._commission,
            "completedOrder": self._completed_order,
            "position": self._position,
            "updateAccountValue": self._account_value,
        }

    def handle(self, name: str, args: tuple[Any, ...]) -> None:
        """One message of the broker; those of no concern here are ignored."""
        handler = self._handlers.get(name)
        if handler is not None:
            handler(*args)

    def order_error(self, order_id: int, code: int, text: str) -> None:
        if not is_notice(code) and code not in HARMLESS:
            answer = self._book.questions.refused(self._clock.now(), order_id, code, text)
            self._emit(() if answer is None else (answer,))
        self._told(lambda book, at: book.error(at, order_id, code, text))

    def expect_answer(self, within_s: float) -> None:
        """Something was sent: look after ``within_s`` whether the broker has spoken."""
        self._loop.call_later(within_s, self._check_overdue)

    def link_lost(self) -> None:
        """Say what that means for the orders."""
        self.trusted = False
        for timer in (self._positions_timer, self._fee_timer):
            if timer is not None:
                timer.cancel()
        self._emit(self._book.link_lost(self._clock.now()))

    async def gather(self) -> None:
        """Read a complete set of answers and draw the conclusions.

        Raises RequestLate or RequestRefused when one is missing, LinkLost.
        """
        async with self._gathering:
            doubts = frozenset(self._book.in_doubt)
            for _ in range(_READINGS_MAX):
                answers = await self._read()
                if not self._stirred:
                    break
        self.complete = True
        self._book.in_doubt -= doubts  # a doubt that arose meanwhile needs another look
        self._conclude(answers)
        self._tell_references(answers)
        self._tell_positions()
        self._tell_foreign(answers)

    async def settle_doubts(self) -> None:
        """Whenever an order is in doubt, ask the broker for everything it knows; for ever."""
        while True:
            await self._doubt.wait()
            self._doubt.clear()
            await asyncio.sleep(_GRACE_S)  # the message that settles it is usually right behind
            if (self._book.in_doubt or self._moved) and self.trusted:
                self._moved = False
                try:
                    await self.gather()
                except RequestLate:
                    if self.trusted:  # else the servers were lost meanwhile, and will be read up
                        raise

    async def _read(self) -> Answers:
        answers = self._reading = Answers(self._clock.now())
        self._stirred = False
        try:
            self.account.expect_positions()
            await self._link.positions()
            await self._link.open_orders()
            await self._link.completed_orders()
            await self._link.executions()
        finally:
            self._reading = None
        return answers

    def _conclude(self, answers: Answers) -> None:
        book, at = self._book, self._clock.now()
        found = findings(at, [self._believed(tracked) for tracked in book.unfinished], answers)
        for ref in found.absent:
            tracked = book.find(ref)
            if tracked is not None and tracked.absent_since is None:
                tracked.absent_since = at
                self._loop.call_later(PROOF_GAP.total_seconds() + 1, self._look_again, ref)
        book.conclude(found.events)
        for ref in found.filled:
            log.info(LogEvent.BROKER_ORDER_RESOLVED, order_ref=ref, by="executions")
        self._emit(found.events)
        for perm_id, ref in sorted(book.take_foreign()):
            log.warning(LogEvent.BROKER_FOREIGN_ORDER, perm_id=perm_id, order_ref=ref)

    def _believed(self, tracked: Tracked) -> Believed:
        return Believed(
            tracked.order.order_ref,
            tracked.since,
            doubtful=tracked.standing is Standing.DOUBTFUL,
            executed=bool(tracked.executed),
            filled_up=tracked.filled_up,
            absent_since=tracked.absent_since,
            positions_agree=self._legs_agree(tracked),
        )

    def _legs_agree(self, tracked: Tracked) -> bool:
        """Whether no leg has moved at the broker without us; unknown is no."""
        ours = self._ours()
        legs = (leg.contract for leg in tracked.order.intent.legs)
        return ours is not None and all(self.account.held(c) == ours.get(c, 0) for c in legs)

    def _tell_references(self, answers: Answers) -> None:
        """Those that look like ours and that nobody here remembers, each once."""
        today, book = new_york(self._clock.now()).date(), self._book
        strange = {ref for ref in answers.refs if number_of(ref, today) and book.find(ref) is None}
        news = tuple(sorted(strange - self._references))
        if news:
            self._references |= strange
            log.warning(LogEvent.BROKER_REFERENCES_UNKNOWN, order_refs=list(news))
            self._put(ReferencesSeen(self._clock.now(), news))

    def _tell_foreign(self, answers: Answers) -> None:
        """What is not ours, on every connection once and then when it changes."""
        known, holdings = self._foreign, self.account.foreign
        told = ForeignReported(self._clock.now(), tuple(answers.foreign), holdings)
        if known is None or (known.orders, known.positions) != (told.orders, told.positions):
            self._foreign = told
            self._put(told)

    # Messages, in the library's order of arguments

    def _open_order(self, order_id: int, _contract: Any, order: Any, state: Any) -> None:
        if order.whatIf:
            answer = self._book.questions.answered(self._clock.now(), order_id, state)
            self._emit(() if answer is None else (answer,))
            return
        self._link.ids_beyond(order_id)
        ref = order.orderRef
        ours = self._book.knows(ref, order_id, order.permId, order.clientId)
        if self._reading is not None and ours and state.status in _WORKING:
            self._revive(ref)
        if self._reading is not None:
            self._reading.refs.add(ref)
        if self._reading is None:
            self._moved = self._moved or not ours
            if not ours:
                self._doubt.set()
        elif state.status not in _GONE and ours:
            self._reading.open.add(ref)
        elif state.status not in _GONE:
            self._reading.foreign[f"order {ref or 'without reference'} ({order.permId})"] = None
        self._told(
            lambda book, at: book.open_order(
                at, ref, order_id, order.permId, order.clientId, limit_from_ib(order), state.status
            )
        )

    def _revive(self, order_ref: str) -> None:
        """The broker lists an order that was thought to have ended unfilled: it has not."""
        tracked = self._book.find(order_ref)
        if tracked is not None and tracked.standing is Standing.DONE and not tracked.filled_up:
            tracked.standing = Standing.SENT  # accepted anew by the message that is being read

    def _status(self, order_id: int, status: str, *numbers: Any) -> None:
        filled, perm_id, client_id = numbers[0], numbers[3], numbers[6]
        self._told(lambda book, at: book.status(at, order_id, perm_id, client_id, status, filled))

    def _completed_order(self, _contract: Any, order: Any, state: Any) -> None:
        if self._reading is not None:
            ended = Completed(state.status, state.completedStatus)
            self._reading.completed[order.orderRef] = ended
            self._reading.refs.add(order.orderRef)

    def _execution(self, req_id: int, contract: Any, execution: Any) -> None:
        report = execution_from_ib(contract, execution)
        if report is None:
            log.warning(LogEvent.BROKER_ERROR, request="executions", text=str(execution))
            return
        if self._reading is not None:
            self._reading.executed.add(report.order_ref)
            self._reading.refs.add(report.order_ref)
            self._stirred = self._stirred or req_id < 0
        self._told(lambda book, at: book.execution(at, report))
        if self._book.unpaid and self._fee_timer is None:
            self._fee_timer = self._loop.call_later(
                self._book.deadline.total_seconds() + 1, self._check_fees
            )

    def _commission(self, report: Any) -> None:
        amount = decimal_from_ib(report.commission)
        if amount is not None:
            self._told(lambda book, at: book.commission(at, report.execId, amount))

    def _position(self, account: str, contract: Any, size: float, _cost: float) -> None:
        foreign = self.account.position(account, contract, size)
        if foreign is not None:
            log.warning(LogEvent.BROKER_FOREIGN_POSITION, contract=foreign.label, size=size)
        if self._reading is None:
            if self._positions_timer is not None:
                self._positions_timer.cancel()
            self._positions_timer = self._loop.call_later(_POSITIONS_QUIET_S, self._read_positions)

    def _account_value(self, *args: Any) -> None:
        self.account.value(*args)

    # Timers

    def _check_overdue(self) -> None:
        if self.trusted:
            self._told(lambda book, at: book.overdue(at))

    def _check_fees(self) -> None:
        self._fee_timer = None
        self._check_overdue()

    def _look_again(self, order_ref: str) -> None:
        tracked = self._book.find(order_ref)
        if tracked is not None and tracked.absent_since is not None:
            self._book.in_doubt.add(order_ref)
            self._doubt.set()

    def _read_positions(self) -> None:
        """Executions may be missing from what moved them: everything is read, not only the sum."""
        self._moved = True
        self._doubt.set()

    # Telling

    def _tell_positions(self) -> None:
        """What is held; the same again, and agreed on before and now, is news once an hour only."""
        report = self.account.positions(self._clock.now())
        ours = self._ours()
        agreed = ours is not None and dict(report.positions) == {c: n for c, n in ours.items() if n}
        told, before = self._positions_told
        same = told is not None and told.positions == report.positions
        old_news = same and agreed and before and self.trusted
        if old_news and told is not None and report.at - told.at < _TOLD_AGAIN:
            return
        self._positions_told = report, agreed
        self._put(report)

    def _told(self, tell: Callable[[OrderBook, datetime], list[Event]]) -> None:
        known = frozenset(self._book.in_doubt)
        self._emit(tell(self._book, self._clock.now()))
        for ref in sorted(self._book.in_doubt - known):
            log.info(LogEvent.BROKER_STATUS_DISTRUSTED, order_ref=ref)
        if self._book.in_doubt:
            self._doubt.set()

    def _emit(self, events: Iterable[Event]) -> None:
        for event in events:
            log_order(event)
            self._put(event)
