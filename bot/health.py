"""Whether the daemon is alive and ready, as a small file that it rewrites and a command reads.

Alive: the main loop turned lately. Ready: the broker is synchronised and its prices are fresh. A
file needs no port, no library and no permission, and a hung loop shows by its age.
"""

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
import structlog

from bot.logs import LogEvent
from bot.loop import DeskLoop
from bot.ports import Clock

log = structlog.get_logger()


class Health(msgspec.Struct, frozen=True):
    """One report. Ages are in seconds; None where nothing of the kind ever happened."""

    at: datetime
    run_id: str
    loop_age_s: float | None
    broker_ready: bool
    data_age_s: float | None
    trading_state: str

    def troubles(self, now: datetime, age_s_max: float) -> list[str]:
        """Why the daemon is not alive at ``now``; empty when it is."""
        if (age := (now - self.at).total_seconds()) > age_s_max:
            return [f"no report for {age:.0f} s"]
        if self.loop_age_s is None or self.loop_age_s > age_s_max:
            return ["the main loop does not turn"]
        return []

    def unready(self, age_s_max: float) -> list[str]:
        """Why it could not trade even when alive."""
        if not self.broker_ready:
            return ["the broker is not ready"]
        if self.data_age_s is None or self.data_age_s > age_s_max:
            return ["no fresh prices"]
        return []


@dataclass(frozen=True, slots=True)
class HealthReporter:
    """Rewrites ``path`` every ``every_s`` until cancelled; removes it when the daemon stops."""

    path: Path
    every_s: float
    run_id: str
    clock: Clock

    async def run(self, desk_loop: DeskLoop) -> None:
        try:
            while True:
                self._write(self._report(desk_loop))
                await asyncio.sleep(self.every_s)
        except OSError as error:
            log.warning(LogEvent.HEALTH_UNAVAILABLE, path=str(self.path), reason=error.strerror)
            await asyncio.Event().wait()
        finally:
            with contextlib.suppress(OSError):
                self.path.unlink(missing_ok=True)

    def _report(self, desk_loop: DeskLoop) -> Health:
        now, desk = self.clock.now(), desk_loop.desk
        return Health(
            at=now,
            run_id=self.run_id,
            loop_age_s=_age(now, desk_loop.alive_at(now)),
            broker_ready=desk.ready_at is not None,
            data_age_s=_age(now, desk.feed_at),
            trading_state=desk.trading.value,
        )

    def _write(self, report: Health) -> None:
        """Whole or not at all: a reader never sees half a report."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_name(self.path.name + ".new")
        draft.write_bytes(msgspec.json.encode(report))
        draft.replace(self.path)


def read_health(path: Path) -> Health | str:
    """The last report, or why there is none."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Health)
    except OSError as error:
        return f"{path}: {error.strerror}: no daemon reports here"
    except msgspec.MsgspecError as error:
        return f"{path}: {error}"


def _age(now: datetime, then: datetime | None) -> float | None:
    return None if then is None else round((now - then).total_seconds(), 3)
