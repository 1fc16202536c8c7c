"""Names and payloads of everything published over MQTT. Pure; docs/topics.md is written from here.

Knows what a subscriber reads, not how or when it is sent.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Final

import msgspec
from msgspec import Struct

from bot.ports import Answer
from bot.telemetry import payloads
from domain.effects import RaiseAlert, RecordDecision
from engine.greeks_view import LayerGreeks
from engine.views import Snapshot

_UNSAFE = re.compile(r"[^a-z0-9_.-]+")
_BACKSLASHES = "backslashreplace"


@dataclass(frozen=True, slots=True)
class Message:
    """One publication. Retained messages are what a subscriber who comes later is told at once."""

    topic: str
    payload: bytes
    retain: bool = True
    qos: int = 1


@dataclass(frozen=True, slots=True)
class Topic:
    """One line of docs/topics.md."""

    name: str
    retain: bool
    qos: int
    when: str
    payload: type[Struct]


TOPICS: Final[tuple[Topic, ...]] = (
    Topic("status", True, 1, "on connecting and on leaving; the last will", payloads.Status),
    Topic("heartbeat", False, 0, "every `mqtt.heartbeat_s` and with news", payloads.Heartbeat),
    Topic("state", True, 1, "after a turn that did something, else as it ages", payloads.State),
    Topic("positions", True, 1, "with every state", payloads.Positions),
    Topic("hedge", True, 1, "with every state", payloads.Hedge),
    Topic("greeks", True, 1, "every `mqtt.heartbeat_s`", payloads.Greeks),
    Topic("alerts/<code>", True, 1, "when an alert is raised and when it clears", payloads.Alert),
    Topic("decisions", False, 1, "with every decision that is recorded", payloads.Decision),
    Topic("answers", False, 1, "after every command looked at", payloads.CommandAnswer),
)
COMMANDS = "commands"  # the only topic that is subscribed to


@dataclass(frozen=True, slots=True)
class Vitals:
    """Of a living daemon: the journal's head, and the epoch of plans that are not void."""

    seq: int
    head: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Topics:
    """All topics below one prefix, for one daemon."""

    prefix: str
    run_id: str
    config_hash: str
    daemon: str = "condorbot"

    @property
    def commands(self) -> str:
        return f"{self.prefix}/{COMMANDS}"

    def online(self) -> Message:
        return self._status("online")

    def offline(self) -> Message:
        """The last will and the farewell are the same: either way nobody is trading."""
        return self._status("offline")

    def heartbeat(self, at: datetime, vitals: Vitals, dropped: dict[str, int]) -> Message:
        """Proof of life; not retained, so that an old one is never mistaken for a new one."""
        beat = payloads.Heartbeat(
            _utc(at), self.run_id, vitals.seq, vitals.head, vitals.epoch, dropped
        )
        return self._message("heartbeat", beat, retain=False, qos=0)

    def snapshot(self, snapshot: Snapshot) -> tuple[Message, ...]:
        """The state of the desk, and apart from it what is held and how the hedge stands."""
        shown = {name: getattr(snapshot, name) for name in payloads.State.__struct_fields__}
        held = payloads.Positions(snapshot.at, snapshot.condors, snapshot.tranches)
        share, cap = snapshot.hedge_share, snapshot.hedge_cap
        hedge = payloads.Hedge(
            snapshot.at,
            share,
            cap,
            None if share is None else share / cap,
            dict(snapshot.hedge_shares),
            snapshot.hedge_notional,
            snapshot.condor_notional,
            snapshot.hedge_spend_year,
        )
        return (
            self._message("state", payloads.State(**shown)),
            self._message("positions", held),
            self._message("hedge", hedge),
        )

    def greeks(self, at: datetime, layers: tuple[LayerGreeks, ...]) -> Message:
        return self._message("greeks", payloads.Greeks(_utc(at), layers))

    def alert(self, alert: RaiseAlert) -> Message:
        """One retained topic per alert code: a cleared alert stays readable as cleared."""
        body = payloads.Alert(
            _utc(alert.at), alert.code, alert.severity.value, alert.text, alert.active
        )
        return self._message(f"alerts/{_level(alert.code)}", body)

    def decision(self, decision: RecordDecision) -> Message:
        body = payloads.Decision(
            _utc(decision.at),
            decision.verdict.value,
            decision.topic,
            decision.rule,
            decision.text,
            decision.subject,
            decision.order_ref,
            "" if decision.denial is None else decision.denial.value,
            {name: value for name, value in decision.inputs if isfinite(value)},
        )
        return self._message("decisions", body, retain=False)

    def answer(self, at: datetime, answer: Answer) -> Message:
        text = answer.text.encode("ascii", _BACKSLASHES).decode()
        body = payloads.CommandAnswer(
            _utc(at), answer.digest, answer.accepted, answer.reason, text[:300]
        )
        return self._message("answers", body, retain=False)

    def _status(self, state: str) -> Message:
        return self._message(
            "status", payloads.Status(state, self.daemon, self.run_id, self.config_hash)
        )

    def _message(self, name: str, body: Struct, *, retain: bool = True, qos: int = 1) -> Message:
        return Message(f"{self.prefix}/{name}", msgspec.json.encode(body), retain, qos)


def _level(code: str) -> str:
    """One topic level: what could split or widen it is replaced."""
    return _UNSAFE.sub("-", code.lower())


def _utc(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
