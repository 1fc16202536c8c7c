"""The VX futures as the rules read them: which two months, at which prices, in which state.

The numbers of the curve are those of ``domain.vx_curve``.
"""

from datetime import date

from domain.desk import CurveState, Desk
from domain.instruments import Contract
from domain.recalled import recalled
from domain.vx_curve import VxCurve, vx_curve
from risk.parameters import RegimeParams


def monthly_pair(desk: Desk, params: RegimeParams) -> tuple[Contract, Contract] | None:
    """F1, the first month at least ``front_days_min`` calendar days from settlement, and F2 after
    it.
    """
    today = desk.today
    left = [
        contract
        for contract in desk.futures
        if contract.expiration is not None
        and (contract.expiration - today).days >= params.front_days_min
    ]
    return (left[0], left[1]) if len(left) > 1 else None


@recalled("quotes", "futures", "now", "ready_at")
def read_curve(desk: Desk, params: RegimeParams) -> VxCurve | None:
    """The curve from fresh quotes of F1 and F2; None when either is missing, stale or one-sided.

    Its days are calendar days to settlement, so ``constant_maturity()`` is the 30-day future.
    """
    pair = monthly_pair(desk, params)
    if pair is None:
        return None
    today = desk.today
    days, prices = [], []
    for contract in pair:
        price = future_price(desk, contract, params.quiet_s_max)
        assert contract.expiration is not None
        if price is None:
            return None
        days.append((contract.expiration - today).days)
        prices.append(price)
    curve = vx_curve(days, prices, params.front_days_min)
    return curve if curve.price.size == len(pair) else None


def future_price(desk: Desk, contract: Contract, age_s_max: float) -> float | None:
    """Mid of a future's quote, else its last; None when unheard of for ``age_s_max``."""
    quote = desk.quote(contract)
    if quote is None or quote.age_s(desk.now) > age_s_max:
        return None
    return quote.mid if quote.mid is not None else quote.last


def curve_state(slope: float, params: RegimeParams) -> CurveState:
    """CONTANGO from ``contango_slope`` up, FLAT above 0, INVERTED to ``deep_slope``, DEEP from
    there.
    """
    if slope >= params.contango_slope:
        return CurveState.CONTANGO
    if slope > 0:
        return CurveState.FLAT
    return CurveState.INVERTED if slope > params.deep_slope else CurveState.DEEP


@recalled("futures", "calendar")
def settlement_future(desk: Desk, expiration: date) -> Contract | None:
    """The VX future that settles with the VIX options whose last trading day is ``expiration``."""
    settles_on = desk.calendar.next_session(expiration)
    return next((c for c in desk.futures if c.expiration == settles_on), None)
