"""How long the engine thinks: engine.step over a full desk, without and with a fit of the smile.

    python -m benchmarks.step [quotes ...]

Six condors, twelve hedge tranches and a year of closes; by default with 50 to 1,000 quotes, to show
the growth. "quotes" is a batch of ten quotes without a tick, "second" a tick of a minute already
looked at; "first" is the first look after a start, "minute" each of the four hours after it, on
which every quote is new and every rule and signal is looked at while an entry is out of the
question; "refit" is a look on which every gate of an entry is judged too, the smile fitted and the
break-evens found; "mixed" is an hour of a live desk, five batches and a tick a second with one
look a minute. "books" is what all books on paper beside the live one think in such a minute, each
with the same holdings, and below it their part of as many looks. Times are processor time of this
process, in milliseconds.
"""

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TypeVar

from bot.shadow import EngineBook, ShadowBooks
from config.load import load_settings, session_calendar
from config.shadow import ShadowSettings
from domain.desk import Desk
from domain.events import ClockTicked, Event, QuoteUpdated
from domain.instruments import Contract, Kind, Right, spxw_option
from domain.orders import Layer
from engine.policy import Policy
from engine.shadow.book import State, begun
from engine.shadow.books import live_books
from engine.step import step
from tests.builders import Market, condor, ny, quoted, ready_desk, with_calls, with_condor

ROUNDS = 300
MINUTES = 240
SIZES = (50, 100, 200, 500, 1000)
AT = ny(2018, 1, 17, 11, 5)
HELD = date(2018, 2, 16)
ENTRY = date(2018, 3, 2)
_LAYERS = (Layer.HEDGE_SHORT, Layer.HEDGE_MEDIUM, Layer.HEDGE_LONG)
T = TypeVar("T")
_VIX_DAYS = (date(2018, 2, 13), date(2018, 5, 15), date(2018, 8, 21))


def full_desk(quotes: int, *, entry: bool) -> Desk:
    """``entry`` leaves the way to a new condor open, as far as the market allows."""
    desk = ready_desk(AT, nlv="5000000")
    for i in range(6):
        combo = condor(2600 - 10 * i, 2630 - 10 * i, 2860 + 10 * i, 2890 + 10 * i, HELD)
        desk = with_condor(desk, 4, f"cb-condor-20180110-{i}", combo)
    for i in range(12):
        layer, day = _LAYERS[i % 3], _VIX_DAYS[i % 3]
        strike = 15.0 + i // 3
        ref = f"cb-hedge-20180110-{i}"
        desk = with_calls(desk, layer, 1, "0.90", strike, day, ref)
    last = date(2018, 1, 2) if entry else AT.date()
    chain = replace(desk.chains["SPXW"], expirations=(HELD, ENTRY))
    desk = replace(
        desk,
        book=replace(desk.book, last_entry_on=last),
        chains={**desk.chains, "SPXW": chain},
        closes={name: _year(level) for name, level in (("VIX", 11.7), ("SPX", 2776.0))},
        calendar=session_calendar(),
        orders={},
    )
    return quoted(desk, Market(), _contracts(desk, quotes))


def _year(level: float) -> tuple[tuple[date, float], ...]:
    calendar, day, found = session_calendar(), AT.date(), []
    for i in range(260):
        day = calendar.previous_session(day)
        found.append((day, level * (1.0 + 0.004 * (i % 3))))
    return tuple(reversed(found))


def _contracts(desk: Desk, quotes: int) -> list[Contract]:
    """What is held and worked, and then options of the expiration that would be entered."""
    wanted = [c for c in (*desk.memory.watchlist, *desk.book.positions()) if _priced(c)]
    strikes = [2775.0 + 5.0 * ((i + 1) // 2) * (1 if i % 2 else -1) for i in range(quotes // 2)]
    wanted += [spxw_option(ENTRY, strike, right) for strike in strikes for right in Right]
    return list(dict.fromkeys(wanted))[:quotes]


def _priced(contract: Contract) -> bool:
    return contract.kind is Kind.OPTION or contract.trading_class == "VX"


Make = Callable[[int], tuple[Desk, Sequence[Event]]]


def times(make: Make, policy: Policy, rounds: int) -> list[float]:
    """Milliseconds of ``rounds`` steps, each of a desk and events made for it."""
    taken = []
    for i in range(rounds + 20):
        desk, events = make(i)
        took, _ = timed(lambda desk=desk, events=events: step(desk, events, policy))
        if i >= 20:  # caches are warm by then
            taken.append(took)
    return taken


def timed(act: Callable[[], T]) -> tuple[float, T]:
    start = time.process_time()
    result = act()
    return 1e3 * (time.process_time() - start), result


def afternoon(desk: Desk, policy: Policy, books: ShadowBooks) -> tuple[list[float], list[float]]:
    """Milliseconds of every look from the first on, and of the books on paper in each minute."""
    market, looks, papers = desk.quotes, list[float](), list[float]()
    for minute in range(MINUTES):
        at = AT + timedelta(minutes=minute, seconds=1)
        desk = _heard(replace(desk, quotes=market), at)
        took, stepped = timed(lambda desk=desk, at=at: step(desk, [ClockTicked(at)], policy))
        looks.append(took)
        desk = stepped.desk
        books.sift([QuoteUpdated(at, c, replace(q, at=at)) for c, q in market.items()])
        took, _ = timed(lambda desk=desk: books.observe(desk))
        papers.append(took)
    return looks, papers


def paper_books(desk: Desk, policy: Policy) -> ShadowBooks:
    """Those that run by default, each holding what the live book holds."""
    settings = ShadowSettings(enabled=True)
    books = ShadowBooks(policy, settings, lambda event: None)
    worth = desk.account.net_liquidation
    assert worth is not None
    for spec in live_books(policy):
        if spec.name in settings.books:
            state = State(worth, desk.book, desk.account, desk.regime, desk.hedge)
            books.books[spec.name] = EngineBook(begun(spec, desk, state), settings.fills)
    return books


def percentiles(taken: Sequence[float]) -> tuple[float, float, float]:
    """Median, 99th percentile and worst."""
    kept = sorted(taken)
    return statistics.median(kept), kept[int(0.99 * len(kept))], kept[-1]


def _heard(desk: Desk, at: datetime) -> Desk:
    """The same market as if it had just been heard."""
    quotes = {contract: replace(quote, at=at) for contract, quote in desk.quotes.items()}
    return replace(desk, now=at, feed_at=at, quotes=quotes)


def ten_quotes(desk: Desk) -> list[Event]:
    at = desk.now + timedelta(seconds=0.2)
    chosen = list(desk.quotes.items())[:10]
    return [QuoteUpdated(at, contract, replace(quote, at=at)) for contract, quote in chosen]


def measured(size: int, policy: Policy) -> dict[str, list[float]]:
    """Every row of the table for one number of quotes."""
    calm, ready = full_desk(size, entry=False), _heard(full_desk(size, entry=True), AT)
    tick = AT + timedelta(seconds=1)
    seen = step(_heard(calm, AT), [ClockTicked(tick)], policy).desk
    smile = step(ready, [ClockTicked(tick)], policy).desk.memory.smile
    assert smile is not None, "no smile was fitted: there is nothing to measure"
    ready = replace(ready, memory=replace(ready.memory, smile=smile))

    def refit(i: int) -> tuple[Desk, Sequence[Event]]:
        at = tick + timedelta(milliseconds=i)
        return _heard(ready, at), [ClockTicked(at)]

    def second(i: int) -> tuple[Desk, Sequence[Event]]:
        return seen, [ClockTicked(tick + timedelta(seconds=1, milliseconds=i))]

    batches = times(lambda _: (seen, ten_quotes(seen)), policy, ROUNDS)
    seconds = times(second, policy, ROUNDS)
    afternoon(calm, policy, paper_books(calm, policy))  # caches are warm after one
    looks, papers = afternoon(calm, policy, paper_books(calm, policy))
    return {
        "quotes": batches,
        "second": seconds,
        "first": looks[:1],
        "minute": looks[1:],
        "refit": times(refit, policy, ROUNDS),
        "mixed": [*batches * 60, *seconds * 12, *looks[1 : 1 + ROUNDS // 5]],
        "books": papers[1:],
    }


def main() -> None:
    sizes = tuple(int(size) for size in sys.argv[1:]) or SIZES
    policy = load_settings().policy()
    policy = replace(policy, limits=replace(policy.limits, watch_lines_max=1100, condors_max=20))
    count = len(ShadowSettings().books)
    print(f"{'quotes':>8}{'step':>9}{'p50':>9}{'p99':>9}{'worst':>9}   ms")
    for size in sizes:
        rows = measured(size, policy)
        for name, taken in rows.items():
            p50, p99, worst = percentiles(taken)
            print(f"{size:>8}{name:>9}{p50:>9.3f}{p99:>9.3f}{worst:>9.3f}")
        share = statistics.fmean(rows["books"]) / (count * statistics.fmean(rows["minute"]))
        print(f"{'':8}{count} books on paper think for {share:.0%} of {count} looks")


if __name__ == "__main__":
    main()
