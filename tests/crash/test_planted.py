"""A checker that nothing ever fails proves nothing: daemons with one bug each, all found out.

Two of them by default; all, if CONDORBOT_CRASH_KILLS asks for more than the usual number of kills.
"""

import os
from pathlib import Path

import pytest

from domain.desk import TradingState
from tests.crash.planted import BUGS, Bug
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
        said = told_alive(rig, bug, name) if bug.lives_on else told_afterwards(rig, bug, name)
        if said:
            return said
    return []


def told_alive(rig: Rig, bug: Bug, name: str) -> list[str]:
    """After the event at its seam, while the life goes on."""
    life = rig.start(bug=name)
    rig.until_said(life, bug.die_at[0], LIFE_S)
    said = rig.ever(bug.signs, LOOK_S)
    life.kill()
    return said


def told_afterwards(rig: Rig, bug: Bug, name: str) -> list[str]:
    """Once the life was killed at its seam and another has begun."""
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
    desk = rig.desk()
    if desk.trading is TradingState.HALTED:
        said.append(f"halted: {desk.trading_why}")
    life.kill()
    return said


def rig_for(folder: Path, bug: Bug) -> Rig:
    return Rig(folder, seed=1, speed=SPEED, faults=tuple(filter(None, (bug.fault,))))


@pytest.mark.parametrize("name", sorted(BUGS) if ALL else USUAL)
def test_a_daemon_with_a_bug_is_found_out(tmp_path, name):
    rig = rig_for(tmp_path, BUGS[name])
    try:
        if BUGS[name].lives_on:  # what finds the bug must be the bug, not the fault that shows it
            assert told_alive(rig, BUGS[name], "") == []
            assert rig.lives[0].said(BUGS[name].die_at[0])
        said = found_in(rig, name)
    finally:
        rig.close()
    assert any(sign in line for line in said for sign in BUGS[name].signs), said
