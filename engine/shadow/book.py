"""One book on paper, looked at once a minute: the engine's own step, answered by the paper venue.

What the engine asks for goes to ``venue`` and nowhere else. Knows no broker, no journal and no
other book; what it could not see it says instead of inventing it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TypeAlias

from domain.book import Book, prune
from domain.desk import Account, Desk, Memory, RegimeState, Tally
from domain.effects import Effect
from domain.events import (
    BrokerLost,
    BrokerReady,
    ChainListed,
    ClockTicked,
    ContractRefused,
    DailyClosesLoaded,
    Event,
    FuturesListed,
    HaltRequested,
    HoursReported,
    QuoteUpdated,
    ReduceRequested,
    ResumeRequested,
)
from domain.hedge_state import HedgeState
from domain.instruments import VIX, Contract
from domain.orders import Layer
from domain.quotes import Quote
from domain.record import Record
from domain.shadows import ShadowDay
from engine.fold import fold_quotes
from engine.policy import Policy
from engine.rules import watch
from engine.shadow import venue
from engine.shadow.books import BookSpec
from engine.shadow.venue import PaperFills
from engine.step import step

# What a book on paper hears of the outside world besides quotes: the market, and the operators.
Heeded: TypeAlias = (
    ChainListed
    | FuturesListed
    | DailyClosesLoaded
    | ContractRefused
    | HoursReported
    | BrokerReady
    | BrokerLost
    | HaltRequested
    | ReduceRequested
    | ResumeRequested
)
_ANSWERS_MAX = 20  # rounds of asking and answering within one look
_NO_LINE, _NO_PRICE = "no line for a quote", "no price at the close"


@dataclass(frozen=True, slots=True)
class Heard:
    """What happened since the last look. ``counts`` are SPXW quotes heard; ``fees`` USD per
    contract by symbol, as the live book paid them; ``live`` its net liquidation.
    """

    now: datetime
    events: Sequence[Heeded] = ()
    quotes: Mapping[Contract, Quote] = field(default_factory=dict)
    counts: Mapping[Contract, int] = field(default_factory=dict)
    granted: frozenset[Contract] = frozenset()  # contracts that have a line
    fees: Mapping[str, Decimal] = field(default_factory=dict)
    live: float | None = None


@dataclass(frozen=True, slots=True)
class State:
    """Everything of a book that must survive a restart; the market comes back by itself."""

    start: Decimal
    book: Book = field(default_factory=Book)
    account: Account = field(default_factory=Account)
    regime: RegimeState | None = None
    hedge: HedgeState = field(default_factory=HedgeState)
    deficits: Mapping[Layer, date] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    lacking: str = ""


@dataclass(frozen=True, slots=True)
class Shadow:
    """One book between two looks; ``lacking`` is what could not be seen today."""

    spec: BookSpec
    desk: Desk
    start: Decimal
    lacking: str = ""


@dataclass(frozen=True, slots=True)
class Looked:
    """``effects`` are for the record only: they were carried out on paper already."""

    shadow: Shadow
    effects: tuple[Effect, ...]
    day: ShadowDay | None = None


def begun(spec: BookSpec, live: Desk, state: State) -> Shadow:
    """The book as ``state`` says, in the market that the live desk knows of.

    Orders that were working are gone, as day orders are when the broker ends them.
    """
    desk = replace(
        live,
        quotes={},
        book=state.book,
        orders={},
        margin_answers={},
        account=state.account,
        regime=state.regime or live.regime,
        hedge=replace(state.hedge, momentum_up=live.hedge.momentum_up, up_on=live.hedge.up_on),
        deficits=state.deficits,
        tally=state.tally,
        broker_positions=None,
        positions_at=None,
        mismatched=(),
        foreign=(),
        rejections=(),
        alerts={},
        record=Record(),
        shadows={},
        approvals=replace(live.approvals, adopted={}, raised={}),
        memory=Memory(),
    )
    watched = watch(desk, (), spec.policy)
    return Shadow(spec, replace(desk, memory=Memory(watchlist=watched)), state.start, state.lacking)


def state_of(shadow: Shadow) -> State:
    """What ``begun`` needs; executions and whatever is closed are left behind."""
    desk = shadow.desk
    book = prune(desk.book, desk.today + timedelta(days=1))
    return State(
        shadow.start, book, desk.account, desk.regime, desk.hedge, desk.deficits, desk.tally,
        shadow.lacking,
    )  # fmt: skip


def look(shadow: Shadow, heard: Heard, rules: PaperFills) -> Looked:
    """One look at the market: quotes, fills of what rested, then every rule that is due."""
    policy, now = shadow.spec.policy, heard.now
    desk, done = _heard(shadow.desk, heard, policy)
    news: list[Event] = [venue.expired(desk, now)] if venue.report_due(desk, now) else []
    news += _fills(desk, now, rules, heard.fees)
    if news:
        desk, effects = _stepped(desk, news, policy, shadow.start)
        done = (*done, *effects)
    told = (venue.account(desk, now, shadow.start), ClockTicked(now))
    closed = len(desk.record.days)
    desk, effects = _stepped(desk, told, policy, shadow.start)
    lacking = _lacking(shadow, desk, heard)
    shadow = replace(shadow, desk=desk, lacking=lacking)
    day = _day(shadow, heard) if len(desk.record.days) > closed else None
    if day is not None:
        shadow = replace(shadow, lacking="")
    return Looked(shadow, (*done, *effects), day)


def _heard(desk: Desk, heard: Heard, policy: Policy) -> tuple[Desk, tuple[Effect, ...]]:
    """The market as it is now, of what this book watches, in the order in which it was told."""
    updates = []
    for contract in desk.memory.watchlist:
        quote = heard.quotes.get(contract)
        if quote is not None and quote is not desk.quotes.get(contract):
            updates.append(QuoteUpdated(quote.at, contract, quote))
    if updates:
        desk = fold_quotes(desk, updates)
    watched = desk.memory.watchlist
    counts = {c: heard.counts[c] for c in watched if c in heard.counts}
    desk = replace(desk, memory=replace(desk.memory, quote_counts=counts))
    if not heard.events:
        return desk, ()
    result = step(desk, [_untied(event) for event in heard.events], policy)
    return result.desk, result.effects


def _untied(event: Heeded) -> Heeded:
    """A resume counts the halts of the live desk, which are none of this book's."""
    if isinstance(event, ResumeRequested):
        return replace(event, halts=None, rejections=None)
    return event


def _fills(
    desk: Desk, now: datetime, rules: PaperFills, fees: Mapping[str, Decimal]
) -> list[Event]:
    found = list[Event]()
    for order in desk.working:
        symbol = order.intent.legs[0].contract.symbol
        found += venue.filled(desk, order, now, rules, fees.get(symbol, rules.commission_usd))
    return found


def _stepped(
    desk: Desk, events: Sequence[Event], policy: Policy, start: Decimal
) -> tuple[Desk, tuple[Effect, ...]]:
    """Step until the engine asks for nothing more."""
    all_effects: list[Effect] = []
    for _ in range(_ANSWERS_MAX):
        result = step(desk, events, policy)
        desk = result.desk
        all_effects += result.effects
        events = venue.answered(desk, result.effects, start)
        if not events:
            break
    return desk, tuple(all_effects)


def _lacking(shadow: Shadow, desk: Desk, heard: Heard) -> str:
    """What was missing today: the first reason stands until the day is closed."""
    if shadow.lacking or not desk.calendar.is_open(desk.now):
        return shadow.lacking
    if shadow.desk.memory.minute < 0:  # the first look: nobody was asked yet
        return ""
    wanted = shadow.desk.memory.watchlist  # as of the look before: lines take a moment
    missing = any(c not in heard.granted and c not in desk.refused for c in wanted)
    return _NO_LINE if missing else ""


def _day(shadow: Shadow, heard: Heard) -> ShadowDay:
    desk = shadow.desk
    total = venue.worth(desk, shadow.start)
    lacking = shadow.lacking or (_NO_PRICE if total is None else "")
    return ShadowDay(
        desk.today, None if total is None else float(total), heard.live, desk.level(VIX), lacking
    )
