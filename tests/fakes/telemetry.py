"""Telemetry that keeps what it was given."""

from domain.effects import RaiseAlert
from engine.views import Snapshot


class FakeTelemetry:
    def __init__(self) -> None:
        self.snapshots: list[Snapshot] = []
        self.alerts: list[RaiseAlert] = []

    def publish(self, snapshot: Snapshot) -> None:
        self.snapshots.append(snapshot)

    def alert(self, alert: RaiseAlert) -> None:
        self.alerts.append(alert)
