"""A saved desk spares the fold of what came before it; against the records it is not believed."""

import subprocess
import sys
from dataclasses import replace
from datetime import date

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.journal import checkpoints
from bot.journal.codec import decode, encode, is_fleeting
from bot.journal.desk_codec import (
    FOLD_PACKAGES,
    LEFT_OUT,
    decode_desk,
    encode_desk,
    fingerprint,
    fitting,
)
from bot.journal.reading import JournalReader, as_json_line
from bot.journal.sqlite import SqliteJournal
from bot.recovery import (
    DeskKeeper,
    applied,
    checkpoint_troubles,
    first_desk,
    folded,
    recovered,
)
from config.load import session_calendar
from domain.desk import Desk
from domain.events import HaltRequested
from tests.bot.samples import AT, EFFECTS, EVENTS

CALENDAR = session_calendar()
FIRST = first_desk(CALENDAR)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.sqlite"


def begun(path) -> SqliteJournal:
    journal = SqliteJournal(path)
    journal.begin_life("test", AT, "config", "policy")
    return journal


def written(path, batches, saves=()):
    """A journal of ``batches``, the desk saved after those whose numbers are in ``saves``, and the
    process killed.
    """
    journal = begun(path)
    keeper = DeskKeeper(journal, FIRST, CALENDAR, sys.maxsize)
    for number, (events, effects) in enumerate(batches):
        journal.append(events, effects)
        keeper.observe(events, effects, keeper.desk)
        if number in saves:
            keeper.save()
    journal._db.close()
    journal._db = apsw.Connection(":memory:")
    journal._failed = True
    journal.close()


def durable(events, effects):
    """The records of a batch as they come back."""
    records = [*(event for event in events if not is_fleeting(event)), *effects]
    return [decode(*encode(record)) for record in records]


def came_back(path):
    """What a life that starts now knows, and what all records fold to."""
    journal = SqliteJournal(path)
    try:
        return recovered(journal, CALENDAR), folded(FIRST, journal.read())[0]
    finally:
        journal.close()


def same(one: Desk, other: Desk) -> bool:
    """Also in what equality does not see: the order of mappings, the spelling of decimals."""
    return one == other and encode_desk(one) == encode_desk(other)


def change(path, sql, *values):
    db = apsw.Connection(str(path))
    db.execute(sql, values)
    db.close()


def test_every_kind_of_record_survives_saving(path):
    written(path, [(EVENTS, EFFECTS)], {0})
    past, full = came_back(path)
    assert (past.batch, past.records) == (2, 0)
    assert same(past.desk, full)
    assert past.desk.orders
    assert past.desk.chains
    assert past.desk.refused


def test_the_desk_is_the_same_whichever_saved_desk_it_starts_from(lived, path):
    """At every single batch of a session that traded."""
    journal, full, looked = begun(path), FIRST, 0
    keeper = DeskKeeper(journal, FIRST, CALENDAR, every=1)
    for events, effects in lived:
        journal.append(events, effects)
        keeper.observe(events, effects, keeper.desk)
        full, count = folded(full, durable(events, effects))
        if count:
            newest = next(journal.checkpoints())
            assert same(decode_desk(newest.body, FIRST), full), f"batch {newest.batch}"
            looked += 1
    past = recovered(journal, CALENDAR)
    assert same(past.desk, full)
    assert past.records == 0
    journal.close()
    assert looked > 50
    assert full.book.fills, "a session without an execution proves little"


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_life_killed_anywhere_comes_back_to_the_fold_of_its_records(
    lived, tmp_path_factory, data
):
    path = tmp_path_factory.mktemp("killed") / "journal.sqlite"
    length = data.draw(st.integers(1, len(lived)))
    saves = data.draw(st.sets(st.integers(0, length - 1), max_size=6))
    written(path, lived[:length], saves)
    past, full = came_back(path)
    assert same(past.desk, full)
    assert not past.refused
    again, _ = came_back(path)
    assert same(again.desk, full), "to recover twice is to recover once"


def test_a_desk_under_another_session_table_is_passed_over(lived, path):
    written(path, lived[:200], {100})
    longer = replace(CALENDAR, closures=CALENDAR.closures | {date(2018, 2, 15)})
    journal = SqliteJournal(path)
    past = recovered(journal, longer)
    journal.close()
    assert (past.batch, past.refused) == (0, False)
    assert past.records > 0


def test_a_body_that_the_chain_does_not_vouch_for_is_passed_over_and_told(lived, path):
    written(path, lived[:200], {100})
    change(path, "UPDATE checkpoint SET body = x'00'")
    past, full = came_back(path)
    assert past.batch == 0
    assert same(past.desk, full)
    reader = JournalReader(path)
    assert "is not what the chain says" in reader.troubles()[0]
    reader.close()


def test_saved_desks_that_contradict_the_records_lose_and_are_told(lived, path):
    """A bug could save a wrong desk with a right digest: the records win."""
    journal = begun(path)
    keeper = DeskKeeper(journal, FIRST, CALENDAR, every=sys.maxsize)
    assert len(lived) > 100
    for number, (events, effects) in enumerate(lived[:120]):
        journal.append(events, effects)
        keeper.observe(events, effects, keeper.desk)
        if number == 40:
            keeper.save()
        if number == 80:
            keeper.desk = applied(keeper.desk, HaltRequested(keeper.desk.now, "nobody", "a bug"))
            keeper.save()
    journal.close()
    past, full = came_back(path)
    assert (past.batch, past.refused) == (0, True)
    assert same(past.desk, full)
    reader = JournalReader(path)
    assert reader.troubles() == []
    (trouble,) = checkpoint_troubles(reader.rows(), CALENDAR)
    assert "is not what its records fold to" in trouble
    reader.close()


def test_a_desk_that_missed_a_record_cannot_be_saved(lived, path):
    journal = begun(path)
    keeper = DeskKeeper(journal, FIRST, CALENDAR, every=sys.maxsize)
    for events, effects in lived[:50]:
        journal.append(events, effects)
        keeper.observe(events, effects, keeper.desk)
    journal.append([HaltRequested(AT, "operator", "unseen")], ())
    with pytest.raises(ValueError, match="cannot stand for"):
        keeper.save()
    journal.close()


def test_few_bodies_are_kept_but_every_digest(lived, path):
    saves = set(range(20, 120, 10))
    written(path, lived[:150], saves)
    reader = JournalReader(path)
    heads = [row for row in reader.rows() if row.kind == checkpoints.KIND]
    assert reader.count("checkpoint") == 3 < len(heads)
    assert b'"what":"checkpoint"' in as_json_line(heads[0])
    assert reader.troubles() == []
    assert checkpoint_troubles(reader.rows(), CALENDAR) == []
    reader.close()


def test_the_fingerprint_covers_whatever_the_fold_imports():
    code = "import engine.fold, sys; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    ours = {"bot", "study", "config", "engine", "strategies", "risk", "sim", "domain"}
    modules = loaded.stdout.decode().split()
    assert "engine.policy" not in modules, "policies may change between lives"
    packages = {name.split(".")[0] for name in modules}
    assert packages & ours == set(FOLD_PACKAGES)


def test_another_word_anywhere_is_another_fingerprint():
    parts = [("calendar", b"a"), ("domain/book.py", b"b")]
    assert fingerprint(parts) == fingerprint(list(parts))
    assert fingerprint(parts) != fingerprint([("calendar", b"a"), ("domain/book.py", b"c")])
    assert fingerprint(parts) != fingerprint([("calendar", b"ab"), ("domain/book.py", b"")])
    other = replace(CALENDAR, closures=CALENDAR.closures | {date(2018, 2, 15)})
    assert fitting(CALENDAR) != fitting(other)


def test_what_is_left_out_is_never_touched_by_a_record(lived):
    records = [record for batch in lived for record in durable(*batch)]
    desk, _ = folded(FIRST, [*records, *durable(EVENTS, EFFECTS)])
    for name in LEFT_OUT:
        assert getattr(desk, name) == getattr(FIRST, name), name
