"""Closing a condor that the broker will not trade as one, and repairing one with unequal legs."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.desk import Desk, TradingState
from domain.effects import PlaceOrder
from domain.events import OrderFilled, OrderRejected
from domain.orders import Layer, Order, OrderIntent, Purpose
from engine.fold import apply_effect, fold
from engine.policy import Policy
from risk.review import first_denial
from strategies.iron_condor import IronCondorParams
from strategies.iron_condor.management import REPAIR, propose
from tests.builders import Market, condor, fills, order, quoted, ready_desk, with_condor

PARAMS, POLICY = IronCondorParams(), Policy()
ID = "cb-condor-20180116-1"
LONG_PUT, SHORT_PUT, SHORT_CALL, LONG_CALL = condor().contracts


def losing(desk: Desk) -> Desk:
    desk = quoted(desk, Market(half_spread=0.03), condor().contracts)
    return replace(desk, memory=replace(desk.memory, marks={f"{ID}:stop": 2}))


def refused(desk: Desk, intent: OrderIntent, ref: str, code: int = 201) -> Desk:
    desk = apply_effect(desk, PlaceOrder(Order(ref, intent, desk.now, intent.limit)))
    return fold(desk, OrderRejected(desk.now, ref, code, "no"))


def filled(desk: Desk, intent: OrderIntent, ref: str) -> Desk:
    placed = Order(ref, intent, desk.now, intent.limit)
    desk = apply_effect(desk, PlaceOrder(placed))
    for report in fills(placed, ("1.00",) * len(intent.legs), desk.now):
        desk = fold(desk, report)
    return desk


def wanted(desk: Desk) -> OrderIntent:
    (intent,) = propose(desk, PARAMS).intents
    assert first_denial(intent, desk, POLICY.limits) is None
    return intent


def names(intent: OrderIntent) -> set[tuple[str, int]]:
    contracts = dict(zip(condor().contracts, ("lp", "sp", "sc", "lc"), strict=True))
    return {(contracts[leg.contract], leg.ratio) for leg in intent.legs}


def test_a_refused_combo_is_closed_as_two_verticals() -> None:
    desk = losing(with_condor(ready_desk()))
    combo = wanted(desk)
    assert len(combo.legs) == 4
    desk = refused(desk, combo, "c1")
    puts = wanted(desk)
    assert names(puts) == {("lp", -1), ("sp", 1)}
    assert (puts.rule, puts.quantity) == ("4.3.stop", 4)
    assert "refused the combo" in puts.reason
    desk = filled(desk, puts, "c2")
    calls = wanted(desk)
    assert names(calls) == {("sc", 1), ("lc", -1)}
    assert not filled(desk, calls, "c3").book.open_condors


def test_after_a_refused_vertical_shorts_go_first() -> None:
    desk = losing(with_condor(ready_desk()))
    desk = refused(desk, wanted(desk), "c1")
    desk = refused(desk, wanted(desk), "c2")
    order_of_exit = []
    for number in range(4):
        intent = wanted(desk)
        order_of_exit += sorted(names(intent))
        desk = filled(desk, intent, f"s{number}")
    assert order_of_exit == [("sp", 1), ("sc", 1), ("lp", -1), ("lc", -1)]
    assert not desk.book.open_condors


def test_what_never_reached_the_broker_changes_nothing() -> None:
    desk = losing(with_condor(ready_desk()))
    desk = refused(desk, wanted(desk), "c1", code=0)
    assert len(wanted(desk).legs) == 4


def half_open(counts: tuple[int, int, int, int]) -> Desk:
    """An entry of which the broker filled the legs in unequal number, and which is over."""
    desk = quoted(ready_desk(), Market(half_spread=0.03), condor().contracts)
    opening = order(ID, Purpose.OPEN_CONDOR, Layer.CONDOR, condor().opening, 4, "-7.00")
    desk = apply_effect(desk, PlaceOrder(opening))
    for place, (leg, count) in enumerate(zip(opening.intent.legs, counts, strict=True)):
        if count:
            report = OrderFilled(
                desk.now, ID, f"x{place}", 1, leg.contract, leg.ratio * count, Decimal("5.00")
            )
            desk = fold(desk, report)
    return replace(desk, orders={})


def test_a_lone_short_is_bought_back_even_while_halted() -> None:
    desk = replace(half_open((0, 2, 0, 0)), trading=TradingState.HALTED)
    intent = wanted(desk)
    assert (names(intent), intent.quantity, intent.rule) == ({("sp", 1)}, 2, REPAIR)


def test_the_surplus_goes_and_the_whole_condor_stays() -> None:
    desk = half_open((3, 3, 2, 2))
    assert (names(wanted(desk)), wanted(desk).quantity) == ({("lp", -1), ("sp", 1)}, 1)
    repaired = filled(desk, wanted(desk), "r")
    assert propose(repaired, PARAMS).intents == ()
    assert repaired.book.open_condors[0].quantity == 2


def test_nothing_is_repaired_on_a_position_the_broker_disputes() -> None:
    desk = replace(half_open((0, 2, 0, 0)), mismatched=(SHORT_PUT,))
    assert propose(desk, PARAMS).intents == ()


@settings(max_examples=80, deadline=None)
@given(st.tuples(*(st.integers(0, 3),) * 4))
def test_every_repair_ends_equal_and_bares_no_short(counts: tuple[int, int, int, int]) -> None:
    desk = half_open(counts)
    for number in range(6):
        intents = propose(desk, PARAMS).intents
        if not intents:
            break
        before = bare(desk)
        desk = filled(desk, intents[0], f"r{number}")
        assert bare(desk) <= before
    for held in desk.book.open_condors:
        assert len({abs(position.quantity) for position in held.positions}) == 1


def bare(desk: Desk) -> int:
    """Shorts without a long beside them."""
    held = [desk.book.positions().get(contract, 0) for contract in condor().contracts]
    return max(0, -held[0] - held[1]) + max(0, -held[2] - held[3])
