"""Telemetry that nobody asked for: swallows everything, so that the loop need not know."""

from domain.effects import RaiseAlert
from engine.views import Snapshot


class SilentTelemetry:
    """Implements ports.Telemetry by doing nothing."""

    def publish(self, snapshot: Snapshot) -> None: ...

    def alert(self, alert: RaiseAlert) -> None: ...
