"""Gates are the rules' own judgement: what is open trades, what is shut says why."""

from dataclasses import replace
from datetime import date

import pytest

from domain.desk import CurveState, Desk, Regime
from domain.gates import Gate
from domain.hedge_state import HedgeState
from domain.orders import Layer
from domain.record import DayMark, LayerMark
from domain.signals import Reading, Signal
from engine.fold import apply_effect
from risk import hedge_build, hedge_roll, hedge_sale, hedge_trim
from risk.hedge_changes import momentum_changes
from risk.hedge_gates import hedge_gates
from risk.hedge_trim import CAP
from risk.limits import RiskLimits
from risk.parameters import HedgeParams, RegimeParams
from tests.builders import Market, ny, quoted, ready_desk, with_calls, with_condor

HEDGE, LIMITS, REGIME = HedgeParams(), RiskLimits(), RegimeParams()
TRANCHE = "cb-hedge-20180116-2"


def gates(desk: Desk, topic: str) -> dict[str, Gate]:
    found = hedge_gates(desk, HEDGE, LIMITS, REGIME)
    return {gate.name: gate for gate in found if gate.topic == topic}


def held(now_day: int = 16, regime: Regime = Regime.LOW, month: int = 1) -> Desk:
    book = with_calls(with_condor(ready_desk())).book
    desk = replace(ready_desk(ny(2018, month, now_day, 10, 30), regime), book=book)
    market = Market() if month == 1 else Market(vx={date(2018, 2, 14): 16.0})
    return quoted(desk, market, book.positions())


def test_every_topic_is_there_for_every_layer_and_tranche() -> None:
    topics = {gate.topic for gate in hedge_gates(held(), HEDGE, LIMITS, REGIME)}
    assert topics == {
        *(f"hedge.build.{layer}" for layer in ("L2a", "L2b", "L2c")),
        *(f"hedge.redeploy.{layer}" for layer in ("L2b", "L2c")),
        *(f"hedge.{topic}.{TRANCHE}" for topic in ("roll", "flat", "ladder", "harvest")),
        "hedge.trim",
    }


def test_a_shut_gate_gives_a_reason_and_an_open_one_none() -> None:
    for gate in hedge_gates(held(), HEDGE, LIMITS, REGIME):
        assert bool(gate.reason) is (gate.open is not True), gate


@pytest.mark.parametrize("regime", list(Regime))
@pytest.mark.parametrize("hour", [9, 11, 16])
def test_a_layer_is_looked_at_exactly_when_all_its_gates_are_open(
    regime: Regime, hour: int
) -> None:
    desk = held(regime=regime)
    desk = replace(desk, now=ny(2018, 1, 16, hour))
    market = Market()
    proposal = hedge_build.propose(desk, HEDGE, LIMITS, REGIME)
    for _ in range(3):
        desk = quoted(desk, market, [*proposal.wanted, *desk.book.positions()])
        proposal = hedge_build.propose(desk, HEDGE, LIMITS, REGIME)
    buying = {intent.layer for intent in proposal.intents}
    for layer in (Layer.HEDGE_SHORT, Layer.HEDGE_MEDIUM, Layer.HEDGE_LONG):
        every = all(gate.open for gate in gates(desk, f"hedge.build.{layer}").values())
        assert every is (layer in buying), layer


def test_values_limits_and_ages_are_those_of_the_rules() -> None:
    """4 condors want 2 short calls and 2 are held; slope 1.7 against 1.5; 20,000 - 140 left."""
    desk = held()
    short, medium = gates(desk, "hedge.build.L2a"), gates(desk, "hedge.build.L2b")
    assert (short["target"].value, short["target"].limit, short["target"].open) == (2, 2, False)
    assert medium["curve"].value == pytest.approx(1.7)
    assert medium["curve"].limit == 1.5
    assert medium["curve"].age_s == 0.0
    assert medium["budget"].value == pytest.approx(19_860.0)


def test_a_roll_waits_behind_its_date_its_delay_and_the_regime() -> None:
    early, due = held(8, month=2), held(9, month=2)
    assert gates(early, f"hedge.roll.{TRANCHE}")["date"].value == -1.0
    assert not gates(early, f"hedge.roll.{TRANCHE}")["date"].open
    assert all(gate.open for gate in gates(due, f"hedge.roll.{TRANCHE}").values())
    signals = {Signal.MACD_VIXY: Reading(-0.1, due.now), Signal.RSI_VIX: Reading(40.0, due.now)}
    waiting = replace(due, memory=replace(due.memory, signals=signals))
    gate = gates(waiting, f"hedge.roll.{TRANCHE}")["delay"]
    assert (gate.open, gate.value, gate.limit, gate.age_s) == (False, 40.0, 50.0, 0.0)
    assert hedge_roll.propose(waiting, HEDGE, LIMITS).intents == ()
    blind = replace(due, regime=ready_desk(regime=Regime.UNKNOWN).regime)
    assert gates(blind, f"hedge.roll.{TRANCHE}")["regime"].open is None


def test_a_trim_needs_its_marks_and_shows_every_basis() -> None:
    desk = held(regime=Regime.HIGH)
    desk = quoted(desk, Market(vix=40, vx={date(2018, 2, 14): 60.0}), desk.book.positions())
    found = gates(desk, "hedge.trim")
    assert found["awake"].open
    assert found["share"].open
    assert "premium" in found["share"].text
    assert "spx_notional" in found["share"].text
    assert not found["marks"].open
    assert not hedge_trim.propose_trim(desk, HEDGE, LIMITS).intents
    marked = replace(desk, memory=replace(desk.memory, marks={CAP: 2}))
    assert gates(marked, "hedge.trim")["marks"].open
    assert hedge_trim.propose_trim(marked, HEDGE, LIMITS).intents


def pressed(*, momentum_up: bool | None, up_on: date | None) -> Desk:
    desk = held(regime=Regime.PRESS)
    state = replace(desk.regime, curve=CurveState.INVERTED, inverted_on=date(2018, 1, 16))
    return replace(desk, regime=state, hedge=HedgeState(momentum_up=momentum_up, up_on=up_on))


@pytest.mark.parametrize(
    ("up", "up_on", "due"),
    [
        (False, date(2018, 1, 12), True),  # crossed down since Friday
        (True, date(2018, 1, 16), False),
        (False, date(2017, 12, 20), False),  # was never up in this episode
        (None, None, False),
    ],
)
def test_a_cross_down_of_momentum_harvests_a_press_on_its_own(
    up: bool | None, up_on: date | None, *, due: bool
) -> None:
    desk = pressed(momentum_up=up, up_on=up_on)
    desk = replace(desk, quotes=quoted(desk, Market(vx_base=14.0), desk.book.positions()).quotes)
    gate = gates(desk, f"hedge.harvest.{TRANCHE}")["press"]
    assert gate.open is due
    harvests = [c for c in hedge_sale.rungs(desk, HEDGE, REGIME) if c.rule == "4.6.press"]
    assert bool(harvests) is due
    if due:
        assert "momentum" in harvests[0].text
        assert dict(harvests[0].inputs)["keep"] == 0.0


def test_the_sign_of_momentum_is_taken_near_the_close_and_remembered() -> None:
    """15:54 is too early, 15:55 the last twenty minutes."""
    desk = held()
    signals = {Signal.MACD_VIXY: Reading(0.2, desk.now)}
    desk = replace(desk, memory=replace(desk.memory, signals=signals))
    assert momentum_changes(replace(desk, now=ny(2018, 1, 16, 15, 54))) == ()
    late = replace(desk, now=ny(2018, 1, 16, 15, 55))
    (up,) = momentum_changes(late)
    late = apply_effect(late, up)
    assert late.hedge == HedgeState(momentum_up=True, up_on=date(2018, 1, 16))
    assert momentum_changes(late) == ()
    fallen = {Signal.MACD_VIXY: Reading(-0.1, late.now)}
    next_day = replace(late, now=ny(2018, 1, 18, 16, 0))
    next_day = replace(next_day, memory=replace(next_day.memory, signals=fallen))
    (down,) = momentum_changes(next_day)
    after = apply_effect(next_day, down)
    assert after.hedge == HedgeState(momentum_up=False, up_on=date(2018, 1, 18))


def test_the_decay_of_each_layer_and_short_less_long_travel_with_a_roll() -> None:
    """0.05 of time value lost a day in the short layer, 0.01 in the long one: D = 0.04 > 0."""
    layers = {"L2a": LayerMark(decay=0.05), "L2b": LayerMark(), "L2c": LayerMark(decay=0.01)}
    day = DayMark(date(2018, 2, 8), "low", layers=layers)
    book = with_calls(with_condor(ready_desk()), strike=13.0).book
    desk = replace(ready_desk(ny(2018, 2, 12, 10, 30), Regime.ELEVATED), book=book)
    desk = replace(desk, record=replace(desk.record, days=(day,)))
    market = Market(vx={date(2018, 2, 14): 14.0})
    proposal = hedge_roll.propose(desk, HEDGE, LIMITS)
    for _ in range(4):
        desk = quoted(desk, market, [*proposal.wanted, *book.positions()])
        proposal = hedge_roll.propose(desk, HEDGE, LIMITS)
    inputs = dict(proposal.intents[0].inputs)
    assert inputs["decay_differential"] == pytest.approx(0.04)
    assert inputs["vega_tenor_after"] > inputs["vega_tenor_before"] == 1.0
