"""One step: fold what happened, look at the rules whose time has come, answer with effects.

Pure: the same desk, events and policy always give the same answer. Quotes only change the desk;
rules are looked at when the clock ticks, each at its own cadence, so that a busy market costs no
more thought than a quiet one. Every effect is applied to the desk by the same function that
recovery uses.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.desk import Desk
from domain.effects import Effect
from domain.events import ClockTicked, Event, QuoteUpdated
from domain.instruments import Contract
from domain.replacing import replace
from domain.session import SessionCalendar
from engine.fold import apply_effect, fold, fold_quotes
from engine.invariants import Moment, objection
from engine.kpi.conduct import fill_quality
from engine.margin import next_settled
from engine.news import news
from engine.overtaken import overtaken
from engine.policy import Policy
from engine.raised import in_force
from engine.rules import look, rules_of, watch
from engine.strikes import strikes
from engine.walk import walk
from risk.alerts import leg_imbalance, raised


@dataclass(frozen=True, slots=True)
class Step:
    """``watchlist`` is the whole set of contracts wanted now, most important first."""

    desk: Desk
    effects: tuple[Effect, ...]
    watchlist: tuple[Contract, ...]


def open_desk(calendar: SessionCalendar, policy: Policy, now: datetime) -> Desk:
    """An empty desk, before any journal was folded into it."""
    desk = Desk(calendar=calendar, now=now)
    return replace(desk, memory=replace(desk.memory, watchlist=watch(desk, (), policy)))


def step(desk: Desk, events: Sequence[Event], policy: Policy) -> Step:
    """Fold ``events`` in order and decide. Quotes of one batch are folded in one copy, before the
    rest.
    """
    before = desk
    quotes = [event for event in events if isinstance(event, QuoteUpdated)]
    if quotes:
        desk = fold_quotes(desk, quotes)
    ticked = False
    for event in events:
        if not isinstance(event, QuoteUpdated):
            desk = fold(desk, event)
            ticked = ticked or isinstance(event, ClockTicked)
    policy = in_force(policy, desk)
    if ticked or len(quotes) < len(events):
        desk, effects = _decided(before, desk, policy, ticked=ticked)
    else:
        effects = ()
    desk = _rewatched(before, desk, policy)
    return Step(desk, effects, desk.memory.watchlist)


def _decided(
    before: Desk, folded: Desk, policy: Policy, *, ticked: bool
) -> tuple[Desk, tuple[Effect, ...]]:
    """All decisions on ``folded``, unless one of them breaks an invariant."""
    told: tuple[Effect, ...] = (
        *news(before, folded),
        *fill_quality(before, folded),
        *strikes(folded, policy.limits),
        *_overtaken(before, folded),
    )
    folded = _applied(folded, told)
    if _alarming(before, folded, policy):
        urgent = raised(folded, rules_of(policy))
        told, folded = (*told, *urgent), _applied(folded, urgent)
    effects: list[Effect] = list(told)
    if ticked:
        effects += walk(folded, policy.limits) if folded.ready_at is not None else ()
    desk = _applied(folded, effects[len(told) :])
    if ticked:
        desk, looked = look(desk, policy)
        effects += looked
    if ticked or desk.margin_answers:
        desk, settled = _settled(desk, policy)
        effects += settled
    looked_at = before.book is not folded.book or ticked
    halt = objection(Moment(folded, desk, effects, policy), everything=looked_at)
    if not halt:
        return desk, tuple(effects)
    return _applied(replace(folded, memory=desk.memory), halt), (*told, *halt)


def _overtaken(before: Desk, folded: Desk) -> tuple[Effect, ...]:
    """Only executions and news of orders can make a closing order too large."""
    same = before.book is folded.book and before.orders is folded.orders
    return () if same else overtaken(folded)


def _alarming(before: Desk, folded: Desk, policy: Policy) -> bool:
    """What an operator must hear of at once, and not with the next look at the rules."""
    return (
        before.mismatched != folded.mismatched
        or before.foreign != folded.foreign
        or before.trading is not folded.trading
        or (before.orders is not folded.orders and before.uncertain != folded.uncertain)
        or (leg_imbalance(folded, rules_of(policy)) is None) is ("leg_imbalance" in folded.alerts)
    )


def _applied(desk: Desk, effects: Sequence[Effect]) -> Desk:
    for effect in effects:
        desk = apply_effect(desk, effect)
    return desk


def _settled(desk: Desk, policy: Policy) -> tuple[Desk, list[Effect]]:
    """Send or drop every order whose margin question has come to its end."""
    found: list[Effect] = []
    while settled := next_settled(desk, policy.limits):
        desk = _applied(desk, settled)
        found += settled
    return desk, found


def _rewatched(before: Desk, desk: Desk, policy: Policy) -> Desk:
    """A new watchlist every minute, and at once when holdings, orders, listings or refusals
    change.
    """
    same = (
        before.book is desk.book
        and before.orders is desk.orders
        and before.futures is desk.futures
        and before.refused is desk.refused
        and before.ready_at is desk.ready_at
        and before.memory.minute == desk.memory.minute
    )
    if same:
        return desk
    watched = watch(desk, desk.memory.wanted, policy)
    if watched == desk.memory.watchlist:
        return desk
    return replace(desk, memory=replace(desk.memory, watchlist=watched))
