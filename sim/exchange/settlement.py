"""Final values of expiring options and futures.

SPXW settles on the index's close, SPX on its open, VIX on the special opening quotation: the real
one where history has the future's final settlement, else VIX's open of that morning.
"""

from datetime import date

from sim.exchange.listings import Listing
from sim.exchange.tape import Tape


def final_value(listing: Listing, settlement: date, tape: Tape) -> float | None:
    """The value taken on the settlement day; None when the scenario does not reach that day.

    A settlement day that history skips (closed after all) settles on the next one it has.
    """
    day = next((day for day in tape.days if day.on >= settlement), None)
    if day is None:
        return None
    if listing.contract.symbol == "VIX":
        final = next((price for on, price in day.vx if on == settlement), None)
        return round(day.vix_open if final is None else final, 2)
    return round(day.spx_close if listing.contract.trading_class == "SPXW" else day.spx_open, 2)
