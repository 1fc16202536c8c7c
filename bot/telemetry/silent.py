"""Telemetry that nobody asked for: swallows everything, so that the loop need not know."""

from datetime import datetime

from domain.effects import RaiseAlert, RecordDecision
from engine.greeks_view import LayerGreeks
from engine.views import Snapshot


class SilentTelemetry:
    """Implements ports.Telemetry by doing nothing."""

    def publish(self, snapshot: Snapshot) -> None: ...

    def greeks(self, at: datetime, layers: tuple[LayerGreeks, ...]) -> None: ...

    def alert(self, alert: RaiseAlert) -> None: ...

    def decision(self, decision: RecordDecision) -> None: ...
