"""When to buy calls for a layer that is short of its target. Methodology 4.4, build.

Only in LOW and NORMAL. The short layer is bought at once; the longer ones wait for a steep curve,
or for ``build_wait_sessions``. What a working day left unfilled is taken up the next session.
"""

from collections.abc import Iterator
from datetime import date
from math import ceil

from domain.desk import Desk
from domain.gates import Gate
from domain.orders import (
    HEDGE_LAYERS,
    TERMINAL,
    DenialCode,
    Layer,
    OrderIntent,
    Purpose,
)
from domain.proposals import Proposal, Skip
from domain.session import new_york
from risk.curve import read_curve
from risk.hedge_conditions import (
    budget,
    budget_left,
    calm,
    cash_cover,
    front_band,
    hours,
    short_of_target,
    shut,
    steep,
    under_cap,
)
from risk.hedge_curve import vxth_share
from risk.hedge_layer import judge_purchase
from risk.hedge_orders import buy
from risk.hedge_stress import units_within_stress
from risk.hedge_strikes import CallChoice, choose_call, expirations
from risk.hedge_target import deficits, held, scaled, targets_of
from risk.limits import RiskLimits
from risk.parameters import HedgeParams, RegimeParams

_TOPIC = "hedge.build"
_RULE = "4.4.build"


def propose(desk: Desk, params: HedgeParams, limits: RiskLimits, regime: RegimeParams) -> Proposal:
    """Purchases for short layers, at most ``scouts_max`` of them looked at together."""
    if not hours(desk, params, _TOPIC).open:
        return Proposal()
    missing = deficits(desk, params)
    if not missing:
        return Proposal()
    gate = calm(desk, _TOPIC)
    if not gate.open:
        return _skip(None, gate.reason, DenialCode.REGIME_BLOCKS_HEDGE_BUY)
    proposal, looked = Proposal(), 0
    for layer in HEDGE_LAYERS:
        if layer not in missing or looked >= params.scouts_max or not its_turn(desk, layer, params):
            continue
        stop = shut(_later_gates(desk, layer, params, limits, regime))
        if stop is not None:
            proposal += _skip(layer, stop.reason, stop.denial, _numbers(stop))
            continue
        looked += 1
        proposal += _buy_layer(desk, layer, missing, params, limits, regime)
    return proposal


def gates(
    desk: Desk, layer: Layer, params: HedgeParams, limits: RiskLimits, regime: RegimeParams
) -> Iterator[Gate]:
    """What must hold before ``layer`` looks for a call; size and price come after that."""
    topic = f"{_TOPIC}.{layer}"
    yield hours(desk, params, topic)
    yield calm(desk, topic)
    yield short_of_target(desk, layer, params, topic)
    yield from _later_gates(desk, layer, params, limits, regime)


def _later_gates(
    desk: Desk, layer: Layer, params: HedgeParams, limits: RiskLimits, regime: RegimeParams
) -> Iterator[Gate]:
    """Those that are left when hours, regime and target were asked."""
    topic = f"{_TOPIC}.{layer}"
    yield steep(desk, layer, params, regime, topic)
    yield front_band(desk, layer, params, regime, topic)
    yield budget(desk, limits, topic)
    yield under_cap(desk, limits, topic)
    yield cash_cover(desk, limits, topic)


def its_turn(desk: Desk, layer: Layer, params: HedgeParams) -> bool:
    """No purchase working in the layer; after a partial fill not today, after none not for a
    while.
    """
    for order in desk.orders.values():
        intent = order.intent
        if intent.purpose is not Purpose.BUY_HEDGE or intent.layer is not layer:
            continue
        if order.status not in TERMINAL:
            return False
        if new_york(order.created_at).date() != desk.today or order.remaining <= 0:
            continue
        if order.filled or (desk.now - order.created_at).total_seconds() < params.retry_after_s:
            return False
    return True


def _buy_layer(
    desk: Desk,
    layer: Layer,
    missing: dict[Layer, int],
    params: HedgeParams,
    limits: RiskLimits,
    regime: RegimeParams,
) -> Proposal:
    days = expirations(desk, layer, params)
    if not days:
        return _skip(layer, "no expiration in the window", None)
    place, quantity = _split(desk, layer, missing[layer], len(days), days, params)
    quantity = _banded(desk, layer, quantity, params, regime)
    if quantity < 1:
        return _skip(layer, "the band of the 30-day future is full", None)
    choice = choose_call(desk, days[place], params, limits)
    wanted = Proposal(wanted=choice.wanted)
    if choice.reading is None or choice.forward is None:
        return wanted + _skip(layer, choice.reason, choice.denial)
    return wanted + _sized(desk, layer, quantity, sum(missing.values()), choice, params, limits)


def _sized(
    desk: Desk,
    layer: Layer,
    quantity: int,
    all_deficits: int,
    choice: CallChoice,
    params: HedgeParams,
    limits: RiskLimits,
) -> Proposal:
    """The purchase, cut to what budget and cap leave this layer."""
    assert choice.reading is not None
    assert choice.forward is not None
    contract, unit = choice.reading.contract, choice.reading.mid * 100
    left = budget_left(desk, limits)
    affordable = scaled(quantity, all_deficits, left, unit)
    if affordable == 0 and layer is Layer.HEDGE_MEDIUM and unit <= left:
        affordable = 1  # when money is short the medium layer is the one to keep
    judged = judge_purchase(desk, limits, contract, quantity)
    fitting = scaled(
        quantity, all_deficits, judged.cap - judged.used, _unit(judged.asked, quantity)
    )
    stressed = units_within_stress(desk, limits, contract, quantity)
    granted = min(
        affordable,
        fitting if fitting or layer is not Layer.HEDGE_MEDIUM else judged.units,
        stressed or 0,
    )
    inputs = (
        ("cap", judged.cap),
        ("used", judged.used),
        ("asked", judged.asked),
        ("granted", granted * _unit(judged.asked, quantity)),
        ("asked_units", float(quantity)),
        ("granted_units", float(granted)),
        ("delta", choice.reading.delta),
        ("vol", choice.reading.vol),
        ("forward", choice.forward),
        ("budget_left", left),
    )
    if granted < 1:
        return _skip(layer, *_too_tight(affordable, stressed), inputs)
    intent: OrderIntent | None = buy(
        desk,
        layer,
        contract,
        granted,
        params,
        rule=_RULE,
        reason=f"{layer} is {quantity} short, {granted} granted: {contract.label}",
        inputs=inputs,
    )
    return Proposal() if intent is None else Proposal((intent,))


def _split(
    desk: Desk,
    layer: Layer,
    deficit: int,
    listed: int,
    days: tuple[date, ...],
    params: HedgeParams,
) -> tuple[int, int]:
    """Which of the two adjacent expirations to buy, and how many: half of the target each when >=
    2.
    """
    target = targets_of(desk, params)[layer]
    if listed < 2 or target < 2 or params.tranches < 2:
        return 0, deficit
    at_first = sum(
        tranche.quantity
        for tranche in desk.book.open_tranches
        if tranche.layer is layer and tranche.contract.expiration == days[0]
    )
    for_first = (target + 1) // 2 - at_first
    return (0, min(deficit, for_first)) if for_first > 0 else (1, deficit)


def _banded(
    desk: Desk, layer: Layer, quantity: int, params: HedgeParams, regime: RegimeParams
) -> int:
    """X1 halves the target of the short layer in its upper band, rounded up."""
    curve = read_curve(desk, regime)
    if not params.vxth_gate or layer is not Layer.HEDGE_SHORT or curve is None:
        return quantity
    share = vxth_share(curve.constant_maturity(), params.vxth_bands)
    whole = ceil(share * targets_of(desk, params)[layer])
    return min(quantity, max(0, whole - held(desk, layer, params)))


def _too_tight(affordable: int, stressed: int | None) -> tuple[str, DenialCode]:
    if affordable < 1:
        return "budget used up", DenialCode.HEDGE_BUDGET
    if stressed is None:
        return "the condors' stress loss cannot be measured", DenialCode.QUOTE_MISSING
    if stressed < 1:
        return "the hedge would outweigh the condors' stress loss", DenialCode.HEDGE_STRESS
    return "no room under the cap", DenialCode.HEDGE_SHARE_CAP


def _numbers(gate: Gate) -> tuple[tuple[str, float], ...]:
    pairs = (("value", gate.value), ("limit", gate.limit))
    return tuple((name, value) for name, value in pairs if value is not None)


def _unit(asked: float, quantity: int) -> float:
    return asked / quantity if quantity else 0.0


def _skip(
    layer: Layer | None,
    reason: str,
    denial: DenialCode | None,
    inputs: tuple[tuple[str, float], ...] = (),
) -> Proposal:
    topic = _TOPIC if layer is None else f"{_TOPIC}.{layer}"
    return Proposal(skips=(Skip(topic, _RULE, reason, denial, layer, inputs),))
