"""Calibration of the modelled SPX surface on recorded chains, and which of them it never saw.

Eight numbers for all days and tenors, by least squares on volatilities where the rules trade: from
three deviations below the forward to two above. Days in even weeks of the year are fitted; those in
odd weeks are kept to judge the result by.
"""

from collections.abc import Sequence
from dataclasses import astuple
from datetime import date
from math import log
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from sim.exchange.surface import SpxShape, spx_slices
from study.chain_slices import RecordedDay, Slice

Floats: TypeAlias = NDArray[np.float64]
# The model before calibration: one smile for all days and tenors at a fixed share of VIX.
BEFORE = SpxShape(-0.53, 0.0, log(1.05), 0.0, 0.0, -0.353, 0.0, 0.0)
_FROM, _TO = -3.0, 2.0  # standardised log-moneyness
_FAR, _FAR_WEIGHT = -2.5, 0.4  # further puts are wide and hardly traded
_KINK = 0.5  # volatility points, beyond which an error counts linearly


def is_fitted(on: date) -> bool:
    """Whether chains of this day may be used to calibrate: its ISO week is even."""
    return on.isocalendar().week % 2 == 0


def fit(days: Sequence[RecordedDay]) -> SpxShape:
    """The shape nearest to the chains of ``days``.

    Errors of one day are alike: it weighs as the root of its number of expirations.
    """

    def errors(values: Floats) -> Floats:
        return np.concatenate([_errors(SpxShape(*values.tolist()), day) for day in days])

    found = least_squares(errors, astuple(BEFORE), loss="soft_l1", f_scale=_KINK)
    return SpxShape(*(round(float(value), 4) for value in found.x))


def model_vols(shape: SpxShape, day: RecordedDay, part: Slice) -> Floats:
    """The model's volatilities of the options of a slice."""
    theta, smile = spx_slices(np.array([part.years]), day.term, day.skew, shape)
    return smile.vol(part.log_moneyness, theta, part.years)


def _errors(shape: SpxShape, day: RecordedDay) -> Floats:
    found = [np.empty(0)]
    for part in day.slices:
        model, away = model_vols(shape, day, part), standardised(part)
        used = (away > _FROM) & (away < _TO)
        weights = np.where(away[used] < _FAR, _FAR_WEIGHT, 1.0)
        size = np.sqrt(np.sum(weights**2)) * len(day.slices) ** 0.25
        found.append(100 * (model - part.vol)[used] * weights / max(float(size), 1e-9))
    return np.concatenate(found)


def standardised(part: Slice) -> Floats:
    """Log-moneyness over the market's own deviation at the money: the same for every model."""
    at_money = float(np.interp(0.0, part.log_moneyness, part.vol))
    return np.asarray(part.log_moneyness / (at_money * np.sqrt(part.years)))
