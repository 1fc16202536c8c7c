"""Books on paper beside a whole daemon: the live book trades as it would without them, and what
they did can be read back from the journal alone.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.hindsight import look_back
from bot.journal.reading import JournalReader
from bot.journal.sqlite import SqliteJournal
from bot.recovery import recovered
from config.load import load_settings, session_calendar
from domain.effects import Effect, RecordDecision
from engine.paper_reports import TOPIC
from risk.liquidity import TOPIC as LIQUIDITY
from tests.bot.samples import AT

pytestmark = pytest.mark.scenario

BOOKS = ("U", "CNDR")
ORDERS = ("PlaceOrder", "AskMargin", "ModifyLimit", "CancelOrder")


def demo(repository: Path, file: Path, **environment: str) -> Path:
    command = [sys.executable, "-m", "bot", "demo", "--speed", "max", "--days", "2"]
    kept = {k: v for k, v in os.environ.items() if not k.startswith("CONDORBOT_")}
    done = subprocess.run(
        [*command, "--journal", str(file)],
        cwd=repository, env={**kept, **environment}, capture_output=True, text=True, check=False,
        timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return file


@pytest.fixture(scope="module")
def beside(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("shadow") / "beside.sqlite"
    books = json.dumps(BOOKS)
    return demo(repository, file, CONDORBOT_SHADOW__ENABLED="true", CONDORBOT_SHADOW__BOOKS=books)


def effects(file: Path) -> list[Effect]:
    """Orders, and what was decided about the live book. Statistics of liquidity left out: when a
    line stays open for a book on paper, quotes of it may be counted in another minute.
    """
    reader = JournalReader(file)
    try:
        records = list(reader.records())
    finally:
        reader.close()
    return [
        record
        for record in records
        if type(record).__name__ in ORDERS
        or (isinstance(record, RecordDecision) and record.topic not in (TOPIC, LIQUIDITY))
    ]


def test_the_live_book_does_the_same_with_and_without_them(
    repository: Path, beside: Path, tmp_path: Path
) -> None:
    alone = effects(demo(repository, tmp_path / "alone.sqlite"))
    assert alone
    assert effects(beside) == alone


def test_recorded_turns_are_decided_alike_again(beside: Path) -> None:
    past = look_back(beside, session_calendar(), load_settings("demo").policy())
    assert past.differences == 0
    assert set(past.desk.shadows) == set(BOOKS)
    assert len(past.desk.shadows["U"].days) == 2


def test_the_next_life_finds_every_book_as_it_was_reported(beside: Path) -> None:
    told = look_back(beside, session_calendar(), load_settings("demo").policy()).desk.shadows
    journal = SqliteJournal(beside)
    try:
        journal.begin_life("next", AT, "config", "policy")
        desk = recovered(journal, session_calendar()).desk
    finally:
        journal.close("clean")
    assert desk.shadows == told


def test_the_command_shows_books_and_how_little_they_prove(beside: Path) -> None:
    runner = CliRunner()
    shown = runner.invoke(app, ["shadow", "--journal", str(beside), "-c", "demo"])
    assert shown.exit_code == 0, shown.output
    assert all(name in shown.output for name in BOOKS)
    assert "undecidable" in shown.output
    told = runner.invoke(app, ["shadow", "--journal", str(beside), "-c", "demo", "--json"])
    found = json.loads(told.output)
    assert [book["name"] for book in found["books"]] == list(BOOKS)
    assert found["verdict"]["ruling"] == "undecidable"
    assert found["verdict"]["days"] == 1
