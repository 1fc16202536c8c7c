"""A condor or tranche that somebody closed by hand: found, told, and written off by its name."""

from datetime import timedelta
from decimal import Decimal

from domain.desk import Desk
from domain.effects import PlaceOrder, RaiseAlert, RecordDecision
from domain.events import ClockTicked, Event, PositionsReported, WrittenOff
from domain.missing import campaigns_missing, legs_of
from domain.orders import Layer, OrderIntent, Purpose, Walk
from engine.fold import fold
from engine.policy import Policy
from engine.step import step
from risk.alerts import Rules, position_mismatch
from risk.checks import positions_agree
from risk.closure import oversold
from tests.builders import EXPIRATION, TUESDAY, Market, condor, quoted, ready_desk, with_condor

POLICY = Policy()
ID, OTHER = "cb-condor-20180116-1", "cb-condor-20180116-2"
LEGS = condor().contracts


def reported(desk: Desk, **less: int) -> Desk:
    """What the broker tells: our positions, but for ``less`` of each leg by its place, e.g. at2."""
    held = dict(desk.book.positions())
    for place, count in less.items():
        held[LEGS[int(place[2:])]] += count
    return fold(desk, PositionsReported(desk.now, tuple(held.items())))


def closed_by_hand() -> Desk:
    """Four condors for 7.00, all of them gone at the broker."""
    return reported(with_condor(ready_desk()), at0=-4, at1=4, at2=4, at3=-4)


def told(desk: Desk, prices: tuple[str, ...] = ("4.00", "6.00", "3.50", "2.00")) -> list[Event]:
    return [
        WrittenOff(desk.now, ID, leg.contract, leg.gone, Decimal(price), "anna, ben")
        for leg, price in zip(legs_of(desk, ID), prices, strict=True)
        if leg.gone
    ]


def test_what_is_missing_is_named_leg_by_leg_as_the_trade_that_explains_it() -> None:
    desk = closed_by_hand()
    assert [(leg.ours, leg.gone) for leg in legs_of(desk, ID)] == [
        (4, -4), (-4, 4), (-4, 4), (4, -4),
    ]  # fmt: skip
    assert campaigns_missing(desk) == (ID,)
    half = reported(with_condor(ready_desk()), at1=4, at2=1)
    assert [leg.gone for leg in legs_of(half, ID)] == [0, 4, 1, 0]
    assert campaigns_missing(reported(with_condor(ready_desk()))) == ()
    assert legs_of(desk, "cb-nobody") == ()


def test_more_than_we_hold_is_nothing_that_is_missing() -> None:
    """Closed twice: four of it are ours to write off, the rest belongs to nobody here."""
    twice = reported(with_condor(ready_desk()), at1=9, at3=3)
    assert [leg.gone for leg in legs_of(twice, ID)] == [0, 4, 0, 0]


def test_the_alert_names_the_campaign_and_the_command() -> None:
    told = position_mismatch(closed_by_hand(), Rules(POLICY.limits, POLICY.hedge, POLICY.regime))
    assert told is not None
    assert told.endswith(f"no new risk; if closed by hand: condorbot propose write-off {ID}")


def test_writing_it_off_closes_it_with_its_result_and_ends_the_dispute() -> None:
    """Credit 7.00; bought back for 6.00 + 3.50 - 4.00 - 2.00 = 3.50: 4 x 100 x 3.50 = 1,400."""
    desk = closed_by_hand()
    assert positions_agree(opening(), desk, POLICY.limits) is not None
    after = step(desk, told(desk), POLICY)
    found = after.desk.book.condors[ID]
    assert not found.is_open
    assert found.realized == Decimal(1400)
    assert after.desk.mismatched == ()
    assert positions_agree(opening(), after.desk, POLICY.limits) is None
    (closed,) = [e for e in after.effects if isinstance(e, RecordDecision)]
    assert (closed.topic, closed.rule, closed.subject) == ("condor.closed", "write_off", ID)
    assert not any(isinstance(effect, PlaceOrder) for effect in after.effects)


def test_no_invariant_minds_it_and_the_alert_is_cleared_at_once() -> None:
    desk = quoted(closed_by_hand(), Market(), LEGS)
    alerted = step(desk, [ClockTicked(desk.now)], POLICY).desk
    assert "position_mismatch" in alerted.alerts
    after = step(alerted, told(alerted), POLICY)
    cleared = [e.code for e in after.effects if isinstance(e, RaiseAlert) and not e.active]
    assert cleared == ["position_mismatch"]
    assert after.desk.trading == "active"
    later = step(after.desk, [ClockTicked(desk.now + timedelta(minutes=1))], POLICY)
    assert later.desk.trading == "active"


def test_a_part_of_it_leaves_the_rest_as_the_broker_has_it() -> None:
    desk = reported(with_condor(ready_desk()), at0=-1, at1=1, at2=1, at3=-1)
    after = step(desk, told(desk), POLICY).desk
    assert after.book.condors[ID].quantity == 3
    assert after.mismatched == ()


def test_the_same_word_twice_or_overtaken_by_executions_takes_nothing_more() -> None:
    desk = closed_by_hand()
    words = told(desk)
    once = step(desk, words, POLICY).desk
    again = step(once, words, POLICY).desk
    assert again.book == once.book
    assert again.book.cash == once.book.cash
    wrong = WrittenOff(desk.now, ID, LEGS[0], 4, Decimal(1), "all")
    assert fold(desk, wrong).book == desk.book, "it would add to the leg"
    much = WrittenOff(desk.now, ID, LEGS[0], -5, Decimal(1), "all")
    assert fold(desk, much).book == desk.book, "more than there is"


def test_of_two_condors_with_one_contract_the_named_one_is_written_off() -> None:
    desk = with_condor(with_condor(ready_desk(), 2), 3, OTHER)
    desk = reported(desk, at0=-2, at1=2, at2=2, at3=-2)
    assert campaigns_missing(desk) == (ID, OTHER)
    after = step(desk, told(desk), POLICY).desk
    assert [c.id for c in after.book.open_condors] == [OTHER]
    assert after.mismatched == ()
    assert campaigns_missing(after) == ()


def test_a_settled_leg_is_not_missing() -> None:
    desk = with_condor(ready_desk())
    late = TUESDAY.replace(year=EXPIRATION.year, month=EXPIRATION.month, day=EXPIRATION.day + 1)
    desk = fold(desk, PositionsReported(late, ()))
    assert campaigns_missing(desk) == ()


def test_nothing_that_is_gone_is_ever_sold_again_before_it_is_written_off() -> None:
    desk = closed_by_hand()
    walk = Walk(Decimal("4.00"), Decimal("0.05"), 60.0, 600.0)
    stop = OrderIntent(
        Purpose.CLOSE_CONDOR, Layer.CONDOR, condor().closing, 4, Decimal("3.50"), walk,
        "4.3.stop", "", ID,
    )  # fmt: skip
    assert set(oversold(desk, stop)) == {LEGS[0], LEGS[3]}


def opening() -> OrderIntent:
    walk = Walk(Decimal("-7.00"), Decimal("0.05"), 60.0, 600.0)
    legs = condor(2600, 2630, 2900, 2930).opening
    return OrderIntent(
        Purpose.OPEN_CONDOR, Layer.CONDOR, legs, 1, Decimal("-7.00"), walk, "test", ""
    )
