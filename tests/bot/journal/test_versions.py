"""A journal of an older version is saved as it is, then brought up to date, or left alone."""

import hashlib

import apsw
import pytest

from bot.journal import codec, migrations
from bot.journal.database import GENESIS, chained
from bot.journal.failures import JournalFailed
from bot.journal.reading import JournalReader
from bot.journal.sqlite import SqliteJournal
from domain.effects import PlaceOrder
from domain.events import BrokerReady, HaltRequested, OrderFilled, OrderSubmitted
from tests.bot.journal.disk import Recorder, RecordingDisk, crashed, put
from tests.bot.samples import AT, EFFECTS, EVENTS, after, condor_order

# What the first version of the program made; it must never be changed.
VERSION_1 = """
CREATE TABLE batch (
    seq INTEGER PRIMARY KEY, life INTEGER NOT NULL, at INTEGER NOT NULL, digest BLOB NOT NULL
) STRICT;
CREATE TABLE record (
    batch INTEGER NOT NULL, position INTEGER NOT NULL, is_effect INTEGER NOT NULL,
    kind TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (batch, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE market (batch INTEGER PRIMARY KEY, at INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
CREATE INDEX market_at ON market (at);
CREATE TABLE contract (id INTEGER PRIMARY KEY, body TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE intent (
    order_ref TEXT PRIMARY KEY, batch INTEGER NOT NULL, digest BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE send (
    order_ref TEXT PRIMARY KEY, order_id INTEGER NOT NULL, at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE fill (
    exec_id TEXT NOT NULL, revision INTEGER NOT NULL, order_ref TEXT NOT NULL, at INTEGER NOT NULL,
    contract TEXT NOT NULL, quantity INTEGER NOT NULL, price TEXT NOT NULL,
    PRIMARY KEY (exec_id, revision)
) STRICT, WITHOUT ROWID;
CREATE TABLE life (
    life INTEGER PRIMARY KEY, run_id TEXT NOT NULL, started_at INTEGER NOT NULL,
    config_hash TEXT NOT NULL, policy_hash TEXT NOT NULL, ended TEXT
) STRICT;
CREATE TABLE poison (life INTEGER PRIMARY KEY, error TEXT NOT NULL, body BLOB NOT NULL) STRICT;
PRAGMA user_version = 1;
"""
HISTORY = [
    ([BrokerReady(AT)], [PlaceOrder(condor_order("cb-1"))]),
    ([OrderSubmitted(after(1), "cb-1", 5)], [e for e in EFFECTS if not isinstance(e, PlaceOrder)]),
    ([event for event in EVENTS if isinstance(event, OrderFilled)], ()),
    ([HaltRequested(after(3), "operator", "lunch")], ()),
]


def written_by_version_1(path):
    db = apsw.Connection(str(path))
    db.execute("PRAGMA page_size = 4096; PRAGMA journal_mode = wal").fetchall()
    db.execute(VERSION_1)
    db.execute("INSERT INTO life VALUES (1, 'old', 0, 'config', 'policy', NULL)")
    digest = GENESIS
    for seq, (events, effects) in enumerate(HISTORY, start=1):
        records = [
            (place, place >= len(events), *codec.encode(record))
            for place, record in enumerate([*events, *effects])
        ]
        digest = chained(digest, seq, records)
        at = codec.micros(events[-1].at)
        db.execute("INSERT INTO batch VALUES (?, 1, ?, ?)", (seq, at, digest))
        for record in records:
            db.execute("INSERT INTO record VALUES (?, ?, ?, ?, ?)", (seq, *record))
            if record[2] == "PlaceOrder":
                row = ("cb-1", seq, hashlib.sha256(record[3]).digest())
                db.execute("INSERT INTO intent VALUES (?, ?, ?)", row)
    db.execute("INSERT INTO send VALUES ('cb-1', 5, ?)", (codec.micros(after(1)),))
    fill = HISTORY[2][0][0]
    row = (fill.exec_id, fill.revision, fill.order_ref, codec.micros(fill.at))
    label = fill.contract.label
    db.execute("INSERT INTO fill VALUES (?, ?, ?, ?, ?, ?, ?)", (*row, label, -2, str(fill.price)))
    db.close()


def everything():
    return [record for batch in HISTORY for part in batch for record in part]


def test_an_older_journal_is_saved_and_brought_up_to_date(tmp_path):
    path, saved = tmp_path / "journal.sqlite", tmp_path / "journal.sqlite.v1"
    written_by_version_1(path)
    with pytest.raises(JournalFailed, match="this version"):
        JournalReader(path)

    journal = SqliteJournal(path)
    assert list(journal.read()) == everything()
    journal.begin_life("new", after(60), "config", "policy", "0.1.0+src.c0ffeec0ffee")
    journal.append([BrokerReady(after(61))], ())
    journal.close()

    reader = JournalReader(path)
    assert reader.troubles() == []
    assert reader.counters() == {
        "2018-01-16": {
            "orders": 1, "changes": 1, "cancels": 1, "executions": 1, "denials": 1, "acts": 1,
        }
    }  # fmt: skip
    assert reader.count("act") == 1
    assert [life["build"] for life in reader.lives()] == ["", "0.1.0+src.c0ffeec0ffee"]
    reader.close()
    old = apsw.Connection(str(saved), flags=apsw.SQLITE_OPEN_READONLY)
    assert migrations.version_of(old) == 1
    assert old.execute("SELECT count(*) FROM record").fetchone() == (len(everything()),)
    old.close()


def test_counts_made_as_it_happens_equal_those_made_afterwards(tmp_path):
    old, new = tmp_path / "old.sqlite", tmp_path / "new.sqlite"
    written_by_version_1(old)
    SqliteJournal(old).close()
    journal = SqliteJournal(new)
    for events, effects in HISTORY:
        journal.append(events, effects)
    journal.close()
    counted = []
    for path in (old, new):
        reader = JournalReader(path)
        counted.append((reader.counters(), reader.count("act")))
        reader.close()
    assert counted[0] == counted[1]


def test_a_power_loss_at_any_moment_of_the_change_leaves_the_old_or_the_new_one(tmp_path):
    first, disk = tmp_path / "first", tmp_path / "disk"
    first.mkdir()
    written_by_version_1(first / "journal.sqlite")
    base = {file.name: file.read_bytes() for file in first.iterdir()}
    recorder = Recorder()
    vfs = RecordingDisk("migrating", recorder)
    SqliteJournal(first / "journal.sqlite").close()
    vfs.unregister()
    for cut in range(len(recorder.operations) + 1):
        image = crashed(recorder.operations, cut, None, base=base)
        put({name: body for name, body in image.items() if name.startswith("journal.sqlite")}, disk)
        # Renaming is not a write: at some of these moments the saved copy has its name already.
        journal = SqliteJournal(disk / "journal.sqlite")
        assert list(journal.read()) == everything(), f"cut {cut}"
        journal.close()
        reader = JournalReader(disk / "journal.sqlite")
        assert reader.troubles() == [], f"cut {cut}"
        reader.close()


def test_a_newer_journal_is_left_alone(tmp_path):
    path = tmp_path / "journal.sqlite"
    SqliteJournal(path).close()
    db = apsw.Connection(str(path))
    db.execute("PRAGMA user_version = 99")
    db.close()
    before = path.read_bytes()
    with pytest.raises(JournalFailed, match="another version"):
        SqliteJournal(path)
    assert path.read_bytes() == before
