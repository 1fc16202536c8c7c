"""From quotes to forwards and deltas: put-call parity and our own Black-76, one vectorised call a
time.

No interest rate is needed: parity is read where call and put cost nearly the same, and dividends
and rates are then inside the forward. Answers ``None`` or leaves out whatever has no usable quote.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from domain.instruments import Contract, Right
from domain.pricing import IvReason, greeks, implied_vol
from domain.quotes import Quote
from domain.session import SessionCalendar

_PAIRS = 3


@dataclass(frozen=True, slots=True)
class OptionReading:
    """One option as we read it: mid in points, own implied volatility, forward delta (puts
    negative).
    """

    contract: Contract
    mid: float
    vol: float
    delta: float


def parity_forward(pairs: Mapping[float, tuple[float, float]]) -> float | None:
    """K + C - P averaged over the three strikes where call and put mids are closest; None without
    any.

    ``pairs`` holds (call mid, put mid) by strike.
    """
    closest = sorted(pairs.items(), key=lambda item: (abs(item[1][0] - item[1][1]), item[0]))[
        :_PAIRS
    ]
    if not closest:
        return None
    return sum(strike + call - put for strike, (call, put) in closest) / len(closest)


def quoted_pairs(
    quotes: Mapping[Contract, Quote], usable: Callable[[Contract], Quote | None], like: Contract
) -> dict[float, tuple[float, float]]:
    """Call and put mids by strike for the series of ``like``, where both have a mid."""
    sides: dict[float, dict[Right, float]] = {}
    for contract in quotes:
        if contract.expiration != like.expiration or contract.trading_class != like.trading_class:
            continue
        quote = usable(contract)
        if quote is not None and quote.mid is not None and contract.right is not None:
            sides.setdefault(contract.strike, {})[contract.right] = quote.mid
    return {
        strike: (mids[Right.CALL], mids[Right.PUT])
        for strike, mids in sides.items()
        if len(mids) == 2
    }


def read_options(
    options: Sequence[tuple[Contract, float]],
    forward: float,
    calendar: SessionCalendar,
    now: datetime,
) -> list[OptionReading]:
    """Implied volatility and delta of options of one expiration given as (contract, mid).

    An option at or below its intrinsic value is read at zero volatility (delta 0 or +-1); any other
    that has no implied volatility is left out.
    """
    if not options:
        return []
    years = calendar.years_to_settlement(options[0][0], now)
    strikes = np.array([contract.strike for contract, _ in options])
    calls = np.array([contract.right is Right.CALL for contract, _ in options])
    mids = np.array([mid for _, mid in options])
    vols, reasons = implied_vol(mids, forward, strikes, years, calls)
    deltas = greeks(forward, strikes, years, vols, calls).delta
    flat = reasons == IvReason.BELOW_INTRINSIC
    in_the_money = np.where(calls, forward > strikes, forward < strikes)
    deltas = np.where(flat, np.where(in_the_money, np.where(calls, 1.0, -1.0), 0.0), deltas)
    vols = np.where(flat, 0.0, vols)
    return [
        OptionReading(contract, mid, float(vol), float(delta))
        for (contract, mid), vol, delta in zip(options, vols, deltas, strict=True)
        if np.isfinite(delta)
    ]
