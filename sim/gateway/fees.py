"""Commissions, exchange fees included."""

from decimal import Decimal

from domain.instruments import Kind
from sim.exchange.listings import Listing
from sim.gateway.settings import Commissions

_CENT = Decimal("0.01")
_FOREX_SHARE, _FOREX_MINIMUM = Decimal("0.00002"), Decimal("2.00")


def commission(listing: Listing, quantity: int, price: Decimal, rates: Commissions) -> Decimal:
    """USD for a fill of ``quantity`` contracts or shares, never negative."""
    kind = listing.contract.kind
    if kind is Kind.OPTION:
        fee = rates.index_option * quantity
    elif kind is Kind.FUTURE:
        fee = rates.future * quantity
    elif kind is Kind.STOCK:
        fee = max(rates.share * quantity, rates.share_minimum)
    else:
        fee = max(_FOREX_SHARE * quantity * price, _FOREX_MINIMUM)
    return fee.quantize(_CENT)
