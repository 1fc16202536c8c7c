"""The broker as deployed: TLS 1.3, a certificate for everybody, and what each role may do."""

import asyncio
import ssl

import aiomqtt
import pytest

from bot.telemetry.connecting import client_for
from bot.telemetry.discovery import discovery
from bot.telemetry.topics import TOPICS
from config.load import session_calendar
from domain.effects import RaiseAlert, Severity
from engine.policy import Policy
from engine.step import open_desk
from engine.views import snapshot
from tests.bot.samples import AT
from tests.scenarios.mqtt.broker import (
    Desk,
    answer,
    certificates,
    command,
    free_port,
    heard,
    mosquitto,
    needs_mosquitto,
    operator,
    running,
    settings_on,
    tls_config,
)

pytestmark = [*needs_mosquitto, pytest.mark.timeout(60)]
TOLD = [topic.name.replace("<code>", "test") for topic in TOPICS]
RIGHTS = {  # role: what it may say, what it may hear
    "daemon": ({*TOLD}, {"commands"}),
    "viewer": (set(), {*TOLD} - {"answers"}),
    "operator": ({"commands"}, {*TOLD, "commands"}),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def port():
    return free_port()


def as_role(role, port, folder, **changes):
    return settings_on(port, **{
        "tls": True,
        "ca_file": folder / "ca.crt",
        "cert_file": folder / f"{role}.crt",
        "key_file": folder / f"{role}.key",
        "client_id": role,
        **changes,
    })  # fmt: skip


async def test_the_daemon_tells_a_viewer_everything_and_obeys_an_operator(port, folder, tmp_path):
    desk = Desk(as_role("daemon", port, folder, home_assistant=True), tmp_path)
    desk.telemetry.publish(snapshot(open_desk(session_calendar(), Policy(), AT), Policy()))
    desk.telemetry.greeks(AT, ())
    desk.telemetry.alert(RaiseAlert(AT, "test", Severity.WARNING, "a test"))
    viewer, commander = as_role("viewer", port, folder), as_role("operator", port, folder)
    wanted = {"status", "state", "positions", "hedge", "greeks", "alerts/test", "heartbeat"}
    async with (
        mosquitto(tls_config(port, folder), port, tmp_path),
        running(desk.telemetry),
        client_for(viewer, "viewer") as client,
    ):
        await client.subscribe("condorbot/#", qos=1)
        await client.subscribe("homeassistant/#", qos=1)
        found = set()
        described = len(discovery(desk.telemetry._topics, "homeassistant"))
        async for message in client.messages:
            found.add(message.topic.value)
            sensors = {topic for topic in found if topic.startswith("homeassistant/")}
            if {f"condorbot/{n}" for n in wanted} <= found and len(sensors) == described:
                break
        async with operator(commander) as giver:
            await command(giver, desk.world.raw("halt"))
            assert (await answer(giver)).accepted


async def test_each_role_says_and_hears_what_it_may_and_nothing_else(port, folder, tmp_path):
    names = [*TOLD, "commands"]
    async with mosquitto(tls_config(port, folder), port, tmp_path):
        for role, (says, _) in RIGHTS.items():
            assert await said_by(as_role(role, port, folder), names, port, folder) == says, role
        for role, (_, hears) in RIGHTS.items():
            settings = as_role(role, port, folder)
            assert await heard_by(settings, names, port, folder) == hears, role


async def said_by(settings, names, port, folder):
    """Which topics get through to somebody who hears all of them."""
    witness = as_role("operator", port, folder)
    found = set()
    async with client_for(witness, "witness") as client:
        await client.subscribe("condorbot/#", qos=1)
        async with client_for(settings, f"{settings.client_id}-says") as giver:
            for name in names:
                await giver.publish(f"condorbot/{name}", b"said", qos=1)
        async with client_for(witness, "last") as giver:
            await giver.publish("condorbot/commands", b"the end", qos=1)
        async for message in client.messages:
            if message.payload == b"the end":
                return found
            found.add(message.topic.value.removeprefix("condorbot/"))
    raise AssertionError("the broker went away")


async def heard_by(settings, names, port, folder):
    """Which topics reach a client that asks for all of them."""
    writers = {
        name: as_role("operator" if name == "commands" else "daemon", port, folder)
        for name in names
    }
    found = set()
    async with client_for(settings, f"{settings.client_id}-hears") as client:
        await client.subscribe("#", qos=1)
        for name in names:
            await client.subscribe(f"condorbot/{name}", qos=1)
        for name, writer in writers.items():
            async with client_for(writer, "writer") as giver:
                await giver.publish(f"condorbot/{name}", b"x", qos=1)
        try:
            async with asyncio.timeout(0.5):  # nothing more comes: silence cannot be waited out
                async for message in client.messages:
                    found.add(message.topic.value.removeprefix("condorbot/"))
        except TimeoutError:
            pass
    return found


@pytest.mark.parametrize("trouble", ["no certificate", "another authority", "plain text"])
async def test_strangers_are_not_let_in(port, folder, tmp_path, trouble):
    settings = {
        "no certificate": lambda: as_role("viewer", port, folder, cert_file=None, key_file=None),
        "another authority": lambda: as_role(
            "operator", port, certificates(tmp_path / "other"), ca_file=folder / "ca.crt"
        ),
        "plain text": lambda: settings_on(port),
    }[trouble]()
    async with mosquitto(tls_config(port, folder), port, tmp_path):
        with pytest.raises((aiomqtt.MqttError, ssl.SSLError, TimeoutError)):
            async with asyncio.timeout(1), client_for(settings, "stranger") as client:
                await client.publish("condorbot/commands", b"x", qos=1)


async def test_a_broker_with_another_certificate_is_not_believed(port, folder, tmp_path):
    other = certificates(tmp_path / "other")
    settings = as_role("daemon", port, folder)
    async with mosquitto(tls_config(port, other), port, tmp_path):
        with pytest.raises((aiomqtt.MqttError, ssl.SSLError, TimeoutError)):
            async with asyncio.timeout(1), client_for(settings, "daemon"):
                pass


async def test_missing_certificates_are_a_lost_connection_and_no_crash(port, folder, tmp_path):
    desk = Desk(as_role("daemon", port, folder, ca_file=tmp_path / "none.crt"), tmp_path)
    async with running(desk.telemetry):
        await asyncio.sleep(0.05)
        assert desk.telemetry.outbox.waiting == 0


async def test_the_last_will_says_that_nobody_is_trading(port, folder, tmp_path):
    desk = Desk(as_role("daemon", port, folder), tmp_path)
    viewer = as_role("viewer", port, folder)
    async with mosquitto(tls_config(port, folder), port, tmp_path):
        async with running(desk.telemetry), client_for(viewer, "v") as client:
            await client.subscribe("condorbot/status", qos=1)
            await heard(client, "status", lambda body: body["state"] == "online")
        async with client_for(viewer, "v") as client:
            await client.subscribe("condorbot/status", qos=1)
            last = await heard(client, "status", lambda body: True)
    assert last["state"] == "offline"
