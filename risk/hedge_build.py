"""When to buy calls for a layer that is short of its target. Methodology 4.4, build.

Only in LOW and NORMAL. The short layer is bought at once; the longer ones wait for a steep curve,
or for ``build_wait_sessions``. What a working day left unfilled is taken up the next session.
"""

from datetime import date, timedelta

from domain.desk import Desk, Regime
from domain.orders import (
    HEDGE_LAYERS,
    TERMINAL,
    DenialCode,
    Layer,
    OrderIntent,
    Purpose,
)
from domain.proposals import Proposal, Skip
from domain.session import at_new_york, new_york
from risk.curve import read_curve
from risk.hedge_layer import judge_purchase
from risk.hedge_orders import buy
from risk.hedge_strikes import CallChoice, choose_call, expirations
from risk.hedge_target import deficits, scaled, targets
from risk.limits import RiskLimits
from risk.parameters import HedgeParams, RegimeParams

_RULE = "4.4.build"


def propose(desk: Desk, params: HedgeParams, limits: RiskLimits, regime: RegimeParams) -> Proposal:
    """Purchases for short layers, at most ``scouts_max`` of them looked at together."""
    now, today = desk.now, desk.today
    if not at_new_york(today, params.build_from) <= now < at_new_york(today, params.build_until):
        return Proposal()
    missing = deficits(desk, params)
    if not missing:
        return Proposal()
    if desk.regime.regime not in (Regime.LOW, Regime.NORMAL):
        return _skip(None, f"regime {desk.regime.regime}", DenialCode.REGIME_BLOCKS_HEDGE_BUY)
    proposal, looked = Proposal(), 0
    for layer in HEDGE_LAYERS:
        if (
            layer not in missing
            or looked >= params.scouts_max
            or not _its_turn(desk, layer, params)
        ):
            continue
        if not _may_wait_no_longer(desk, layer, params, regime):
            proposal += _skip(layer, "waiting for a steeper curve", None)
            continue
        looked += 1
        proposal += _buy_layer(desk, layer, missing, params, limits)
    return proposal


def budget_left(desk: Desk, limits: RiskLimits) -> float:
    """USD of net premium that may still be spent in the 365 days ending today, working orders
    counted.
    """
    total = desk.account.net_liquidation
    if total is None:
        return 0.0
    spent = desk.book.spend_since(_year_before(desk))
    working = sum(
        order.remaining * max(0.0, float(order.intent.walk.worst)) * 100
        for order in desk.working
        if order.intent.purpose in (Purpose.BUY_HEDGE, Purpose.ROLL_HEDGE)
    )
    return limits.hedge_budget_share * float(total) - float(spent) - working


def _buy_layer(
    desk: Desk, layer: Layer, missing: dict[Layer, int], params: HedgeParams, limits: RiskLimits
) -> Proposal:
    days = expirations(desk, layer, params)
    if not days:
        return _skip(layer, "no expiration in the window", None)
    place, quantity = _split(desk, layer, missing[layer], len(days), days, params)
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
    budget = budget_left(desk, limits)
    affordable = scaled(quantity, all_deficits, budget, unit)
    if affordable == 0 and layer is Layer.HEDGE_MEDIUM and unit <= budget:
        affordable = 1  # when money is short the medium layer is the one to keep
    judged = judge_purchase(desk, limits, contract, quantity)
    fitting = scaled(
        quantity, all_deficits, judged.cap - judged.used, _unit(judged.asked, quantity)
    )
    granted = min(
        affordable, fitting if fitting or layer is not Layer.HEDGE_MEDIUM else judged.units
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
        ("budget_left", budget),
    )
    if granted < 1:
        tight = affordable < 1
        denial = DenialCode.HEDGE_BUDGET if tight else DenialCode.HEDGE_SHARE_CAP
        return _skip(layer, "budget used up" if tight else "no room under the cap", denial, inputs)
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
    target = targets(desk.book.condor_contracts, params)[HEDGE_LAYERS.index(layer)]
    if listed < 2 or target < 2 or params.tranches < 2:
        return 0, deficit
    at_first = sum(
        tranche.quantity
        for tranche in desk.book.open_tranches
        if tranche.layer is layer and tranche.contract.expiration == days[0]
    )
    for_first = (target + 1) // 2 - at_first
    return (0, min(deficit, for_first)) if for_first > 0 else (1, deficit)


def _its_turn(desk: Desk, layer: Layer, params: HedgeParams) -> bool:
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


def _may_wait_no_longer(
    desk: Desk, layer: Layer, params: HedgeParams, regime: RegimeParams
) -> bool:
    if layer is Layer.HEDGE_SHORT:
        return True
    curve = read_curve(desk, regime)
    if curve is not None and curve.slope > params.build_slope:
        return True
    since = desk.deficits.get(layer)
    return (
        since is not None
        and desk.calendar.sessions_after(since, desk.today) >= params.build_wait_sessions
    )


def _year_before(desk: Desk) -> date:
    return desk.today - timedelta(days=365)


def _unit(asked: float, quantity: int) -> float:
    return asked / quantity if quantity else 0.0


def _skip(
    layer: Layer | None,
    reason: str,
    denial: DenialCode | None,
    inputs: tuple[tuple[str, float], ...] = (),
) -> Proposal:
    topic = "hedge.build" if layer is None else f"hedge.build.{layer}"
    return Proposal(skips=(Skip(topic, _RULE, reason, denial, layer, inputs),))
