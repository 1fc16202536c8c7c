"""A stuck loop ends the process; one that goes round, or was suspended as a whole, does not."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from datetime import timedelta

from bot.loop import DeskLoop
from bot.watchdog import STUCK, Watchdog, tell_systemd
from domain.events import ClockTicked
from tests.bot.samples import AT, after
from tests.bot.test_loop import a_loop

_STUCK_PROCESS = """
import asyncio, time
from datetime import UTC, datetime
from bot.watchdog import Watchdog

async def main():
    dog = asyncio.ensure_future(Watchdog(2.0).run(lambda: None, lambda: False))
    await asyncio.sleep(0.1)
    print("stuck", flush=True)
    time.sleep(60)

asyncio.run(main())
"""


def test_silence_ends_it_and_a_beat_puts_it_off():
    ends = []
    dog = Watchdog(3.0, lambda: ends.append(True))
    for _ in range(3):
        dog.nap_over()
    dog.beat()
    for _ in range(3):
        dog.nap_over()
    assert ends == []
    dog.nap_over()
    assert ends == [True]


def test_a_process_whose_loop_is_stuck_leaves_with_70_and_says_where_it_stood(repository):
    done = subprocess.run(
        [sys.executable, "-c", _STUCK_PROCESS],
        cwd=repository, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == STUCK
    assert "stuck" in done.stdout
    assert "in main" in done.stderr


def test_a_suspended_process_is_not_taken_for_a_stuck_one(repository):
    """SIGSTOP for longer than the limit; it goes on beating afterwards."""
    text = _STUCK_PROCESS.replace("time.sleep(60)", "await asyncio.sleep(5)")
    with subprocess.Popen(
        [sys.executable, "-c", text], cwd=repository, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "stuck\n"
        process.send_signal(signal.SIGSTOP)
        nap = subprocess.run(["sleep", "4"], check=True)  # real seconds of a real process
        process.send_signal(signal.SIGCONT)
        assert nap.returncode == 0
        assert process.wait(30) == 0


async def test_systemd_hears_ready_then_beats_then_stopping(tmp_path):
    ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    ear.bind(str(tmp_path / "notify"))
    ear.settimeout(5.0)
    os.environ["NOTIFY_SOCKET"] = str(tmp_path / "notify")
    try:
        running = asyncio.ensure_future(Watchdog(30.0).run(lambda: AT, lambda: False))
        await asyncio.sleep(0)
        heard = [ear.recv(100), ear.recv(100)]
        running.cancel()
        await asyncio.wait([running])
        assert [*heard, ear.recv(100)] == [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"]
    finally:
        del os.environ["NOTIFY_SOCKET"]
        ear.close()


async def test_a_desk_that_is_stuck_gets_no_beat(tmp_path):
    ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    ear.bind(str(tmp_path / "notify"))
    ear.setblocking(False)
    os.environ["NOTIFY_SOCKET"] = str(tmp_path / "notify")
    try:
        running = asyncio.ensure_future(Watchdog(30.0).run(lambda: AT, lambda: True))
        await asyncio.sleep(0)
        running.cancel()
        await asyncio.wait([running])
        assert ear.recv(100) == b"STOPPING=1"
    finally:
        del os.environ["NOTIFY_SOCKET"]
        ear.close()


def test_without_systemd_nothing_is_sent():
    assert "NOTIFY_SOCKET" not in os.environ
    assert not tell_systemd("READY=1")


def test_a_socket_that_is_gone_is_no_reason_to_stop(tmp_path):
    os.environ["NOTIFY_SOCKET"] = str(tmp_path / "gone")
    try:
        assert not tell_systemd("WATCHDOG=1")
    finally:
        del os.environ["NOTIFY_SOCKET"]


def test_a_loop_at_rest_is_alive_however_long_nothing_comes():
    loop: DeskLoop = a_loop()
    assert loop.alive_at(AT) is None, "it has never turned"
    loop.turn([ClockTicked(AT)])
    night = AT + timedelta(hours=9)
    assert loop.alive_at(night) == night
    loop.inbox.put(ClockTicked(after(60)))
    assert loop.alive_at(night) == AT, "something has been waiting since"
