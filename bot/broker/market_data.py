"""Makes the wanted lines be there: qualify, open by difference, replace what the broker dropped."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import partial

import structlog

from bot.broker.lines import Lines
from bot.broker.link import Link, RequestLate, RequestRefused
from bot.broker.qualify import NO_DEFINITION, Directory
from bot.broker.subscriptions import line_change
from bot.broker.translate import contract_fields
from bot.logs import LogEvent
from bot.ports import Clock
from domain.events import ContractRefused, Event
from domain.instruments import Contract
from domain.session import new_york

log = structlog.get_logger()

_RETRY_S = 60.0  # after a question that was not answered, and after a competing login
_VERIFY_S = 10.0  # how long a line may stay silent after the servers came back
_LINE_LIMIT, _LINE_LOST, _COMPETING = 101, 10182, 10197
# Requests that make no sense to the gateway; none of them should ever be caused here.
_REFUSED_LINE = frozenset({102, 320, 321, 322, 386, 414})
_NOT_SUBSCRIBED = frozenset({354, 10089, 10168, 10186})


@dataclass(slots=True)
class Wanted:
    """The desk's declared set; outlives connections."""

    contracts: tuple[Contract, ...] = ()
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def declare(self, contracts: tuple[Contract, ...]) -> None:
        if contracts != self.contracts:
            self.contracts = contracts
            self.changed.set()


class MarketData:
    """The lines of one connection."""

    def __init__(
        self, link: Link, lines: Lines, directory: Directory, wanted: Wanted,
        clock: Clock, put: Callable[[Event], None], budget: int,
    ) -> None:  # fmt: skip
        self._link = link
        self._lines = lines
        self._directory = directory
        self._wanted = wanted
        self._clock = clock
        self._put = put
        self._budget = budget
        self._dead: set[Contract] = set()  # the broker will not serve them on this connection
        self._loop = asyncio.get_running_loop()

    async def keep(self) -> None:
        """Follow the wanted set for ever."""
        self._wanted.changed.set()
        while True:
            await self._wanted.changed.wait()
            self._wanted.changed.clear()
            await self._qualify()
            await self._apply()

    async def verify(self, since_s: float) -> None:
        """Replace lines that stay silent or incomplete after the servers came back."""
        await asyncio.sleep(_VERIFY_S)
        await self.replace(self._lines.stale_since(since_s))

    async def replace(self, contracts: list[Contract]) -> None:
        """Close the lines of ``contracts``; those still wanted are opened anew."""
        for contract in contracts:
            if contract in self._lines.active:
                await self._link.close_line(self._lines.close(contract))
        self._wanted.changed.set()

    def failed(self, contract: Contract, code: int, text: str) -> None:
        """The broker said something about the line of ``contract``."""
        if code == NO_DEFINITION:
            self._lines.close(contract)
            self._refuse(contract, text)
        elif code == _LINE_LIMIT:
            self._lines.close(contract)
            self._budget = min(self._budget, len(self._lines.active))
        elif code == _LINE_LOST:
            self._lines.close(contract)
            self._wanted.changed.set()
        elif code == _COMPETING:
            # Another login takes the data; asking again sooner only prolongs the quarrel.
            self._lines.blank(contract)
            self._loop.call_later(_RETRY_S, self._ask_again, contract)
        elif code in _REFUSED_LINE:
            self._lines.close(contract)
            self._loop.call_later(_RETRY_S, self._wanted.changed.set)
        elif code in _NOT_SUBSCRIBED:
            self._lines.close(contract)
            self._dead.add(contract)
        log.warning(LogEvent.BROKER_MESSAGE, code=code, text=text, contract=contract.label)

    async def _qualify(self) -> None:
        unresolved = self._directory.unresolved(self._wanted.contracts, self._today())
        if not unresolved:
            return
        try:
            refused = await self._directory.resolve(self._link, unresolved, self._today())
        except (RequestLate, RequestRefused) as error:
            log.warning(LogEvent.BROKER_ERROR, request="contract details", text=str(error))
            self._loop.call_later(_RETRY_S, self._wanted.changed.set)
            return
        for contract, reason in refused:
            self._refuse(contract, reason)

    async def _apply(self) -> None:
        today = self._today()
        usable = [
            contract
            for contract in self._wanted.contracts
            if self._directory.usable(contract, today) and contract not in self._dead
        ]
        change = line_change(usable, self._lines.active, self._budget)
        for contract in change.cancel:
            if contract in self._lines.active:
                await self._link.close_line(self._lines.close(contract))
        for contract in change.request:
            fields = contract_fields(contract, self._directory.ids[contract])
            await self._link.open_line(fields, partial(self._lines.open, contract))
        if change.cancel or change.request:
            log.info(
                LogEvent.BROKER_LINES_CHANGED,
                opened=len(change.request),
                closed=len(change.cancel),
                active=len(self._lines.active),
                wanted=len(self._wanted.contracts),
            )

    def _refuse(self, contract: Contract, reason: str) -> None:
        self._directory.refuse(contract, self._today())
        self._put(ContractRefused(self._clock.now(), contract, reason))
        log.info(LogEvent.BROKER_CONTRACT_REFUSED, contract=contract.label, text=reason)

    def _ask_again(self, contract: Contract) -> None:
        if contract in self._lines.active and self._lines.active[contract].bid < 0:
            self._lines.close(contract)
            self._wanted.changed.set()

    def _today(self) -> date:
        return new_york(self._clock.now()).date()
