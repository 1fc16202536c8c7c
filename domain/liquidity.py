"""How well SPX options trade at this time of day, and how well they did before (S47). Values only.

Legs of about the same price are compared with each other, since no strike is watched for twenty
days: a *band* is a doubling of the mid, a *slot* an hour of the New York day.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from math import floor, log2
from statistics import median

from domain.instruments import Contract
from domain.quotes import Quote
from domain.session import new_york

DAYS_KEPT = 20
BANDS = 7  # below 1, 2, 4, 8, 16 and 32 points, and above


@dataclass(frozen=True, slots=True)
class Touch:
    """``spread`` is bid to ask over mid, ``size`` the smaller of both sides in contracts,
    ``rate`` quote updates a minute.
    """

    spread: float
    size: float
    rate: float


@dataclass(frozen=True, slots=True)
class Sum:
    """Touches of one slot and band added up, and how many."""

    spread: float = 0.0
    size: float = 0.0
    rate: float = 0.0
    count: int = 0

    def with_touches(self, seen: Sequence[Touch]) -> "Sum":
        """One after the other, so that the same touches give the same sum however they come."""
        spread, size, rate = self.spread, self.size, self.rate
        for one in seen:
            spread += one.spread
            size += one.size
            rate += one.rate
        return Sum(spread, size, rate, self.count + len(seen))

    @property
    def mean(self) -> Touch:
        """Only of a sum that counts something."""
        return Touch(self.spread / self.count, self.size / self.count, self.rate / self.count)


@dataclass(frozen=True, slots=True)
class LiquidityDay:
    """Means of one session by slot and band; ``typical`` is keyed as by ``key``."""

    on: date
    typical: Mapping[str, Touch] = field(default_factory=dict)

    @classmethod
    def of(cls, on: date, inputs: Iterable[tuple[str, float]]) -> "LiquidityDay":
        """The session that was recorded as ``inputs``."""
        parts: dict[str, dict[str, float]] = {}
        for name, value in inputs:
            slot, _, measure = name.rpartition(".")
            parts.setdefault(slot, {})[measure] = value
        return cls(on, {slot: Touch(**values) for slot, values in parts.items()})

    @property
    def inputs(self) -> tuple[tuple[str, float], ...]:
        """The session as numbers with names, for the record."""
        found: list[tuple[str, float]] = []
        for slot, seen in self.typical.items():
            found.append((f"{slot}.spread", round(seen.spread, 5)))
            found.append((f"{slot}.size", round(seen.size, 2)))
            found.append((f"{slot}.rate", round(seen.rate, 3)))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class LegLiquidity:
    """One leg now over the median of the same time of day; ratios are None while learning.

    ``days`` is how many sessions the median is of; ``thin_since`` when the leg was first seen thin
    without a break, None when it is not.
    """

    spread: float
    size: float
    rate: float
    days: int = 0
    spread_ratio: float | None = None
    size_ratio: float | None = None
    rate_ratio: float | None = None
    thin_since: datetime | None = None


def touch(quote: Quote, updates: int, minutes: float) -> tuple[int, Touch] | None:
    """Band and touch of a two-sided quote; None without a positive mid."""
    mid, spread = quote.mid, quote.spread
    if mid is None or spread is None or mid <= 0:
        return None
    band = min(BANDS - 1, max(0, floor(log2(mid)) + 1))
    size = min(quote.bid_size, quote.ask_size)
    return band, Touch(spread / mid, size, updates / minutes if minutes > 0 else 0.0)


def keys(now: datetime) -> tuple[str, ...]:
    """Names of every band at this time, ``10.3``: the hour of the New York day and the band."""
    hour = new_york(now).hour
    return tuple(f"{hour}.{band}" for band in range(BANDS))


def typical(days: Iterable[LiquidityDay], name: str) -> tuple[Touch | None, int]:
    """Median over the sessions that have seen this slot and band, and how many those are."""
    seen = [day.typical[name] for day in days if name in day.typical]
    if not seen:
        return None, 0
    return (
        Touch(
            median(one.spread for one in seen),
            median(one.size for one in seen),
            median(one.rate for one in seen),
        ),
        len(seen),
    )


def thin(
    legs: Mapping[Contract, LegLiquidity],
    contracts: Iterable[Contract],
    now: datetime,
    for_s: float,
) -> tuple[Contract, ...]:
    """Those of ``contracts`` that have been thin for at least ``for_s`` seconds."""
    lasting = timedelta(seconds=for_s)
    found = []
    for contract in contracts:
        leg = legs.get(contract)
        if leg is not None and leg.thin_since is not None and now - leg.thin_since >= lasting:
            found.append(contract)
    return tuple(found)
