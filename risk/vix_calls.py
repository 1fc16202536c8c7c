"""Every quoted VIX option read once a look: the forward of its expiration, its own volatility and
delta. Judges nothing, and picks nothing.

One call reads all of them, since a call costs about the same for one option as for forty.
"""

from collections.abc import Mapping
from datetime import date

from domain.desk import Desk
from domain.instruments import VIX, Contract
from domain.option_readings import OptionReading, read_each, read_parity
from domain.recalled import recalled
from risk.curve import future_price, settlement_future
from risk.limits import RiskLimits


@recalled("quotes", "futures", "now", "ready_at", "calendar")
def vix_readings(desk: Desk, limits: RiskLimits) -> Mapping[Contract, OptionReading]:
    """Of all with a fresh quote, ``option_mid`` and a forward; what cannot be read is left out."""
    quoted = []
    for contract in desk.quotes:
        if contract.symbol != VIX.symbol or contract.right is None:
            continue
        mid = option_mid(desk, contract, limits)
        if mid is None:
            continue
        assert contract.expiration is not None
        forward = vix_forward(desk, contract.expiration, limits)
        if forward is not None:
            quoted.append((contract, mid, forward))
    readings = read_each(quoted, desk.calendar, desk.now)
    return {reading.contract: reading for reading in readings}


@recalled("quotes", "futures", "now", "ready_at", "calendar")
def vix_forward(desk: Desk, expiration: date, limits: RiskLimits) -> float | None:
    """Forward of VIX options with last trading day ``expiration``.

    From the VX future that settles with them, else from put-call parity of what is quoted.
    """
    future = settlement_future(desk, expiration)
    if future is not None:
        price = future_price(desk, future, limits.quote_age_s_max)
        if price is not None:
            return price
    like = next((c for c in desk.quotes if c.expiration == expiration and c.symbol == "VIX"), None)
    if like is None or like.right is None:
        return None
    parity = read_parity(desk.quotes, desk.quote, like, desk.calendar, desk.now)
    return None if parity is None else parity.forward


def option_mid(desk: Desk, contract: Contract, limits: RiskLimits) -> float | None:
    """Mid of a fresh quote, a missing bid under a real ask counting as zero."""
    quote = desk.quote(contract)
    if quote is None or quote.ask is None or quote.age_s(desk.now) > limits.quote_age_s_max:
        return None
    bid = quote.bid or 0.0
    return None if bid > quote.ask else 0.5 * (bid + quote.ask)
