"""The commands that replay many times: what they print, write and refuse."""

import json

import pytest
from typer.testing import CliRunner

from bot.cli import app

_DAYS = ["--from", "2018-02-05", "--to", "2018-02-07"]


def test_a_sweep_writes_every_variant_and_says_what_it_cannot_know(tmp_path):
    asked = ["sweep", "hedge.delta=0.20,0.40", *_DAYS, "--out", str(tmp_path)]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    assert "Too few variants or days" in done.output
    facts = json.loads((tmp_path / "sweep.json").read_text())
    assert [book["name"] for book in facts["books"]] == ["hedge.delta=0.20", "hedge.delta=0.40"]
    assert facts["luck"] is None


def test_a_stress_run_is_the_same_with_two_workers(tmp_path):
    texts = []
    for workers in ("1", "2"):
        out = tmp_path / workers
        asked = ["stress", "--model", "heston", "--paths", "2", *_DAYS, "--out", str(out)]
        done = CliRunner().invoke(app, [*asked, "--workers", workers])
        assert done.exit_code == 0, done.output
        texts.append((out / "stress.json").read_text())
    assert texts[0] == texts[1]
    facts = json.loads(texts[0])
    assert facts["sessions"] == 3
    assert [path["path"] for path in facts["paths"]] == [0, 1]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["sweep", "hedge.delte=0.2"], "has no 'delte'"),
        (["sweep", "hedge.delta"], "not of the form"),
        (["stress", "--model", "crystal-ball"], "there are bootstrap, heston, switching"),
        (["stress", "--from", "1850", "--to", "1851"], "no sessions to study from 1850"),
    ],
)
def test_what_cannot_be_replayed_ends_with_2_and_says_why(asked, said):
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 2
    assert said in " ".join(done.output.split())
