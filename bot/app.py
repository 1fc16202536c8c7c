"""Composition root: builds the adapters, recovers the desk, runs the tasks, ends them in order.

Start-up is recovery: there is no other path. Knows every adapter by name, so nothing else must.
"""

import asyncio
import hashlib
import traceback
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta

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
from bot.supervise import Ending, Exit, supervise
from bot.telemetry.mqtt import MqttTelemetry
from bot.telemetry.silent import SilentTelemetry
from bot.telemetry.topics import Topics, Vitals
from bot.ticker import WATCH_S, tick_clock, watch
from config.settings import JournalSettings, Settings
from domain.desk import Desk
from domain.effects import Effect
from domain.events import BrokerLost, Event, HaltRequested, ResumeRequested
from domain.session import SessionCalendar
from engine import rules
from engine.policy import Policy
from engine.step import open_desk

log = structlog.get_logger()

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
    serving: Serving = field(default_factory=Serving)  # used where console or metrics are enabled
    opened: list[DeskLoop] = field(default_factory=list)  # the loop, once there is one


async def run_daemon(settings: Settings, plan: Plan, stop: asyncio.Event) -> Ending:
    """Until ``stop`` is set or something breaks. Raises JournalFailed, JournalInUse."""
    clock, policy = plan.clock, plan.policy
    journal, ended = _journal(settings.journal, plan), "crashed"
    try:
        hashed = config_hash(settings)
        poisoned = journal.begin_life(plan.run_id, clock.now(), hashed, policy.fingerprint)
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
        every = settings.mqtt.snapshot_s_min, settings.mqtt.heartbeat_s
        told = (Publisher(telemetry, policy, *every).observe,) if sending else ()
        shown = _shown(settings, plan, inbox, hashed)
        loop = DeskLoop(
            desk,
            policy,
            inbox,
            journal,
            Executor(broker, telemetry, inbox, clock, gate),
            broker,
            # The keeper comes last: whoever watches need not wait for the disk.
            (*told, *shown.observers, *plan.observers, keeper.observe),
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
        }
        if plan.report_health:
            health = settings.health
            reporter = HealthReporter(health.path, health.every_s, plan.run_id, clock)
            tasks["health"] = lambda: reporter.run(loop)
        log.info(LogEvent.PROCESS_STARTED, journal=str(settings.journal.path))
        ending = await supervise(tasks, stop)
        gate.shut("the process is ending")
        if ending.error is None:
            keeper.save()
        ended = _conclude(ending, loop, journal)
        return ending
    finally:
        journal.close(ended)
        log.info(LogEvent.PROCESS_STOPPED, ended=ended)


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
    told = {"journal", "log", "health", "mqtt", "control", "approvals", "console", "metrics"}
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
    return served(settings, plan.serving, life)


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
