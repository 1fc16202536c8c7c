"""The closure against brute force: every subset of working orders, filled in every whole number."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.desk import Desk
from domain.effects import PlaceOrder
from domain.instruments import Contract, Right
from domain.orders import Layer, Leg, Order, Purpose
from engine.fold import apply_effect, fold
from risk.closure import uncovered
from risk.expiry_loss import worst_by_expiration
from risk.exposure import notionals
from risk.hedge_layer import closure_share, judge_purchase
from risk.limits import RiskLimits
from tests.builders import (
    EXPIRATION,
    Market,
    condor,
    fills,
    order,
    quoted,
    ready_desk,
    with_calls,
    with_condor,
)
from tests.properties.test_core_properties import CALLS, CONDORS, nothing_is_naked, wish

LIMITS = RiskLimits()
LEVELS = tuple(Decimal(level) for level in (0, 2000, *range(2600, 2940, 5), 5000))

kinds = st.sampled_from(["open", "close", "naked", "half"])
orders = st.lists(st.tuples(kinds, st.integers(0, 2), st.integers(1, 2)), max_size=3)
prices_asked = st.integers(-590, 600).map(lambda cents: Decimal(cents) / 20)


def books(desk: Desk, extra: Order) -> Iterator[tuple[dict[Contract, int], Decimal]]:
    """Every reachable set of holdings, and what the fills cost at their worst prices."""
    working = [*desk.working, extra]
    for units in product(*(range(placed.intent.quantity + 1) for placed in working)):
        holdings, cost = dict(desk.book.positions()), Decimal(0)
        for placed, count in zip(working, units, strict=True):
            for leg in placed.intent.legs:
                holdings[leg.contract] = holdings.get(leg.contract, 0) + leg.ratio * count
            cost += max(placed.limit, placed.intent.walk.worst) * 100 * count
        yield holdings, cost


def value_at(holdings: dict[Contract, int], level: Decimal) -> Decimal:
    total = Decimal(0)
    for contract, quantity in holdings.items():
        strike = Decimal(str(contract.strike))
        call = contract.right is Right.CALL
        total += quantity * 100 * max(Decimal(0), level - strike if call else strike - level)
    return total


def working_desk(asked: list[tuple[str, int, int]]) -> Desk:
    desk = with_calls(with_condor(ready_desk(), 2, "held"), quantity=2, ref="calls")
    for number, (kind, which, quantity) in enumerate(asked):
        desk = apply_effect(desk, PlaceOrder(wish(kind, which, quantity, number)))
    return desk


@settings(max_examples=150, deadline=None)
@given(orders, st.tuples(kinds, st.integers(0, 2), st.integers(1, 2)))
def test_a_short_can_be_bare_exactly_when_some_subset_leaves_one_bare(
    asked: list[tuple[str, int, int]], last: tuple[str, int, int]
) -> None:
    desk, extra = working_desk(asked), wish(*last, 99)
    reachable = [nothing_is_naked(holdings) for holdings, _ in books(desk, extra)]
    assert (uncovered(desk, extra.intent) == ()) is all(reachable)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["open", "close"]), st.integers(0, 2), prices_asked), max_size=3
    ),
    st.integers(1, 2),
)
def test_the_worst_settlement_is_the_worst_of_every_subset(
    asked: list[tuple[str, int, Decimal]], units: int
) -> None:
    desk = with_condor(ready_desk(), 2, "held")
    for number, (kind, which, price) in enumerate(asked):
        placed = wish(kind, which, 1, number)
        intent = replace(placed.intent, limit=price, walk=replace(placed.intent.walk, worst=price))
        desk = apply_effect(desk, PlaceOrder(replace(placed, intent=intent, limit=price)))
    extra = wish("open", 1, units, 99)
    paid = sum((p.cost for c in desk.book.open_condors for p in c.positions), Decimal(0))
    brute = min(
        value_at(holdings, level) - cost - paid
        for holdings, cost in books(desk, extra)
        for level in LEVELS
    )
    assert worst_by_expiration(desk, extra.intent)[EXPIRATION] == brute


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 4), st.data())
def test_half_reported_packages_are_counted_whole(legs: int, data: st.DataObject) -> None:
    """Executions come leg by leg; in between the worst settlement must not look better."""
    opening = order("o", Purpose.OPEN_CONDOR, Layer.CONDOR, condor().opening, 2, "-7.00")
    desk = apply_effect(ready_desk(), PlaceOrder(opening))
    before = worst_by_expiration(desk)[EXPIRATION]
    reports = fills(opening, ("9.00", "12.50", "7.00", "3.50"), desk.now, 2)
    for report in data.draw(st.permutations(reports))[:legs]:
        desk = fold(desk, report)
    assert before == Decimal(-4600)
    assert worst_by_expiration(desk)[EXPIRATION] == before


def test_a_lone_short_call_has_no_bound() -> None:
    naked = wish("naked", 0, 1, 1)
    lone = replace(naked.intent, layer=Layer.CONDOR)
    assert worst_by_expiration(ready_desk(), lone)[EXPIRATION] == Decimal("-Infinity")


@settings(max_examples=40, deadline=None)
@given(
    condors=st.integers(2, 12),
    closing=st.integers(0, 12),
    front=st.floats(11.0, 40.0),
    asked=st.lists(st.tuples(st.integers(0, 1), st.integers(1, 3)), min_size=1, max_size=2),
)
def test_no_subset_of_purchases_and_closes_breaks_the_cap(
    condors: int, closing: int, front: float, asked: list[tuple[int, int]]
) -> None:
    desk = with_condor(with_condor(ready_desk(nlv="100000000"), condors, "held"), condors, "other",
                       CONDORS[1])  # fmt: skip
    market = Market(vx_base=front, half_spread=0.02)
    desk = quoted(desk, market, [*CALLS, *desk.book.positions()])
    if closing:
        legs = condor().closing
        close = order("c", Purpose.CLOSE_CONDOR, Layer.CONDOR, legs, condors, "7.00", "held")
        desk = apply_effect(desk, PlaceOrder(close))
    layers = (Layer.HEDGE_SHORT, Layer.HEDGE_MEDIUM)
    for number, (which, quantity) in enumerate(asked):
        granted = judge_purchase(desk, LIMITS, CALLS[which], quantity).units
        if granted:
            call = (Leg(CALLS[which], 1),)
            buying = order(f"w{number}", Purpose.BUY_HEDGE, layers[which], call, granted, "1.00")
            desk = apply_effect(desk, PlaceOrder(buying))
    assert closure_share(desk, LIMITS) <= LIMITS.hedge_share_buy_max + 1e-9
    working = desk.working
    for units in product(*(range(placed.intent.quantity + 1) for placed in working)):
        reached = desk
        for placed, count in zip(working, units, strict=True):
            if count:
                prices = ("1.00",) * len(placed.intent.legs)
                for report in fills(placed, prices, desk.now, count):
                    reached = fold(reached, report)
        share = notionals(reached, LIMITS, LIMITS.cap_basis).share
        assert not reached.book.open_condors or share <= LIMITS.hedge_share_buy_max + 1e-9
