"""The 1.5-point rule in both signs and on every basis, and the VXTH bands, by hand."""

from dataclasses import replace
from datetime import date

import pytest

from domain.desk import Desk
from domain.orders import Layer
from domain.vx_curve import vx_curve
from risk import hedge_build
from risk.hedge_curve import build_slope, vxth_share
from risk.limits import RiskLimits
from risk.parameters import HedgeParams, RegimeParams, SlopeBasis, SlopeSign
from tests.builders import Market, quoted, ready_desk, with_calls, with_condor

LIMITS, REGIME = RiskLimits(), RegimeParams()
CURVE = vx_curve([20.0, 48.0], [16.0, 17.4])  # 1.4 points in 28 days


@pytest.mark.parametrize(
    ("basis", "sign", "slope"),
    [
        (SlopeBasis.MONTHS, SlopeSign.CONTANGO, 1.4),
        (SlopeBasis.MONTHS, SlopeSign.INVERTED, -1.4),
        (SlopeBasis.CONSTANT, SlopeSign.CONTANGO, 1.5),  # 1.4 x 30 / 28
        (SlopeBasis.CONSTANT, SlopeSign.INVERTED, -1.5),
        (SlopeBasis.RATIO, SlopeSign.CONTANGO, 0.0875),  # 17.4 / 16 - 1
    ],
)
def test_the_slope_by_hand(basis: SlopeBasis, sign: SlopeSign, slope: float) -> None:
    params = HedgeParams(build_basis=basis, build_sign=sign)
    assert build_slope(CURVE, params) == pytest.approx(slope)


@pytest.mark.parametrize(
    ("front", "share"),
    [(14.9, 0.0), (15.0, 0.0), (15.1, 1.0), (30.0, 1.0), (30.1, 0.5), (50.0, 0.5), (50.1, 0.0)],
)
def test_vxth_buys_nothing_all_half_and_nothing_again(front: float, share: float) -> None:
    assert vxth_share(front, (15.0, 30.0, 50.0)) == share


def bought(desk: Desk, market: Market, params: HedgeParams) -> dict[Layer, int]:
    proposal = hedge_build.propose(desk, params, LIMITS, REGIME)
    for _ in range(3):
        desk = quoted(desk, market, [*proposal.wanted, *desk.book.positions()])
        proposal = hedge_build.propose(desk, params, LIMITS, REGIME)
    return {intent.layer: intent.quantity for intent in proposal.intents}


def test_inverted_builds_the_longer_layers_on_a_falling_curve_only() -> None:
    """F1 16.0, F2 14.3: contango reads -1.7, inverted +1.7."""
    market = Market(vx={date(2018, 2, 14): 16.0, date(2018, 3, 21): 14.3}, vx_base=14.0, vx_step=0)
    desk = quoted(with_condor(ready_desk()), market)
    assert set(bought(desk, market, HedgeParams())) == {Layer.HEDGE_SHORT}
    inverted = HedgeParams(build_sign=SlopeSign.INVERTED)
    assert Layer.HEDGE_MEDIUM in bought(desk, market, inverted)


def test_x1_stops_the_short_layer_below_its_band_and_no_other() -> None:
    """F1 13.2 and F2 14.9 lie around the 30-day future, below 15; default market, 4 condors."""
    desk = quoted(with_condor(ready_desk()), Market())
    assert Layer.HEDGE_SHORT in bought(desk, Market(), HedgeParams())
    gated = bought(desk, Market(), HedgeParams(vxth_gate=True))
    assert Layer.HEDGE_SHORT not in gated
    assert Layer.HEDGE_MEDIUM in gated


def test_x1_halves_the_short_layer_in_its_upper_band() -> None:
    """12 condors want 5; in the upper band half of that, rounded up, is 3, and then no more."""
    market = Market(vx_base=16.0)
    desk = quoted(with_condor(ready_desk(), 12), market)
    low = HedgeParams(vxth_gate=True, vxth_bands=(10.0, 15.0, 50.0))
    assert bought(desk, market, HedgeParams())[Layer.HEDGE_SHORT] == 5
    assert bought(desk, market, low)[Layer.HEDGE_SHORT] == 3
    assert Layer.HEDGE_SHORT not in bought(with_calls(desk, quantity=3), market, low)


def test_without_a_curve_the_longer_layers_wait_and_say_so() -> None:
    desk = quoted(with_condor(ready_desk()), Market())
    blind = replace(desk, futures=())
    proposal = hedge_build.propose(blind, HedgeParams(), LIMITS, REGIME)
    reasons = {skip.layer: skip.reason for skip in proposal.skips}
    assert reasons[Layer.HEDGE_MEDIUM] == "waiting for a steeper curve"


def test_futures_are_refused_loudly() -> None:
    with pytest.raises(ValueError, match="trades no futures"):
        HedgeParams(vx_futures=True)
