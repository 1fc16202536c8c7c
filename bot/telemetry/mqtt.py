"""Telemetry over MQTT 5: the newest of everything, decisions as they come, a heartbeat, a will.

What is retained is told again on every connection, so that a broker which lost it ends up right. A
broker that is away costs one log line when it goes and one when it is back. Commands that come in
are handed on as they are; without a signature they are nothing.
"""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime

import aiomqtt
import structlog
from paho.mqtt.subscribeoptions import SubscribeOptions

from bot.logs import LogEvent
from bot.ports import Clock, Commands, Delivery
from bot.telemetry.connecting import client_for
from bot.telemetry.discovery import discovery
from bot.telemetry.flapping import Flapping
from bot.telemetry.outbox import Outbox
from bot.telemetry.topics import Message, Topics, Vitals
from config.settings import MqttSettings
from domain.effects import RaiseAlert, RecordDecision
from engine.greeks_view import LayerGreeks
from engine.views import Snapshot

log = structlog.get_logger()

FAREWELL_S = 1.0  # how long a stop waits for the broker to take the last message
CHANNEL = "mqtt"


class MqttTelemetry:
    """Implements ports.Telemetry; ``run`` does the sending. ``commands`` None takes none."""

    def __init__(
        self,
        settings: MqttSettings,
        topics: Topics,
        clock: Clock,
        vitals: Callable[[], Vitals],
        commands: Commands | None = None,
    ) -> None:
        self._settings = settings
        self._topics = topics
        self._clock = clock
        self._vitals = vitals
        self._commands = commands
        self.outbox = Outbox()
        self._work = asyncio.Event()
        self._flapping = Flapping()
        self._lost_told: dict[str, int] = {}
        self._ending = False
        if settings.home_assistant:
            described = discovery(topics, settings.discovery_prefix)
            self.outbox.keep("discovery", lambda: described)

    def publish(self, snapshot: Snapshot) -> None:
        self.outbox.keep("state", lambda: self._topics.snapshot(snapshot))
        self._work.set()

    def greeks(self, at: datetime, layers: tuple[LayerGreeks, ...]) -> None:
        self.outbox.keep("greeks", lambda: (self._topics.greeks(at, layers),))
        self._work.set()

    def alert(self, alert: RaiseAlert) -> None:
        self.outbox.keep(f"alerts/{alert.code}", lambda: (self._topics.alert(alert),))
        self._work.set()

    def decision(self, decision: RecordDecision) -> None:
        self.outbox.tell(self._topics.decision(decision))
        self._work.set()

    async def run(self) -> None:
        """Connect, publish, reconnect with back-off; returns only when cancelled.

        The library's waits can forget that they were cancelled, and its good-bye can fail in the
        same moment: that this has to end is therefore remembered, not only thrown.
        """
        connecting = asyncio.ensure_future(self._connect_again_and_again())
        try:
            await asyncio.shield(connecting)
        finally:
            self._ending = True
            while not connecting.done():
                connecting.cancel()
                await asyncio.wait([connecting], timeout=FAREWELL_S)

    async def _connect_again_and_again(self) -> None:
        times = asyncio.get_running_loop()
        while True:
            since = times.time()
            try:
                async with self._client() as client:
                    self._heed_end()
                    since = times.time()
                    self._flapping.back(self._settings.host)
                    await self._serve(client)
            except* (aiomqtt.MqttError, OSError) as errors:
                self._flapping.gone(_reason(errors), times.time() - since)
            self._heed_end()
            await asyncio.sleep(self._flapping.wait_s)

    def _heed_end(self) -> None:
        if self._ending:
            raise asyncio.CancelledError

    async def _serve(self, client: aiomqtt.Client) -> None:
        """Say everything that waits, listen, and say good-bye when stopped."""
        self.outbox.retell()
        lost = dict(self.outbox.dropped)
        if lost != self._lost_told:
            log.warning(LogEvent.TELEMETRY_DROPPED, dropped=lost)
        self._lost_told = lost
        try:
            if self._commands is not None:  # whoever reads "online" may send a command at once
                wanted = SubscribeOptions(qos=1, retainAsPublished=True, noLocal=True)
                await client.subscribe(self._topics.commands, options=wanted)
                self._heed_end()
            async with asyncio.TaskGroup() as both:
                both.create_task(self._talk(client))
                if self._commands is not None:
                    both.create_task(self._listen(client, self._commands))
        except asyncio.CancelledError:
            with contextlib.suppress(aiomqtt.MqttError, TimeoutError):  # the stop goes on anyway
                async with asyncio.timeout(FAREWELL_S):
                    await _send(client, self._topics.offline())
            raise

    async def _talk(self, client: aiomqtt.Client) -> None:
        """Everything that waits, then wait for more or for the next heartbeat."""
        await _send(client, self._topics.online())
        while True:
            await self._flush(client)
            beat = self._topics.heartbeat(self._clock.now(), self._vitals(), self.outbox.dropped)
            await _send(client, beat)
            _heed_cancellation()
            await asyncio.sleep(self._settings.snapshot_s_min)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._settings.heartbeat_s):
                    await self._work.wait()

    async def _flush(self, client: aiomqtt.Client) -> None:
        self._work.clear()
        while messages := self.outbox.next():
            for message in messages:
                await _send(client, message)
                _heed_cancellation()
            self.outbox.sent(messages)

    async def _listen(self, client: aiomqtt.Client, commands: Commands) -> None:
        """Hand on what comes in. The broker keeps the mark of messages that it had retained."""
        async for message in client.messages:
            if not message.topic.matches(self._topics.commands):
                continue
            answer = commands.submit(message.payload, Delivery(CHANNEL, retained=message.retain))
            self.outbox.tell(self._topics.answer(self._clock.now(), answer))
            self._work.set()

    def _client(self) -> aiomqtt.Client:
        will = self._topics.offline()
        last = aiomqtt.Will(will.topic, will.payload, will.qos, will.retain)
        return client_for(self._settings, self._settings.client_id, last)


async def _send(client: aiomqtt.Client, message: Message) -> None:
    await client.publish(message.topic, message.payload, qos=message.qos, retain=message.retain)


def _heed_cancellation() -> None:
    """Before Python 3.12 ``asyncio.wait_for`` forgets that it was cancelled when the answer comes
    in the same moment.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _reason(errors: BaseExceptionGroup[BaseException]) -> str:
    """The first error that is not itself a group."""
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error)
