"""The switches on the command line."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app

pytestmark = pytest.mark.scenario

ROOT = Path(__file__).parents[2]


def test_a_demo_with_faults_keeps_its_promises(tmp_path):
    file = tmp_path / "faults.toml"
    file.write_text('[[fault]]\nname = "drop"\nhow = "rst"\nat = "11:00"\n', encoding="utf-8")
    journal = tmp_path / "demo.sqlite"
    command = [
        "demo", "--days", "1", "--speed", "max", "--seed", "3", "--journal", str(journal),
        "--fault", "exec_dup", "--fault", "status_reorder", "--fault", "split=50,times=20",
        "--faults", str(file),
    ]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "bot", *command],
        cwd=ROOT, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


@pytest.mark.parametrize("command", ["demo", "gateway"])
@pytest.mark.parametrize(
    "arguments",
    [["--fault", "no_such_fault"], ["--fault", "drop=sideways"], ["--faults", "nowhere.toml"]],
    ids=["unknown", "wrong", "no file"],
)
def test_a_fault_that_does_not_exist_is_refused_with_a_reason(command, arguments):
    done = CliRunner().invoke(app, [command, *arguments])
    assert done.exit_code == 2
    assert "fault" in done.output
