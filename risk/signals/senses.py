"""What a signal may read of a desk: daily closes, today's levels, results kept since the last look.

Decides when a series is too old to speak. Closes are complete when they reach the last session; a
level counts while its session runs and it has been heard of lately.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeAlias, TypeVar

from domain.desk import Desk
from domain.instruments import Contract
from domain.recalled import Same
from domain.signals import External, Kept, Reading, Series
from risk.parameters import RegimeParams
from risk.signals.parameters import SignalParams

Closes: TypeAlias = tuple[tuple[date, float], ...]
Result = TypeVar("Result")
State = TypeVar("State")

_SHARED: dict[tuple[object, ...], Kept] = {}  # the newest results of all desks
_SHARED_MAX = 128


@dataclass(slots=True)
class Senses:
    """One look. ``kept`` is what the next look may go on from."""

    desk: Desk
    params: SignalParams
    regime: RegimeParams
    external: External = field(default_factory=External)
    kept: dict[str, Kept] = field(default_factory=dict)
    today: date = field(init=False)
    _in_session: bool = field(init=False)
    _oldest: date = field(init=False)  # a series that ends before this has missed a session

    def __post_init__(self) -> None:
        self.today = self.desk.today
        calendar = self.desk.calendar
        self._in_session = calendar.is_open(self.desk.now)
        before = calendar.previous_session(self.today)
        open_today = calendar.is_session(self.today)
        self._oldest = before if open_today else calendar.previous_session(before)

    def once(self, name: str, inputs: tuple[object, ...], make: Callable[[], Result]) -> Result:
        """``make()``, or what it gave before when every one of ``inputs`` is the same object."""
        old = self.desk.memory.kept.get(name)
        if old is None or len(old.inputs) != len(inputs) or not _same(old.inputs, inputs):
            # Desks that hear the same closes under the same parameters share what follows.
            key = (name, self.params, Same(self.desk.calendar), *map(Same, inputs))
            old = _SHARED.get(key)
            if old is None:
                old = _SHARED[key] = Kept(inputs, make())
                if len(_SHARED) > _SHARED_MAX:
                    del _SHARED[next(iter(_SHARED))]
        self.kept[name] = old
        found: Result = old.value
        return found

    def today_once(self, name: str, make: Callable[[], Result]) -> Result:
        """``make()``, which reads nothing but closes and files; the same until one more close is
        known or the day is over.
        """
        told = (self.desk.closes, self.desk.calendar, self.params, self.external)
        old = self.desk.memory.kept.get(name)
        if old is None or old.inputs[-1] != self.today or not _same(old.inputs[:-1], told):
            old = Kept((*told, self.today), make())
        self.kept[name] = old
        found: Result = old.value
        return found

    def followed(
        self,
        name: str,
        closes: Closes,
        start: State,
        step: Callable[[State, float], State],
    ) -> State:
        """``start`` after all of ``closes``, going on from what was kept when they only grew."""
        old = self.desk.memory.kept.get(name)
        # Kept values hold any inputs; those of this name are always the closes it was asked with.
        before: Closes = old.inputs[0] if old is not None else ()  # type: ignore[assignment]
        state: State = old.value if old is not None else start
        if before is not closes:
            grew = closes[: len(before)] == before
            fresh = closes[len(before) :] if grew else closes
            state = folded(state if grew else start, values(fresh), step)
        self.kept[name] = Kept((closes,), state)
        return state

    def daily(self, name: str) -> Closes:
        """Closes up to the last finished session, oldest first; empty when they end earlier."""
        closes = self.desk.closes.get(name, ())
        if not closes or closes[-1][0] > self.today:
            return ()
        return closes if closes[-1][0] >= self._oldest else ()

    def months(self, series: Series) -> Series:
        """What of a monthly series was public by now; empty when it has not been kept up."""
        public = self.today - timedelta(days=self.params.external_lag_days)
        known = series[: bisect_right(series, public, key=lambda pair: pair[0])]
        oldest = self.today - timedelta(days=self.params.external_age_days)
        return known if known and known[-1][0] >= oldest else ()

    def at(self, closes: Closes) -> datetime:
        """When the last of ``closes`` was made."""
        return self.desk.calendar.close_at(closes[-1][0])

    def level(self, contract: Contract) -> tuple[float, datetime] | None:
        """Today's level and its time; None outside the session or unheard of for too long."""
        quote = self.desk.quote(contract) if self._in_session else None
        if quote is None or quote.age_s(self.desk.now) > self.regime.quiet_s_max:
            return None
        level = quote.level
        return None if level is None or level <= 0 else (level, quote.at)

    def provisional(self, closes: Closes, contract: Contract) -> tuple[float, datetime] | None:
        """Today's level, to stand for a close that is not among ``closes`` yet."""
        return self.level(contract) if closes[-1][0] < self.today else None


def _same(old: Iterable[object], new: Iterable[object]) -> bool:
    return all(a is b for a, b in zip(old, new, strict=True))


def missing(what: str) -> Reading:
    """Unknown, and why."""
    return Reading(source=f"no {what}")


def values(closes: Closes) -> list[float]:
    return [value for _, value in closes]


def aligned(*series: Closes) -> list[tuple[date, tuple[float, ...]]]:
    """Days that every series has, with its values, oldest first."""
    maps: list[Mapping[date, float]] = [dict(closes) for closes in series]
    days = [day for day, _ in series[0] if all(day in known for known in maps[1:])]
    return [(day, tuple(known[day] for known in maps)) for day in days]


def folded(state: State, items: Iterable[float], step: Callable[[State, float], State]) -> State:
    for item in items:
        state = step(state, item)
    return state
