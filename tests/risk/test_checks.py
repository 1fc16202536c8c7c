"""Every pre-trade check at its limit, one side and the other."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain.desk import Desk, Regime, TradingState
from domain.effects import PlaceOrder
from domain.events import OrderUncertain
from domain.instruments import vix_option
from domain.orders import DenialCode, Layer, Leg, OrderIntent, Purpose
from domain.quotes import Quote
from engine.fold import apply_effect, fold
from risk.checks import PRE_TRADE_CHECKS
from risk.limits import RiskLimits
from risk.review import first_denial, in_review_order, review
from tests.builders import (
    Market,
    condor,
    ny,
    order,
    quoted,
    ready_desk,
    with_calls,
    with_condor,
)

LIMITS = RiskLimits()
CALL = vix_option(date(2018, 3, 20), 16.0)
MIDS = (9.00, 12.50, 7.00, 3.50)  # a credit of 7.00


def market(desk: Desk, half: float = 0.10) -> Desk:
    quotes = {
        contract: Quote(desk.now, round(mid - half, 2), round(mid + half, 2), 10, 10)
        for contract, mid in zip(condor().contracts, MIDS, strict=True)
    }
    quotes[CALL] = Quote(desk.now, 0.70, 0.75, 10, 10)
    quotes[vix_option(date(2018, 2, 13), 15.0)] = Quote(desk.now, 0.60, 0.65, 10, 10)
    desk = quoted(desk, Market())
    return replace(desk, quotes={**desk.quotes, **quotes})


def entry(quantity: int = 4, limit: str = "-7.00", worst: str = "-6.90") -> OrderIntent:
    return order(
        "", Purpose.OPEN_CONDOR, Layer.CONDOR, condor().opening, quantity, limit, worst=worst
    ).intent


def close(quantity: int = 4, limit: str = "7.00", rule: str = "4.3.stop") -> OrderIntent:
    return order(
        "",
        Purpose.CLOSE_CONDOR,
        Layer.CONDOR,
        condor().closing,
        quantity,
        limit,
        subject="cb-condor-20180116-1",
        rule=rule,
    ).intent


def purchase(
    quantity: int = 1, limit: str = "0.72", legs: Sequence[Leg] = (Leg(CALL, 1),)
) -> OrderIntent:
    return order("", Purpose.BUY_HEDGE, Layer.HEDGE_SHORT, legs, quantity, limit).intent


def sale(quantity: int = 1) -> OrderIntent:
    legs = (Leg(vix_option(date(2018, 2, 13), 15.0), -1),)
    return order(
        "",
        Purpose.SELL_HEDGE,
        Layer.HEDGE_SHORT,
        legs,
        quantity,
        "-0.60",
        subject="cb-hedge-20180116-2",
        rule="4.6.ladder",
    ).intent


def denied(intent: OrderIntent, desk: Desk) -> DenialCode | None:
    found = first_denial(intent, desk, LIMITS)
    return None if found is None else found.code


@pytest.fixture
def desk() -> Desk:
    return market(ready_desk())


@pytest.fixture
def holding() -> Desk:
    return market(with_calls(with_condor(ready_desk())))


def test_a_plain_entry_passes_every_check(desk: Desk) -> None:
    assert denied(entry(), desk) is None
    assert len(PRE_TRADE_CHECKS) == len(set(PRE_TRADE_CHECKS)) == 27


def test_reducing_and_halted_let_closing_through(holding: Desk) -> None:
    reducing = replace(holding, trading=TradingState.REDUCING)
    halted = replace(holding, trading=TradingState.HALTED)
    assert denied(entry(), reducing) is DenialCode.ONLY_REDUCING
    assert denied(entry(), halted) is DenialCode.TRADING_HALTED
    assert denied(close(), reducing) is denied(close(), halted) is None
    assert denied(sale(), reducing) is None
    assert denied(sale(), halted) is DenialCode.TRADING_HALTED, "profit can wait for an operator"


@pytest.mark.parametrize(
    ("regime", "opening", "buying"),
    [
        (Regime.LOW, None, None),
        (Regime.NORMAL, None, None),
        (Regime.ELEVATED, "regime_blocks_entry", "regime_blocks_hedge_buy"),
        (Regime.HIGH, "regime_blocks_entry", "regime_blocks_hedge_buy"),
        (Regime.PRESS, "regime_blocks_entry", "regime_blocks_hedge_buy"),
        (Regime.UNKNOWN, "regime_unknown", "regime_unknown"),
    ],
)
def test_what_each_regime_permits(regime: Regime, opening: str | None, buying: str | None) -> None:
    desk = market(ready_desk(regime=regime))
    assert denied(entry(), desk) == opening
    assert denied(purchase(), market(with_condor(ready_desk(regime=regime), ref="other"))) == buying
    held = market(with_calls(with_condor(ready_desk(regime=regime))))
    assert denied(close(), held) is None


def test_an_uncertain_order_freezes_new_risk_and_its_own_subject_only(holding: Desk) -> None:
    lost = replace(
        order(
            "cb-x",
            Purpose.SELL_HEDGE,
            Layer.HEDGE_SHORT,
            sale().legs,
            1,
            "-0.60",
            subject="cb-hedge-20180116-2",
        )
    )
    desk = apply_effect(holding, PlaceOrder(lost))
    desk = fold(desk, OrderUncertain(desk.now, "cb-x", "silence"))
    assert denied(entry(), desk) is DenialCode.ORDER_UNCERTAIN
    assert denied(sale(), desk) is DenialCode.ORDER_UNCERTAIN
    assert denied(close(), desk) is None


def test_a_position_mismatch_stops_new_risk(desk: Desk) -> None:
    assert denied(entry(), replace(desk, mismatched=(CALL,))) is DenialCode.POSITION_MISMATCH


def test_what_is_not_ours_at_the_broker_stops_new_risk_and_no_close(
    desk: Desk, holding: Desk
) -> None:
    strange = ("order someone (9)",)
    assert denied(entry(), replace(desk, foreign=strange)) is DenialCode.FOREIGN_AT_BROKER
    assert denied(close(), replace(holding, foreign=strange)) is None


def test_one_order_at_a_time_per_subject(holding: Desk) -> None:
    working = apply_effect(holding, PlaceOrder(replace(order("cb-c", *_of(close())))))
    assert denied(close(), working) is DenialCode.ORDER_WORKING
    opening = apply_effect(market(ready_desk()), PlaceOrder(order("cb-o", *_of(entry()))))
    assert denied(entry(), opening) is DenialCode.ORDER_WORKING


def _of(intent: OrderIntent) -> tuple[Purpose, Layer, Sequence[Leg], int, str, str]:
    return (
        intent.purpose,
        intent.layer,
        intent.legs,
        intent.quantity,
        str(intent.limit),
        intent.subject,
    )


def test_the_rate_limit_leaves_room_for_closing(holding: Desk) -> None:
    opened = tuple((holding.now, True) for _ in range(LIMITS.opening_orders_per_minute_max))
    busy = replace(holding, tally=replace(holding.tally, recent_sends=opened))
    assert denied(entry(), busy) is DenialCode.ORDER_RATE
    assert denied(close(), busy) is None
    later = replace(busy, now=busy.now + timedelta(seconds=60))
    assert denied(entry(), market(later)) is not DenialCode.ORDER_RATE
    spent = replace(holding, tally=replace(holding.tally, orders_today=LIMITS.orders_per_day_max))
    assert denied(close(), spent) is DenialCode.ORDER_RATE


@pytest.mark.parametrize(
    ("hour", "minute", "opening", "closing"),
    [
        (9, 29, False, False),
        (9, 30, False, True),
        (9, 34, False, True),
        (9, 35, True, True),
        (16, 9, True, True),
        (16, 10, False, True),
        (16, 15, False, False),
    ],
)
def test_session_edges_are_for_closing_only(
    hour: int, minute: int, opening: bool, closing: bool
) -> None:
    now = ny(2018, 1, 16, hour, minute)
    desk = market(ready_desk(now))
    held = market(with_condor(ready_desk(now)))
    assert (denied(entry(), desk) is None) is opening
    assert (denied(close(), held) is None) is closing


def test_an_expiring_series_stops_at_four_and_an_expired_one_is_over() -> None:
    held = with_condor(ready_desk()).book
    last_day = market(replace(ready_desk(ny(2018, 3, 2, 15, 59)), book=held))
    stopped = market(replace(ready_desk(ny(2018, 3, 2, 16, 0)), book=held))
    gone = market(replace(ready_desk(ny(2018, 3, 5, 10, 0)), book=held))
    assert denied(close(), last_day) is None
    assert denied(close(), stopped) is DenialCode.SESSION_CLOSED
    assert denied(close(), gone) is DenialCode.SESSION_CLOSED


def test_never_more_than_is_held_and_not_already_being_sold(holding: Desk) -> None:
    assert denied(close(5), holding) is DenialCode.QUANTITY_LIMIT
    assert denied(sale(2), holding) is None
    assert denied(sale(3), holding) is DenialCode.QUANTITY_LIMIT
    rich = market(ready_desk(nlv="100000000"))
    assert denied(entry(LIMITS.order_quantity_max), rich) is None
    assert denied(entry(LIMITS.order_quantity_max + 1), rich) is DenialCode.QUANTITY_LIMIT


def test_quotes_must_be_there_fresh_live_and_two_sided(desk: Desk) -> None:
    leg = condor().short_put

    def with_quote(quote: Quote | None) -> Desk:
        quotes = {c: q for c, q in desk.quotes.items() if c != leg}
        return replace(desk, quotes=quotes if quote is None else {**quotes, leg: quote})

    old = desk.now - timedelta(seconds=LIMITS.quote_age_s_max)
    assert denied(entry(), with_quote(None)) is DenialCode.QUOTE_MISSING
    assert denied(entry(), with_quote(Quote(desk.now, None, 12.6))) is DenialCode.QUOTE_MISSING
    assert denied(entry(), with_quote(Quote(desk.now, 0.0, 12.6))) is DenialCode.QUOTE_MISSING
    assert denied(entry(), with_quote(Quote(desk.now, 12.7, 12.6))) is DenialCode.QUOTE_MISSING
    assert denied(entry(), with_quote(Quote(old, 12.4, 12.6))) is None
    older = old - timedelta(seconds=1)
    assert denied(entry(), with_quote(Quote(older, 12.4, 12.6))) is DenialCode.QUOTE_STALE
    assert (
        denied(entry(), with_quote(Quote(desk.now, 12.4, 12.6, delayed=True)))
        is DenialCode.QUOTE_DELAYED
    )
    assert (
        denied(entry(), with_quote(Quote(desk.now, 12.4, 12.6, halted=True)))
        is DenialCode.QUOTE_MISSING
    )
    silent = replace(desk, feed_at=desk.now - timedelta(seconds=61))
    assert denied(entry(), silent) is DenialCode.QUOTE_STALE


def test_closing_makes_do_with_delayed_data_and_a_worthless_wing(holding: Desk) -> None:
    wing = condor().long_put
    quotes = {**holding.quotes, wing: Quote(holding.now, None, 0.05, delayed=True)}
    assert denied(close(limit="16.00"), replace(holding, quotes=quotes)) is None


@pytest.mark.parametrize(("limit", "good"), [("-7.00", True), ("-7.05", True), ("-7.02", False)])
def test_packages_are_priced_in_nickels(desk: Desk, limit: str, good: bool) -> None:
    assert (denied(entry(limit=limit), desk) is DenialCode.PRICE_OFF_TICK) is not good


def test_vix_calls_are_priced_in_cents_below_three(desk: Desk) -> None:
    held = market(with_condor(ready_desk(), ref="other"))
    assert denied(purchase(limit="0.73"), held) is None
    dear = replace(held, quotes={**held.quotes, CALL: Quote(held.now, 3.30, 3.40)})
    assert denied(purchase(limit="3.33"), dear) is DenialCode.PRICE_OFF_TICK


def test_the_collar_stands_one_spread_above_a_fresh_mid(desk: Desk) -> None:
    """Mid -7.00, spread 0.80: -6.20 is the highest price that may be bid."""
    assert denied(entry(worst="-6.20"), desk) is None
    assert denied(entry(worst="-6.15"), desk) is DenialCode.PRICE_OUTSIDE_COLLAR
    assert denied(entry(limit="-9.00"), desk) is None, "asking for more is harmless"
    assert denied(entry(limit="-30.00"), desk) is DenialCode.PRICE_OUTSIDE_COLLAR, (
        "more than the width"
    )


def test_a_lone_short_is_never_sent(desk: Desk) -> None:
    naked = order(
        "", Purpose.SELL_HEDGE, Layer.HEDGE_SHORT, (Leg(CALL, -1),), 1, "-0.70", subject="x"
    )
    found = [
        check(naked.intent, desk, LIMITS)
        for check in PRE_TRADE_CHECKS
        if check.__name__ == "no_naked_short"
    ]
    assert found[0] is not None
    assert found[0].code is DenialCode.NAKED_SHORT


def test_a_leg_held_on_the_other_side_is_refused(desk: Desk) -> None:
    other = condor(2625, 2655, 2880, 2910)  # its shorts are the new one's longs
    held = market(with_condor(ready_desk(), 1, "cb-other", other))
    assert denied(entry(), held) is DenialCode.STRIKE_COLLISION


def test_two_condors_may_share_a_short_strike_and_still_close() -> None:
    desk = with_condor(with_condor(ready_desk()), 2, "cb-condor-20180116-9")
    assert denied(close(), market(desk)) is None


def test_maximum_loss_per_entry_and_in_total(desk: Desk) -> None:
    """At the worst credit 6.90: 23.10 x 100 x 4 = 9,240 of 10,000; five would be 11,550.

    Held 92,000 (40 units at 2,300) leaves 8,000 of the total.
    """
    assert denied(entry(4), desk) is None
    assert denied(entry(5), desk) is DenialCode.MAX_LOSS_LIMIT
    full = market(with_condor(ready_desk(), 40, "other"))
    assert denied(entry(4), full) is DenialCode.MAX_LOSS_LIMIT
    wide = replace(LIMITS, max_loss_share_expiration=0.10)
    assert first_denial(entry(3), full, wide) is None


def test_the_worst_settlement_of_one_expiration() -> None:
    """8 units held at 2,300 and 1 asked at 2,310 fit into 2 % of a million, 9 held do not."""
    for held, code in ((7, None), (8, DenialCode.MAX_LOSS_LIMIT)):
        desk = market(with_condor(ready_desk(nlv="1000000"), held, "other"))
        assert denied(entry(1), desk) is code


def test_at_most_six_condors(desk: Desk) -> None:
    held = ready_desk()
    for number in range(5):
        held = with_condor(held, 1, f"cb-{number}")
    held = replace(held, tally=replace(held.tally, recent_sends=()))
    assert denied(entry(1), market(held)) is None
    assert denied(entry(1), market(with_condor(held, 1, "cb-5"))) is DenialCode.CONDOR_COUNT_LIMIT


def test_a_daily_loss_of_two_percent_stops_new_risk_not_closing(holding: Desk) -> None:
    lost = replace(holding, account=replace(holding.account, net_liquidation=Decimal(980_000)))
    nearly = replace(holding, account=replace(holding.account, net_liquidation=Decimal(980_001)))
    assert denied(purchase(), lost) is DenialCode.DAILY_LOSS_LIMIT
    assert denied(close(), lost) is None
    assert denied(purchase(), nearly) is not DenialCode.DAILY_LOSS_LIMIT


def test_excess_liquidity_after_the_entry_stays_above_the_floor(desk: Desk) -> None:
    """150,000 must remain after 9,240 for the entry."""
    enough = replace(desk, account=replace(desk.account, excess_liquidity=Decimal(159_240)))
    short = replace(desk, account=replace(desk.account, excess_liquidity=Decimal(159_239)))
    assert denied(entry(), enough) is None
    assert denied(entry(), short) is DenialCode.MARGIN_FLOOR


def test_the_cap_names_its_numbers_when_it_refuses() -> None:
    desk = market(with_condor(ready_desk(), 1, "other"))
    desk = quoted(desk, Market(), [CALL])
    found = first_denial(purchase(20, limit=_mid(desk)), desk, LIMITS)
    assert found is not None
    assert found.code is DenialCode.HEDGE_SHARE_CAP
    assert {"cap", "used", "asked", "granted"} <= set(dict(found.inputs))


def _mid(desk: Desk) -> str:
    mid = desk.quotes[CALL].mid
    assert mid is not None
    return f"{mid:.2f}"


def test_closing_is_judged_before_opening_and_references_count_the_day() -> None:
    assert [i.purpose for i in in_review_order((entry(), purchase(), sale(), close()))] == [
        Purpose.CLOSE_CONDOR,
        Purpose.SELL_HEDGE,
        Purpose.BUY_HEDGE,
        Purpose.OPEN_CONDOR,
    ]
    desk = market(ready_desk())
    first = review(entry(), desk, LIMITS)
    assert first.order is not None
    assert first.order.order_ref == "cb-condor-20180116-1"
    held = market(with_condor(ready_desk(), ref="other"))
    second = review(purchase(), held, LIMITS)
    assert second.order is None or second.order.order_ref == "cb-hedge-20180116-2"
