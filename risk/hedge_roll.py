"""When a tranche is replaced by a longer one, and when it must simply be gone. Methodology 4.4,
roll.

Below HIGH a due tranche is rolled 1:1 inside its layer, as far as the layer's target still wants
it; the excess is sold. In HIGH and PRESS it is shifted one layer longer, only when the sale pays
for it. Nothing that anybody bids for is held into settlement: on the last trading day it is sold
outright by ``flat_by``; what nobody bids for is offered at falling prices down to one tick before.
"""

from datetime import date, timedelta

from domain.book import Tranche
from domain.desk import Desk, Regime
from domain.effects import CancelOrder
from domain.instruments import Contract
from domain.orders import HEDGE_LAYERS, DenialCode, Layer, Order, Purpose
from domain.proposals import Proposal, Skip
from domain.session import at_new_york, new_york
from risk.hedge_conditions import budget_left, shut
from risk.hedge_layer import judge_purchase
from risk.hedge_orders import Urgency, offer, roll, sell
from risk.hedge_stress import units_within_stress, vega_tenor
from risk.hedge_strikes import choose_call, expirations
from risk.hedge_target import held, owned, targets_of, worthless
from risk.hedge_timing import (
    fading,
    in_roll_hours,
    must_be_flat,
    offered,
    roll_due,
    roll_gates,
)
from risk.limits import RiskLimits
from risk.parameters import HedgeParams

_ROLL, _SHIFT, _EXCESS, _FLAT = "4.4.roll", "4.4.shift", "4.4.excess", "4.4.flat"
_OFFER, _FADE = "4.4.offer", "4.4.fade"
_LONGER = {Layer.HEDGE_SHORT: Layer.HEDGE_MEDIUM, Layer.HEDGE_MEDIUM: Layer.HEDGE_LONG}
_ROLL_FIRST = timedelta(minutes=30)


def propose(desk: Desk, params: HedgeParams, limits: RiskLimits) -> Proposal:
    """Rolls inside the roll window; offers of what nobody bids for; sales on the last day."""
    proposal = Proposal()
    looked, rolling = 0, in_roll_hours(desk, params)
    for tranche in desk.book.open_tranches:
        if tranche.quantity < 1:
            continue
        if must_be_flat(desk, tranche, params):
            proposal += _flat(desk, tranche, params)
            continue
        if not rolling or not roll_due(desk, tranche, params):
            continue
        stop = shut(roll_gates(desk, tranche, params))
        if stop is not None and stop.name == "regime":
            proposal += _skip(tranche, _ROLL, stop.reason, DenialCode.REGIME_UNKNOWN)
        elif stop is None and offered(desk, tranche, params):
            proposal += _offered(desk, tranche, params, _OFFER)
        elif stop is None and looked < params.scouts_max:
            looked += 1
            proposal += _replaced(desk, tranche, params, limits)
    return proposal


def _flat(desk: Desk, tranche: Tranche, params: HedgeParams) -> Proposal:
    """Sell to whoever bids, or stand there with the lowest offer; a roll still working is withdrawn
    first.
    """
    working = _working(desk, tranche)
    if working is not None:
        bid_for = working.intent.rule == _OFFER and not worthless(desk, tranche)
        if working.cancel_requested or (working.intent.rule in (_FLAT, _OFFER) and not bid_for):
            return Proposal()
        why = "last trading day: flat"
        return Proposal(cancels=(CancelOrder(working.order_ref, why, desk.now),))
    if worthless(desk, tranche):
        return _offered(desk, tranche, params, _FLAT)
    intent = sell(
        desk,
        tranche,
        tranche.quantity,
        Urgency.NOW,
        params,
        rule=_FLAT,
        reason="last trading day: nothing is held into settlement",
    )
    if intent is None:
        return _skip(tranche, _FLAT, f"{tranche.id} cannot be sold: no quote", None)
    return Proposal((intent,))


def _offered(desk: Desk, tranche: Tranche, params: HedgeParams, rule: str) -> Proposal:
    """Nobody bids: an offer below the others, walking down to one tick, and left there.

    Not so once everything must go: then each offer has its time, and after it whoever bids by now
    is sold to.
    """
    if _working(desk, tranche) is not None:
        return Proposal()
    reason = "nobody bids: offered at falling prices before it settles"
    intent = offer(desk, tranche, params, rule=rule, reason=reason, rests=rule == _OFFER)
    if intent is None:
        return _skip(tranche, rule, "no quote", DenialCode.QUOTE_MISSING)
    return Proposal((intent,))


def _replaced(desk: Desk, tranche: Tranche, params: HedgeParams, limits: RiskLimits) -> Proposal:
    """The roll; if there is none to be had the day before the last, sold while anybody bids."""
    proposal = _replace(desk, tranche, params, limits)
    if proposal.intents or not fading(desk, tranche, params) or _working(desk, tranche) is not None:
        return proposal
    expiration = tranche.contract.expiration
    assert expiration is not None
    tried = desk.now >= at_new_york(desk.today, params.roll_from) + _ROLL_FIRST
    if not tried or desk.today < desk.calendar.previous_session(expiration):
        return proposal
    intent = sell(
        desk,
        tranche,
        tranche.quantity,
        Urgency.FIRM,
        params,
        rule=_FADE,
        reason="hardly bid for, no roll to be had, and soon to settle",
    )
    return proposal if intent is None else proposal + Proposal((intent,))


def _replace(desk: Desk, tranche: Tranche, params: HedgeParams, limits: RiskLimits) -> Proposal:
    if (
        _working(desk, tranche) is not None
        or worthless(desk, tranche)
        or _waiting(desk, tranche, params)
    ):
        return Proposal()
    if desk.regime.regime in (Regime.HIGH, Regime.PRESS):
        longer = _LONGER.get(tranche.layer)
        if longer is None:
            return _skip(tranche, _SHIFT, "no longer layer to shift to", None)
        return _to(desk, tranche, longer, tranche.quantity, params, limits, funded=True)
    target = targets_of(desk, params)[tranche.layer]
    others = held(desk, tranche.layer, params) - tranche.quantity
    quantity = min(tranche.quantity, max(0, target - others))
    if quantity < 1:
        return _excess(desk, tranche, target, params)
    return _to(desk, tranche, tranche.layer, quantity, params, limits, funded=False)


def _excess(desk: Desk, tranche: Tranche, target: int, params: HedgeParams) -> Proposal:
    """Sell what the target no longer wants; never on the strength of a purchase that has not
    filled, and never the last calls while a condor is open.
    """
    if owned(desk, tranche.layer, params) - tranche.quantity < target:
        return _skip(tranche, _EXCESS, "its replacement has not filled", None)
    alone = not any(
        owned(desk, layer, params) - (tranche.quantity if layer is tranche.layer else 0)
        for layer in HEDGE_LAYERS
    )
    if alone and desk.book.open_condors:
        return _skip(tranche, _EXCESS, "the only hedge of an open condor", None)
    intent = sell(
        desk,
        tranche,
        tranche.quantity,
        Urgency.FIRM,
        params,
        rule=_EXCESS,
        reason=f"{tranche.layer} needs only {target}",
    )
    return Proposal() if intent is None else Proposal((intent,))


def _to(
    desk: Desk,
    tranche: Tranche,
    layer: Layer,
    quantity: int,
    params: HedgeParams,
    limits: RiskLimits,
    *,
    funded: bool,
) -> Proposal:
    """The roll of ``quantity`` contracts into ``layer``, as many as cap and budget grant."""
    rule = _SHIFT if funded else _ROLL
    assert tranche.contract.expiration is not None
    later = [day for day in expirations(desk, layer, params) if day > tranche.contract.expiration]
    if not later:
        return _skip(tranche, rule, "no later expiration", None)
    choice = choose_call(desk, later[0], params, limits)
    wanted = Proposal(wanted=choice.wanted)
    if choice.reading is None:
        return wanted + _skip(tranche, rule, choice.reason, choice.denial)
    bought = choice.reading.contract
    judged = judge_purchase(desk, limits, bought, quantity, tranche.contract)
    stressed = units_within_stress(desk, limits, bought, judged.units, tranche.contract)
    units = stressed or 0
    inputs = (
        *judged.inputs,
        ("delta", choice.reading.delta),
        ("tenor_before", _days(desk, tranche)),
        ("tenor_after", float((later[0] - desk.today).days)),
        *_vega_tenors(desk, tranche, bought, units, limits),
        *_decays(desk),
        ("budget_left", budget_left(desk, limits)),
    )
    if units < 1:
        capped = judged.units < 1
        denial = DenialCode.HEDGE_SHARE_CAP if capped else DenialCode.HEDGE_STRESS
        reason = "no room under the cap" if capped else "no room under the stress loss"
        return wanted + _skip(tranche, rule, reason, denial, inputs)
    intent = roll(
        desk,
        tranche,
        layer,
        bought,
        units,
        params,
        funded=funded,
        rule=rule,
        reason=f"{tranche.contract.label} to {bought.label}",
        inputs=inputs,
    )
    if intent is None:
        reason = "the sale would not pay for it" if funded else "no two-sided market"
        return wanted + _skip(tranche, rule, reason, None, inputs)
    return wanted + Proposal((intent,))


def _waiting(desk: Desk, tranche: Tranche, params: HedgeParams) -> bool:
    """An earlier roll of this tranche did not fill a short while ago."""
    return any(
        order.intent.subject == tranche.id
        and order.intent.purpose is Purpose.ROLL_HEDGE
        and new_york(order.created_at).date() == desk.today
        and (desk.now - order.created_at).total_seconds() < params.retry_after_s
        for order in desk.orders.values()
    )


def _working(desk: Desk, tranche: Tranche) -> Order | None:
    subjects = (order for order in desk.working if order.intent.subject == tranche.id)
    return next(subjects, None)


def _vega_tenors(
    desk: Desk, tranche: Tranche, bought: Contract, units: int, limits: RiskLimits
) -> tuple[tuple[str, float], ...]:
    """The vega-weighted tenor of the whole hedge before and after the roll (S2), where known."""
    before: dict[Contract, int] = {}
    for each in desk.book.open_tranches:
        before[each.contract] = before.get(each.contract, 0) + each.quantity
    after = {**before, bought: before.get(bought, 0) + units}
    after[tranche.contract] -= units
    kept = {contract: count for contract, count in after.items() if count}
    pairs = (("vega_tenor_before", before), ("vega_tenor_after", kept))
    tenors = ((name, vega_tenor(desk, calls, limits)) for name, calls in pairs)
    return tuple((name, tenor) for name, tenor in tenors if tenor is not None)


def _decays(desk: Desk) -> tuple[tuple[str, float], ...]:
    """Share of time value each layer lost a day, and short less long (S10), where known."""
    rates = layer_decays(desk)
    found = [(f"decay_{layer}", rate) for layer, rate in rates.items()]
    if Layer.HEDGE_SHORT in rates and Layer.HEDGE_LONG in rates:
        difference = rates[Layer.HEDGE_SHORT] - rates[Layer.HEDGE_LONG]
        found.append(("decay_differential", difference))
    return tuple(found)


def layer_decays(desk: Desk) -> dict[Layer, float]:
    """Share of extrinsic value lost a day at the last recorded close, by hedge layer (S10, S31)."""
    if not desk.record.days:
        return {}
    marks = desk.record.days[-1].layers
    rates = ((layer, marks[layer.value].decay) for layer in HEDGE_LAYERS if layer.value in marks)
    return {layer: rate for layer, rate in rates if rate is not None}


def _days(desk: Desk, tranche: Tranche) -> float:
    expiration: date | None = tranche.contract.expiration
    assert expiration is not None
    return float((expiration - desk.today).days)


def _skip(
    tranche: Tranche,
    rule: str,
    reason: str,
    denial: DenialCode | None,
    inputs: tuple[tuple[str, float], ...] = (),
) -> Proposal:
    skip = Skip(f"hedge.roll.{tranche.id}", rule, reason, denial, tranche.layer, inputs)
    return Proposal(skips=(skip,))
