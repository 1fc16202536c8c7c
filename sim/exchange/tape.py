"""The state of the world at any instant of a scenario: index levels, curve and rates.

Turns days into continuous levels. What history says only at closes (VIX9D, VIX3M, VIX6M,
VVIX, SKEW, VX settlements) is modelled from VIX within the day and made to agree at every close.
"""

from bisect import bisect_right
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from math import exp, log
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from domain.session import SessionCalendar
from sim.exchange.curve import Residuals, model_curve, residuals, slow_level
from sim.exchange.history import Day
from sim.exchange.paths import GRID_S, DayPath, build_path, interpolated
from sim.exchange.scenarios import Scenario
from sim.exchange.surface import discount_rate, spx_term

Floats: TypeAlias = NDArray[np.float64]

_PATHS_KEPT = 80  # a quarter of a year of bars, 120 kB each
# Log regressions on VIX and its means over 60 and 250 sessions, 2014-2021: constant and three
# slopes.
_MODELS = {
    "VIX9D": (-0.014, 1.321, -0.150, -0.190),
    "VIX3M": (0.232, 0.668, 0.110, 0.181),
    "VIX6M": (0.543, 0.469, 0.131, 0.275),
    "VVIX": (3.457, 0.487, -0.254, 0.167),
    "SKEW": (4.695, -0.044, -0.059, 0.168),
}
DERIVED = tuple(_MODELS)
_UTC_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class State:
    """All levels at one instant. ``position`` is the day's index, ``offset_s`` the time since its
    open.
    """

    ts: float
    position: int
    offset_s: float
    spx: float
    vix: float
    vix9d: float
    vix3m: float
    vix6m: float
    vvix: float
    skew: float
    level: float
    rate: float
    before: Residuals
    after: Residuals
    spent: float

    def level_of(self, symbol: str) -> float:
        """The level of an index by its symbol."""
        return {
            "SPX": self.spx,
            "VIX": self.vix,
            "VIX9D": self.vix9d,
            "VIX3M": self.vix3m,
            "VVIX": self.vvix,
        }[symbol]

    def futures(self, settle_ts: Floats) -> Floats:
        """VX prices (VIX forwards) for final values taken at the given epoch seconds."""
        days = (settle_ts - self.ts) / 86400
        model = model_curve(self.vix, self.level, days)
        if not (self.before.ordinals.size or self.after.ordinals.size):
            return model
        ordinals = np.floor(settle_ts / 86400) + _UTC_EPOCH
        bend = (1 - self.spent) * self.before.at(ordinals) + self.spent * self.after.at(ordinals)
        # In its last two days a future closes in on spot whatever the last settlement said.
        return np.asarray(model * np.exp(bend * np.clip(days / 2.0, 0.0, 1.0)))

    def term(self) -> Floats:
        """Variance-swap term structure of SPX, for spx_slices."""
        return spx_term(self.vix9d, self.vix, self.vix3m, self.vix6m, self.level)


@dataclass(frozen=True, slots=True)
class _Anchor:
    """What a day's close fixes: slow means and the models' residuals."""

    mean60: float
    mean250: float
    level: float
    derived: tuple[float, ...]
    curve: Residuals


class Tape:
    """Days laid end to end. ``first`` is the position of the first scenario session; before it is
    warm-up.
    """

    def __init__(self, scenario: Scenario, calendar: SessionCalendar, seed: int) -> None:
        self.days: tuple[Day, ...] = (*scenario.warmup, *scenario.days)
        self.first = len(scenario.warmup)
        self.calendar = calendar
        self._seed = seed
        self._position = {day.on: i for i, day in enumerate(self.days)}
        self._paths: OrderedDict[int, DayPath] = OrderedDict()
        self._anchors: dict[int, _Anchor] = {}
        self._closing: dict[int, State] = {}
        self._states: tuple[float, State] | None = None

    @cached_property
    def opens(self) -> list[float]:
        """Epoch seconds of every open."""
        return [self.calendar.open_at(day.on).timestamp() for day in self.days]

    @cached_property
    def closes(self) -> list[float]:
        """Epoch seconds of every end of index-option hours."""
        return [self.calendar.close_at(day.on).timestamp() for day in self.days]

    def cash_close(self, position: int) -> float:
        """Epoch seconds of the cash close, which is when an expiring SPXW series stops."""
        return self.calendar.close_at(self.days[position].on, expiring_pm=True).timestamp()

    def position_of(self, on: date) -> int | None:
        return self._position.get(on)

    def position_at(self, ts: float) -> int:
        """The newest day that has opened by ``ts``; 0 before the first."""
        return max(0, bisect_right(self.opens, ts) - 1)

    def is_open_at(self, ts: float) -> bool:
        i = self.position_at(ts)
        return self.opens[i] <= ts < self.closes[i]

    def path(self, position: int) -> DayPath:
        """The path of one day, built on first use and kept while it is among the newest used."""
        path = self._paths.get(position)
        if path is None:
            opened = self.opens[position]
            path = build_path(
                self.days[position],
                self.days[max(0, position - 1)].vix_close,
                seed=self._seed,
                cash_s=round(self.cash_close(position) - opened),
                total_s=round(self.closes[position] - opened),
            )
            self._paths[position] = path
            if len(self._paths) > _PATHS_KEPT:
                self._paths.popitem(last=False)
        else:
            self._paths.move_to_end(position)
        return path

    def state(self, ts: float) -> State:
        """The world at ``ts``; between sessions it stands where the last one ended."""
        if self._states is not None and self._states[0] == ts:
            return self._states[1]
        i = self.position_at(ts)
        offset = min(max(ts - self.opens[i], 0.0), self.closes[i] - self.opens[i])
        path = self.path(i)
        spx, vix = interpolated(path.spx, offset), interpolated(path.vix, offset)
        state = self._assemble(ts, i, offset, spx, vix, interpolated(path.clock, offset))
        self._states = (ts, state)
        return state

    def state_at_close(self, position: int) -> State:
        """The world at the end of a day, without building its path."""
        known = self._closing.get(position)
        if known is None:
            known = self._closing[position] = self._closing_state(position)
        return known

    def _closing_state(self, position: int) -> State:
        day = self.days[position]
        length = self.closes[position] - self.opens[position]
        return self._assemble(
            self.closes[position], position, length, day.spx_close, day.vix_close, 1.0
        )

    def _assemble(
        self, ts: float, position: int, offset: float, spx: float, vix: float, spent: float
    ) -> State:
        day = self.days[position]
        old, new = self._anchor(max(0, position - 1)), self._anchor(position)
        mean60 = (1 - spent) * old.mean60 + spent * new.mean60
        mean250 = (1 - spent) * old.mean250 + spent * new.mean250
        vix9d, vix3m, vix6m, vvix, skew = (
            exp(_modelled(name, vix, mean60, mean250) + (1 - spent) * before + spent * after)
            for name, before, after in zip(DERIVED, old.derived, new.derived, strict=True)
        )
        return State(
            ts, position, offset, spx, vix, vix9d, vix3m, vix6m, vvix, skew,
            (1 - spent) * old.level + spent * new.level, discount_rate(day.on.year),
            old.curve, new.curve, spent,
        )  # fmt: skip

    def _anchor(self, position: int) -> _Anchor:
        anchor = self._anchors.get(position)
        if anchor is None:
            closes = [day.vix_close for day in self.days[max(0, position - 249) : position + 1]]
            mean250, mean60 = sum(closes) / len(closes), sum(closes[-60:]) / len(closes[-60:])
            level, day = slow_level(mean250, mean60), self.days[position]
            known = (day.vix9d, day.vix3m, day.vix6m, day.vvix, day.skew)
            derived = tuple(
                0.0
                if value is None
                else log(value) - _modelled(name, day.vix_close, mean60, mean250)
                for name, value in zip(DERIVED, known, strict=True)
            )
            anchor = _Anchor(mean60, mean250, level, derived, residuals(day, level))
            self._anchors[position] = anchor
        return anchor


def _modelled(name: str, vix: float, mean60: float, mean250: float) -> float:
    constant, now, recent, slow = _MODELS[name]
    return constant + now * log(vix) + recent * log(mean60) + slow * log(mean250)


def utc(ts: float) -> datetime:
    return datetime.fromtimestamp(ts, UTC)


def grid_index(offset_s: float) -> int:
    """How many whole grid steps lie before ``offset_s``."""
    return int(offset_s // GRID_S)
