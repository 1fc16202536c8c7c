"""The VX futures curve: a mean-reverting model, bent through real settlements where history has
them.

Log F(t) mixes spot VIX and a slow level; the share of spot decays with time to settlement, so back
months move less than spot. The difference to a real settlement carries over from close to close.
"""

from dataclasses import dataclass
from math import log
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sim.exchange.history import Day

Floats: TypeAlias = NDArray[np.float64]

# Least squares on 18,000 settlements 2014-2021 (5.5 % off): level from VIX means over 250 and 60
# sessions.
_LEVEL = (6.84, 0.607, 0.209)
_DECAY_DAYS, _DECAY_POWER = 97.0, 0.79


def slow_level(mean250: float, mean60: float) -> float:
    """Where the curve ends, in VIX points."""
    return _LEVEL[0] + _LEVEL[1] * mean250 + _LEVEL[2] * mean60


def model_curve(vix: float, level: float, days: Floats) -> Floats:
    """Futures prices ``days`` (calendar, fractional) before settlement."""
    share = np.exp(-((np.maximum(days, 0.0) / _DECAY_DAYS) ** _DECAY_POWER))
    return np.asarray(share * vix + (1 - share) * level)


@dataclass(frozen=True, slots=True)
class Residuals:
    """Log differences between real settlements and the model at one close, by settlement day
    ordinal.
    """

    ordinals: Floats
    logs: Floats

    def at(self, ordinals: Floats) -> Floats:
        """Interpolated between settlements, flat beyond them; 0 everywhere without data."""
        if not self.ordinals.size:
            return np.zeros(ordinals.shape)
        return np.asarray(np.interp(ordinals, self.ordinals, self.logs))


def residuals(day: Day, level: float) -> Residuals:
    """What the model misses on ``day``. The settlement day's own row is a final value, not a
    future.
    """
    rows = [(on.toordinal(), price) for on, price in day.vx if on > day.on]
    ordinals = np.array([row[0] for row in rows], np.float64)
    model = model_curve(
        day.vix_close, level, ordinals - day.on.toordinal() - CLOSE_TO_SETTLEMENT_DAYS
    )
    return Residuals(ordinals, np.array([log(row[1]) for row in rows]) - np.log(model))


# From a close at 16:15 to a settlement at 09:30 some days later: the fraction of a day to take off.
CLOSE_TO_SETTLEMENT_DAYS = 6.75 / 24
