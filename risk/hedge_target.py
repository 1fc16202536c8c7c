"""How many calls each hedge layer should hold, and how many it is short. Methodology 4.4.

For N open condors: round half up of ratio x N per layer, times the static ratio; when N >= 1 and
all are 0, one call of the medium layer. Ratios that are all zero mean no hedge at all. Budget and
cap only ever make purchases smaller, in proportion.
"""

from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from domain.book import Tranche
from domain.desk import Desk
from domain.effects import RecordDecision, Verdict
from domain.orders import HEDGE_LAYERS, Layer, Purpose
from domain.session import days_to_expiration
from risk.parameters import HedgeParams

_MEDIUM = HEDGE_LAYERS.index(Layer.HEDGE_MEDIUM)


def targets(condors: int, params: HedgeParams) -> tuple[int, int, int]:
    """Contracts per layer for ``condors`` open condor contracts, before budget and cap."""
    if condors < 1 or not any(params.ratio):
        return (0, 0, 0)
    found = [
        int(_half_up(_half_up(Decimal(str(ratio)) * condors) * Decimal(str(params.static_ratio))))
        for ratio in params.ratio
    ]
    if not any(found):
        found[_MEDIUM] = 1
    return (found[0], found[1], found[2])


def scaled(deficit: int, all_deficits: int, room: float, unit: float) -> int:
    """``deficit`` cut to its share of ``room`` USD when the room does not cover all deficits at
    ``unit``.
    """
    if unit <= 0:
        return deficit
    if room <= 0:
        return 0
    wanted = all_deficits * unit
    factor = Decimal(1) if wanted <= room else Decimal(str(room)) / Decimal(str(wanted))
    return int((deficit * factor).to_integral_value(ROUND_FLOOR))


def owned(desk: Desk, layer: Layer, params: HedgeParams) -> int:
    """Contracts of ``layer`` held; worthless ones that are due for a roll no longer count."""
    return sum(
        tranche.quantity
        for tranche in desk.book.open_tranches
        if tranche.layer is layer and not (due(desk, tranche, params) and worthless(desk, tranche))
    )


def held(desk: Desk, layer: Layer, params: HedgeParams) -> int:
    """Contracts of ``layer`` owned or being bought."""
    return owned(desk, layer, params) + sum(
        order.remaining
        for order in desk.working
        if order.intent.purpose is Purpose.BUY_HEDGE and order.intent.layer is layer
    )


def deficits(desk: Desk, params: HedgeParams) -> dict[Layer, int]:
    """Contracts missing per layer, layers that are full left out."""
    wanted = targets(desk.book.condor_contracts, params)
    missing = {
        layer: target - held(desk, layer, params)
        for layer, target in zip(HEDGE_LAYERS, wanted, strict=True)
    }
    return {layer: count for layer, count in missing.items() if count > 0}


def deficit_changes(desk: Desk, params: HedgeParams) -> tuple[RecordDecision, ...]:
    """Record when a layer falls short or is full again; the day it fell short is remembered.

    An order that works is not yet a contract held: only fills end a deficit.
    """
    wanted = targets(desk.book.condor_contracts, params)
    changes = []
    for layer, target in zip(HEDGE_LAYERS, wanted, strict=True):
        short = max(0, target - owned(desk, layer, params))
        if (short > 0) is (layer in desk.deficits):
            continue
        text = f"{layer} is {short} short" if short else f"{layer} is full"
        inputs = (("deficit", float(short)), ("condors", float(desk.book.condor_contracts)))
        changes.append(
            RecordDecision(
                desk.now,
                Verdict.CHANGED,
                "hedge.deficit",
                "4.4.target",
                text,
                layer=layer,
                subject=layer.value,
                inputs=inputs,
            )
        )
    return tuple(changes)


def due(desk: Desk, tranche: Tranche, params: HedgeParams) -> bool:
    """Held long enough, or close enough to expiration, to be rolled."""
    place = HEDGE_LAYERS.index(tranche.layer)
    days_held = (desk.today - tranche.opened_on).days
    left = days_to_expiration(tranche.contract, desk.now)
    return days_held >= params.roll_days_held[place] or left <= params.roll_dte_min[place]


def worthless(desk: Desk, tranche: Tranche) -> bool:
    """An ask, but nobody bids."""
    quote = desk.quote(tranche.contract)
    return quote is not None and quote.ask is not None and not quote.bid


def _half_up(value: Decimal) -> Decimal:
    return value.to_integral_value(ROUND_HALF_UP)
