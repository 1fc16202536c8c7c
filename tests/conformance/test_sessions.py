"""Unmodified client libraries hold a whole session with the simulated gateway.

Each runs in its own environment. That a client connects is not enough: every message is watched
inside its decoder, and nothing may be left over, unknown or unreadable.
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SPEED = "60"
TIMEOUT_S = 100

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(TIMEOUT_S + 60)]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A gateway of its own for this module, on a free port, until the tests are done."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number = int(probe.getsockname()[1])
    command = ["gateway", "--port", str(number), "--scenario", "volmageddon", "--speed", SPEED]
    environment = {key: value for key, value in os.environ.items() if key != "CONDORBOT_DATA"}
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "bot", *command],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if str(number) in line:
                break
        else:
            pytest.fail("the gateway did not start:\n" + "".join(said))
        yield number
    finally:
        process.terminate()
        process.communicate(timeout=20)


def session(environment: str, script: str, *arguments: str) -> dict[str, Any]:
    """What the client's script reports of one session."""
    python = ROOT / ".envs" / environment / "bin" / "python"
    if not python.exists():
        pytest.skip(f"no environment .envs/{environment}: scripts/test makes it")
    result = subprocess.run(
        [python, HERE / "clients" / script, *arguments],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert result.stdout, result.stderr[-3000:]
    report: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return report


ALL_TRUE = {
    "unknown_contract",
    "tick_IND",
    "tick_VIX",
    "tick_STK",
    "tick_CASH",
    "tick_FUT",
    "tick_OPT",
    "tick_BAG",
    "greeks",
    "snapshot",
    "delayed",
    "keep_up_to_date",
    "single_filled",
    "single_commission",
    "market_filled",
    "rests",
    "modified",
    "cancelled",
    "unknown_cancel",
    "combo_rests",
    "combo_filled",
    "combo_cancelled",
    "portfolio",
    "account_summary",
    "pnl",
    "pnl_single",
    "order_survives",
    "ids_go_on",
    "executions_survive",
    "survivor_cancelled",
    "client_id_conflict",
}
# The library family has richer objects to look into.
FAMILY_TRUE = ALL_TRUE | {"bid_greeks", "hours", "order_ref", "bad_increment", "margin_rejection"}
FAMILY_MESSAGES = {
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 15, 17, 21, 45, 49, 52, 53, 54, 55, 57, 58, 59, 61, 62, 63,
    64, 73, 74, 75, 76, 81, 88, 90, 93, 94, 95, 101, 102,
}  # fmt: skip
OFFICIAL_MESSAGES = FAMILY_MESSAGES - {73, 74}


def assert_everything_decodes(report: dict[str, Any], messages: set[int]) -> None:
    assert report["complaints"] == []
    assert report["leftovers"] == []
    assert messages - {int(number) for number in report["messages"]} == set()


def assert_true(report: dict[str, Any], names: set[str]) -> None:
    facts = report["facts"]
    assert {name: facts.get(name) for name in sorted(names) if not facts.get(name)} == {}


@pytest.mark.parametrize(("library", "version"), [("ib_async", 178), ("ib_insync", 176)])
def test_the_library_family_holds_a_session(port: int, library: str, version: int) -> None:
    report = session(library, "ib_family.py", library, str(port))
    assert_everything_decodes(report, FAMILY_MESSAGES)
    assert_true(report, FAMILY_TRUE)
    facts = report["facts"]
    assert (facts["version"], facts["accounts"]) == (version, ["DU1234567"])
    assert facts["bag_details"] == "answered"  # with a refusal; a real gateway stays silent
    assert {"SPX", "SPXW"} <= set(facts["chain_classes"])
    assert "VIX" in facts["chain_vix"]
    assert facts["option_fields"] == [True, True]
    assert facts["daily_bars"] >= 20
    assert facts["bars_make_sense"]
    assert facts["single_fill_quantity"] == 2
    assert facts["what_if"][0] > 0
    assert facts["combo_limit"] < 0
    assert facts["combo_price"] < 0
    assert (facts["combo_kinds"], facts["combo_legs"]) == (["BAG", "OPT"], 4)
    assert len(facts["account_values"]) == 4
    assert facts["legs_survive"] == [4]
    assert set(facts["completed"]) == {"Cancelled", "Filled"}


def test_the_official_client_holds_a_session(port: int) -> None:
    report = session("ibapi", "official.py", str(port))
    assert_everything_decodes(report, OFFICIAL_MESSAGES)
    assert_true(report, ALL_TRUE | {"tick_req_params", "account_download", "reconnected"})
    facts = report["facts"]
    assert (facts["version"], facts["accounts"]) == (157, ["DU1234567"])
    assert {"SPX", "SPXW"} <= set(facts["chain_classes"])
    assert facts["daily_bars"] >= 20
    assert facts["what_if"] > 0
    assert facts["combo_limit"] < 0
    assert (facts["combo_kinds"], facts["combo_legs"]) == (["BAG", "OPT"], 4)
    assert facts["legs_survive"] == 4
    assert facts["completed"] >= 3
