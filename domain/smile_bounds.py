"""Linear bounds that keep a density between its neighbours in time: no calendar arbitrage.

At equal moneyness an option on the longer expiry is worth no less (undiscounted, per unit of its
own forward). A fitted earlier smile is a floor on a grid; quoted asks of later expiries are a
ceiling. Source: J. Gatheral and A. Jacquier (2014), lemma 2.1.
"""

from dataclasses import dataclass, replace

import numpy as np

from domain.density import Density, kernel_prices
from domain.pricing import Floats
from domain.quadratic import Program

MARGIN = 3e-4  # relative, more in the wings: keeps the order between the points of the grid
_NOTHING = 1e-13  # a floor below this share of the forward is no bound
_CELL = 0.25  # deviations; one ceiling point at most is kept in each cell
# Deviations at which the floor is imposed; prices change fastest above the money.
_GRID = np.concatenate(
    [
        np.linspace(-14.0, -3.25, 28),
        np.linspace(-3.0, -0.9, 12),
        np.linspace(-0.8, 6.0, 103),
        np.linspace(6.2, 8.5, 12),
    ]
)


@dataclass(frozen=True, slots=True)
class Ceiling:
    """Out-of-the-money prices (n,) at log-moneyness ``k`` (n,) that may not be exceeded."""

    k: Floats
    price: Floats


def at_least(program: Program, below: Density, start: Density) -> Program:
    """Adds that no option on ``start`` is worth less than under ``below``."""
    k = _GRID * below.deviation
    floor = below.otm(k) * (1.0 + _margin(_GRID))
    rows = kernel_prices(k, start.centre, start.width) * start.prior
    scale = np.maximum(floor, rows.sum(axis=1))
    keep = floor > _NOTHING
    return _with(program, rows[keep] / scale[keep, None], (floor / scale)[keep])


def at_most(program: Program, ceiling: Ceiling, below: Density | None, start: Density) -> Program:
    """Adds that no option on ``start`` is worth more than the ceiling, which is thinned first and
    raised to what ``below`` demands.
    """
    k, top = _tightest(ceiling, start.deviation)
    if below is not None:
        top = np.maximum(top, below.otm(k) * (1.0 + 2.0 * _margin(k / start.deviation)))
    rows = kernel_prices(k, start.centre, start.width) * start.prior
    scale = np.maximum(top, rows.sum(axis=1))
    return _with(program, -rows / scale[:, None], -top / scale)


def _margin(deviations: Floats) -> Floats:
    return MARGIN * (1.0 + deviations**2)


def _tightest(ceiling: Ceiling, deviation: float) -> tuple[Floats, Floats]:
    """The lowest point of each cell, measured against a straight line in ln(price) across it."""
    x = ceiling.k / deviation
    inside = (x > _GRID[0]) & (x < _GRID[-1]) & (ceiling.price > _NOTHING)
    k, x, top = ceiling.k[inside], x[inside], ceiling.price[inside]
    cell = np.floor(x / _CELL)
    tilt = np.log(top) + np.abs(x) * (0.5 + 0.2 * np.abs(x))
    order = np.lexsort((tilt, cell))
    _, first = np.unique(cell[order], return_index=True)
    keep = order[first]
    return k[keep], top[keep]


def _with(program: Program, rows: Floats, floor: Floats) -> Program:
    return replace(
        program,
        above=np.concatenate([program.above, rows]),
        floor=np.concatenate([program.floor, floor]),
    )
