"""How far the modelled SPX surface lies from recorded chains: implied volatilities side by side.

Nothing is fitted here. Out-of-the-money options of 5 to 120 days are compared whose quotes are
two-sided, at the price of the model's own forward day, by how far from the money they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

import numpy as np
from numpy.typing import NDArray

from domain.parity import fit_parity
from domain.pricing import implied_vol
from domain.session import SessionCalendar, at_new_york
from sim.exchange.history import Day
from sim.exchange.scenarios import Scenario
from sim.exchange.surface import SPX_SMILE, spx_theta
from sim.exchange.tape import State, Tape
from study.store.tables import Part, Store, Table

Floats = NDArray[np.float64]
_DAYS = (5, 120)
_BANDS = (("puts beyond 5 delta", -9.0, -1.65), ("puts 5 to 20 delta", -1.65, -0.85),
          ("near the money", -0.85, 0.85), ("calls beyond 20 delta", 0.85, 9.0))  # fmt: skip
_STRIKES_MIN = 12


@dataclass(frozen=True, slots=True)
class BandError:
    """Model less market, in volatility points, over ``n`` options of one band."""

    band: str
    mean: float
    absolute: float
    n: int


@dataclass(frozen=True, slots=True)
class ChainFit:
    """One recorded day. ``bands`` are those that hold any option."""

    on: date
    vix: float
    bands: tuple[BandError, ...]


def chain_fits(store: Store, days: Sequence[Day], calendar: SessionCalendar) -> list[ChainFit]:
    """Every SPXW chain of the store on a day of ``days`` with history before it, oldest first."""
    by_day = {day.on: i for i, day in enumerate(days)}
    found = []
    for part in store.parts(Table.CHAINS):
        name, _, day = part.name.partition("-")
        on = date.fromisoformat(day)
        position = by_day.get(on, 0)
        if name == "SPXW" and position >= 60:
            base = Scenario("fit", (days[position],), tuple(days[position - 60 : position]), "")
            fit = _fit(store, part, Tape(base, calendar, 0), calendar)
            if fit is not None:
                found.append(fit)
    return sorted(found, key=lambda fit: fit.on)


def _fit(store: Store, part: Part, tape: Tape, calendar: SessionCalendar) -> ChainFit | None:
    """Against the state at the close; None when the chain holds nothing comparable."""
    state, on = tape.state_at_close(tape.first), tape.days[tape.first].on
    rows = store.read(part)
    now = calendar.close_at(on)
    gaps: list[Floats] = []
    for expiration in sorted({row["expiration"] for row in rows}):
        if _DAYS[0] <= (expiration - on).days <= _DAYS[1]:
            series = [row for row in rows if row["expiration"] == expiration]
            years = _years(now, expiration, calendar)
            gaps += _compared(series, years, state)
    if not gaps:
        return None
    table = np.concatenate(gaps)
    bands = tuple(
        BandError(name, float(inside.mean()), float(np.abs(inside).mean()), len(inside))
        for name, low, high in _BANDS
        if len(inside := table[(table[:, 0] >= low) & (table[:, 0] < high), 1])
    )
    return ChainFit(on, state.vix, bands)


def _compared(rows: Sequence[dict[str, object]], years: float, state: State) -> list[Floats]:
    """One array (n, 2) of standardised moneyness and model less market volatility, in points."""
    sides: dict[float, dict[str, tuple[float, float]]] = {}
    for row in rows:
        strike, bid, ask = row["strike"], row["bid"], row["ask"]
        assert isinstance(strike, float)
        assert isinstance(bid, float)
        assert isinstance(ask, float)
        if bid > 0 and ask > bid:
            sides.setdefault(strike, {})[str(row["right"])] = (bid, ask)
    both = sorted(strike for strike, quoted in sides.items() if len(quoted) == 2)
    if len(both) < _STRIKES_MIN:
        return []
    strike = np.array(both)
    quotes = np.array([[*sides[k]["C"], *sides[k]["P"]] for k in both])
    call_bid, call_ask, put_bid, put_ask = quotes.T
    parity = fit_parity(strike, call_bid, call_ask, put_bid, put_ask, years)
    if parity.reason:
        return []
    calls = strike >= parity.forward
    mids = np.where(calls, quotes[:, :2].mean(axis=1), quotes[:, 2:].mean(axis=1))
    market, _ = implied_vol(mids, parity.forward, strike, years, calls, parity.discount)
    theta = spx_theta(np.array([years]), state.term())
    log_moneyness = np.log(strike / parity.forward)
    model = SPX_SMILE.vol(log_moneyness, theta, years)
    away = log_moneyness / np.sqrt(theta)
    known = np.isfinite(market)
    return [np.column_stack([away[known], 100 * (model - market)[known]])]


def _years(now: datetime, expiration: date, calendar: SessionCalendar) -> float:
    settles = at_new_york(expiration, time(16, 0))
    if calendar.is_session(expiration):
        settles = calendar.close_at(expiration, expiring_pm=True)
    return max(1e-6, (settles - now).total_seconds() / (365 * 86400))
