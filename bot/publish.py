"""From turns of the loop to telemetry: every decision, and how often the newest view is made."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.ports import Telemetry
from domain.desk import Desk
from domain.effects import Effect, RecordDecision
from domain.events import Event
from engine.greeks_view import layer_greeks
from engine.policy import Policy
from engine.views import snapshot


@dataclass(slots=True)
class Publisher:
    """An observer of the loop. A turn with effects is told at once, others every ``every_s``;
    sensitivities, which take a while to compute, every ``greeks_every_s``.
    """

    telemetry: Telemetry
    policy: Policy
    every_s: float
    greeks_every_s: float = 10.0
    published_at: datetime | None = None
    measured_at: datetime | None = None

    def observe(self, _events: Sequence[Event], effects: Sequence[Effect], desk: Desk) -> None:
        for effect in effects:
            if isinstance(effect, RecordDecision):
                self.telemetry.decision(effect)
        if effects or _due(self.published_at, desk.now, self.every_s):
            self.telemetry.publish(snapshot(desk, self.policy))
            self.published_at = desk.now
        if _due(self.measured_at, desk.now, self.greeks_every_s):
            self.telemetry.greeks(desk.now, layer_greeks(desk, self.policy))
            self.measured_at = desk.now


def _due(last: datetime | None, now: datetime, every_s: float) -> bool:
    return last is None or (now - last).total_seconds() >= every_s
