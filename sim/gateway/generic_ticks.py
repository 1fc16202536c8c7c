"""The extra ticks a client can ask for by number. Says nothing where this market has nothing to
say.

Open interest is the one invented figure: it is drawn from the contract id, between 0 and 5,000.
"""

import math
import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from domain.instruments import Kind, Right
from sim.exchange.bars import Bar
from sim.exchange.listings import ContractQuery, Listing
from sim.exchange.quotes import MarketQuote
from sim.gateway import ticks
from sim.gateway.fields import plain
from sim.gateway.framing import frame, message
from sim.gateway.venue import Venue

LEGAL = frozenset(
    {100, 101, 104, 105, 106, 162, 165, 221, 225, 232, 233, 236, 258, 292, 293, 294, 295, 318, 375}
    | {411, 456, 460, 576, 577, 587, 588, 595, 614, 619, 623}
)
_DAY_S = 86400
_VOL_SESSIONS, _YEAR_SESSIONS = 30, 252
_WEEKS = ((13, 15, 16), (26, 17, 18), (52, 19, 20))  # weeks, tick of the low, tick of the high
_VOLATILITY_INDEX = {"SPX": "VIX", "SPY": "VIX", "VIX": "VVIX"}


class GenericTicks:
    """What was asked for beside the standard ticks of one line."""

    def __init__(
        self, req_id: int, wanted: tuple[int, ...], listing: Listing, market: Venue
    ) -> None:
        self._req_id = req_id
        self._wanted = frozenset(wanted)
        self._listing = listing
        self._market = market
        self._said: dict[int, bytes] = {}
        self._history_on = ""

    def say(self, quote: MarketQuote, now: datetime, out: list[bytes]) -> None:
        """Append what is new since the last time."""
        found = self._of_quote(quote, now)
        if f"{now:%Y%m%d}" != self._history_on:
            self._history_on = f"{now:%Y%m%d}"
            found |= self._of_day(now)
        for tick, framed in found.items():
            if self._said.get(tick) != framed:
                self._said[tick] = framed
                out.append(framed)

    def _of_quote(self, quote: MarketQuote, now: datetime) -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        wanted, right = self._wanted, self._listing.contract.right
        if wanted & {221, 232} and quote.bid is not None and quote.ask is not None:
            mid = round((quote.bid + quote.ask) / 2, 6)
            found[37] = ticks.price_tick(ticks.prefix(1, 6, self._req_id, 37), mid, 0)
        if 100 in wanted and right is not None:
            tick = 29 if right is Right.CALL else 30
            found[tick] = self._size(tick, quote.volume)
        for number, tick in ((233, 48), (375, 77)):
            if number in wanted and quote.last is not None and self._said_last != quote[4:7]:
                found[tick] = self._volume(tick, quote, now)
        if wanted & {233, 375}:
            self._said_last = quote[4:7]
        return found

    _said_last: tuple[object, ...] = ()

    def _of_day(self, now: datetime) -> dict[int, bytes]:
        """Ticks that change once a day at most."""
        found: dict[int, bytes] = {}
        contract, wanted = self._listing.contract, self._wanted
        interest = zlib.crc32(f"open interest/{self._listing.con_id}".encode()) % 5001
        if 101 in wanted and contract.right is not None:
            tick = 27 if contract.right is Right.CALL else 28
            found[tick] = self._size(tick, interest)
        if 588 in wanted and contract.kind is Kind.FUTURE:
            found[86] = self._size(86, interest)
        if 236 in wanted and contract.kind is Kind.STOCK:
            found[46] = ticks.generic_tick(self._req_id, 46, 3.0)
        if 106 in wanted:
            found |= self._implied_volatility()
        if wanted & {104, 165, 411}:
            found |= self._of_history(now)
        return found

    def _implied_volatility(self) -> dict[int, bytes]:
        """Of the underlying, as the index of its volatility has it."""
        name = _VOLATILITY_INDEX.get(self._listing.contract.symbol)
        found = self._market.find(ContractQuery(symbol=name, sec_type="IND")) if name else []
        level = self._market.quotes([found[0].con_id])[0].last if found else None
        if level is None:
            return {}
        return {24: ticks.generic_tick(self._req_id, 24, round(level / 100, 6))}

    def _of_history(self, now: datetime) -> dict[int, bytes]:
        bars = self._market.bars(
            self._listing.con_id, end=now, start=now - timedelta(weeks=52), bar_seconds=_DAY_S,
            rth=True,
        )  # fmt: skip
        found: dict[int, bytes] = {}
        if len(bars) > _VOL_SESSIONS:
            vol = _historical_volatility(bars[-_VOL_SESSIONS - 1 :])
            for number, tick in ((104, 23), (411, 58)):
                if number in self._wanted:
                    found[tick] = ticks.generic_tick(self._req_id, tick, vol)
        if 165 in self._wanted and bars:
            for weeks, low, high in _WEEKS:
                recent = [bar for bar in bars if bar.start >= now - timedelta(weeks=weeks)]
                if recent:
                    found[low] = self._price(low, min(bar.low for bar in recent))
                    found[high] = self._price(high, max(bar.high for bar in recent))
        return found

    def _price(self, tick: int, price: float) -> bytes:
        return ticks.price_tick(ticks.prefix(1, 6, self._req_id, tick), price, 0)

    def _size(self, tick: int, size: int) -> bytes:
        return ticks.size_tick(ticks.prefix(2, 6, self._req_id, tick), size)

    def _volume(self, tick: int, quote: MarketQuote, now: datetime) -> bytes:
        """``price;size;milliseconds;total volume;vwap;single``; the vwap is taken to be the last
        price.
        """
        price, at = plain(quote.last), int(now.timestamp() * 1000)
        text = f"{price};{quote.last_size};{at};{quote.volume};{price};true"
        return frame(message(46, 6, self._req_id, tick, text))


def _historical_volatility(bars: Sequence[Bar]) -> float:
    """Annualised standard deviation of daily log returns."""
    moves = [math.log(b.close / a.close) for a, b in pairwise(bars)]
    mean = sum(moves) / len(moves)
    variance = sum((move - mean) ** 2 for move in moves) / (len(moves) - 1)
    return round(math.sqrt(variance * _YEAR_SESSIONS), 6)
