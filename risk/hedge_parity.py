"""Conversion and reversal gaps of the VIX calls we hold (S20, S21): watched, told, never traded.

Behind ``parity_monitor``; without it no put is watched and nothing is judged.
"""

from domain.book import Tranche
from domain.desk import Desk
from domain.instruments import Contract, Right, vix_option
from domain.parity import parity_gaps
from domain.proposals import Proposal
from risk.curve import settlement_future
from risk.limits import RiskLimits
from risk.parameters import HedgeParams


def propose(desk: Desk, params: HedgeParams) -> Proposal:
    """Puts of the strikes held, to be watched; no orders ever."""
    if not params.parity_monitor:
        return Proposal()
    return Proposal(wanted=tuple(_put(tranche) for tranche in desk.book.open_tranches))


def parity_gap(desk: Desk, params: HedgeParams, limits: RiskLimits) -> str | None:
    """The widest gap above ``parity_gap_min`` in words; None when there is none or it is off."""
    if not params.parity_monitor:
        return None
    gaps = [gap for t in desk.book.open_tranches for gap in _gaps(desk, t, limits)]
    widest = max(gaps, default=None)
    if widest is None or widest[0] < params.parity_gap_min:
        return None
    return f"{widest[1]}: {widest[0]:.2f} points after every spread"


def _gaps(desk: Desk, tranche: Tranche, limits: RiskLimits) -> list[tuple[float, str]]:
    contract = tranche.contract
    assert contract.expiration is not None
    future = settlement_future(desk, contract.expiration)
    if future is None:
        return []
    found = [_sides(desk, each, limits) for each in (contract, _put(tranche), future)]
    call, put, forward = found
    if call is None or put is None or forward is None:
        return []
    gaps = parity_gaps(contract.strike, *call, *put, *forward, 1.0)
    named = (("conversion", gaps.conversion), ("reversal", gaps.reversal))
    return [
        (float(gap), f"{name} of {contract.label}")
        for name, gap in named
        if float(gap) == float(gap)  # NaN where a side is missing
    ]


def _sides(desk: Desk, contract: Contract, limits: RiskLimits) -> tuple[float, float] | None:
    quote = desk.quote(contract)
    if quote is None or not quote.bid or not quote.ask:
        return None
    fresh = quote.age_s(desk.now) <= limits.quote_age_s_max
    return (quote.bid, quote.ask) if fresh else None


def _put(tranche: Tranche) -> Contract:
    assert tranche.contract.expiration is not None
    return vix_option(tranche.contract.expiration, tranche.contract.strike, Right.PUT)
