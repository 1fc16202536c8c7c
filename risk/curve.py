"""The VX futures curve as the rules read it: F1, F2, slope and the 30-day point. Decides
nothing.
"""

from dataclasses import dataclass
from datetime import date

from domain.desk import CurveState, Desk
from domain.instruments import Contract
from domain.session import new_york
from risk.parameters import RegimeParams


@dataclass(frozen=True, slots=True)
class Curve:
    """``slope`` is F2 - F1 in points; ``cmf30`` the curve 30 calendar days out."""

    front: float
    second: float
    slope: float
    cmf30: float


def monthly_pair(desk: Desk, params: RegimeParams) -> tuple[Contract, Contract] | None:
    """F1, the first month at least ``front_days_min`` calendar days from settlement, and F2 after
    it.
    """
    today = new_york(desk.now).date()
    left = [
        contract
        for contract in desk.futures
        if contract.expiration is not None
        and (contract.expiration - today).days >= params.front_days_min
    ]
    return (left[0], left[1]) if len(left) > 1 else None


def read_curve(desk: Desk, params: RegimeParams) -> Curve | None:
    """The curve from fresh quotes of F1 and F2; None when either is missing, stale or one-sided.

    CMF30 = F1 + (F2 - F1) (30 - d1) / (d2 - d1), d in days to settlement.
    """
    pair = monthly_pair(desk, params)
    if pair is None:
        return None
    prices = [future_price(desk, contract, params.quiet_s_max) for contract in pair]
    first, second = prices
    if first is None or second is None:
        return None
    today = new_york(desk.now).date()
    assert pair[0].expiration is not None
    assert pair[1].expiration is not None
    near, far = (pair[0].expiration - today).days, (pair[1].expiration - today).days
    slope = second - first
    return Curve(first, second, slope, first + slope * (30 - near) / (far - near))


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


def settlement_future(desk: Desk, expiration: date) -> Contract | None:
    """The VX future that settles with the VIX options whose last trading day is ``expiration``."""
    settles_on = desk.calendar.next_session(expiration)
    return next((c for c in desk.futures if c.expiration == settles_on), None)
