"""From effects to ports, after the commit."""

from decimal import Decimal

import pytest

from bot.execute import NOT_SENT, Executor
from bot.gate import SendGate
from bot.inbox import Inbox
from domain.effects import CancelOrder, ModifyLimit, PlaceOrder
from domain.events import HaltRequested, OrderRejected, OrderSubmitted
from domain.orders import Purpose
from tests.bot.samples import AT, EFFECTS, condor_order
from tests.fakes.broker import FakeBroker
from tests.fakes.clock import START, FakeClock
from tests.fakes.telemetry import FakeTelemetry


class Desk:
    """An executor with fakes around it."""

    def __init__(self) -> None:
        self.broker, self.telemetry, self.inbox = FakeBroker(), FakeTelemetry(), Inbox()
        self.gate = SendGate(opening_stops=(self.inbox.objection,))
        self.executor = Executor(self.broker, self.telemetry, self.inbox, FakeClock(), self.gate)


async def test_a_sent_order_comes_back_as_submitted_with_its_id():
    desk = Desk()
    desk.executor.execute(PlaceOrder(condor_order("cb-1")))

    assert desk.broker.calls == [("place", "cb-1")]
    assert await desk.inbox.drain() == [OrderSubmitted(START, "cb-1", 101)]


@pytest.mark.parametrize("purpose", list(Purpose))
async def test_nothing_new_leaves_through_a_shut_gate(purpose):
    desk = Desk()
    desk.gate.shut("the process is ending")
    desk.gate.shut("a later reason")

    desk.executor.execute(PlaceOrder(condor_order("cb-1", purpose)))

    assert desk.broker.calls == []
    assert await desk.inbox.drain() == [
        OrderRejected(START, "cb-1", NOT_SENT, "the process is ending")
    ]


async def test_a_halt_that_still_waits_in_the_inbox_stops_an_opening_order():
    desk = Desk()
    desk.inbox.put(HaltRequested(AT, "operator", "stop"))

    desk.executor.execute(PlaceOrder(condor_order("cb-1")))

    assert desk.broker.calls == []
    _, rejected = await desk.inbox.drain()
    assert isinstance(rejected, OrderRejected)


async def test_a_halt_does_not_stop_a_closing_order():
    desk = Desk()
    desk.inbox.put(HaltRequested(AT, "operator", "stop"))

    desk.executor.execute(PlaceOrder(condor_order("cb-1", Purpose.CLOSE_CONDOR)))

    assert desk.broker.calls == [("place", "cb-1")]


async def test_an_order_that_never_reached_the_socket_is_rejected_not_uncertain():
    desk = Desk()
    desk.broker.unavailable = "not connected"

    desk.executor.execute(PlaceOrder(condor_order("cb-1")))

    assert await desk.inbox.drain() == [OrderRejected(START, "cb-1", NOT_SENT, "not connected")]


async def test_a_change_or_cancel_that_cannot_be_sent_is_no_event_and_no_error():
    desk = Desk()
    desk.broker.unavailable = "not connected"

    desk.executor.execute(ModifyLimit("cb-1", Decimal("-3.00")))
    desk.executor.execute(CancelOrder("cb-1", "too late"))

    assert len(desk.inbox) == 0


async def test_every_kind_of_effect_has_a_port():
    desk = Desk()
    for effect in EFFECTS:
        desk.executor.execute(effect)

    assert [name for name, _ in desk.broker.calls] == ["ask_margin", "place", "modify", "cancel"]
    assert [alert.code for alert in desk.telemetry.alerts] == ["stale_data"]
