"""VIX calls that operators adopted count against the hedge cap like those the desk bought."""

from dataclasses import replace
from datetime import date

import pytest

from domain.approvals import Approvals
from domain.desk import Desk
from domain.effects import PlaceOrder
from domain.events import PositionAdopted
from domain.instruments import Right, spxw_option, vix_option
from domain.orders import Layer, Leg, Purpose
from engine.fold import apply_effect, fold
from engine.policy import Policy
from engine.walk import withdrawn
from engine.watchlist import watchlist
from risk.alerts import Rules, hedge_above_cap
from risk.exposure import cap_shares, notionals
from risk.hedge_cash import hedge_value
from risk.hedge_layer import closure_share, judge_purchase
from risk.hedge_trim import CAP, conditions, propose_trim
from risk.limit_checks import hedge_within_cap
from risk.limits import CapBasis, RiskLimits
from tests.builders import (
    EXPIRATION,
    TUESDAY,
    Market,
    ny,
    order,
    quoted,
    ready_desk,
    with_calls,
    with_condor,
)

LIMITS, POLICY = RiskLimits(), Policy()
OURS = vix_option(date(2018, 2, 13), 15.0)
FOUND = vix_option(date(2018, 2, 13), 20.0)
DEEP = Market(vx={date(2018, 2, 14): 40.0}, vol_of_vol=0.3)  # both calls with a delta of 1


def adopting(desk: Desk, count: int) -> Desk:
    return quoted(fold(desk, PositionAdopted(TUESDAY, FOUND, count, "all")), DEEP, (FOUND,))


def hedged(condors: int = 4, calls: int = 1, adopted: int = 1) -> Desk:
    desk = with_condor(ready_desk(), condors)
    desk = with_calls(desk, quantity=calls) if calls else desk
    return adopting(quoted(desk, DEEP, desk.book.positions()), adopted)


@pytest.mark.parametrize("basis", list(CapBasis))
def test_an_adopted_call_counts_in_every_basis_as_one_of_ours_would(basis: CapBasis) -> None:
    bought = with_calls(hedged(adopted=0), quantity=3, strike=20.0, ref="cb-hedge-20180116-3")
    found = hedged(adopted=3)
    same = notionals(quoted(bought, DEEP, bought.book.positions()), LIMITS, basis)
    assert notionals(found, LIMITS, basis) == same
    assert same.hedge != notionals(hedged(adopted=0), LIMITS, basis).hedge
    assert dict(cap_shares(found, LIMITS))[basis.value] == same.share


def test_no_purchase_fits_once_adopted_calls_fill_the_room() -> None:
    """0.35 / 0.65 x 18,400 = 9,907.69 for 8 condors: one of 4,000 fits beside one, none beside
    two.
    """
    assert judge_purchase(hedged(8, 1, 0), LIMITS, OURS, 3).units == 1
    crowded = hedged(8, 1, 1)
    assert judge_purchase(crowded, LIMITS, OURS, 3).units == 0
    legs = (Leg(OURS, 1),)
    buying = order("b", Purpose.BUY_HEDGE, Layer.HEDGE_SHORT, legs, 1, "25.00", at=TUESDAY)
    assert hedge_within_cap(buying.intent, hedged(8, 1, 0), LIMITS) is None
    denied = hedge_within_cap(buying.intent, crowded, LIMITS)
    assert denied is not None
    assert dict(denied.inputs)["used"] == pytest.approx(8000, rel=1e-3)


def test_a_working_purchase_is_withdrawn_when_an_adoption_takes_its_room() -> None:
    legs = (Leg(OURS, 1),)
    buying = order("b", Purpose.BUY_HEDGE, Layer.HEDGE_SHORT, legs, 1, "25.00", at=TUESDAY)
    working = apply_effect(hedged(8, 1, 0), PlaceOrder(buying))
    assert withdrawn(working, LIMITS) == ()
    assert closure_share(working, LIMITS) == pytest.approx(8000 / 26_400, rel=1e-3)
    (cancel,) = withdrawn(adopting(working, 2), LIMITS)
    assert cancel.order_ref == "b"


def test_a_trim_sells_our_own_calls_for_what_the_adopted_ones_are_too_much() -> None:
    desk = replace(hedged(4, 1, 1), memory=replace(ready_desk().memory, marks={CAP: 2}))
    high = replace(desk, regime=replace(desk.regime, high_on=TUESDAY.date(), press=True))
    assert conditions(high, LIMITS, POLICY.regime) == {CAP: True}
    (sale,) = propose_trim(high, POLICY.hedge, LIMITS).intents
    assert (sale.quantity, sale.legs[0].contract) == (1, OURS)
    assert propose_trim(hedged(4, 1, 0), POLICY.hedge, LIMITS).intents == ()


def test_adopted_calls_alone_above_the_cap_are_told_and_never_sold() -> None:
    desk = replace(hedged(4, 0, 3), memory=replace(ready_desk().memory, marks={CAP: 2}))
    assert propose_trim(desk, POLICY.hedge, LIMITS).intents == ()
    told = hedge_above_cap(desk, Rules(LIMITS, POLICY.hedge, POLICY.regime))
    assert told == "hedge share 56.6% above 40%, 3 adopted calls with it, which only you can sell"


def test_without_condors_adopted_calls_count_at_the_ask_and_unquoted_ones_leave_no_room() -> None:
    """2 % of 1,000,000 is 20,000; a call costs 2,505 at the ask, so 7 fit and 5 beside two."""
    alone = quoted(ready_desk(), DEEP, (OURS,))
    assert judge_purchase(alone, LIMITS, OURS, 9).units == 7
    both = fold(alone, PositionAdopted(TUESDAY, OURS, 2, "all"))
    assert judge_purchase(both, LIMITS, OURS, 9).units == 5
    unseen = fold(alone, PositionAdopted(TUESDAY, FOUND, 2, "all"))
    assert judge_purchase(unseen, LIMITS, OURS, 9).units == 0


def test_an_adopted_call_without_a_quote_makes_the_hedge_unmeasurable() -> None:
    desk = replace(hedged(), quotes=quoted(ready_desk(), DEEP, (OURS,)).quotes)
    assert notionals(desk, LIMITS, CapBasis.DELTA_NOTIONAL).hedge is None
    assert hedge_value(desk) is None


def test_adopted_calls_are_watched_with_their_future() -> None:
    late = vix_option(date(2018, 8, 21), 24.0)
    desk = ready_desk()
    future = next(c for c in desk.futures if c.expiration == date(2018, 8, 22))
    assert future not in watchlist(desk, (), POLICY)
    assert {late, future} <= set(
        watchlist(fold(desk, PositionAdopted(TUESDAY, late, 1, "all")), (), POLICY)
    )


def test_only_long_vix_calls_that_are_not_settled_count() -> None:
    put = vix_option(date(2018, 2, 13), 20.0, Right.PUT)
    other = spxw_option(EXPIRATION, 2900.0, Right.CALL)
    desk = replace(hedged(adopted=0), approvals=Approvals(adopted={put: 9, other: 9, FOUND: -9}))
    assert notionals(desk, LIMITS, CapBasis.GROSS) == notionals(
        hedged(adopted=0), LIMITS, CapBasis.GROSS
    )
    settled = replace(hedged(calls=0, adopted=2), now=ny(2018, 2, 14, 12))
    assert notionals(settled, LIMITS, CapBasis.GROSS).hedge == 0.0
