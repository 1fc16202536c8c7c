"""The simulated exchange as its gateway sees it: one instant at a time, listings, quotes, bars,
settlements.

Composes the parts; decides nothing about models. Time only moves when ``advance`` is called.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from domain.instruments import AD_NYSE, SKEW, Contract, Kind
from domain.session import SessionCalendar, new_york
from sim.exchange import bars as history_bars
from sim.exchange.bars import DAILY_S, Bar
from sim.exchange.book import OptionPlan, option_quotes, plan_options, value_options
from sim.exchange.catalog import Catalog, SeenRange
from sim.exchange.hours import wire_hours
from sim.exchange.listings import MARKET_RULES, ContractQuery, Listing, OptionKey, OptionParameters
from sim.exchange.proxies import Proxies
from sim.exchange.quotes import NO_QUOTE, MarketQuote
from sim.exchange.scenarios import Scenario
from sim.exchange.settlement import final_value
from sim.exchange.simple_quotes import future_quotes, simple_quote
from sim.exchange.tape import State, Tape, utc

__all__ = [
    "MARKET_RULES",
    "Bar",
    "ContractQuery",
    "Listing",
    "Market",
    "MarketQuote",
    "OptionParameters",
]

Floats: TypeAlias = NDArray[np.float64]

_WATCHES_KEPT = 64
_SETTLES_MAX = 8_192
_CENT = 0.01
_MARK_S = 900.0  # an option is taken to trade once in a quarter of an hour


@dataclass(slots=True)
class _Watch:
    """What stays the same while a list of ids is watched: arrays, and prices of last trades and
    last session.
    """

    others: list[tuple[int, Listing]]
    future_rows: list[int]
    settles: Floats
    option_rows: list[int]
    plan: OptionPlan | None
    marks_at: float = -1.0
    marks: Floats | None = None
    closes_of: int = -1
    closes: Floats | None = None


class Market:
    """The market of a scenario. The same scenario, calendar and seed give the same prices at any
    instant.
    """

    def __init__(self, scenario: Scenario, calendar: SessionCalendar, *, seed: int) -> None:
        self.calendar = calendar
        self.tape = Tape(scenario, calendar, seed)
        self._catalog = Catalog(calendar)
        self._proxies = Proxies(self.tape, calendar, seed)
        self._watches: OrderedDict[tuple[int, ...], _Watch] = OrderedDict()
        self._settles: dict[int, float] = {}
        self.now = utc(self.tape.opens[self.tape.first])
        self._earliest = utc(self.tape.closes[self.tape.first - 1])
        self._ts = self.now.timestamp()
        self._seen: tuple[int, SeenRange] | None = None

    def advance(self, now: datetime) -> None:
        """Move to ``now`` (UTC), nights and weekends included.

        The first move may also lead to the hours between the warm-up and the first open. Raises
        ValueError backwards.
        """
        if now < self._earliest:
            raise ValueError(f"the market is at {self.now}, it cannot go back to {now}")
        self.now = self._earliest = now
        self._ts = now.timestamp()

    @property
    def starts_at(self) -> datetime:
        """The first open of the scenario."""
        return utc(self.tape.opens[self.tape.first])

    @property
    def ends_at(self) -> datetime:
        """The last close of the scenario: the market stands still after it."""
        return utc(self.tape.closes[-1])

    def listing(self, con_id: int) -> Listing | None:
        return self._catalog.listing(con_id)

    def find(self, contract_query: ContractQuery) -> list[Listing]:
        """Everything listed now that matches; empty where the broker would answer error 200."""
        found = self._catalog.find(contract_query, self.today, self._range_seen())
        return [listing for listing in found if not self._is_over(listing)]

    def option_parameters(self, symbol: str) -> list[OptionParameters]:
        return self._catalog.option_parameters(symbol, self.today, self._range_seen())

    def quotes(self, con_ids: Sequence[int], *, vols: bool = True) -> list[MarketQuote]:
        """Quotes in the order of ``con_ids``; between sessions those of the last close, unknown ids
        empty. Without ``vols`` greeks and the volatilities of both sides are left out: cheaper.
        """
        key = tuple(con_ids)
        watch = self._watches.get(key)
        if watch is None:
            watch = self._watches[key] = self._watch(key)
            if len(self._watches) > _WATCHES_KEPT:
                self._watches.popitem(last=False)
        state = self._state()
        before = self.tape.state_at_close(max(0, state.position - 1))
        made = [NO_QUOTE] * len(key)
        for row, listing in watch.others:
            made[row] = simple_quote(listing, state, before, self.tape, self._proxies)
        if watch.future_rows:
            for row, quote in zip(
                watch.future_rows, future_quotes(watch.settles, state, before), strict=True
            ):
                made[row] = quote
        if watch.plan is not None:
            marks, closes = self._memories(watch, watch.plan, state, before)
            for row, quote in zip(
                watch.option_rows,
                option_quotes(watch.plan, state, marks, closes, vols=vols),
                strict=True,
            ):
                made[row] = quote
        return made

    def bars(
        self, con_id: int, *, end: datetime, start: datetime, bar_seconds: int, rth: bool
    ) -> list[Bar]:
        """Bars that start in [start, end) and not after now, oldest first; 86400 seconds means
        daily.

        ``rth`` changes nothing: this market has regular hours only. Daily bars of an instrument
        without history of its own are valued along the tape.
        """
        listing = self._catalog.listing(con_id)
        if listing is None or bar_seconds < 1:
            return []
        first, last = start.timestamp(), min(end.timestamp(), self._ts)
        made: list[Bar] = []
        symbol = listing.contract.symbol
        plain = listing.contract.kind is Kind.INDEX and symbol in ("SPX", "VIX")
        for i in range(len(self.tape.days)):
            if self.tape.closes[i] <= first or self.tape.opens[i] >= last:
                continue
            if bar_seconds >= DAILY_S and plain and self.tape.opens[i] >= first:
                made += history_bars.index_daily(self.tape, symbol, i, i, self._ts)
            elif plain:
                made += history_bars.path_bars(self.tape, symbol, i, first, last, bar_seconds)
            elif bar_seconds >= DAILY_S:
                made += self._valued_daily(listing, i, first)
            else:
                made += history_bars.valued_bars(
                    self.tape, i, first, last, bar_seconds, lambda s: self._value(listing, s)
                )
        return made

    def head_timestamp(self, con_id: int) -> datetime:
        """The oldest bar there is. Options and futures are taken to have been listed all along."""
        return utc(self.tape.opens[0])

    def hours(self, con_id: int) -> tuple[str, str, str]:
        """Trading hours, liquid hours (wire format, six days) and time zone; empty for an unknown
        id.
        """
        listing = self._catalog.listing(con_id)
        if listing is None:
            return "", "", ""
        return wire_hours(listing, self.calendar, self.today, self._is_session)

    def is_open(self, con_id: int) -> bool:
        """Whether the instrument can trade now."""
        listing = self._catalog.listing(con_id)
        if listing is None or not self.tape.is_open_at(self._ts):
            return False
        return self._ts < self._stop_ts(listing)

    def settled(self, con_id: int) -> float | None:
        """The final value of an expired series' underlying once it is taken, else None."""
        listing = self._catalog.listing(con_id)
        if listing is None or not self._is_over(listing):
            return None
        settlement = date.fromisoformat(listing.real_expiration)
        return final_value(listing, settlement, self.tape)

    def close_of(self, contract: Contract, position: int) -> float:
        """The close of an index, share or pair on the tape's day ``position``."""
        state = self.tape.state_at_close(position)
        if contract.kind is Kind.INDEX and contract != SKEW:
            return round(state.level_of(contract.symbol), 2)
        return round(self._proxies.price(contract.series, state), 4)

    @property
    def today(self) -> date:
        """The calendar date in New York."""
        return new_york(self.now).date()

    def _state(self) -> State:
        """The state quotes come from: now, or the last close while the market is closed."""
        i = self.tape.position_at(self._ts)
        if self._ts < self.tape.opens[i]:
            return self.tape.state_at_close(0)
        if self._ts >= self.tape.closes[i]:
            return self.tape.state_at_close(i)
        return self.tape.state(self._ts)

    def _watch(self, con_ids: tuple[int, ...]) -> _Watch:
        options: list[tuple[int, Listing]] = []
        futures: list[tuple[int, Listing]] = []
        others: list[tuple[int, Listing]] = []
        for row, con_id in enumerate(con_ids):
            listing = self._catalog.listing(con_id)
            if listing is None:
                continue
            kind = listing.contract.kind
            group = {Kind.OPTION: options, Kind.FUTURE: futures}.get(kind, others)
            group.append((row, listing))
        return _Watch(
            others=others,
            future_rows=[row for row, _ in futures],
            settles=np.array([self._settle_ts(listing) for _, listing in futures]),
            option_rows=[row for row, _ in options],
            plan=self._plan([listing for _, listing in options]) if options else None,
        )

    def _plan(self, options: Sequence[Listing]) -> OptionPlan:
        return plan_options(
            [listing.con_id for listing in options],
            [_key(listing) for listing in options],
            [self._settle_ts(listing) for listing in options],
            [self._stop_ts(listing) for listing in options],
        )

    def _memories(
        self, watch: _Watch, plan: OptionPlan, state: State, before: State
    ) -> tuple[Floats, Floats]:
        """Prices of the last trades (quarter-hour marks) and of the previous session's close."""
        mark = self.tape.opens[state.position] + state.offset_s // _MARK_S * _MARK_S
        if watch.marks is None or watch.marks_at != mark:
            watch.marks_at = mark
            watch.marks = _traded(value_options(plan, self.tape.state(mark), slopes=False).price)
        if watch.closes is None or watch.closes_of != state.position:
            watch.closes_of = state.position
            watch.closes = _traded(value_options(plan, before, slopes=False).price)
        return watch.marks, watch.closes

    def _value(self, listing: Listing, state: State) -> float | None:
        """Mid value of an instrument that has no history of its own; None once it has expired."""
        contract = listing.contract
        if contract == AD_NYSE:
            return None
        if contract.kind in (Kind.STOCK, Kind.FOREX) or contract == SKEW:
            return round(self._proxies.price(contract.series, state), 4)
        if contract.kind is Kind.INDEX:
            return round(state.level_of(contract.symbol), 2)
        if self._settle_ts(listing) <= state.ts:
            return None
        if contract.kind is Kind.FUTURE:
            return round(float(state.futures(np.array([self._settle_ts(listing)]))[0]), 2)
        return round(float(value_options(self._plan([listing]), state, slopes=False).price[0]), 2)

    def _valued_daily(self, listing: Listing, position: int, first: float) -> list[Bar]:
        """One daily bar from the closes of two sessions and, while the session runs, from now."""
        if self.tape.opens[position] < first:
            return []
        running = self.tape.closes[position] > self._ts
        state = self.tape.state(self._ts) if running else self.tape.state_at_close(position)
        opened = self._value(listing, self.tape.state_at_close(max(0, position - 1)))
        close = self._value(listing, state)
        if opened is None or close is None:
            return []
        start = utc(self.tape.opens[position])
        return [Bar(start, opened, max(opened, close), min(opened, close), close)]

    def _settle_ts(self, listing: Listing) -> float:
        """Epoch seconds of the final value; infinity for what never expires."""
        known = self._settles.get(listing.con_id)
        if known is None:
            if listing.contract.expiration is None:
                known = float("inf")
            else:
                known = self.calendar.settles_at(listing.contract).timestamp()
            if len(self._settles) >= _SETTLES_MAX:
                self._settles.clear()
            self._settles[listing.con_id] = known
        return known

    def _stop_ts(self, listing: Listing) -> float:
        """Epoch seconds of the last quote."""
        contract = listing.contract
        if contract.expiration is None or contract.kind is Kind.FUTURE:
            return self._settle_ts(listing)
        early = contract.trading_class == "SPXW"
        return self.calendar.close_at(contract.expiration, expiring_pm=early).timestamp()

    def _is_over(self, listing: Listing) -> bool:
        return self._settle_ts(listing) <= self._ts

    def _is_session(self, day: date) -> bool:
        """By the table, and, within the scenario, only if history has the day."""
        if self.tape.days[0].on <= day <= self.tape.days[-1].on:
            return self.tape.position_of(day) is not None
        return self.calendar.is_session(day)

    def _range_seen(self) -> SeenRange:
        """Extremes of the last warm-up quarter and the scenario up to yesterday's close."""
        position = self.tape.position_at(self._ts)
        if self._seen is None or self._seen[0] != position:
            days = self.tape.days[max(0, self.tape.first - 60) : max(position, self.tape.first)]
            seen = SeenRange(
                min(day.spx_low for day in days),
                max(day.spx_high for day in days),
                max(day.vix_high for day in days),
            )
            self._seen = (position, seen)
        return self._seen[1]


def _traded(prices: Floats) -> Floats:
    """Model values as trade prices in cents; NaN where nobody would pay one."""
    return np.where(prices >= _CENT, np.round(prices, 2), np.nan)


def _key(listing: Listing) -> OptionKey:
    contract = listing.contract
    assert contract.expiration is not None
    assert contract.right is not None
    return OptionKey(contract.trading_class, contract.expiration, contract.strike, contract.right)
