"""When the next question about the past may be asked without the broker calling it too many.

Decides the waiting only; what is asked, and what to do when the broker complains all the same, is
the asker's.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

WINDOW_S, WINDOW_MAX = 600.0, 60  # the broker's own limits: sixty questions in ten minutes,
_REPEAT_S = 15.0  # the same question not again so soon,
_BURST_S, _BURST_MAX = 2.0, 5  # and six about one contract in two seconds are already too many
_SPARE = 10  # for a daemon on the same gateway, which asks for its closes twice a day
_LATE_S = 0.001


@dataclass(slots=True)
class Pace:
    """Outlives connections: the broker counts on when one is made anew. ``budget`` is of questions
    in ten minutes; ``on_rest`` hears of every wait, in seconds.
    """

    budget: int = WINDOW_MAX - _SPARE
    on_rest: Callable[[float], None] = lambda _: None
    _asked: deque[tuple[float, int]] = field(default_factory=deque)
    _questions: dict[str, float] = field(default_factory=dict)
    _contracts: dict[str, deque[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 2 <= self.budget <= WINDOW_MAX:
            raise ValueError(f"a budget of {self.budget}: 2 to {WINDOW_MAX} questions")

    async def turn(self, contract: str, question: str, weight: int = 1) -> None:
        """Wait until ``question`` about ``contract`` may be asked, and count it as asked now.

        Quotes of both sides in one answer (BID_ASK) have ``weight`` 2.
        """
        clock = asyncio.get_running_loop().time
        while True:
            if (wait_s := self.wait_s(clock(), contract, question, weight)) <= 0:
                break
            await self.rest(wait_s)
        now = clock()
        self._asked.append((now, weight))
        self._questions[f"{contract} {question}"] = now
        self._contracts.setdefault(contract, deque(maxlen=_BURST_MAX)).append(now)

    async def rest(self, seconds: float) -> None:
        """Sleep, and let it be known."""
        self.on_rest(seconds)
        await asyncio.sleep(seconds)

    def wait_s(self, now: float, contract: str, question: str, weight: int = 1) -> float:
        """Seconds from ``now`` (loop time) until the question is allowed; 0 when it is."""
        while self._asked and now - self._asked[0][0] > WINDOW_S:
            self._asked.popleft()
        allowed_at = now
        if (before := self._questions.get(f"{contract} {question}")) is not None:
            allowed_at = max(allowed_at, before + _REPEAT_S)
        lately = self._contracts.get(contract)
        if lately is not None and len(lately) == _BURST_MAX:
            allowed_at = max(allowed_at, lately[0] + _BURST_S)
        over = sum(each for _, each in self._asked) + weight - self.budget
        for at, each in self._asked:
            if over <= 0:
                break
            over -= each
            allowed_at = max(allowed_at, at + WINDOW_S)
        return allowed_at - now + _LATE_S if allowed_at > now else 0.0
