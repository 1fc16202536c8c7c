"""What every fault has in common: when it strikes, and the places where it may take hold.

A fault is a frozen value that says what is asked for. An ``Armed`` one is at work on one gateway:
it counts its strikes, owns its random numbers and remembers what it has to.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, ClassVar

from domain.session import at_new_york, new_york
from sim.exchange.matching import Execution
from sim.exchange.quotes import MarketQuote
from sim.gateway.order import Order

if TYPE_CHECKING:
    from sim.gateway.faults.director import Director
    from sim.gateway.faults.words import Asked, Said
    from sim.gateway.server import Connection
    from sim.gateway.session import Session

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ANY = "*"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """``at``: seconds from now, or a New York time of day (``23:45``, ``sat 23:30``) at which it
    begins every time. ``after``: that many messages of clients later. ``ref``: only what concerns
    orders of such a reference (a shell pattern). ``times``: so often, 0 without end. ``for_s``:
    over after so long, 0 never. ``chance``: of each opportunity.
    """

    NAME: ClassVar[str]
    IMITATES: ClassVar[str]

    at: float | str = 0.0
    after: int = 0
    ref: str = ANY
    times: int = 0
    for_s: float = 0.0
    chance: float = 1.0

    def __post_init__(self) -> None:
        moment(self.at)
        if self.after < 0 or self.times < 0 or self.for_s < 0 or not 0 <= self.chance <= 1:
            raise ValueError(f"{self.NAME}: counts and durations are not negative, chance is 0..1")

    def begin(self, armed: "Armed") -> None:
        """Its time has come."""

    def end(self, armed: "Armed") -> None:
        """Its time is over."""

    def said(self, armed: "Armed", said: "Said") -> list[bytes] | None:
        """The bodies to send in place of a message; None to let it pass."""
        return None

    def asked(self, armed: "Armed", asked: "Asked") -> bool:
        """Whether a request has been dealt with."""
        return False

    def connected(self, armed: "Armed", connection: "Connection") -> None:
        """A client has just come."""

    def to_wire(self, armed: "Armed", connection: "Connection", data: bytes) -> list[bytes] | None:
        """The pieces in which to write ``data``; None to let it pass."""
        return None

    def gone(self, armed: "Armed", session: "Session") -> None:
        """A client has left."""

    def quote(self, armed: "Armed", con_id: int, quote: MarketQuote) -> MarketQuote:
        return quote

    def execution(self, armed: "Armed", order: Order, found: Execution) -> Execution | None:
        return found


@dataclass(frozen=True, slots=True)
class Moment:
    """Seconds from now, or a time of day in New York, of one weekday (Monday 0) or of all."""

    in_s: float = 0.0
    clock: time | None = None
    weekday: int | None = None

    def after(self, now: datetime) -> datetime:
        """The first such moment after ``now``."""
        if self.clock is None:
            return now + timedelta(seconds=self.in_s)
        day = new_york(now).date()
        while True:
            found = at_new_york(day, self.clock)
            if found > now and self.weekday in (None, day.weekday()):
                return found
            day += timedelta(days=1)


def moment(text: float | str) -> Moment:
    """Raises ValueError for what is neither a number of seconds nor a time of day."""
    if isinstance(text, int | float):
        if text < 0:
            raise ValueError(f"{text} s lie in the past")
        return Moment(float(text))
    day, _, clock = text.strip().lower().rpartition(" ")
    if day and day not in _WEEKDAYS:
        raise ValueError(f"{text!r}: no such weekday; one of {', '.join(_WEEKDAYS)}")
    try:
        at = time.fromisoformat(clock)
    except ValueError:
        raise ValueError(f"{text!r} is neither seconds nor a time like 23:45") from None
    return Moment(clock=at, weekday=_WEEKDAYS.index(day) if day else None)


class Armed:
    """A fault at work. ``memory`` is for the fault's own use."""

    def __init__(self, fault: Fault, director: "Director", seed: int) -> None:
        self.fault = fault
        self.director = director
        self.hits = 0
        self.memory: dict[Any, Any] = {}
        # Draws when a simulated fault strikes: the same seed must give the same run, and nothing is
        # kept secret by it.
        self._rng = random.Random(seed)  # noqa: S311  # a repeatable simulation: see above
        self._begun = False
        self._messages = 0

    def arm(self) -> None:
        """Begin now or set the alarm."""
        when = moment(self.fault.at)
        if when.clock is None and not when.in_s:
            self._due()
            return
        self._wait()

    @property
    def active(self) -> bool:
        """Begun, enough messages heard, not over, not used up."""
        fault = self.fault
        used_up = bool(fault.times) and self.hits >= fault.times
        return self._begun and not used_up and self._messages >= fault.after

    def heard(self) -> None:
        """One more message of a client."""
        if self._begun and self._messages < self.fault.after:
            self._messages += 1
            if self._messages == self.fault.after:
                self._start()

    def strikes(self, ref: str | None = None) -> bool:
        """Whether it takes this opportunity; counts if it does."""
        fault = self.fault
        if not self.active or (fault.ref != ANY and not fnmatchcase(ref or "", fault.ref)):
            return False
        if fault.chance < 1 and self._rng.random() >= fault.chance:
            return False
        self.hits += 1
        return True

    def later(self, seconds: float, what: Callable[[], None]) -> None:
        self.director.later(seconds, what)

    def _wait(self) -> None:
        now = self.director.now()
        seconds = (moment(self.fault.at).after(now) - now).total_seconds()
        self.later(seconds, self._due)

    def _due(self) -> None:
        self._begun = True
        if not self.fault.after:
            self._start()
        if moment(self.fault.at).clock is not None:
            self._wait()

    def _start(self) -> None:
        self.fault.begin(self)
        if self.fault.for_s:
            self.later(self.fault.for_s, self._stop)

    def _stop(self) -> None:
        self._begun = False
        self.fault.end(self)
