"""What the gateway needs of a market. ``sim.exchange.market.Market`` is one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from sim.exchange.bars import Bar
from sim.exchange.listings import ContractQuery, Listing, OptionParameters
from sim.exchange.quotes import MarketQuote


class Venue(Protocol):
    """See ``Market`` for units and boundary behaviour."""

    @property
    def now(self) -> datetime: ...

    def advance(self, now: datetime) -> None: ...

    def listing(self, con_id: int) -> Listing | None: ...

    def find(self, contract_query: ContractQuery) -> list[Listing]: ...

    def option_parameters(self, symbol: str) -> list[OptionParameters]: ...

    def quotes(self, con_ids: Sequence[int]) -> list[MarketQuote]: ...

    def bars(
        self, con_id: int, *, end: datetime, start: datetime, bar_seconds: int, rth: bool
    ) -> Sequence[Bar]: ...

    def head_timestamp(self, con_id: int) -> datetime: ...

    def hours(self, con_id: int) -> tuple[str, str, str]: ...

    def is_open(self, con_id: int) -> bool: ...

    def settled(self, con_id: int) -> float | None: ...
