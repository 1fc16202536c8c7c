"""How well fitted smiles reproduce recorded chains, day by day and expiry by expiry, and how fast.

    python -m benchmarks.surface [folder] [--expiries]

``folder`` is the market data folder, by default the one CONDORBOT_DATA names. A quote is
reproduced when the fitted price lies inside its bid and ask widened by one tick on either side.
Counted are two-sided out-of-the-money quotes with a bid above 0.05, from 8 deviations below the
forward to 5 above, of expiries from 2 to 365 days. Plain five-parameter SVI stands beside it.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.real_chains import DailyVix, RealChain, daily_vix, spx_days, vix_chains
from domain.pricing import Floats, implied_vol, price
from domain.scenario_grid import legs, scenario_values
from domain.smile_fit import Smile, SmileFit
from domain.surface import (
    ArbitrageCheck,
    Strip,
    ceiling,
    check_arbitrage,
    fit_strip,
    fit_surface,
)
from domain.svi import fit_svi
from domain.vix_index import VIX_DAYS, bracket, index_level, term_variance

DAYS_MIN, DAYS_MAX = 2, 365


@dataclass(frozen=True, slots=True)
class Row:
    """One expiry: counted quotes, how many each model reproduces, and the arbitrage found."""

    chain: RealChain
    fit: SmileFit
    quotes: int
    inside: int
    inside_svi: int
    check: ArbitrageCheck


@dataclass(frozen=True, slots=True)
class Day:
    rows: list[Row]
    cold_ms: float
    warm_ms: float

    @property
    def share(self) -> float:
        return sum(r.inside for r in self.rows) / sum(r.quotes for r in self.rows)

    @property
    def share_svi(self) -> float:
        return sum(r.inside_svi for r in self.rows) / sum(r.quotes for r in self.rows)

    @property
    def worst(self) -> float:
        return min(r.inside / r.quotes for r in self.rows if r.quotes)


def measure(chains: Sequence[RealChain], rate: float, *, one_underlying: bool = True) -> Day:
    """Fit all expiries of a day. VIX options are fitted each on its own (``one_underlying`` False),
    because their forwards are different underlyings and calendar arbitrage has no meaning.
    """
    chosen = [c for c in chains if DAYS_MIN <= c.days <= DAYS_MAX]
    strips = [c.strip(c.parity(rate)) for c in chosen]
    if one_underlying:
        start = time.perf_counter()
        fits = fit_surface(strips)
        between = time.perf_counter()
        fit_surface(strips, [f.smile for f in fits])
    else:
        start = time.perf_counter()
        fits = [fit_surface([s])[0] for s in strips]
        between = time.perf_counter()
        for s, f in zip(strips, fits, strict=True):
            fit_surface([s], [f.smile])
    end = time.perf_counter()
    rows = []
    earlier: Smile | None = None
    for chain, one, fit in zip(chosen, strips, fits, strict=True):
        assert fit.smile is not None, f"no smile for {chain.root} {chain.expiration}"
        rows.append(_row(chain, one, fit, fit.smile, earlier))
        earlier = fit.smile if one_underlying else None
    each = 1000.0 / len(strips)
    return Day(rows, (between - start) * each, (end - between) * each)


def counted(one: Strip, deviation: float) -> NDArray[np.bool_]:
    """The quotes that count."""
    x = np.log(one.strike / one.forward) / deviation
    return (one.bid > 0.05) & (one.ask >= one.bid) & (x >= -8.0) & (x <= 5.0)


def reproduced(one: Strip, model: Floats) -> NDArray[np.bool_]:
    slack = one.tick + 1e-9
    return (model >= one.bid - slack) & (model <= one.ask + slack)


def _row(chain: RealChain, one: Strip, fit: SmileFit, smile: Smile, earlier: Smile | None) -> Row:
    among = counted(one, smile.deviation)
    inside = reproduced(one, smile.price(one.strike, one.call)) & among
    svi = reproduced(one, plain_svi(one, among)) & among
    return Row(
        chain,
        fit,
        int(among.sum()),
        int(inside.sum()),
        int(svi.sum()),
        check_arbitrage(smile, earlier),
    )


def plain_svi(one: Strip, among: NDArray[np.bool_]) -> Floats:
    """Prices (n,) of one SVI slice fitted to the counted quotes, weighted by bid, ask and vega."""
    mid = 0.5 * (one.bid + one.ask)
    vol, _ = implied_vol(mid, one.forward, one.strike, one.years, one.call, one.discount)
    k, total = np.log(one.strike / one.forward), vol * np.sqrt(one.years)
    d1 = -k / total + 0.5 * total
    vega = one.discount * one.forward * np.exp(-0.5 * d1 * d1) / np.sqrt(2.0 * np.pi)
    error = 2.0 * total * (0.5 * (one.ask - one.bid) + one.tick) / vega
    svi = fit_svi(k, np.where(among, total * total, np.nan), error).svi
    if svi is None:
        return np.full(k.shape, np.nan)
    fitted = np.sqrt(svi.total_variance(k) / one.years)
    return price(one.forward, one.strike, one.years, fitted, one.call, one.discount)


def vix_from(chains: Sequence[RealChain], rate: float, days: float = VIX_DAYS) -> float:
    """The index from the two expiries around ``days``; a third Friday counts as its AM series."""
    am = {c.expiration for c in chains if c.root == "SPX"}
    used = [c for c in chains if c.days > 0 and (c.root == "SPX" or c.expiration not in am)]
    pair = bracket([c.years for c in used], days)
    if pair is None:
        return float("nan")
    near, later = (
        term_variance(c.strike, c.call_bid, c.call_ask, c.put_bid, c.put_ask, c.years, rate)
        for c in (used[i] for i in pair)
    )
    return index_level(near, later, days)


def warm_fits_ms(chains: Sequence[RealChain], rate: float) -> list[float]:
    """Median time of a warm fit of each expiry, with its floor and ceiling, slowest last."""
    chosen = [c for c in chains if DAYS_MIN <= c.days <= DAYS_MAX]
    strips = [c.strip(c.parity(rate)) for c in chosen]
    smiles = [fit.smile for fit in fit_surface(strips)]

    def once(i: int) -> Callable[[], object]:
        top = ceiling(strips[i + 1 : i + 9])
        return lambda: fit_strip(strips[i], smiles[i - 1] if i else None, top, smiles[i])

    return sorted(1000.0 * median_s(once(i)) for i in range(len(strips)))


def grid_ms() -> float:
    """Median time of a 51 x 21 x 5 grid for 40 legs, 24 on SPX and 16 on VIX."""
    rng = np.random.default_rng(1)
    condors = legs(
        np.tile([1, -1, -1, 1], 6),
        100,
        np.tile([2500, 2530, 2900, 2930], 6) + np.repeat(np.arange(6) * 5, 4),
        np.tile([False, False, True, True], 6),
        40 / 365,
        rng.uniform(0.1, 0.25, 24),
        2800.0,
        0.998,
        spot=2795.0,
    )
    hedge = legs(
        4,
        100,
        rng.uniform(15, 30, 16),
        True,
        rng.choice([30, 110, 220], 16) / 365,
        0.8,
        17.0,
        0.99,
        vix=True,
    )
    book = condors + hedge
    axes = np.linspace(-0.25, 0.25, 51), np.linspace(-10, 40, 21), [0, 5, 10, 21, 40]
    return 1000.0 * median_s(lambda: scenario_values(book, *axes))


def median_s(run: Callable[[], object], rounds: int = 7) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def _print_day(name: str, day: Day, *, expiries: bool) -> None:
    quotes = sum(r.quotes for r in day.rows)
    butterfly = min(r.check.butterfly for r in day.rows)
    calendar = min(r.check.calendar for r in day.rows)
    interpolated = sum(bool(r.fit.reason) for r in day.rows)
    print(
        f"{name:12}{len(day.rows):5}{quotes:7}{day.share:9.2%}{day.worst:9.2%}"
        f"{day.share_svi:9.2%}{butterfly:11.1e}{calendar:10.1e}{interpolated:6}"
        f"{day.cold_ms:8.1f}{day.warm_ms:7.1f}"
    )
    for r in day.rows if expiries else []:
        print(
            f"  {r.chain.root:5}{r.chain.expiration}{r.chain.days:5}{r.quotes:6}"
            f"{r.inside / max(r.quotes, 1):9.2%}{r.inside_svi / max(r.quotes, 1):9.2%}"
            f"  {r.fit.reason.name.lower()}"
        )


def _print_vix(published: dict[str, DailyVix], days: dict[str, list[RealChain]]) -> None:
    print(
        f"\n{'day':12}{'VIX':>7}{'low':>7}{'high':>7}{'close':>7}{'9-day':>8}{'publ.':>7}"
        f"{'3-month':>9}{'publ.':>7}"
    )
    for name, chains in days.items():
        day = published[name]
        nine = vix_from(chains, day.rate, 9.0)
        three = vix_from([c for c in chains if c.root == "SPX"], day.rate, 93.0)
        print(
            f"{name:12}{vix_from(chains, day.rate):7.2f}{day.low:7.2f}{day.high:7.2f}"
            f"{day.close:7.2f}{nine:8.2f}{day.vix9d:7.2f}{three:9.2f}{day.vix3m:7.2f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="How well fitted smiles reproduce recorded chains")
    parser.add_argument("folder", nargs="?", type=Path, default=os.environ.get("CONDORBOT_DATA"))
    parser.add_argument("--expiries", action="store_true", help="a line for every expiry")
    arguments = parser.parse_args()
    if arguments.folder is None:
        parser.error("name the market data folder or set CONDORBOT_DATA")
    folder = Path(arguments.folder)
    published, days = daily_vix(folder), spx_days(folder)
    print(
        f"{'day':12}{'exp.':>5}{'quotes':>7}{'inside':>9}{'worst':>9}{'SVI':>9}{'butterfly':>11}"
        f"{'calendar':>10}{'poor':>6}{'cold ms':>8}{'warm':>7}"
    )
    for name, chains in days.items():
        _print_day(name, measure(chains, published[name].rate), expiries=arguments.expiries)
    options = measure(vix_chains(folder), published["2016-06-01"].rate, one_underlying=False)
    _print_day("VIX 2016", options, expiries=arguments.expiries)
    _print_vix(published, days)
    warm = warm_fits_ms(days["2019-07-03"], published["2019-07-03"].rate)
    print(
        f"\nwarm fit of one expiry (2019-07-03): median {statistics.median(warm):.1f} ms, "
        f"slowest {warm[-1]:.1f} ms"
    )
    print(f"scenario grid 51 x 21 x 5, 40 legs: {grid_ms():.1f} ms")


if __name__ == "__main__":
    main()
