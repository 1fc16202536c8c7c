"""Commands over a real mosquitto: one that is good, and every way in which one can be bad."""

import asyncio
import socket

import pytest
import structlog

from bot.approvals.office import JUDGED_PER_MINUTE
from bot.approvals.rules import RULES
from bot.telemetry.connecting import client_for
from domain.desk import TradingState
from domain.events import CommandAccepted, CommandRefused, HaltRequested
from tests.bot.approvals.vectors import vectors
from tests.bot.approvals.world import World
from tests.scenarios.mqtt.broker import (
    Desk,
    answer,
    command,
    free_port,
    mosquitto,
    needs_mosquitto,
    open_config,
    operator,
    running,
    settings_on,
)

pytestmark = [*needs_mosquitto, pytest.mark.timeout(60)]


@pytest.fixture
def settings():
    return settings_on(free_port())


@pytest.fixture
def desk(settings, tmp_path):
    return Desk(settings, tmp_path)


async def test_a_signed_halt_takes_effect_once_however_often_it_comes(settings, desk, tmp_path):
    raw = desk.world.raw("halt", action=desk.world.plan("halt").action)
    async with (
        mosquitto(open_config(settings.port), settings.port, tmp_path),
        running(desk.telemetry),
        operator(settings) as client,
    ):
        await command(client, raw)
        first = await answer(client)
        await command(client, raw)
        second = await answer(client)

    assert (first.accepted, second.accepted, second.reason) == (True, False, "nonce_used")
    assert desk.kinds == ["CommandAccepted", "HaltRequested", "CommandRefused"]
    assert desk.events[2].channel == "mqtt"


async def test_a_resume_over_mqtt_ends_the_halt(settings, desk, tmp_path):
    async with (
        mosquitto(open_config(settings.port), settings.port, tmp_path),
        running(desk.telemetry),
        operator(settings) as client,
    ):
        await command(client, desk.world.raw("resume"))
        assert (await answer(client)).accepted
    assert desk.world.desk.trading is TradingState.ACTIVE


async def test_a_retained_command_greets_a_fresh_daemon_in_vain(settings, desk, tmp_path):
    raw = desk.world.raw("resume")
    async with mosquitto(open_config(settings.port), settings.port, tmp_path):
        async with client_for(settings, "somebody") as client:
            await command(client, raw, retain=True)
        async with running(desk.telemetry), operator(settings) as client:
            await desk.heard(1)
            await command(client, raw, retain=True)  # to a subscriber who is there already
            said = await answer(client)
    assert said.reason == "retained"
    assert {event.reason for event in desk.events} == {"retained"}
    assert desk.world.desk.trading is TradingState.HALTED


async def test_the_same_publication_sent_again_by_its_sender_counts_once(settings, desk, tmp_path):
    """QoS 1 as it is: the sender missed the acknowledgement and sets the duplicate flag."""
    raw = desk.world.raw("halt")
    async with (
        mosquitto(open_config(settings.port), settings.port, tmp_path),
        running(desk.telemetry),
        operator(settings),
    ):
        await asyncio.to_thread(_publish_twice, settings.port, raw)
        await desk.heard(3)
    assert desk.kinds == ["CommandAccepted", "HaltRequested", "CommandRefused"]
    assert desk.events[2].reason == "nonce_used"


async def test_nothing_from_the_table_of_bad_commands_has_an_effect(settings, desk, tmp_path):
    """A slice of it: as many as are judged in a minute."""
    bad = [
        vector.raw
        for vector in vectors(World(1, 3)).values()
        if vector.scene == World(1, 3).scene and not vector.delivery.retained
        and not vector.delivery.duplicate and 0 < len(vector.raw) < 60_000
    ][: JUDGED_PER_MINUTE - 1]  # fmt: skip
    bad += [b"", b"\xff\xfe\xfd", b"\0" * 100]
    async with (
        mosquitto(open_config(settings.port), settings.port, tmp_path),
        running(desk.telemetry),
        operator(settings) as client,
    ):
        said = []
        for raw in bad:
            await command(client, raw)
            said.append(await answer(client))
    assert not [a for a in said if a.accepted]
    assert {type(event) for event in desk.events} == {CommandRefused}


async def test_a_huge_payload_is_stopped_by_the_broker_and_the_daemon_stays(
    settings, desk, tmp_path
):
    async with (
        mosquitto(open_config(settings.port), settings.port, tmp_path),
        running(desk.telemetry),
    ):
        await asyncio.to_thread(_publish_huge, settings.port)
        async with operator(settings) as client:
            await command(client, b"x" * 60_000)
            assert (await answer(client)).reason == "too_large"
            await command(client, desk.world.raw("halt"))
            assert (await answer(client)).accepted


async def test_a_flood_is_counted_and_a_stop_by_another_channel_still_heard(
    settings, desk, tmp_path
):
    from bot.ports import Delivery

    async with (
        mosquitto(open_config(settings.port), settings.port, tmp_path),
        running(desk.telemetry),
        operator(settings) as client,
    ):
        for number in range(300):
            await client.publish("condorbot/commands", b"%d" % number, qos=0)
        said = await answer(client)
        while said.reason != "flooded":
            said = await answer(client)
        assert desk.office.submit(desk.world.raw("halt"), Delivery("spool")).accepted
    assert desk.kinds.count("CommandRefused") < 10
    assert any(isinstance(event, HaltRequested) for event in desk.events)


async def test_a_client_that_takes_our_name_costs_two_lines_and_no_command(
    settings, desk, tmp_path
):
    with structlog.testing.capture_logs() as logs:
        async with (
            mosquitto(open_config(settings.port), settings.port, tmp_path),
            running(desk.telemetry),
        ):
            for _ in range(2):
                async with operator(settings, "watcher"):
                    pass
                async with client_for(settings, settings.client_id):  # we are thrown out
                    pass
            async with operator(settings) as client:
                await command(client, desk.world.raw("halt"))
                assert (await answer(client)).accepted
    lines = [line["event"] for line in logs if line["event"].startswith("telemetry.")]
    assert lines == ["telemetry.connected", "telemetry.lost", "telemetry.connected"]


async def test_topics_with_wildcards_reach_nobody(settings, desk, tmp_path):
    async with (
        mosquitto(open_config(settings.port), settings.port, tmp_path),
        running(desk.telemetry),
        operator(settings),
    ):
        await asyncio.to_thread(_publish_raw, settings.port, b"condorbot/+", b"x")
        await asyncio.to_thread(_publish_raw, settings.port, b"condorbot/commands/deeper", b"x")
        async with operator(settings, "second") as client:
            await command(client, desk.world.raw("halt"))
            assert (await answer(client)).accepted
    assert isinstance(desk.events[0], CommandAccepted)


async def test_a_broker_that_dies_in_between_leaves_the_desk_to_itself(settings, desk, tmp_path):
    async with running(desk.telemetry):
        async with mosquitto(open_config(settings.port), settings.port, tmp_path) as process:
            async with operator(settings) as client:
                await command(client, b"rubbish")
                await answer(client)
            process.kill()
            await process.wait()
        async with (
            mosquitto(open_config(settings.port), settings.port, tmp_path),
            operator(settings) as client,
        ):
            await command(client, desk.world.raw("halt"))
            assert (await answer(client)).accepted


def test_the_verifier_was_not_thinned_out_for_these_tests():
    assert len(RULES) >= 28


def _connected(port: int, protocol: int = 4) -> socket.socket:
    wire = socket.create_connection(("127.0.0.1", port), 5)
    name = b"\x00\x03raw"
    body = b"\x00\x04MQTT" + bytes([protocol, 2]) + b"\x00\x3c" + name
    wire.sendall(b"\x10" + _length(len(body)) + body)
    assert wire.recv(4)[0] == 0x20
    return wire


def _publish_twice(port: int, payload: bytes) -> None:
    with _connected(port) as wire:
        body = b"\x00\x12condorbot/commands" + b"\x00\x07" + payload
        wire.sendall(b"\x32" + _length(len(body)) + body)
        wire.recv(4)
        wire.sendall(b"\x3a" + _length(len(body)) + body)
        wire.recv(4)


def _publish_raw(port: int, topic: bytes, payload: bytes) -> None:
    with _connected(port) as wire:
        body = len(topic).to_bytes(2, "big") + topic + payload
        wire.sendall(b"\x30" + _length(len(body)) + body)


def _publish_huge(port: int) -> None:
    """Announces 256 MB; a broker that reads its limit hangs up."""
    with _connected(port) as wire:
        wire.sendall(b"\x30" + _length(256 * 1024 * 1024 - 1) + b"\x00\x12condorbot/commands")
        try:
            for _ in range(64):
                wire.sendall(b"x" * 65_536)
        except OSError:
            return
        wire.settimeout(5)
        assert wire.recv(1) == b""


def _length(size: int) -> bytes:
    found = bytearray()
    while True:
        size, low = divmod(size, 128)
        found.append(low | (0x80 if size else 0))
        if not size:
            return bytes(found)
