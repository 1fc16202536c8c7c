"""`condorbot logs`: found by order, decision, level, event and time; nothing is lost on the way."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.log_reading import Wanted, as_json, as_text, parsed

runner = CliRunner()
REF = "cb-condor-20180116-1"
LINES = [
    {"ts": "2018-01-16T16:00:00.000Z", "level": "info", "event": "decision.approved",
     "topic": "condor.entry", "text": "balanced", "order_ref": REF, "run_id": "r1"},
    {"ts": "2018-01-16T16:00:00.000Z", "level": "info", "event": "step.taken", "batch": 285,
     "decisions": ["285.1 condor.entry approved", "285.2 hedge.build.L2a skipped"],
     "placed": [REF], "perm_ids": {REF: 77}, "run_id": "r1"},
    {"ts": "2018-01-16T16:01:00.000Z", "level": "warning", "event": "order.rejected",
     "order_ref": "cb-hedge-20180116-2", "code": 201, "reason": "no = a b", "run_id": "r2"},
    {"ts": "2018-01-16T16:02:00.000Z", "level": "error", "event": "process.failed",
     "exception": "Traceback\n  line", "run_id": "r2"},
]  # fmt: skip


TIMEOUT = pytest.mark.timeout(30)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in LINES), encoding="utf-8")
    return path


def places(**wanted: object) -> list[int]:
    return [place for place, line in enumerate(LINES) if Wanted(**wanted).takes(line)]


def at(minute: int) -> datetime:
    return datetime(2018, 1, 16, 16, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, [0, 1, 2, 3]),
        ({"order": REF}, [0, 1]),
        ({"order": "77"}, [1]),
        ({"order": "cb-condor"}, []),
        ({"decision": "285.2"}, [1]),
        ({"decision": "285"}, []),
        ({"decision": "condor.entry"}, [0, 1]),
        ({"decision": "hedge.build"}, [1]),
        ({"decision": "hedge.bui"}, []),
        ({"level": "warning"}, [2, 3]),
        ({"level": "critical"}, []),
        ({"event": "order"}, [2]),
        ({"event": "order.rejected"}, [2]),
        ({"event": "ord"}, []),
        ({"run": "r1"}, [0, 1]),
        ({"text": "BALANCED"}, [0]),
        ({"since": at(1)}, [2, 3]),
        ({"until": at(1)}, [0, 1]),
        ({"since": at(1), "until": at(2)}, [2]),
        ({"order": REF, "event": "step"}, [1]),
    ],
)
def test_every_filter_finds_its_lines_and_no_others(wanted, found):
    assert places(**wanted) == found


def test_a_line_that_is_no_json_is_shown_as_it_is_and_prefixes_are_left_out():
    rows = [
        b"plain words\n", b"\n", b"Nov 22 host bot[1]: " + json.dumps(LINES[2]).encode(),
        b'{"half": ', b"[1, 2]\n", b"\xff\xfe\n",
    ]  # fmt: skip
    events = [line["event"] for line in parsed(rows)]
    assert events == ["text", "order.rejected", "text", "text", "text"]


def test_a_line_of_text_is_one_line_whatever_stands_in_it():
    text = as_text(LINES[3])
    assert "\n" not in text
    assert "Traceback\\n  line" in text
    assert text.startswith("2018-01-16 16:02:00Z error    process.failed")
    assert 'reason="no = a b"' in as_text(LINES[2])
    assert "\x1b" not in as_text({"event": "x", "text": "\x1b[2J"})


def test_json_lines_come_out_as_they_went_in():
    assert json.loads(as_json(LINES[1])) == LINES[1]


def test_query_prints_what_it_finds_and_its_status_says_whether(file):
    found = runner.invoke(app, ["logs", "query", str(file), "--order", REF, "--json"])
    assert found.exit_code == 0
    assert [json.loads(line) for line in found.stdout.splitlines()] == LINES[:2]
    none = runner.invoke(app, ["logs", "query", str(file), "--order", "nobody"])
    assert (none.exit_code, none.stdout) == (1, "")


def test_query_reads_what_is_piped_in(file):
    piped = runner.invoke(app, ["logs", "query", "--level", "error"], input=file.read_text())
    assert piped.exit_code == 0
    assert "process.failed" in piped.stdout


def test_times_are_of_new_york_or_an_age(file):
    since = runner.invoke(app, ["logs", "query", str(file), "--since", "2018-01-16T11:01"])
    assert len(since.stdout.splitlines()) == 2
    assert runner.invoke(app, ["logs", "query", str(file), "--since", "2h"]).exit_code == 1
    wrong = runner.invoke(app, ["logs", "query", str(file), "--since", "noon"])
    assert wrong.exit_code == 2
    assert "15m" in wrong.stderr


def test_a_file_that_is_not_there_ends_with_2(tmp_path):
    result = runner.invoke(app, ["logs", "query", str(tmp_path / "none")])
    assert result.exit_code == 2


def test_tail_begins_with_the_last_lines(file):
    result = runner.invoke(app, ["logs", "tail", str(file), "-n", "2", "--no-follow", "--json"])
    assert [json.loads(line) for line in result.stdout.splitlines()] == LINES[2:]


@TIMEOUT
def test_tail_follows_over_a_rotation_and_ends_with_ctrl_c(file, repository):
    command = [sys.executable, "-m", "bot", "logs", "tail", str(file), "-n", "1", "--json"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, cwd=repository, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline()) == LINES[3]
        with file.open("a", encoding="utf-8") as more:
            more.write(json.dumps(LINES[0]) + "\n")
        assert json.loads(process.stdout.readline()) == LINES[0]
        file.rename(file.with_suffix(".1"))
        file.write_text(json.dumps(LINES[2]) + "\n", encoding="utf-8")
        assert json.loads(process.stdout.readline()) == LINES[2]
        process.send_signal(2)
        assert process.wait(30) == 0
