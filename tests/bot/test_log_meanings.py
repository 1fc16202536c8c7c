"""Every event has a meaning, and no line has a field that docs/events.md does not name."""

import ast
from pathlib import Path

import pytest

from bot.log_meanings import MEANINGS
from bot.logs import LogEvent
from bot.step_log import StepLog
from domain.effects import CancelOrder
from domain.events import ClockTicked, OrderAccepted
from tests.bot.samples import AT, EFFECTS
from tests.bot.test_logs import written
from tests.bot.test_loop import a_loop

ALWAYS = {"exc_info"}  # becomes the field exception


def calls(repository: Path) -> list[tuple[str, LogEvent, set[str]]]:
    """Every log call that names its event: where, the event and the names of its fields."""
    found = []
    for path in sorted((repository / "bot").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and node.args):
                continue
            first = node.args[0]
            if isinstance(first, ast.Attribute) and ast.unparse(first.value) == "LogEvent":
                names = {word.arg for word in node.keywords if word.arg is not None}
                found.append((path.name, LogEvent[first.attr], names - ALWAYS))
    return found


def test_every_event_has_a_meaning_and_a_level():
    assert set(MEANINGS) == set(LogEvent)
    for meaning in MEANINGS.values():
        assert meaning.text.endswith(".")
        assert set(meaning.level.split()) <= {"info", "or", "warning", "error"}


def test_no_line_has_a_field_that_is_not_named(repository):
    found = calls(repository)
    assert len(found) > 40
    unnamed = [
        (where, event.value, sorted(names - set(MEANINGS[event].fields.split())))
        for where, event, names in found
        if "..." not in MEANINGS[event].fields.split()
        and names - set(MEANINGS[event].fields.split())
    ]
    assert unnamed == []


@pytest.mark.parametrize("event", list(LogEvent))
def test_every_event_is_used_somewhere(repository, event):
    sources = [
        path.read_text(encoding="utf-8")
        for path in (repository / "bot").rglob("*.py")
        if path.name != "log_meanings.py"
    ]
    assert any(f"LogEvent.{event.name}" in text for text in sources)


def test_a_turn_with_effects_is_one_line_that_names_them_all():
    stream = written("json")
    accepted = OrderAccepted(AT, "cb-1", 4711)
    effects = [*EFFECTS, CancelOrder("cb-9", "too late")]
    StepLog(lambda: 12).observe([accepted], effects, a_loop().desk)
    (line,) = stream.getvalue().splitlines()
    for word in ('"batch":12', '"12.', '"cb-9"]', '"perm_ids":{"cb-1":4711}'):
        assert word in line


def test_a_turn_without_effects_is_not_worth_a_line():
    stream = written("json")
    StepLog(lambda: 12).observe([ClockTicked(AT)], [], a_loop().desk)
    assert stream.getvalue() == ""
