"""A monotone interpolation of total variance for chains too thin to fit: it follows the quotes, no
more.

Makes no promise about arbitrage. Source: F. Fritsch and J. Butland, "A method for constructing
local monotone piecewise cubic interpolants", SIAM J. Sci. Stat. Comput. 5 (1984).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from domain.pricing import Floats, price


@dataclass(frozen=True, slots=True)
class Interpolation:
    """Total variance at ``k`` (n,), n >= 1, strictly increasing; flat beyond the first and last."""

    k: Floats
    variance: Floats
    slope: Floats

    def total_variance(self, k: ArrayLike) -> Floats:
        """Total variance at log-moneyness ``k``, any shape."""
        x = np.asarray(k, np.float64)
        if self.k.size == 1:
            return np.where(np.isfinite(x), self.variance[0], np.nan)
        at = np.clip(x, self.k[0], self.k[-1])
        i = np.clip(np.searchsorted(self.k, at, side="right") - 1, 0, self.k.size - 2)
        h = self.k[i + 1] - self.k[i]
        t = (at - self.k[i]) / h
        rest = 1.0 - t
        return np.asarray(
            self.variance[i] * (1.0 + 2.0 * t) * rest * rest
            + self.slope[i] * h * t * rest * rest
            + self.variance[i + 1] * t * t * (3.0 - 2.0 * t)
            - self.slope[i + 1] * h * t * t * rest,
            np.float64,
        )

    def otm(self, k: ArrayLike) -> Floats:
        """Price of the out-of-the-money option, undiscounted and per unit of forward."""
        x = np.asarray(k, np.float64)
        return price(1.0, np.exp(x), 1.0, np.sqrt(self.total_variance(x)), x >= 0)


def interpolate(k: ArrayLike, variance: ArrayLike) -> Interpolation:
    """Through the points (n,), n >= 1, ``k`` strictly increasing, ``variance`` positive."""
    x, w = np.asarray(k, np.float64), np.asarray(variance, np.float64)
    slope = np.zeros(x.size)
    if x.size > 1:
        h, secant = np.diff(x), np.diff(w) / np.diff(x)
        slope[0], slope[-1] = secant[0], secant[-1]
        left, right = secant[:-1], secant[1:]
        turn = left * right <= 0
        a, b = 2.0 * h[1:] + h[:-1], h[1:] + 2.0 * h[:-1]
        with np.errstate(divide="ignore", invalid="ignore"):
            slope[1:-1] = np.where(turn, 0.0, (a + b) / (a / left + b / right))
    return Interpolation(x, w, slope)
