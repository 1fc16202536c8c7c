"""How late the daemon's event loop is while the gateway says 10,000 things a second.

    .venv/bin/python -m benchmarks.lag [--seconds 20] [--rate 10000]

Gateway and daemon are processes of their own, as in benchmarks/wire.py, with 100 lines; some marked
ticks cause an order each, through journal and broker adapter. The daemon's loop should look up
every 2 ms; a look that comes late stands for all that were due meanwhile, so that one long pause
is not counted as one late look. Goals: p99.9 under 50 ms, no pause over 250 ms.
"""

import argparse
import asyncio
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.wire import FLOOD, ShortBuffers, daemon, hundred_lines
from bot.clock import SystemClock
from bot.logs import configure

EVERY_S = 0.002
P999_GOAL_MS, MAX_GOAL_MS = 50.0, 250.0


async def probe(found: Path) -> None:
    """Writes lateness in ms, one look after the other, once a second."""
    loop = asyncio.get_running_loop()
    due, said = loop.time(), loop.time()
    late: list[float] = []
    while True:
        due += EVERY_S
        await asyncio.sleep(max(0.0, due - loop.time()))
        now = loop.time()
        while due <= now:
            late.append((now - due) * 1e3)
            due += EVERY_S
        due -= EVERY_S
        if now - said >= 1.0:
            said = now
            with found.open("a", encoding="ascii") as file:
                file.write("".join(f"{ms:.3f}\n" for ms in late))
            late.clear()


async def watched(port: int, found: Path) -> None:
    await asyncio.gather(daemon(port, *hundred_lines()), probe(found))


def measure(seconds: float, rate: int, folder: Path) -> tuple[list[float], dict[str, Any], float]:
    """Lateness while it was busy, what the gateway says, and the daemon's processor time in s."""
    port_file, found = folder / "port", folder / "late"
    gateway = subprocess.Popen(
        [sys.executable, str(FLOOD), str(port_file), "pace", str(seconds), str(rate)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    while not (port_file.exists() and port_file.read_text()):
        if gateway.poll() is not None:
            sys.exit("the gateway process did not start")
        time.sleep(0.05)
    user = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.lag", "--client", port_file.read_text(), str(found)]
    )
    out, _ = gateway.communicate()
    fields = Path(f"/proc/{user.pid}/stat").read_text().rsplit(")", 1)[1].split()
    spent = int(fields[11]) + int(fields[12])
    user.kill()
    user.wait()
    late = [float(line) for line in found.read_text().split()]
    busy = late[-int((seconds - 1) / EVERY_S) :]  # the end of the run: nothing is set up any more
    return busy, json.loads(out), spent / os.sysconf("SC_CLK_TCK")


def main() -> None:
    if "--client" in sys.argv:
        configure("json", clock=SystemClock(), level=logging.ERROR)
        with asyncio.Runner(loop_factory=ShortBuffers) as runner:
            runner.run(watched(int(sys.argv[2]), Path(sys.argv[3])))
        return
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rate", type=int, default=10_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        late, said, spent = measure(asked.seconds, asked.rate, Path(name))
    late.sort()
    latencies = sorted(said["latencies_ms"])
    at = {p: late[min(len(late) - 1, int(len(late) * p))] for p in (0.5, 0.99, 0.999)}
    reached = at[0.999] < P999_GOAL_MS and late[-1] < MAX_GOAL_MS
    print(
        f"loop lag at {asked.rate:,} messages/s over {len(late) * EVERY_S:.0f} s: "
        f"p50 {at[0.5]:.1f} ms, p99 {at[0.99]:.1f} ms, p99.9 {at[0.999]:.1f} ms, "
        f"max {late[-1]:.1f} ms (goal p99.9 < {P999_GOAL_MS:g}, max < {MAX_GOAL_MS:g}: "
        f"{'reached' if reached else 'MISSED'})"
    )
    print(
        f"{len(latencies)} orders on marked ticks, p50 {latencies[len(latencies) // 2]:.1f} ms, "
        f"max {latencies[-1]:.1f} ms; {spent:.1f} s of processor time in all"
    )


if __name__ == "__main__":
    main()
