"""``condorbot demo``: market, gateway and daemon in one process, told as a readable account."""

import asyncio
import hashlib
import logging
import math
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bot.app import Plan, recover
from bot.cli.checks import Checks
from bot.cli.console_page import ConsoleOption, Page, page_or_exit, page_settings
from bot.cli.faults import FaultOption, FaultsOption, faults_or_exit
from bot.cli.ledger import Ledger
from bot.cli.narration import Narrator
from bot.cli.options import LogStyle, complain, settings_or_exit
from bot.cli.printing import Account, console
from bot.cli.run import stop_on_signals
from bot.cli.stage import GatewayRecords, Stage
from bot.cli.summary import Closing, print_summary
from bot.clock import LoopClock
from bot.journal.failures import JournalFailed, JournalInUse
from bot.journal.reading import JournalReader
from bot.logs import configure
from bot.serving import Serving
from bot.supervise import Ending, Exit
from config.load import session_calendar
from config.settings import Settings
from domain.desk import Desk
from domain.effects import Effect
from domain.events import Event
from domain.session import new_york
from engine.policy import Policy
from engine.views import snapshot
from sim.exchange.scenarios import Scenario, ScenarioError, load
from sim.gateway.faults.fault import Fault
from sim.virtual_time import run

RUN_PREFIX = "demo-"  # marks a journal as one that the next demo may replace
TICK_S = 60.0  # simulated seconds between two tellings of the time
WATCH_S = 600.0  # between two looks for an operator's file; stop a demo with Ctrl-C instead
LAZY_S = 900.0
_MARK_EVERY = timedelta(minutes=5)  # how often the hedge share is measured for the summary


def demo(
    scenario: Annotated[str, typer.Option(help="Which stretch of history to replay.")] = "",
    start: Annotated[str, typer.Option(help="First day, e.g. 2018-02-01.")] = "",
    days: Annotated[int | None, typer.Option(min=1, help="How many sessions.")] = None,
    speed: Annotated[
        str, typer.Option(help="Market seconds per second, or max; closed hours are skipped.")
    ] = "",
    seed: Annotated[int | None, typer.Option(min=0, help="Same seed, same run.")] = None,
    journal: Annotated[
        Path | None, typer.Option(help="Keep the journal in this file (replaces a demo's).")
    ] = None,
    log_style: Annotated[
        LogStyle | None, typer.Option("--log-format", help="Also write the log, to stderr.")
    ] = None,
    fault: FaultOption = None,
    faults: FaultsOption = None,
    console_port: ConsoleOption = None,
) -> None:
    """Play a piece of history: a simulated market and gateway, and the daemon trading on it.

    Ends with the scenario or with Ctrl-C and prints a summary; exit 0 only if every invariant held.
    """
    wrongs = faults_or_exit(fault, faults)
    settings = with_options(settings_or_exit("demo"), scenario, start, days, speed, seed)
    page = page_or_exit(console_port, settings.demo.speed)
    try:
        chosen = load(
            settings.demo.scenario,
            start=settings.demo.start,
            days=settings.demo.days,
            seed=settings.demo.seed,
            data_dir=settings.demo.data_dir,
        )
    except ScenarioError as error:
        complain(str(error))
        raise typer.Exit(Exit.BAD_CONFIG) from None
    with _journal_file(journal) as file:
        show = Show(settings, chosen, file, journal is not None, log_style, console(), wrongs, page)
        raise typer.Exit(show.perform())


@dataclass(slots=True)
class Show:
    """One performance, from the first line to the exit code."""

    settings: Settings
    scenario: Scenario
    file: Path
    keep: bool
    log_style: LogStyle | None
    console: Console
    faults: tuple[Fault, ...] = ()
    page: Page | None = None
    ledger: Ledger = field(default_factory=Ledger)

    def perform(self) -> int:
        demo_settings = self.settings.demo
        calendar = session_calendar()
        stage = Stage(
            self.scenario,
            calendar,
            demo_settings.seed,
            demo_settings.speed,
            self._daemon_settings(),
            self.faults,
        )
        self._introduce(stage)
        started = time.monotonic()
        try:
            return run(self._play(stage, started), pace=stage.pace())
        except (JournalFailed, JournalInUse) as trouble:
            complain(str(trouble))
            return Exit.CRASHED
        except OSError as trouble:
            complain(f"port {demo_settings.port}: {trouble.strerror or trouble}")
            return Exit.CRASHED

    async def _play(self, stage: Stage, started: float) -> int:
        policy = self.settings.policy()
        clock = LoopClock(stage.starts_at, asyncio.get_running_loop())
        records = GatewayRecords(stage)
        cash = Decimal(str(self.settings.demo.cash_usd))
        checks = Checks(records, policy, cash)
        account = Account(self.console)
        narrator = Narrator(
            policy, self.ledger, account.say, account.head, account.foot, records.value
        )
        marks = ShareMarks(policy, self.ledger)
        plan = Plan(
            run_id=f"{RUN_PREFIX}{stage.seed}",
            policy=policy,
            calendar=stage.calendar,
            clock=clock,
            tick_s=TICK_S,
            watch_s=WATCH_S,
            lazy_s=LAZY_S,
            observers=(
                self.ledger.observe, checks.observe, marks.observe, narrator.observe,
            ),
            report_health=False,
            serving=Serving() if self.page is None else self.page.serving(self.console.print),
        )  # fmt: skip
        self._log_to_stderr(clock, plan.run_id)
        stop = asyncio.Event()
        stop_on_signals(stop)
        ending = await stage.play(plan, stop)
        desk = plan.opened[0].desk
        at = new_york(clock.now()).strftime("%Y-%m-%d %H:%M")
        checks.conclude(desk, self.file, lambda: self._replayed(plan), at)
        view, value = narrator.closing, narrator.value_at_close
        if view is None or value is None:  # stopped while the market was open
            view, value = snapshot(desk, policy), records.value()
        closing = Closing(
            narrator.days, time.monotonic() - started, value, cash, self._journal_line()
        )
        print_summary(self.console, self.ledger, view, checks.all, closing)
        return _verdict(ending, checks)

    def _replayed(self, plan: Plan) -> Desk:
        reader = JournalReader(self.file)
        try:
            return recover(reader.records(), plan)
        finally:
            reader.close()

    def _daemon_settings(self) -> Settings:
        """No telemetry and a journal of its own: a demo must not speak for a real daemon."""
        return self.settings.model_copy(
            update={
                "journal": self.settings.journal.model_copy(
                    update={"path": self.file, "anchor": None, "quote_retention_days": 10_000}
                ),
                "mqtt": self.settings.mqtt.model_copy(update={"enabled": False}),
                "metrics": self.settings.metrics.model_copy(update={"enabled": False}),
                "console": page_settings(self.page, self.settings.console, self.file),
            }
        )

    def _introduce(self, stage: Stage) -> None:
        first, last = self.scenario.days[0].on, self.scenario.days[-1].on
        pace = (
            "as fast as possible" if stage.in_memory else f"{stage.speed:g} market seconds a second"
        )
        self.console.print(
            f"condorbot demo: {self.scenario.name}, {len(self.scenario.days)} sessions "
            f"from {first} to {last}, seed {stage.seed}, {pace}"
        )
        self.console.print("Times are New York; results in USD since the start, after fees.")

    def _log_to_stderr(self, clock: LoopClock, run_id: str) -> None:
        """Silent unless asked for, save for what nobody should miss."""
        style, page = self.log_style, self.page
        level = logging.ERROR if style is None else logging.INFO
        tail = None if page is None else page.tail
        if tail is not None:
            tail.quiet_below, level = level, logging.INFO
        configure(
            "json" if style is LogStyle.JSON else "console",
            clock=clock,
            level=level,
            stream=sys.stderr,
            tail=tail,
            run_id=run_id,
        )

    def _journal_line(self) -> str:
        reader = JournalReader(self.file)
        try:
            size = f"{reader.count('batch'):,} batches, {reader.count('record'):,} records"
        finally:
            reader.close()
        if not self.keep:
            return f"journal: {size}; --journal FILE keeps it"
        digest = hashlib.sha256(self.file.read_bytes()).hexdigest()
        return f"journal: {size}, sha256 {digest[:16]}, {self.file}"


@dataclass(slots=True)
class ShareMarks:
    """An observer of the loop: notes the hedge share every few minutes while condors are open."""

    policy: Policy
    ledger: Ledger
    _measured_at: datetime | None = None

    def observe(self, _events: Sequence[Event], _effects: Sequence[Effect], desk: Desk) -> None:
        last = self._measured_at
        if last is not None and desk.now - last < _MARK_EVERY:
            return
        self._measured_at = desk.now
        if not desk.book.open_tranches or not desk.calendar.is_open(desk.now):
            return
        view = snapshot(desk, self.policy)
        if view.condor_notional > 0:
            self.ledger.share(view.hedge_share, new_york(desk.now).strftime("%Y-%m-%d %H:%M"))


def _verdict(ending: Ending, checks: Checks) -> int:
    if ending.exit is not Exit.CLEAN:
        complain(f"the daemon ended: {ending.error!r} in {ending.task}")
        return ending.exit
    return Exit.CLEAN if checks.held else Exit.INVARIANT_BROKEN


def with_options(
    settings: Settings, scenario: str, start: str, days: int | None, speed: str, seed: int | None
) -> Settings:
    """The profile with what the command line says; exits with 2 for what makes no sense."""
    asked: dict[str, object] = {}
    if scenario:
        asked["scenario"] = scenario
    try:
        if start:
            asked["start"] = date.fromisoformat(start)
    except ValueError:
        complain(f"--start {start}: not a date like 2018-02-01")
        raise typer.Exit(Exit.BAD_CONFIG) from None
    if days is not None:
        asked["days"] = days
    if seed is not None:
        asked["seed"] = seed
    if speed:
        asked["speed"] = _speed(speed)
    return settings.model_copy(update={"demo": settings.demo.model_copy(update=asked)})


def _speed(text: str) -> float:
    try:
        speed = math.inf if text == "max" else float(text)
    except ValueError:
        speed = math.nan
    if not speed > 0:
        complain(f"--speed {text}: not a positive number of market seconds per second, nor max")
        raise typer.Exit(Exit.BAD_CONFIG)
    return speed


@contextmanager
def _journal_file(asked: Path | None) -> Iterator[Path]:
    """A file for this run: the asked one, emptied if an earlier demo left it, or a passing one."""
    if asked is None:
        with tempfile.TemporaryDirectory(prefix="condorbot-demo-") as folder:
            yield Path(folder) / "demo.sqlite"
        return
    if asked.exists():
        _discard_old_demo(asked)
    yield asked


def _discard_old_demo(file: Path) -> None:
    """Only a demo's own journal may be replaced. Exits with 2 for anything else."""
    try:
        reader = JournalReader(file)
        lives = reader.lives()
        reader.close()
    except JournalFailed:
        lives = []
    if not lives or any(not life["run_id"].startswith(RUN_PREFIX) for life in lives):
        complain(f"--journal {file}: this file exists and is not the journal of a demo")
        raise typer.Exit(Exit.BAD_CONFIG)
    for path in (file, *(file.with_name(file.name + end) for end in ("-wal", "-shm", ".lock"))):
        path.unlink(missing_ok=True)
