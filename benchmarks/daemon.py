"""The daemon as a process: how soon it is ready, what it keeps in memory, how fast it simulates.

    python benchmarks/daemon.py [SECONDS OF TICKS]

Start: ``condorbot run`` against ``condorbot gateway --speed 1``, from exec until its log says that
the broker is ready; the median of five, each with a new journal. Memory: the same daemon on the
gateway's own date (it would take a market of 2018 for one long closed), resident after so many
seconds of ticks; benchmarks/wire.py measures it with all its lines in use. Simulation: processor
time of ``condorbot demo --speed max`` for each of 20 trading days, start and closing checks
included, the median of three; and the most memory it had, gateway, market and daemon together.
"""

import asyncio
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from bot.app import Plan, run_daemon
from bot.clock import LoopClock
from bot.logs import LogEvent, configure
from config.load import load_settings, session_calendar
from sim.exchange.market import Market
from sim.exchange.scenarios import load

STARTS, DEMOS, DEMO_DAYS = 5, 3, 20
READY_GOAL_S, MEMORY_GOAL_MB, DAY_GOAL_S = 3.0, 200.0, 2.0
BOT = (sys.executable, "-m", "bot")


@contextmanager
def gateway() -> Iterator[int]:
    """A gateway process at speed 1 that accepts connections; its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    with subprocess.Popen(
        [*BOT, "gateway", "--port", str(port), "--speed", "1"], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()  # it says where it listens
            yield port
        finally:
            process.terminate()
            process.communicate()


@contextmanager
def daemon(*command: str, port: int) -> Iterator[tuple[int, Path]]:
    """A daemon process with a journal of its own; its process id and its log."""
    with tempfile.TemporaryDirectory() as name:
        folder, log = Path(name), Path(name, "log")
        own = {
            "CONDORBOT_BROKER__PORT": str(port),
            "CONDORBOT_JOURNAL__PATH": str(folder / "journal.sqlite"),
            "CONDORBOT_HEALTH__PATH": str(folder / "health.json"),
        }
        with (
            log.open("w") as file,
            subprocess.Popen(command, env=os.environ | own, stdout=file, stderr=file) as process,
        ):
            try:
                yield process.pid, log
            finally:
                process.terminate()
                process.wait()


def wait_until_ready(log: Path) -> None:
    for _ in range(30_000):
        if f'"{LogEvent.BROKER_READY.value}"' in log.read_text():
            return
        time.sleep(0.001)
    sys.exit(f"the daemon is not ready:\n{log.read_text()}")


def seconds_to_ready() -> float:
    with gateway() as port:
        began = time.perf_counter()
        with daemon(*BOT, "run", "--log-format", "json", port=port) as (_, log):
            wait_until_ready(log)
            return time.perf_counter() - began


def memory_after(seconds: float) -> tuple[float, int]:
    """Resident megabytes, and how many lines were open."""
    with gateway() as port, daemon(sys.executable, __file__, "--daemon", port=port) as (pid, log):
        wait_until_ready(log)
        time.sleep(seconds)
        told = [json.loads(line) for line in log.read_text().splitlines()]
        status = Path(f"/proc/{pid}/status").read_text()
    lines = [line["active"] for line in told if line["event"] == LogEvent.BROKER_LINES_CHANGED]
    resident = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert resident is not None
    return int(resident[1]) / 1024, lines[-1]


async def run_at_market_time() -> None:
    """What ``condorbot run`` does, except for the clock."""
    loop, settings, calendar = (
        asyncio.get_running_loop(),
        load_settings("paper"),
        session_calendar(),
    )
    market = Market(load("volmageddon"), calendar, seed=0)
    clock = LoopClock(market.now - timedelta(seconds=loop.time()), loop)
    configure("json", clock=clock)
    plan = Plan("benchmark", settings.policy(), calendar, clock)
    await run_daemon(settings, plan, asyncio.Event())


def demo_costs() -> tuple[float, float]:
    """Processor time of one demo for each of its trading days, and its peak of megabytes."""
    command = [*BOT, "demo", "--speed", "max", "--days", str(DEMO_DAYS)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"the demo ended with {process.returncode}")
    return (used.ru_utime + used.ru_stime) / DEMO_DAYS, used.ru_maxrss / 1024


def say(what: str, found: str, *, reached: bool, goal: str) -> None:
    print(f"{what:<34}{found:>22}   goal {goal}: {'reached' if reached else 'MISSED'}", flush=True)


def main(seconds: float) -> None:
    ready = statistics.median(seconds_to_ready() for _ in range(STARTS))
    say("start to ready", f"{ready:.2f} s", reached=ready <= READY_GOAL_S, goal="3 s")
    memory, lines = memory_after(seconds)
    found = f"{memory:.0f} MB, {lines} lines"
    what = f"resident after {seconds:g} s of ticks"
    say(what, found, reached=memory <= MEMORY_GOAL_MB, goal="200 MB")
    day, peak = map(statistics.median, zip(*(demo_costs() for _ in range(DEMOS)), strict=True))
    say("one simulated day", f"{day:.2f} core-s", reached=day <= DAY_GOAL_S, goal="2 s")
    what = f"peak of {DEMO_DAYS} simulated days"
    say(what, f"{peak:.0f} MB", reached=peak <= MEMORY_GOAL_MB, goal="200 MB")


if __name__ == "__main__":
    if "--daemon" in sys.argv:
        asyncio.run(run_at_market_time())
    else:
        main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0)
