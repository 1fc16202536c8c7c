"""What the desk must know before it can think: chains, futures, hours, closes. Asked, not heard.

Decides when to ask (at the start, before every open, after every close) and what to drop from the
answers: expired series, weekly futures, the bar of a session that is still going on.
"""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import structlog

from bot.broker.hours import sessions_from_ib
from bot.broker.link import Link, RequestLate, RequestRefused
from bot.broker.qualify import NO_DEFINITION, Directory
from bot.broker.translate import Fields, contract_fields, contract_from_ib, date_from_ib
from bot.logs import LogEvent
from bot.ports import Clock
from domain.events import (
    ChainListed,
    DailyClosesLoaded,
    Event,
    FuturesListed,
    HoursReported,
)
from domain.instruments import SPX, VIX, Contract, stock
from domain.session import at_new_york, new_york

log = structlog.get_logger()

REFERENCE_RETRY_S = 300.0
_CHAINS = ((SPX, "SPXW"), (VIX, "VIX"))
_CLOSES = (VIX, SPX, stock("VIXY"))
_HISTORY = "2 Y"  # the longest look-back of the rules is a year of sessions
_BEFORE_OPEN, _AFTER_CLOSE = time(8, 30), time(17, 0)
_CLOSE_FINAL = time(16, 30)  # a bar of today is final when index options have closed
_VX_FUTURES: Fields = {
    "symbol": "VIX", "secType": "FUT", "exchange": "CFE", "currency": "USD", "tradingClass": "VX",
}  # fmt: skip


def next_refresh(now: datetime) -> datetime:
    """The next 08:30 or 17:00 New York of a weekday, strictly after ``now``."""
    day = new_york(now).date()
    while True:
        if day.weekday() < 5:
            for clock in (_BEFORE_OPEN, _AFTER_CLOSE):
                at = at_new_york(day, clock)
                if at > now:
                    return at
        day += timedelta(days=1)


async def load_reference(
    link: Link,
    directory: Directory,
    clock: Clock,
    put: Callable[[Event], None],
    told: dict[str, Event],
) -> bool:
    """Ask for everything, one event per answer. False when something should be asked again soon.

    What the broker does not list is logged and left out for good. ``told`` holds the last answers
    that were put, and is updated: what has not changed is not told again.
    """
    questions: list[tuple[str, Coroutine[Any, Any, Event]]] = [
        *((f"chain {name}", _chain(link, directory, clock, c, name)) for c, name in _CHAINS),
        ("hours SPX", _hours(link, clock)),
        ("futures VX", _futures(link, directory, clock)),
        *((f"closes {c.symbol}", _closes(link, directory, clock, c)) for c in _CLOSES),
    ]
    complete = True
    try:
        while questions:
            what, question = questions.pop(0)
            try:
                news = await question
                before = told.get(what)
                if before is None or replace(before, at=news.at) != news:
                    told[what] = news
                    put(news)
            except (RequestRefused, RequestLate) as error:
                log.warning(LogEvent.BROKER_ERROR, request=what, text=str(error))
                complete &= isinstance(error, RequestRefused) and error.code == NO_DEFINITION
    finally:
        for _, question in questions:
            question.close()
    return complete


def final_closes(bars: Sequence[object], now: datetime) -> tuple[tuple[date, float], ...]:
    """Date and close of finished sessions, oldest first.

    A bar without a believable close is left out.
    """
    today = new_york(now)
    last = today.date() if today.time() >= _CLOSE_FINAL else today.date() - timedelta(days=1)
    closes: dict[date, float] = {}
    for bar in bars:
        day = date_from_ib(str(getattr(bar, "date", "")).replace("-", ""))
        close = float(getattr(bar, "close", 0.0))
        if day is not None and day <= last and 0.0 < close < 1e9:
            closes[day] = close
    return tuple(sorted(closes.items()))


async def _chain(
    link: Link, directory: Directory, clock: Clock, underlying: Contract, trading_class: str
) -> ChainListed:
    con_id = await _con_id(link, directory, clock, underlying)
    answer = await link.option_parameters(underlying.symbol, underlying.kind.value, con_id)
    today = new_york(clock.now()).date()
    expirations: set[date] = set()
    strikes: set[float] = set()
    for _exchange, _under, listed_class, _multiplier, days, listed_strikes in answer:
        if listed_class == trading_class:
            listed = (date_from_ib(day) for day in days)
            expirations.update(day for day in listed if day is not None and day >= today)
            strikes.update(strike for strike in listed_strikes if strike > 0)
    return ChainListed(
        clock.now(), underlying.symbol, trading_class,
        tuple(sorted(expirations)), tuple(sorted(strikes)),
    )  # fmt: skip


async def _futures(link: Link, directory: Directory, clock: Clock) -> FuturesListed:
    today = new_york(clock.now()).date()
    listed: dict[date, Contract] = {}
    for details in await link.contract_details(_VX_FUTURES):
        contract = contract_from_ib(details.contract)
        if contract is None or contract.trading_class != "VX" or contract.expiration is None:
            continue
        if contract.expiration >= today:
            directory.remember(contract, int(details.contract.conId))
            listed[contract.expiration] = contract
    return FuturesListed(clock.now(), tuple(listed[day] for day in sorted(listed)))


async def _hours(link: Link, clock: Clock) -> HoursReported:
    """Of the index: its options trade as long or longer."""
    (details, *_) = await link.contract_details(contract_fields(SPX))
    sessions = sessions_from_ib(str(details.liquidHours), str(details.timeZoneId))
    return HoursReported(clock.now(), sessions)


async def _closes(
    link: Link, directory: Directory, clock: Clock, contract: Contract
) -> DailyClosesLoaded:
    con_id = await _con_id(link, directory, clock, contract)
    bars = await link.daily_bars(contract_fields(contract, con_id), _HISTORY)
    now = clock.now()
    return DailyClosesLoaded(now, contract.symbol, final_closes(bars, now))


async def _con_id(link: Link, directory: Directory, clock: Clock, contract: Contract) -> int:
    if contract not in directory.ids:
        today = new_york(clock.now()).date()
        if refused := await directory.resolve(link, [contract], today):
            raise RequestRefused(NO_DEFINITION, refused[0][1])
    return directory.ids[contract]
