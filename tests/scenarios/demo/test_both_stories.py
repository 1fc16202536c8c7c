"""Both stories of the demo from end to end, as a user runs them: every mechanism at work."""

import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.hindsight import look_back
from bot.journal.reading import JournalReader
from config.load import load_settings, session_calendar
from domain.effects import RecordDecision, Verdict
from engine.explain import explain
from tests.scenarios.explained import agrees

pytestmark = [pytest.mark.scenario, pytest.mark.long, pytest.mark.timeout(1500)]
CAP_FIELDS = {"cap", "used", "asked", "granted"}
SHOWN = (
    "4.2.entry", "4.3.stop", "4.3.profit", "4.4.build", "4.4.roll", "4.5.trim",
    "4.6.ladder", "4.6.press", "4.6.redeploy",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Story:
    journal: Path
    status: int
    printed: str
    decisions: tuple[RecordDecision, ...]


@pytest.fixture(scope="module")
def stories(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Story, ...]:
    folder = tmp_path_factory.mktemp("stories")
    command = [sys.executable, "-m", "bot", "demo", "--speed", "max", "--scenario"]
    running = []
    for name in ("volmageddon", "december-2018"):
        journal = folder / f"{name}.sqlite"
        told = (folder / f"{name}.txt").open("w+", encoding="utf-8")
        running.append((journal, told, subprocess.Popen(
            [*command, name, "--journal", str(journal)],
            cwd=repository, stdout=told, stderr=subprocess.STDOUT,
        )))  # fmt: skip
    found = []
    for journal, told, process in running:
        status = process.wait()
        told.seek(0)
        found.append(Story(journal, status, told.read(), tuple(decided(journal))))
        told.close()
    return tuple(found)


def decided(journal: Path) -> list[RecordDecision]:
    reader = JournalReader(journal)
    try:
        return [record for record in reader.records() if isinstance(record, RecordDecision)]
    finally:
        reader.close()


def approved(story: Story) -> list[RecordDecision]:
    return [each for each in story.decisions if each.verdict is Verdict.APPROVED]


def test_they_end_with_every_invariant_held(stories):
    for story in stories:
        assert story.status == 0, story.printed[-3000:]
        assert "invariants held" in story.printed.splitlines()[-1]


def test_build_roll_trim_harvest_and_redeploy_happen_each_with_its_rule_and_numbers(stories):
    seen = Counter()
    for decision in (each for story in stories for each in approved(story)):
        if decision.rule in SHOWN:
            assert decision.order_ref
            assert decision.text
            assert decision.inputs
            seen[decision.rule] += 1
    assert set(seen) == set(SHOWN)


def test_the_story_names_the_rule_of_every_order_of_the_hedge(stories):
    for story in stories:
        lines = [line for line in story.printed.splitlines() if "hedge" in line[:40]]
        sent = [line for line in lines if line[9:15].strip() == "order"]
        assert sent
        assert all(line.endswith(")") for line in sent), sent


def test_whatever_the_cap_judged_says_cap_used_asked_and_granted(stories):
    judged = [
        decision
        for story in stories
        for decision in approved(story)
        if decision.rule in ("4.4.build", "4.6.redeploy", "4.5.trim")
    ]
    assert len(judged) > 10
    for decision in judged:
        assert dict(decision.inputs).keys() >= CAP_FIELDS, decision.text


def test_explanations_agree_with_the_log_at_the_first_of_each_kind_of_decision(stories):
    policy, calendar = load_settings("demo").policy(), session_calendar()
    looked = 0
    for story in stories:
        firsts: dict[str, RecordDecision] = {}
        for decision in approved(story):
            firsts.setdefault(decision.rule, decision)
        for said in firsts.values():
            past = look_back(story.journal, calendar, policy, said.at)
            assert (past.priced, past.same_policy, past.differences) == (True, True, 0), said
            picture = explain(past.desk, policy, past.decisions)
            assert agrees(picture, said), said
            looked += 1
    assert looked >= 10


def test_another_telling_of_the_end_gives_the_same_picture(stories):
    """The desk at the end of each journal is the one the last line of the story speaks of."""
    policy, calendar = load_settings("demo").policy(), session_calendar()
    for story in stories:
        past = look_back(story.journal, calendar, policy)
        open_condors = len(past.desk.book.open_condors)
        closing = [line for line in story.printed.splitlines() if line.startswith("  16:15")][-1]
        assert f"condors {open_condors} " in closing
