"""Takes out of the book what was closed by hand, once operators have told the prices.

Orders are never asked for, and nothing is taken out that is not in the book.
"""

from domain.book import take_out
from domain.desk import Desk
from domain.events import WrittenOff
from domain.missing import legs_of
from domain.replacing import replace
from domain.session import new_york


def written_off(desk: Desk, event: WrittenOff) -> Desk:
    """The desk without what ``event`` names. Told again, or overtaken by executions, it changes
    nothing.
    """
    held = {leg.contract: leg.ours for leg in legs_of(desk, event.campaign)}
    ours = held.get(event.contract, 0)
    if ours * event.quantity >= 0 or abs(event.quantity) > abs(ours):
        return desk
    on = new_york(event.at).date()
    book = take_out(
        desk.book, event.campaign, event.contract, event.quantity, event.price, event.at, on
    )
    return replace(desk, book=book)
