"""Quotes of a whole option chain, gathered in batches, because lines are few and options many.

Decides which options belong to a chain within a reach, and when a batch has said what it will say.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial

from bot.broker.history_fetch import Inquiry, NotServed, Refusal, refusal
from bot.broker.hours import sessions_from_ib
from bot.broker.lines import quote_from_line
from bot.broker.translate import contract_fields, contract_from_ib, date_from_ib, series_fields
from domain.instruments import Contract, Right, spxw_option, vix_option
from domain.quotes import Quote

_PATIENCE_S = 11.0  # the broker's own deadline for a snapshot
_LOOK_S = 0.25
_LINE_LIMIT = 101
_BATCH_MIN = 2

# Of each underlying the class that is traded here, and between which multiples of its level strikes
# are kept.
CLASSES = {"SPX": ("SPXW", 0.6, 1.3), "VIX": ("VIX", 0.4, 6.0)}


@dataclass(frozen=True, slots=True)
class Listed:
    """An option of the chain; ``settles`` is the day of its final value, as in its OSI symbol."""

    contract: Contract
    con_id: int
    settles: date


@dataclass(frozen=True, slots=True)
class Quoted:
    """Both sides of an option, with the level of the underlying at that moment."""

    listed: Listed
    bid: float
    ask: float
    underlying: float
    delayed: bool


class Snapshot:
    """The chain of one underlying on one connection. ``lines_max`` includes the underlying's."""

    def __init__(self, inquiry: Inquiry, underlying: Contract, lines_max: int) -> None:
        self.trading_class, self._low, self._high = CLASSES[underlying.symbol]
        self._underlying = underlying
        self._inquiry = inquiry
        self._batch = max(_BATCH_MIN, lines_max - 1)
        self._con_id = 0

    async def open_now(self, now: datetime) -> bool:
        """Whether the underlying's liquid hours, by the gateway's word, include ``now``."""
        (details, *_) = await self._inquiry.details(contract_fields(self._underlying))
        self._con_id = int(details.contract.conId)
        sessions = sessions_from_ib(str(details.liquidHours), str(details.timeZoneId))
        return any(
            each.opens_at is not None
            and each.closes_at is not None
            and each.opens_at <= now < each.closes_at
            for each in sessions
        )

    async def expirations(self, today: date, reach_days: int) -> list[date]:
        """Last trading days listed within ``reach_days`` calendar days, the nearest first."""
        answer = await self._inquiry.option_parameters(
            self._underlying.symbol, self._underlying.kind.value, self._con_id
        )
        listed = {
            day
            for _, _, name, _, days, _ in answer
            if name == self.trading_class
            for text in days
            if (day := date_from_ib(text)) is not None
        }
        last = today + timedelta(days=reach_days)
        return sorted(day for day in listed if today <= day <= last)

    async def quotes(self, expiration: date) -> list[Quoted]:
        """Everything of one expiration that is bid and offered. Raises NotServed when the broker
        shows no level of the underlying, or refuses lines.
        """
        try:
            await self._open(self._underlying, self._con_id)
            await self._heard([self._underlying])
            left = await self._listed(expiration, self._level())
            found: list[Quoted] = []
            while left:
                batch, left = left[: self._batch], left[self._batch :]
                found += await self._quoted(batch)
                left = self._not_opened(batch) + left
            return found
        finally:
            if self._inquiry.link.alive:
                for contract in list(self._inquiry.lines.active):
                    await self._take(contract)

    async def _quoted(self, batch: Sequence[Listed]) -> list[Quoted]:
        for each in batch:
            await self._open(each.contract, each.con_id)
        await self._heard([each.contract for each in batch])
        level, found = self._level(), []
        for each in batch:
            quote = await self._take(each.contract)
            if quote.bid is not None and quote.ask is not None:
                found.append(Quoted(each, quote.bid, quote.ask, level, quote.delayed))
        return found

    async def _listed(self, expiration: date, level: float) -> list[Listed]:
        sample = (
            spxw_option(expiration, level, Right.PUT)
            if self._underlying.symbol == "SPX"
            else vix_option(expiration, level)
        )
        found = []
        for details in await self._inquiry.details(series_fields(sample)):
            contract = contract_from_ib(details.contract)
            if contract is None or contract.trading_class != self.trading_class:
                continue
            if self._low * level <= contract.strike <= self._high * level:
                settles = date_from_ib(str(details.realExpirationDate)) or expiration
                found.append(Listed(contract, int(details.contract.conId), settles))
        return sorted(found, key=lambda each: (each.contract.strike, str(each.contract.right)))

    def _level(self) -> float:
        line = self._inquiry.lines.active[self._underlying]
        quote = quote_from_line(line, _NO_MOMENT, self._inquiry.lines.discards)
        if quote.last is None:
            error = self._inquiry.line_errors.get(self._underlying)
            why = Refusal.NO_DATA if error is None else refusal(*error)
            said = "nothing was heard" if error is None else error[1]
            raise NotServed(why, f"no level of {self._underlying.label}: {said}")
        return quote.last

    def _not_opened(self, batch: Sequence[Listed]) -> list[Listed]:
        """Those that found no free line; the next batches are smaller by them."""
        errors = self._inquiry.line_errors
        refused = [each for each in batch if errors.get(each.contract, (0, ""))[0] == _LINE_LIMIT]
        told = [errors[each.contract] for each in batch if each.contract in errors]
        if refused:
            self._batch = len(batch) - len(refused)
            if self._batch < _BATCH_MIN:
                raise NotServed(Refusal.OTHER, "no market-data lines are free")
        elif len(told) == len(batch) and told:
            raise NotServed(refusal(*told[0]), told[0][1])
        return refused

    async def _open(self, contract: Contract, con_id: int) -> None:
        self._inquiry.line_errors.pop(contract, None)
        await self._inquiry.link.open_line(
            contract_fields(contract, con_id), partial(self._inquiry.lines.open, contract)
        )

    async def _take(self, contract: Contract) -> Quote:
        """What the line of ``contract`` said; it is given back."""
        lines = self._inquiry.lines
        quote = quote_from_line(lines.active[contract], _NO_MOMENT, lines.discards)
        await self._inquiry.link.close_line(lines.close(contract))
        return quote

    async def _heard(self, contracts: Sequence[Contract]) -> None:
        """Until every line has said what a quote is made of or was refused; a while at most."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _PATIENCE_S
        while True:
            if loop.time() >= until or all(map(self._complete, contracts)):
                break
            await asyncio.sleep(_LOOK_S)

    def _complete(self, contract: Contract) -> bool:
        if contract in self._inquiry.line_errors:
            return True
        bid, ask, last = self._inquiry.lines.active[contract].has()
        return last if contract == self._underlying else bid and ask


_NO_MOMENT = datetime.min.replace(tzinfo=UTC)  # a quote is read once here; its age says nothing
