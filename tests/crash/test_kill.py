"""SIGKILL at random instants of a busy day: nothing twice, nothing forgotten, nothing naked.

CONDORBOT_CRASH_KILLS asks for more than the usual number of kills; every 25 are a run of their own,
with its own seed, gateway and journal.
"""

import os
import random
import signal
import time

import pytest

from bot.journal.reading import JournalReader
from domain.desk import TradingState
from tests.crash.rig import Rig

pytestmark = [pytest.mark.scenario, pytest.mark.long, pytest.mark.timeout(600)]

KILLS = 25
RUNS = max(1, int(os.environ.get("CONDORBOT_CRASH_KILLS", "25")) // KILLS)
SPEED = 240.0
STARTING_S = 1.0  # a kill within this hits start-up, recovery or synchronisation
TRADING_S = 1.5
# What is logged between two steps that a crash must not come between: after the commit and before
# the send, after the send and before it is recorded, before an execution is recorded, and so on.
SEAMS = (
    "decision.approved", "order.sent", "order.sent", "order.accepted", "order.filled",
    "order.filled", "order.limit_moved", "order.cancel_sent", "broker.connected",
    "broker.synchronised", "process.started",
)  # fmt: skip
SEAM_WITHIN_S = 4.0


@pytest.mark.parametrize("seed", range(1, RUNS + 1))
def test_a_daemon_killed_at_any_instant_neither_doubles_nor_forgets_an_order(tmp_path, seed):
    chance = random.Random(seed)
    rig = Rig(tmp_path, seed=seed, speed=SPEED)
    ready_s, met_working = [], 0
    try:
        for number in range(KILLS):
            kind = chance.random()
            if kind < 0.4:
                life = rig.start(chance.choice(SEAMS), str(chance.randint(1, 3)))
                life.wait(SEAM_WITHIN_S)
            elif kind < 0.6:
                life = rig.start()
                time.sleep(chance.uniform(0.2, STARTING_S))
            else:
                life = rig.start()
                ready_s.append(rig.until_ready(life))
                assert rig.problems() == [], f"life {number}"
                time.sleep(chance.uniform(0.0, TRADING_S))
            life.kill()
            met_working += any(not order.done for order in rig.broker().orders)
        last = rig.start()
        ready_s.append(rig.until_ready(last))
        assert rig.problems() == []
        assert rig.desk().trading is TradingState.ACTIVE
        last.process.send_signal(signal.SIGTERM)
        assert last.process.wait(timeout=10) == 0
        broker = rig.broker()
    finally:
        rig.close()
    reader = JournalReader(rig.journal)
    try:
        assert reader.troubles() == []
        assert reader.lives()[-1]["ended"] == "clean"
    finally:
        reader.close()
    print(
        f"{KILLS} kills, {met_working} with an order at work; {len(broker.orders)} orders, "
        f"{len(broker.executions)} executions; ready within {max(ready_s):.2f} s"
    )
    assert met_working >= KILLS // 4, "not busy enough to prove anything"
    assert len(broker.executions) >= KILLS // 2
