"""What a portfolio has to keep aside, by simple documented rules. Pure functions of positions and
prices.

Long options are paid in full and need nothing. Options of one underlying and one settlement are
taken together: what they can lose at expiration between their lowest and highest strike (so a
defined-risk spread needs its width, an iron condor one width), and for every call or put left
uncovered beyond that the Reg-T charge: 15 % of the underlying less the out-of-the-money amount, at
least 10 %, plus its value. Futures need 30 % of their notional, shares 25 % to hold and 50 % to
open (shorts 30 % and 50 %).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from domain.instruments import Kind, Right
from sim.exchange.listings import Listing

NAKED_SHARE, NAKED_FLOOR = 0.15, 0.10
FUTURE_SHARE = 0.30
SHARE_INITIAL, SHARE_HELD, SHARE_SHORT_HELD = 0.50, 0.25, 0.30


@dataclass(frozen=True, slots=True)
class Exposure:
    """``quantity`` is signed; ``price`` is the mark, ``underlying`` what the option is on, both in
    points.
    """

    listing: Listing
    quantity: int
    price: float
    underlying: float


@dataclass(frozen=True, slots=True)
class Requirement:
    """USD."""

    initial: Decimal
    maintenance: Decimal

    def __add__(self, other: "Requirement") -> "Requirement":
        return Requirement(self.initial + other.initial, self.maintenance + other.maintenance)


NOTHING = Requirement(Decimal(0), Decimal(0))


def requirement(exposures: Iterable[Exposure]) -> Requirement:
    """The whole portfolio's."""
    total = NOTHING
    series: dict[tuple[str, str], list[Exposure]] = {}
    for exposure in exposures:
        contract = exposure.listing.contract
        if contract.kind is Kind.OPTION:
            key = (contract.symbol, exposure.listing.real_expiration)
            series.setdefault(key, []).append(exposure)
        else:
            total += _outright(exposure)
    for together in series.values():
        need = _money(_worst_between_strikes(together) + _uncovered(together))
        total += Requirement(need, need)
    return total


def follows_prices(exposures: Iterable[Exposure]) -> bool:
    """Whether the requirement moves with prices: something is no option, or an option is not
    covered. Else it stays until a position changes.
    """
    net: dict[tuple[str, str, Right | None], int] = {}
    for exposure in exposures:
        contract = exposure.listing.contract
        if contract.kind is not Kind.OPTION:
            return True
        key = (contract.symbol, exposure.listing.real_expiration, contract.right)
        net[key] = net.get(key, 0) + exposure.quantity
    return min(net.values(), default=0) < 0


def _outright(exposure: Exposure) -> Requirement:
    contract = exposure.listing.contract
    notional = abs(exposure.quantity) * exposure.price * contract.multiplier
    if contract.kind is Kind.FUTURE:
        need = _money(FUTURE_SHARE * notional)
        return Requirement(need, need)
    held = SHARE_HELD if exposure.quantity > 0 else SHARE_SHORT_HELD
    return Requirement(_money(SHARE_INITIAL * notional), _money(held * notional))


def _worst_between_strikes(together: list[Exposure]) -> float:
    """The largest loss at expiration at any strike; intrinsic values are linear in between."""
    strikes = {exposure.listing.contract.strike for exposure in together}
    outcomes = (
        sum(_intrinsic(exposure, at) * exposure.quantity for exposure in together)
        for at in sorted(strikes)
    )
    return max(0.0, -min(outcomes, default=0.0)) * together[0].listing.contract.multiplier


def _intrinsic(exposure: Exposure, at: float) -> float:
    contract = exposure.listing.contract
    if contract.right is Right.CALL:
        return max(at - contract.strike, 0.0)
    return max(contract.strike - at, 0.0)


def _uncovered(together: list[Exposure]) -> float:
    """Reg-T for net short calls above, and net short puts below, all strikes."""
    need = 0.0
    for right in Right:
        side = [e for e in together if e.listing.contract.right is right]
        naked = -sum(exposure.quantity for exposure in side)
        if naked > 0:
            need += naked * max(_naked_charge(e) for e in side if e.quantity < 0)
    return need


def _naked_charge(exposure: Exposure) -> float:
    contract, under = exposure.listing.contract, exposure.underlying
    call = contract.right is Right.CALL
    out_of_the_money = (
        max(contract.strike - under, 0.0) if call else max(under - contract.strike, 0.0)
    )
    floor = NAKED_FLOOR * (under if call else contract.strike)
    charge = max(NAKED_SHARE * under - out_of_the_money, floor) + exposure.price
    return charge * contract.multiplier


def _money(value: float) -> Decimal:
    return Decimal(repr(round(value, 2)))
