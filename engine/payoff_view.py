"""What the whole book would earn at other levels of SPX and at later dates, for diagrams.

A read model: nothing decides by it. A leg without a usable quote has no volatility, so that only
the curve at expiry, which needs none, can be drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from domain.desk import Desk
from domain.instruments import SPX, Contract, Right
from domain.option_readings import read_options, read_parity
from domain.pricing import Floats
from domain.scenario_grid import Legs, legs, linked_vix_moves, path_values
from domain.signals import UNKNOWN, Signal
from engine.policy import Policy
from risk.curve import read_curve
from risk.limits import RiskLimits
from risk.vix_calls import option_mid, vix_forward

HORIZONS_DAYS = (0.0, 7.0, 21.0)  # and the last expiration of a condor
_POINTS = 97
_MARGIN = 0.35  # of the distance between the outer strikes, drawn beyond each of them
_Held = tuple[Contract, int]


@dataclass(frozen=True, slots=True)
class PayoffCurve:
    """Profit in USD at each of the view's prices, by layer; None where it cannot be computed.

    ``break_evens`` are the SPX levels next to spot at which ``condors`` alone is zero,
    ``break_evens_hedged`` those of both layers together; None on a side that has none.
    """

    label: str
    days: float
    condors: tuple[float, ...] | None
    hedge: tuple[float, ...] | None
    break_evens: tuple[float | None, float | None]
    break_evens_hedged: tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class PayoffView:
    """``beta`` links VIX to SPX in the hedge's curves; None: VIX is held where it is."""

    spot: float | None
    beta: float | None
    prices: tuple[float, ...]
    strikes: tuple[float, ...]
    curves: tuple[PayoffCurve, ...]


def payoff_view(desk: Desk, policy: Policy) -> PayoffView:
    """Diagram of everything held; without condors or SPX it has no curves."""
    spot = desk.level(SPX)
    beta = desk.memory.signals.get(Signal.VX_BETA, UNKNOWN).value
    condors = _condor_legs(desk)
    strikes = tuple(sorted({contract.strike for contract, _ in condors}))
    if spot is None or not strikes:
        return PayoffView(spot, beta, (), strikes, ())
    prices = _prices(spot, strikes)
    shocks = _Shocks.of(desk, policy, prices / spot - 1.0, beta)
    curves = _Curves(desk, policy.limits, spot, prices, shocks)
    return PayoffView(spot, beta, tuple(prices.tolist()), strikes, curves.all(condors))


@dataclass(frozen=True, slots=True)
class _Shocks:
    """SPX moves (n,) as shares and the VIX points that go with them."""

    spot: Floats
    vix: Floats

    @classmethod
    def of(cls, desk: Desk, policy: Policy, moves: Floats, beta: float | None) -> "_Shocks":
        curve = read_curve(desk, policy.regime)
        if beta is None or curve is None:
            return cls(moves, np.zeros_like(moves))
        vix = linked_vix_moves(moves, beta, curve.front, float(curve.days[0]))
        return cls(moves, vix)


@dataclass(frozen=True, slots=True)
class _Curves:
    desk: Desk
    limits: RiskLimits
    spot: float
    prices: Floats
    shocks: _Shocks

    def all(self, condors: Sequence[_Held]) -> tuple[PayoffCurve, ...]:
        days = [365.0 * self._years(contract) for contract, _ in condors]
        hedge = [(t.contract, t.quantity) for t in self.desk.book.open_tranches]
        last = max(days)
        spx, vix = _spx_legs(self.desk, condors), _vix_legs(self.desk, hedge, self.limits)
        found = []
        for horizon in (*(h for h in HORIZONS_DAYS if h < last - 1.0), last):
            at_expiry = horizon == last
            label = "expiry" if at_expiry else ("now" if horizon == 0 else f"+{horizon:.0f} days")
            value = self._intrinsic(condors) if at_expiry else self._value(spx, horizon)
            own = None if value is None else value - _cost_of_condors(self.desk)
            other = None if not hedge else self._value(vix, horizon)
            ours = None if other is None else other - _cost_of_hedge(self.desk)
            if not hedge:
                ours = np.zeros_like(self.prices)
            found.append(self._curve(label, horizon, own, ours))
        return tuple(found)

    def _curve(
        self, label: str, days: float, condors: Floats | None, hedge: Floats | None
    ) -> PayoffCurve:
        both = None if condors is None or hedge is None else condors + hedge
        return PayoffCurve(
            label,
            round(days, 2),
            _rounded(condors),
            _rounded(hedge),
            crossings(self.prices, condors, self.spot),
            crossings(self.prices, both, self.spot),
        )

    def _value(self, book: Legs | None, days: float) -> Floats | None:
        if book is None:
            return None
        value = path_values(
            book, self.shocks.spot, self.shocks.vix, np.full(self.prices.size, days)
        )
        return value if np.isfinite(value).all() else None

    def _intrinsic(self, held: Sequence[_Held]) -> Floats:
        """Every leg at its own expiration, SPX settling at each price."""
        total = np.zeros_like(self.prices)
        for contract, quantity in held:
            sign = 1.0 if contract.right is Right.CALL else -1.0
            worth = np.maximum(sign * (self.prices - contract.strike), 0.0)
            total += quantity * contract.multiplier * worth
        return total

    def _years(self, contract: Contract) -> float:
        return self.desk.calendar.years_to_settlement(contract, self.desk.now)


def crossings(
    prices: Floats, profit: Floats | None, spot: float
) -> tuple[float | None, float | None]:
    """The prices nearest to ``spot``, below and above, at which ``profit`` changes its sign.

    Straight lines between the points; exact at expiry because every strike is one.
    """
    if profit is None:
        return None, None
    sign: NDArray[np.bool_] = profit >= 0
    places = np.flatnonzero(sign[1:] != sign[:-1])
    step = profit[places + 1] - profit[places]
    width = prices[places + 1] - prices[places]
    zeros = prices[places] - profit[places] * width / step
    below, above = zeros[zeros <= spot], zeros[zeros > spot]
    return (
        round(float(below[-1]), 2) if below.size else None,
        round(float(above[0]), 2) if above.size else None,
    )


def _prices(spot: float, strikes: Sequence[float]) -> Floats:
    """Around the strikes and spot, every strike among them."""
    low, high = min(strikes[0], spot), max(strikes[-1], spot)
    reach = max(_MARGIN * (high - low), 0.02 * spot)
    grid = np.linspace(max(low - reach, 1.0), high + reach, _POINTS)
    return np.unique(np.concatenate([grid, strikes, [spot]]))


def _condor_legs(desk: Desk) -> list[_Held]:
    return [
        (contract, position.quantity)
        for condor in desk.book.open_condors
        for contract, position in zip(condor.combo.contracts, condor.positions, strict=True)
        if position.quantity
    ]


def _cost_of_condors(desk: Desk) -> float:
    return float(sum(p.cost for condor in desk.book.open_condors for p in condor.positions))


def _cost_of_hedge(desk: Desk) -> float:
    return float(sum(tranche.position.cost for tranche in desk.book.open_tranches))


def _spx_legs(desk: Desk, held: Sequence[_Held]) -> Legs | None:
    """With forwards from parity where the series is quoted, else SPX itself."""
    books = []
    for _, group in groupby(sorted(held, key=_by_expiration), key=_by_expiration):
        series = list(group)
        like = series[0][0]
        parity = read_parity(desk.quotes, desk.quote, like, desk.calendar, desk.now)
        spot = desk.level(SPX)
        forward = spot if parity is None else parity.forward
        if forward is None:
            return None
        mids = [(contract, _mid(desk, contract)) for contract, _ in series]
        book = _series_legs(desk, series, mids, forward, spot)
        if book is None:
            return None
        books.append(book)
    return _together(books)


def _vix_legs(desk: Desk, held: Sequence[_Held], limits: RiskLimits) -> Legs | None:
    books = []
    for _, group in groupby(sorted(held, key=_by_expiration), key=_by_expiration):
        series = list(group)
        expiration = series[0][0].expiration
        assert expiration is not None
        forward = vix_forward(desk, expiration, limits)
        mids = [(contract, option_mid(desk, contract, limits)) for contract, _ in series]
        book = None if forward is None else _series_legs(desk, series, mids, forward, None)
        if book is None:
            return None
        books.append(book)
    return _together(books)


def _series_legs(
    desk: Desk,
    series: Sequence[_Held],
    mids: Sequence[tuple[Contract, float | None]],
    forward: float,
    spot: float | None,
) -> Legs | None:
    """Legs of one expiration; None when one of them has no volatility."""
    quoted = [(contract, mid) for contract, mid in mids if mid is not None]
    readings = read_options(quoted, forward, desk.calendar, desk.now)
    vols = {reading.contract: reading.vol for reading in readings}
    if any(contract not in vols for contract, _ in series):
        return None
    contracts = [contract for contract, _ in series]
    return legs(
        [quantity for _, quantity in series],
        [contract.multiplier for contract in contracts],
        [contract.strike for contract in contracts],
        [contract.right is Right.CALL for contract in contracts],
        [desk.calendar.years_to_settlement(contract, desk.now) for contract in contracts],
        [vols[contract] for contract in contracts],
        forward,
        spot=np.nan if spot is None else spot,
        vix=spot is None,
    )


def _mid(desk: Desk, contract: Contract) -> float | None:
    quote = desk.quote(contract)
    if quote is None or quote.ask is None:
        return None
    return 0.5 * ((quote.bid or 0.0) + quote.ask)


def _together(books: Sequence[Legs]) -> Legs | None:
    if not books:
        return None
    total = books[0]
    for book in books[1:]:
        total += book
    return total


def _by_expiration(held: _Held) -> str:
    return str(held[0].expiration)


def _rounded(profit: Floats | None) -> tuple[float, ...] | None:
    return None if profit is None else tuple(np.round(profit, 2).tolist())
