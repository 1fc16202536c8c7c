"""What the exchange lists: identities, symbols, price rules, expirations and strikes.

A contract id is its own description (class, expiration, strike, right in one integer), so an id
handed out once means the same thing for ever, in every process. Knows no prices except the range
that strikes cover.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from domain.instruments import (
    AD_NYSE,
    Contract,
    Kind,
    Right,
    index,
    spxw_option,
    stock,
    vix_option,
    vx_future,
)

EASTERN, CENTRAL = "US/Eastern", "US/Central"

RULE_PENNY, RULE_SPX, RULE_VIX, RULE_NICKEL, RULE_PIP, RULE_YEN = 26, 110, 109, 67, 239, 240
MARKET_RULES: dict[int, tuple[tuple[float, float], ...]] = {
    RULE_PENNY: ((0.0, 0.01),),
    RULE_SPX: ((0.0, 0.05), (3.0, 0.10)),
    RULE_VIX: ((0.0, 0.01), (3.0, 0.05)),
    RULE_NICKEL: ((0.0, 0.05),),
    RULE_PIP: ((0.0, 0.00005),),
    RULE_YEN: ((0.0, 0.005),),
}

INDEX_IDS = {
    "SPX": 416904,
    "VIX": 13455763,
    "VIX9D": 108591573,
    "VIX3M": 288889420,
    "VVIX": 72257149,
    "SKEW": 73100042,
    "AD-NYSE": 26718738,
}
STOCK_IDS = {
    "SPY": 756733, "VIXY": 320227565, "VNQ": 31230302, "RSP": 43645828, "XLB": 4215210,
    "XLC": 321850489, "XLE": 4215217, "XLF": 4215220, "XLI": 4215227, "XLK": 4215230,
    "XLP": 4215215, "XLRE": 208813720, "XLU": 4215235, "XLV": 4215205, "XLY": 4215200,
    "UUP": 43202465,
}  # fmt: skip
FOREX_IDS = {
    "EUR.USD": 12087792, "GBP.USD": 12087797, "USD.JPY": 15016059, "USD.CAD": 15016062,
    "USD.CHF": 12087820, "USD.SEK": 37893488,
}  # fmt: skip
_NAMES = {
    "SPX": "S&P 500 Stock Index",
    "VIX": "CBOE Volatility Index",
    "VIX9D": "CBOE 9-Day Volatility Index",
    "VIX3M": "CBOE 3-Month Volatility Index",
    "VVIX": "CBOE VIX Volatility Index",
    "SKEW": "CBOE SKEW Index",
    "AD-NYSE": "NYSE Advance Decline Index",
    "SPY": "SPDR S&P 500 ETF TRUST",
    "VIXY": "PROSHARES VIX SHORT-TERM FUT",
    "VNQ": "VANGUARD REAL ESTATE ETF",
    "RSP": "INVESCO S&P 500 EQUAL WEIGHT",
    "UUP": "INVESCO DB US DOLLAR INDEX B",
}
_MONTH_CODES = "FGHJKMNQUVXZ"

# Contract ids: 2 bits class, 14 bits days since 2000, 11 bits strike steps, 1 bit right.
_OPTION_BASE, _FUTURE_BASE, _EPOCH = 600_000_000, 250_000_000, date(2000, 1, 1)
_STRIKE_STEP = {"SPXW": 5.0, "SPX": 5.0, "VIX": 0.5}
_CLASSES = tuple(_STRIKE_STEP)


@dataclass(frozen=True, slots=True)
class Listing:
    """One instrument as the exchange lists it. Dates are YYYYMMDD, ``contract_month`` YYYYMM, '' if
    none.
    """

    con_id: int
    contract: Contract
    local_symbol: str
    long_name: str
    last_trade: str
    real_expiration: str
    contract_month: str
    min_tick: float
    market_rule_id: int
    under_con_id: int
    time_zone: str


@dataclass(frozen=True, slots=True)
class ContractQuery:
    """What a client asks for; a field left at its default matches anything."""

    con_id: int = 0
    symbol: str = ""
    sec_type: str = ""
    last_trade: str = ""  # '', 'YYYYMM' or 'YYYYMMDD'
    strike: float = 0.0
    right: str = ""  # '', 'C', 'P', 'CALL', 'PUT' ('0' and '?' mean any)
    multiplier: str = ""
    exchange: str = ""
    currency: str = ""
    local_symbol: str = ""
    trading_class: str = ""


@dataclass(frozen=True, slots=True)
class OptionParameters:
    """Expirations (last trading days) and the union of strikes of one class on one exchange."""

    exchange: str
    underlying_con_id: int
    trading_class: str
    multiplier: int
    expirations: tuple[date, ...]
    strikes: tuple[float, ...]


class OptionKey(NamedTuple):
    """An option without its underlying facts: what a contract id decodes to."""

    trading_class: str
    expiration: date
    strike: float
    right: Right


def option_id(key: OptionKey) -> int:
    """The contract id of an option. Raises ValueError off the strike grid of its class."""
    steps = key.strike / _STRIKE_STEP[key.trading_class]
    if steps != int(steps) or not 0 < steps < 2048:
        raise ValueError(f"{key.trading_class} lists no strike {key.strike:g}")
    days = (key.expiration - _EPOCH).days
    code = (_CLASSES.index(key.trading_class) << 14 | days) << 11 | int(steps)
    return _OPTION_BASE + (code << 1 | (key.right is Right.PUT))


def option_key(con_id: int) -> OptionKey | None:
    """The option behind an id, or None if the id is not an option's. It need not be listed."""
    code = con_id - _OPTION_BASE
    if not 0 <= code < len(_CLASSES) << 26:
        return None
    name = _CLASSES[code >> 26]
    expiration = _EPOCH + timedelta(days=(code >> 12) & 0x3FFF)
    strike = ((code >> 1) & 0x7FF) * _STRIKE_STEP[name]
    return (
        OptionKey(name, expiration, strike, Right.PUT if code & 1 else Right.CALL)
        if strike
        else None
    )


def future_id(settlement: date) -> int:
    return _FUTURE_BASE + (settlement - _EPOCH).days


def future_settlement(con_id: int) -> date | None:
    days = con_id - _FUTURE_BASE
    return _EPOCH + timedelta(days=days) if 0 <= days < 1 << 14 else None


def fixed_listings() -> list[Listing]:
    """Indexes, shares and currency pairs: everything that does not expire."""
    made = [
        Listing(
            con_id, AD_NYSE if name == AD_NYSE.symbol else index(name), name, _NAMES[name],
            "", "", "", 0.01, RULE_PENNY, 0, CENTRAL,
        )
        for name, con_id in INDEX_IDS.items()
    ]  # fmt: skip
    made += [
        Listing(
            con_id, stock(name), name, _NAMES.get(name, f"SELECT SECTOR SPDR {name}"), "", "", "",
            0.01, RULE_PENNY, 0, EASTERN,
        )
        for name, con_id in STOCK_IDS.items()
    ]  # fmt: skip
    for name, con_id in FOREX_IDS.items():
        base, _, quote = name.partition(".")
        pair = Contract(Kind.FOREX, base, "IDEALPRO", name, currency=quote)
        tick, rule = (0.005, RULE_YEN) if quote == "JPY" else (0.00005, RULE_PIP)
        words = f"{base} against {quote}"
        made.append(Listing(con_id, pair, name, words, "", "", "", tick, rule, 0, EASTERN))
    return made


def option_listing(key: OptionKey, settlement: date) -> Listing:
    """The listing of an option whose final value is taken on ``settlement`` (its OCC date)."""
    if key.trading_class == "VIX":
        contract, under = vix_option(key.expiration, key.strike, key.right), INDEX_IDS["VIX"]
        tick, rule = 0.01, RULE_VIX
    else:
        contract, under = spxw_option(key.expiration, key.strike, key.right), INDEX_IDS["SPX"]
        if key.trading_class == "SPX":
            contract = Contract(
                Kind.OPTION, "SPX", "SMART", "SPX", key.expiration, key.strike, key.right, 100
            )
        tick, rule = 0.05, RULE_SPX
    symbol = f"{key.trading_class:<6}{settlement:%y%m%d}{key.right}{round(key.strike * 1000):08d}"
    return Listing(
        option_id(key), contract, symbol, _NAMES[contract.symbol], f"{key.expiration:%Y%m%d}",
        f"{settlement:%Y%m%d}", f"{settlement:%Y%m}", tick, rule, under, CENTRAL,
    )  # fmt: skip


def future_listing(settlement: date) -> Listing:
    symbol = f"VX{_MONTH_CODES[settlement.month - 1]}{settlement.year % 10}"
    stamp = f"{settlement:%Y%m%d}"
    return Listing(
        con_id=future_id(settlement),
        contract=vx_future(settlement),
        local_symbol=symbol,
        long_name=_NAMES["VIX"],
        last_trade=stamp,
        real_expiration=stamp,
        contract_month=stamp[:6],
        min_tick=0.05,
        market_rule_id=RULE_NICKEL,
        under_con_id=INDEX_IDS["VIX"],
        time_zone=CENTRAL,
    )


@lru_cache(maxsize=512)
def spx_strikes(days_left: int, low: float, high: float) -> frozenset[float]:
    """SPX and SPXW strikes of a series: fives near the money, 25s and 100s further out.

    ``low`` and ``high`` are the extremes the index has seen: strikes are added as it moves, never
    removed.
    """
    fives = _grid(low * 0.78, high * 1.12, 5) if days_left <= 120 else set()
    return frozenset(fives | _grid(low * 0.5, high * 1.3, 25) | _grid(low * 0.25, high * 1.6, 100))


@lru_cache(maxsize=512)
def vix_strikes(days_left: int, high: float) -> frozenset[float]:
    """VIX strikes of a series: 1 point from 10 to 30 (halves below 15 in the near months), then
    wider.
    """
    halves = _grid(9, 15, 0.5) if days_left <= 60 else set()
    far = _grid(80, 120, 10) if high > 30 else set()
    return frozenset(halves | _grid(9, 30, 1) | _grid(30, 50, 2.5) | _grid(50, 80, 5) | far)


def _grid(low: float, high: float, step: float) -> set[float]:
    first, last = -(-low // step), high // step
    return {step * i for i in range(int(first), int(last) + 1)}
