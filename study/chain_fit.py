"""How far the modelled SPX surface lies from recorded chains, before calibration and after it, on
the days it was fitted to and on those it never saw. Fits nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sim.exchange.surface import SPX_SHAPE, SpxShape
from study.chain_slices import RecordedDay, Slice
from study.surface_fit import BEFORE, is_fitted, model_vols, standardised

Floats: TypeAlias = NDArray[np.float64]
# By standardised log-moneyness.
BANDS = (("puts beyond 5 delta", -9.0, -1.65), ("puts 5 to 20 delta", -1.65, -0.85),
         ("near the money", -0.85, 0.85), ("calls beyond 20 delta", 0.85, 9.0))  # fmt: skip


@dataclass(frozen=True, slots=True)
class BandError:
    """Model less market, in volatility points, over ``n`` options of one band; ``before`` is the
    mean size without calibration.
    """

    band: str
    mean: float
    absolute: float
    before: float
    n: int


@dataclass(frozen=True, slots=True)
class ChainFit:
    """One recorded day. ``bands`` are those that hold any option; ``fitted``: the calibration used
    this day; ``own``: levels of the indices come from the chain itself.
    """

    on: date
    vix: float
    fitted: bool
    own: bool
    bands: tuple[BandError, ...]


def chain_fits(days: Sequence[RecordedDay], shape: SpxShape = SPX_SHAPE) -> list[ChainFit]:
    """Every recorded day, in their order."""
    return [
        ChainFit(day.on, day.vix, is_fitted(day.on), day.own, _bands(day, shape)) for day in days
    ]


def mean_error(
    fits: Sequence[ChainFit], band: str, value: Callable[[BandError], float]
) -> float | None:
    """``value`` averaged over all options of a band; None without any."""
    found = [error for fit in fits for error in fit.bands if error.band == band]
    total = sum(error.n for error in found)
    return sum(value(error) * error.n for error in found) / total if total else None


def _bands(day: RecordedDay, shape: SpxShape) -> tuple[BandError, ...]:
    table = np.concatenate(
        [
            np.column_stack([standardised(part), *(_gap(s, day, part) for s in (shape, BEFORE))])
            for part in day.slices
        ]
    )
    return tuple(
        BandError(
            name, float(inside[:, 0].mean()), float(np.abs(inside[:, 0]).mean()),
            float(np.abs(inside[:, 1]).mean()), len(inside),
        )
        for name, low, high in BANDS
        if len(inside := table[(table[:, 0] >= low) & (table[:, 0] < high), 1:])
    )  # fmt: skip


def _gap(shape: SpxShape, day: RecordedDay, part: Slice) -> Floats:
    return 100 * (model_vols(shape, day, part) - part.vol)
