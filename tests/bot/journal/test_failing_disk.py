"""A disk that refuses: the first error is the last thing the daemon did."""

import asyncio
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

import apsw
import pytest
from structlog.testing import capture_logs

from bot.journal import database
from bot.journal.failures import JournalFailed
from bot.journal.reading import JournalReader
from bot.journal.sqlite import SqliteJournal
from bot.supervise import Ending, Exit
from domain.effects import PlaceOrder
from domain.events import BrokerReady
from tests.bot.journal.disk import FailingDisk
from tests.bot.samples import AT, after, condor_order
from tests.scenarios.demo.test_daemon import HOUR, Stage, play

FIRST = ([BrokerReady(AT)], [PlaceOrder(condor_order("cb-1"))])
SECOND = ([BrokerReady(after(1))], [PlaceOrder(condor_order("cb-2"))])


@contextmanager
def a_failing_disk():
    disk = FailingDisk("failing")
    try:
        yield disk
    finally:
        disk.unregister()


@pytest.fixture
def disk():
    with a_failing_disk() as disk:
        yield disk


@pytest.mark.parametrize("how", ["error", "full", "short"])
def test_after_any_error_nothing_is_recorded_any_more_and_nothing_recorded_is_lost(
    disk, how, tmp_path
):
    failures = 0
    for works in range(12):
        path = tmp_path / f"{works}.sqlite"
        disk.left = None
        journal = SqliteJournal(path)
        journal.append(*FIRST)
        disk.arm(works, how)
        try:
            journal.append(*SECOND)
        except JournalFailed:
            failures += 1
            disk.left = None  # whole again, but this life has seen it fail
            with pytest.raises(JournalFailed, match="failed before"):
                journal.append([BrokerReady(after(2))], ())
            with pytest.raises(JournalFailed, match="failed before"):
                journal.poison([BrokerReady(after(2))], "error")
        disk.left = None
        journal.close()

        again = SqliteJournal(path)
        found = list(again.read())
        again.close()
        everything = [*FIRST[0], *FIRST[1], *SECOND[0], *SECOND[1]]
        assert found in (everything[:2], everything), "half a batch"
        reader = JournalReader(path)
        assert reader.troubles() == []
        reader.close()
    assert failures >= 2


def test_a_journal_that_fails_while_it_is_opened_is_not_opened(disk, tmp_path):
    disk.arm(3, "error")
    with pytest.raises(JournalFailed):
        SqliteJournal(tmp_path / "journal.sqlite")
    disk.left = None
    SqliteJournal(tmp_path / "journal.sqlite").close()


def trouble_after_failing(tmp_path, works, how, **changes):
    """What is wrong with how a daemon ends whose disk fails; empty when nothing is."""

    async def story(stages):
        stages.append(stage := Stage(tmp_path))
        disk.clock = stage.clock.now
        asyncio.get_running_loop().call_later(1.5 * HOUR, disk.arm, works, how)
        try:
            ending, _ = await stage.live(4 * HOUR, **changes)
        except ValueError as error:  # it lived on until its desk was to be saved
            ending = Ending(Exit.CLEAN, "", error)
        orders = stage.server.gateway.orders
        arrived = [o.request.order_ref for o in (*orders.finished, *orders.live.values())]
        return ending, set(arrived), stage.clock.now()

    with a_failing_disk() as disk, capture_logs():
        ending, arrived, ended_at = play(story)
    assert disk.failed
    reader = JournalReader(tmp_path / "journal.sqlite")
    found = reader.troubles()
    recorded = {r.order.order_ref for r in reader.records() if isinstance(r, PlaceOrder)}
    reader.close()
    if ending.exit is not Exit.CRASHED or not isinstance(ending.error, JournalFailed):
        found.append(f"it went on: {ending}")
    if ended_at - disk.failed_at > timedelta(seconds=1):
        found.append("it ended late")
    return found + [f"{ref} was sent unrecorded" for ref in sorted(arrived - recorded)]


@pytest.mark.scenario
@pytest.mark.parametrize(("works", "how"), [(40, "error"), (75, "full"), (110, "short")])
def test_a_daemon_whose_disk_fails_ends_at_once_and_has_sent_nothing_unrecorded(
    tmp_path, works, how
):
    assert trouble_after_failing(tmp_path, works, how) == []


@dataclass
class Swallowing:
    """A journal whose errors nobody hears of: the bug that the test above is there to find."""

    inner: SqliteJournal

    def append(self, events, effects):
        with suppress(JournalFailed):
            self.inner.append(events, effects)


class Opened(list):
    def append(self, loop):
        super().append(loop)
        loop.journal = Swallowing(loop.journal)


@pytest.mark.scenario
def test_a_daemon_that_swallows_an_error_of_its_journal_is_found_out(tmp_path):
    found = trouble_after_failing(tmp_path, 0, "error", opened=Opened())
    assert "it ended late" in found
    assert any("cannot stand for" in trouble for trouble in found), "nor was its desk saved"
    assert any(trouble.endswith("was sent unrecorded") for trouble in found), found


def test_a_journal_held_by_somebody_else_is_a_failure_within_about_a_second(tmp_path):
    path = tmp_path / "journal.sqlite"
    journal = SqliteJournal(path)
    intruder = apsw.Connection(str(path))
    intruder.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalFailed, match="BusyError"):
        journal.append(*FIRST)
    intruder.close()
    journal.close()


def test_a_library_that_can_corrupt_the_log_is_refused(tmp_path):
    found = tuple(map(int, apsw.sqlite_lib_version().split(".")))
    assert found >= database.SQLITE_VERSION_MIN == (3, 51, 3)
    assert database.too_old("3.51.2")
    assert database.too_old("3.40.1")
    assert not database.too_old("3.51.3")
    assert not database.too_old("4.0")


def test_settings_are_read_back(tmp_path):
    """A file with another page size keeps it whatever is asked for: then it is not ours."""
    path = tmp_path / "journal.sqlite"
    db = apsw.Connection(str(path))
    db.execute("PRAGMA page_size = 8192; CREATE TABLE other (x)")
    db.close()
    with pytest.raises(JournalFailed, match="page_size"):
        SqliteJournal(path)


def test_a_journal_in_order_syncs_fully(tmp_path):
    journal = SqliteJournal(tmp_path / "journal.sqlite")
    settings = [
        journal._db.execute(f"PRAGMA {name}").fetchone() for name in ("journal_mode", "synchronous")
    ]
    journal.close()
    assert settings == [("wal",), (2,)]
