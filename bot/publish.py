"""From turns of the loop to telemetry: how often the newest snapshot is worth making."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.ports import Telemetry
from domain.desk import Desk
from domain.effects import Effect
from domain.events import Event
from engine.policy import Policy
from engine.views import snapshot


@dataclass(slots=True)
class Publisher:
    """An observer of the loop. A turn with effects is told at once, others every ``every_s``."""

    telemetry: Telemetry
    policy: Policy
    every_s: float
    published_at: datetime | None = None

    def observe(self, _events: Sequence[Event], effects: Sequence[Effect], desk: Desk) -> None:
        last = self.published_at
        if effects or last is None or (desk.now - last).total_seconds() >= self.every_s:
            self.telemetry.publish(snapshot(desk, self.policy))
            self.published_at = desk.now
