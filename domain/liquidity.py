"""How well SPX options trade at this time of day, and how well they did before (S47). Values only.

Legs of about the same price are compared with each other, since no strike is watched for twenty
days: a *band* is a doubling of the mid, a *slot* an hour of the New York day.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from math import frexp
from typing import NamedTuple

from domain.instruments import Contract
from domain.quotes import Quote
from domain.session import new_york

DAYS_KEPT = 20
BANDS = 7  # below 1, 2, 4, 8, 16 and 32 points, and above


class Touch(NamedTuple):
    """``spread`` is bid to ask over mid, ``size`` the smaller of both sides in contracts,
    ``rate`` quote updates a minute.
    """

    spread: float
    size: float
    rate: float


class Sum(NamedTuple):
    """Touches of one slot and band added up, and how many."""

    spread: float = 0.0
    size: float = 0.0
    rate: float = 0.0
    number: int = 0

    def with_touches(self, seen: Sequence[tuple[float, float, float]]) -> "Sum":
        """One after the other, so that the same touches give the same sum however they come."""
        spread, size, rate, number = self
        for one in seen:
            spread += one[0]
            size += one[1]
            rate += one[2]
        return Sum(spread, size, rate, number + len(seen))

    @property
    def mean(self) -> Touch:
        """Only of a sum that counts something."""
        return Touch(self.spread / self.number, self.size / self.number, self.rate / self.number)


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


class LegLiquidity(NamedTuple):  # every quoted leg makes one a minute
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


def touch(
    quote: Quote, updates: int, minutes: float
) -> tuple[int, tuple[float, float, float]] | None:
    """Band of a two-sided quote, and its touch as bare numbers; None without a positive mid."""
    bid, ask = quote.bid, quote.ask
    if bid is None or ask is None or bid > ask:
        return None
    mid = 0.5 * (bid + ask)
    if mid <= 0:
        return None
    _, doublings = frexp(mid)  # mid lies in [2 ** (doublings - 1), 2 ** doublings)
    band = 0 if doublings < 0 else min(BANDS - 1, doublings)
    size = min(quote.bid_size, quote.ask_size)
    return band, ((ask - bid) / mid, size, updates / minutes if minutes > 0 else 0.0)


def keys(now: datetime) -> tuple[str, ...]:
    """Names of every band at this time, ``10.3``: the hour of the New York day and the band."""
    hour = new_york(now).hour
    return tuple(f"{hour}.{band}" for band in range(BANDS))


def typical(days: Iterable[LiquidityDay], name: str) -> tuple[Touch | None, int]:
    """Median over the sessions that have seen this slot and band, and how many those are."""
    seen = [day.typical[name] for day in days if name in day.typical]
    if not seen:
        return None, 0
    return Touch(*map(_median, zip(*seen, strict=True))), len(seen)


def _median(values: Iterable[float]) -> float:
    """As that of ``statistics``, which takes several times as long over a dozen numbers."""
    ordered = sorted(values)
    half, odd = divmod(len(ordered), 2)
    return ordered[half] if odd else (ordered[half - 1] + ordered[half]) / 2


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
