"""What the book gains or loses with small moves, by layer: a read model for people and dashboards.

Decides nothing. A layer with a leg that has no usable quote has no numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from domain.desk import Desk
from domain.instruments import SPX, Contract, Right
from domain.option_readings import read_options
from domain.orders import HEDGE_LAYERS, Layer
from domain.pricing import greeks
from engine.policy import Policy
from risk.limits import RiskLimits
from risk.vix_calls import option_mid, vix_forward

_DAYS = 365.0


@dataclass(frozen=True, slots=True)
class LayerGreeks:
    """USD: ``delta`` per point of the underlying (SPX for L1, the VIX future of its month for the
    hedge), ``gamma`` change of that per point, ``vega`` per point of implied volatility, ``theta``
    per calendar day. None while a leg cannot be read.
    """

    layer: str
    delta: float | None
    gamma: float | None
    vega: float | None
    theta: float | None


def layer_greeks(desk: Desk, policy: Policy) -> tuple[LayerGreeks, ...]:
    """Every layer that holds something."""
    found = []
    for layer in (Layer.CONDOR, *HEDGE_LAYERS):
        held = _held(desk, layer)
        if held:
            sums = _sums(desk, held, policy.limits)
            found.append(LayerGreeks(layer.value, *(sums or (None,) * 4)))
    return tuple(found)


def _held(desk: Desk, layer: Layer) -> dict[Contract, int]:
    held: dict[Contract, int] = {}
    if layer is Layer.CONDOR:
        for condor in desk.book.open_condors:
            pairs = zip(condor.combo.contracts, condor.positions, strict=True)
            for contract, position in pairs:
                held[contract] = held.get(contract, 0) + position.quantity
    for tranche in desk.book.open_tranches:
        if tranche.layer is layer:
            held[tranche.contract] = held.get(tranche.contract, 0) + tranche.quantity
    return {contract: quantity for contract, quantity in held.items() if quantity}


def _sums(
    desk: Desk, held: Mapping[Contract, int], limits: RiskLimits
) -> tuple[float, float, float, float] | None:
    """Delta, gamma, vega and theta of everything held, expiration by expiration."""
    total = np.zeros(4)
    for day in dict.fromkeys(contract.expiration for contract in held):
        series = {c: q for c, q in held.items() if c.expiration == day}
        part = None if day is None else _series(desk, series, day, limits)
        if part is None:
            return None
        total += part
    if not np.isfinite(total).all():
        return None
    delta, gamma, vega, theta = (float(value) for value in total)
    return delta, gamma, vega, theta


def _series(
    desk: Desk, held: Mapping[Contract, int], day: date, limits: RiskLimits
) -> np.ndarray | None:
    first = next(iter(held))
    spx = first.symbol == SPX.symbol
    forward = desk.level(SPX) if spx else vix_forward(desk, day, limits)
    mids = [(contract, option_mid(desk, contract, limits)) for contract in held]
    priced = [(contract, mid) for contract, mid in mids if mid is not None]
    if forward is None or len(priced) < len(held):
        return None
    readings = read_options(priced, forward, desk.calendar, desk.now)
    if len(readings) < len(held):
        return None
    one = greeks(
        forward,
        [reading.contract.strike for reading in readings],
        desk.calendar.years_to_settlement(first, desk.now),
        [reading.vol for reading in readings],
        [reading.contract.right is Right.CALL for reading in readings],
    )
    units = np.array([held[r.contract] * r.contract.multiplier for r in readings], np.float64)
    deltas = np.array([reading.delta for reading in readings])
    terms = (deltas, one.gamma, one.vega / 100.0, one.theta / _DAYS)
    return np.array([float((units * np.nan_to_num(term)).sum()) for term in terms])
