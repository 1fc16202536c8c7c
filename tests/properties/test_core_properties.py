"""What must hold whatever is proposed and whatever fills: no naked short, no broken cap, no
surprise.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.book import Fill, apply_fill
from domain.desk import Desk
from domain.effects import PlaceOrder
from domain.instruments import Contract, vix_option
from domain.orders import Layer, Leg, Order, Purpose
from engine.fold import apply_effect, fold
from engine.policy import Policy
from engine.walk import withdrawn
from risk.checks import no_naked_short
from risk.closure import series
from risk.exposure import notionals
from risk.hedge_layer import headroom
from risk.limits import RiskLimits
from risk.review import in_review_order, review
from strategies.iron_condor import IronCondorParams
from strategies.iron_condor.entry import propose
from tests.builders import (
    RELEASES,
    Market,
    condor,
    fills,
    order,
    quoted,
    ready_desk,
    with_calls,
    with_condor,
)

LIMITS = RiskLimits(
    orders_per_minute_max=1000,
    opening_orders_per_minute_max=1000,
    orders_per_day_max=1000,
    opening_orders_per_day_max=1000,
)
CALLS = (vix_option(date(2018, 2, 13), 15.0), vix_option(date(2018, 5, 15), 22.0))
CONDORS = (condor(), condor(2605, 2635, 2900, 2930), condor(2655, 2685, 2900, 2930))


def nothing_is_naked(holdings: dict[Contract, int]) -> bool:
    net: dict[object, int] = {}
    for contract, quantity in holdings.items():
        net[series(contract)] = net.get(series(contract), 0) + quantity
    return all(quantity >= 0 for quantity in net.values())


# Anything may be asked for: condors opened and closed, calls bought and sold, lone shorts, too many
# units.
wishes = st.lists(
    st.tuples(
        st.sampled_from(["open", "close", "sell", "naked", "half"]),
        st.integers(0, 2),
        st.integers(1, 6),
    ),
    max_size=8,
)


def wish(kind: str, which: int, quantity: int, number: int) -> Order:
    combo, ref = CONDORS[which], f"w{number}"
    if kind == "open":
        return order(ref, Purpose.OPEN_CONDOR, Layer.CONDOR, combo.opening, quantity, "-7.00")
    if kind == "close":
        return order(
            ref,
            Purpose.CLOSE_CONDOR,
            Layer.CONDOR,
            CONDORS[0].closing,
            quantity,
            "7.00",
            subject="held",
        )
    if kind == "half":
        return order(
            ref,
            Purpose.CLOSE_CONDOR,
            Layer.CONDOR,
            combo.closing[:1],
            quantity,
            "-1.00",
            subject="held",
        )
    leg = Leg(CALLS[which % 2], -1) if kind == "sell" else Leg(combo.short_call, -1)
    return order(
        ref, Purpose.SELL_HEDGE, Layer.HEDGE_SHORT, (leg,), quantity, "-0.50", subject="calls"
    )


@settings(max_examples=150, deadline=None)
@given(wishes, st.data())
def test_no_fill_of_what_passed_leaves_a_short_uncovered(
    asked: list[tuple[str, int, int]], data: st.DataObject
) -> None:
    desk = with_calls(with_condor(ready_desk(), 3, "held"), quantity=2, ref="calls")
    for number, (kind, which, quantity) in enumerate(asked):
        placed = wish(kind, which, quantity, number)
        if no_naked_short(placed.intent, desk, LIMITS) is None:
            desk = apply_effect(desk, PlaceOrder(placed))
    holdings = dict(desk.book.positions())
    for placed in desk.working:
        units = data.draw(st.integers(0, placed.intent.quantity))
        for leg in placed.intent.legs:
            holdings[leg.contract] = holdings.get(leg.contract, 0) + leg.ratio * units
    assert nothing_is_naked(holdings)


@settings(max_examples=60, deadline=None)
@given(
    condors=st.integers(1, 40),
    held=st.integers(0, 3),
    front=st.floats(11.0, 45.0),
    asked=st.lists(st.tuples(st.integers(0, 1), st.integers(1, 30)), min_size=1, max_size=4),
    data=st.data(),
)
def test_no_fill_of_approved_purchases_takes_the_share_above_the_buying_limit(
    condors: int, held: int, front: float, asked: list[tuple[int, int]], data: st.DataObject
) -> None:
    desk = with_condor(ready_desk(nlv="100000000"), condors)
    if held:
        desk = with_calls(desk, quantity=held)
    market = Market(vx={date(2018, 2, 14): front, date(2018, 5, 16): 0.8 * front}, half_spread=0.02)
    desk = quoted(desk, market, [*CALLS, *desk.book.positions()])
    before = notionals(desk, LIMITS, LIMITS.cap_basis).share
    layers = (Layer.HEDGE_SHORT, Layer.HEDGE_MEDIUM)
    for number, (which, quantity) in enumerate(asked):
        quote = desk.quotes[CALLS[which]]
        legs = (Leg(CALLS[which], 1),)
        limit = (
            f"{quote.ask:.2f}"
            if (quote.ask or 0) < 3
            else f"{round((quote.ask or 0) * 20) / 20:.2f}"
        )
        intent = order(f"w{number}", Purpose.BUY_HEDGE, layers[which], legs, quantity, limit).intent
        judged = review(intent, desk, LIMITS)
        if judged.order is not None:
            desk = apply_effect(desk, PlaceOrder(judged.order))
    assert withdrawn(desk, LIMITS) == () or before > LIMITS.hedge_share_max
    for placed in desk.working:
        units = data.draw(st.integers(0, placed.intent.quantity))
        if units:
            for event in fills(placed, ("1.00",), desk.now, units):
                desk = fold(desk, event)
    after = notionals(desk, LIMITS, LIMITS.cap_basis).share
    assert after <= max(LIMITS.hedge_share_buy_max, before) + 1e-9


@given(st.floats(0, 1e6), st.floats(1, 1e6), st.floats(0.05, 0.95))
def test_headroom_takes_the_share_exactly_to_the_limit(
    hedge: float, condors: float, share: float
) -> None:
    room = headroom(hedge, condors, share)
    assert abs((hedge + room) / (hedge + condors + room) - share) < 1e-9


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(50_000, 2_000_000), min_size=2, max_size=4, unique=True))
def test_less_money_never_means_a_bigger_condor(values: list[int]) -> None:
    sizes = []
    for nlv in sorted(values):
        desk = quoted(ready_desk(nlv=str(nlv)), Market())
        for _ in range(3):
            proposal = propose(desk, IronCondorParams(), Policy().allowance, RELEASES)
            desk = quoted(desk, Market(), proposal.wanted)
        intents = propose(desk, IronCondorParams(), Policy().allowance, RELEASES).intents
        sizes.append(intents[0].quantity if intents else 0)
    assert sizes == sorted(sizes)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**16))
def test_the_same_desk_gives_the_same_orders(seed: int) -> None:
    market = Market(spx=2700.0 + seed % 157, vix=11.0 + seed % 7 / 4)

    def answer() -> list[Order | None]:
        desk: Desk = quoted(ready_desk(), market)
        for _ in range(3):
            proposal = propose(desk, IronCondorParams(), Policy().allowance, RELEASES)
            desk = quoted(desk, market, proposal.wanted)
        proposal = propose(desk, IronCondorParams(), Policy().allowance, RELEASES)
        intents = in_review_order(proposal.intents)
        return [review(intent, desk, RiskLimits()).order for intent in intents]

    assert answer() == answer()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(1, 400)), min_size=1, max_size=3), st.data()
)
def test_the_book_does_not_depend_on_the_order_in_which_revisions_arrive(
    revisions: list[tuple[int, int]], data: st.DataObject
) -> None:
    """Whatever arrives first, the highest revision of an execution is what counts."""
    desk = ready_desk()
    buying = order("h", Purpose.BUY_HEDGE, Layer.HEDGE_SHORT, (Leg(CALLS[0], 1),), 5, "0.70")
    known = {
        number: Fill("x", number, "h", CALLS[0], quantity, Decimal(cents) / 100, desk.now)
        for number, (quantity, cents) in enumerate(revisions, 1)
    }
    last = known[len(known)]
    expected = last.price * 100 * last.quantity
    for arrival in permutations(known.values()):
        book = desk.book
        for fill in arrival:
            book = apply_fill(book, buying, fill, date(2018, 1, 16))
        assert book.tranches["h"].quantity == last.quantity
        assert book.tranches["h"].position.cost == expected
    assert replace(desk) == desk
