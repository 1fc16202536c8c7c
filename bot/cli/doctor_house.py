"""What ``condorbot doctor`` looks at on this machine: disk, journal, MQTT, ports, keys, tables."""

import asyncio
import fcntl
import os
import platform
import shutil
import socket
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import aiomqtt
import apsw

from bot.approvals.keyring import decode_ring
from bot.cli.verdict import Verdict, fail, fine, warn
from bot.health import Health, read_health
from bot.journal.anchor import Anchor
from bot.journal.failures import JournalFailed
from bot.journal.reading import JournalReader
from bot.telemetry.connecting import client_for
from config.settings import LOOPBACK, MqttSettings, Settings

FREE_BYTES_MIN = 1 << 30  # months of journal
WRITES = 20
WRITE_S_MAX = 0.050  # a commit waits for the disk, and the loop waits for the commit
MQTT_S = 5.0
RELEASES_AHEAD = timedelta(days=30)
SESSIONS_AHEAD = timedelta(days=60)
_PACKAGES = ("ib-async", "aiomqtt", "starlette", "apsw", "numpy")


def versions() -> Verdict:
    known = []
    for name in _PACKAGES:
        try:
            known.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            return fail("versions", f"{name} is missing", "run scripts/bootstrap")
    known.append(f"SQLite {apsw.sqlite_lib_version()}")
    return fine("versions", f"Python {platform.python_version()}, {', '.join(known)}")


def calendars(settings: Settings, last_session: date, now: datetime) -> Iterator[Verdict]:
    """Whether the tables that come with the product reach far enough."""
    releases = settings.policy().releases
    ending = sorted(kind.value for kind in releases.ending(now, RELEASES_AHEAD))
    if ending:
        yield warn(
            "releases", f"no day of {', '.join(ending)} announced beyond the next 30 days",
            "put announced days into a file and name it in [calendar] more_releases",
        )  # fmt: skip
    else:
        yield fine("releases", "announced for the next 30 days")
    if last_session - now.date() < SESSIONS_AHEAD:
        yield fail("sessions", f"the table ends {last_session}", "install a newer condorbot")
    else:
        yield fine("sessions", f"known up to {last_session}")


def disk(folder: Path) -> Iterator[Verdict]:
    """Space, and how long one small write takes to be safe: the time of one commit."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
        seconds = _slowest_write(folder)
    except OSError as error:
        yield fail("disk", f"{folder}: {error.strerror}", "make the folder writable for this user")
        return
    text = f"{folder}: {free / (1 << 30):.1f} GiB free"
    if free < FREE_BYTES_MIN:
        yield fail("disk space", text, "make room: a journal that cannot be written ends the run")
    else:
        yield fine("disk space", text)
    text = f"{1000 * seconds:.1f} ms for the slowest of {WRITES} small writes with fsync"
    if seconds > WRITE_S_MAX:
        yield warn("disk speed", text, "use a local disk: every decision waits for it")
    else:
        yield fine("disk speed", text)


def journal(settings: Settings) -> Iterator[Verdict]:
    """The chain, the anchor, and whether somebody writes it now."""
    path, health = settings.journal.path, read_health(settings.health.path)
    locked = _locked(path)
    if locked:
        run = health.run_id if isinstance(health, Health) else "not reporting"
        yield fine("lock", f"a daemon is writing {path} (run {run})")
    else:
        yield fine("lock", f"nobody is writing {path}")
    if not path.exists():
        yield fine("journal", f"{path} does not exist yet: the first run makes it")
        return
    try:
        reader = JournalReader(path)
    except JournalFailed as error:
        yield fail("journal", str(error), "restore a backup: docs/runbook.md, journal refused")
        return
    try:
        troubles, head = reader.troubles(), reader.head
    finally:
        reader.close()
    if troubles:
        yield fail("journal", troubles[0], "restore a backup: docs/runbook.md, journal refused")
    else:
        yield fine("journal", f"whole, {head[0]} batches")
    if settings.journal.anchor is None:
        yield warn(
            "anchor", "none: a lost tail or an old copy would go unnoticed",
            "set [journal] anchor to a file on another disk",
        )  # fmt: skip
    else:
        yield _anchor(Anchor(settings.journal.anchor), head[0])


async def mqtt(settings: MqttSettings) -> Verdict:
    if not settings.enabled:
        return fine("MQTT", "not enabled")
    where = f"{settings.host}:{settings.port}"
    try:
        async with asyncio.timeout(MQTT_S), client_for(settings, f"{settings.client_id}-doctor"):
            return fine("MQTT", f"{where} answers{' over TLS' if settings.tls else ''}")
    except (aiomqtt.MqttError, OSError, TimeoutError) as error:
        why = str(error) or type(error).__name__
        return fail("MQTT", f"{where}: {why}", "start the broker; check host, port, login and TLS")


def listening(settings: Settings, *, daemon: bool) -> Iterator[Verdict]:
    """Whether the ports of page and metrics can be had; a daemon that runs has them already."""
    for name, own in (("console", settings.console), ("metrics", settings.metrics)):
        if not own.enabled:
            yield fine(name, "not enabled")
            continue
        where = f"{own.host}:{own.port}"
        taken = _taken(own.host, own.port)
        if own.host not in LOOPBACK:
            yield warn(name, f"{where} can be reached from outside", "bind it to 127.0.0.1")
        elif taken and not daemon:
            yield fail(name, f"{where} is in use by another program", f"set [{name}] port")
        else:
            yield fine(name, f"{where} {'is served' if taken else 'is free'}")


def keys(settings: Settings) -> Verdict:
    ring = settings.approvals.key_ring
    if ring is None:
        return fine("key ring", "none: nothing can be approved, `run --resume` ends halts")
    try:
        found = decode_ring(ring.read_bytes())
    except (OSError, ValueError) as error:
        return fail("key ring", f"{ring}: {error}", "make it with `condorbot keys enrol`")
    return fine("key ring", f"{found.needed} of {len(found.persons)} people must sign")


def running(settings: Settings, now: datetime) -> Verdict:
    """The daemon, if one reports; not running is no fault."""
    report = read_health(settings.health.path)
    if not isinstance(report, Health):
        return fine("daemon", "does not run with this profile")
    troubles = report.troubles(now, settings.health.age_s_max)
    if troubles:
        return fail("daemon", "; ".join(troubles), "docs/runbook.md, the daemon is gone or hangs")
    return fine("daemon", f"alive, trading {report.trading_state}, run {report.run_id}")


def _slowest_write(folder: Path) -> float:
    probe = folder / f".doctor-{os.getpid()}"
    slowest = 0.0
    try:
        handle = os.open(probe, os.O_CREAT | os.O_WRONLY | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            for _ in range(WRITES):
                began = time.monotonic()
                os.write(handle, b"x" * 4096)
                os.fsync(handle)
                slowest = max(slowest, time.monotonic() - began)
        finally:
            os.close(handle)
    finally:
        probe.unlink(missing_ok=True)
    return slowest


def _locked(path: Path) -> bool:
    """Whether the lock beside the journal is held; never takes it for longer than the question."""
    try:
        handle = os.open(f"{path}.lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def _anchor(anchor: Anchor, head: int) -> Verdict:
    mend = "restore the newest journal, or remove the anchor knowing what is lost: docs/runbook.md"
    try:
        noted = anchor.read()
    except (JournalFailed, OSError) as error:
        return fail("anchor", str(error), mend)
    if noted is None:
        return warn("anchor", f"{anchor.path} is not written yet", "it will be, with the next run")
    if noted[0] > head:
        return fail("anchor", f"knows batch {noted[0]}, the journal ends at {head}", mend)
    return fine("anchor", f"batch {noted[0]} of {head}")


def _taken(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((host, port)) == 0
