"""The one-day variant: the expected daily range by hand, strikes outside it, its few minutes."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import sqrt

import pytest

from config.load import load_settings
from domain.chain import OptionChain
from domain.desk import Desk
from domain.instruments import VIX9D, Contract, Right
from domain.orders import DenialCode
from domain.payoff import expected_daily_range
from domain.proposals import Proposal
from domain.quotes import Quote
from engine.policy import Policy
from risk.checks import session_open
from strategies.iron_condor import IronCondorParams, entry_gates
from strategies.iron_condor.entry import propose
from strategies.iron_condor.parameters import Strikes
from strategies.iron_condor.range_strikes import daily_range
from tests.builders import CALENDAR, RELEASES, Market, ny, quoted, ready_desk

AT = ny(2018, 1, 16, 16, 10)
NEXT = date(2018, 1, 17)


@pytest.fixture(scope="module")
def policy() -> Policy:
    return replace(load_settings("daily1").policy(), releases=RELEASES)


def spx_closes(step: float, count: int = 25) -> tuple[tuple[date, float], ...]:
    """Closes that rise and fall by ``step`` in turn: every daily move is about that."""
    found, day = [], date(2018, 1, 16)
    for i in range(count):
        day = CALENDAR.previous_session(day)
        found.append((day, 2776.0 * (1.0 + (step if i % 2 else 0.0))))
    return tuple(reversed(found))


def desk_at(now: datetime = AT, market: Market | None = None) -> Desk:
    desk = ready_desk(now)
    strikes = tuple(float(strike) for strike in range(2500, 3005, 5))
    chain = OptionChain("SPX", "SPXW", (NEXT, date(2018, 1, 19)), strikes)
    desk = replace(desk, chains={**desk.chains, "SPXW": chain})
    return replace(
        quoted(desk, market or Market()), closes={**desk.closes, "SPX": spx_closes(0.004)}
    )


def settled(desk: Desk, policy: Policy) -> tuple[Desk, Proposal]:
    found = propose(desk, policy.condor, policy.allowance, RELEASES)
    for _ in range(3):
        desk = quoted(desk, Market(), found.wanted)
        found = propose(desk, policy.condor, policy.allowance, RELEASES)
    return desk, found


def shorts(found: Proposal) -> dict[Right | None, Contract]:
    (intent,) = found.intents
    return {leg.contract.right: leg.contract for leg in intent.legs if leg.ratio < 0}


def test_the_expected_daily_range_by_hand() -> None:
    """(16 + 5 x 12) / 6 = 12.667 % a year, over sqrt(252) = 15.875 is 0.798 % a day."""
    assert float(expected_daily_range(16.0, 12.0)) == pytest.approx(76 / 6 / sqrt(252))
    assert float(expected_daily_range(16.0, 12.0)) == pytest.approx(0.798, abs=5e-4)


def test_the_range_is_a_daily_percentage_whatever_the_unit_of_its_parts() -> None:
    """Twice both volatilities is twice the range; equal volatilities give that volatility a day."""
    once, twice = expected_daily_range(16.0, 12.0), expected_daily_range(32.0, 24.0)
    assert float(twice) == pytest.approx(2 * float(once))
    assert float(expected_daily_range(14.9, 14.9)) == pytest.approx(14.9 / sqrt(252))
    assert float(expected_daily_range(14.9, 14.9)) == pytest.approx(0.94, abs=0.002)
    assert float(expected_daily_range(16.0, 12.0, 1.5)) == pytest.approx(1.5 * float(once))


def test_the_range_of_the_desk_uses_nine_day_vix_and_twenty_returns() -> None:
    """Moves of 0.4 % up and down: HV20 = 0.399 % x sqrt(20 / 19) x sqrt(252) = 6.50 %; VIX9D 11.7;
    (11.7 + 5 x 6.50) / 6 / sqrt(252) = 0.464 %.
    """
    assert daily_range(desk_at(), IronCondorParams()) == pytest.approx(0.464, abs=0.001)
    assert daily_range(replace(desk_at(), closes={}), IronCondorParams()) is None
    quotes = {key: quote for key, quote in desk_at().quotes.items() if key != VIX9D}
    assert daily_range(replace(desk_at(), quotes=quotes), IronCondorParams()) is None


def test_shorts_start_outside_the_range_and_move_in_for_the_credit(policy: Policy) -> None:
    """SPX 2776, range 0.464 % x 1.0 = 12.9 points: 2760 and 2790 at first, wings 10 further."""
    desk, found = settled(desk_at(), policy)
    if found.intents:
        put, call = shorts(found)[Right.PUT], shorts(found)[Right.CALL]
        assert put.expiration == NEXT
        steps = (put.strike - 2760) / 5
        assert steps == (2790 - call.strike) / 5 >= 0
        assert found.intents[0].walk.worst <= Decimal("-1.60")
        wings = [leg.contract.strike for leg in found.intents[0].legs if leg.ratio > 0]
        assert sorted(wings) == [put.strike - 10, call.strike + 10]
    else:
        gates = entry_gates(desk, policy.condor, policy.allowance, RELEASES)
        raise AssertionError([(g.name, g.reason, g.value) for g in gates if not g.open])


def test_the_outermost_condor_that_earns_enough_is_taken(policy: Policy) -> None:
    """With a credit of next to nothing asked for, the shorts stay where they start."""
    condor = replace(
        policy.condor,
        credit_share_aggressive=0.001,
        break_even_moves=0.0,
        net_delta_max=50.0,
    )
    _, found = settled(desk_at(), replace(policy, condor=condor))
    assert [shorts(found)[right].strike for right in Right] == [2790.0, 2760.0]


def test_a_credit_no_strike_earns_is_skipped(policy: Policy) -> None:
    condor = replace(policy.condor, credit_share_aggressive=0.99)
    _, found = settled(desk_at(), replace(policy, condor=condor))
    assert not found.intents
    assert found.skips[0].denial is DenialCode.CREDIT_TOO_SMALL


@pytest.mark.parametrize(
    ("now", "inside"),
    [
        (ny(2018, 1, 16, 16, 9, 59), False),
        (ny(2018, 1, 16, 16, 10, 0), True),
        (ny(2018, 1, 16, 16, 14, 29), True),
        (ny(2018, 1, 16, 16, 14, 30), False),
        (ny(2018, 7, 3, 16, 10, 0), False),
    ],
)
def test_the_window_and_the_guards_of_the_session_agree(
    policy: Policy, now: datetime, *, inside: bool
) -> None:
    """15:10:00 to 15:14:30 in Chicago, before regular hours end; never on a short day."""
    gate = entry_gates(desk_at(now), policy.condor, policy.allowance, RELEASES)[0]
    assert gate.name == "window"
    assert gate.open is inside
    desk, found = settled(desk_at(), policy)
    (intent,) = found.intents
    denied = session_open(intent, replace(desk, now=now), policy.limits)
    if inside:
        assert denied is None


def test_the_default_limits_would_not_let_the_window_open(policy: Policy) -> None:
    desk, found = settled(desk_at(), policy)
    denied = session_open(found.intents[0], desk, Policy().limits)
    assert denied is not None
    assert denied.code is DenialCode.SESSION_CLOSED


def test_no_order_of_the_window_works_into_the_curb_session(policy: Policy) -> None:
    """Given up by 16:14:30, wherever in the window it was placed."""
    for second in (0, 180, 240):
        now = AT + timedelta(seconds=second)
        _, found = settled(desk_at(now), policy)
        (intent,) = found.intents
        last = now + timedelta(seconds=intent.walk.give_up_after_s)
        assert last <= ny(2018, 1, 16, 16, 14, 30)


def test_the_size_keeps_all_maximum_losses_within_a_tenth(policy: Policy) -> None:
    """floor(0.10 x 1,000,000 / ((10 - credit) x 100))."""
    _, found = settled(desk_at(), policy)
    (intent,) = found.intents
    each = (Decimal(10) + intent.walk.worst) * 100
    assert intent.quantity == int(Decimal(100_000) // each)
    assert intent.quantity <= policy.limits.order_quantity_max


def test_the_profile_is_complete_and_nothing_uses_it_by_itself(policy: Policy) -> None:
    assert policy.condor.strikes is Strikes.RANGE
    assert policy.condor.stop_debit_multiple == 0
    assert policy.condor.dte_exit == -1
    assert load_settings().policy().condor.strikes is Strikes.DELTA


def test_a_friday_sells_the_monday() -> None:
    chain = OptionChain("SPX", "SPXW", (date(2018, 1, 22), date(2018, 1, 24)), (2700.0,))
    assert chain.nearest_expiration(date(2018, 1, 19), 1, 1, 5) == date(2018, 1, 22)


def test_quotes_missing_on_the_way_in_are_waited_for(policy: Policy) -> None:
    desk, found = settled(desk_at(), policy)
    put = shorts(found)[Right.PUT]
    desk = replace(desk, quotes={**desk.quotes, put: Quote(desk.now, ask=1.0)})
    again = propose(desk, policy.condor, policy.allowance, RELEASES)
    assert not again.intents
    assert again.skips[0].reason == "waiting for strikes"
