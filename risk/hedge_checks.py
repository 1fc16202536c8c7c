"""Pre-trade checks of hedge orders beside cap and budget: stress, condor cash, turnover."""

from domain.desk import Desk
from domain.orders import DenialCode, OrderIntent, Purpose
from risk.denial import Denied
from risk.hedge_conditions import BUYING, UNSCHEDULED, cash_cover, turnover
from risk.hedge_layer import bought_and_sold
from risk.hedge_stress import condor_loss, units_within_stress
from risk.limits import RiskLimits


def hedge_within_stress(intent: OrderIntent, desk: Desk, limits: RiskLimits) -> Denied | None:
    """The hedge's dollar delta stays within what the condors lose in the stress (S36)."""
    if intent.purpose not in BUYING:
        return None
    bought, sold = bought_and_sold(intent.legs)
    assert bought is not None
    fits = units_within_stress(desk, limits, bought, intent.quantity, sold)
    if fits is None:
        return Denied(DenialCode.HEDGE_STRESS, "the condors' stress loss cannot be measured")
    if fits >= intent.quantity:
        return None
    loss = condor_loss(desk, limits) or 0.0
    inputs = (("stress_loss", loss), ("units_that_fit", float(fits)))
    return Denied(DenialCode.HEDGE_STRESS, "the hedge would outweigh the stress loss", inputs)


def hedge_worth_its_cash(intent: OrderIntent, desk: Desk, limits: RiskLimits) -> Denied | None:
    """Nothing is added to a hedge worth too much condor cash (S37); a roll adds nothing."""
    if intent.purpose is not Purpose.BUY_HEDGE:
        return None
    gate = cash_cover(desk, limits, "hedge.build")
    if gate.open:
        return None
    inputs = () if gate.value is None else (("multiple", gate.value), ("limit", gate.limit or 0.0))
    return Denied(gate.denial or DenialCode.HEDGE_CASH_MULTIPLE, gate.reason, inputs)


def hedge_turnover_within_limit(
    intent: OrderIntent, desk: Desk, limits: RiskLimits
) -> Denied | None:
    """Unscheduled purchases count against the week (S4). Sales count too but are never refused."""
    if intent.purpose not in BUYING or intent.rule not in UNSCHEDULED:
        return None
    gate = turnover(desk, limits, "hedge.redeploy")
    if gate.open:
        return None
    inputs = (("sent", gate.value or 0.0), ("limit", gate.limit or 0.0))
    return Denied(DenialCode.HEDGE_TURNOVER, gate.reason, inputs)
