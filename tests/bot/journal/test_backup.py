"""Copies of a journal, and coming back from one."""

import apsw
import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.journal.backup import back_up
from bot.journal.failures import JournalFailed
from bot.journal.reading import JournalReader
from bot.journal.sqlite import SqliteJournal
from domain.effects import PlaceOrder
from domain.events import BrokerReady, OrderSubmitted
from tests.bot.samples import AT, after, condor_order

runner = CliRunner()


@pytest.fixture
def journal(tmp_path):
    journal = SqliteJournal(tmp_path / "journal.sqlite")
    journal.begin_life("run", AT, "config", "policy")
    journal.append([BrokerReady(AT)], [PlaceOrder(condor_order("cb-1"))])
    yield journal
    journal.close()


def test_restoring_a_copy_made_while_the_daemon_ran(journal, tmp_path):
    target, path = tmp_path / "copies" / "today.sqlite", tmp_path / "journal.sqlite"

    result = runner.invoke(app, ["journal", "backup", str(target), "--file", str(path)])
    assert result.exit_code == 0, result.output
    assert "is whole" in result.stdout
    journal.append([OrderSubmitted(after(1), "cb-1", 5)], ())
    journal.close()
    path.unlink()  # the disaster
    target.rename(path)

    restored = SqliteJournal(path)
    assert list(restored.read()) == [BrokerReady(AT), PlaceOrder(condor_order("cb-1"))]
    with pytest.raises(JournalFailed, match=r"intent\.order_ref"):
        restored.append([BrokerReady(AT)], [PlaceOrder(condor_order("cb-1"))])
    restored.close()
    reader = JournalReader(path)
    assert reader.troubles() == []
    assert len(reader.lives()) == 1
    reader.close()


def test_a_backup_replaces_nothing_and_says_what_is_missing(journal, tmp_path):
    there = tmp_path / "there"
    there.write_text("precious")
    path = str(tmp_path / "journal.sqlite")
    refused = runner.invoke(app, ["journal", "backup", str(there), "--file", path])
    nowhere = runner.invoke(app, ["journal", "backup", "x", "--file", str(tmp_path / "none")])
    assert (refused.exit_code, nowhere.exit_code) == (1, 1)
    assert "never replaces" in refused.stderr
    assert "no such journal" in nowhere.stderr
    assert there.read_text() == "precious"


def test_a_copy_that_was_interrupted_does_not_stand_in_the_way(journal, tmp_path):
    (tmp_path / "copy.part").write_bytes(b"half")
    db = apsw.Connection(str(tmp_path / "journal.sqlite"))
    back_up(db, tmp_path / "copy")
    db.close()
    assert not (tmp_path / "copy.part").exists()
    reader = JournalReader(tmp_path / "copy")
    assert reader.count("intent") == 1
    reader.close()


def test_an_index_that_does_not_follow_from_the_records_is_told(journal, tmp_path):
    journal.close()
    db = apsw.Connection(str(tmp_path / "journal.sqlite"))
    db.execute("INSERT INTO send VALUES ('cb-9', 1, 1)")
    db.close()
    reader = JournalReader(tmp_path / "journal.sqlite")
    assert reader.troubles() == ["1 rows of send, 0 in the records"]
    reader.close()
