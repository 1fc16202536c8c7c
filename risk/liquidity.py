"""Listens to how SPX options trade, minute by minute, and remembers a session in a few numbers.

Methodology S47. Until ``liquidity_days_min`` sessions of the same time of day are known there is
nothing to compare with and nothing is judged: learning never keeps the desk from trading. What is
remembered is bounded: hours times bands of price, of twenty sessions.
"""

from collections import defaultdict
from datetime import datetime, timedelta

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
from domain.session import new_york
from risk.limits import RiskLimits

TOPIC = "liquidity"
_CLASS = "SPXW"
_QUOTE_AGE_S_MAX = 900.0


def listen(desk: Desk, limits: RiskLimits) -> Memory:
    """The memory after this minute's look at every quoted SPXW option."""
    memory, now = desk.memory, desk.now
    since = memory.quotes_counted_since
    first = since is None or new_york(since).date() != desk.today
    minutes = 0.0 if first or since is None else (now - since).total_seconds() / 60.0
    sums: dict[str, Sum] = {} if first else dict(memory.liquidity_sums)
    legs: dict[Contract, LegLiquidity] = {}
    medians: dict[str, tuple[Touch | None, int]] = {}
    added: defaultdict[str, list[Touch]] = defaultdict(list)
    names, heard_from = keys(now), _heard_from(desk)
    for contract, quote in desk.quotes.items():
        if contract.trading_class != _CLASS or quote.at < heard_from:
            continue
        found = touch(quote, memory.quote_counts.get(contract, 0), minutes)
        if found is None:
            continue
        band, seen = found
        name = names[band]
        if minutes > 0:  # a first look has no rate and is no sample
            added[name].append(seen)
        if name not in medians:
            medians[name] = _usual(desk, name)
        legs[contract] = _judged(desk, limits, contract, seen, medians[name])
    for name, touches in added.items():
        sums[name] = sums.get(name, Sum()).with_touches(touches)
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
    if not desk.memory.liquidity_sums or since is None or new_york(since).date() != today:
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


def _judged(
    desk: Desk,
    limits: RiskLimits,
    contract: Contract,
    seen: Touch,
    known: tuple[Touch | None, int],
) -> LegLiquidity:
    usual, days = known
    if usual is None or days < limits.liquidity_days_min:
        return LegLiquidity(seen.spread, seen.size, seen.rate, days)
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
def _usual(desk: Desk, name: str) -> tuple[Touch | None, int]:
    """Medians change once a day."""
    return typical(desk.liquidity, name)


def _heard_from(desk: Desk) -> datetime:
    """Quotes from before this are too old, or of an earlier connection."""
    oldest = desk.now - timedelta(seconds=_QUOTE_AGE_S_MAX)
    return oldest if desk.ready_at is None else max(oldest, desk.ready_at)


def _ratio(now: float, usual: float) -> float | None:
    return now / usual if usual > 0 else None
