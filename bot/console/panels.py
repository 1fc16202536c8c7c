"""Everything the page shows, as JSON: one object per panel, from one desk.

Decides names and units only. What cannot be known is null, which the page shows as UNKNOWN.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

import orjson

from bot.console.counts import Counts
from bot.console.encoding import encoded
from bot.console.watch import Mark
from domain.desk import Desk
from domain.session import new_york
from domain.shadows import ShadowRecord
from engine.console_view import curve_view, ladder, seconds_since, signals
from engine.explain import Topic, explain
from engine.greeks_view import layer_greeks
from engine.payoff_view import payoff_view
from engine.policy import Policy
from engine.views import Snapshot, snapshot

Panel: TypeAlias = dict[str, Any]

CONDITIONS_FRAMES = 5  # frames between two looks at the conditions


@dataclass(frozen=True, slots=True)
class Vitals:
    """What the shell knows and the desk does not."""

    now: datetime
    run_id: str
    config_hash: str
    turned_at: datetime | None
    turns: int
    counts: Counts


@dataclass(slots=True)
class Painter:
    """Makes frames. The conditions of the rules cost more than all the rest and change with a look
    of the rules, so they are kept for some frames; never across a halt or a lost connection.
    """

    policy: Policy
    _conditions: Panel = field(default_factory=dict)
    _looked: tuple[object, ...] = ()
    _state: tuple[object, ...] = ()
    _age: int = 0

    def frame(self, desk: Desk, vitals: Vitals) -> dict[str, Panel]:
        state, looked = (desk.trading, desk.ready_at), (desk.memory.minute, desk.memory.skips)
        self._age += 1
        if state != self._state or (looked != self._looked and self._age >= CONDITIONS_FRAMES):
            topics = explain(desk, self.policy).topics
            self._conditions = {"topics": [_topic(topic) for topic in topics]}
            self._state, self._looked, self._age = state, looked, 0
        return {**panels(desk, self.policy, vitals), "gates": self._conditions}


def panels(desk: Desk, policy: Policy, vitals: Vitals) -> dict[str, Panel]:
    """By panel name, the conditions of the rules left out. Values are what orjson encodes."""
    view = snapshot(desk, policy)
    return {
        "header": _header(desk, view),
        "alerts": {"active": [_alert(desk, code) for code in desk.alerts]},
        "book": {"condors": view.condors, "payoff": payoff_view(desk, policy)},
        "hedge": _hedge(desk, view, policy),
        "curve": _plain(curve_view(desk, policy)),
        "greeks": {"layers": layer_greeks(desk, policy)},
        "signals": {"all": signals(desk)},
        "orders": _orders(desk, view, policy),
        "results": {
            "layers": view.results,
            "shadows": [_shadow(desk, name, book) for name, book in desk.shadows.items()],
        },
        "health": _health(desk, view, policy, vitals),
    }


def _header(desk: Desk, view: Snapshot) -> Panel:
    return {
        "at": desk.now,
        "clock": new_york(desk.now).strftime("%a %Y-%m-%d %H:%M:%S"),
        "market_open": _market_open(desk),
        "trading": view.trading_state,
        "trading_why": view.trading_why,
        "trading_since": desk.trading_since,
        "regime": view.regime,
        "curve": view.curve,
        "vix": view.vix,
        "spx": view.spx,
        "connected": view.connected,
        "away_s": seconds_since(desk.now, desk.away_since),
        "data_age_s": seconds_since(desk.now, desk.feed_at),
        "net_liquidation": view.net_liquidation,
        "day_start": desk.account.day_start,
        "excess_liquidity": view.excess_liquidity,
        "maintenance_margin": desk.account.maintenance_margin,
    }


def _hedge(desk: Desk, view: Snapshot, policy: Policy) -> Panel:
    limits = policy.limits
    return {
        "layers": ladder(desk, policy),
        "share": view.hedge_share,
        "cap": limits.hedge_share_max,
        "buy_limit": limits.hedge_share_buy_max,
        "trim_to": limits.hedge_share_trimmed,
        "basis": limits.cap_basis.value,
        "shares": view.hedge_shares,
        "hedge_notional": view.hedge_notional,
        "condor_notional": view.condor_notional,
        "spend_year": view.hedge_spend_year,
        "budget_year": _budget(desk, limits.hedge_budget_share),
        "multiples": policy.hedge.ladder_multiples,
    }


def _orders(desk: Desk, view: Snapshot, policy: Policy) -> Panel:
    return {
        "working": [
            {**_plain(order), "age_s": seconds_since(desk.now, working.created_at)}
            for order, working in zip(view.open_orders, desk.working, strict=True)
        ],
        "sent": view.orders_sent,
        "denied": view.orders_denied,
        "sent_today": desk.tally.orders_today,
        "sent_today_max": policy.limits.orders_per_day_max,
    }


def _health(desk: Desk, view: Snapshot, policy: Policy, vitals: Vitals) -> Panel:
    return {
        "run_id": vitals.run_id,
        "config_hash": vitals.config_hash,
        "policy": policy.fingerprint[:16],
        "now": vitals.now,
        "loop_age_s": seconds_since(vitals.now, vitals.turned_at),
        "turns": vitals.turns,
        "broker_ready": desk.ready_at is not None,
        "ready_since": desk.ready_at,
        "data_age_s": seconds_since(desk.now, desk.feed_at),
        "data_age_s_max": policy.limits.feed_age_s_max,
        "market_open": _market_open(desk),
        "positions_age_s": seconds_since(desk.now, desk.positions_at),
        "mismatched": view.mismatched,
        "uncertain": [order.order_ref for order in desk.uncertain],
        "quotes": len(desk.quotes),
        "quotes_max": policy.limits.watch_lines_max,
        "viewers": vitals.counts.viewers,
        "viewers_dropped": vitals.counts.dropped,
        "requests_refused": vitals.counts.refused.total(),
    }


def history(marks: Sequence[Mark]) -> list[Panel]:
    return [
        {
            "at": mark.at.timestamp(),
            "spx": mark.spx,
            "vix": mark.vix,
            "share": mark.share,
            "net_liquidation": mark.net_liquidation,
            "results": {
                r.layer: None if r.unrealized is None else r.realized + r.unrealized - r.fees
                for r in mark.results
            },
        }
        for mark in marks
    ]


def _topic(topic: Topic) -> Panel:
    """``denial`` and what the rule said last are in ``reason``; gates keep their own order."""
    return {
        "name": topic.name,
        "open": topic.open,
        "reason": topic.reason,
        "gates": [
            {
                "name": gate.name,
                "rule": gate.rule,
                "open": gate.open,
                "text": gate.text,
                "value": gate.value,
                "limit": gate.limit,
                "age_s": gate.age_s,
                "reason": gate.reason,
            }
            for gate in topic.gates
        ],
    }


def _alert(desk: Desk, code: str) -> Panel:
    since = desk.alerts[code]
    return {"code": code, "since": since, "age_s": seconds_since(desk.now, since)}


def _shadow(desk: Desk, name: str, book: ShadowRecord) -> Panel:
    """A book on paper: what it has made since its start, beside the live one."""
    last = book.days[-1] if book.days else None
    return {
        "name": name,
        "result": None if book.worth is None or book.start is None else book.worth - book.start,
        "age_s": seconds_since(desk.now, book.at),
        "sessions": len(book.days),
        "lacking": "" if last is None else last.lacking,
    }


def _market_open(desk: Desk) -> bool | None:
    try:
        return desk.calendar.is_open(desk.now)
    except ValueError:  # a day that the session table does not cover
        return None


def _budget(desk: Desk, share: float) -> float | None:
    total = desk.account.net_liquidation
    return None if total is None else share * float(total)


def _plain(view: Any) -> Panel:
    plain: Panel = orjson.loads(encoded(view))
    return plain
