"""The last week of a hedge, on any path of VIX and with any luck: no call with a bid is left to
settle, and as long as a condor is open some call covers it.
"""

import random
from dataclasses import replace
from datetime import date

from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.desk import Desk, Regime
from domain.orders import Layer
from tests.builders import CALENDAR, condor, ny, ready_desk, with_calls, with_condor
from tests.properties.test_hedge_seasons import Season

FIRST = date(2018, 2, 8)  # three sessions before the last of the February calls
LAST = date(2018, 2, 13)
OTHERS = (None, (Layer.HEDGE_MEDIUM, date(2018, 5, 15)), (Layer.HEDGE_LONG, date(2018, 8, 21)))


def held(
    condors: int, calls: int, cost: str, other: tuple[Layer, date] | None, regime: Regime
) -> Desk:
    """Condors of June, short calls that must go this week, perhaps a longer one."""
    combo = condor(2455, 2485, 3050, 3080, expiration=date(2018, 6, 15))
    desk = with_condor(ready_desk(ny(2018, 1, 16)), condors, combo=combo)
    desk = with_calls(desk, quantity=calls, price_paid=cost)
    if other is not None:
        layer, expiration = other
        desk = with_calls(desk, layer, 1, "1.00", 22.0, expiration, ref="other")
    return replace(
        ready_desk(ny(2018, 2, 8, 9, 40), regime), book=desk.book, closes={"VIX": ()}
    )  # without closes the regime is what it was


@example(1, 2, "3.00", None, Regime.ELEVATED, [21.0] * 4, 0)  # the only cover, to its last day
@example(12, 4, "3.00", OTHERS[1], Regime.HIGH, [36.0, 21.0, 21.0, 21.0], 1)
@example(1, 4, "3.00", None, Regime.LOW, [11.0, 15.0, 24.0, 36.0], 14569)  # the trim wants it too
@settings(max_examples=20, deadline=None)
@given(
    condors=st.sampled_from([1, 1, 2, 12]),  # one wants no short call: the only one must stay
    calls=st.integers(1, 6),
    cost=st.sampled_from(["0.70", "3.00"]),
    other=st.sampled_from(OTHERS),
    regime=st.sampled_from([Regime.LOW, Regime.ELEVATED, Regime.HIGH, Regime.PRESS]),
    path=st.lists(st.sampled_from([11.0, 15.0, 18.0, 21.0, 24.0, 36.0]), min_size=4, max_size=4),
    seed=st.integers(0, 2**16),
)
def test_nothing_that_is_bid_for_reaches_settlement_and_a_condor_keeps_its_cover(
    condors: int, calls: int, cost: str, other: tuple[Layer, date] | None, regime: Regime,
    path: list[float], seed: int,
) -> None:  # fmt: skip
    season = Season(held(condors, calls, cost, other, regime), random.Random(seed))
    day = FIRST
    for vix in path:
        season.live(day, vix)
        day = CALENDAR.next_session(day)
    assert CALENDAR.previous_session(day) == LAST
    left = [t for t in season.desk.book.open_tranches if t.contract.expiration == LAST]
    noon = ny(2018, 2, 13, 14, 0)
    assert [t.id for t in left if season.market.quote(t.contract, noon).bid] == []
    assert season.sent, "something had to be rolled or sold"
