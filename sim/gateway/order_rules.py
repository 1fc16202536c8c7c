"""Which orders the gateway takes: identity of the contract, legs, size, price grid. Margin is
judged elsewhere.
"""

from dataclasses import dataclass
from decimal import Decimal

from domain.instruments import Kind
from sim.exchange.listings import MARKET_RULES
from sim.gateway.desk import NO_DEFINITION
from sim.gateway.order import OrderLeg
from sim.gateway.order_request import OrderRequest
from sim.gateway.venue import Venue
from sim.gateway.wire_contract import WireContract, described

_TYPES = ("LMT", "MKT")
_TIFS = ("DAY", "GTC", "IOC", "")
_LEGS_MAX = 6
_QUANTITY_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error code and its text."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """The contract made complete, and the legs as the order trades them."""

    contract: WireContract
    legs: tuple[OrderLeg, ...]


def resolve(request: OrderRequest, market: Venue) -> Resolved | Refusal:
    """Who the order is about."""
    sign = 1 if request.action == "BUY" else -1
    contract = request.contract
    if contract.is_bag:
        return _resolve_bag(contract, sign, market)
    found = market.find(contract.query())
    if not found:
        return Refusal(200, NO_DEFINITION)
    if len(found) > 1:
        return Refusal(
            200, f"The contract description specified for {contract.symbol} is ambiguous."
        )
    listing = found[0]
    if listing.contract.kind is Kind.INDEX or market.settled(listing.con_id) is not None:
        return Refusal(201, "Order rejected - reason:The contract is not available for trading.")
    return Resolved(described(listing, contract.exchange), (OrderLeg(listing, sign),))


def _resolve_bag(contract: WireContract, sign: int, market: Venue) -> Resolved | Refusal:
    if not contract.legs:
        return Refusal(314, "Security type 'BAG' requires combo leg details.")
    if not 2 <= len(contract.legs) <= _LEGS_MAX:
        return Refusal(312, "The combo details are invalid.")
    legs = []
    for number, leg in enumerate(contract.legs):
        listing = market.listing(leg.con_id)
        tradable = (
            listing is not None
            and listing.contract.kind is not Kind.INDEX
            and market.settled(leg.con_id) is None
        )
        if listing is None or not tradable or leg.ratio < 1 or leg.action not in ("BUY", "SELL"):
            return Refusal(313, f"The combo details for leg '{number}' are invalid.")
        legs.append(OrderLeg(listing, sign * leg.signed_ratio))
    if len({leg.listing.con_id for leg in legs}) < len(legs):
        return Refusal(312, "The combo details are invalid.")
    return Resolved(contract, tuple(legs))


def check_terms(request: OrderRequest, resolved: Resolved, account: str) -> Refusal | None:
    """The first thing wrong with how the order is to trade."""
    if request.action not in ("BUY", "SELL"):
        return _invalid(f"Order side is not valid: {request.action[:20]!r}")
    if request.account not in ("", account):
        return _invalid("Invalid account code")
    if request.quantity <= 0:
        return Refusal(434, "The order size cannot be zero.")
    if request.quantity != int(request.quantity):
        return Refusal(10243, "Fractional-sized order cannot be placed via API.")
    if request.quantity > _QUANTITY_MAX:
        return Refusal(382, "Order size exceeds the precautionary limit.")
    if request.order_type not in _TYPES or request.unsupported:
        return Refusal(387, "Unsupported order type for this exchange and security type.")
    if request.tif not in _TIFS:
        return _invalid(f"Invalid time in force: {request.tif[:20]!r}")
    return _check_price(request, resolved)


def _check_price(request: OrderRequest, resolved: Resolved) -> Refusal | None:
    if request.order_type == "MKT":
        return None
    if request.limit is None:
        return _invalid("The limit price is missing")
    if not resolved.contract.is_bag and request.limit <= 0:
        return _invalid("The price must be positive")
    if request.limit % increment(resolved, request.limit):
        return Refusal(
            110, "The price does not conform to the minimum price variation for this contract."
        )
    return None


def increment(resolved: Resolved, price: Decimal) -> Decimal:
    """The grid at ``price``. A combo takes the finest step of its coarsest leg: 0.05 with SPX, 0.01
    with VIX.
    """
    rules = [MARKET_RULES[leg.listing.market_rule_id] for leg in resolved.legs]
    if resolved.contract.is_bag:
        return max(_exact(rule[0][1]) for rule in rules)
    return max(_exact(step) for low, step in rules[0] if _exact(low) <= abs(price))


def _invalid(cause: str) -> Refusal:
    return Refusal(321, f"Error validating request.-'bG' : cause - {cause}")


def _exact(value: float) -> Decimal:
    return Decimal(repr(value))
