"""``condorbot run``: the daemon against a real paper gateway, until it is told to stop."""

import asyncio
import secrets
import signal
from typing import Annotated

import structlog
import typer

from bot.app import Plan, config_hash, run_daemon
from bot.approvals.keyring import EnrolmentRefused
from bot.approvals.opening import ResumeRefused
from bot.cli.options import LogStyle, complain, log_format, log_level, settings_or_exit
from bot.clock import SystemClock
from bot.journal.failures import JournalFailed, JournalInUse
from bot.logs import LogEvent, LogTail, configure, mask_accounts
from bot.serving import Serving
from bot.supervise import Ending, Exit
from bot.watchdog import Watchdog
from config.load import session_calendar
from config.settings import Settings
from domain.events import HaltRequested

log = structlog.get_logger()


def run(
    config: Annotated[
        str, typer.Option("--config", "-c", help="A TOML file or the name of a profile.")
    ] = "paper",
    log_style: Annotated[
        LogStyle | None, typer.Option("--log-format", help="json, console or auto.")
    ] = None,
    resume: Annotated[
        str, typer.Option(help="End a halt that an earlier run left behind; say why.")
    ] = "",
) -> None:
    """Trade a paper account until stopped.

    Ends with 0 after SIGTERM or Ctrl-C, 2 for a bad configuration, 3 for a live account or port,
    70 after anything unexpected (start it again: it recovers from its journal).
    """
    settings = settings_or_exit(config)
    clock = SystemClock()
    plan = Plan(
        run_id=secrets.token_hex(4),
        policy=settings.policy(),
        calendar=session_calendar(),
        clock=clock,
        resume=resume,
        serving=Serving(tail=LogTail()),
        watchdog=Watchdog(settings.health.stuck_s),
    )
    configure(
        log_format(log_style, settings.log),
        clock=clock,
        level=log_level(settings.log),
        tail=plan.serving.tail if settings.console.enabled else None,
        run_id=plan.run_id,
        config_hash=config_hash(settings),
    )
    try:
        ending = asyncio.run(_until_stopped(settings, plan))
    except (JournalFailed, JournalInUse) as trouble:
        complain(str(trouble))
        raise typer.Exit(Exit.CRASHED) from None
    except (EnrolmentRefused, ResumeRefused) as trouble:
        complain(str(trouble))
        raise typer.Exit(Exit.BAD_CONFIG) from None
    if ending.exit is Exit.LIVE_REFUSED:
        complain(mask_accounts(f"refused, paper trading only: {ending.error}"))
    raise typer.Exit(ending.exit)


async def _until_stopped(settings: Settings, plan: Plan) -> Ending:
    stop = asyncio.Event()
    stop_on_signals(stop)
    halt_on_signal(plan)
    return await run_daemon(settings, plan, stop)


def halt_on_signal(plan: Plan) -> None:
    """SIGUSR1 halts; it needs neither broker nor network."""

    def halt() -> None:
        for desk_loop in plan.opened:
            desk_loop.inbox.put(HaltRequested(plan.clock.now(), "operator", "SIGUSR1"))

    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, halt)


def stop_on_signals(stop: asyncio.Event) -> None:
    """The first SIGTERM or SIGINT asks to stop; a second one is not waited for."""
    loop = asyncio.get_running_loop()

    def ask(number: signal.Signals) -> None:
        log.info(LogEvent.PROCESS_STOPPING, reason=number.name)
        stop.set()
        loop.remove_signal_handler(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ask, number)
