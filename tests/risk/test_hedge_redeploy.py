"""Half of realized gains, once, into the longer layers: the money by hand, fill by fill."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from domain.book import REDEPLOY
from domain.desk import Desk, Regime
from domain.effects import PlaceOrder
from domain.events import OrderFilled
from domain.instruments import vix_option
from domain.orders import DenialCode, Layer, Leg, Order, Purpose
from domain.proposals import Proposal
from engine.fold import apply_effect, fold
from risk import hedge_redeploy
from risk.hedge_redeploy import room
from risk.limits import RiskLimits
from risk.parameters import HedgeParams, RegimeParams
from tests.builders import Market, order, quoted, ready_desk, traded, with_calls, with_condor

HEDGE, LIMITS, REGIME = HedgeParams(), RiskLimits(), RegimeParams()
TRANCHE = "cb-hedge-20180116-2"
CALL = vix_option(date(2018, 2, 13), 15.0)
MARKET = Market()
MEDIUM, LONG = Layer.HEDGE_MEDIUM, Layer.HEDGE_LONG


def sale(price: str, quantity: int = 2, ref: str = "s") -> Order:
    return order(ref, Purpose.SELL_HEDGE, Layer.HEDGE_SHORT, (Leg(CALL, -1),), quantity,
                 f"-{price}", TRANCHE, rule="4.6.ladder")  # fmt: skip


def gained(price: str = "10.70", condors: int = 12) -> Desk:
    """2 calls bought at 0.70 and sold at ``price``: (10.70 - 0.70) x 100 x 2 = 2,000 USD gained."""
    desk = with_calls(with_condor(ready_desk(), condors), quantity=2)
    desk = traded(desk, sale(price), (price,))
    desk = with_calls(desk, quantity=5, expiration=date(2018, 3, 20), strike=18.0, ref="again")
    return replace(desk, orders={})  # the week of the sale is over


def proposed(desk: Desk, market: Market = MARKET) -> Proposal:
    proposal = Proposal()
    for _ in range(4):
        desk = quoted(desk, market, [*proposal.wanted, *desk.book.positions()])
        proposal = hedge_redeploy.propose(desk, HEDGE, LIMITS, REGIME)
    return proposal


def test_a_gain_is_what_a_sale_brought_above_its_cost() -> None:
    assert gained().book.hedge_gain == Decimal(2000)
    assert gained("0.50").book.hedge_gain == Decimal(0), "a loss takes nothing back"


def test_each_longer_layer_has_its_part_of_half_the_gain() -> None:
    """50 % of 2,000 = 1,000; by 0.4 and 0.2: 666.67 and 333.33."""
    desk = gained()
    assert room(desk, MEDIUM, HEDGE) == pytest.approx(1000 * 0.4 / 0.6)
    assert room(desk, LONG, HEDGE) == pytest.approx(1000 * 0.2 / 0.6)


def test_as_many_calls_as_the_part_pays_for_at_the_worst_price() -> None:
    proposal = proposed(gained())
    by_layer = {intent.layer: intent for intent in proposal.intents}
    assert set(by_layer) == {MEDIUM, LONG}
    for layer, intent in by_layer.items():
        unit = float(intent.walk.worst) * 100
        part = room(gained(), layer, HEDGE)
        assert intent.rule == REDEPLOY
        assert intent.quantity == int(part / unit), f"{part:.0f} USD at {unit:.0f} each"
        assert {"gains_left", "unit", "budget_left", "cap", "used"} <= set(dict(intent.inputs))


def test_what_is_working_or_spent_cannot_be_spent_again() -> None:
    """3 at 1.50 working: 450 of 666.67 gone; filled at 1.40 they cost 420."""
    desk = gained()
    legs = (Leg(vix_option(date(2018, 5, 15), 22.0), 1),)
    buying = order("r", Purpose.BUY_HEDGE, MEDIUM, legs, 3, "1.40", worst="1.50", rule=REDEPLOY)
    working = apply_effect(desk, PlaceOrder(buying))
    assert room(working, MEDIUM, HEDGE) == pytest.approx(666.667 - 450, abs=0.01)
    filled = traded(desk, buying, ("1.40",))
    assert filled.book.redeployed == {MEDIUM: Decimal(420)}
    assert room(filled, MEDIUM, HEDGE) == pytest.approx(666.667 - 420, abs=0.01)
    forgotten = replace(filled, orders={})
    assert room(forgotten, MEDIUM, HEDGE) == room(filled, MEDIUM, HEDGE), "fills alone decide"


def test_a_corrected_sale_is_counted_once() -> None:
    """Sold at 10.70, corrected to 8.70: (8.70 - 0.70) x 200 = 1,600."""
    desk = with_calls(with_condor(ready_desk(), 12), quantity=2)
    placed = sale("10.70")
    desk = apply_effect(desk, PlaceOrder(placed))
    for revision, price in ((1, "10.70"), (1, "10.70"), (2, "8.70")):
        event = OrderFilled(desk.now, "s", "x", revision, CALL, -2, Decimal(price))
        desk = fold(desk, event)
    assert desk.book.hedge_gain == Decimal(1600)


@pytest.mark.parametrize("regime", [Regime.ELEVATED, Regime.HIGH, Regime.PRESS, Regime.UNKNOWN])
def test_not_before_it_is_calm_again(regime: Regime) -> None:
    desk = gained()
    ready = ready_desk(regime=regime)
    assert not proposed(replace(desk, regime=ready.regime)).intents


@pytest.mark.parametrize(
    ("market", "reason"),
    [
        (Market(vix=20.0), "VIX is not low enough"),
        (Market(vx_step=-0.5), "the curve does not slope up"),
    ],
)
def test_not_before_vix_is_below_20_and_the_curve_slopes_up(market: Market, reason: str) -> None:
    proposal = proposed(gained(), market)
    assert not proposal.intents
    assert {skip.reason for skip in proposal.skips} == {reason}


def test_not_without_a_condor_to_hedge() -> None:
    desk = gained()
    alone = replace(desk, book=replace(desk.book, condors={}))
    proposal = proposed(alone)
    assert {skip.reason for skip in proposal.skips} == {"no condor is open"}


def test_the_short_layer_comes_first() -> None:
    desk = gained()
    bare = {key: t for key, t in desk.book.tranches.items() if key != "again"}
    proposal = proposed(replace(desk, book=replace(desk.book, tranches=bare)))
    assert {skip.reason for skip in proposal.skips} == {"the short layer comes first"}


def test_the_annual_budget_binds_gains_too() -> None:
    desk = gained()
    spent = replace(desk.book, hedge_spend=((date(2017, 6, 1), Decimal(20_000)),))
    proposal = proposed(replace(desk, book=spent))
    assert not proposal.intents
    assert {skip.denial for skip in proposal.skips} == {DenialCode.HEDGE_BUDGET}


def test_a_gain_too_small_for_a_call_waits() -> None:
    proposal = proposed(gained("1.00"))  # 60 USD gained, 20 and 10 to spend
    assert {skip.reason for skip in proposal.skips} == {"the gains left pay for no call"}
