"""One life of the daemon after the other: what a crash may not change, and who may live at once."""

import subprocess
import sys
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.journal.anchor import Anchor
from bot.journal.database import open_to_write
from bot.journal.failures import JournalFailed, JournalInUse
from bot.journal.sqlite import SqliteJournal
from bot.recovery import applied, first_desk, folded, recovered
from config.load import session_calendar
from domain.events import HaltRequested, QuoteUpdated
from engine.fold import fold_quotes
from tests.bot.journal.test_checkpoints import durable, written
from tests.bot.samples import AT

CALENDAR = session_calendar()
FIRST = first_desk(CALENDAR)
# Positions, working orders, budgets and states; not prices, and not when something was last heard.
COUNTS = (
    "book", "orders", "account", "tally", "regime", "trading", "trading_why", "deficits", "alerts",
    "mismatched", "broker_positions", "margin_answers", "closes", "chains", "futures", "hours",
)  # fmt: skip
TELLING = ("PlaceOrder", "OrderFilled", "OrderSubmitted")


def counting(desk):
    return {name: getattr(desk, name) for name in COUNTS}


def lived_on(desk, batches):
    """The desk after more batches, prices and ticks included, as the loop folds them."""
    for events, effects in batches:
        quotes = [event for event in events if isinstance(event, QuoteUpdated)]
        desk = fold_quotes(desk, quotes)
        for record in (*events, *effects):
            if not isinstance(record, QuoteUpdated):
                desk = applied(desk, record)
    return desk


@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_a_life_that_goes_on_after_a_crash_ends_where_one_without_it_does(
    lived, tmp_path_factory, data
):
    """Against the same history of the broker, prices and ticks of later hours included."""
    path = tmp_path_factory.mktemp("crashed") / "journal.sqlite"
    crash = data.draw(st.integers(1, len(lived) - 1))
    written(path, lived[:crash], data.draw(st.sets(st.integers(0, crash - 1), max_size=3)))
    journal = SqliteJournal(path)
    crashed = recovered(journal, CALENDAR).desk
    journal.close()
    crashed, steady = lived_on(crashed, lived[crash:]), lived_on(FIRST, lived)
    assert counting(crashed) == counting(steady)
    assert steady.book.fills
    assert steady.tally.sent


def test_a_recovery_that_forgot_one_record_would_be_seen(lived):
    """The property above has teeth: every record of an order or execution makes a difference."""
    records = [record for batch in lived for record in durable(*batch)]
    whole, _ = folded(FIRST, records)
    telling = [number for number, record in enumerate(records) if type(record).__name__ in TELLING]
    unseen = [
        records[number]
        for number in telling
        if counting(folded(FIRST, records[:number] + records[number + 1 :])[0]) == counting(whole)
    ]
    assert {type(records[number]).__name__ for number in telling} == set(TELLING)
    assert len(telling) > 8
    assert all(type(record).__name__ == "OrderSubmitted" for record in unseen), unseen


def test_a_recovery_that_took_a_record_twice_would_be_seen(lived):
    records = [record for batch in lived for record in durable(*batch)]
    whole, _ = folded(FIRST, records)
    placed = next(n for n, record in enumerate(records) if type(record).__name__ == "PlaceOrder")
    twice, _ = folded(FIRST, [*records[: placed + 1], *records[placed:]])
    assert counting(twice) != counting(whole)


def test_another_history_with_a_chain_of_its_own_is_refused_by_the_anchor(lived, tmp_path):
    path, anchor = tmp_path / "journal.sqlite", Anchor(tmp_path / "anchor", every=timedelta(0))
    journal = SqliteJournal(path, anchor=anchor)
    for events, effects in lived[:60]:
        journal.append(events, effects)
    journal.close()
    path.unlink()
    forged = SqliteJournal(path)
    for events, effects in lived[:60]:
        forged.append([*events, HaltRequested(AT, "nobody", "forged")], effects)
    forged.close()

    with pytest.raises(JournalFailed, match="does not hold batch"):
        SqliteJournal(path, anchor=anchor)
    SqliteJournal(path).close()  # its own chain is whole: only the anchor knows better


HOLDER = """
import pathlib, sys
from bot.journal.sqlite import SqliteJournal
journal = SqliteJournal(pathlib.Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_process_is_refused_until_the_first_is_gone_however_it_went(tmp_path):
    path = tmp_path / "journal.sqlite"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"held\n"
        before = path.stat()
        with pytest.raises(JournalInUse, match="in use"):
            SqliteJournal(path)
        assert path.stat() == before, "it was not even touched"
        # What the lock is there for: the database itself would let a second daemon in.
        open_to_write(path).close()
        first.kill()
    SqliteJournal(path).close()
