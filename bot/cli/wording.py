"""How instruments, orders and money are spelled for people. Pure; shared by account and summary."""

from collections.abc import Sequence
from decimal import Decimal

from domain.instruments import Contract, Right
from domain.orders import Leg, Order, Purpose

VERBS = {
    Purpose.OPEN_CONDOR: "open condor",
    Purpose.CLOSE_CONDOR: "close condor",
    Purpose.BUY_HEDGE: "buy hedge",
    Purpose.ROLL_HEDGE: "roll hedge",
    Purpose.SELL_HEDGE: "sell hedge",
}


def describe_legs(legs: Sequence[Leg]) -> str:
    """``SPXW 2018-03-02 2475/2500P 2860/2885C``, ``VIX 2018-02-13 14C``, or one into another."""
    if len(legs) == 2 and legs[0].contract.symbol == "VIX":
        old, new = sorted(legs, key=lambda leg: leg.ratio)
        return f"{describe_option(old.contract)} into {describe_option(new.contract)}"
    if len(legs) != 4:
        return ", ".join(describe_option(leg.contract) for leg in legs)
    first = legs[0].contract
    strikes = {
        right: "/".join(
            f"{contract.strike:g}"
            for contract in sorted(
                (leg.contract for leg in legs if leg.contract.right is right),
                key=lambda contract: contract.strike,
            )
        )
        for right in (Right.PUT, Right.CALL)
    }
    puts, calls = strikes[Right.PUT], strikes[Right.CALL]
    return f"{first.trading_class} {first.expiration} {puts}P {calls}C"


def describe_option(contract: Contract) -> str:
    return f"{contract.trading_class} {contract.expiration} {contract.strike:g}{contract.right}"


def describe_limit(order: Order, limit: Decimal) -> str:
    """A limit as the trader says it: credits and debits, not signs."""
    if order.intent.purpose is Purpose.SELL_HEDGE or limit < 0:
        return f"{abs(limit)} credit"
    return f"{limit} debit"


def fill_price(order: Order, prices: Sequence[tuple[Contract, int, Decimal]]) -> Decimal | None:
    """Net points per unit of (contract, signed quantity, price) rows; None without a unit."""
    if not order.filled:
        return None
    total = sum((price * quantity for _, quantity, price in prices), Decimal(0))
    return (total / order.filled).quantize(Decimal("0.01"))


def usd(amount: Decimal | float | None, *, signed: bool = False) -> str:
    """``$1,240``, ``-$310``; with a plus for gains if ``signed``; ``n/a`` for nothing."""
    if amount is None:
        return "n/a"
    shown = round(amount)
    sign = "-" if shown < 0 else "+" if signed and shown > 0 else ""
    return f"{sign}${abs(amount):,.0f}"


def percent(share: float | None) -> str:
    return "n/a" if share is None else f"{100 * share:.1f} %"


def count(number: int, thing: str) -> str:
    """``1 call``, ``2 calls``."""
    return f"{number} {thing}{'' if number == 1 else 's'}"
