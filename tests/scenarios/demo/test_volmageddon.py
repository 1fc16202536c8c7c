"""Twenty sessions through 2018-02-05, as a user runs them: every mechanism is seen at work."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

CAP_FIELDS = {"cap", "used", "asked", "granted"}


@pytest.fixture(scope="module")
def run(
    repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> subprocess.CompletedProcess[str]:
    journal = tmp_path_factory.mktemp("volmageddon") / "journal.sqlite"
    command = [sys.executable, "-m", "bot", "demo", "--days", "20", "--speed", "max"]
    done = subprocess.run(
        [*command, "--journal", str(journal)],
        cwd=repository, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    done.args = journal
    return done


@pytest.fixture(scope="module")
def records(run: subprocess.CompletedProcess[str], repository: Path) -> list[dict[str, object]]:
    export = subprocess.run(
        [sys.executable, "-m", "bot", "journal", "export", "--file", str(run.args)],
        cwd=repository, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    return [json.loads(line) for line in export.stdout.splitlines()]


def bodies(records, kind):
    return [record["body"] for record in records if record["kind"] == kind]


@pytest.mark.timeout(900)
def test_it_ends_with_every_invariant_held(run):
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-2000:]
    assert "invariants held" in run.stdout.splitlines()[-1]


@pytest.mark.timeout(900)
def test_condors_open_and_close_and_the_hedge_is_built_harvested_and_trimmed(records):
    orders = {
        order["order"]["order_ref"]: order["order"] for order in bodies(records, "PlaceOrder")
    }
    filled = {fill["order_ref"] for fill in bodies(records, "OrderFilled")}
    done = Counter(
        (orders[ref]["intent"]["purpose"], orders[ref]["intent"]["rule"]) for ref in filled
    )
    purposes = Counter(purpose for purpose, _ in done.elements())
    assert purposes["open_condor"] >= 3
    assert purposes["close_condor"] >= 1
    assert purposes["buy_hedge"] >= 6
    assert done["sell_hedge", "4.6.ladder"] >= 2
    assert done["sell_hedge", "4.5.trim"] >= 1


@pytest.mark.timeout(900)
def test_whatever_the_cap_judged_says_cap_used_asked_and_granted(records):
    judged = [
        decision
        for decision in bodies(records, "RecordDecision")
        if decision["verdict"] == "approved"
        and (decision["purpose"] == "buy_hedge" or decision["rule"] == "4.5.trim")
    ]
    assert len(judged) > 10
    for decision in judged:
        assert dict(decision["inputs"]).keys() >= CAP_FIELDS, decision["text"]
