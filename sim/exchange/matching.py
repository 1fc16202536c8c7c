"""When a resting order meets the market, at which price and for how much.

Every package, a single leg included, is *bought* at a net price (a credit is negative). Three
sources of a fill, all explicit and seeded by (seed, order, minute), never by the order of calls:
the quoted sides; hidden interest somewhere between mid and the far side; and, for market orders,
the far side plus slippage.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

import numpy as np

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class FillSettings:
    """Shares are of the half-spread of the package, times in seconds, sizes in packages."""

    hidden_from: float = 0.10
    hidden_to: float = 0.60
    queue_from_s: float = 5.0
    queue_to_s: float = 45.0
    latency_s: float = 0.2
    hidden_size_max: int = 10
    market_slippage_ticks_max: int = 2


@dataclass(frozen=True, slots=True)
class LegQuote:
    """The quoted sides of one leg; ``ratio`` is signed, bought positive."""

    con_id: int
    ratio: int
    bid: float | None
    ask: float | None
    bid_size: int
    ask_size: int
    halted: bool = False


@dataclass(frozen=True, slots=True)
class Execution:
    """``quantity`` packages at ``net_price`` each; leg prices, in the order of the legs, add up to
    it exactly.
    """

    quantity: int
    net_price: Decimal
    leg_prices: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class Package:
    """The book of a package: ``natural`` takes every quoted side, ``mid`` none of it, ``size`` at
    natural.
    """

    mid: Decimal
    natural: Decimal
    size: int


def package_of(legs: Sequence[LegQuote]) -> Package | None:
    """The package's book, or None while a leg is halted, crossed or has no ask. A missing bid is
    worth 0.
    """
    mid = natural = Decimal(0)
    sizes = []
    for leg in legs:
        bid = leg.bid or 0.0
        if leg.halted or leg.ask is None or leg.ask <= 0 or bid > leg.ask:
            return None
        mid += leg.ratio * Decimal(repr(round((bid + leg.ask) / 2, 6)))
        natural += leg.ratio * Decimal(repr(leg.ask if leg.ratio > 0 else bid))
        side = leg.ask_size if leg.ratio > 0 else leg.bid_size
        sizes.append(max(side, 1) // abs(leg.ratio))
    return Package(mid, natural, max(min(sizes), 1))


class FillModel:
    """Decides fills. Remembers per order only how much of this minute's liquidity it has taken."""

    def __init__(self, seed: int, settings: FillSettings | None = None) -> None:
        self._seed = seed
        self._settings = settings or FillSettings()
        self._taken: dict[str, tuple[int, int]] = {}

    def reach(self, key: str, now: datetime, legs: Sequence[LegQuote]) -> Decimal | None:
        """The lowest net price at which somebody sells the package to ``key`` in this minute."""
        package = package_of(legs)
        return None if package is None else self._reach(package, self._draws(key, now))

    def try_fill(
        self,
        key: str,
        legs: Sequence[LegQuote],
        *,
        quantity: int,
        limit: Decimal | None,
        since: datetime,
        now: datetime,
        increment: Decimal = Decimal("0.05"),
    ) -> Execution | None:
        """What fills now of the ``quantity`` packages still wanted at ``limit`` (None: at market).

        ``since`` is when the order arrived or its limit last changed: queueing starts again then.
        Marketable orders fill at the natural price; others at their limit, once it reaches hidden
        interest.
        """
        package = package_of(legs)
        waited = (now - since).total_seconds()
        if package is None or quantity < 1 or waited < self._settings.latency_s:
            return None
        draws = self._draws(key, now)
        if limit is None:
            slip = int(draws.integers(self._settings.market_slippage_ticks_max + 1)) * increment
            price, room = package.natural + slip, package.size
        elif limit >= package.natural:
            price, room = package.natural, package.size
        else:
            reach = self._reach(package, draws)
            queue = draws.uniform(self._settings.queue_from_s, self._settings.queue_to_s)
            if limit < reach or waited < queue:
                return None
            price, room = limit, int(draws.integers(1, self._settings.hidden_size_max + 1))
        filled = min(quantity, self._room(key, now, room))
        if filled < 1:
            return None
        self._taken[key] = (_minute(now), self._taken_now(key, now) + filled)
        return Execution(filled, price, allocate(price, legs, package))

    def forget(self, key: str) -> None:
        """Drop what is remembered of an order that is finished."""
        self._taken.pop(key, None)

    def _reach(self, package: Package, draws: np.random.Generator) -> Decimal:
        share = draws.uniform(self._settings.hidden_from, self._settings.hidden_to)
        return package.mid + (package.natural - package.mid) * Decimal(repr(round(share, 6)))

    def _draws(self, key: str, now: datetime) -> np.random.Generator:
        return np.random.default_rng(zlib.crc32(f"{self._seed}/{key}/{_minute(now)}".encode()))

    def _taken_now(self, key: str, now: datetime) -> int:
        minute, taken = self._taken.get(key, (0, 0))
        return taken if minute == _minute(now) else 0

    def _room(self, key: str, now: datetime, room: int) -> int:
        return room - self._taken_now(key, now)


def allocate(net: Decimal, legs: Sequence[LegQuote], package: Package) -> tuple[Decimal, ...]:
    """Prices in cents per leg that add up to ``net``.

    All legs lie as far between mid and natural as the package does.

    The rounding remainder goes to the leg with the largest price among those of ratio 1.
    """
    half = package.natural - package.mid
    share = (net - package.mid) / half if half else Decimal(0)
    prices = []
    for leg in legs:
        bid, ask = Decimal(repr(leg.bid or 0.0)), Decimal(repr(leg.ask))
        side = ask if leg.ratio > 0 else bid
        price = (bid + ask) / 2 + share * (side - (bid + ask) / 2)
        prices.append(max(price.quantize(_CENT, ROUND_HALF_UP), Decimal("0.00")))
    gap = net - sum(
        (leg.ratio * price for leg, price in zip(legs, prices, strict=True)), Decimal(0)
    )
    units = [i for i, leg in enumerate(legs) if abs(leg.ratio) == 1] or [0]
    absorber = max(units, key=lambda i: prices[i])
    prices[absorber] += gap / legs[absorber].ratio
    return tuple(prices)


def _minute(now: datetime) -> int:
    return int(now.timestamp()) // 60
