"""The paper account at Interactive Brokers. The only module that names the client library.

Only the library's Client is used: its connection and its decoder. Its picture of orders and tickers
is not, because an error about a living order ends that order there, and a correction fills it
twice.
"""

import asyncio
import importlib
import logging
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, Protocol

import structlog

from bot.broker.door import Door
from bot.broker.link import LinkLost, RequestLate, RequestRefused
from bot.broker.market_data import Wanted
from bot.broker.orders import OrderBook
from bot.broker.qualify import Directory
from bot.broker.sending import Sender
from bot.broker.session import ClientIdInUse, Lasting, Session, SessionSettings
from bot.logs import LogEvent
from bot.ports import BrokerUnavailable, Clock, OrderGate
from domain.events import Event, LimitModified
from domain.instruments import Contract
from domain.orders import Order

log = structlog.get_logger()

ORDER_DEADLINE = timedelta(seconds=30)  # for the broker to answer for an order, a change, a cancel
_ID_RELEASE_S = 10.0  # a gateway may take so long to let go of the client id of a lost connection
_SAY_EVERY_S = 60.0
_DECODER_LINES_MAX = 20


class IbSettings(SessionSettings, Protocol):
    """What the adapter reads of the configuration."""

    @property
    def library(self) -> str: ...
    @property
    def backoff_s_first(self) -> float: ...
    @property
    def backoff_s_max(self) -> float: ...


class EventSink(Protocol):
    def put(self, event: Event) -> None: ...


class IbBroker:
    """Implements ``bot.ports.Broker``. ``rng`` spreads the reconnects; seed it to repeat a run."""

    def __init__(
        self,
        settings: IbSettings,
        clock: Clock,
        inbox: EventSink,
        gate: OrderGate,
        rng: random.Random | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        # Spreads reconnects in time; nothing secret depends on it, so it may be repeatable.
        self._rng = rng or random.Random(settings.client_id)  # noqa: S311  # no secret: see above
        self._book = OrderBook(settings.client_id, ORDER_DEADLINE)
        self._door = Door(settings.port)
        self._held: Callable[[], Mapping[Contract, int]] | None = None
        directory = Directory()
        self._sender = Sender(self._door, settings.account, clock, gate, self._book, directory.ids)
        self._wanted = Wanted()
        self._lasting = Lasting(
            clock, inbox.put, self._book, directory, self._sender, self._wanted, self._door,
            lambda: None if self._held is None else self._held(),
        )  # fmt: skip
        self._session: Session | None = None
        self._failures = 0
        self._said_at_s = float("-inf")
        self._said: LogEvent | None = None

    async def run(self) -> None:
        """Connect, synchronise, keep connected; for ever. Raises LiveAccountRefused."""
        library = load_library(self._settings.library)
        while True:
            session = self._session = Session(library, self._settings, self._lasting)
            try:
                await session.run()
            except (LinkLost, RequestLate, RequestRefused, OSError) as error:
                reason, in_use = (
                    str(error) or type(error).__name__,
                    isinstance(error, ClientIdInUse),
                )
            else:
                reason, in_use = "the session ended", False
            finally:
                self._session = None
                self._sender.link = None
            session.ended(reason)
            self._door.tried(successfully=session.was_ready)
            self._failures = 0 if session.was_ready else self._failures + 1
            self._say(reason, in_use=in_use)
            await asyncio.sleep(self._delay_s(in_use=in_use))

    def adopt(self, orders: Sequence[Order]) -> None:
        """Orders of earlier lives, before ``run``."""
        for order in orders:
            self._book.adopt(order)

    def compare_with(self, held: Callable[[], Mapping[Contract, int]]) -> None:
        """Until it is told, no order is ever thought to have been lost."""
        self._held = held

    def ask_margin(self, order: Order) -> None:
        """Raises BrokerUnavailable, LiveAccountRefused."""
        self._sender.ask_margin(order)

    def place(self, order: Order) -> int:
        """Send a new order once. Raises BrokerUnavailable, LiveAccountRefused."""
        order_id = self._sender.place(order)
        self._expect_answer()
        return order_id

    def modify(self, order_ref: str, limit: Decimal) -> None:
        """Ask for another limit. Raises BrokerUnavailable, LiveAccountRefused."""
        try:
            self._sender.modify(order_ref, limit)
        except BrokerUnavailable:
            # The desk has recorded the new limit already: tell it which one is in force.
            if (tracked := self._book.find(order_ref)) is not None:
                holds = tracked.limit if tracked.asked_limit is None else tracked.asked_limit
                self._lasting.put(LimitModified(self._clock.now(), order_ref, holds))
            raise
        self._expect_answer()

    def cancel(self, order_ref: str) -> None:
        self._sender.cancel(order_ref)
        self._expect_answer()

    def watch(self, contracts: Sequence[Contract]) -> None:
        self._wanted.declare(tuple(contracts))

    def _expect_answer(self) -> None:
        if self._session is not None:
            self._session.expect_answer(ORDER_DEADLINE.total_seconds())

    def _delay_s(self, *, in_use: bool) -> float:
        """Doubles from the first to the longest.

        Half of it is chance, so that daemons spread out.
        """
        s = self._settings
        delay_s = min(s.backoff_s_max, s.backoff_s_first * 2.0 ** min(self._failures, 16))
        delay_s *= 0.5 + 0.5 * self._rng.random()
        return max(delay_s, _ID_RELEASE_S) if in_use else delay_s

    def _say(self, reason: str, *, in_use: bool) -> None:
        """An absent gateway is worth one line a minute, not one an attempt."""
        now_s = asyncio.get_running_loop().time()
        name = LogEvent.BROKER_CLIENT_ID_IN_USE if in_use else LogEvent.BROKER_UNREACHABLE
        if name is self._said and now_s - self._said_at_s < _SAY_EVERY_S:
            return
        self._said_at_s, self._said = now_s, name
        log.warning(
            name,
            host=self._settings.host,
            port=self._door.port,
            client_id=self._settings.client_id,
            reason=reason,
            attempts=self._failures,
        )


class _Few(logging.Filter):
    """Lets the first few records of a logger pass.

    A message that cannot be decoded comes in floods.
    """

    def __init__(self) -> None:
        super().__init__()
        self._left = _DECODER_LINES_MAX

    def filter(self, record: logging.LogRecord) -> bool:
        self._left -= 1
        return self._left >= 0


def load_library(name: str) -> Any:
    """The client library, with its own talk turned down: what matters is logged here.

    Raises ImportError for a library that is not installed.
    """
    if name not in ("ib_async", "ib_insync"):
        raise ValueError(f"no client library {name!r}: ib_async or ib_insync")
    # ib_insync asks the policy for a loop, at import and later, and would not find the running one.
    asyncio.set_event_loop(asyncio.get_running_loop())
    library = importlib.import_module(name)
    logging.getLogger(f"{name}.client").setLevel(logging.CRITICAL)
    decoder = logging.getLogger(f"{name}.Decoder")
    if not decoder.filters:
        decoder.addFilter(_Few())
    return library
