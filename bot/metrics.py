"""Prometheus metrics and the two health questions, from the newest desk; no labels but from enums.

Reads when asked, never on a turn; what must be counted in between is counted by an observer.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from math import nan

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.console.counts import REFUSALS, Counts
from domain.desk import CurveState, Desk, Regime, TradingState
from domain.effects import Effect, RaiseAlert, RecordDecision, Verdict
from domain.events import Event, OrderFilled, OrderRejected, OrderUncertain
from domain.instruments import SPX, VIX
from domain.orders import DenialCode
from domain.signals import UNKNOWN, Signal
from engine.policy import Policy
from engine.views import Snapshot, snapshot
from risk.alerts import ALERT_RULES

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_EVENTS = {OrderFilled: "filled", OrderRejected: "rejected", OrderUncertain: "uncertain"}


@dataclass(slots=True)
class Tallies:
    """An observer of the main loop: counts what a look now and then would miss."""

    turns: int = 0
    decisions: Counter[Verdict] = field(default_factory=Counter)
    denials: Counter[DenialCode] = field(default_factory=Counter)
    alerts: Counter[str] = field(default_factory=Counter)
    order_events: Counter[str] = field(default_factory=Counter)

    def observe(self, events: Sequence[Event], effects: Sequence[Effect], _desk: Desk) -> None:
        self.turns += 1
        for event in events:
            name = _EVENTS.get(type(event))
            if name is not None:
                self.order_events[name] += 1
        for effect in effects:
            if isinstance(effect, RecordDecision):
                self.decisions[effect.verdict] += 1
                if effect.denial is not None:
                    self.denials[effect.denial] += 1
            elif isinstance(effect, RaiseAlert) and effect.active:
                self.alerts[effect.code] += 1


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the numbers come from. ``desk`` is None before the first turn."""

    desk: Callable[[], Desk | None]
    turned_at: Callable[[], datetime | None]
    now: Callable[[], datetime]
    policy: Policy
    tallies: Tallies
    counts: Counts
    loop_age_s_max: float


class DeskCollector:
    """Implements the collector protocol of prometheus_client: one pass over one desk."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def collect(self) -> Iterator[Metric]:
        sources = self._sources
        desk = sources.desk()
        health = Health.of(sources)
        yield _gauge("ready", "1 when new risk could be judged now.", float(not health.unready))
        yield _gauge("loop_age_seconds", "Since the main loop last turned.", health.loop_age_s)
        yield _counter("turns", "Turns of the main loop.", sources.tallies.turns)
        yield from _tallied(sources.tallies)
        yield from _served(sources.counts)
        if desk is not None:
            yield from _levels(desk)
            yield from _states(desk)
            yield from _layers(snapshot(desk, sources.policy), sources.policy)


@dataclass(frozen=True, slots=True)
class Health:
    """Ages in seconds, None where nothing of the kind ever happened."""

    loop_age_s: float | None
    data_age_s: float | None
    dead: tuple[str, ...]
    unready: tuple[str, ...]

    @classmethod
    def of(cls, sources: Sources) -> "Health":
        desk, now = sources.desk(), sources.now()
        loop_age_s = _age_s(now, sources.turned_at())
        hangs = loop_age_s is None or loop_age_s > sources.loop_age_s_max
        dead = ("the main loop does not turn",) if hangs else ()
        if desk is None:
            return cls(loop_age_s, None, dead, (*dead, "nothing was heard yet"))
        age_s = _age_s(now, desk.feed_at)
        stale = age_s is None or age_s > sources.policy.limits.feed_age_s_max
        doubts = (
            (desk.ready_at is None, "the broker is not ready"),
            (stale, "no fresh prices"),
            (desk.broker_positions is None, "positions were never compared"),
            (bool(desk.mismatched), "book and broker disagree"),
            (bool(desk.uncertain), "an order is uncertain"),
        )
        return cls(loop_age_s, age_s, dead, (*dead, *(why for holds, why in doubts if holds)))


def metrics_application(sources: Sources) -> Starlette:
    """``/metrics``, ``/health/live`` and ``/health/ready``; nothing here changes anything."""
    registry = CollectorRegistry()
    registry.register(DeskCollector(sources))

    async def metrics(_request: Request) -> Response:
        return Response(generate_latest(registry), headers={"content-type": CONTENT_TYPE})

    async def live(_request: Request) -> Response:
        health = Health.of(sources)
        return _told(health, health.dead)

    async def ready(_request: Request) -> Response:
        health = Health.of(sources)
        return _told(health, health.unready)

    return Starlette(
        routes=[
            Route("/metrics", metrics),
            Route("/health/live", live),
            Route("/health/ready", ready),
        ]
    )


def _tallied(tallies: Tallies) -> Iterator[Metric]:
    yield _by(
        CounterMetricFamily("condorbot_decisions", "Recorded decisions.", labels=["verdict"]),
        ((verdict.value, tallies.decisions[verdict]) for verdict in Verdict),
    )
    yield _by(
        CounterMetricFamily("condorbot_denials", "Refusals by our own checks.", labels=["code"]),
        ((code.value, tallies.denials[code]) for code in DenialCode),
    )
    yield _by(
        CounterMetricFamily("condorbot_alerts", "Alerts raised.", labels=["code"]),
        ((code, tallies.alerts[code]) for code, _, _ in ALERT_RULES),
    )
    yield _by(
        CounterMetricFamily("condorbot_order_events", "News of orders.", labels=["event"]),
        ((name, tallies.order_events[name]) for name in _EVENTS.values()),
    )


def _served(counts: Counts) -> Iterator[Metric]:
    yield _gauge("console_viewers", "Open pages of the console.", counts.viewers)
    yield _counter("console_viewers_dropped", "Pages that took nothing.", counts.dropped)
    yield _by(
        CounterMetricFamily("condorbot_http_refused", "Requests refused.", labels=["status"]),
        ((str(status), counts.refused[status]) for status in REFUSALS),
    )


def _levels(desk: Desk) -> Iterator[Metric]:
    yield _gauge(
        "broker_ready", "1 while connected and reconciled.", float(desk.ready_at is not None)
    )
    yield _gauge("data_age_seconds", "Since any quote arrived.", _age_s(desk.now, desk.feed_at))
    yield _gauge("spx_points", "SPX.", desk.level(SPX))
    yield _gauge("vix_points", "VIX.", desk.level(VIX))
    account = desk.account
    yield _gauge("net_liquidation_usd", "Value of the account.", account.net_liquidation)
    yield _gauge("excess_liquidity_usd", "Excess liquidity.", account.excess_liquidity)
    yield _gauge("day_start_usd", "Net liquidation when the day began.", account.day_start)
    yield _gauge("positions_mismatched", "Legs unlike the broker's.", len(desk.mismatched))
    yield _gauge("orders_uncertain", "Orders nobody answers for.", len(desk.uncertain))
    yield _gauge("orders_working", "Orders that may still fill.", len(desk.working))
    yield _counter("orders_sent", "Orders sent, all lives.", desk.tally.sent)
    yield _counter("orders_denied", "Intents denied, all lives.", desk.tally.denied)
    yield _by(
        GaugeMetricFamily("condorbot_alert_active", "1 while raised.", labels=["code"]),
        ((code, code in desk.alerts) for code, _, _ in ALERT_RULES),
    )
    readings = desk.memory.signals
    yield _by(
        GaugeMetricFamily("condorbot_signal", "Readings; NaN is unknown.", labels=["signal"]),
        ((signal.value, readings.get(signal, UNKNOWN).value) for signal in Signal),
    )


def _states(desk: Desk) -> Iterator[Metric]:
    """One series per state, 1 for the present one."""
    yield _state("regime", "VIX regime.", Regime, desk.regime.regime)
    yield _state("curve", "State of the VX curve.", CurveState, desk.regime.curve)
    yield _state("trading", "What may be traded.", TradingState, desk.trading)


def _layers(view: Snapshot, policy: Policy) -> Iterator[Metric]:
    yield _gauge("condors", "Open condor units.", view.condor_contracts)
    yield _gauge("hedge_contracts", "VIX calls held.", view.hedge_contracts)
    yield _gauge("hedge_share_ratio", "Hedge of both layers; NaN: unmeasured.", view.hedge_share)
    yield _gauge("hedge_share_max_ratio", "The cap.", policy.limits.hedge_share_max)
    yield _gauge("hedge_notional_usd", "By the enforced basis.", view.hedge_notional)
    yield _gauge("condor_notional_usd", "By the enforced basis.", view.condor_notional)
    yield _gauge("hedge_spend_year_usd", "Net premium of 365 days.", view.hedge_spend_year)
    yield _gauge("vx_slope_points", "F2 less F1.", view.slope)
    for name, text in (("realized", "before fees"), ("unrealized", "at mid"), ("fees", "paid")):
        yield _by(
            GaugeMetricFamily(f"condorbot_{name}_usd", f"{name}, {text}.", labels=["layer"]),
            ((result.layer, getattr(result, name)) for result in view.results),
        )


def _state(name: str, text: str, states: type[StrEnum], present: StrEnum) -> Metric:
    family = GaugeMetricFamily(
        f"condorbot_{name}_state", f"1 for the present one. {text}", labels=["state"]
    )
    return _by(family, ((state.value, state is present) for state in states))


def _gauge(name: str, text: str, value: Decimal | float | None) -> Metric:
    return GaugeMetricFamily(f"condorbot_{name}", text, _number(value))


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(f"condorbot_{name}", text, value)


def _by(
    family: GaugeMetricFamily | CounterMetricFamily,
    values: Iterable[tuple[str, float | None]],
) -> Metric:
    for label, value in values:
        family.add_metric([label], _number(value))
    return family


def _number(value: Decimal | float | None) -> float:
    """What is not known is NaN, which no alert rule takes for calm unless it asks for it."""
    return nan if value is None else float(value)


def _told(health: Health, troubles: Sequence[str]) -> Response:
    body = {
        "ok": not troubles,
        "troubles": list(troubles),
        "loop_age_s": health.loop_age_s,
        "data_age_s": health.data_age_s,
    }
    return JSONResponse(body, 503 if troubles else 200)


def _age_s(now: datetime, then: datetime | None) -> float | None:
    return None if then is None else round((now - then).total_seconds(), 3)
