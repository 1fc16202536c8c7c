"""Order references: one decision one reference, and none is ever given a second time."""

from datetime import date, timedelta

import pytest

from domain.desk import Desk
from domain.events import ClockTicked, ReferencesSeen
from domain.instruments import vix_option
from domain.orders import Layer, Leg, Purpose, number_of, order_ref
from engine.fold import fold
from risk.limits import RiskLimits
from risk.review import review
from tests.builders import TUESDAY, Market, order, quoted, ready_desk, with_calls

DAY = TUESDAY.date()
CALL = vix_option(date(2018, 2, 13), 15.0)


def given(desk: Desk) -> str:
    """The reference that the next order gets."""
    legs = (Leg(CALL, -1),)
    limit = str(-desk.quotes[CALL].bid)
    sale = order("", Purpose.SELL_HEDGE, Layer.HEDGE_SHORT, legs, 1, limit, "cb-hedge-20180116-2")
    approved = review(sale.intent, desk, RiskLimits()).order
    assert approved is not None
    return approved.order_ref


@pytest.mark.parametrize("layer", list(Layer))
def test_the_number_of_a_reference_is_read_back(layer: Layer) -> None:
    assert number_of(order_ref(layer, DAY, 17), DAY) == 17
    assert number_of(order_ref(layer, DAY, 17), DAY + timedelta(days=1)) is None


@pytest.mark.parametrize(
    "ref",
    ["", "somebody", "cb-condor-20180116-", "cb-condor-20180116-1x", "cb-stock-20180116-1",
     "xcb-condor-20180116-1", "cb-condor-20180116--1", "cb-condor-20180116-1\n",
     "cb-condor-20180116-٣", "cb-condor-20180116-1234567890"],
)  # fmt: skip
def test_what_others_call_their_orders_has_no_number(ref: str) -> None:
    assert number_of(ref, date(2018, 1, 16)) is None


def test_a_journal_older_than_the_orders_at_the_broker_gives_none_of_their_references_again() -> (
    None
):
    desk = quoted(with_calls(ready_desk()), Market(), (CALL,))
    assert given(desk) == "cb-hedge-20180116-2", "one was given in this journal"
    refs = ("cb-condor-20180116-4", "cb-hedge-20180116-7", "cb-hedge-20180115-99", "other")
    desk = fold(desk, ReferencesSeen(TUESDAY, refs))
    assert given(desk) == "cb-hedge-20180116-8"
    assert fold(desk, ReferencesSeen(TUESDAY, refs)).tally == desk.tally
    tomorrow = fold(desk, ClockTicked(TUESDAY + timedelta(days=1)))
    assert tomorrow.tally.orders_today == 0
