"""Telemetry that keeps what it was given."""

from datetime import datetime

from domain.effects import RaiseAlert, RecordDecision
from engine.greeks_view import LayerGreeks
from engine.views import Snapshot


class FakeTelemetry:
    def __init__(self) -> None:
        self.snapshots: list[Snapshot] = []
        self.alerts: list[RaiseAlert] = []
        self.decisions: list[RecordDecision] = []
        self.sensitivities: list[tuple[LayerGreeks, ...]] = []

    def publish(self, snapshot: Snapshot) -> None:
        self.snapshots.append(snapshot)

    def greeks(self, at: datetime, layers: tuple[LayerGreeks, ...]) -> None:
        self.sensitivities.append(layers)

    def alert(self, alert: RaiseAlert) -> None:
        self.alerts.append(alert)

    def decision(self, decision: RecordDecision) -> None:
        self.decisions.append(decision)
