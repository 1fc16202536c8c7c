"""The whole daemon with keys, a folder for commands and a real MQTT broker; no gateway answers."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest
import structlog

from bot.app import Plan, config_hash, run_daemon
from bot.approvals.envelope import encode_envelope, sealed
from bot.approvals.keyring import encode_ring
from bot.approvals.opening import ResumeRefused, config_shares
from bot.approvals.proposing import Proposer, action_from, proposed
from bot.approvals.spool import put_command, read_answer
from bot.clock import SystemClock
from bot.journal.reading import JournalReader
from bot.journal.sqlite import SqliteJournal
from bot.recovery import first_desk, folded
from bot.telemetry.connecting import client_for
from bot.telemetry.sending import send_command
from config.load import session_calendar
from config.settings import (
    ApprovalSettings,
    BrokerSettings,
    ControlSettings,
    JournalSettings,
    Settings,
)
from domain.desk import TradingState
from domain.events import AccountUpdated, ConfigAccepted, HaltRequested, KeyRingChanged
from tests.bot.approvals.world import ACCOUNT, SECRETS, ring_of, sign
from tests.scenarios.mqtt.broker import (
    free_port,
    heard,
    mosquitto,
    needs_mosquitto,
    open_config,
    settings_on,
)

pytestmark = [*needs_mosquitto, pytest.mark.timeout(60)]
CANARY = "canary-6f1d2c"
RING = ring_of(2, 3)


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "keys.json").write_bytes(encode_ring(RING))
    return Settings(
        broker=BrokerSettings(port=free_port(), account=ACCOUNT),
        journal=JournalSettings(path=tmp_path / "journal.sqlite"),
        control=ControlSettings(path=tmp_path / "control.json"),
        approvals=ApprovalSettings(
            daemon="desk-1", key_ring=tmp_path / "keys.json", spool=tmp_path / "spool"
        ),
        mqtt=settings_on(free_port(), username="daemon", password=CANARY),
    )


@pytest.fixture
def past(settings):
    """What an earlier life left behind: an account, the keys, and a halt."""
    now, shares = SystemClock().now(), config_shares(settings.policy())
    journal = SqliteJournal(settings.journal.path)
    journal.begin_life("before", now, "c0ffee", "policy")
    events = [
        KeyRingChanged(now, encode_ring(RING).decode(), "ceremony"),
        ConfigAccepted(now, config_hash(settings), shares, "ceremony"),
        AccountUpdated(now, net_liquidation=Decimal(1_000_000)),
        HaltRequested(now, "anna", "smoke"),
    ]
    journal.append(events, [])
    journal.close()


def plan_of(settings, resume=""):
    return Plan(
        run_id="run-1",
        policy=settings.policy(),
        calendar=session_calendar(),
        clock=SystemClock(),
        resume=resume,
        report_health=False,
    )


def command(settings, fields, *names, number=1):
    """Proposed on the journal as it lies there, and signed."""
    reader = JournalReader(settings.journal.path)
    desk, _ = folded(first_desk(session_calendar()), reader.records())
    head = reader.head
    reader.close()
    proposer = Proposer("desk-1", ACCOUNT, settings.policy(), lambda: f"{number:032x}")
    times = (SystemClock().now(), timedelta(hours=1))
    plan = proposed(action_from(fields), proposer, desk, head, times)
    return encode_envelope(sign(sealed(plan), *(SECRETS[name] for name in names)))


@pytest.mark.usefixtures("past")
async def test_from_a_halt_through_two_signatures_and_back_to_a_halt(settings, tmp_path):
    plan, stop, port = plan_of(settings), asyncio.Event(), settings.mqtt.port
    resume = {"do": "resume", "why": "aired out"}
    with structlog.testing.capture_logs() as logs:
        async with mosquitto(open_config(port), port, tmp_path):
            daemon = asyncio.ensure_future(run_daemon(settings, plan, stop))
            async with client_for(settings.mqtt, "viewer") as viewer:
                await viewer.subscribe("condorbot/#", qos=1)
                await heard(viewer, "state", lambda body: body["trading_state"] == "halted")
                beat = await heard(viewer, "heartbeat", lambda body: True)
                short = put_command(
                    settings.approvals.spool, command(settings, resume, "anna", number=1), "1"
                )
                good = put_command(
                    settings.approvals.spool, command(settings, resume, "anna", "ben"), "2"
                )
                await heard(viewer, "decisions", lambda body: body["topic"] == "trading")
                told = await heard(viewer, "state", lambda body: body["trading_state"] == "active")
                assert read_answer(short).reason == "too_few_signatures"
                assert read_answer(good).accepted
                halt = command(settings, {"do": "halt", "why": "again"}, "cleo", number=2)
                assert (await send_command(settings.mqtt, halt, 10.0)).accepted
                last = await heard(viewer, "state", lambda body: body["trading_state"] == "halted")
                assert last["trading_why"] == "cleo: again"
            stop.set()
            ending = await daemon
    assert ending.error is None
    assert plan.opened[-1].desk.trading is TradingState.HALTED
    holds(settings, beat)
    said = repr(logs) + repr([told, last, beat])
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*.sqlite*"))
    assert CANARY not in said
    assert ACCOUNT not in said
    assert CANARY.encode() not in written


def holds(settings, beat):
    """The head that was told over MQTT is in the journal: it has not lost its end."""
    journal = SqliteJournal(settings.journal.path)
    assert journal.since(beat["journal_seq"], beat["journal_head"]) is not None
    assert journal.since(beat["journal_seq"], "00" * 32) is None
    journal.close()
    assert msgspec.json.encode(beat)


@pytest.mark.usefixtures("past")
async def test_one_person_cannot_start_it_into_trading(settings):
    with pytest.raises(ResumeRefused):
        await run_daemon(settings, plan_of(settings, resume="let me"), asyncio.Event())
