"""A connection for questions about the past only: paper accounts only, and no way to send an order.

Decides which refusals are worth waiting out. Knows nothing of where answers are kept.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from math import isfinite
from typing import Any, Protocol

from bot.broker.guard import live_reason
from bot.broker.ib import load_library
from bot.broker.lines import Lines
from bot.broker.link import Link, LinkLost, LinkSettings, RequestLate, RequestRefused, is_notice
from bot.broker.pacing import Pace
from bot.broker.together import run_together
from bot.broker.translate import Fields, date_from_ib
from bot.ports import LiveAccountRefused
from domain.instruments import Contract
from domain.session import at_new_york, new_york

CLIENT_ID_OFFSET = 101  # a daemon's own id is never taken, and its orders are never seen
ANSWER_S = 60.0  # years of bars take longer than any question of the daemon

_BACKOFFS_S = (60.0, 120.0, 240.0, 480.0)  # after a complaint; together more than ten minutes
_RETRY_S = 15.0
_ENDS = frozenset({326, 1100, 1300, 2110})  # our id is taken, the servers are lost, the port moved
_NO_DEFINITION, _NO_BARS, _BAD_BARS = 200, 162, 420
_COMPETING = 10197  # another login takes the quotes
_NOT_SUBSCRIBED = frozenset({354, 10089, 10090, 10168, 10186})
_PRICE_MAX = 1e9
_DAY_SIGNS, _EPOCH_SIGNS = 8, 10
_BAR_SIZES = {1: "1 min", 60: "1 hour"}


class Refusal(StrEnum):
    """Why the broker does not give something."""

    UNKNOWN = "unknown contract"
    NO_DATA = "no data"
    NO_PERMISSION = "no permission"
    PACING = "too many questions"
    CANCELED = "canceled by the gateway"
    LATE = "no answer"
    OTHER = "refused"


class NotServed(Exception):
    """The broker does not give this; whatever else was asked for may still come."""

    def __init__(self, why: Refusal, text: str) -> None:
        super().__init__(f"{why}: {text}")
        self.why = why


class FetchSettings(LinkSettings, Protocol):
    """What such a connection needs of the configuration."""

    @property
    def port(self) -> int: ...
    @property
    def account(self) -> str: ...
    @property
    def library(self) -> str: ...
    @property
    def market_data_type(self) -> int: ...


@dataclass(frozen=True, slots=True)
class PastBar:
    """``start`` is UTC; of a daily bar the midnight of its day in New York. ``volume`` is ``None``
    where the broker knows none.
    """

    start: datetime
    open: float
    high: float
    low: float
    close: float
    volume: float | None

    @property
    def on(self) -> date:
        """The day in New York."""
        return new_york(self.start).date()


def refusal(code: int, text: str) -> Refusal:
    """What an error means; 162 has one number for everything and says which only in words."""
    words = text.lower()
    if code == _NO_DEFINITION:
        return Refusal.UNKNOWN
    if code == _BAD_BARS or "pacing" in words:
        return Refusal.PACING
    if code in _NOT_SUBSCRIBED or "permission" in words or "subscribe" in words:
        return Refusal.NO_PERMISSION
    if code == _NO_BARS and "cancelled" in words:
        return Refusal.CANCELED
    return Refusal.NO_DATA if code == _NO_BARS and "no data" in words else Refusal.OTHER


def bars_from_ib(rows: Sequence[Any]) -> list[PastBar]:
    """Bars in order of time. What cannot be prices is left out."""
    found: dict[datetime, PastBar] = {}
    for row in rows:
        start = _start(str(getattr(row, "date", "")))
        prices = [float(getattr(row, name, 0.0)) for name in ("open", "high", "low", "close")]
        if start is None or not all(0.0 < price < _PRICE_MAX for price in prices):
            continue
        opened, high, low, close = prices
        if low <= high:
            volume = float(getattr(row, "volume", -1))
            known = volume if isfinite(volume) and volume > 0 else None
            found[start] = PastBar(start, opened, high, low, close, known)
    return [found[start] for start in sorted(found)]


class Inquiry:
    """What may be asked on one connection. Raises NotServed for what the broker does not give,
    LinkLost when the connection is over.
    """

    def __init__(self, link: Link, lines: Lines, pace: Pace) -> None:
        self.lines = lines
        self.link = link
        self.line_errors: dict[Contract, tuple[int, str]] = {}  # since somebody last cleared it
        self._pace = pace

    async def daily(self, fields: Fields, last: date, duration: str) -> list[PastBar]:
        """Bars of days up to ``last``."""
        return await self._bars(fields, _end(last), duration, "1 day")

    async def intraday(
        self, fields: Fields, last: date, duration: str, minutes: int
    ) -> list[PastBar]:
        """Bars of ``minutes`` up to the end of ``last``."""
        size = _BAR_SIZES.get(minutes, f"{minutes} mins")
        return await self._bars(fields, _end(last), duration, size)

    async def details(self, fields: Fields) -> list[Any]:
        """Everything listed that matches; not one of the questions the broker counts."""
        return await self._asked(lambda: self.link.contract_details(fields))

    async def option_parameters(self, symbol: str, sec_type: str, con_id: int) -> list[Any]:
        """As the link's."""
        return await self._asked(lambda: self.link.option_parameters(symbol, sec_type, con_id))

    async def _bars(self, fields: Fields, end: str, duration: str, size: str) -> list[PastBar]:
        name = " ".join(str(fields[key]) for key in sorted(fields))

        async def ask() -> list[Any]:
            await self._pace.turn(name, f"{end} {duration} {size}")
            return await self.link.past_bars(fields, end, duration, size)

        return bars_from_ib(await self._asked(ask))

    async def _asked(self, ask: Callable[[], Awaitable[list[Any]]]) -> list[Any]:
        """Patient with complaints about the pace, less so with silence, not at all with a no."""
        waits = list(_BACKOFFS_S)
        retried = False
        while True:
            try:
                return await ask()
            except RequestRefused as error:
                why, text = refusal(error.code, error.text), error.text
            except RequestLate as error:
                why, text = Refusal.LATE, str(error)
            if why is Refusal.PACING and waits:
                await self._pace.rest(waits.pop(0))
            elif why in (Refusal.LATE, Refusal.CANCELED) and not retried:
                retried = True
                await self._pace.rest(_RETRY_S)
            else:
                raise NotServed(why, text)


async def inquire(
    settings: FetchSettings, pace: Pace, work: Callable[[Inquiry], Awaitable[None]]
) -> None:
    """Connect, make sure that it is a paper account, and let ``work`` ask until it is done.

    Raises LiveAccountRefused before any question, LinkLost and OSError.
    """
    lines = Lines()
    link = Link(load_library(settings.library), settings, settings.port, lines)
    inquiry = Inquiry(link, lines, pace)

    def guard() -> LiveAccountRefused | None:
        reason = live_reason(settings.port, link.accounts, settings.account)
        return None if reason is None else LiveAccountRefused(reason)

    def handle(name: str, args: tuple[Any, ...]) -> None:
        if name == "managedAccounts":
            link.accounts = tuple(filter(None, args[0].split(",")))
            if (refused := guard()) is not None:
                link.doom(refused)
        elif name == "error":
            _error(inquiry, *args[:3])

    async def live() -> None:
        await link.open()
        if (refused := guard()) is not None:
            raise refused
        await link.set_market_data_type(settings.market_data_type)
        await work(inquiry)

    try:
        await run_together(link.batches(handle, lambda: None), link.lost(), live())
    finally:
        link.close()


def _error(inquiry: Inquiry, req_id: int, code: int, text: str) -> None:
    contract = inquiry.lines.contract_of(req_id)
    if code in _ENDS:
        inquiry.link.doom(LinkLost(f"{code}: {text}"))
    elif contract is not None and (code == _COMPETING or not is_notice(code)):
        inquiry.line_errors[contract] = code, text
    elif contract is None:
        inquiry.link.blame(f"{code}: {text}")


def _end(last: date) -> str:
    """The last second of a day, in words that every version of the gateway reads."""
    return f"{last:%Y%m%d} 23:59:59 US/Eastern"


def _start(text: str) -> datetime | None:
    """``20180205`` or epoch seconds."""
    if text.isdecimal() and _DAY_SIGNS < len(text) <= _EPOCH_SIGNS:
        return datetime.fromtimestamp(int(text), UTC)
    day = date_from_ib(text) if len(text) == _DAY_SIGNS else None
    return None if day is None else at_new_york(day, time())
