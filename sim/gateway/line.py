"""One market data subscription: what was last said of it, and what has to be said now.

Runs for every line at every step of the market, so it compares fields by hand and keeps the
constant beginnings of its messages. A bid or ask carries its size; a size alone is said only when
it alone moved (a real gateway repeats it every time, which tells a client nothing).
"""

from collections import deque
from datetime import datetime, timedelta
from typing import NamedTuple

from domain.instruments import AD_NYSE, Kind
from sim.exchange.listings import Listing
from sim.exchange.quotes import NO_QUOTE, MarketQuote
from sim.gateway import ticks
from sim.gateway.settings import GatewaySettings
from sim.gateway.ticks import Computation

LIVE, FROZEN, DELAYED, DELAYED_FROZEN = 1, 2, 3, 4
_EMPTY = -1.0  # the price of a side that nobody quotes
_DAY_PRICES = (
    ("open", ticks.OPEN),
    ("high", ticks.HIGH),
    ("low", ticks.LOW),
    ("close", ticks.CLOSE),
)


class LegOf(NamedTuple):
    """One instrument of a line; ``ratio`` is 1 unless the line is a combo's, then signed."""

    con_id: int
    ratio: int


class Line:
    """``listing`` is None for a combo, which has neither trades nor greeks."""

    def __init__(
        self, req_id: int, kind: int, legs: tuple[LegOf, ...], listing: Listing | None,
        settings: GatewaySettings,
    ) -> None:  # fmt: skip
        self.req_id = req_id
        self.kind = kind
        self.legs = legs
        self.listing = listing
        self._settings = settings
        self._late = kind in (DELAYED, DELAYED_FROZEN)
        self._is_option = listing is not None and listing.contract.kind is Kind.OPTION
        index = listing is not None and listing.contract.kind is Kind.INDEX
        self._two_sided = not index or (listing is not None and listing.contract == AD_NYSE)
        self._said: MarketQuote | None = None
        self._greeks_said = NO_QUOTE
        self._greeks_age = 0
        self._volume_said = 0
        self._volume_age = 0
        self._past: deque[tuple[datetime, MarketQuote]] = deque()
        self._starts = {
            tick: ticks.prefix(1, 6, req_id, self._type(tick))
            for tick in (ticks.BID, ticks.ASK, ticks.LAST, *(t for _, t in _DAY_PRICES))
        }
        self._size_starts = {
            tick: ticks.prefix(2, 6, req_id, self._type(tick))
            for tick in (ticks.BID_SIZE, ticks.ASK_SIZE, ticks.LAST_SIZE, ticks.VOLUME)
        }

    @property
    def keeps_last_quote(self) -> bool:
        """Frozen data still shows the last sides after the close."""
        return self.kind in (FROZEN, DELAYED_FROZEN)

    def say(self, quote: MarketQuote, now: datetime, out: list[bytes]) -> None:
        """Append what changed since the last time; everything there is, the first time."""
        if self._late:
            quote = self._delayed(quote, now)
        said = self._said
        self._said = quote
        if said is None:
            self._say_first(quote, out)
            said = NO_QUOTE
        elif quote is said and self._two_sided:
            return
        elif self._two_sided:
            self._say_sides(said, quote, out)
        self._say_trades(said, quote, now, out)
        if self._is_option:
            self._say_greeks(quote, out)

    def _type(self, tick: int) -> int:
        return ticks.DELAYED[tick] if self._late else tick

    def _say_first(self, quote: MarketQuote, out: list[bytes]) -> None:
        if self._two_sided:
            self._price(ticks.BID, quote.bid, quote.bid_size, out)
            self._price(ticks.ASK, quote.ask, quote.ask_size, out)
            self._size(ticks.BID_SIZE, quote.bid_size, out)
            self._size(ticks.ASK_SIZE, quote.ask_size, out)
        if self.listing is not None and self._two_sided:
            out.append(self._halted(quote))
        self._greeks_age = self._settings.greeks_every_steps
        self._volume_age = self._settings.volume_every_steps

    def _say_sides(self, said: MarketQuote, quote: MarketQuote, out: list[bytes]) -> None:
        if quote.bid != said.bid:
            self._price(ticks.BID, quote.bid, quote.bid_size, out)
        elif quote.bid_size != said.bid_size:
            self._size(ticks.BID_SIZE, quote.bid_size, out)
        if quote.ask != said.ask:
            self._price(ticks.ASK, quote.ask, quote.ask_size, out)
        elif quote.ask_size != said.ask_size:
            self._size(ticks.ASK_SIZE, quote.ask_size, out)
        if quote.halted != said.halted and self.listing is not None:
            out.append(self._halted(quote))

    def _say_trades(
        self, said: MarketQuote, quote: MarketQuote, now: datetime, out: list[bytes]
    ) -> None:
        if quote.last is not None and quote.last != said.last:
            self._price(ticks.LAST, quote.last, quote.last_size, out)
            at = f"{int(now.timestamp())}"
            out.append(ticks.string_tick(self.req_id, self._type(ticks.LAST_TIME), at))
        elif quote.last is not None and not self._two_sided:
            # An index is computed and sent again and again, whether or not it has moved.
            self._price(ticks.LAST, quote.last, quote.last_size, out)
        self._volume_age += 1
        if quote.volume != self._volume_said and (
            self._volume_age >= self._settings.volume_every_steps or quote.last != said.last
        ):
            self._volume_age, self._volume_said = 0, quote.volume
            self._size(ticks.VOLUME, quote.volume, out)
        if quote[7:11] != said[7:11]:  # open, high, low, close
            for name, tick in _DAY_PRICES:
                value = getattr(quote, name)
                if value is not None and value != getattr(said, name):
                    out.append(ticks.price_tick(self._starts[tick], value, 0))

    def _say_greeks(self, quote: MarketQuote, out: list[bytes]) -> None:
        self._greeks_age += 1
        before = self._greeks_said
        due = self._greeks_age >= self._settings.greeks_every_steps
        if not due and not self._moved(before, quote):
            return
        self._greeks_age, self._greeks_said = 0, quote
        under, req_id = quote.underlying_price, self.req_id
        model = Computation(
            quote.iv, quote.delta, quote.option_price, quote.gamma, quote.vega, quote.theta, under
        )
        sides = (
            (ticks.BID_COMPUTATION, quote.iv_bid, quote.bid),
            (ticks.ASK_COMPUTATION, quote.iv_ask, quote.ask),
            (ticks.LAST_COMPUTATION, quote.iv, quote.last),
        )
        for tick, vol, price in sides:
            if price is not None and vol is not None and due:
                of = model_at(model, vol, price)
                out.append(ticks.computation(req_id, self._type(tick), of))
        out.append(ticks.computation(req_id, self._type(ticks.MODEL_COMPUTATION), model))

    def _moved(self, before: MarketQuote, quote: MarketQuote) -> bool:
        settings = self._settings
        if quote.iv is None or quote.delta is None or before.iv is None or before.delta is None:
            return (quote.iv is None) != (before.iv is None)
        return (
            abs(quote.iv - before.iv) >= settings.greeks_iv_move
            or abs(quote.delta - before.delta) >= settings.greeks_delta_move
        )

    def _delayed(self, quote: MarketQuote, now: datetime) -> MarketQuote:
        """The newest quote that is old enough; the oldest one seen while none is."""
        self._past.append((now, quote))
        edge = now - timedelta(seconds=self._settings.delayed_by_s)
        while len(self._past) > 1 and self._past[1][0] <= edge:
            self._past.popleft()
        return self._past[0][1]

    def _price(self, tick: int, price: float | None, size: int, out: list[bytes]) -> None:
        if price is None:
            out.append(ticks.price_tick(self._starts[tick], _EMPTY, 0))
        else:
            mask = 1 if tick != ticks.LAST else 0
            out.append(ticks.price_tick(self._starts[tick], price, size, mask))

    def _size(self, tick: int, size: int, out: list[bytes]) -> None:
        out.append(ticks.size_tick(self._size_starts[tick], size))

    def _halted(self, quote: MarketQuote) -> bytes:
        """2 is a halt for volatility, the only one this exchange knows."""
        value = 2.0 if quote.halted else 0.0
        return ticks.generic_tick(self.req_id, self._type(ticks.HALTED), value)


def model_at(model: Computation, vol: float, price: float) -> Computation:
    """The model's greeks beside a side's own volatility and price."""
    return Computation(
        vol, model.delta, price, model.gamma, model.vega, model.theta, model.underlying
    )


def combo_quote(legs: tuple[LegOf, ...], quotes: list[MarketQuote]) -> MarketQuote:
    """The net sides of a combo: bought legs at their bid and sold ones at their ask make the bid.

    A leg without a bid is worth 0 there; without an ask the combo has no quote at all.
    """
    bid = ask = 0.0
    bid_sizes, ask_sizes = [], []
    for leg, quote in zip(legs, quotes, strict=True):
        if quote.ask is None:
            return NO_QUOTE
        low, high = quote.bid or 0.0, quote.ask
        bought = leg.ratio > 0
        bid += leg.ratio * (low if bought else high)
        ask += leg.ratio * (high if bought else low)
        share = abs(leg.ratio)
        bid_sizes.append((quote.bid_size if bought else quote.ask_size) // share)
        ask_sizes.append((quote.ask_size if bought else quote.bid_size) // share)
    return MarketQuote(
        bid=round(bid, 4), ask=round(ask, 4),
        bid_size=max(min(bid_sizes), 1), ask_size=max(min(ask_sizes), 1),
        halted=any(quote.halted for quote in quotes),
    )  # fmt: skip
