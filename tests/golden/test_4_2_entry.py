"""Section 4.2 by hand: tier, expiration, strikes, wings, credit, walk and size of one condor.

The market here has one volatility for every strike, so that deltas can be worked with a table of
the normal distribution.
"""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from itertools import pairwise
from math import exp, log, sqrt
from statistics import NormalDist

import pytest

from domain.chain import OptionChain
from domain.combos import IronCondor
from domain.desk import Desk
from domain.effects import CancelOrder, ModifyLimit
from domain.instruments import VIX, Right, spxw_option
from domain.orders import DenialCode, Layer, Order, OrderIntent, OrderStatus, Purpose
from domain.proposals import Allowance
from domain.quotes import Quote
from engine.policy import Policy
from engine.walk import walk
from risk.limits import RiskLimits
from strategies.iron_condor import IronCondorParams, entry_gates
from strategies.iron_condor.candidate import quantity_of
from strategies.iron_condor.entry import propose
from strategies.iron_condor.gates import Entry
from strategies.iron_condor.parameters import Wing
from strategies.iron_condor.strikes import choose, wing_width
from strategies.iron_condor.tiers import tier
from tests.builders import (
    EXPIRATION,
    RELEASES,
    Market,
    condor,
    ny,
    quoted,
    ready_desk,
    with_condor,
)
from tests.golden.desks import settled

PARAMS = IronCondorParams(break_even_moves=0.45)  # see the last example
ALLOWANCE: Allowance = Policy().allowance
SPOT, VOL = 2776.0, 0.16
YEARS = (45 + 5 / 24) / 365  # 2018-01-16 11:00 to 2018-03-02 16:00
MARKET = Market(spx=SPOT, vix=14.0, spx_vol=VOL, skew=0.0, half_spread=0.025)
N = NormalDist()


def put_delta(strike: float) -> float:
    d1 = (log(SPOT / strike) + 0.5 * VOL**2 * YEARS) / (VOL * sqrt(YEARS))
    return N.cdf(-d1)


def call_delta(strike: float) -> float:
    d1 = (log(SPOT / strike) + 0.5 * VOL**2 * YEARS) / (VOL * sqrt(YEARS))
    return N.cdf(d1)


def balanced() -> Desk:
    """VIX 14.00 above its mean of five closes, 13.00: balanced, 16 delta."""
    closes = tuple((date(2018, 1, day), 13.0) for day in (8, 9, 10, 11, 12))
    return replace(ready_desk(), closes={"VIX": closes})


def black(strike: float, *, call: bool) -> float:
    """F N(d1) - K N(d2) of a call, K N(-d2) - F N(-d1) of a put; no discount here."""
    deviation = VOL * sqrt(YEARS)
    d1 = log(SPOT / strike) / deviation + 0.5 * deviation
    sign = 1 if call else -1
    return sign * (SPOT * N.cdf(sign * d1) - strike * N.cdf(sign * (d1 - deviation)))


@cache
def entered() -> tuple[Desk, OrderIntent]:
    desk, proposal = settled(
        quoted(balanced(), MARKET), MARKET, lambda d: propose(d, PARAMS, ALLOWANCE, RELEASES)
    )
    (intent,) = proposal.intents
    return desk, intent


@pytest.mark.parametrize(
    ("vix", "closes", "name"),
    [
        # (15 + 15 + 14 + 14 + 14) / 5 = 14.40
        (14.39, (15, 15, 14, 14, 14), "aggressive"),
        (14.40, (15, 15, 14, 14, 14), "balanced"),  # at the mean is not below it
        (14.99, (15, 15, 14, 14, 14), "balanced"),
        # (18 + 17 + 17 + 16 + 16) / 5 = 16.80
        (15.00, (18, 17, 17, 16, 16), "balanced"),
        (16.79, (18, 17, 17, 16, 16), "balanced"),
        (16.80, (18, 17, 17, 16, 16), "conservative"),
        (19.99, (18, 17, 17, 16, 16), "conservative"),
        (20.00, (25, 25, 25, 25, 25), None),
    ],
)
def test_the_tier_is_vix_against_15_20_and_its_mean_of_five_closes(
    vix: float, closes: tuple[int, ...], name: str | None
) -> None:
    days = (date(2018, 1, day) for day in (8, 9, 10, 11, 12))
    desk = replace(ready_desk(), closes={"VIX": tuple(zip(days, map(float, closes), strict=True))})
    found = tier(replace(desk, quotes={VIX: Quote(desk.now, last=vix)}), PARAMS)
    assert (found.name if found else None) == name
    deltas = {"aggressive": (0.20, 0.15), "balanced": (0.16, 0.12), "conservative": (0.12, 0.08)}
    if found is not None:
        assert (found.delta, found.credit_share) == deltas[found.name]


@pytest.mark.parametrize(
    ("today", "listed", "chosen"),
    [
        # 44 and 46 days: equally far from 45, so the shorter
        (date(2018, 1, 22), (date(2018, 3, 7), date(2018, 3, 9)), date(2018, 3, 7)),
        # 44 and 46 days, but 03-16 is a third Friday
        (date(2018, 1, 29), (date(2018, 3, 14), date(2018, 3, 16)), date(2018, 3, 16)),
        # 45 beats a third Friday 46 days away
        (date(2018, 1, 29), (date(2018, 3, 15), date(2018, 3, 16)), date(2018, 3, 15)),
        # 38 and 52 are inside, 37 and 53 are not
        (date(2018, 1, 22), (date(2018, 2, 28), date(2018, 3, 1)), date(2018, 3, 1)),
        (date(2018, 1, 22), (date(2018, 3, 15), date(2018, 3, 16)), date(2018, 3, 15)),
        (date(2018, 1, 22), (date(2018, 2, 28), date(2018, 3, 16)), None),
    ],
)
def test_the_expiration_nearest_45_days_in_38_to_52_ties_to_a_third_friday_then_the_shorter(
    today: date, listed: tuple[date, ...], chosen: date | None
) -> None:
    chain = OptionChain("SPX", "SPXW", listed, (2700.0,))
    wanted = (PARAMS.dte_target, PARAMS.dte_min, PARAMS.dte_max)
    assert chain.nearest_expiration(today, *wanted) == chosen


def strikes(intent: OrderIntent) -> tuple[float, ...]:
    return tuple(leg.contract.strike for leg in intent.legs)


def test_the_short_strikes_are_those_with_deltas_nearest_16() -> None:
    """sigma sqrt(T) = 0.16 x sqrt(45.208 / 365) = 0.05631. N(-0.9945) = 0.16, so the call lies at
    2776 exp(0.9945 x 0.05631 + 0.00159) = 2940.5 and the put at 2776 exp(-0.9945 x 0.05631 +
    0.00159) = 2629.2. Strikes are 5 apart: 2940 with 0.1607 and 2630 with 0.1617 are nearest.
    """
    deviation = VOL * sqrt(YEARS)
    far = -N.inv_cdf(0.16)
    assert SPOT * exp(far * deviation + 0.5 * deviation**2) == pytest.approx(2940.5, abs=0.5)
    assert SPOT * exp(-far * deviation + 0.5 * deviation**2) == pytest.approx(2629.2, abs=0.5)
    assert abs(put_delta(2630) - 0.16) < min(abs(put_delta(k) - 0.16) for k in (2625, 2635))
    assert abs(call_delta(2940) - 0.16) < min(abs(call_delta(k) - 0.16) for k in (2935, 2945))
    _, intent = entered()
    assert strikes(intent)[1:3] == (2630.0, 2940.0)
    inputs = dict(intent.inputs)
    assert inputs["put_delta"] == pytest.approx(-put_delta(2630), abs=0.002)
    assert inputs["call_delta"] == pytest.approx(call_delta(2940), abs=0.002)


def test_the_credit_is_what_the_four_legs_are_worth() -> None:
    """Sold: 2630 put and 2940 call; bought: 2600 put and 2970 call; quotes in nickels."""
    worth = black(2630, call=False) - black(2600, call=False)
    worth += black(2940, call=True) - black(2970, call=True)
    assert worth == pytest.approx(8.35, abs=0.05)
    assert dict(entered()[1].inputs)["credit"] == pytest.approx(worth, abs=0.05)


@pytest.mark.parametrize("right", list(Right))
def test_of_two_equally_close_deltas_the_strike_further_out_is_sold(right: Right) -> None:
    """A target half-way between two neighbours: |inner - target| = |target - outer|, the outer."""
    strikes_quoted = [float(strike) for strike in range(2560, 3005, 5)]
    every = [spxw_option(EXPIRATION, strike, side) for strike in strikes_quoted for side in Right]
    desk = quoted(balanced(), MARKET, every)
    chain = desk.chains["SPXW"]
    expiry = choose(desk, chain, EXPIRATION, 0.16, PARAMS).expiry
    assert expiry is not None
    by_delta = sorted((abs(r.delta), r.contract.strike) for r in expiry.side(right))
    outer, inner, target = next(
        (far, near, 0.5 * (low + high))
        for (low, far), (high, near) in pairwise(by_delta)
        if low > 0.13 and high - 0.5 * (low + high) == 0.5 * (low + high) - low
    )
    picked = choose(desk, chain, EXPIRATION, target, PARAMS).condor
    assert picked is not None
    short = picked.short_call if right is Right.CALL else picked.short_put
    assert short.strike == outer != inner


def test_the_wings_are_one_percent_of_spx_away_rounded_to_five_on_both_sides() -> None:
    """1 % of 2776 = 27.76, to 5: 30. 1 % of 2750 = 27.50 is half-way and goes up."""
    widths = {spx: wing_width(spx, PARAMS) for spx in (2776.0, 2750.0, 2749.0, 4480.0)}
    assert list(widths.values()) == [30.0, 30.0, 25.0, 45.0]
    _, intent = entered()
    assert strikes(intent) == (2630.0 - 30.0, 2630.0, 2940.0, 2940.0 + 30.0)
    assert [leg.ratio for leg in intent.legs] == [1, -1, -1, 1], "one package of four legs"


def test_wings_by_delta_are_those_nearest_to_five() -> None:
    """N(-1.6449) = 0.05: 2776 exp(1.6449 x 0.05631 + 0.00159) = 3050.2 and 2776 exp(-1.6449 x
    0.05631 + 0.00159) = 2534.4: the listed 3050 and 2535.
    """
    deviation, far = VOL * sqrt(YEARS), -N.inv_cdf(0.05)
    assert SPOT * exp(far * deviation + 0.5 * deviation**2) == pytest.approx(3050.2, abs=0.5)
    assert SPOT * exp(-far * deviation + 0.5 * deviation**2) == pytest.approx(2534.4, abs=0.5)
    quoted_strikes = [float(strike) for strike in range(2450, 3105, 5)]
    every = [spxw_option(EXPIRATION, strike, side) for strike in quoted_strikes for side in Right]
    desk = quoted(balanced(), replace(MARKET, vix=17.5), every)
    by_delta = replace(PARAMS, wing=Wing.DELTA)
    picked = choose(desk, desk.chains["SPXW"], EXPIRATION, 0.16, by_delta).condor
    assert picked is not None
    assert [contract.strike for contract in picked.contracts] == [2535, 2630, 2940, 3050]


def test_the_limit_begins_at_mid_and_ends_a_quarter_of_the_spread_lower() -> None:
    """Each leg is 0.10 wide, the package 0.40; mid 8.35. A quarter of 0.40 is 0.10: down to 8.25,
    which is above the least credit of 12 % x 30 = 3.60.
    """
    desk, intent = entered()
    sides = [desk.quotes[leg.contract] for leg in intent.legs]
    mids = [0.5 * ((side.bid or 0) + (side.ask or 0)) for side in sides]
    assert -mids[0] + mids[1] + mids[2] - mids[3] == pytest.approx(8.35)
    assert sum((side.ask or 0) - (side.bid or 0) for side in sides) == pytest.approx(0.40)
    assert (intent.limit, intent.walk.worst) == (Decimal("-8.35"), Decimal("-8.25"))
    assert (intent.walk.step, intent.walk.every_s) == (Decimal("0.05"), 60.0)
    assert intent.walk.give_up_after_s == 10 * 60


def test_the_walk_minute_by_minute() -> None:
    """7.00, then 0.05 less a minute: 6.95, 6.90, 6.85, 6.80 and no further; canceled after ten."""
    desk = with_condor(ready_desk())
    intent = desk.orders["cb-condor-20180116-1"].intent
    plan = replace(entered()[1].walk, worst=Decimal("-6.80"))
    resting = Order("o", replace(intent, walk=plan), desk.now, Decimal("-7.00"),
                    OrderStatus.ACCEPTED)  # fmt: skip
    quotes = {leg.contract: Quote(desk.now, mid - 0.1, mid + 0.1)
              for leg, mid in zip(intent.legs, (9.0, 12.5, 7.0, 3.5), strict=True)}  # fmt: skip
    limits, minutes = [], 0
    while True:
        minutes += 1
        now = desk.now + timedelta(minutes=minutes)
        moves = walk(replace(desk, now=now, orders={"o": resting}, quotes=quotes), RiskLimits())
        if any(isinstance(move, CancelOrder) for move in moves):
            break
        for move in moves:
            assert isinstance(move, ModifyLimit)
            resting = replace(resting, limit=move.limit, limit_changed_at=now)
            limits.append((minutes, str(move.limit)))
    assert limits == [(1, "-6.95"), (2, "-6.90"), (3, "-6.85"), (4, "-6.80")]
    assert minutes == 10
    half = replace(desk, now=desk.now + timedelta(seconds=59), orders={"o": replace(
        resting, limit=Decimal("-7.00"), limit_changed_at=None)}, quotes=quotes)  # fmt: skip
    assert walk(half, RiskLimits()) == ()


@pytest.mark.parametrize(
    ("average", "vix", "share"), [(15.0, 14.0, 0.15), (13.0, 14.0, 0.12), (16.0, 17.0, 0.08)]
)
def test_the_least_credit_is_8_12_or_15_percent_of_the_width(
    average: float, vix: float, share: float
) -> None:
    """Of 30 points: 4.50 aggressive, 3.60 balanced, 2.40 conservative."""
    days = (date(2018, 1, day) for day in (8, 9, 10, 11, 12))
    desk = replace(balanced(), closes={"VIX": tuple((day, average) for day in days)})
    market = replace(MARKET, vix=vix)
    desk, proposal = settled(
        quoted(desk, market), market, lambda d: propose(d, PARAMS, ALLOWANCE, RELEASES)
    )
    found = dict((*proposal.intents, *proposal.skips)[0].inputs)
    assert found["credit_min"] == pytest.approx(share * 30)
    gates = {g.name: g for g in entry_gates(desk, PARAMS, ALLOWANCE, RELEASES)}
    assert gates["credit"].open is (gates["credit"].value >= share * 30)  # type: ignore[operator]


def test_a_credit_a_nickel_below_the_least_is_refused() -> None:
    """8.35 of 30 is 27.83 %. Asked for 8.35 / 30 it is taken, asked for 8.40 / 30 it is not."""
    desk, _ = entered()
    enough = replace(PARAMS, credit_share_balanced=(8.35 - 1e-9) / 30)
    more = replace(PARAMS, credit_share_balanced=8.40 / 30)
    (intent,) = propose(desk, enough, ALLOWANCE, RELEASES).intents
    assert intent.walk.worst == Decimal("-8.35"), "the walk never goes below the least credit"
    (skip,) = propose(desk, more, ALLOWANCE, RELEASES).skips
    assert skip.denial is DenialCode.CREDIT_TOO_SMALL


@pytest.mark.parametrize(
    ("held", "quantity"),
    [
        # 1 % of 1,000,000 = 10,000; ML = (30 - 6.80) x 100 = 2,320; 10,000 / 2,320 = 4.31
        (0, 4),
        # 10 % = 100,000 less 41 x (30 - 7.00) x 100 = 94,300 leaves 5,700: 2.46
        (41, 2),
        # 43 x 2,300 = 98,900 leaves 1,100: less than one
        (43, 0),
    ],
)
def test_the_size_is_one_percent_over_maximum_loss_inside_ten_percent_for_all(
    held: int, quantity: int
) -> None:
    desk = with_condor(ready_desk(), held) if held else ready_desk()
    entry = Entry(desk, PARAMS, ALLOWANCE, RELEASES)
    found = quantity_of(entry, condor(), Decimal("6.80"), Decimal(1_000_000), ALLOWANCE)
    assert found == quantity


def test_the_whole_entry_is_sized_by_its_worst_credit() -> None:
    """(30 - 8.25) x 100 = 2,175; 1 % of 1,000,000 is 10,000; 10,000 / 2,175 = 4.6: 4 condors."""
    _, intent = entered()
    assert IronCondor.of_legs(intent.legs).max_loss_usd(Decimal("8.25")) == 2175
    assert intent.quantity == 4
    assert (intent.purpose, intent.layer) == (Purpose.OPEN_CONDOR, Layer.CONDOR)


@pytest.mark.parametrize(
    ("hour", "minute", "is_open"),
    [(10, 59, False), (11, 0, True), (14, 29, True), (14, 30, False)],
)
def test_the_window_is_eleven_to_half_past_two(hour: int, minute: int, *, is_open: bool) -> None:
    desk = quoted(ready_desk(ny(2018, 1, 16, hour, minute)), MARKET)
    gates = {g.name: g.open for g in entry_gates(desk, PARAMS, ALLOWANCE, RELEASES)}
    assert gates["window"] is is_open


def test_break_evens_lie_half_an_expected_move_away_at_five_days_and_at_expiration() -> None:
    """At expiration: EM = 2776 x 0.16 x sqrt(45.208 / 365) = 156.3; 2630 - 8.35 = 2621.65 lies
    154.35 below, 2940 + 8.35 = 2948.35 lies 172.35 above: 154.35 / 156.3 = 0.987 moves.
    At five days: EM = 2776 x 0.16 x sqrt(5 / 365) = 51.99; with VIX rising as SPX falls the condor
    loses below 2751.50: 24.50 / 51.99 = 0.471 moves. That is short of the 0.5 asked for.
    """
    desk, intent = entered()
    found = dict(intent.inputs)
    assert found["em_expiry"] == pytest.approx(SPOT * VOL * sqrt(YEARS), abs=0.05)
    assert found["em_5d"] == pytest.approx(SPOT * VOL * sqrt(5 / 365), abs=0.05)
    assert found["be_low_expiry"] == pytest.approx(2630 - 8.35, abs=0.01)
    assert found["be_high_expiry"] == pytest.approx(2940 + 8.35, abs=0.01)
    assert (SPOT - found["be_low_expiry"]) / found["em_expiry"] == pytest.approx(0.987, abs=0.001)
    assert found["be_low_5d"] == pytest.approx(2751.50, abs=0.05)
    for share, denial in ((0.45, None), (0.50, DenialCode.BREAK_EVEN)):
        params = replace(PARAMS, break_even_moves=share)
        gates = {g.name: g for g in entry_gates(desk, params, ALLOWANCE, RELEASES)}
        assert gates["break_even"].value == pytest.approx(24.50 / 51.99, abs=0.001)
        assert gates["break_even"].denial is denial
