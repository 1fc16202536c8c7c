"""One connection to the gateway: requests, answers, deadlines, pace, until it is lost.

Made new for every attempt, so that nothing of an older connection can answer. Keeps no queue of its
own and lets the library keep none: what is sent goes to the socket now or not at all.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol

from bot.broker.frames import FrameWatch
from bot.broker.lines import Lines
from bot.broker.receiver import Message, Receiver
from bot.broker.seal import Seal
from bot.broker.translate import Fields, Ticket

_WINDOW_S = 1.0  # the gateway counts messages per second and refuses more than 50
_CHORES_MAX = 30  # of which requests may use so many,
_ORDERS_MAX = 42  # new and modified orders a few more,
_CANCELS_MAX = 48  # and cancels have the last word
_TICK_S = 0.001

# Rows of answers and the messages that end them: by request id, or by name where there is no id.
_ROWS = frozenset({"contractDetails", "historicalData", "securityDefinitionOptionParameter"})
_ENDS_BY_ID = frozenset(
    {
        "contractDetailsEnd", "historicalDataEnd", "securityDefinitionOptionParameterEnd",
        "execDetailsEnd",
    }
)  # fmt: skip
_ENDS_BY_NAME = frozenset(
    {"positionEnd", "openOrderEnd", "completedOrdersEnd", "accountDownloadEnd", "currentTime"}
)


class LinkSettings(Protocol):
    """The part of the settings that a connection needs."""

    @property
    def host(self) -> str: ...
    @property
    def client_id(self) -> int: ...
    @property
    def connect_timeout_s(self) -> float: ...
    @property
    def request_timeout_s(self) -> float: ...


class LinkLost(Exception):
    """The connection ended, or is to be treated as if it had."""


class RequestRefused(Exception):
    """The gateway answered a request with an error."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text


class RequestLate(Exception):
    """No complete answer within the deadline; a later one is ignored."""


class _Answer:
    """Rows of an answer that is still coming in."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.rows: list[Any] = []
        self.done: asyncio.Future[list[Any]] = loop.create_future()


class Link:
    """``library`` is the client library: its Client, Contract, ComboLeg, Order, ExecutionFilter."""

    def __init__(self, library: Any, settings: LinkSettings, port: int, lines: Lines) -> None:
        self.accounts: tuple[str, ...] = ()
        self._library = library
        self._settings = settings
        self._port = port
        self._loop = asyncio.get_running_loop()
        self._arrived = asyncio.Event()
        self._lost: asyncio.Future[None] = self._loop.create_future()
        self._answers: dict[int | str, _Answer] = {}
        self._one_at_a_time: dict[str, asyncio.Lock] = {}
        self._sent_at: deque[float] = deque()
        self._why_lost = ""
        self._doom: Exception | None = None
        self.receiver = Receiver(lines, self._arrived.set, self._lose)
        self.client: Any = library.Client(self.receiver)
        self._seal = Seal(self.client, self.doom)
        self.client.MaxRequests = 0  # its queue can lose orders; the pace is kept here
        self._frames = FrameWatch()
        self.client.conn.hasData.connect(self._watch_frames)
        self.client.apiError.connect(self._note_version)

    # Connecting and losing

    async def open(self) -> None:
        """Returns when the gateway has named accounts and the next id. Raises LinkLost, OSError."""
        s = self._settings
        self.blame("no answer to the handshake")
        attempt = asyncio.ensure_future(
            self.client.connectAsync(s.host, self._port, s.client_id, s.connect_timeout_s)
        )
        try:
            await asyncio.wait({attempt, self._lost}, return_when=asyncio.FIRST_COMPLETED)
            if not attempt.done():
                await self.lost()
            attempt.result()
            self.accounts = tuple(self.client.getAccounts())
            self.blame("")
        except TimeoutError:
            raise LinkLost(self._why_lost) from None
        finally:
            attempt.cancel()
            await asyncio.wait({attempt})

    def blame(self, reason: str) -> None:
        """What the gateway said last; becomes the reason if the connection goes now."""
        self._why_lost = reason

    def doom(self, error: Exception) -> None:
        """Give the connection up for the reason ``error``."""
        self._doom = error
        self._lose()

    def _note_version(self, text: str) -> None:
        """The library hangs up on gateways that are too old, and says so only here."""
        if "version" in text:
            self.blame(f"refused by the client library: {text}")

    def _watch_frames(self, data: bytes) -> None:
        if (length := self._frames.feed(data)) is not None:
            self.doom(LinkLost(f"the gateway announced a frame of {length} bytes"))

    def _lose(self) -> None:
        if not self._lost.done():
            self._lost.set_result(None)
        self._arrived.set()

    async def lost(self) -> None:
        """Raises LinkLost once the connection has ended."""
        await asyncio.shield(self._lost)
        raise self._doom or LinkLost(self._why_lost or "the connection was closed")

    def close(self) -> None:
        """Give up the connection; every open request fails."""
        self._lose()
        self.client.disconnect()
        for answer in self._answers.values():
            if not answer.done.done():
                answer.done.set_exception(LinkLost(self._why_lost or "closed"))
                answer.done.exception()  # seen: nobody may be waiting any more
        self._answers.clear()

    @property
    def alive(self) -> bool:
        return not self._lost.done() and bool(self.client.isReady())

    @property
    def loop_s(self) -> float:
        return self._loop.time()

    # Reading

    async def batches(
        self, handle: Callable[[str, tuple[Any, ...]], None], flush: Callable[[], None]
    ) -> None:
        """Hand every message to ``handle``, in order, then ``flush`` once per batch; for ever."""
        messages = self.receiver.messages
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while messages:
                message = messages.popleft()
                if not self._answered(message):
                    handle(*message)
            flush()

    def _answered(self, message: Message) -> bool:
        """Whether the message was part of an answer and of nothing else."""
        name, args = message
        if name in _ROWS:
            if (answer := self._answers.get(args[0])) is not None:
                answer.rows.append(args[1:] if len(args) > 2 else args[1])
            return True
        if name in _ENDS_BY_ID:
            return self._finish(args[0])
        if name in _ENDS_BY_NAME:
            return self._finish(name, args)
        if name == "error" and args[0] in self._answers and not is_notice(args[1]):
            answer = self._answers.pop(args[0])
            if not answer.done.done():
                answer.done.set_exception(RequestRefused(args[1], args[2]))
            return True
        return False

    def _finish(self, key: int | str, rows: tuple[Any, ...] = ()) -> bool:
        answer = self._answers.pop(key, None)
        if answer is not None and not answer.done.done():
            answer.done.set_result([*answer.rows, *rows])
        return True

    # Asking

    async def contract_details(self, fields: Fields) -> list[Any]:
        """All listed matches. Raises RequestRefused (200: there is none)."""
        contract = self._library.Contract(**fields)
        return await self._ask(lambda key: self.client.reqContractDetails(key, contract))

    async def option_parameters(self, symbol: str, sec_type: str, con_id: int) -> list[Any]:
        """Tuples of exchange, underlying id, trading class, multiplier, expirations, strikes."""
        return await self._ask(
            lambda key: self.client.reqSecDefOptParams(key, symbol, "", sec_type, con_id)
        )

    async def daily_bars(self, fields: Fields, duration: str) -> list[Any]:
        """Of trades; of a currency pair, which has none, the middle of its quotes."""
        contract = self._library.Contract(**fields)
        what = "MIDPOINT" if fields["secType"] == "CASH" else "TRADES"
        return await self._ask(
            lambda key: self.client.reqHistoricalData(
                key, contract, "", duration, "1 day", what, 1, 1, False, []
            )
        )

    async def past_bars(self, fields: Fields, end: str, duration: str, size: str) -> list[Any]:
        """Of trades in regular hours before ``end`` (empty: now); days as dates, moments as epoch
        seconds.
        """
        contract = self._library.Contract(**fields)
        return await self._ask(
            lambda key: self.client.reqHistoricalData(
                key, contract, end, duration, size, "TRADES", 1, 2, False, []
            )
        )

    async def positions(self) -> None:
        await self._ask_by_name("positionEnd", self.client.reqPositions)

    async def open_orders(self) -> None:
        await self._ask_by_name("openOrderEnd", self.client.reqAllOpenOrders)

    async def completed_orders(self) -> None:
        await self._ask_by_name("completedOrdersEnd", lambda: self.client.reqCompletedOrders(False))

    async def executions(self) -> None:
        everything = self._library.ExecutionFilter()
        await self._ask(lambda key: self.client.reqExecutions(key, everything))

    async def account_values(self, account: str) -> None:
        """All of them, also when they are subscribed to already."""

        def subscribe() -> None:
            self._stamp()
            self.client.reqAccountUpdates(False, account)
            self.client.reqAccountUpdates(True, account)

        await self._ask_by_name("accountDownloadEnd", subscribe)

    async def server_time(self) -> datetime:
        """The gateway's clock, to a second."""
        (seconds,) = await self._ask_by_name("currentTime", self.client.reqCurrentTime)
        return datetime.fromtimestamp(int(seconds), UTC)

    async def _ask(self, send: Callable[[int], None]) -> list[Any]:
        await self._pause()
        key = self.next_id()
        return await self._answer(key, lambda: send(key))

    async def _ask_by_name(self, end: str, send: Callable[[], None]) -> list[Any]:
        """The protocol has no ids for these: one question of a kind at a time."""
        await self._pause()
        async with self._one_at_a_time.setdefault(end, asyncio.Lock()):
            return await self._answer(end, send)

    async def _answer(self, key: int | str, send: Callable[[], None]) -> list[Any]:
        if not self.alive:
            raise LinkLost(self._why_lost or "not connected")
        answer = self._answers[key] = _Answer(self._loop)
        try:
            self._stamp()
            send()
            async with asyncio.timeout(self._settings.request_timeout_s):
                return await answer.done
        except TimeoutError:
            raise RequestLate(f"no answer in {self._settings.request_timeout_s:g} s") from None
        finally:
            if self._answers.get(key) is answer:
                del self._answers[key]

    # Telling

    async def set_market_data_type(self, data_type: int) -> None:
        await self._pause()
        self._stamp()
        self.client.reqMarketDataType(data_type)

    async def open_line(self, fields: Fields, on_id: Callable[[int], None]) -> None:
        """Ask for market data.

        ``on_id`` learns the request id before anything can arrive for it.
        """
        await self._pause()
        req_id = self.next_id()
        on_id(req_id)
        self._stamp()
        self.client.reqMktData(req_id, self._library.Contract(**fields), "", False, False, [])

    async def close_line(self, req_id: int) -> None:
        await self._pause()
        self._stamp()
        self.client.cancelMktData(req_id)

    def next_id(self) -> int:
        """A number for a request or an order: both come from one sequence."""
        return int(self.client.getReqId())

    def ids_beyond(self, used: int) -> None:
        """Never again hand out an id up to ``used``."""
        self.client.updateReqId(used + 1)

    def send_order(self, order_id: int, ticket: Ticket) -> None:
        """New and modified orders alike. Only the sender calls this, after all its checks."""
        contract = self._library.Contract(**ticket.contract)
        contract.comboLegs = [self._library.ComboLeg(**leg) for leg in ticket.legs]
        self._stamp()
        with self._seal.passing():
            self.client.placeOrder(order_id, contract, self._library.Order(**ticket.order))

    def send_cancel(self, order_id: int) -> None:
        self._stamp()
        with self._seal.passing():
            self.client.cancelOrder(order_id)

    # Pace

    def room_for_order(self) -> bool:
        return self._sent_lately() < _ORDERS_MAX

    def room_for_cancel(self) -> bool:
        return self._sent_lately() < _CANCELS_MAX

    def blockage(self) -> str | None:
        """Why a frame written now might not reach the gateway."""
        transport = self.client.conn.transport
        if transport is None or transport.is_closing():
            return "the connection is closing"
        waiting = transport.get_write_buffer_size()
        return f"{waiting} bytes have not left yet" if waiting else None

    def _sent_lately(self) -> int:
        now, sent = self._loop.time(), self._sent_at
        while sent and now - sent[0] > _WINDOW_S:
            sent.popleft()
        return len(sent)

    def _chore_wait_s(self) -> float:
        """Seconds until one more request fits; 0 when it does."""
        if self._sent_lately() < _CHORES_MAX:
            return 0.0
        return self._sent_at[0] + _WINDOW_S - self._loop.time() + _TICK_S

    def _stamp(self) -> None:
        self._sent_at.append(self._loop.time())

    async def _pause(self) -> None:
        while True:
            if (wait_s := self._chore_wait_s()) <= 0:
                break
            await asyncio.sleep(wait_s)
        if not self.alive:
            raise LinkLost(self._why_lost or "not connected")


def is_notice(code: int) -> bool:
    """Codes that inform about a service or a subscription and never end a request."""
    return 2100 <= code < 2200 or code in (10167, 10197)
