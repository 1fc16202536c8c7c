"""From quotes to forwards and deltas: what the rules know of an option, by parity and Black-76.

Decides which quotes belong to a series; the numbers are those of ``parity`` and ``pricing``, one
vectorised call a time. Leaves out whatever has no usable quote.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import numpy as np

from domain.instruments import Contract, Right
from domain.parity import Parity, fit_parity
from domain.pricing import IvReason, greeks, implied_vol
from domain.quotes import Quote
from domain.session import SessionCalendar


@dataclass(frozen=True, slots=True)
class OptionReading:
    """One option as we read it: mid in points, own implied volatility, forward delta (puts
    negative).
    """

    contract: Contract
    mid: float
    vol: float
    delta: float


def read_parity(
    quotes: Mapping[Contract, Quote],
    usable: Callable[[Contract], Quote | None],
    like: Contract,
    calendar: SessionCalendar,
    now: datetime,
) -> Parity | None:
    """Forward and discount of the series of ``like``; None unless a strike has both its options
    quoted on both sides.
    """
    sides: dict[float, dict[Right, tuple[float, float]]] = {}
    for contract in quotes:
        if contract.expiration != like.expiration or contract.trading_class != like.trading_class:
            continue
        quote = usable(contract)
        if quote is not None and quote.bid and quote.ask and contract.right is not None:
            sides.setdefault(contract.strike, {})[contract.right] = (quote.bid, quote.ask)
    rows = [
        (strike, *sides[strike][Right.CALL], *sides[strike][Right.PUT])
        for strike in sorted(sides)
        if len(sides[strike]) == len(Right)
    ]
    if not rows:
        return None
    parity = _parity(tuple(rows), calendar.years_to_settlement(like, now))
    return None if parity.reason else parity


def read_options(
    options: Sequence[tuple[Contract, float]],
    forward: float,
    calendar: SessionCalendar,
    now: datetime,
    discount: float = 1.0,
) -> list[OptionReading]:
    """Implied volatility and delta of options of one expiration given as (contract, mid).

    ``discount`` is the factor to the expiration; a delta is per point of forward, undiscounted.
    An option at or below its intrinsic value is read at zero volatility (delta 0 or +-1); any other
    that has no implied volatility is left out.
    """
    if not options:
        return []
    years = calendar.years_to_settlement(options[0][0], now)
    return list(_read(tuple(options), forward, years, discount))


def read_each(
    options: Sequence[tuple[Contract, float, float]], calendar: SessionCalendar, now: datetime
) -> tuple[OptionReading, ...]:
    """As ``read_options`` without a discount, for options of any expirations given as (contract,
    mid, forward of its expiration).
    """
    if not options:
        return ()
    return _read(
        tuple((contract, mid) for contract, mid, _ in options),
        tuple(forward for _, _, forward in options),
        tuple(calendar.years_to_settlement(contract, now) for contract, _, _ in options),
        1.0,
    )


# Several rules look at the same quotes at the same instant.
@lru_cache(maxsize=64)
def _parity(rows: tuple[tuple[float, ...], ...], years: float) -> Parity:
    strike, call_bid, call_ask, put_bid, put_ask = np.array(rows).T
    return fit_parity(strike, call_bid, call_ask, put_bid, put_ask, years)


@lru_cache(maxsize=256)
def _read(
    options: tuple[tuple[Contract, float], ...],
    forwards: float | tuple[float, ...],
    maturities: float | tuple[float, ...],
    discount: float,
) -> tuple[OptionReading, ...]:
    forward, years = np.asarray(forwards), np.asarray(maturities)
    strikes = np.array([contract.strike for contract, _ in options])
    calls = np.array([contract.right is Right.CALL for contract, _ in options])
    mids = np.array([mid for _, mid in options])
    vols, reasons = implied_vol(mids, forward, strikes, years, calls, discount)
    deltas = greeks(forward, strikes, years, vols, calls).delta
    flat = reasons == IvReason.BELOW_INTRINSIC
    in_the_money = np.where(calls, forward > strikes, forward < strikes)
    deltas = np.where(flat, np.where(in_the_money, np.where(calls, 1.0, -1.0), 0.0), deltas)
    vols = np.where(flat, 0.0, vols)
    return tuple(
        OptionReading(contract, mid, float(vol), float(delta))
        for (contract, mid), vol, delta in zip(options, vols, deltas, strict=True)
        if np.isfinite(delta)
    )
