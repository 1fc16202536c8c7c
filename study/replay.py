"""Drives ``engine.step`` over history for any number of books, without a loop, tasks or waiting.

A book sees only its own quotes, answers and account, at instants that depend on nothing but itself,
so that a book replayed alone and one replayed beside others give the same days.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

from domain.desk import Regime
from domain.effects import Effect, RecordDecision, Verdict
from domain.events import (
    BrokerReady,
    ClockTicked,
    Event,
    HoursReported,
    QuoteUpdated,
)
from domain.instruments import Contract
from domain.orders import Purpose
from domain.session import Session, SessionCalendar, new_york
from engine.kpi.board import kpis
from engine.kpi.figure import Figure
from engine.policy import Policy
from engine.step import open_desk, step
from risk.exposure import notionals
from sim.exchange.history import Day
from sim.exchange.market import Market
from sim.exchange.scenarios import Scenario
from study import schedule
from study.board import Board
from study.books import BookSpec
from study.venue import Trade, Venue

CASH = Decimal(1_000_000)
HORIZONS = 5  # 1, 5 and 10 days, the time exit and the expiration (methodology S35)
Recorder: TypeAlias = Callable[[str, Sequence[Event], Sequence[Effect]], None]


@dataclass(frozen=True, slots=True)
class BookDay:
    """One session of one book at its close. Money is USD; ``spx`` and ``vix`` are closes.

    ``hedge_pnl`` is what the VIX calls have earned since the study began, fees included;
    ``over_cap`` counts marks in a row, the longest of the day, with the hedge above its cap.
    ``cash`` is what lies on the account, premiums received included; ``bill`` the yield of the
    13-week Treasury bill in percent a year, None where the data do not say.
    """

    on: date
    nlv: float
    hedge_pnl: float
    spx: float
    vix: float
    regime: str
    condors: int
    calls: int
    over_cap: int
    cash: float = 0.0
    bill: float | None = None


@dataclass(frozen=True, slots=True)
class BookRun:
    """Everything a replay leaves behind of one book. ``settled_calls`` counts hedge positions that
    reached their final settlement, ``settled_in_money`` those of them that paid.
    """

    name: str
    meaning: str
    days: tuple[BookDay, ...]
    trades: tuple[Trade, ...]
    settled_calls: int
    ticks: int
    settled_in_money: int = 0
    carried: int = 0  # contracts that somebody bid for and that reached settlement all the same ...
    unsellable: int = 0  # ... and those nobody bid for through their whole deadline window
    entries: int = 0  # condor entries approved ...
    banded: int = 0  # ... and of them those with the expected move of every horizon on record
    figures: tuple[Figure, ...] = ()  # the daemon's own key figures, of the newest sessions
    start_nlv: float = float(CASH)


def replay(
    scenario: Scenario,
    calendar: SessionCalendar,
    books: Sequence[BookSpec],
    *,
    seed: int,
    marks: int = schedule.MARKS_A_DAY,
    board_of: Callable[[Market], Board] = Board,
    progress: Callable[[date], None] | None = None,
    record: Recorder | None = None,
) -> tuple[BookRun, ...]:
    """Every session of ``scenario``, in order, all ``books`` over the same quotes.

    ``record`` hears of every batch of every book: its name, the events, the effects.
    """
    board = board_of(Market(scenario, calendar, seed=seed))
    running = [_Running(spec, board, calendar, seed, record) for spec in books]
    for day in scenario.days:
        board.new_day()
        times = [
            schedule.morning(calendar, day.on),
            *schedule.planned(calendar, day.on, marks),
            schedule.report(calendar, day.on),
        ]
        for book in running:
            book.begin(times)
        while (now := min(filter(None, (book.due for book in running)), default=None)) is not None:
            board.advance(now)
            for book in running:
                if book.due == now:
                    book.wake(now)
        for book in running:
            book.days.append(book.summary(day))
        if progress is not None:
            progress(day.on)
    return tuple(book.result() for book in running)


class _Running:
    """One book on its way through history."""

    def __init__(
        self,
        spec: BookSpec,
        board: Board,
        calendar: SessionCalendar,
        seed: int,
        record: Recorder | None,
    ) -> None:
        self.spec = spec
        self._record = record
        self.days: list[BookDay] = []
        self.due: datetime | None = None
        self._policy: Policy = spec.policy
        self._unhedged = replace(spec.policy, hedge=replace(spec.policy.hedge, ratio=(0.0,) * 3))
        self._board = board
        self._calendar = calendar
        self._venue = Venue(board, seed=seed, cash=CASH)
        self._desk = open_desk(calendar, spec.policy, board.now)
        self._plan: list[datetime] = []
        self._morning = self._close = self._report = board.now
        self._entries = self._banded = 0
        self._scouted = self._ticks = self._over = self._over_max = 0
        self._mark: int | None = None
        self._nlv = self._cash = CASH

    def begin(self, times: Sequence[datetime]) -> None:
        """A new session: the morning, then the plan, its close next to last, then the report."""
        self._morning, *self._plan = times
        self._close, self._report = times[-2], times[-1]
        self._over = self._over_max = self._scouted = 0
        self._venue.start_day()
        self.due = self._morning

    def _hours(self, now: datetime) -> HoursReported:
        """The broker of a study keeps the hours of the table."""
        day, calendar = new_york(now).date(), self._calendar
        return HoursReported(now, (Session(day, calendar.open_at(day), calendar.close_at(day)),))

    def wake(self, now: datetime) -> None:
        """One batch of events into the engine, its effects out to the venue, the next time set."""
        watched = self._desk.memory.watchlist
        quoted = self._board.news(watched)
        trades = len(self._venue.trades)
        events: list[Event] = [*quoted]
        if now in (self._morning, self._report):
            events.append(self._venue.settle(now))
        if now == self._morning:
            events += [
                BrokerReady(now), *self._board.chains(), self._board.futures(), self._hours(now),
            ]  # fmt: skip
            events += self._board.closes(new_york(now).date())
        if now >= self._close:
            self._venue.close_day(now)
        events += self._venue.news(now)
        self._decide([*events, ClockTicked(now)], now)
        while answers := self._venue.margin_answers():
            self._decide(answers, now)
        self._watch_cap()
        if now == self._close:
            account = self._venue.account
            self._nlv, self._cash = account.net_liquidation, account.cash
        seen = {event.contract for event in quoted if isinstance(event, QuoteUpdated)}
        self._set_alarm(now, seen, filled=len(self._venue.trades) > trades)

    def summary(self, day: Day) -> BookDay:
        desk = self._desk
        return BookDay(
            day.on, float(self._nlv), float(self._venue.hedge_pnl), day.spx_close, day.vix_close,
            desk.regime.regime.value, desk.book.condor_contracts,
            sum(tranche.quantity for tranche in desk.book.open_tranches), self._over_max,
            float(self._cash), day.bill,
        )  # fmt: skip

    def result(self) -> BookRun:
        venue = self._venue
        return BookRun(
            self.spec.name, self.spec.meaning, tuple(self.days), tuple(venue.trades),
            venue.settled_calls, self._ticks, venue.settled_in_money,
            self._desk.hedge.settled, self._desk.hedge.unsellable,
            self._entries, self._banded, kpis(self._desk, self._policy),
        )  # fmt: skip

    def _decide(self, events: Sequence[Event], now: datetime) -> None:
        waits = len(self.days) < self.spec.hedge_after
        result = step(self._desk, events, self._unhedged if waits else self._policy)
        self._desk = result.desk
        self._count_entries(result.effects)
        if self._record is not None:
            self._record(self.spec.name, events, result.effects)
        self._venue.perform(result.effects, now)
        self._ticks += 1

    def _count_entries(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, RecordDecision) and effect.purpose is Purpose.OPEN_CONDOR:
                approved = effect.verdict is Verdict.APPROVED
                moves = sum(name.startswith("em_") for name, _ in effect.inputs)
                self._entries += approved
                self._banded += approved and moves >= HORIZONS

    def _watch_cap(self) -> None:
        """Count marks in a row with the hedge above its cap in HIGH while a condor is open."""
        desk, limits = self._desk, self._policy.limits
        mark = desk.memory.mark
        if mark == self._mark:
            return
        self._mark, over = mark, False
        if desk.regime.regime is Regime.HIGH and desk.book.open_condors:
            share = notionals(desk, limits, limits.cap_basis).share
            over = share > limits.hedge_share_max
        self._over = self._over + 1 if over else 0
        self._over_max = max(self._over_max, self._over)

    def _set_alarm(self, now: datetime, seen: Collection[Contract], *, filled: bool) -> None:
        """The next planned time, or sooner while something is going on during the session."""
        self._plan = [at for at in self._plan if at > now]
        self.due = self._plan[0] if self._plan else None
        if self.due is None or now >= self._close:
            return
        wait = schedule.sooner(self._desk, seen, self._scouted, filled=filled)
        only_scouting = wait is not None and not self._desk.working and not filled
        self._scouted = self._scouted + 1 if only_scouting else 0
        if wait is not None:
            self.due = min(self.due, now + wait)
