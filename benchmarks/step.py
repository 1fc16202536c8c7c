"""How long the engine thinks: engine.step over a full desk, without and with a fit of the smile.

    python -m benchmarks.step [quotes ...]

Six condors, twelve hedge tranches and a year of closes; by default with 200 quotes, then from 50
to 1,000 to show the growth. "quotes" is a batch of ten quotes without a tick, "second" a tick of a
minute already looked at; "minute" is a tick on which every rule and signal is looked at while an
entry is out of the question; "refit" is one on which every gate of an entry is judged too, the
smile fitted and the break-evens found; "mixed" is an hour of a live desk, five batches and a tick
a second with one look a minute. Times are processor time of this process, in milliseconds.
"""

import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from config.load import load_settings, session_calendar
from domain.desk import Desk
from domain.events import ClockTicked, Event, QuoteUpdated
from domain.instruments import Contract, Kind, Right, spxw_option
from domain.orders import Layer
from engine.policy import Policy
from engine.step import step
from tests.builders import Market, condor, ny, quoted, ready_desk, with_calls, with_condor

ROUNDS = 300
SIZES = (50, 100, 200, 500, 1000)
AT = ny(2018, 1, 17, 11, 5)
HELD = date(2018, 2, 16)
ENTRY = date(2018, 3, 2)
_LAYERS = (Layer.HEDGE_SHORT, Layer.HEDGE_MEDIUM, Layer.HEDGE_LONG)
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


def times(desk: Desk, policy: Policy, events: Sequence[Event], rounds: int) -> list[float]:
    """Milliseconds of ``rounds`` steps of the same desk with the same events."""
    taken = []
    for i in range(rounds + 20):
        start = time.process_time()
        step(desk, events, policy)
        if i >= 20:  # caches are warm by then
            taken.append(1e3 * (time.process_time() - start))
    return taken


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


def main() -> None:
    sizes = tuple(int(size) for size in sys.argv[1:]) or SIZES
    policy = load_settings().policy()
    policy = replace(policy, limits=replace(policy.limits, watch_lines_max=1100, condors_max=20))
    print(f"{'quotes':>8}{'step':>9}{'p50':>9}{'p99':>9}{'worst':>9}   ms")
    for size in sizes:
        calm = _heard(full_desk(size, entry=False), AT)
        ready = _heard(full_desk(size, entry=True), AT)
        tick = [ClockTicked(AT + timedelta(seconds=1))]
        seen = step(calm, tick, policy).desk
        warm = step(ready, tick, policy).desk.memory.smile
        assert warm is not None, "no smile was fitted: there is nothing to measure"
        ready = replace(ready, memory=replace(ready.memory, smile=warm))
        quotes = times(seen, policy, ten_quotes(seen), ROUNDS)
        second = times(seen, policy, [ClockTicked(AT + timedelta(seconds=2))], ROUNDS)
        minute = times(calm, policy, tick, ROUNDS)
        rows = {
            "quotes": quotes,
            "second": second,
            "minute": minute,
            "refit": times(ready, policy, tick, ROUNDS),
            "mixed": [*quotes * 60, *second * 12, *minute[: ROUNDS // 5]],
        }
        for name, taken in rows.items():
            p50, p99, worst = percentiles(taken)
            print(f"{size:>8}{name:>9}{p50:>9.3f}{p99:>9.3f}{worst:>9.3f}")


if __name__ == "__main__":
    main()
