"""ib_insync in the place of ib_async: another decoder, the same events."""

import asyncio
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from tests.scenarios.wire.harness import Wire, WireSettings, on_the_wire

pytestmark = [pytest.mark.scenario, pytest.mark.conformance]

ROOT = Path(__file__).parents[3]

# The two libraries bring different packages of the name eventkit, so the second one lives in an
# environment of its own; only what belongs to it is taken from there.
_IN_ANOTHER_PROCESS = """
import sys
from importlib.machinery import PathFinder

class Borrowed:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("ib_insync", "eventkit", "nest_asyncio"):
            return PathFinder.find_spec(name, path or [sys.argv[1]], target)

sys.meta_path.insert(0, Borrowed())
from tests.scenarios.wire.test_both_libraries import told
print(told("ib_insync"))
assert "ib_insync" in sys.modules and "ib_async" not in sys.modules
"""


async def a_session(wire: Wire) -> None:
    """Chains, quotes, an order that fills, one that is moved and canceled, a reconnection."""
    await wire.trading()
    await wire.placed(limit=wire.mid() + Decimal("0.50"))
    await wire.placed("condor-2")
    wire.broker.modify("condor-2", Decimal("-39.50"))
    await asyncio.sleep(30)
    wire.broker.cancel("condor-2")
    await asyncio.sleep(30)
    await wire.server.close()
    wire.server.start_in_memory()
    await asyncio.sleep(60)


def told(library: str) -> str:
    events = on_the_wire(a_session, settings=WireSettings(library=library))
    return "\n".join(map(repr, events))


def test_the_desk_cannot_tell_which_library_is_in_use() -> None:
    borrowed = sorted((ROOT / ".envs" / "ib_insync" / "lib").glob("python*/site-packages"))
    if not borrowed:
        pytest.skip("no environment .envs/ib_insync: scripts/test makes it")
    done = subprocess.run(
        [sys.executable, "-c", _IN_ANOTHER_PROCESS, str(borrowed[-1])],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    # Log lines share the output; events are the lines that begin like one.
    events = [line for line in done.stdout.splitlines() if "(at=datetime" in line]
    expected = told("ib_async").splitlines()
    assert {"BrokerReady", "OrderFilled", "LimitModified", "OrderCanceled", "QuoteUpdated"} <= {
        line.partition("(")[0] for line in expected
    }
    assert events == expected
