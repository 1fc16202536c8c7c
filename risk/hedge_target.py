"""How many calls each hedge layer should hold, and how many it is short. Methodology 4.4.

For N open condors: round half up of ratio x N per layer, times the static ratio; when N >= 1 and
all are 0, one call of the medium layer. Ratios that are all zero mean no hedge at all. Budget and
cap only ever make purchases smaller, in proportion.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from domain.book import Tranche
from domain.desk import Desk
from domain.effects import RecordDecision, Verdict
from domain.orders import HEDGE_LAYERS, Layer, Purpose
from domain.recalled import recalled
from risk.parameters import HedgeParams, RatioMode

_MEDIUM = HEDGE_LAYERS.index(Layer.HEDGE_MEDIUM)


def targets(condors: int, params: HedgeParams, ratio: float | None = None) -> tuple[int, int, int]:
    """Contracts per layer for ``condors`` open condor contracts, before budget and cap.

    ``ratio`` is h of S28, the static one when not given.
    """
    if condors < 1 or not any(params.ratio):
        return (0, 0, 0)
    factor = Decimal(str(params.static_ratio if ratio is None else ratio))
    found = [
        int(_half_up(_half_up(Decimal(str(share)) * condors) * factor)) for share in params.ratio
    ]
    if not any(found):
        found[_MEDIUM] = 1
    return (found[0], found[1], found[2])


def targets_of(desk: Desk, params: HedgeParams) -> Mapping[Layer, int]:
    """Contracts each layer should hold now, by the ratio in force. Settled condors that the broker
    has not dropped yet want nothing.
    """
    return _targets_at(desk, params, desk.live_contracts, ratio_in_force(desk, params))


@recalled("book", "hedge", looks=8)  # of several books in turn
def _targets_at(desk: Desk, params: HedgeParams, condors: int, ratio: float) -> Mapping[Layer, int]:
    return dict(zip(HEDGE_LAYERS, targets(condors, params, ratio), strict=True))


def ratio_in_force(desk: Desk, params: HedgeParams) -> float:
    """h: the newest estimate when it is dynamic and there is one, else the static ratio."""
    if params.ratio_mode is RatioMode.STATIC:
        return params.static_ratio
    return desk.hedge.ratio_on(desk.today, params.static_ratio)


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
    return _owned(desk, params)[layer]


@recalled("book", "quotes", "ready_at", "now")
def _owned(desk: Desk, params: HedgeParams) -> Mapping[Layer, int]:
    found = dict.fromkeys(HEDGE_LAYERS, 0)
    for tranche in desk.book.open_tranches:
        if not (worthless(desk, tranche) and due(desk, tranche, params)):
            found[tranche.layer] += tranche.quantity
    return found


def held(desk: Desk, layer: Layer, params: HedgeParams) -> int:
    """Contracts of ``layer`` owned or being bought."""
    return owned(desk, layer, params) + sum(
        [
            order.remaining
            for order in desk.working
            if order.intent.purpose is Purpose.BUY_HEDGE and order.intent.layer is layer
        ]
    )


def deficits(desk: Desk, params: HedgeParams) -> dict[Layer, int]:
    """Contracts missing per layer, layers that are full left out."""
    missing = {
        layer: target - held(desk, layer, params)
        for layer, target in targets_of(desk, params).items()
    }
    return {layer: count for layer, count in missing.items() if count > 0}


def deficit_changes(desk: Desk, params: HedgeParams) -> tuple[RecordDecision, ...]:
    """Record when a layer falls short or is full again; the day it fell short is remembered.

    An order that works is not yet a contract held: only fills end a deficit.
    """
    changes = []
    for layer, target in targets_of(desk, params).items():
        short = max(0, target - owned(desk, layer, params))
        if (short > 0) is (layer in desk.deficits):
            continue
        text = f"{layer} is {short} short" if short else f"{layer} is full"
        inputs = (("deficit", float(short)), ("condors", float(desk.live_contracts)))
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


def roll_on(tranche: Tranche, params: HedgeParams) -> date:
    """The first day on which the tranche is due: by days held or by days to expiration."""
    place = HEDGE_LAYERS.index(tranche.layer)
    expiration = tranche.contract.expiration
    assert expiration is not None
    held_so_long = tranche.opened_on + timedelta(days=params.roll_days_held[place])
    return min(held_so_long, expiration - timedelta(days=params.roll_dte_min[place]))


def due(desk: Desk, tranche: Tranche, params: HedgeParams) -> bool:
    """Held long enough, or close enough to expiration, to be rolled."""
    return desk.today >= roll_on(tranche, params)


def worthless(desk: Desk, tranche: Tranche) -> bool:
    """An ask, but nobody bids."""
    quote = desk.quote(tranche.contract)
    return quote is not None and quote.ask is not None and not quote.bid


def _half_up(value: Decimal) -> Decimal:
    return value.to_integral_value(ROUND_HALF_UP)
