"""What can be traded or watched, and on which price grid.

One frozen value names any instrument, so that it can key quotes, positions and subscriptions alike.
Knows nothing of broker contract ids: those are the adapter's business.
"""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Literal, TypeAlias

Rounding: TypeAlias = Literal["down", "up", "nearest"]

_ROUNDING = {"down": ROUND_FLOOR, "up": ROUND_CEILING, "nearest": ROUND_HALF_UP}


class Kind(StrEnum):
    """The kind of instrument; values are the security types of the TWS API."""

    INDEX = "IND"
    STOCK = "STK"
    FUTURE = "FUT"
    OPTION = "OPT"
    FOREX = "CASH"


class Right(StrEnum):
    CALL = "C"
    PUT = "P"


class Settlement(StrEnum):
    """When an expiring option or future takes its final value."""

    AM = "AM"  # on the opening of the session after the last trading day
    PM = "PM"  # on the close of the last trading day


_PM_CLASSES = frozenset({"SPXW"})


class _Hashed:
    """Keeps the hash of a value that keys mappings all day."""

    __slots__ = ("_hash",)
    _hash: int


@dataclass(frozen=True, slots=True)
class Contract(_Hashed):
    """One instrument.

    ``expiration`` is the last trading day, as the broker lists it: for an AM-settled VIX or SPX
    option that is the session before the settlement day. ``strike`` is an exact float (0.5 steps at
    the finest).
    """

    kind: Kind
    symbol: str
    exchange: str
    trading_class: str = ""
    expiration: date | None = None
    strike: float = 0.0
    right: Right | None = None
    multiplier: int = 1
    currency: str = "USD"

    def __post_init__(self) -> None:
        if self.kind is Kind.OPTION and (
            self.expiration is None or self.right is None or not self.strike > 0
        ):
            raise ValueError(f"option without expiration, right or strike: {self.symbol}")
        if self.kind is Kind.FUTURE and self.expiration is None:
            raise ValueError(f"future without expiration: {self.symbol}")

    def __hash__(self) -> int:
        try:
            return self._hash
        except AttributeError:  # just made, here or from another process
            key = (self.symbol, self.trading_class, self.expiration, self.strike, self.right)
            object.__setattr__(self, "_hash", hash(key))
            return self._hash

    @property
    def settlement(self) -> Settlement:
        return Settlement.PM if self.trading_class in _PM_CLASSES else Settlement.AM

    @property
    def series(self) -> str:
        """Under which name daily closes are kept: the symbol, of a currency pair both."""
        return f"{self.symbol}.{self.currency}" if self.kind is Kind.FOREX else self.symbol

    @property
    def label(self) -> str:
        """A short unambiguous name for logs: ``SPXW 2018-03-02 2690 P``."""
        if self.kind is Kind.OPTION:
            return f"{self.trading_class} {self.expiration} {self.strike:g} {self.right}"
        if self.kind is Kind.FUTURE:
            return f"{self.trading_class or self.symbol} {self.expiration}"
        return self.symbol


def index(symbol: str, exchange: str = "CBOE") -> Contract:
    return Contract(Kind.INDEX, symbol, exchange)


def stock(symbol: str) -> Contract:
    return Contract(Kind.STOCK, symbol, "SMART")


def forex(base: str, quote: str) -> Contract:
    """A spot pair on the broker's currency venue, in units of ``quote`` for one ``base``."""
    return Contract(Kind.FOREX, base, "IDEALPRO", currency=quote)


def es_future(expiration: date) -> Contract:
    """E-mini S&P 500; ``expiration`` is its last trading day, normally a third Friday."""
    return Contract(Kind.FUTURE, "ES", "CME", "ES", expiration, multiplier=50)


def euro_future(expiration: date) -> Contract:
    """6E, euro against dollar; it stops trading two business days before a third Wednesday."""
    return Contract(Kind.FUTURE, "EUR", "CME", "6E", expiration, multiplier=125_000)


def fed_funds_future(expiration: date) -> Contract:
    """ZQ, 100 less the month's mean federal funds rate; it trades to the month's last business
    day.
    """
    return Contract(Kind.FUTURE, "ZQ", "CBOT", "ZQ", expiration, multiplier=4167)


def vx_future(expiration: date) -> Contract:
    """A monthly VX future; ``expiration`` is its final settlement day (it trades until that
    morning).
    """
    return Contract(Kind.FUTURE, "VIX", "CFE", "VX", expiration, multiplier=1000)


@lru_cache(maxsize=8192, typed=True)  # the same few thousand are named all day
def spxw_option(expiration: date, strike: float, right: Right) -> Contract:
    return Contract(Kind.OPTION, "SPX", "SMART", "SPXW", expiration, strike, right, 100)


@lru_cache(maxsize=2048, typed=True)
def vix_option(expiration: date, strike: float, right: Right = Right.CALL) -> Contract:
    """A monthly VIX option; ``expiration`` is its last trading day, normally the Tuesday."""
    return Contract(Kind.OPTION, "VIX", "SMART", "VIX", expiration, strike, right, 100)


SPX = index("SPX")
VIX = index("VIX")
VIX9D = index("VIX9D")
VIX3M = index("VIX3M")
VVIX = index("VVIX")
SKEW = index("SKEW")
AD_NYSE = index("AD-NYSE", "NYSE")  # advances arrive as bid, declines as ask, unchanged as bid size

VIXY = stock("VIXY")
VNQ, SPY, RSP, UUP = stock("VNQ"), stock("SPY"), stock("RSP"), stock("UUP")
SECTORS = tuple(
    stock(symbol)
    for symbol in (
        "XLB", "XLC", "XLE", "XLF", "XLI", "XLK", "XLP", "XLRE", "XLU", "XLV", "XLY",
    )
)  # fmt: skip
EURUSD = forex("EUR", "USD")
# Series name, weight in DXY (ICE), and whether the dollar is the base currency.
DOLLAR_WEIGHTS: tuple[tuple[str, float, bool], ...] = (
    ("EUR.USD", 0.576, False),
    ("USD.JPY", 0.136, True),
    ("GBP.USD", 0.119, False),
    ("USD.CAD", 0.091, True),
    ("USD.SEK", 0.042, True),
    ("USD.CHF", 0.036, True),
)
DOLLAR_PAIRS = tuple(forex(name[:3], name[4:]) for name, _, _ in DOLLAR_WEIGHTS)

COMBO_INCREMENT = Decimal("0.05")  # index-option combos are quoted and accepted in nickels


def price_increment(contract: Contract, price: Decimal) -> Decimal:
    """The smallest price step of a single-leg order in ``contract`` near ``price``.

    Cboe: SPX and SPXW 0.05 below 3.00, else 0.10; VIX 0.01 below 3.00, else 0.05; VIXW 0.01;
    VX futures 0.05.
    """
    if contract.kind is Kind.FUTURE:
        return Decimal("0.05")
    if contract.kind is not Kind.OPTION or contract.trading_class == "VIXW":
        return Decimal("0.01")
    fine, coarse = ("0.05", "0.10") if contract.symbol == "SPX" else ("0.01", "0.05")
    return Decimal(fine if abs(price) < 3 else coarse)


def round_to_increment(price: Decimal, increment: Decimal, rounding: Rounding) -> Decimal:
    """``price`` on the grid of ``increment``; ``down`` means towards minus infinity, ties go away
    from 0.
    """
    steps = (price / increment).to_integral_value(rounding=_ROUNDING[rounding])
    return (steps * increment).quantize(increment)
