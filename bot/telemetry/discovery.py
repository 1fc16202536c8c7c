"""Descriptions of our topics in the form in which Home Assistant finds them by itself.

Only sensors: nothing is offered there that could be switched.
"""

import re
from typing import Any

import msgspec

from bot.telemetry.topics import Message, Topics

# Name, kind, topic, template of its value, and what else Home Assistant wants to know.
_SENSORS: tuple[tuple[str, str, str, str, dict[str, str]], ...] = (
    ("Broker", "binary_sensor", "state", "{{ 'ON' if value_json.connected else 'OFF' }}",
     {"device_class": "connectivity"}),
    ("Trading", "sensor", "state", "{{ value_json.trading_state }}", {}),
    ("Regime", "sensor", "state", "{{ value_json.regime }}", {}),
    ("VIX", "sensor", "state", "{{ value_json.vix }}", {"state_class": "measurement"}),
    ("Net liquidation", "sensor", "state", "{{ value_json.net_liquidation }}",
     {"device_class": "monetary", "unit_of_measurement": "USD"}),
    ("Condors", "sensor", "state", "{{ value_json.condor_contracts }}", {}),
    ("Hedge share", "sensor", "hedge",
     "{{ (value_json.share * 100) | round(1) if value_json.share is not none }}",
     {"unit_of_measurement": "%", "state_class": "measurement"}),
    ("Hedge cap", "sensor", "hedge", "{{ (value_json.cap * 100) | round(1) }}",
     {"unit_of_measurement": "%"}),
    ("Open alerts", "sensor", "state", "{{ value_json.alerts | length }}", {}),
)  # fmt: skip
_UNSAFE = re.compile(r"[^a-z0-9_]+")


def discovery(topics: Topics, prefix: str) -> tuple[Message, ...]:
    """One retained message per sensor, below ``prefix``."""
    node = _UNSAFE.sub("_", topics.daemon.lower())
    return tuple(
        _described(topics, f"{prefix}/{kind}/{node}/{_UNSAFE.sub('_', name.lower())}/config",
                   {"name": name, "value_template": template, **more}, source, node)
        for name, kind, source, template, more in _SENSORS
    )  # fmt: skip


def _described(
    topics: Topics, topic: str, about: dict[str, Any], source: str, node: str
) -> Message:
    body = {
        **about,
        "unique_id": f"{node}_{_UNSAFE.sub('_', about['name'].lower())}",
        "state_topic": f"{topics.prefix}/{source}",
        "availability_topic": f"{topics.prefix}/status",
        "availability_template": "{{ value_json.state }}",
        "payload_available": "online",
        "payload_not_available": "offline",
        "device": {"identifiers": [node], "name": topics.daemon, "model": "condorbot"},
    }
    return Message(topic, msgspec.json.encode(body))
