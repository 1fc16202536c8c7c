"""`condorbot explain` and `condorbot kpi` on the journal of a short demo: they say what the log
says.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.cli.explain import gate_line, topic_line
from bot.hindsight import look_back
from bot.journal.reading import JournalReader
from config.load import load_settings, session_calendar
from domain.effects import RecordDecision, Verdict
from domain.session import new_york
from engine.explain import Topic, explain
from tests.scenarios.explained import agrees

pytestmark = pytest.mark.scenario


@pytest.fixture(scope="module")
def journal(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sessions, the first with an entry and its hedge."""
    file = tmp_path_factory.mktemp("explain") / "demo.sqlite"
    command = [sys.executable, "-m", "bot", "demo", "--speed", "max", "--days", "2"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CONDORBOT_")}
    done = subprocess.run(
        [*command, "--journal", str(file)],
        cwd=repository, env=environment, capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return file


def decisions(journal: Path) -> Iterator[RecordDecision]:
    reader = JournalReader(journal)
    try:
        yield from (r for r in reader.records() if isinstance(r, RecordDecision))
    finally:
        reader.close()


def instants(journal: Path) -> list[RecordDecision]:
    """Different things the log says about entries, the hedge and the regime, in order of time."""
    found: dict[tuple[str, str, str], RecordDecision] = {}
    for decision in decisions(journal):
        changed = decision.topic in ("regime", "curve", "condor.opened", "hedge.bought")
        judged = decision.topic.startswith(("condor.entry", "hedge.build"))
        if changed or (judged and decision.verdict is not Verdict.CHANGED):
            found.setdefault((decision.topic, decision.verdict, decision.text), decision)
    return list(found.values())


def test_explanations_agree_with_the_log_at_ten_instants(journal: Path) -> None:
    policy, calendar = load_settings("demo").policy(), session_calendar()
    chosen = instants(journal)
    assert len(chosen) >= 10
    for said in chosen[:: len(chosen) // 10][:10]:
        past = look_back(journal, calendar, policy, said.at)
        assert past.priced
        assert past.same_policy
        assert past.differences == 0
        picture = explain(past.desk, policy, past.decisions)
        assert agrees(picture, said), said
        assert said.topic in [decision.topic for decision in picture.decisions]


def test_replaying_a_day_gives_the_desk_that_folding_gives(journal: Path) -> None:
    policy, calendar = load_settings("demo").policy(), session_calendar()
    whole = look_back(journal, calendar, policy)
    last = list(decisions(journal))[-1]
    assert whole.differences == 0
    assert whole.desk.record.days[-1].on == new_york(last.at).date()
    assert len(whole.desk.record.days) == 2


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "100"})
    return result.exit_code, result.output


def test_the_command_says_in_words_why_not_and_ends_with_the_last_decisions(journal: Path) -> None:
    code, text = run("explain", "--journal", str(journal), "-c", "demo", "--at", "2018-01-17T12:00")
    assert code == 0
    assert "condor.entry: no, too soon after the last entry" in text
    assert text.index("shut    spacing") < text.index("open    window")
    assert "last decision on each topic" in text
    assert "note:" not in text


def test_a_time_of_day_is_of_the_last_day(journal: Path) -> None:
    code, text = run("explain", "--journal", str(journal), "-c", "demo", "--at", "12:00", "--json")
    assert code == 0
    told = json.loads(text)
    newest = new_york(datetime.fromisoformat(told["explanation"]["at"]))
    assert newest.strftime("%d %H:%M") in ("17 11:59", "17 12:00")  # its newest event
    assert told["doubts"] == []


def test_other_settings_than_the_daemons_are_admitted(journal: Path) -> None:
    code, text = run("explain", "--journal", str(journal), "-c", "paper", "--at", "11:00")
    assert code == 0
    assert "ran with other settings" in text


@pytest.mark.parametrize(
    ("at", "status"), [("tomorrow", 2), ("2018-01-17", 2), ("2017-01-17T12:00", 1)]
)
def test_a_time_that_cannot_be_looked_at_ends_with_its_reason(
    journal: Path, at: str, status: int
) -> None:
    code, _ = run("explain", "--journal", str(journal), "-c", "demo", "--at", at)
    assert code == status


def test_a_file_that_is_no_journal_is_refused(tmp_path: Path) -> None:
    assert run("explain", "--journal", str(tmp_path / "nothing"))[0] == 1


def test_figures_admit_how_little_is_behind_them(journal: Path) -> None:
    code, text = run("kpi", "--journal", str(journal), "-c", "demo")
    assert code == 0
    assert "2 recorded sessions" in text
    assert "2 of 63 needed" in text
    _, told = run("kpi", "--journal", str(journal), "-c", "demo", "--json")
    figures = {figure["name"]: figure for figure in json.loads(told)["figures"]}
    assert figures["mean_tenor"]["value"] > 0
    assert not figures["wacc"]["supported"]
    assert figures["expectancy"]["value"] is None


def test_without_prices_the_gates_are_unknown_and_the_reader_is_told(
    journal: Path, tmp_path: Path
) -> None:
    import apsw

    bare = tmp_path / "bare.sqlite"
    bare.write_bytes(journal.read_bytes())
    db = apsw.Connection(str(bare))
    db.execute("DELETE FROM market")
    db.close()
    code, text = run("explain", "--journal", str(bare), "-c", "demo", "--at", "12:00")
    assert code == 0
    assert "prices of that time are no longer in the journal (none)" in text
    assert "unknown" in text


def test_lines_are_plain() -> None:
    topic = Topic("condor.entry", "", ())
    assert topic_line(topic, ()) == "condor.entry: yes, every gate is open"
    assert topic.open
    from domain.gates import Gate
    from domain.orders import DenialCode

    gate = Gate("t", "stress", "4.1", False, "below 4", 5.0, 4.0, 12.0, "too high",
                DenialCode.STRESS_HIGH)  # fmt: skip
    assert gate_line(gate) == (
        "stress (4.1): below 4; is 5 against 4; 12 s old; too high; stress_high"
    )
