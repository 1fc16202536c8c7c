"""The power fails before any one of the journal's writes: nothing that was acknowledged is lost."""

import random
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from bot.journal.anchor import Anchor
from bot.journal.failures import JournalFailed
from bot.journal.reading import JournalReader
from bot.journal.sqlite import SqliteJournal
from bot.recovery import DeskKeeper, first_desk, folded
from bot.recovery import recovered as from_journal
from config.load import session_calendar
from domain.desk import Desk
from domain.effects import PlaceOrder
from tests.bot.journal.disk import Operation, Recorder, RecordingDisk, crashed, put
from tests.bot.samples import AT, after

DISK = "recording"
NAME = "journal.sqlite"
CALENDAR = session_calendar()


@dataclass
class Golden:
    """A run that nothing happened to: what it wrote, and what was acknowledged by when."""

    recorder: Recorder = field(default_factory=Recorder)
    records: list = field(default_factory=list)
    acknowledged: list[tuple[int, int]] = field(default_factory=list)  # operations, records
    heads: list[tuple[int, bytes]] = field(default_factory=list)

    @property
    def operations(self) -> list[Operation]:
        return self.recorder.operations

    def due(self, cut: int) -> int:
        """How many records must be there after a power loss before operation ``cut``."""
        return max((rows for done, rows in self.acknowledged if done <= cut), default=0)

    def note(self, cut: int) -> tuple[int, bytes] | None:
        """What an anchor on an honest disk remembers then."""
        known = [n for n, (done, _) in enumerate(self.acknowledged) if done <= cut]
        return self.heads[known[-1]] if known else None


@pytest.fixture(scope="module")
def batches(lived):
    """A part of it in which an order is placed."""
    ordering = [n for n, (_, effects) in enumerate(lived) if any_order(effects)]
    assert ordering, "a session without an order proves little"
    return lived[:12] + lived[ordering[0] - 10 : ordering[0] + 40]


def any_order(effects) -> bool:
    return any(isinstance(effect, PlaceOrder) for effect in effects)


@pytest.fixture(scope="module")
def golden(batches, tmp_path_factory):
    """Those batches in two lives, the first of which ends in order."""
    run, path = Golden(), tmp_path_factory.mktemp("golden") / NAME
    disk = RecordingDisk(DISK, run.recorder)
    half = len(batches) // 2
    for life, part in enumerate((batches[:half], batches[half:])):
        journal = SqliteJournal(path, lazy_s=5.0)
        journal.begin_life(f"life {life}", after(life * 86400), "config", "policy")
        keeper = DeskKeeper(journal, recovered_desk(journal), CALENDAR, every=45)
        for events, effects in part:
            journal.append(events, effects)
            keeper.observe(events, effects, keeper.desk)
            recorded = list(journal.read()) if events or effects else []
            run.acknowledged.append((len(run.operations), len(recorded)))
            run.heads.append((journal._chained_seq, journal._digest))
        run.records = list(journal.read())
        if life == 0:
            keeper.save()
        journal.close()
    disk.unregister()
    return run


def recovered(folder: Path, anchor: Anchor | None = None) -> list:
    """What a daemon that starts now reads; it dies before it has done anything else.

    The desk it would go on with is the fold of that, whatever was saved or half saved.
    """
    journal = SqliteJournal(folder / NAME, anchor=anchor)
    try:
        records = list(journal.read())
        assert recovered_desk(journal) == folded(first_desk(CALENDAR), records)[0]
        return records
    finally:
        journal.close()


def recovered_desk(journal: SqliteJournal) -> Desk:
    found = from_journal(journal, CALENDAR)
    assert not found.refused
    return found.desk


def test_the_golden_run_writes_syncs_truncates_and_deletes(golden):
    assert {op.kind for op in golden.operations} == {"write", "sync", "truncate", "delete"}
    assert len(golden.operations) > 150
    assert len(golden.records) > 40


@pytest.mark.timeout(240)
@pytest.mark.parametrize("left", ["nothing", "some", "other"])
def test_no_acknowledged_row_is_lost_at_any_write_whatever_is_left_of_the_unsynced(
    golden, tmp_path, left
):
    step, first = {"nothing": (1, 0), "some": (2, 0), "other": (2, 1)}[left]
    for cut in range(first, len(golden.operations) + 1, step):
        chance = None if left == "nothing" else random.Random(f"{left}/{cut}")
        put(crashed(golden.operations, cut, chance), tmp_path / "disk")

        found = recovered(tmp_path / "disk")

        assert found == golden.records[: len(found)], f"cut {cut}: not what was written"
        assert len(found) >= golden.due(cut), f"cut {cut}: acknowledged rows are lost"
        if cut % 3 == 0:
            assert recovered(tmp_path / "disk") == found, f"cut {cut}: recovered twice is not once"
        if cut % 10 < step:
            reader = JournalReader(tmp_path / "disk" / NAME)
            assert reader.troubles() == [], f"cut {cut}"
            reader.close()


@pytest.mark.timeout(240)
def test_a_power_loss_during_recovery_loses_nothing_either(golden, tmp_path):
    disk, chance, looked = tmp_path / "disk", random.Random("recovery"), 0
    for cut in range(5, len(golden.operations), 61):
        first = crashed(golden.operations, cut, chance)
        put(first, disk)
        recorder = Recorder()
        vfs = RecordingDisk(DISK, recorder)
        journal = SqliteJournal(disk / NAME)
        found = list(journal.read())
        journal.begin_life("again", AT, "config", "policy")
        journal.close("crashed")
        vfs.unregister()
        for again in range(len(recorder.operations) + 1):
            put(crashed(recorder.operations, again, chance, base=first), disk)
            assert recovered(disk) == found, f"cut {cut}, then {again}"
            looked += 1
    assert looked > 60


@pytest.mark.timeout(240)
def test_a_disk_that_lies_about_syncing_is_found_out_by_the_anchor(golden, tmp_path):
    """Without an anchor a lost tail is whole as far as it goes: only the broker knows better."""
    disk, silent, detected = tmp_path / "disk", 0, 0
    for cut in range(20, len(golden.operations) + 1, 4):
        chance = random.Random(f"lying/{cut}")
        image = crashed(golden.operations, cut, chance, lying_since=chance.randrange(cut))
        anchor = Anchor(tmp_path / "anchor")
        note = golden.note(cut)
        if note is not None:
            anchor.write(*note)
        put(image, disk)
        try:
            found = recovered(disk, anchor if note else None)
            assert len(found) >= golden.due(cut), f"cut {cut}: a loss was not noticed"
        except JournalFailed:
            detected += 1
            put(image, disk)
            with suppress(JournalFailed):
                silent += len(recovered(disk)) < golden.due(cut)
    assert detected > 20
    assert silent > 0, "these losses are invisible without the anchor"


def test_an_older_copy_in_the_journals_place_is_refused_until_the_anchor_is_moved(
    tmp_path, batches
):
    path, anchor = tmp_path / NAME, Anchor(tmp_path / "anchor", every=timedelta(0))
    journal = SqliteJournal(path, anchor=anchor)
    journal.append(*batches[0])
    journal.close()
    old = path.read_bytes()
    journal = SqliteJournal(path, anchor=anchor)
    for events, effects in batches[1:]:
        journal.append(events, effects)
    journal.close()
    recovered(tmp_path, anchor)

    path.write_bytes(old)

    with pytest.raises(JournalFailed, match="an older copy was put in its place"):
        recovered(tmp_path, anchor)
    anchor.path.rename(tmp_path / "moved away")
    recovered(tmp_path, anchor)
