"""What the commands accept and refuse, without starting anything."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from bot.cli import COMMANDS, Commands, app
from bot.journal.sqlite import SqliteJournal
from tests.bot.samples import AT, EFFECTS, EVENTS

runner = CliRunner()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--scenario", "nix"], "volmageddon"),
        (["--start", "2030-01-01"], "dates run from"),
        (["--start", "yesterday"], "not a date"),
        (["--speed", "fast"], "not a positive number"),
        (["--speed", "0"], "not a positive number"),
        (["--speed", "nan"], "not a positive number"),
    ],
)
def test_a_demo_that_cannot_be_played_ends_with_2_and_says_what_can(arguments, said):
    result = runner.invoke(app, ["demo", *arguments])
    assert result.exit_code == 2
    assert said in result.stderr


@pytest.mark.parametrize("port", ["4001", "7496"])
def test_a_live_port_is_refused_with_3_and_one_line(port):
    result = runner.invoke(app, ["run"], env={"CONDORBOT_BROKER__PORT": port})
    assert result.exit_code == 3
    assert len(result.stderr.splitlines()) == 1
    assert port in result.stderr


def test_a_live_account_in_the_configuration_is_refused_with_3(tmp_path):
    profile = tmp_path / "mine.toml"
    profile.write_text('[broker]\naccount = "U1234567"\n')
    result = runner.invoke(app, ["run", "--config", str(profile)])
    assert result.exit_code == 3


def test_every_error_of_a_bad_configuration_is_told_at_once(tmp_path):
    profile = tmp_path / "mine.toml"
    profile.write_text('[broker]\nprot = 4002\nclient_id = -1\n[log]\nlevel = "loud"\n')
    result = runner.invoke(app, ["run", "--config", str(profile)])
    assert result.exit_code == 2
    for path in ("broker.prot", "broker.client_id", "log.level"):
        assert path in result.stderr


def test_health_without_a_daemon_is_down(tmp_path):
    where = {"CONDORBOT_HEALTH__PATH": str(tmp_path / "health.json")}
    result = runner.invoke(app, ["health"], env=where)
    assert result.exit_code == 1
    assert result.stdout.startswith("down:")


def test_a_journal_that_does_not_exist_is_one_line_and_exit_1(tmp_path):
    result = runner.invoke(app, ["journal", "show", "--file", str(tmp_path / "none")])
    assert result.exit_code == 1
    assert "no such journal" in result.stderr


def test_a_journal_can_be_shown_and_filtered_while_it_is_being_written(tmp_path):
    path = tmp_path / "journal"
    journal = SqliteJournal(path)
    journal.begin_life("run", AT, "config", "policy")
    journal.append(EVENTS, EFFECTS)

    everything = runner.invoke(app, ["journal", "show", "-f", str(path), "--market"])
    fills = runner.invoke(app, ["journal", "export", "-f", str(path), "--kind", "OrderFilled"])
    journal.close()

    assert len(everything.stdout.splitlines()) == len(EVENTS) + len(EFFECTS)
    assert len(fills.stdout.splitlines()) == 1


def test_the_version_is_told():
    result = runner.invoke(app, ["--version"])
    assert result.exit_code == 0
    assert result.stdout.startswith("condorbot")


def test_a_halt_does_not_wait_for_the_study_and_the_simulator_to_be_imported() -> None:
    asked = (
        "import sys; from bot.cli import Commands; Commands()['halt'];"
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'study', 'sim', 'pandas'}))"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_can_be_made_under_its_own_name(name: str) -> None:
    command = Commands()[name]
    assert command.name == name
    assert command.get_short_help_str()
