"""Daily closes that signals look back on: which, how far, and asked for as rarely as can be.

In this process's life each series is asked for whole once; later only for the days since, unless
those show that the past was restated. What the rules cannot do without comes first.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Protocol, TypeAlias

import structlog

from bot.broker.link import RequestLate, RequestRefused
from bot.broker.translate import date_from_ib
from bot.logs import LogEvent
from bot.ports import Clock
from domain.events import DailyClosesLoaded, Event
from domain.instruments import (
    DOLLAR_PAIRS,
    RSP,
    SECTORS,
    SKEW,
    SPX,
    SPY,
    UUP,
    VIX,
    VIX3M,
    VIX9D,
    VIXY,
    VNQ,
    VVIX,
    Contract,
)
from domain.session import at_new_york, new_york

log = structlog.get_logger()

Closes: TypeAlias = tuple[tuple[date, float], ...]

NEEDED = (VIX, SPX, VIXY)
# Spans longer than a year must be asked for in years. The windows are those of [signals].
SERIES: tuple[tuple[Contract, str], ...] = (
    *((contract, "2 Y") for contract in (*NEEDED, VNQ, SPY)),
    *((contract, "6 M") for contract in (VVIX, VIX3M, SKEW, VIX9D)),
    *((contract, "2 Y") for contract in (*DOLLAR_PAIRS, UUP)),
    *((contract, "3 M") for contract in (RSP, *SECTORS)),
)
_RECENT, _RECENT_DAYS = "10 D", 10
_RESTATED = 0.001  # a close that differs by this share from what was told: a split or a dividend
_CLOSE_FINAL = time(16, 30)  # a bar of today is final when index options have closed
_BEFORE_OPEN, _AFTER_CLOSE = time(8, 30), time(17, 0)
_PACING = "pacing"


class BarSource(Protocol):
    """Asks for one series, ``duration`` in the broker's words. Raises as a request does."""

    async def __call__(self, contract: Contract, duration: str) -> Sequence[object]: ...


@dataclass(slots=True)
class Histories:
    """What was told and when it was last asked for; outlives connections."""

    told: dict[str, Closes] = field(default_factory=dict)
    asked: dict[str, datetime] = field(default_factory=dict)

    async def load(self, ask: BarSource, clock: Clock, put: Callable[[Event], None]) -> bool:
        """Ask for every series not answered since the last refresh; True unless one that is needed,
        or the broker's patience, is missing: then ask again soon.
        """
        since = last_refresh(clock.now())
        for contract, span in SERIES:
            if self.asked.get(contract.series, since - timedelta(days=1)) >= since:
                continue
            if self._complete(contract.series, clock.now()):
                continue
            try:
                closes = await self._closes(ask, contract, span, clock)
            except (RequestRefused, RequestLate) as error:
                log.warning(
                    LogEvent.BROKER_ERROR, request=f"closes {contract.series}", text=str(error)
                )
                if contract in NEEDED or _PACING in str(error):
                    return False
            else:
                self._tell(contract.series, closes, clock.now(), put)
            self.asked[contract.series] = clock.now()
        return True

    async def _closes(self, ask: BarSource, contract: Contract, span: str, clock: Clock) -> Closes:
        """Everything there is, or the last days when they continue what was told."""
        known = self.told.get(contract.series, ())
        now = clock.now()
        if known and (new_york(now).date() - known[-1][0]).days < _RECENT_DAYS:
            recent = final_closes(await ask(contract, _RECENT), now)
            if _continues(known, recent):
                return recent
        return final_closes(await ask(contract, span), clock.now())

    def _complete(self, series: str, now: datetime) -> bool:
        """Whether the last weekday that can have a final close is told already."""
        known = self.told.get(series, ())
        return bool(known) and known[-1][0] >= _last_final(now)

    def _tell(
        self, series: str, closes: Closes, at: datetime, put: Callable[[Event], None]
    ) -> None:
        known = self.told.get(series, ())
        news = closes
        if _continues(known, closes):
            news = tuple(pair for pair in closes if pair[0] > known[-1][0])
            closes = (*known, *news)
        self.told[series] = closes
        if news or not known:
            put(DailyClosesLoaded(at, series, news))


def _continues(known: Closes, recent: Closes) -> bool:
    """Whether ``recent`` begins within ``known`` and says the same of the days they share."""
    if not known or not recent or recent[0][0] > known[-1][0]:
        return False
    before = dict(known)
    shared = [(before[day], close) for day, close in recent if day in before]
    return bool(shared) and all(abs(new / old - 1.0) < _RESTATED for old, new in shared)


def final_closes(bars: Sequence[object], now: datetime) -> Closes:
    """Date and close of finished sessions, oldest first.

    A bar without a believable close is left out.
    """
    last = _newest_final(now)
    closes: dict[date, float] = {}
    for bar in bars:
        day = date_from_ib(str(getattr(bar, "date", "")).replace("-", ""))
        close = float(getattr(bar, "close", 0.0))
        if day is not None and day <= last and 0.0 < close < 1e9:
            closes[day] = close
    return tuple(sorted(closes.items()))


def _newest_final(now: datetime) -> date:
    local = new_york(now)
    today = local.date()
    return today if local.time() >= _CLOSE_FINAL else today - timedelta(days=1)


def _last_final(now: datetime) -> date:
    day = _newest_final(now)
    return day - timedelta(days=max(0, day.weekday() - 4))


def next_refresh(now: datetime) -> datetime:
    """The next 08:30 or 17:00 New York of a weekday, strictly after ``now``."""
    day = new_york(now).date()
    while True:
        at = next((at for at in _refreshes(day) if at > now), None)
        if at is not None:
            return at
        day += timedelta(days=1)


def last_refresh(now: datetime) -> datetime:
    """The last 08:30 or 17:00 New York of a weekday, not after ``now``."""
    day = new_york(now).date()
    while True:
        at = next((at for at in reversed(_refreshes(day)) if at <= now), None)
        if at is not None:
            return at
        day -= timedelta(days=1)


def _refreshes(day: date) -> tuple[datetime, ...]:
    if day.weekday() >= 5:
        return ()
    return at_new_york(day, _BEFORE_OPEN), at_new_york(day, _AFTER_CLOSE)
