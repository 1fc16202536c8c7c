"""Four-leg condors and the two-sided price of any package of legs.

A package is always bought: a credit is a negative price. Floats in, floats out; only the caller
puts a price on the tick grid.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from domain.instruments import (
    Contract,
    Kind,
    Right,
    Rounding,
    price_increment,
    round_to_increment,
)
from domain.orders import Leg
from domain.quotes import Quote


@dataclass(frozen=True, slots=True)
class IronCondor:
    """Long put < short put < short call < long call, one class, one expiration.

    Raises ValueError for any other order of strikes or mixture of series.
    """

    long_put: Contract
    short_put: Contract
    short_call: Contract
    long_call: Contract

    def __post_init__(self) -> None:
        strikes = [contract.strike for contract in self.contracts]
        if strikes != sorted(set(strikes)):
            raise ValueError(f"condor strikes do not rise: {strikes}")
        if [contract.right for contract in self.contracts] != [Right.PUT] * 2 + [Right.CALL] * 2:
            raise ValueError("a condor is two puts below two calls")
        if len({(c.trading_class, c.expiration, c.multiplier) for c in self.contracts}) != 1:
            raise ValueError("condor legs of different series")
        if self.long_put.kind is not Kind.OPTION:
            raise ValueError("a condor is made of options")

    @classmethod
    def of_legs(cls, legs: Sequence[Leg]) -> "IronCondor":
        """The condor whose opening package ``legs`` is. Raises ValueError when it is not one."""
        ordered = sorted(
            legs, key=lambda leg: (leg.contract.right is Right.CALL, leg.contract.strike)
        )
        if [leg.ratio for leg in ordered] != [1, -1, -1, 1]:
            raise ValueError("a condor opens with long, short, short, long")
        return cls(*(leg.contract for leg in ordered))

    @property
    def contracts(self) -> tuple[Contract, Contract, Contract, Contract]:
        return (self.long_put, self.short_put, self.short_call, self.long_call)

    @property
    def width(self) -> float:
        """The wider of the two wings, in points: the most the package can be worth to its buyer."""
        return max(
            self.short_put.strike - self.long_put.strike,
            self.long_call.strike - self.short_call.strike,
        )

    @property
    def opening(self) -> tuple[Leg, ...]:
        return tuple(Leg(c, r) for c, r in zip(self.contracts, (1, -1, -1, 1), strict=True))

    @property
    def closing(self) -> tuple[Leg, ...]:
        return tuple(Leg(c, r) for c, r in zip(self.contracts, (-1, 1, 1, -1), strict=True))

    def max_loss_usd(self, credit: Decimal, quantity: int = 1) -> Decimal:
        """(width - credit) x multiplier x quantity; ``credit`` in points, never below zero loss."""
        loss = max(Decimal(0), Decimal(str(self.width)) - credit)
        return loss * self.long_put.multiplier * quantity


@dataclass(frozen=True, slots=True)
class PackageQuote:
    """What the package costs to buy (``ask``) and brings when sold (``bid``), in points per
    unit.
    """

    bid: float
    ask: float

    @property
    def mid(self) -> float:
        return 0.5 * (self.bid + self.ask)

    @property
    def spread(self) -> float:
        return self.ask - self.bid


def package_quote(
    legs: Sequence[Leg],
    quote_of: Callable[[Contract], Quote | None],
    *,
    worthless_bid: bool = False,
) -> PackageQuote | None:
    """The natural market of a package from its legs' quotes; None when a side is missing or
    crossed.

    ``worthless_bid`` takes a missing bid under a real ask for zero, as a far wing has when it is
    being closed; never ask for it when opening.
    """
    bid = ask = 0.0
    for leg in legs:
        quote = quote_of(leg.contract)
        if quote is None or quote.ask is None:
            return None
        leg_bid = quote.bid if quote.bid is not None else (0.0 if worthless_bid else None)
        if leg_bid is None or leg_bid > quote.ask:
            return None
        bought, sold = (quote.ask, leg_bid) if leg.ratio > 0 else (leg_bid, quote.ask)
        ask += leg.ratio * bought
        bid += leg.ratio * sold
    return PackageQuote(bid, ask)


def on_grid(points: float, increment: Decimal, rounding: Rounding) -> Decimal:
    """A float price as an order price; noise below a millionth of a point does not move it a
    step.
    """
    return round_to_increment(Decimal(f"{points:.6f}"), increment, rounding)


def on_ticks(points: float, contract: Contract, rounding: Rounding) -> Decimal:
    """A float price of a single option as an order price, on the step that holds at that price."""
    price = Decimal(f"{points:.6f}")
    return round_to_increment(price, price_increment(contract, price), rounding)
