"""Composition root: builds the adapters, recovers the desk, runs the tasks, ends them in order.

Start-up is recovery: there is no other path. Knows every adapter by name, so nothing else must.
"""

import asyncio
import hashlib
import traceback
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

import structlog

from bot.approvals.office import ApprovalOffice, Desked
from bot.approvals.opening import Start, opening
from bot.approvals.spool import Spool
from bot.broker.ib import IbBroker
from bot.clock_watch import ClockWatch
from bot.control import ControlFile
from bot.execute import Executor
from bot.gate import SendGate
from bot.health import HealthReporter
from bot.inbox import Inbox
from bot.journal.anchor import Anchor
from bot.journal.failures import JournalFailed
from bot.journal.sqlite import SqliteJournal
from bot.logs import LogEvent
from bot.loop import DeskLoop, Observer
from bot.ports import Clock, Telemetry
from bot.publish import Publisher
from bot.recovery import DeskKeeper, Recovered, first_desk, folded, recovered
from bot.serving import Life, Served, Serving, served
from bot.shadow import ShadowBooks
from bot.step_log import StepLog
from bot.supervise import Dispensable, Ending, Exit, Onlooker, spared, supervise
from bot.telemetry.mqtt import MqttTelemetry
from bot.telemetry.silent import SilentTelemetry
from bot.telemetry.topics import Topics, Vitals
from bot.ticker import WATCH_S, tick_clock, watch
from bot.watchdog import Watchdog
from config.build import build_identity
from config.settings import JournalSettings, Settings
from domain.desk import Desk
from domain.effects import Effect, RaiseAlert, Severity
from domain.events import BrokerLost, Event, HaltRequested, ResumeRequested
from domain.session import SessionCalendar
from engine import rules
from engine.policy import Policy
from engine.step import open_desk

log = structlog.get_logger()

SHADOW_OFF = "shadow_off"  # alert: books on paper failed and were switched off
JUST_STARTED = "the daemon has just started"  # nothing was lost: there was no connection yet


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is made of, apart from the settings."""

    run_id: str
    policy: Policy
    calendar: SessionCalendar
    clock: Clock
    tick_s: float = 5.0  # how often the desk is told the time
    watch_s: float = WATCH_S  # how often an operator's file is looked for
    lazy_s: float = 30.0  # how long prices may stay uncommitted
    observers: tuple[Observer, ...] = ()
    resume: str = ""  # the operator's reason to end a halt that an earlier life left behind
    report_health: bool = True
    watchdog: Watchdog | None = None  # ends the process when the loop is stuck
    serving: Serving = field(default_factory=Serving)  # used where console or metrics are enabled
    opened: list[DeskLoop] = field(default_factory=list)  # the loop, once there is one


async def run_daemon(settings: Settings, plan: Plan, stop: asyncio.Event) -> Ending:
    """Until ``stop`` is set or something breaks. Raises JournalFailed, JournalInUse."""
    clock, policy = plan.clock, plan.policy
    journal, ended = _journal(settings.journal, plan), "crashed"
    try:
        hashed = config_hash(settings)
        life = (plan.run_id, clock.now(), hashed, policy.fingerprint, build_identity())
        poisoned = journal.begin_life(*life)
        past = recovered(journal, plan.calendar)
        rows = settings.journal.checkpoint_every_rows
        desk, keeper = _begun(past, plan), DeskKeeper(journal, past.desk, plan.calendar, rows)
        inbox, control = Inbox(), ControlFile(settings.control.path)
        clocks = ClockWatch(clock, asyncio.get_running_loop().time)
        gate = SendGate((clocks.trouble,), (inbox.objection, control.objection))
        for event in _first_news(settings, plan, desk, poisoned):
            inbox.put(event)
        if plan.resume:
            control.clear()
        desked = Desked(lambda: plan.opened[-1].desk, inbox.put, journal.since, control)
        office, commanding = _office(settings, plan, desked, clocks)
        broker = IbBroker(settings.broker, clock, inbox, gate)
        broker.adopt(tuple(order for order in desk.orders.values() if order.ever_sent))
        telemetry, sending = _telemetry(settings, plan, hashed, journal, office)
        told = _told(settings, policy, telemetry) if sending else ()
        shown = _shown(settings, plan, inbox, hashed)
        said = StepLog(lambda: journal.head[0])
        executor = Executor(broker, telemetry, inbox, clock, gate)
        loop = DeskLoop(
            desk,
            policy,
            inbox,
            journal,
            executor,
            broker,
            # The keeper comes last: whoever watches need not wait for the disk.
            (said.observe, *told, *shown.observers, *plan.observers, keeper.observe),
            _beside(settings, plan, inbox, executor),
        )
        broker.compare_with(lambda: loop.desk.book.positions())  # noqa: PLW0108  # later desks
        plan.opened.append(loop)
        tasks: dict[str, Callable[[], Awaitable[None]]] = {
            "desk": loop.run,
            "broker": broker.run,
            "watch": lambda: watch(inbox, clock, control, clocks, plan.watch_s),
            "clock": lambda: tick_clock(inbox, clock, plan.calendar, plan.tick_s),
            **commanding,
            **sending,
            **shown.tasks,
            **_watching(settings, plan, loop),
        }
        log.info(LogEvent.PROCESS_STARTED, journal=str(settings.journal.path), build=life[-1])
        ending = await supervise(tasks, stop)
        gate.shut("the process is ending")
        if ending.error is None:
            keeper.save()
        ended = _conclude(ending, loop, journal)
        return ending
    finally:
        journal.close(ended)
        log.info(LogEvent.PROCESS_STOPPED, ended=ended)


def _watching(
    settings: Settings, plan: Plan, loop: DeskLoop
) -> dict[str, Callable[[], Awaitable[None]]]:
    """Tasks that tell others whether this process is well."""
    found: dict[str, Callable[[], Awaitable[None]]] = {}
    if plan.report_health:
        health = settings.health
        reporter = HealthReporter(health.path, health.every_s, plan.run_id, plan.clock)
        found["health"] = lambda: reporter.run(loop)
    if (dog := plan.watchdog) is not None:
        found["watchdog"] = lambda: dog.run(
            lambda: loop.turned_at, lambda: _stuck(loop, plan.clock, settings.health.stuck_s)
        )
    return found


def _stuck(loop: DeskLoop, clock: Clock, stuck_s: float) -> bool:
    """Whether work has been waiting for the desk for so long; before the first turn none can."""
    now = clock.now()
    alive_at = loop.alive_at(now)
    return alive_at is not None and (now - alive_at).total_seconds() > stuck_s


def _first_news(
    settings: Settings, plan: Plan, desk: Desk, poisoned: str | None
) -> tuple[Event, ...]:
    """What the desk hears before anything else. Raises EnrolmentRefused, ResumeRefused."""
    now, ring = plan.clock.now(), settings.approvals.key_ring
    start = Start(config_hash(settings), plan.policy, ring, plan.resume)
    halts: tuple[Event, ...] = ()
    if poisoned is not None:
        why = f"the last run ended on a batch it could not process: {poisoned}"
        halts = (HaltRequested(now, "recovery", why),)
    opened = opening(now, start, desk.approvals)
    resumed = (ResumeRequested(now, "operator", start.resume),) if start.resume else ()
    return (BrokerLost(now, JUST_STARTED), *halts, *opened, *resumed)


def recover(records: Iterable[Event | Effect], plan: Plan) -> Desk:
    """The desk that all ``records`` fold to; a new one when there are none."""
    desk, count = folded(first_desk(plan.calendar), records)
    return _begun(Recovered(desk, 0, count), plan)


def _begun(past: Recovered, plan: Plan) -> Desk:
    if past.refused:
        log.warning(LogEvent.JOURNAL_DESK_REFUSED, why="saved desks contradict the records")
    log.info(
        LogEvent.PROCESS_RECOVERED,
        saved_batch=past.batch,
        records=past.records,
        working_orders=len(past.desk.working),
    )
    if not past.anything:
        return open_desk(plan.calendar, plan.policy, plan.clock.now())
    watched = rules.watch(past.desk, (), plan.policy)
    return replace(past.desk, memory=replace(past.desk.memory, watchlist=watched))


def config_hash(settings: Settings) -> str:
    """Names what decides about trading; where files lie and who is told does not count."""
    told = {"journal", "log", "health", "mqtt", "control", "approvals", "console", "metrics",
            "shadow"}  # fmt: skip
    text = settings.model_dump_json(exclude=told)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _journal(settings: JournalSettings, plan: Plan) -> SqliteJournal:
    return SqliteJournal(
        settings.path,
        lazy_s=plan.lazy_s,
        quote_retention=timedelta(days=settings.quote_retention_days),
        anchor=None if settings.anchor is None else Anchor(settings.anchor),
    )


def _office(
    settings: Settings, plan: Plan, desked: Desked, clocks: ClockWatch
) -> tuple[ApprovalOffice, dict[str, Callable[[], Awaitable[None]]]]:
    """The office for signed commands; its folder is watched once there may be keys to sign with."""
    approvals = settings.approvals
    office = ApprovalOffice(
        approvals.daemon, settings.broker.account, plan.policy, plan.clock, desked, clocks
    )
    if approvals.key_ring is None:
        return office, {}
    return office, {"approvals": Spool(approvals.spool, office, office.watch).run}


def _shown(settings: Settings, plan: Plan, inbox: Inbox, hashed: str) -> Served:
    life = Life(plan.run_id, hashed, plan.policy, plan.clock, inbox, plan.opened)
    found = served(settings, plan.serving, life)
    observers = tuple(Onlooker("console", each, _part_failed) for each in found.observers)
    tasks: dict[str, Callable[[], Awaitable[None]]] = {
        name: partial(spared, name, run, _part_failed) for name, run in found.tasks.items()
    }
    return replace(found, observers=observers, tasks=tasks)


def _telemetry(
    settings: Settings, plan: Plan, hashed: str, journal: SqliteJournal, office: ApprovalOffice
) -> tuple[Telemetry, dict[str, Callable[[], Awaitable[None]]]]:
    if not settings.mqtt.enabled:
        return SilentTelemetry(), {}
    topics = Topics(settings.mqtt.topic_prefix, plan.run_id, hashed, settings.approvals.daemon)

    def vitals() -> Vitals:
        return Vitals(*journal.head, plan.opened[-1].desk.approvals.epoch)

    commands = office if settings.mqtt.commands else None
    mqtt = MqttTelemetry(settings.mqtt, topics, plan.clock, vitals, commands)
    return mqtt, {"telemetry": mqtt.run}


def _told(settings: Settings, policy: Policy, telemetry: Telemetry) -> tuple[Observer, ...]:
    every = settings.mqtt.snapshot_s_min, settings.mqtt.heartbeat_s
    return (Onlooker("publisher", Publisher(telemetry, policy, *every).observe, _part_failed),)


def _part_failed(part: str, error: Exception) -> None:
    """Something that only shows the desk broke; the process goes on without it."""
    log.error(LogEvent.PROCESS_PART_FAILED, part=part, exc_info=error)


def _beside(settings: Settings, plan: Plan, inbox: Inbox, executor: Executor) -> Dispensable | None:
    """Books on paper know the inbox and nothing else; the executor only tells of their end."""
    if not settings.shadow.enabled:
        return None

    def failed(error: Exception) -> None:
        log.error(LogEvent.SHADOW_FAILED, exc_info=error)
        text = f"the books on paper are off until the next start: {error}"
        executor.execute(RaiseAlert(plan.clock.now(), SHADOW_OFF, Severity.WARNING, text))

    return Dispensable(ShadowBooks(plan.policy, settings.shadow, inbox.put), failed)


def _conclude(ending: Ending, loop: DeskLoop, journal: SqliteJournal) -> str:
    """Say why it ended; keep the batch that broke the core. Returns the word for the journal."""
    if ending.error is None:
        return "clean"
    if ending.exit is Exit.LIVE_REFUSED:
        log.error(LogEvent.PROCESS_REFUSED, reason=str(ending.error))
        return "refused"
    log.error(LogEvent.PROCESS_FAILED, task=ending.task, exc_info=ending.error)
    if loop.batch and not isinstance(ending.error, JournalFailed):
        text = "".join(traceback.format_exception_only(ending.error)).strip()
        journal.poison(loop.batch, text)
        log.error(LogEvent.JOURNAL_POISONED, events=len(loop.batch))
        return "poisoned"
    return "crashed"
