"""Section 4.6 by hand: the ladder on the bid, the chase, the harvest of a spike, and what is put
back.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from domain.book import REDEPLOY
from domain.desk import CurveState, Desk, Regime
from domain.instruments import VIX, vix_option
from domain.orders import HEDGE_LAYERS, Layer, Leg, OrderIntent, Purpose
from domain.proposals import Proposal
from domain.quotes import Quote
from domain.signals import Reading, Signal
from engine.fold import apply_effect
from risk import hedge_redeploy, hedge_sale
from risk.hedge_changes import momentum_changes
from risk.hedge_redeploy import room
from risk.limits import RiskLimits
from risk.parameters import HedgeParams
from tests.builders import (
    Market,
    ny,
    order,
    quoted,
    ready_desk,
    traded,
    with_calls,
    with_condor,
)
from tests.golden.desks import REGIME, settled, with_futures

HEDGE, LIMITS = HedgeParams(), RiskLimits()
SHORT, MEDIUM, LONG = HEDGE_LAYERS
TRANCHE = "cb-hedge-20180116-2"
CALL = vix_option(date(2018, 2, 13), 15.0)


def held(quantity: int, layer: Layer = SHORT, regime: Regime = Regime.LOW) -> Desk:
    """Calls bought at 0.50."""
    return with_calls(with_condor(ready_desk(regime=regime), 12), layer, quantity, "0.50")


def bid(desk: Desk, points: float, ask: float | None = None) -> Desk:
    quote = Quote(desk.now, points, points + 0.10 if ask is None else ask)
    return replace(desk, quotes={**desk.quotes, CALL: quote})


def climbed(desk: Desk) -> tuple[Desk, tuple[OrderIntent, ...]]:
    """One mark: rungs reached now are written down, then sales are proposed."""
    for change in hedge_sale.rungs(desk, HEDGE, REGIME):
        desk = apply_effect(desk, change)
    return desk, hedge_sale.propose_profit(desk, HEDGE, REGIME).intents


def sold(desk: Desk, intents: tuple[OrderIntent, ...], ref: str) -> Desk:
    (intent,) = intents
    price = str(-intent.limit)
    placed = order(ref, Purpose.SELL_HEDGE, intent.layer, intent.legs, intent.quantity, f"-{price}",
                   intent.subject, rule=intent.rule)  # fmt: skip
    return replace(traded(desk, placed, (price,)), orders={})


@pytest.mark.parametrize(
    ("quantity", "sales"),
    [
        # 50 % of 8 = 4; 50 % of the 4 left = 2; then all of the 2
        (8, (4, 2, 2)),
        # 2.5 rounds up to 3; 50 % of 2 = 1; 1
        (5, (3, 1, 1)),
        # 1.5 to 2; of the 1 left 0.5 rounds up to 1; nothing left
        (3, (2, 1, 0)),
        (2, (1, 1, 0)),
        # a single call waits for 5x
        (1, (0, 1, 0)),
    ],
)
def test_at_three_times_half_at_five_half_of_the_rest_at_eight_all(
    quantity: int, sales: tuple[int, int, int]
) -> None:
    """Cost 0.50: the rungs are bids of 1.50, 2.50 and 4.00."""
    desk, found = held(quantity), []
    for points in (1.50, 2.50, 4.00):
        desk, intents = climbed(bid(desk, points))
        found.append(sum(intent.quantity for intent in intents))
        if intents:
            assert intents[0].rule == "4.6.ladder"
            desk = sold(desk, intents, f"sale-{points}")
    assert tuple(found) == sales


@pytest.mark.parametrize(("points", "ask", "quantity"), [(1.49, 1.90, 0), (1.50, 1.90, 2)])
def test_the_multiple_is_that_of_the_bid_not_of_the_mid(
    points: float, ask: float, quantity: int
) -> None:
    """1.49 / 0.50 = 2.98, although the mid of 1.695 is 3.39 times the cost."""
    _, intents = climbed(bid(held(4), points, ask))
    assert sum(intent.quantity for intent in intents) == quantity


def test_a_rung_once_reached_is_owed_when_the_bid_has_fallen() -> None:
    """5x of 4 calls: 2, then 1 of the 2 left: keep 1. At a bid of 0.60, 1.2 times, 3 are for sale
    still, and back at 3x nothing more.
    """
    desk, _ = climbed(bid(held(4), 2.50))
    fallen, intents = climbed(bid(desk, 0.60))
    assert [intent.quantity for intent in intents] == [3]
    again = sold(fallen, intents, "s")
    assert climbed(bid(again, 1.50))[1] == ()
    assert [intent.quantity for intent in climbed(bid(again, 4.00))[1]] == [1]


@pytest.mark.parametrize("regime", list(Regime))
def test_the_ladder_asks_no_signal_and_no_regime(regime: Regime) -> None:
    _, intents = climbed(bid(held(4, regime=regime), 1.50))
    assert [intent.quantity for intent in intents] == [2]


def collapsed(desk: Desk, contango_on: date) -> Desk:
    state = replace(desk.regime, curve=CurveState.INVERTED, contango_on=contango_on)
    return replace(desk, regime=state)


def test_a_collapsed_contango_sells_at_the_bid_and_at_the_same_rungs() -> None:
    """Bid 1.50, ask 1.70: a patient sale asks 1.60 and comes down to 1.60 - 0.40 x 0.10 = 1.56; the
    chase asks 1.50 and goes two cents below.
    """
    _, (patient,) = climbed(bid(held(4), 1.50, 1.70))
    assert (patient.limit, patient.walk.worst) == (Decimal("-1.60"), Decimal("-1.56"))
    _, (chasing,) = climbed(collapsed(bid(held(4), 1.50, 1.70), date(2018, 1, 10)))
    assert (chasing.limit, chasing.walk.worst) == (Decimal("-1.50"), Decimal("-1.48"))
    _, none = climbed(collapsed(bid(held(4), 1.49, 1.69), date(2018, 1, 10)))
    assert none == (), "2.98 times is no rung, collapse or not"


@pytest.mark.parametrize(
    ("contango_on", "after", "chases"),
    [(date(2017, 12, 15), 19, True), (date(2017, 12, 14), 20, False)],
)
def test_the_contango_must_have_been_there_within_twenty_sessions(
    contango_on: date, after: int, *, chases: bool
) -> None:
    """Sessions after Friday 12-15: 18 to 22 and 26 to 29 in December, 9; 2 to 5, 8 to 12 and 16 in
    January, 10: 19, and with the 15th itself twenty.
    """
    desk = ready_desk()
    assert desk.calendar.sessions_after(contango_on, desk.today) == after
    assert hedge_sale.contango_collapsed(collapsed(desk, contango_on), REGIME) is chases


def spike(desk: Desk, curve: CurveState, momentum_up: bool | None = None) -> Desk:
    """PRESS, the curve inverted on 01-10, momentum up until then."""
    state = replace(
        desk.regime, level=Regime.HIGH, known=True, press=True, high_on=date(2018, 1, 10),
        inverted_on=date(2018, 1, 10), curve=curve,
    )  # fmt: skip
    hedge = replace(desk.hedge, momentum_up=momentum_up, up_on=date(2018, 1, 10))
    return replace(desk, regime=state, hedge=hedge)


@pytest.mark.parametrize(
    ("layer", "quantity", "sale"), [(SHORT, 4, 4), (MEDIUM, 4, 2), (MEDIUM, 3, 2), (LONG, 4, 0)]
)
@pytest.mark.parametrize(
    ("curve", "momentum_up"), [(CurveState.FLAT, True), (CurveState.INVERTED, False)]
)
def test_press_sells_all_of_l2a_and_half_of_l2b_when_curve_or_momentum_turns(
    curve: CurveState, momentum_up: bool, layer: Layer, quantity: int, sale: int
) -> None:
    """At 1.2 times the cost, far from any rung; half of 3 rounds up to 2."""
    desk = spike(bid(held(quantity, layer), 0.60), curve, momentum_up)
    desk, intents = climbed(desk)
    assert sum(intent.quantity for intent in intents) == sale
    assert {intent.rule for intent in intents} <= {"4.6.press"}
    again = [change for change in hedge_sale.rungs(desk, HEDGE, REGIME) if change.topic]
    assert again == [], "once"


def test_nothing_is_harvested_before_either_turns_or_outside_press() -> None:
    waiting = spike(bid(held(4), 0.60), CurveState.INVERTED, momentum_up=True)
    assert climbed(waiting)[1] == ()
    turned = spike(bid(held(4), 0.60), CurveState.FLAT)
    high = replace(turned, regime=replace(turned.regime, press=False))
    assert climbed(high)[1] == ()


def test_momentum_crosses_down_when_the_histogram_of_the_session_is_not_above_zero() -> None:
    """Judged in the last twenty minutes, when today's level is nearly a close: 15:55 to 16:15."""
    for minute, histogram, turned in ((54, -0.01, False), (55, -0.01, True), (55, 0.01, False)):
        desk = ready_desk(ny(2018, 1, 16, 15, minute))
        desk = replace(desk, hedge=replace(desk.hedge, momentum_up=True, up_on=date(2018, 1, 10)))
        known = {Signal.MACD_VIXY: Reading(histogram, desk.now)}
        desk = replace(desk, memory=replace(desk.memory, signals=known))
        changes = momentum_changes(desk)
        assert bool(changes) is turned
        for change in changes:
            assert apply_effect(desk, change).hedge.momentum_up is False


def gained(price: str = "10.50") -> Desk:
    """2 calls bought at 0.50 and sold at 10.50: (10.50 - 0.50) x 100 x 2 = 2,000 USD; 5 short calls
    are held again, so that nothing of L2a is missing.
    """
    desk = held(2)
    selling = order("s", Purpose.SELL_HEDGE, SHORT, (Leg(CALL, -1),), 2, f"-{price}", TRANCHE,
                    rule="4.6.ladder")  # fmt: skip
    desk = traded(desk, selling, (price,))
    desk = with_calls(desk, SHORT, 5, strike=18.0, expiration=date(2018, 3, 20), ref="again")
    return replace(desk, orders={})


def test_half_of_the_gain_is_put_back_two_thirds_into_l2b_and_one_into_l2c() -> None:
    """50 % of 2,000 = 1,000. By 0.4 and 0.2 of the ratio: 1,000 x 0.4 / 0.6 = 666.67 and 333.33."""
    desk = gained()
    assert desk.book.hedge_gain == 2000
    assert room(desk, MEDIUM, HEDGE) == pytest.approx(666.67, abs=0.01)
    assert room(desk, LONG, HEDGE) == pytest.approx(333.33, abs=0.01)
    assert room(gained("0.40"), MEDIUM, HEDGE) == 0.0, "a loss gives nothing to put back"


def put_back(desk: Desk, market: Market) -> Proposal:
    _, proposal = settled(
        quoted(desk, market, desk.book.positions()),
        market,
        lambda d: hedge_redeploy.propose(d, HEDGE, LIMITS, REGIME),
    )
    return proposal


def test_as_many_calls_as_the_part_pays_for() -> None:
    """floor(666.67 / (100 x worst)) of L2b and floor(333.33 / (100 x worst)) of L2c."""
    found = {intent.layer: intent for intent in put_back(gained(), Market()).intents}
    prices = {layer: intent.walk.worst for layer, intent in found.items()}
    assert prices == {MEDIUM: Decimal("1.28"), LONG: Decimal("2.10")}
    assert found[MEDIUM].quantity == 5, "666.67 / 128 = 5.2"
    assert found[LONG].quantity == 1, "333.33 / 210 = 1.6"
    assert {intent.rule for intent in found.values()} == {REDEPLOY}


@pytest.mark.parametrize(
    ("vix", "slope", "reason"),
    [
        (19.99, 0.01, None),
        (20.00, 0.01, "VIX is not low enough"),
        (19.99, 0.00, "the curve does not slope up"),
    ],
)
def test_gains_wait_for_vix_below_20_and_a_curve_that_slopes_up(
    vix: float, slope: float, reason: str | None
) -> None:
    desk = quoted(gained(), Market(), gained().book.positions())
    desk = with_futures(desk, 11.5, 13.2, 13.2 + slope)
    desk = replace(desk, quotes={**desk.quotes, VIX: Quote(desk.now, last=vix)})
    gates = list(hedge_redeploy.gates(desk, MEDIUM, HEDGE, LIMITS, REGIME))
    shut = next((gate for gate in gates if not gate.open), None)
    assert (shut.reason if shut else None) == reason


def test_the_budget_bounds_what_is_put_back() -> None:
    """20,000 of 2 % are spent but 200: of L2b at 128 one call instead of five."""
    desk = gained()
    spent = ((date(2018, 1, 10), Decimal(19_800)),)
    desk = replace(desk, book=replace(desk.book, hedge_spend=spent))
    (intent, *_) = put_back(desk, Market()).intents
    assert (intent.layer, intent.quantity) == (MEDIUM, 1)
