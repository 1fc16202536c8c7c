"""Section 4.4 by hand: how many calls of each layer, which ones, when, and with what money."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from math import log, sqrt
from statistics import NormalDist

import pytest

from domain.desk import Desk, Regime
from domain.effects import PlaceOrder
from domain.events import OrderCanceled
from domain.instruments import vix_option
from domain.orders import HEDGE_LAYERS, DenialCode, Layer, Leg, OrderIntent, Purpose
from domain.quotes import Quote
from engine.fold import apply_effect, fold
from risk import hedge_build
from risk.hedge_build import its_turn
from risk.hedge_conditions import budget_left, steep
from risk.hedge_orders import buy
from risk.hedge_strikes import choose_call, expirations
from risk.hedge_target import scaled, targets
from risk.limits import RiskLimits
from risk.parameters import HedgeParams
from tests.builders import (
    Market,
    fills,
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
CALL = vix_option(date(2018, 2, 13), 15.0)
N = NormalDist()


@pytest.mark.parametrize(
    ("condors", "wanted"),
    [
        (0, (0, 0, 0)),
        (1, (0, 1, 0)),  # 0.4, 0.4, 0.2 round to nothing: one medium call
        (2, (1, 1, 0)),  # 0.8, 0.8, 0.4
        (3, (1, 1, 1)),  # 1.2, 1.2, 0.6
        (4, (2, 2, 1)),  # 1.6, 1.6, 0.8
        (5, (2, 2, 1)),  # 2.0, 2.0, 1.0
        (6, (2, 2, 1)),  # 2.4, 2.4, 1.2
        (10, (4, 4, 2)),
    ],
)
def test_targets_are_the_rounded_shares_of_open_condors(
    condors: int, wanted: tuple[int, int, int]
) -> None:
    assert targets(condors, HEDGE) == wanted


def test_half_a_call_rounds_up() -> None:
    """0.25 x 2 = 0.5 and 0.1 x 5 = 0.5 are one call each."""
    assert targets(2, replace(HEDGE, ratio=(0.25, 0.0, 0.0))) == (1, 0, 0)
    assert targets(5, replace(HEDGE, ratio=(0.1, 0.1, 0.0))) == (1, 1, 0)


@pytest.mark.parametrize(
    ("h", "wanted"), [(0.5, (2, 2, 1)), (1.0, (4, 4, 2)), (1.3, (5, 5, 3)), (1.5, (6, 6, 3))]
)
def test_each_target_is_multiplied_by_h_and_rounded_again(
    h: float, wanted: tuple[int, int, int]
) -> None:
    """4, 4, 2 of 10 condors x 1.3 = 5.2, 5.2, 2.6."""
    assert targets(10, HEDGE, h) == wanted


def test_h_stays_between_a_half_and_one_and_a_half() -> None:
    for h in (0.49, 1.51):
        with pytest.raises(ValueError, match="static_ratio"):
            HedgeParams(static_ratio=h)


def test_spend_of_365_days_nets_proceeds_up_to_cost_and_no_gain() -> None:
    """2 calls at 0.70 cost 140. One sold at 2.00 brings 200, of which its cost of 70 is netted:
    140 - 70 = 70. One sold at 0.30 nets 30: 140 - 30 = 110.
    """
    for price, spent in (("2.00", 70), ("0.30", 110)):
        desk = with_calls(ready_desk())
        selling = order("s", Purpose.SELL_HEDGE, SHORT, (Leg(CALL, -1),), 1, f"-{price}",
                        "cb-hedge-20180116-2")  # fmt: skip
        desk = traded(desk, selling, (price,))
        assert desk.book.spend_since(date(2017, 1, 16)) == spent
        assert budget_left(desk, LIMITS) == pytest.approx(20_000 - spent), "2 % of 1,000,000"


def test_premium_counts_for_365_days() -> None:
    """2018-01-16 less 365 days is 2017-01-16: what was paid that day is out, a day later in."""
    for on, left in ((date(2017, 1, 16), 20_000.0), (date(2017, 1, 17), 15_000.0)):
        desk = ready_desk()
        desk = replace(desk, book=replace(desk.book, hedge_spend=((on, Decimal(5000)),)))
        assert budget_left(desk, LIMITS) == left


def test_a_deficit_is_cut_to_its_share_of_the_budget() -> None:
    """10 calls short at 70 USD want 700; with 490 left each layer gets 490 / 700 = 70 % of its own:
    floor(4 x 0.7) = 2, floor(2 x 0.7) = 1.
    """
    assert scaled(4, 10, 490.0, 70.0) == 2
    assert scaled(2, 10, 490.0, 70.0) == 1
    assert scaled(4, 10, 700.0, 70.0) == 4
    assert scaled(4, 10, -1.0, 70.0) == 0


def bought(desk: Desk, market: Market | None = None) -> dict[Layer, OrderIntent]:
    market = market or Market()
    _, proposal = settled(
        quoted(desk, market), market, lambda d: hedge_build.propose(d, HEDGE, LIMITS, REGIME)
    )
    return {intent.layer: intent for intent in proposal.intents}


def with_budget(desk: Desk, left: int) -> Desk:
    spent = ((date(2018, 1, 10), Decimal(20_000 - left)),)
    return replace(desk, book=replace(desk.book, hedge_spend=spent))


def test_when_money_is_too_short_for_l2a_the_medium_layer_keeps_one() -> None:
    """4 condors want 2, 2, 1: 5 calls. With 130 USD left and L2a at 0.56, 5 x 56 = 280:
    floor(2 x 130 / 280) = 0. L2b at 1.26, 5 x 126 = 630: floor(1 x 130 / 630) = 0, but one costs
    126 and is kept. With 150 left L2a gets floor(2 x 150 / 280) = 1.
    """
    held = with_condor(ready_desk())
    for left, quantities in ((120, {}), (130, {MEDIUM: 1}), (150, {SHORT: 1, MEDIUM: 1})):
        found = bought(with_budget(held, left))
        assert {layer: intent.quantity for layer, intent in found.items()} == quantities
    assert [found[layer].limit for layer in (SHORT, MEDIUM)] == [Decimal("0.56"), Decimal("1.26")]


def test_the_strike_is_the_listed_one_with_delta_nearest_30_on_its_own_forward() -> None:
    """F 13.20, vol 0.80, T = 28.94 / 365: deviation 0.2253. 15.00: d1 = (ln(13.2 / 15) + 0.02537) /
    0.2253 = -0.455, delta 0.325. 15.50: d1 = -0.600, delta 0.274. 0.025 is nearer than 0.026.
    """
    years = (28 + 22.5 / 24) / 365
    deviation = 0.80 * sqrt(years)
    deltas = {k: N.cdf((log(13.2 / k) + 0.5 * deviation**2) / deviation) for k in (14.5, 15, 15.5)}
    assert deltas[15] == pytest.approx(0.3246, abs=0.0005)
    assert deltas[15.5] == pytest.approx(0.2741, abs=0.0005)
    assert min(deltas, key=lambda k: abs(deltas[k] - 0.30)) == 15
    short = bought(with_condor(ready_desk()))[SHORT]
    assert short.legs == (Leg(CALL, 1),)
    assert dict(short.inputs)["delta"] == pytest.approx(deltas[15], abs=0.01)


@pytest.mark.parametrize(
    ("bid", "ask", "chosen"),
    [
        (0.50, 0.61, 15.0),  # 0.11 wide, 20 % of the mid of 0.555 is 0.111
        (0.50, 0.62, 15.5),  # 0.12 wide, 20 % of 0.56 is 0.112
        (0.0, 1.12, 15.5),  # nobody bids
    ],
)
def test_a_call_must_be_bid_for_and_its_spread_at_most_a_dime_or_a_fifth(
    bid: float, ask: float, chosen: float
) -> None:
    desk = quoted(ready_desk(), Market())
    for _ in range(3):
        wanted = choose_call(desk, date(2018, 2, 13), HEDGE, LIMITS).wanted
        desk = quoted(desk, Market(), wanted)
    desk = replace(desk, quotes={**desk.quotes, CALL: Quote(desk.now, bid, ask)})
    reading = choose_call(desk, date(2018, 2, 13), HEDGE, LIMITS).reading
    assert reading is not None
    assert reading.contract.strike == chosen


def test_each_layer_takes_the_monthly_expirations_nearest_its_tenor() -> None:
    """From 2018-01-16. 15 to 45 days: 02-13 (28). 85 to 135: 05-15 (119, 9 off) and 04-17 (91).
    180 to 260: 08-21 (217, 3 off), then of its neighbours 09-18 (245, 25 off), 07-17 being 38 off.
    """
    desk = ready_desk()
    assert expirations(desk, SHORT, HEDGE) == (date(2018, 2, 13),)
    assert expirations(desk, MEDIUM, HEDGE) == (date(2018, 5, 15), date(2018, 4, 17))
    assert expirations(desk, LONG, HEDGE) == (date(2018, 8, 21), date(2018, 9, 18))


def test_two_or_more_calls_are_split_over_two_adjacent_expirations() -> None:
    """10 condors want 4 medium calls: 2 of 05-15 first, then 2 of 04-17."""
    desk = with_condor(ready_desk(), 10)
    first = bought(desk)[MEDIUM]
    assert (first.quantity, first.legs[0].contract.expiration) == (2, date(2018, 5, 15))
    half = with_calls(desk, MEDIUM, 2, strike=22.0, expiration=date(2018, 5, 15), ref="half")
    second = bought(half)[MEDIUM]
    assert (second.quantity, second.legs[0].contract.expiration) == (2, date(2018, 4, 17))


def test_a_single_call_is_not_split() -> None:
    """2 condors want 1 medium call: the nearest expiration."""
    only = bought(with_condor(ready_desk(), 2))[MEDIUM]
    assert (only.quantity, only.legs[0].contract.expiration) == (1, date(2018, 5, 15))


@pytest.mark.parametrize(
    ("second", "day", "is_open"),
    [
        (14.70, 16, False),  # 14.70 - 13.20 = 1.50 is not above 1.5
        (14.71, 16, True),
        (14.00, 22, False),  # 17, 18, 19 and 22: four sessions
        (14.00, 23, True),  # the fifth
    ],
)
def test_longer_layers_wait_for_more_than_a_point_and_a_half_or_five_sessions(
    second: float, day: int, *, is_open: bool
) -> None:
    desk = ready_desk(ny(2018, 1, day))
    prices = (11.50, 13.20, second) if day == 16 else (13.20, second)  # January settles on the 17th
    desk = with_futures(desk, *prices)
    desk = replace(desk, deficits=dict.fromkeys(HEDGE_LAYERS, date(2018, 1, 16)))
    for layer in (MEDIUM, LONG):
        assert steep(desk, layer, HEDGE, REGIME, "t").open is is_open


def test_the_short_layer_is_bought_in_the_session_of_the_fill_whatever_the_curve() -> None:
    """Filled at 11:00 on the 16th with a slope of 1.0: L2a at once, L2b and L2c not."""
    found = bought(with_condor(ready_desk()), Market(vx_step=1.0))
    assert {layer: intent.quantity for layer, intent in found.items()} == {SHORT: 2}


def test_what_was_partly_filled_is_taken_up_the_next_session() -> None:
    """3 asked, 1 filled, canceled at 11:10: not again on the 16th, from the 17th on."""
    desk = with_condor(ready_desk(), 6)
    buying = order("b", Purpose.BUY_HEDGE, SHORT, (Leg(CALL, 1),), 3, "0.70")
    desk = apply_effect(desk, PlaceOrder(buying))
    for report in fills(buying, ("0.70",), desk.now, 1):
        desk = fold(desk, report)
    assert not its_turn(desk, SHORT, HEDGE)
    desk = fold(desk, OrderCanceled(ny(2018, 1, 16, 11, 10), "b", "not filled in time"))
    assert not its_turn(replace(desk, now=ny(2018, 1, 16, 15, 40)), SHORT, HEDGE)
    assert its_turn(replace(desk, now=ny(2018, 1, 17, 10, 0)), SHORT, HEDGE)


@pytest.mark.parametrize("regime", [Regime.ELEVATED, Regime.HIGH, Regime.PRESS, Regime.UNKNOWN])
def test_net_purchases_are_for_low_and_normal_alone(regime: Regime) -> None:
    desk = quoted(with_condor(ready_desk(regime=regime)), Market())
    (skip,) = hedge_build.propose(desk, HEDGE, LIMITS, REGIME).skips
    assert skip.denial is DenialCode.REGIME_BLOCKS_HEDGE_BUY
    normal = quoted(with_condor(ready_desk(regime=Regime.NORMAL)), Market(vix=17.0))
    assert set(bought(normal)) == {SHORT, MEDIUM}


@pytest.mark.parametrize(
    ("bid", "ask", "limit", "worst", "tick"),
    [
        # mid 0.70, half-spread 0.05: 0.70 + 0.40 x 0.05 = 0.72, in cents
        (0.65, 0.75, "0.70", "0.72", "0.01"),
        # mid 4.00, half-spread 0.25: 4.00 + 0.10 = 4.10, in steps of 0.05 from 3.00 on
        (3.75, 4.25, "4.00", "4.10", "0.05"),
    ],
)
def test_a_purchase_begins_at_mid_and_gives_up_forty_percent_of_the_half_spread(
    bid: float, ask: float, limit: str, worst: str, tick: str
) -> None:
    desk = ready_desk()
    desk = replace(desk, quotes={CALL: Quote(desk.now, bid, ask)})
    intent = buy(desk, SHORT, CALL, 1, HEDGE, rule="4.4.build", reason="", inputs=())
    assert intent is not None
    assert (intent.limit, intent.walk.worst) == (Decimal(limit), Decimal(worst))
    assert (intent.walk.step, intent.walk.every_s) == (Decimal(tick), 60.0)
