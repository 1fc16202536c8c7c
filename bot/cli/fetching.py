"""The work of ``condorbot data fetch``: question by question from the broker into the store.

What the broker does not give is named and left out; the rest goes on. Everything answered is stored
at once, so that work interrupted anywhere is taken up there.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from math import ceil
from typing import Any, Protocol

from bot.broker.chain_snapshot import CLASSES, Snapshot
from bot.broker.history_fetch import Inquiry, NotServed, PastBar, Refusal
from bot.broker.translate import Fields, contract_fields, contract_from_ib
from bot.cli.fetch_plan import (
    Record,
    Stretch,
    duration,
    known,
    last_session,
    missing,
    newest_run,
    windows,
)
from bot.ports import Clock
from domain.instruments import Contract, index, stock
from domain.session import SessionCalendar, new_york
from study.store.tables import Part, Row, Store, Table

INDICES = ("SPX", "VIX", "VIX9D", "VIX3M", "VIX6M", "VVIX", "SKEW")  # all others are US shares
BAR_MINUTES = (1, 2, 3, 5, 10, 15, 20, 30, 60)
_VX: Fields = {
    "symbol": "VIX", "secType": "FUT", "exchange": "CFE", "currency": "USD", "tradingClass": "VX",
    "includeExpired": True,
}  # fmt: skip
_VX_LIFE = timedelta(days=300)  # listed for nine months
_SETTLING = timedelta(hours=12)  # into the next day: some settlements come on Saturday only
_VX_MAX = 100.0  # no contract ever settled above this
_RESTATED = 0.001  # a stored close that differs by this share: a split, or another instrument
_FINE_MINUTES = 3  # below it bars are asked for day by day, else week by week


class Teller(Protocol):
    """Hears how far the work has come."""

    def expect(self, steps: int) -> None: ...
    def step(self, doing: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Wishes:
    """What to fetch. ``minutes`` 0: no intraday bars. ``years`` reaches back from the last complete
    session, ``reach_days`` ahead among expirations. ``lines`` may be open at a time.
    """

    bars: tuple[str, ...] = ()
    vx: bool = False
    minutes: int = 0
    chains: tuple[str, ...] = ()
    years: float = 1.0
    reach_days: int = 60
    lines: int = 50


@dataclass(slots=True)
class Outcome:
    """``said`` in the order of the work; ``troubles`` are what was refused, by whomever."""

    said: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    added: int = 0


class Fetching:
    """``work`` may be called again after a lost connection and goes on where it was."""

    def __init__(
        self, wishes: Wishes, store: Store, calendar: SessionCalendar, clock: Clock, teller: Teller
    ) -> None:
        """Raises BadRecord, OSError."""
        self.outcome = Outcome()
        self._wishes = wishes
        self._store = store
        self._record = Record.read(store.folder)
        self._calendar = calendar
        self._clock = clock
        self._teller = teller
        last = last_session(calendar, clock.now())
        reach = timedelta(days=ceil(wishes.years * 365.25) - 1)
        self._wanted = Stretch(max(last - reach, calendar.first), last)
        self._finished: set[str] = set()
        self.begun = False

    async def work(self, inquiry: Inquiry) -> None:
        """Everything that is not done. Raises LinkLost; NotServed only for a broker that will not
        hear any more questions.
        """
        self.begun = True
        jobs = self._jobs(inquiry)
        self._teller.expect(sum(name not in self._finished for name in jobs))
        for name, job in jobs.items():
            if name in self._finished:
                continue
            self._teller.step(name)
            try:
                await job()
            except NotServed as refused:
                if refused.why is Refusal.PACING:
                    raise
                self._trouble(f"{name}: {refused}")
            self._finished.add(name)

    def _jobs(self, inquiry: Inquiry) -> Mapping[str, Callable[[], Awaitable[None]]]:
        w = self._wishes
        jobs: dict[str, Callable[[], Awaitable[None]]] = {}
        for symbol in w.bars:
            jobs[f"{symbol} daily"] = partial(self._daily, inquiry, symbol)
        if w.vx:
            jobs["VX settlements"] = partial(self._futures, inquiry)
        for symbol in w.bars if w.minutes else ():
            jobs[f"{symbol} {w.minutes} min"] = partial(self._intraday, inquiry, symbol)
        for symbol in w.chains:
            jobs[f"{symbol} chain"] = partial(self._chain, inquiry, symbol)
        return jobs

    # Daily prices

    async def _daily(self, inquiry: Inquiry, symbol: str) -> None:
        part = Part(Table.DAILY, symbol)
        stored = {row["on"]: row for row in self._store.read(part)}
        name = f"{part.table}/{part.name}"
        answered = known(self._record.stretches.get(name), newest_run(list(stored)))
        asked = self._unanswered(self._wanted, answered)
        for stretch in asked:
            bars = await inquiry.daily(
                contract_fields(instrument(symbol)), stretch.last, duration(stretch)
            )
            bars = [bar for bar in bars if bar.on <= stretch.last]
            if not bars:
                raise NotServed(Refusal.NO_DATA, "no bar among the answer can be one")
            closes = {day: row["close"] for day, row in stored.items()}
            self._refuse_restated(closes, bars)
            self._merge(part, [{"on": bar.on, **_prices(bar)} for bar in bars])
            self._answered(name, stretch, bars, self._wanted.last)
        if not asked:
            self._say(f"{symbol} daily: all known")

    def _refuse_restated(self, closes: Mapping[date, float], bars: Sequence[PastBar]) -> None:
        """Prices before and after a split must not stand in one table. Raises NotServed."""
        for bar in bars:
            before = closes.get(bar.on)
            if before and abs(bar.close / before - 1.0) > _RESTATED:
                text = f"close of {bar.on} is stored as {before:g}, the broker says {bar.close:g}"
                raise NotServed(Refusal.OTHER, f"{text}: a split, or another source; none stored")

    # Futures

    async def _futures(self, inquiry: Inquiry) -> None:
        listed: dict[date, tuple[Contract, int]] = {}
        for details in await inquiry.details(_VX):
            contract = contract_from_ib(details.contract)
            if contract and contract.trading_class == "VX" and contract.expiration:
                listed[contract.expiration] = contract, int(details.contract.conId)
        expiries = [day for day in sorted(listed) if day > self._wanted.first]
        self._teller.expect(len(expiries))
        for expiry in expiries:
            self._teller.step(f"VX {expiry}")
            try:
                await self._future(inquiry, *listed[expiry], expiry)
            except NotServed as refused:
                if refused.why is Refusal.PACING:
                    raise
                self._trouble(f"VX {expiry}: {refused}")

    async def _future(
        self, inquiry: Inquiry, contract: Contract, con_id: int, expiry: date
    ) -> None:
        """Closes of daily bars, which become settlements hours after the session. The day of
        expiry is left out: its last trade is not the final value.
        """
        settled = new_york(self._clock.now() - _SETTLING).date() - timedelta(days=1)
        last = min(self._wanted.last, expiry - timedelta(days=1), settled)
        first = max(self._wanted.first, expiry - _VX_LIFE)
        if last < first:
            return
        part = Part(Table.VX, str(expiry.year))
        days = [row["on"] for row in self._store.read(part) if row["expiry"] == expiry]
        name = f"{part.table}/{expiry}"
        answered = known(self._record.stretches.get(name), newest_run(days))
        for stretch in self._unanswered(Stretch(first, last), answered):
            fields = {**contract_fields(contract, con_id), "includeExpired": True}
            bars = await inquiry.daily(fields, stretch.last, duration(stretch))
            if not bars:
                raise NotServed(Refusal.NO_DATA, "no bar among the answer can be one")
            rows = [
                {"on": bar.on, "expiry": expiry, "settle": bar.close}
                for bar in bars
                if bar.on <= stretch.last and self._calendar.is_session(bar.on)
            ]
            if any(bar.close > _VX_MAX for bar in bars):
                raise NotServed(Refusal.OTHER, "settlements look ten times too large; none stored")
            self._merge(part, rows, f" of {expiry}")
            self._answered(name, stretch, bars, last)

    # Intraday

    async def _intraday(self, inquiry: Inquiry, symbol: str) -> None:
        minutes = self._wishes.minutes
        part = Part(Table.BARS, f"{symbol}-{minutes * 60}")
        name = f"{part.table}/{part.name}"
        days = [new_york(row["start"]).date() for row in self._store.read(part)]
        answered = known(self._record.stretches.get(name), newest_run(days))
        length, words = (1, "1 D") if minutes < _FINE_MINUTES else (7, "1 W")
        asked = [
            window
            for stretch in self._unanswered(self._wanted, answered)
            for window in windows(
                stretch, length, backward=answered is not None and stretch.last < answered.first
            )
            if self._has_session(window)
        ]
        self._teller.expect(len(asked))
        empty: list[Stretch] = []  # not yet known to be answered: the data may only be late
        for window in asked:
            self._teller.step(f"{symbol} {minutes} min {window.first}")
            bars = await self._bars_inside(inquiry, symbol, window, words)
            if not bars and (answered is None or window.first > answered.last):
                empty.append(window)
                continue
            rows = [{"start": b.start, **_prices(b), "volume": b.volume} for b in bars]
            self._merge(part, rows, f" from {window.first}")
            whole = Stretch(min([window.first, *(each.first for each in empty)]), window.last)
            answered = self._answered(name, whole, bars, self._wanted.last)
        late = [each for each in empty if answered is None or each.first > answered.last]
        if late:
            self._trouble(f"{part.name}: no data from {late[0].first} to {late[-1].last}")
        if not asked:
            self._say(f"{symbol} {minutes} min: all known")

    async def _bars_inside(
        self, inquiry: Inquiry, symbol: str, window: Stretch, words: str
    ) -> list[PastBar]:
        """None where the broker has none."""
        fields = contract_fields(instrument(symbol))
        try:
            bars = await inquiry.intraday(fields, window.last, words, self._wishes.minutes)
        except NotServed as refused:
            if refused.why is not Refusal.NO_DATA:
                raise
            return []
        return [bar for bar in bars if window.first <= bar.on <= window.last]

    # Chains

    async def _chain(self, inquiry: Inquiry, symbol: str) -> None:
        snapshot = Snapshot(inquiry, instrument(symbol), self._wishes.lines)
        now = self._clock.now()
        if not await snapshot.open_now(now):
            raise NotServed(Refusal.NO_DATA, "the market is closed, a chain needs quotes of now")
        today = new_york(now).date()
        part = Part(Table.CHAINS, f"{snapshot.trading_class}-{today}")
        done = self._record.series.get(part.name, [])
        listed = await snapshot.expirations(today, self._wishes.reach_days)
        left = [day for day in listed if day.isoformat() not in done]
        self._teller.expect(len(left))
        for expiration in left:
            self._teller.step(f"{snapshot.trading_class} {expiration}")
            quotes = await snapshot.quotes(expiration)
            if not quotes:
                self._trouble(f"{part.name} {expiration}: nothing is both bid and offered")
                continue
            rows = [
                {
                    "trading_class": snapshot.trading_class, "expiration": each.listed.settles,
                    "right": str(each.listed.contract.right),
                    "strike": each.listed.contract.strike,
                    "bid": each.bid, "ask": each.ask, "underlying": each.underlying,
                    "implied_vol": None,
                }
                for each in quotes
            ]  # fmt: skip
            self._merge(part, rows, f" of {expiration}")
            self._record.done(part.name, expiration)
            if any(each.delayed for each in quotes):
                self._say(f"{part.name} {expiration}: delayed quotes")
        if not left:
            self._say(f"{part.name}: {len(listed)} expirations, all known")

    def _answered(
        self, name: str, stretch: Stretch, bars: Sequence[PastBar], last: date
    ) -> Stretch | None:
        """Put down what is answered: of a stretch up to ``last``, the newest day wanted, nothing
        after the newest bar, for the rest may only be late. Without any bar there never were any.
        """
        newest = max((bar.on for bar in bars), default=stretch.last)
        late = stretch.last == last > newest and self._has_session(
            Stretch(newest + timedelta(days=1), last)
        )
        if not late:
            return self._record.answered(name, stretch)
        self._trouble(f"{name}: no data after {newest}, wanted to {last}")
        if newest < stretch.first:
            return self._record.stretches.get(name)
        return self._record.answered(name, Stretch(stretch.first, newest))

    def _unanswered(self, wanted: Stretch, answered: Stretch | None) -> list[Stretch]:
        """What there may be bars in; a weekend alone is not asked for."""
        return [each for each in missing(wanted, answered) if self._has_session(each)]

    def _has_session(self, stretch: Stretch) -> bool:
        days = (stretch.last - stretch.first).days + 1
        return any(
            self._calendar.is_session(stretch.first + timedelta(days=i)) for i in range(days)
        )

    def _merge(self, part: Part, rows: Sequence[Row], which: str = "") -> None:
        merged = self._store.merge(part, rows)
        self.outcome.added += merged.added
        self._say(f"{part.table}/{part.name}{which}: {merged.added} new, {merged.same} known")
        for text in merged.contradicted:
            self._trouble(text.replace("the file says", "the broker says"))

    def _say(self, text: str) -> None:
        self.outcome.said.append(text)

    def _trouble(self, text: str) -> None:
        if text not in self.outcome.troubles:  # as after a connection that was made anew
            self.outcome.troubles.append(text)


def instrument(symbol: str) -> Contract:
    """An index of Cboe where the symbol is one, else a share."""
    return index(symbol) if symbol in INDICES else stock(symbol)


def wrong(wishes: Wishes) -> str:
    """What makes no sense among the wishes; empty when all does."""
    if not (wishes.bars or wishes.vx or wishes.chains):
        return "nothing to fetch: name --bars, --vx or --chain"
    if wishes.minutes and wishes.minutes not in BAR_MINUTES:
        return f"--minutes {wishes.minutes}: there are {', '.join(map(str, BAR_MINUTES))}"
    strange = [name for name in wishes.chains if name not in CLASSES]
    if strange:
        return f"--chain {', '.join(strange)}: there are {', '.join(CLASSES)}"
    odd = [name for name in wishes.bars if not (name.isascii() and name.isalnum())]
    return f"--bars {', '.join(odd)}: a symbol has letters and digits" if odd else ""


def _prices(bar: PastBar) -> dict[str, Any]:
    return {"open": bar.open, "high": bar.high, "low": bar.low, "close": bar.close}
