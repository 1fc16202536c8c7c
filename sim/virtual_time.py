"""An event loop whose clock is the simulation's: it moves only when nothing is left to do.

Unmodified asyncio code (timers, timeouts, ib_async) runs on it in simulated seconds. Pace decides
how much real time a simulated second takes; infinity skips waiting altogether. The loop starts at
0.0 and knows no dates: ``scenario start + loop.time()`` is the simulated present.

Time stands still while callbacks run, so a slow machine makes a simulation longer, never different.
Work given to a thread also takes no simulated time. What arrives on a real socket is served before
time moves on; between separate processes an infinite pace is therefore fast but not reproducible.
"""

import asyncio
import math
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeAlias, TypeVar, TypeVarTuple

from sim.memory_transport import Factory, MemoryNetwork

# A timer never fires on the dot on a real machine, and some code (a rate limiter of ib_async) spins
# for ever
# on a clock where it does.
_LATENESS_S = 1e-6

Pace: TypeAlias = Callable[[float], float]
T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_Ready: TypeAlias = "list[tuple[selectors.SelectorKey, int]]"


def as_fast_as_possible(_simulated_s: float) -> float:
    return math.inf


def steady(speed: float) -> Pace:
    """``speed`` simulated seconds per real second. Raises ValueError unless it is positive."""
    if not speed > 0:
        raise ValueError(f"a speed must be positive, not {speed}")
    return lambda _simulated_s: speed


# Which selector is the default depends on the platform, so the type checker sees a variable.
class _SimulatedWait(selectors.DefaultSelector):  # type: ignore[valid-type,misc,unused-ignore]
    """Waits like a selector, but a wait that ends without input has cost simulated time only."""

    def __init__(self, pace: Pace, real_time: Callable[[], float]) -> None:
        super().__init__()
        self.now = 0.0
        self.pace = pace
        self.threads_at_work = 0
        self._real_time = real_time

    def select(self, timeout: float | None = None) -> _Ready:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if timeout is None or self.threads_at_work:
            # Only input, a signal or a finished thread can wake us now: simulated time must not
            # pass.
            return super().select(None)
        speed = self.pace(self.now)
        if math.isinf(speed):
            self.now += timeout + _LATENESS_S
            return ready
        began = self._real_time()
        ready = super().select(timeout / speed)
        if ready:
            self.now += min((self._real_time() - began) * speed, timeout)
        else:
            self.now += timeout + _LATENESS_S
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """See the module. ``pace(simulated seconds)`` is asked before every wait."""

    def __init__(self, pace: Pace = as_fast_as_possible) -> None:
        self._wait = _SimulatedWait(pace, super().time)
        self.memory = MemoryNetwork()
        super().__init__(self._wait)

    def time(self) -> float:
        return self._wait.now

    def listen_in_memory(self, host: str, port: int, factory: Factory) -> None:
        """Accept ``create_connection(..., host, port)`` of this loop without a socket, until
        ``unlisten``.
        """
        self.memory.listen(host, port, factory)

    def unlisten(self, host: str, port: int) -> None:
        """From now on connections to that address are refused; the existing ones stay."""
        self.memory.unlisten(host, port)

    async def create_connection(
        self, protocol_factory: Factory, host: Any = None, port: Any = None, **options: Any
    ) -> Any:
        """As asyncio's, except that addresses known in memory never touch the network."""
        if self.memory.knows(host, port):
            return self.memory.connect(self, protocol_factory, host, port)
        return await super().create_connection(protocol_factory, host, port, **options)

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> "asyncio.Future[T]":
        """As asyncio's; simulated time stands still until the thread is done."""
        future = super().run_in_executor(executor, func, *args)
        self._wait.threads_at_work += 1
        future.add_done_callback(self._thread_finished)
        return future

    def _thread_finished(self, _future: "asyncio.Future[Any]") -> None:
        self._wait.threads_at_work -= 1


def run(main: Coroutine[Any, Any, T], *, pace: Pace = as_fast_as_possible) -> T:
    """``asyncio.run`` on a fresh VirtualTimeLoop; Ctrl-C cancels ``main`` as there."""
    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(pace)) as runner:
        return runner.run(main)
