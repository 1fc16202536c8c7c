"""A real mosquitto on a port of its own, and people who talk to it."""

import asyncio
import getpass
import shutil
import socket
import subprocess
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import msgspec
import pytest

from bot.approvals.office import ApprovalOffice, Desked
from bot.clock_watch import ClockWatch
from bot.control import ControlFile
from bot.telemetry.connecting import client_for
from bot.telemetry.mqtt import MqttTelemetry
from bot.telemetry.payloads import CommandAnswer
from bot.telemetry.topics import Topics, Vitals
from config.settings import MqttSettings
from engine.fold import fold
from tests.bot.approvals.world import ACCOUNT, DAEMON, HEAD, POLICY, SEQ, World
from tests.bot.samples import after
from tests.fakes.clock import FakeClock

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
DEPLOY = Path(__file__).parents[3] / "deploy" / "mosquitto"
needs_mosquitto = [
    pytest.mark.platform(reason="needs Debian's mosquitto"),
    pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed"),
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def open_config(port: int) -> str:
    return f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_packet_size 65536\n"


def tls_config(port: int, folder: Path) -> str:
    """deploy/mosquitto/tls.conf on this machine's paths."""
    text = (DEPLOY / "tls.conf").read_text()
    text = text.replace("listener 8883", f"listener {port} 127.0.0.1")
    text = text.replace("/mosquitto/certificates", str(folder))
    text = text.replace("/mosquitto/config/acl", str(DEPLOY / "acl"))
    return f"{text}\nuser {getpass.getuser()}\n"


def certificates(folder: Path) -> Path:
    made = subprocess.run(
        [DEPLOY / "make-certificates", folder, "127.0.0.1", "localhost"],
        capture_output=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    return folder


@asynccontextmanager
async def mosquitto(config: str, port: int, folder: Path):
    """A broker that answers when the body starts."""
    path = folder / "mosquitto.conf"
    path.write_text(config)
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        MOSQUITTO, "-c", str(path), stdout=quiet, stderr=quiet
    )
    try:
        while True:
            assert process.returncode is None, "mosquitto does not like its configuration"
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            except OSError:
                await asyncio.sleep(0.02)
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def settings_on(port: int, **changes) -> MqttSettings:
    return MqttSettings(**{
        "enabled": True,
        "port": port,
        "heartbeat_s": 0.2,
        "snapshot_s_min": 0.01,
        "commands": True,
        **changes,
    })  # fmt: skip


class Desk:
    """A world whose desk folds what the office queues, at once, and the telemetry in front."""

    def __init__(self, settings: MqttSettings, folder: Path) -> None:
        self.world, self.clock, self.events = World(1, 3), FakeClock(after(60)), []
        self.steady_s = 0.0
        self._more = asyncio.Event()
        known = {(SEQ, HEAD): 3}
        self.office = ApprovalOffice(
            DAEMON,
            ACCOUNT,
            POLICY,
            self.clock,
            Desked(
                lambda: self.world.desk,
                self._put,
                lambda seq, head: known.get((seq, head)),
                ControlFile(folder / "control.json"),
            ),
            ClockWatch(self.clock, lambda: self.steady_s),
        )
        topics = Topics(settings.topic_prefix, "run-1", "c0ffee", DAEMON)
        self.telemetry = MqttTelemetry(
            settings, topics, self.clock, lambda: Vitals(SEQ, HEAD, 0), self.office
        )

    def _put(self, event) -> None:
        self.events.append(event)
        self._more.set()
        self.world.desk = fold(self.world.desk, event)

    async def heard(self, count: int) -> None:
        """Returns once so many events were queued."""
        while len(self.events) < count:
            self._more.clear()
            await self._more.wait()

    @property
    def kinds(self) -> list[str]:
        return [type(event).__name__ for event in self.events]


@asynccontextmanager
async def running(*telemetries: MqttTelemetry):
    tasks = [asyncio.ensure_future(telemetry.run()) for telemetry in telemetries]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


@asynccontextmanager
async def operator(settings: MqttSettings, name: str = "operator"):
    """A client that hears the daemon's answers."""
    async with client_for(settings, name) as client:
        await client.subscribe(f"{settings.topic_prefix}/answers", qos=1)
        await client.subscribe(f"{settings.topic_prefix}/status", qos=1)
        await heard(client, "status", lambda body: body["state"] == "online")
        yield client


async def command(client: aiomqtt.Client, raw: bytes, **how) -> None:
    await client.publish("condorbot/commands", raw, qos=1, **how)


async def answer(client: aiomqtt.Client) -> CommandAnswer:
    async for message in client.messages:
        if message.topic.value.endswith("/answers"):
            return msgspec.json.decode(message.payload, type=CommandAnswer)
    raise AssertionError("the broker went away")


async def heard(client: aiomqtt.Client, name: str, wanted) -> dict:
    async for message in client.messages:
        if message.topic.value.endswith(f"/{name}"):
            body = msgspec.json.decode(message.payload)
            if wanted(body):
                return body
    raise AssertionError("the broker went away")
