"""Rules at work on a desk: votes, vetoes, what is recorded, and what missing data do."""

from dataclasses import replace
from datetime import timedelta

import pytest

from config.rules import compiled, load_rules
from domain.desk import Desk
from domain.effects import CancelOrder, PlaceOrder, RaiseAlert, RecordDecision, Verdict
from domain.events import ClockTicked
from domain.instruments import VIX, Right, spxw_option
from domain.liquidity import LegLiquidity
from domain.orders import DenialCode, Layer, OrderIntent, Purpose
from domain.quotes import Quote
from domain.rulesets import Ballot, Facts, Rule, Vote
from engine.fold import apply_effect
from engine.policy import Policy
from engine.rulesets.facts import NAMES, facts
from engine.rulesets.voting import SELF_TEST, alerts, cast, recorded, remembered, veto, withdrawn
from engine.step import step
from tests.builders import (
    EXPIRATION,
    TUESDAY,
    Market,
    condor,
    order,
    quoted,
    ready_desk,
    with_calls,
    with_condor,
)

HEAD = """
version = 1
[[rule]]
name = "dear"
row = "S46"
text = "VIX is dear"
when = "vix > 11.0"
vote = "BLOCK"
example = { vix = 26 }
"""


def policy(text: str = HEAD) -> Policy:
    return Policy(rules=compiled(text, "f"))


def with_vix(desk: Desk, level: float | None) -> Desk:
    quotes = {c: q for c, q in desk.quotes.items() if c != VIX}
    if level is not None:
        quotes[VIX] = Quote(desk.now, last=level)
    return replace(desk, quotes=quotes)


def looked(desk: Desk, rules: Policy) -> tuple[Desk, tuple[Vote, ...]]:
    votes = cast(desk, rules)
    return remembered(desk, votes), votes


def buying(purpose: Purpose = Purpose.BUY_HEDGE) -> OrderIntent:
    layer = Layer.CONDOR if "condor" in purpose else Layer.HEDGE_SHORT
    made = order("x", purpose, layer, condor().opening, 1, "1.00")
    return made.intent


def test_a_rule_votes_block_while_its_condition_holds() -> None:
    assert cast(with_vix(ready_desk(), 12.0), policy())[0].ballot is Ballot.BLOCK
    assert cast(with_vix(ready_desk(), 11.0), policy())[0].ballot is Ballot.ALLOW


def test_missing_and_old_data_are_unknown_and_vote_for_the_safe_side() -> None:
    missing = with_vix(ready_desk(), None)
    (vote,) = cast(missing, policy())
    assert (vote.ballot, vote.known) == (Ballot.BLOCK, False)
    old = replace(with_vix(ready_desk(), 12.0), now=TUESDAY + timedelta(hours=1))
    assert cast(old, policy())[0].known is False
    (vote,) = cast(with_vix(ready_desk(), float("nan")), policy())
    assert (vote.ballot, vote.known) == (Ballot.BLOCK, False)
    mild = policy(HEAD + 'unknown = "ALLOW"\n')
    assert cast(missing, mild)[0].ballot is Ballot.ALLOW


def test_a_condition_must_last_as_long_as_the_rule_asks() -> None:
    rules = policy(HEAD + "for_s = 90\n")
    desk, votes = looked(with_vix(ready_desk(), 12.0), rules)
    assert votes[0].ballot is Ballot.ALLOW
    desk, votes = looked(replace(desk, now=desk.now + timedelta(seconds=60)), rules)
    assert votes[0].ballot is Ballot.ALLOW
    desk, votes = looked(replace(desk, now=desk.now + timedelta(seconds=60)), rules)
    assert votes[0].ballot is Ballot.BLOCK
    desk, votes = looked(with_vix(desk, 10.0), rules)
    desk, votes = looked(with_vix(desk, 12.0), rules)
    assert votes[0].ballot is Ballot.ALLOW  # it began anew


def test_a_veto_stops_what_opens_and_nothing_else() -> None:
    votes = cast(with_vix(ready_desk(), 12.0), policy())
    assert veto(votes, buying(Purpose.OPEN_CONDOR)) is not None
    assert veto(votes, buying(Purpose.BUY_HEDGE)) is not None
    for purpose in (Purpose.CLOSE_CONDOR, Purpose.SELL_HEDGE, Purpose.ROLL_HEDGE):
        assert veto(votes, buying(purpose)) is None


def test_a_scope_bounds_the_veto() -> None:
    votes = cast(with_vix(ready_desk(), 12.0), policy(HEAD + 'scope = ["condor"]\n'))
    assert veto(votes, buying(Purpose.OPEN_CONDOR)) is not None
    assert veto(votes, buying(Purpose.BUY_HEDGE)) is None


def test_working_orders_that_open_are_withdrawn() -> None:
    desk = with_vix(ready_desk(), 12.0)
    entry = order("e", Purpose.OPEN_CONDOR, Layer.CONDOR, condor().opening, 1, "-7.00")
    closing = order("c", Purpose.CLOSE_CONDOR, Layer.CONDOR, condor().closing, 1, "3.00")
    for placed in (entry, closing):
        desk = apply_effect(desk, PlaceOrder(placed))
    votes = cast(desk, policy())
    assert withdrawn(desk, votes) == (CancelOrder("e", "rule dear", desk.now),)


def test_changes_of_votes_are_recorded_once_and_alerts_are_edges() -> None:
    rules, desk = policy(), with_vix(ready_desk(), 12.0)
    votes = cast(desk, rules)
    topics = [decision.topic for decision in recorded(desk, votes, rules)]
    assert topics == ["rules", "rules.test"]
    (edge,) = alerts(desk, votes)
    assert (edge.code, edge.active) == ("rule_dear", True)
    desk = remembered(apply_effect(desk, edge), votes)
    assert recorded(desk, cast(desk, rules), rules) == []
    assert alerts(desk, cast(desk, rules)) == ()
    calm = with_vix(desk, 10.0)
    assert [edge.active for edge in alerts(calm, cast(calm, rules))] == [False]
    (decision,) = recorded(calm, cast(calm, rules), rules)
    assert "ALLOW" in decision.text


def test_an_alert_names_the_rules_that_cannot_be_judged() -> None:
    desk = with_vix(ready_desk(), None)
    (edge,) = alerts(desk, cast(desk, policy()))
    assert edge.code == "rules_unknown"
    assert "dear" in edge.text


class Dumb:
    """A set whose library has stopped working: every condition is false."""

    rules = (Rule("dear", "S46", "x", "true", Ballot.BLOCK, Ballot.BLOCK),)
    names = frozenset({"vix"})

    def judged(self, facts: Facts) -> tuple[bool | None, ...]:
        return (False,)

    def silent(self) -> tuple[str, ...]:
        return ("dear",)


def test_alerts_of_rules_that_are_gone_from_the_file_are_cleared() -> None:
    """The daemon was started again with no rules at all."""
    desk = with_vix(ready_desk(), 12.0)
    desk, votes = looked(desk, policy())
    for edge in alerts(desk, votes):
        desk = apply_effect(desk, edge)
    assert "rule_dear" in desk.alerts
    after = step(desk, [ClockTicked(desk.now)], Policy())
    cleared = [e.code for e in after.effects if isinstance(e, RaiseAlert) and not e.active]
    assert cleared == ["rule_dear"]
    assert not any(code.startswith("rule") for code in after.desk.alerts)


def test_rules_that_cannot_fire_any_more_shut_every_door() -> None:
    rules = Policy(rules=Dumb())
    desk, votes = looked(ready_desk(), rules)
    assert votes[-1].rule is SELF_TEST
    assert veto(votes, buying(Purpose.OPEN_CONDOR)) is votes[-1]
    _, later = looked(replace(desk, now=desk.now + timedelta(minutes=1)), rules)
    assert veto(later, buying(Purpose.BUY_HEDGE)) is not None  # and not only in the first minute


def test_a_step_denies_what_a_rule_vetoes_and_says_so() -> None:
    desk = quoted(with_condor(ready_desk()), Market())
    desk = replace(desk, closes={**desk.closes})
    rules = policy()
    effects: list[object] = []
    for minute in range(3):
        now = TUESDAY + timedelta(minutes=minute)
        fresh = {c: Market().quote(c, now) for c in desk.memory.watchlist}
        desk = replace(desk, quotes={**desk.quotes, **fresh}, feed_at=now)
        result = step(desk, [ClockTicked(now)], rules)
        desk = result.desk
        effects += result.effects
    denied = [e for e in effects if isinstance(e, RecordDecision) and e.verdict is Verdict.DENIED]
    assert denied
    assert {decision.denial for decision in denied} == {DenialCode.RULE_VETO}
    assert not [effect for effect in effects if isinstance(effect, PlaceOrder)]
    assert [e.code for e in effects if isinstance(e, RaiseAlert)].count("rule_dear") == 1


def test_every_declared_fact_can_be_read_on_any_desk() -> None:
    everything = frozenset(NAMES)
    bare = facts(ready_desk(), Policy(), everything)
    assert "vix" not in bare
    assert bare["known"]["vix"] is False  # type: ignore[index]
    desk = with_calls(with_condor(ready_desk()))
    desk = quoted(desk, Market(), desk.book.positions())
    desk = replace(desk, memory=replace(desk.memory, legs=condor().contracts))
    full = facts(desk, Policy(), everything)
    assert full["vix"] == 11.7
    assert full["units"] == 4
    assert full["slope"] == pytest.approx(1.7)
    assert full["condor_risk"] == pytest.approx(4 * 2300 / 1_000_000)
    (first, *others) = full["legs"]  # type: ignore[misc]
    assert len(others) == 3
    assert first["size"] == 50
    assert first["relative_spread"] == pytest.approx(
        first["spread"] / ((first["bid"] + first["ask"]) / 2)
    )


def test_a_leg_that_trades_unlike_its_usual_self_blocks_entries_once_that_is_known() -> None:
    rules = Policy(rules=load_rules())
    legs = condor().contracts
    desk = quoted(ready_desk(), Market(), legs)
    seen = LegLiquidity(0.26, 50.0, 12.0)
    memory = replace(desk.memory, legs=legs, liquidity=dict.fromkeys(legs, seen))
    desk, votes = looked(replace(desk, memory=memory), rules)
    known = {vote.rule.name: (vote.ballot, vote.known) for vote in votes}
    assert known["leg-spread-unusual"] == (Ballot.ALLOW, False)  # still learning
    wide = {**desk.memory.liquidity, legs[2]: seen._replace(days=20, spread_ratio=2.6)}
    for minute in (1, 2):
        later = desk.now + timedelta(minutes=minute)
        desk = replace(desk, memory=replace(desk.memory, liquidity=wide), now=later)
        desk, votes = looked(desk, rules)
    blocked = veto(votes, buying(Purpose.OPEN_CONDOR))
    assert blocked is not None
    assert blocked.rule.name == "leg-spread-unusual"
    assert veto(votes, buying(Purpose.BUY_HEDGE)) is None


def test_a_leg_without_a_quote_makes_the_rule_unknown() -> None:
    text = HEAD.replace("vix > 11.0", "legs.exists(l, l.size < 1.0)")
    text = text.replace("{ vix = 26 }", "{ legs = [{ size = 0 }] }")
    desk = ready_desk()
    assert cast(desk, policy(text))[0].ballot is Ballot.ALLOW  # no legs, nothing to say
    desk = replace(desk, memory=replace(desk.memory, legs=condor().contracts))
    (vote,) = cast(desk, policy(text))
    assert (vote.known, vote.ballot) == (False, Ballot.BLOCK)


def test_legs_are_those_of_the_condor_to_come_and_of_openings_at_work_and_no_others() -> None:
    ours, passed_by = condor().contracts, spxw_option(EXPIRATION, 2500.0, Right.PUT)
    desk = quoted(ready_desk(), Market(), (*ours, passed_by))
    memory = replace(desk.memory, wanted=(*ours, passed_by))
    looking = replace(desk, memory=memory)
    assert facts(looking, Policy(), frozenset({"legs"}))["legs"] == ()
    chosen = replace(looking, memory=replace(memory, legs=ours))
    strikes = [contract.strike for contract in ours]
    assert strikes_of(chosen) == strikes
    opening = order("cb-1", Purpose.OPEN_CONDOR, Layer.CONDOR, condor().opening, 1, "-3.20")
    working = replace(looking, orders={opening.order_ref: opening})
    assert working.working
    assert sorted(strikes_of(working)) == sorted(strikes)


def strikes_of(desk: Desk) -> list[float]:
    legs = facts(desk, Policy(), frozenset({"legs"}))["legs"]
    return [leg["strike"] for leg in legs]  # type: ignore[index, union-attr]
