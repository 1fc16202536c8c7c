"""Reads recorded option chains into arrays, for the surface benchmark and the tests that use it.

The files are not part of this repository; see the README about CONDORBOT_DATA. Settlement instants
are those of the series: SPX and VIX 09:30 New York on the expiration in the file, SPXW 16:00.
"""

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path

import numpy as np

from domain.instruments import Right
from domain.parity import Parity, fit_parity
from domain.pricing import Floats
from domain.surface import Strip, strip

SPX_CLOSE_DAYS = ("2019-05-21", "2019-06-12", "2019-06-27", "2019-07-03")  # snapshot at the close
_YEAR_S = 365.0 * 86400.0
_OPEN, _CLOSE = time(9, 30), time(16, 0)


@dataclass(frozen=True, slots=True)
class RealChain:
    """One expiry: arrays (n,) by strike, points; ``days`` are calendar days to expiration."""

    root: str
    expiration: date
    days: int
    years: float
    strike: Floats
    call_bid: Floats
    call_ask: Floats
    put_bid: Floats
    put_ask: Floats

    def parity(self, rate: float) -> Parity:
        return fit_parity(
            self.strike,
            self.call_bid,
            self.call_ask,
            self.put_bid,
            self.put_ask,
            self.years,
            rate=rate,
        )

    def strip(self, parity: Parity) -> Strip:
        """Out-of-the-money quotes with the exchange's tick at their price."""
        call = self.strike >= parity.forward
        mid = 0.5 * np.where(call, self.call_bid + self.call_ask, self.put_bid + self.put_ask)
        fine, coarse = (0.01, 0.05) if self.root.startswith("VIX") else (0.05, 0.10)
        return strip(
            self.strike,
            self.call_bid,
            self.call_ask,
            self.put_bid,
            self.put_ask,
            parity.forward,
            parity.discount,
            self.years,
            np.where(mid < 3.0, fine, coarse),
        )


@dataclass(frozen=True, slots=True)
class DailyVix:
    """What was published for a day: index levels, and the 13-week bill as a continuous rate."""

    low: float
    high: float
    close: float
    vix9d: float
    vix3m: float
    rate: float


def spx_days(folder: Path) -> dict[str, list[RealChain]]:
    """Chains of each recorded day of 2019 by increasing time to settlement, keyed by ISO date."""
    found = {}
    for path in sorted((folder / "chains" / "spx_eod_2019").glob("SPX_*.csv.gz")):
        rows = list(_rows(path))
        on = _date(rows[0]["quotedate"])
        quotes = (
            (
                row["optionroot"][:-15],
                _date(row["expiration"]),
                float(row["strike"]),
                Right.CALL if row["type"] == "call" else Right.PUT,
                float(row["bid"]),
                float(row["ask"]),
            )
            for row in rows
        )
        found[on.isoformat()] = _chains(quotes, datetime.combine(on, _CLOSE))
    return found


def vix_chains(folder: Path) -> list[RealChain]:
    """The VIX options of 2016-06-01 at 15:45."""
    rows = _rows(folder / "chains" / "vix_chain_2016-06-01.csv.gz")
    quotes = (
        (
            row["root"],
            date.fromisoformat(row["expiration"]),
            float(row["strike"]),
            Right(row["option_type"]),
            float(row["bid_1545"]),
            float(row["ask_1545"]),
        )
        for row in rows
        if row["root"] in {"VIX", "VIXW"}
    )  # BVZ are binary options
    return _chains(quotes, datetime.combine(date(2016, 6, 1), time(15, 45)))


def daily_vix(folder: Path) -> dict[str, DailyVix]:
    """Published index levels by ISO date, where all of them exist."""
    names = ("vix_low", "vix_high", "vix_close", "vix9d", "vix3m", "tbill_13w_pct")
    out = {}
    for row in _rows(folder / "daily_1990_2021.csv.gz"):
        if all(row[name] for name in names):
            low, high, close, nine, three, bill = (float(row[name]) for name in names)
            out[row["date"]] = DailyVix(low, high, close, nine, three, float(np.log1p(bill / 100)))
    return out


def _date(text: str) -> date:
    month, day, year = text.split("/")
    return date(int(year), int(month), int(day))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as lines:
        yield from csv.DictReader(lines)


def _chains(
    quotes: Iterator[tuple[str, date, float, Right, float, float]],
    now: datetime,
) -> list[RealChain]:
    series: dict[tuple[date, str], dict[float, dict[Right, tuple[float, float]]]] = {}
    for root, expiration, strike, right, bid, ask in quotes:
        sides = series.setdefault((expiration, root), {}).setdefault(strike, {})
        sides.setdefault(right, (bid, ask))
    chains = []
    for (expiration, root), strikes in series.items():
        settles = datetime.combine(expiration, _CLOSE if root == "SPXW" else _OPEN)
        years = (settles - now).total_seconds() / _YEAR_S
        both = sorted(k for k, sides in strikes.items() if len(sides) == len(Right))
        if years <= 0 or not both:
            continue
        table = np.array([(k, *strikes[k][Right.CALL], *strikes[k][Right.PUT]) for k in both])
        chains.append(RealChain(root, expiration, (expiration - now.date()).days, years, *table.T))
    return sorted(chains, key=lambda chain: chain.years)
