"""What the broker does not hold must not be sold, whatever our book says."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain.desk import Desk
from domain.effects import PlaceOrder
from domain.events import OrderAccepted, PositionsReported
from domain.instruments import vix_option
from domain.orders import DenialCode, Layer, Leg, OrderIntent, Purpose
from engine.fold import apply_effect, fold
from risk.checks import no_naked_short
from risk.denial import Denied
from risk.limits import RiskLimits
from tests.builders import Market, condor, order, quoted, ready_desk, with_calls, with_condor

CALL = vix_option(date(2018, 2, 13), 15.0)
TRANCHE = "cb-hedge-20180116-2"
CONDOR = "cb-condor-20180116-1"
LONG_PUT, SHORT_PUT, SHORT_CALL, LONG_CALL = condor().contracts


def reported(desk: Desk, **counts: int) -> Desk:
    """The broker holds what we hold, but of ``call``, ``long_put`` and ``short_put`` as said."""
    names = {"call": CALL, "long_put": LONG_PUT, "short_put": SHORT_PUT}
    told = {**desk.book.positions(), **{names[name]: count for name, count in counts.items()}}
    at = desk.now + timedelta(seconds=1)
    return fold(desk, PositionsReported(at, tuple(told.items())))


def holding() -> Desk:
    desk = with_calls(with_condor(ready_desk()), quantity=2)
    return quoted(desk, Market(), desk.book.positions())


def sale(quantity: int) -> OrderIntent:
    legs = (Leg(CALL, -1),)
    placed = order(
        "s", Purpose.SELL_HEDGE, Layer.HEDGE_SHORT, legs, quantity, "-0.60", subject=TRANCHE
    )
    return placed.intent


def closing(quantity: int = 4) -> OrderIntent:
    legs = condor().closing
    placed = order("c", Purpose.CLOSE_CONDOR, Layer.CONDOR, legs, quantity, "7.00", subject=CONDOR)
    return placed.intent


def denied(intent: OrderIntent, desk: Desk) -> Denied | None:
    return no_naked_short(intent, desk, RiskLimits())


@pytest.mark.parametrize(("held", "fits"), [(2, 2), (1, 1), (0, 0), (5, 2)])
def test_no_more_calls_are_sold_than_the_broker_has(held: int, fits: int) -> None:
    desk = reported(holding(), call=held)
    assert [denied(sale(count), desk) is None for count in (1, 2)] == [fits >= 1, fits >= 2]


def test_a_working_sale_is_counted() -> None:
    desk = reported(holding(), call=1)
    at_work = order(
        "w", Purpose.SELL_HEDGE, Layer.HEDGE_SHORT, (Leg(CALL, -1),), 1, "-0.60", subject=TRANCHE
    )
    desk = fold(apply_effect(desk, PlaceOrder(at_work)), OrderAccepted(desk.now, "w", 1))
    found = denied(sale(1), desk)
    assert found is not None
    assert found.code is DenialCode.NAKED_SHORT


def test_a_condor_is_not_closed_by_selling_a_wing_that_is_gone() -> None:
    assert denied(closing(), reported(holding())) is None
    assert denied(closing(), reported(holding(), long_put=3)) is not None
    assert denied(closing(3), reported(holding(), long_put=3)) is None


def test_shorts_may_be_bought_back_although_fewer_are_told() -> None:
    """At worst a long is left over, which has cost what it can cost."""
    assert denied(closing(), reported(holding(), short_put=-3)) is None


def test_without_a_dispute_the_book_counts() -> None:
    """A report from before the last executions says nothing about what they brought."""
    desk = fold(with_condor(ready_desk()), PositionsReported(ready_desk().now, ()))
    desk = fold(desk, PositionsReported(desk.now, tuple(desk.book.positions().items())))
    later = with_calls(desk, quantity=2)
    assert later.mismatched == ()
    assert denied(sale(2), later) is None
    assert later.book.tranches[TRANCHE].position.cost == Decimal("140.00")
