"""One command over MQTT and the daemon's answer to it, for the command line."""

import asyncio
import secrets
from hashlib import sha256

import aiomqtt
import msgspec

from bot.ports import Answer
from bot.telemetry.connecting import client_for
from bot.telemetry.payloads import CommandAnswer
from bot.telemetry.topics import COMMANDS
from config.settings import MqttSettings


class CommandLost(Exception):
    """The MQTT broker did not take the command."""


async def send_command(settings: MqttSettings, body: bytes, wait_s: float) -> Answer | None:
    """None without an answer within ``wait_s``. Raises CommandLost, OSError."""
    digest = sha256(body).hexdigest()
    identifier = f"{settings.client_id}-{secrets.token_hex(4)}"
    try:
        async with asyncio.timeout(wait_s), client_for(settings, identifier) as client:
            await client.subscribe(f"{settings.topic_prefix}/answers", qos=1)
            await client.publish(f"{settings.topic_prefix}/{COMMANDS}", body, qos=1, retain=False)
            async for message in client.messages:
                answer = _read(message.payload)
                if answer is not None and answer.digest == digest:
                    return Answer(answer.accepted, answer.reason, answer.text, answer.digest)
    except TimeoutError:
        return None
    except aiomqtt.MqttError as error:
        raise CommandLost(f"MQTT: {error}") from None
    return None


def _read(payload: bytes) -> CommandAnswer | None:
    try:
        return msgspec.json.decode(payload, type=CommandAnswer)
    except (msgspec.MsgspecError, ValueError):
        return None
