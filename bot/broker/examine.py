"""One look at a gateway with a client id of its own: what it serves, said in the domain's words.

Asks and listens only; the client's sending methods stay sealed from the first moment. What the
facts mean is for the caller to say.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from bot.broker.guard import live_reason
from bot.broker.hours import sessions_from_ib
from bot.broker.ib import IbSettings, load_library
from bot.broker.lines import Lines
from bot.broker.link import Link, LinkLost, RequestLate, RequestRefused
from bot.broker.qualify import Directory
from bot.broker.reference import list_chain, list_futures
from bot.broker.translate import contract_fields
from bot.ports import Clock
from domain.chain import OptionChain
from domain.instruments import SPX, VIX, Contract, Right, spxw_option
from domain.session import Session, new_york

LISTEN_S = 8.0  # a line that works has said something long before
MESSAGES_MAX = 200
_OPTION_DTE = (45, 1, 400)  # the expiration to try: wanted, least and most calendar days
_READ_ONLY = 321


@dataclass(slots=True)
class Tried:
    """One market-data line. ``words`` are the broker's, when it refused or remarked."""

    name: str
    data_type: int = 0  # 1 live, 2 frozen, 3 delayed, 4 delayed and frozen, 0: not told
    ticked: bool = False
    code: int = 0
    words: str = ""


@dataclass(slots=True)
class Findings:
    """What was found before the examination ended, or was ended by ``broken``."""

    broken: str = ""
    connected: bool = False  # the socket was opened
    server_version: int = 0
    accounts: tuple[str, ...] = ()
    live: str | None = None  # why this is not certainly paper
    skew_s: float | None = None  # our clock less the gateway's, to a second
    messages: list[tuple[int, str]] = field(default_factory=list)
    hours: tuple[Session, ...] = ()
    chains: dict[str, int] = field(default_factory=dict)  # expirations listed, by trading class
    futures: int = 0
    lines: list[Tried] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)  # questions, and why there is no answer

    @property
    def read_only(self) -> bool:
        """The gateway said so. It need not say it before an order comes."""
        return any(
            code == _READ_ONLY and "read-only" in text.lower() for code, text in self.messages
        )


async def examine(settings: IbSettings, clock: Clock) -> Findings:
    """Connect with ``settings.client_id``, look at everything once, disconnect. Raises nothing
    that a broken gateway could cause.
    """
    found = Findings()
    lines = Lines()
    link = Link(load_library(settings.library), settings, settings.port, lines)
    look = _Look(link, lines, clock, found)
    jobs = [asyncio.ensure_future(look.read()), asyncio.ensure_future(look.look(settings))]
    try:
        await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
        for job in jobs:
            if job.done():
                job.result()
    except (LinkLost, RequestLate, RequestRefused, OSError) as error:
        found.broken = str(error) or type(error).__name__
    finally:
        for job in jobs:
            job.cancel()
        await asyncio.wait(jobs)
        link.close()
    return found


@dataclass(slots=True)
class _Look:
    link: Link
    lines: Lines
    clock: Clock
    found: Findings
    directory: Directory = field(default_factory=Directory)
    tried: dict[Contract, Tried] = field(default_factory=dict)

    async def read(self) -> None:
        await self.link.batches(self._hear, lambda: None)

    async def look(self, settings: IbSettings) -> None:
        found, link = self.found, self.link
        await link.open()
        found.connected = True
        found.server_version = int(link.client.serverVersion())
        found.accounts = link.accounts
        found.live = live_reason(settings.port, link.accounts, settings.account)
        if found.live is not None:
            return  # nothing is asked of an account that may be live
        await link.set_market_data_type(settings.market_data_type)
        with self._question("the time"):
            found.skew_s = (self.clock.now() - await link.server_time()).total_seconds()
        with self._question("open orders"):
            await link.open_orders()
        with self._question("account values"):
            await link.account_values(settings.account or link.accounts[0])
        with self._question("trading hours"):
            (details, *_) = await link.contract_details(contract_fields(SPX))
            found.hours = sessions_from_ib(str(details.liquidHours), str(details.timeZoneId))
        await self._try_lines(await self._contracts())

    async def _contracts(self) -> list[Contract]:
        """The indices, an option of the kind that is sold, and the first future."""
        wanted = [SPX, VIX]
        today = new_york(self.clock.now()).date()
        for underlying, name in ((SPX, "SPXW"), (VIX, "VIX")):
            with self._question(f"the chain of {name}"):
                chain = await list_chain(self.link, self.directory, self.clock, underlying, name)
                self.found.chains[name] = len(chain.expirations)
                days = OptionChain(name, name, chain.expirations, chain.strikes)
                day = days.nearest_expiration(today, *_OPTION_DTE)
                if name == "SPXW" and day is not None and chain.strikes:
                    wanted.append(await self._an_option(day, chain.strikes))
        with self._question("VX futures"):
            futures = (await list_futures(self.link, self.directory, self.clock)).contracts
            self.found.futures = len(futures)
            wanted += futures[:1]
        return wanted

    async def _an_option(self, day: date, strikes: tuple[float, ...]) -> Contract:
        """A call in the middle of the list that the broker knows by that expiration."""
        middle = strikes[len(strikes) // 2]
        option = spxw_option(day, middle, Right.CALL)
        await self.directory.resolve(self.link, [option], day)
        listed = [
            contract
            for contract in self.directory.ids
            if contract.expiration == day and contract.right is Right.CALL
        ]
        return min(listed, key=lambda c: abs((c.strike or 0.0) - middle), default=option)

    async def _try_lines(self, wanted: list[Contract]) -> None:
        today = new_york(self.clock.now()).date()
        for contract in wanted:
            self.tried[contract] = tried = Tried(contract.label)
            self.found.lines.append(tried)
            with self._question(f"the contract {contract.label}"):
                await self.directory.resolve(
                    self.link, self.directory.unresolved([contract], today), today
                )
            if contract not in self.directory.ids:
                tried.words = "not listed by the broker"
                continue
            fields = contract_fields(contract, self.directory.ids[contract])
            await self.link.open_line(fields, _opener(self.lines, contract))
        for _ in range(round(LISTEN_S)):
            await asyncio.sleep(1.0)
            if all(self._heard(contract) or one.words for contract, one in self.tried.items()):
                break
        for contract, line in list(self.lines.active.items()):
            self.tried[contract].data_type = line.data_type
            self.tried[contract].ticked = self._heard(contract)
            await self.link.close_line(self.lines.close(contract))

    def _heard(self, contract: Contract) -> bool:
        line = self.lines.active.get(contract)
        return line is not None and any(line.has())

    def _hear(self, name: str, args: tuple[Any, ...]) -> None:
        if name != "error":
            return
        req_id, code, text = args[:3]
        contract = self.lines.contract_of(req_id)
        if contract is not None:
            self.tried[contract].code, self.tried[contract].words = code, text
        elif len(self.found.messages) < MESSAGES_MAX:
            self.found.messages.append((code, text))
        if not self.found.connected:
            self.link.blame(f"{code}: {text}")

    @contextmanager
    def _question(self, name: str) -> Iterator[None]:
        """What one question cannot tell, the others still may."""
        try:
            yield
        except (RequestRefused, RequestLate, ValueError) as error:
            self.found.failed[name] = str(error)


def _opener(lines: Lines, contract: Contract) -> Callable[[int], None]:
    return lambda req_id: lines.open(contract, req_id)
