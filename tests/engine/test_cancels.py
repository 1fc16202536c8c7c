"""A cancel that was lost or refused on its way is asked for again."""

from datetime import timedelta

import pytest

from domain.desk import Desk
from domain.effects import CancelOrder, PlaceOrder
from domain.events import OrderAccepted, OrderUncertain
from domain.orders import Layer, Purpose
from engine.fold import apply_effect, fold
from engine.walk import walk
from risk.limits import RiskLimits
from tests.builders import condor, order, ready_desk

REF = "c"


def canceling(purpose: Purpose) -> Desk:
    combo = condor()
    legs = combo.opening if purpose is Purpose.OPEN_CONDOR else combo.closing
    limit = "-7.00" if purpose is Purpose.OPEN_CONDOR else "7.00"
    desk = ready_desk()
    placed = order(REF, purpose, Layer.CONDOR, legs, 1, limit, subject="x", at=desk.now)
    desk = fold(apply_effect(desk, PlaceOrder(placed)), OrderAccepted(desk.now, REF, 9001))
    return apply_effect(desk, CancelOrder(REF, "halted"))


@pytest.mark.parametrize("purpose", [Purpose.OPEN_CONDOR, Purpose.CLOSE_CONDOR])
def test_an_order_still_there_a_minute_after_its_cancel_is_canceled_again(purpose: Purpose) -> None:
    asked = canceling(purpose)
    soon = fold(asked, OrderAccepted(asked.now + timedelta(seconds=59), "other", 1))
    assert walk(soon, RiskLimits()) == ()
    late = fold(asked, OrderAccepted(asked.now + timedelta(seconds=60), "other", 1))
    (again,) = walk(late, RiskLimits())
    assert (type(again), again.order_ref) == (CancelOrder, REF)
    assert walk(apply_effect(late, again), RiskLimits()) == (), "and then not at once"


def test_an_uncertain_one_is_left_to_the_evidence() -> None:
    asked = canceling(Purpose.OPEN_CONDOR)
    unsure = fold(asked, OrderUncertain(asked.now + timedelta(hours=1), REF, "silence"))
    assert walk(unsure, RiskLimits()) == ()
