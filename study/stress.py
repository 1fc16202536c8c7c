"""Histories that never happened, for asking how much of a result is luck: three ways to make them.

Blocks of real days in a new order, a Heston-like variance process, and a market that switches
between calm and crisis. All are stress for the rules, none is a forecast; no claim is judged on
them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from math import exp, sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sim.exchange.bootstrap import resample
from sim.exchange.history import Day
from sim.exchange.scenarios import Scenario

Floats: TypeAlias = NDArray[np.float64]
_STEPS = 26  # a quarter of an hour each
_YEAR = 252
_RISK_PREMIUM = 1.18  # VIX over realised volatility, the median of 1990-2021 lies near it
_VIX_RANGE = (9.0, 120.0)


@dataclass(frozen=True, slots=True)
class HestonParams:
    """Annual variance. Values are round numbers near published fits to the S&P 500, not a fit."""

    reversion: float = 5.0
    mean: float = 0.03
    vol_of_vol: float = 0.65
    correlation: float = -0.75
    drift: float = 0.06
    share_overnight: float = 0.2  # of a day's variance


@dataclass(frozen=True, slots=True)
class SwitchParams:
    """Two regimes; volatility reverts to the one of the regime in ``reversion_days``."""

    calm_vol: float = 0.11
    crisis_vol: float = 0.42
    calm_days: float = 400.0  # mean length
    crisis_days: float = 35.0
    reversion_days: float = 6.0
    vol_noise: float = 0.07  # standard deviation of the log of volatility, a day
    correlation: float = -0.75
    drift: float = 0.08
    share_overnight: float = 0.2


def stressed(model: str, base: Scenario, *, path: int, seed: int) -> Scenario:
    """Another history over the dates of ``base``, after the same warm-up. Deterministic in
    (``model``, ``path``, ``seed``). Raises KeyError for a model that is not in MODELS.
    """
    rng = np.random.default_rng([seed, path, sorted(MODELS).index(model)])
    days = MODELS[model](base, rng)
    return Scenario(f"{model} {path}", tuple(days), base.warmup, f"{model} paths")


def _bootstrap(base: Scenario, rng: np.random.Generator) -> list[Day]:
    history = [*base.warmup, *base.days]
    dates = [day.on for day in base.days]
    return resample(history, base.warmup, dates, int(rng.integers(2**31)))


def _heston(base: Scenario, rng: np.random.Generator) -> list[Day]:
    """Full-truncation Euler steps of a quarter of an hour, the night in one of its own."""
    p = HestonParams()
    last = base.warmup[-1]
    variance = (last.vix_close / 100 / _RISK_PREMIUM) ** 2

    def move(v: float, years: float, z: Floats) -> tuple[float, float]:
        alive = max(v, 0.0)
        shock = p.correlation * z[0] + sqrt(1 - p.correlation**2) * z[1]
        log_return = (p.drift - 0.5 * alive) * years + sqrt(alive * years) * z[0]
        new = (
            v + p.reversion * (p.mean - alive) * years + p.vol_of_vol * sqrt(alive * years) * shock
        )
        return log_return, new

    def expected(v: float) -> float:
        """Mean variance over the coming month."""
        decay = (1 - exp(-p.reversion / 12)) / (p.reversion / 12)
        return p.mean + (max(v, 0.0) - p.mean) * decay

    return _lived(base, rng, variance, move, expected, p.share_overnight)


def _switching(base: Scenario, rng: np.random.Generator) -> list[Day]:
    p = SwitchParams()
    last = base.warmup[-1]
    crisis = [last.vix_close > 28]

    def move(v: float, years: float, z: Floats) -> tuple[float, float]:
        days = years * _YEAR
        leaves = 1 / (p.crisis_days if crisis[0] else p.calm_days)
        if rng.random() < leaves * days:
            crisis[0] = not crisis[0]
        target = p.crisis_vol if crisis[0] else p.calm_vol
        shock = p.correlation * z[0] + sqrt(1 - p.correlation**2) * z[1]
        vol = sqrt(max(v, 1e-6))
        pull = days / p.reversion_days * np.log(target / vol)
        vol = float(vol * np.exp(pull + p.vol_noise * sqrt(days) * shock))
        log_return = (p.drift - 0.5 * v) * years + sqrt(v * years) * z[0]
        return log_return, vol * vol

    def expected(v: float) -> float:
        """A month from now the regime counts for more than today's volatility."""
        target = p.crisis_vol if crisis[0] else p.calm_vol
        return 0.6 * v + 0.4 * target * target

    start = (last.vix_close / 100 / _RISK_PREMIUM) ** 2
    return _lived(base, rng, start, move, expected, p.share_overnight)


Move: TypeAlias = Callable[[float, float, Floats], tuple[float, float]]


def _lived(
    base: Scenario,
    rng: np.random.Generator,
    variance: float,
    move: Move,
    expected: Callable[[float], float],
    overnight: float,
) -> list[Day]:
    """One Day per date: a night, then a session of quarter-hours of index and VIX."""
    spx, days = base.warmup[-1].spx_close, []
    for session in base.days:
        draws = rng.standard_normal((_STEPS + 1, 2))
        spans = [overnight / _YEAR] + [(1 - overnight) / _YEAR / _STEPS] * _STEPS
        index, vix = [], []
        for years, z in zip(spans, draws, strict=True):
            moved, variance = move(variance, years, z)
            spx *= exp(max(-0.2, min(0.2, moved)))
            index.append(spx)
            vix.append(_index_vix(expected(variance)))
        days.append(_day(session.on, index, vix))
    return days


def _day(on: date, index: list[float], vix: list[float]) -> Day:
    spx = [round(level, 2) for level in index]
    vol = [round(level, 2) for level in vix]
    return Day(
        on, spx[0], max(spx), min(spx), spx[-1], vol[0], max(vol), min(vol), vol[-1]
    )  # fmt: skip


def _index_vix(variance: float) -> float:
    low, high = _VIX_RANGE
    return min(high, max(low, 100 * sqrt(max(variance, 0.0)) * _RISK_PREMIUM))


MODELS: Mapping[str, Callable[[Scenario, np.random.Generator], list[Day]]] = {
    "bootstrap": _bootstrap,
    "heston": _heston,
    "switching": _switching,
}
