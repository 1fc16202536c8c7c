"""A checker that nothing ever fails proves nothing: daemons with one bug each, all found out.

Two of them by default; all, if CONDORBOT_CRASH_KILLS asks for more than the usual number of kills.
"""

import os

import pytest

from tests.crash.planted import BUGS
from tests.crash.rig import Rig

pytestmark = [pytest.mark.scenario, pytest.mark.timeout(300)]

SPEED = 240.0
LIVES = 8
USUAL = ("sends_before_the_record", "counts_an_execution_twice")
ALL = int(os.environ.get("CONDORBOT_CRASH_KILLS", "25")) > 25
LIFE_S, LOOK_S = 20.0, 2.0  # how long a bug may take to show in a life, and to be looked for
PATIENCE_S = 60.0


def found_in(rig: Rig, name: str) -> list[str]:
    """What the checker says after lives with that bug, each killed at its seam."""
    bug = BUGS[name]
    for _ in range(LIVES):
        life = rig.start(*bug.die_at, bug=name)
        life.wait(LIFE_S)
        said = [f"ended by itself:\n{life.tail()}"] if life.process.poll() not in (None, -9) else []
        life.kill()
        life = rig.start(bug=name)
        try:
            rig.until_ready(life, PATIENCE_S)  # how soon is not what is tested here
        except AssertionError as error:
            said.append(str(error))
        said += rig.problems(LOOK_S)
        life.kill()
        if said:
            return said
    return []


@pytest.mark.parametrize("name", sorted(BUGS) if ALL else USUAL)
def test_a_daemon_with_a_bug_is_found_out(tmp_path, name):
    rig = Rig(tmp_path, seed=1, speed=SPEED)
    try:
        said = found_in(rig, name)
    finally:
        rig.close()
    assert any(sign in line for line in said for sign in BUGS[name].signs), said
