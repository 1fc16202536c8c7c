"""What events and effects do to the desk; replay gives the same desk."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from domain.desk import Desk, TradingState
from domain.effects import CancelOrder, ModifyLimit, PlaceOrder, RaiseAlert, Severity
from domain.events import (
    AccountUpdated,
    BrokerLost,
    ChainListed,
    ClockTicked,
    ContractRefused,
    DailyClosesLoaded,
    HaltRequested,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
    OrderUncertain,
    PositionsReported,
    QuoteUpdated,
    ResumeRequested,
)
from domain.instruments import SPX, VIX, vix_option
from domain.orders import Layer, Leg, OrderStatus, Purpose
from domain.quotes import Quote
from engine.fold import apply_effect, fold, fold_quotes
from engine.policy import Policy
from engine.step import open_desk
from strategies.iron_condor import IronCondorParams
from tests.builders import CALENDAR, TUESDAY, fills, ny, order, ready_desk, with_calls, with_condor

CALL = vix_option(date(2018, 2, 13), 15.0)


def bought(quantity: int = 2) -> tuple[Desk, str]:
    placed = order("h", Purpose.BUY_HEDGE, Layer.HEDGE_SHORT, (Leg(CALL, 1),), quantity, "0.70")
    return apply_effect(ready_desk(), PlaceOrder(placed)), "h"


def fill(quantity: int, exec_id: str = "e1") -> OrderFilled:
    return OrderFilled(TUESDAY, "h", exec_id, 1, CALL, quantity, Decimal("0.70"))


def status(desk: Desk) -> OrderStatus:
    return desk.orders["h"].status


def test_an_order_moves_along_the_graph_and_late_news_changes_nothing() -> None:
    desk, ref = bought()
    desk = fold(desk, fill(1))
    assert status(desk) is OrderStatus.PARTIALLY_FILLED
    assert status(fold(desk, OrderAccepted(TUESDAY, ref, 9))) is OrderStatus.PARTIALLY_FILLED
    assert (
        status(fold(desk, OrderRejected(TUESDAY, ref, 201, "late"))) is OrderStatus.PARTIALLY_FILLED
    )
    done = fold(desk, fill(1, "e2"))
    assert status(done) is OrderStatus.FILLED
    assert status(fold(done, OrderCanceled(TUESDAY, ref, "late"))) is OrderStatus.FILLED


def test_an_execution_is_believed_after_cancel_and_while_uncertain() -> None:
    desk, ref = bought()
    canceled = fold(fold(desk, OrderCanceled(TUESDAY, ref, "asked")), fill(2))
    assert status(canceled) is OrderStatus.FILLED
    unknown = fold(fold(desk, OrderUncertain(TUESDAY, ref, "silence")), fill(1))
    assert status(unknown) is OrderStatus.PARTIALLY_FILLED
    assert unknown.book.tranches["h"].quantity == 1


def test_more_than_was_ordered_halts_and_so_does_a_stranger() -> None:
    desk, _ = bought()
    over = fold(fold(desk, fill(2)), fill(1, "e2"))
    assert over.trading is TradingState.HALTED
    assert over.book.tranches["h"].quantity == 3, "the book follows the broker all the same"
    stranger = fold(desk, replace(fill(1), order_ref="not-ours"))
    assert stranger.trading is TradingState.HALTED


def test_a_day_turns_once_and_takes_refusals_and_counters_with_it() -> None:
    desk, _ = bought()
    desk = fold(desk, ContractRefused(TUESDAY, CALL, "200"))
    desk = fold(desk, AccountUpdated(TUESDAY, net_liquidation=Decimal(990_000)))
    assert desk.account.day_start == Decimal(1_000_000)
    assert desk.tally.orders_today == 1
    next_day = fold(desk, ClockTicked(ny(2018, 1, 17, 9)))
    assert next_day.refused == frozenset()
    assert next_day.tally.orders_today == 0
    assert next_day.tally.sent == 1
    assert next_day.account.day_start == Decimal(990_000)
    assert "h" in next_day.orders, "a working order is never forgotten"


def test_finished_orders_and_flat_positions_are_forgotten_after_days() -> None:
    desk = with_calls(with_condor(ready_desk()))
    later = fold(desk, ClockTicked(ny(2018, 1, 29)))
    assert not later.orders
    assert not later.book.fills
    assert later.book.open_condors
    assert later.book.open_tranches


def test_old_news_does_not_turn_the_clock_back() -> None:
    desk = ready_desk()
    assert fold(desk, ClockTicked(desk.now - timedelta(hours=1))).now == desk.now


def test_many_quotes_are_folded_in_one_copy_and_the_newest_wins() -> None:
    desk = ready_desk()
    updates = [QuoteUpdated(TUESDAY, VIX, Quote(TUESDAY, last=float(i))) for i in range(11, 14)]
    folded = fold_quotes(desk, updates)
    assert folded.quotes[VIX].last == 13.0
    assert VIX not in desk.quotes, "the desk before is what it was"


def test_closes_loaded_keep_what_we_recorded_later() -> None:
    desk = replace(
        ready_desk(), closes={"VIX": ((date(2018, 1, 12), 10.0), (date(2018, 1, 16), 12.0))}
    )
    loaded = fold(
        desk,
        DailyClosesLoaded(TUESDAY, "VIX", ((date(2018, 1, 11), 9.9), (date(2018, 1, 12), 10.2))),
    )
    assert loaded.closes["VIX"] == (
        (date(2018, 1, 11), 9.9),
        (date(2018, 1, 12), 10.2),
        (date(2018, 1, 16), 12.0),
    )


def test_listings_refusals_and_connection() -> None:
    desk = fold(ready_desk(), ChainListed(TUESDAY, "SPX", "SPXW", (date(2018, 3, 2),), (2500.0,)))
    assert desk.chains["SPXW"].strikes == (2500.0,)
    desk = fold(desk, BrokerLost(TUESDAY, "gone"))
    assert desk.ready_at is None
    assert desk.quote(SPX) is None


def test_operators_move_the_trading_state() -> None:
    halted = fold(ready_desk(), HaltRequested(TUESDAY, "ann", "test"))
    assert (halted.trading, halted.trading_why) == (TradingState.HALTED, "ann: test")
    assert fold(halted, ResumeRequested(TUESDAY, "bob", "fine")).trading is TradingState.ACTIVE


def test_positions_that_differ_are_named_until_they_agree() -> None:
    desk = with_calls(ready_desk(), quantity=2)
    wrong = fold(desk, PositionsReported(TUESDAY, ((CALL, 1),)))
    assert wrong.mismatched == (CALL,)
    assert fold(wrong, PositionsReported(TUESDAY, ((CALL, 2),))).mismatched == ()
    foreign = vix_option(date(2018, 3, 20), 20.0)
    assert fold(desk, PositionsReported(TUESDAY, ((CALL, 2), (foreign, 1)))).mismatched == (
        foreign,
    )


def test_a_fill_that_explains_the_difference_ends_it() -> None:
    desk, _ = bought()
    early = fold(desk, PositionsReported(TUESDAY, ((CALL, 2),)))
    assert early.mismatched == (CALL,)
    assert fold(early, fill(2)).mismatched == ()


def test_expired_legs_are_no_mismatch() -> None:
    desk = with_calls(ready_desk(), quantity=2)
    after = ny(2018, 2, 14, 9, 31)
    assert fold(desk, PositionsReported(after, ())).mismatched == ()


def test_effects_of_ours_are_folded_the_same_way() -> None:
    desk, ref = bought()
    desk = apply_effect(desk, ModifyLimit(ref, Decimal("0.71")))
    assert desk.orders[ref].limit == Decimal("0.71")
    assert desk.orders[ref].limit_changed_at == desk.now
    desk = apply_effect(desk, CancelOrder(ref, "late"))
    assert desk.orders[ref].cancel_requested
    desk = apply_effect(desk, RaiseAlert(TUESDAY, "x", Severity.WARNING, "x"))
    assert "x" in desk.alerts
    assert (
        "x"
        not in apply_effect(
            desk, RaiseAlert(TUESDAY, "x", Severity.WARNING, "", active=False)
        ).alerts
    )


def test_one_leg_at_a_time_counts_whole_packages_only() -> None:
    from tests.builders import condor

    opening = order("c", Purpose.OPEN_CONDOR, Layer.CONDOR, condor().opening, 2, "-7.00")
    desk = apply_effect(ready_desk(), PlaceOrder(opening))
    for event in fills(opening, ("9.00", "12.50", "7.00", "3.50"), TUESDAY)[:3]:
        desk = fold(desk, event)
    assert desk.orders["c"].filled == 0
    assert desk.orders["c"].status is OrderStatus.PARTIALLY_FILLED


def test_a_policy_is_named_by_its_numbers() -> None:
    assert Policy().fingerprint == Policy().fingerprint
    other = Policy(condor=IronCondorParams(spacing_sessions=6))
    assert other.fingerprint != Policy().fingerprint
    assert len(Policy().fingerprint) == 64
    assert open_desk(CALENDAR, Policy(), TUESDAY).memory.watchlist[0] == SPX
