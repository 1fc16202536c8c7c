"""Seven ways in which the client library is known to lie: it does, and the daemon believes none."""

import asyncio
import math
from dataclasses import replace
from decimal import Decimal

import pytest
from ib_async import IB, LimitOrder, Stock

from bot.broker.frames import FRAME_BYTES_MAX
from bot.ports import BrokerUnavailable
from domain.events import (
    BrokerLost,
    BrokerReady,
    LimitModified,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
    OrderUncertain,
)
from sim.gateway.faults.connection_faults import HugeFrame
from sim.gateway.faults.fault import Fault
from sim.gateway.faults.order_faults import CancelRefused, Reject
from sim.gateway.faults.report_faults import ExecCorrection
from sim.gateway.faults.wire_faults import NeverAnswer
from tests.bot.broker.builders import an_order
from tests.faults.books import held, legs_filled, told
from tests.scenarios.wire.harness import CONDOR, FAR, on_the_wire

pytestmark = pytest.mark.scenario
REF = "condor-1"
ENDED = (OrderCanceled, OrderRejected, OrderUncertain)
PLACE = 3


class OrderFields(Fault):
    """Nothing goes wrong; the fields of new orders are noted as they come over the wire."""

    NAME = "order_fields"

    def begin(self, armed):
        armed.memory["seen"] = []

    def asked(self, armed, asked):
        if asked.kind == PLACE:
            armed.memory["seen"].append(asked.fields)
        return False


async def library(wire, client_id=5):
    """A client that believes the library's own picture."""
    ib = IB()
    await ib.connectAsync("127.0.0.1", 4002, clientId=client_id, timeout=30)
    (stock,) = await ib.qualifyContractsAsync(Stock("VIXY", "SMART", "USD"))
    return ib, stock


def at_work(wire, client_id):
    return len(wire.server.gateway.orders.orders(client_id))


def test_1_an_error_about_a_cancel_ends_a_live_order_in_the_library_and_not_here():
    async def script(wire):
        await wire.trading()
        ib, stock = await library(wire)
        trade = ib.placeOrder(stock, LimitOrder("BUY", 1, 1.0))
        await wire.placed()
        wire.server.arm(CancelRefused(code=10147))
        ib.cancelOrder(trade.order)
        wire.broker.cancel(REF)
        await asyncio.sleep(60)
        assert (trade.orderStatus.status, trade.isDone()) == ("Cancelled", True)
        assert at_work(wire, 5) == 1
        assert (told(wire, *ENDED), at_work(wire, 1)) == ({}, 1)
        ib.disconnect()

    on_the_wire(script)


def test_1_a_rejected_change_ends_a_live_order_in_the_library_and_not_here():
    async def script(wire):
        await wire.trading()
        ib, stock = await library(wire)
        order = LimitOrder("BUY", 1, 1.0)
        trade = ib.placeOrder(stock, order)
        await wire.placed()
        wire.server.arm(Reject(code=201, on="change"))
        order.lmtPrice = 2.0
        ib.placeOrder(stock, order)
        wire.broker.modify(REF, FAR + 1)
        await asyncio.sleep(60)
        assert (trade.orderStatus.status, trade.isDone()) == ("Cancelled", True)
        assert at_work(wire, 5) == 1
        assert (told(wire, *ENDED), at_work(wire, 1)) == ({}, 1)
        assert [event.limit for event in wire.of(LimitModified)] == [FAR]
        ib.disconnect()

    on_the_wire(script)


def test_2_a_corrected_execution_is_two_fills_to_the_library_and_one_here():
    async def script(wire):
        await wire.trading()
        ib, stock = await library(wire)
        wire.server.arm(ExecCorrection(by="0.10"))
        trade = ib.placeOrder(stock, LimitOrder("BUY", 1, 500.0))
        await wire.placed(limit=wire.mid() + 1)
        await wire.until(lambda: len(wire.of(OrderFilled)) == 8)
        await wire.until(lambda: len(trade.fills) == 2)
        assert trade.filled() == 2
        account = wire.server.gateway.account.positions.values()
        assert [p.quantity for p in account if p.listing.contract.symbol == "VIXY"] == [1]
        mine = {leg.contract for leg in CONDOR}
        assert legs_filled(wire) == {c: n for c, n in held(wire).items() if c in mine}
        ib.disconnect()

    on_the_wire(script)


@pytest.mark.parametrize("limit", ["NaN", "sNaN", "Infinity", "-Infinity", "1.797693134862315E308"])
def test_3_a_price_that_is_none_goes_on_the_wire_in_the_library_and_never_here(limit):
    async def script(wire):
        await wire.trading()
        (seen,) = wire.server.arm(OrderFields())
        for bad in (math.nan, 1.7976931348623157e308):
            ib, stock = await library(wire, 5 if math.isnan(bad) else 6)
            ib.placeOrder(stock, LimitOrder("BUY", 1, bad))
            await asyncio.sleep(5)
            ib.disconnect()
        sent = seen.memory["seen"]
        assert ["nan" in fields for fields in sent] == [True, False]  # the largest double is ''
        assert len(sent) == 2
        order = an_order(REF, CONDOR, 1, str(FAR))
        with pytest.raises(BrokerUnavailable):
            wire.broker.place(replace(order, limit=Decimal(limit)))
        await wire.placed("other")
        with pytest.raises(BrokerUnavailable):
            wire.broker.modify("other", Decimal(limit))
        await asyncio.sleep(5)
        assert len(sent) == 3
        assert told(wire, *ENDED) == {}

    on_the_wire(script)


@pytest.mark.parametrize("ref", ["a\0b", "", "a b", "é", "x" * 41, "a\nb"])
def test_4_a_reference_with_a_nul_becomes_a_field_in_the_library_and_never_leaves_here(ref):
    async def script(wire):
        await wire.trading()
        (seen,) = wire.server.arm(OrderFields())
        ib, stock = await library(wire)
        for text in ("plain", "a\0b"):
            order = LimitOrder("BUY", 1, 1.0)
            order.orderRef = text
            ib.placeOrder(stock, order)
            await asyncio.sleep(2)
        plain, injected = seen.memory["seen"]
        assert len(injected) == len(plain) + 1
        with pytest.raises(BrokerUnavailable, match="does not travel"):
            wire.broker.place(an_order(ref, CONDOR, 1, str(FAR)))
        await asyncio.sleep(5)
        assert len(seen.memory["seen"]) == 2
        ib.disconnect()

    on_the_wire(script)


def test_5_orders_in_the_library_s_queue_die_with_the_connection_and_none_of_ours_is_in_one():
    async def script(wire):
        await wire.trading()
        ib, stock = await library(wire)
        await asyncio.sleep(5)
        trades = [ib.placeOrder(stock, LimitOrder("BUY", 1, 1.0)) for _ in range(80)]
        ib.disconnect()
        await asyncio.sleep(5)
        assert len(trades) == 80
        assert at_work(wire, 5) < 60, "the rest was thrown away without a word"
        sent, refused = [], 0
        for number in range(80):
            try:
                sent.append(wire.broker.place(an_order(f"o-{number}", CONDOR, 1, str(FAR))))
            except BrokerUnavailable:
                refused += 1
        await wire.stop_broker()
        await asyncio.sleep(5)
        assert refused
        assert len(sent) + refused == 80
        assert at_work(wire, 1) == len(sent)

    on_the_wire(script)


def test_6_a_start_without_the_open_orders_is_a_start_to_the_library_and_none_here():
    async def script(wire):
        await wire.trading()
        await wire.placed()
        await wire.stop_broker()
        wire.events.clear()
        wire.server.arm(NeverAnswer(message="5+53+102", for_s=100))
        ib, _ = await library(wire, 1)
        assert ib.isConnected()
        assert ib.openTrades() == []
        assert at_work(wire, 1) == 1
        ib.disconnect()
        await asyncio.sleep(5)
        wire.new_broker()
        wire.start()
        await asyncio.sleep(60)
        assert wire.of(BrokerReady) == []
        with pytest.raises(BrokerUnavailable):
            wire.broker.place(an_order("again", CONDOR, 1, str(FAR)))
        await wire.until(lambda: bool(wire.of(BrokerReady)), 200)

    on_the_wire(script)


def test_7_a_frame_without_end_fills_the_library_s_buffer_and_ends_our_connection():
    async def script(wire):
        await wire.trading()
        ib, _ = await library(wire)
        wire.server.arm(HugeFrame(sent=4 << 20))
        await asyncio.sleep(1.05)
        assert len(ib.client._data) > 2 * FRAME_BYTES_MAX
        (lost,) = wire.of(BrokerLost)
        assert "2147483647 bytes" in lost.reason
        for connection in wire.server.connections:
            if connection.session.client_id == 5:
                connection.cut("fin")
        wire.server.director.disarm()
        await wire.until(lambda: len(wire.of(BrokerReady)) == 2)
        await wire.placed()
        assert len(wire.of(OrderAccepted)) == 1

    on_the_wire(script)
