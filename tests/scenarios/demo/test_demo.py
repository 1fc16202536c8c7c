"""`condorbot demo --speed max` as a user starts it: what it prints, what it ends with, and that it
can be repeated.
"""

import hashlib
import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.scenario


def start(repository, journal, *, seed=7, hashseed="0", days=3):
    """A demo in a process of its own."""
    command = [sys.executable, "-m", "bot", "demo", "--speed", "max", "--days", str(days)]
    command += ["--seed", str(seed), "--journal", str(journal)]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CONDORBOT_")}
    return subprocess.Popen(
        command,
        cwd=repository,
        env={**environment, "PYTHONHASHSEED": hashseed, "COLUMNS": "100"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def runs(request, tmp_path_factory):
    """Three demos: two alike but for the hash seed of their processes, one with another seed."""
    folder = tmp_path_factory.mktemp("demo")
    root = request.getfixturevalue("repository")
    started = {
        "one": start(root, folder / "one", hashseed="1"),
        "same": start(root, folder / "same", hashseed="2"),
        "other": start(root, folder / "other", seed=8),
    }
    return {
        name: (*process.communicate(timeout=110), process.returncode, folder / name)
        for name, process in started.items()
    }


def test_every_invariant_held_and_the_exit_status_says_so(runs):
    for out, err, code, _ in runs.values():
        assert code == 0, out + err
        assert err == ""
        assert "all 7 invariants held" in out


def test_the_same_seed_gives_the_same_journal_byte_for_byte(runs):
    one, same, other = (
        hashlib.sha256(runs[name][3].read_bytes()).hexdigest() for name in ("one", "same", "other")
    )
    assert one == same
    assert one != other


def test_the_same_seed_gives_the_same_account(runs):
    def account(name):
        lines = runs[name][0].splitlines()
        return lines[: next(n for n, line in enumerate(lines) if "What had to hold" in line)]

    assert account("one") == account("same")


def test_the_account_fits_on_a_hundred_columns_without_color_in_a_pipe(runs):
    out = runs["one"][0]
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) <= 100 + len(str(runs["one"][3]))
    assert "open condor" in out
    assert out.count("\n── ") == 3, "one heading a session"


def test_the_journal_of_a_demo_can_be_read_with_the_journal_command(runs, repository):
    command = [sys.executable, "-m", "bot", "journal"]
    where = ["--file", str(runs["one"][3])]

    def output(*arguments):
        return subprocess.check_output([*command, *arguments, *where], cwd=repository, text=True)

    exported = output("export").splitlines()
    shown = output("show", "--limit", "9")
    verified = output("verify")

    records = [json.loads(line) for line in exported]
    places = [(record["batch"], record["position"]) for record in records]
    assert places == sorted(places)
    assert {"BrokerReady", "PlaceOrder", "OrderFilled"} <= {record["kind"] for record in records}
    assert len(shown.splitlines()) == 9
    assert "is whole" in verified


def test_a_demo_replaces_the_journal_of_a_demo_but_no_other_file(runs, repository, tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("mine")
    process = start(repository, precious)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "not the journal of a demo" in err
    assert precious.read_text() == "mine"
