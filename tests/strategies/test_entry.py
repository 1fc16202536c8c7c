"""When a condor is opened: tier, gates, strikes, credit and size, with the numbers by hand."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from domain.desk import Desk, Regime
from domain.instruments import VIX, Right, spxw_option
from domain.orders import DenialCode, Purpose
from domain.proposals import Proposal
from domain.quick_ratio import quick_ratio
from domain.quotes import Quote
from engine.policy import Policy
from strategies.iron_condor import IronCondorParams
from strategies.iron_condor.entry import propose
from strategies.iron_condor.strikes import wing_width
from strategies.iron_condor.tiers import tier
from tests.builders import RELEASES, Market, ny, quoted, ready_desk, vix_closes, with_condor

PARAMS = IronCondorParams()
ALLOWANCE = Policy().allowance


def settled_proposal(desk: Desk, market: Market, params: IronCondorParams = PARAMS) -> Proposal:
    """What entry says once everything it asked to see is quoted."""
    proposal = propose(desk, params, ALLOWANCE, RELEASES)
    for _ in range(3):
        desk = quoted(desk, market, proposal.wanted)
        proposal = propose(desk, params, ALLOWANCE, RELEASES)
    return proposal


@pytest.fixture
def market() -> Market:
    return Market()


def test_a_calm_tuesday_opens_an_aggressive_condor(market: Market) -> None:
    proposal = settled_proposal(quoted(ready_desk(), market), market)
    (intent,) = proposal.intents
    assert intent.purpose is Purpose.OPEN_CONDOR
    inputs = dict(intent.inputs)
    assert abs(inputs["put_delta"] + 0.20) < 0.02
    assert abs(inputs["call_delta"] - 0.20) < 0.02
    assert inputs["width"] == 30.0, "round5(1 % of 2776 = 27.76)"
    assert intent.limit < 0, "a credit is a negative price"
    assert intent.walk.worst <= Decimal("-4.50"), "15 % of 30 wide is the least credit"
    assert intent.limit <= intent.walk.worst


def test_the_size_is_one_percent_of_net_liquidation_over_maximum_loss(market: Market) -> None:
    """At the worst credit c: floor(10,000 / ((30 - c) x 100))."""
    (intent,) = settled_proposal(quoted(ready_desk(), market), market).intents
    each = (Decimal(30) + intent.walk.worst) * 100
    assert intent.quantity == int(Decimal(10_000) // each)
    assert 3 <= intent.quantity <= 4


def test_the_limit_walks_a_quarter_of_the_spread_from_mid(market: Market) -> None:
    (intent,) = settled_proposal(quoted(ready_desk(), market), market).intents
    inputs = dict(intent.inputs)
    furthest = Decimal(str(round(-inputs["credit"] + 0.25 * inputs["spread"], 6)))
    assert intent.walk.worst <= furthest
    assert intent.walk.step == Decimal("0.05")
    assert intent.walk.give_up_after_s == 600


@pytest.mark.parametrize(
    ("vix", "average_above", "name"),
    [
        (14.0, True, "aggressive"),
        (14.0, False, "balanced"),
        (17.0, True, "balanced"),
        (17.0, False, "conservative"),
        (20.0, True, None),
    ],
)
def test_the_tier_follows_vix_and_its_average(
    vix: float, average_above: bool, name: str | None
) -> None:
    desk = ready_desk()
    closes = vix_closes(vix + 1 if average_above else vix - 1.5)
    desk = replace(desk, closes={"VIX": closes}, quotes={VIX: Quote(desk.now, last=vix)})
    found = tier(desk, PARAMS)
    assert (found.name if found else None) == name


def blocked(desk: Desk) -> DenialCode | str | None:
    (skip,) = propose(desk, PARAMS, ALLOWANCE, RELEASES).skips
    return skip.denial or skip.reason


def test_each_gate_names_itself(market: Market) -> None:
    desk = quoted(ready_desk(), market)
    high = quoted(ready_desk(regime=Regime.HIGH), market)
    assert blocked(quoted(ready_desk(regime=Regime.UNKNOWN), market)) is DenialCode.REGIME_UNKNOWN
    assert blocked(high) is DenialCode.REGIME_BLOCKS_ENTRY
    assert blocked(with_condor(desk)) == DenialCode.ENTRY_SPACING
    poor = replace(desk, account=replace(desk.account, maintenance_margin=Decimal(700_000)))
    assert blocked(poor) is DenialCode.MARGIN_FLOOR, "1,000,000 / 700,000 = 1.43 < 1.5"
    dumb = replace(desk, account=replace(desk.account, cash=None))
    assert blocked(dumb) is DenialCode.MARGIN_FLOOR
    dear = replace(desk, quotes={**desk.quotes, VIX: Quote(desk.now, last=20.5)})
    assert blocked(dear) is DenialCode.REGIME_BLOCKS_ENTRY


def test_five_sessions_later_the_next_condor_may_open(market: Market) -> None:
    held = with_condor(ready_desk()).book
    monday = quoted(replace(ready_desk(ny(2018, 1, 22)), book=held), market)
    tuesday = quoted(replace(ready_desk(ny(2018, 1, 23)), book=held), market)
    assert blocked(monday) == DenialCode.ENTRY_SPACING
    assert settled_proposal(tuesday, market).intents


def test_nothing_is_proposed_outside_the_window_but_candidates_are_wanted_shortly_before(
    market: Market,
) -> None:
    early = quoted(ready_desk(ny(2018, 1, 16, 10, 50)), market)
    scouting = quoted(ready_desk(ny(2018, 1, 16, 10, 56)), market)
    late = quoted(ready_desk(ny(2018, 1, 16, 14, 30)), market)
    assert propose(early, PARAMS, ALLOWANCE, RELEASES) == Proposal()
    assert propose(scouting, PARAMS, ALLOWANCE, RELEASES).wanted
    assert not propose(scouting, PARAMS, ALLOWANCE, RELEASES).skips
    assert propose(late, PARAMS, ALLOWANCE, RELEASES) == Proposal()


def test_a_refused_strike_is_passed_over(market: Market) -> None:
    desk = quoted(ready_desk(), market)
    (intent,) = settled_proposal(desk, market).intents
    short_put = next(
        leg.contract for leg in intent.legs if leg.ratio < 0 and leg.contract.right is Right.PUT
    )
    refused = replace(desk, refused=frozenset({short_put}))
    (other,) = settled_proposal(refused, market).intents
    assert short_put not in [leg.contract for leg in other.legs]


def test_a_strike_held_on_the_other_side_is_not_sold(market: Market) -> None:
    """Long 2660 puts of another condor: the new short goes elsewhere."""
    desk = quoted(ready_desk(), market)
    (intent,) = settled_proposal(desk, market).intents
    short = next(leg.contract for leg in intent.legs if leg.ratio < 0)
    from tests.builders import condor

    other = condor(short.strike, short.strike + 30, 2950, 2980)
    held = replace(with_condor(desk, 1, combo=other), now=desk.now)
    held = replace(held, book=replace(held.book, last_entry_on=None), orders={})
    (next_intent,) = settled_proposal(held, market).intents
    assert short not in [leg.contract for leg in next_intent.legs if leg.ratio < 0]
    assert short == spxw_option(short.expiration or desk.today, short.strike, Right.PUT)


def test_a_credit_below_the_tiers_minimum_is_not_taken(market: Market) -> None:
    params = replace(PARAMS, credit_share_aggressive=0.40)
    proposal = settled_proposal(quoted(ready_desk(), market), market, params)
    assert not proposal.intents
    assert proposal.skips[0].denial is DenialCode.CREDIT_TOO_SMALL


def test_an_entry_that_did_not_fill_waits_before_the_next_try(market: Market) -> None:
    desk = quoted(ready_desk(), market)
    (intent,) = settled_proposal(desk, market).intents
    from domain.effects import PlaceOrder
    from domain.events import OrderCanceled
    from domain.orders import Order
    from engine.fold import apply_effect, fold

    desk = apply_effect(
        desk, PlaceOrder(Order("cb-condor-20180116-1", intent, desk.now, intent.limit))
    )
    assert blocked(desk) is DenialCode.ORDER_WORKING
    desk = fold(
        desk, OrderCanceled(desk.now + timedelta(minutes=10), "cb-condor-20180116-1", "late")
    )
    desk = quoted(desk, market)
    assert blocked(desk) == DenialCode.ENTRY_SPACING


def test_the_quick_ratio_counts_the_hedge_at_its_bid_and_working_entries() -> None:
    desk = ready_desk()
    rich = replace(desk, account=replace(desk.account, maintenance_margin=Decimal(200_000)))
    assert quick_ratio(desk) == float("inf")
    assert quick_ratio(rich) == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("spx", "width"), [(2776.0, 30.0), (2740.0, 25.0), (2750.0, 30.0), (200.0, 5.0)]
)
def test_wings_are_one_percent_rounded_half_up_to_five(spx: float, width: float) -> None:
    assert wing_width(spx, PARAMS) == width


def test_a_loss_never_makes_the_next_condor_bigger(market: Market) -> None:
    sizes = []
    for nlv in ("1000000", "980000", "900000", "500000", "100000"):
        intents = settled_proposal(quoted(ready_desk(nlv=nlv), market), market).intents
        sizes.append(intents[0].quantity if intents else 0)
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] == 0
