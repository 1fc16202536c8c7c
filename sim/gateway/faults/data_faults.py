"""What goes wrong with market data: not subscribed, delayed, frozen, halted, absurd."""

from dataclasses import dataclass
from typing import ClassVar

from domain.instruments import Kind
from sim.exchange.quotes import MarketQuote
from sim.gateway import ticks
from sim.gateway.faults.fault import Armed, Fault
from sim.gateway.faults.words import (
    CANCEL_DATA,
    COMPUTATION,
    DATA_TYPE,
    MARKET_DATA,
    TICK_PRICE,
    TICK_SIZE,
    TICKS,
    Asked,
    Said,
)
from sim.gateway.framing import frame, message
from sim.gateway.request_fields import decode
from sim.gateway.requests import MarketData

ALL = ""
_DELAYED_FIELDS = {str(live): str(late) for live, late in ticks.DELAYED.items()}
_UNSUBSCRIBED = {
    354: "Requested market data is not subscribed.",
    10089: "Requested market data requires additional subscription for API. Delayed market data "
    "is available.",
    10168: "Requested market data is not subscribed. Delayed market data is not enabled.",
    10186: "Requested market data is not subscribed. Delayed market data is not available.",
}


def listed(symbols: str, symbol: str) -> bool:
    """Whether ``SPX+VIX`` names it; the empty text names all."""
    return symbols == ALL or symbol in symbols.split("+")


@dataclass(frozen=True, kw_only=True)
class Unsubscribed(Fault):
    """Lines of these symbols are refused with ``code``."""

    NAME: ClassVar[str] = "unsubscribed"
    IMITATES: ClassVar[str] = "C: 354, 10168, 10186, 10089"

    symbols: str = ALL
    code: int = 354

    def asked(self, armed: Armed, asked: Asked) -> bool:
        if asked.kind != MARKET_DATA:
            return False
        request = decode(asked.fields, asked.session.version)
        assert isinstance(request, MarketData)
        if not listed(self.symbols, request.contract.symbol) or not armed.strikes():
            return False
        text = _UNSUBSCRIBED.get(self.code, "Requested market data is not subscribed.")
        asked.session.error(request.req_id, self.code, text)
        return True


@dataclass(frozen=True, kw_only=True)
class Delayed(Fault):
    """Lines of these symbols carry delayed data: 10167, type 3, tick types 66 and above."""

    NAME: ClassVar[str] = "delayed"
    IMITATES: ClassVar[str] = "C: 10167, delayed data"

    symbols: str = ALL

    def said(self, armed: Armed, said: Said) -> list[bytes] | None:
        if said.kind not in TICKS or not listed(self.symbols, _symbol(said)):
            return None
        if said.kind == DATA_TYPE:
            text = "Requested market data is not subscribed. Displaying delayed market data."
            said.session.put(frame(message(DATA_TYPE, 1, said.req_id, 3)))
            said.session.tell(said.req_id, 10167, text)
            return []
        place = 2 if said.kind == COMPUTATION else 3
        late = _DELAYED_FIELDS.get(said.fields[place])
        return None if late is None else [said.with_field(place, late)]


@dataclass(frozen=True, kw_only=True)
class PartlySubscribed(Fault):
    """Lines of these symbols say 10090 or 10091 once, have no greeks, and go on."""

    NAME: ClassVar[str] = "partly_subscribed"
    IMITATES: ClassVar[str] = "C: 10090, 10091"

    symbols: str = ALL
    code: int = 10090

    def said(self, armed: Armed, said: Said) -> list[bytes] | None:
        if said.kind == COMPUTATION and listed(self.symbols, _symbol(said)):
            return []
        if said.kind == DATA_TYPE and listed(self.symbols, _symbol(said)):
            text = "Part of requested market data is not subscribed."
            said.session.tell(said.req_id, self.code, text)
        return None


@dataclass(frozen=True, kw_only=True)
class StaleQuotes(Fault):
    """Lines of these symbols fall silent, without a word why."""

    NAME: ClassVar[str] = "stale_quotes"
    IMITATES: ClassVar[str] = "C: quotes freeze; farm down though data are said to be maintained"

    symbols: str = ALL

    def said(self, armed: Armed, said: Said) -> list[bytes] | None:
        return [] if said.kind in TICKS and listed(self.symbols, _symbol(said)) else None


@dataclass(frozen=True, kw_only=True)
class Halt(Fault):
    """Trading in these symbols is halted: tick 49, and nothing fills."""

    NAME: ClassVar[str] = "halt"
    IMITATES: ClassVar[str] = "C: tick 49"

    symbols: str = ALL

    def quote(self, armed: Armed, con_id: int, quote: MarketQuote) -> MarketQuote:
        listing = armed.director.gateway.market.listing(con_id)
        option = listing is not None and listing.contract.kind is Kind.OPTION
        if listing is None or not option or not listed(self.symbols, listing.contract.symbol):
            return quote
        return quote._replace(halted=True)


@dataclass(frozen=True, kw_only=True)
class GreeksNone(Fault):
    """Every option computation says: not computed."""

    NAME: ClassVar[str] = "greeks_none"
    IMITATES: ClassVar[str] = "C: tick 21 with -1 and -2"

    def said(self, armed: Armed, said: Said) -> list[bytes] | None:
        if said.kind != COMPUTATION or not armed.strikes():
            return None
        nothing = ("-1", "-2", "-1", "-1", "-2", "-2", "-2", "-1")
        return [message(*said.fields[:4], *nothing)]


@dataclass(frozen=True, kw_only=True)
class BadQuotes(Fault):
    """Quotes of these symbols are ``kind``: crossed, locked, minus-one, zero-size, nan, unset, or
    close-only.
    """

    NAME: ClassVar[str] = "bad_quotes"
    IMITATES: ClassVar[str] = "C: crossed and locked quotes, price -1 size 0, 0-size, close-only"

    kind: str = "crossed"
    symbols: str = ALL

    KINDS: ClassVar[tuple[str, ...]] = (
        "crossed", "locked", "minus-one", "zero-size", "nan", "unset", "close-only",
    )  # fmt: skip

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.kind not in self.KINDS:
            raise ValueError(f"bad_quotes={self.kind}: one of {', '.join(self.KINDS)}")

    def said(self, armed: Armed, said: Said) -> list[bytes] | None:
        if said.kind not in (TICK_PRICE, TICK_SIZE) or not listed(self.symbols, _symbol(said)):
            return None
        if said.kind == TICK_SIZE:
            return [said.with_field(4, "0")] if self.kind in ("zero-size", "minus-one") else []
        side = said.fields[3] in ("1", "2")
        if not side:
            return [] if self.kind == "close-only" and said.fields[3] != "9" else None
        if self.kind in ("crossed", "locked"):
            return self._pair(said)
        if self.kind == "zero-size":
            return [said.with_field(5, "0")]
        if self.kind == "minus-one":
            return [message(*said.fields[:4], "-1.0", 0, *said.fields[6:])]
        text = {"nan": "nan", "unset": "1.7976931348623157E308"}.get(self.kind)
        return [] if text is None else [said.with_field(4, text)]

    def _pair(self, said: Said) -> list[bytes]:
        """Both sides from either: the bid at the ask, or far above it."""
        price = float(said.fields[4])
        higher = price * 2 if self.kind == "crossed" else price
        made = [*said.fields[:3], "1", repr(higher), *said.fields[5:]]
        return [message(*made), message(*said.fields[:3], "2", *said.fields[4:])]


@dataclass(frozen=True, kw_only=True)
class LateTick(Fault):
    """A line that was given back says one thing more, ``by_s`` later."""

    NAME: ClassVar[str] = "late_tick"
    IMITATES: ClassVar[str] = "C: tick after cancelMktData; 300"

    by_s: float = 0.5

    def asked(self, armed: Armed, asked: Asked) -> bool:
        if asked.kind == CANCEL_DATA and armed.strikes():
            req_id, session = int(asked.fields[2]), asked.session
            tick = frame(message(TICK_PRICE, 6, req_id, 1, "77777.0", 1, 1))
            armed.later(self.by_s, lambda: session.put(tick))
            armed.later(self.by_s, lambda: session.tell(req_id, 300, "Can't find EId"))
        return False


@dataclass(frozen=True, kw_only=True)
class LineLost(Fault):
    """The lines of these symbols end with ``code``."""

    NAME: ClassVar[str] = "line_lost"
    IMITATES: ClassVar[str] = "A: 10182, a single subscription lost"

    symbols: str = ALL
    code: int = 10182

    def begin(self, armed: Armed) -> None:
        for session in armed.director.sessions:
            for req_id in session.quotes.line_ids:
                if listed(self.symbols, session.quotes.symbol_of(req_id)):
                    session.quotes.forget_line(req_id)
                    session.tell(req_id, self.code, "Failed to request live updates (disconnected)")
                    armed.hits += 1


def _symbol(said: Said) -> str:
    return said.session.quotes.symbol_of(said.req_id) or _asked_symbol(said)


def _asked_symbol(said: Said) -> str:
    """Of a line that is being opened: its first ticks come before it is known."""
    return said.session.quotes.opening
