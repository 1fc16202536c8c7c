"""Shares and currency that history does not bring: modelled from the index and the VX curve.

Good enough to feed indicators that look at them; not good enough to trade. VIXY holds the two
nearest VX futures at a constant 30 days; the others follow the index with a beta and a seeded walk
of their own.
"""

import zlib
from dataclasses import dataclass
from math import exp, log
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
    "XLV": (82.0, 0.9, 0.004), "XLY": (97.0, 1.1, 0.004), "EUR": (1.15, 0.0, 0.004),
}  # fmt: skip
_VIXY_START = 25.0  # on the close before the scenario
_TENOR_DAYS = 30.0


@dataclass(frozen=True, slots=True)
class _Basket:
    settles: Floats
    mix: Floats
    worth: float

    def growth(self, state: State) -> float:
        return float(self.mix @ state.futures(self.settles)) / self.worth


class Proxies:
    """Prices of shares and of EUR.USD along a tape."""

    def __init__(self, tape: Tape, calendar: SessionCalendar, seed: int) -> None:
        self._tape = tape
        self._calendar = calendar
        self._seed = seed
        self._walks: dict[str, Floats] = {}
        self._vixy: list[float] = []
        self._baskets: dict[int, _Basket] = {}

    def price(self, symbol: str, state: State) -> float:
        if symbol == "SPY":
            return state.spx / 10.0
        if symbol == "VIXY":
            return self._vixy_price(state)
        base, beta, _ = _SHARES[symbol]
        walk = self._walk(symbol)
        own = (1 - state.spent) * walk[state.position] + state.spent * walk[state.position + 1]
        return base * exp(beta * log(state.spx / self._tape.days[0].spx_open) + float(own))

    def _walk(self, symbol: str) -> Floats:
        walk = self._walks.get(symbol)
        if walk is None:
            rng = np.random.default_rng([self._seed, zlib.crc32(symbol.encode())])
            steps = rng.standard_normal(len(self._tape.days)) * _SHARES[symbol][2]
            walk = np.concatenate([[0.0], np.cumsum(steps)])
            self._walks[symbol] = walk
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
