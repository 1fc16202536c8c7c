"""The engine by the clock: a whole first day, price walking, silence, settlement, the watchlist."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from domain.desk import Desk, RegimeState, TradingState
from domain.effects import CancelOrder, ModifyLimit, PlaceOrder, RaiseAlert, RecordDecision, Verdict
from domain.events import (
    ChainListed,
    ClockTicked,
    ContractRefused,
    Event,
    HaltRequested,
    OrderAccepted,
    PositionsReported,
    QuoteUpdated,
)
from domain.instruments import SPX, VIX, VIX3M, VIX9D, vix_option
from domain.orders import Layer, Leg, OrderStatus, Purpose
from domain.quotes import Quote
from engine.fold import apply_effect, fold
from engine.policy import Policy
from engine.step import open_desk, step
from engine.views import snapshot
from engine.walk import walk, withdrawn
from engine.watchlist import watchlist
from risk.limits import RiskLimits
from tests.builders import (
    CALENDAR,
    RELEASES,
    TUESDAY,
    Market,
    condor,
    ny,
    order,
    quoted,
    ready_desk,
    with_calls,
    with_condor,
)
from tests.engine.scripted import Script

POLICY = Policy(releases=RELEASES)


@pytest.fixture(scope="module")
def first_day() -> Script:
    """From 10:50 to 11:40 of a calm day, starting with an empty desk that knows the listings."""
    desk = replace(
        ready_desk(ny(2018, 1, 16, 10, 50)),
        regime=RegimeState(),
        memory=open_desk(CALENDAR, POLICY, ny(2018, 1, 16, 10, 50)).memory,
    )
    script = Script(desk, Market())
    script.run_until(ny(2018, 1, 16, 11, 40))
    return script


def test_a_calm_day_opens_one_condor_and_builds_its_hedge(first_day: Script) -> None:
    purposes = [o.intent.purpose for o in first_day.placed()]
    assert purposes[0] is Purpose.OPEN_CONDOR
    assert purposes.count(Purpose.OPEN_CONDOR) == 1
    shown = snapshot(first_day.desk, POLICY)
    assert shown.condor_contracts == 4
    assert shown.hedge_contracts == 5, "2 / 2 / 1 for four condors"
    assert shown.hedge_share is not None
    assert 0 < shown.hedge_share <= POLICY.limits.hedge_share_buy_max
    assert [o.order_ref for o in first_day.placed()][:2] == [
        "cb-condor-20180116-1",
        "cb-hedge-20180116-2",
    ]


def test_the_reasons_are_told_once(first_day: Script) -> None:
    skipped = [(d.topic, d.text) for d in first_day.decisions(verdict=Verdict.SKIPPED)]
    assert ("condor.entry", "too soon after the last entry") in skipped
    repeated = [pair for pair, again in pairwise(skipped) if pair == again]
    assert not repeated
    assert len(skipped) < 20


def test_every_hedge_purchase_records_cap_used_asked_and_granted(first_day: Script) -> None:
    bought = first_day.decisions("hedge.build", Verdict.APPROVED)
    assert bought
    for decision in bought:
        inputs = dict(decision.inputs)
        assert inputs["used"] + inputs["granted"] <= inputs["cap"]
        assert inputs["granted"] <= inputs["asked"]


def test_the_layer_of_four_is_split_over_two_adjacent_expirations(first_day: Script) -> None:
    medium = {
        tranche.contract.expiration
        for tranche in first_day.desk.book.open_tranches
        if tranche.layer is Layer.HEDGE_MEDIUM
    }
    assert medium == {date(2018, 5, 15), date(2018, 4, 17)}


def test_candidates_are_dropped_when_nothing_is_to_be_chosen(first_day: Script) -> None:
    watched = first_day.desk.memory.watchlist
    legs = set(first_day.desk.book.positions())
    assert legs <= set(watched)
    assert len(watched) < 4 + 3 + 3 + len(legs) + 4, "indices, futures, signals, legs, forwards"
    assert set(first_day.desk.quotes) <= set(watched)


def test_replaying_the_journal_gives_the_same_desk(first_day: Script) -> None:
    start = replace(
        ready_desk(ny(2018, 1, 16, 10, 50)),
        regime=RegimeState(),
        memory=open_desk(CALENDAR, POLICY, ny(2018, 1, 16, 10, 50)).memory,
    )
    for entry in first_day.journal:
        start = fold(start, entry) if _is_event(entry) else apply_effect(start, entry)
    live = first_day.desk
    assert (start.book, start.orders, start.regime) == (live.book, live.orders, live.regime)
    assert (start.tally, start.deficits, start.account) == (live.tally, live.deficits, live.account)
    assert (start.alerts, start.trading, start.closes) == (live.alerts, live.trading, live.closes)


def _is_event(entry: object) -> bool:
    return type(entry).__module__ == "domain.events"


def test_the_same_day_twice_gives_the_same_effects(first_day: Script) -> None:
    desk = replace(
        ready_desk(ny(2018, 1, 16, 10, 50)),
        regime=RegimeState(),
        memory=open_desk(CALENDAR, POLICY, ny(2018, 1, 16, 10, 50)).memory,
    )
    again = Script(desk, Market())
    again.run_until(ny(2018, 1, 16, 11, 40))
    assert again.effects == first_day.effects


def test_quotes_alone_decide_nothing() -> None:
    desk = quoted(ready_desk(), Market())
    later = desk.now + timedelta(seconds=1)
    result = step(desk, [QuoteUpdated(later, VIX, Quote(later, last=50.0))], POLICY)
    assert result.effects == ()
    assert result.desk.quotes[VIX].last == 50.0


def test_without_a_broker_nothing_is_decided() -> None:
    desk = replace(quoted(with_condor(ready_desk()), Market()), ready_at=None, away_since=TUESDAY)
    result = step(desk, [ClockTicked(ny(2018, 1, 16, 11, 30))], POLICY)
    assert [type(e) for e in result.effects] == [RaiseAlert]


def test_a_limit_walks_step_by_step_to_its_worst_and_is_given_up() -> None:
    held = with_condor(ready_desk())
    placed = order(
        "c",
        Purpose.CLOSE_CONDOR,
        Layer.CONDOR,
        condor().closing,
        4,
        "6.90",
        worst="7.00",
        subject="cb-condor-20180116-1",
        at=held.now,
    )
    desk = fold(apply_effect(held, PlaceOrder(placed)), OrderAccepted(held.now, "c", 1))
    mids = (9.00, 12.50, 7.00, 3.50)
    quotes = {
        contract: Quote(held.now, mid - 0.1, mid + 0.1)
        for contract, mid in zip(condor().contracts, mids, strict=True)
    }
    desk = replace(desk, quotes=quotes)
    assert walk(desk, RiskLimits()) == ()
    limits = []
    for seconds in range(60, 241, 60):
        desk = replace(desk, now=held.now + timedelta(seconds=seconds))
        for move in walk(desk, RiskLimits()):
            desk = apply_effect(desk, move)
            limits.append(move)
    moved = [(60, "6.95"), (120, "7.00")]
    assert limits == [
        ModifyLimit("c", Decimal(limit), held.now + timedelta(seconds=after))
        for after, limit in moved
    ]
    desk = replace(desk, now=held.now + timedelta(seconds=600))
    assert walk(desk, RiskLimits()) == (CancelOrder("c", "not filled in time", desk.now),)
    assert walk(apply_effect(desk, CancelOrder("c", "")), RiskLimits()) == ()


def test_a_step_out_of_the_collar_is_not_taken() -> None:
    """The market fell to 2.00 while we still bid 6.90: no more generosity."""
    held = with_condor(ready_desk())
    placed = order(
        "c",
        Purpose.CLOSE_CONDOR,
        Layer.CONDOR,
        condor().closing,
        4,
        "6.90",
        worst="7.90",
        subject="cb-condor-20180116-1",
        at=held.now,
    )
    desk = fold(apply_effect(held, PlaceOrder(placed)), OrderAccepted(held.now, "c", 1))
    quotes = {contract: Quote(held.now, 1.0, 1.2) for contract in condor().contracts}
    desk = replace(desk, quotes=quotes, now=held.now + timedelta(seconds=120))
    assert walk(desk, RiskLimits()) == ()


def entry_working() -> Desk:
    placed = order("o", Purpose.OPEN_CONDOR, Layer.CONDOR, condor().opening, 4, "-7.00")
    return apply_effect(ready_desk(), PlaceOrder(placed))


def test_working_entries_are_withdrawn_when_opening_is_no_longer_allowed() -> None:
    desk = entry_working()
    assert withdrawn(desk, RiskLimits()) == ()
    for changed in (
        replace(desk, trading=TradingState.HALTED),
        replace(desk, regime=RegimeState()),
        replace(desk, mismatched=(SPX,)),
    ):
        (cancel,) = withdrawn(changed, RiskLimits())
        assert cancel.order_ref == "o"


def test_a_hedge_purchase_is_withdrawn_when_the_condors_under_it_are_leaving() -> None:
    desk = with_condor(ready_desk())
    call = vix_option(date(2018, 2, 13), 15.0)
    buying = order(
        "b", Purpose.BUY_HEDGE, Layer.HEDGE_SHORT, (Leg(call, 1),), 2, "0.45", at=desk.now
    )
    desk = quoted(apply_effect(desk, PlaceOrder(buying)), Market(), [call])
    assert withdrawn(desk, RiskLimits()) == ()
    closing = order(
        "c",
        Purpose.CLOSE_CONDOR,
        Layer.CONDOR,
        condor().closing,
        4,
        "7.00",
        subject="cb-condor-20180116-1",
        at=desk.now,
    )
    (cancel,) = withdrawn(apply_effect(desk, PlaceOrder(closing)), RiskLimits())
    assert cancel.order_ref == "b"


def test_a_halt_is_told_and_alerted() -> None:
    desk = quoted(ready_desk(), Market())
    later = desk.now + timedelta(minutes=1)
    result = step(desk, [HaltRequested(later, "ann", "drill"), ClockTicked(later)], POLICY)
    told = [e for e in result.effects if isinstance(e, RecordDecision) and e.topic == "trading"]
    assert told[0].subject == "halted"
    assert [e.code for e in result.effects if isinstance(e, RaiseAlert)] == ["trading_halted"]
    again = step(result.desk, [ClockTicked(later + timedelta(minutes=1))], POLICY)
    assert not [
        e for e in again.effects if isinstance(e, RaiseAlert) and e.code == "trading_halted"
    ]


def test_expired_legs_are_settled_at_an_estimate_once_the_broker_dropped_them() -> None:
    """SPX closed at 2,700 on 2018-03-02: the 2685/2655 puts and 2850/2880 calls end worthless."""
    held = with_condor(ready_desk(), 2)
    monday = ny(2018, 3, 5, 9, 20)
    desk = replace(ready_desk(monday), book=held.book, orders={})
    desk = replace(desk, closes={**desk.closes, "SPX": ((date(2018, 3, 2), 2700.0),)})
    kept = step(desk, [ClockTicked(monday)], POLICY)
    assert kept.desk.book.open_condors, "not before the broker's report"
    report: list[Event] = [
        PositionsReported(monday, ()),
        ClockTicked(monday + timedelta(minutes=1)),
    ]
    gone = step(kept.desk, report, POLICY)
    assert not gone.desk.book.open_condors
    assert gone.desk.book.realized[Layer.CONDOR] == Decimal(1400)
    settled = [e for e in gone.effects if isinstance(e, RecordDecision) and e.topic == "settlement"]
    assert len(settled) == 4
    assert all(dict(decision.inputs)["estimated"] == 1.0 for decision in settled)


def test_the_watchlist_is_ordered_bounded_and_without_refusals() -> None:
    desk = with_calls(with_condor(ready_desk()))
    many = [vix_option(date(2018, 5, 15), 10.0 + i) for i in range(120)]
    refused = many[0]
    desk = replace(desk, refused=frozenset({refused}))
    watched = watchlist(desk, many, POLICY)
    assert watched[:4] == (SPX, VIX, VIX9D, VIX3M)
    assert watched[4:7] == desk.futures[:3]
    assert set(condor().contracts) <= set(watched[7:12])
    assert len(watched) == POLICY.limits.watch_lines_max
    assert refused not in watched
    assert len(set(watched)) == len(watched)


def test_a_refusal_changes_the_watchlist_at_once() -> None:
    desk = quoted(ready_desk(ny(2018, 1, 16, 10, 58)), Market())
    looked = step(desk, [ClockTicked(desk.now)], POLICY)
    option = next(c for c in looked.watchlist if c.trading_class == "SPXW")
    refused = step(looked.desk, [ContractRefused(desk.now, option, "200")], POLICY)
    assert option not in refused.watchlist


def test_a_chain_that_lists_nothing_useful_is_a_reason_not_an_error() -> None:
    desk = quoted(ready_desk(), Market())
    result = step(
        desk, [ChainListed(desk.now, "SPX", "SPXW", (), ()), ClockTicked(desk.now)], POLICY
    )
    texts = [
        e.text
        for e in result.effects
        if isinstance(e, RecordDecision) and e.verdict is Verdict.SKIPPED
    ]
    assert "no expiration in the window" in texts


def test_an_order_sent_but_not_acknowledged_is_not_walked() -> None:
    desk = entry_working()
    late = replace(desk, now=desk.now + timedelta(minutes=20))
    assert desk.orders["o"].status is OrderStatus.PENDING_SEND
    assert walk(late, RiskLimits()) == ()
