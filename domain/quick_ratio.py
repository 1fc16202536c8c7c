"""The quick ratio of the account: what could be had at once over what the margin asks (S43).

Judges nothing. The broker's margin tags know no treasury-bill funds, so those count for nothing
here, which is the safe side.
"""

from decimal import Decimal

from domain.combos import IronCondor
from domain.desk import Desk
from domain.orders import Order, Purpose


def quick_ratio(desk: Desk) -> float | None:
    """(cash + hedge at the bid) / (maintenance margin + maximum loss of working entries).

    None when the broker gave no cash or margin; infinite without any margin.
    """
    cash, margin = desk.account.cash, desk.account.maintenance_margin
    if cash is None or margin is None:
        return None
    hedge = 0.0
    for tranche in desk.book.open_tranches:
        quote = desk.quote(tranche.contract)
        bid = 0.0 if quote is None else quote.bid or 0.0
        hedge += bid * tranche.quantity * tranche.contract.multiplier
    needed = float(margin) + float(working_entry_risk(desk))
    return float("inf") if needed <= 0 else (float(cash) + hedge) / needed


def working_entry_risk(desk: Desk) -> Decimal:
    """Maximum loss in USD of the entries that may still fill, at their present limits."""
    return sum((_entry_risk(order) for order in desk.working), Decimal(0))


def _entry_risk(order: Order) -> Decimal:
    if order.intent.purpose is not Purpose.OPEN_CONDOR:
        return Decimal(0)
    return IronCondor.of_legs(order.intent.legs).max_loss_usd(-order.limit, order.remaining)
