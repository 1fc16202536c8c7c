"""What the market shows of an instrument at one instant."""

from typing import NamedTuple


class MarketQuote(NamedTuple):
    """Top of book, last trade and the broker's option computation; ``None`` where there is none.

    Prices in points, sizes in contracts; ``close`` is the previous session's. Volatilities are
    annual, ``vega`` per volatility point, ``theta`` per calendar day, ``delta`` and ``gamma`` per
    point of ``underlying_price`` (spot for SPX, the forward of the own expiry for VIX). A tuple
    because a market shows hundreds of them a second.
    """

    bid: float | None = None
    ask: float | None = None
    bid_size: int = 0
    ask_size: int = 0
    last: float | None = None
    last_size: int = 0
    volume: int = 0
    open: float | None = None
    high: float | None = None
    low: float | None = None
    close: float | None = None
    iv_bid: float | None = None
    iv_ask: float | None = None
    iv: float | None = None
    delta: float | None = None
    gamma: float | None = None
    vega: float | None = None
    theta: float | None = None
    option_price: float | None = None
    underlying_price: float | None = None
    halted: bool = False


NO_QUOTE = MarketQuote()
