"""Section 4.5 by hand: the share on every basis, its worked figures, and what the limits do.

The figures of the method take the whole width for the maximum loss (a credit of 0) and one forward
for all layers; so do the desks here.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from math import log, sqrt
from statistics import NormalDist

import pytest

from domain.desk import Desk, Regime
from domain.instruments import vix_option
from domain.orders import HEDGE_LAYERS, DenialCode, Layer, Leg, OrderIntent, Purpose
from domain.quotes import Quote
from risk.exposure import cap_shares, notionals
from risk.hedge_layer import judge_purchase
from risk.hedge_trim import CAP, conditions, propose_trim
from risk.limit_checks import hedge_within_cap
from risk.limits import CapBasis, RiskLimits
from risk.parameters import HedgeParams
from tests.builders import Market, condor, order, quoted, ready_desk, with_calls, with_condor
from tests.golden.desks import REGIME

HEDGE, LIMITS = HedgeParams(), RiskLimits()
SHORT, MEDIUM, LONG = HEDGE_LAYERS
HELD = ((SHORT, 4, date(2018, 2, 13)), (MEDIUM, 4, date(2018, 5, 15)), (LONG, 2, date(2018, 8, 21)))
N = NormalDist()


def worth(forward: float, strike: float, delta: float) -> float:
    """The price at which a call has this delta. With v = sigma sqrt(T) and d1 = N^-1(delta):
    v v / 2 - d1 v + ln(F / K) = 0, and then C = F delta - K N(d1 - v).
    """
    d1, gap = N.inv_cdf(delta), log(forward / strike)
    root = sqrt(d1 * d1 - 2 * gap)
    v = d1 - root if gap > 0 else d1 + root
    return forward * delta - strike * N.cdf(d1 - v)


def book(width: float, condors: int = 10) -> Desk:
    """10 condors of ``width`` for nothing, and 4, 4 and 2 calls of strike 20 that cost 0.70."""
    combo = condor(2685 - width, 2685, 2850, 2850 + width)
    desk = with_condor(ready_desk(nlv="10000000"), condors, combo=combo,
                       prices=("9.00", "9.00", "7.00", "7.00"))  # fmt: skip
    for layer, quantity, expiration in HELD:
        desk = with_calls(desk, layer, quantity, strike=20.0, expiration=expiration, ref=layer)
    return desk


def at(desk: Desk, forward: float, delta: float, regime: Regime = Regime.LOW) -> Desk:
    """Every future at ``forward``, every call worth what gives it ``delta``, bid 0.01 below."""
    desk = quoted(desk, Market(vix=forward, vx_base=forward, vx_step=0.0))
    calls = {t.contract for t in desk.book.open_tranches}
    mids = {call: worth(forward, call.strike, delta) for call in calls}
    sides = {call: Quote(desk.now, mid - 0.01, mid + 0.01) for call, mid in mids.items()}
    spiked = ready_desk(regime=regime).regime
    return replace(desk, quotes={**desk.quotes, **sides}, regime=spiked)


def share(desk: Desk, basis: CapBasis = CapBasis.DELTA_NOTIONAL) -> float:
    return notionals(desk, LIMITS, basis).share


@pytest.mark.parametrize(
    ("width", "forward", "delta", "percent"),
    [
        (25, 18.0, 0.50, 26),  # 10 x 100 x 18 x 0.50 = 9,000 of 9,000 + 25,000: 26.5 %
        (25, 18.0, 0.30, 18),  # 5,400 of 30,400: 17.8 %
        (25, 40.0, 0.95, 60),  # 38,000 of 63,000: 60.3 %
        (50, 18.0, 0.50, 15),  # 9,000 of 59,000: 15.3 %
        (50, 40.0, 0.95, 43),  # 38,000 of 88,000: 43.2 %
    ],
)
def test_the_worked_figures_on_delta_notional(
    width: float, forward: float, delta: float, percent: int
) -> None:
    notional = 10 * 100 * forward * delta
    by_hand = notional / (notional + 10 * width * 100)
    assert int(100 * by_hand + 0.5) - percent in (0, 1), "the method rounds 26.5 down"
    assert share(at(book(width), forward, delta)) == pytest.approx(by_hand, abs=0.002)


@pytest.mark.parametrize(("width", "percent"), [(25, 50), (50, 34)])
def test_at_vix_30_and_delta_85_it_is_half_or_a_third(width: float, percent: int) -> None:
    """25,500 of 50,500 is 50.5 %, of 75,500 33.8 %; the calls are of strike 26 here."""
    desk = book(width)
    tranches = {
        key: replace(t, contract=replace(t.contract, strike=26.0))
        for key, t in desk.book.tranches.items()
    }
    desk = at(replace(desk, book=replace(desk.book, tranches=tranches)), 30.0, 0.85)
    assert share(desk) == pytest.approx(25_500 / (25_500 + 1000 * width), abs=0.003)
    assert share(desk) == pytest.approx(percent / 100, abs=0.006)


def test_gross_is_42_percent_at_vix_18_and_spx_notional_never_binds() -> None:
    """18,000 of 43,000 is 41.9 %; 18,000 of 18,000 + 10 x 100 x 2776 is 0.6 %."""
    desk = at(book(25), 18.0, 0.50)
    assert share(desk, CapBasis.GROSS) == pytest.approx(18_000 / 43_000)
    assert share(desk, CapBasis.SPX_NOTIONAL) == pytest.approx(18_000 / 2_794_000)


def test_premium_and_margin_count_the_hedge_at_its_bid() -> None:
    """Delta 0.30 at F 18, K 20: d1 = -0.5244, v = 0.1726, C = 5.40 - 20 N(-0.6970) = 0.54. At the
    bid of 0.53 ten calls are 530 USD: 530 of 25,530 is 2.1 %; of 530 + 40,000 of margin 1.3 %.
    """
    desk = at(book(25), 18.0, 0.30)
    desk = replace(desk, account=replace(desk.account, maintenance_margin=Decimal(40_000)))
    assert worth(18.0, 20.0, 0.30) == pytest.approx(0.54, abs=0.005)
    value = 1000 * (worth(18.0, 20.0, 0.30) - 0.01)
    assert share(desk, CapBasis.PREMIUM) == pytest.approx(value / (value + 25_000))
    assert share(desk, CapBasis.MARGIN) == pytest.approx(value / (value + 40_000))
    assert [name for name, known in cap_shares(desk, LIMITS) if known is not None] == list(CapBasis)


def test_a_delta_below_a_tenth_counts_as_a_tenth() -> None:
    """Delta 0.05 at F 18: 10 x 100 x 18 x 0.10 = 1,800 of 26,800."""
    assert share(at(book(25), 18.0, 0.05)) == pytest.approx(1800 / 26_800, abs=1e-6)


def buying(quantity: int) -> OrderIntent:
    call = vix_option(date(2018, 2, 13), 20.0)
    return order("b", Purpose.BUY_HEDGE, SHORT, (Leg(call, 1),), quantity, "2.60").intent


@pytest.mark.parametrize("regime", list(Regime))
def test_no_purchase_may_take_the_share_above_35_percent_in_any_regime(regime: Regime) -> None:
    """9,000 held. Cap 0.35 / 0.65 x 25,000 = 13,461.5, so 4,461.5 are left; a call adds 900.
    4 more: 12,600 of 37,600 is 33.5 %. 5 more: 13,500 of 38,500 is 35.06 %.
    """
    desk = at(book(25), 18.0, 0.50, regime)
    assert hedge_within_cap(buying(4), desk, LIMITS) is None
    denied = hedge_within_cap(buying(5), desk, LIMITS)
    assert denied is not None
    assert denied.code is DenialCode.HEDGE_SHARE_CAP
    inputs = dict(denied.inputs)
    assert inputs["cap"] == pytest.approx(13_461.5, abs=0.1)
    assert inputs["used"] == pytest.approx(9000, abs=1)
    assert inputs["asked"] == pytest.approx(4500, abs=1)
    assert inputs["granted"] == 0.0


def trimmed(desk: Desk, marks: int = 2) -> dict[Layer, int]:
    desk = replace(desk, memory=replace(desk.memory, marks={CAP: marks}))
    intents = propose_trim(desk, HEDGE, LIMITS).intents
    assert {intent.rule for intent in intents} <= {"4.5.trim"}
    return {intent.layer: intent.quantity for intent in intents}


def test_above_40_percent_for_two_marks_it_is_sold_down_to_38() -> None:
    """F 40, delta 0.95: 38,000 of 63,000, 60.3 %. 0.38 / 0.62 x 25,000 = 15,322.6 may stay;
    22,677.4 / 3,800 = 5.97: six contracts, 4 of L2a and then 2 of L2b. 15,200 of 40,200 = 37.8 %.
    """
    desk = at(book(25), 40.0, 0.95, Regime.HIGH)
    assert conditions(desk, LIMITS, REGIME) == {CAP: True}
    assert trimmed(desk, marks=1) == {}
    assert trimmed(desk) == {SHORT: 4, MEDIUM: 2}
    assert 15_200 / 40_200 <= 0.38 < 19_000 / 44_000


def test_the_long_layer_goes_last() -> None:
    """4 condors: 10,000 at risk, 6,129 may stay; 31,871 / 3,800 = 8.4: nine, the last of L2c."""
    assert trimmed(at(book(25, condors=4), 40.0, 0.95, Regime.HIGH)) == {
        SHORT: 4, MEDIUM: 4, LONG: 1,
    }  # fmt: skip


def test_inside_a_layer_the_richest_multiple_goes_first() -> None:
    """8 condors: 20,000 at risk, 12,258 may stay. Held 4 + 1 short calls of 3,800 = 19,000: 6,742
    / 3,800 = 1.8: two. The one that cost 0.50 has the higher multiple and goes first, then one of
    those that cost 0.70.
    """
    desk = book(25, condors=8)
    held = {key: t for key, t in desk.book.tranches.items() if t.layer is SHORT}
    desk = replace(desk, book=replace(desk.book, tranches=held))
    desk = with_calls(desk, SHORT, 1, "0.50", strike=20.0, ref="cheap")
    desk = at(desk, 40.0, 0.95, Regime.HIGH)
    desk = replace(desk, memory=replace(desk.memory, marks={CAP: 2}))
    intents = propose_trim(desk, HEDGE, LIMITS).intents
    assert [(i.subject, i.quantity) for i in intents] == [("cheap", 1), ("L2a", 1)]


@pytest.mark.parametrize(
    ("regime", "forward", "above"),
    [
        (Regime.HIGH, 29.0, True),
        (Regime.PRESS, 29.0, True),
        (Regime.ELEVATED, 29.0, False),  # the cap is for HIGH ...
        (Regime.ELEVATED, 30.0, True),  # ... whose threshold is reached: two marks are enough
    ],
)
def test_the_cap_is_awake_in_high(regime: Regime, forward: float, *, above: bool) -> None:
    """F 29, delta 0.95: 27,550 of 52,550 is 52 %."""
    desk = at(book(25), forward, 0.95, regime)
    assert share(desk) > 0.40
    assert conditions(desk, LIMITS, REGIME) == {CAP: above}


@pytest.mark.parametrize(("delta", "above"), [(0.9250, False), (0.9270, True)])
def test_forty_percent_itself_is_inside(delta: float, *, above: bool) -> None:
    """F 18: 18,000 x 0.9259 = 16,667 of 41,667 is 40 %."""
    assert conditions(at(book(25), 18.0, delta, Regime.HIGH), LIMITS, REGIME) == {CAP: above}


def test_condors_that_close_wake_the_cap_in_any_regime() -> None:
    """9,000 of 34,000 is 26 %. 5 of 10 condors closed: 9,000 of 21,500, 41.9 %, in LOW."""
    small = at(book(25, condors=5), 18.0, 0.50)
    assert share(small) == pytest.approx(9000 / 21_500, abs=0.001)
    assert conditions(small, LIMITS, REGIME) == {CAP: False}, "never inside so far"
    shrunk = replace(small, memory=replace(small.memory, condors_at_risk_within=25_000.0))
    assert conditions(shrunk, LIMITS, REGIME) == {CAP: True}
    # 0.38 / 0.62 x 12,500 = 7,661 may stay: 1,339 / 900 = 1.5, two calls
    assert trimmed(shrunk) == {SHORT: 2}


def test_without_condors_the_cap_sleeps_and_the_hedge_may_cost_two_percent() -> None:
    """10,000,000 x 2 % = 200,000. Spent 10 x 70 = 700. A call offered at 2.548 adds 254.80: all of
    50 fit, and 783 would not: 783 x 254.80 = 199,508 > 199,300.
    """
    alone = book(25)
    alone = at(replace(alone, book=replace(alone.book, condors={})), 18.0, 0.50, Regime.HIGH)
    assert conditions(alone, LIMITS, REGIME) == {CAP: False}
    assert trimmed(alone) == {}
    judged = judge_purchase(alone, LIMITS, vix_option(date(2018, 2, 13), 20.0), 783)
    assert (judged.cap, judged.used) == (200_000.0, 700.0)
    assert worth(18.0, 20.0, 0.50) + 0.01 == pytest.approx(2.548, abs=0.001)
    assert judged.units == 782
