"""A gateway process and one daemon process after the other beside it."""

import contextlib
import json
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from bot.app import Plan, recover
from bot.clock import SystemClock
from bot.journal.codec import decode_contract
from bot.journal.reading import JournalReader
from config.load import session_calendar
from domain.desk import Desk
from domain.effects import Effect
from domain.events import Event
from tests.crash.agreement import Broker, OrderAtBroker, differences
from tests.crash.daemon_process import busy

ROOT = Path(__file__).parents[2]
READY_WITHIN_S = 10.0
AGREE_WITHIN_S = 8.0  # news on its way is no difference; one that stays is


@dataclass
class Life:
    """One process of the daemon; what it logged is in a file, so that nobody has to read along."""

    process: subprocess.Popen[bytes]
    log: Path
    began: float = field(default_factory=time.monotonic)

    def ready(self) -> bool:
        return self.said("broker.ready")

    def said(self, event: str) -> bool:
        return f'"event":"{event}"'.encode() in self.log.read_bytes()

    def tail(self) -> str:
        return "\n".join(self.log.read_text("utf-8").splitlines()[-25:])

    def wait(self, within_s: float) -> None:
        """For the process to end by itself; a life that does not is left running."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(within_s)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


class Rig:
    """Everything of one run: a gateway that never stops and the lives of a daemon beside it."""

    def __init__(
        self, folder: Path, *, seed: int, speed: float, faults: tuple[str, ...] = ()
    ) -> None:
        self.folder = folder
        self.journal = folder / "journal.sqlite"
        self.lives: list[Life] = []
        command = [
            sys.executable, "-m", "tests.crash.gateway_process", str(speed), str(seed), *faults,
        ]  # fmt: skip
        self._gateway = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._gateway.stdout is not None
        self._said = self._gateway.stdout.readline().decode()
        self._window = socket.create_connection(
            ("127.0.0.1", json.loads(self._said)["records"]), timeout=20
        ).makefile("rw")

    def start(self, *die_at: str, bug: str = "") -> Life:
        """A new life; with an event and a count, one that kills itself there."""
        log = self.folder / f"life-{len(self.lives):03d}.log"
        command = [
            sys.executable, "-m", "tests.crash.daemon_process",
            str(self.journal), self._said, bug, *die_at,
        ]  # fmt: skip
        with log.open("wb") as out:
            process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
        self.lives.append(Life(process, log))
        return self.lives[-1]

    def until_ready(self, life: Life, within_s: float = READY_WITHIN_S) -> float:
        """Seconds from the start of the process to the daemon being ready to trade."""
        while not life.ready():
            waited = time.monotonic() - life.began
            ended = life.process.poll()
            assert ended is None, f"ended by itself with {ended}:\n{life.tail()}"
            assert waited < within_s, f"not ready after {waited:.1f} s:\n{life.tail()}"
            time.sleep(0.01)
        return time.monotonic() - life.began

    def until_said(self, life: Life, event: str, within_s: float) -> None:
        """Until the life has logged ``event``, has ended, or has had its time."""
        deadline = time.monotonic() + within_s
        while not life.said(event) and life.process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)

    def broker(self) -> Broker:
        self._window.write("look\n")
        self._window.flush()
        told = json.loads(self._window.readline())
        return Broker(
            tuple(OrderAtBroker(*order) for order in told["orders"]),
            frozenset(told["executions"]),
            {decode_contract(body): quantity for body, quantity in told["positions"]},
        )

    def problems(self, within_s: float = AGREE_WITHIN_S) -> list[str]:
        """Where broker and journal differ, and go on doing so."""
        deadline = time.monotonic() + within_s
        while (found := self._look()) and time.monotonic() < deadline:
            time.sleep(0.02)
        return found

    def ever(self, signs: tuple[str, ...], within_s: float) -> list[str]:
        """What any one look shows of ``signs``, which a journal that only lags never says."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            if found := [text for text in self._look() if any(sign in text for sign in signs)]:
                return found
            time.sleep(0.02)
        return []

    def desk(self) -> Desk:
        """The desk as a daemon that starts now would recover it."""
        return self._recovered(self._records())

    def _look(self) -> list[str]:
        """The broker is asked before and after, so that order tells what must be known to whom."""
        before = self.broker()
        records = self._records()
        return differences(before, self.broker(), records, self._recovered(records))

    def _records(self) -> list[Event | Effect]:
        reader = JournalReader(self.journal)
        try:
            return list(reader.records())
        finally:
            reader.close()

    def _recovered(self, records: list[Event | Effect]) -> Desk:
        policy = busy(self.journal, 4002).policy()
        return recover(records, Plan("reader", policy, session_calendar(), SystemClock()))

    def close(self) -> None:
        for life in self.lives:
            if life.process.poll() is None:
                life.kill()
        self._window.close()
        self._gateway.communicate(timeout=20)
