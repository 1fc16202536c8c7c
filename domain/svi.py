"""The five-parameter SVI slice of total variance: value, butterfly test and weighted fit.

w(k) = a + b (rho (k - m) + sqrt((k - m)^2 + sigma^2)), k = ln(K / F), w = vol^2 * years. Source: J.
Gatheral and A. Jacquier, "Arbitrage-free SVI volatility surfaces", Quantitative Finance 14 (2014).
A raw slice may hold butterfly arbitrage; whoever needs none checks ``density_factor`` or uses
``smile_fit``.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike

from domain.pricing import Floats

# Parameters in units of the at-the-money deviation: ln(minimum), ln b, rho, m, ln sigma.
_LOW = np.array([-12.0, -6.0, -0.995, -6.0, -4.0])
_HIGH = np.array([2.0, 0.5, 0.995, 6.0, 2.5])
_STARTS = (
    np.array([-0.7, -1.2, -0.4, 0.5, -0.7]),
    np.array([-0.7, -1.2, -0.4, 0.5, 0.7]),
)
_ROUNDS = 80


class SviReason(IntEnum):
    OK = 0
    TOO_FEW_POINTS = 1  # fewer than five usable points
    BAD_INPUT = 2  # shapes differ


@dataclass(frozen=True, slots=True)
class Svi:
    """One slice, in raw parameters; ``b`` >= 0, |``rho``| < 1, ``sigma`` > 0, minimum > 0."""

    a: float
    b: float
    rho: float
    m: float
    sigma: float

    def total_variance(self, k: ArrayLike) -> Floats:
        y = np.asarray(k, np.float64) - self.m
        return self.a + self.b * (self.rho * y + np.sqrt(y * y + self.sigma * self.sigma))

    def density_factor(self, k: ArrayLike) -> Floats:
        """Gatheral's g(k): the risk-neutral density is g times a positive number, so g < 0 is a
        butterfly.
        """
        x = np.asarray(k, np.float64)
        y = x - self.m
        root = np.sqrt(y * y + self.sigma * self.sigma)
        w = self.total_variance(x)
        slope = self.b * (self.rho + y / root)
        bend = self.b * self.sigma**2 / root**3
        bracket = 1.0 - 0.5 * x * slope / w
        return bracket * bracket - 0.25 * slope * slope * (1.0 / w + 0.25) + 0.5 * bend


@dataclass(frozen=True, slots=True)
class SviFit:
    """``svi`` is None unless ``reason`` is OK. ``cost`` is the sum of squared weighted errors."""

    svi: Svi | None
    cost: float
    reason: SviReason


def fit_svi(k: ArrayLike, total_variance: ArrayLike, error: ArrayLike) -> SviFit:
    """Least squares of (w - model) / error by Levenberg-Marquardt inside bounds, from two starts.

    Arrays have shape (n,): log-moneyness, total variance and its uncertainty. Points with a NaN or
    a non-positive variance or error are left out.
    """
    x, w, e = (np.atleast_1d(np.asarray(v, np.float64)) for v in (k, total_variance, error))
    if not x.shape == w.shape == e.shape:
        return SviFit(None, np.nan, SviReason.BAD_INPUT)
    good = np.isfinite(x) & np.isfinite(w) & np.isfinite(e)
    good[good] &= (w[good] > 0) & (e[good] > 0)
    if np.count_nonzero(good) < 5:
        return SviFit(None, np.nan, SviReason.TOO_FEW_POINTS)
    order = np.argsort(x[good], kind="stable")
    x, w, e = x[good][order], w[good][order], e[good][order]
    level = float(np.interp(0.0, x, w))
    deviation = float(np.sqrt(level))
    fits = [_descend(start, x / deviation, w / level, e / level) for start in _STARTS]
    cost, q = min(fits, key=lambda fit: fit[0])
    low, b, sigma = np.exp(q[0]), np.exp(q[1]), np.exp(q[4])
    a = low - b * sigma * np.sqrt(1.0 - q[2] ** 2)
    return SviFit(
        Svi(
            float(a * level),
            float(b * deviation),
            float(q[2]),
            float(q[3] * deviation),
            float(sigma * deviation),
        ),
        cost,
        SviReason.OK,
    )


def _descend(start: Floats, z: Floats, v: Floats, e: Floats) -> tuple[float, Floats]:
    """Minimise in standardised units; steps that leave the bounds are clipped to them."""
    q, damping = start, 1e-2
    value, slopes = _model(q, z)
    residual = (value - v) / e
    cost = float(residual @ residual)
    for _ in range(_ROUNDS):
        jacobian = slopes / e[:, None]
        normal, gradient = jacobian.T @ jacobian, jacobian.T @ residual
        gained = False
        while damping < 1e9 and not gained:
            damped = normal + damping * np.diag(np.diag(normal) + 1e-12)
            trial = np.clip(q - np.linalg.solve(damped, gradient), _LOW, _HIGH)
            value, slopes = _model(trial, z)
            moved = (value - v) / e
            gained = float(moved @ moved) < cost
            damping = damping / 5 if gained else damping * 4
        if not gained:
            break
        before, cost = cost, float(moved @ moved)
        q, residual, damping = trial, moved, max(damping, 1e-9)
        if before - cost <= 1e-7 * before:
            break
    return cost, q


def _model(q: Floats, z: Floats) -> tuple[Floats, Floats]:
    """Variance (n,) and its derivatives (n, 5) by the standardised parameters."""
    low, b, rho, sigma = np.exp(q[0]), np.exp(q[1]), q[2], np.exp(q[4])
    flat = np.sqrt(1.0 - rho * rho)
    y = z - q[3]
    root = np.sqrt(y * y + sigma * sigma)
    bowl = b * (rho * y + root - sigma * flat)
    slopes = np.stack(
        [
            np.full(z.size, low),
            bowl,
            b * (y + sigma * rho / flat),
            -b * (rho + y / root),
            b * sigma * (sigma / root - flat),
        ],
        axis=1,
    )
    return low + bowl, slopes
