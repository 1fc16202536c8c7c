"""One connection's life: synchronise, be ready, notice losses, collect evidence when in doubt.

Everything the gateway says passes through ``_handle`` in the order it was said. Readiness means
that a complete set of answers has been read on this connection and the gateway reaches its servers.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

import structlog

from bot.broker.account import AccountState
from bot.broker.door import MOVED, Door
from bot.broker.evidence import Evidence
from bot.broker.guard import live_reason
from bot.broker.histories import Histories, next_refresh
from bot.broker.lines import Lines
from bot.broker.link import Link, LinkLost, LinkSettings, RequestLate
from bot.broker.market_data import MarketData, Wanted
from bot.broker.orders import OrderBook
from bot.broker.qualify import Directory
from bot.broker.reference import REFERENCE_RETRY_S, load_reference
from bot.broker.sending import Sender
from bot.broker.together import run_together
from bot.broker.translate import NO_PRICE
from bot.logs import LogEvent
from bot.ports import Clock, LiveAccountRefused
from domain.events import BrokerLost, BrokerReady, Event, QuoteUpdated
from domain.instruments import Contract
from domain.session import new_york

log = structlog.get_logger()

_PROBE_S = 60.0
_NAP_S_MAX = 600.0
_SERVERS_LOST = frozenset({1100, 2110})
_SERVERS_BACK = frozenset({1101, 1102})
_DATA_LOST = 1101
_CLIENT_ID_IN_USE = 326
# Something is missing or refused, and somebody may have to act; all others only inform.
_TROUBLES = frozenset({100, 162, 200, 321, 354, 1300, 2103, 2105, 2110, 10089, 10167, 10197})
_QUIET = frozenset({300, 2104, 2106, 2107, 2108, 2119, 2158})  # all is well, or nothing of ours


class SessionSettings(LinkSettings, Protocol):
    """What a session needs beyond its connection."""

    @property
    def account(self) -> str: ...
    @property
    def market_data_type(self) -> int: ...
    @property
    def line_budget(self) -> int: ...
    @property
    def port(self) -> int: ...
    @property
    def reconcile_s(self) -> float: ...


class ClientIdInUse(LinkLost):
    """An older connection still holds our id, or a second daemon does."""


class NotReconciled(Exception):
    """A connection was about to be called ready without evidence. A bug: the process must end."""


@dataclass(frozen=True, slots=True)
class Lasting:
    """What outlives a connection."""

    clock: Clock
    put: Callable[[Event], None]
    book: OrderBook
    directory: Directory
    sender: Sender
    wanted: Wanted
    door: Door
    ours: Callable[[], Mapping[Contract, int] | None]  # positions of our own book
    histories: Histories = field(default_factory=Histories)


class Session:
    def __init__(self, library: Any, settings: SessionSettings, lasting: Lasting) -> None:
        self.was_ready = False
        self._settings = settings
        self._k = lasting
        self._lines = Lines()
        self._link = Link(library, settings, lasting.door.port, self._lines)
        self._data = MarketData(
            self._link, self._lines, lasting.directory, lasting.wanted, lasting.clock, lasting.put,
            settings.line_budget,
        )  # fmt: skip
        self._evidence = Evidence(
            self._link, lasting.book, lasting.clock, lasting.put, lasting.ours
        )
        self._ready = False
        self._servers_up = True
        self._restored: asyncio.Queue[int] = asyncio.Queue()

    async def run(self) -> None:
        """Ends with LinkLost, RequestLate, RequestRefused or OSError, or LiveAccountRefused."""
        try:
            await run_together(
                self._link.batches(self._handle, self._flush), self._link.lost(), self._live()
            )
        finally:
            self._link.close()

    def ended(self, reason: str) -> None:
        """Say what the end of this connection means."""
        self._evidence.link_lost()
        self._lose(reason)

    def expect_answer(self, within_s: float) -> None:
        """Something was sent: look after ``within_s`` whether the broker has spoken."""
        self._evidence.expect_answer(within_s)

    # Life

    async def _live(self) -> None:
        await self._link.open()
        accounts = self._link.accounts
        log.info(LogEvent.BROKER_CONNECTED, accounts=len(accounts))
        reason = live_reason(self._k.door.port, accounts, self._settings.account)
        if reason is not None:
            raise LiveAccountRefused(reason)
        self._evidence.account = AccountState(self._settings.account or accounts[0])
        await self._link.set_market_data_type(self._settings.market_data_type)
        await self._synchronise()
        log.info(LogEvent.BROKER_SYNCHRONISED, unfinished=len(self._k.book.unfinished))
        if self._servers_up:
            self._become_ready()
        await run_together(
            self._data.keep(),
            self._probe(),
            self._keep_reference(),
            self._evidence.settle_doubts(),
            self._recover(),
            self._reconcile(),
        )

    async def _synchronise(self) -> None:
        """Evidence and account values; none may be missing, and each has its own deadline."""
        await self._evidence.gather()
        await self._link.account_values(self._settings.account or self._link.accounts[0])
        self._flush_account()

    async def _reconcile(self) -> None:
        """While connected, everything is compared again and again; by the way of the start."""
        while True:
            await asyncio.sleep(self._settings.reconcile_s)
            if not self._ready:
                continue
            try:
                await self._synchronise()
            except RequestLate:
                if self._ready:
                    raise
                continue  # the servers were lost meanwhile: their return is read up anyway
            log.info(LogEvent.BROKER_RECONCILED, unfinished=len(self._k.book.unfinished))

    async def _probe(self) -> None:
        """A socket can be dead without saying so; a silent one must answer."""
        receiver = self._link.receiver
        while True:
            receiver.bytes_heard = False
            await asyncio.sleep(_PROBE_S)
            self._tell_discards()
            if not receiver.bytes_heard:
                try:
                    await self._link.server_time()
                except RequestLate as error:
                    raise LinkLost("the gateway does not answer any more") from error

    def _tell_discards(self) -> None:
        """Values that no quote can have, since the last time; an empty side is not one of them."""
        nonsense = {name: count for name, count in self._lines.discards.items() if name != NO_PRICE}
        self._lines.discards.clear()
        if nonsense:
            log.warning(LogEvent.BROKER_QUOTE_DISCARDED, **nonsense)

    async def _keep_reference(self) -> None:
        k = self._k
        told: dict[str, Event] = {}
        while True:
            k.directory.forget_expired(new_york(k.clock.now()).date())
            complete = await load_reference(
                self._link, k.directory, k.clock, k.put, told, k.histories
            )
            now = k.clock.now()
            wait_s = (next_refresh(now) - now).total_seconds()
            await self._sleep_by_clock(wait_s if complete else min(wait_s, REFERENCE_RETRY_S))

    async def _sleep_by_clock(self, wait_s: float) -> None:
        """In naps, so that a machine that was suspended does not sleep on."""
        until = self._k.clock.now() + timedelta(seconds=wait_s)
        for _ in range(1 + int(wait_s / _NAP_S_MAX)):
            left_s = (until - self._k.clock.now()).total_seconds()
            await asyncio.sleep(max(0.0, min(left_s, _NAP_S_MAX)))

    async def _recover(self) -> None:
        """The gateway reaches its servers again: nothing from before is believed unread."""
        while True:
            code = await self._restored.get()
            since_s = self._link.loop_s
            self._k.book.forget_questions()  # their answers were lost, if there were any
            await self._synchronise()
            log.info(LogEvent.BROKER_SYNCHRONISED, unfinished=len(self._k.book.unfinished))
            if not self._servers_up:
                continue
            if code == _DATA_LOST:
                await self._data.replace(list(self._lines.active))
            self._become_ready()
            if code != _DATA_LOST:
                await self._data.verify(since_s)

    # Edges

    def _become_ready(self) -> None:
        if not self._evidence.complete:
            raise NotReconciled("ready before everything was read")
        if not self._ready:
            self._ready = self.was_ready = self._evidence.trusted = True
            self._k.sender.link = self._link
            self._k.put(BrokerReady(self._k.clock.now()))
            log.info(LogEvent.BROKER_READY)

    def _lose(self, reason: str) -> None:
        self._k.sender.link = None
        self._evidence.trusted = False
        if self._ready:
            self._ready = False
            self._k.put(BrokerLost(self._k.clock.now(), reason))
            log.warning(LogEvent.BROKER_LOST, reason=reason)

    def _servers_lost(self, code: int, text: str) -> None:
        """Repeated every few seconds while it lasts; only the first one is news."""
        if self._servers_up:
            self._servers_up = False
            self._k.book.forget_absences()
            self._lines.blank_all()
            self._lose(f"{code}: {text}")

    def _servers_back(self, code: int, text: str) -> None:
        if not self._servers_up:
            self._servers_up = True
            self._restored.put_nowait(code)
            log.info(LogEvent.BROKER_MESSAGE, code=code, text=text)

    # Reading

    def _flush(self) -> None:
        if not self._ready:
            return
        at, put = self._k.clock.now(), self._k.put
        for contract, quote in self._lines.take_news(at, self._link.loop_s):
            put(QuoteUpdated(at, contract, quote))
        self._flush_account()

    def _flush_account(self) -> None:
        news = self._evidence.account.take_news(self._k.clock.now())
        if news is not None:
            self._k.put(news)

    def _handle(self, name: str, args: tuple[Any, ...]) -> None:
        if name == "error":
            self._error(*args)
        elif name == "managedAccounts":
            self._accounts_named(*args)
        elif name == "marketDataType":
            log.info(LogEvent.BROKER_DATA_TYPE, data_type=args[1])
        else:
            self._evidence.handle(name, args)

    def _accounts_named(self, text: str) -> None:
        """The gateway may name other accounts at any time; on a live one nothing goes on, and where
        none is pinned the first one is traded on: another one needs everything read anew.
        """
        before = self._link.accounts
        self._link.accounts = tuple(filter(None, text.split(",")))
        reason = live_reason(self._k.door.port, self._link.accounts, self._settings.account)
        if reason is not None:
            self._link.doom(LiveAccountRefused(reason))
        elif not self._settings.account and before[:1] not in ((), self._link.accounts[:1]):
            self._link.doom(LinkLost("the gateway names another account first"))

    def _error(self, req_id: int, code: int, text: str, *_: object) -> None:
        contract = self._lines.contract_of(req_id)
        if code in _SERVERS_LOST:
            self._servers_lost(code, text)
        elif code in _SERVERS_BACK:
            self._servers_back(code, text)
        elif code == _CLIENT_ID_IN_USE:
            self._link.doom(ClientIdInUse(text))
        elif code == MOVED and self._k.door.moved(text):
            self._link.doom(LinkLost(f"{code}: {text}"))
        elif contract is not None:
            self._data.failed(contract, code, text)
        elif code not in _QUIET:
            if not self.was_ready:
                self._link.blame(f"{code}: {text}")
            tell = log.warning if code in _TROUBLES else log.info
            tell(LogEvent.BROKER_MESSAGE, code=code, text=text, id=req_id)
            self._evidence.order_error(req_id, code, text)
