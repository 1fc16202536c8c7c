"""The 1.5-point rule and the VXTH bands: what the VX curve says about building. Buys nothing."""

from domain.desk import Desk
from domain.vx_curve import VxCurve
from risk.curve import read_curve
from risk.parameters import HedgeParams, RegimeParams, SlopeBasis, SlopeSign

_SPAN_DAYS = 30.0


def build_slope(curve: VxCurve, params: HedgeParams) -> float:
    """The slope that ``build_slope`` is compared with (S42), positive when it speaks for building.

    MONTHS is F2 - F1 in points, CONSTANT the 60-day less the 30-day future, RATIO F2 / F1 - 1. With
    the sign INVERTED all of them count the other way round.
    """
    if params.build_basis is SlopeBasis.CONSTANT:
        slope = curve.constant_maturity(2 * _SPAN_DAYS) - curve.constant_maturity(_SPAN_DAYS)
    elif params.build_basis is SlopeBasis.RATIO:
        slope = curve.ratio
    else:
        slope = curve.slope
    return -slope if params.build_sign is SlopeSign.INVERTED else slope


def slope_now(desk: Desk, params: HedgeParams, regime: RegimeParams) -> float | None:
    """``build_slope`` of the curve as quoted; None when the curve cannot be read."""
    curve = read_curve(desk, regime)
    return None if curve is None else build_slope(curve, params)


def vxth_share(front: float, bands: tuple[float, float, float]) -> float:
    """Share of a short-layer purchase that the 30-day future permits (X1, methodology 3.2).

    Up to the first band nothing, up to the second all, up to the third half, above it nothing.
    """
    low, middle, high = bands
    if front <= low or front > high:
        return 0.0
    return 1.0 if front <= middle else 0.5
