"""Listens to how SPX options trade, minute by minute, and remembers a session in a few numbers.

Methodology S47. Until ``liquidity_days_min`` sessions of the same time of day are known there is
nothing to compare with and nothing is judged: learning never keeps the desk from trading. What is
remembered is bounded: hours times bands of price, of twenty sessions.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from domain.desk import Desk, Memory
from domain.effects import RecordDecision, Verdict
from domain.instruments import Contract
from domain.liquidity import (
    LegLiquidity,
    LiquidityDay,
    Sum,
    Touch,
    keys,
    touch,
    typical,
)
from domain.recalled import recalled
from domain.replacing import replace
from domain.session import date_in_new_york
from risk.limits import RiskLimits

TOPIC = "liquidity"
_CLASS = "SPXW"
_QUOTE_AGE_S_MAX = 900.0
_NOTHING = Sum()
_leg = partial(tuple.__new__, LegLiquidity)  # quicker by half, and there are hundreds a minute


class _Band(NamedTuple):
    """Legs of about one price: what is usual for them, and what was seen of them now."""

    usual: Touch | None  # None while too few sessions are known to judge by
    unjudged: tuple[int, None, None, None, None]  # the fields of a leg after its touch
    seen: list[tuple[float, float, float]]


def listen(desk: Desk, limits: RiskLimits) -> Memory:
    """The memory after this minute's look at every quoted SPXW option."""
    memory, now = desk.memory, desk.now
    since = memory.quotes_counted_since
    first = since is None or date_in_new_york(since) != desk.today
    minutes = 0.0 if first or since is None else (now - since).total_seconds() / 60.0
    legs: dict[Contract, LegLiquidity] = {}
    names, heard_from, counts = keys(now), _heard_from(desk), memory.quote_counts
    bands = _bands(desk, limits, names)
    for contract, quote in desk.quotes.items():
        if contract.trading_class != _CLASS or quote.at < heard_from:
            continue
        found = touch(quote, counts.get(contract, 0), minutes)
        if found is None:
            continue
        place, seen = found
        band = bands[place]
        band.seen.append(seen)
        if band.usual is None:
            legs[contract] = _leg(seen + band.unjudged)
        else:
            legs[contract] = _judged(desk, limits, contract, Touch(*seen), band)
    sums: dict[str, Sum] = {} if first else dict(memory.liquidity_sums)
    for name, band in zip(names, bands, strict=True):
        if band.seen and minutes > 0:  # a first look has no rate and is no sample
            sums[name] = sums.get(name, _NOTHING).with_touches(band.seen)
    return replace(
        memory,
        liquidity=legs,
        liquidity_sums=sums,
        quote_counts={},
        quotes_counted_since=now,
    )


def closes(desk: Desk, limits: RiskLimits) -> tuple[RecordDecision, ...]:
    """Record today's session once, from the first look after the close; nothing seen, nothing
    recorded.
    """
    today, since = desk.today, desk.memory.quotes_counted_since
    if not desk.memory.liquidity_sums or since is None or date_in_new_york(since) != today:
        return ()
    if not desk.calendar.is_session(today) or desk.now < desk.calendar.close_at(today):
        return ()
    if desk.liquidity and desk.liquidity[-1].on >= today:
        return ()
    sums = desk.memory.liquidity_sums
    found = LiquidityDay(today, {name: sums[name].mean for name in sorted(sums)})
    text = f"liquidity of {len(sums)} hours and price bands noted"
    return (
        RecordDecision(
            desk.now,
            Verdict.CHANGED,
            TOPIC,
            "S47",
            text,
            subject=today.isoformat(),
            inputs=found.inputs,
        ),
    )


def _bands(desk: Desk, limits: RiskLimits, names: tuple[str, ...]) -> tuple[_Band, ...]:
    known = _usual(desk)
    found = []
    for name in names:
        usual, days = known.get(name, (None, 0))
        enough = days >= limits.liquidity_days_min
        found.append(_Band(usual if enough else None, (days, None, None, None, None), []))
    return tuple(found)


def _judged(
    desk: Desk,
    limits: RiskLimits,
    contract: Contract,
    seen: Touch,
    band: _Band,
) -> LegLiquidity:
    usual, days = band.usual, band.unjudged[0]
    assert usual is not None
    spread, size, rate = (
        _ratio(seen.spread, usual.spread),
        _ratio(seen.size, usual.size),
        _ratio(seen.rate, usual.rate),
    )
    bad = (spread is not None and spread > limits.liquidity_spread_multiple) or (
        size is not None and size < limits.liquidity_size_share
    )
    since = None
    if bad:
        before = desk.memory.liquidity.get(contract)
        since = (before.thin_since if before is not None else None) or desk.now
    return LegLiquidity(seen.spread, seen.size, seen.rate, days, spread, size, rate, since)


@recalled("liquidity", "calendar", looks=16)  # of several books in turn
def _usual(desk: Desk) -> Mapping[str, tuple[Touch | None, int]]:
    """Medians of every slot and band that was seen, which change once a day."""
    names = dict.fromkeys(name for day in desk.liquidity for name in day.typical)
    return {name: typical(desk.liquidity, name) for name in names}


def _heard_from(desk: Desk) -> datetime:
    """Quotes from before this are too old, or of an earlier connection."""
    oldest = desk.now - timedelta(seconds=_QUOTE_AGE_S_MAX)
    return oldest if desk.ready_at is None else max(oldest, desk.ready_at)


def _ratio(now: float, usual: float) -> float | None:
    return now / usual if usual > 0 else None
