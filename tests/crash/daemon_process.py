"""The daemon as ``condorbot run`` makes it, except that its clock is the simulated gateway's.

    python -m tests.crash.daemon_process JOURNAL GATEWAY-LINE BUG [EVENT COUNT]

where GATEWAY-LINE is what the gateway process said first, and BUG is empty or the name of one in
planted.py. Logs JSON to standard output. Kills itself where it would log the event called EVENT for
the COUNT-th time, if it ever comes to that.
"""

import asyncio
import io
import json
import os
import signal
import sys
from datetime import datetime, time
from pathlib import Path
from typing import Any

from bot.app import Plan, config_hash, run_daemon
from bot.cli.run import stop_on_signals
from bot.logs import configure
from bot.supervise import Ending
from config.load import session_calendar
from config.settings import BrokerSettings, JournalSettings, Settings
from risk.limits import RiskLimits
from risk.parameters import HedgeParams
from strategies.iron_condor.parameters import IronCondorParams
from tests.crash.planted import Opened
from tests.crash.quick_loop import clock_from, run


def busy(journal: Path, port: int) -> Settings:
    """A desk that trades as often as the checks let it: small condors, soon closed again."""
    return Settings(
        broker=BrokerSettings(
            port=port, request_timeout_s=240.0, connect_timeout_s=240.0, backoff_s_max=20.0
        ),
        journal=JournalSettings(path=journal, quote_retention_days=1, checkpoint_every_rows=100),
        condor=IronCondorParams(
            entry_from=time(9, 45), entry_until=time(15, 50), spacing_sessions=0,
            retry_after_s=60.0, scout_before_s=600.0, quick_ratio_min=0.1,
            entry_every_s=20.0, give_up_after_s=180.0, entry_concession=0.5,
            take_profit_share=0.97, stop_debit_multiple=1.06, marks_needed=1, exit_every_s=20.0,
        ),
        hedge=HedgeParams(
            step_every_s=20.0, give_up_after_s=180.0, retry_after_s=60.0, build_wait_sessions=0
        ),
        limits=RiskLimits(
            max_loss_share_entry=0.006, max_loss_share_total=0.9, condors_max=200,
            orders_per_minute_max=40, opening_orders_per_minute_max=20, orders_per_day_max=5000,
            opening_orders_per_day_max=2500, mark_every_s=60.0, hedge_budget_share=0.5,
        ),
    )  # fmt: skip


def plan_for(
    settings: Settings, gateway: dict[str, Any], loop: asyncio.AbstractEventLoop, bug: str
) -> Plan:
    clock = clock_from(datetime.fromisoformat(gateway["now"]), gateway["loop_s"], loop)
    return Plan(
        "crash-test", settings.policy(), session_calendar(), clock,
        tick_s=5.0, lazy_s=30.0, report_health=False, opened=Opened(bug),
    )  # fmt: skip


class DeadlyLog(io.TextIOBase):
    """Standard output, until the line at which the process is to die."""

    def __init__(self, event: str, count: int) -> None:
        self._mark = f'"event":"{event}"'
        self._left = count

    def write(self, text: str) -> int:
        self._left -= self._mark in text
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return sys.stdout.write(text)

    def flush(self) -> None:
        sys.stdout.flush()


async def live(journal: Path, gateway: dict[str, Any], bug: str, die_at: list[str]) -> Ending:
    settings = busy(journal, gateway["port"])
    plan = plan_for(settings, gateway, asyncio.get_running_loop(), bug)
    stream = DeadlyLog(die_at[0], int(die_at[1])) if die_at else sys.stdout
    configure(
        "json", clock=plan.clock, stream=stream,
        run_id=plan.run_id, config_hash=config_hash(settings),
    )  # fmt: skip
    stop = asyncio.Event()
    stop_on_signals(stop)
    return await run_daemon(settings, plan, stop)


if __name__ == "__main__":
    line = json.loads(sys.argv[2])
    sys.exit(run(live(Path(sys.argv[1]), line, sys.argv[3], sys.argv[4:]), line["speed"]).exit)
