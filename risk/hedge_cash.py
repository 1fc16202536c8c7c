"""What the hedge is worth against what the condors bring in (S37). Denies nothing."""

from datetime import timedelta

from domain.desk import Desk
from domain.orders import Layer
from domain.recalled import recalled
from risk.exposure import held_calls

_DAYS = 30
_NO_RECORD = 0.0


@recalled("now", "quotes", "ready_at", "book", "approvals", "calendar")
def hedge_value(desk: Desk) -> float | None:
    """USD at the bid, adopted calls included, a call nobody bids for counting nothing; None while
    one has no quote.
    """
    total = 0.0
    for contract, quantity in held_calls(desk):
        quote = desk.quote(contract)
        if quote is None:
            return None
        total += (quote.bid or 0.0) * quantity * contract.multiplier
    return total


@recalled("now", "book", "record")
def condor_cash(desk: Desk) -> float:
    """Net USD of all condor trades of the last 30 days, after fees; what is held is not valued."""
    since = desk.today - timedelta(days=_DAYS)
    newest_first = reversed(desk.record.days)
    before = next((day.condor_cash for day in newest_first if day.on <= since), _NO_RECORD)
    return _total(desk) - before


def cash_multiple(desk: Desk) -> float | None:
    """Hedge at the bid over the condor cash of 30 days, the analogue of price over cash flow.

    None while the hedge has no value in quotes, or the condors brought in nothing to compare with.
    """
    value, cash = hedge_value(desk), condor_cash(desk)
    return None if value is None or cash <= 0 else value / cash


def _total(desk: Desk) -> float:
    """Realized less what the open legs cost less fees: cash in since the first day."""
    book = desk.book
    cost = sum((float(p.cost) for condor in book.open_condors for p in condor.positions), 0.0)
    realized = float(book.realized.get(Layer.CONDOR, 0))
    return realized - cost - float(book.fees.get(Layer.CONDOR, 0))
