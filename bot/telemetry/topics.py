"""Names and payloads of everything published over MQTT. Pure; documented in docs/topics.md.

Knows what a subscriber reads, not how or when it is sent.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from domain.effects import RaiseAlert
from engine.views import Snapshot

_UNSAFE = re.compile(r"[^a-z0-9_.-]+")


@dataclass(frozen=True, slots=True)
class Message:
    """One publication. Retained messages are what a subscriber who comes later is told at once."""

    topic: str
    payload: bytes
    retain: bool = True
    qos: int = 1


@dataclass(frozen=True, slots=True)
class Topics:
    """All topics below one prefix, for one daemon."""

    prefix: str
    run_id: str
    config_hash: str

    def online(self) -> Message:
        return self._status("online")

    def offline(self) -> Message:
        """The last will and the farewell are the same: either way nobody is trading."""
        return self._status("offline")

    def heartbeat(self, at: datetime) -> Message:
        """Proof of life; not retained, so that an old one is never mistaken for a new one."""
        return self._message("heartbeat", {"at": _utc(at)}, retain=False, qos=0)

    def snapshot(self, snapshot: Snapshot) -> tuple[Message, Message]:
        """The state of the desk, and apart from it what is held."""
        whole = _plain(snapshot)
        held = {key: whole.pop(key, []) for key in ("condors", "tranches")}
        return (
            self._message("state", whole),
            self._message("positions", {"at": whole["at"], **held}),
        )

    def alert(self, alert: RaiseAlert) -> Message:
        """One retained topic per alert code: a cleared alert stays readable as cleared."""
        return self._message(
            f"alerts/{_UNSAFE.sub('-', alert.code.lower())}",
            {
                "at": _utc(alert.at),
                "code": alert.code,
                "severity": alert.severity.value,
                "text": alert.text,
                "active": alert.active,
            },
        )

    def _status(self, state: str) -> Message:
        return self._message(
            "status", {"state": state, "run_id": self.run_id, "config_hash": self.config_hash}
        )

    def _message(
        self, name: str, body: dict[str, Any], *, retain: bool = True, qos: int = 1
    ) -> Message:
        return Message(f"{self.prefix}/{name}", orjson.dumps(body), retain, qos)


def _plain(snapshot: Snapshot) -> dict[str, Any]:
    """The snapshot as JSON values; Decimals become strings, so that no cent is lost."""
    plain: dict[str, Any] = orjson.loads(orjson.dumps(snapshot, default=str))
    return plain


def _utc(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
