"""When half of realized gains is put into the longer layers again. Methodology 4.6.

What may be spent follows from fills alone: gains of outright sales so far, times the share, less
what purchases of this rule have cost. So it survives a restart and no gain is spent twice. Budget,
cap and stress bound it like any other purchase, and each order counts as unscheduled.
"""

from collections.abc import Iterator
from math import floor

from domain.book import REDEPLOY
from domain.desk import Desk
from domain.gates import Gate
from domain.instruments import VIX
from domain.orders import DenialCode, Layer
from domain.proposals import Proposal, Skip
from risk.curve import read_curve
from risk.hedge_build import its_turn
from risk.hedge_conditions import (
    budget,
    budget_left,
    calm,
    cash_cover,
    hours,
    shut,
    turnover,
    under_cap,
)
from risk.hedge_layer import judge_purchase
from risk.hedge_orders import buy
from risk.hedge_stress import units_within_stress
from risk.hedge_strikes import CallChoice, choose_call, expirations
from risk.hedge_target import deficits
from risk.limits import RiskLimits
from risk.parameters import HedgeParams, RegimeParams

LAYERS = (Layer.HEDGE_MEDIUM, Layer.HEDGE_LONG)
_TOPIC = "hedge.redeploy"


def propose(desk: Desk, params: HedgeParams, limits: RiskLimits, regime: RegimeParams) -> Proposal:
    """One purchase per longer layer at a time, as many calls as its part of the gains pays for."""
    if not desk.book.hedge_gain:
        return Proposal()
    proposal = Proposal()
    for layer in LAYERS:
        if room(desk, layer, params) <= 0 or not its_turn(desk, layer, params):
            continue
        stop = shut(gates(desk, layer, params, limits, regime))
        if stop is None:
            proposal += _buy(desk, layer, params, limits)
        elif stop.name != "hours":
            proposal += _skip(layer, stop.reason, stop.denial)
    return proposal


def gates(
    desk: Desk, layer: Layer, params: HedgeParams, limits: RiskLimits, regime: RegimeParams
) -> Iterator[Gate]:
    """What must hold before gains are put into ``layer``."""
    topic = f"{_TOPIC}.{layer}"
    yield hours(desk, params, topic)
    yield _gains(desk, layer, params, topic)
    yield _condors(desk, topic)
    yield _short_layer_first(desk, params, topic)
    yield calm(desk, topic)
    yield _below(desk, params, topic)
    yield _upright(desk, regime, topic)
    yield turnover(desk, limits, topic)
    yield budget(desk, limits, topic)
    yield under_cap(desk, limits, topic)
    yield cash_cover(desk, limits, topic)


def room(desk: Desk, layer: Layer, params: HedgeParams) -> float:
    """USD of gains that ``layer`` may still spend, working orders at their worst price.

    Each longer layer has its part by its ratio; never more than what all of them have left.
    """
    whole = params.redeploy_share * float(desk.book.hedge_gain)
    weights = {each: params.ratio[_place(each)] for each in LAYERS}
    total = sum(weights.values())
    if total <= 0:
        return 0.0
    spent = {each: _spent(desk, each) for each in LAYERS}
    left = whole - sum(spent.values())
    return min(left, whole * weights[layer] / total - spent[layer])


def _spent(desk: Desk, layer: Layer) -> float:
    working = sum(
        order.remaining * max(0.0, float(order.intent.walk.worst)) * 100
        for order in desk.working
        if order.intent.rule == REDEPLOY and order.intent.layer is layer
    )
    return float(desk.book.redeployed.get(layer, 0)) + working


def _buy(desk: Desk, layer: Layer, params: HedgeParams, limits: RiskLimits) -> Proposal:
    days = expirations(desk, layer, params)
    if not days:
        return _skip(layer, "no expiration in the window", None)
    choice = choose_call(desk, days[0], params, limits)
    wanted = Proposal(wanted=choice.wanted)
    if choice.reading is None or choice.forward is None:
        return wanted + _skip(layer, choice.reason, choice.denial)
    return wanted + _sized(desk, layer, choice, params, limits)


def _sized(
    desk: Desk, layer: Layer, choice: CallChoice, params: HedgeParams, limits: RiskLimits
) -> Proposal:
    """As many as gains, budget, cap and stress pay for at the worst price the order may reach."""
    assert choice.reading is not None
    contract = choice.reading.contract
    one = buy(desk, layer, contract, 1, params, rule=REDEPLOY, reason="", inputs=())
    if one is None:
        return Proposal()
    unit = float(one.walk.worst) * contract.multiplier
    gains, left = room(desk, layer, params), budget_left(desk, limits)
    count = min(floor(gains / unit + 1e-9), limits.order_quantity_max)
    inputs: tuple[tuple[str, float], ...] = (
        ("gains_left", gains), ("unit", unit), ("budget_left", left),
    )  # fmt: skip
    if count < 1:
        return _skip(layer, "the gains left pay for no call", None, inputs)
    judged = judge_purchase(desk, limits, contract, count)
    stressed = units_within_stress(desk, limits, contract, count) or 0
    granted = min(count, floor(left / unit + 1e-9), judged.units, stressed)
    inputs = (*judged.inputs, ("asked_units", float(count)), *inputs)
    if granted < 1:
        denial = DenialCode.HEDGE_SHARE_CAP if judged.units < 1 else DenialCode.HEDGE_BUDGET
        return _skip(layer, "no room in cap, stress or budget", denial, inputs)
    reason = f"{granted} {contract.label} from realized gains"
    intent = buy(
        desk, layer, contract, granted, params, rule=REDEPLOY, reason=reason, inputs=inputs
    )
    return Proposal() if intent is None else Proposal((intent,))


def _gains(desk: Desk, layer: Layer, params: HedgeParams, topic: str) -> Gate:
    left = room(desk, layer, params)
    gained = float(desk.book.hedge_gain)
    text = f"USD left for {layer} of {params.redeploy_share:.0%} of {gained:.0f} USD gained"
    return Gate(topic, "gains", REDEPLOY, left > 0, text, left, 0.0,
                reason="" if left > 0 else "no realized gain is left to redeploy")  # fmt: skip


def _condors(desk: Desk, topic: str) -> Gate:
    """Without a condor the cap sleeps and nothing is to be hedged: gains wait for the next."""
    count = desk.live_contracts
    return Gate(topic, "condors", REDEPLOY, count > 0, "open condors", float(count), 0.0,
                reason="" if count else "no condor is open")  # fmt: skip


def _short_layer_first(desk: Desk, params: HedgeParams, topic: str) -> Gate:
    """What the short layer still lacks comes before gains fill the room under the cap."""
    missing = deficits(desk, params).get(Layer.HEDGE_SHORT, 0)
    return Gate(topic, "short_layer", REDEPLOY, not missing, "calls the short layer lacks",
                float(missing), 0.0,
                reason="the short layer comes first" if missing else "")  # fmt: skip


def _below(desk: Desk, params: HedgeParams, topic: str) -> Gate:
    level = desk.level(VIX)
    calm_again = None if level is None else level < params.redeploy_below
    return Gate(topic, "vix", REDEPLOY, calm_again, "VIX in points", level, params.redeploy_below,
                reason="" if calm_again else "VIX is not low enough")  # fmt: skip


def _upright(desk: Desk, regime: RegimeParams, topic: str) -> Gate:
    curve = read_curve(desk, regime)
    slope = None if curve is None else curve.slope
    up = None if slope is None else slope > 0
    return Gate(topic, "curve", REDEPLOY, up, "F2 less F1 in points", slope, 0.0,
                reason="" if up else "the curve does not slope up")  # fmt: skip


def _place(layer: Layer) -> int:
    return 1 + LAYERS.index(layer)


def _skip(
    layer: Layer,
    reason: str,
    denial: DenialCode | None,
    inputs: tuple[tuple[str, float], ...] = (),
) -> Proposal:
    return Proposal(skips=(Skip(f"{_TOPIC}.{layer}", REDEPLOY, reason, denial, layer, inputs),))
