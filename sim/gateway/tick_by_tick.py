"""Tick-by-tick messages: one for every step in which the quote or the last trade is another."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sim.exchange.quotes import MarketQuote
from sim.gateway.fields import plain
from sim.gateway.framing import frame, message

KINDS = {"Last": 1, "AllLast": 2, "BidAsk": 3, "MidPoint": 4}
_LAST = ("Last", "AllLast")


@dataclass(frozen=True, slots=True)
class Tick:
    """The framed message, and its content without the time, to compare with the next."""

    frame: bytes
    said: tuple[Any, ...]


def tick_by_tick(
    req_id: int, kind: str, quote: MarketQuote, now: datetime, said: tuple[Any, ...]
) -> Tick | None:
    """None when nothing has changed since ``said``, or when there is nothing to say."""
    content = _content(kind, quote)
    if content is None or content == said:
        return None
    at = int(now.timestamp())
    return Tick(frame(message(99, req_id, KINDS[kind], at, *content)), content)


def _content(kind: str, quote: MarketQuote) -> tuple[str | int, ...] | None:
    if kind in _LAST:
        if quote.last is None:
            return None
        return plain(quote.last), quote.last_size, 0, "CBOE", ""
    if quote.bid is None or quote.ask is None:
        return None
    if kind == "MidPoint":
        return (plain(round((quote.bid + quote.ask) / 2, 6)),)
    return plain(quote.bid), plain(quote.ask), quote.bid_size, quote.ask_size, 0
