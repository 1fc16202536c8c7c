"""The store's sessions as the market replays them, and what is wrong with them.

A session needs all four prices of SPX and of VIX; its relatives and the VX curve may be missing.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from domain.session import SessionCalendar
from sim.exchange.history import Day, enclosed
from sim.exchange.intraday import BAR_S, Bars, complete_days
from study.store.tables import Part, Store, Table
from study.store_checks import FACTS, VX_FACTS, Finding

_PRICES = ("open", "high", "low", "close")
_RELATIVES = (
    "VIX9D",
    "VIX3M",
    "VVIX",
    "SKEW",
    "VIXY",
    "VNQ",
    "SPY",
    "USDBROAD",
    "VIX6M",
    "TBILL13W",
)


def has_history(store: Store) -> bool:
    """Whether both indices are in the store at all."""
    names = {part.name for part in store.parts(Table.DAILY)}
    return {"SPX", "VIX"} <= names


def sessions(store: Store) -> list[Day]:
    """Complete sessions, oldest first."""
    spx, vix = (_complete(store, symbol) for symbol in ("SPX", "VIX"))
    vix9d, vix3m, vvix, skew, vixy, vnq, spy, dollar, vix6m, bill = (
        _closes(store, symbol) for symbol in _RELATIVES
    )
    curves, bars = _curves(store), _bars(store)
    return [
        Day(
            on, *enclosed(spx[on]), *enclosed(vix[on]),
            vix9d.get(on), vix3m.get(on), vvix.get(on), skew.get(on),
            tuple(sorted(curves.get(on, ()))),
            vixy.get(on), vnq.get(on), spy.get(on), dollar.get(on), vix6m.get(on),
            bill.get(on), bars.get(on, ()),
        )
        for on in sorted(spx.keys() & vix.keys())
    ]  # fmt: skip


def session_findings(days: list[Day], calendar: SessionCalendar) -> tuple[Finding, ...]:
    """Gaps against the session table, days that are none, and facts that everybody knows."""
    found: list[Finding] = []
    before: date | None = None
    for day in days:
        if not calendar.is_session(day.on):
            found.append(Finding("daily", 0, day.on, "not a session by the session table"))
        absent = [] if before is None else _absent(calendar, before, day.on)
        if absent:
            text = f"{len(absent)} sessions missing before it, from {absent[0]}"
            found.append(Finding("daily", 0, day.on, text, error=len(absent) > 1))
        found += _known(day)
        before = day.on
    return tuple(found)


def _bars(store: Store) -> dict[date, Bars]:
    """Five-minute bars of the index; of its fund on days that the index does not cover."""
    found: dict[date, Bars] = {}
    for symbol in ("SPY", "SPX"):
        rows = store.read(Part(Table.BARS, f"{symbol}-{BAR_S}"))
        prices = ((row["start"], tuple(row[name] for name in _PRICES)) for row in rows)
        found |= complete_days(prices)
    return found


def _complete(store: Store, symbol: str) -> dict[date, tuple[float, float, float, float]]:
    rows = store.read(Part(Table.DAILY, symbol))
    return {row["on"]: _four(row) for row in rows if all(row[name] for name in _PRICES)}


def _four(row: Mapping[str, Any]) -> tuple[float, float, float, float]:
    return row["open"], row["high"], row["low"], row["close"]


def _closes(store: Store, symbol: str) -> dict[date, float]:
    rows = store.read(Part(Table.DAILY, symbol))
    zero = symbol == "TBILL13W"  # a yield may be nothing, a price may not
    return {row["on"]: row["close"] for row in rows if row["close"] or (zero and row["close"] == 0)}


def _curves(store: Store) -> dict[date, list[tuple[date, float]]]:
    curves: dict[date, list[tuple[date, float]]] = {}
    for part in store.parts(Table.VX):
        for row in store.read(part):
            curves.setdefault(row["on"], []).append((row["expiry"], row["settle"]))
    return curves


def _absent(calendar: SessionCalendar, before: date, on: date) -> list[date]:
    days = (before + timedelta(days=i) for i in range(1, (on - before).days))
    return [day for day in days if calendar.is_session(day)]


def _known(day: Day) -> list[Finding]:
    found = []
    for (on, name), fact in FACTS.items():
        value = getattr(day, name) if on == day.on else None
        if value is not None and abs(value - fact) > 0.006:
            found.append(Finding("daily", 0, on, f"{name} {value:g}, was {fact:g}"))
    settled = dict(day.vx)
    for (on, expiry), fact in VX_FACTS.items():
        if on == day.on and settled.get(expiry, fact) != fact:
            found.append(Finding("vx", 0, on, f"settle {settled[expiry]:g}, was {fact:g}"))
    return found
