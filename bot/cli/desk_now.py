"""What ``status``, ``positions``, ``orders`` and ``watch`` show: the journal's end and the health
file, as one value. Asks neither broker nor daemon.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import typer

from bot.cli.options import complain, settings_or_exit
from bot.clock import SystemClock
from bot.control import ControlFile
from bot.glance import Glance
from bot.health import Health, read_health
from bot.journal.failures import JournalFailed
from config.load import session_calendar
from config.settings import Settings
from domain.desk import Desk
from domain.effects import RaiseAlert, RecordDecision
from engine.console_view import LadderView, ladder
from engine.policy import Policy
from engine.views import Snapshot, snapshot

OTHER_RULES = "the daemon runs with other rules than this profile: give its own --config"


@dataclass(frozen=True, slots=True)
class Now:
    """``state`` is ready, not ready, down or, for a journal that was named, recorded."""

    at: datetime | None  # the newest event in the journal
    age_s: float | None  # seconds from it to now; None for a journal that was named
    state: str
    why: str
    view: Snapshot
    rungs: tuple[LadderView, ...]
    desk: Desk
    decisions: tuple[RecordDecision, ...]  # newest first
    alerts: tuple[RaiseAlert, ...]
    notes: tuple[str, ...]


class Desktop:
    """Looks again and again at one journal. Exits with 1 where there is none."""

    def __init__(self, config: str, journal: Path | None) -> None:
        self.settings = settings_or_exit(config)
        self.path = journal or self.settings.journal.path
        self._named = journal is not None
        self._policy: Policy = self.settings.policy()
        self._now: Callable[[], datetime] = SystemClock().now
        try:
            self._glance = Glance(self.path, session_calendar())
        except JournalFailed as trouble:
            complain(str(trouble), ["`condorbot run` writes one; --config or --journal name it"])
            raise typer.Exit(1) from None

    def look(self) -> Now:
        """Raises JournalFailed when the file went away meanwhile."""
        glance, now = self._glance, self._now()
        desk = glance.look()
        state, why = ("recorded", "") if self._named else vital(self.settings, now)
        age_s = None if glance.at is None or self._named else (now - glance.at).total_seconds()
        return Now(
            at=glance.at,
            age_s=age_s,
            state=state,
            why=why,
            view=snapshot(desk, self._policy),
            rungs=ladder(desk, self._policy),
            desk=desk,
            decisions=tuple(reversed(glance.decisions)),
            alerts=glance.alerts,
            notes=tuple(self._notes()),
        )

    def close(self) -> None:
        self._glance.close()

    def _notes(self) -> list[str]:
        found = []
        if self._glance.policy_hash not in ("", self._policy.fingerprint):
            found.append(OTHER_RULES)
        if not self._named and ControlFile(self.settings.control.path).present:
            path = self.settings.control.path
            found.append(f"{path} is there: nothing is opened until it is gone")
        return found


def vital(settings: Settings, now: datetime) -> tuple[str, str]:
    """The daemon's state in a word and why, as ``condorbot health`` judges it."""
    report = read_health(settings.health.path)
    if not isinstance(report, Health):
        return "down", report
    troubles = report.troubles(now, settings.health.age_s_max)
    unready = report.unready(settings.health.age_s_max)
    word = "down" if troubles else "not ready" if unready else "ready"
    return word, "; ".join(troubles + unready)


def as_json(now: Now) -> dict[str, Any]:
    """What ``--json`` prints of any of the commands, less what each leaves out."""
    view = {name: getattr(now.view, name) for name in Snapshot.__slots__ if name != "at"}
    return {
        "at": now.at,
        "age_s": now.age_s,
        "state": now.state,
        "why": now.why,
        "notes": now.notes,
        **view,
        "alerts": [{"code": a.code, "since": a.at, "text": a.text} for a in now.alerts],
        "ladder": now.rungs,
    }
