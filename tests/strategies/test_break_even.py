"""Break-evens at entry over every horizon, worked by hand where that can be done."""

from dataclasses import replace
from math import log, sqrt

import pytest

from domain.desk import Desk
from domain.orders import DenialCode
from domain.signals import Reading, Signal
from engine.policy import Policy
from strategies.iron_condor import IronCondorParams, entry_gates
from strategies.iron_condor.break_even import vx_beta
from strategies.iron_condor.entry import propose
from tests.builders import RELEASES, Market, quoted, ready_desk, with_calls

PARAMS, ALLOWANCE = IronCondorParams(), Policy().allowance


def looked(desk: Desk | None = None, params: IronCondorParams = PARAMS) -> tuple[Desk, dict]:
    """The desk with everything quoted, and the numbers the proposal was made by."""
    desk = quoted(desk or ready_desk(), Market(), [t.contract for t in held(desk)])
    for _ in range(4):
        proposal = propose(desk, params, ALLOWANCE, RELEASES)
        desk = quoted(desk, Market(), proposal.wanted)
    found = proposal.intents or proposal.skips
    return desk, dict(found[0].inputs)


def held(desk: Desk | None) -> tuple:
    return () if desk is None else desk.book.open_tranches


def gate(desk: Desk, params: IronCondorParams = PARAMS):
    found = entry_gates(desk, params, ALLOWANCE, RELEASES)
    return next(one for one in found if one.name == "break_even")


def test_bands_of_every_horizon_are_recorded_at_entry() -> None:
    _, inputs = looked()
    for name in ("1d", "5d", "10d", "21dte", "expiry"):
        low, high = inputs[f"be_low_{name}"], inputs[f"be_high_{name}"]
        assert low < 2776.0 < high
        assert inputs[f"em_{name}"] > 0


def test_at_expiration_the_break_evens_are_the_short_strikes_and_the_credit() -> None:
    """S = 2776: short put - credit and short call + credit, to the cent."""
    desk = ready_desk()
    desk, inputs = looked(desk)
    (intent,) = propose(desk, PARAMS, ALLOWANCE, RELEASES).intents
    short_put, short_call = (leg.contract.strike for leg in intent.legs if leg.ratio < 0)
    assert inputs["be_low_expiry"] == pytest.approx(short_put - inputs["credit"], abs=0.01)
    assert inputs["be_high_expiry"] == pytest.approx(short_call + inputs["credit"], abs=0.01)


def test_the_expected_move_by_hand() -> None:
    """EM(5) = 2776 x 0.111 x sqrt(5 / 365) = 36.1 points: at the money the market is at 11 %, and a
    little more with its skew.
    """
    _, inputs = looked()
    atm = inputs["em_5d"] / (2776.0 * sqrt(5 / 365))
    assert atm == pytest.approx(0.11, abs=0.003)
    assert inputs["em_10d"] / inputs["em_5d"] == pytest.approx(sqrt(2.0))


def test_the_reach_is_the_nearest_break_even_of_the_horizons_that_count() -> None:
    """Of five days and the expiration, not of the others: distance over expected move."""
    desk, inputs = looked()
    reach = [
        abs(inputs[f"be_{side}_{name}"] - 2776.0) / inputs[f"em_{name}"]
        for name in ("5d", "expiry")
        for side in ("low", "high")
    ]
    assert gate(desk).value == pytest.approx(min(reach))


def test_the_gate_opens_at_its_limit_and_not_above() -> None:
    desk, _ = looked()
    reach = gate(desk).value
    assert reach is not None
    assert gate(desk, replace(PARAMS, break_even_moves=reach - 1e-9)).open is True
    shut = gate(desk, replace(PARAMS, break_even_moves=reach + 1e-9))
    assert shut.open is False
    assert shut.denial is DenialCode.BREAK_EVEN


def test_the_whole_expected_move_would_shut_out_every_condor_of_the_tiers() -> None:
    """|delta| 0.20 is N^-1(0.80) = 0.84 deviations of the strike's own volatility, and calls trade
    at a lower one than the money: 0.84 x 0.10 / 0.11 = 0.77 moves and a credit of 0.08.
    """
    desk, inputs = looked()
    assert gate(desk, replace(PARAMS, break_even_moves=1.0)).open is False
    upper = (inputs["be_high_expiry"] - 2776.0) / inputs["em_expiry"]
    own = log(inputs["be_high_expiry"] / 2776.0) / (inputs["call_vol"] * sqrt(45 / 365))
    assert upper < 0.95
    assert own < 1.05


def test_a_held_hedge_adds_bands_but_does_not_open_the_gate() -> None:
    alone, without = looked()
    desk, inputs = looked(with_calls(ready_desk(), quantity=4))
    assert "be_low_5d_hedged" in inputs
    assert inputs["be_low_5d_hedged"] < inputs["be_low_5d"], "the calls pay when SPX falls"
    assert "be_low_5d_hedged" not in without
    assert gate(desk).value == pytest.approx(gate(alone).value)


def test_a_measured_beta_is_used_and_an_unknown_one_is_assumed() -> None:
    desk = ready_desk()
    assert vx_beta(desk, PARAMS) == (-4.0, False)
    known = {Signal.VX_BETA: Reading(-5.5, desk.now)}
    measured = replace(desk, memory=replace(desk.memory, signals=known))
    assert vx_beta(measured, PARAMS) == (-5.5, True)


def test_without_a_front_future_the_bands_are_unknown_and_the_gate_shut() -> None:
    desk, _ = looked()
    blind = replace(desk, futures=())
    assert gate(blind).open is None
    assert not propose(blind, PARAMS, ALLOWANCE, RELEASES).intents


def test_a_reason_told_before_costs_no_break_evens_with_the_hedge() -> None:
    """They are for the record, and a reason is recorded once."""
    desk, first = looked(with_calls(ready_desk()), replace(PARAMS, break_even_moves=50.0))
    assert "be_low_5d_hedged" in first
    params = replace(PARAMS, break_even_moves=50.0)
    (skip,) = propose(desk, params, ALLOWANCE, RELEASES).skips
    desk = replace(desk, memory=replace(desk.memory, skips={skip.topic: skip.reason}))
    (again,) = propose(desk, params, ALLOWANCE, RELEASES).skips
    assert again.reason == skip.reason
    assert "be_low_5d_hedged" not in dict(again.inputs)


def test_break_evens_do_not_depend_on_how_many_condors_are_opened() -> None:
    desk, one = looked()
    worth = desk.account.net_liquidation * 10
    rich = replace(desk.account, net_liquidation=worth, excess_liquidity=worth, cash=worth)
    (intent,) = propose(replace(desk, account=rich), PARAMS, ALLOWANCE, RELEASES).intents
    many = dict(intent.inputs)
    assert intent.quantity >= 30
    assert {n: many[n] for n in one if n.startswith("be_")} == {
        name: value for name, value in one.items() if name.startswith("be_")
    }
