"""What a fall of SPX costs the condors and earns the hedge, at mid and at once (S28, S36).

Condor legs are read on the SPX level as their forward; the carry of 45 days moves the result by far
less than a spread. Refuses to say anything while a leg has no usable quote.
"""

import numpy as np

from domain.desk import Desk
from domain.instruments import SPX, Contract, Right
from domain.option_readings import read_options
from domain.payoff import vega_weighted_tenor
from domain.pricing import greeks
from domain.scenario_grid import Legs, legs, linked_vix_moves, path_values
from domain.session import days_to_expiration
from domain.signals import Signal
from domain.vx_curve import VxCurve
from risk.exposure import hedge_units, worst_unit
from risk.hedge_layer import closure_hedge, hedge_contracts
from risk.limits import CapBasis, RiskLimits
from risk.vix_calls import option_mid, vix_forward, vix_readings

_NOISE = 1e-9


def condor_loss(desk: Desk, limits: RiskLimits, vix_points: float = 0.0) -> float | None:
    """USD the open condors lose when SPX falls by ``hedge_stress_move`` and VIX rises so much.

    None when a leg cannot be read; 0 with none open or when they gain.
    """
    held = {c: q for c, q in desk.book.positions().items() if c.symbol == SPX.symbol}
    if not held:
        return 0.0
    book = _spx_legs(desk, held, limits)
    if book is None:
        return None
    before, after = path_values(book, [0.0, -limits.hedge_stress_move], [0.0, vix_points], 0.0)
    loss = float(before - after)
    return max(0.0, loss) if np.isfinite(loss) else None


def hedge_gain(
    desk: Desk, held: dict[Contract, int], limits: RiskLimits, vix_points: float
) -> float | None:
    """USD that VIX calls earn when spot VIX rises by so much, each forward by its own beta."""
    book = _vix_legs(desk, held, limits)
    if book is None:
        return None
    before, after = path_values(book, 0.0, [0.0, vix_points], 0.0)
    gain = float(after - before)
    return gain if np.isfinite(gain) else None


def stress_vix_points(desk: Desk, curve: VxCurve, limits: RiskLimits) -> float | None:
    """Points of spot VIX that go with the fall, by the beta of front VX to SPX; None without it."""
    reading = desk.memory.signals.get(Signal.VX_BETA)
    if reading is None or reading.value is None or not curve.days.size:
        return None
    move = -limits.hedge_stress_move
    return float(linked_vix_moves(move, reading.value, curve.front, float(curve.days[0])))


def units_within_stress(
    desk: Desk, limits: RiskLimits, bought: Contract, quantity: int, sold: Contract | None = None
) -> int | None:
    """How many of ``quantity`` keep the dollar delta of the hedge at or below so many times the
    condors' stress loss (S36); None when that loss cannot be measured.

    Working purchases count as filled. Without condors there is nothing to compare with: all fit.
    """
    if not desk.book.open_condors:
        return quantity
    pair = [bought] if sold is None else [bought, sold]
    basis = CapBasis.DELTA_NOTIONAL
    units = hedge_units(desk, [*hedge_contracts(desk), *pair], limits, basis)
    old = 0.0 if sold is None else units[sold] or 0.0
    added = worst_unit(desk, bought, units[bought], limits) - old
    if added <= 0:
        return quantity
    loss = condor_loss(desk, limits)
    used = closure_hedge(desk, limits, units)
    if loss is None or not np.isfinite(added + used):
        return None
    room = limits.hedge_delta_per_stress * loss - used
    return max(0, min(quantity, int(np.floor(room / added + _NOISE))))


def vega_tenor(desk: Desk, held: dict[Contract, int], limits: RiskLimits) -> float | None:
    """Vega-weighted mean days to expiration of VIX calls (S2); None when none has a vega."""
    book = _vix_legs(desk, held, limits)
    if book is None or not book.strike.size:
        return None
    vega = greeks(book.forward, book.strike, book.years, book.vol, book.call).vega
    days = [days_to_expiration(contract, desk.now) for contract in held]
    tenor = vega_weighted_tenor(book.quantity, vega, days)
    return tenor if np.isfinite(tenor) else None


def _spx_legs(desk: Desk, held: dict[Contract, int], limits: RiskLimits) -> Legs | None:
    spot = desk.level(SPX)
    if spot is None:
        return None
    vols: dict[Contract, float] = {}
    for day in dict.fromkeys(contract.expiration for contract in held):
        series = [contract for contract in held if contract.expiration == day]
        vols |= _vols(desk, series, spot, limits)
    return _legs(desk, held, vols, dict.fromkeys(held, spot), vix=False)


def _vix_legs(desk: Desk, held: dict[Contract, int], limits: RiskLimits) -> Legs | None:
    forwards: dict[Contract, float] = {}
    for day in dict.fromkeys(contract.expiration for contract in held):
        assert day is not None
        series = [contract for contract in held if contract.expiration == day]
        forward = vix_forward(desk, day, limits)
        if forward is None:
            return None
        forwards |= dict.fromkeys(series, forward)
    readings = vix_readings(desk, limits)
    vols = {contract: readings[contract].vol for contract in held if contract in readings}
    return _legs(desk, held, vols, forwards, vix=True)


def _vols(
    desk: Desk, series: list[Contract], forward: float, limits: RiskLimits
) -> dict[Contract, float]:
    mids = [(contract, option_mid(desk, contract, limits)) for contract in series]
    quoted = [(contract, mid) for contract, mid in mids if mid is not None]
    readings = read_options(quoted, forward, desk.calendar, desk.now)
    return {reading.contract: reading.vol for reading in readings}


def _legs(
    desk: Desk,
    held: dict[Contract, int],
    vols: dict[Contract, float],
    forwards: dict[Contract, float],
    *,
    vix: bool,
) -> Legs | None:
    if any(contract not in vols for contract in held):
        return None
    return legs(
        list(held.values()),
        [contract.multiplier for contract in held],
        [contract.strike for contract in held],
        [contract.right is Right.CALL for contract in held],
        [desk.calendar.years_to_settlement(contract, desk.now) for contract in held],
        [vols[contract] for contract in held],
        [forwards[contract] for contract in held],
        vix=vix,
    )
