"""What the console costs: ten open pages, one frame a second, and how soon a page is ready.

    python benchmarks/console.py [--seconds 20] [--viewers 10]

Prints CPU seconds of the serving process alone; the readers are another process, and chromium,
where there is one, a third. The desk turns four times a second, as a busy market makes it.
"""

import argparse
import asyncio
import multiprocessing
import time
from dataclasses import replace
from datetime import timedelta
from multiprocessing.connection import Connection
from statistics import median

from bot.console.counts import Counts
from bot.console.encoding import encoded
from bot.console.panels import Painter, Vitals
from bot.console.watch import Watch
from domain.events import ClockTicked
from engine.policy import Policy
from engine.step import step
from tests.bot.console.stage import TOKEN, Console, desk_with_everything, story
from tests.bot.console.wire import log_in, request
from tests.browser.chromium import CHROMIUM, DESKTOP, browser

TURNS_PER_S = 4
CORE_SHARE_MAX = 0.05
READY_S_MAX = 1.0
STEP_SHARE_MAX = 0.05


async def read_feeds(port: int, known: dict[str, str], viewers: int, seconds: float) -> list[int]:
    """Frames that each viewer received."""

    async def one() -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request(port, "GET", "/api/feed", **known))
        frames, end = 0, time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                text = await asyncio.wait_for(reader.read(1 << 20), left)
            except TimeoutError:
                break
            frames += text.count(b"event: header")
        writer.close()
        return frames

    return list(await asyncio.gather(*(one() for _ in range(viewers))))


def other_process(
    port: int, known: dict[str, str], viewers: int, seconds: float, told: Connection
) -> None:
    told.send(asyncio.run(read_feeds(port, known, viewers, seconds)))


async def turning(console: Console, seconds: float) -> None:
    """A desk that ticks, so that every frame differs from the one before."""
    for _ in range(int(seconds * TURNS_PER_S)):
        at = console.desk.now + timedelta(seconds=1.0 / TURNS_PER_S)
        console.clock.at = at
        console.turn(now=at, feed_at=at)
        await asyncio.sleep(1.0 / TURNS_PER_S)


async def load(viewers: int, seconds: float) -> tuple[float, list[int]]:
    """CPU seconds per second of this process, and frames per viewer."""
    context = multiprocessing.get_context("spawn")
    hear, tell = context.Pipe(duplex=False)
    async with Console(past_hours=22) as console:
        known = await log_in(console.port, TOKEN)
        await turning(console, 1.0)
        reader = context.Process(
            target=other_process, args=(console.port, known, viewers, seconds, tell)
        )
        reader.start()
        while not console.viewers:
            await turning(console, 0.25)
        began, cpu = time.monotonic(), time.process_time()
        await turning(console, seconds - 1.0)
        share = (time.process_time() - cpu) / (time.monotonic() - began)
        await asyncio.to_thread(reader.join)
    return share, hear.recv()


async def ready(times: int) -> list[float]:
    """Seconds from asking for the page to the last panel with its numbers."""
    found = []
    async with Console(past_hours=22) as console, browser() as started:
        context = await started.new_context(viewport=DESKTOP)
        page = await context.new_page()
        await page.goto(f"{console.url}/login#{TOKEN}")
        await page.wait_for_selector("#checks dd")
        for _ in range(times):
            began = time.monotonic()
            await page.goto(f"{console.url}/")
            await page.wait_for_selector("#checks dd")
            await page.wait_for_selector("#payoff canvas")
            found.append(time.monotonic() - began)
    return found


def cost_of_a_frame(times: int = 200) -> float:
    """CPU seconds to make and encode all panels of a full desk, on average."""
    desk, painter = desk_with_everything(), Painter(Policy())
    vitals = Vitals(desk.now, "run", "cafe", desk.now, 1, Counts())
    spent = []
    for minute in range(times):
        desk = replace(desk, memory=replace(desk.memory, minute=minute))
        began = time.process_time()
        for panel in painter.frame(desk, vitals).values():
            encoded(panel)
        spent.append(time.process_time() - began)
    return sum(spent) / times


def cost_on_a_step(times: int = 2000) -> tuple[float, float]:
    """Seconds of one step with a look at the rules, and of the observer after it."""
    desk, watch = desk_with_everything(), Watch(Policy())
    steps, observed = [], []
    for second in range(times):
        at = desk.now + timedelta(seconds=5 * second)
        events = (ClockTicked(at),)
        began = time.perf_counter()
        result = step(replace(desk, now=at), events, Policy())
        middle = time.perf_counter()
        watch.observe(events, (*result.effects, story()[0]), result.desk)
        steps.append(middle - began)
        observed.append(time.perf_counter() - middle)
    return sum(steps) / times, sum(observed) / times


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--viewers", type=int, default=10)
    asked = parser.parse_args()
    print(f"a frame: {1000 * cost_of_a_frame():.1f} ms of CPU, made once for all viewers")
    step_s, watch_s = cost_on_a_step()
    print(
        f"observer: {1e6 * watch_s:.1f} us on a step of {1e6 * step_s:.0f} us, "
        f"{watch_s / step_s:.2%} (goal <= {STEP_SHARE_MAX:.0%})"
    )
    share, frames = asyncio.run(load(asked.viewers, asked.seconds))
    rate = min(frames) / asked.seconds
    print(
        f"{asked.viewers} viewers: {share:.1%} of a core (goal <= {CORE_SHARE_MAX:.0%}), "
        f"slowest viewer {rate:.2f} frames/s (goal >= 1)"
    )
    good = share <= CORE_SHARE_MAX and watch_s <= STEP_SHARE_MAX * step_s and rate >= 0.95
    if CHROMIUM:
        times = sorted(asyncio.run(ready(9)))
        print(
            f"page ready: median {median(times):.2f} s, worst {times[-1]:.2f} s "
            f"(goal <= {READY_S_MAX:g} s)"
        )
        good = good and times[-1] <= READY_S_MAX
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
