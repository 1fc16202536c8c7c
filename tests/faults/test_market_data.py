"""Section C: market data that are missing, late, frozen or absurd never become a tradable price."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest
from structlog.testing import capture_logs

from domain.events import (
    AccountUpdated,
    BrokerLost,
    BrokerReady,
    ContractRefused,
    DailyClosesLoaded,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    QuoteUpdated,
)
from domain.instruments import SPX, VIX
from sim.gateway.faults.connection_faults import Drop
from sim.gateway.faults.data_faults import (
    BadQuotes,
    Delayed,
    GreeksNone,
    Halt,
    LateTick,
    LineLost,
    PartlySubscribed,
    StaleQuotes,
    Unsubscribed,
)
from sim.gateway.faults.session_faults import ServersLost
from sim.gateway.faults.wire_faults import DblMax, Garbled, HistPacing, LineLimit, MsgRate
from tests.bot.broker.builders import an_order
from tests.scenarios.wire.harness import CONDOR, FAR, WATCHED, on_the_wire

pytestmark = pytest.mark.scenario
HISTORIES_MAX = 12
LEGS = [leg.contract for leg in CONDOR]


def messages(logs):
    return [entry["code"] for entry in logs if entry["event"] == "broker.message"]


@pytest.mark.parametrize("code", [354, 10168, 10186, 10089])
def test_data_that_are_not_subscribed_leave_no_quote_and_are_asked_for_once(code):
    async def script(wire):
        (refusal,) = wire.server.arm(Unsubscribed(symbols="VIX", code=code))
        with capture_logs() as logs:
            await wire.ready()
            await asyncio.sleep(600)
        assert SPX in wire.quotes
        assert VIX not in wire.quotes
        assert refusal.hits == messages(logs).count(code) == 1

    on_the_wire(script)


@pytest.mark.parametrize("code", [10090, 10091])
def test_data_that_are_subscribed_in_part_go_on_without_greeks(code):
    async def script(wire):
        wire.server.arm(PartlySubscribed(code=code))
        await wire.trading()
        await asyncio.sleep(120)
        seen = len(wire.of(QuoteUpdated))
        await asyncio.sleep(30)
        assert len(wire.of(QuoteUpdated)) > seen
        assert all(wire.quotes[leg].mid is not None for leg in LEGS)

    on_the_wire(script)


def test_delayed_data_are_marked_as_such_in_every_quote():
    async def script(wire):
        wire.server.arm(Delayed())
        await wire.trading()
        await asyncio.sleep(60)
        wire.quotes.clear()
        await wire.until(lambda: len(wire.quotes) == len(WATCHED))
        assert all(quote.delayed for quote in wire.quotes.values())

    on_the_wire(script)


def test_quotes_that_turn_live_again_are_no_longer_called_delayed():
    async def script(wire):
        wire.server.arm(Delayed(for_s=60))
        await wire.trading()
        await asyncio.sleep(70)
        wire.server.arm(Drop())
        await wire.until(lambda: len(wire.of(BrokerReady)) == 2)
        await asyncio.sleep(20)
        assert not any(quote.delayed for quote in wire.quotes.values())

    on_the_wire(script)


def test_an_expired_or_unlisted_contract_is_refused_once_and_not_asked_for_again():
    async def script(wire):
        unlisted = replace(LEGS[0], strike=2601.5)
        await wire.trading()
        wire.broker.watch((*WATCHED, unlisted))
        await asyncio.sleep(300)
        (refused,) = wire.of(ContractRefused)
        assert refused.contract == unlisted
        assert set(wire.quotes) == set(WATCHED)

    on_the_wire(script)


def test_a_line_limit_below_the_budget_keeps_the_most_important_lines():
    async def script(wire):
        wire.server.arm(LineLimit(lines=4))
        with capture_logs() as logs:
            await wire.ready()
            await asyncio.sleep(600)
        assert set(wire.quotes) == set(WATCHED[:4])
        assert messages(logs).count(101) <= 2

    on_the_wire(script)


def test_a_tick_after_its_line_was_given_back_belongs_to_nobody():
    async def script(wire):
        await wire.trading()
        (late,) = wire.server.arm(LateTick())
        wire.broker.watch((SPX,))
        await asyncio.sleep(10)
        wire.broker.watch(WATCHED)
        await asyncio.sleep(30)
        assert late.hits == 5
        assert all(event.quote.bid != 77_777.0 for event in wire.of(QuoteUpdated))
        assert wire.of(BrokerLost) == []

    on_the_wire(script)


def test_a_single_lost_line_is_asked_for_again():
    async def script(wire):
        await wire.trading()
        (lost,) = wire.server.arm(LineLost(symbols="VIX"))
        assert lost.hits == 1
        wire.quotes.clear()
        await wire.until(lambda: set(wire.quotes) == set(WATCHED), 30)

    on_the_wire(script)


@pytest.mark.parametrize(
    "text",
    [
        "Historical data request pacing violation",
        "HMDS query returned no data",
        "API historical data query cancelled: 7",
        "No market data permissions for CBOE IND",
    ],
)
def test_refused_bars_are_asked_for_again_without_haste(text):
    async def script(wire):
        (pacing,) = wire.server.arm(HistPacing(text=text, for_s=1500))
        await wire.ready()
        await asyncio.sleep(1490)
        assert wire.of(DailyClosesLoaded) == []
        assert pacing.hits <= HISTORIES_MAX * 6  # every five minutes
        await wire.until(lambda: len(wire.of(DailyClosesLoaded)) >= 3)
        assert wire.of(BrokerLost) == []

    on_the_wire(script)


def test_a_gateway_that_rejects_fast_talkers_never_has_to():
    async def script(wire):
        with capture_logs() as logs:
            await wire.trading()
            await asyncio.sleep(5)
            for number in range(60):
                try:
                    wire.broker.place(an_order(f"many-{number}", CONDOR, 1, str(FAR)))
                except RuntimeError:
                    break
                await asyncio.sleep(1 / 30)
            await asyncio.sleep(5)
        assert 100 not in messages(logs)
        assert wire.of(BrokerLost) == []

    on_the_wire(script)


def test_a_gateway_that_paces_delays_answers_and_loses_none():
    async def script(wire):
        wire.server.arm(MsgRate(mode="pace", limit=10))
        await wire.trading()
        await wire.placed()
        await wire.until(lambda: len(wire.of(OrderAccepted)) == 1)
        wire.server.director.disarm()
        wire.broker.cancel("condor-1")
        await wire.until(lambda: not wire.server.gateway.orders.orders(), 5)
        await asyncio.sleep(60)
        assert (len(wire.of(OrderCanceled)), wire.of(BrokerLost)) == (1, [])
        assert set(wire.quotes) == set(WATCHED)

    on_the_wire(script)


def test_100_and_its_third_strike_are_a_lost_connection_and_nothing_worse():
    async def script(wire):
        await wire.trading()
        await wire.placed()
        wire.server.arm(MsgRate(limit=1))
        for ref in ("a", "b", "c", "d", "e", "f"):
            wire.broker.place(an_order(ref, CONDOR, 1, str(FAR), created_at=wire.clock.now()))
        await wire.until(lambda: bool(wire.of(BrokerLost)), 60)
        wire.server.arm(MsgRate(limit=50))
        await wire.until(lambda: len(wire.of(BrokerReady)) == 2)
        await asyncio.sleep(60)
        sent = [order.request.order_ref for order in wire.server.gateway.orders.orders()]
        assert len(sent) == len(set(sent))
        accepted = {event.order_ref for event in wire.of(OrderAccepted)}
        assert accepted == set(sent)

    on_the_wire(script)


# Quotes without an error code


@pytest.mark.parametrize("kind", ["crossed", "minus-one", "zero-size", "nan", "unset"])
def test_a_pair_that_cannot_be_true_is_no_pair(kind):
    async def script(wire):
        await wire.trading()
        wire.server.arm(BadQuotes(kind=kind, symbols="SPX"))
        await asyncio.sleep(120)
        spoiled = [wire.quotes[leg] for leg in LEGS]
        assert all(quote.mid is None for quote in spoiled)
        assert all(side is None or 0 < side < 1e6 for q in spoiled for side in (q.bid, q.ask))
        wire.server.director.disarm()
        await wire.until(lambda: all(wire.quotes[leg].mid is not None for leg in LEGS), 300)

    on_the_wire(script)


def test_a_locked_market_is_a_market():
    async def script(wire):
        await wire.trading()
        wire.server.arm(BadQuotes(kind="locked", symbols="SPX"))
        await asyncio.sleep(120)
        assert all(wire.quotes[leg].bid == wire.quotes[leg].ask is not None for leg in LEGS)

    on_the_wire(script)


def test_a_close_alone_is_no_price():
    async def script(wire):
        wire.server.arm(BadQuotes(kind="close-only"))
        await wire.ready()
        await asyncio.sleep(120)
        assert all(q.bid is None and q.ask is None and q.last is None for q in wire.quotes.values())
        assert any(q.close is not None for q in wire.quotes.values())

    on_the_wire(script)


def test_frozen_quotes_keep_the_time_at_which_they_were_last_said():
    async def script(wire):
        await wire.trading()
        await asyncio.sleep(10)
        wire.server.arm(StaleQuotes())
        await asyncio.sleep(1)
        frozen_at = wire.clock.now()
        await asyncio.sleep(300)
        assert all(quote.at <= frozen_at for quote in wire.quotes.values())
        assert wire.of(BrokerLost) == []

    on_the_wire(script)


def test_quotes_that_stay_frozen_after_1102_are_asked_for_again_until_they_move():
    async def script(wire):
        await wire.trading()
        wire.server.arm(StaleQuotes(for_s=100))
        wire.server.arm(ServersLost(for_s=20))
        await wire.until(lambda: len(wire.of(BrokerReady)) == 2)
        wire.quotes.clear()
        await asyncio.sleep(60)
        assert wire.quotes == {}
        await wire.until(lambda: set(wire.quotes) == set(WATCHED), 120)

    on_the_wire(script)


def test_a_halt_is_in_the_quote_and_ends_with_it():
    async def script(wire):
        await wire.trading()
        wire.server.arm(Halt(for_s=100))
        await asyncio.sleep(60)
        assert all(wire.quotes[leg].halted for leg in LEGS)
        await wire.placed(limit=wire.mid() + Decimal("0.50"))
        assert wire.of(OrderFilled) == []
        await asyncio.sleep(60)
        assert not any(wire.quotes[leg].halted for leg in LEGS)
        await wire.until(lambda: len(wire.of(OrderFilled)) == 4)

    on_the_wire(script)


def test_greeks_that_were_not_computed_are_not_needed():
    async def script(wire):
        (none,) = wire.server.arm(GreeksNone())
        await wire.trading()
        assert none.hits > 0
        assert all(wire.quotes[leg].mid is not None for leg in LEGS)

    on_the_wire(script)


@pytest.mark.parametrize(
    "fault",
    [
        DblMax(message="6", place=3),  # account values
        Garbled(message="6", place=3, text="nan"),
        Garbled(message="6", place=3, text=""),
    ],
    ids=["largest double", "nan", "empty"],
)
def test_an_account_value_that_is_not_available_is_not_a_number_of_the_desk_s(fault):
    async def script(wire):
        await wire.trading()
        before = wire.of(AccountUpdated)[-1]
        wire.server.arm(fault)
        wire.events.clear()
        await asyncio.sleep(400)
        assert wire.of(AccountUpdated) == [] or all(
            event.net_liquidation == before.net_liquidation for event in wire.of(AccountUpdated)
        )

    on_the_wire(script)
