"""One step: fold what happened, look at the rules whose time has come, answer with effects.

Pure: the same desk, events and policy always give the same answer. Quotes only change the desk;
rules are looked at when the clock ticks, each at its own cadence, so that a busy market costs no
more thought than a quiet one. Every effect is applied to the desk by the same function that
recovery uses.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from domain.desk import Desk
from domain.effects import Effect
from domain.events import ClockTicked, Event, QuoteUpdated
from domain.instruments import Contract
from domain.session import SessionCalendar
from engine.fold import apply_effect, fold, fold_quotes
from engine.news import news
from engine.policy import Policy
from engine.rules import look, watch
from engine.walk import walk


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
    effects: list[Effect] = []
    if len(quotes) < len(events):
        effects += news(before, desk)
    if ticked:
        for move in walk(desk, policy.limits) if desk.ready_at is not None else ():
            effects.append(move)
        desk = _applied(desk, effects)
        desk, looked = look(desk, policy)
        effects += looked
    else:
        desk = _applied(desk, effects)
    desk = _rewatched(before, desk, policy)
    return Step(desk, tuple(effects), desk.memory.watchlist)


def _applied(desk: Desk, effects: Sequence[Effect]) -> Desk:
    for effect in effects:
        desk = apply_effect(desk, effect)
    return desk


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
