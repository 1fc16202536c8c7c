"""A risk-neutral density as a mixture of narrow lognormals: what makes a smile free of butterflies.

Every mixture with non-negative weights, total weight one and mean one is a martingale density, so
its option prices are convex and monotone in strike at every strike, not only on a grid. Everything
is in moneyness: k = ln(K / F), prices undiscounted and per unit of forward.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from domain.pricing import Floats, implied_vol

_STEP = 0.12  # spacing of the kernels in asinh units
_BEND = 1.5  # deviations at which the even spacing turns geometric
_LOW, _HIGH = -16.0, 9.0  # deviations at which the kernels end
_TAIL = 0.2  # a prior weight is at least this share of its inner neighbour
_TINY = 1e-13

KERNELS = np.arange(
    -np.ceil(np.arcsinh(-_LOW / _BEND) / _STEP), np.ceil(np.arcsinh(_HIGH / _BEND) / _STEP) + 1
)
_UNIT_WIDTHS = _BEND * np.cosh(_STEP * KERNELS) * _STEP


@dataclass(frozen=True, slots=True)
class Density:
    """Weights (n,) of lognormals with mean exp(``centre``) and log-deviation ``width``.

    ``prior`` are the weights the fit was smoothed towards; a later fit may start from them.
    """

    centre: Floats
    width: Floats
    weight: Floats
    prior: Floats

    @property
    def deviation(self) -> float:
        """The deviation the kernels were laid out for, if ``layout`` made them."""
        return float(self.width[-1] / _UNIT_WIDTHS[-1])

    def otm(self, k: ArrayLike) -> Floats:
        """Price of the out-of-the-money option (the call at k = 0), to full relative accuracy."""
        x = np.asarray(k, np.float64)
        return (kernel_prices(x.ravel(), self.centre, self.width) @ self.weight).reshape(x.shape)

    def put(self, k: Floats) -> Floats:
        """Undiscounted puts per unit of forward, in and out of the money."""
        return np.where(k < 0, self.otm(k), self.otm(k) + np.expm1(k))

    def total_variance(self, k: ArrayLike) -> Floats:
        """vol^2 * years of those prices; NaN so far out that the price is no longer a number above
        0.
        """
        x = np.asarray(k, np.float64)
        vol, _ = implied_vol(self.otm(x), 1.0, np.exp(x), 1.0, x >= 0)
        return vol * vol

    def pdf(self, k: ArrayLike) -> Floats:
        """Probability density of ln(S / F)."""
        x = np.asarray(k, np.float64)[..., None]
        z = (x - self.centre + 0.5 * self.width**2) / self.width
        return np.asarray(
            (np.exp(-0.5 * z * z) / self.width) @ self.weight / np.sqrt(2.0 * np.pi), np.float64
        )

    def widened(self, share: float) -> "Density":
        """The same kernels, each wider by ``share``: every option is worth at least as much."""
        return Density(self.centre, self.width * (1.0 + share), self.weight, self.prior)


def layout(deviation: float) -> tuple[Floats, Floats]:
    """Centres and widths of the kernels for an at-the-money deviation (vol * sqrt(years)).

    Even near the money and geometric in the wings, each about as wide as the distance to the next.
    """
    centre = _BEND * np.sinh(_STEP * KERNELS) * deviation
    return centre, _UNIT_WIDTHS * deviation


def kernel_prices(k: Floats, centre: Floats, width: Floats) -> Floats:
    """Out-of-the-money prices (m, n) at k (m,) under each kernel alone (Black-76 with its own
    mean).
    """
    side = np.where(k >= 0, 1.0, -1.0)[:, None]
    near = side * ((centre - k[:, None]) / width + 0.5 * width)
    far = near - side * width
    return side * (np.exp(centre) * ndtr(near) - np.exp(k)[:, None] * ndtr(far))


def project(put: Floats, strike: Floats) -> Floats:
    """Weights (n,) with which kernels centred at ``strike`` come near the density of put prices.

    ``put`` (n,) is undiscounted and both are per unit of forward. The weights are the second
    differences of the prices, which keep the total and the mean; where the prices hold a butterfly,
    or their tail falls off faster than any market's, a positive floor is used instead.
    """
    slope = np.concatenate([[0.0], np.diff(put) / np.diff(strike), [1.0]])
    weight = np.maximum(np.diff(slope), _TINY)
    peak = int(np.argmax(weight))
    for j in range(peak - 1, -1, -1):
        weight[j] = max(weight[j], _TAIL * weight[j + 1])
    for j in range(peak + 1, weight.size):
        weight[j] = max(weight[j], _TAIL * weight[j - 1])
    return np.asarray(weight / weight.sum(), np.float64)


def put_prices(variance: Floats, k: Floats) -> Floats:
    """Undiscounted puts per unit of forward at log-moneyness ``k`` from total variance."""
    root = np.sqrt(np.maximum(variance, 1e-10))
    d1 = -k / root + 0.5 * root
    return np.asarray(np.exp(k) * ndtr(root - d1) - ndtr(-d1), np.float64)
