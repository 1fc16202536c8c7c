"""One market, read once per instant for all books: contracts in, domain quotes out.

What any book has wanted today stays on the board until the evening, so that the market lays out its
options rarely. A quote depends on contract and instant only, never on who else is asked about.
"""

from collections.abc import Iterable
from datetime import date, datetime

from domain.events import (
    ChainListed,
    ContractRefused,
    DailyClosesLoaded,
    FuturesListed,
    QuoteUpdated,
)
from domain.instruments import (
    DOLLAR_PAIRS,
    RSP,
    SECTORS,
    SKEW,
    SPX,
    SPY,
    UUP,
    VIX,
    VIX3M,
    VIX9D,
    VIXY,
    VNQ,
    VVIX,
    Contract,
    Kind,
)
from domain.quotes import Quote
from sim.exchange.listings import FOREX_IDS, INDEX_IDS, STOCK_IDS, OptionKey, future_id, option_id
from sim.exchange.market import ContractQuery, Listing, Market, MarketQuote

_CHAINS = (("SPX", "SPXW"), ("VIX", "VIX"))
_CLOSES = 500  # sessions of past closes a desk is given at first, as the broker gives two years
_HISTORIES = (
    SPX, VIX, VIX9D, VIX3M, VVIX, SKEW, VIXY, VNQ, SPY, RSP, UUP, *DOLLAR_PAIRS, *SECTORS,
)  # fmt: skip


class Board:
    """Quotes of the market at ``now``. Move with ``advance``, never backwards."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.now: datetime = market.now
        self._ids: dict[Contract, int | None] = {}
        self._wanted: dict[int, None] = {}
        self._raw: dict[int, MarketQuote] = {}
        self._news: dict[Contract, QuoteUpdated | ContractRefused] = {}
        self._chains: list[ChainListed] = []
        self._closed: int | None = None  # the day on the tape whose morning has been told
        self._closes: list[DailyClosesLoaded] = []

    def new_day(self) -> None:
        """Forget what was watched and which contracts were not listed."""
        self._wanted.clear()
        self._ids.clear()
        self._raw, self._news = {}, {}

    def advance(self, now: datetime) -> None:
        if now != self.now:
            self.market.advance(now)
            self.now = now
            self._raw, self._news, self._chains = {}, {}, []

    def con_id(self, contract: Contract) -> int | None:
        """The market's id of a listed contract; None for one that is not listed today."""
        if contract not in self._ids:
            self._ids[contract] = self._find(contract)
        return self._ids[contract]

    def listing(self, con_id: int) -> Listing:
        found = self.market.listing(con_id)
        assert found is not None
        return found

    def raw(self, con_ids: Iterable[int]) -> dict[int, MarketQuote]:
        """The market's own quotes of these ids now."""
        missing = [con_id for con_id in con_ids if con_id not in self._raw]
        if missing:
            self._wanted |= dict.fromkeys(missing)
            ids = tuple(self._wanted)
            self._raw = dict(zip(ids, self.market.quotes(ids, vols=False), strict=True))
        return self._raw

    def news(self, watched: Iterable[Contract]) -> list[QuoteUpdated | ContractRefused]:
        """What a desk is told now of every contract it watches: its quote, or that it is not
        listed. Every desk is told the same, in the very same objects.
        """
        known = self._news
        if missing := [contract for contract in watched if contract not in known]:
            self._read(missing)
        return [known[contract] for contract in watched]

    def quote(self, contract: Contract) -> Quote | None:
        """What a desk is told of ``contract``; None when it is not listed."""
        (told,) = self.news([contract])
        return told.quote if isinstance(told, QuoteUpdated) else None

    def chains(self) -> list[ChainListed]:
        """Expirations and strikes of the classes the rules trade, as listed today."""
        if self._chains:
            return self._chains
        found = self._chains
        for symbol, name in _CHAINS:
            listed = [p for p in self.market.option_parameters(symbol) if p.trading_class == name]
            days = sorted({day for each in listed for day in each.expirations})
            strikes = sorted({strike for each in listed for strike in each.strikes})
            found.append(ChainListed(self.now, symbol, name, tuple(days), tuple(strikes)))
        return found

    def futures(self) -> FuturesListed:
        query = ContractQuery(symbol="VIX", sec_type="FUT", exchange="CFE")
        listed = [listing.contract for listing in self.market.find(query)]
        listed.sort(key=lambda contract: contract.expiration or date.max)
        return FuturesListed(self.now, tuple(listed))

    def closes(self, today: date) -> list[DailyClosesLoaded]:
        """Closes of the sessions before ``today``, for every book the same; none of today.

        On the first day as far back as a broker goes, then those of the sessions since.
        """
        position = self.market.tape.position_of(today)
        assert position is not None
        if position != self._closed:
            begin = max(0, position - _CLOSES) if self._closed is None else self._closed
            self._closed = position
            self._closes = [self._history(contract, begin, position) for contract in _HISTORIES]
        return self._closes

    def _history(self, contract: Contract, begin: int, end: int) -> DailyClosesLoaded:
        days = self.market.tape.days
        closes = ((days[i].on, self.market.close_of(contract, i)) for i in range(begin, end))
        return DailyClosesLoaded(self.now, contract.series, tuple(closes))

    def _read(self, contracts: Iterable[Contract]) -> None:
        """Quotes of contracts that nobody has asked for at this instant."""
        ids = {contract: self.con_id(contract) for contract in contracts}
        raw = self.raw([con_id for con_id in ids.values() if con_id is not None])
        for contract, con_id in ids.items():
            if con_id is None:
                self._news[contract] = ContractRefused(self.now, contract, "not listed")
            else:
                quote = _translated(raw[con_id], contract, self.now)
                self._news[contract] = QuoteUpdated(self.now, contract, quote)

    def _find(self, contract: Contract) -> int | None:
        con_id = _id_of(contract)
        if con_id is None:
            return None
        return con_id if self.market.find(ContractQuery(con_id=con_id)) else None


def _id_of(contract: Contract) -> int | None:
    if contract.kind is Kind.INDEX:
        return INDEX_IDS.get(contract.symbol)
    if contract.kind is Kind.STOCK:
        return STOCK_IDS.get(contract.symbol)
    if contract.kind is Kind.FOREX:
        return FOREX_IDS.get(contract.series)
    if contract.kind is Kind.FUTURE and contract.expiration is not None:
        if contract.symbol != "VIX":
            return None
        return future_id(contract.expiration)
    if contract.kind is Kind.OPTION and contract.expiration is not None and contract.right:
        key = OptionKey(
            contract.trading_class, contract.expiration, contract.strike, contract.right
        )
        try:
            return option_id(key)
        except ValueError:
            return None
    return None


def _translated(raw: MarketQuote, contract: Contract, now: datetime) -> Quote:
    last = raw.last
    return Quote(
        now, raw.bid, raw.ask, float(raw.bid_size), float(raw.ask_size), last, raw.close,
        halted=raw.halted, volume=float(raw.volume) if contract.kind is Kind.STOCK else None,
    )  # fmt: skip
