"""Orders over the wire, with everything the broker may say about them."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.ports import BrokerUnavailable, LiveAccountRefused
from domain.events import (
    BrokerReady,
    CommissionReported,
    LimitModified,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
    OrderUncertain,
    PositionsReported,
)
from domain.orders import Leg, OrderStatus
from tests.bot.broker.builders import an_order
from tests.scenarios.wire.harness import (
    CONDOR,
    FAR,
    LONG_PUT,
    SHORT_PUT,
    Wire,
    on_the_wire,
)

pytestmark = pytest.mark.scenario
REF = "condor-1"


def order_id(wire: Wire) -> int:
    return int(wire.server.gateway.orders.orders()[0].order_id)


def test_a_condor_fills_leg_by_leg_with_its_fees_and_positions() -> None:
    async def script(wire: Wire) -> None:
        await wire.trading()
        await wire.placed(limit=wire.mid() + Decimal("0.50"), quantity=2)
        await wire.until(lambda: len(wire.of(CommissionReported)) >= 4)
        filled: Counter[object] = Counter()
        for event in wire.of(OrderFilled):
            assert event.order_ref == REF
            filled[event.contract] += event.quantity
        assert filled == {leg.contract: 2 * leg.ratio for leg in CONDOR}
        assert len(wire.of(OrderAccepted)) == 1
        await asyncio.sleep(60)
        assert dict(wire.of(PositionsReported)[-1].positions) == filled

    on_the_wire(script)


def test_net_price_of_the_legs_is_no_worse_than_the_limit() -> None:
    async def script(wire: Wire) -> None:
        await wire.trading()
        order = await wire.placed(limit=wire.mid() + Decimal("0.50"))
        await wire.until(lambda: len(wire.of(OrderFilled)) == 4)
        signs = {leg.contract: leg.ratio for leg in CONDOR}
        net = sum(signs[e.contract] * e.price for e in wire.of(OrderFilled))
        assert net <= order.limit

    on_the_wire(script)


def test_a_single_option_is_bought_and_sold_at_positive_prices() -> None:
    async def script(wire: Wire) -> None:
        await wire.trading()
        ask = wire.quotes[LONG_PUT].ask
        assert ask is not None
        price = Decimal(str(ask)) + 1
        wire.broker.place(an_order("buy-1", (Leg(LONG_PUT, 1),), 1, str(price)))
        await wire.until(lambda: len(wire.of(OrderFilled)) == 1)
        wire.broker.place(an_order("sell-1", (Leg(LONG_PUT, -1),), 1, "-0.10"))
        await wire.until(lambda: len(wire.of(OrderFilled)) == 2)
        bought, sold = wire.of(OrderFilled)
        assert (bought.quantity, sold.quantity) == (1, -1)
        assert sold.price > 0

    on_the_wire(script)


def test_a_limit_is_moved_and_the_broker_s_word_confirms_it() -> None:
    async def script(wire: Wire) -> None:
        await wire.trading()
        await wire.placed()
        wire.broker.modify(REF, Decimal("-39.50"))
        await wire.until(lambda: bool(wire.of(LimitModified)))
        assert [event.limit for event in wire.of(LimitModified)] == [Decimal("-39.50")]

    on_the_wire(script)


def test_a_cancel_is_believed_when_the_broker_says_so() -> None:
    async def script(wire: Wire) -> None:
        await wire.trading()
        await wire.placed()
        wire.broker.cancel(REF)
        await wire.until(lambda: bool(wire.of(OrderCanceled)))
        with pytest.raises(BrokerUnavailable):
            wire.broker.cancel(REF)

    on_the_wire(script)


@pytest.mark.parametrize("code", [10349, 10147, 10148, 399, 2109, 202])
def test_an_error_about_a_living_order_does_not_end_it(code: int) -> None:
    async def script(wire: Wire) -> None:
        await wire.trading()
        await wire.placed()
        wire.gateway_says(order_id(wire), code)
        await asyncio.sleep(90)
        ended = (OrderCanceled, OrderRejected, OrderUncertain)
        assert not any(isinstance(event, ended) for event in wire.events)
        wire.broker.cancel(REF)
        await wire.until(lambda: len(wire.of(OrderCanceled)) == 1)

    on_the_wire(script)


def test_a_refused_modification_leaves_the_order_and_its_limit_is_told() -> None:
    async def script(wire: Wire) -> None:
        await wire.trading()
        await wire.placed()
        identity = order_id(wire)
        resting = wire.server.gateway.orders.orders()[0]
        original = resting.request

        def refuse(bodies: list[bytes]) -> list[bytes]:
            fields = bodies[0].split(b"\0")
            if fields[0] == b"5" and b"-39.5" in fields:
                return [f"4\x002\0{identity}\x00201\0Order rejected - reason: no\0\0".encode()]
            return bodies

        wire.filter(refuse)
        wire.broker.modify(REF, Decimal("-39.50"))
        await asyncio.sleep(1)
        resting.request = original  # which a gateway that refuses would not have touched
        wire.filter(None)
        await wire.until(lambda: bool(wire.of(LimitModified)))
        assert [event.limit for event in wire.of(LimitModified)] == [FAR]
        assert not any(isinstance(e, OrderRejected | OrderCanceled) for e in wire.events)

    on_the_wire(script)


def test_a_modification_that_cannot_be_sent_tells_which_limit_is_in_force() -> None:
    async def script(wire: Wire) -> None:
        await wire.trading()
        await wire.placed()
        wire.gate.shut("a test shuts it")
        with pytest.raises(BrokerUnavailable, match="a test shuts it"):
            wire.broker.modify(REF, Decimal("-39.50"))
        await asyncio.sleep(1)
        assert [event.limit for event in wire.of(LimitModified)] == [FAR]
        wire.broker.cancel(REF)  # a shut gate holds no cancel back
        await wire.until(lambda: bool(wire.of(OrderCanceled)))

    on_the_wire(script)


def test_an_account_that_turns_out_live_stops_the_next_order_in_the_door() -> None:
    async def script(wire: Wire) -> None:
        await wire.trading()
        session = wire.broker._session
        assert session is not None
        session._link.accounts = ("U1234567",)
        for forbidden in (
            lambda: wire.broker.place(an_order(REF, CONDOR, 1, str(FAR))),
            lambda: wire.broker.modify(REF, FAR),
            lambda: wire.broker.cancel(REF),
        ):
            with pytest.raises(LiveAccountRefused):
                forbidden()
        await asyncio.sleep(5)
        assert wire.server.gateway.orders.orders() == []

    on_the_wire(script)


def test_more_orders_than_a_second_holds_are_refused_and_none_is_lost() -> None:
    async def script(wire: Wire) -> None:
        await wire.trading()
        await asyncio.sleep(5)
        sent, refused = [], 0
        for number in range(60):
            try:
                order = an_order(f"many-{number}", CONDOR, 1, str(FAR))
                sent.append(wire.broker.place(order))
            except BrokerUnavailable:
                refused += 1
        assert (len(sent), refused) == (42, 18)
        wire.broker.cancel("many-0")  # for cancels there is room kept
        await asyncio.sleep(5)
        known = wire.server.gateway.orders.known
        assert all(known(1, order_id) is not None for order_id in sent)
        assert wire.of(OrderUncertain) == []

    on_the_wire(script)


def test_a_change_that_was_on_its_way_when_the_servers_went_is_read_again() -> None:
    async def script(wire: Wire) -> None:
        await wire.trading()
        await wire.placed()
        wire.drop(3, 5)
        wire.broker.modify(REF, Decimal("-39.50"))
        await asyncio.sleep(1)
        wire.filter(None)
        wire.gateway_says(-1, 1100)
        await asyncio.sleep(60)
        wire.gateway_says(-1, 1102)
        await wire.until(lambda: len(wire.of(BrokerReady)) == 2)
        wire.broker.modify(REF, Decimal("-39.00"))
        await wire.until(lambda: bool(wire.of(LimitModified)))
        assert wire.of(LimitModified)[-1].limit == Decimal("-39.00")

    on_the_wire(script)


def test_a_price_off_the_grid_is_the_broker_s_rejection() -> None:
    async def script(wire: Wire) -> None:
        await wire.trading()
        wire.broker.place(an_order(REF, CONDOR, 1, "-40.01"))
        await wire.until(lambda: bool(wire.of(OrderRejected)))
        assert wire.of(OrderRejected)[0].code == 110

    on_the_wire(script)


def test_silence_about_an_order_is_uncertainty_and_the_answer_ends_it() -> None:
    async def script(wire: Wire) -> None:
        await wire.trading()
        wire.drop(3, 5)
        await wire.placed()
        await wire.until(lambda: bool(wire.of(OrderUncertain)), 40)
        assert wire.of(OrderAccepted) == []
        wire.filter(None)
        await wire.until(lambda: bool(wire.of(OrderAccepted)), 120)
        assert wire.of(OrderCanceled) == []

    on_the_wire(script)


def test_everything_said_twice_counts_once() -> None:
    async def script(wire: Wire) -> None:
        await wire.trading()
        orders = (b"3\0", b"5\0", b"11\0", b"59\0")
        wire.filter(lambda b: b * 3 if b[0].startswith(orders) else b)
        await wire.placed(limit=wire.mid() + Decimal("0.50"))
        await wire.until(lambda: len(wire.of(CommissionReported)) == 4)
        await asyncio.sleep(30)
        assert len(wire.of(OrderFilled)) == 4
        assert len(wire.of(CommissionReported)) == 4
        assert len(wire.of(OrderAccepted)) == 1

    on_the_wire(script)


def test_a_correction_replaces_the_execution_it_corrects() -> None:
    async def script(wire: Wire) -> None:
        await wire.trading()

        def correct(bodies: list[bytes]) -> list[bytes]:
            fields = bodies[0].split(b"\0")
            if fields[0] != b"11" or fields[5] == b"BAG" or not fields[14].endswith(b".01"):
                return bodies
            fields[14] = fields[14][:-3] + b".02"
            return [*bodies, b"\0".join(fields)]

        wire.filter(correct)
        await wire.placed(limit=wire.mid() + Decimal("0.50"))
        await wire.until(lambda: len(wire.of(OrderFilled)) == 8)
        revisions = Counter(event.revision for event in wire.of(OrderFilled))
        assert revisions == {1: 4, 2: 4}
        assert len({event.exec_id for event in wire.of(OrderFilled)}) == 4

    on_the_wire(script)


def test_fills_without_any_status_are_still_fills() -> None:
    async def script(wire: Wire) -> None:
        await wire.trading()
        wire.drop(3)
        await wire.placed(limit=wire.mid() + Decimal("0.50"))
        await wire.until(lambda: len(wire.of(OrderFilled)) == 4)
        await asyncio.sleep(120)
        assert wire.of(OrderUncertain) == []

    on_the_wire(script)


def test_lost_executions_are_fetched() -> None:
    async def script(wire: Wire) -> None:
        await wire.trading()
        wire.drop(11, 59)
        await wire.placed(limit=wire.mid() + Decimal("0.50"))
        await wire.until(lambda: not wire.server.gateway.orders.orders())
        wire.filter(None)
        await wire.until(lambda: len(wire.of(CommissionReported)) == 4, 60)
        assert len(wire.of(OrderFilled)) == 4

    on_the_wire(script)


def test_what_filled_while_nobody_was_connected_is_told_on_return() -> None:
    async def script(wire: Wire) -> None:
        await wire.trading()
        wire.filter(lambda _: [])
        order = an_order(REF, CONDOR, 1, str(wire.mid() + Decimal("0.50")))
        wire.broker.place(order)
        await asyncio.sleep(0.5)
        await wire.server.close()  # the order has arrived, no answer has come
        wire.filter(None)
        await asyncio.sleep(120)
        assert [event.order_ref for event in wire.of(OrderUncertain)] == [REF]
        wire.server.start_in_memory()
        await wire.until(lambda: len(wire.of(BrokerReady)) == 2)
        assert len(wire.of(OrderFilled)) == 4
        assert wire.of(OrderCanceled) == []

    on_the_wire(script)


def test_a_new_life_recognises_the_orders_of_the_last() -> None:
    async def script(wire: Wire) -> None:
        await wire.trading()
        resting = await wire.placed()
        filled = await wire.placed("condor-2", wire.mid() + Decimal("0.50"))
        await wire.until(lambda: len(wire.of(OrderFilled)) == 4)
        await wire.stop_broker()
        wire.events.clear()
        wire.new_broker()
        unknown = OrderStatus.UNKNOWN
        wire.broker.adopt(
            [
                an_order(o.order_ref, CONDOR, 1, str(o.limit), unknown, o.created_at)
                for o in (resting, filled)
            ]
        )
        wire.start()
        await wire.until(lambda: bool(wire.of(BrokerReady)))
        assert [event.order_ref for event in wire.of(OrderAccepted)] == [REF]
        assert {event.order_ref for event in wire.of(OrderFilled)} == {"condor-2"}
        wire.broker.cancel(REF)
        await wire.until(lambda: bool(wire.of(OrderCanceled)))

    on_the_wire(script)


def test_an_order_that_was_lost_with_the_connection_is_not_sent_again() -> None:
    async def script(wire: Wire) -> None:
        await wire.trading()
        wire.broker.place(an_order(REF, CONDOR, 1, str(FAR), created_at=wire.clock.now()))
        await wire.server.close()  # before the bytes have arrived
        await asyncio.sleep(30)
        assert [event.order_ref for event in wire.of(OrderUncertain)] == [REF]
        wire.server.start_in_memory()
        await wire.until(lambda: len(wire.of(BrokerReady)) == 2)
        assert wire.of(OrderCanceled) == []
        await wire.until(lambda: bool(wire.of(OrderCanceled)), 60)
        assert wire.server.gateway.orders.orders() == []

    on_the_wire(script)


def test_an_order_that_never_arrived_is_declared_dead_after_two_complete_looks() -> None:
    async def script(wire: Wire) -> None:
        lost = an_order(
            "lost-1",
            CONDOR,
            1,
            "-3.20",
            OrderStatus.SUBMITTED,
            wire.clock.now() - timedelta(minutes=1),
        )
        wire.broker.adopt([lost])
        await wire.ready()
        assert wire.of(OrderCanceled) == []
        await wire.until(lambda: bool(wire.of(OrderCanceled)), 60)
        assert "absent twice" in wire.of(OrderCanceled)[0].reason

    on_the_wire(script)


def test_an_unqualified_leg_never_leaves() -> None:
    async def script(wire: Wire) -> None:
        await wire.ready()
        unlisted = Leg(replace(SHORT_PUT, strike=2601.5), 1)
        with pytest.raises(BrokerUnavailable, match="not qualified"):
            wire.broker.place(an_order(REF, (unlisted,), 1, "1.00"))

    on_the_wire(script)
