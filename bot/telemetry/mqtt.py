"""Telemetry over MQTT: newest snapshot, newest word on each alert, a heartbeat, a last will.

Everything that is retained is told again on every connection, so that a broker which lost it, or
lost an acknowledgement, ends up right. A broker that is away costs one log line when it goes and
one when it is back.
"""

import asyncio
import contextlib
import ssl

import aiomqtt
import structlog

from bot.logs import LogEvent
from bot.ports import Clock
from bot.telemetry.topics import Message, Topics
from config.settings import MqttSettings
from domain.effects import RaiseAlert
from engine.views import Snapshot

log = structlog.get_logger()

ALERTS_MAX = 200
_SNAPSHOT = ""  # among alert codes, which are never empty
BACKOFF_S_FIRST = 1.0
BACKOFF_S_MAX = 60.0
FAREWELL_S = 1.0  # how long a stop waits for the broker to take the last message


class MqttTelemetry:
    """Implements ports.Telemetry; ``run`` does the sending."""

    def __init__(self, settings: MqttSettings, topics: Topics, clock: Clock) -> None:
        self._settings = settings
        self._topics = topics
        self._clock = clock
        self._snapshot: Snapshot | None = None
        self._alerts: dict[str, RaiseAlert] = {}  # by code, the longest unchanged first
        self._untold: dict[str, None] = {}  # codes, and _SNAPSHOT
        self._work = asyncio.Event()

    def publish(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._untold[_SNAPSHOT] = None
        self._work.set()

    def alert(self, alert: RaiseAlert) -> None:
        self._alerts.pop(alert.code, None)
        self._alerts[alert.code] = alert
        self._untold[alert.code] = None
        while len(self._alerts) > ALERTS_MAX:
            oldest = next(iter(self._alerts))
            del self._alerts[oldest]
            self._untold.pop(oldest, None)
        self._work.set()

    async def run(self) -> None:
        """Connect, publish, reconnect with back-off; returns only when cancelled."""
        backoff_s, told = BACKOFF_S_FIRST, False
        while True:
            try:
                async with self._client() as client:
                    log.info(LogEvent.TELEMETRY_CONNECTED, host=self._settings.host)
                    backoff_s, told = BACKOFF_S_FIRST, False
                    await self._serve(client)
            except (aiomqtt.MqttError, OSError) as error:
                if not told:
                    log.warning(LogEvent.TELEMETRY_LOST, reason=str(error))
                told = True
            await asyncio.sleep(backoff_s)
            backoff_s = min(2 * backoff_s, BACKOFF_S_MAX)

    async def _serve(self, client: aiomqtt.Client) -> None:
        """Everything that waits, then wait for more or for the next heartbeat."""
        self._untold = dict.fromkeys((_SNAPSHOT, *self._alerts))
        await _send(client, self._topics.online())
        try:
            while True:
                await self._flush(client)
                await _send(client, self._topics.heartbeat(self._clock.now()))
                await asyncio.sleep(self._settings.snapshot_s_min)
                try:
                    async with asyncio.timeout(self._settings.heartbeat_s):
                        await self._work.wait()
                except TimeoutError:
                    pass
        except asyncio.CancelledError:
            with contextlib.suppress(aiomqtt.MqttError, TimeoutError):  # the stop goes on anyway
                async with asyncio.timeout(FAREWELL_S):
                    await _send(client, self._topics.offline())
            raise

    async def _flush(self, client: aiomqtt.Client) -> None:
        """All that is untold, in the order in which it came up."""
        self._work.clear()
        while self._untold:
            code = next(iter(self._untold))
            del self._untold[code]
            for message in self._messages(code):
                await _send(client, message)

    def _messages(self, code: str) -> tuple[Message, ...]:
        if code != _SNAPSHOT:
            return (self._topics.alert(self._alerts[code]),)
        return () if self._snapshot is None else self._topics.snapshot(self._snapshot)

    def _client(self) -> aiomqtt.Client:
        settings, will = self._settings, self._topics.offline()
        return aiomqtt.Client(
            settings.host,
            settings.port,
            username=settings.username or None,
            password=settings.password.get_secret_value() or None,
            identifier=settings.client_id,
            will=aiomqtt.Will(will.topic, will.payload, will.qos, will.retain),
            tls_context=ssl.create_default_context() if settings.tls else None,
            timeout=10,
        )


async def _send(client: aiomqtt.Client, message: Message) -> None:
    await client.publish(message.topic, message.payload, qos=message.qos, retain=message.retain)
