"""One client's market data: lines, snapshots and tick-by-tick streams, up to a limit."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.instruments import Kind
from sim.exchange.listings import Listing
from sim.exchange.quotes import MarketQuote
from sim.gateway import ticks
from sim.gateway.desk import NO_DEFINITION, Desk
from sim.gateway.generic_ticks import LEGAL, GenericTicks
from sim.gateway.line import DELAYED, DELAYED_FROZEN, FROZEN, LIVE, LegOf, Line, combo_quote
from sim.gateway.requests import MarketData, TickByTick
from sim.gateway.tick_by_tick import KINDS, tick_by_tick
from sim.gateway.wire_contract import WireContract

_BBO_EXCHANGE = "9c0001"
_COMBO_TICK = 0.01


@dataclass(slots=True)
class _Subscription:
    line: Line
    generic: GenericTicks | None
    type_said: int


@dataclass(slots=True)
class _Stream:
    """``said`` is the last message without its time."""

    kind: str
    listing: Listing
    said: tuple[Any, ...] = ()


class QuoteDesk(Desk):
    def __init__(self, session: Any) -> None:
        super().__init__(session)
        self._type = LIVE
        self._lines: dict[int, _Subscription] = {}
        self._streams: dict[int, _Stream] = {}
        self.opening = ""  # symbol of the line whose first ticks are on their way

    def requests(self) -> dict[type, Callable[[Any], None]]:
        return {MarketData: self._subscribe, TickByTick: self._stream}

    def plain_requests(self) -> dict[str, Callable[[int], None]]:
        return {
            "cancelMktData": self._cancel,
            "reqMarketDataType": self._set_type,
            "cancelTickByTick": self._forget_stream,
        }

    def con_ids(self) -> Iterator[tuple[int, None]]:
        """Everything that must be quoted at the next step, as items of an ordered set."""
        for subscription in self._lines.values():
            for leg in subscription.line.legs:
                yield leg.con_id, None
        for stream in self._streams.values():
            yield stream.listing.con_id, None

    @property
    def line_ids(self) -> tuple[int, ...]:
        """Of the open lines, oldest first."""
        return tuple(self._lines)

    def symbol_of(self, req_id: int) -> str:
        """What an open line is about; empty for combos and unknown ids."""
        found = self._lines.get(req_id)
        listing = found.line.listing if found else None
        return listing.contract.symbol if listing else ""

    def forget_line(self, req_id: int) -> None:
        """One line ends without a word."""
        self._lines.pop(req_id, None)

    def forget_lines(self) -> None:
        """All lines end without a word."""
        self._lines.clear()
        self._streams.clear()

    def step(self) -> None:
        """All changes of all lines, handed over in one piece."""
        if not self._gateway.quotes_moved and self._type in (LIVE, FROZEN):
            return
        out: list[bytes] = []
        now = self._gateway.now()
        for subscription in self._lines.values():
            self._say(subscription, now, out)
        for req_id, stream in self._streams.items():
            self._say_stream(req_id, stream, now, out)
        if out:
            self._session.send_frames(out)

    def _set_type(self, kind: int) -> None:
        if kind in (LIVE, FROZEN, DELAYED, DELAYED_FROZEN):
            self._type = kind
        else:
            self._error(
                -1, 321, "Error validating request.-'bK' : cause - Invalid market data type"
            )

    def _subscribe(self, request: MarketData) -> None:
        listing, legs = self._instruments(request.req_id, request.contract)
        if not legs or not self._acceptable(request, listing):
            return
        kind = self._granted_type(request.req_id, listing, legs)
        if kind is None:
            return
        self.opening = request.contract.symbol
        self._session.send_frames([ticks.market_data_type(request.req_id, kind)])
        if kind in (DELAYED, DELAYED_FROZEN):
            self._error(
                request.req_id, 10167,
                "Requested market data is not subscribed. Displaying delayed market data.",
            )  # fmt: skip
        tick = listing.min_tick if listing else _COMBO_TICK
        out = [ticks.request_parameters(request.req_id, tick, _BBO_EXCHANGE)]
        line = Line(request.req_id, kind, legs, listing, self._gateway.settings)
        generic = None
        if request.generic_ticks and listing is not None:
            generic = GenericTicks(
                request.req_id, request.generic_ticks, listing, self._gateway.market
            )
        subscription = _Subscription(line, generic, kind)
        self._say(subscription, self._gateway.now(), out)
        if request.snapshot:
            out.append(ticks.snapshot_end(request.req_id))
        else:
            self._lines[request.req_id] = subscription
        self._session.send_frames(out)

    def _instruments(
        self, req_id: int, contract: WireContract
    ) -> tuple[Listing | None, tuple[LegOf, ...]]:
        """The listing or, for a combo, None and its legs. No legs at all: the client has been told
        why.
        """
        if not contract.is_bag:
            listing = self._one_listing(req_id, contract)
            return (listing, (LegOf(listing.con_id, 1),)) if listing else (None, ())
        legs = tuple(LegOf(leg.con_id, leg.signed_ratio) for leg in contract.legs)
        known = all(self._gateway.market.listing(leg.con_id) and leg.ratio for leg in legs)
        if legs and known:
            return None, legs
        self._error(req_id, 200 if legs else 314, NO_DEFINITION)
        return None, ()

    def _acceptable(self, request: MarketData, listing: Listing | None) -> bool:
        """Checks that have nothing to do with the instrument's data."""
        req_id, wrong = request.req_id, set(request.generic_ticks) - LEGAL
        if req_id in self._lines or req_id in self._streams:
            self._error(req_id, 322, "Error processing request.-'bW' : cause - Duplicate ticker id")
        elif request.snapshot and request.generic_ticks:
            text = "Snapshot market data subscription is not applicable to generic ticks"
            self._error(req_id, 414, text)
        elif wrong:
            kind = listing.contract.kind if listing else "BAG"
            legal = ",".join(str(tick) for tick in sorted(LEGAL))
            asked = ",".join(str(tick) for tick in sorted(wrong))
            self._error(
                req_id, 321,
                f"Error validating request.-'bN' : cause - Incorrect generic tick list of "
                f"{asked}.  Legal ones for ({kind}) are: {legal}",
            )  # fmt: skip
        elif not request.snapshot and not self._line_free():
            self._error(req_id, 101, "Max number of tickers has been reached")
        else:
            return True
        return False

    def _line_free(self) -> bool:
        return len(self._lines) + len(self._streams) < self._gateway.settings.lines_max

    def _granted_type(
        self, req_id: int, listing: Listing | None, legs: tuple[LegOf, ...]
    ) -> int | None:
        """What kind of data the line will carry; None after refusing it (354)."""
        market = self._gateway.market
        listings = [listing] if listing else [market.listing(leg.con_id) for leg in legs]
        symbols = {found.contract.symbol for found in listings if found}
        if self._type in (DELAYED, DELAYED_FROZEN):
            return self._type
        if symbols & self._gateway.settings.unsubscribed:
            self._error(
                req_id, 354,
                "Requested market data is not subscribed. Check API status by selecting the "
                "Account menu then under Management choose Market Data Subscription Manager and/or "
                f"availability of delayed data.{'/'.join(sorted(symbols))}/TOP/ALL",
            )  # fmt: skip
            return None
        if self._type == FROZEN and self._open(legs):
            return LIVE
        return self._type

    def _open(self, legs: tuple[LegOf, ...]) -> bool:
        return all(self._gateway.is_open(leg.con_id) for leg in legs)

    def _say(self, subscription: _Subscription, now: datetime, out: list[bytes]) -> None:
        line = subscription.line
        quotes = [self._gateway.quote(leg.con_id) for leg in line.legs]
        is_open = self._open(line.legs)
        if self._type == FROZEN and line.kind in (LIVE, FROZEN):
            line.kind = LIVE if is_open else FROZEN
            if line.kind != subscription.type_said:
                subscription.type_said = line.kind
                out.append(ticks.market_data_type(line.req_id, line.kind))
        quote = quotes[0] if line.listing is not None else combo_quote(line.legs, quotes)
        if not is_open and not line.keeps_last_quote and quote.ask is not None:
            quote = quote._replace(bid=None, ask=None, bid_size=0, ask_size=0)
        line.say(quote, now, out)
        if subscription.generic is not None:
            subscription.generic.say(quote, now, out)

    def _cancel(self, req_id: int) -> None:
        if self._lines.pop(req_id, None) is None:
            self._error(req_id, 300, f"Can't find EId with tickerId:{req_id}")

    def _stream(self, request: TickByTick) -> None:
        req_id = request.req_id
        listing = self._one_listing(req_id, request.contract)
        if listing is None:
            return
        if listing.contract.kind is Kind.INDEX and request.kind != "Last":
            self._error(req_id, 10189, "Failed to request tick-by-tick data.No market data.")
            return
        if request.kind not in KINDS or req_id in self._lines or req_id in self._streams:
            self._error(req_id, 321, "Error validating request.-'b4' : cause - Invalid tick type")
        elif not self._line_free():
            self._error(req_id, 101, "Max number of tickers has been reached")
        else:
            self._streams[req_id] = stream = _Stream(request.kind, listing)
            out: list[bytes] = []
            self._say_stream(req_id, stream, self._gateway.now(), out)
            self._session.send_frames(out)

    def _say_stream(self, req_id: int, stream: _Stream, now: datetime, out: list[bytes]) -> None:
        quote: MarketQuote = self._gateway.quote(stream.listing.con_id)
        made = tick_by_tick(req_id, stream.kind, quote, now, stream.said)
        if made is not None:
            stream.said = made.said
            out.append(made.frame)

    def _forget_stream(self, req_id: int) -> None:
        if self._streams.pop(req_id, None) is None:
            self._error(req_id, 300, f"Can't find EId with tickerId:{req_id}")
