"""The name of the code: the same for the same sources, and in every life of a journal."""

import re
from importlib.resources import files

from bot.journal.reading import JournalReader
from bot.journal.sqlite import SqliteJournal
from config.build import PACKAGES, build_identity, fingerprint, package_version, sources_below
from tests.bot.samples import AT, after


def test_it_is_the_version_and_twelve_digits_of_the_sources(repository):
    found = re.fullmatch(r"(.+)\+src\.([0-9a-f]{12})", build_identity())
    assert found
    assert found[1] == package_version()
    by_hand = [
        (str(path.relative_to(repository)), path.read_bytes())
        for package in PACKAGES
        for path in (repository / package).rglob("*.py")
    ]
    assert fingerprint(sorted(by_hand))[:12] == found[2]


def test_every_package_that_decides_has_a_part_in_it():
    names = {name for package in PACKAGES for name, _ in sources_below(files(package), package)}
    for name in ("bot/broker/sending.py", "engine/fold.py", "risk/checks.py", "domain/book.py"):
        assert name in names
    assert not any(name.startswith(("sim/", "study/", "tests/")) for name in names)


def test_a_word_more_anywhere_is_another_program():
    one = [("engine/fold.py", b"a"), ("risk/checks.py", b"b")]
    assert fingerprint(one) != fingerprint([("engine/fold.py", b"a"), ("risk/checks.py", b"b ")])
    assert fingerprint(one) != fingerprint([("engine/fold.py", b"ab"), ("risk/checks.py", b"")])


def test_a_journal_says_which_code_decided_in_each_life(tmp_path):
    path = tmp_path / "journal.sqlite"
    for number, build in enumerate(("0.1.0+src.aaaaaaaaaaaa", "0.2.0+src.bbbbbbbbbbbb")):
        journal = SqliteJournal(path)
        journal.begin_life(f"run {number}", after(number), "config", "policy", build)
        journal.close("clean")
    lives = JournalReader(path).lives()
    assert [life["build"] for life in lives] == ["0.1.0+src.aaaaaaaaaaaa", "0.2.0+src.bbbbbbbbbbbb"]
    assert lives[0]["started_at"] == AT.isoformat()
