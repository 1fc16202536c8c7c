"""Section A: the connection and the session behind it go wrong in every way they are known to."""

import asyncio
import itertools
from decimal import Decimal

import pytest
from structlog.testing import capture_logs

from bot.ports import BrokerUnavailable
from domain.events import (
    BrokerLost,
    BrokerReady,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
    OrderUncertain,
    PositionsReported,
    QuoteUpdated,
)
from sim.gateway.faults.connection_faults import (
    CUTS,
    Coalesce,
    Drop,
    HoldClientId,
    HugeFrame,
    OldVersion,
    RefuseConnect,
    SlowConnect,
    Split,
)
from sim.gateway.faults.order_faults import FillNow, LateFillWhileDown
from sim.gateway.faults.session_faults import (
    CompetingLogin,
    DailyRestart,
    FlapFarm,
    Nightly,
    Notice,
    ReadOnly,
    ResetOrderIds,
    ServersLost,
    Weekly2fa,
)
from sim.gateway.faults.wire_faults import NeverAnswer
from tests.bot.broker.builders import an_order
from tests.faults.books import held, legs_filled, received
from tests.scenarios.wire.harness import CONDOR, FAR, WATCHED, on_the_wire

pytestmark = pytest.mark.scenario
REF = "condor-1"


async def ready_again(wire, times=2, within_s=300.0):
    await wire.until(lambda: len(wire.of(BrokerReady)) == times, within_s)


# Refused, slow, occupied, too old


def test_a_gateway_that_refuses_connections_is_asked_again_ever_more_slowly_until_it_answers():
    async def script(wire):
        await wire.trading()
        attempts = []
        connect = wire.loop.create_connection

        async def counted(*args, **kwargs):
            attempts.append(wire.loop.time())
            return await connect(*args, **kwargs)

        wire.loop.create_connection = counted
        wire.server.arm(RefuseConnect(for_s=600), Drop())
        await asyncio.sleep(590)
        assert len(wire.of(BrokerLost)) == 1
        gaps = [later - earlier for earlier, later in itertools.pairwise(attempts)]
        assert max(gaps[-3:]) > 4 * gaps[0]
        assert max(gaps) <= 61
        await ready_again(wire, within_s=80)

    on_the_wire(script)


def test_a_connection_that_is_accepted_and_hears_nothing_is_given_up_and_tried_again():
    async def script(wire):
        wire.server.arm(SlowConnect(delay_s=120, times=2))
        wire.server.start_in_memory()
        with capture_logs() as logs:
            wire.start()
            await wire.until(lambda: bool(wire.of(BrokerReady)), 200)
        reasons = [e["reason"] for e in logs if e["event"] == "broker.unreachable"]
        assert reasons[0] == "no answer to the handshake"
        assert len(wire.server.gateway.sessions) == 1

    on_the_wire(script)


def test_326_after_a_loss_is_waited_for_with_the_same_id_and_without_hurry():
    async def script(wire):
        await wire.trading()
        (held_id,) = wire.server.arm(HoldClientId(hold_s=45, times=1))
        wire.server.arm(Drop())
        with capture_logs() as logs:
            await ready_again(wire)
        names = [entry["event"] for entry in logs]
        assert "broker.client_id_in_use" in names
        assert held_id.hits == 1
        assert [s.client_id for s in wire.server.gateway.sessions] == [1]

    on_the_wire(script)


def test_a_gateway_of_an_old_version_is_never_taken_for_ready():
    async def script(wire):
        wire.server.arm(OldVersion())
        wire.server.start_in_memory()
        with capture_logs() as logs:
            wire.start()
            await asyncio.sleep(300)
        assert wire.of(BrokerReady) == []
        assert any("version" in e["reason"] for e in logs if e["event"] == "broker.unreachable")

    on_the_wire(script)


# Cut


@pytest.mark.parametrize("how", CUTS)
@pytest.mark.parametrize("lost", [False, True], ids=["order arrived", "order lost"])
def test_an_order_whose_connection_is_cut_before_any_answer_is_uncertain_and_never_sent_again(
    how, lost
):
    async def script(wire):
        await wire.trading()
        wire.server.arm(Drop(how=how, ref=REF, times=1, lost=lost))
        wire.broker.place(an_order(REF, CONDOR, 1, str(FAR), created_at=wire.clock.now()))
        await wire.until(lambda: bool(wire.of(OrderUncertain)), 200)
        await ready_again(wire, within_s=400)
        await asyncio.sleep(120)
        assert len(wire.of(OrderUncertain)) == 1
        assert len(wire.of(OrderAccepted)) == (0 if lost else 1)
        assert len(wire.of(OrderCanceled)) == (1 if lost else 0)
        assert received(wire) == ({} if lost else {REF: 1})

    on_the_wire(script)


def test_a_half_open_socket_is_found_by_asking_and_left():
    async def script(wire):
        await wire.trading()
        wire.server.arm(Drop(how="half-open"))
        before = wire.loop.time()
        await wire.until(lambda: bool(wire.of(BrokerLost)), 200)
        assert wire.loop.time() - before <= 160
        with pytest.raises(BrokerUnavailable):
            wire.broker.place(an_order(REF, CONDOR, 1, str(FAR)))
        await ready_again(wire)

    on_the_wire(script)


@pytest.mark.parametrize("size", [1, 3, 5])
def test_frames_split_anywhere_say_the_same(size):
    async def script(wire):
        (torn,) = wire.server.arm(Split(size=size, times=40))
        await wire.trading()
        await wire.placed(limit=wire.mid() + Decimal("0.50"))
        await wire.until(lambda: len(wire.of(OrderFilled)) == 4)
        assert torn.hits == 40
        assert legs_filled(wire) == held(wire) != {}
        assert (len(wire.of(OrderAccepted)), wire.of(BrokerLost)) == (1, [])

    on_the_wire(script)


def test_frames_that_arrive_together_say_the_same():
    async def script(wire):
        wire.server.arm(Coalesce(wait_s=3.0))
        await wire.trading()
        await wire.placed(limit=wire.mid() + Decimal("0.50"))
        await wire.until(lambda: len(wire.of(OrderFilled)) == 4)
        assert len(wire.of(OrderAccepted)) == 1

    on_the_wire(script)


def test_a_frame_of_two_gibibytes_ends_the_connection_before_it_is_buffered():
    async def script(wire):
        await wire.trading()
        wire.server.arm(HugeFrame())
        await asyncio.sleep(0.5)
        (lost,) = wire.of(BrokerLost)
        assert "2147483647 bytes" in lost.reason
        await ready_again(wire)

    on_the_wire(script)


def test_connected_but_not_logged_in_is_a_failed_start():
    async def script(wire):
        wire.server.arm(NeverAnswer(message="62+54", for_s=200))
        wire.server.start_in_memory()
        wire.start()
        await asyncio.sleep(195)
        assert wire.of(BrokerReady) == []
        with pytest.raises(BrokerUnavailable):
            wire.broker.place(an_order(REF, CONDOR))
        await wire.until(lambda: bool(wire.of(BrokerReady)), 200)

    on_the_wire(script)


# Servers and farms


@pytest.mark.parametrize("first", [1100, 2110])
@pytest.mark.parametrize("code", [1101, 1102])
def test_lost_servers_are_one_loss_and_their_return_proves_orders_and_quotes(first, code):
    async def script(wire):
        await wire.trading()
        await wire.placed()
        wire.quotes.clear()
        wire.server.arm(ServersLost(first=first, code=code, for_s=90))
        await asyncio.sleep(60)
        assert len(wire.of(BrokerLost)) == 1
        assert wire.quotes == {}
        with pytest.raises(BrokerUnavailable):
            wire.broker.modify(REF, Decimal("-39.50"))
        wire.server.arm(FillNow())  # nobody is told of it, now or later
        await ready_again(wire)
        await asyncio.sleep(1)
        assert legs_filled(wire) == held(wire) != {}
        await wire.until(lambda: set(wire.quotes) == set(WATCHED), 30)
        assert len(wire.server.gateway.sessions) == 1
        assert received(wire) == {REF: 1}

    on_the_wire(script)


def test_lines_that_stay_dead_though_their_data_were_maintained_are_asked_for_again():
    async def script(wire):
        await wire.trading()
        wire.server.arm(ServersLost(for_s=30, farms="ushmds", down="usfarm;usopt"))
        await ready_again(wire)
        wire.quotes.clear()
        await asyncio.sleep(9)
        assert wire.quotes == {}
        await wire.until(lambda: set(wire.quotes) == set(WATCHED), 30)

    on_the_wire(script)


@pytest.mark.parametrize("service", ["md", "hmds", "secdef"])
def test_a_flapping_farm_costs_neither_the_connection_nor_readiness(service):
    async def script(wire):
        await wire.trading()
        session = wire.client
        wire.server.arm(FlapFarm(service=service, for_s=120))
        await asyncio.sleep(60)
        await wire.placed()
        await asyncio.sleep(60)
        assert wire.of(BrokerLost) == []
        assert wire.client is session
        assert len(wire.of(OrderAccepted)) == 1

    on_the_wire(script)


@pytest.mark.parametrize("code", [2104, 2106, 2107, 2108, 2119, 2158, 1300, 300, 366, 10311])
def test_messages_about_services_change_nothing(code):
    async def script(wire):
        await wire.trading()
        wire.server.arm(Notice(code=code, text="some farm", every_s=1, for_s=20))
        await asyncio.sleep(30)
        before = len(wire.of(QuoteUpdated))
        await asyncio.sleep(30)
        assert len(wire.of(QuoteUpdated)) > before
        assert wire.of(BrokerLost) == []

    on_the_wire(script)


# Nights, restarts, logins


def test_the_nightly_reset_is_one_loss_and_one_return():
    async def script(wire):
        await wire.trading()
        wire.server.arm(Nightly(at=60.0))
        await asyncio.sleep(60 + 530)
        assert len(wire.of(BrokerLost)) == 1
        await ready_again(wire, within_s=60)
        assert len(wire.server.gateway.sessions) == 1

    on_the_wire(script)


def test_orders_survive_the_daily_restart_and_are_found_again():
    async def script(wire):
        await wire.trading()
        await wire.placed()
        wire.server.arm(DailyRestart(at=10.0))
        await asyncio.sleep(60)
        assert len(wire.of(BrokerLost)) == 1
        await ready_again(wire)
        assert wire.of(OrderUncertain) == wire.of(OrderCanceled) == []
        wire.broker.cancel(REF)
        await wire.until(lambda: len(wire.of(OrderCanceled)) == 1)
        assert received(wire) == {REF: 1}

    on_the_wire(script)


def test_order_ids_that_begin_again_at_one_meet_none_of_the_old_ones():
    async def script(wire):
        await wire.trading()
        for number in range(3):
            await wire.placed(f"old-{number}")
        wire.server.arm(ResetOrderIds())
        wire.server.arm(Drop())
        await ready_again(wire)
        await wire.placed("new-1")
        await wire.placed("new-2")
        assert received(wire) == {"old-0": 1, "old-1": 1, "old-2": 1, "new-1": 1, "new-2": 1}
        assert wire.of(OrderRejected) == []

    on_the_wire(script)


def test_a_login_that_waits_for_a_person_is_never_ready_and_recovers_by_itself():
    async def script(wire):
        await wire.trading()
        wire.server.arm(Weekly2fa(at=10.0, for_s=7200.0))
        await asyncio.sleep(7100)
        assert len(wire.of(BrokerLost)) == len(wire.of(BrokerReady)) == 1
        await ready_again(wire, within_s=400)

    on_the_wire(script)


def test_a_competing_login_blanks_the_quotes_and_is_not_fought_over():
    async def script(wire):
        await wire.trading()
        (rival,) = wire.server.arm(CompetingLogin(for_s=300))
        await asyncio.sleep(30)
        assert all(wire.quotes[leg.contract].mid is None for leg in CONDOR)
        await asyncio.sleep(260)
        assert rival.memory["requests"] <= 6 * 5  # each line at most once a minute
        await asyncio.sleep(130)
        assert all(wire.quotes[leg.contract].mid is not None for leg in CONDOR)
        assert wire.of(BrokerLost) == []

    on_the_wire(script)


def test_a_read_only_gateway_rejects_and_nothing_is_sent_twice():
    async def script(wire):
        await wire.trading()
        (refusal,) = wire.server.arm(ReadOnly())
        await wire.placed()
        await asyncio.sleep(60)
        (rejected,) = wire.of(OrderRejected)
        assert rejected.code == 321
        assert "Read-Only" in rejected.reason
        assert refusal.hits == 1

    on_the_wire(script)


# Section B


@pytest.mark.parametrize("down_s", [20.0, 900.0])
def test_a_fill_of_the_gap_is_told_once_before_readiness(down_s):
    async def script(wire):
        await wire.trading()
        await wire.placed()
        wire.server.arm(LateFillWhileDown(), RefuseConnect(for_s=down_s), Drop())
        await ready_again(wire, within_s=down_s + 100)
        kinds = [type(event) for event in wire.events if not isinstance(event, QuoteUpdated)]
        after_loss = kinds[kinds.index(BrokerLost) :]
        assert after_loss.count(OrderFilled) == 4
        assert after_loss.index(OrderFilled) < after_loss.index(BrokerReady)
        assert legs_filled(wire) == held(wire)
        assert dict(wire.of(PositionsReported)[-1].positions) == held(wire)
        wire.server.arm(Drop())  # and told no more
        await ready_again(wire, times=3, within_s=100)
        assert len(wire.of(OrderFilled)) == 4

    on_the_wire(script)
