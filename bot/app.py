"""Composition root: builds the adapters, recovers the desk, runs the tasks, ends them in order.

Start-up is recovery: there is no other path. Knows every adapter by name, so nothing else must.
"""

import asyncio
import hashlib
import traceback
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast, get_args

import structlog

from bot.broker.ib import IbBroker
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
from bot.supervise import Ending, Exit, supervise
from bot.telemetry.mqtt import MqttTelemetry
from bot.telemetry.silent import SilentTelemetry
from bot.telemetry.topics import Topics
from bot.ticker import tick_clock
from config.settings import Settings
from domain.desk import Desk
from domain.effects import Effect
from domain.events import BrokerLost, Event, HaltRequested, ResumeRequested
from domain.session import SessionCalendar
from engine.fold import apply_effect, fold
from engine.policy import Policy
from engine.step import open_desk

log = structlog.get_logger()

JUST_STARTED = "the daemon has just started"  # nothing was lost: there was no connection yet

_EFFECTS = frozenset(get_args(Effect))
# Recorded days turn one by one as they did when they were lived: the desk starts before them.
_BEFORE_ANY_RECORD = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is made of, apart from the settings."""

    run_id: str
    policy: Policy
    calendar: SessionCalendar
    clock: Clock
    tick_s: float = 5.0  # how often the desk is told the time
    lazy_s: float = 30.0  # how long prices may stay uncommitted
    observers: tuple[Observer, ...] = ()
    resume: str = ""  # the operator's reason to end a halt that an earlier life left behind
    report_health: bool = True
    opened: list[DeskLoop] = field(default_factory=list)  # the loop, once there is one


async def run_daemon(settings: Settings, plan: Plan, stop: asyncio.Event) -> Ending:
    """Until ``stop`` is set or something breaks. Raises JournalFailed, JournalInUse."""
    clock, policy = plan.clock, plan.policy
    journal = SqliteJournal(
        settings.journal.path,
        lazy_s=plan.lazy_s,
        quote_retention=timedelta(days=settings.journal.quote_retention_days),
        anchor=None if settings.journal.anchor is None else Anchor(settings.journal.anchor),
    )
    ended = "crashed"
    try:
        hashed = config_hash(settings)
        poisoned = journal.begin_life(plan.run_id, clock.now(), hashed, policy.fingerprint)
        desk = recover(journal.read(), plan)
        inbox, gate = Inbox(), SendGate()
        inbox.put(BrokerLost(clock.now(), JUST_STARTED))
        if poisoned is not None:
            why = f"the last run ended on a batch it could not process: {poisoned}"
            inbox.put(HaltRequested(clock.now(), "recovery", why))
        control = ControlFile(settings.control.path)
        if plan.resume:
            control.clear()
            inbox.put(ResumeRequested(clock.now(), "operator", plan.resume))
        broker = IbBroker(settings.broker, clock, inbox, gate)
        broker.adopt(tuple(order for order in desk.orders.values() if order.ever_sent))
        telemetry, sending = _telemetry(settings, plan, hashed)
        publisher = Publisher(telemetry, policy, settings.mqtt.snapshot_s_min)
        loop = DeskLoop(
            desk,
            policy,
            inbox,
            journal,
            Executor(broker, telemetry, inbox, clock, gate, control),
            broker,
            (publisher.observe, *plan.observers) if sending else plan.observers,
        )
        plan.opened.append(loop)
        tasks: dict[str, Callable[[], Awaitable[None]]] = {
            "desk": loop.run,
            "broker": broker.run,
            "clock": lambda: tick_clock(inbox, clock, plan.calendar, plan.tick_s, control),
            **sending,
        }
        if plan.report_health:
            health = settings.health
            reporter = HealthReporter(health.path, health.every_s, plan.run_id, clock)
            tasks["health"] = lambda: reporter.run(loop)
        log.info(LogEvent.PROCESS_STARTED, journal=str(settings.journal.path))
        ending = await supervise(tasks, stop)
        gate.shut("the process is ending")
        ended = _conclude(ending, loop, journal)
        return ending
    finally:
        journal.close(ended)
        log.info(LogEvent.PROCESS_STOPPED, ended=ended)


def recover(records: Iterable[Event | Effect], plan: Plan) -> Desk:
    """The desk as its journal left it; a new one when there are no ``records``."""
    desk, count = open_desk(plan.calendar, plan.policy, _BEFORE_ANY_RECORD), 0
    for record in records:
        if type(record) in _EFFECTS:  # asking whether it is an Effect takes as long as folding it
            desk = apply_effect(desk, cast("Effect", record))
        else:
            desk = fold(desk, cast("Event", record))
        count += 1
    log.info(LogEvent.PROCESS_RECOVERED, records=count, working_orders=len(desk.working))
    return desk if count else open_desk(plan.calendar, plan.policy, plan.clock.now())


def config_hash(settings: Settings) -> str:
    """Names what decides about trading; where files lie and who is told does not count."""
    text = settings.model_dump_json(exclude={"journal", "log", "health", "mqtt", "control"})
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _telemetry(
    settings: Settings, plan: Plan, hashed: str
) -> tuple[Telemetry, dict[str, Callable[[], Awaitable[None]]]]:
    if not settings.mqtt.enabled:
        return SilentTelemetry(), {}
    topics = Topics(settings.mqtt.topic_prefix, plan.run_id, hashed)
    mqtt = MqttTelemetry(settings.mqtt, topics, plan.clock)
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
