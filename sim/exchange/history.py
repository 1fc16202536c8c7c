"""Daily history of the S&P 500 and VIX: where it comes from and how holes in it are filled.

Two sources: the data files that ship inside the `arch` distribution (always there) and a directory
with richer facts (VIX range, VIX9D, VIX3M, VIX6M, VVIX, SKEW, VX settlements). Knows nothing of
scenarios or paths.
"""

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib.metadata import PackageNotFoundError, distribution
from math import exp, log
from pathlib import Path
from typing import TypeAlias

from sim.exchange.intraday import Bars, read_bars

Prices: TypeAlias = tuple[float, float, float, float]  # open, high, low, close

DAILY_FILE = "daily_1990_2021.csv.gz"
VX_FILE = "vx_settlements_2004_2021.csv.gz"
_PROXIES = ("vixy_close", "vnq_close", "spy_close", "usd_broad")
_ARCH_SPX = "arch/data/sp500/sp500.csv.gz"
_ARCH_VIX = "arch/data/vix/vix.csv.gz"
# VIX moves against the index about five times as far, in logs (median of daily slopes 1992-2021: 4
# to 6).
_VIX_LEVERAGE = 5.0


@dataclass(frozen=True, slots=True)
class Day:
    """One session. ``vx`` holds (final settlement date, settlement price), nearest first; () if
    unknown.
    """

    on: date
    spx_open: float
    spx_high: float
    spx_low: float
    spx_close: float
    vix_open: float
    vix_high: float
    vix_low: float
    vix_close: float
    vix9d: float | None = None
    vix3m: float | None = None
    vvix: float | None = None
    skew: float | None = None
    vx: tuple[tuple[date, float], ...] = ()
    vixy: float | None = None  # closes, adjusted for dividends and splits ...
    vnq: float | None = None
    spy: float | None = None
    dollar: float | None = None  # the broad dollar index
    vix6m: float | None = None
    bill: float | None = None  # yield of the 13-week Treasury bill, % a year
    bars: Bars = ()  # of five minutes, of the index or its fund; () where the day is not covered


class HistoryMissing(ValueError):
    """No source of history is installed."""


def read_directory(directory: Path) -> list[Day]:
    """All sessions of ``directory`` on which SPX and VIX are complete, oldest first."""
    futures, bars = _read_vx(directory / VX_FILE), read_bars(directory)
    days = []
    for row in _rows(directory / DAILY_FILE):
        spx, vix = _prices(row, "spx"), _prices(row, "vix")
        if spx is None or vix is None:
            continue
        on = date.fromisoformat(row["date"])
        vix9d, vix3m, vvix, skew = (_number(row[n]) for n in ("vix9d", "vix3m", "vvix", "skew"))
        curve, index = tuple(futures.get(on, ())), (*enclosed(spx), *enclosed(vix))
        vixy, vnq, spy, dollar = (_number(row.get(n)) for n in _PROXIES)
        vix6m, bill = _number(row.get("vix6m")), _number(row.get("tbill_13w_pct"))
        days.append(
            Day(
                on, *index, vix9d, vix3m, vvix, skew, curve, vixy, vnq, spy, dollar, vix6m, bill,
                bars.get(on, ()),
            )
        )  # fmt: skip
    return days


def read_arch() -> list[Day]:
    """Sessions of the files inside the `arch` distribution, 2014 to 2018; VIX ranges are estimated.

    Raises HistoryMissing when the distribution is not installed. It is not imported: it would pull
    pandas.
    """
    try:
        package = distribution("arch")
    except PackageNotFoundError as error:
        raise HistoryMissing("no data directory is given and 'arch' is not installed") from error
    vix = {
        _american(row["Date"]): float(row["vix"])
        for row in _rows(Path(str(package.locate_file(_ARCH_VIX))))
        if row["vix"] != "."  # the table's mark for a day without a value
    }
    days: list[Day] = []
    before: tuple[float, float] | None = None
    for row in _rows(Path(str(package.locate_file(_ARCH_SPX)))):
        on = _american(row["Date"])
        if on not in vix:
            continue
        opened, high, low, close = (float(row[n]) for n in ("Open", "High", "Low", "Close"))
        spx = enclosed((opened, high, low, close))
        estimated = estimate_vix_range(spx, vix[on], before or (opened, vix[on]))
        days.append(Day(on, *spx, *enclosed(estimated)))
        before = (close, vix[on])
    return days


def estimate_vix_range(spx: Prices, vix_close: float, before: tuple[float, float]) -> Prices:
    """VIX's day from its close, the index's day and ``before``, the last closes of index and VIX.

    The open answers the index's overnight gap, the extremes answer the index's own, with a fixed
    leverage.
    """
    opened, high, low, close = spx
    gap = max(-0.1, min(0.1, log(opened / before[0])))
    vix_open = before[1] * exp(-_VIX_LEVERAGE * gap)
    above = _VIX_LEVERAGE * (log(min(opened, close) / low) + 0.001)
    below = _VIX_LEVERAGE * (log(high / max(opened, close)) + 0.001)
    top, bottom = max(vix_open, vix_close) * exp(above), min(vix_open, vix_close) * exp(-below)
    return round(vix_open, 2), round(top, 2), round(bottom, 2), vix_close


def enclosed(prices: Prices) -> Prices:
    """Prices with a range that holds all of them: published tables break this by rounding."""
    opened, high, low, close = prices
    return opened, max(opened, high, close), min(opened, low, close), close


def _prices(row: dict[str, str], prefix: str) -> Prices | None:
    parts = [_number(row[f"{prefix}_{part}"]) for part in ("open", "high", "low", "close")]
    known = [part for part in parts if part is not None]
    return (known[0], known[1], known[2], known[3]) if len(known) == 4 else None


def _american(text: str) -> date:
    month, day, year = text.split("/")
    return date(int(year), int(month), int(day))


def _read_vx(path: Path) -> dict[date, list[tuple[date, float]]]:
    curve: dict[date, list[tuple[date, float]]] = {}
    if not path.exists():
        return curve
    for row in _rows(path):
        settle = _number(row["settle"])
        if settle is not None and settle > 0:
            entry = (date.fromisoformat(row["expiry"]), settle)
            curve.setdefault(date.fromisoformat(row["trade_date"]), []).append(entry)
    for entries in curve.values():
        entries.sort()
    return curve


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def _number(text: str | None) -> float | None:
    return float(text) if text else None
