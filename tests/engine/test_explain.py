"""Explanations on a desk: the gates of the rules, and above them those of the desk itself."""

from dataclasses import replace
from datetime import timedelta

import pytest

from config.rules import compiled
from domain.desk import Desk, TradingState
from domain.effects import RecordDecision, Verdict
from domain.events import ClockTicked, QuoteUpdated
from domain.orders import DenialCode
from domain.rulesets import Ballot, Scope, Vote
from engine.explain import desk_gates, exit_gates, explain, held_back, topics
from engine.policy import Policy
from engine.step import step
from tests.builders import Market, quoted, ready_desk, with_calls, with_condor

RULES = compiled(
    """
version = 1
[[rule]]
name = "dear"
row = "S46"
text = "VIX is dear"
when = "vix > 11.0"
vote = "BLOCK"
scope = ["condor"]
example = { vix = 26 }
""",
    "f",
)


def held() -> Desk:
    desk = with_calls(with_condor(ready_desk()))
    return quoted(desk, Market(), desk.book.positions())


def test_every_question_has_its_topic() -> None:
    names = [topic.name for topic in explain(held(), Policy()).topics]
    assert names[:2] == ["desk", "condor.entry"]
    assert "condor.close:cb-condor-20180116-1" in names
    for name in ("hedge.build.L2a", "hedge.roll.cb-hedge-20180116-2", "hedge.trim"):
        assert name in names


def test_shut_gates_come_first_and_the_reason_is_that_of_the_first() -> None:
    for topic in explain(held(), Policy()).topics:
        states = [gate.open is True for gate in topic.gates]
        assert states == sorted(states)
        shut = [gate for gate in topic.gates if gate.open is not True]
        assert topic.open is not bool(shut)
        if shut:
            assert topic.reason in (shut[0].reason, shut[0].text)


def test_a_halted_desk_says_so_above_everything() -> None:
    desk = replace(held(), trading=TradingState.HALTED, trading_why="operator: lunch")
    gates = {gate.name: gate for gate in desk_gates(desk, Policy())}
    assert gates["trading"].denial is DenialCode.TRADING_HALTED
    assert explain(desk, Policy()).trading == "halted: operator: lunch"


def test_a_day_loss_at_its_limit_shuts_and_unknown_values_too() -> None:
    desk = held()
    account = desk.account
    assert account.net_liquidation is not None
    lost = replace(account, net_liquidation=account.net_liquidation * 98 / 100)
    for shown, holds in ((lost, False), (replace(account, net_liquidation=None), None)):
        gates = desk_gates(replace(desk, account=shown), Policy())
        assert {gate.name: gate.open for gate in gates}["daily_loss"] is holds


def test_exits_are_judged_by_the_debit_against_the_credit() -> None:
    # credit 7.00: the stop is at 21.00, the target at 3.50
    desk = held()
    (condor,) = desk.book.open_condors
    stop, profit, time = exit_gates(desk, condor, Policy())
    assert (stop.limit, profit.limit) == (21.0, 3.5)
    assert stop.value == profit.value
    assert (time.value, time.limit, time.open) == (45.0, 21.0, False)
    unquoted = replace(desk, quotes={})
    assert [gate.open for gate in exit_gates(unquoted, condor, Policy())] == [None, None, False]


@pytest.mark.parametrize(
    ("vote", "holds"),
    [
        (Vote(RULES.rules[0], Ballot.ALLOW), True),
        (Vote(RULES.rules[0], Ballot.BLOCK), False),
        (Vote(RULES.rules[0], Ballot.BLOCK, known=False), None),
        (Vote(RULES.rules[0], Ballot.ALLOW, known=False), True),
    ],
)
def test_an_operators_rule_is_a_gate(vote: Vote, holds: bool | None) -> None:
    desk = held()
    desk = replace(desk, memory=replace(desk.memory, votes=(vote,)))
    found = {topic.name: topic for topic in explain(desk, Policy(rules=RULES)).topics}
    (gate,) = [g for g in found["condor.entry"].gates if g.name == "rule:dear"]
    assert gate.open is holds
    assert not [g for g in found["hedge.build.L2a"].gates if g.name.startswith("rule:")]
    assert RULES.rules[0].scope == (Scope.CONDOR,)


def test_a_denial_of_the_last_look_is_the_reason_behind_open_gates() -> None:
    desk = held()
    skips = {
        "denied:buy_hedge:L2a:": "hedge_budget",
        "denied:close_condor:L1:c1": "order_rate",
        "denied:open_condor:L1:": "rule_veto",
        "condor.entry": "waiting for quotes",
    }
    held_by = held_back(replace(desk, memory=replace(desk.memory, skips=skips)))
    assert held_by["hedge.build.L2a"].startswith("denied, hedge_budget: ")
    assert "condor.close:c1" in held_by
    assert held_by["condor.entry"] == "waiting for quotes"


def test_reasons_agree_with_what_a_day_recorded_minute_by_minute() -> None:
    desk, market, checked = quoted(ready_desk(), Market()), Market(), 0
    for minute in range(20):
        now = desk.now + timedelta(minutes=1)
        quotes = [QuoteUpdated(now, c, market.quote(c, now)) for c in desk.memory.watchlist]
        result = step(desk, [*quotes, ClockTicked(now)], Policy())
        desk = result.desk
        found = {topic.name: topic for topic in explain(desk, Policy()).topics}
        for effect in result.effects:
            if isinstance(effect, RecordDecision) and effect.verdict is Verdict.SKIPPED:
                assert found[effect.topic].reason == effect.text, minute
                checked += 1
    assert checked


def test_without_gates_there_is_nothing_to_tell() -> None:
    assert topics((), {}) == ()
