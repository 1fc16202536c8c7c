"""The demo and the study are one engine: their journals, decided again, come out the same."""

import subprocess
import sys
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.cli.redecide import lives
from config.load import load_settings
from domain.effects import PlaceOrder, RecordDecision
from study.redecide import redecided

pytestmark = pytest.mark.scenario


@pytest.fixture(scope="module")
def journals(tmp_path_factory, request):
    """Two sessions of the same market: lived by the daemon, and by the study."""
    folder = tmp_path_factory.mktemp("parity")
    demo = [sys.executable, "-m", "bot", "demo", "--speed", "max", "--days", "2", "--seed", "7"]
    lived = subprocess.run(
        [*demo, "--journal", str(folder / "demo.sqlite")],
        cwd=request.getfixturevalue("repository"), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert lived.returncode == 0, lived.stdout + lived.stderr
    studied = CliRunner().invoke(
        app,
        ["study", "--from", "2018-01-16", "--to", "2018-01-17", "--seed", "7", "--profile", "demo",
         "--out", str(folder), "--journals", str(folder / "books")],
    )  # fmt: skip
    assert studied.exit_code == 0, studied.output
    return {"demo": folder / "demo.sqlite", "study": folder / "books" / "Hd.sqlite"}


@pytest.fixture(scope="module")
def policy():
    return load_settings("demo").policy()


@pytest.mark.parametrize("which", ["demo", "study"])
def test_every_batch_decides_the_same_again(journals, policy, which):
    done = CliRunner().invoke(
        app, ["journal", "replay", "--file", str(journals[which]), "--profile", "demo"]
    )
    assert done.exit_code == 0, done.output
    assert ", 0 came out otherwise" in done.output
    assert sum(len(life.batches) for life in lives(journals[which], policy)) > 30


def test_other_rules_are_found_out(journals, policy):
    tight = replace(policy, condor=replace(policy.condor, wing_width_share=0.03))
    for life in lives(journals["demo"], tight):
        found = list(redecided(life.batches, life.desk, tight))
    assert found
    assert any(
        isinstance(effect, PlaceOrder | RecordDecision)
        for difference in found
        for effect in (*difference.recorded, *difference.decided)
    )


def test_both_open_the_same_condor_on_the_same_day(journals, policy):
    """Same days, same quotes at the hour of entry: expiration, strikes and quantity agree."""
    opened = {}
    for which, path in journals.items():
        orders = [
            effect.order.intent
            for life in lives(path, policy)
            for _, _, effects in life.batches
            for effect in effects
            if isinstance(effect, PlaceOrder) and effect.order.intent.purpose == "open_condor"
        ]
        assert orders, which
        first = orders[0]
        opened[which] = ([(leg.contract.label, leg.ratio) for leg in first.legs], first.quantity)
    assert opened["demo"] == opened["study"]


def test_a_second_study_refuses_to_write_into_the_same_journals(journals):
    done = CliRunner().invoke(
        app,
        ["study", "--from", "2018-01-16", "--to", "2018-01-17",
         "--journals", str(journals["study"].parent)],
    )  # fmt: skip
    assert done.exit_code == 2
    assert "holds journals already" in done.output
