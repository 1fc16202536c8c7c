"""From quotes to forwards and deltas: what the rules know of an option, by parity and Black-76.

Decides which quotes belong to a series; the numbers are those of ``parity`` and ``pricing``, one
vectorised call a time. Leaves out whatever has no usable quote.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TypeAlias

import numpy as np

from domain.instruments import Contract, Right
from domain.parity import Parity, fit_parity
from domain.pricing import IvReason, greeks, implied_vol
from domain.quotes import Quote
from domain.recalled import recalled_by_row
from domain.session import SessionCalendar

# Contract, mid and forward in points, years, discount factor.
_Row: TypeAlias = tuple[Contract, float, float, float, float]


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
    return list(_read([(contract, mid, forward, years, discount) for contract, mid in options]))


def read_each(
    options: Sequence[tuple[Contract, float, float]], calendar: SessionCalendar, now: datetime
) -> tuple[OptionReading, ...]:
    """As ``read_options`` without a discount, for options of any expirations given as (contract,
    mid, forward of its expiration).
    """
    if not options:
        return ()
    return _read(
        [
            (contract, mid, forward, calendar.years_to_settlement(contract, now), 1.0)
            for contract, mid, forward in options
        ]
    )


# Several rules look at the same quotes at the same instant.
@lru_cache(maxsize=64)
def _parity(rows: tuple[tuple[float, ...], ...], years: float) -> Parity:
    strike, call_bid, call_ask, put_bid, put_ask = np.array(rows).T
    return fit_parity(strike, call_bid, call_ask, put_bid, put_ask, years)


def _read(rows: Sequence[_Row]) -> tuple[OptionReading, ...]:
    return tuple(reading for reading in _readings(rows) if reading is not None)


@recalled_by_row(1024)  # several rules, and several books, ask about the same options
def _readings(rows: Sequence[_Row]) -> list[OptionReading | None]:
    mids, forward, years, discount = np.array([row[1:] for row in rows], np.float64).T
    strikes = np.array([row[0].strike for row in rows])
    calls = np.array([row[0].right is Right.CALL for row in rows])
    vols, reasons = implied_vol(mids, forward, strikes, years, calls, discount)
    deltas = greeks(forward, strikes, years, vols, calls).delta
    flat = reasons == IvReason.BELOW_INTRINSIC
    in_the_money = np.where(calls, forward > strikes, forward < strikes)
    deltas = np.where(flat, np.where(in_the_money, np.where(calls, 1.0, -1.0), 0.0), deltas)
    vols = np.where(flat, 0.0, vols)
    return [
        OptionReading(row[0], row[1], float(vol), float(delta)) if np.isfinite(delta) else None
        for row, vol, delta in zip(rows, vols, deltas, strict=True)
    ]
