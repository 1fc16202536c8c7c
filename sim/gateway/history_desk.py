"""One client's view of the past: bars, bars kept up to date, real-time bars, ticks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from domain.instruments import Kind
from sim.exchange.bars import DAILY_S, Bar
from sim.exchange.listings import ContractQuery, Listing
from sim.gateway import history_answers as say
from sim.gateway.desk import NO_DEFINITION, Desk
from sim.gateway.line import LegOf
from sim.gateway.requests import HistoricalData, HistoricalTicks, RealTimeBars
from sim.gateway.spans import BadSpan, Duration, bar_seconds, duration, instant
from sim.gateway.wire_contract import WireContract

_SERVICE = "Historical Market Data Service error message:"
_BARS_MAX = 20_000
_TICKS_MAX = 1_000
_TICK_GRID_S = 15
_REAL_TIME_S = 5
_STREAMS_MAX = 50
_SHOWN = frozenset(
    {
        "TRADES",
        "MIDPOINT",
        "BID",
        "ASK",
        "BID_ASK",
        "ADJUSTED_LAST",
        "OPTION_IMPLIED_VOLATILITY",
        "SCHEDULE",
    }
)
_VOLATILITY_INDEX = {"SPX": "VIX", "SPY": "VIX", "VIX": "VVIX"}


@dataclass(slots=True)
class _Kept:
    """A request whose bars are kept up to date; ``last`` is the newest bar the client has."""

    legs: tuple[LegOf, ...]
    what: str
    seconds: int
    format_date: int
    last: Bar
    said_at: datetime


@dataclass(slots=True)
class _RealTime:
    con_id: int
    until: datetime


class HistoryDesk(Desk):
    def __init__(self, session: Any) -> None:
        super().__init__(session)
        self._kept: dict[int, _Kept] = {}
        self._real_time: dict[int, _RealTime] = {}

    def requests(self) -> dict[type, Callable[[Any], None]]:
        return {
            HistoricalData: self._historical_data,
            RealTimeBars: self._real_time_bars,
            HistoricalTicks: self._historical_ticks,
        }

    def plain_requests(self) -> dict[str, Callable[[int], None]]:
        return {
            "cancelHistoricalData": self._cancel,
            "cancelRealTimeBars": self._cancel_real_time,
        }

    def step(self) -> None:
        now = self._gateway.now()
        for req_id, kept in self._kept.items():
            if (now - kept.said_at).total_seconds() >= _REAL_TIME_S:
                self._say_update(req_id, kept, now)
        for req_id, stream in self._real_time.items():
            self._say_real_time(req_id, stream, now)

    def _historical_data(self, request: HistoricalData) -> None:
        req_id = request.req_id
        legs = self._legs(req_id, request.contract)
        if not legs:
            return
        try:
            seconds, span = bar_seconds(request.bar_size), duration(request.duration)
            end = instant(request.end, empty=self._gateway.now())
        except BadSpan as bad:
            self._error(req_id, 321, f"Error validating request.-'bO' : cause - {bad}")
            return
        if request.keep_up_to_date and (request.end or len(self._kept) >= _STREAMS_MAX):
            cause = "End Date/Time must be empty to keep the data up to date"
            self._error(req_id, 321, f"Error validating request.-'bO' : cause - {cause}")
            return
        if request.what not in _SHOWN:
            self._no_data(req_id, request)
            return
        start, bars = self._bars(legs, request.what, span, end, seconds)
        if not bars:
            self._no_data(req_id, request)
        elif request.what == "SCHEDULE":
            self._say_schedule(req_id, bars, legs)
        else:
            self._send(say.historical_data(req_id, start, end, bars, seconds, request.format_date))
            if request.keep_up_to_date:
                self._kept[req_id] = _Kept(
                    legs, request.what, seconds, request.format_date, bars[-1], end
                )

    def _no_data(self, req_id: int, request: HistoricalData) -> None:
        what = f"{request.contract.symbol}@{request.contract.exchange} {request.what.title()}"
        self._error(req_id, 162, f"{_SERVICE}HMDS query returned no data: {what}")

    def _legs(self, req_id: int, contract: WireContract) -> tuple[LegOf, ...]:
        """What to make bars of; none after telling the client why."""
        if not contract.is_bag:
            listing = self._one_listing(req_id, contract)
            return (LegOf(listing.con_id, 1),) if listing else ()
        legs = tuple(LegOf(leg.con_id, leg.signed_ratio) for leg in contract.legs)
        if legs and all(self._gateway.market.listing(leg.con_id) for leg in legs):
            return legs
        self._error(req_id, 200, NO_DEFINITION)
        return ()

    def _bars(
        self, legs: tuple[LegOf, ...], what: str, span: Duration, end: datetime, seconds: int
    ) -> tuple[datetime, list[Bar]]:
        """The bars asked for and where they begin."""
        if span.sessions:
            reach = timedelta(days=span.sessions * 2 + 12)
            days = self._make(legs, what, end - reach, end, DAILY_S)[-span.sessions :]
            if not days or seconds >= DAILY_S:
                return (days[0].start if days else end), days
            start = days[0].start
        else:
            start = end - span.stretch
        bars = self._make(legs, what, start, end, seconds)
        if not bars and not span.sessions:
            return self._last_stretch(legs, what, span, end, seconds)
        return start, bars[-_BARS_MAX:]

    def _last_stretch(
        self, legs: tuple[LegOf, ...], what: str, span: Duration, end: datetime, seconds: int
    ) -> tuple[datetime, list[Bar]]:
        """Nothing traded in the stretch before ``end``: the same length of the session before."""
        days = self._make(legs, what, end - timedelta(days=12), end, DAILY_S)
        if not days:
            return end, []
        count = max(1, int(span.stretch.total_seconds()) // seconds)
        bars = self._make(legs, what, days[-1].start, end, seconds)[-count:]
        return days[-1].start, bars

    def _make(
        self, legs: tuple[LegOf, ...], what: str, start: datetime, end: datetime, seconds: int
    ) -> list[Bar]:
        market = self._gateway.market
        if what == "OPTION_IMPLIED_VOLATILITY":
            return self._implied(legs[0].con_id, start, end, seconds)
        made = [
            market.bars(leg.con_id, start=start, end=end, bar_seconds=seconds, rth=True)
            for leg in legs
        ]
        return list(made[0]) if legs[0].ratio == 1 and len(legs) == 1 else _net(legs, made)

    def _implied(self, con_id: int, start: datetime, end: datetime, seconds: int) -> list[Bar]:
        """Of an underlying: the index of its volatility, as a fraction."""
        market = self._gateway.market
        listing = market.listing(con_id)
        name = _VOLATILITY_INDEX.get(listing.contract.symbol) if listing else None
        found: list[Listing] = []
        if name and listing and listing.contract.kind is not Kind.OPTION:
            found = market.find(ContractQuery(symbol=name, sec_type="IND"))
        if not found:
            return []
        bars = market.bars(found[0].con_id, start=start, end=end, bar_seconds=seconds, rth=True)
        return [
            replace(
                bar, open=round(bar.open / 100, 6), high=round(bar.high / 100, 6),
                low=round(bar.low / 100, 6), close=round(bar.close / 100, 6),
            )
            for bar in bars
        ]  # fmt: skip

    def _say_schedule(self, req_id: int, bars: Sequence[Bar], legs: tuple[LegOf, ...]) -> None:
        """Sessions of the days; clients before 165 do not know the message."""
        if self._session.version < 165:
            self._error(req_id, 321, "Error validating request.-'bO' : cause - Invalid data type")
            return
        days: dict[str, datetime] = {}
        for bar in bars:
            days.setdefault(f"{bar.start:%Y%m%d}", bar.start)
        length = timedelta(hours=6, minutes=45)
        self._send(say.historical_schedule(req_id, [(day, day + length) for day in days.values()]))

    def _say_update(self, req_id: int, kept: _Kept, now: datetime) -> None:
        """The newest bar again if it has changed, and every bar begun since."""
        kept.said_at = now
        end = now + timedelta(seconds=1)  # so that a bar that begins this very second counts
        for bar in self._make(kept.legs, kept.what, kept.last.start, end, kept.seconds):
            if bar.start >= kept.last.start and bar != kept.last:
                kept.last = bar
                self._send(say.historical_update(req_id, bar, kept.seconds, kept.format_date))

    def _cancel(self, req_id: int) -> None:
        if self._kept.pop(req_id, None) is None:
            self._error(req_id, 366, f"No historical data query found for ticker id:{req_id}")
        else:
            text = f"{_SERVICE}API historical data query cancelled: {req_id}"
            self._error(req_id, 162, text)

    def _real_time_bars(self, request: RealTimeBars) -> None:
        listing = self._one_listing(request.req_id, request.contract)
        if listing is None:
            return
        if len(self._real_time) >= _STREAMS_MAX or request.req_id in self._real_time:
            self._error(request.req_id, 420, "Invalid Real-time Query: too many subscriptions")
            return
        self._real_time[request.req_id] = _RealTime(listing.con_id, self._gateway.now())

    def _say_real_time(self, req_id: int, stream: _RealTime, now: datetime) -> None:
        """Every five-second bar completed since the last step."""
        bars = self._gateway.market.bars(
            stream.con_id, start=stream.until, end=now, bar_seconds=_REAL_TIME_S, rth=True
        )
        for bar in bars:
            done = bar.start + timedelta(seconds=_REAL_TIME_S)
            if done <= now:
                stream.until = done
                self._send(say.real_time_bar(req_id, bar))

    def _cancel_real_time(self, req_id: int) -> None:
        if self._real_time.pop(req_id, None) is None:
            self._error(req_id, 300, f"Can't find EId with tickerId:{req_id}")

    def _historical_ticks(self, request: HistoricalTicks) -> None:
        """On a 15-second grid: this market remembers no single trades."""
        listing = self._one_listing(request.req_id, request.contract)
        if listing is None:
            return
        try:
            end = instant(request.end, empty=self._gateway.now())
            start = instant(request.start, empty=end - timedelta(hours=1))
        except BadSpan as bad:
            self._error(request.req_id, 321, f"Error validating request.-'bO' : cause - {bad}")
            return
        count = max(1, min(request.count or _TICKS_MAX, _TICKS_MAX))
        if request.start and not request.end:
            end = min(end, start + timedelta(seconds=_TICK_GRID_S * count * 4))
        bars = self._gateway.market.bars(
            listing.con_id, start=start, end=end, bar_seconds=_TICK_GRID_S, rth=True
        )
        chosen = bars[:count] if request.start else bars[-count:]
        found = [(bar.start, bar.open) for bar in chosen]
        self._send(say.historical_ticks(request.req_id, request.what, found))


def _net(legs: tuple[LegOf, ...], made: Sequence[Sequence[Bar]]) -> list[Bar]:
    """Bars of a combo where all legs have one: net open and close; high and low are the outer of
    the two.
    """
    by_start = [{bar.start: bar for bar in bars} for bars in made]
    net = []
    for start in by_start[0]:
        if all(start in bars for bars in by_start):
            pairs = [(leg.ratio, bars[start]) for leg, bars in zip(legs, by_start, strict=True)]
            opened = round(sum(ratio * bar.open for ratio, bar in pairs), 4)
            close = round(sum(ratio * bar.close for ratio, bar in pairs), 4)
            net.append(Bar(start, opened, max(opened, close), min(opened, close), close))
    return net
