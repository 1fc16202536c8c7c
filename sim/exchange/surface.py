"""Implied volatilities without arbitrage: one SSVI shape for SPX, one for VIX options.

SSVI after Gatheral and Jacquier, "Arbitrage-free SVI volatility surfaces" (2014), with the
square-root power law, in which the smile depends on standardised log-moneyness alone; no butterfly
arbitrage while eta * (1 + |rho|) <= 2 for the variances met here, no calendar arbitrage while the
variance at the money grows.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Smile:
    """``rho`` tilts the smile (negative: dear puts), ``eta`` bends it."""

    rho: float
    eta: float

    def variance_ratio(self, x: ArrayLike) -> Floats:
        """Total variance over that at the money, at ``x`` = log(K/F) / sqrt(total variance at the
        money).
        """
        z = self.eta * np.asarray(x, np.float64)
        return np.asarray(0.5 * (1 + self.rho * z + np.sqrt((z + self.rho) ** 2 + 1 - self.rho**2)))

    def vol(self, log_moneyness: ArrayLike, theta: ArrayLike, years: ArrayLike) -> Floats:
        """Annual volatility at log(K/F), for total variance ``theta`` at the money."""
        variance = np.asarray(theta, np.float64)
        ratio = self.variance_ratio(np.asarray(log_moneyness) / np.sqrt(variance))
        return np.asarray(np.sqrt(variance * ratio / np.asarray(years)))


# Least squares on SPXW chains of January-February 2018 and April-July 2019: 1 to 2 % of volatility
# off.
SPX_SMILE = Smile(rho=-0.53, eta=1.05)
# The VIX chain of 2016-06-01: calls dear, almost straight in standardised log-moneyness.
VIX_SMILE = Smile(rho=0.90, eta=0.55)
# The swap level of the smile over the index. At 1 the VIX of a chain would be that of its index;
# volatilities of options ask for 0.90 in January-February 2018 and for 0.99 in April-July 2019.
_VIX_SHARE = 0.985
_POINTS = np.array([9.0, 30.0, 93.0, 365.0]) / 365


def _swap_ratios() -> tuple[Floats, Floats]:
    """(theta, variance swap / theta) of the SPX smile: mean total variance over normal d2."""
    thetas = np.exp(np.linspace(np.log(1e-6), np.log(2.0), 60))
    x = np.linspace(-12.0, 8.0, 4001)
    ratios = []
    for theta in thetas:
        total = theta * SPX_SMILE.variance_ratio(x)
        d2 = -x * np.sqrt(theta) / np.sqrt(total) - 0.5 * np.sqrt(total)
        density = np.exp(-0.5 * d2 * d2) / np.sqrt(2 * np.pi)
        ratios.append(float(np.trapezoid((density * total)[::-1], d2[::-1])) / theta)
    return thetas, np.array(ratios)


_THETAS, _RATIOS = _swap_ratios()
_SWAPS = _THETAS * _RATIOS


def spx_term(vix9d: float, vix: float, vix3m: float, long_run: float) -> Floats:
    """Total variance-swap variance at 9, 30, 93 and 365 days, never falling, from index levels in
    points.
    """
    year = vix3m + 0.45 * (long_run - vix3m)
    levels = np.array([vix9d, vix, vix3m, year]) / 100 * _VIX_SHARE
    total = levels * levels * _POINTS
    total[1:] = np.maximum(total[1:], total[0] + 0.0016 * (_POINTS[1:] - _POINTS[0]))
    return np.asarray(np.maximum.accumulate(total))


def spx_theta(years: Floats, term: Floats) -> Floats:
    """Total variance at the money for each tenor: swap variance, linear in time between the
    pillars.
    """
    swap = np.interp(years, np.concatenate([[0.0], _POINTS]), np.concatenate([[0.0], term]))
    slope = (term[-1] - term[-2]) / (_POINTS[-1] - _POINTS[-2])
    swap = swap + np.maximum(years - _POINTS[-1], 0.0) * slope
    return np.asarray(np.maximum(np.interp(swap, _SWAPS, _THETAS), 1e-9))


def vix_option_theta(years: Floats, vvix: float) -> Floats:
    """Total variance at the money of VIX options on their own forward.

    From VVIX: a month out 0.86 at VVIX 90, falling to 0.63 at 220 days; far months answer VVIX
    less.
    """
    months = np.clip(years * 365, 30.0, 300.0)
    level = 0.86 * (months / 30) ** -0.156
    answer = 1.0 - 0.5 * np.log(months / 30) / np.log(220 / 30)
    vol = level * (vvix / 90.0) ** answer
    return np.asarray(vol * vol * np.maximum(years, 1e-9))


def discount_rate(year: int) -> float:
    """Continuous short rate: yearly means of the 13-week Treasury bill."""
    return _BILLS.get(year, 0.02)


_BILLS = {
    2000: 0.0582, 2001: 0.0339, 2002: 0.0160, 2003: 0.0101, 2004: 0.0138, 2005: 0.0315,
    2006: 0.0473, 2007: 0.0435, 2008: 0.0136, 2009: 0.0015, 2010: 0.0014, 2011: 0.0005,
    2012: 0.0009, 2013: 0.0006, 2014: 0.0003, 2015: 0.0005, 2016: 0.0032, 2017: 0.0093,
    2018: 0.0194, 2019: 0.0206, 2020: 0.0035, 2021: 0.0005,
}  # fmt: skip
DIVIDEND_YIELD = 0.019


def carry(rate: float, years: Floats) -> Floats:
    """Forward over spot of the S&P 500."""
    return np.asarray(np.exp((rate - DIVIDEND_YIELD) * years))
