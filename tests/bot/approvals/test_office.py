"""The office between a real journal, a real loop and commands as they come."""

import asyncio
import dataclasses
from decimal import Decimal

import pytest
import structlog
from msgspec.structs import replace as altered

from bot.approvals.envelope import encode_envelope, sealed
from bot.approvals.office import RECORDED_PER_MINUTE, ApprovalOffice, Desked
from bot.approvals.spool import Spool, put_command, read_answer
from bot.clock_watch import ClockWatch
from bot.control import ControlFile, Request
from bot.execute import Executor
from bot.gate import SendGate
from bot.inbox import Inbox
from bot.journal.reading import JournalReader
from bot.journal.sqlite import SqliteJournal
from bot.loop import DeskLoop
from bot.ports import Delivery
from bot.recovery import first_desk, folded
from config.load import session_calendar
from domain.desk import TradingState
from domain.events import ClockTicked, CommandAccepted, CommandRefused, HaltRequested
from domain.orders import OrderStatus
from engine.policy import Policy
from engine.raised import in_force
from tests.bot.approvals.world import (
    ACCOUNT,
    ACTIONS,
    DAEMON,
    ORDER,
    POLICY,
    SECRETS,
    SOLD_BY_HAND,
    World,
    sign,
)
from tests.bot.samples import AT, CALL, after
from tests.fakes.broker import FakeBroker
from tests.fakes.clock import FakeClock
from tests.fakes.telemetry import FakeTelemetry

SPOOL = Delivery("spool")


class Daemon:
    """A loop with an office, on the world's desk. ``drain`` is one turn."""

    def __init__(self, folder, needed=2):
        self.world = World(needed, 3)
        self.clock, self.steady_s = FakeClock(after(60)), 0.0
        self.journal = SqliteJournal(folder / "journal.sqlite")
        self.journal.begin_life("run", AT, "c0ffee", "policy")
        self.inbox, self.control = Inbox(), ControlFile(folder / "control.json")
        self.loop = DeskLoop(
            self.world.desk,
            POLICY,
            self.inbox,
            self.journal,
            Executor(FakeBroker(), FakeTelemetry(), self.inbox, self.clock, SendGate()),
            FakeBroker(),
        )
        self.loop.turn([HaltRequested(AT, "anna", "once more, for the journal")])
        self.office = ApprovalOffice(
            DAEMON,
            ACCOUNT,
            POLICY,
            self.clock,
            Desked(lambda: self.loop.desk, self.inbox.put, self.journal.since, self.control),
            ClockWatch(self.clock, lambda: self.steady_s),
        )

    def raw(self, name, **changes):
        self.world.desk = self.loop.desk
        seq, head = self.journal.head
        stops = name in ("halt", "reduce")
        where = {} if stops else {"journal_seq": seq, "journal_head": head}
        return self.world.raw(name, **{**where, **changes})

    def submit(self, raw):
        return self.office.submit(raw, SPOOL)

    async def drain(self):
        self.loop.turn(await self.inbox.drain())
        return self.loop.desk


@pytest.fixture
def daemon(tmp_path):
    made = Daemon(tmp_path)
    yield made
    made.journal.close()


async def test_a_resume_takes_effect_and_its_replay_does_not(daemon):
    raw = daemon.raw("resume")
    assert daemon.submit(raw).accepted
    assert daemon.submit(raw).reason == "nonce_used"  # not even folded yet
    assert (await daemon.drain()).trading is TradingState.ACTIVE
    assert daemon.submit(raw).reason == "nonce_used"


async def test_after_a_restart_the_journal_still_knows_what_was_used(daemon, tmp_path):
    raw = daemon.raw("resume")
    daemon.submit(raw)
    live = await daemon.drain()
    daemon.journal.close()
    reader = JournalReader(tmp_path / "journal.sqlite")
    desk, _ = folded(first_desk(session_calendar()), reader.records())
    reader.close()
    assert desk.approvals.used == live.approvals.used
    assert desk.approvals.used


async def test_nonce_and_effect_are_in_one_batch(daemon, tmp_path):
    daemon.submit(daemon.raw("halt"))
    await daemon.drain()
    daemon.journal.close()
    reader = JournalReader(tmp_path / "journal.sqlite")
    places = {row.kind: row.batch for row in reader.rows()}
    reader.close()
    assert places["CommandAccepted"] == places["HaltRequested"]


async def test_a_stop_after_the_resume_was_queued_stays(daemon):
    assert daemon.submit(daemon.raw("resume")).accepted
    batch = await daemon.inbox.drain()
    daemon.loop.turn([HaltRequested(after(60), "ben", "no"), *batch])
    assert daemon.loop.desk.trading is TradingState.HALTED


async def test_a_stop_that_lies_unheard_in_its_file_is_not_resumed_away(daemon):
    raw = daemon.raw("resume")
    daemon.control.write(Request("halt", "cleo", "smoke", AT))
    answer = daemon.submit(raw)
    assert (answer.accepted, answer.reason) == (False, "situation_changed")
    assert daemon.control.present
    assert (await daemon.drain()).trading_why == "cleo: smoke"


async def test_a_resume_takes_the_file_away_that_it_was_told_of(daemon):
    daemon.control.write(Request("halt", "cleo", "smoke", AT))
    daemon.inbox.put(daemon.control.news(AT))
    await daemon.drain()
    assert daemon.submit(daemon.raw("resume")).accepted
    assert not daemon.control.present


async def test_two_plans_cannot_take_effect_side_by_side(daemon):
    first, second = daemon.raw("raise_limit"), daemon.raw("adopt_position", nonce="77" * 16)
    assert daemon.submit(first).accepted
    assert daemon.submit(second).reason == "busy"
    await daemon.drain()
    again = daemon.raw("adopt_position", nonce="78" * 16)
    assert daemon.submit(again).accepted


async def test_a_clock_that_jumps_voids_what_was_signed_before(daemon):
    raw = daemon.raw("resume")
    daemon.clock.forward(10.0)  # and no time has passed
    assert daemon.submit(raw).reason == "voided"
    await daemon.drain()
    assert daemon.submit(raw).reason == "voided"
    assert daemon.submit(daemon.raw("resume")).accepted


async def test_a_clock_set_back_does_not_bring_an_expired_plan_to_life(daemon):
    raw = daemon.raw("halt")
    daemon.loop.turn([ClockTicked(after(7200))])
    daemon.clock.at = after(60)
    assert daemon.submit(raw).reason == "expired"


async def test_a_limit_is_raised_for_its_time_only(daemon):
    assert daemon.submit(daemon.raw("raise_limit")).accepted
    desk = await daemon.drain()
    assert in_force(POLICY, desk).limits.condors_max == 8
    later = dataclasses.replace(desk, now=after(86_401))
    assert in_force(POLICY, later).limits.condors_max == Policy().limits.condors_max


async def test_adopted_contracts_end_the_dispute_with_the_broker(daemon):
    assert CALL in daemon.loop.desk.mismatched
    assert daemon.submit(daemon.raw("adopt_position")).accepted
    assert CALL not in (await daemon.drain()).mismatched


async def test_what_was_sold_by_hand_is_written_off_at_the_price_told(daemon):
    assert SOLD_BY_HAND in daemon.loop.desk.mismatched
    assert daemon.submit(daemon.raw("write_off")).accepted
    desk = await daemon.drain()
    assert SOLD_BY_HAND not in desk.mismatched
    (tranche,) = desk.book.tranches.values()
    assert (tranche.quantity, tranche.realized) == (0, Decimal(-50))  # 2 x 100 x (0.45 - 0.70)
    assert daemon.submit(daemon.raw("write_off", nonce="81" * 16)).reason == "not_possible"


@pytest.mark.parametrize(
    ("filled", "prices", "status"),
    [(2, ("10.00", "12.10", "9.05", "7.95"), OrderStatus.FILLED), (0, (), OrderStatus.CANCELED)],
)
async def test_an_uncertain_order_is_resolved_as_told(daemon, filled, prices, status):
    asked = altered(ACTIONS["resolve_order"], filled=filled, prices=prices)
    assert daemon.submit(daemon.raw("resolve_order", action=asked)).accepted
    desk = await daemon.drain()
    assert desk.orders[ORDER.order_ref].status is status
    assert not desk.uncertain
    assert desk.book.condor_contracts == filled


async def test_new_keys_count_at_once_and_the_old_no_more(daemon):
    assert daemon.submit(daemon.raw("change_keys")).accepted
    await daemon.drain()
    halt = daemon.raw("halt", nonce="79" * 16)  # anna is in both
    assert daemon.submit(halt).accepted
    late = sign_by_cleo(daemon)
    assert daemon.submit(late).reason == "key_unknown"


def sign_by_cleo(daemon):
    daemon.world.desk = daemon.loop.desk
    plan = daemon.world.plan("halt", nonce="80" * 16)
    return encode_envelope(sign(sealed(plan), SECRETS["cleo"]))


async def test_every_refusal_is_logged_and_journaled_but_a_flood_is_counted(daemon):
    with structlog.testing.capture_logs() as logs:
        for number in range(500):
            daemon.submit(b"rubbish %d" % number)
        batch = await daemon.inbox.drain()
        daemon.clock.forward(61)
        daemon.steady_s += 61
        daemon.submit(b"more rubbish")
    assert len(batch) == RECORDED_PER_MINUTE
    assert {type(event) for event in batch} == {CommandRefused}
    assert batch[0].reason == "malformed"
    assert len(logs) == RECORDED_PER_MINUTE + 1
    assert (await daemon.inbox.drain())[-1].more == 500 - RECORDED_PER_MINUTE


async def test_without_a_key_ring_nothing_can_be_signed(daemon):
    approvals = dataclasses.replace(daemon.loop.desk.approvals, ring="")
    raw = daemon.raw("resume")
    daemon.loop.desk = dataclasses.replace(daemon.loop.desk, approvals=approvals)
    assert daemon.submit(raw).reason == "key_unknown"


async def test_the_folder_takes_commands_and_gives_answers(daemon, tmp_path):
    spool = Spool(tmp_path / "spool", daemon.office)
    assert spool.look() == 0
    good = put_command(spool.folder, daemon.raw("resume"), "one")
    bad = put_command(spool.folder, b"x" * 100_000, "two")
    (spool.folder / "three.command").symlink_to("/etc/passwd")
    assert spool.look() == 3
    assert read_answer(good).accepted
    assert read_answer(bad).reason == "too_large"
    assert sorted(path.suffix for path in spool.folder.iterdir()) == [".answer", ".answer"]
    assert (await daemon.drain()).trading is TradingState.ACTIVE


async def test_a_folder_that_cannot_be_read_costs_one_line(daemon, tmp_path):
    (tmp_path / "file").write_text("")
    spool = Spool(tmp_path / "file" / "spool", daemon.office, look_s=0.0)
    with structlog.testing.capture_logs() as logs:
        task = asyncio.ensure_future(spool.run())
        for _ in range(20):
            await asyncio.sleep(0)
        task.cancel()
    assert [line["event"] for line in logs] == ["command.spool_failed"]


async def test_no_secret_reaches_journal_or_log(daemon, tmp_path):
    with structlog.testing.capture_logs() as logs:
        daemon.submit(daemon.raw("resume"))
        daemon.submit(b'{"payload_type":"' + SECRETS["anna"].encode().hex().encode() + b'"}')
        await daemon.drain()
    daemon.journal.close()
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for secret in SECRETS.values():
        for canary in (secret.encode(), secret.encode().hex().encode()):
            assert canary not in written
            assert canary.decode("latin-1") not in repr(logs)
    assert ACCOUNT.encode() not in written
    assert any(isinstance(event, CommandAccepted) for event in [*_events(tmp_path)])


def _events(folder):
    reader = JournalReader(folder / "journal.sqlite")
    try:
        yield from reader.records()
    finally:
        reader.close()
