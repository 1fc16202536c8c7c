"""How the MQTT broker is reached: version 5, TLS as configured, no session kept between times."""

import logging
import ssl
from pathlib import Path

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from config.settings import MqttSettings

PACKET_BYTES_MAX = 64 * 1024  # the broker is told not to send us more in one piece
INCOMING_MAX = 200  # messages waiting to be looked at; more are dropped by the library
TIMEOUT_S = 10.0
_quiet = logging.getLogger("condorbot.mqtt")  # what goes wrong is raised too, and told once by us
_quiet.setLevel(logging.CRITICAL)


def client_for(
    settings: MqttSettings, identifier: str, will: aiomqtt.Will | None = None
) -> aiomqtt.Client:
    """A client that is not connected yet. Raises OSError for certificates that cannot be read."""
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho leaves it untyped
    properties.MaximumPacketSize = PACKET_BYTES_MAX
    properties.SessionExpiryInterval = 0
    return aiomqtt.Client(
        settings.host,
        settings.port,
        username=settings.username or None,
        password=settings.password.get_secret_value() or None,
        identifier=identifier,
        protocol=aiomqtt.ProtocolVersion.V5,
        clean_start=True,
        will=will,
        properties=properties,
        max_queued_incoming_messages=INCOMING_MAX,
        logger=_quiet,
        tls_context=_tls(settings) if settings.tls else None,
        timeout=TIMEOUT_S,
    )


def _tls(settings: MqttSettings) -> ssl.SSLContext:
    """TLS 1.3 only; names and certificates are always verified."""
    context = ssl.create_default_context(cafile=_text(settings.ca_file))
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    if settings.cert_file is not None:
        context.load_cert_chain(settings.cert_file, _text(settings.key_file))
    return context


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
