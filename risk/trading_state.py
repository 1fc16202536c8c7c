"""What ACTIVE, REDUCING and HALTED permit. Cancels and smaller positions are never refused for it.

REDUCING lets every closing order through. HALTED lets through only those that limit a loss or a
breach: profit can wait for an operator, a stop cannot.
"""

from domain.desk import TradingState
from domain.orders import OPENING, OrderIntent

PROTECTIVE = frozenset({"4.3.margin", "4.3.stop", "4.3.dte", "4.3.repair", "4.4.flat", "4.5.trim"})


def adds_risk(intent: OrderIntent) -> bool:
    """True when the order puts on something new, be it only the second half of a roll."""
    return intent.purpose in OPENING


def permits(state: TradingState, intent: OrderIntent) -> bool:
    if state is TradingState.ACTIVE:
        return True
    if adds_risk(intent):
        return False
    return state is TradingState.REDUCING or intent.rule in PROTECTIVE
