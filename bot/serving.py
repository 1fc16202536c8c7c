"""What the daemon serves over HTTP, wired: the console, and metrics with the health questions.

Two sockets, because they are for two kinds of reader: a person who must log in, and a scraper.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

import structlog

from bot.console.application import Parts, application
from bot.console.counts import Counts
from bot.console.feed import Feed
from bot.console.guard import Guard, Hosts
from bot.console.panels import Painter, Panel, Vitals
from bot.console.sessions import Sessions
from bot.console.watch import Watch
from bot.inbox import Inbox
from bot.listener import Address, Listener, Pause
from bot.logs import LogEvent, LogTail
from bot.loop import DeskLoop, Observer
from bot.metrics import Sources, Tallies, metrics_application
from bot.ports import Clock
from config.settings import ConsoleSettings, Settings
from domain.desk import Desk
from domain.events import HaltRequested, ReduceRequested
from engine.policy import Policy

log = structlog.get_logger()

LOOPBACK = ("127.0.0.1", "localhost", "::1")
WHO = "console"


@dataclass(frozen=True, slots=True)
class Serving:
    """How to serve, apart from the settings. ``pause`` sleeps real seconds, whatever the loop's
    clock says; ``token`` replaces the random one; ``told`` hears who listens on which port.
    """

    uptime_s: Callable[[], float] = time.monotonic
    pause: Pause = asyncio.sleep
    token: str = ""
    mode: str = "paper"
    tail: LogTail = field(default_factory=LogTail)
    told: Callable[[str, int], None] = lambda _name, _port: None


@dataclass(frozen=True, slots=True)
class Life:
    """What one life of the daemon lets be seen."""

    run_id: str
    config_hash: str
    policy: Policy
    clock: Clock
    inbox: Inbox
    opened: list[DeskLoop]


@dataclass(frozen=True, slots=True)
class Served:
    observers: tuple[Observer, ...] = ()
    tasks: dict[str, Callable[[], Awaitable[None]]] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)


def served(settings: Settings, serving: Serving, life: Life) -> Served:
    """Observers and tasks of whatever is enabled; nothing at all when nothing is.

    A console whose token cannot be written is left out with a warning: trading goes on.
    """
    both, counts = Served(), Counts()
    if settings.console.enabled:
        try:
            both = _console(settings.console, serving, life, counts)
        except OSError as error:
            path, why = str(settings.console.token_path), error.strerror
            log.warning(LogEvent.LISTENER_UNAVAILABLE, name="console", path=path, reason=why)
    if settings.metrics.enabled:
        one = _metrics(settings, serving, life, counts)
        both = Served((*both.observers, *one.observers), {**both.tasks, **one.tasks}, counts)
    return both


def _console(settings: ConsoleSettings, serving: Serving, life: Life, counts: Counts) -> Served:
    watch, painter = Watch(life.policy), Painter(life.policy)

    def paint() -> dict[str, Panel]:
        return _panels(painter, watch, life, counts)

    feed = Feed(watch, serving.tail, paint, settings.viewers_max, counts)
    sessions = Sessions(
        uptime_s=serving.uptime_s,
        lasts_s=settings.session_hours * 3600.0,
        token_path=settings.token_path,
        password_hash=settings.password_hash.get_secret_value(),
        token=serving.token,
    )

    def command(state: Literal["halt", "reduce"], why: str) -> None:
        kind = HaltRequested if state == "halt" else ReduceRequested
        life.inbox.put(kind(life.clock.now(), WHO, why))

    def hosts() -> Hosts:
        names = (*LOOPBACK, settings.host)
        tls = settings.tls_certificate is not None
        return Hosts.of(names, listener.port, settings.allowed_hosts, tls=tls)

    parts = Parts(feed, sessions, hosts, command, serving.uptime_s, counts, serving.mode)
    address = Address(
        settings.host,
        settings.port,
        settings.beyond_loopback,
        settings.tls_certificate,
        settings.tls_key,
    )

    def over() -> None:
        feed.close()
        sessions.close()

    listener = Listener(
        "console",
        application(parts),
        address,
        pause=serving.pause,
        on_beat=feed.beat,
        on_end=over,
        told=serving.told,
    )
    return Served((watch.observe,), {"console": listener.listen}, counts)


def _metrics(settings: Settings, serving: Serving, life: Life, counts: Counts) -> Served:
    tallies, own = Tallies(), settings.metrics
    sources = Sources(
        desk=lambda: _desk(life),
        turned_at=lambda: life.opened[-1].alive_at(life.clock.now()) if life.opened else None,
        now=life.clock.now,
        policy=life.policy,
        tallies=tallies,
        counts=counts,
        loop_age_s_max=settings.health.age_s_max,
    )

    def hosts() -> Hosts:
        return Hosts.of((*LOOPBACK, own.host), listener.port, own.allowed_hosts)

    inner, clock = metrics_application(sources), serving.uptime_s
    guarded = Guard(inner, hosts, None, lambda _path: True, clock, counts)
    address = Address(own.host, own.port, own.beyond_loopback)
    listener = Listener("metrics", guarded, address, pause=serving.pause, told=serving.told)
    return Served((tallies.observe,), {"metrics": listener.listen})


def _desk(life: Life) -> Desk | None:
    return life.opened[-1].desk if life.opened else None


def _panels(painter: Painter, watch: Watch, life: Life, counts: Counts) -> dict[str, Panel]:
    """Before the first turn there is nothing to show but that."""
    desk = watch.desk or _desk(life)
    if desk is None:
        return {}
    loop = life.opened[-1]
    vitals = Vitals(
        life.clock.now(), life.run_id, life.config_hash, loop.turned_at, loop.turns, counts
    )
    return painter.frame(desk, vitals)
