"""When a tranche is replaced by a longer one, and when it must simply be gone. Methodology 4.4,
roll.

Below HIGH a due tranche is rolled 1:1 inside its layer, as far as the layer's target still wants
it; the excess is sold. In HIGH and PRESS it is shifted one layer longer, only when the sale pays
for it. Nothing is held into settlement: on the last trading day it is sold outright by ``flat_by``.
"""

from datetime import date, datetime, timedelta

from domain.book import Tranche
from domain.desk import Desk, Regime
from domain.effects import CancelOrder
from domain.orders import HEDGE_LAYERS, DenialCode, Layer, Order, Purpose
from domain.proposals import Proposal, Skip
from domain.session import at_new_york, new_york
from risk.hedge_build import budget_left
from risk.hedge_layer import judge_purchase
from risk.hedge_orders import Urgency, roll, sell
from risk.hedge_strikes import choose_call, expirations
from risk.hedge_target import due, held, targets, worthless
from risk.limits import RiskLimits
from risk.parameters import HedgeParams

_ROLL, _SHIFT, _EXCESS, _FLAT = "4.4.roll", "4.4.shift", "4.4.excess", "4.4.flat"
_LONGER = {Layer.HEDGE_SHORT: Layer.HEDGE_MEDIUM, Layer.HEDGE_MEDIUM: Layer.HEDGE_LONG}
_BEFORE_EARLY_CLOSE = timedelta(minutes=75)


def propose(desk: Desk, params: HedgeParams, limits: RiskLimits) -> Proposal:
    """Rolls inside the roll window; outright sales on the last trading day."""
    proposal = Proposal()
    rolling = (
        at_new_york(desk.today, params.roll_from)
        <= desk.now
        < at_new_york(desk.today, params.roll_until)
    )
    looked = 0
    for tranche in desk.book.open_tranches:
        if tranche.quantity < 1:
            continue
        if _must_be_flat(desk, tranche, params):
            proposal += _flat(desk, tranche, params)
        elif rolling and due(desk, tranche, params) and looked < params.scouts_max:
            looked += 1
            proposal += _replace(desk, tranche, params, limits)
    return proposal


def flat_from(desk: Desk, params: HedgeParams) -> datetime:
    """When outright selling starts today; before an early close correspondingly earlier."""
    usual = at_new_york(desk.today, params.flat_from)
    return min(usual, desk.calendar.close_at(desk.today) - _BEFORE_EARLY_CLOSE)


def _must_be_flat(desk: Desk, tranche: Tranche, params: HedgeParams) -> bool:
    return tranche.contract.expiration == desk.today and desk.now >= flat_from(desk, params)


def _flat(desk: Desk, tranche: Tranche, params: HedgeParams) -> Proposal:
    """Sell whatever anybody bids for; a roll still working is withdrawn first."""
    working = _working(desk, tranche)
    if working is not None:
        if working.intent.rule == _FLAT or working.cancel_requested:
            return Proposal()
        return Proposal(cancels=(CancelOrder(working.order_ref, "last trading day: flat"),))
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
        reason = "worthless" if worthless(desk, tranche) else "no quote"
        return _skip(tranche, _FLAT, f"{tranche.id} cannot be sold: {reason}", None)
    return Proposal((intent,))


def _replace(desk: Desk, tranche: Tranche, params: HedgeParams, limits: RiskLimits) -> Proposal:
    if (
        _working(desk, tranche) is not None
        or worthless(desk, tranche)
        or _waiting(desk, tranche, params)
    ):
        return Proposal()
    regime = desk.regime.regime
    if regime is Regime.UNKNOWN:
        return _skip(tranche, _ROLL, "regime unknown", DenialCode.REGIME_UNKNOWN)
    if regime in (Regime.HIGH, Regime.PRESS):
        longer = _LONGER.get(tranche.layer)
        if longer is None:
            return _skip(tranche, _SHIFT, "no longer layer to shift to", None)
        return _to(desk, tranche, longer, tranche.quantity, params, limits, funded=True)
    place = HEDGE_LAYERS.index(tranche.layer)
    target = targets(desk.book.condor_contracts, params)[place]
    others = held(desk, tranche.layer, params) - tranche.quantity
    quantity = min(tranche.quantity, max(0, target - others))
    if quantity < 1:
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
    return _to(desk, tranche, tranche.layer, quantity, params, limits, funded=False)


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
    inputs = (
        *judged.inputs,
        ("delta", choice.reading.delta),
        ("tenor_before", _days(desk, tranche)),
        ("tenor_after", float((later[0] - desk.today).days)),
        ("budget_left", budget_left(desk, limits)),
    )
    if judged.units < 1:
        denial = DenialCode.HEDGE_SHARE_CAP
        return wanted + _skip(tranche, rule, "no room under the cap", denial, inputs)
    intent = roll(
        desk,
        tranche,
        layer,
        bought,
        judged.units,
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
