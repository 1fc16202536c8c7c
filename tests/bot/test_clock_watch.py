"""A clock that jumps is not believed."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bot.clock_watch import AGREED_S, TOLERANCE_S, ClockWatch
from bot.gate import SendGate
from domain.orders import Purpose
from tests.bot.samples import AT, condor_order


class Clocks:
    """A wall and a monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.wall, self.mono_s = AT, 1000.0

    def now(self):
        return self.wall

    def monotonic(self):
        return self.mono_s

    def passes(self, seconds, wall=None):
        self.mono_s += seconds
        self.wall += timedelta(seconds=seconds if wall is None else wall)


def watched():
    clocks = Clocks()
    return clocks, ClockWatch(clocks, clocks.monotonic)


def test_clocks_that_run_together_are_believed():
    clocks, watch = watched()
    for _ in range(100):
        clocks.passes(3600, wall=3600.01)
        assert watch.trouble() is None


@pytest.mark.parametrize("jump", [-86_400, -10, -2.1, 2.1, 90, 3600])
@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_jump_shuts_the_gate_until_both_have_run_together_again(jump, purpose):
    clocks, watch = watched()
    gate, order = SendGate((watch.trouble,)), condor_order(purpose=purpose)
    clocks.passes(1)
    assert gate.may_send(AT, order) is None
    clocks.passes(1, wall=1 + jump)
    with capture_logs() as logs:
        assert f"{jump:+.1f} s" in (gate.may_send(AT, order) or "")
        clocks.passes(AGREED_S - 1)
        assert gate.may_send(AT, order) is not None
        clocks.passes(2)
        assert gate.may_send(AT, order) is None
    assert [entry["event"] for entry in logs] == ["clock.jumped"]


def test_a_second_jump_begins_the_wait_anew():
    clocks, watch = watched()
    clocks.passes(0, wall=10)
    assert watch.trouble()
    clocks.passes(AGREED_S - 1)
    clocks.passes(0, wall=-10)
    assert watch.trouble()
    clocks.passes(AGREED_S - 1)
    assert watch.trouble()
    clocks.passes(2)
    assert watch.trouble() is None


def test_small_steps_add_up():
    clocks, watch = watched()
    for _ in range(int(TOLERANCE_S / 0.5)):
        clocks.passes(1, wall=1.5)
        assert watch.trouble() is None
    clocks.passes(1, wall=1.5)
    assert watch.trouble()
