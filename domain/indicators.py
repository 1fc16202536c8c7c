"""Wilder's RSI, MACD, EWMA beta and z-scores, one value at a time or whole series, with one result.

Each indicator is a frozen state: ``state.next(x)`` returns the state after x, ``state.value`` is
None until its stated warm-up is over. The batch function folds the same step over an array and
gives NaN during the warm-up, so both forms agree to the last bit. A value that is not finite (or,
for returns, a pair that is not) leaves the state as it was and repeats its value.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from math import fsum, isfinite, sqrt
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from domain.pricing import Floats

State = TypeVar("State")


@dataclass(frozen=True, slots=True)
class Rsi:
    """Relative strength index, 0 to 100.

    Seeding: the average gain and loss of the first ``length`` changes; from then on Wilder's
    smoothing with 1 / ``length``. First value with price ``length`` + 1. Without any movement the
    value is 0, as in TA-Lib. Source: J. W. Wilder, "New Concepts in Technical Trading Systems"
    (1978).
    """

    length: int = 14
    last: float | None = None
    gain: float = 0.0
    loss: float = 0.0
    changes: int = 0

    @property
    def value(self) -> float | None:
        if self.changes < self.length:
            return None
        moved = self.gain + self.loss
        return 100.0 * (self.gain / moved) if moved > 0 else 0.0

    def next(self, price: float) -> "Rsi":
        if not isfinite(price):
            return self
        if self.last is None:
            return replace(self, last=price)
        change = price - self.last
        gain, loss = max(change, 0.0), max(-change, 0.0)
        count = self.changes + 1
        if count < self.length:
            return Rsi(self.length, price, self.gain + gain, self.loss + loss, count)
        if count == self.length:
            seed = (self.gain + gain) / self.length, (self.loss + loss) / self.length
            return Rsi(self.length, price, *seed, count)
        keep = self.length - 1
        return Rsi(
            self.length,
            price,
            (self.gain * keep + gain) / self.length,
            (self.loss * keep + loss) / self.length,
            count,
        )


@dataclass(frozen=True, slots=True)
class Ema:
    """Exponential average of weight 2 / (``length`` + 1), seeded by the mean of its first."""

    length: int
    level: float = 0.0
    count: int = 0

    @property
    def value(self) -> float | None:
        return self.level if self.count >= self.length else None

    def next(self, x: float) -> "Ema":
        if not isfinite(x):
            return self
        count = self.count + 1
        if count < self.length:
            return Ema(self.length, self.level + x, count)
        if count == self.length:
            return Ema(self.length, (self.level + x) / self.length, count)
        step = 2.0 / (self.length + 1.0)
        return Ema(self.length, (x - self.level) * step + self.level, count)


@dataclass(frozen=True, slots=True)
class MacdValue:
    """MACD line, its signal line and their difference."""

    macd: float
    signal: float
    histogram: float


@dataclass(frozen=True, slots=True)
class Macd:
    """Moving average convergence / divergence.

    Seeding: the slow average by the mean of its first ``slow_length`` prices, the fast one by the
    mean of the last ``fast_length`` of those, so that both start on the same price, as in TA-Lib;
    the signal by the mean of the first ``signal_length`` MACDs. First value with price
    ``slow_length`` + ``signal_length`` - 1. Source: G. Appel (1979).
    """

    fast: Ema
    slow: Ema
    signal: Ema
    prices: int = 0

    @property
    def value(self) -> MacdValue | None:
        fast, slow, signal = self.fast.value, self.slow.value, self.signal.value
        if fast is None or slow is None or signal is None:
            return None
        return MacdValue(fast - slow, signal, fast - slow - signal)

    def next(self, price: float) -> "Macd":
        if not isfinite(price):
            return self
        slow = self.slow.next(price)
        waits = self.prices < self.slow.length - self.fast.length
        fast = self.fast if waits else self.fast.next(price)
        signal = self.signal
        if fast.value is not None and slow.value is not None:
            signal = signal.next(fast.value - slow.value)
        return Macd(fast, slow, signal, self.prices + 1)


@dataclass(frozen=True, slots=True)
class Beta:
    """Cov(y, x) / Var(x) of two return series, exponentially weighted, both about zero.

    S_t = decay S_{t-1} + (1 - decay) x y from S_0 = 0; the ratio needs no correction for the start
    and is stated after ``warm_up`` pairs. RiskMetrics decay 0.94 (methodology S28).
    """

    decay: float = 0.94
    warm_up: int = 60
    covariance: float = 0.0
    variance: float = 0.0
    pairs: int = 0

    @property
    def value(self) -> float | None:
        if self.pairs < self.warm_up or not self.variance > 0:
            return None
        return self.covariance / self.variance

    def next(self, x: float, y: float) -> "Beta":
        """After a pair of returns: ``x`` of the market, ``y`` of what is measured against it."""
        return self.after([(x, y)])

    def after(self, pairs: Iterable[tuple[float, float]]) -> "Beta":
        """After many of them in order."""
        decay, new = self.decay, 1.0 - self.decay
        covariance, variance, count = self.covariance, self.variance, self.pairs
        for x, y in pairs:
            if isfinite(x + y):
                covariance = decay * covariance + new * x * y
                variance = decay * variance + new * x * x
                count += 1
        return Beta(decay, self.warm_up, covariance, variance, count)


@dataclass(frozen=True, slots=True)
class ZScore:
    """(x - mean) / standard deviation (n - 1) of the last ``length`` values, x among them.

    First value with value ``length``. 0 while nothing has moved.
    """

    length: int = 60
    window: tuple[float, ...] = ()

    @property
    def value(self) -> float | None:
        if len(self.window) < self.length:
            return None
        mean = fsum(self.window) / self.length
        deviation = sqrt(fsum([(x - mean) ** 2 for x in self.window]) / (self.length - 1))
        # A constant series has a deviation of a few ulps, not of zero.
        if deviation <= 1e-12 * max(abs(mean), 1e-300):
            return 0.0
        return (self.window[-1] - mean) / deviation

    def after(self, values: Sequence[float]) -> "ZScore":
        """After many values in order."""
        known = (*self.window, *(float(x) for x in values if isfinite(x)))
        return ZScore(self.length, known[-self.length :])

    def next(self, x: float) -> "ZScore":
        if not isfinite(x):
            return self
        return ZScore(self.length, (*self.window, float(x))[-self.length :])


def macd_state(fast: int = 12, slow: int = 26, signal: int = 9) -> Macd:
    """Raises ValueError unless 0 < ``fast`` < ``slow`` and ``signal`` > 0."""
    if not (0 < fast < slow and signal > 0):
        raise ValueError(f"no MACD of lengths {fast}, {slow}, {signal}")
    return Macd(Ema(fast), Ema(slow), Ema(signal))


def rsi(prices: ArrayLike, length: int = 14) -> Floats:
    """Wilder's RSI of a series (n,); the first ``length`` are NaN."""
    return _fold(Rsi(length), _list(prices), Rsi.next, lambda state: state.value)


def macd(
    prices: ArrayLike,
    fast: int = 12,
    slow: int = 26,
    signal: int = 9,
) -> tuple[Floats, Floats, Floats]:
    """MACD, signal and histogram of a series (n,); the first slow + signal - 2 are NaN."""
    state, rows = macd_state(fast, slow, signal), []
    for price in _list(prices):
        state = state.next(price)
        now = state.value
        rows.append((now.macd, now.signal, now.histogram) if now else (np.nan,) * 3)
    table = np.asarray(rows, np.float64).reshape(-1, 3)
    return table[:, 0], table[:, 1], table[:, 2]


def ewma_beta(
    market: ArrayLike,
    asset: ArrayLike,
    decay: float = 0.94,
    warm_up: int = 60,
) -> Floats:
    """Exponentially weighted beta of ``asset`` to ``market`` returns, both (n,)."""
    pairs = zip(_list(market), _list(asset), strict=True)
    return _fold(Beta(decay, warm_up), pairs, lambda b, p: b.next(*p), lambda state: state.value)


def z_scores(values: ArrayLike, length: int = 60) -> Floats:
    """Rolling z-score of a series (n,); the first ``length`` - 1 are NaN."""
    return _fold(ZScore(length), _list(values), ZScore.next, lambda state: state.value)


Item = TypeVar("Item")


def _fold(
    state: State,
    items: Iterable[Item],
    step: Callable[[State, Item], State],
    read: Callable[[State], float | None],
) -> Floats:
    out = []
    for item in items:
        state = step(state, item)
        value = read(state)
        out.append(np.nan if value is None else value)
    return np.asarray(out, np.float64)


def _list(values: ArrayLike) -> list[float]:
    return [float(v) for v in np.asarray(values, np.float64)]
