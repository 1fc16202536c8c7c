"""Implied volatilities and greeks of whole chains, against what a Python user would pick instead.

    python benchmarks/pricing.py

All contenders price the same options in the same run, taking turns; each figure is the median of
seven. Every contender's answer is checked first: speed counts only at equal accuracy (1e-10 in
volatility). fast-vollib is there twice: its documented function, and the exact solver ("Let's be
rational") that lies a module deeper. Neither has numba, an optional extra of it.
"""

import statistics
import time
from collections.abc import Callable

import numpy as np
import QuantLib as ql
from fast_vollib import fast_implied_volatility_black
from fast_vollib.jackel.jackel_iv import jackel_iv_black
from vollib.black.implied_volatility import implied_volatility as vollib_implied_volatility

from domain.pricing import Floats, greeks, implied_vol, price

ACCURACY = 1e-10


def chain(n: int, seed: int = 1) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats]:
    """Out-of-the-money options of a surface: (forward, strike, years, vol, call, value)."""
    rng = np.random.default_rng(seed)
    years = rng.choice([7, 30, 60, 120, 365], n) / 365.0
    vol = rng.uniform(0.10, 0.60, n)
    moves = rng.uniform(-3.5, 2.5, n)  # within the strikes that trade, in standard deviations
    forward = np.full(n, 4000.0)
    strike = forward * np.exp(moves * vol * np.sqrt(years))
    call = strike >= forward
    return forward, strike, years, vol, call, price(forward, strike, years, vol, call)


def median_s(run: Callable[[], object], rounds: int = 7) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def quantlib_loop(f: Floats, k: Floats, t: Floats, call: Floats, v: Floats) -> Callable[[], Floats]:
    """The tightest loop Python allows: plain lists, one C++ call an option, tolerance 1e-12."""
    kinds = [ql.Option.Call if c else ql.Option.Put for c in call]
    rows = list(zip(kinds, k.tolist(), f.tolist(), v.tolist(), strict=True))
    solve = ql.blackFormulaImpliedStdDevLiRS

    def run() -> Floats:
        return np.array(
            [solve(c, k, f, v, 1.0, 0.0, 0.2, 1.0, 1e-12, 100) for c, k, f, v in rows]
        ) / np.sqrt(t)

    return run


def vollib_loop(f: Floats, k: Floats, t: Floats, call: Floats, v: Floats) -> Callable[[], Floats]:
    flags = ["c" if c else "p" for c in call]
    rows = list(zip(v.tolist(), f.tolist(), k.tolist(), t.tolist(), flags, strict=True))

    def run() -> Floats:
        return np.array([vollib_implied_volatility(v, f, k, 0.0, t, c) for v, f, k, t, c in rows])

    return run


def main() -> None:
    n = 10_000
    f, k, t, vol, call, v = chain(n)
    flags = np.where(call, "c", "p")
    contenders: dict[str, Callable[[], Floats]] = {
        "condorbot": lambda: implied_vol(v, f, k, t, call)[0],
        "QuantLib loop": quantlib_loop(f, k, t, call, v),
        "vollib loop": vollib_loop(f, k, t, call, v),
        "fast-vollib": lambda: np.asarray(
            fast_implied_volatility_black(v, f, k, 0.0, t, flags, return_as="numpy")
        ),
        "fast-vollib LBR": lambda: np.asarray(jackel_iv_black(v, f, k, t, call)),
    }
    errors = {name: float(np.max(np.abs(run() - vol))) for name, run in contenders.items()}
    turns = [{name: median_s(run, 1) for name, run in contenders.items()} for _ in range(7)]
    times = {name: statistics.median(turn[name] for turn in turns) for name in contenders}
    print(f"implied volatility of {n:,} options, median of 7")
    print(f"{'contender':<16}{'us/option':>11}{'x condorbot':>13}{'max error':>12}")
    for name, spent in times.items():
        fair = "" if errors[name] <= ACCURACY else "  (less exact than 1e-10)"
        ratio = spent / times["condorbot"]
        print(f"{name:<16}{spent / n * 1e6:>11.3f}{ratio:>13.1f}{errors[name]:>12.1e}{fair}")

    spent = median_s(lambda: greeks(f, k, t, vol, call))
    print(f"\nall six greeks of {n:,} options: {spent * 1e3:.2f} ms on one core")
    growth()


def growth() -> None:
    """Time against the number of options: a fixed part, then a straight line."""
    sizes = (100, 1_000, 10_000, 100_000)
    tasks: dict[str, Callable[[int], Callable[[], object]]] = {
        "implied volatility": _inversion,
        "six greeks": _differentiation,
    }
    for name, task in tasks.items():
        print(f"\ngrowth with the number of options: {name}")
        spent = [median_s(task(size)) for size in sizes]
        for size, took in zip(sizes, spent, strict=True):
            print(f"{size:>9,} options {took * 1e3:>9.2f} ms {took / size * 1e6:>8.3f} us/option")
        print(f"1,000 to 100,000, 100 times as many: {spent[-1] / spent[1]:.0f} times the time")


def _inversion(size: int) -> Callable[[], object]:
    f, k, t, _, call, v = chain(size)
    return lambda: implied_vol(v, f, k, t, call)


def _differentiation(size: int) -> Callable[[], object]:
    f, k, t, vol, call, _ = chain(size)
    return lambda: greeks(f, k, t, vol, call)


if __name__ == "__main__":
    main()
