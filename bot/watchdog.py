"""Ends a process whose main loop is stuck, and tells systemd that it is not.

A thread counts how long nobody has told it that the loop goes round; whoever starts the daemon
starts it again, and it recovers from its journal. Refuses to know why it is stuck: it writes where
every thread stands and leaves.
"""

import asyncio
import contextlib
import faulthandler
import os
import socket
import sys
import threading
from collections.abc import Callable
from datetime import datetime

CHECK_S = 1.0
STUCK = 70  # exit status, as after any crash: start it again


def tell_systemd(state: str) -> bool:
    """Send ``state`` (READY=1, WATCHDOG=1, STOPPING=1) to the socket in NOTIFY_SOCKET, if there
    is one. Returns whether it was sent; a socket that does not take it is no reason to stop.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as speaker:
        speaker.setblocking(False)
        speaker.sendto(state.encode(), address)
        return True
    return False


def leave() -> None:
    """Where every thread stands to stderr, then out, past everything that could hang too."""
    faulthandler.dump_traceback(file=sys.stderr, all_threads=True)
    os._exit(STUCK)


class Watchdog:
    """``die`` is called once ``stuck_s`` have passed without a beat.

    Counts its own naps and not a clock, so that a process that was suspended as a whole is not
    taken for a stuck one.
    """

    def __init__(self, stuck_s: float, die: Callable[[], None] = leave) -> None:
        self._naps_max = max(1, round(stuck_s / CHECK_S))
        self._die = die
        self._naps = 0
        self._over = threading.Event()

    def beat(self) -> None:
        self._naps = 0

    def nap_over(self) -> None:
        """One more nap of the thread has passed."""
        self._naps += 1
        if self._naps > self._naps_max:
            self._die()

    async def run(self, alive_at: Callable[[], datetime | None], stuck: Callable[[], bool]) -> None:
        """Beat as long as the event loop turns and the desk is not ``stuck``; until canceled.

        systemd hears READY once ``alive_at`` knows of a first turn.
        """
        thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        thread.start()
        ready = False
        try:
            while True:
                if not stuck():
                    self.beat()
                    if not ready and alive_at() is not None:
                        ready = tell_systemd("READY=1") or True
                    tell_systemd("WATCHDOG=1")
                await asyncio.sleep(CHECK_S)
        finally:
            tell_systemd("STOPPING=1")
            self._over.set()

    def _watch(self) -> None:
        while not self._over.wait(CHECK_S):
            self.nap_over()
