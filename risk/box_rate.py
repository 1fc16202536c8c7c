"""The rate that a box of SPX options lends and borrows at against a Treasury bill (S21): only told.

The box lies between the short strikes of the open condor that lasts longest: two of its four
options are held and watched anyway, the other two are asked for. Behind ``parity_monitor``; the
bill's rate is a parameter, since no quote the desk has tells it.
"""

from dataclasses import dataclass
from datetime import date

from domain.book import Condor
from domain.desk import Desk
from domain.instruments import Contract, Right, spxw_option
from domain.parity import box_rates
from domain.proposals import Proposal
from risk.limits import RiskLimits
from risk.parameters import HedgeParams


@dataclass(frozen=True, slots=True)
class BoxRate:
    """Rates a year, continuously compounded, at the touch: what buying the box lends at, and
    selling it borrows at. NaN where the box has no positive price on that side.
    """

    expiration: date
    low: float
    high: float
    lend: float
    borrow: float

    @property
    def middle(self) -> float:
        """Half-way between both rates."""
        return 0.5 * (self.lend + self.borrow)


def propose(desk: Desk, params: HedgeParams) -> Proposal:
    """The two options of the box that are not legs of the condor, to be watched; no orders ever."""
    condor = _longest(desk) if params.parity_monitor else None
    if condor is None:
        return Proposal()
    held = set(condor.combo.contracts)
    four = [contract for pair in _pairs(condor) for contract in pair]
    return Proposal(wanted=tuple(contract for contract in four if contract not in held))


def box_rate(desk: Desk, params: HedgeParams, limits: RiskLimits) -> BoxRate | None:
    """None when it is off, no condor is open, or one of the four options has no fresh two-sided
    quote.
    """
    condor = _longest(desk) if params.parity_monitor else None
    if condor is None:
        return None
    bids, asks = [], []
    for call, put in _pairs(condor):
        calls, puts = _sides(desk, call, limits), _sides(desk, put, limits)
        if calls is None or puts is None:
            return None
        bids.append(calls[0] - puts[1])
        asks.append(calls[1] - puts[0])
    years = desk.calendar.years_to_settlement(condor.combo.short_put, desk.now)
    low, high = condor.combo.short_put.strike, condor.combo.short_call.strike
    lend, borrow = box_rates(low, high, (bids[0], bids[1]), (asks[0], asks[1]), years)
    expiration = condor.combo.short_put.expiration
    assert expiration is not None
    return BoxRate(expiration, low, high, lend, borrow)


def box_gap(desk: Desk, params: HedgeParams, limits: RiskLimits) -> str | None:
    """In words, when lending by the box pays more than the bill by ``box_rate_gap_min``, or
    borrowing by it costs so much less; None without a bill to compare with.
    """
    bill, box = params.bill_rate, box_rate(desk, params, limits)
    if bill is None or box is None:
        return None
    name = f"SPX box {box.low:g} to {box.high:g} of {box.expiration}"
    if box.lend - bill >= params.box_rate_gap_min:
        return f"{name} lends at {box.lend:.2%}, a bill pays {bill:.2%}"
    if bill - box.borrow >= params.box_rate_gap_min:
        return f"{name} borrows at {box.borrow:.2%}, a bill pays {bill:.2%}"
    return None


def _longest(desk: Desk) -> Condor | None:
    """The open condor with the most time left, of several the first."""
    found: Condor | None = None
    for condor in desk.live_condors:
        if found is None or _expiration(condor) > _expiration(found):
            found = condor
    return found


def _expiration(condor: Condor) -> date:
    expiration = condor.combo.short_put.expiration
    assert expiration is not None
    return expiration


def _pairs(condor: Condor) -> tuple[tuple[Contract, Contract], tuple[Contract, Contract]]:
    """Call and put at the lower strike of the box, and at the higher one."""
    day, combo = _expiration(condor), condor.combo
    low, high = combo.short_put, combo.short_call
    return (
        (spxw_option(day, low.strike, Right.CALL), low),
        (high, spxw_option(day, high.strike, Right.PUT)),
    )


def _sides(desk: Desk, contract: Contract, limits: RiskLimits) -> tuple[float, float] | None:
    quote = desk.quote(contract)
    if quote is None or quote.mid is None or not quote.bid or not quote.ask:
        return None
    fresh = quote.age_s(desk.now) <= limits.quote_age_s_max
    return (quote.bid, quote.ask) if fresh else None
