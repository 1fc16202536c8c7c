"""The journal on disk."""

import fcntl
import hashlib
from datetime import timedelta

import apsw
import pytest

from bot.journal.failures import JournalFailed, JournalInUse
from bot.journal.reading import JournalReader
from bot.journal.sqlite import SqliteJournal
from domain.effects import PlaceOrder
from domain.events import BrokerReady, ClockTicked, OrderFilled, OrderSubmitted, QuoteUpdated
from domain.instruments import VIX
from tests.bot.samples import AT, EFFECTS, EVENTS, after, condor_order, quote_of


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.sqlite"


@pytest.fixture
def journal(path):
    journal = SqliteJournal(path)
    journal.begin_life("run", AT, "config", "policy")
    yield journal
    journal.close()


def committed(path, table):
    """What another process would find if this one were killed now."""
    reader = JournalReader(path)
    try:
        return reader.count(table)
    finally:
        reader.close()


def test_everything_but_prices_and_ticks_is_read_back_in_order(journal):
    journal.append(EVENTS, EFFECTS)
    journal.append([BrokerReady(after(1))], ())

    durable = [event for event in EVENTS if not isinstance(event, ClockTicked | QuoteUpdated)]
    assert list(journal.read()) == [*durable, *EFFECTS, BrokerReady(after(1))]


def test_an_order_is_on_disk_when_append_returns(journal, path):
    journal.append([ClockTicked(AT)], [PlaceOrder(condor_order("cb-1"))])
    assert committed(path, "intent") == 1


def test_prices_wait_for_the_next_batch_that_matters(journal, path):
    journal.append([ClockTicked(AT), quote_of()], ())
    assert committed(path, "market") == 0

    journal.append([BrokerReady(after(1))], ())

    assert committed(path, "market") == 1
    assert committed(path, "record") == 1


def test_prices_do_not_wait_longer_than_the_given_time(path):
    journal = SqliteJournal(path, lazy_s=30.0)
    journal.append([quote_of(at=AT)], ())
    journal.append([quote_of(at=after(29))], ())
    assert committed(path, "market") == 0
    journal.append([quote_of(at=after(30))], ())
    assert committed(path, "market") == 3
    journal.close()


def test_the_same_order_reference_can_never_be_recorded_twice(journal, path):
    journal.append([ClockTicked(AT)], [PlaceOrder(condor_order("cb-1"))])
    with pytest.raises(JournalFailed, match=r"intent\.order_ref"):
        journal.append([BrokerReady(AT)], [PlaceOrder(condor_order("cb-1"))])

    with pytest.raises(JournalFailed, match="failed before"):
        journal.append([BrokerReady(AT)], ())
    journal.close()
    assert committed(path, "batch") == 1, "half of the failed batch became part of the record"


def test_the_same_order_can_never_be_sent_twice(journal):
    journal.append([OrderSubmitted(AT, "cb-1", 5)], ())
    with pytest.raises(JournalFailed, match=r"send\.order_ref"):
        journal.append([OrderSubmitted(AT, "cb-1", 6)], ())


def test_a_repeated_execution_is_indexed_once_and_a_correction_beside_it(journal, path):
    fill = next(event for event in EVENTS if isinstance(event, OrderFilled))
    corrected = OrderFilled(
        fill.at, fill.order_ref, fill.exec_id, fill.revision + 1, fill.contract, -1, fill.price
    )
    for event in (fill, fill, corrected):
        journal.append([event], ())
    assert committed(path, "fill") == 2
    assert committed(path, "record") == 3


def test_a_killed_process_leaves_everything_that_mattered(path, tmp_path):
    journal = SqliteJournal(path)
    journal.begin_life("run", AT, "config", "policy")
    journal.append([BrokerReady(AT)], [PlaceOrder(condor_order("cb-1"))])
    copy = tmp_path / "after-the-crash.sqlite"
    for end in ("", "-wal"):
        copy.with_name(copy.name + end).write_bytes(path.with_name(path.name + end).read_bytes())
    journal.close()

    recovered = SqliteJournal(copy)

    assert list(recovered.read()) == [BrokerReady(AT), PlaceOrder(condor_order("cb-1"))]
    recovered.append([BrokerReady(after(60))], ())
    recovered.close()
    assert JournalReader(copy).troubles() == []


def test_a_changed_record_breaks_the_chain_and_the_journal_is_not_opened(path):
    journal = SqliteJournal(path)
    journal.append([BrokerReady(AT)], ())
    journal.append([BrokerReady(after(1))], ())
    journal.close()
    db = apsw.Connection(str(path))
    db.execute("UPDATE record SET body = ? WHERE batch = 1", (b'{"at":"2018-01-16T15:00:09Z"}',))
    db.close()

    with pytest.raises(JournalFailed, match="breaks at batch 1"):
        SqliteJournal(path)
    assert any("batch 1" in trouble for trouble in JournalReader(path).troubles())


def test_a_removed_record_breaks_the_chain(path):
    journal = SqliteJournal(path)
    journal.append([BrokerReady(AT)], EFFECTS[-2:])
    journal.close()
    db = apsw.Connection(str(path))
    db.execute("DELETE FROM record WHERE position = 2")
    db.close()

    with pytest.raises(JournalFailed, match="chain"):
        SqliteJournal(path)


def test_two_daemons_cannot_share_a_journal(journal, path):
    with pytest.raises(JournalInUse, match="in use"):
        SqliteJournal(path)


def test_the_lock_is_free_again_after_closing(path):
    held = []
    for _ in range(2):
        journal = SqliteJournal(path)
        with pytest.raises(JournalInUse):
            SqliteJournal(path)
        journal.close()
        journal.close()
        held.append(is_free(path))
    assert held == [True, True]


def is_free(path):
    """Whether nobody holds the lock of the journal at ``path``."""
    with path.with_name(path.name + ".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


def test_a_file_that_is_no_journal_is_refused(path):
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(JournalFailed):
        SqliteJournal(path)
    with pytest.raises(JournalFailed):
        JournalReader(path)


def test_equal_batches_make_equal_files(tmp_path):
    digests = []
    for name in ("one", "two"):
        path = tmp_path / f"{name}.sqlite"
        journal = SqliteJournal(path)
        journal.begin_life("run", AT, "config", "policy")
        for n in range(200):
            journal.append([ClockTicked(after(n)), quote_of(VIX, after(n), bid=10 + n / 7)], ())
        journal.append(EVENTS, EFFECTS)
        journal.close()
        digests.append(hashlib.sha256(path.read_bytes()).hexdigest())
        assert not path.with_name(path.name + "-wal").exists()
    assert digests[0] == digests[1]


def test_a_poison_is_told_until_a_life_has_recorded_anything_after_it(path):
    """A life that ended before its first turn has not heard of the halt."""
    journal = SqliteJournal(path)
    journal.begin_life("one", AT, "c", "p")
    journal.append(EVENTS, [])
    journal.poison(EVENTS, "ZeroDivisionError: division by zero")
    journal.close("poisoned")
    told = []
    for run in ("refused to resume", "hears of it", "goes on"):
        journal = SqliteJournal(path)
        told.append(journal.begin_life(run, AT, "c", "p"))
        if run != "refused to resume":
            journal.append([BrokerReady(after(60))], [])
        journal.close()
    assert [bool(poison) for poison in told] == [True, True, False]


def test_a_poisoned_batch_is_kept_and_told_to_the_next_life(path):
    journal = SqliteJournal(path)
    assert journal.begin_life("one", AT, "config", "policy") is None
    journal.poison(EVENTS, "ZeroDivisionError: division by zero")
    journal.close("poisoned")

    journal = SqliteJournal(path)
    assert journal.begin_life("two", after(60), "config", "policy") == (
        "ZeroDivisionError: division by zero"
    )
    assert list(journal.read()) == []
    journal.append([BrokerReady(after(60))], ())
    journal.close()

    journal = SqliteJournal(path)
    assert journal.begin_life("three", after(120), "config", "policy") is None
    journal.close()
    assert [life["ended"] for life in JournalReader(path).lives()] == ["poisoned", "clean", "clean"]


def test_old_prices_are_forgotten_and_decisions_are_not(path):
    journal = SqliteJournal(path, quote_retention=timedelta(days=1))
    journal.append([BrokerReady(AT), quote_of(at=AT)], ())
    journal.append([BrokerReady(after(3 * 86400)), quote_of(at=after(3 * 86400))], ())
    journal.close()
    assert committed(path, "market") == 1
    assert committed(path, "record") == 2


def test_the_whole_run_can_be_replayed_with_its_prices(journal, path):
    journal.append(EVENTS, EFFECTS)
    reader = JournalReader(path)
    rows = list(reader.rows(with_market=True))
    reader.close()
    assert [row.kind for row in rows] == [type(record).__name__ for record in (*EVENTS, *EFFECTS)]
