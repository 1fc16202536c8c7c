"""What the desk must know before it can think: chains, futures, hours, closes. Asked, not heard.

Decides what to drop from the answers: expired series, weekly futures. Closes are ``histories``'.
"""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import structlog

from bot.broker.histories import Histories
from bot.broker.hours import sessions_from_ib
from bot.broker.link import Link, RequestLate, RequestRefused
from bot.broker.qualify import NO_DEFINITION, Directory
from bot.broker.translate import Fields, contract_fields, contract_from_ib, date_from_ib
from bot.logs import LogEvent
from bot.ports import Clock
from domain.events import (
    ChainListed,
    Event,
    FuturesListed,
    HoursReported,
)
from domain.instruments import SPX, VIX, Contract
from domain.session import new_york

log = structlog.get_logger()

REFERENCE_RETRY_S = 300.0
_CHAINS = ((SPX, "SPXW"), (VIX, "VIX"))
_VX_FUTURES: Fields = {
    "symbol": "VIX", "secType": "FUT", "exchange": "CFE", "currency": "USD", "tradingClass": "VX",
}  # fmt: skip


async def load_reference(
    link: Link,
    directory: Directory,
    clock: Clock,
    put: Callable[[Event], None],
    told: dict[str, Event],
    histories: Histories,
) -> bool:
    """Ask for everything, one event per answer. False when something should be asked again soon.

    What the broker does not list is logged and left out for good. ``told`` holds the last answers
    that were put, and is updated: what has not changed is not told again.
    """
    questions: list[tuple[str, Coroutine[Any, Any, Event]]] = [
        *((f"chain {name}", list_chain(link, directory, clock, c, name)) for c, name in _CHAINS),
        ("hours SPX", _hours(link, clock)),
        ("futures VX", list_futures(link, directory, clock)),
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

    async def bars(contract: Contract, duration: str) -> Sequence[object]:
        con_id = await _con_id(link, directory, clock, contract)
        return await link.daily_bars(contract_fields(contract, con_id), duration)

    return await histories.load(bars, clock, put) and complete


async def list_chain(
    link: Link, directory: Directory, clock: Clock, underlying: Contract, trading_class: str
) -> ChainListed:
    """Raises RequestRefused, RequestLate."""
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


async def list_futures(link: Link, directory: Directory, clock: Clock) -> FuturesListed:
    """Monthly VX futures that have not expired. Raises RequestRefused, RequestLate."""
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


async def _con_id(link: Link, directory: Directory, clock: Clock, contract: Contract) -> int:
    if contract not in directory.ids:
        today = new_york(clock.now()).date()
        if refused := await directory.resolve(link, [contract], today):
            raise RequestRefused(NO_DEFINITION, refused[0][1])
    return directory.ids[contract]
