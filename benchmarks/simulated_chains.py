"""Reads the whole option market of the simulated exchange into arrays, as a client would see it.

Only listings and quotes are used: no model value, no forward and no volatility of the exchange.
"""

from collections.abc import Iterator
from datetime import date, datetime

import numpy as np

from benchmarks.real_chains import RealChain
from domain.instruments import Right
from sim.exchange.listings import ContractQuery, Listing
from sim.exchange.market import Market

_YEAR_S = 365.0 * 86400.0


def market_chains(market: Market, symbol: str) -> list[RealChain]:
    """Every listed expiry of ``symbol`` (SPX and SPXW, or VIX) by increasing time to settlement."""
    found = market.find(ContractQuery(symbol=symbol, sec_type="OPT"))
    series: dict[tuple[str, date], list[Listing]] = {}
    for listing in found:
        contract = listing.contract
        assert contract.expiration is not None
        series.setdefault((contract.trading_class, contract.expiration), []).append(listing)
    chains = [_chain(market, listings) for listings in series.values()]
    return sorted(chains, key=lambda chain: (chain.years, chain.root))


def _chain(market: Market, listings: list[Listing]) -> RealChain:
    contract = listings[0].contract
    assert contract.expiration is not None
    settles = market.calendar.settles_at(contract)
    strikes = sorted({listing.contract.strike for listing in listings})
    row = {strike: i for i, strike in enumerate(strikes)}
    table = np.full((4, len(strikes)), np.nan)
    for listing, bid, ask in _touch(market, listings):
        first = 0 if listing.contract.right is Right.CALL else 2
        table[first : first + 2, row[listing.contract.strike]] = bid, ask
    return RealChain(
        contract.trading_class,
        contract.expiration,
        (contract.expiration - market.today).days,
        _years(settles, market.now),
        np.array(strikes),
        *table,
    )


def _touch(market: Market, listings: list[Listing]) -> Iterator[tuple[Listing, float, float]]:
    """Bid and ask of each option, a missing side as zero."""
    quotes = market.quotes([listing.con_id for listing in listings])
    for listing, quote in zip(listings, quotes, strict=True):
        yield listing, quote.bid or 0.0, quote.ask or 0.0


def _years(settles: datetime, now: datetime) -> float:
    return (settles - now).total_seconds() / _YEAR_S
