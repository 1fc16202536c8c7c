"""Shares, currencies, SKEW and breadth: from history where it has closes of them, else modelled.

Good enough to feed indicators that look at them; not good enough to trade. Modelled: VIXY holds the
two nearest VX futures at a constant 30 days; shares follow the index with a beta and a seeded walk
of their own; currencies walk alone, or with the broad dollar where that is known; SKEW wanders
about its mean; breadth follows the index's day.
"""

import zlib
from dataclasses import dataclass
from math import exp, log, tanh
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from domain.session import SessionCalendar
from sim.exchange.expirations import vix_settlements
from sim.exchange.tape import State, Tape

Floats: TypeAlias = NDArray[np.float64]

# symbol: price on the first day of the tape, beta to the index, own daily volatility
_SHARES = {
    "VNQ": (83.0, 0.6, 0.006), "RSP": (95.0, 1.0, 0.002),
    "XLB": (57.0, 1.05, 0.005), "XLC": (50.0, 1.05, 0.006), "XLE": (72.0, 0.95, 0.009),
    "XLF": (26.0, 1.1, 0.005), "XLI": (72.0, 1.05, 0.004), "XLK": (62.0, 1.2, 0.004),
    "XLP": (56.0, 0.55, 0.004), "XLRE": (32.0, 0.6, 0.006), "XLU": (52.0, 0.35, 0.006),
    "XLV": (82.0, 0.9, 0.004), "XLY": (97.0, 1.1, 0.004), "UUP": (25.0, 0.0, 0.003),
}  # fmt: skip
# pair: price on the first day, power of the broad dollar, own daily volatility
_CURRENCIES = {
    "EUR.USD": (1.15, -1.0, 0.004), "GBP.USD": (1.35, -1.0, 0.005), "USD.JPY": (110.0, 1.0, 0.005),
    "USD.CAD": (1.28, 1.0, 0.004), "USD.SEK": (8.6, 1.0, 0.005), "USD.CHF": (0.98, 1.0, 0.004),
}  # fmt: skip
_VIXY_START = 25.0  # on the close before the scenario
_TENOR_DAYS = 30.0
_SKEW_MEAN, _SKEW_PULL, _SKEW_STEP = 128.0, 0.1, 3.0  # points; a share a day; points a day
_ISSUES = 3000
_BREADTH_LEVERAGE, _BREADTH_OWN = 70.0, 0.15  # net share of issues per unit of return; noise


@dataclass(frozen=True, slots=True)
class _Basket:
    settles: Floats
    mix: Floats
    worth: float

    def growth(self, state: State) -> float:
        return float(self.mix @ state.futures(self.settles)) / self.worth


class Proxies:
    """Prices along a tape of what has no path of its own."""

    def __init__(self, tape: Tape, calendar: SessionCalendar, seed: int) -> None:
        self._tape = tape
        self._calendar = calendar
        self._seed = seed
        self._walks: dict[str, Floats] = {}
        self._bends: dict[str, Floats | None] = {}
        self._vixy: list[float] = []
        self._skews: Floats | None = None
        self._baskets: dict[int, _Basket] = {}

    def price(self, series: str, state: State) -> float:
        """By symbol, of a pair by both: the model, bent to meet the closes that history has."""
        model = self._model(series, state)
        bend = self._bend(series)
        return model if bend is None else model * exp(_between(bend, state))

    def breadth(self, state: State, before: State) -> tuple[int, int, int]:
        """Advancing, declining and unchanged issues since the session before."""
        own = float(self._walk("AD-NYSE", 1.0, cumulated=False)[state.position + 1])
        today = log(state.spx / before.spx)
        net = tanh(_BREADTH_LEVERAGE * today + _BREADTH_OWN * own)
        unchanged = 60 + int(abs(own) * 40) % 80
        advances = round((_ISSUES - unchanged) * 0.5 * (1.0 + net))
        return advances, _ISSUES - unchanged - advances, unchanged

    def _model(self, series: str, state: State) -> float:
        if series == "SPY":
            return state.spx / 10.0
        if series == "VIXY":
            return self._vixy_price(state)
        if series == "SKEW":
            return _between(self._skew(), state)
        if series in _CURRENCIES:
            base, _, own = _CURRENCIES[series]
            return base * exp(_between(self._walk(series, own), state))
        base, beta, own = _SHARES[series]
        moved = beta * log(state.spx / self._tape.days[0].spx_open)
        return base * exp(moved + _between(self._walk(series, own), state))

    def _bend(self, series: str) -> Floats | None:
        """What to add to the model's logarithm at every close; None without known closes."""
        if series not in self._bends:
            self._bends[series] = self._make_bend(series)
        return self._bends[series]

    def _make_bend(self, series: str) -> Floats | None:
        field = {"VIXY": "vixy", "VNQ": "vnq", "SPY": "spy", "SKEW": "skew"}.get(series, "dollar")
        if series not in _CURRENCIES and field == "dollar":
            return None
        bend, last = [0.0], 0.0
        known = [getattr(day, field) for day in self._tape.days]
        first = next((value for value in known if value is not None), None)
        if first is None:
            return None
        for i, value in enumerate(known):
            if value is not None and series in _CURRENCIES:
                last = _CURRENCIES[series][1] * log(value / first)
            elif value is not None:
                last = log(value / self._model(series, self._tape.state_at_close(i)))
            bend.append(last)
        return np.array(bend)

    def _skew(self) -> Floats:
        if self._skews is None:
            level, levels = _SKEW_MEAN, []
            for step in self._walk("SKEW", _SKEW_STEP, cumulated=False).tolist():
                level += _SKEW_PULL * (_SKEW_MEAN - level) + step
                levels.append(level)
            self._skews = np.maximum(levels, 100.0)
        return self._skews

    def _walk(self, name: str, deviation: float, *, cumulated: bool = True) -> Floats:
        """One value more than there are days: before the first, then at each close."""
        walk = self._walks.get(name)
        if walk is None:
            rng = np.random.default_rng([self._seed, zlib.crc32(name.encode())])
            steps = rng.standard_normal(len(self._tape.days)) * deviation
            walk = np.concatenate([[0.0], np.cumsum(steps) if cumulated else steps])
            self._walks[name] = walk
        return walk

    def _vixy_price(self, state: State) -> float:
        if state.position == 0:
            return self._vixy_close(0)
        before = self._vixy_close(state.position - 1)
        return before * self._basket(state.position).growth(state)

    def _vixy_close(self, position: int) -> float:
        """Closes up to ``position``, accumulated from the first day and scaled at the scenario's
        start.
        """
        if not self._vixy:
            growth = [
                self._basket(i).growth(self._tape.state_at_close(i))
                for i in range(1, len(self._tape.days))
            ]
            levels = np.cumprod([1.0, *growth])
            start = levels[max(0, self._tape.first - 1)]
            self._vixy = (_VIXY_START * levels / start).tolist()
        return self._vixy[position]

    def _basket(self, position: int) -> _Basket:
        """What VIXY holds during a day: the two nearest futures, weighted to 30 days at the close
        before.
        """
        basket = self._baskets.get(position)
        if basket is None:
            before = self._tape.state_at_close(position - 1)
            following = vix_settlements(
                self._calendar, self._calendar.next_session(self._tape.days[position].on)
            )
            settle = np.array([self._calendar.open_at(day).timestamp() for day in following[:2]])
            days = (settle - before.ts) / 86400
            weight = min(1.0, max(0.0, (days[1] - _TENOR_DAYS) / (days[1] - days[0])))
            mix = np.array([weight, 1 - weight])
            basket = _Basket(settle, mix, float(mix @ before.futures(settle)))
            self._baskets[position] = basket
        return basket


def _between(closes: Floats, state: State) -> float:
    """From the value of the close before to that of the day's, as the day's variance is spent."""
    before, after = float(closes[state.position]), float(closes[state.position + 1])
    return (1 - state.spent) * before + state.spent * after
