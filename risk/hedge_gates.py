"""Every gate of the hedge at this instant, for explanations: the judgements the rules act on."""

from domain.desk import Desk
from domain.gates import Gate
from domain.orders import HEDGE_LAYERS
from risk import hedge_build, hedge_redeploy, hedge_sale, hedge_timing, hedge_trim
from risk.limits import RiskLimits
from risk.parameters import HedgeParams, RegimeParams


def hedge_gates(
    desk: Desk, params: HedgeParams, limits: RiskLimits, regime: RegimeParams
) -> tuple[Gate, ...]:
    """Build by layer; roll, ladder, harvest and deadline by tranche; trim; redeploy by layer."""
    found: list[Gate] = []
    for layer in HEDGE_LAYERS:
        found += hedge_build.gates(desk, layer, params, limits, regime)
    for tranche in desk.book.open_tranches:
        found += hedge_timing.roll_gates(desk, tranche, params)
        found += hedge_timing.flat_gates(desk, tranche, params)
        found += hedge_sale.gates(desk, tranche, params, regime)
    found += hedge_trim.gates(desk, limits, regime)
    for layer in hedge_redeploy.LAYERS:
        found += hedge_redeploy.gates(desk, layer, params, limits, regime)
    return tuple(found)
