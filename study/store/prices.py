"""Importers of index levels, futures settlements, bars and monthly series."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from study.store.imported import Imported
from study.store.reading import Unreadable, day, needed, number, rows_of
from study.store.tables import Part, Table
from study.store_checks import UNIT_CHANGE

PRICES = ("open", "high", "low", "close")
_ROUNDING = 0.011
_TENFOLD = 100.0  # no VX contract ever settled above this in today's unit
_VX_NAME = re.compile(r"VX_(\d{4}-\d{2}-\d{2})\.csv")
_SERIES = {"SP500": "sp500", "Earnings": "sp500-earnings", "PE10": "pe10",
           "Consumer Price Index": "us-cpi", "Long Interest Rate": "us-10y"}  # fmt: skip
_CLOSES = {
    "vix9d": "VIX9D", "vix3m": "VIX3M", "vix6m": "VIX6M", "vvix": "VVIX", "skew": "SKEW",
    "tbill_13w_pct": "TBILL13W", "vixy_close": "VIXY", "vnq_close": "VNQ", "spy_close": "SPY",
    "usd_broad": "USDBROAD", "nyse_net_new_highs": "NYSENNH",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hints:
    """What a file of plain prices does not say of itself."""

    symbol: str = ""
    time_zone: ZoneInfo | None = None


def cboe_index(path: Path, text: str, hints: Hints) -> Imported:
    """Cboe's index history: DATE with OPEN, HIGH, LOW, CLOSE, or with one column named for it."""
    symbol = hints.symbol or path.name.split("_")[0].upper()
    found, part = Imported(path.name), Part(Table.DAILY, symbol)
    for line, row in rows_of(text):
        single = symbol if symbol in row else "CLOSE"
        try:
            on, close = day(row["DATE"]), needed(row, single)
            values = {name: number(row, name.upper()) for name in PRICES[:3]}
        except ValueError as trouble:
            found.error(line, None, str(trouble))
            continue
        _add_bar(found, part, line, on, {**values, "close": close})
    return found


def cboe_vx(path: Path, text: str, hints: Hints) -> Imported:
    """One VX contract as Cboe publishes it; the file's name holds its settlement day.

    Raises Unreadable when the name does not.
    """
    named = _VX_NAME.fullmatch(path.name)
    if named is None:
        raise Unreadable(f"{path.name}: not named for its settlement day, like VX_2018-02-14.csv")
    expiry, found = date.fromisoformat(named[1]), Imported(path.name)
    for line, row in rows_of(text):
        _add_settlement(found, line, row, "Trade Date", "Settle", expiry)
    return found


def vx_table(path: Path, text: str, hints: Hints) -> Imported:
    """Every VX contract in one file: trade_date, expiry, settle."""
    found = Imported(path.name)
    for line, row in rows_of(text):
        try:
            expiry = day(row["expiry"])
        except ValueError as trouble:
            found.error(line, None, str(trouble))
            continue
        _add_settlement(found, line, row, "trade_date", "settle", expiry)
    return found


def daily_table(path: Path, text: str, hints: Hints) -> Imported:
    """One row a session with the prices of SPX and VIX and the closes of their relatives."""
    found = Imported(path.name)
    for line, row in rows_of(text):
        try:
            on = day(row["date"])
            prices = {
                symbol: {name: number(row, f"{symbol.lower()}_{name}") for name in PRICES}
                for symbol in ("SPX", "VIX")
            }
            closes = {symbol: number(row, name) for name, symbol in _CLOSES.items()}
        except ValueError as trouble:
            found.error(line, None, str(trouble))
            continue
        for symbol, values in prices.items():
            if values["close"] is None:
                found.note(line, on, f"{symbol} is missing")
            else:
                _add_bar(found, Part(Table.DAILY, symbol), line, on, values)
        for symbol, close in closes.items():
            if close is not None:
                found.add(Part(Table.DAILY, symbol), {"on": on, "close": close})
    return found


def shiller(path: Path, text: str, hints: Hints) -> Imported:
    """Shiller's monthly table. A zero among earnings or ratios means missing and is left out."""
    found = Imported(path.name)
    for line, row in rows_of(text):
        try:
            on = day(row["Date"])
            values = {name: number(row, column) for column, name in _SERIES.items()}
        except ValueError as trouble:
            found.error(line, None, str(trouble))
            continue
        missing = [name for name, value in values.items() if value == 0]
        if missing:
            found.note(line, on, f"0 means missing: {', '.join(missing)}")
        for name, value in values.items():
            if value:
                found.add(Part(Table.MONTHLY, name), {"on": on, "value": value})
    return found


def ohlc(path: Path, text: str, hints: Hints) -> Imported:
    """Plain bars. Days need no time zone; times of day do, and a symbol is always needed.

    Raises Unreadable when one of them is not given.
    """
    if not hints.symbol:
        raise Unreadable(f"{path.name}: plain prices; say of what with --symbol")
    found = Imported(path.name)
    rows = list(rows_of(text))
    stamps = [_stamp({name.lower(): value for name, value in row.items()}) for _, row in rows]
    intraday = any(len(stamp) > 10 for stamp in stamps)
    if intraday and hints.time_zone is None:
        raise Unreadable(f"{path.name}: holds times of day; say in which --time-zone they are")
    seconds = _length(stamps) if intraday else 0
    name = f"{hints.symbol}-{seconds}" if intraday else hints.symbol
    part = Part(Table.BARS if intraday else Table.DAILY, name)
    for (line, row), stamp in zip(rows, stamps, strict=True):
        lower = {name.lower(): value for name, value in row.items()}
        try:
            values = {name: needed(lower, name) for name in PRICES}
            if not intraday:
                _add_bar(found, part, line, day(stamp[:10]), values)
                continue
            start = _moment(stamp, hints.time_zone)
            volume = number(lower, "volume")
        except ValueError as trouble:
            found.error(line, None, str(trouble))
            continue
        if _sound(found, line, start.date(), values):
            found.add(part, {"start": start, **values, "volume": volume})
    return found


def _add_bar(
    found: Imported, part: Part, line: int, on: date, values: Mapping[str, float | None]
) -> None:
    if _sound(found, line, on, values):
        found.add(part, {"on": on, **values})


def _sound(found: Imported, line: int, on: date, values: Mapping[str, float | None]) -> bool:
    """Whether prices can be; one outside its own range is noted and kept, as published."""
    known = [value for value in values.values() if value is not None]
    if min(known) <= 0:
        found.error(line, on, "a price is not positive")
        return False
    high, low = values.get("high"), values.get("low")
    if high is not None and low is not None:
        inside = [value for name in ("open", "close") if (value := values.get(name)) is not None]
        if high < max(inside) - _ROUNDING or low > min(inside) + _ROUNDING:
            found.note(line, on, f"open or close lies outside {low:g} to {high:g}")
    return True


def _add_settlement(
    found: Imported, line: int, row: Mapping[str, str], dated: str, settled: str, expiry: date
) -> None:
    try:
        on, settle = day(row[dated]), number(row, settled)
    except ValueError as trouble:
        found.error(line, None, str(trouble))
        return
    if not settle or settle < 0:
        found.note(line, on, "no settlement price")
    elif on > expiry:
        found.error(line, on, f"traded after its expiry {expiry}")
    elif settle > _TENFOLD:
        since = f", as VX was quoted before {UNIT_CHANGE}" if on < UNIT_CHANGE else ""
        found.error(line, on, f"settle {settle:g} looks ten times too large{since}")
    else:
        found.add(Part(Table.VX, str(expiry.year)), {"on": on, "expiry": expiry, "settle": settle})


def _stamp(row: Mapping[str, str]) -> str:
    names = ("date", "datetime", "time", "timestamp", "index", "")
    stamp = next((row[name] for name in names if row.get(name)), "")
    return stamp.replace("T", " ")


def _moment(stamp: str, zone: ZoneInfo | None) -> datetime:
    moment = datetime.fromisoformat(stamp)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(UTC)


def _length(stamps: list[str]) -> int:
    """The commonest distance between two bars, in seconds."""
    moments = sorted(datetime.fromisoformat(stamp) for stamp in stamps if len(stamp) > 10)
    steps = [int((b - a).total_seconds()) for a, b in pairwise(moments)]
    return max(sorted(set(steps)), key=steps.count) if steps else 0
