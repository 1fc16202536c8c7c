"""`condorbot status`, `positions`, `orders` and `watch` show what the daemon's own desk says."""

import io
import json
import os
import pty
import select
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from rich.console import Console
from typer.testing import CliRunner

from bot.cli import app
from bot.cli import desk_blocks as blocks
from bot.cli.desk_now import Desktop, Now
from bot.cli.watch import screen
from bot.clock import SystemClock
from bot.glance import Glance
from bot.health import Health
from config.load import load_settings, session_calendar
from domain.desk import Desk
from domain.effects import RaiseAlert, Severity
from engine.views import Snapshot, snapshot
from tests.scenarios.demo.test_daemon import HOUR, Stage, play

pytestmark = pytest.mark.scenario
runner = CliRunner()
TICK = timedelta(seconds=60)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Desk]:
    """A journal in which a condor and its hedge were opened, and the desk that wrote it."""
    folder = tmp_path_factory.mktemp("views")

    async def story(stages):
        stages.append(stage := Stage(folder))
        _, loop = await stage.live(2.5 * HOUR)
        return loop.desk

    return folder / "journal.sqlite", play(story)


def shown(*arguments: str, code: int = 0, env: dict[str, str] | None = None) -> str:
    result = runner.invoke(app, [*arguments], env=env)
    assert result.exit_code == code, result.output
    return result.output


def of(journal: Path, *arguments: str) -> str:
    return shown(*arguments, "-c", "demo", "--journal", str(journal))


def test_a_glance_is_the_daemons_own_desk(lived):
    journal, desk = lived
    glance = Glance(journal, session_calendar())
    seen = snapshot(glance.look(), load_settings("demo").policy())
    glance.close()
    own = snapshot(desk, load_settings("demo").policy())
    other = [n for n in Snapshot.__slots__ if getattr(seen, n) != getattr(own, n)]
    assert other in ([], ["at"])  # the last tick of the clock may not be written any more
    assert abs(datetime.fromisoformat(seen.at) - datetime.fromisoformat(own.at)) <= TICK
    assert own.condors
    assert glance.decisions


def test_a_second_look_costs_nothing_and_says_the_same(lived):
    journal, _ = lived
    glance = Glance(journal, session_calendar())
    first = glance.look()
    assert glance.look() == first
    glance.close()


def test_status_is_one_screen_with_what_matters(lived):
    text = of(lived[0], "status")
    assert len(text.splitlines()) <= 24
    for word in ("trading active", "SPX", "VIX", "hedge share", "of at most 40.0 %", "NLV"):
        assert word in text


def test_positions_names_every_condor_and_call_with_its_strikes(lived):
    journal, desk = lived
    text = of(journal, "positions")
    (condor,) = snapshot(desk, load_settings("demo").policy()).condors
    assert f"{condor.strikes[0]:g}/{condor.strikes[1]:g}P" in text
    assert all(t.contract.label in text for t in desk.book.open_tranches)
    assert all(layer in text for layer in ("L1", "L2a", "L2b", "L2c"))


@pytest.mark.parametrize("command", ["status", "positions", "orders"])
def test_json_is_one_object_with_the_same_facts(lived, command):
    told = json.loads(of(lived[0], command, "--json"))
    assert told["state"] == "recorded"
    assert datetime.fromisoformat(told["at"]) <= lived[1].now
    if command != "orders":
        assert len(told["condors"]) == 1
        assert told["hedge_cap"] == 0.4
    else:
        assert told["uncertain"] == []


def test_no_journal_ends_with_1_and_says_where_it_looked(tmp_path):
    result = runner.invoke(app, ["status", "--journal", str(tmp_path / "none.sqlite")])
    assert result.exit_code == 1
    assert "none.sqlite" in result.stderr


def test_other_rules_and_a_control_file_are_pointed_out(lived, tmp_path):
    journal, _ = lived
    assert "other rules" in shown("status", "-c", "paper", "--journal", str(journal))
    control = tmp_path / "control.json"
    control.write_text("{}", encoding="utf-8")
    env = {"CONDORBOT_JOURNAL__PATH": str(journal), "CONDORBOT_CONTROL__PATH": str(control)}
    env["CONDORBOT_HEALTH__PATH"] = str(tmp_path / "health.json")
    text = shown("status", "-c", "demo", env=env)
    assert text.startswith("DOWN")
    assert "nothing is opened until it is gone" in " ".join(text.split())


def now_with(journal: Path, **changes: object) -> Now:
    desktop = Desktop("demo", journal)
    now = desktop.look()
    desktop.close()
    return replace(now, **changes)


def drawn(now: Now, width: int, height: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=height, highlight=False)
    console.print(screen(now, console))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize("size", [(200, 60), (100, 40), (80, 24), (40, 12), (20, 6)])
def test_watch_never_draws_more_lines_than_the_screen_has(lived, size):
    width, height = size
    lines = drawn(now_with(lived[0]), width, height)
    assert all(len(line) <= width for line in lines)
    if height >= 12:
        assert len(lines) <= height
    assert any("q ends" in line or "too small" in line for line in lines)


def test_a_small_screen_says_that_there_are_alerts_and_what_it_leaves_out(lived):
    now = now_with(lived[0])
    alarmed = replace(now, view=replace(now.view, alerts=("margin_low",)))
    lines = drawn(alarmed, 80, 10)
    assert "1 ALERT" in lines[0]
    assert "screen too small for:" in lines[-1]


def test_words_of_strangers_cannot_drive_the_terminal(lived):
    now = now_with(lived[0])
    at = datetime(2018, 1, 16, tzinfo=UTC)
    nasty = RaiseAlert(at, "broker_lost", Severity.WARNING, "a\x1b[2Jb\rc\u202ed")
    alarmed = replace(now, alerts=(nasty,), view=replace(now.view, alerts=("broker_lost",)))
    text = "\n".join(drawn(alarmed, 100, 60))
    assert "\x1b" not in text
    assert "\\x1b[2Jb\\rc\\u202ed" in text


@pytest.mark.parametrize("key", [b"q", b"\x03"])
def test_watch_ends_cleanly_and_gives_the_terminal_back(lived, repository, key):
    command = [sys.executable, "-m", "bot", "watch", "-c", "demo", "--journal", str(lived[0])]
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(repository)
        os.execve(sys.executable, command, {**os.environ, "TERM": "xterm-256color"})
    seen, asked = b"", False
    while select.select([terminal], [], [], 60.0)[0]:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # the other side closed, as Linux says it
            break
        if not piece:
            break
        seen += piece
        if not asked and b"hedge share" in seen:
            os.write(terminal, key)
            asked = True
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0
    assert b"\x1b[?1049h" in seen
    assert seen.rstrip().endswith(b"\x1b[?1049l"), "the screen that was there before comes back"


def test_without_a_terminal_watch_refuses_and_names_the_way_out(lived):
    result = runner.invoke(app, ["watch", "-c", "demo", "--journal", str(lived[0])])
    assert result.exit_code == 2
    assert "--once" in result.stderr
    assert "hedge share" in of(lived[0], "watch", "--once")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "never"),
        (0, "0 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7200, "2 h"),
        (172800, "2 days"),
    ],
)
def test_ages_are_said_in_the_unit_one_would_use(seconds, said):
    assert blocks.age(seconds) == said


def test_a_daemon_that_reports_is_ready_or_says_what_it_lacks(lived, tmp_path):
    health = tmp_path / "health.json"
    env = {"CONDORBOT_JOURNAL__PATH": str(lived[0]), "CONDORBOT_HEALTH__PATH": str(health)}
    report = Health(SystemClock().now(), "r1", 0.0, broker_ready=False, data_age_s=None,
                    trading_state="active")  # fmt: skip

    health.write_bytes(msgspec.json.encode(report))
    text = shown("status", "-c", "demo", env=env)
    assert text.startswith("NOT READY")
    assert "the broker is not ready" in text
    old = msgspec.structs.replace(report, at=report.at - timedelta(hours=1))
    health.write_bytes(msgspec.json.encode(old))
    assert "no report for" in shown("status", "-c", "demo", env=env)
