"""Quotes of everything but options: indexes (a last price only), VX futures, shares and the
currency pair.
"""

from math import floor
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from domain.instruments import AD_NYSE, SKEW, Kind
from sim.exchange.book import vix_stress
from sim.exchange.listings import Listing
from sim.exchange.proxies import Proxies
from sim.exchange.quotes import NO_QUOTE, MarketQuote
from sim.exchange.tape import State, Tape, grid_index

Floats: TypeAlias = NDArray[np.float64]


def simple_quote(
    listing: Listing, state: State, before: State, tape: Tape, proxies: Proxies
) -> MarketQuote:
    """The quote of an index, share or currency; ``before`` is the state at the previous close."""
    contract = listing.contract
    if contract == AD_NYSE:
        return _breadth_quote(state, before, proxies)
    if contract.kind is Kind.INDEX and contract.symbol != SKEW.symbol:
        return _index_quote(contract.symbol, state, before, tape)
    price, close = proxies.price(contract.series, state), proxies.price(contract.series, before)
    if contract.kind is Kind.INDEX:
        return MarketQuote(last=round(price, 2), close=round(close, 2))
    if contract.kind is Kind.FOREX:
        pip = listing.min_tick
        bid = floor(price / pip) * pip
        return MarketQuote(
            round(bid, 5), round(bid + pip, 5), 1_000_000, 1_000_000, close=round(close, 5)
        )
    bid = floor(price * 100) / 100
    return MarketQuote(
        bid=bid,
        ask=round(bid + 0.01, 2),
        bid_size=900,
        ask_size=700,
        last=round(price, 2),
        last_size=100,
        volume=int(4e6 * state.spent),
        close=round(close, 2),
    )


def future_quotes(settle_ts: Floats, state: State, before: State) -> list[MarketQuote]:
    """Quotes of VX futures by final settlement; empty for one that is past it. A nickel wide when
    calm.
    """
    alive = (settle_ts > state.ts).tolist()
    size = 20 + int(state.ts // 300) * 7919 % 180
    on_bid = int(state.ts // 120) % 2
    prices, closes = state.futures(settle_ts), before.futures(settle_ts)
    half = 0.025 * vix_stress(state.vix)
    bids = np.round(np.floor((prices - half) / 0.05 + 0.5) * 0.05, 2)
    asks = np.round(np.maximum(np.floor((prices + half) / 0.05 + 0.5) * 0.05, bids + 0.05), 2)
    rows = zip(alive, bids.tolist(), asks.tolist(), np.round(closes, 2).tolist(), strict=True)
    return [
        MarketQuote(
            bid=bid,
            ask=ask,
            bid_size=size,
            ask_size=200 - size // 2,
            last=bid if on_bid else ask,
            last_size=1,
            volume=int(9e4 * state.spent),
            close=close,
        )
        if trades
        else NO_QUOTE
        for trades, bid, ask, close in rows
    ]


def _breadth_quote(state: State, before: State, proxies: Proxies) -> MarketQuote:
    """Advances as bid, declines as ask, unchanged as bid size; an index has no ask size."""
    advances, declines, unchanged = proxies.breadth(state, before)
    return MarketQuote(bid=advances, ask=declines, bid_size=unchanged, ask_size=0)


def _index_quote(symbol: str, state: State, before: State, tape: Tape) -> MarketQuote:
    """Indexes show no sides. Only SPX and VIX have a range of their own within the day."""
    last, close = round(state.level_of(symbol), 2), round(before.level_of(symbol), 2)
    if symbol not in ("SPX", "VIX"):
        return MarketQuote(last=last, close=close)
    path = tape.path(state.position)
    values = path.spx if symbol == "SPX" else path.vix
    seen = values[: grid_index(state.offset_s) + 1]
    high, low = max(float(seen.max()), last), min(float(seen.min()), last)
    return MarketQuote(
        last=last,
        open=round(float(values[0]), 2),
        high=round(high, 2),
        low=round(low, 2),
        close=close,
    )
