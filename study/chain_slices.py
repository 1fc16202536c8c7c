"""Recorded SPX chains as smiles: which options can be compared, and what the indices said then.

A full chain says itself where VIX9D, VIX, VIX3M and VIX6M stood, by Cboe's method, at whatever time
of day it was taken; a chain of few expirations is taken to be one of the close.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from domain.parity import fit_parity
from domain.pricing import implied_vol
from domain.session import SessionCalendar, at_new_york
from domain.vix_index import (
    VIX3M_DAYS,
    VIX9D_DAYS,
    VIX_DAYS,
    Term,
    bracket,
    index_level,
    term_variance,
)
from sim.exchange.history import Day
from sim.exchange.scenarios import Scenario
from sim.exchange.surface import spx_term
from sim.exchange.tape import State, Tape
from study.store.importers import read_file
from study.store.reading import Unreadable
from study.store.tables import Store, Table

Floats: TypeAlias = NDArray[np.float64]
Rows: TypeAlias = Sequence[Mapping[str, Any]]
DAYS = (5, 250)  # to expiration, of the options compared
_PILLARS = (VIX9D_DAYS, VIX_DAYS, VIX3M_DAYS, 182.0)
_STRIKES_MIN = 12
_WARMUP = 60


@dataclass(frozen=True, slots=True)
class Slice:
    """Options of one expiration out of the money and quoted on both sides, arrays by strike."""

    days: int
    years: float
    log_moneyness: Floats
    vol: Floats


@dataclass(frozen=True, slots=True)
class RecordedDay:
    """One chain. ``term`` and ``skew`` are what the modelled surface is made from that day;
    ``own``: the levels come from the chain itself.
    """

    on: date
    vix: float
    term: Floats
    skew: float
    own: bool
    slices: tuple[Slice, ...]


@dataclass(frozen=True, slots=True)
class _Series:
    """One expiration of one class; a side that nobody shows is 0."""

    name: str
    expiration: date
    years: float
    strike: Floats
    quotes: Floats  # (n, 4): bid and ask of the call, bid and ask of the put


def recorded_days(
    folder: Path, days: Sequence[Day], calendar: SessionCalendar
) -> list[RecordedDay]:
    """Every SPXW chain of a store, or of the chain files below ``folder``, on a day of ``days``
    with history before it, oldest first.
    """
    by_day = {day.on: i for i, day in enumerate(days)}
    found: dict[date, RecordedDay] = {}
    for on, rows in _chains(folder):
        position = by_day.get(on, 0)
        if position < _WARMUP or on in found or "SPXW" not in rows:
            continue
        base = Scenario(
            "fit", (days[position],), tuple(days[max(0, position - 300) : position]), ""
        )
        tape = Tape(base, calendar, 0)
        recorded = _recorded(on, rows, tape.state_at_close(tape.first), calendar)
        if recorded.slices:
            found[on] = recorded
    return [found[on] for on in sorted(found)]


def _chains(folder: Path) -> Iterator[tuple[date, dict[str, Rows]]]:
    """Rows by class of each day, those of the store first."""
    store = Store(folder)
    stored: dict[date, dict[str, Rows]] = {}
    for part in store.parts(Table.CHAINS):
        name, _, on = part.name.partition("-")
        if name in ("SPX", "SPXW"):
            stored.setdefault(date.fromisoformat(on), {})[name] = store.read(part)
    yield from stored.items()
    for path in sorted((folder / Table.CHAINS).rglob("*.csv.gz")):
        try:
            _, imported = read_file(path)
        except Unreadable:
            continue
        by_day: dict[date, dict[str, Rows]] = {}
        for part, rows in imported.rows.items():
            name, _, on = part.name.partition("-")
            if part.table is Table.CHAINS and name in ("SPX", "SPXW"):
                by_day.setdefault(date.fromisoformat(on), {})[name] = rows
        yield from by_day.items()


def _recorded(
    on: date, rows: Mapping[str, Rows], state: State, calendar: SessionCalendar
) -> RecordedDay:
    now = calendar.close_at(on)
    series = [each for name in rows for each in _series(name, rows[name], now, calendar)]
    levels = _levels(series, state.rate)
    term = state.term() if levels is None else spx_term(*levels, state.level)
    slices = [
        made
        for each in series
        if each.name == "SPXW" and DAYS[0] <= (each.expiration - on).days <= DAYS[1]
        for made in _slice(each, on)
    ]
    vix = state.vix if levels is None else levels[1]
    return RecordedDay(on, vix, term, state.skew, levels is not None, tuple(slices))


def _series(name: str, rows: Rows, now: datetime, calendar: SessionCalendar) -> Iterator[_Series]:
    quoted: dict[date, dict[float, dict[str, tuple[float, float]]]] = {}
    for row in rows:
        strikes = quoted.setdefault(row["expiration"], {})
        strikes.setdefault(row["strike"], {})[row["right"]] = (row["bid"], row["ask"])
    for expiration in sorted(quoted):
        strikes = quoted[expiration]
        both = sorted(strike for strike, sides in strikes.items() if len(sides) == 2)
        years = _years(now, name, expiration, calendar)
        if len(both) >= _STRIKES_MIN and years > 0:
            table = np.array([[*strikes[k]["C"], *strikes[k]["P"]] for k in both], np.float64)
            yield _Series(name, expiration, years, np.array(both), table)


def _levels(series: Sequence[_Series], rate: float) -> tuple[float, float, float, float] | None:
    """The four indices in points; None where the chain does not reach around all of them."""
    morning = {each.expiration for each in series if each.name == "SPX"}
    used = [each for each in series if each.name == "SPX" or each.expiration not in morning]
    used.sort(key=lambda each: each.years)
    found = []
    for days in _PILLARS:
        pair = bracket([each.years for each in used], days)
        if pair is None:
            return None
        near, later = (_variance(used[i], rate) for i in pair)
        found.append(index_level(near, later, days))
    nine, month, quarter, half = found
    return (nine, month, quarter, half) if all(np.isfinite(found)) else None


def _variance(series: _Series, rate: float) -> Term:
    call_bid, call_ask, put_bid, put_ask = series.quotes.T
    return term_variance(series.strike, call_bid, call_ask, put_bid, put_ask, series.years, rate)


def _slice(series: _Series, on: date) -> list[Slice]:
    two_sided = (series.quotes[:, ::2] > 0) & (series.quotes[:, 1::2] > series.quotes[:, ::2])
    keep = two_sided.all(axis=1)
    strike, quotes = series.strike[keep], series.quotes[keep]
    if len(strike) < _STRIKES_MIN:
        return []
    call_bid, call_ask, put_bid, put_ask = quotes.T
    parity = fit_parity(strike, call_bid, call_ask, put_bid, put_ask, series.years)
    if parity.reason:
        return []
    calls = strike >= parity.forward
    mids = np.where(calls, quotes[:, :2].mean(axis=1), quotes[:, 2:].mean(axis=1))
    vol, _ = implied_vol(mids, parity.forward, strike, series.years, calls, parity.discount)
    known = np.isfinite(vol)
    moneyness = np.log(strike / parity.forward)[known]
    return [Slice((series.expiration - on).days, series.years, moneyness, vol[known])]


def _years(now: datetime, name: str, expiration: date, calendar: SessionCalendar) -> float:
    """To the final value: the open for SPX, the close for SPXW."""
    clock = time(9, 30) if name == "SPX" else time(16, 0)
    settles = at_new_york(expiration, clock)
    if name == "SPXW" and calendar.is_session(expiration):
        settles = calendar.close_at(expiration, expiring_pm=True)
    return (settles - now).total_seconds() / (365 * 86400)
