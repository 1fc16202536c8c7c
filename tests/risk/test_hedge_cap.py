"""The cap by hand: shares by every basis, headroom, and what working orders do to it."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from domain.desk import Desk
from domain.effects import PlaceOrder
from domain.instruments import Right, vix_option
from domain.orders import Layer, Leg, Purpose
from domain.quotes import Quote
from engine.fold import apply_effect
from risk.exposure import cap_shares, hedge_units, notionals, worst_unit
from risk.hedge_layer import closure_share, headroom, judge_purchase
from risk.limits import CapBasis, RiskLimits
from risk.vix_calls import vix_forward
from tests.builders import Market, condor, order, quoted, ready_desk, with_calls, with_condor

LIMITS = RiskLimits()
CALL = vix_option(date(2018, 2, 13), 15)


def flat_market(delta_one: bool = False) -> Market:
    """Front future at 13.2; deep in the money when asked, so that delta is 1."""
    return Market(vx={date(2018, 2, 14): 40.0 if delta_one else 13.2}, vol_of_vol=0.3)


def hedged(condors: int = 4, calls: int = 2, market: Market | None = None) -> Desk:
    desk = with_calls(with_condor(ready_desk(), condors), quantity=calls)
    return quoted(desk, market or flat_market(delta_one=True), desk.book.positions())


def test_headroom_is_what_makes_the_share_exact() -> None:
    """h 1,000, c 9,000, s 0.40: (0.4 x 10,000 - 1,000) / 0.6 = 5,000; 6,000 / 15,000 = 0.40.

    The naive s t - h would have granted 3,000.
    """
    room = headroom(1000.0, 9000.0, 0.40)
    assert room == pytest.approx(5000.0)
    assert (1000.0 + room) / (10_000.0 + room) == pytest.approx(0.40)
    assert headroom(7000.0, 9000.0, 0.40) == pytest.approx(-1000.0)


def test_every_basis_by_hand() -> None:
    """4 condors, 9,200 at risk; 2 calls, strike 15, forward 40, delta 1, worth 25.

    delta_notional and gross: 2 x 100 x 40 = 8,000 -> 8,000 / 17,200.
    premium: 2 x 100 x bid 24.95 = 4,990 -> 4,990 / 14,190; margin: 4,990 / (4,990 + 20,000).
    spx_notional: 8,000 / (8,000 + 4 x 100 x 2776).
    """
    desk = hedged()
    desk = replace(desk, account=replace(desk.account, maintenance_margin=Decimal(20_000)))
    shares = dict(cap_shares(desk, LIMITS))
    assert shares["gross"] == pytest.approx(8000 / 17_200, rel=1e-6)
    assert shares["delta_notional"] == pytest.approx(8000 / 17_200, rel=1e-3)
    assert shares["premium"] == pytest.approx(4990 / 14_190, rel=1e-3)
    assert shares["margin"] == pytest.approx(4990 / 24_990, rel=1e-3)
    assert shares["spx_notional"] == pytest.approx(8000 / (8000 + 1_110_400), rel=1e-6)


def test_a_far_call_counts_with_the_delta_floor() -> None:
    """Strike 80 on a forward of 13.2: delta near 0, counted as 0.10: 2 x 100 x 13.2 x 0.10 =
    264.
    """
    desk = with_calls(with_condor(ready_desk()), quantity=2, strike=80.0)
    far = vix_option(date(2018, 2, 13), 80.0)
    desk = quoted(desk, flat_market(), desk.book.positions())
    desk = replace(desk, quotes={**desk.quotes, far: Quote(desk.now, 0.0, 0.02)})
    assert notionals(desk, LIMITS, CapBasis.DELTA_NOTIONAL).hedge == pytest.approx(264.0)


def test_the_forward_is_the_future_that_settles_the_day_after_else_parity() -> None:
    desk = quoted(ready_desk(), flat_market())
    assert vix_forward(desk, date(2018, 2, 13), LIMITS) == pytest.approx(13.2)
    without = replace(desk, futures=())
    assert vix_forward(without, date(2018, 2, 13), LIMITS) is None
    pair = [vix_option(date(2018, 2, 13), 13.0, right) for right in Right]
    paired = quoted(without, flat_market(), pair)
    assert vix_forward(paired, date(2018, 2, 13), LIMITS) == pytest.approx(13.2, abs=0.02)


def test_a_purchase_is_cut_to_the_headroom_at_35_percent() -> None:
    """cap = 0.35 / 0.65 x 9,200 = 4,953.85; used 4,000 (1 call at delta 1); a second would be
    4,000.
    """
    desk = hedged(calls=1)
    judged = judge_purchase(desk, LIMITS, CALL, 3)
    assert judged.cap == pytest.approx(4953.846, rel=1e-6)
    assert judged.used == pytest.approx(4000, rel=1e-3)
    assert judged.asked == pytest.approx(12_000, rel=1e-3)
    assert judged.units == 0
    assert judged.granted == 0.0
    bigger = hedged(condors=8, calls=1)
    assert judge_purchase(bigger, LIMITS, CALL, 3).units == 1, "9,907.69 - 4,000 has room for one"


def test_working_purchases_count_as_filled_and_working_closes_as_closed() -> None:
    desk = hedged(condors=8, calls=1)
    buying = order(
        "b", Purpose.BUY_HEDGE, Layer.HEDGE_SHORT, (Leg(CALL, 1),), 1, "25.00", at=desk.now
    )
    assert judge_purchase(apply_effect(desk, PlaceOrder(buying)), LIMITS, CALL, 1).units == 0
    closing = order(
        "c",
        Purpose.CLOSE_CONDOR,
        Layer.CONDOR,
        condor().closing,
        8,
        "3.50",
        subject="cb-condor-20180116-1",
        at=desk.now,
    )
    leaving = apply_effect(desk, PlaceOrder(closing))
    assert judge_purchase(leaving, LIMITS, CALL, 1).units == 0
    assert closure_share(leaving, LIMITS) == 1.0
    assert closure_share(desk, LIMITS) == pytest.approx(4000 / 22_400, rel=1e-3)


def test_a_call_without_a_quote_counts_in_full_and_without_any_level_nothing_fits() -> None:
    desk = hedged(calls=1)
    unquoted = replace(desk, quotes={c: q for c, q in desk.quotes.items() if c != CALL})
    (unit,) = hedge_units(unquoted, [CALL], LIMITS, CapBasis.DELTA_NOTIONAL).values()
    assert unit is None
    assert worst_unit(unquoted, CALL, unit, LIMITS) == pytest.approx(4000.0)
    blind = replace(desk, quotes={})
    assert judge_purchase(blind, LIMITS, CALL, 1).units == 0


def test_a_roll_that_does_not_raise_the_notional_fits_even_above_the_limit() -> None:
    desk = hedged(calls=2)
    longer = vix_option(date(2018, 3, 20), 39.0)
    desk = quoted(
        desk,
        Market(vx={date(2018, 2, 14): 40.0, date(2018, 3, 21): 30.0}, vol_of_vol=0.3),
        [longer, CALL],
    )
    assert notionals(desk, LIMITS, LIMITS.cap_basis).share > 0.35
    assert judge_purchase(desk, LIMITS, longer, 2, CALL).units == 2
    assert judge_purchase(desk, LIMITS, longer, 2).units == 0


def test_without_condors_the_cost_of_the_hedge_is_what_is_limited() -> None:
    """2 % of 1,000,000 = 20,000; 140 spent; a roll into a 1.00 call adds 0.30 x 100 each."""
    desk = quoted(with_calls(ready_desk()), flat_market(), [CALL])
    longer = vix_option(date(2018, 3, 20), 18.0)
    desk = replace(desk, quotes={**desk.quotes, longer: Quote(desk.now, 0.95, 1.00)})
    judged = judge_purchase(desk, LIMITS, longer, 2, CALL)
    assert judged.cap == pytest.approx(20_000)
    assert judged.used == pytest.approx(140)
    assert judged.asked == pytest.approx(60)
    assert judged.units == 2


def test_a_condor_whose_result_is_decided_makes_no_room_for_hedge() -> None:
    """It stays in the book until the broker drops it, but nothing is at risk in it any more."""
    desk = hedged(calls=1, market=flat_market())
    assert judge_purchase(desk, LIMITS, CALL, 1).units == 1
    expiration = condor().short_put.expiration
    assert expiration is not None
    at_close = replace(desk, now=desk.calendar.close_at(expiration, expiring_pm=True))
    assert at_close.book.open_condors
    assert not at_close.live_condors
    late = vix_option(date(2018, 4, 17), 15)
    later = quoted(at_close, flat_market(), [*at_close.book.positions(), late])
    later = replace(later, ready_at=later.now)
    assert judge_purchase(later, LIMITS, late, 1).units == 0
