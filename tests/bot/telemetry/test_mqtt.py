"""Telemetry against a real mosquitto on a port of its own."""

import asyncio
import json
import shutil
import socket
from contextlib import asynccontextmanager

import aiomqtt
import pytest

from bot.telemetry.mqtt import MqttTelemetry
from bot.telemetry.outbox import KEPT_MAX
from bot.telemetry.topics import Topics, Vitals
from config.load import session_calendar
from config.settings import MqttSettings
from domain.effects import RaiseAlert, Severity
from engine.policy import Policy
from engine.step import open_desk
from engine.views import snapshot
from tests.bot.samples import AT
from tests.fakes.clock import FakeClock

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
pytestmark = [
    pytest.mark.platform(reason="needs Debian's mosquitto"),
    pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed"),
]


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@asynccontextmanager
async def mosquitto(port, tmp_path):
    """A broker that answers when the body starts."""
    config = tmp_path / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        MOSQUITTO, "-c", str(config), stdout=quiet, stderr=quiet
    )
    try:
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            except OSError:
                await asyncio.sleep(0.02)
        yield
    finally:
        process.terminate()
        await process.wait()


def telemetry_on(port):
    settings = MqttSettings(
        enabled=True, port=port, heartbeat_s=0.2, snapshot_s_min=0.01, topic_prefix="test"
    )
    topics = Topics("test", "run-1", "c0ffee")
    return MqttTelemetry(settings, topics, FakeClock(), lambda: Vitals(7, "ab", 1))


def alert(number):
    return RaiseAlert(AT, f"alert-{number}", Severity.WARNING, "a test")


async def messages(port, wanted):
    """The first message on each of ``wanted``."""
    found = {}
    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe("test/#", qos=1)
        async for message in client.messages:
            name = str(message.topic).removeprefix("test/")
            found.setdefault(name, (json.loads(message.payload), message.retain))
            if wanted <= found.keys():
                return found
    raise AssertionError("the broker went away")


async def status(port, state):
    """Returns once the status is ``state``."""
    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe("test/status", qos=1)
        async for message in client.messages:
            if json.loads(message.payload)["state"] == state:
                return


async def test_a_late_subscriber_finds_status_state_positions_and_alerts(port, tmp_path):
    view = snapshot(open_desk(session_calendar(), Policy(), AT), Policy())
    async with asyncio.timeout(20), mosquitto(port, tmp_path):
        telemetry = telemetry_on(port)
        telemetry.publish(view)
        telemetry.alert(alert(1))
        sending = asyncio.ensure_future(telemetry.run())
        await status(port, "online")
        names = {"status", "state", "positions", "alerts/alert-1", "heartbeat"}
        found = await messages(port, names)
        sending.cancel()
        await asyncio.wait([sending])
        await status(port, "offline")

    assert found["status"][0]["state"] == "online"
    assert found["heartbeat"][1] is False
    assert found["heartbeat"][0]["journal_seq"] == 7
    assert found["state"][0]["trading_state"] == "active"
    assert found["alerts/alert-1"][0]["active"] is True


async def test_it_outlives_a_broker_that_goes_away_and_loses_no_alert(port, tmp_path):
    async with asyncio.timeout(30):
        telemetry = telemetry_on(port)
        telemetry.alert(alert(1))
        sending = asyncio.ensure_future(telemetry.run())
        async with mosquitto(port, tmp_path):
            await messages(port, {"status", "alerts/alert-1"})
        telemetry.alert(alert(2))
        async with mosquitto(port, tmp_path):
            await messages(port, {"status", "alerts/alert-2"})
        assert not sending.done()
        sending.cancel()
        await asyncio.wait([sending])


async def test_without_a_broker_alerts_are_bounded_and_nobody_waits(port):
    telemetry = telemetry_on(port)
    for number in range(KEPT_MAX + 5):
        telemetry.alert(alert(number))
    sending = asyncio.ensure_future(telemetry.run())
    await asyncio.sleep(0.05)
    assert not sending.done()
    sending.cancel()
    await asyncio.wait([sending])
    assert telemetry.outbox.waiting == KEPT_MAX
    assert sum(telemetry.outbox.dropped.values()) == 5
